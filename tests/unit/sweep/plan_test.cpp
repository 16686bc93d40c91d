#include "tt/sweep/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/sweep_support.hpp"
#include "tt/base/text.hpp"
#include "tt/sweep/search.hpp"

namespace tt::sweep {
namespace {

using test::input_of;
using test::names_of;
using test::overrides_of;
using test::plan_of;
using test::problems_of;
using test::sweep_with;
using Names = std::vector<std::string>;

std::string plan_trouble(const std::string& yaml) {
  return problems_of([&] { plan_of(sweep_with(yaml)); });
}

const std::string bs_sl = "matrix:\n  training.local_batch_size: [8, 16]\n  training.seq_len: [1024, 2048]\n";

TEST(Plan, CountsTheProductWithTheFirstKeySlowest) {
  const Plan plan = plan_of(sweep_with(bs_sl));
  EXPECT_EQ(names_of(plan), (Names{"_bs8_sl1024", "_bs8_sl2048", "_bs16_sl1024", "_bs16_sl2048"}));
  EXPECT_EQ(overrides_of(plan)[1], "training.local_batch_size=8 training.seq_len=2048");
  EXPECT_EQ(plan.runs[0].model, "base");
}

TEST(Plan, PutsZipGroupsBehindTheMatrix) {
  const Plan plan =
      plan_of(sweep_with("zip: [{training.seq_len: [1024, 2048], activation_checkpoint.mode: [none, full]}]\n"
                         "matrix: {training.local_batch_size: [8, 16]}\n"));
  EXPECT_EQ(names_of(plan),
            (Names{"_bs8_sl1024_acnone", "_bs8_sl2048_acfull", "_bs16_sl1024_acnone", "_bs16_sl2048_acfull"}));
}

TEST(Plan, PutsFixedKeysInFrontOfWhatVaries) {
  const Plan plan = plan_of(sweep_with("fixed: {training.steps: 50}\n" + bs_sl));
  EXPECT_EQ(overrides_of(plan)[0], "training.steps=50 training.local_batch_size=8 training.seq_len=1024");
  EXPECT_EQ(names_of(plan)[0], "_bs8_sl1024");
  EXPECT_EQ(plan.runs[0].varies.size(), 2u);
}

TEST(Plan, OfASweepWithoutAxesIsTheBase) {
  const Plan plan = plan_of(sweep_with(""));
  EXPECT_EQ(names_of(plan), Names{"_base"});
  EXPECT_TRUE(plan.runs[0].overrides.empty());
}

TEST(Plan, AddsIncludeRowsWithValuesOfTheBaseForKeysTheyDoNotName) {
  const Plan plan = plan_of(sweep_with(bs_sl + "include: [{training.local_batch_size: 32}, {training.steps: 7}]\n"));
  EXPECT_EQ(names_of(plan),
            (Names{"_bs8_sl1024", "_bs8_sl2048", "_bs16_sl1024", "_bs16_sl2048", "_bs32_sl2048", "_bs8_sl2048_st7"}));
  EXPECT_EQ(overrides_of(plan)[4], "training.local_batch_size=32");
}

TEST(Plan, LetsAnIncludeRowReplaceAFixedValue) {
  const Plan plan = plan_of(sweep_with("fixed: {training.steps: 50}\n" + bs_sl + "include: [{training.steps: 7}]\n"));
  EXPECT_EQ(overrides_of(plan).back(), "training.steps=7");
}

TEST(Plan, TakesIncludeRowsAloneAsTheWholeSweep) {
  const Plan plan = plan_of(sweep_with("include: [{training.seq_len: 1024}, {training.seq_len: 4096}]\n"));
  EXPECT_EQ(names_of(plan), (Names{"_sl1024", "_sl4096"}));
}

TEST(Plan, ExcludesTypedEqualPoints) {
  const Plan plan =
      plan_of(sweep_with(bs_sl + "exclude: [{training.local_batch_size: 8.0, training.seq_len: 1024}]\n"));
  EXPECT_EQ(names_of(plan), (Names{"_bs8_sl2048", "_bs16_sl1024", "_bs16_sl2048"}));
  EXPECT_EQ(plan.filtered, 1);
  EXPECT_EQ(plan.totals.runs, 3);
}

TEST(Plan, DoesNotExcludeIncludeRows) {
  const Plan plan = plan_of(sweep_with(bs_sl + "exclude: [{training.local_batch_size: 8}]\n"
                                               "include: [{training.local_batch_size: 8, training.seq_len: 1024}]\n"));
  EXPECT_EQ(names_of(plan), (Names{"_bs16_sl1024", "_bs16_sl2048", "_bs8_sl1024"}));
}

TEST(Plan, RefusesAnExcludeRowThatNothingMatches) {
  EXPECT_EQ(plan_trouble("matrix: {training.seq_len: [1024]}\nexclude: [{training.seq_len: 4096}]\n"),
            "tt: error: sweep.yaml:6:30: 'training.seq_len' never has the value 4096 in this sweep\n"
            "  6 | exclude: [{training.seq_len: 4096}]\n"
            "    |                              ^^^^\n"
            "  an exclude row that matches nothing is taken for a mistake\n");
  EXPECT_EQ(plan_trouble("matrix: {training.seq_len: [1024]}\nexclude: [{training.steps: 11}]\n"),
            "tt: error: sweep.yaml:6:28: 'training.steps' does not vary in this sweep and is always 10\n"
            "  6 | exclude: [{training.steps: 11}]\n"
            "    |                            ^^\n"
            "  an exclude row that matches nothing is taken for a mistake\n");
}

TEST(Plan, RefusesAnExcludeRowWhoseZippedValuesNeverMeet) {
  EXPECT_EQ(plan_trouble("zip: [{training.seq_len: [1024, 2048], training.steps: [5, 6]}]\n"
                         "exclude: [{training.seq_len: 1024, training.steps: 6}]\n"),
            "tt: error: sweep.yaml:6:11: no combination of this sweep matches this row\n"
            "  6 | exclude: [{training.seq_len: 1024, training.steps: 6}]\n"
            "    |           ^\n"
            "  keys of one zip entry move together: the row asks for values that never meet\n");
}

TEST(Plan, RepeatsFastestAndCountsInTheName) {
  const Plan plan = plan_of(sweep_with("matrix: {training.seq_len: [1024, 2048]}\nrepeat: {debug.seed: [11, 22]}\n"));
  EXPECT_EQ(names_of(plan), (Names{"_sl1024_s1", "_sl1024_s2", "_sl2048_s1", "_sl2048_s2"}));
  EXPECT_EQ(overrides_of(plan)[1], "training.seq_len=1024 debug.seed=22");
  EXPECT_EQ(plan.runs[1].repeat, 2);
  EXPECT_EQ(plan.runs[1].repeat_group, "_sl1024");
  EXPECT_NE(plan.runs[0].settings_fingerprint, plan.runs[1].settings_fingerprint);
}

TEST(Plan, RefusesAKeyTheEraDoesNotKnow) {
  EXPECT_EQ(plan_trouble("matrix: {training.sequence_len: [1024]}\n"),
            "tt: error: sweep.yaml:5:10: 'training.sequence_len' is not a key of TorchTitan 0.2.2\n"
            "  5 | matrix: {training.sequence_len: [1024]}\n"
            "    |          ^^^^^^^^^^^^^^^^^^^^^\n"
            "  did you mean 'training.seq_len'?   (--allow-new-keys sets it all the same)\n");
}

TEST(Plan, SetsAKeyTheEraDoesNotKnowWhenAskedTo) {
  PlanInput input = input_of(sweep_with("matrix: {my.own_key: [1, 2]}\n"));
  input.allow_new_keys = true;
  EXPECT_EQ(names_of(make_plan(input)), (Names{"_ownkey1", "_ownkey2"}));
}

TEST(Plan, RefusesValuesThatDoNotFitTheirKey) {
  EXPECT_EQ(
      plan_trouble("matrix: {training.seq_len: [1024, 4.5], activation_checkpoint.mode: [fulll]}\n"),
      "tt: error: sweep.yaml:5:35: 'training.seq_len' is an integer key, got 4.5\n"
      "  5 | matrix: {training.seq_len: [1024, 4.5], activation_checkpoint.mode: [fulll]}\n"
      "    |                                   ^^^\n"
      "tt: error: sweep.yaml:5:70: 'activation_checkpoint.mode' takes selective, full, memory_budget or none, got "
      "'fulll'; did you mean 'full'?\n"
      "  5 | matrix: {training.seq_len: [1024, 4.5], activation_checkpoint.mode: [fulll]}\n"
      "    |                                                                      ^^^^^\n");
}

TEST(Plan, WritesWholeFloatsOfIntegerKeysAsIntegers) {
  const Plan plan = plan_of(sweep_with("matrix: {training.seq_len: [1024.0, 2e3]}\n"));
  EXPECT_EQ(plan.runs[0].overrides[0].value, Value(1024));
  EXPECT_EQ(names_of(plan), (Names{"_sl1024", "_sl2000"}));
}

TEST(Plan, RefusesTheDumpFolder) {
  EXPECT_NE(plan_trouble("fixed: {job.dump_folder: /x}\n")
                .find("'job.dump_folder' is set by tt: every run writes into the out/ of its own folder"),
            std::string::npos);
}

// Since 2025-08-28 TorchTitan answers such a file with "ValueError: Invalid field names in ... data".
TEST(Plan, RefusesABaseThatTorchTitanWouldRefuse) {
  const std::string base = std::string(test::plain_base) + "[flux]\nx = 1\n";
  EXPECT_EQ(
      problems_of([&] { plan_of(sweep_with(""), base); }),
      "tt: error: base.toml:14:5: 'flux.x' is not a key of TorchTitan 0.2.2, which refuses the whole file for it\n"
      "  14 | x = 1\n"
      "     |     ^\n"
      "  (--allow-new-keys keeps it all the same)\n");
  const Plan allowed = plan_of(sweep_with("allow_new_keys: true\n"), base);
  ASSERT_EQ(allowed.warnings.size(), 1u);
  EXPECT_EQ(allowed.warnings[0].message, "'flux.x' is not a key of TorchTitan 0.2.2");
  const std::string extended =
      std::string(test::plain_base) + "[job]\ncustom_config_module = \"my.module\"\n[flux]\nx = 1\n";
  EXPECT_EQ(plan_of(sweep_with(""), extended).warnings.size(), 1u) << "an extension module may add keys";
}

TEST(Plan, ListsPointsThatARuleRefuses) {
  const Plan plan = plan_of(sweep_with("matrix: {parallelism.tensor_parallel_degree: [1, 3]}\n"));
  EXPECT_EQ(names_of(plan), Names{"_tp1"});
  ASSERT_EQ(plan.skipped.size(), 1u);
  EXPECT_EQ(plan.skipped[0].name, "_tp3");
  EXPECT_EQ(plan.skipped[0].rule, "world-size");
  EXPECT_FALSE(plan.skipped[0].reason.empty());
  ASSERT_EQ(plan.counts_by_rule.size(), 1u);
  EXPECT_EQ(plan.counts_by_rule[0].second, 1);
  EXPECT_EQ(plan.totals.skipped, 1);
}

TEST(Plan, KeepsTheFirstOfManySkippedPointsAndCountsAll) {
  std::string axis;
  for (int i = 0; i < 300; ++i) axis += std::to_string(9 + i) + ", ";
  const Plan plan = plan_of(sweep_with("matrix: {parallelism.tensor_parallel_degree: [1, " + axis + "1000]}\n"));
  EXPECT_EQ(plan.totals.skipped, 301);
  EXPECT_EQ(plan.skipped.size(), skipped_kept_per_rule);
  EXPECT_TRUE(plan.skipped_truncated());
}

TEST(Plan, TakesNodesFromTheSite) {
  const Plan plan = plan_of(sweep_with("matrix: {resources.gpus: [4, 8, 16]}\n"));
  ASSERT_EQ(plan.runs.size(), 3u);
  EXPECT_EQ(names_of(plan), (Names{"_gpus4", "_gpus8", "_gpus16"}));
  EXPECT_EQ(plan.runs[0].resources, (Resources{1, 4, 4, Seconds{1800}}));
  EXPECT_EQ(plan.runs[1].resources, (Resources{1, 8, 8, Seconds{1800}}));
  EXPECT_EQ(plan.runs[2].resources, (Resources{2, 8, 16, Seconds{1800}}));
  EXPECT_EQ(plan.totals.nodes_max, 2);
  EXPECT_DOUBLE_EQ(plan.totals.gpu_hours, 14.0);
  EXPECT_TRUE(plan.runs[0].overrides.empty());
  EXPECT_EQ(plan.runs[0].shape.dp_shard, 4);
}

TEST(Plan, TakesGpusFromNodes) {
  const Plan plan = plan_of(sweep_with("resources: {nodes: 3, walltime: \"01:00:00\"}\n"));
  EXPECT_EQ(plan.runs[0].resources, (Resources{3, 8, 24, Seconds{3600}}));
}

TEST(Plan, TakesGpusFromTheDegreesWhereNobodySays) {
  const Plan plan = plan_of(
      "sweep: s\nbase: b.toml\ntorchtitan: {version: 0.2.2}\n"
      "fixed: {parallelism.data_parallel_shard_degree: 2}\n"
      "matrix: {parallelism.tensor_parallel_degree: [1, 2]}\n");
  EXPECT_EQ(plan.runs[0].resources.gpus, 2);
  EXPECT_EQ(plan.runs[1].resources.gpus, 4);
}

TEST(Plan, AsksForGpusWhenADegreeIsAutomatic) {
  EXPECT_EQ(problems_of([] { plan_of("sweep: s\nbase: b.toml\ntorchtitan: {version: 0.2.2}\n"); }),
            "tt: error: sweep.yaml:1:8: how many GPUs a run takes cannot be told: a parallel degree is -1 or unknown\n"
            "  1 | sweep: s\n"
            "    |        ^\n"
            "  write resources: {gpus: N}\n");
}

TEST(Plan, RefusesGpusThatAreNotWholeNodes) {
  EXPECT_EQ(plan_trouble("resources: {gpus: 12}\n" + bs_sl),
            "tt: error: sweep.yaml:4:19: 12 GPUs are not whole nodes of 8 on roomy\n"
            "  4 | resources: {gpus: 12}\n"
            "    |                   ^^\n"
            "  take a multiple of 8, or fewer than 8\n");
}

TEST(Plan, SkipsRunsTheSiteHasNoRoomFor) {
  PlanInput input = input_of(sweep_with("matrix: {resources.gpus: [8, 16]}\n"));
  input.site.max_nodes = 1;
  const Plan plan = make_plan(input);
  EXPECT_EQ(names_of(plan), Names{"_gpus8"});
  ASSERT_EQ(plan.skipped.size(), 1u);
  EXPECT_EQ(plan.skipped[0].rule, "fits-site");
  EXPECT_EQ(plan.skipped[0].reason, "needs 2 nodes of 8 GPUs, roomy has at most 1");
}

TEST(Plan, SkipsRunsNoQueueTakes) {
  PlanInput input = input_of(sweep_with("matrix: {resources.walltime: [\"00:30:00\", \"05:00:00\"]}\n"));
  site::Queue queue;
  queue.name = "short";
  queue.max_walltime = Seconds{3600};
  input.site.queues = {queue};
  const Plan plan = make_plan(input);
  EXPECT_EQ(names_of(plan), Names{"_wt00-30-00"});
  ASSERT_EQ(plan.skipped.size(), 1u);
  EXPECT_EQ(plan.skipped[0].reason, "no queue of roomy takes 1 node for 05:00:00");
}

TEST(Plan, AsksForAWalltimeWhereTheSiteHasNone) {
  PlanInput input = input_of(sweep_with(""));
  input.site.default_walltime = Seconds{0};
  EXPECT_EQ(problems_of([&] { make_plan(input); }),
            "tt: error: sweep.yaml:1:8: no wall time: neither this sweep nor the site roomy says one\n"
            "  1 | sweep: s\n"
            "    |        ^\n"
            "  write resources: {walltime: \"00:30:00\"}\n");
}

TEST(Plan, KeepsEnvironmentAxesOutOfTheConfiguration) {
  const Plan plan = plan_of(sweep_with("env: {OMP_NUM_THREADS: 4}\nmatrix: {env.NCCL_ALGO: [Ring, Tree]}\n"));
  EXPECT_EQ(names_of(plan), (Names{"_NCCL_ALGO=Ring", "_NCCL_ALGO=Tree"}));
  EXPECT_TRUE(plan.runs[0].overrides.empty());
  EXPECT_EQ(plan.runs[1].environment, (Variables{{"NCCL_ALGO", "Tree"}, {"OMP_NUM_THREADS", "4"}}));
}

TEST(Plan, RecognisesTheEraByTheKeysOfTheBase) {
  const Plan plan = plan_of("sweep: s\nbase: base.toml\nresources: {gpus: 8}\n");
  EXPECT_EQ(plan.grounds.at(0).era, titan::Era::v0_2_2);
  EXPECT_EQ(plan.grounds.at(0).torchtitan.version, "unknown");
  EXPECT_NE(plan.grounds.at(0).torchtitan.source.find("base.toml"), std::string::npos);
}

TEST(Plan, RefusesAVersionNobodyKnows) {
  EXPECT_NE(problems_of([] {
              plan_of("sweep: s\nbase: base.toml\nresources: {gpus: 8}\ntorchtitan: {version: 9.9}\n");
            }).find("sweep.yaml:4:23: '9.9' is no version of TorchTitan that is known here"),
            std::string::npos);
}

TEST(Plan, RefusesATomlBaseInTheRegistryEra) {
  EXPECT_NE(problems_of([] {
              plan_of("sweep: s\nbase: base.toml\nresources: {gpus: 8}\ntorchtitan: {version: 0.3.0}\n");
            }).find("sweep.yaml:2:7: TorchTitan 0.3.0 reads no TOML files"),
            std::string::npos);
}

TEST(Plan, SpeaksTheWordsOfTheRegistryEra) {
  const Plan plan = plan_of(
      "sweep: s\nbase: {module: llama3, config: llama3_8b}\nresources: {gpus: 8}\n"
      "matrix: {optimizer.lr: [1e-4, 3e-4]}\n",
      "");
  EXPECT_EQ(plan.grounds.at(0).era, titan::Era::v0_3_0);
  EXPECT_EQ(names_of(plan), (Names{"_lr0.0001", "_lr0.0003"}));
  EXPECT_EQ(plan.runs[0].overrides[0].key, "optimizer.lr");
  EXPECT_EQ(plan.runs[0].settings[0].key, "optimizer.param_groups.0.optimizer_kwargs.lr");
}

TEST(Plan, RefusesPointsThatAreTheSameTraining) {
  EXPECT_EQ(plan_trouble("matrix: {training.seq_len: [1024, 2048]}\ninclude: [{training.seq_len: 1024}]\n"),
            "tt: error: sweep.yaml:1:8: 1 pair of runs would be the same training\n"
            "  1 | sweep: s\n"
            "    |        ^\n"
            "  drop one of them: _sl1024 and _sl1024: (training.seq_len=1024) and (training.seq_len=1024)\n");
}

TEST(Plan, RefusesASweepWithoutEnd) {
  std::string yaml = "matrix:\n";
  for (int i = 0; i < 9; ++i) yaml += "  env.A" + std::to_string(i) + ": {from: 1, to: 100, step: 1}\n";
  EXPECT_EQ(plan_trouble(yaml),
            "tt: error: sweep.yaml:1:8: this sweep has more than 1,000,000 points\n"
            "  1 | sweep: s\n"
            "    |        ^\n"
            "  take fewer values, or cut some with 'where:' or 'exclude:'\n");
}

TEST(Fingerprint, IgnoresTheNameAndTheSpelling) {
  const auto print = [](const std::string& yaml, const std::string& base = test::plain_base) {
    return plan_of(sweep_with(yaml), base).runs.at(0).settings_fingerprint;
  };
  const std::string plain = print("");
  EXPECT_EQ(print("name: x\n"), plain);
  EXPECT_EQ(print("matrix: {training.seq_len: [2048]}\n"), plain) << "a new axis that holds the base's value";
  EXPECT_EQ(print("matrix: {training.gc_freq: [50]}\n"), plain) << "a new axis that holds the era's default";
  EXPECT_EQ(print("fixed: {optimizer.lr: 0.00030}\n"), plain);
  EXPECT_EQ(print("fixed: {training.max_norm: 1.0}\n"), plain);
  EXPECT_EQ(print("fixed: {training.seq_len: 2048.0}\n"), plain);
  EXPECT_EQ(print("", std::string(test::plain_base) + "[job]\ndump_folder = \"./elsewhere\"\n"), plain);
}

TEST(Fingerprint, TellsDifferentTrainingsApart) {
  const auto print = [](const std::string& yaml, const std::string& base = test::plain_base) {
    return plan_of(sweep_with(yaml), base).runs.at(0).settings_fingerprint;
  };
  const std::string plain = print("");
  EXPECT_NE(print("fixed: {training.steps: 11}\n"), plain);
  EXPECT_NE(print("env: {A: x}\n"), plain);
  EXPECT_NE(print("resources: {gpus: 16}\n"), plain);
  EXPECT_NE(print("resources: {gpus: 8, walltime: 5}\n"), plain);
  EXPECT_NE(print("repeat: {debug.seed: [1]}\n"), print("fixed: {debug.seed: 1}\n"));
  EXPECT_NE(print("", std::string(test::plain_base) + "[metrics]\nlog_freq = 1\n"), plain);
}

TEST(Fingerprint, GivesRunsOfTwoSweepsDifferentIds) {
  const Plan one = plan_of(sweep_with(""));
  const Plan other = plan_of(replace_all(sweep_with(""), "sweep: s\n", "sweep: t\n"));
  EXPECT_EQ(one.runs[0].settings_fingerprint, other.runs[0].settings_fingerprint);
  EXPECT_NE(one.runs[0].id, other.runs[0].id);
  EXPECT_EQ(one.runs[0].id.text.size(), 17u);
  EXPECT_EQ(one.runs[0].id.text[0], 'r');
}

TEST(Values, ADoubtfulTextIsToldOnceWithOneAdvice) {
  EXPECT_EQ(test::problems_of([] { plan_of(sweep_with("matrix: {training.seq_len: [010]}\n")); }),
            "tt: error: sweep.yaml:5:29: 010 begins with a zero: some readers of YAML take that as octal\n"
            "  5 | matrix: {training.seq_len: [010]}\n"
            "    |                             ^^^\n"
            "  write 10, or \"010\" for text\n");
}

// Lua quotes the two bytes of é by half.
TEST(Expressions, ALetterThatLuaCutsIsShownAsBytes) {
  EXPECT_EQ(test::problems_of([] { plan_of(sweep_with("where: '\"\\é\" == 1'\n")); }),
            "tt: error: sweep.yaml:5:9: this is not an expression: invalid escape sequence near '\"\\\\xc3'\n"
            "  5 | where: '\"\\é\" == 1'\n"
            "    |         ^^^^^^^^^\n");
}

TEST(Base, AFileForAReleaseThatReadsNoneIsOneProblem) {
  EXPECT_EQ(test::problems_of([] { plan_of(replace_all(sweep_with(""), "0.2.2", "0.3.0")); }),
            "tt: error: sweep.yaml:2:7: TorchTitan 0.3.0 reads no TOML files\n"
            "  2 | base: base.toml\n"
            "    |       ^^^^^^^^^\n"
            "  write base: {module: llama3, config: llama3_8b}\n");
}

TEST(Search, GivesUpWhenTheWayIsTooLong) {
  const std::string ten = "{from: 1, to: 10, step: 1}";
  const PlanInput input =
      test::input_of(sweep_with("matrix: {training.steps: " + ten + ", training.local_batch_size: " + ten +
                                "}\nwhere: training.steps + training.local_batch_size < 3\n"));
  Problems problems;
  std::vector<std::string> notes;
  const Grid grid = make_grid(input, problems, notes);
  Formulas formulas(grid, input, problems);
  EXPECT_EQ(PointSearch(grid, formulas).run(most_points, 100), PointSearch::End::too_long);
  PointSearch patient(grid, formulas);
  EXPECT_EQ(patient.run(most_points, 111), PointSearch::End::all);  // the root, 10 steps, 100 pairs
  EXPECT_EQ(patient.stayed(), 1);
  EXPECT_EQ(patient.cut(), 99);
}

}  // namespace
}  // namespace tt::sweep
