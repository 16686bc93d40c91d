// Expected texts that lie in tests/golden. TT_BLESS=1 rewrites them; the test is then reported as skipped, never as
// passed.
#pragma once

#include <string>
#include <string_view>

namespace tt::test {

// Compares byte for byte with tests/golden/<name>; a difference is shown by its first line.
void expect_golden(const std::string& name, std::string_view actual);

}  // namespace tt::test
