// The configs TorchTitan shipped, as they stood: in tests/data/torchtitan-configs, or where TT_TORCHTITAN_CONFIGS says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "support/documents.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"

namespace tt::config {
namespace {

namespace fs = std::filesystem;

fs::path configs() {
  const char* elsewhere = std::getenv("TT_TORCHTITAN_CONFIGS");
  return elsewhere ? fs::path(elsewhere) : fs::path(TT_SOURCE_DIR) / "tests/data/torchtitan-configs";
}

std::vector<fs::path> all_configs() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(configs())) {
    if (entry.path().extension() == ".toml") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

class RealConfigs : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(configs())) GTEST_SKIP() << "set TT_TORCHTITAN_CONFIGS to a folder of TorchTitan's TOML configs";
  }
};

TEST_F(RealConfigs, AreAllHere) { EXPECT_EQ(all_configs().size(), 14u); }

TEST_F(RealConfigs, SayWhatAReaderSees) {
  const Document base = Document::load((configs() / "0.2.2/llama3_8b.toml").string());
  EXPECT_EQ(base.find("model.flavor"), Value("8B"));
  EXPECT_EQ(base.find("optimizer.lr"), Value(0.0003));
  EXPECT_EQ(base.find("training.seq_len"), Value(8192));
  EXPECT_EQ(base.find("training.local_batch_size"), Value(1));
  const auto keys = base.keys();
  EXPECT_EQ(keys.front(), "job.dump_folder");
  EXPECT_NE(std::find(keys.begin(), keys.end(), "activation_checkpoint.mode"), keys.end());
}

TEST_F(RealConfigs, ChangeOnlyInTheLinesOfTheValuesThatAreSet) {
  const Document base = Document::load((configs() / "0.2.2/llama3_8b.toml").string());
  const std::string after = base.with({{"training.seq_len", 4096}, {"optimizer.lr", 1e-3}, {"training.seed", 42}});
  const auto before_lines = split_lines(base.source()->text());
  const auto after_lines = split_lines(after);
  ASSERT_EQ(after_lines.size(), before_lines.size() + 1);
  std::vector<std::string> new_lines;
  for (std::size_t i = 0, j = 0; j < after_lines.size(); ++j) {
    const bool inserted = after_lines[j] == "seed = 42";
    if (inserted || after_lines[j] != before_lines[i]) new_lines.push_back(after_lines[j]);
    if (!inserted) ++i;
  }
  EXPECT_EQ(new_lines, (std::vector<std::string>{"lr = 0.001", "seq_len = 4096", "seed = 42"}));
}

// Setting a key to what it says already leaves the same values, and every leaf can be set to something else.
TEST_F(RealConfigs, LetEveryKeyBeSet) {
  for (const fs::path& path : all_configs()) {
    const Document base = Document::load(path.string());
    ASSERT_FALSE(base.keys().empty()) << path;
    for (const std::string& key : base.keys()) {
      EXPECT_EQ(test::document(base.with({{key, *base.find(key)}})).find(key), base.find(key)) << path << " " << key;
      const auto place = *base.place_of(key);
      const std::size_t begin = base.source()->offset_of_byte_column(place.line, place.column);
      std::string wanted = base.source()->text();
      wanted.replace(begin, place.length, "-12345");
      EXPECT_EQ(base.with({{key, -12345}}), wanted) << path << " " << key;
    }
  }
}

TEST_F(RealConfigs, TakeNewKeysInEveryTable) {
  for (const fs::path& path : all_configs()) {
    const Document base = Document::load(path.string());
    const std::string& text = base.source()->text();
    for (const std::string& key : base.keys()) {
      auto parts = *split_key(key);
      parts.back() = "a_new_key";
      const std::string after = base.with({{join_key(parts), "x"}});
      const auto at = after.find("a_new_key");
      ASSERT_NE(at, std::string::npos);
      // Without the new line it is the base again.
      const std::size_t begin = after.rfind('\n', at) == std::string::npos ? 0 : after.rfind('\n', at) + 1;
      const std::size_t end = std::min(after.find('\n', at), after.size() - 1) + 1;
      const bool open_end = !text.ends_with('\n') && end == after.size();
      std::string without = after;
      without.erase(open_end ? begin - 1 : begin, end - begin);
      EXPECT_EQ(without, text) << path << " " << key;
    }
  }
}

}  // namespace
}  // namespace tt::config
