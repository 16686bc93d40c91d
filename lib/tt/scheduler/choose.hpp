// tt/scheduler/choose.hpp: the scheduler a cluster profile names.
#pragma once

#include <filesystem>
#include <memory>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/scheduler/scheduler.hpp"
#include "tt/site/profile.hpp"

namespace tt::scheduler {

// `clock` must outlive the scheduler. Writes nothing and asks nobody until it is used.
// Throws Error for a scheduler this version cannot speak to.
std::unique_ptr<Scheduler> make_scheduler(const site::Profile& profile, const std::filesystem::path& workspace,
                                          const Environment& environment, Clock& clock);

}  // namespace tt::scheduler
