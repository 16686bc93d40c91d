// A recorded answer of a program: tests/transcripts/<folder>/<name>.txt, with the command, "exit N", stdout and stderr.
#pragma once

#include <string>

#include "tt/base/process.hpp"

namespace tt::test {

ProcessResult recorded(const std::string& folder, const std::string& name);

}  // namespace tt::test
