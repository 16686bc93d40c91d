#include "tt/job/state.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tt {
namespace {

enum class Is { neither, open, ended };
struct Expected {
  RunState state;
  const char* word;
  Is is;
};
const std::vector<Expected> kAll{
    {RunState::planned, "planned", Is::neither},   {RunState::submitted, "submitted", Is::open},
    {RunState::queued, "queued", Is::open},        {RunState::held, "held", Is::open},
    {RunState::running, "running", Is::open},      {RunState::finished, "finished", Is::ended},
    {RunState::failed, "failed", Is::ended},       {RunState::cancelled, "cancelled", Is::ended},
    {RunState::timed_out, "timed-out", Is::ended}, {RunState::preempted, "preempted", Is::ended},
    {RunState::lost, "lost", Is::ended},           {RunState::skipped, "skipped", Is::neither},
    {RunState::unknown, "unknown", Is::open},
};

TEST(RunState, HasTheWordScriptsRelyOn) {
  for (const Expected& expected : kAll) {
    EXPECT_EQ(to_string(expected.state), expected.word);
    EXPECT_EQ(parse_run_state(expected.word), expected.state);
  }
}

TEST(RunState, RefusesOtherWords) {
  for (const char* word : {"", "timed_out", "Finished", "done", "finished "}) {
    EXPECT_EQ(parse_run_state(word), std::nullopt) << word;
  }
}

TEST(RunState, IsOpenEndedOrNeither) {
  for (const Expected& expected : kAll) {
    EXPECT_EQ(is_open(expected.state), expected.is == Is::open) << expected.word;
    EXPECT_EQ(is_ended(expected.state), expected.is == Is::ended) << expected.word;
  }
}

TEST(RetryMode, HasTheWordOfTheTaskFile) {
  EXPECT_EQ(to_string(RetryMode::resume), "resume");
  EXPECT_EQ(to_string(RetryMode::fresh), "fresh");
}

}  // namespace
}  // namespace tt
