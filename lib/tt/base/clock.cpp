#include "tt/base/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "tt/base/text.hpp"

namespace tt {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::optional<std::int64_t> digits(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  return to_integer(text);
}

}  // namespace

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

void SystemClock::sleep(Seconds duration) {
  if (duration.count() <= 0) return;
  const double whole = std::floor(duration.count());
  timespec wait{static_cast<time_t>(whole), static_cast<long>((duration.count() - whole) * 1e9)};
  nanosleep(&wait, nullptr);  // a signal ends it early, as promised
}

std::string iso_time(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<Instant> parse_iso_time(std::string_view text) {
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != 'Z') {
    return std::nullopt;
  }
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)), day = digits(text.substr(8, 2));
  const auto hour = digits(text.substr(11, 2)), minute = digits(text.substr(14, 2)),
             second = digits(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::seconds(*hour * kHour + *minute * kMinute + *second);
}

std::optional<Seconds> parse_walltime(std::string_view text) {
  std::int64_t days = 0;
  const std::size_t dash = text.find('-');
  const bool has_days = dash != std::string_view::npos;
  if (has_days) {
    const auto count = digits(text.substr(0, dash));
    if (!count) return std::nullopt;
    days = *count;
    text.remove_prefix(dash + 1);
  }
  const std::vector<std::string> parts = split(text, ':');
  std::vector<std::int64_t> numbers;
  for (const std::string& part : parts) {
    const auto number = digits(part);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  std::int64_t seconds = 0;
  if (has_days) {  // D-HH[:MM[:SS]]
    if (numbers.size() > 3) return std::nullopt;
    numbers.resize(3, 0);
    seconds = numbers[0] * kHour + numbers[1] * kMinute + numbers[2];
  } else if (numbers.size() == 1) {
    seconds = numbers[0] * kMinute;
  } else if (numbers.size() == 2) {  // MM:SS, as Slurm reads it
    seconds = numbers[0] * kMinute + numbers[1];
  } else if (numbers.size() == 3) {
    seconds = numbers[0] * kHour + numbers[1] * kMinute + numbers[2];
  } else {
    return std::nullopt;
  }
  return Seconds(static_cast<double>(days * kDay + seconds));
}

std::string walltime_text(Seconds duration) {
  const auto total = static_cast<std::int64_t>(std::llround(duration.count()));
  const std::int64_t days = total / kDay;
  const std::int64_t rest = total % kDay;
  const std::string prefix = days > 0 ? fmt::format("{}-", days) : "";
  return fmt::format("{}{:02}:{:02}:{:02}", prefix, rest / kHour, rest % kHour / kMinute, rest % kMinute);
}

std::string age_text(Seconds duration) {
  const double seconds = std::max(0.0, duration.count());
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  if (seconds < 100 * kMinute) return fmt::format("{:.0f} min", seconds / kMinute);
  if (seconds < 48 * kHour) return fmt::format("{:.0f} h", seconds / kHour);
  return fmt::format("{:.0f} d", seconds / kDay);
}

}  // namespace tt
