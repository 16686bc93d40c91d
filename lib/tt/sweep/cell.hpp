// tt/sweep/cell.hpp: the keys and values of a sweep file one by one: aliases, env.NAME, resources.*, what is refused.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tt/base/error.hpp"
#include "tt/sweep/spec.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::sweep {

// Keys that are no configuration of TorchTitan.
bool is_environment_key(std::string_view key);  // "env.NAME"
bool is_resource_key(std::string_view key);     // "resources.gpus"
bool is_ground_key(std::string_view key);       // "base", "torchtitan.root": what a run stands on
bool is_config_key(std::string_view key);       // everything else
std::string environment_name(std::string_view key);

using Aliases = std::map<std::string, Written>;

// The full key of what was written; nullopt after a problem.
std::optional<std::string> read_key(const std::string& spelled, const Place& place, const Aliases& aliases,
                                    Problems& problems);

// A value as its key wants it before any schema is asked: text for env.*, a whole number for resources.gpus and
// resources.nodes, "HH:MM:SS" for resources.walltime. nullopt after a problem.
std::optional<WrittenValue> read_cell(const std::string& key, const Node& node, Problems& problems);

// `base:` or one value of it as an axis: a path, or {module, config}. nullopt after a problem.
std::optional<BaseReference> read_base_reference(const Node& node, Problems& problems);

// [A-Za-z0-9][A-Za-z0-9._+-]*, no "..", at most 120 bytes. nullopt when it is; else what is wrong.
std::optional<std::string> unsafe_title(std::string_view name);

}  // namespace tt::sweep
