#include "tt/base/log.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

namespace tt::log {
namespace {

constexpr std::size_t kShownLater = 20;  // sentences

spdlog::level::level_enum least_level(Level level) {
  switch (level) {
    case Level::quiet:
      return spdlog::level::warn;
    case Level::normal:
      return spdlog::level::info;
    case Level::verbose:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> make_logger(const std::string& tool, Level level) {
  auto screen = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  screen->set_pattern("%n: %v");
  screen->set_level(least_level(level));
  auto logger = std::make_shared<spdlog::logger>(tool, std::move(screen));
  logger->set_level(spdlog::level::debug);  // each sink has its own
  return logger;
}

struct Conversation {
  Level level = Level::normal;
  std::shared_ptr<spdlog::logger> logger = make_logger("tt", Level::normal);
  std::function<void(const std::string&)> listener;
  std::deque<std::string> unshown;  // handed to the listener
};

Conversation& conversation() {
  static Conversation the_one;
  return the_one;
}

std::atomic<std::size_t> warned = 0;  // of the process, whoever it speaks as

// As a string_view: a sentence with braces in it is not a format.
void say(spdlog::level::level_enum level, const std::string& text) {
  Conversation& here = conversation();
  here.logger->log(level, std::string_view(text));
  if (!here.listener || level < least_level(here.level)) return;
  if (here.unshown.empty() || here.unshown.back() != text) here.unshown.push_back(text);
  if (here.unshown.size() > kShownLater) here.unshown.pop_front();
  here.listener(text);
}

spdlog::sinks::sink& screen() { return *conversation().logger->sinks().front(); }

}  // namespace

void start(const std::string& tool, Level level) { conversation() = {level, make_logger(tool, level), {}, {}}; }

void keep_in(const std::filesystem::path& file) {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  try {
    auto kept = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file.string(), kLargest, 2);
    kept->set_pattern("%Y-%m-%dT%H:%M:%S%z %P %n: %v");
    kept->set_level(spdlog::level::debug);
    conversation().logger->sinks().push_back(std::move(kept));
  } catch (const spdlog::spdlog_ex& trouble) {
    warning(std::string("this conversation is not kept: ") + trouble.what());
  }
}

void note(const std::string& sentence) { say(spdlog::level::info, "note: " + sentence); }

void warning(const std::string& sentence) {
  ++warned;
  say(spdlog::level::warn, "warning: " + sentence);
}

void warn_once(const std::string& sentence) {
  static std::mutex one_at_a_time;
  static std::set<std::string> said;
  const std::lock_guard guard(one_at_a_time);
  said.insert(sentence).second ? warning(sentence) : void(++warned);
}

std::size_t warnings() { return warned; }

void detail(const std::string& sentence) { say(spdlog::level::debug, sentence); }

Level level() { return conversation().level; }

Diversion::Diversion(std::function<void(const std::string&)> listener) {
  conversation().listener = std::move(listener);
  screen().set_level(spdlog::level::off);
}

Diversion::~Diversion() {
  Conversation& here = conversation();
  here.listener = nullptr;
  screen().set_level(least_level(here.level));
  for (const std::string& text : here.unshown) {
    screen().log(spdlog::details::log_msg(here.logger->name(), spdlog::level::critical, text));
  }
  here.unshown.clear();
}

}  // namespace tt::log
