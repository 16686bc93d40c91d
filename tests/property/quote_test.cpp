// Whatever the bytes, a shell reads the word back as exactly these bytes.
#include <gtest/gtest.h>

#include <random>

#include "tt/base/process.hpp"
#include "tt/render/quote.hpp"

namespace tt::render {
namespace {

// Half of the bytes are those a shell cares about.
std::string random_text(std::mt19937_64& random) {
  static const std::string special = " \t\n'\"\\$`!*?[]{}()<>|&;#~=%^\x7f";
  std::string text(random() % 60, ' ');
  for (char& c : text)
    c = random() % 2 == 0 ? special[random() % special.size()] : static_cast<char>(1 + random() % 255);
  return text;
}

std::string read_back(const std::string& shell, const std::string& words) {
  Environment environment;
  environment.set("PATH", "/usr/bin:/bin");
  const ProcessResult result =
      SystemRunner().run({{shell, "-c", "printf '%s\\0' " + words}, environment, {}}, Seconds{20});
  EXPECT_TRUE(result.ok()) << result.err;
  return result.out;
}

TEST(QuoteProperty, TheShellReadsTheSameBytesBack) {
  std::mt19937_64 random(20260301);
  for (int round = 0; round < 40; ++round) {
    std::string words, wanted;
    for (int i = 0; i < 100; ++i) {
      const std::string text = random_text(random);
      words += shell_word(text) + " ";
      wanted += text + std::string(1, '\0');
    }
    ASSERT_EQ(read_back("sh", words), wanted) << "round " << round;
    ASSERT_EQ(read_back("bash", words), wanted) << "round " << round;
  }
}

TEST(QuoteProperty, EveryByteButNulSurvivesAlone) {
  std::string words, wanted;
  for (int byte = 1; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    words += shell_word(text) + " ";
    wanted += text + std::string(1, '\0');
  }
  EXPECT_EQ(read_back("sh", words), wanted);
}

}  // namespace
}  // namespace tt::render
