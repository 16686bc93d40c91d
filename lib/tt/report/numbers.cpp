#include "tt/report/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tt/base/text.hpp"
#include "tt/base/units.hpp"

namespace tt::report {

namespace {

std::optional<double> number_at(const Value& table, std::string_view key) {
  const Value& value = table.at(key);
  return value.is_number() ? std::optional(value.as_number()) : std::nullopt;
}

// Sum over the kinds of collectives of one pipeline rank.
std::optional<double> wire_bytes_of(const Value& rank) {
  const Value& total = rank.at("total");
  if (!total.is_table()) return std::nullopt;
  double bytes = 0;
  for (const auto& [kind, entry] : total.as_table()) {
    const auto wire = number_at(entry, "wire_bytes");
    if (!wire) return std::nullopt;
    bytes += *wire;
  }
  return bytes;
}

}  // namespace

std::string fixed(const std::optional<double>& number, int decimals) {
  return number ? fmt::format("{:.{}f}", *number, decimals) : "-";
}

std::string speed(const std::optional<double>& tokens_per_second) {
  if (!tokens_per_second || !std::isfinite(*tokens_per_second)) return "-";
  if (*tokens_per_second < 100) return fmt::format("{:.1f}", *tokens_per_second);
  return with_thousands(std::llround(*tokens_per_second));
}

std::string seconds(const std::optional<double>& number) {
  if (!number) return "-";
  const double size = std::abs(*number);
  return fixed(number, size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4);
}

std::string whole(const std::optional<std::int64_t>& number) { return number ? with_thousands(*number) : "-"; }

std::optional<double> comm_mib_per_step(const Value& estimate) {
  if (const auto total = number_at(estimate.at("per_step"), "total_mib")) return total;
  const Value& ranks = estimate.at("ranks");
  if (!ranks.is_list() || ranks.as_list().empty()) return std::nullopt;
  double most = 0;
  for (const Value& rank : ranks.as_list()) {
    const auto bytes = wire_bytes_of(rank);
    if (!bytes) return std::nullopt;
    most = std::max(most, *bytes);
  }
  return most / mib;
}

}  // namespace tt::report
