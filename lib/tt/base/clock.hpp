// tt/base/clock.hpp: time, only through here. Times are UTC; ISO 8601 with seconds in files ("2026-03-01T12:00:00Z").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tt {

using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
using Seconds = std::chrono::duration<double>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual void sleep(Seconds duration) = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  void sleep(Seconds duration) override;  // returns early when a signal arrives
};

std::string iso_time(Instant instant);
std::optional<Instant> parse_iso_time(std::string_view text);

// "00:30:00" and "1-12:00:00" (days-hours) and "90" (minutes, as Slurm reads it) → seconds.
std::optional<Seconds> parse_walltime(std::string_view text);
std::string walltime_text(Seconds duration);  // [D-]HH:MM:SS
std::string age_text(Seconds duration);       // "42 s", "3 min", "5 h", "2 d": for people

}  // namespace tt
