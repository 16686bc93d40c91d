// A workspace whose scheduler is this machine, with the test program as its supervisor and starter.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include "support/self_call.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/lock.hpp"
#include "tt/scheduler/local.hpp"
#include "tt/scheduler/local_records.hpp"

namespace tt::scheduler {

inline constexpr const char* kHost = "here";

class LocalTest : public testing::Test {
 protected:
  ~LocalTest() override {
    // Nothing a failed test started stays behind.
    kill_supervisor();
    for (const Token& token : spool_.tokens()) kill_tasks(token);
    reap_children();
  }

  void kill_tasks(const Token& token) const {
    try {
      for (const LocalTask& task : spool_.load_tasks(*spool_.load_job(token))) {
        if (task.is_running()) signal_session(task.start->process.pid, SIGKILL);
      }
    } catch (const Error&) {  // spoiled by the test, which then started nothing
    }
  }

  LocalScheduler scheduler(int slots = 4, std::vector<int> gpus = {}, const std::string& stop_at = "") {
    LocalOptions options;
    options.workspace = workspace_.path();
    options.host = kHost;
    options.machine = {slots, std::move(gpus)};
    options.environment.set("PATH", "/usr/bin:/bin");
    if (!stop_at.empty()) options.environment.set("TT_STOP_AT", stop_at);
    options.supervisor = {this_program().string(), "--tt-supervise", workspace_.path().string()};
    return {std::move(options), clock_};
  }
  // Writes into the spool and reads it, and starts nobody.
  LocalScheduler quiet_scheduler(int slots = 4) {
    LocalOptions options;
    options.workspace = workspace_.path();
    options.host = kHost;
    options.machine = {slots, {}};
    return {std::move(options), clock_};
  }

  SubmitRequest request(const std::string& token, const std::string& script, int tasks = 1) {
    SubmitRequest request;
    request.token = Token{token};
    request.submission = workspace_ / ("submissions/" + token);
    request.script = workspace_.write("submissions/" + token + "/job.sh", script);
    for (int i = 0; i < tasks; ++i) request.indices.push_back(i);
    request.shape.gpus = 1;
    request.workdir = workspace_.path();
    request.environment.set("PATH", "/usr/bin:/bin");
    return request;
  }

  static TaskRef task(const std::string& token, int index = 0) {
    return {local_job_id(Token{token}), Token{token}, index};
  }
  static std::optional<Known> ask(LocalScheduler& local, const TaskRef& ref) {
    const TaskStatus answer = local.status(std::span(&ref, 1)).at(0);
    const Known* known = std::get_if<Known>(&answer);
    return known == nullptr ? std::nullopt : std::optional(*known);
  }
  static std::string raw(LocalScheduler& local, const TaskRef& ref) {
    const auto known = ask(local, ref);
    return known ? known->raw : "?";
  }
  // The end of a task, waited for.
  static Known end_of(LocalScheduler& local, const TaskRef& ref) {
    EXPECT_TRUE(test::eventually([&] { return ask(local, ref).value_or(Known{}).ended.has_value(); }));
    return ask(local, ref).value_or(Known{});
  }
  bool has(const std::string& name) const { return is_there(workspace_ / name); }
  std::vector<std::string> lines(const std::string& name) const {
    return split_lines(read_file_if_there(workspace_ / name).value_or(""));
  }
  void touch(const std::string& name) { workspace_.write(name, ""); }

  ProcessIdentity supervisor() const {
    const auto holder = lock_holder(spool_.supervisor_lock());
    return holder ? holder->process : ProcessIdentity{};
  }
  bool is_supervised() const { return is_held_here(spool_.supervisor_lock()); }
  void kill_supervisor() const {
    const ProcessIdentity process = supervisor();
    if (process.pid <= 0 || !is_alive(process)) return;
    send_signal(process.pid, SIGKILL);
    EXPECT_TRUE(test::eventually([&] { return !is_alive(process); }));
  }
  ProcessIdentity start_supervisor(const std::string& stop_at = "") {
    Environment environment;
    environment.set("PATH", "/usr/bin:/bin");
    if (!stop_at.empty()) environment.set("TT_STOP_AT", stop_at);
    return start_detached(test::self_command({"--tt-supervise", workspace_.path().string()}, environment),
                          workspace_ / "supervisor.log");
  }

  test::TempFolder workspace_;
  SystemClock clock_;
  Spool spool_{workspace_.path(), kHost};
};

}  // namespace tt::scheduler
