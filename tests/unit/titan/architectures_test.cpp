#include "tt/titan/architectures.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/titan.hpp"
#include "tt/titan/rules.hpp"

namespace tt::titan {
namespace {

Architecture small_llama(std::string flavor) {
  Architecture model = find_architecture(Era::v0_2_2, "llama3", "8B").value();
  model.flavor = std::move(flavor);
  model.kv_heads = 3;
  return model;
}

TEST(Architectures, AnswerFromTheShippedTable) {
  const Architectures& shipped = shipped_architectures();
  EXPECT_EQ(shipped.find(Era::v0_2_2, "llama3", "8B")->layers, 32);
  EXPECT_EQ(shipped.find(Era::v0_3_0, "torchtitan.models.llama3", "llama3_8b")->layers, 32);
  EXPECT_EQ(shipped.find(Era::v0_2_2, "llama3_ft", "8B")->layers, 32);
  EXPECT_EQ(shipped.find(Era::v0_2_2, "llama3", "9B"), nullptr);
}

TEST(Architectures, BelieveTheUserFirst) {
  Architectures mine;
  mine.add(small_llama("8B"));
  mine.add(small_llama("9B"));
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "8B")->kv_heads, 3);
  EXPECT_EQ(mine.find(Era::v0_1_0, "llama3", "9B")->kv_heads, 3);
  EXPECT_EQ(mine.find(Era::v0_3_0, "llama3", "llama3_8b")->kv_heads, 3);
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "70B")->kv_heads, 8);
  EXPECT_EQ(shipped_architectures().find(Era::v0_2_2, "llama3", "8B")->kv_heads, 8);
}

TEST(Architectures, ALaterOneTakesThePlaceOfAnEarlierOne) {
  Architectures mine;
  mine.add_unknown("llama3", "8B");
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "8B"), nullptr);
  EXPECT_EQ(mine.find_named(Era::v0_2_2, "llama3_8b"), nullptr);
  mine.add(small_llama("8B"));
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "8B")->kv_heads, 3);
}

TEST(Architectures, AnswersOutliveWhatIsAddedLaterAndCopies) {
  Architectures mine;
  mine.add(small_llama("a"));
  const Architecture* first = mine.find(Era::v0_2_2, "llama3", "a");
  for (int i = 0; i < 100; ++i) mine.add(small_llama(std::to_string(i)));
  const Architectures copy = mine;
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "a"), first);
  EXPECT_EQ(copy.find(Era::v0_2_2, "llama3", "a"), first);
}

TEST(Architectures, AreFoundByTheNameOfEstimates) {
  EXPECT_EQ(shipped_architectures().find_named(Era::v0_2_2, "qwen3_30b_a3b")->flavor, "30B-A3B");
  EXPECT_EQ(shipped_architectures().find_named(Era::v0_2_2, "llama3_8b")->attention, "sdpa");
  EXPECT_EQ(shipped_architectures().find_named(Era::v0_1_0, "qwen3_8b"), nullptr);
  Architectures mine;
  mine.add(small_llama("My-9B"));
  EXPECT_EQ(mine.find_named(Era::v0_2_2, "llama3_my_9b")->kv_heads, 3);
  const auto names = mine.names(Era::v0_2_2);
  EXPECT_EQ(names.front(), "llama3_my_9b");
  EXPECT_EQ(std::count(names.begin(), names.end(), "llama3_8b"), 1);
}

TEST(Architectures, OfTheUserDecideTheRules) {
  Architectures mine;
  mine.add(small_llama("9B"));
  const Settings settings =
      test::settings_of(Era::v0_2_2, {{"model.flavor", "9B"}, {"parallelism.tensor_parallel_degree", 2}});
  EXPECT_TRUE(refusals(settings, 8).empty());
  const auto refused = refusals(settings, 8, mine);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].rule, "tp-divides-heads");
  EXPECT_EQ(refused[0].reason, "tp 2 does not divide the 3 key-value heads of llama3_9b");
}

TEST(ShippedTable, KnowsTheAttentionOfAFlavor) {
  const auto attention = [](Era era, const char* model, const char* flavor) {
    return find_shipped_architecture(era, model, flavor)->attention;
  };
  EXPECT_EQ(attention(Era::v0_2_2, "llama3", "8B"), "sdpa");
  EXPECT_EQ(attention(Era::v0_2_2, "llama3", "8B_varlen"), "varlen");
  EXPECT_EQ(attention(Era::v0_2_0, "deepseek_v3", "16B"), "flex");
  EXPECT_EQ(attention(Era::v0_2_0, "deepseek_v3", "debugmodel"), "sdpa");
  EXPECT_EQ(attention(Era::v0_1_0, "llama4", "17bx16e_irope"), "flex");
  EXPECT_EQ(attention(Era::v0_3_0, "llama3", "8B"), "");                            // the config function chooses
  EXPECT_EQ(find_shipped_architecture(Era::v0_2_0, "llama3", "8B_flex"), nullptr);  // came with 0.2.1
}

TEST(ShippedTable, KnowsHowLongASequenceMayBe) {
  const auto longest = [](Era era, const char* model, const char* flavor) {
    return find_shipped_architecture(era, model, flavor)->max_seq_len;
  };
  EXPECT_EQ(longest(Era::v0_3_0, "llama3", "8B"), 131072);
  EXPECT_EQ(longest(Era::v0_3_0, "qwen3", "8B"), 40960);
  EXPECT_EQ(longest(Era::v0_3_0, "qwen3", "debugmodel"), 4096);
  EXPECT_EQ(longest(Era::v0_3_0, "deepseek_v3", "671B"), 16384);
  EXPECT_EQ(longest(Era::v0_3_0, "gpt_oss", "20b"), 131072);
  EXPECT_EQ(longest(Era::v0_1_0, "llama3", "8B"), std::nullopt);  // taken from the configuration then
}

TEST(ShippedTable, HasEveryFlavorOnceInAnEra) {
  for (const std::string& name : era_names()) {
    std::vector<std::string> seen;
    for (const Architecture* model : shipped_in(parse_era(name).value())) {
      seen.push_back(model->family + " " + model->flavor);
      EXPECT_EQ(std::count(seen.begin(), seen.end(), seen.back()), 1) << name << ": " << seen.back();
    }
  }
}

}  // namespace
}  // namespace tt::titan
