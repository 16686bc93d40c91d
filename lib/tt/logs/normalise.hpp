// tt/logs/normalise.hpp: one line of a log without colours and prefixes, and which rank wrote it.
//
// Prefixes are peeled in this order, each optional: the node label of "srun --label" ("0: "), a scheduler's time stamp,
// torchrun's outer tag (its number is the LOCAL rank) and PyTorch's inner tag (its number is the GLOBAL rank).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace tt::logs {

// A longer line is cut here: evidence stays readable and memory bounded.
inline constexpr std::size_t longest_line = 64UL * 1024;

struct LogLine {
  std::string text;      // without prefixes
  std::string evidence;  // as printed, colours stripped
  std::optional<int> node;
  std::optional<int> local_rank;
  std::optional<int> rank;
};

// Reads one line (with or without its end). `out` is reused from line to line, so that reading allocates nothing.
void normalise(std::string_view raw, LogLine& out);

// Whose line it is, as far as the prefixes tell. -1: not told.
struct RankKey {
  int file = 0;
  int node = -1;
  int local_rank = -1;
  friend auto operator<=>(const RankKey&, const RankKey&) = default;
};
RankKey key_of(const LogLine& line, int file);

}  // namespace tt::logs
