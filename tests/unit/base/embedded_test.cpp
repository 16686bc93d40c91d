#include "tt/base/embedded.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "support/temp_folder.hpp"

namespace tt::embedded {
namespace {

TEST(Embedded, FindsAFileByItsWholeName) {
  constexpr std::array<File, 2> files{{{"local/job.sh.mustache", "one"}, {"job.sh.mustache", "two"}}};
  EXPECT_EQ(find(files, "job.sh.mustache"), "two");
  EXPECT_EQ(find(files, "local/job.sh.mustache"), "one");
  EXPECT_EQ(find(files, "job.sh"), std::nullopt);
  EXPECT_EQ(find({}, "job.sh"), std::nullopt);
}

TEST(Embedded, HoldsTheSchemasByteForByte) {
  const std::filesystem::path folder = std::filesystem::path(TT_SOURCE_DIR) / "lib/tt/titan/data";
  ASSERT_FALSE(schemas().empty());
  for (const File& file : schemas()) EXPECT_EQ(file.text, test::read(folder / file.name)) << file.name;
}

}  // namespace
}  // namespace tt::embedded
