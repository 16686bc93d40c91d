// tt/base/log.hpp: the conversation on stderr: notes, warnings, and details with -v. Results go to stdout elsewhere.
#pragma once

#include <string>

namespace tt::log {

enum class Level { quiet, normal, verbose };

// Called once by a tool: its name stands before every line.
void start(const std::string& tool, Level level);
void note(const std::string& sentence);     // normal and verbose
void warning(const std::string& sentence);  // always
void detail(const std::string& sentence);   // verbose only
Level level();

}  // namespace tt::log
