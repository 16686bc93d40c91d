#include "tt/titan/launch.hpp"

#include <gtest/gtest.h>

#include "tt/base/error.hpp"

namespace tt::titan {
namespace {

std::string flag(Era era, const std::string& key, const Value& value) {
  try {
    return flag_of(era, {key, value});
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::bad_input);
    return error.what();
  }
}

TEST(Flag, IsOneWordWithAnEqualsSign) {
  EXPECT_EQ(flag(Era::v0_2_2, "training.seq_len", 2048), "--training.seq_len=2048");
  EXPECT_EQ(flag(Era::v0_2_2, "optimizer.eps", 1e-8), "--optimizer.eps=1e-08");
  EXPECT_EQ(flag(Era::v0_2_2, "training.global_batch_size", -1), "--training.global_batch_size=-1");
  EXPECT_EQ(flag(Era::early_2025, "training.batch_size", 4), "--training.batch_size=4");
}

TEST(Flag, KeepsStringsAsTheyAre) {
  EXPECT_EQ(flag(Era::v0_2_2, "job.description", "two words"), "--job.description=two words");
  EXPECT_EQ(flag(Era::v0_2_2, "job.description", "-dashed; $(x) 'quoted'"), "--job.description=-dashed; $(x) 'quoted'");
  EXPECT_EQ(flag(Era::v0_2_2, "job.description", ""), "--job.description=");
}

TEST(Flag, SwitchesBooleansBothWaysInTheTypedEras) {
  EXPECT_EQ(flag(Era::v0_2_2, "compile.enable", true), "--compile.enable");
  EXPECT_EQ(flag(Era::v0_2_2, "compile.enable", false), "--compile.no_enable");
  EXPECT_EQ(flag(Era::v0_2_2, "quantize.linear.float8.emulate", false), "--quantize.linear.float8.no_emulate");
  EXPECT_EQ(flag(Era::v0_3_0, "dataloader.infinite", false), "--dataloader.no_infinite");
}

TEST(Flag, CannotSwitchOffBefore) {
  EXPECT_EQ(flag(Era::march_2025, "training.compile", true), "--training.compile");
  EXPECT_EQ(
      flag(Era::march_2025, "training.compile", false),
      "the command line of 2025-03 cannot say training.compile = false: a flag there only switches on, and a true "
      "of the TOML file stays true; set it in the file (apply: config)");
}

TEST(Flag, JoinsListsWithCommas) {
  EXPECT_EQ(flag(Era::v0_2_2, "compile.components", Value::List{"model", "loss"}), "--compile.components=model,loss");
  EXPECT_EQ(flag(Era::v0_2_2, "model.converters", Value::List{}),
            "the command line of 0.2.2 cannot say model.converters = : an empty list arrives there as a list of one "
            "empty name");
  EXPECT_EQ(flag(Era::v0_2_2, "model.converters", Value::List{"a,b"}),
            "the command line of 0.2.2 cannot say model.converters = a,b: a comma inside an element would split it");
}

TEST(Flag, SaysNoneWhereThereIsAWordForIt) {
  EXPECT_EQ(flag(Era::v0_2_2, "debug.seed", nullptr), "--debug.seed=None");
  EXPECT_EQ(flag(Era::early_2025, "training.seed", nullptr),
            "the command line of 2025-01 cannot say training.seed = none: it has no word for none; leave the key out");
  EXPECT_EQ(flag(Era::v0_2_2, "training.dataset_path", "None"),
            "the command line of 0.2.2 cannot say training.dataset_path = None: the word None means no value there");
  EXPECT_EQ(flag(Era::v0_2_2, "job.description", "None"), "--job.description=None");
}

TEST(Flag, RefusesWhatTheScriptWouldSplitAgain) {
  EXPECT_EQ(flag(Era::v0_1_0, "job.description", "two words"),
            "the command line of 0.1.0 cannot say job.description = two words: run_train.sh of that time splits spaces "
            "and expands patterns once more");
  EXPECT_EQ(flag(Era::v0_2_0, "job.description", "two words"), "--job.description=two words");
}

TEST(Flag, RefusesControlCharacters) {
  EXPECT_EQ(flag(Era::v0_2_2, "job.description", "a\nb"),
            "the command line of 0.2.2 cannot say job.description = a\\x0ab: it has a control character");
}

TEST(Flag, RefusesKeysTheCommandLineLacks) {
  EXPECT_EQ(flag(Era::v0_2_2, "job.config_file", "x.toml"),
            "the command line of 0.2.2 cannot say job.config_file = x.toml: run_train.sh passes its own CONFIG_FILE "
            "first, and a second one is not reliable");
  EXPECT_EQ(flag(Era::early_2025, "training.max_norm", 2.0),
            "the command line of 2025-01 cannot say training.max_norm = 2.0: the key can only be set in the file "
            "(apply: config)");
  EXPECT_EQ(flag(Era::v0_3_0, "model_spec", "8B"),
            "the command line of 0.3.0 cannot say model_spec = 8B: only a config function can set it");
}

TEST(Flag, SaysWhenItTakesSeveralWords) {
  EXPECT_EQ(flag(Era::v0_3_0, "optimizer.param_groups.0.optimizer_kwargs.betas", Value::List{0.8, 0.9}),
            "the command line of 0.3.0 cannot say optimizer.param_groups.0.optimizer_kwargs.betas = 0.8,0.9: it takes "
            "several words, not one");
}

TEST(Arguments, AreWordsInTheSweepsOrder) {
  EXPECT_EQ(arguments_of(Era::v0_2_2, {{"training.steps", 5}, {"compile.enable", true}}),
            (std::vector<std::string>{"--training.steps=5", "--compile.enable"}));
}

TEST(Arguments, SpreadListsOfListsAndPairs) {
  EXPECT_EQ(arguments_of(Era::v0_2_2, {{"parallelism.module_fqns_per_model_part",
                                        Value::List{Value::List{"a", "b"}, Value::List{"c"}}}}),
            (std::vector<std::string>{"--parallelism.module_fqns_per_model_part", "a,b", "c"}));
  EXPECT_EQ(arguments_of(Era::v0_3_0, {{"optimizer.param_groups.0.optimizer_kwargs.betas", Value::List{0.8, 0.9}}}),
            (std::vector<std::string>{"--optimizer.param_groups.0.optimizer_kwargs.betas", "0.8", "0.9"}));
}

TEST(Arguments, PutTheCheckpointingWordLast) {
  EXPECT_EQ(arguments_of(Era::v0_3_0, {{"activation_checkpoint.memory_budget", 0.3},
                                       {"activation_checkpoint.mode", "memory_budget"},
                                       {"training.steps", 5}}),
            (std::vector<std::string>{"--training.steps=5", "activation-checkpoint:memory-budget",
                                      "--activation_checkpoint.memory_budget=0.3"}));
  EXPECT_EQ(arguments_of(Era::v0_2_2, {{"activation_checkpoint.mode", "full"}}),
            (std::vector<std::string>{"--activation_checkpoint.mode=full"}));
}

TEST(Arguments, WantTheModeBesideItsOptions) {
  EXPECT_THROW(arguments_of(Era::v0_3_0, {{"activation_checkpoint.memory_budget", 0.3}}), Error);
}

TrainingShape pipelined(std::int64_t world, std::int64_t pp, const std::string& schedule) {
  TrainingShape shape;
  shape.world = world;
  shape.pp = pp;
  shape.pipeline_schedule = schedule;
  return shape;
}

TEST(LogRank, IsTheFirstOfTheLastStageOnItsNode) {
  EXPECT_EQ(log_rank(pipelined(8, 1, "1F1B"), 8), "0");
  EXPECT_EQ(log_rank(pipelined(8, 2, "1F1B"), 8), "4");
  EXPECT_EQ(log_rank(pipelined(8, 8, "1F1B"), 8), "7");
  EXPECT_EQ(log_rank(pipelined(16, 2, "1F1B"), 8), "0");    // global rank 8
  EXPECT_EQ(log_rank(pipelined(16, 16, "GPipe"), 4), "3");  // global rank 15
  EXPECT_EQ(loss_node(pipelined(8, 8, "1F1B"), 8), 0);
  EXPECT_EQ(loss_node(pipelined(16, 2, "1F1B"), 8), 1);
  EXPECT_EQ(loss_node(pipelined(16, 16, "GPipe"), 4), 3);
  EXPECT_EQ(loss_node(pipelined(16, 2, "ZBVZeroBubble"), 8), 0);
}

TEST(LogRank, IsZeroWhenThePipelineEndsWhereItBegins) {
  EXPECT_EQ(log_rank(pipelined(8, 2, "ZBVZeroBubble"), 8), "0");
  EXPECT_EQ(log_rank(pipelined(8, 2, "dualpipev"), 8), "0");
}

}  // namespace
}  // namespace tt::titan
