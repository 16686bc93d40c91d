// tt/scheduler/local.hpp: this machine as a scheduler.
//
// Jobs lie in a spool, <workspace>/.tt/local/<host>/<token>/; one detached supervisor per workspace and host owns the
// running tasks (local_supervisor.hpp). This class is the client: it writes jobs and requests into the spool, reads
// what became of them, and starts a supervisor when there is work and none is alive.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/scheduler/local_reading.hpp"
#include "tt/scheduler/local_spool.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::scheduler {

struct LocalOptions {
  std::filesystem::path workspace;
  std::string host;
  LocalMachine machine;
  Environment environment;  // of the supervisor
  // argv that starts a supervisor: {"/usr/bin/tt-submit", "supervise", "--workspace", W}. Empty: never started from
  // here.
  std::vector<std::string> supervisor;
};

class LocalScheduler final : public Scheduler {
 public:
  LocalScheduler(LocalOptions options, Clock& clock);
  std::string name() const override { return "local"; }
  bool is_this_machine() const override { return true; }
  SubmitAnswer submit(const SubmitRequest& request) override;
  // What the supervisor executes for each task.
  std::vector<std::string> submit_argv(const SubmitRequest& request) const override;
  FindAnswer find(const Token& token) override;
  std::vector<TaskStatus> status(std::span<const TaskRef> tasks) override;
  std::vector<ActAnswer> cancel(std::span<const TaskRef> tasks, StopAs as) override;
  std::vector<ActAnswer> hold(std::span<const TaskRef> tasks) override;
  std::vector<ActAnswer> release(std::span<const TaskRef> tasks) override;
  std::vector<std::string> unsayable(const site::Profile& site) const override;
  std::string cannot_keep_off(std::span<const std::string> nodes) const override;
  Limits limits() const override { return {}; }
  Seconds settle_time() const override { return Seconds{0}; }  // in the spool or not: there is no in between

 private:
  using Act = std::function<ActAnswer(const TaskRef&, const LocalTask&)>;
  std::vector<ActAnswer> act(std::span<const TaskRef> tasks, const Act& deed);
  bool is_host_elsewhere(const Token& token, std::string& why) const;
  bool needs_supervisor();
  void start_supervisor_if_needed();
  LocalOptions options_;
  Clock& clock_;
  Spool spool_;
  SpoolReading reading_;
  std::optional<Instant> supervisor_started_;
};

}  // namespace tt::scheduler
