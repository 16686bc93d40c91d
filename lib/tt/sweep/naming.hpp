// tt/sweep/naming.hpp: names of runs: what varies, in sweep order, safe as a file name.
//
// Without a template: "_bs8_sl1024_tp2": a short name for each key that varies, then its value. A name depends only on
// its own point, so a plan that grows renames nothing (except where a new axis appears).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/job/run.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

inline constexpr std::size_t longest_name = 180;  // bytes

// How each of these keys is called in a name: well-known short names, else the sweep's alias, else the last part of
// the key; two keys never get the same one.
std::vector<std::string> short_names(const std::vector<std::string>& keys, const Spec& spec);

// A value as part of a name: [A-Za-z0-9._+=-] only.
std::string name_part(const Value& value);

// "_bs8", "_compile" / "_nocompile", "_NCCL_ALGO=Ring".
std::string named_value(const std::string& short_name, const Value& value);

// Letters, digits and . _ + = -, not "." or "..", no '-' in front, at most longest_name bytes.
// nullopt when it is all that; else what is wrong with it.
std::optional<std::string> unsafe_name(std::string_view name);

// A name template taken apart: literal, key, literal, key, ..., literal.
struct NameTemplate {
  struct Part {
    std::string literal;  // before the key
    std::string key;      // aliases resolved; empty: only the literal
    Place place;          // of the placeholder
  };
  std::vector<Part> parts;
};
// Problems go to `problems`, each pointing at its placeholder.
NameTemplate read_name_template(const Written& text, const Spec& spec, Problems& problems);

}  // namespace tt::sweep
