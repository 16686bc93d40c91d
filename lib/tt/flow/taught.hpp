// tt/flow/taught.hpp: what refusals for want of room taught about how many runs go. A scheduler says no, and not how
// many it would take: halves are tried down to one, and after one that was taken twice as many. Pure.
#pragma once

#include <map>
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

// Whether a run goes again that was refused alone: once something ended at its site since, or after a pause of 60 s,
// twice as long after every further round of refusals, and 300 s at most.
bool goes_again(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting, Instant now);

// How many more go after what was taken, as long as nothing was refused.
class Growth {
 public:
  // What became of submissions that were just handed over.
  void learn(const ledger::Ledger& ledger, const std::vector<HandedOver>& submissions);
  int of(const Way& way) const;  // 0: nothing is known

 private:
  std::map<Way, int> grown_;
  std::set<Way> refused_;
};

struct Fitting {
  std::vector<const ledger::WaitingRun*> runs;
  std::vector<Bound> bounds;
};
// Of `ready`, what goes by everything else: what goes now, and how many of them. `hoping`: all that wait and may still
// go, whose refusals count.
Fitting fit(const ledger::Ledger& ledger, const std::vector<const ledger::WaitingRun*>& ready,
            const std::vector<const ledger::WaitingRun*>& hoping, const Growth& growth, Instant now);

}  // namespace tt::flow
