// tt/logs/suspects.hpp: the events of all files of an attempt, with ranks resolved and echoes told apart. A step of
// diagnose.hpp with a header of its own so that each part stays readable.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "tt/logs/diagnose.hpp"
#include "tt/logs/log_scan.hpp"

namespace tt::logs {

// One possible cause.
struct Suspect {
  const Cause* cause = nullptr;
  Strength strength = Strength::strong;
  std::size_t order = 0;  // over all files; the earlier one wins within a tier
  std::optional<int> rank;
  std::optional<std::string> node;
  std::optional<int> local_rank;
  bool all_ranks = false;
  std::string file;
  std::optional<std::size_t> line;
  std::string evidence;
  bool from_scheduler = false;
  int exit_code_class = 0;  // among torchrun's entries: smaller tells more
  std::string time;
};

// Every suspect, in no order.
std::vector<Suspect> suspects_of(const std::vector<LogScan>& scans, const std::vector<LogFile>& files);

// Events of the training's own numbers: loss-nan, loss-spike, straggler. Evidence text is looked up in the file.
std::vector<Suspect> trends_of(const LogScan& scan, const LogFile& file);

// Line `number` of a file, without colours.
std::string line_of(const LogFile& file, std::size_t number);

// Calls `take` with every line of the file until it answers false.
void for_each_line(const LogFile& file, const std::function<bool(std::string_view)>& take);

}  // namespace tt::logs
