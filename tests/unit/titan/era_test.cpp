#include "tt/titan/era.hpp"

#include <gtest/gtest.h>

namespace tt::titan {
namespace {

TEST(Era, IsNamedAsInTheTables) {
  EXPECT_EQ(era_names(), (std::vector<std::string>{"2025-01", "2025-03", "0.1.0", "0.2.0", "0.2.1", "0.2.2", "0.3.0"}));
  for (const auto& name : era_names()) EXPECT_EQ(to_string(parse_era(name).value()), name);
}

TEST(Era, IsUnderstoodWithAVAndAsAFamily) {
  EXPECT_EQ(parse_era("v0.2.1"), Era::v0_2_1);
  EXPECT_EQ(parse_era("0.2"), Era::v0_2_2);
  EXPECT_EQ(parse_era("0.1"), Era::v0_1_0);
  EXPECT_EQ(parse_era("0.3"), Era::v0_3_0);
  EXPECT_EQ(parse_era("0.2.2+cu128"), Era::v0_2_2);
}

TEST(Era, IsNotGuessedFromAVersionThatDoesNotExist) {
  EXPECT_EQ(parse_era("0.2.9"), std::nullopt);
  EXPECT_EQ(parse_era("0.4.0"), std::nullopt);
  EXPECT_EQ(parse_era(""), std::nullopt);
  EXPECT_EQ(parse_era("(0.1.0..0.2.0)"), std::nullopt);
}

TEST(Era, HasTomlUntilTheRegistry) {
  EXPECT_TRUE(has_toml(Era::early_2025));
  EXPECT_TRUE(has_toml(Era::v0_2_2));
  EXPECT_FALSE(has_toml(Era::v0_3_0));
}

TEST(Recognise, PrefersTheNewestEraAmongEquals) {
  const auto found = recognise({"training.seq_len", "metrics.log_freq"}, "base/tiny.toml");
  EXPECT_EQ(found.era, Era::v0_2_2);
  EXPECT_EQ(found.source, "keys of base/tiny.toml");
}

TEST(Recognise, FindsTheEraThatKnowsTheMostKeys) {
  EXPECT_EQ(recognise({"training.batch_size", "checkpoint.interval_type", "float8.enable_float8_linear"}, "f").era,
            Era::early_2025);
  EXPECT_EQ(recognise({"training.batch_size", "lr_scheduler.warmup_steps", "lr_scheduler.lr_min"}, "f").era,
            Era::march_2025);
  EXPECT_EQ(recognise({"training.local_batch_size", "training.compile", "checkpoint.enable_checkpoint"}, "f").era,
            Era::v0_1_0);
  EXPECT_EQ(recognise({"training.seed", "compile.enable"}, "f").era, Era::v0_2_0);
  EXPECT_EQ(recognise({"debug.seed", "lr_scheduler.total_steps"}, "f").era, Era::v0_2_2);
}

TEST(Recognise, OneForeignKeyDoesNotDecide) {
  EXPECT_EQ(recognise({"training.local_batch_size", "compile.enable", "debug.seed", "training.batch_size"}, "f").era,
            Era::v0_2_2);
}

TEST(Recognise, ModuleAndConfigAreTheRegistryEra) {
  const auto found = recognise({"module", "config", "training.steps"}, "config.toml");
  EXPECT_EQ(found.era, Era::v0_3_0);
  EXPECT_EQ(found.source, "module and config in config.toml");
}

TEST(Recognise, SaysWhenNoKeyTellsAnything) {
  const auto found = recognise({"my.own.key"}, "odd.toml");
  EXPECT_EQ(found.era, Era::v0_2_2);
  EXPECT_EQ(found.source, "no key of odd.toml is known; the last release with TOML");
}

}  // namespace
}  // namespace tt::titan
