#include "tt/config/document.hpp"

#define TOML_ENABLE_FORMATTERS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <bit>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/config/layout.hpp"
#include "tt/config/splice.hpp"
#include "tt/config/wishes.hpp"

namespace tt::config {

struct Document::Parsed {
  SourceRef source;
  toml::table tree;
  Layout layout;
};

namespace {

// --- Reading -------------------------------------------------------------------------------------------------------

[[noreturn]] void refuse(const SourceRef& source, std::size_t offset, const std::string& message,
                         std::string hint = "") {
  throw BadInput({place_at(source, offset), message, std::move(hint)});
}

void refuse_what_is_no_text(const SourceRef& source) {
  const std::string& text = source->text();
  if (const auto bad = first_bad_utf8(text)) {
    refuse(source, *bad, "not valid TOML: the file is not UTF-8", "save it as UTF-8");
  }
  const auto nul = text.find('\0');
  if (nul != std::string::npos) refuse(source, nul, "not valid TOML: the file has a NUL byte");
}

// Reads a key wherever one could begin, which is more often than one does: a text of 50 dotted words in a comment or a
// long string is refused as well.
void refuse_endless_keys(const SourceRef& source) {
  const std::string_view text = source->text();
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t[", at), text.size());
    const auto key = scan_key(text, begin);
    if (key && key->parts.size() > most_key_parts) {
      refuse(source, begin, fmt::format("a key of {} parts; the most is {}", key->parts.size(), most_key_parts));
    }
    at = std::min(text.find_first_of("\n{,", at), text.size());
  }
}

// toml++ counts code points, and does not count a BOM.
std::size_t offset_of(const SourceRef& source, const toml::source_position& position) {
  const bool behind_bom = position.line == 1 && source->text().starts_with("\xEF\xBB\xBF");
  return source->offset_of_code_point_column(position.line, position.column + (behind_bom ? 1 : 0));
}

// "Error while parsing array: encountered end-of-file" → "not valid TOML (array): encountered end-of-file"
std::string sentence_of(const toml::parse_error& error) {
  constexpr std::string_view opening = "Error while parsing ";
  std::string_view text = error.description();
  if (!text.starts_with(opening)) return fmt::format("not valid TOML: {}", text);
  text.remove_prefix(opening.size());
  const auto colon = text.find(": ");
  if (colon == std::string_view::npos) return fmt::format("not valid TOML: {}", text);
  return fmt::format("not valid TOML ({}): {}", text.substr(0, colon), text.substr(colon + 2));
}

toml::table read_tree(const SourceRef& source) {
  try {
    return toml::parse(source->text());
  } catch (const toml::parse_error& error) {
    refuse(source, offset_of(source, error.source().begin), sentence_of(error));
  }
}

[[noreturn]] void two_readings(const Node& node) {
  throw Error(fmt::format("internal: toml++ and the layout disagree about '{}'", join_key(path_of(node))));
}

// Fills in the scalars that toml++ read, and makes sure that both readings have the same shape.
void fill_in(Node& node, const toml::node* found, std::string_view text) {
  if (!found) two_readings(node);
  if (node.is_table()) {
    const toml::table* table = found->as_table();
    if (!table || table->size() != node.children.size()) two_readings(node);
    for (Node* child : node.children) fill_in(*child, table->get(child->name), text);
  } else if (node.is_list()) {
    const toml::array* array = found->as_array();
    if (!array || array->size() != node.children.size()) two_readings(node);
    for (Node* child : node.children) fill_in(*child, array->get(child->index), text);
  } else if (const auto* string = found->as_string()) {
    node.value = string->get();
  } else if (const auto* integer = found->as_integer()) {
    node.value = Value(static_cast<long long>(integer->get()));
  } else if (const auto* number = found->as_floating_point()) {
    node.value = number->get();
  } else if (const auto* boolean = found->as_boolean()) {
    node.value = boolean->get();
  } else if (found->is_date() || found->is_time() || found->is_date_time()) {
    node.value = text.substr(node.written.begin, node.written.length());
    node.moment = true;
  } else {
    two_readings(node);
  }
}

Value value_of(const Node& node) {
  if (node.is_table()) {
    Value table = Value::object();
    for (const Node* child : node.children) table.as_table().emplace_back(child->name, value_of(*child));
    return table;
  }
  if (node.is_list()) {
    Value list = Value::array();
    for (const Node* child : node.children) list.push(value_of(*child));
    return list;
  }
  return node.value;
}

// --- Comparing -----------------------------------------------------------------------------------------------------

// The path to the first difference is built from its end while the comparison unwinds.
class Comparison {
 public:
  bool table(const toml::table* before, const toml::table& after, const WishTree* wishes) {
    std::size_t expected = before ? before->size() : 0;
    if (wishes) {
      for (const auto& [key, below] : wishes->below) {
        if (!before || !before->contains(key)) ++expected;
        if (!after.contains(key)) return differs(key);
      }
    }
    for (const auto& [key, value] : after) {
      const toml::node* old = before ? before->get(key.str()) : nullptr;
      if (!node(old, value, below(wishes, key.str()))) return differs(key.str());
    }
    // Keys are only lost from a table that was there.
    return after.size() == expected || (before && differs_by_loss(*before, after));
  }

  std::string path() const { return join_key({path_.rbegin(), path_.rend()}); }

 private:
  static const WishTree* below(const WishTree* wishes, std::string_view key) {
    if (!wishes) return nullptr;
    const auto found = wishes->below.find(key);
    return found == wishes->below.end() ? nullptr : &found->second;
  }

  bool differs(std::string_view key) {
    path_.emplace_back(key);
    return false;
  }
  bool differs_by_loss(const toml::table& before, const toml::table& after) {
    for (const auto& [key, value] : before) {
      if (!after.contains(key)) return differs(key.str());
    }
    return false;
  }

  // before null: the node is new.
  bool node(const toml::node* before, const toml::node& after, const WishTree* wishes) {
    if (wishes && wishes->wish) return is(after, *wishes->wish->value);
    if (!before && !wishes) return false;
    if (const toml::table* now = after.as_table()) {
      const toml::table* old = before ? before->as_table() : nullptr;
      return (!before || old) && table(old, *now, wishes);
    }
    if (!before || before->type() != after.type()) return false;
    if (const toml::array* now = after.as_array()) return array(*before->as_array(), *now, wishes);
    return !wishes && same_scalar(*before, after);
  }

  bool array(const toml::array& before, const toml::array& after, const WishTree* wishes) {
    if (before.size() != after.size()) return false;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const WishTree* element = wishes ? below(wishes, std::to_string(i)) : nullptr;
      if (!node(before.get(i), after[i], element)) return differs(std::to_string(i));
    }
    return true;
  }

  static bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  }

  static bool same_scalar(const toml::node& before, const toml::node& after) {
    return after.visit([&](const auto& now) {
      if constexpr (toml::is_table<decltype(now)> || toml::is_array<decltype(now)>) {
        return false;
      } else {
        const auto* old = before.as<std::remove_cvref_t<decltype(*now)>>();
        if constexpr (toml::is_floating_point<decltype(now)>)
          return old && same_bits(old->get(), now.get());
        else
          return old && old->get() == now.get();
      }
    });
  }

  static bool is(const toml::node& node, const Value& wanted) {
    switch (wanted.kind()) {
      case Value::Kind::null:
        return false;
      case Value::Kind::boolean:
        return node.is_boolean() && node.as_boolean()->get() == wanted.as_boolean();
      case Value::Kind::integer:
        return node.is_integer() && node.as_integer()->get() == wanted.as_integer();
      case Value::Kind::floating:
        return node.is_floating_point() && is(node.as_floating_point()->get(), wanted.as_number());
      case Value::Kind::string:
        return node.is_string() && node.as_string()->get() == wanted.as_string();
      case Value::Kind::list:
        return node.is_array() && is(*node.as_array(), wanted.as_list());
      case Value::Kind::table:
        return node.is_table() && is(*node.as_table(), wanted.as_table());
    }
    return false;
  }
  static bool is(double found, double wanted) {
    return same_bits(found, wanted) || (found != found && wanted != wanted);
  }
  static bool is(const toml::array& found, const Value::List& wanted) {
    if (found.size() != wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!is(found[i], wanted[i])) return false;
    }
    return true;
  }
  static bool is(const toml::table& found, const Value::Table& wanted) {
    if (found.size() != wanted.size()) return false;
    for (const auto& [key, value] : wanted) {
      const toml::node* node = found.get(key);
      if (!node || !is(*node, value)) return false;
    }
    return true;
  }

  KeyPath path_;  // from the inside out
};

void check_patched(const std::string& file, const toml::table& before, const Wishes& wishes, std::string_view patched) {
  toml::table after;
  try {
    after = toml::parse(patched);
  } catch (const toml::parse_error& error) {
    const std::string key = wishes.all().empty() ? "" : *wishes.all().front().key;
    throw Error(fmt::format("internal: {} is no TOML any more after setting '{}': line {}: {}", file, key,
                            error.source().begin.line, sentence_of(error)));
  }
  Comparison comparison;
  if (comparison.table(&before, after, &wishes.tree())) return;
  throw Error(fmt::format("internal: after patching {}, '{}' is not what was intended", file, comparison.path()));
}

// --- Keys ----------------------------------------------------------------------------------------------------------

// A list is walked into when all its elements are tables.
bool is_list_of_tables(const Node& node) {
  if (!node.is_list() || node.children.empty()) return false;
  for (const Node* child : node.children) {
    if (!child->is_table()) return false;
  }
  return true;
}

void collect_leaves(const Node& node, std::vector<const Node*>& leaves) {
  const bool empty_braces = node.form == Form::inline_table && node.children.empty();
  const bool inner = (node.is_table() && !empty_braces) || is_list_of_tables(node);
  if (!inner) leaves.push_back(&node);
  if (!inner) return;
  for (const Node* child : node.children) collect_leaves(*child, leaves);
}

}  // namespace

Document::Document(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

Document Document::parse(SourceRef source) {
  refuse_what_is_no_text(source);
  refuse_endless_keys(source);
  auto parsed = std::make_shared<Parsed>();
  parsed->tree = read_tree(source);
  parsed->layout = read_layout(source->text());
  fill_in(parsed->layout.nodes.front(), &parsed->tree, source->text());
  parsed->source = std::move(source);
  return Document(std::move(parsed));
}

Document Document::load(const std::string& path) {
  if (is_folder(path)) throw BadInput({whole_file(path), "this is a folder, not a TOML file", ""});
  std::optional<std::string> text;
  try {
    text = read_file_if_there(path);
  } catch (const Error& error) {
    throw BadInput({Place(), error.what(), ""});  // the sentence names the path
  }
  if (!text) throw BadInput({whole_file(path), "there is no such file", ""});
  return parse(std::make_shared<SourceText>(path, std::move(*text)));
}

const SourceRef& Document::source() const { return parsed_->source; }

std::optional<Value> Document::find(std::string_view key) const {
  const auto path = split_key(key);
  const Node* node = path ? find_node(parsed_->layout, *path) : nullptr;
  if (!node) return std::nullopt;
  return value_of(*node);
}

std::optional<Place> Document::place_of(std::string_view key) const {
  const auto path = split_key(key);
  const Node* node = path ? find_node(parsed_->layout, *path) : nullptr;
  if (!node) return std::nullopt;
  return place_at(parsed_->source, node->written.begin, node->written.length());
}

std::vector<std::string> Document::keys() const {
  std::vector<const Node*> leaves;
  collect_leaves(parsed_->layout.root(), leaves);
  std::stable_sort(leaves.begin(), leaves.end(),
                   [](const Node* a, const Node* b) { return a->written.begin < b->written.begin; });
  std::vector<std::string> keys;
  for (const Node* leaf : leaves) keys.push_back(join_key(path_of(*leaf)));
  return keys;
}

std::string Document::with(const Overrides& assignments) const {
  const std::string& file = parsed_->source->name();
  Problems problems;
  const Wishes wishes(assignments, file, problems);
  const std::vector<Edit> edits = plan_edits(parsed_->source, parsed_->layout, wishes.all(), problems);
  problems.throw_if_any();
  std::string patched = apply_edits(parsed_->source->text(), edits);
  check_patched(file, parsed_->tree, wishes, patched);
  return patched;
}

void Document::check(const Overrides& assignments, std::string_view patched) const {
  Problems problems;
  const Wishes wishes(assignments, parsed_->source->name(), problems);
  problems.throw_if_any();
  check_patched(parsed_->source->name(), parsed_->tree, wishes, patched);
}

}  // namespace tt::config
