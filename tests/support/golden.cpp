#include "support/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tt/base/environment.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::test {
namespace {

std::string first_difference(std::string_view wanted, std::string_view actual) {
  const std::vector<std::string> left = split(wanted, '\n');
  const std::vector<std::string> right = split(actual, '\n');
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string a = i < left.size() ? left[i] : "(no such line)";
    const std::string b = i < right.size() ? right[i] : "(no such line)";
    if (a != b) return "line " + std::to_string(i + 1) + "\n  wanted: " + a + "\n  found:  " + b;
  }
  return "no difference";
}

}  // namespace

void expect_golden(const std::string& name, std::string_view actual) {
  const fs::path path = fs::path(TT_SOURCE_DIR) / "tests/golden" / name;
  if (Environment::of_this_process().get("TT_BLESS") == "1") {
    make_folders(path.parent_path());
    write_file(path, actual);
    GTEST_SKIP() << "rewrote " << path.string();
  }
  const auto wanted = read_file_if_there(path);
  ASSERT_TRUE(wanted) << path.string() << " is not there; TT_BLESS=1 writes it";
  if (*wanted != actual) {
    ADD_FAILURE() << path.string() << " differs (TT_BLESS=1 accepts): " << first_difference(*wanted, actual);
  }
}

}  // namespace tt::test
