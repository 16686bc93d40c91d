#include "support/random_toml.hpp"

#include <algorithm>
#include <limits>

#include "tt/config/document.hpp"

namespace tt::test {
namespace {

using Kind = Meaning::Kind;
using Way = Meaning::Way;
using Path = std::vector<std::string>;

struct Spelling {
  std::string text;
  Value value;
};

const std::vector<Spelling>& spellings() {
  static const std::vector<Spelling> all = {
      {"1", 1},
      {"+17", 17},
      {"-0", 0},
      {"1_000", 1000},
      {"0xdead_BEEF", 0xdeadbeefLL},
      {"0o17", 15},
      {"0b101", 5},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"3.0e-4", 3.0e-4},
      {"1.50", 1.5},
      {"-0.0", -0.0},
      {"6E+2_0", 6e20},
      {"1e06", 1e6},
      {"inf", std::numeric_limits<double>::infinity()},
      {"-inf", -std::numeric_limits<double>::infinity()},
      {"true", true},
      {"false", false},
      {"\"\"", ""},
      {"''", ""},
      {"\"plain\"", "plain"},
      {"'c:\\dir\\'", "c:\\dir\\"},
      {"\"q \\\" # ] } = \\\\\"", "q \" # ] } = \\"},
      {"'# [x] \"y\" = {'", "# [x] \"y\" = {"},
      {"\"\\u00e9\\U0001F600\\t\"", "\xC3\xA9\xF0\x9F\x98\x80\t"},
      {"'\xE2\x82\xAC \xF0\x9F\x98\x80'", "\xE2\x82\xAC \xF0\x9F\x98\x80"},
      {"\"\"\"\"\"\"", ""},
      {"''''''", ""},
      {"\"\"\"a \"\"b\"\" \\\"\"\"\"\"\"", "a \"\"b\"\" \"\"\""},
      {"'''it's ''two'''''", "it's ''two''"},
      {"\"\"\"one \\\n   [two] # \"\"\"", "one [two] # "},
      {"'''\n[x]\n# y = 1\n'''", "[x]\n# y = 1\n"},
      {"\"\"\"\n\n[[x]]\nk = 'v\n\"\"\"", "\n[[x]]\nk = 'v\n"},
      {"1979-05-27", "1979-05-27"},
      {"07:32:00.999", "07:32:00.999"},
      {"1979-05-27T07:32:00Z", "1979-05-27T07:32:00Z"},
      {"1979-05-27 07:32:00.25-08:00", "1979-05-27 07:32:00.25-08:00"},
      {"1979-05-27t07:32:00", "1979-05-27t07:32:00"},
  };
  return all;
}

constexpr const char* comments[] = {
    "# plain", "#", "# [a] b = 1", "# 'quote", "# \"quote", "# ]]} , #", "# '''", "# \"\"\"", "# \xE2\x82\xAC \xC3\xA9",
    "#\t[[x]]"};
constexpr const char* names[] = {"a",   "b",  "c", "lr", "seq_len",           "x-1", "A_2", "true", "1e5", "b c",
                                 "d.e", "",   "'", "\"", "\xC3\xA9t\xC3\xA9", "\\",  "#",   "[z]",  "=",   "\t",
                                 "inf", "007"};

class Writer {
 public:
  explicit Writer(Dice& dice) : dice_(dice), ends_(dice.below(5)) {}

  RandomToml write() {
    if (dice_.one_in(8)) text_ += "\xEF\xBB\xBF";
    filler();
    entries(meaning_);
    for (std::size_t sections = dice_.below(6); sections > 0; --sections) section();
    filler();
    if (dice_.one_in(4)) drop_last_line_end();
    return {std::move(text_), std::move(meaning_)};
  }

 private:
  std::string blanks() { return dice_.pick(std::vector<std::string>{"", "", " ", " ", "  ", "\t"}); }

  // One file in five has \r\n, one mixes.
  std::string line_end() {
    const bool carriage_return = ends_ == 0 || (ends_ == 1 && dice_.one_in(2));
    return carriage_return ? "\r\n" : "\n";
  }

  void drop_last_line_end() {
    if (text_.ends_with('\n')) text_.pop_back();
    if (text_.ends_with('\r')) text_.pop_back();
  }

  std::string comment() { return dice_.one_in(3) ? blanks() + dice_.pick(comments) : std::string(); }

  void filler() {
    for (std::size_t lines = dice_.below(4); lines > 0; --lines) {
      text_ += blanks() + (dice_.one_in(2) ? dice_.pick(comments) : "") + line_end();
    }
  }

  std::string spell(const std::string& name) {
    const bool bare = config::join_key({name}) == name;
    if (bare && !dice_.one_in(5)) return name;
    const bool literal = name.find('\'') == std::string::npos;
    if (literal && dice_.one_in(2)) return "'" + name + "'";
    if (!bare) return config::join_key({name});
    return '"' + name + '"';
  }

  std::string spell(const Path& path) {
    std::string key;
    for (const std::string& part : path) key += (key.empty() ? "" : blanks() + "." + blanks()) + spell(part);
    return key;
  }

  std::string fresh_name(Meaning& table) {
    for (;;) {
      std::string name = dice_.one_in(6) ? "k" + std::to_string(dice_.below(1000)) : dice_.pick(names);
      if (!table.find(name)) return name;
    }
  }

  static Meaning& add(Meaning& to, const std::string& name, Meaning what) {
    return to.entries.emplace_back(name, std::move(what)).second;
  }

  // A fresh key below `table`: of one part, or dotted through fresh or known dotted tables. Gives the table it is in.
  Meaning& dotted_key(Meaning& table, Path& path) {
    Meaning* at = &table;
    while (path.size() < 3 && dice_.one_in(4)) {
      std::vector<std::string> known;
      for (const auto& [name, entry] : at->entries) {
        if (entry.kind == Kind::table && entry.way == Way::dotted) known.push_back(name);
      }
      const bool old = !known.empty() && dice_.one_in(2);
      path.push_back(old ? dice_.pick(known) : fresh_name(*at));
      at = old ? at->find(path.back()) : &add(*at, path.back(), {Kind::table, Way::dotted, {}, {}});
    }
    path.push_back(fresh_name(*at));
    return *at;
  }

  void entries(Meaning& table) {
    const std::string indent = blanks();
    for (std::size_t count = dice_.below(4); count > 0; --count) {
      text_ += dice_.one_in(8) ? blanks() : indent;
      entry(table);
      text_ += comment() + line_end();
      if (dice_.one_in(3)) filler();
    }
  }

  void entry(Meaning& table) {
    Path path;
    Meaning& holder = dotted_key(table, path);
    text_ += spell(path) + blanks() + "=" + blanks();
    Meaning value = write_value(3);
    add(holder, path.back(), std::move(value));
  }

  Meaning write_value(int depth) {
    const std::size_t kind = depth == 0 ? 2 : dice_.below(8);
    if (kind == 0) return write_list(depth - 1);
    if (kind == 1) return write_inline_table(depth - 1);
    const Spelling& spelling = dice_.pick(spellings());
    text_ += spelling.text;
    return {Kind::leaf, Way::literal, spelling.value, {}};
  }

  void between() {
    text_ += blanks();
    while (dice_.one_in(4)) text_ += comment() + line_end() + blanks();
  }

  Meaning write_list(int depth) {
    Meaning list{Kind::list, Way::literal, {}, {}};
    text_ += "[";
    between();
    for (std::size_t left = dice_.below(4); left > 0; --left) {
      list.entries.emplace_back("", write_value(depth));
      between();
      if (left > 1 || dice_.one_in(4)) text_ += ",";
      between();
    }
    text_ += "]";
    return list;
  }

  Meaning write_inline_table(int depth) {
    Meaning table{Kind::table, Way::literal, {}, {}};
    text_ += "{" + blanks();
    for (std::size_t left = dice_.below(4); left > 0; --left) {
      Path path;
      Meaning& holder = dotted_key(table, path);
      text_ += spell(path) + blanks() + "=" + blanks();
      Meaning value = write_value(depth);
      add(holder, path.back(), std::move(value));
      text_ += blanks() + (left > 1 ? "," + blanks() : "");
    }
    text_ += "}";
    return table;
  }

  // [a.b] or [[a.b]] and its entries: the path goes through what is open to headers, or through fresh names.
  void section() {
    Meaning* at = &meaning_;
    Path path;
    for (std::size_t steps = dice_.below(3); steps > 0; --steps) at = &step(*at, path);
    const bool doubled = dice_.one_in(3);
    Meaning& table = doubled ? new_element(*at, path) : new_header(*at, path);
    const std::string open = doubled ? "[[" : "[";
    const std::string close = doubled ? "]]" : "]";
    text_ += blanks() + open + blanks() + spell(path) + blanks() + close + comment() + line_end();
    if (dice_.one_in(4)) filler();
    entries(table);
    filler();
  }

  Meaning& step(Meaning& from, Path& path) {
    std::vector<std::string> open;
    for (const auto& [name, entry] : from.entries) {
      if (entry.kind != Kind::leaf && entry.way != Way::literal) open.push_back(name);
    }
    if (open.empty() || dice_.one_in(3)) {
      path.push_back(fresh_name(from));
      return add(from, path.back(), {Kind::table, Way::implied, {}, {}});
    }
    path.push_back(dice_.pick(open));
    Meaning& found = *from.find(path.back());
    return found.kind == Kind::list ? found.entries.back().second : found;
  }

  Meaning& new_header(Meaning& from, Path& path) {
    for (auto& [name, entry] : from.entries) {
      if (entry.kind == Kind::table && entry.way == Way::implied && dice_.one_in(2)) {
        path.push_back(name);
        entry.way = Way::header;
        return entry;
      }
    }
    path.push_back(fresh_name(from));
    return add(from, path.back(), {Kind::table, Way::header, {}, {}});
  }

  Meaning& new_element(Meaning& from, Path& path) {
    Meaning* list = nullptr;
    for (auto& [name, entry] : from.entries) {
      if (entry.kind == Kind::list && entry.way == Way::header && !dice_.one_in(3)) {
        path.push_back(name);
        list = &entry;
        break;
      }
    }
    if (!list) {
      path.push_back(fresh_name(from));
      list = &add(from, path.back(), {Kind::list, Way::header, {}, {}});
    }
    return add(*list, "", {Kind::table, Way::header, {}, {}});
  }

  Dice& dice_;
  std::size_t ends_;
  std::string text_;
  Meaning meaning_;
};

// --- Assignments -----------------------------------------------------------------------------------------------------

void collect(const Meaning& node, Path path, std::vector<std::pair<Path, const Meaning*>>& all) {
  all.emplace_back(path, &node);
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    path.push_back(node.kind == Kind::list ? std::to_string(i) : node.entries[i].first);
    collect(node.entries[i].second, path, all);
    path.pop_back();
  }
}

bool is_prefix(const Path& shorter, const Path& longer) {
  return shorter.size() <= longer.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

Meaning meaning_of(const Value& value) { return {Kind::leaf, Way::literal, value, {}}; }

// One to three more parts for a key; gives those parts.
Path add_names(Dice& dice, Path& path) {
  Path added;
  for (std::size_t parts = 1 + dice.below(3); parts > 0; --parts) added.push_back(dice.pick(names));
  path.insert(path.end(), added.begin(), added.end());
  return added;
}

// Nothing is there yet at `path` below a table, and nothing is in its way.
bool is_new(const Meaning& table, const Path& path) {
  const Meaning* at = &table;
  for (const std::string& part : path) {
    if (at->kind != Kind::table) return false;
    at = at->find(part);
    if (!at) return true;
  }
  return false;
}

bool contradicts(const std::vector<Path>& taken, const Path& path) {
  return std::any_of(taken.begin(), taken.end(),
                     [&](const Path& other) { return is_prefix(other, path) || is_prefix(path, other); });
}

void set(Meaning& root, const Path& path, const Value& value) {
  Meaning* at = &root;
  for (const std::string& part : path) {
    Meaning* next = at->kind == Kind::list ? &at->entries.at(std::stoul(part)).second : at->find(part);
    at = next ? next : &at->entries.emplace_back(part, Meaning()).second;
  }
  *at = meaning_of(value);
}

}  // namespace

std::size_t Dice::below(std::size_t count) {  // splitmix64
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<std::size_t>((z ^ (z >> 31)) % count);
}

const Meaning* Meaning::find(const std::string& name) const {
  for (const auto& [key, entry] : entries) {
    if (key == name) return &entry;
  }
  return nullptr;
}

Meaning* Meaning::find(const std::string& name) {
  return const_cast<Meaning*>(static_cast<const Meaning*>(this)->find(name));
}

Value Meaning::value() const {
  if (kind == Kind::leaf) return leaf;
  Value result = kind == Kind::table ? Value::object() : Value::array();
  for (const auto& [name, entry] : entries) {
    if (kind == Kind::table) result.set(name, entry.value());
    if (kind == Kind::list) result.push(entry.value());
  }
  return result;
}

RandomToml random_toml(Dice& dice) { return Writer(dice).write(); }

Value random_value(Dice& dice, int depth) {
  const std::size_t kind = depth == 0 ? 2 : dice.below(8);
  if (kind > 1) return dice.pick(spellings()).value;
  Value value = kind == 0 ? Value::array() : Value::object();
  for (std::size_t left = dice.below(3); left > 0; --left) {
    if (kind == 0) value.push(random_value(dice, depth - 1));
    if (kind == 1) value.set(dice.pick(names), random_value(dice, depth - 1));
  }
  return value;
}

RandomPatch random_patch(Dice& dice, const Meaning& base) {
  std::vector<std::pair<Path, const Meaning*>> all;
  collect(base, {}, all);
  RandomPatch patch;
  patch.intended = base;
  std::vector<Path> taken;
  for (std::size_t tries = dice.below(7); tries > 0; --tries) {
    auto [path, node] = dice.pick(all);
    const bool literal = !path.empty() && node->way == Way::literal;
    const bool adds = node->kind == Kind::table && (!literal || dice.one_in(2));
    if (!adds && !literal) continue;
    if (adds && !is_new(*node, add_names(dice, path))) continue;
    if (contradicts(taken, path)) continue;
    taken.push_back(path);
    patch.assignments.push_back({config::join_key(path), random_value(dice)});
    if (!adds) patch.replaced.push_back(patch.assignments.back().key);
    set(patch.intended, path, patch.assignments.back().value);
  }
  return patch;
}

}  // namespace tt::test
