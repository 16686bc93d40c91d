#include <gtest/gtest.h>

#include "support/error_text.hpp"
#include "support/titan.hpp"
#include "tt/titan/translate.hpp"

namespace tt::titan {
namespace {

using test::base_with;
using test::error_text;

constexpr const char* kBetas = "optimizer.param_groups.0.optimizer_kwargs.betas";
Value pair(double first, double second) { return Value::List{first, second}; }

TEST(TranslateRun, MakesOneListOfTwoBetas) {
  EXPECT_EQ(in_words_of(Era::v0_3_0, {{"optimizer.beta1", 0.8}, {"training.steps", 5}, {"optimizer.beta2", 0.9}}, {}),
            (Overrides{{kBetas, pair(0.8, 0.9)}, {"training.steps", 5}}));
  EXPECT_EQ(in_words_of(Era::v0_3_0, {{"optimizer.beta2", 0.9}}, base_with({{kBetas, pair(0.7, 0.95)}})),
            (Overrides{{kBetas, pair(0.7, 0.9)}}));
}

TEST(TranslateRun, RefusesHalfAPairOfBetas) {
  EXPECT_EQ(error_text([] {
              in_words_of(Era::v0_3_0, {{"optimizer.beta2", 0.9}}, base_with({}));
            }),
            "'optimizer.beta2: 0.9' cannot be said in TorchTitan 0.3.0: beta1 and beta2 are one list there; set "
            "'optimizer.param_groups.0.optimizer_kwargs.betas' to [BETA1, BETA2]");
}

TEST(TranslateRun, MakesTwoBetasOfOneList) {
  EXPECT_EQ(in_words_of(Era::v0_2_2, {{kBetas, pair(0.8, 0.9)}}, {}),
            (Overrides{{"optimizer.beta1", 0.8}, {"optimizer.beta2", 0.9}}));
  EXPECT_EQ(error_text([] {
              in_words_of(Era::v0_2_2, {{kBetas, 0.8}}, {});
            }),
            "'optimizer.param_groups.0.optimizer_kwargs.betas' is a list of two numbers, got 0.8");
}

TEST(TranslateRun, TurnsTheCountOfMicrobatchesIntoTheirSize) {
  const char* count = "experimental.pipeline_parallel_microbatches";
  const char* size = "parallelism.pipeline_parallel_microbatch_size";
  EXPECT_EQ(in_words_of(Era::v0_2_2, {{"training.batch_size", 8}, {count, 4}}, {}),
            (Overrides{{"training.local_batch_size", 8}, {size, 2}}));
  EXPECT_EQ(in_words_of(Era::v0_2_2, {{count, 4}}, base_with({{"training.local_batch_size", 16}})),
            (Overrides{{size, 4}}));
  EXPECT_EQ(in_words_of(Era::march_2025, {{size, 2}}, base_with({{"training.batch_size", 8}})),
            (Overrides{{count, 4}}));
}

TEST(TranslateRun, RefusesMicrobatchesThatDoNotDivideTheBatch) {
  const std::string sentence =
      "'experimental.pipeline_parallel_microbatches: 3' cannot be said in TorchTitan 0.2.2: it counts the "
      "microbatches, "
      "'parallelism.pipeline_parallel_microbatch_size' there is the rows of one; set that key, to the batch size "
      "divided by the count";
  const Overrides run{{"experimental.pipeline_parallel_microbatches", 3}};
  EXPECT_EQ(error_text([&] {
              in_words_of(Era::v0_2_2, run, base_with({{"training.local_batch_size", 8}}));
            }),
            sentence);
  EXPECT_EQ(error_text([&] { in_words_of(Era::v0_2_2, run, base_with({})); }), sentence);
}

TEST(TranslateRun, KeepsTheOtherConvertersOfTheBase) {
  const auto base = base_with({{"model.converters", Value(Value::List{"quantize.linear.float8", "mine"})}});
  EXPECT_EQ(in_words_of(Era::v0_2_2, {{"float8.enable_float8_linear", false}}, base),
            (Overrides{{"model.converters", Value(Value::List{"mine"})}}));
  EXPECT_EQ(in_words_of(Era::v0_2_2, {{"float8.enable_float8_linear", true}}, base),
            (Overrides{{"model.converters", Value(Value::List{"mine", "quantize.linear.float8"})}}));
}

TEST(TranslateRun, RefusesTwoWordsForOneKeyThatDisagree) {
  EXPECT_EQ(error_text([] {
              in_words_of(Era::v0_2_2, {{"training.batch_size", 4}, {"training.local_batch_size", 8}}, {});
            }),
            "'training.batch_size: 4' and 'training.local_batch_size: 8' are one key in TorchTitan 0.2.2, "
            "'training.local_batch_size'; set one of them");
  EXPECT_EQ(in_words_of(Era::v0_2_2, {{"training.batch_size", 4}, {"training.local_batch_size", 4}}, {}),
            (Overrides{{"training.local_batch_size", 4}}));
}

}  // namespace
}  // namespace tt::titan
