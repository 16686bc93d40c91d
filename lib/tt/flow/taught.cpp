#include "tt/flow/taught.hpp"

#include <algorithm>

namespace tt::flow {
namespace {

constexpr Seconds kShortestPause{60}, kLongestPause{300};

Instant::duration length(Seconds seconds) { return std::chrono::duration_cast<Instant::duration>(seconds); }

Way way_to(const std::string& site, const Asked& asked) { return {site, asked.account, asked.partition, asked.qos}; }

// Refusals since something was taken, half as many each time, follow at once and are one round.
Seconds pause_after(std::vector<Instant> said_no, Instant said_yes) {
  std::sort(said_no.begin(), said_no.end(), std::greater<>());
  int rounds = 0;
  std::optional<Instant> later;
  for (const Instant time : said_no) {
    if (time < said_yes) break;
    if (!later || *later - time >= length(kShortestPause)) ++rounds;
    later = time;
  }
  Seconds pause = kShortestPause;
  for (; rounds > 1 && pause < kLongestPause; --rounds) pause *= 2;
  return std::min(pause, kLongestPause);
}

}  // namespace

Way way_of(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting) {
  const auto history = ledger.runs.find(waiting.task.run);
  return way_to(waiting.site, history == ledger.runs.end() ? Asked{} : history->second.asked.or_none());
}

void Taught::read() {
  if (is_read_) return;
  is_read_ = true;
  for (const auto& [token, submission] : ledger_.submissions) {
    Known& known = ways_[way_to(submission.site, submission.asked)];
    known.told = std::max(known.told, submission.intended);
    if (submission.answer == ledger::Answer::accepted) known.said_yes = std::max(known.said_yes, submission.intended);
    if (submission.answer == ledger::Answer::refused) {
      known.said_no.push_back(submission.intended);
      known.refused = std::max(known.refused, submission.intended);
    } else if (!submission.replaced_by) {
      known.went.emplace_back(submission.intended, static_cast<int>(submission.runs.size()));
    }
  }
  for (const auto& [id, run] : ledger_.runs) {
    if (run.waiting && run.waiting->at_most > 0) {
      Known& known = ways_[way_to(run.waiting->site, run.asked.or_none())];
      known.is_refused = true;
      known.told = std::max(known.told, run.waiting->since);
      known.refused = std::max(known.refused, run.waiting->since);
      if (known.why.empty() || run.waiting->since > known.since) known.why = run.waiting->why;
      known.since = std::max(known.since, run.waiting->since);
    }
    for (const auto& [number, attempt] : run.attempts) {
      if (!attempt.ended) continue;
      const auto carrier = ledger_.submissions.find(attempt.token);
      all_ended_.push_back(*attempt.ended);
      if (carrier != ledger_.submissions.end())
        ways_[way_to(carrier->second.site, carrier->second.asked)].ended.push_back(*attempt.ended);
    }
  }
}

WayNow Taught::judge(const Way& way, const Known& known, Instant time) const {
  const std::vector<Instant>& ends = way.site.empty() ? all_ended_ : known.ended;  // older journals name no site
  const auto since_then = [&](Instant when) { return when > known.refused; };
  int free = static_cast<int>(std::count_if(ends.begin(), ends.end(), since_then));
  for (const auto& [when, runs] : known.went) free -= since_then(when) ? runs : 0;
  if (free > 0) return {free, time - known.refused >= length(kLongestPause), known.why};
  const bool goes = time - known.told >= length(pause_after(known.said_no, known.said_yes));
  return {goes ? 1 : 0, goes, known.why};
}

std::optional<WayNow> Taught::now(const Way& way, Instant time) {
  read();
  const auto found = ways_.find(way);
  if (found == ways_.end() || !found->second.is_refused) return std::nullopt;
  if (judged_at_ != time) judged_.clear();
  judged_at_ = time;
  const auto [judged, is_new] = judged_.try_emplace(way);
  if (is_new) judged->second = judge(way, found->second, time);
  return judged->second;
}

void Lessons::learn(const ledger::Ledger& ledger, const std::vector<HandedOver>& part, const std::set<Way>& probing) {
  struct Result {
    int taken = 0;
    std::optional<int> smallest_refused;
    bool not_even_a_part = false;
  };
  std::map<Way, Result> results;
  for (const HandedOver& one : part) {
    const auto submission = ledger.submissions.find(one.token);
    if (submission == ledger.submissions.end()) continue;
    Result& result = results[way_to(submission->second.site, submission->second.asked)];
    const int runs = static_cast<int>(one.runs);
    if (one.refused.empty()) result.taken += runs;
    if (!one.for_now) continue;
    result.smallest_refused = std::min(result.smallest_refused.value_or(runs), runs);
    result.not_even_a_part = result.not_even_a_part || one.not_even_a_part;
  }
  for (const auto& [way, result] : results) {
    Lesson& lesson = lessons_[way];
    if (lesson.room_below) *lesson.room_below -= result.taken;
    if (result.smallest_refused)
      lesson.room_below = std::min(lesson.room_below.value_or(*result.smallest_refused), *result.smallest_refused);
    if (result.not_even_a_part) lesson.room_below = 0;
    if (lesson.room_below)
      lesson.next = std::max(0, *lesson.room_below / 2);
    else
      lesson.next = probing.contains(way) ? 2 * result.taken : 0;
    if (result.taken == 0 && !result.smallest_refused) lesson.next = 0;
  }
}

std::optional<int> Lessons::next(const Way& way) const {
  const auto found = lessons_.find(way);
  return found == lessons_.end() ? std::nullopt : std::optional(found->second.next);
}

bool Lessons::any_goes_on() const {
  return std::any_of(lessons_.begin(), lessons_.end(), [](const auto& one) { return one.second.next > 0; });
}

Fitting fit(const ledger::Ledger& ledger, const std::vector<const ledger::WaitingRun*>& ready, Taught& taught,
            const Lessons& lessons, Instant now) {
  Fitting fitting;
  std::map<Way, Bound> bounds;
  std::set<Way> free;
  const auto judge = [&](const Way& way) {
    if (bounds.contains(way) || free.contains(way)) return;
    std::optional<WayNow> room = taught.now(way, now);
    if (const auto next = lessons.next(way)) {
      // What went on as it began: a probe that grows.
      room = WayNow{*next, true, room ? room->why : std::string()};
    }
    if (!room) {
      free.insert(way);
      return;
    }
    bounds[way] = {room->at_most, room->why, {}};
    if (room->is_probe) fitting.probing.insert(way);
  };
  for (const ledger::WaitingRun* waiting : ready) {
    const Way way = way_of(ledger, *waiting);
    judge(way);
    const auto bound = bounds.find(way);
    if (bound != bounds.end() && bound->second.at_most == 0) continue;
    fitting.runs.push_back(waiting);
    if (bound != bounds.end()) bound->second.runs.insert(waiting->task.run);
  }
  for (auto& [way, bound] : bounds) {
    if (!bound.runs.empty()) fitting.bounds.push_back(std::move(bound));
  }
  return fitting;
}

}  // namespace tt::flow
