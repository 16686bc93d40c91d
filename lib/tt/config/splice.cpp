#include "tt/config/splice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/config/literal.hpp"

namespace tt::config {
namespace {

struct NewTable {
  std::string header;
  std::vector<std::string> entries;
};

// Lines to be put in front of the byte at one offset.
struct NewLines {
  std::vector<std::string> entries;  // with their indentation
  bool opens_file = false;           // a blank line parts them from the header below
  std::vector<NewTable> tables;
};

// Where a wish leads: the deepest node that exists, and the parts of the key that do not.
struct Target {
  const Node* node = nullptr;
  std::vector<std::string> missing;
};

class Planner {
 public:
  Planner(const SourceRef& source, const Layout& layout, Problems& problems)
      : source_(source), text_(source->text()), layout_(layout), problems_(problems) {}

  void add(const Wish& wish) {
    const auto target = find(wish);
    if (!target) return;
    if (target->missing.empty()) {
      replace(wish, *target->node);
    } else {
      insert(wish, *target);
    }
  }

  std::vector<Edit> finish() {
    for (const auto& [table, entries] : inline_entries_) edits_.push_back(inline_edit(*table, entries));
    for (const auto& [offset, lines] : new_lines_) edits_.push_back({offset, 0, text_of(offset, lines)});
    // A replaced literal may end where something is inserted, and never begins there.
    std::stable_sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) { return a.offset < b.offset; });
    return std::move(edits_);
  }

 private:
  void refuse(const Wish& wish, const Node& node, const std::string& why, const std::string& hint = "") {
    problems_.add(place_at(source_, node.written.begin, node.written.length()),
                  fmt::format("{} cannot be set: {}", shown_key(*wish.key), why), hint);
  }

  std::optional<Target> find(const Wish& wish) {
    Target target{&layout_.root(), {}};
    for (std::size_t i = 0; i < wish.path.size(); ++i) {
      const Node& node = *target.node;
      if (!target.missing.empty()) {
        if (!may_be_new(wish, i)) return std::nullopt;
        target.missing.push_back(wish.path[i]);
      } else if (node.is_list()) {
        target.node = element(wish, node, wish.path[i]);
        if (!target.node) return std::nullopt;
      } else if (!node.is_table()) {
        refuse(wish, node, fmt::format("{} is {}, not a table", shown_key(key_of(node)), kind_of(node)));
        return std::nullopt;
      } else if (const Node* child = node.child(wish.path[i])) {
        target.node = child;
      } else {
        target.missing.push_back(wish.path[i]);
      }
    }
    return target;
  }

  // A number below a key that is not there is meant as the number of an element, and there is no list to take it from.
  bool may_be_new(const Wish& wish, std::size_t part) {
    if (!read_index(wish.path[part])) return true;
    const KeyPath list(wish.path.begin(), wish.path.begin() + static_cast<std::ptrdiff_t>(part));
    problems_.add(whole_file(source_->name()),
                  fmt::format("{} cannot be set: there is no list {} in the file", shown_key(*wish.key),
                              shown_key(join_key(list))),
                  fmt::format("set {} to a whole list", shown_key(join_key(list))));
    return false;
  }

  const Node* element(const Wish& wish, const Node& list, const std::string& part) {
    const std::size_t size = list.children.size();
    const auto index = read_index(part);
    if (index && *index < size) return list.children[*index];
    const std::string count = size == 0   ? std::string("has no elements")
                              : size == 1 ? std::string("has 1 element, number 0")
                                          : fmt::format("has {} elements, numbers 0 to {}", size, size - 1);
    const std::string wrong = index ? "" : fmt::format(", and {} is no number of one", shown_key(part));
    refuse(wish, list, fmt::format("the list {} {}{}", shown_key(key_of(list)), count, wrong));
    return nullptr;
  }

  static std::string key_of(const Node& node) { return join_key(path_of(node)); }

  static std::string kind_of(const Node& node) {
    if (node.moment) return "a date or time";
    return kind_name(node.value.kind());
  }

  void replace(const Wish& wish, const Node& node) {
    if (!node.is_literal()) {
      const bool list = node.form == Form::array_of_tables;
      refuse(wish, node,
             list ? "it is a list of tables with headers of their own"
                  : "it is a table with lines of its own, and setting it would drop them",
             list ? "set the keys of its elements one by one" : "set its keys one by one");
      return;
    }
    const Span at = node.written;
    edits_.push_back({at.begin, at.length(), literal_like(*wish.value, text_.substr(at.begin, at.length()))});
  }

  void insert(const Wish& wish, const Target& target) {
    const Node& table = *target.node;
    const Node& owner = *table.owner();
    const bool is_new_table = table.form != Form::dotted && target.missing.size() > 1;
    if (owner.form == Form::inline_table) {
      inline_entries(table).push_back(entry(below(owner, target), wish));
    } else if (table.form == Form::implied || is_new_table) {
      new_table(wish, target);
    } else {
      const std::string indent(text_.substr(table.indent.begin, table.indent.length()));
      entries_at(table).push_back(indent + entry(below(owner, target), wish));
    }
  }

  // The missing parts with the dotted tables between them and the owner.
  static KeyPath below(const Node& owner, const Target& target) {
    KeyPath key = target.missing;
    for (const Node* at = target.node; at != &owner; at = at->parent) key.insert(key.begin(), at->name);
    return key;
  }

  static std::string entry(const KeyPath& key, const Wish& wish) {
    return join_key(key) + " = " + toml_literal(*wish.value);
  }

  std::vector<std::string>& inline_entries(const Node& table) {
    const auto known = std::find_if(inline_entries_.begin(), inline_entries_.end(),
                                    [&](const auto& pair) { return pair.first == &table; });
    if (known != inline_entries_.end()) return known->second;
    return inline_entries_.emplace_back(&table, std::vector<std::string>()).second;
  }

  Edit inline_edit(const Node& table, const std::vector<std::string>& entries) const {
    const std::string added = join(entries, ", ");
    if (table.has_entries) return {table.insert_at, 0, ", " + added};
    const bool blank_follows = text_[table.insert_at] != '}';
    return {table.insert_at, 0, " " + added + (blank_follows ? "" : " ")};
  }

  std::vector<std::string>& entries_at(const Node& table) {
    if (table.form != Form::root || table.has_entries) return new_lines_[table.insert_at].entries;
    const bool has_headers = layout_.first_block != std::string::npos;
    NewLines& lines = new_lines_[has_headers ? layout_.first_block : text_.size()];
    lines.opens_file = has_headers;
    return lines.entries;
  }

  void new_table(const Wish& wish, const Target& target) {
    KeyPath header = header_path(*target.node);
    header.insert(header.end(), target.missing.begin(), target.missing.end() - 1);
    const std::string name = join_key(header);
    std::vector<NewTable>& tables = new_lines_[region_end(*target.node)].tables;
    auto table = std::find_if(tables.begin(), tables.end(), [&](const NewTable& t) { return t.header == name; });
    if (table == tables.end()) table = tables.insert(tables.end(), {name, {}});
    table->entries.push_back(entry({target.missing.back()}, wish));
  }

  // Headers address the newest element of an array of tables, without a number.
  static KeyPath header_path(const Node& table) {
    KeyPath path;
    for (const Node* at = &table; at->parent; at = at->parent) {
      if (at->form != Form::element) path.insert(path.begin(), at->name);
    }
    return path;
  }

  // Where a header below `table` may stand: the end of the file, or before the next [[element]] of a list it is in.
  std::size_t region_end(const Node& table) const {
    std::size_t end = text_.size();
    for (const Node* at = &table; at; at = at->parent) {
      const bool last = at->form != Form::element || at == at->parent->children.back();
      if (!last) end = std::min(end, at->region_end);
    }
    return end;
  }

  std::string text_of(std::size_t offset, const NewLines& lines) const {
    std::vector<std::string> added = lines.entries;
    if (lines.opens_file) added.push_back("");
    bool after_blank = added.empty() && ends_in_blank_line(text_.substr(0, offset));
    for (const NewTable& table : lines.tables) {
      if (!after_blank) added.push_back("");
      added.push_back("[" + table.header + "]");
      added.insert(added.end(), table.entries.begin(), table.entries.end());
      after_blank = false;
    }
    // A last line without an end keeps to that: the new last line has none either.
    const bool open_end = offset > layout_.content_begin && text_[offset - 1] != '\n';
    std::string text;
    for (const std::string& line : added) text += open_end ? layout_.line_end + line : line + layout_.line_end;
    return text;
  }

  bool ends_in_blank_line(std::string_view text) const {
    if (text.size() <= layout_.content_begin) return true;
    const auto last = text.find_last_not_of(" \t\r\n");
    if (last == std::string_view::npos || last < layout_.content_begin) return text.ends_with('\n');
    return text.ends_with('\n') && std::count(text.begin() + static_cast<std::ptrdiff_t>(last), text.end(), '\n') > 1;
  }

  SourceRef source_;
  std::string_view text_;
  const Layout& layout_;
  Problems& problems_;
  std::vector<Edit> edits_;
  std::vector<std::pair<const Node*, std::vector<std::string>>> inline_entries_;
  std::map<std::size_t, NewLines> new_lines_;
};

}  // namespace

std::vector<Edit> plan_edits(const SourceRef& source, const Layout& layout, const std::vector<Wish>& wishes,
                             Problems& problems) {
  Planner planner(source, layout, problems);
  for (const Wish& wish : wishes) planner.add(wish);
  return planner.finish();
}

std::string apply_edits(std::string_view text, const std::vector<Edit>& edits) {
  std::size_t added = 0;
  for (const Edit& edit : edits) added += edit.text.size();
  std::string result;
  result.reserve(text.size() + added);
  std::size_t done = 0;
  for (const Edit& edit : edits) {
    result.append(text, done, edit.offset - done).append(edit.text);
    done = edit.offset + edit.removed;
  }
  return result.append(text, done, std::string_view::npos);
}

}  // namespace tt::config
