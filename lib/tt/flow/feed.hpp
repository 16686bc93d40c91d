// tt/flow/feed.hpp: what was chosen and waits, for room at the scheduler or for a canary: what it waits for, and
// handing it over once it may go.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tt/flow/refresh.hpp"
#include "tt/flow/submit.hpp"
#include "tt/flow/taught.hpp"

namespace tt::flow {

enum class Readiness {
  ready,
  not_yet,  // time passes and it goes
  never     // a person has to say how it goes on
};
struct Outlook {
  Readiness readiness = Readiness::ready;
  std::string why;   // what it waits for: "goes once the canary _bs1 is finished"
  std::string next;  // never: what a person does
};
// Of what waits in a ledger, at an instant. The rest behind a canary goes once the canary is finished, whichever
// attempt of it; a canary that ended otherwise keeps it until that changes, or until `release`. A sweep that was
// stopped keeps everything. `site`: the one of the command, which hands over what was chosen for it; empty: whichever.
// Pure.
class Outlooks {
 public:
  // The ledger outlives it.
  Outlooks(const ledger::Ledger& ledger, Instant now, std::string site = "")
      : ledger_(ledger), now_(now), site_(std::move(site)), taught_(ledger) {}
  Outlook of(const ledger::WaitingRun& waiting);
  // What waits since the same instant for the same is judged once.
  Readiness readiness(const ledger::WaitingRun& waiting);
  Taught& taught() { return taught_; }

 private:
  const ledger::Ledger& ledger_;
  Instant now_;
  std::string site_;
  Taught taught_;
  const ledger::WaitingRun* before_ = nullptr;
  Readiness judged_ = Readiness::never;
};

// It waits to be handed over by commands for this site, and can be: neither its canary failed nor its sweep was
// stopped.
bool is_waiting_to_go(const ledger::Ledger& ledger, const RunId& run, Outlooks& outlooks);

struct RetryReport {
  std::vector<HandedOver> submissions;
  std::int64_t handed_over = 0;
  std::vector<std::string> not_tried;  // "NAME: why"
  std::int64_t held_back = 0;          // chosen, and handed over later: `why_held_back`
  std::string why_held_back;
  std::set<RunId> unsayable;  // wait, and their scheduler has no words for what they were asked for: among `not_tried`
  std::set<RunId> meant;      // whom `handed_over` and `held_back` count; empty: all
  bool did_nothing() const { return submissions.empty() && held_back == 0; }
};
// After a refusal for want of room: as many as are taken, in smaller parts, until not even one is. The refusals leave
// the report, and what is left is held back.
void hand_over_in_parts(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                        RetryReport& report);
// Hands over what waits, as far as it may go now. Called whenever a command that follows looks: `seen` is the journals
// as of that look, so that the common case, nothing to do, costs no lock and no second reading.
RetryReport feed(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                 const ledger::Ledger& seen);

}  // namespace tt::flow
