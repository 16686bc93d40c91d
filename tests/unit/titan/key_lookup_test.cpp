#include "tt/titan/key_lookup.hpp"

#include <gtest/gtest.h>

#include "tt/titan/schema.hpp"

namespace tt::titan {
namespace {

struct Case {
  Era era;
  const char* key;
  KeyStanding standing;
  const char* name;
  const char* advice;
};

TEST(JudgeKey, SaysWhatAnEraMakesOfAKey) {
  const Case cases[] = {
      {Era::v0_2_2, "training.seq_len", KeyStanding::known, "training.seq_len", ""},
      {Era::v0_3_0, "optimizer.param_groups.2.optimizer_kwargs.lr", KeyStanding::known,
       "optimizer.param_groups.2.optimizer_kwargs.lr", ""},
      {Era::v0_2_2, "training.batch_size", KeyStanding::renamed, "training.local_batch_size",
       "since 0.1.0 this key is 'training.local_batch_size'"},
      {Era::v0_1_0, "compile.enable", KeyStanding::renamed, "training.compile", "0.1.0 calls it 'training.compile'"},
      {Era::v0_3_0, "optimizer.lr", KeyStanding::renamed, "optimizer.param_groups.0.optimizer_kwargs.lr",
       "since 0.3.0 this key is 'optimizer.param_groups.0.optimizer_kwargs.lr'"},
      {Era::v0_3_0, "model.name", KeyStanding::untranslatable, "",
       "0.3.0 has no such key any more: --module (llama3, deepseek_v3, qwen3, gpt_oss, ..)"},
      {Era::v0_3_0, "experimental.context_parallel_rotate_method", KeyStanding::untranslatable, "",
       "it became 'parallelism.context_parallel_rotate_method', which 0.3.0 does not have any more"},
      {Era::v0_2_0, "lr_scheduler.total_steps", KeyStanding::untranslatable, "",
       "the key exists since 0.2.2, this is 0.2.0"},
      {Era::v0_2_2, "optimizer.param_groups.1.optimizer_name", KeyStanding::untranslatable, "",
       "0.2.2 has one group of parameters, with the keys of [optimizer]"},
      {Era::early_2025, "validation.enabled", KeyStanding::untranslatable, "",
       "the key stood only between two releases before 0.2.0; 2025-01 has nothing like it"},
      {Era::v0_2_2, "trainig.seq_len", KeyStanding::unknown, "", "did you mean 'training.seq_len'?"},
      {Era::v0_2_2, "training.log_freq", KeyStanding::unknown, "", "did you mean 'metrics.log_freq'?"},
      {Era::v0_2_2, "tensor_parallel_degree", KeyStanding::unknown, "",
       "did you mean 'parallelism.tensor_parallel_degree'?"},
      {Era::v0_2_2, "tensor_paralel_degree", KeyStanding::unknown, "",
       "did you mean 'parallelism.tensor_parallel_degree'?"},
      {Era::v0_2_2, "encoder.t5_encoder", KeyStanding::unknown, "",
       "[encoder] belongs to an extension module; allow_new_keys: true lets its keys through"},
      {Era::v0_2_2, "qqqq", KeyStanding::unknown, "", ""},
      {Era::v0_2_2, "", KeyStanding::unknown, "", ""},
  };
  for (const Case& one : cases) {
    const KeyVerdict verdict = judge_key(one.era, one.key);
    EXPECT_EQ(verdict.standing, one.standing) << one.key;
    EXPECT_EQ(verdict.name, one.name) << one.key;
    EXPECT_EQ(verdict.advice, one.advice) << one.key;
  }
}

TEST(JudgeKey, KnowsEveryKeyOfEveryEraInItsEra) {
  for (const std::string& name : era_names()) {
    const Era era = *parse_era(name);
    for (const KeyInfo& key : keys(era)) EXPECT_EQ(judge_key(era, key.key).standing, KeyStanding::known) << key.key;
  }
}

TEST(JudgeKey, CallsNoKeyOfAnotherEraUnknown) {
  for (const std::string& here : era_names())
    for (const std::string& there : era_names())
      for (const KeyInfo& key : keys(*parse_era(there))) {
        const KeyVerdict verdict = judge_key(*parse_era(here), key.key);
        EXPECT_NE(verdict.standing, KeyStanding::unknown) << key.key << " in " << here;
        EXPECT_EQ(verdict.advice.empty(), verdict.standing == KeyStanding::known) << key.key << " in " << here;
      }
}

TEST(IsKnownInSomeEra, IncludesNamesBetweenReleasesAndNewerOnes) {
  EXPECT_TRUE(is_known_in_some_era("training.batch_size"));
  EXPECT_TRUE(is_known_in_some_era("float8.moe_fqns_prototype"));
  EXPECT_TRUE(is_known_in_some_era("training.num_tokens_per_train_step"));
  EXPECT_FALSE(is_known_in_some_era("training.sequence"));
  EXPECT_FALSE(is_known_in_some_era(""));
}

TEST(NamesOf, TellsTheNameInEachEra) {
  std::vector<std::string> names;
  for (const NameInEra& one : names_of("debug.seed")) names.push_back(one.name);
  EXPECT_EQ(names, (std::vector<std::string>{"training.seed", "training.seed", "training.seed", "training.seed",
                                             "debug.seed", "debug.seed", "debug.seed"}));
}

}  // namespace
}  // namespace tt::titan
