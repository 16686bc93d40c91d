// tt/config/layout.hpp: where everything of a TOML text is written: headers, keys, literals, and where more would go.
//
// The text is TOML already (toml++ has read it), so this reader only has to find its way, not to judge. It works on
// byte offsets and on nothing else; the values themselves are filled in by document.cpp.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/config/key_path.hpp"

namespace tt::config {

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t length() const { return end - begin; }
};

// How a node came to be. The first three are literals and can be replaced where they stand.
enum class Form {
  scalar,
  array,            // [ … ]
  inline_table,     // { … }
  root,             // the file
  section,          // a table with a header [a.b]
  implied,          // [a] when only [a.b] is written
  dotted,           // a when only a.b = 1 is written
  array_of_tables,  // all the [[a]]
  element,          // one [[a]]
};

struct Node {
  std::string name;  // its key; "" for the elements of arrays and the root
  std::size_t index = 0;
  Node* parent = nullptr;
  Form form = Form::scalar;
  Span written;         // the literal; else the header or key that names it first
  Value value;          // of a scalar
  bool moment = false;  // a date or a time: `value` is its text

  std::vector<Node*> children;  // in file order
  std::unordered_map<std::string_view, Node*> by_name;

  // Tables: behind the last entry (its whole line; in braces: its literal), or behind the header or the brace.
  std::size_t insert_at = 0;
  bool has_entries = false;
  Span indent;                 // blanks before the last entry, else before the header
  std::size_t region_end = 0;  // [[a]]: behind the last entry of it and of all headers that belong to it

  bool is_literal() const { return form <= Form::inline_table; }
  bool is_list() const { return form == Form::array || form == Form::array_of_tables; }
  bool is_table() const { return form != Form::scalar && !is_list(); }
  Node* child(std::string_view key) const;
  // The nearest table that is not a dotted one: the header or the braces a key is written under.
  const Node* owner() const;
};

struct Layout {
  std::deque<Node> nodes;         // stable addresses; nodes.front() is the root
  std::size_t content_begin = 0;  // behind a BOM
  // Where the first header and the comments that sit on it begin; npos when there is no header.
  std::size_t first_block = std::string::npos;
  std::string line_end = "\n";

  const Node& root() const { return nodes.front(); }
};

// Throws Error ("internal: ...") when the text is not what toml++ says it is.
Layout read_layout(std::string_view text);

// The keys from the root down to a node, elements of arrays by number.
KeyPath path_of(const Node& node);
// A node by its path; null when there is none.
const Node* find_node(const Layout& layout, const KeyPath& path);
// The whole text as a number of an element: decimal, no leading zero. nullopt: not one.
std::optional<std::size_t> read_index(std::string_view part);

}  // namespace tt::config
