#include <gtest/gtest.h>

#include <limits>

#include "tt/titan/schema.hpp"

namespace tt::titan {
namespace {

std::string why(Era era, std::string_view key, const Value& value, Apply apply = Apply::config) {
  return misfit(*find_key(era, key), value, apply).value_or("fits");
}
std::string why(std::string_view key, const Value& value) { return why(Era::v0_2_2, key, value); }

TEST(Misfit, AnIntegerKeyTakesWholeNumbersOnly) {
  EXPECT_EQ(why("training.seq_len", 512), "fits");
  EXPECT_EQ(why("training.seq_len", 512.0), "fits");
  EXPECT_EQ(why("training.seq_len", 4.5), "is an integer key, got 4.5");
  EXPECT_EQ(why("training.seq_len", 1e30), "is an integer key, got 1e+30");
  EXPECT_EQ(why("training.seq_len", std::numeric_limits<double>::quiet_NaN()), "is an integer key, got nan");
  EXPECT_EQ(why("optimizer.lr", std::numeric_limits<double>::quiet_NaN()), "is a number key, got nan");
  EXPECT_EQ(why("training.seq_len", true), "is an integer key, got true");
  EXPECT_EQ(why("training.seq_len", "512"), "is an integer key, got the string '512'; write 512 without quotes");
  EXPECT_EQ(why("training.seq_len", "many"), "is an integer key, got the string 'many'");
  EXPECT_EQ(why("training.seq_len", Value::List{1, 2}), "is an integer key, got the list [1,2]");
}

TEST(Misfit, AFloatKeyTakesIntegersToo) {
  EXPECT_EQ(why("optimizer.lr", 1), "fits");
  EXPECT_EQ(why("optimizer.lr", 3e-4), "fits");
  EXPECT_EQ(why("optimizer.lr", "3e-4"), "is a number key, got the string '3e-4'; write 3e-4 without quotes");
  EXPECT_EQ(why("training.max_norm", 1), "fits");
  EXPECT_EQ(why(Era::early_2025, "training.max_norm", 0.5), "fits");
}

TEST(Misfit, ABooleanKeyTakesNoWords) {
  EXPECT_EQ(why("compile.enable", true), "fits");
  EXPECT_EQ(why("compile.enable", "True"), "is a boolean key, got the string 'True'; write true without quotes");
  EXPECT_EQ(why("compile.enable", 1), "is a boolean key, got 1");
}

TEST(Misfit, AStringKeyTakesNoNumber) {
  EXPECT_EQ(why("activation_checkpoint.selective_ac_option", "2"), "fits");
  EXPECT_EQ(why("activation_checkpoint.selective_ac_option", 2), "is a string key, got 2; write \"2\"");
}

TEST(Misfit, ChoicesAreCaseSensitive) {
  EXPECT_EQ(why("activation_checkpoint.mode", "full"), "fits");
  EXPECT_EQ(why("activation_checkpoint.mode", "Full"),
            "takes selective, full, memory_budget or none, got 'Full'; did you mean 'full'?");
  EXPECT_EQ(why(Era::v0_1_0, "activation_checkpoint.mode", "memory_budget"),
            "takes selective, full or none, got 'memory_budget'");
  EXPECT_EQ(why(Era::early_2025, "training.mixed_precision_reduce", "bfloat16"), "takes float32, got 'bfloat16'");
}

TEST(Misfit, ListsAreCheckedElementByElement) {
  EXPECT_EQ(why("model.converters", Value::List{"a", "b"}), "fits");
  EXPECT_EQ(why("model.converters", Value::List{"a", 1}), "is a key for a list of strings, got the list [a,1]");
  EXPECT_EQ(why("model.converters", "float8"),
            "is a key for a list of strings, got the string 'float8'; write [\"float8\"]");
  EXPECT_EQ(why(Era::march_2025, "model.converters", "float8"), "fits");
  EXPECT_EQ(why(Era::v0_2_0, "compile.components", Value::List{"model", "lost"}),
            "takes model or loss, got 'lost'; did you mean 'loss'?");
  EXPECT_EQ(why("quantize.grouped_mm.mx.fqns", "experts"), "fits");
  EXPECT_EQ(why("parallelism.module_fqns_per_model_part", Value::List{Value::List{"a"}, Value::List{"b"}}), "fits");
  EXPECT_EQ(why("parallelism.module_fqns_per_model_part", Value::List{"a"}),
            "is a key for a list of lists of strings, got the list [a]");
  EXPECT_EQ(why(Era::v0_3_0, "optimizer.param_groups.0.optimizer_kwargs.betas", Value::List{0.8, 1}), "fits");
}

TEST(Misfit, NoneHasNoFormInToml) {
  EXPECT_EQ(why("training.seq_len", nullptr), "is an integer key, got none");
  EXPECT_EQ(why("debug.seed", nullptr),
            "cannot be set to none: TOML has no such value; leave the key out, its default is none");
  EXPECT_EQ(why("parallelism.context_parallel_load_balancer", nullptr),
            "cannot be set to none: TOML has no such value, only the command line has (apply: flags)");
  EXPECT_EQ(why(Era::v0_2_2, "debug.seed", nullptr, Apply::flags), "fits");
  EXPECT_EQ(why(Era::early_2025, "training.seed", nullptr, Apply::flags),
            "cannot be set to none: TOML has no such value; leave the key out, its default is none");
  EXPECT_EQ(why(Era::v0_3_0, "debug.seed", nullptr), "fits");
}

TEST(Misfit, SomeKeysBelongToAConfigFunction) {
  EXPECT_EQ(why(Era::v0_3_0, "model_spec", "8B"), "is set by a config function only, a sweep cannot set it");
}

TEST(Fitted, GivesTheKeyItsOwnKindOfNumber) {
  EXPECT_EQ(fitted(*find_key(Era::v0_2_2, "training.seq_len"), 512.0), Value(512));
  EXPECT_EQ(fitted(*find_key(Era::v0_2_2, "optimizer.lr"), 1), Value(1.0));
  EXPECT_EQ(fitted(*find_key(Era::v0_2_2, "training.max_norm"), 1), Value(1));
  EXPECT_EQ(fitted(*find_key(Era::v0_3_0, "optimizer.param_groups.1.optimizer_kwargs.betas"), Value::List{0.8, 1}),
            Value(Value::List{0.8, 1.0}));
  EXPECT_EQ(fitted(*find_key(Era::v0_2_2, "model.flavor"), "8B"), Value("8B"));
}

}  // namespace
}  // namespace tt::titan
