// tt/config/document.hpp: a TOML file as text with positions. Reading is toml++'s; changing is ours, by splicing text.
//
// A patched file differs from its base only in the values that were set: comments, order, spelling, line endings and
// a BOM survive. toml++ never prints anything back (3.3.0 loses comments, order and the spelling of numbers).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/source_text.hpp"
#include "tt/base/value.hpp"
#include "tt/job/run.hpp"

namespace tt::config {

// "a.'b.c'.0" → {"a", "b.c", "0"}. A number addresses an element of an array (of tables). nullopt: not a key path.
std::optional<std::vector<std::string>> split_key(std::string_view key);
// The reverse: parts that are not bare keys are quoted.
std::string join_key(const std::vector<std::string>& parts);

// The TOML literal of a value: 8, 0.0003, "text", true, ["a", "b"], { x = 1 }. Throws Error for null.
std::string toml_literal(const Value& value);

class Document {
 public:
  // Throws BadInput with the problem toml++ reports (it stops at the first; file, line, byte column), and for text that
  // is not UTF-8 or has a NUL in it.
  static Document parse(SourceRef source);
  // Reads the file; missing, unreadable, a directory, not UTF-8: BadInput that says so.
  static Document load(const std::string& path);

  const SourceRef& source() const;
  // The value at a key path; nullopt when absent. Dates and times come as the text they were written in.
  std::optional<Value> find(std::string_view key) const;
  // Where the value at a key path is written (all of it, over its lines); for a table with lines of its own, the header
  // or key that names it first.
  std::optional<Place> place_of(std::string_view key) const;
  // Every leaf key in file order, spelled with join_key (lists of tables by number: "a.0.b"). An empty {} is a leaf; a
  // header without keys has none.
  std::vector<std::string> keys() const;

  // The text with these values set: an existing value is replaced where it stands, a new key goes to the end of its
  // table, a new table to the end of the file. The result is parsed again and compared with the intended tree.
  // Throws BadInput with every key that cannot be set (no key at all, set twice, set together with a key inside it, its
  // parent is no table, no such element, a table with lines of its own, null, not UTF-8).
  std::string with(const Overrides& assignments) const;

  // The check `with` ends with: `patched` is TOML and says what this document says, but for the assignments.
  // Throws Error "internal: ..." that names the first key that differs.
  void check(const Overrides& assignments, std::string_view patched) const;

 private:
  struct Parsed;
  explicit Document(std::shared_ptr<const Parsed> parsed);
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace tt::config
