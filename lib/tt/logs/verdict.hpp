// tt/logs/verdict.hpp: finished or failed, from what the log says and what the job saw.
//
// Finished means: exit 0 on every node, and the end mark or the last step seen, and a finite loss. A resumed attempt
// that found all steps done trains nothing and is finished.
#pragma once

#include <optional>
#include <string>

#include "tt/job/run_folder.hpp"
#include "tt/job/state.hpp"
#include "tt/logs/log_reader.hpp"

namespace tt::logs {

struct Outcome {
  RunState state = RunState::failed;  // finished or failed
  std::string why;                    // a sentence without a full stop
};

// For an attempt that has ended. No exit record: nobody saw the end, which is never success.
Outcome decide(const LogState& log, const std::optional<ExitRecord>& exit);

}  // namespace tt::logs
