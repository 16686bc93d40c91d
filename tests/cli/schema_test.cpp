// tt-sweep schema, as a person and a script see it.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "support/temp_folder.hpp"
#include "tt/base/process.hpp"
#include "tt/base/value.hpp"

namespace {

using testing::HasSubstr;
using testing::StartsWith;

tt::ProcessResult schema(std::vector<std::string> words) {
  words.insert(words.begin(), {std::string(TT_TOOLS_DIR) + "/tt-sweep", "schema"});
  tt::Command command;
  command.argv = std::move(words);
  command.environment = tt::Environment::of_this_process();
  return tt::SystemRunner().run(command, tt::Seconds{60});
}

TEST(Schema, ShowsTheNewestReleaseThatReadsTomlUnlessAnotherIsNamed) {
  const auto usual = schema({});
  EXPECT_EQ(usual.status, 0);
  EXPECT_THAT(usual.out,
              StartsWith("TorchTitan 0.2.2: 149 keys, the newest release that reads TOML; --era shows another: "
                         "2025-01, 2025-03, 0.1.0, 0.2.0, 0.2.1, 0.2.2, 0.3.0\n"));
  EXPECT_THAT(schema({"--era", "0.1"}).out, StartsWith("TorchTitan 0.1.0: 102 keys\n"));
  EXPECT_THAT(schema({"checkpoint", "--era", "2025-01"}).out, HasSubstr(" of [checkpoint]\n"));
}

TEST(Schema, TellsTheStoryOfAKey) {
  EXPECT_EQ(schema({"metrics.rank_0_only", "--era", "0.2.2"}).out,
            "metrics.save_for_all_ranks   (TorchTitan 0.2.2; asked for as 'metrics.rank_0_only')\n"
            "  every rank writes metrics\n"
            "  type      2025-01 to 0.3.0    bool\n"
            "  default   2025-01 to 2025-03  true\n"
            "            0.1.0 to 0.3.0      false\n"
            "  called    2025-01 to 2025-03  metrics.rank_0_only\n"
            "            0.1.0 to 0.3.0      metrics.save_for_all_ranks\n"
            "  changes   since 0.1.0: 'metrics.rank_0_only' is 'metrics.save_for_all_ranks': inverted\n");
  EXPECT_EQ(schema({"memory_estimation.disable_fake_mode", "--era", "0.3"}).out,
            "memory_estimation.disable_fake_mode   (TorchTitan 0.2.2)\n"
            "  estimate on a real device\n"
            "  note      not in 0.3.0: 0.3.0 has no such key any more\n"
            "  type      2025-01 to 0.2.2    bool\n"
            "  default   2025-01 to 0.2.2    false\n"
            "  changes   since 0.3.0: 'memory_estimation.disable_fake_mode' is gone\n");
}

TEST(Schema, SuggestsAKeyForOneThatDoesNotExist) {
  const auto wrong = schema({"trainig.seq_len"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.err,
            "tt-sweep: error: 'trainig.seq_len' is no key and no section of TorchTitan 0.2.2; did you mean "
            "'training.seq_len'?\n");
  EXPECT_EQ(schema({"paralelism"}).err,
            "tt-sweep: error: 'paralelism' is no key and no section of TorchTitan 0.2.2; did you mean the section "
            "'parallelism'?\n");
  EXPECT_EQ(schema({"--era", "3"}).err,
            "tt-sweep: error: --era 3: no such release is known here; known are 2025-01, 2025-03, 0.1.0, 0.2.0, 0.2.1, "
            "0.2.2, 0.3.0\n");
}

TEST(Schema, IsARecordForAScript) {
  const tt::Value all = tt::parse_json(schema({"--json", "--era", "0.2.1"}).out, "schema");
  EXPECT_EQ(all.text_or("schema"), "tt.schema/1");
  EXPECT_EQ(all.text_or("era"), "0.2.1");
  EXPECT_EQ(all.at("keys").as_list().size(), 147U);

  const tt::Value one = tt::parse_json(schema({"--json", "optimizer.fused", "--era", "0.3.0"}).out, "schema");
  const tt::Value& key = one.at("keys").as_list().at(0);
  EXPECT_EQ(key.text_or("key"), "optimizer.implementation");
  EXPECT_EQ(key.text_or("type"), "str");
  EXPECT_EQ(key.text_or("default"), "fused");
  EXPECT_EQ(key.at("choices"), tt::Value(tt::Value::List{"for-loop", "foreach", "fused", "fused_opt_states_bf16"}));
  EXPECT_EQ(one.at("eras").as_list().at(0).text_or("key"), "optimizer.fused");
  EXPECT_EQ(one.at("changes").as_list().at(0).text_or("transform"), "map");
  EXPECT_EQ(one.at("changes").as_list().at(0).text_or("since"), "2025-03");
}

}  // namespace
