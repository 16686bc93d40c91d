#include "tt/titan/settings.hpp"

#include <gtest/gtest.h>

#include "support/titan.hpp"

namespace tt::titan {
namespace {

using test::settings_of;

TEST(Settings, TheSweepComesFirstThenTheBaseThenTheDefault) {
  const auto settings =
      settings_of(Era::v0_2_2, {{"training.steps", 5}}, {{"training.steps", 7}, {"training.seq_len", 64}});
  EXPECT_EQ(settings.find("training.steps")->value, Value(5));
  EXPECT_EQ(settings.find("training.steps")->origin, Origin::sweep);
  EXPECT_EQ(settings.find("training.seq_len")->value, Value(64));
  EXPECT_EQ(settings.find("training.seq_len")->origin, Origin::base);
  EXPECT_EQ(settings.find("metrics.log_freq")->value, Value(10));
  EXPECT_EQ(settings.find("metrics.log_freq")->origin, Origin::era_default);
  EXPECT_FALSE(settings.find("no.such_key"));
}

TEST(Settings, KeysOutsideTheSchemaAreKnownWhenSet) {
  const auto settings = settings_of(Era::v0_2_2, {}, {{"encoder.t5", "x"}});
  EXPECT_EQ(settings.find("encoder.t5")->value, Value("x"));
}

TEST(Settings, AnswersByKnobInTheKindAskedFor) {
  const auto settings = settings_of(Era::v0_2_2, {{"training.seq_len", 512.0}, {"training.steps", 2.5}});
  EXPECT_EQ(settings.integer(Knob::seq_len), 512);
  EXPECT_EQ(settings.integer(Knob::steps), std::nullopt);
  EXPECT_EQ(settings.integer(Knob::seed), std::nullopt);
  EXPECT_EQ(settings.text(Knob::model_flavor), "debugmodel");
  EXPECT_EQ(settings.boolean(Knob::compile_enable), false);
  EXPECT_EQ(settings.integer(Knob::model_flavor), std::nullopt);
  EXPECT_EQ(settings.boolean(Knob::sequence_parallel), std::nullopt);
}

TEST(SettingsOfTheRegistry, KnowsAShippedConfigFunction) {
  const auto settings = settings_of(Era::v0_3_0, {}, {{"module", "llama3"}, {"config", "llama3_70b"}});
  EXPECT_EQ(settings.integer(Knob::tensor_parallel), 8);
  EXPECT_EQ(settings.find(Knob::tensor_parallel)->origin, Origin::preset);
  EXPECT_EQ(settings.integer(Knob::local_batch_size), 8);
  EXPECT_EQ(settings.text(Knob::ac_mode), "full");
  EXPECT_EQ(settings.integer(Knob::pipeline_parallel), 1);
  EXPECT_FALSE(settings.find("metrics.enable_tensorboard"));
}

TEST(SettingsOfTheRegistry, KnowsNothingOfAnotherFunction) {
  const auto settings =
      settings_of(Era::v0_3_0, {{"training.steps", 5}}, {{"module", "my.models"}, {"config", "mine"}});
  EXPECT_EQ(settings.integer(Knob::seq_len), std::nullopt);
  EXPECT_EQ(settings.integer(Knob::steps), 5);
  EXPECT_EQ(gpus_from_degrees(settings), std::nullopt);
}

TEST(SettingsOfTheRegistry, FallsBackToClassDefaultsWithoutAFunction) {
  EXPECT_EQ(settings_of(Era::v0_3_0, {}).integer(Knob::seq_len), 2048);
}

const Overrides eight_gpus_tp2 = {{"parallelism.tensor_parallel_degree", 2}};

TEST(Shape, ResolvesAutomaticShardingRoundedDown) {
  EXPECT_EQ(shape_of(settings_of(Era::v0_2_2, eight_gpus_tp2), 8).dp_shard, 4);
  EXPECT_TRUE(shape_of(settings_of(Era::v0_2_2, eight_gpus_tp2), 8).dp_shard_automatic);
  EXPECT_EQ(shape_of(settings_of(Era::v0_2_2, {{"parallelism.tensor_parallel_degree", 3}}), 8).dp_shard, 2);
  EXPECT_EQ(shape_of(settings_of(Era::v0_2_2, {{"parallelism.tensor_parallel_degree", 16}}), 8).dp_shard, 0);
  EXPECT_EQ(shape_of(settings_of(Era::v0_2_2, {{"parallelism.data_parallel_shard_degree", 2}}), 8).dp_shard, 2);
}

TEST(Shape, CountsAccumulationSteps) {
  const auto steps = [](std::int64_t global) {
    return shape_of(settings_of(Era::v0_2_2, {{"parallelism.tensor_parallel_degree", 2},
                                              {"training.local_batch_size", 2},
                                              {"training.global_batch_size", global}}),
                    8)
        .accumulation_steps;
  };
  EXPECT_EQ(steps(-1), 1);
  EXPECT_EQ(steps(8), 1);
  EXPECT_EQ(steps(64), 8);
}

TEST(Shape, CutsMicrobatchesBySizeSinceTheTypedEra) {
  const auto shape = shape_of(settings_of(Era::v0_1_0, {{"parallelism.pipeline_parallel_degree", 2},
                                                        {"parallelism.pipeline_parallel_microbatch_size", 2},
                                                        {"training.local_batch_size", 8}}),
                              2);
  EXPECT_EQ(shape.microbatch_size, 2);
  EXPECT_EQ(shape.microbatches, 4);
}

TEST(Shape, CutsMicrobatchesByCountBefore) {
  const Overrides pp4 = {{"experimental.pipeline_parallel_degree", 4}, {"training.batch_size", 8}};
  auto shape = shape_of(settings_of(Era::march_2025, pp4), 4);
  EXPECT_EQ(shape.microbatches, 4);  // one per stage
  EXPECT_EQ(shape.microbatch_size, 2);
  Overrides looped = pp4;
  looped.push_back({"experimental.pipeline_parallel_schedule", "Interleaved1F1B"});
  EXPECT_EQ(shape_of(settings_of(Era::march_2025, looped), 4).microbatches, 8);
  looped.push_back({"experimental.pipeline_parallel_microbatches", 2});
  EXPECT_EQ(shape_of(settings_of(Era::march_2025, looped), 4).microbatches, 2);
}

TEST(Shape, TakesTheWholeBatchWithoutAPipeline) {
  const auto shape = shape_of(settings_of(Era::v0_2_2, {{"training.local_batch_size", 6}}), 1);
  EXPECT_EQ(shape.microbatch_size, 6);
  EXPECT_EQ(shape.microbatches, 1);
}

TEST(Shape, NamesTheModelOfEveryEra) {
  const auto toml = shape_of(settings_of(Era::v0_2_2, {{"model.flavor", "8B"}}), 1);
  EXPECT_EQ(toml.model, "llama3");
  EXPECT_EQ(toml.flavor, "8B");
  const auto registry = shape_of(settings_of(Era::v0_3_0, {}, {{"module", "qwen3"}, {"config", "qwen3_1_7b"}}), 1);
  EXPECT_EQ(registry.model, "qwen3");
  EXPECT_EQ(registry.flavor, "1.7B");
  EXPECT_EQ(shape_of(settings_of(Era::v0_3_0, {}, {{"module", "m"}, {"config", "mine"}}), 1).flavor, "mine");
}

TEST(Shape, DoesNotOverflowOnAbsurdDegrees) {
  const auto shape = shape_of(settings_of(Era::v0_2_2, {{"parallelism.tensor_parallel_degree", 9'000'000'000'000},
                                                        {"parallelism.context_parallel_degree", 9'000'000'000'000}}),
                              8);
  EXPECT_EQ(shape.dp_shard, 0);
}

TEST(GpusFromDegrees, IsTheProductOfExplicitOnes) {
  EXPECT_EQ(gpus_from_degrees(settings_of(Era::v0_2_2, {})), std::nullopt);
  EXPECT_EQ(gpus_from_degrees(settings_of(Era::v0_2_2, {{"parallelism.data_parallel_shard_degree", 4},
                                                        {"parallelism.tensor_parallel_degree", 8},
                                                        {"parallelism.pipeline_parallel_degree", 2},
                                                        {"parallelism.expert_parallel_degree", 4}})),
            64);
}

}  // namespace
}  // namespace tt::titan
