// tt/scheduler/remembered_limits.hpp: what a scheduler said of its limits, kept in <workspace>/.tt/limits/<site>.json
// with the time it was asked, so that a dry run can use it and say how old it is.
#pragma once

#include <filesystem>
#include <string>

#include "tt/scheduler/scheduler.hpp"

namespace tt::scheduler {

class RememberedLimits {
 public:
  RememberedLimits(const std::filesystem::path& workspace, const std::string& site)
      : file_(workspace / ".tt" / "limits" / (site + ".json")) {}
  // Empty limits when nothing is remembered, or it cannot be read.
  Limits remembered() const;
  void remember(const Limits& limits, Instant now) const;

 private:
  std::filesystem::path file_;
};

}  // namespace tt::scheduler
