#include "tt/config/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tt/base/error.hpp"
#include "tt/config/literal.hpp"

namespace tt::config {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Layout read() {
    section_ = make_node(nullptr, "", Form::root);
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    layout_.content_begin = section_->insert_at = at_;
    const auto newline = text_.find('\n');
    if (newline != std::string_view::npos && newline > 0 && text_[newline - 1] == '\r') layout_.line_end = "\r\n";
    while (at_ < text_.size()) line();
    return std::move(layout_);
  }

 private:
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::size_t behind_line() const {
    const auto newline = text_.find('\n', at_);
    return newline == std::string_view::npos ? text_.size() : newline + 1;
  }
  void skip_blanks_here() { at_ = skip_blanks(text_, at_); }
  void expect(char wanted) {
    if (here() != wanted) lost();
    ++at_;
  }
  [[noreturn]] void lost() const { throw Error(fmt::format("internal: lost the way in a TOML text at byte {}", at_)); }

  // One line, or several when the value of its entry goes on over them.
  void line() {
    const std::size_t begin = at_;
    skip_blanks_here();
    const char first = here();
    if (first == '[') {
      note_block(block_ != std::string::npos ? block_ : begin);
      header(begin);
    } else if (first != '#' && first != '\n' && first != '\r' && first != '\0') {
      entry_line(begin);
    }
    if (first != '#') block_ = std::string::npos;
    if (first == '#' && block_ == std::string::npos) block_ = begin;
    at_ = behind_line();
    close_line();
  }

  void note_block(std::size_t begin) { layout_.first_block = std::min(layout_.first_block, begin); }

  // The line that was just read belongs to these tables; what is added to them goes behind it.
  void close_line() {
    for (Node* table : touched_) {
      table->insert_at = at_;
      for (Node* up = table; up; up = up->parent) {
        if (up->form == Form::element) up->region_end = at_;
      }
    }
    touched_.clear();
  }

  void header(std::size_t line_begin) {
    const std::size_t begin = at_;
    const bool doubled = text_.substr(at_, 2) == "[[";
    at_ += doubled ? 2 : 1;
    const ScannedKey key = scan_key_here();
    skip_blanks_here();
    expect(']');
    if (doubled) expect(']');
    const Span written{begin, at_};

    Node* table = &layout_.nodes.front();
    for (std::size_t i = 0; i + 1 < key.parts.size(); ++i)
      table = step_into(table, key.parts[i], Form::implied, written);
    section_ = doubled ? next_element(table, key.parts.back(), written)
                       : step_into(table, key.parts.back(), Form::section, written);
    if (!doubled) section_->form = Form::section;
    section_->written = written;
    section_->indent = {line_begin, begin};
    touched_.push_back(section_);
  }

  Node* next_element(Node* table, const std::string& name, Span written) {
    Node* array = table->child(name);
    if (!array) {
      array = make_node(table, name, Form::array_of_tables);
      array->written = written;
    }
    return make_node(array, "", Form::element);
  }

  // The table `name` of `table` (of its newest element, when it is an array of tables), made when it is not there.
  Node* step_into(Node* table, const std::string& name, Form form, Span written) {
    Node* found = table->child(name);
    if (!found) {
      found = make_node(table, name, form);
      found->written = written;
    }
    if (found->form == Form::array_of_tables) return found->children.back();
    if (found->form == Form::implied) found->form = form;
    return found;
  }

  void entry_line(std::size_t line_begin) {
    const Span indent{line_begin, at_};
    for (Node* table = entry(section_);; table = table->parent) {
      if (table == section_ || table->form == Form::dotted) {
        touched_.push_back(table);
        table->has_entries = true;
        table->indent = indent;
      }
      if (table == section_) break;
    }
  }

  // key = value below `table`; gives the table that holds the value.
  Node* entry(Node* table) {
    const ScannedKey key = scan_key_here();
    for (std::size_t i = 0; i + 1 < key.parts.size(); ++i) {
      table = step_into(table, key.parts[i], Form::dotted, {key.begin, key.ends[i]});
    }
    skip_blanks_here();
    expect('=');
    skip_blanks_here();
    value(table, key.parts.back());
    return table;
  }

  ScannedKey scan_key_here() {
    auto key = scan_key(text_, at_);
    if (!key) lost();
    at_ = key->end;
    return std::move(*key);
  }

  void value(Node* parent, const std::string& name) {
    const std::size_t begin = at_;
    Node* node = make_node(parent, name, Form::scalar);
    if (here() == '[') {
      node->form = Form::array;
      array(node);
    } else if (here() == '{') {
      node->form = Form::inline_table;
      inline_table(node);
    } else {
      const auto end = end_of_scalar(text_, at_);
      if (!end || *end == at_) lost();
      at_ = *end;
    }
    node->written = {begin, at_};
  }

  void array(Node* node) {
    ++at_;
    for (skip_between_elements(); here() != ']'; skip_between_elements()) value(node, "");
    ++at_;
  }

  // Blanks, line ends, comments and commas.
  void skip_between_elements() {
    while (at_ < text_.size()) {
      if (here() == '#') {
        at_ = behind_line();
      } else if (std::string_view(" \t\r\n,").find(here()) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
    lost();
  }

  void inline_table(Node* node) {
    node->insert_at = ++at_;
    for (skip_between_elements(); here() != '}'; skip_between_elements()) {
      for (Node* table = entry(node);; table = table->parent) {
        table->has_entries = true;
        table->insert_at = at_;
        if (table == node) break;
      }
    }
    ++at_;
  }

  Node* make_node(Node* parent, const std::string& name, Form form) {
    Node& node = layout_.nodes.emplace_back();
    node.name = name;
    node.parent = parent;
    node.form = form;
    if (parent) {
      node.index = parent->children.size();
      parent->children.push_back(&node);
      if (!parent->is_list()) parent->by_name.emplace(node.name, &node);
    }
    return &node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Layout layout_;
  Node* section_ = nullptr;                // what the last header opened
  std::vector<Node*> touched_;             // tables the current line adds to
  std::size_t block_ = std::string::npos;  // where the comment lines just above begin
};

}  // namespace

Node* Node::child(std::string_view key) const {
  const auto found = by_name.find(key);
  return found == by_name.end() ? nullptr : found->second;
}

const Node* Node::owner() const {
  const Node* table = this;
  while (table->form == Form::dotted) table = table->parent;
  return table;
}

Layout read_layout(std::string_view text) { return Reader(text).read(); }

KeyPath path_of(const Node& node) {
  KeyPath path;
  for (const Node* at = &node; at->parent; at = at->parent) {
    path.push_back(at->parent->is_list() ? std::to_string(at->index) : at->name);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::optional<std::size_t> read_index(std::string_view part) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool whole = error == std::errc() && end == part.data() + part.size();
  if (!whole || (part.size() > 1 && part.front() == '0')) return std::nullopt;
  return index;
}

const Node* find_node(const Layout& layout, const KeyPath& path) {
  const Node* node = &layout.root();
  for (const std::string& part : path) {
    if (node->is_list()) {
      const auto index = read_index(part);
      node = index && *index < node->children.size() ? node->children[*index] : nullptr;
    } else {
      node = node->child(part);
    }
    if (!node) return nullptr;
  }
  return node;
}

}  // namespace tt::config
