#include "tt/ledger/fold.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace tt::ledger {
namespace {

constexpr int kLongestChain = 1000;  // of submissions that stand in for one another: a journal may be damaged

// Which runs an event tells of: they may be thousands.
class Among {
 public:
  explicit Among(const std::vector<RunId>& runs) {
    for (const RunId& run : runs) runs_.insert(run.text);
  }
  bool holds(const RunId& run) const { return runs_.contains(run.text); }

 private:
  std::unordered_set<std::string_view> runs_;
};

template <class Kind>
Rarely<Asked> asked_of(const Kind& event) {
  return event.asked.says_anything() ? Rarely<Asked>(event.asked) : Rarely<Asked>();
}

AttemptState* attempt_of(Ledger& ledger, const RunId& id, int number) {
  const auto run = ledger.runs.find(id);
  if (run == ledger.runs.end()) return nullptr;
  const auto found = run->second.attempts.find(number);
  return found == run->second.attempts.end() ? nullptr : &found->second;
}
AttemptState* attempt_of(Ledger& ledger, const AttemptKey& key) { return attempt_of(ledger, key.run, key.attempt); }
AttemptState* attempt_of(Ledger& ledger, const PlannedTask& task) { return attempt_of(ledger, task.run, task.attempt); }

SubmissionState* submission_of(Ledger& ledger, const Token& token) {
  const auto found = ledger.submissions.find(token);
  return found == ledger.submissions.end() ? nullptr : &found->second;
}

// Every attempt that was handed over with a token, whether the token still carries it or not.
template <class Act>
void for_attempts(Ledger& ledger, const SubmissionState& submission, Act act) {
  for (const PlannedTask& task : submission.runs) {
    if (AttemptState* attempt = attempt_of(ledger, task)) act(*attempt, task);
  }
}

// Applies one kind of event. Guards by token and time make a replay of an old event harmless.
struct Apply {
  Ledger& ledger;
  Instant time;

  void operator()(const Intent& e) const { intend(e, std::vector<PlannedTask>(e.runs)); }
  // `runs`: its own, which may be taken from it.
  void intend(const Intent& e, std::vector<PlannedTask> runs) const {
    const auto [place, is_new] = ledger.submissions.try_emplace(e.token);
    if (!is_new) return;
    place->second = {e.token,    e.site, e.scheduler, e.sweep, std::move(runs), time, Answer::none, {}, {},
                     e.replaces, {},     {},          e.by,    e.asked};
    if (SubmissionState* old = e.replaces ? submission_of(ledger, *e.replaces) : nullptr) old->replaced_by = e.token;
    for (const PlannedTask& task : place->second.runs) open_attempt(e, task);
  }
  // A second submission of an attempt stands in for one that was thought absent. When that one was taken after all, it
  // keeps the attempt; should the second be faster, its claim is found and moves the attempt.
  bool is_in_good_hands(const AttemptKey& key) const {
    const AttemptState* attempt = attempt_of(ledger, key);
    if (attempt == nullptr || attempt->closed) return false;
    const SubmissionState* carrier = submission_of(ledger, attempt->token);
    return carrier != nullptr && carrier->answer == Answer::accepted;
  }
  // Lines that were lost are written behind those of later submissions, and take nothing from these. What hands an
  // attempt over once more names the submission it stands in for.
  bool was_told_late(const Intent& e, const AttemptState& before) const {
    if (before.ended) return true;
    if (e.replaces == before.token) return false;
    const SubmissionState* carrier = submission_of(ledger, before.token);
    return !e.replaces || (carrier != nullptr && carrier->intended > time);
  }
  void open_attempt(const Intent& e, const PlannedTask& task) const {
    RunHistory& run = ledger.runs[task.run];
    if (time >= run.named) {
      run.named = time;
      run.name = task.name;
      run.folder = task.folder;
      run.site = e.site;
      run.asked = asked_of(e);
    }
    // Of an attempt that is told late, neither what waits since then nor a cancel is outdated.
    if (run.waiting && run.waiting->task.attempt <= task.attempt) run.waiting.reset();
    if (run.withdrawn && time >= *run.withdrawn) run.withdrawn.reset();
    if (task.mode == RetryMode::fresh) run.fresh_after = std::max(run.fresh_after, task.attempt - 1);
    if (e.replaces && is_in_good_hands({task.run, task.attempt})) return;
    // A cancel that was wanted before the second submission is still wanted.
    const AttemptState* before = attempt_of(ledger, task);
    if (before != nullptr && was_told_late(e, *before)) return;
    const std::optional<CancelAs> cancel_wanted = before == nullptr ? std::nullopt : before->cancel_wanted;
    AttemptState& fresh = run.attempts[task.attempt];
    if (before != nullptr) fresh = {};
    fresh.key = {task.run, task.attempt};
    fresh.mode = task.mode;
    fresh.sweep = e.sweep;
    fresh.token = e.token;
    fresh.index = task.index;
    fresh.cancel_wanted = cancel_wanted;
  }
  void operator()(const Answered& e) const { accept(e.token, e.job); }
  void accept(const Token& token, const JobId& job) const {
    SubmissionState* submission = submission_of(ledger, token);
    if (submission == nullptr) return;
    submission->answer = Answer::accepted;
    if (!submission->accepted || time < *submission->accepted) submission->accepted = time;
    submission->reason.clear();
    submission->absent_since.reset();
    if (!job.empty()) submission->job = job;
    for_attempts(ledger, *submission, [&](AttemptState& attempt, const PlannedTask&) {
      if (attempt.token != token) return;
      if (attempt.job.empty()) attempt.job = submission->job;
      attempt.absent_since.reset();
    });
    for (const PlannedTask& task : submission->runs) hand_back(attempt_of(ledger, task));
  }
  // What a refused second submission carried goes back to the earlier one that the scheduler took after all: that one
  // may still start. Not when a later attempt was opened meanwhile: before that the claim of this one was withdrawn.
  void hand_back(AttemptState* attempt) const {
    if (attempt == nullptr || !attempt->closed || attempt->ended) return;
    const AttemptKey& key = attempt->key;
    if (last_attempt(ledger, key.run) != attempt) return;
    const SubmissionState* earlier = submission_of(ledger, attempt->token);
    for (int steps = 0; earlier != nullptr && earlier->replaces && steps < kLongestChain; ++steps) {
      earlier = submission_of(ledger, *earlier->replaces);
      if (earlier == nullptr || earlier->answer != Answer::accepted) continue;
      for (const PlannedTask& task : earlier->runs) {
        if (AttemptKey{task.run, task.attempt} == key) return reopen(*attempt, *earlier, task.index);
      }
    }
  }
  // What was to be tried once more is under way after all.
  void wait_no_more(const AttemptState& attempt) const {
    if (last_attempt(ledger, attempt.key.run) == &attempt) ledger.runs[attempt.key.run].waiting.reset();
  }
  void reopen(AttemptState& attempt, const SubmissionState& carrier, int index) const {
    wait_no_more(attempt);
    attempt.token = carrier.token;
    attempt.index = index;
    attempt.job = carrier.job;
    attempt.state = RunState::submitted;
    attempt.reason.clear();
    attempt.closed = false;
  }
  void operator()(const Refused& e) const {
    SubmissionState* submission = submission_of(ledger, e.token);
    if (submission == nullptr || submission->answer == Answer::accepted) return;
    submission->answer = Answer::refused;
    submission->reason = e.reason;
    for_attempts(ledger, *submission, [&](AttemptState& attempt, const PlannedTask&) {
      if (attempt.token != e.token || attempt.ended) return;
      attempt.closed = true;
      attempt.state = RunState::planned;
      attempt.reason = e.reason;
      hand_back(&attempt);
    });
  }
  void operator()(const NoAnswer& e) const {
    SubmissionState* submission = submission_of(ledger, e.token);
    if (submission == nullptr || submission->answer != Answer::none) return;
    submission->answer = Answer::no_answer;
    submission->reason = e.why;
  }
  void operator()(const Adopted& e) const {
    SubmissionState* submission = submission_of(ledger, e.token);
    if (submission == nullptr) return;
    const Among these(e.runs);
    for_attempts(ledger, *submission, [&](AttemptState& attempt, const PlannedTask& task) {
      if (!these.holds(task.run)) return;
      take_over(attempt, e.token, task.index);
      if (attempt.token != e.token || attempt.closed) return;
      wait_no_more(attempt);
      if (!e.job.empty()) attempt.job = e.job;  // somebody may have handed the script over again by hand
    });
    // What the scheduler called it counts, not what a task calls itself.
    accept(e.token, e.by == "scheduler" || submission->job.empty() ? e.job : submission->job);
  }
  // The claim or result of this token was found: it is the one that trains, even after the attempt was given up.
  void take_over(AttemptState& attempt, const Token& token, int index) const {
    if (attempt.adopted == time && attempt.token == token) return;  // told again
    const bool is_settled = attempt.token == token && attempt.ended && !attempt.unclaimed;
    const bool surfaced_late =
        attempt.closed && !is_settled && (!attempt.ended || attempt.unclaimed || time > *attempt.ended);
    if (attempt.token == token && !surfaced_late) return;
    if (attempt.closed && !surfaced_late) return;
    if (attempt.adopted && time < *attempt.adopted) return;
    attempt.token = token;
    attempt.index = index;
    attempt.adopted = time;
    attempt.job = {};
    attempt.state = RunState::submitted;
    attempt.raw.clear();
    attempt.reason.clear();
    attempt.cause.clear();
    attempt.unclaimed = false;
    attempt.closed = false;
    attempt.ended.reset();
    attempt.over.reset();
  }
  void operator()(const Absent& e) const {
    SubmissionState* submission = submission_of(ledger, e.token);
    if (submission == nullptr || submission->answer == Answer::accepted) return;
    if (e.runs.empty() && !submission->absent_since) submission->absent_since = time;
    const Among these(e.runs);
    for_attempts(ledger, *submission, [&](AttemptState& attempt, const PlannedTask& task) {
      if (attempt.token != e.token || attempt.absent_since) return;
      if (e.runs.empty() || these.holds(task.run)) attempt.absent_since = time;
    });
  }
  void operator()(const Seen& e) const {
    if (AttemptState* attempt = attempt_of(ledger, e.attempt)) see(*attempt, e);
  }
  void operator()(const SeenTogether& e) const {
    const SubmissionState* submission = submission_of(ledger, e.token);
    if (submission == nullptr || e.indices.empty()) return;
    std::vector<bool> meant(static_cast<std::size_t>(*std::max_element(e.indices.begin(), e.indices.end())) + 1);
    for (const int index : e.indices) meant[static_cast<std::size_t>(index)] = true;
    for_attempts(ledger, *submission, [&](AttemptState& attempt, const PlannedTask& task) {
      const auto index = static_cast<std::size_t>(task.index);
      if (index < meant.size() && meant[index]) see(attempt, e);
    });
  }
  template <class Kind>
  void see(AttemptState& attempt, const Kind& e) const {
    if (attempt.closed || attempt.token != e.token) return;
    if (attempt.seen && time < *attempt.seen) return;
    attempt.seen = time;
    attempt.state = e.state;
    attempt.raw = e.raw;
    attempt.reason = e.reason;
    attempt.since = e.since;
    attempt.hopeless = e.hopeless;
  }
  void operator()(const CancelWanted& e) const {
    for (const AttemptKey& key : e.attempts) {
      if (AttemptState* attempt = attempt_of(ledger, key)) want_cancel(*attempt, e.as);
    }
  }
  // Who asked for `cancelled` is not overruled by an interrupted `run`.
  static void want_cancel(AttemptState& attempt, CancelAs as) {
    if (attempt.cancel_wanted != CancelAs::cancelled) attempt.cancel_wanted = as;
  }
  void operator()(const Ended& e) const {
    AttemptState* attempt = attempt_of(ledger, e.attempt);
    if (attempt == nullptr || attempt->ended) return;
    if (!e.token.empty() && attempt->token != e.token) return;
    if (attempt->adopted && time < *attempt->adopted) return;
    attempt->closed = true;
    attempt->state = e.state;
    attempt->cause = e.cause;
    attempt->node = e.node;
    attempt->unclaimed = e.unclaimed;
    attempt->ended = time;
    attempt->over = e.over;
  }
  void operator()(const Renamed& e) const {
    RunHistory& run = ledger.runs[e.run];
    if (time < run.named) return;
    run.named = time;
    run.name = e.to;
    if (!e.folder.empty()) run.folder = e.folder;
  }
  void operator()(const RetryUsed& e) const { ledger.runs[e.attempt.run].retries[e.attempt.attempt] = e.cause; }
  void operator()(const Again& e) const {
    RunHistory& run = ledger.runs[e.attempt.run];
    run.fresh_after = std::max(run.fresh_after, e.attempt.attempt);
    if (run.withdrawn && time >= *run.withdrawn) run.withdrawn.reset();
  }
  void operator()(const Waits& e) const {
    for (const PlannedTask& task : e.runs) {
      RunHistory& run = ledger.runs[task.run];
      const bool taken_since = run.attempts.contains(task.attempt) && !run.attempts.at(task.attempt).closed;
      if (taken_since || (run.withdrawn && time < *run.withdrawn)) continue;
      run.withdrawn.reset();
      if (time >= run.named) {
        run.named = time;
        run.name = task.name;
        run.folder = task.folder;
        run.site = e.site;
        run.asked = asked_of(e);
      }
      run.waiting = WaitingRun{task, e.sweep, e.why, e.after, e.at_most, time, e.site};
    }
  }
  void operator()(const WaitsNoMore& e) const {
    for (const RunId& id : e.runs) {
      const auto run = ledger.runs.find(id);
      if (run == ledger.runs.end() || !run->second.waiting || run->second.waiting->since > time) continue;
      run->second.waiting.reset();
      if (e.cancelled) run->second.withdrawn = time;
    }
  }
  void operator()(const Stopped& e) const {
    SweepPolicy& policy = ledger.policies[e.sweep];
    if (time < policy.counted_from) return;
    policy.stopped_for = e.cause;
    policy.stopped_times = e.times;
  }
  void operator()(const GoesOn& e) const {
    SweepPolicy& policy = ledger.policies[e.sweep];
    policy.stopped_for.clear();
    policy.counted_from = std::max(policy.counted_from, time);
  }
  void operator()(const Policy& e) const { ledger.policies[e.sweep].stop_after = e.stop_after; }
  void operator()(const UnknownEvent&) const {}
};

const AttemptState* last_attempt(const RunHistory& run) {
  return run.attempts.empty() ? nullptr : &run.attempts.rbegin()->second;
}

}  // namespace

void apply(Ledger& ledger, const Event& event) { std::visit(Apply{ledger, event.time}, event.body); }

void apply(Ledger& ledger, Event&& event) {
  if (auto* intent = std::get_if<Intent>(&event.body))
    Apply{ledger, event.time}.intend(*intent, std::move(intent->runs));
  else
    apply(ledger, std::as_const(event));
}

Ledger fold(std::span<const Event> events) {
  Ledger ledger;
  for (const Event& event : events) apply(ledger, event);
  return ledger;
}

std::vector<const AttemptState*> open_attempts(const Ledger& ledger) {
  std::vector<const AttemptState*> open;
  for (const auto& [id, run] : ledger.runs) {
    for (const auto& [number, attempt] : run.attempts) {
      if (!attempt.closed) open.push_back(&attempt);
    }
  }
  return open;
}

bool is_by_a_known_job(const Ledger& ledger, const ClaimRecord& claim, const AttemptKey& attempt) {
  const auto submission = ledger.submissions.find(Token{claim.token});
  if (claim.revoked || submission == ledger.submissions.end()) return false;
  const std::vector<PlannedTask>& runs = submission->second.runs;
  return std::any_of(runs.begin(), runs.end(), [&](const PlannedTask& task) {
    return task.attempt == attempt.attempt && task.run == attempt.run;
  });
}

bool carries_open_attempt(const Ledger& ledger, const SubmissionState& submission) {
  return std::any_of(submission.runs.begin(), submission.runs.end(), [&](const PlannedTask& task) {
    const AttemptState* attempt = find_attempt(ledger, {task.run, task.attempt});
    return attempt != nullptr && !attempt->closed && attempt->token == submission.token;
  });
}

std::vector<const AttemptState*> may_still_surface(const Ledger& ledger) {
  std::vector<const AttemptState*> may;
  for (const auto& [id, run] : ledger.runs) {
    const AttemptState* last = last_attempt(run);
    if (last == nullptr || !last->closed) continue;
    const auto submission = last->ended ? ledger.submissions.end() : ledger.submissions.find(last->token);
    const bool stands_in = submission != ledger.submissions.end() && submission->second.replaces.has_value();
    if (last->unclaimed || stands_in) may.push_back(last);
  }
  return may;
}

std::vector<const SubmissionState*> unanswered_submissions(const Ledger& ledger) {
  std::vector<const SubmissionState*> unanswered;
  for (const auto& [token, submission] : ledger.submissions) {
    const bool silent = submission.answer == Answer::none || submission.answer == Answer::no_answer;
    if (silent && carries_open_attempt(ledger, submission)) unanswered.push_back(&submission);
  }
  return unanswered;
}

std::vector<const WaitingRun*> waiting_runs(const Ledger& ledger) {
  std::vector<const WaitingRun*> waiting;
  for (const auto& [id, run] : ledger.runs) {
    if (run.waiting) waiting.push_back(&*run.waiting);
  }
  // The index is the place in the choice.
  std::stable_sort(waiting.begin(), waiting.end(), [](const WaitingRun* a, const WaitingRun* b) {
    return std::pair(a->since, a->task.index) < std::pair(b->since, b->task.index);
  });
  return waiting;
}

const WaitingRun* find_waiting(const Ledger& ledger, const RunId& run) {
  const auto found = ledger.runs.find(run);
  return found == ledger.runs.end() || !found->second.waiting ? nullptr : &*found->second.waiting;
}

bool is_withdrawn(const Ledger& ledger, const RunId& run) {
  const auto found = ledger.runs.find(run);
  return found != ledger.runs.end() && found->second.withdrawn;
}

bool was_refused(const AttemptState& attempt) {
  return attempt.closed && !attempt.ended && attempt.state == RunState::planned;
}

const AttemptState* last_attempt(const Ledger& ledger, const RunId& run) {
  const auto found = ledger.runs.find(run);
  return found == ledger.runs.end() ? nullptr : last_attempt(found->second);
}

const AttemptState* find_attempt(const Ledger& ledger, const AttemptKey& key) {
  const auto run = ledger.runs.find(key.run);
  if (run == ledger.runs.end()) return nullptr;
  const auto found = run->second.attempts.find(key.attempt);
  return found == run->second.attempts.end() ? nullptr : &found->second;
}

int next_attempt(const Ledger& ledger, const RunId& run) {
  const auto found = ledger.runs.find(run);
  if (found == ledger.runs.end()) return 1;
  const AttemptState* last = last_attempt(ledger, run);
  return std::max(last == nullptr ? 0 : last->key.attempt, found->second.fresh_after) + 1;
}

int retries_used(const Ledger& ledger, const RunId& run, const std::string& cause) {
  const auto found = ledger.runs.find(run);
  if (found == ledger.runs.end()) return 0;
  const RunHistory& history = found->second;
  return static_cast<int>(std::count_if(history.retries.begin(), history.retries.end(), [&](const auto& retry) {
    if (retry.first <= history.fresh_after || retry.second != cause) return false;
    const auto later = history.attempts.upper_bound(retry.first);
    const bool all_refused =
        std::all_of(later, history.attempts.end(), [](const auto& a) { return was_refused(a.second); });
    return later == history.attempts.end() || !all_refused;
  }));
}

int times_resubmitted(const Ledger& ledger, const Token& token) {
  int times = 0;
  const auto* submission = &ledger.submissions;
  for (auto at = submission->find(token); at != submission->end() && at->second.replaces && times < kLongestChain;
       ++times) {
    at = submission->find(*at->second.replaces);
  }
  return times;
}

}  // namespace tt::ledger
