// tt/scheduler/local_reading.hpp: the spool as somebody reads it who asks again and again: what can no longer change is
// not read a second time, so that following thousands of tasks costs one look into each folder.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tt/scheduler/local_plan.hpp"
#include "tt/scheduler/local_spool.hpp"

namespace tt::scheduler {

class SpoolReading {
 public:
  explicit SpoolReading(Spool spool) : spool_(std::move(spool)) {}
  const Spool& spool() const { return spool_; }

  // A new question: what was read before is looked at again where it may have changed.
  void begin() { ++question_; }
  // nullptr: there is no such job. Valid until the next begin().
  const QueuedJob* job(const Token& token);
  const LocalTask* task(const Token& token, int index);
  // Jobs that are not done, in the order they are served.
  std::vector<const QueuedJob*> queue();

 private:
  struct Entry {
    QueuedJob read;
    std::unordered_map<int, std::size_t> place;  // index → where it stands in read.tasks
    bool done = false;                           // and every task is over: nothing changes any more
    int question = 0;                            // of the last look
  };
  const Entry* entry(const Token& token);
  Spool spool_;
  std::map<Token, Entry> entries_;
  int question_ = 1;
};

}  // namespace tt::scheduler
