// The test program calls itself where a test needs a second process: a file of tests looks at own_arguments() before
// main and becomes the helper when they say so.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"

namespace tt::test {

// argv[1...] of this process.
inline std::vector<std::string> own_arguments() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::string> words = split(text, '\0');
  if (!words.empty()) words.erase(words.begin());
  if (!words.empty() && words.back().empty()) words.pop_back();
  return words;
}

inline Command self_command(const std::vector<std::string>& arguments, const Environment& environment) {
  Command command{{this_program().string()}, environment, {}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace tt::test
