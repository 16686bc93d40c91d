// tt/flow/room.hpp: how many more jobs a site takes of this user now, as far as anybody knows.
#pragma once

#include <optional>
#include <string>

#include "tt/flow/surroundings.hpp"
#include "tt/scheduler/scheduler.hpp"
#include "tt/site/profile.hpp"

namespace tt::flow {

struct Room {
  scheduler::Limits limits;
  int there = 0;                   // jobs of this user, whichever queue they are in
  std::optional<Instant> asked{};  // when; nullopt: nobody was asked
};
// Asked of the scheduler, where the profile or its limits bound anything at all.
Room ask_room(const Surroundings& around, scheduler::Scheduler& scheduler);
// Under the workspace lock: with what other commands here handed over since it was asked, or are about to.
void add_others(Room& room, const Surroundings& around);
// As remembered: what this workspace has open at the site, of all its sweeps. Asks nobody.
Room remember_room(const Surroundings& around, const scheduler::Scheduler& scheduler);

// How many jobs of one user are taken at a time.
struct Window {
  int jobs = 0;
  std::string queue;  // empty: in all queues together
};
// By the profile of the site or as asked, for jobs that go to this queue (empty: the one of the profile). nullopt: no
// bound is known.
std::optional<Window> window_of(const site::Profile& site, const scheduler::Limits& limits, const std::string& queue);
// "lab takes 40 jobs of one user at a time in debug".
std::string describe_window(const site::Profile& site, const Window& window);

// How many of an array at once, where nobody says otherwise: some queues never start a wider one.
std::optional<int> usual_throttle(const site::Profile& site);

}  // namespace tt::flow
