#include "tt/titan/python_keys.hpp"

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::titan {

namespace {

constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
constexpr std::string_view triple = "\"\"\"";
constexpr std::string_view field_indent = "    ";

std::string_view name_at_front(std::string_view text) {
  return text.substr(0, text.find_first_not_of(name_characters));
}

std::size_t triples_in(std::string_view line) {
  std::size_t count = 0;
  for (auto at = line.find(triple); at != std::string_view::npos; at = line.find(triple, at + triple.size())) ++count;
  return count;
}

// "    steps: int = 5": exactly one indent, a name, a colon, a type.
bool read_field(std::string_view line, Field& field) {
  if (!line.starts_with(field_indent)) return false;
  line.remove_prefix(field_indent.size());
  const std::string_view name = name_at_front(line);
  if (name.empty() || !line.substr(name.size()).starts_with(":")) return false;
  const std::string_view type = name_at_front(trim(line.substr(name.size() + 1)));
  if (type.empty()) return false;
  field = {std::string(name), std::string(type)};
  return true;
}

// `open`: the classes we are inside of. One that holds itself is no section again.
void collect(const ClassFields& classes, const std::string& name, const std::string& prefix,
             std::vector<std::string>& open, std::set<std::string>& keys) {
  const auto found = classes.find(name);
  if (found == classes.end()) return;
  open.push_back(name);
  for (const Field& field : found->second) {
    const bool is_open = std::find(open.begin(), open.end(), field.type) != open.end();
    if (classes.contains(field.type) && !is_open)
      collect(classes, field.type, prefix + field.name + ".", open, keys);
    else
      keys.insert(prefix + field.name);
  }
  open.pop_back();
}

}  // namespace

std::set<std::string> argparse_keys(std::string_view python) {
  constexpr std::string_view opening = "\"--";
  std::set<std::string> keys;
  for (auto at = python.find(opening); at != std::string_view::npos; at = python.find(opening, at + 1)) {
    const std::string_view rest = python.substr(at + opening.size());
    const std::string_view word = rest.substr(0, rest.find('"'));
    const bool is_key = word.find_first_not_of(std::string(name_characters) + ".") == std::string_view::npos;
    if (is_key && word.find('.') != std::string_view::npos) keys.emplace(word);
  }
  return keys;
}

ClassFields class_fields(std::string_view python) {
  ClassFields classes;
  std::vector<Field>* current = nullptr;
  bool in_text = false;
  for (const std::string& line : split_lines(python)) {
    const bool starts_in_text = in_text;
    if (triples_in(line) % 2 == 1) in_text = !in_text;
    if (starts_in_text || line.empty()) continue;
    Field field;
    if (line.starts_with("class ")) {
      current = &classes[std::string(name_at_front(std::string_view(line).substr(6)))];
    } else if (line.front() != ' ' && line.front() != ')') {
      current = nullptr;
    } else if (current && read_field(line, field)) {
      current->push_back(std::move(field));
    }
  }
  return classes;
}

std::set<std::string> keys_below(const ClassFields& classes, const std::string& class_name, const std::string& prefix) {
  std::set<std::string> keys;
  std::vector<std::string> open;
  collect(classes, class_name, prefix, open, keys);
  return keys;
}

}  // namespace tt::titan
