#include "tt/titan/schema.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tt::titan {
namespace {

const KeyInfo& key(Era era, std::string_view name) {
  const KeyInfo* found = find_key(era, name);
  if (found == nullptr) throw std::runtime_error("no key " + std::string(name));
  return *found;
}

TEST(Schema, HasAsManyKeysAsTheReleaseHad) {
  EXPECT_EQ(keys(Era::early_2025).size(), 71u);
  EXPECT_EQ(keys(Era::march_2025).size(), 84u);
  EXPECT_EQ(keys(Era::v0_1_0).size(), 102u);
  EXPECT_EQ(keys(Era::v0_2_0).size(), 132u);
  EXPECT_EQ(keys(Era::v0_2_1).size(), 147u);
  EXPECT_EQ(keys(Era::v0_2_2).size(), 149u);
  // 131 rows: the list of parameter groups becomes 6 keys, 12 options of three checkpointing modes become 6. 14 are the
  // model's, which the module that configures a run sets.
  EXPECT_EQ(keys(Era::v0_3_0).size(), 131u + 5u - 6u + 14u);
}

TEST(Schema, ReadsDefaultsByTheirType) {
  EXPECT_EQ(key(Era::v0_2_2, "training.seq_len").default_value, Value(2048));
  EXPECT_EQ(key(Era::v0_2_2, "optimizer.lr").default_value, Value(0.0008));
  EXPECT_EQ(key(Era::v0_2_2, "training.max_norm").default_value, Value(1.0));
  EXPECT_EQ(key(Era::v0_2_2, "compile.enable").default_value, Value(false));
  EXPECT_EQ(key(Era::v0_2_2, "compile.components").default_value, Value(Value::List{"model", "loss"}));
  EXPECT_EQ(key(Era::v0_2_2, "model.converters").default_value, Value(Value::List{}));
  EXPECT_EQ(key(Era::v0_2_2, "job.custom_config_module").default_value, Value(""));
  EXPECT_EQ(key(Era::v0_2_2, "debug.seed").default_value, Value(nullptr));
  EXPECT_EQ(key(Era::v0_2_2, "activation_checkpoint.selective_ac_option").default_value, Value("2"));
  EXPECT_EQ(key(Era::early_2025, "experimental.pipeline_parallel_microbatches").default_value, Value(nullptr));
}

TEST(Schema, ListsChoicesButNotThoseOfABoolean) {
  EXPECT_EQ(key(Era::v0_2_2, "training.dtype").allowed, (std::vector<std::string>{"bfloat16", "float32"}));
  EXPECT_TRUE(key(Era::v0_2_2, "compile.enable").allowed.empty());
  EXPECT_TRUE(key(Era::early_2025, "training.compile").allowed.empty());
  EXPECT_EQ(key(Era::v0_2_2, "quantize.linear.float8.recipe_name").allowed,
            (std::vector<std::string>{"tensorwise", "rowwise", "rowwise_with_gw_hp"}));
}

TEST(Schema, NamesNoKeyTwice) {
  for (const auto& name : era_names()) {
    std::set<std::string> seen;
    for (const KeyInfo& info : keys(*parse_era(name))) EXPECT_TRUE(seen.insert(info.key).second) << info.key;
  }
}

TEST(Schema, DoesNotKnowKeysOfOtherEras) {
  EXPECT_EQ(find_key(Era::v0_2_2, "training.batch_size"), nullptr);
  EXPECT_EQ(find_key(Era::early_2025, "training.local_batch_size"), nullptr);
  EXPECT_EQ(find_key(Era::v0_3_0, "job.dump_folder"), nullptr);
}

TEST(SchemaOfTheRegistry, SpellsTheCheckpointingModeAsAKey) {
  const KeyInfo& mode = key(Era::v0_3_0, "activation_checkpoint.mode");
  EXPECT_EQ(mode.type, "str");
  EXPECT_EQ(mode.default_value, Value("selective"));
  EXPECT_EQ(mode.allowed, (std::vector<std::string>{"selective", "full", "memory-budget", "none", "memory_budget"}));
  EXPECT_EQ(find_key(Era::v0_3_0, "activation_checkpoint"), nullptr);
}

TEST(SchemaOfTheRegistry, JoinsTheOptionsOfAllModes) {
  EXPECT_EQ(key(Era::v0_3_0, "activation_checkpoint.debug").note,
            "torch checkpoint option; with mode selective, full, memory-budget");
  EXPECT_EQ(key(Era::v0_3_0, "activation_checkpoint.memory_budget").note,
            "0..1 for the compiler; with mode memory-budget");
}

TEST(SchemaOfTheRegistry, AddressesParameterGroupsByIndex) {
  EXPECT_EQ(key(Era::v0_3_0, "optimizer.param_groups.0.optimizer_kwargs.lr").default_value, Value(0.0008));
  EXPECT_EQ(key(Era::v0_3_0, "optimizer.param_groups.0.optimizer_kwargs.betas").default_value,
            Value(Value::List{0.9, 0.95}));
  EXPECT_EQ(find_key(Era::v0_3_0, "optimizer.param_groups.12.optimizer_name"),
            find_key(Era::v0_3_0, "optimizer.param_groups.0.optimizer_name"));
  EXPECT_EQ(find_key(Era::v0_3_0, "optimizer.param_groups.x.optimizer_name"), nullptr);
  EXPECT_EQ(find_key(Era::v0_3_0, "optimizer.param_groups.0"), nullptr);
  EXPECT_EQ(find_key(Era::v0_2_2, "optimizer.param_groups.0.optimizer_name"), nullptr);
}

TEST(Knobs, HaveTheKeyOfTheirEra) {
  EXPECT_EQ(key_of(Era::march_2025, Knob::tensor_parallel), "training.tensor_parallel_degree");
  EXPECT_EQ(key_of(Era::v0_1_0, Knob::tensor_parallel), "parallelism.tensor_parallel_degree");
  EXPECT_EQ(key_of(Era::march_2025, Knob::pipeline_parallel), "experimental.pipeline_parallel_degree");
  EXPECT_EQ(key_of(Era::march_2025, Knob::local_batch_size), "training.batch_size");
  EXPECT_EQ(key_of(Era::march_2025, Knob::global_batch_size), std::nullopt);
  EXPECT_EQ(key_of(Era::v0_2_2, Knob::learning_rate), "optimizer.lr");
  EXPECT_EQ(key_of(Era::v0_3_0, Knob::learning_rate), "optimizer.param_groups.0.optimizer_kwargs.lr");
  EXPECT_EQ(key_of(Era::v0_2_0, Knob::seed), "training.seed");
  EXPECT_EQ(key_of(Era::v0_2_1, Knob::seed), "debug.seed");
  EXPECT_EQ(key_of(Era::v0_3_0, Knob::model_name), std::nullopt);
  EXPECT_EQ(key_of(Era::v0_1_0, Knob::expert_parallel), std::nullopt);
  EXPECT_EQ(key_of(Era::v0_3_0, Knob::expert_tensor_parallel), std::nullopt);
  EXPECT_EQ(key_of(Era::v0_3_0, Knob::async_tensor_parallel), "compile.enable_async_tensor_parallel");
  EXPECT_EQ(key_of(Era::v0_3_0, Knob::dump_folder), "dump_folder");
}

TEST(Knobs, NameOnlyKeysTheSchemaHas) {
  for (const auto& name : era_names()) {
    const Era era = *parse_era(name);
    for (int number = 0; number < static_cast<int>(Knob::count_); ++number) {
      const auto spelled = key_of(era, static_cast<Knob>(number));
      if (!spelled) continue;
      EXPECT_NE(find_key(era, *spelled), nullptr) << name << " " << *spelled;
    }
  }
}

}  // namespace
}  // namespace tt::titan
