#include "tt/titan/aliases.hpp"

#include <gtest/gtest.h>

#include "tt/titan/schema.hpp"

namespace tt::titan {
namespace {

TEST(Aliases, FollowAKeyForward) {
  EXPECT_EQ(newer_name(Era::v0_2_2, "training.batch_size"), "training.local_batch_size");
  EXPECT_EQ(newer_name(Era::v0_3_0, "experimental.enable_async_tensor_parallel"),
            "compile.enable_async_tensor_parallel");
  EXPECT_EQ(newer_name(Era::v0_2_2, "experimental.enable_async_tensor_parallel"),
            "parallelism.enable_async_tensor_parallel");
  EXPECT_EQ(newer_name(Era::v0_3_0, "optimizer.lr"), "optimizer.param_groups.0.optimizer_kwargs.lr");
  EXPECT_EQ(newer_name(Era::early_2025, "training.batch_size"), std::nullopt);
}

TEST(Aliases, FollowAKeyBack) {
  EXPECT_EQ(older_name(Era::early_2025, "training.local_batch_size"), "training.batch_size");
  EXPECT_EQ(older_name(Era::v0_1_0, "debug.seed"), "training.seed");
  EXPECT_EQ(older_name(Era::v0_2_2, "optimizer.param_groups.0.optimizer_kwargs.lr"), "optimizer.lr");
  EXPECT_EQ(older_name(Era::v0_2_2, "training.num_tokens_per_train_step"), "training.global_batch_size");
}

// Every key that a later era lost is explained: it has a new name or a removal.
TEST(Aliases, ExplainEveryKeyThatWasLost) {
  const auto names = era_names();
  for (std::size_t from = 0; from + 1 < names.size(); ++from) {
    const Era old_era = *parse_era(names[from]);
    const Era new_era = *parse_era(names[from + 1]);
    for (const KeyInfo& key : keys(old_era)) {
      if (find_key(new_era, key.key)) continue;
      EXPECT_FALSE(advice_for_unknown_key(new_era, key.key).empty()) << names[from] << " " << key.key;
      EXPECT_EQ(advice_for_unknown_key(new_era, key.key).find("did you mean"), std::string::npos)
          << names[from] << " " << key.key;
    }
  }
}

TEST(Advice, NamesWhatAnOldKeyBecame) {
  EXPECT_EQ(advice_for_unknown_key(Era::v0_2_2, "training.batch_size"),
            "since 0.1.0 this key is 'training.local_batch_size'");
  EXPECT_EQ(advice_for_unknown_key(Era::v0_2_2, "training.compile"), "since 0.2.0 this key is 'compile.enable'");
  EXPECT_EQ(advice_for_unknown_key(Era::v0_3_0, "optimizer.lr"),
            "since 0.3.0 this key is 'optimizer.param_groups.0.optimizer_kwargs.lr'");
}

TEST(Advice, NamesWhatANewKeyIsCalledBefore) {
  EXPECT_EQ(advice_for_unknown_key(Era::v0_1_0, "compile.enable"), "0.1.0 calls it 'training.compile'");
  EXPECT_EQ(advice_for_unknown_key(Era::march_2025, "parallelism.tensor_parallel_degree"),
            "2025-03 calls it 'training.tensor_parallel_degree'");
}

TEST(Advice, SaysThatAKeyIsGone) {
  EXPECT_EQ(advice_for_unknown_key(Era::v0_3_0, "model.name"),
            "0.3.0 has no such key any more: --module (llama3, deepseek_v3, qwen3, gpt_oss, ..)");
  EXPECT_EQ(advice_for_unknown_key(Era::v0_2_0, "job.use_for_integration_test"), "0.2.0 has no such key any more");
}

TEST(Advice, SaysThatAKeyIsTooNew) {
  EXPECT_EQ(advice_for_unknown_key(Era::v0_1_0, "parallelism.expert_parallel_degree"),
            "the key exists since 0.2.0, this is 0.1.0");
}

TEST(Advice, MendsATypingError) {
  EXPECT_EQ(advice_for_unknown_key(Era::v0_2_2, "trainig.seq_len"), "did you mean 'training.seq_len'?");
  EXPECT_EQ(advice_for_unknown_key(Era::v0_2_2, "qqqq"), "");
}

}  // namespace
}  // namespace tt::titan
