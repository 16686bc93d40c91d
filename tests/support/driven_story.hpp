// A sweep named "story" handed over to a scheduler that the test drives, at a time that the test sets: real folders,
// real job scripts, and the flows themselves instead of the tools.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "support/fake_scheduler.hpp"
#include "support/tools.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/feed.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/retry.hpp"
#include "tt/flow/run.hpp"

namespace tt::test {

class SteppedClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  void sleep(Seconds duration) override { now_ += std::chrono::duration_cast<Instant::duration>(duration); }

 private:
  Instant now_ = SystemClock().now();
};

class DrivenStory : public testing::Test {
 protected:
  explicit DrivenStory(const std::string& batch_sizes = "[1]")
      : workspace_({"story", "  training.local_batch_size: " + batch_sizes + "\n", "", "00:05:00"}),
        around_(surroundings()),
        schedulers_(around_) {
    schedulers_.use(around_.site.profile, std::make_unique<FakeScheduler>(fake_));
    fake_.settles_after(Seconds{60});
  }

  flow::Surroundings surroundings() {
    flow::SurroundingsFlags flags;
    flags.site = "laptop";
    flags.workspace = workspace_.path().string();
    flow::Surroundings around = flow::look_around(flags, Environment::of_this_process(), clock_);
    around.here = workspace_.path();
    return around;
  }

  flow::RunReport run(const flow::RunOptions& options = {}) {
    return flow::run_sweep(flow::load_sweep((workspace_ / "sweep.yaml").string(), around_), around_, schedulers_,
                           options);
  }
  flow::RefreshReport look() {
    flow::RefreshReport report = flow::refresh(around_, schedulers_, {"story"});
    flow::hand_over_again(around_, schedulers_, report);
    return report;
  }
  // As commands that follow do whenever they look.
  flow::RetryReport feed() { return flow::feed(around_, schedulers_, {"story"}, look().ledger); }
  ledger::Ledger history() const { return flow::load_history(around_.workspace, {"story"}); }
  RunState state() {
    const ledger::Ledger ledger = history();
    return ledger.runs.begin()->second.attempts.rbegin()->second.state;
  }
  RunFolder folder() const { return around_.workspace.run_folder("story", "_bs1"); }
  // Null: there is none.
  Value summary() const { return flow::load_summary(folder()).value_or(Value()); }
  static scheduler::TaskEnd exited(int status) {
    scheduler::TaskEnd end;
    end.reason = scheduler::EndReason::exited;
    end.status = status;
    return end;
  }

  Workspace workspace_;
  SteppedClock clock_;
  FakeScheduler fake_;
  flow::Surroundings around_;
  flow::Schedulers schedulers_;
};

}  // namespace tt::test
