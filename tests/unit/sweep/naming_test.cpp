#include "tt/sweep/naming.hpp"

#include <gtest/gtest.h>

#include "support/sweep_support.hpp"

namespace tt::sweep {
namespace {

using test::names_of;
using test::plan_of;
using test::problems_of;
using test::sweep_with;
using Names = std::vector<std::string>;

std::string trouble(const std::string& yaml) {
  return problems_of([&] { plan_of(sweep_with(yaml)); });
}
std::string only_name(const std::string& yaml) { return names_of(plan_of(sweep_with(yaml))).at(0); }

TEST(RunName, UsesShortNamesForWellKnownKeys) {
  EXPECT_EQ(only_name("matrix: {training.local_batch_size: [8], training.seq_len: [1024], "
                      "parallelism.tensor_parallel_degree: [2], parallelism.pipeline_parallel_degree: [2]}\n"),
            "_bs8_sl1024_tp2_pp2");
  EXPECT_EQ(only_name("resources: {gpus: 16}\nmatrix: {parallelism.data_parallel_replicate_degree: [2], "
                      "parallelism.data_parallel_shard_degree: [4], parallelism.context_parallel_degree: [2], "
                      "training.global_batch_size: [64], optimizer.lr: [3e-4], training.steps: [5]}\n"),
            "_dpr2_dps4_cp2_gbs64_lr0.0003_st5");
}

TEST(RunName, ShowsBooleansAsWords) {
  EXPECT_EQ(names_of(plan_of(sweep_with("matrix: {compile.enable: [true, false]}\n"))),
            (Names{"_compile", "_nocompile"}));
}

TEST(RunName, ShowsFloatsInTheirShortestForm) {
  EXPECT_EQ(names_of(plan_of(sweep_with("matrix: {optimizer.lr: [1e-4, 0.00030, 1e-8, 1]}\n"))),
            (Names{"_lr0.0001", "_lr0.0003", "_lr1e-08", "_lr1.0"}));
}

TEST(RunName, ShortensTheLastPartOfOtherKeys) {
  EXPECT_EQ(only_name("matrix: {metrics.log_freq: [5], lr_scheduler.warmup_steps: [3]}\n"), "_logfreq5_warmupsteps3");
  EXPECT_EQ(only_name("matrix: {training.mixed_precision_param: [bfloat16]}\n"), "_mppbfloat16");
  EXPECT_EQ(only_name("matrix: {optimizer.beta1: [0.9]}\n"), "_beta1=0.9");
  EXPECT_EQ(only_name("matrix: {training.dataset: [c4]}\n"), "_dataset=c4");
}

TEST(RunName, PrefersTheAliasOfTheSweepForOtherKeys) {
  EXPECT_EQ(only_name("alias: {prec: training.mixed_precision_param}\nmatrix: {prec: [bfloat16]}\n"), "_precbfloat16");
}

TEST(RunName, GivesTwoKeysTwoNames) {
  EXPECT_EQ(only_name("matrix: {training.seq_len: [1024], validation.seq_len: [512]}\n"), "_sl1024_seqlen512");
  EXPECT_EQ(only_name("matrix: {checkpoint.folder: [a], checkpoint.interval: [5], validation.freq: [5], "
                      "validation.steps: [5], training.dataset: [c4], validation.dataset: [c4]}\n"),
            "_foldera_interval5_freq5_steps5_dataset=c4_validation.dataset=c4");
}

TEST(RunName, MakesTextsSafe) {
  EXPECT_EQ(only_name("matrix: {training.dataset_path: [\"/data/my set\"]}\n"), "_datasetpath-data-my-set");
  EXPECT_EQ(only_name("matrix: {compile.components: [[model, loss]]}\n"), "_components=model+loss");
  EXPECT_EQ(name_part(Value("a;b$c")), "a=3Bb=24c");
  EXPECT_EQ(name_part(Value("\xC3\xBC")), "=C3=BC");
  EXPECT_EQ(name_part(Value("12:30:00")), "12-30-00");
  EXPECT_EQ(name_part(Value()), "none");
}

TEST(RunName, CutsLongTextsAndTellsThemApart) {
  const std::string one = name_part(Value(std::string(60, 'x') + "1")),
                    two = name_part(Value(std::string(60, 'x') + "2"));
  EXPECT_LE(one.size(), 40u);
  EXPECT_NE(one, two);
}

TEST(RunName, KnowsUnsafeNames) {
  EXPECT_EQ(unsafe_name("_bs8"), std::nullopt);
  EXPECT_EQ(unsafe_name(""), "it is empty");
  EXPECT_EQ(unsafe_name("."), "it is a name of the folder itself");
  EXPECT_EQ(unsafe_name(".."), "it is a name of the folder itself");
  EXPECT_EQ(unsafe_name("-x"), "it begins with '-'");
  EXPECT_EQ(unsafe_name("a/b"), "'/' is not safe in a file name");
  EXPECT_EQ(unsafe_name("a b"), "' ' is not safe in a file name");
  EXPECT_EQ(unsafe_name(std::string(181, 'x')), "it has 181 bytes, at most 180 are allowed");
  EXPECT_EQ(unsafe_name(std::string(180, 'x')), std::nullopt);
}

TEST(RunNameTemplate, FillsInAliasesAndKeys) {
  EXPECT_EQ(names_of(plan_of(sweep_with("alias: {bs: training.local_batch_size}\n"
                                        "matrix: {bs: [8, 16]}\nenv: {A: x}\nresources: {gpus: 8}\n"
                                        "name: \"run.bs{bs}_sl{training.seq_len}_{env.A}_g{resources.gpus}\"\n"))),
            (Names{"run.bs8_sl2048_x_g8", "run.bs16_sl2048_x_g8"}));
}

TEST(RunNameTemplate, GetsTheRepeatByItself) {
  EXPECT_EQ(names_of(plan_of(sweep_with("repeat: {debug.seed: [1, 2]}\nname: x\n"))), (Names{"x_s1", "x_s2"}));
}

TEST(RunNameTemplate, PointsAtAPlaceholderThatIsNothing) {
  EXPECT_EQ(trouble("name: \"_tp{tp}_x{training.seq_length}\"\n"),
            "tt: error: sweep.yaml:5:11: 'tp' is neither a key (section.name) nor an alias\n"
            "  5 | name: \"_tp{tp}_x{training.seq_length}\"\n"
            "    |           ^^^^\n"
            "  short names are given under 'alias:'\n"
            "tt: error: sweep.yaml:5:17: 'training.seq_length' is not a key of TorchTitan 0.2.2\n"
            "  5 | name: \"_tp{tp}_x{training.seq_length}\"\n"
            "    |                 ^^^^^^^^^^^^^^^^^^^^^\n"
            "  did you mean 'training.seq_len'?   (--allow-new-keys sets it all the same)\n");
}

TEST(RunNameTemplate, PointsAtWhatIsUnsafe) {
  EXPECT_EQ(trouble("name: a/b{\n"),
            "tt: error: sweep.yaml:5:8: '/' is not safe in a file name\n"
            "  5 | name: a/b{\n"
            "    |        ^\n"
            "  letters, digits and . _ + = - are\n"
            "tt: error: sweep.yaml:5:10: this '{' is never closed\n"
            "  5 | name: a/b{\n"
            "    |          ^\n"
            "  write {alias} or {section.key}\n");
}

TEST(RunNameTemplate, RefusesACollisionAndListsThePair) {
  EXPECT_EQ(
      trouble("matrix: {training.seq_len: [1024, 2048], training.steps: [5, 6]}\nname: \"_st{training.steps}\"\n"),
      "tt: error: sweep.yaml:6:7: 2 pairs of runs would have the same name\n"
      "  6 | name: \"_st{training.steps}\"\n"
      "    |       ^^^^^^^^^^^^^^^^^^^^^\n"
      "  put what differs between them into the name: _st5: (training.seq_len=1024, training.steps=5) and "
      "(training.seq_len=2048, training.steps=5); _st6: (training.seq_len=1024, training.steps=6) and "
      "(training.seq_len=2048, training.steps=6)\n");
}

TEST(RunNameTemplate, RefusesNamesThatBeginWithADash) {
  EXPECT_EQ(trouble("name: \"-x\"\n"),
            "tt: error: sweep.yaml:5:7: '-x' cannot be the name of a run: it begins with '-'\n"
            "  5 | name: \"-x\"\n"
            "    |       ^^^^\n");
}

}  // namespace
}  // namespace tt::sweep
