// tt/flow/taught.hpp: what refusals for want of room taught about how many runs go. A scheduler says no, and not how
// many it would take: halves are tried down to one; then as many as ended since, or one after a pause, and after one
// that was taken twice as many. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tt/flow/submit.hpp"
#include "tt/ledger/fold.hpp"

namespace tt::flow {

// Jobs that count against the same limits, as far as anybody can know: what one of them was told holds for all.
struct Way {
  std::string site, account, partition, qos;
  friend auto operator<=>(const Way&, const Way&) = default;
};
Way way_of(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting);

// How many of a way go now, where runs of it wait that were refused for want of room.
struct WayNow {
  int at_most = 0;        // 0: none
  bool is_probe = false;  // nothing ended, and a pause is over: after one that is taken more may go
  std::string why;        // of the last refusal
};

// As of a ledger, which outlives it. The pause is 60 s, twice as long after every further round of refusals, and 300 s
// at most.
class Taught {
 public:
  explicit Taught(const ledger::Ledger& ledger) : ledger_(ledger) {}
  // nullopt: nothing that waits there was refused.
  std::optional<WayNow> now(const Way& way, Instant time);

 private:
  struct Known {
    bool is_refused = false;       // something that waits there
    Instant told{};                // when the scheduler last said anything to it
    std::vector<Instant> said_no;  // to submissions
    Instant said_yes{};            // last
    Instant refused{};             // since when the one waits whose reason is `why`
    std::string why;
  };
  void read();
  int ended_since(const std::string& site, Instant since) const;

  const ledger::Ledger& ledger_;
  bool is_read_ = false;
  std::map<Way, Known> ways_;
  std::map<std::string, std::vector<Instant>> ended_;  // site → when attempts there ended, sorted
};

// What the parts that were just handed over taught, one after the other, of each way. A way that refused takes less
// each time, and the others what they are given, so that parts come to an end.
class Lessons {
 public:
  // `probing`: ways of which one was tried after a pause.
  void learn(const ledger::Ledger& ledger, const std::vector<HandedOver>& part, const std::set<Way>& probing);
  // nullopt: nothing of it went yet; 0: no more of it now.
  std::optional<int> next(const Way& way) const;
  bool any_goes_on() const;

 private:
  struct Lesson {
    int next = 0;
    std::optional<int> below;  // it refused twice as many
  };
  std::map<Way, Lesson> lessons_;
};

struct Fitting {
  std::vector<const ledger::WaitingRun*> runs;
  std::vector<Bound> bounds;
  std::set<Way> probing;
};
// Of `ready`, what may go by everything else: what goes now, and how many of each way.
Fitting fit(const ledger::Ledger& ledger, const std::vector<const ledger::WaitingRun*>& ready, Taught& taught,
            const Lessons& lessons, Instant now);

}  // namespace tt::flow
