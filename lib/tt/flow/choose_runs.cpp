#include "tt/flow/choose_runs.hpp"

#include <fmt/format.h>

#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/retry_policy.hpp"

namespace tt::flow {

// The last attempt that counts: those before the last --again do not.
const ledger::AttemptState* attempt_since_again(const ledger::Ledger& ledger, const RunId& run) {
  const ledger::AttemptState* last = ledger::last_attempt(ledger, run);
  if (last == nullptr || last->key.attempt <= ledger.runs.at(run).fresh_after) return nullptr;
  return last;
}

// --again was asked for, and no attempt was handed over since.
bool is_begun_afresh(const ledger::Ledger& ledger, const RunId& run) {
  const auto history = ledger.runs.find(run);
  return history != ledger.runs.end() && history->second.fresh_after > 0 && attempt_since_again(ledger, run) == nullptr;
}

namespace {

enum class Claimed { by_nobody, withdrawn, by_a_job_of_ours, by_an_unknown_job, by_an_unknown_job_that_ended };

Claimed claimed(const RunFolder& folder, const ledger::AttemptState& last, const ledger::Ledger& ledger) {
  const auto claim = claim_of(folder, last.key);
  if (!claim) return Claimed::by_nobody;
  if (claim->revoked) return Claimed::withdrawn;
  if (ledger::is_by_a_known_job(ledger, *claim, last.key)) return Claimed::by_a_job_of_ours;
  return load_exit_record(folder.attempt_exit(last.key.attempt)) ? Claimed::by_an_unknown_job_that_ended
                                                                 : Claimed::by_an_unknown_job;
}

}  // namespace

bool claimed_but_nobody_knows(const RunFolder& folder, const ledger::AttemptState& last, const ledger::Ledger& ledger) {
  switch (claimed(folder, last, ledger)) {
    case Claimed::by_nobody:
    case Claimed::withdrawn:
    case Claimed::by_an_unknown_job_that_ended:
      return false;
    case Claimed::by_a_job_of_ours:
      return last.state == RunState::lost && !last.unclaimed;
    case Claimed::by_an_unknown_job:
      return true;
  }
  return false;
}

bool has_just_surfaced(const RunFolder& folder, const ledger::AttemptState& last, const ledger::Ledger& ledger) {
  return last.unclaimed && claimed(folder, last, ledger) == Claimed::by_a_job_of_ours;
}

// Takes the claim of an attempt nobody claimed, so that its job stops if it surfaces later. False: it just surfaced.
bool withdraw(const RunFolder& folder, const ledger::AttemptState& last, const ledger::Ledger& ledger,
              const Surroundings& around) {
  if (!is_there(folder.path())) return true;
  switch (claimed(folder, last, ledger)) {
    case Claimed::by_nobody:
      break;
    case Claimed::withdrawn:
    case Claimed::by_an_unknown_job_that_ended:
    case Claimed::by_an_unknown_job:  // whoever goes on says --force
      return true;
    case Claimed::by_a_job_of_ours:
      // Refused, and claimed all the same: by an earlier submission of the same attempt, whose answer was lost. Or told
      // as over before anybody claimed it.
      return !(ledger::was_refused(last) || last.unclaimed);
  }
  ClaimRecord ours;
  ours.run = last.key.run.text;
  ours.attempt = last.key.attempt;
  ours.token = last.token.text;
  ours.index = last.index;
  ours.job = "tt-submit";
  ours.host = around.host;
  ours.nonce = random_hex(16);
  ours.revoked = true;
  const ClaimRecord stands = revoke_claim(folder, ours);
  return stands.revoked || stands.run != last.key.run.text;  // another run's stops the job as well
}

// At another site an account or a partition of this one means nothing.
Asked what_was_asked(const Surroundings& around, const ledger::Ledger& ledger, const RunId& run) {
  const auto history = ledger.runs.find(run);
  const bool here = history != ledger.runs.end() && history->second.site == around.site.profile.name;
  return here ? over(around.said, over(history->second.asked.or_none(), around.asked)) : around.asked;
}

Chooser::Chooser(const Surroundings& around, const ledger::Ledger& ledger, Writing writing, Sayable& sayable,
                 std::optional<int> throttle)
    : around_(around),
      ledger_(ledger),
      writing_(writing),
      sayable_(sayable),
      outlooks_(ledger, around.clock->now()),
      originals_(around.workspace),
      throttle_(throttle),
      bad_nodes_(ledger) {}

std::vector<std::string> Chooser::not_tried() {
  for (const auto& [why, count] : why_unsayable_)
    not_tried_.push_back(fmt::format("{} cannot be handed over: {}", plural(count, "run"), why));
  why_unsayable_.clear();
  return std::move(not_tried_);
}

// Chosen before, and not handed over yet. Behind a canary only that, `release` or --again lets it go; where there was
// no room it is tried again.
void Chooser::offer_again(const ExpandedRun& run, const ledger::WaitingRun& waiting) {
  const Outlook outlook = outlooks_.of(waiting);
  const bool has_canary = waiting.after && !lost_canaries_.contains(*waiting.after);
  if (has_canary && outlook.readiness != Readiness::ready) {
    // What a person has to decide is told at the end of every command; a dry run has no other place for it.
    if (writing_ == Writing::no || outlook.readiness != Readiness::never) ++waiting_[outlook.why];
  } else {
    take(run.folder, run.record, ledger::last_attempt(ledger_, run.record.id), waiting.task.mode, With::what_was_asked);
  }
}

void Chooser::offer_for_run(const ExpandedRun& run, bool asked_afresh) {
  if (run.outcome == Outcome::kept) {
    const ledger::AttemptState* open = ledger::last_attempt(ledger_, run.record.id);
    if (open != nullptr && !open->closed) ++open_already_;
    not_tried_.push_back(run.record.name +
                         ": the sweep changed since it was started; --again starts it afresh once it ended");
    return;
  }
  if (!asked_afresh && ledger::is_withdrawn(ledger_, run.record.id)) {
    not_tried_.push_back(run.record.name + ": cancelled, waits for `tt-submit retry`");
    return;
  }
  const ledger::WaitingRun* waiting = ledger::find_waiting(ledger_, run.record.id);
  if (!asked_afresh && waiting != nullptr) return offer_again(run, *waiting);
  const ledger::AttemptState* last = attempt_since_again(ledger_, run.record.id);
  if (last == nullptr) {
    offer_unbegun(run);
  } else if (!last->closed) {
    ++open_already_;
  } else if (last->state == RunState::finished) {
    offer_finished(run, *last);
  } else if (last->state == RunState::planned || last->state == RunState::preempted) {
    // After a refusal it is for the command to say it better.
    take(run.folder, run.record, last, RetryMode::resume,
         ledger::was_refused(*last) ? With::what_is_asked_now : With::what_was_asked);
  } else {
    offer_by_policy(run, *last);
  }
}

void Chooser::offer_for_retry(const RunFolder& folder, const ledger::RunHistory& history, const RunId& run,
                              Force force) {
  const auto record = folder.load_record();
  const std::string& name = history.name;
  const ledger::AttemptState* last = ledger::last_attempt(ledger_, run);
  force_ = force;
  if (last == nullptr && !history.withdrawn) return;  // never handed over: `run` is for that
  const bool has_ended = last != nullptr && !history.withdrawn;
  if (last != nullptr && !last->closed) {
    not_tried_.push_back(fmt::format("{}: still {}; `tt-submit cancel` ends it", name, to_string(last->state)));
  } else if (has_ended && last->state == RunState::finished) {
    not_tried_.push_back(name + ": finished; `tt-submit run --again` starts it afresh");
  } else if (last != nullptr && force == Force::no && claimed_but_nobody_knows(folder, *last, ledger_)) {
    not_tried_.push_back(name +
                         ": its last attempt was started and nobody can say whether it still runs; --force retries it");
  } else if (!record) {
    not_tried_.push_back(name + ": its folder is half made; `tt-sweep expand` repairs it");
  } else if (record->id != run) {
    not_tried_.push_back(name + ": its folder holds a run of other settings by now");
  } else {
    take(folder, *record, last, is_begun_afresh(ledger_, run) ? RetryMode::fresh : RetryMode::resume,
         With::what_was_asked);
  }
}

void Chooser::offer_waiting(const ledger::WaitingRun& waiting) {
  const RunFolder folder(waiting.task.folder);
  const ledger::AttemptState* last = ledger::last_attempt(ledger_, waiting.task.run);
  const auto record = folder.load_record();
  if (last != nullptr && !last->closed) return;
  if (!record || record->id != waiting.task.run) {
    not_tried_.push_back(waiting.task.name + ": its folder holds another run by now, or none");
    add_event({waiting.sweep, ledger::WaitsNoMore{{waiting.task.run}, false}});
  } else if (const auto* counts = attempt_since_again(ledger_, waiting.task.run);
             counts != nullptr && counts->state == RunState::finished) {
    add_event({waiting.sweep, ledger::WaitsNoMore{{waiting.task.run}, false}});
  } else {
    take(folder, *record, last, waiting.task.mode, With::what_was_asked);
  }
}

void Chooser::offer_unbegun(const ExpandedRun& run) {
  const bool afresh = is_begun_afresh(ledger_, run.record.id);
  if (run.folder.last_attempt() > 0 && !afresh) {
    not_tried_.push_back(run.record.name +
                         ": it was started by a submission nobody here remembers; --again starts it afresh, once "
                         "nothing of it runs any more");
  } else {
    take(run.folder, run.record, ledger::last_attempt(ledger_, run.record.id),
         afresh ? RetryMode::fresh : RetryMode::resume, With::what_is_asked_now);
  }
}

// The folder is the truth: a finish that left nothing in it is none any more.
void Chooser::offer_finished(const ExpandedRun& run, const ledger::AttemptState& last) {
  if (run.folder.last_attempt() >= last.key.attempt) {
    ++finished_already_;
  } else {
    not_tried_.push_back(run.record.name + ": it finished, but its results are gone; --again trains it anew");
  }
}

void Chooser::offer_by_policy(const ExpandedRun& run, const ledger::AttemptState& last) {
  const RetryDecision decision = decide_retry(ledger_, last);
  if (decision.retry && decision.not_before <= around_.clock->now()) {
    const std::size_t before = chosen();
    take(run.folder, run.record, &last, RetryMode::resume, With::what_was_asked);
    if (chosen() > before) add_event({run.record.sweep, ledger::RetryUsed{last.key, last.cause}});
    return;
  }
  const std::string cause = last.cause.empty() ? "" : fmt::format(" ({})", last.cause);
  not_tried_.push_back(
      fmt::format("{}: {}{}, {}", run.record.name, to_string(last.state), cause,
                  decision.retry ? "`tt-submit run` or `wait` tries it again after " + iso_time(decision.not_before)
                                 : "waits for `tt-submit retry`"));
}

// The attempt was closed, so nobody looks for its claim any more.
void Chooser::adopt_by_claim(const RunFolder& folder, const RunRecord& record, const ledger::AttemptState& last) {
  const auto claim = claim_of(folder, last.key);
  if (!claim || !last.closed || !ledger::is_by_a_known_job(ledger_, *claim, last.key)) return;
  add_event({record.sweep,
             ledger::Adopted{Token{claim->token}, job_of_task(claim->job, claim->index), "claim", {record.id}}});
}

bool Chooser::can_be_said(const RunRecord& record, const Asked& asked) {
  const std::string& why = sayable_.why_not(asked);
  if (why.empty()) return true;
  if (!only_follows_) sayable_.check(around_.asked);
  unsayable_.insert(record.id);
  ++why_unsayable_[why];
  return false;
}

void Chooser::take(const RunFolder& folder, const RunRecord& record, const ledger::AttemptState* last, RetryMode mode,
                   With with) {
  Asked asked = with == With::what_was_asked ? what_was_asked(around_, ledger_, record.id) : around_.asked;
  if (throttle_) asked.throttle = throttle_;
  if (!can_be_said(record, asked)) return;
  if (const std::string root = originals_.root_of(folder.path().string()); !root.empty()) {
    unsayable_.insert(record.id);
    not_tried_.push_back(record.name + ": " + of_the_original(root));
    return;
  }
  // The record that lies there: an expand tells how it would be made now.
  const auto standing = last == nullptr ? std::nullopt : folder.load_record();
  if (const RunRecord& made = standing ? *standing : record; was_moved(made, folder)) {
    unsayable_.insert(record.id);
    not_tried_.push_back(record.name + ": " + where_it_was_made(made));
    return;
  }
  if (writing_ == Writing::yes && last != nullptr && force_ == Force::no &&
      claimed(folder, *last, ledger_) == Claimed::by_an_unknown_job) {
    not_tried_.push_back(
        record.name +
        ": a job of which nothing is remembered here holds its last attempt, and nobody can say whether "
        "it still runs; `tt-submit retry --force` goes on all the same");
    return;
  }
  if (writing_ == Writing::yes && last != nullptr && !withdraw(folder, *last, ledger_, around_)) {
    not_tried_.push_back(record.name + ": a job of its last attempt has just surfaced; look again in a moment");
    adopt_by_claim(folder, record, *last);
    return;
  }
  choice_.runs.push_back({folder, record, mode, bad_nodes_.avoided_by(record.id), std::move(asked)});
}

}  // namespace tt::flow
