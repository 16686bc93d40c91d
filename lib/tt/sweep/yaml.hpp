// tt/sweep/yaml.hpp: the strict part of YAML that sweep files are written in, as nodes that know where they stand.
//
// yaml-cpp reads; what surprises people is refused with advice: duplicate keys, anchors, aliases, merge keys, tags,
// more than one document, tabs as indentation, yes/no/on/off, 010, 0x10, 1_000. Scalars are kept as they were written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/source_text.hpp"
#include "tt/base/value.hpp"

namespace tt::sweep {

struct Entry;

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Value value;          // of a scalar: boolean, integer, floating or string
  std::string spelled;  // of a scalar: its text as written, without quotes
  bool quoted = false;  // a scalar in quotes or a block scalar: always a string
  Place place;
  std::vector<Node> items;     // of a list
  std::vector<Entry> entries;  // of a map, in the order written; keys are unique

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const Entry* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Place place;  // of the key
  Node value;
};

// Throws BadInput with every problem found. An empty document is a null node.
Node read_yaml(const SourceRef& source);
// The same for a reader that has problems of its own to add: throws only when the text cannot be followed to its end.
Node read_yaml(const SourceRef& source, Problems& problems);

// A node as a typed value: lists and maps included.
Value to_value(const Node& node);
// "a list", "a map", "nothing", "an integer", ...: for messages.
std::string kind_name(const Node& node);

}  // namespace tt::sweep
