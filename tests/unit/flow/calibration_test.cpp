#include "tt/flow/calibration.hpp"

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"

namespace tt::flow {
namespace {

// What `from` says after another calibration, of runs of that name, that determines the network card only.
std::string from_after(const std::string& before, const std::string& from) {
  const test::TempFolder folder;
  const std::string file = (folder / "site.toml").string();
  write_file(file, "name = \"x\"\n[hardware]\nname = \"h100\"\n[hardware.calibration]\nfrom = \"" + before +
                       "\"\nefficiency_eager = 0.4\n");
  const std::string text = with_calibration(file, {{"hardware.calibration.nic_gb_per_second", Value(20.0)}}, from);
  const std::size_t begin = text.find("from = \"") + 8;
  return text.substr(begin, text.find('"', begin) - begin);
}

TEST(WhereACalibrationIsFrom, IsSaidOfAllThatStayOnceEach) {
  EXPECT_EQ(from_after("40 runs, 2026-01-31", "16 runs, 2026-02-01"), "40 runs, 2026-01-31; 16 runs, 2026-02-01");
  EXPECT_EQ(from_after("40 runs, 2026-01-31; 16 runs, 2026-02-01", "16 runs, 2026-02-01"),
            "40 runs, 2026-01-31; 16 runs, 2026-02-01");
  EXPECT_EQ(from_after("16 runs, 2026-02-01; 40 runs, 2026-01-31", "16 runs, 2026-02-01"),
            "40 runs, 2026-01-31; 16 runs, 2026-02-01");
  EXPECT_EQ(from_after("16 runs, 2026-02-01", "16 runs, 2026-02-01"), "16 runs, 2026-02-01");
}

}  // namespace
}  // namespace tt::flow
