// Slurm behind the interface: what it asks, how often, and what it makes of the answers. Against recorded replies.
#include "tt/scheduler/slurm.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "support/recording.hpp"

namespace tt::scheduler {
namespace {

using testing::ElementsAre;

// One reply after the other.
class Replies final : public ProcessRunner {
 public:
  explicit Replies(std::vector<ProcessResult> replies) : replies_(std::move(replies)) {}
  ProcessResult run(const Command& command, Seconds) override {
    asked.push_back(command);
    return replies_.at(asked.size() - 1);
  }
  std::vector<Command> asked;

 private:
  std::vector<ProcessResult> replies_;
};

class Slurm : public testing::Test {
 protected:
  static ProcessResult recorded(const std::string& name) { return test::recorded("slurm-22.05", name); }
  static ProcessResult says(const std::string& out) {
    ProcessResult reply = recorded("squeue-unique");
    reply.out = out;
    return reply;
  }
  SlurmScheduler scheduler(ProcessRunner& replies, const std::string& accounting = "none") {
    site::Profile site;
    site.name = "lab";
    site.scheduler = "slurm";
    site.accounting = accounting;
    return SlurmScheduler(site, "/w", Environment{}, replies, clock);
  }
  const std::vector<TaskRef> tasks{{JobId{"26"}, Token{"t"}, 0}, {JobId{"26"}, Token{"t"}, 1}};
  const ProcessResult waits = says("26_[0-1]|PENDING|Priority|0|N/A|N/A||\n");
  const ProcessResult starts =
      says("26_0|RUNNING|None|0|1795936307|1795936907|n1|\n26_[1]|PENDING|Priority|0|N/A|N/A||\n");
  SystemClock clock;
};

TEST_F(Slurm, NeverCallsATaskGoneBecauseAListWasCutOff) {
  ProcessResult each = recorded("squeue-unique-one-a-line");
  each.out = "26_0|PENDING|JobHeldUser|0|N/A|N/A||\n26_41|PENDING|JobHeldUser|0|N/A|N/A||\n";
  Replies replies({recorded("squeue-unique-cut-off"), each});
  SlurmScheduler slurm = scheduler(replies);
  const std::vector<TaskRef> both{{JobId{"26"}, Token{"t"}, 0}, {JobId{"26"}, Token{"t"}, 41}};
  const auto answers = slurm.status(both);
  ASSERT_EQ(replies.asked.size(), 2U);
  EXPECT_EQ(replies.asked[0].argv[2], "--array-unique");
  EXPECT_EQ(replies.asked[0].environment.get("SLURM_BITSTR_LEN"), "0");
  EXPECT_EQ(replies.asked[1].argv[2], "--array");
  EXPECT_EQ(std::get<Known>(answers[1]).state, RunState::held);

  Replies silent({recorded("squeue-unique-cut-off"), recorded("squeue-controller-gone")});
  SlurmScheduler other = scheduler(silent);
  EXPECT_TRUE(std::holds_alternative<CouldNotAsk>(other.status(both)[1]));
}

// A controller that lost its last minutes counts on from an older number: what has ours now is somebody else's.
TEST_F(Slurm, DoesNotTakeAJobOfAnotherNameForOurs) {
  Replies replies(
      {says("26_0|RUNNING|None|0|1795936307|1795936907|n1|stranger|\n"
            "26_1|PENDING|Priority|0|N/A|N/A||tt-t|\n")});
  SlurmScheduler slurm = scheduler(replies);
  const auto answers = slurm.status(tasks);
  EXPECT_EQ(std::get<Gone>(answers[0]).under_another_name->state, RunState::running);
  EXPECT_EQ(std::get<Known>(answers[1]).state, RunState::queued);
  Replies renamed({says("26_0|RUNNING|None|0|1795936307|1795936907|n1|by-a-site|tt-t|\n")});
  EXPECT_EQ(std::get<Known>(scheduler(renamed).status(std::span(tasks).first(1))[0]).state, RunState::running);

  ProcessResult accounting = recorded("squeue-unique");
  accounting.out =
      "26_0|COMPLETED|None|0:0|1795936307|1795936907|n1|stranger\n"
      "26_1|COMPLETED|None|0:0|1795936307|1795936907|n1|tt-t\n";
  Replies later({says(""), accounting});
  SlurmScheduler with_accounting = scheduler(later, "sacct");
  const auto ended = with_accounting.status(tasks);
  EXPECT_TRUE(std::holds_alternative<Gone>(ended[0]));
  EXPECT_TRUE(std::get<Known>(ended[1]).ended.has_value());
}

class SlurmEcho : public Slurm {};

TEST_F(SlurmEcho, IsAskedForOnceAndNotAgainByStatus) {
  Replies replies({waits, waits, starts});
  SlurmScheduler slurm = scheduler(replies);
  slurm.status(tasks);
  const auto echo = slurm.echo();
  ASSERT_TRUE(echo);
  EXPECT_THAT(echo->jobs, ElementsAre("26"));

  SlurmScheduler later = scheduler(replies);
  EXPECT_TRUE(later.says_the_same(*echo));
  EXPECT_EQ(replies.asked[1].argv, replies.asked[0].argv);
  SlurmScheduler even_later = scheduler(replies);
  EXPECT_FALSE(even_later.says_the_same(*echo));
  const auto answers = even_later.status(tasks);
  EXPECT_EQ(replies.asked.size(), 3U) << "nobody is asked twice";
  EXPECT_EQ(std::get<Known>(answers[0]).state, RunState::running);
  EXPECT_NE(even_later.echo()->answer, echo->answer);
}

TEST_F(SlurmEcho, IsNoAnswerToAnotherQuestion) {
  Replies replies({waits, starts, says("27_0|PENDING|Priority|0|N/A|N/A||\n"), waits});
  SlurmScheduler slurm = scheduler(replies);
  slurm.status(tasks);
  ASSERT_FALSE(slurm.says_the_same(*slurm.echo()));
  const std::vector<TaskRef> others{{JobId{"27"}, Token{"u"}, 0}};
  EXPECT_EQ(std::get<Known>(slurm.status(others)[0]).state, RunState::queued);
  EXPECT_EQ(replies.asked.size(), 3U);
  EXPECT_EQ(std::get<Known>(slurm.status(tasks)[0]).state, RunState::queued);
  EXPECT_EQ(replies.asked.size(), 4U) << "what was asked before another question is too old";
}

TEST_F(SlurmEcho, DoesNotGrowOld) {
  Replies replies({waits, waits, starts});
  SlurmScheduler slurm = scheduler(replies);
  slurm.status(tasks);
  ASSERT_TRUE(slurm.says_the_same(*slurm.echo()));
  EXPECT_EQ(std::get<Known>(slurm.status(tasks)[0]).state, RunState::running);
  EXPECT_EQ(replies.asked.size(), 3U) << "what was shown is done with: whoever looks later asks";
}

TEST_F(SlurmEcho, NeedsOneAnswerThatSaysAll) {
  Replies silent({recorded("squeue-controller-gone")});
  SlurmScheduler deaf = scheduler(silent);
  deaf.status(tasks);
  EXPECT_FALSE(deaf.echo());

  Replies two(
      {says("26_0|PENDING|Priority|0|N/A|N/A||\n"), says("26_1|COMPLETED|None|0:0|1795936307|1795936907|n1\n")});
  SlurmScheduler asks_twice = scheduler(two, "sacct");
  asks_twice.status(tasks);
  ASSERT_EQ(two.asked.size(), 2U);
  EXPECT_FALSE(asks_twice.echo());

  Replies old({recorded("squeue-unique-cut-off"), waits});
  SlurmScheduler asks_each = scheduler(old);
  asks_each.status(tasks);
  EXPECT_FALSE(asks_each.echo());
}

}  // namespace
}  // namespace tt::scheduler
