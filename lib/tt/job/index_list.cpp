#include "tt/job/index_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tt/base/text.hpp"

namespace tt {

std::string index_list(std::vector<int> indices) {
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < indices.size();) {
    std::size_t last = i;
    while (last + 1 < indices.size() && indices[last + 1] == indices[last] + 1) ++last;
    parts.push_back(last == i ? std::to_string(indices[i]) : fmt::format("{}-{}", indices[i], indices[last]));
    i = last + 1;
  }
  return join(parts, ",");
}

std::vector<int> read_index_list(std::string_view list) {
  const std::size_t percent = list.find('%');
  if (percent != std::string_view::npos && to_integer(list.substr(percent + 1)).value_or(0) < 1) return {};
  std::vector<int> indices;
  for (const std::string& part : split(list.substr(0, percent), ',')) {
    const std::size_t colon = part.find(':');
    const auto step = colon == std::string::npos ? std::optional<std::int64_t>{1} : to_integer(part.substr(colon + 1));
    const std::string range = part.substr(0, colon);
    const std::size_t dash = range.find('-');
    const auto first = to_integer(range.substr(0, dash));
    const auto last = dash == std::string::npos ? first : to_integer(range.substr(dash + 1));
    if (!step || *step < 1 || !first || !last || *first < 0 || *last < *first || *last > kLargestIndex) return {};
    if (indices.size() + static_cast<std::size_t>((*last - *first) / *step) > kLargestIndex) return {};
    for (std::int64_t i = *first; i <= *last; i += *step) indices.push_back(static_cast<int>(i));
  }
  return indices;
}

}  // namespace tt
