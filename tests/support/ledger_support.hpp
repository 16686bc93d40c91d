// For tests of the ledger: a workspace lock at hand, times in words, a clock that only moves when somebody sleeps.
#pragma once

#include <string>

#include "tt/base/clock.hpp"
#include "tt/ledger/events.hpp"

namespace tt::test {

class PatientClock final : public Clock {
 public:
  explicit PatientClock(const std::string& start) : now_(parse_iso_time(start).value()) {}
  Instant now() const override { return now_; }
  void sleep(Seconds duration) override { now_ += std::chrono::duration_cast<std::chrono::milliseconds>(duration); }

 private:
  Instant now_;
};

// "12:30:05" on 2026-03-01.
inline Instant at(const std::string& time) { return parse_iso_time("2026-03-01T" + time + "Z").value(); }

inline PlannedTask task_of(const std::string& run, int attempt, int index) {
  return {RunId{run}, "name-" + run, "/w/logs/m/name-" + run, attempt, index, RetryMode::resume};
}

inline ledger::Event event(const std::string& time, ledger::EventBody body) { return {at(time), std::move(body)}; }

}  // namespace tt::test
