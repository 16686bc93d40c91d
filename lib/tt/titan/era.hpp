// tt/titan/era.hpp: the generations of TorchTitan's configuration, and how one is recognised.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::titan {

// In order of time; compare with <.
enum class Era { early_2025, march_2025, v0_1_0, v0_2_0, v0_2_1, v0_2_2, v0_3_0 };

std::string to_string(Era era);                          // "2025-01", "2025-03", "0.1.0", ..., as in the schema tables
std::optional<Era> parse_era(std::string_view version);  // "0.2.2", "v0.2.2", "0.2" (newest of it), "2025-03"
std::vector<std::string> era_names();
bool has_toml(Era era);  // all but 0.3.0

struct Recognised {
  Era era;
  std::string source;  // by what: a phrase for people and run.json
};
// From the keys of a base file: the newest era that knows the most of them.
Recognised recognise(const std::vector<std::string>& keys, const std::string& file);

}  // namespace tt::titan
