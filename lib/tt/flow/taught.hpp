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
  bool is_probe = false;  // a pause is over since the last refusal: after what is taken twice as many may go
  std::string why;        // of the last refusal
};

// As of a ledger, which outlives it. As many go as ended of the way since the last refusal, less those that went since;
// one after a pause: 60 s, twice as long after every further round of refusals, and 300 s at most. Where jobs of the
// way keep ending, and none was refused for 300 s, more may go after those: the limit may have been raised.
class Taught {
 public:
  explicit Taught(const ledger::Ledger& ledger) : ledger_(ledger) {}
  // nullopt: nothing that waits there was refused.
  std::optional<WayNow> now(const Way& way, Instant time);

 private:
  struct Known {
    bool is_refused = false;                    // something that waits there
    Instant refused{};                          // when the scheduler last refused anything of it
    Instant told{};                             // when it last said anything to it
    Instant said_yes{};                         // last
    std::vector<Instant> said_no;               // to submissions
    std::vector<std::pair<Instant, int>> went;  // when, and how many: taken, or not answered yet
    std::vector<Instant> ended;                 // attempts
    Instant since{};                            // the one waits whose reason is `why`
    std::string why;
  };
  void read();
  WayNow judge(const Way& way, const Known& known, Instant time) const;

  const ledger::Ledger& ledger_;
  bool is_read_ = false;
  std::map<Way, Known> ways_;
  std::vector<Instant> all_ended_;
  std::optional<Instant> judged_at_;
  std::map<Way, WayNow> judged_;
};

// What the parts that were just handed over taught, one after the other, of each way. After a refusal there is room for
// fewer than that, less what was taken since: half of it is tried next, and so a few parts come to an end. Where
// nothing was taken, for another reason than room, no more of it goes.
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
    std::optional<int> room_below;  // it refused so many
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
