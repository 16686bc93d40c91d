// tt/base/log.hpp: the conversation on stderr: notes, warnings, and details with -v. Results go to stdout elsewhere.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

namespace tt::log {

enum class Level { quiet, normal, verbose };

// Called once by a tool: its name stands before every line.
void start(const std::string& tool, Level level);
// From now on everything, details included, is also kept in this file: 1 MiB, and two older ones beside it. A file that
// cannot be written is no reason to stop: it is warned about.
void keep_in(const std::filesystem::path& file);
void note(const std::string& sentence);       // normal and verbose
void warning(const std::string& sentence);    // always
void warn_once(const std::string& sentence);  // shown once, however often it is found
std::size_t warnings();                       // how many there were since the process began
void detail(const std::string& sentence);     // verbose only
Level level();

// While it lives, what would be shown on stderr is handed to `listener` instead: somebody else draws on the screen.
// When it goes, the last sentences are shown after all.
class Diversion {
 public:
  explicit Diversion(std::function<void(const std::string& sentence)> listener);
  ~Diversion();
  Diversion(const Diversion&) = delete;
  Diversion& operator=(const Diversion&) = delete;
};

}  // namespace tt::log
