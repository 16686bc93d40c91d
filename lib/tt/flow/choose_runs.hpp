// tt/flow/choose_runs.hpp: which runs are handed over now, and why the others are not. Used under the workspace lock.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tt/flow/bad_nodes.hpp"
#include "tt/flow/expand.hpp"
#include "tt/flow/feed.hpp"
#include "tt/flow/moved.hpp"
#include "tt/flow/sayable.hpp"
#include "tt/flow/submit.hpp"

namespace tt::flow {

// What a run is handed over with: as this command was told, or as when the run was chosen before, where this command
// says nothing else.
enum class With { what_is_asked_now, what_was_asked };

// What these runs would be handed over with by a command that says no more than `around`.
Asked what_was_asked(const Surroundings& around, const ledger::Ledger& ledger, const RunId& run);

// --force: also runs whose last attempt is claimed, left no exit record and is not proved dead.
enum class Force { no, yes };

// The last attempt that counts: those before the last --again do not.
const ledger::AttemptState* attempt_since_again(const ledger::Ledger& ledger, const RunId& run);
// --again was asked for, and no attempt was handed over since.
bool is_begun_afresh(const ledger::Ledger& ledger, const RunId& run);
bool claimed_but_nobody_knows(const RunFolder& folder, const ledger::AttemptState& last, const ledger::Ledger& ledger);
// It was told as over before any job had claimed it, and one has: the next look follows that.
bool has_just_surfaced(const RunFolder& folder, const ledger::AttemptState& last, const ledger::Ledger& ledger);
// Takes the claim of an attempt nobody claimed, so that its job stops if it surfaces later. False: it just surfaced.
bool withdraw(const RunFolder& folder, const ledger::AttemptState& last, const ledger::Ledger& ledger,
              const Surroundings& around);

// Chooses among runs, one after the other, and counts what was not chosen. What cannot be asked for in the words it
// waits with is left out and told; words of this command that nobody takes are an Error.
class Chooser {
 public:
  // `throttle`: of arrays, as this command was told. All outlive it.
  Chooser(const Surroundings& around, const ledger::Ledger& ledger, Writing writing, Sayable& sayable,
          std::optional<int> throttle = std::nullopt);

  // Words of this command are looked at where they are said; here it only follows.
  void only_follows() { only_follows_ = true; }
  void goes_on_by_force(Force force) { force_ = force; }
  // Canaries that the sweep has no longer: what waits for them is chosen anew.
  void forget_canaries(std::set<RunId> lost) { lost_canaries_ = std::move(lost); }

  // Of a `run`: what is not done. `asked_afresh`: --again names it, so that an earlier cancel or canary says nothing.
  void offer_for_run(const ExpandedRun& run, bool asked_afresh);
  // Of a `retry`: what ended without being finished, or was cancelled before it was handed over.
  void offer_for_retry(const RunFolder& folder, const ledger::RunHistory& history, const RunId& run, Force force);
  // Somebody chose it before; what became of it meanwhile decides.
  void offer_waiting(const ledger::WaitingRun& waiting);

  void add_event(SweepEvent event) { choice_.events.push_back(std::move(event)); }
  std::size_t chosen() const { return choice_.runs.size(); }
  Choice choice() { return std::move(choice_); }
  std::int64_t finished_already() const { return finished_already_; }
  std::int64_t open_already() const { return open_already_; }
  std::vector<std::string> not_tried();  // "NAME: why", and of what cannot be said "2 runs cannot be handed over: why"
  // Runs that wait in vain here: what they wait with cannot be said, or their folders are made for another place.
  std::set<RunId> unsayable() { return std::move(unsayable_); }
  std::map<std::string, std::int64_t> waiting() { return std::move(waiting_); }  // why → how many

 private:
  void offer_again(const ExpandedRun& run, const ledger::WaitingRun& waiting);
  void offer_unbegun(const ExpandedRun& run);
  void offer_finished(const ExpandedRun& run, const ledger::AttemptState& last);
  void offer_by_policy(const ExpandedRun& run, const ledger::AttemptState& last);
  bool can_be_said(const RunRecord& record, const Asked& asked);
  void adopt_by_claim(const RunFolder& folder, const RunRecord& record, const ledger::AttemptState& last);
  void take(const RunFolder& folder, const RunRecord& record, const ledger::AttemptState* last, RetryMode mode,
            With with);

  const Surroundings& around_;
  const ledger::Ledger& ledger_;
  Writing writing_;
  Sayable& sayable_;
  Outlooks outlooks_;
  Originals originals_;
  std::optional<int> throttle_;
  bool only_follows_ = false;
  Force force_ = Force::no;
  std::set<RunId> lost_canaries_;
  Choice choice_;
  BadNodes bad_nodes_;
  std::int64_t finished_already_ = 0;
  std::int64_t open_already_ = 0;
  std::vector<std::string> not_tried_;
  std::set<RunId> unsayable_;
  std::map<std::string, std::int64_t> why_unsayable_;  // → how many
  std::map<std::string, std::int64_t> waiting_;
};

}  // namespace tt::flow
