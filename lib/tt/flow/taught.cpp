#include "tt/flow/taught.hpp"

#include <algorithm>

namespace tt::flow {
namespace {

constexpr Seconds kShortestPause{60}, kLongestPause{300};

const ledger::SubmissionState* submission_of(const ledger::Ledger& ledger, const Token& token) {
  const auto found = ledger.submissions.find(token);
  return found == ledger.submissions.end() ? nullptr : &found->second;
}

Way way_to(const std::string& site, const Asked& asked) { return {site, asked.account, asked.partition, asked.qos}; }

// How many attempts ended there since.
int ended_since(const ledger::Ledger& ledger, const std::string& site, Instant since) {
  int ended = 0;
  for (const auto& [id, run] : ledger.runs) {
    for (const auto& [number, attempt] : run.attempts) {
      if (!attempt.ended || *attempt.ended <= since) continue;
      const ledger::SubmissionState* carrier = submission_of(ledger, attempt.token);
      ended += site.empty() || carrier == nullptr || carrier->site == site ? 1 : 0;
    }
  }
  return ended;
}

// Every refusal leaves an attempt that was none. Those of one round, half as many each time, follow at once.
int rounds_of_refusals(const ledger::Ledger& ledger, const RunId& run) {
  const auto& attempts = ledger.runs.at(run).attempts;
  int rounds = 0;
  std::optional<Instant> round;
  for (auto at = attempts.rbegin(); at != attempts.rend() && ledger::was_refused(at->second); ++at) {
    const ledger::SubmissionState* refused = submission_of(ledger, at->second.token);
    if (refused == nullptr) continue;
    if (round && *round - refused->intended < std::chrono::duration_cast<Instant::duration>(kShortestPause)) continue;
    round = refused->intended;
    ++rounds;
  }
  return rounds;
}

Seconds pause_after_refusals(const ledger::Ledger& ledger, const RunId& run) {
  Seconds pause = kShortestPause;
  for (int i = rounds_of_refusals(ledger, run); i > 1 && pause < kLongestPause; --i) pause *= 2;
  return std::min(pause, kLongestPause);
}

struct Taught {
  int at_most = 0;                               // 0: nothing
  const ledger::WaitingRun* last_one = nullptr;  // not even this one was taken
  std::string why;
};

std::map<Way, Taught> taught_by_refusals(const ledger::Ledger& ledger,
                                         const std::vector<const ledger::WaitingRun*>& hoping) {
  std::map<Way, Taught> all;
  for (const ledger::WaitingRun* waiting : hoping) {
    if (waiting->at_most == 0) continue;
    Taught& taught = all[way_of(ledger, *waiting)];
    if (taught.at_most == 0 || waiting->at_most <= taught.at_most) {
      taught.at_most = waiting->at_most;
      taught.why = waiting->why;
    }
    if (waiting->later && (taught.last_one == nullptr || taught.last_one->since < waiting->since))
      taught.last_one = waiting;
  }
  return all;
}

// Of a way that takes some: how many. As many at least as room was made for since.
Bound bound_of(const ledger::Ledger& ledger, const Way& way, const Taught& taught, const Growth& growth) {
  Bound bound{std::max(taught.at_most, growth.of(way)), taught.why, {}};
  if (taught.last_one != nullptr)
    bound.at_most = std::max(bound.at_most, ended_since(ledger, way.site, taught.last_one->since));
  return bound;
}

}  // namespace

Way way_of(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting) {
  const auto history = ledger.runs.find(waiting.task.run);
  return way_to(waiting.site, history == ledger.runs.end() ? Asked{} : history->second.asked);
}

bool goes_again(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting, Instant now) {
  const Seconds pause = pause_after_refusals(ledger, waiting.task.run);
  return now - waiting.since >= std::chrono::duration_cast<Instant::duration>(pause) ||
         ended_since(ledger, waiting.site, waiting.since) > 0;
}

void Growth::learn(const ledger::Ledger& ledger, const std::vector<HandedOver>& submissions) {
  for (const HandedOver& one : submissions) {
    const ledger::SubmissionState* submission = submission_of(ledger, one.token);
    if (submission == nullptr) continue;
    const Way way = way_to(submission->site, submission->asked);
    if (one.for_now) refused_.insert(way);
    grown_[way] = std::max(grown_[way], 2 * static_cast<int>(one.runs));
  }
}

int Growth::of(const Way& way) const {
  const auto found = grown_.find(way);
  return found == grown_.end() || refused_.contains(way) ? 0 : found->second;
}

Fitting fit(const ledger::Ledger& ledger, const std::vector<const ledger::WaitingRun*>& ready,
            const std::vector<const ledger::WaitingRun*>& hoping, const Growth& growth, Instant now) {
  Fitting fitting;
  std::map<Way, Bound> bounds;
  std::set<Way> full;
  for (const auto& [way, taught] : taught_by_refusals(ledger, hoping)) {
    if (taught.last_one != nullptr && !goes_again(ledger, *taught.last_one, now))
      full.insert(way);
    else
      bounds.emplace(way, bound_of(ledger, way, taught, growth));
  }
  for (const ledger::WaitingRun* waiting : ready) {
    const Way way = way_of(ledger, *waiting);
    if (full.contains(way)) continue;
    fitting.runs.push_back(waiting);
    if (const auto bound = bounds.find(way); bound != bounds.end()) bound->second.runs.insert(waiting->task.run);
  }
  for (auto& [way, bound] : bounds) {
    if (!bound.runs.empty()) fitting.bounds.push_back(std::move(bound));
  }
  return fitting;
}

}  // namespace tt::flow
