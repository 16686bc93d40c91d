// tt/titan/presets.hpp: what the shipped config functions of era 0.3.0 set, from data/presets-0.3.0.tsv.
//
// That era has no files: `--module llama3 --config llama3_8b` names a Python function. For the shipped ones the values
// that decide shape and cost are known here; of any other function nothing is known.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/value.hpp"

namespace tt::titan {

bool is_preset(std::string_view config);
std::vector<std::string> preset_names();  // in the order of their names
// "llama3_8b" → "8B"; nullopt for a function that is not in the table.
std::optional<std::string_view> flavor_of_config(std::string_view config);
// What the function makes of a key: its own value, or the class default where it is known to leave the key alone.
std::optional<Value> preset_value(std::string_view config, std::string_view key);

}  // namespace tt::titan
