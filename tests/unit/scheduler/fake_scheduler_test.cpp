// The scheduler that other tests drive keeps the promises of the interface.
#include "support/fake_scheduler.hpp"

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace tt::test {
namespace {

class AFakeScheduler : public testing::Test {
 protected:
  scheduler::SubmitRequest request(const std::string& token, const std::string& script) {
    scheduler::SubmitRequest request;
    request.token = Token{token};
    request.submission = folder_ / token;
    request.script = folder_.write(token + "/job.sh", script);
    request.indices = {0, 1};
    request.environment.set("PATH", "/usr/bin:/bin");
    return request;
  }
  scheduler::TaskStatus ask(const std::string& token, int index = 0) {
    const scheduler::TaskRef ref{{}, Token{token}, index};
    return fake_.status(std::span(&ref, 1)).at(0);
  }
  TempFolder folder_;
  FakeScheduler fake_;
};

TEST_F(AFakeScheduler, LetsASubmissionSurfaceAfterItWasGivenUp) {
  fake_.settles_after(Seconds{30});
  fake_.swallows("timed out after 20 s");
  const auto lost = fake_.submit(request("old", "echo old $1 $TT_JOB >>../ran; exit 3"));
  EXPECT_EQ(std::get<scheduler::NoAnswer>(lost).why, "timed out after 20 s");
  EXPECT_TRUE(std::holds_alternative<scheduler::Absent>(fake_.find(Token{"old"})));
  EXPECT_TRUE(std::holds_alternative<scheduler::Gone>(ask("old")));
  EXPECT_EQ(fake_.settle_time(), Seconds{30});

  fake_.accepts();
  EXPECT_EQ(std::get<scheduler::Accepted>(fake_.submit(request("new", "echo new >>../ran"))).job.text, "fake-new");
  EXPECT_EQ(fake_.run(Token{"old"}, 1).status, 3);
  EXPECT_EQ(read(folder_ / "ran"), "old 1 fake-old\n");
  FakeScheduler another_client = fake_;
  EXPECT_EQ(std::get<scheduler::Found>(another_client.find(Token{"old"})).job.text, "fake-old");
  EXPECT_EQ(std::get<scheduler::Known>(ask("old", 1)).ended->status, 3);
  EXPECT_EQ(std::get<scheduler::Known>(ask("old", 0)).state, RunState::queued);
  EXPECT_EQ(fake_.tokens(), (std::vector<Token>{Token{"old"}, Token{"new"}}));
}

TEST_F(AFakeScheduler, TakesNothingWhenItRefusesOrDrops) {
  fake_.refuses("quota");
  EXPECT_EQ(std::get<scheduler::Refused>(fake_.submit(request("a", ""))).reason, "quota");
  fake_.drops("connection reset");
  EXPECT_EQ(std::get<scheduler::NoAnswer>(fake_.submit(request("b", ""))).why, "connection reset");
  for (const char* token : {"a", "b"}) {
    EXPECT_TRUE(std::holds_alternative<scheduler::Absent>(fake_.find(Token{token})));
    EXPECT_THROW(fake_.surface(Token{token}), std::runtime_error);
  }
}

TEST_F(AFakeScheduler, CannotBeAskedWhileItIsDeaf) {
  fake_.submit(request("a", ""));
  fake_.goes_deaf("no route to host");
  EXPECT_EQ(std::get<scheduler::CouldNotAsk>(fake_.find(Token{"a"})).why, "no route to host");
  EXPECT_EQ(std::get<scheduler::CouldNotAsk>(ask("a")).why, "no route to host");
  fake_.hears();
  EXPECT_EQ(std::get<scheduler::Known>(ask("a")).raw, "QUEUED");
}

TEST_F(AFakeScheduler, EndsAWaitingTaskAtACancelAndOnlyTellsARunningOne) {
  fake_.submit(request("a", ""));
  fake_.is_running(Token{"a"}, 1);
  const std::vector<scheduler::TaskRef> both{{{}, Token{"a"}, 0}, {{}, Token{"a"}, 1}};
  fake_.cancel(both, scheduler::StopAs::preempted);
  EXPECT_EQ(std::get<scheduler::Known>(ask("a", 0)).state, RunState::preempted);
  EXPECT_EQ(std::get<scheduler::Known>(ask("a", 1)).state, RunState::running);
  EXPECT_EQ(fake_.cancelled().size(), 2u);
}

}  // namespace
}  // namespace tt::test
