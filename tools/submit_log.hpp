// submit_log.hpp: `tt-submit logs`: the log of a run's last attempt, once or until the run ended.
#pragma once

#include <string>

#include "tt/base/error.hpp"
#include "tt/base/value.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/flow/views.hpp"

namespace tt::tool {

// The run a word means, after every sweep here was looked at.
flow::RunView find_for_log(const flow::Surroundings& around, flow::Schedulers& schedulers, const std::string& word);

// Each throws Error when the run has no log yet.
std::string log_text(const flow::RunView& run);
Value log_record(const flow::RunView& run);  // tt.log/1

// Prints what is there and what is added, each further attempt from its beginning, until the run ended or Ctrl-C.
ExitCode follow_log(const flow::Surroundings& around, flow::Schedulers& schedulers, flow::RunView run);

}  // namespace tt::tool
