#include "tt/sweep/plan_print.hpp"

#include <gtest/gtest.h>

#include "support/sweep_support.hpp"
#include "tt/base/text.hpp"
#include "tt/base/utf8.hpp"
#include "tt/sweep/plan_table.hpp"
#include "tt/sweep/starter.hpp"

namespace tt::sweep {
namespace {

using test::plan_of;
using test::sweep_with;

std::string text_of(const std::string& yaml, const std::string& base = test::plain_base) {
  const Plan plan = plan_of(sweep_with(yaml), base);
  return plan_text(plan, cost_of(plan, test::roomy_site(), 8, std::nullopt), "", "lr.yaml", Terminal{});
}

TEST(PlanTable, ShowsWhatVariesAndWhatItCosts) {
  const std::string text =
      text_of("resources: {gpus: 16, walltime: \"00:45:00\"}\nmatrix: {training.seq_len: [1024, 2048]}\n");
  EXPECT_NE(text.find("_sl1024  seq_len=1024"), std::string::npos) << text;
  EXPECT_NE(text.find("2x8"), std::string::npos) << text;
  EXPECT_NE(text.find("\n2 runs, 1 array, 24 GPU hours at most, 2 nodes at a time for the largest\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("\ncomm MiB/step: sent by one GPU of the worst pipeline rank, model titan, profile titan-0.2.2\n"),
      std::string::npos)
      << text;
}

TEST(PlanTable, SaysUnknownWhereTheModelIsNotKnown) {
  std::string base = test::plain_base;
  base.replace(base.find("debugmodel"), 10, "my_own_size");
  const std::string text = text_of("", base);
  EXPECT_NE(text.find("  unknown\n"), std::string::npos) << text;
  EXPECT_NE(text.find("; unknown: the model, or a size or schedule of it, is not known\n"), std::string::npos) << text;
}

TEST(PlanTable, EndsAfterTwoHundredLinesAndSaysHowToSeeTheRest) {
  const std::string text = text_of("matrix: {training.steps: {from: 1, to: 250, step: 1}}\n");
  EXPECT_NE(text.find("_st200 "), std::string::npos);
  EXPECT_EQ(text.find("_st201 "), std::string::npos);
  EXPECT_NE(text.find("\n... and 50 more (tt-sweep plan lr.yaml --json shows all)\n"), std::string::npos);
}

// Ten keys, of which two differ; names of 61 columns.
Plan wide_plan() {
  PlanInput input = test::input_of(
      sweep_with("hardware: h100\nmatrix:\n"
                 "  parallelism.tensor_parallel_degree: [1, 2]\n  training.local_batch_size: [1]\n"
                 "  training.seq_len: [256]\n  optimizer.lr: [1e-4]\n  activation_checkpoint.mode: [none, full]\n"
                 "  parallelism.pipeline_parallel_degree: [1]\n  parallelism.context_parallel_degree: [1]\n"
                 "  env.NCCL_ALGO: [Ring]\n"),
      test::plain_base);
  return make_plan(input);
}

std::vector<std::string> table_on(std::size_t width) {
  Terminal terminal;
  terminal.width = width;
  return split_lines(plan_table(wide_plan(), "wide.yaml", terminal));
}

TEST(PlanTable, ItIsWholeWhereNobodySaysAWidth) {
  const auto lines = table_on(0);
  EXPECT_EQ(lines[1].find("_tp1_bs1_sl256_lr0.0001_acnone_pp1_cp1_NCCL_ALGO=Ring  tensor_parallel_degree=1 "
                          "local_batch_size=1 seq_len=256 lr=0.0001 mode=none pipeline_parallel_degree=1 "
                          "context_parallel_degree=1 NCCL_ALGO=Ring  "),
            0u)
      << lines[1];
  EXPECT_NE(lines[0].find("  memory  step s  estimated GPU hours"), std::string::npos) << lines[0];
  EXPECT_EQ(lines.size(), 5u);
}

TEST(PlanTable, OnATerminalOnlyWhatDiffersIsSaid) {
  const auto lines = table_on(180);
  EXPECT_NE(lines[2].find("=Ring  tensor_parallel_degree=1 mode=full  "), std::string::npos) << lines[2];
  EXPECT_EQ(lines.size(), 5u);
  for (const std::string& line : lines) EXPECT_LE(line.size(), 180u);
}

TEST(PlanTable, AKeyThatOnlySomeRunsSetDiffers) {
  Plan plan = wide_plan();
  plan.runs[1].varies.push_back({"training.steps", Value(7)});
  Terminal terminal;
  terminal.width = 190;
  const auto lines = split_lines(plan_table(plan, "wide.yaml", terminal));
  EXPECT_NE(lines[2].find("=Ring  tensor_parallel_degree=1 mode=full steps=7  "), std::string::npos) << lines[2];
}

TEST(PlanTable, ANarrowTerminalKeepsTheNamesAndSaysWhichColumnsItLeavesOut) {
  for (const std::size_t width : {104u, 120u, 140u}) {
    const auto lines = table_on(width);
    ASSERT_GT(lines.size(), 4u);
    for (std::size_t line = 0; line < 5; ++line) EXPECT_LE(display_width(lines[line]), width) << lines[line];
    EXPECT_EQ(lines[1].find("_tp1_bs1_sl256_lr0.0001_acnone_pp1_cp1_NCCL_ALGO=Ring "), 0u) << lines[1];
  }
  EXPECT_EQ(table_on(140)[5], "no room here for: estimated GPU hours (tt-sweep plan wide.yaml --csv has every column)");
  const auto narrow = table_on(80);
  EXPECT_LE(display_width(narrow[1]), 80u);
  EXPECT_EQ(narrow[5],
            "no room here for: estimated GPU hours, step s, what varies (tt-sweep plan wide.yaml --csv has every "
            "column)");
}

TEST(PlanTable, ListsSkippedPointsOfARuleUpToTwenty) {
  const std::string text = text_of("matrix: {parallelism.tensor_parallel_degree: {from: 9, to: 38, step: 1}}\n");
  EXPECT_EQ(text.rfind("no runs\n", 0), 0u) << text;
  EXPECT_NE(text.find("\n  world-size (30 points)\n    _tp9: "), std::string::npos) << text;
  EXPECT_NE(text.find("\n    _tp28: "), std::string::npos);
  EXPECT_EQ(text.find("\n    _tp29: "), std::string::npos);
  EXPECT_NE(text.find("\n    ... and 10 more\n"), std::string::npos);
  EXPECT_NE(text.find("\n0 runs; 30 points skipped\n"), std::string::npos) << text;
}

TEST(PlanRecord, IsTheContractWithScripts) {
  const Plan plan =
      plan_of(sweep_with("env: {A: x}\nfixed: {training.steps: 5}\n"
                         "matrix: {parallelism.tensor_parallel_degree: [1, 3], training.seq_len: [1024, 2048]}\n"
                         "exclude: [{training.seq_len: 2048}]\n"));
  const Value record = plan_record(plan);
  EXPECT_EQ(record.at("schema"), Value("tt.plan/1"));
  EXPECT_EQ(record.at("sweep"), Value("s"));
  EXPECT_EQ(record.at("filtered"), Value(2));
  EXPECT_EQ(record.at("skipped_truncated"), Value(false));
  EXPECT_EQ(record.at("counts_by_rule"), Value(Value::Table{{"world-size", 1}}));
  EXPECT_EQ(record.at("totals"),
            Value(Value::Table{{"runs", 1}, {"skipped", 1}, {"gpu_hours", 4.0}, {"nodes_max", 1}}));
  ASSERT_EQ(record.at("runs").as_list().size(), 1u);
  const Value& run = record.at("runs").as_list()[0];
  EXPECT_EQ(run.at("name"), Value("_tp1_sl1024"));
  EXPECT_EQ(run.at("model"), Value("base"));
  EXPECT_EQ(run.at("folder"), Value("logs/base/_tp1_sl1024"));
  EXPECT_EQ(run.at("overrides"),
            Value(Value::Table{
                {"training.steps", 5}, {"parallelism.tensor_parallel_degree", 1}, {"training.seq_len", 1024}}));
  EXPECT_EQ(run.at("environment"), Value(Value::Table{{"A", "x"}}));
  EXPECT_EQ(run.at("nodes"), Value(1));
  EXPECT_EQ(run.at("gpus_per_node"), Value(8));
  EXPECT_EQ(run.at("gpus"), Value(8));
  EXPECT_EQ(run.at("world"), Value(8));
  EXPECT_EQ(run.at("walltime_seconds"), Value(1800));
  EXPECT_TRUE(run.at("repeat").is_null());
  EXPECT_EQ(run.at("estimate").at("memory_verdict"), Value("unknown"));
  const Value& skipped = record.at("skipped").as_list().at(0);
  EXPECT_EQ(skipped.at("name"), Value("_tp3_sl1024"));
  EXPECT_EQ(skipped.at("rule"), Value("world-size"));
  EXPECT_EQ(skipped.at("overrides").at("parallelism.tensor_parallel_degree"), Value(3));
}

TEST(PlanRecord, SaysNullForAnUnknownEstimate) {
  std::string base = test::plain_base;
  base.replace(base.find("debugmodel"), 10, "my_own_size");
  const Value record = plan_record(plan_of(sweep_with(""), base));
  EXPECT_TRUE(record.at("runs").as_list().at(0).at("estimate").at("comm_wire_bytes_per_step_max").is_null());
}

TEST(Starter, MakesASweepThatPlans) {
  const auto base = config::Document::parse(test::source(test::plain_base, "tiny.toml"));
  const std::string yaml = starter("tiny.toml", base, titan::Era::v0_2_2);
  EXPECT_NE(yaml.find("  training.steps: 10   # the base says 10\n"), std::string::npos) << yaml;
  const Plan plan = plan_of(yaml);
  EXPECT_EQ(test::names_of(plan), (std::vector<std::string>{"_tp1_bs8", "_tp1_bs16", "_tp2_bs8", "_tp2_bs16"}));
  EXPECT_EQ(plan.totals.skipped, 0);
  EXPECT_EQ(plan.model, "tiny");
}

TEST(Starter, LeavesTheDegreesOfABaseThatFixesThem) {
  const std::string text = std::string("[training]\nlocal_batch_size = 2\nglobal_batch_size = 8\nsteps = 500\n") +
                           "[parallelism]\ndata_parallel_shard_degree = 4\n";
  const auto base = config::Document::parse(test::source(text, "base.toml"));
  const Plan plan = plan_of(starter("base.toml", base, titan::Era::v0_2_2), text);
  EXPECT_EQ(test::names_of(plan), std::vector<std::string>{"_bs2"}) << "batch size 4 would not divide the global batch";
  EXPECT_EQ(plan.totals.skipped, 0);
  EXPECT_EQ(plan.runs[0].resources.gpus, 4);
  EXPECT_EQ(plan.runs[0].overrides[0], (Assignment{"training.steps", 20}));
}

// llama3_405b.toml of 0.2.0 to 0.2.2 names a converter that its own release refuses.
TEST(Starter, MendsTheOldNameOfAConverter) {
  const std::string text = std::string("[model]\nname = \"llama3\"\nflavor = \"405B\"\nconverters = [\"float8\"]\n") +
                           "[training]\nlocal_batch_size = 2\n[parallelism]\ntensor_parallel_degree = 8\n";
  const auto base = config::Document::parse(test::source(text, "base.toml"));
  const std::string yaml = starter("base.toml", base, titan::Era::v0_2_2);
  EXPECT_NE(
      yaml.find("  model.converters: [\"quantize.linear.float8\"]   # the base uses names that 0.2.2 does not know "
                "any more\n"),
      std::string::npos)
      << yaml;
  const Plan plan = plan_of(yaml, text);
  EXPECT_EQ(plan.totals.skipped, 0);
  EXPECT_GE(plan.totals.runs, 2);
}

TEST(Starter, QuotesThePathOfItsBase) {
  const auto base = config::Document::parse(test::source(test::plain_base, "x"));
  const std::string yaml = starter("my \"odd\" $dir/a b.toml", base, titan::Era::v0_2_2);
  const Spec spec = read_spec(test::source(yaml));
  EXPECT_EQ(resolve_path(*spec.bases.at(0).file, "/r", {}), "/r/my \"odd\" $dir/a b.toml");
  EXPECT_EQ(spec.model.text, "ab");
}

// Every suggestion is good as it stands: the line without its # gives a sweep without problems.
TEST(Starter, SuggestsOnlyWhatCanBeSwept) {
  for (const char* era : {"2025-01", "2025-03", "0.1.0", "0.2.2"}) {
    const titan::Era of = *titan::parse_era(era);
    const std::string model = "[model]\nname = \"llama3\"\nflavor = \"8B\"\n";
    const auto base = config::Document::parse(test::source(model, "base.toml"));
    const std::string yaml = starter("base.toml", base, of, "/checkout");
    int tried = 0;
    for (const std::string& line : split_lines(yaml)) {
      if (!line.starts_with("  # ") || line.find(": [") == std::string::npos) continue;
      const Plan plan = plan_of(replace_all(yaml, line, "  " + line.substr(4)), model);
      EXPECT_GT(plan.totals.runs + plan.totals.skipped, 0) << line;
      ++tried;
    }
    EXPECT_GE(tried, 4) << era;
  }
}

}  // namespace
}  // namespace tt::sweep
