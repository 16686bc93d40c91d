// tt/report/numbers.hpp: how measured numbers are shown to people, the same in every table. Unknown is "-".
#pragma once

#include <optional>
#include <string>

#include "tt/base/value.hpp"

namespace tt::report {

std::string fixed(const std::optional<double>& number, int decimals);
std::string speed(const std::optional<double>& tokens_per_second);  // 12,345 and 87.5
std::string seconds(const std::optional<double>& number);           // four digits that count
std::string whole(const std::optional<std::int64_t>& number);

// MiB one GPU of the worst pipeline rank sends per step, of either model's record; nullopt: the record does not know.
std::optional<double> comm_mib_per_step(const Value& estimate);

}  // namespace tt::report
