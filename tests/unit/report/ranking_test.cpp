#include "tt/report/ranking.hpp"

#include <gtest/gtest.h>

namespace tt::report {
namespace {

RankingRow row(std::string run, RunState state, std::optional<double> tps) {
  RankingRow r;
  r.run = std::move(run);
  r.model = "llama3_8b";
  r.state = state;
  r.metrics.tokens_per_second_per_gpu_median = tps;
  r.attempts = 1;
  return r;
}

std::vector<RankingRow> some_runs() {
  auto failed = row("_tp8", RunState::failed, std::nullopt);
  failed.cause = "cuda-oom";
  failed.attempts = 3;
  auto fast = row("_tp2", RunState::finished, 12345.6);
  fast.metrics.mfu_percent_median = 41.237;
  fast.metrics.seconds_per_step_median = 2.5;
  fast.metrics.memory_gib_max = 60.125;
  fast.metrics.loss_last = 3.25;
  fast.comm_mib_per_step = 1024.0;
  fast.comm_model = "published";
  return {failed, row("_tp4", RunState::running, std::nullopt), row("_tp1", RunState::finished, 87.5), fast,
          row("_tp16", RunState::finished, std::nullopt)};
}

TEST(Ranking, PutsTheFastestFirstAndFailedRunsBelow) {
  std::vector<std::string> names;
  for (const auto& r : ranked(some_runs())) names.push_back(r.run);
  EXPECT_EQ(names, (std::vector<std::string>{"_tp2", "_tp1", "_tp16", "_tp8", "_tp4"}));
}

TEST(Ranking, OrdersEqualSpeedsByName) {
  const auto rows = ranked({row("b", RunState::finished, 5), row("a", RunState::finished, 5)});
  EXPECT_EQ(rows[0].run, "a");
}

TEST(Ranking, OnTheScreen) {
  EXPECT_EQ(ranking_text(some_runs(), Terminal{}),
            "rank  run    state             tok/s/GPU  MFU %  s/step  mem GiB    loss  comm MiB/step*  attempts\n"
            "   1  _tp2   finished             12,346  41.24   2.500    60.12  3.2500          1024.0         1\n"
            "   2  _tp1   finished               87.5      -       -        -       -               -         1\n"
            "   -  _tp16  finished                  -      -       -        -       -               -         1\n"
            "   -  _tp8   failed: cuda-oom          -      -       -        -       -               -         3\n"
            "   -  _tp4   running                   -      -       -        -       -               -         1\n"
            "* estimated, model published: sent by one GPU of the worst pipeline rank\n");
}

TEST(Ranking, SaysWhenThereIsNoEstimate) {
  const auto text = ranking_text({row("a", RunState::finished, 5)}, Terminal{});
  EXPECT_TRUE(text.ends_with("\n* no estimate of communication is known\n")) << text;
}

TEST(Ranking, AsMarkdown) {
  auto rows = some_runs();
  rows.resize(1);
  EXPECT_EQ(ranking_markdown(rows),
            "| rank | run | state | tok/s/GPU | MFU % | s/step | mem GiB | loss | comm MiB/step\\* | attempts |\n"
            "|---:|---|---|---:|---:|---:|---:|---:|---:|---:|\n"
            "| - | `_tp8` | failed: cuda-oom | - | - | - | - | - | - | 3 |\n"
            "\n"
            "\\* no estimate of communication is known\n");
}

TEST(Ranking, AsCsvKeepsNumbersInFullAndUnknownCellsEmpty) {
  auto odd = row("a,\"b\"", RunState::timed_out, std::nullopt);
  odd.cause = "time-limit";
  auto rows = some_runs();
  EXPECT_EQ(ranking_csv({rows[3], odd}),
            "rank,run,model,state,cause,tokens_per_second_per_gpu_median,mfu_percent_median,seconds_per_step_median,"
            "memory_gib_max,loss_last,estimated_comm_mib_per_step,comm_model,attempts\n"
            "1,_tp2,llama3_8b,finished,,12345.6,41.237,2.5,60.125,3.25,1024.0,published,1\n"
            ",\"a,\"\"b\"\"\",llama3_8b,timed-out,time-limit,,,,,,,,1\n");
}

TEST(RankingRow, IsReadFromASummary) {
  Value record = Value::object();
  record.set("run", "_tp2").set("model", "llama3_8b").set("state", "failed").set("attempts", 2);
  record.set("metrics", Value::object().set("tokens_per_second_per_gpu_median", 12.5));
  record.set("diagnosis", Value::object().set("cause", "loss-nan"));
  record.set("estimate",
             Value::object().set("model", "published").set("per_step", Value::object().set("total_mib", 96.0)));
  const auto r = ranking_row(record);
  EXPECT_EQ(r.run, "_tp2");
  EXPECT_EQ(r.state, RunState::failed);
  EXPECT_EQ(r.cause, "loss-nan");
  EXPECT_EQ(r.metrics.tokens_per_second_per_gpu_median, 12.5);
  EXPECT_EQ(r.comm_mib_per_step, 96.0);
  EXPECT_EQ(r.comm_model, "published");
  EXPECT_EQ(r.attempts, 2);
}

TEST(RankingRow, TakesTheWorstPipelineRankOfTheAccurateModel) {
  const auto rank = [](std::int64_t a, std::int64_t b) {
    Value total = Value::object();
    total.set("tp.all_gather", Value::object().set("wire_bytes", a))
        .set("pp.send", Value::object().set("wire_bytes", b));
    return Value::object().set("total", total);
  };
  Value record = Value::object();
  Value ranks = Value::array();
  ranks.push(rank(1048576, 0)).push(rank(2097152, 1048576));
  record.set("estimate", Value::object().set("model", "titan").set("ranks", ranks));
  EXPECT_EQ(ranking_row(record).comm_mib_per_step, 3.0);
}

TEST(RankingRow, KnowsNoNumberOfAnUnknownEstimate) {
  Value record = Value::object();
  record.set("estimate", Value::object().set("per_step", Value::object().set("total_mib", nullptr)));
  EXPECT_EQ(ranking_row(record).comm_mib_per_step, std::nullopt);
  EXPECT_EQ(ranking_row(Value::object()).comm_mib_per_step, std::nullopt);
}

}  // namespace
}  // namespace tt::report
