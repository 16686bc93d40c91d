#include "tt/flow/refresh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/heard.hpp"
#include "tt/flow/moved.hpp"
#include "tt/flow/settle.hpp"
#include "tt/flow/submit.hpp"
#include "tt/ledger/submission_folder.hpp"
#include "tt/scheduler/choose.hpp"

namespace tt::flow {
namespace {

constexpr int kMostResubmissions = 2;
constexpr Seconds kMayBeBack{std::chrono::hours{24}};  // what is over longer is not asked about

// One refresh: collects events while it asks, writes them down at the end.
class Refresh {
 public:
  Refresh(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
          Unwritable unwritable)
      : around_(around),
        schedulers_(schedulers),
        unwritable_(unwritable),
        ledger_(load_history(around.workspace, sweeps)) {}

  RefreshReport run() {
    if (const std::string where = where_jobs_look_in_vain(ledger_, around_.workspace); !where.empty())
      log::warn_once(where);
    for (const ledger::SubmissionState* submission : ledger::unanswered_submissions(ledger_)) look_for(*submission);
    for (const ledger::AttemptState* attempt : ledger::may_still_surface(ledger_)) adopt_what_surfaced(*attempt);
    write_down();  // what was found is asked about at once
    ask_about_open_attempts();
    note_sightings();
    write_down();
    report_.ledger = std::move(ledger_);
    for (SiteAnswer& answer : report_.sites)
      answer.heard = answer.asked ? note_heard(around_, answer.site) : last_heard(around_, answer.site);
    return std::move(report_);
  }

 private:
  scheduler::Scheduler* scheduler_of(const std::string& site, const Token& token) {
    std::string why;
    const Schedulers::Site* found = schedulers_.find(site, token, why);
    if (found != nullptr) return found->scheduler.get();
    could_not_ask(site, why);
    return nullptr;
  }

  SiteAnswer& answer_of(const std::string& site) {
    const auto found = std::find_if(report_.sites.begin(), report_.sites.end(),
                                    [&](const SiteAnswer& answer) { return answer.site == site; });
    if (found != report_.sites.end()) return *found;
    report_.sites.push_back({site, true, ""});
    return report_.sites.back();
  }
  void could_not_ask(const std::string& site, const std::string& why) {
    SiteAnswer& answer = answer_of(site);
    answer.asked = false;
    answer.why = why;
  }

  // What is adopted of one job is one event, and comes before what is seen of it.
  void write_down() {
    tell_surfaced();
    std::vector<SweepEvent> adopted;
    for (auto& [of, runs] : adoptions_) {
      const auto& [sweep, token, job, by] = of;
      adopted.push_back({sweep, ledger::Adopted{token, job, by, std::move(runs)}});
    }
    adoptions_.clear();
    events_.insert(events_.begin(), std::make_move_iterator(adopted.begin()), std::make_move_iterator(adopted.end()));
    if (tries_to([&] { record(around_, events_); })) report_.wrote = report_.wrote || !events_.empty();
    const Instant now = std::chrono::floor<std::chrono::seconds>(around_.clock->now());  // as the journal says it
    for (std::vector<SweepEvent>* seen : {&events_, &not_to_be_written_}) {
      for (const SweepEvent& event : *seen) ledger::apply(ledger_, {now, event.body});
      seen->clear();
    }
  }

  void tell_surfaced() {
    if (surfaced_.empty()) return;
    const ledger::AttemptState& first = *surfaced_.front();
    const std::string others =
        surfaced_.size() > 1
            ? fmt::format(" and {}", plural(static_cast<std::int64_t>(surfaced_.size()) - 1, "other run"))
            : "";
    log::note(fmt::format("{}{}: told as {}, and the job is there after all", ledger_.runs.at(first.key.run).name,
                          others, to_string(first.state)));
    surfaced_.clear();
  }

  // After the first write that failed no other is tried.
  template <class Write>
  bool tries_to(Write write) {
    if (cannot_write_) return false;
    try {
      write();
      return true;
    } catch (const Error& error) {
      if (unwritable_ == Unwritable::is_an_error) throw;
      cannot_write_ = true;
      log::warn_once(fmt::format("what is seen is not written down, and is looked for again: {}", error.what()));
      return false;
    }
  }

  bool is_still_at_work(const ledger::SubmissionState& submission) const {
    return submission.answer == ledger::Answer::none && submission.by && submission.by->host == around_.host &&
           is_alive(submission.by->process);
  }

  // An intent without an answer: the scheduler is asked for the token, then the run folders.
  void look_for(const ledger::SubmissionState& submission) {
    if (is_still_at_work(submission)) return;
    scheduler::Scheduler* scheduler = scheduler_of(submission.site, submission.token);
    if (scheduler == nullptr) return;
    const scheduler::FindAnswer answer = scheduler->find(submission.token);
    if (const auto* found = std::get_if<scheduler::Found>(&answer)) {
      add(submission.sweep, ledger::Adopted{submission.token, found->job, "scheduler", {}});
      return;
    }
    if (const auto* trouble = std::get_if<scheduler::CouldNotAsk>(&answer)) {
      could_not_ask(submission.site, trouble->why);
      return;
    }
    answer_of(submission.site);
    if (adopt_by_claims(submission)) return;
    settle_absence(submission, scheduler->settle_time());
  }

  std::optional<ClaimRecord> claim_on(const AttemptKey& attempt) const {
    return claim_of(RunFolder(ledger_.runs.at(attempt.run).folder), attempt);
  }

  // A claim with the token proves that the job went in.
  bool adopt_by_claims(const ledger::SubmissionState& submission) {
    bool adopted = false;
    for (const PlannedTask& task : submission.runs) {
      const auto claim = claim_on({task.run, task.attempt});
      if (!claim || claim->revoked || claim->token != submission.token.text) continue;
      adopt(submission.sweep, *claim, task.run);
      adopted = true;
    }
    return adopted;
  }
  void adopt(const std::string& sweep, const ClaimRecord& claim, const RunId& run) {
    adoptions_[{sweep, Token{claim.token}, job_of_task(claim.job, claim.index), "claim"}].push_back(run);
  }

  // Told as over, and a job has claimed it since.
  void adopt_what_surfaced(const ledger::AttemptState& attempt) {
    const auto claim = claim_on(attempt.key);
    if (!claim || !ledger::is_by_a_known_job(ledger_, *claim, attempt.key)) return;
    adopt(attempt.sweep, *claim, attempt.key.run);
    surfaced_.push_back(&attempt);
  }

  void settle_absence(const ledger::SubmissionState& submission, Seconds settle_time) {
    const Instant now = around_.clock->now();
    if (!submission.absent_since) add(submission.sweep, ledger::Absent{submission.token, {}});
    const Instant since = submission.absent_since.value_or(now);
    if (Seconds(now - since) < settle_time) return;
    const bool again = ledger::times_resubmitted(ledger_, submission.token) < kMostResubmissions;
    bool any_left = false;
    for (const PlannedTask& task : submission.runs) {
      const ledger::AttemptState* attempt = ledger::find_attempt(ledger_, {task.run, task.attempt});
      if (attempt == nullptr || attempt->closed || attempt->token != submission.token) continue;
      ledger::Ended ended{attempt->key, submission.token, RunState::lost, "never-surfaced", "", {}, false};
      ended.unclaimed = !claim_on(attempt->key);
      if (attempt->cancel_wanted) {
        ended.state = attempt->cancel_wanted == CancelAs::preempted ? RunState::planned : RunState::cancelled;
        ended.cause.clear();
        add(submission.sweep, ended);
      } else if (again && ledger::last_attempt(ledger_, task.run) == attempt) {
        any_left = true;
      } else {
        add(submission.sweep, ended);
      }
    }
    if (any_left) report_.to_hand_over.push_back(submission);
  }

  // One question per site for all its open attempts, whatever their number, and for those that may be back.
  void ask_about_open_attempts() {
    std::map<std::string, std::vector<const ledger::AttemptState*>> by_site;
    std::vector<const ledger::AttemptState*>* of_site = nullptr;  // nullptr: this submission is not asked about
    const Token* token = nullptr;                                 // attempts of a submission stand together
    const auto sort_in = [&](const ledger::AttemptState& attempt) {
      if (token == nullptr || *token != attempt.token) {
        token = &attempt.token;
        const auto submission = ledger_.submissions.find(*token);
        const bool is_there =
            submission != ledger_.submissions.end() && submission->second.answer == ledger::Answer::accepted;
        of_site = is_there ? &by_site[submission->second.site] : nullptr;
      }
      if (of_site != nullptr) of_site->push_back(&attempt);
    };
    for (const ledger::AttemptState* attempt : ledger::open_attempts(ledger_)) sort_in(*attempt);
    const Instant now = around_.clock->now();
    for (const ledger::AttemptState* attempt : ledger::may_still_surface(ledger_)) {
      if (attempt->ended && !attempt->job.empty() && Seconds(now - *attempt->ended) < kMayBeBack) sort_in(*attempt);
    }
    for (const auto& [site, attempts] : by_site) ask(site, attempts);
  }

  void ask(const std::string& site, std::vector<const ledger::AttemptState*> attempts) {
    std::string why;
    const bool any_open = std::any_of(attempts.begin(), attempts.end(), [](const auto* a) { return !a->closed; });
    const Schedulers::Site* found = schedulers_.find(site, attempts.front()->token, why);
    if (found == nullptr && any_open) could_not_ask(site, why);
    if (found == nullptr) return;
    if (any_open) answer_of(site);
    if (!found->scheduler->may_forget_ends()) std::erase_if(attempts, [](const auto* a) { return a->closed; });
    if (attempts.empty()) return;
    std::vector<scheduler::TaskRef> tasks;
    tasks.reserve(attempts.size());
    for (const ledger::AttemptState* attempt : attempts)
      tasks.push_back({attempt->job, attempt->token, attempt->index, attempt->closed});
    const std::vector<scheduler::TaskStatus> answers = found->scheduler->status(tasks);
    for (std::size_t i = 0; i < attempts.size(); ++i)
      attempts[i]->closed ? take_back(*attempts[i], answers.at(i)) : take(site, *attempts[i], answers.at(i));
  }

  // Of what was told as over, nobody having claimed it: it is back when it waits or runs.
  void take_back(const ledger::AttemptState& attempt, const scheduler::TaskStatus& status) {
    const auto* known = std::get_if<scheduler::Known>(&status);
    if (known == nullptr || known->ended || claim_on(attempt.key)) return;
    adoptions_[{attempt.sweep, attempt.token, attempt.job, "scheduler"}].push_back(attempt.key.run);
    see(attempt, *known);
    surfaced_.push_back(&attempt);
  }

  void take(const std::string& site, const ledger::AttemptState& attempt, const scheduler::TaskStatus& status) {
    if (const auto* trouble = std::get_if<scheduler::CouldNotAsk>(&status)) {
      could_not_ask(site, trouble->why);
    } else if (const auto* known = std::get_if<scheduler::Known>(&status)) {
      if (known->ended) {
        end(attempt, known->ended);
      } else {
        see(attempt, *known);
      }
    } else if (const auto& other = std::get<scheduler::Gone>(status).under_another_name; other && trains_as(attempt)) {
      take(site, attempt, *other);
    } else {
      end(attempt, std::nullopt);
    }
  }

  // Somebody handed the script over again by hand, say.
  bool trains_as(const ledger::AttemptState& attempt) const {
    const auto claim = claim_on(attempt.key);
    return claim && !claim->revoked && claim->token == attempt.token.text &&
           job_of_task(claim->job, claim->index) == attempt.job;
  }

  void see(const ledger::AttemptState& attempt, const scheduler::Known& known) {
    if (known.hopeless) report_.hopeless.push_back(attempt.key);
    const RunState state = known.state.value_or(RunState::unknown);
    if (state == attempt.state && known.raw == attempt.raw && known.reason == attempt.reason &&
        known.hopeless == attempt.hopeless)
      return;
    sightings_[{attempt.sweep, attempt.token, state, known.raw, known.reason, known.since, known.hopeless}].push_back(
        &attempt);
  }

  // What is the same of many tasks of a submission is one event.
  void note_sightings() {
    for (const auto& [seen, attempts] : sightings_) {
      const auto& [sweep, token, state, raw, reason, since, hopeless] = seen;
      if (attempts.size() == 1) {
        add(sweep, ledger::Seen{attempts.front()->key, token, state, raw, reason, since, hopeless});
        continue;
      }
      ledger::SeenTogether together{token, {}, state, raw, reason, since, hopeless};
      for (const ledger::AttemptState* attempt : attempts) together.indices.push_back(attempt->index);
      add(sweep, std::move(together));
    }
  }

  void end(const ledger::AttemptState& attempt, const std::optional<scheduler::TaskEnd>& end) {
    // Another submission of the same attempt claimed it: that one trains, and its result is the attempt's.
    const auto claim = claim_on(attempt.key);
    const bool elsewhere =
        claim && claim->token != attempt.token.text && ledger::is_by_a_known_job(ledger_, *claim, attempt.key);
    if (elsewhere) {
      adopt(attempt.sweep, *claim, attempt.key.run);
      return;
    }
    const Settlement settlement(around_, ledger_, attempt, end);
    const bool is_summarised = tries_to([&] { settlement.write(); });
    stop_point("after-settle");
    const Settled& settled = settlement.settled();
    const ledger::Ended ended{attempt.key,  attempt.token, settled.state, settled.cause,
                              settled.node, settled.over,  !claim};
    (is_summarised ? events_ : not_to_be_written_).push_back({attempt.sweep, ended});
    report_.ended.push_back(attempt.key);
  }

  void add(const std::string& sweep, ledger::EventBody body) { events_.push_back({sweep, std::move(body)}); }

  const Surroundings& around_;
  Schedulers& schedulers_;
  const Unwritable unwritable_;
  bool cannot_write_ = false;
  ledger::Ledger ledger_;
  std::vector<SweepEvent> events_;
  std::vector<SweepEvent> not_to_be_written_;                           // ends without a summary
  using Adoption = std::tuple<std::string, Token, JobId, std::string>;  // sweep, token, job, by
  std::map<Adoption, std::vector<RunId>> adoptions_;
  std::vector<const ledger::AttemptState*> surfaced_;  // told as over before
  // Sweep, token, state, raw, reason, since, hopeless → of whom.
  using Sighting = std::tuple<std::string, Token, RunState, std::string, std::string, std::optional<Instant>, bool>;
  std::map<Sighting, std::vector<const ledger::AttemptState*>> sightings_;
  RefreshReport report_;
};

}  // namespace

site::Profile Schedulers::profile_of(const std::string& site, const Token& token) const {
  if (site == around_.site.profile.name) return around_.site.profile;
  const fs::path beside = SubmissionFolder(around_.workspace.root(), token).path() / "site.toml";
  if (!token.empty() && is_there(beside)) return site::load_profile(beside.string());
  return site::load_profile(site);
}

Schedulers::Site* Schedulers::find(const std::string& site, const Token& token, std::string& why) {
  const auto found = made_.find(site);
  if (found != made_.end()) return &found->second;
  try {
    site::Profile profile = profile_of(site, token);
    auto scheduler = scheduler::make_scheduler(profile, around_.workspace.root(), around_.environment, *around_.clock);
    return &made_.emplace(site, Site{std::move(profile), std::move(scheduler)}).first->second;
  } catch (const Error& error) {
    why = error.what();
    return nullptr;
  }
}

void Schedulers::use(const site::Profile& profile, std::unique_ptr<scheduler::Scheduler> scheduler) {
  made_.insert_or_assign(profile.name, Site{profile, std::move(scheduler)});
}

scheduler::Scheduler& Schedulers::of_this_site() {
  std::string why;
  Site* found = find(around_.site.profile.name, {}, why);
  if (found == nullptr) throw Error(why);
  return *found->scheduler;
}

std::string describe_silence(const SiteAnswer& answer, Instant now) {
  const std::string silent = fmt::format("could not ask {}: {}", answer.site, answer.why);
  if (!answer.heard) return silent + "; it never answered here";
  return fmt::format("{}; it answered last {} ago ({}), what is shown is as of then", silent,
                     age_text(Seconds(now - *answer.heard)), iso_time(*answer.heard));
}

RefreshReport refresh(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                      Unwritable unwritable) {
  return Refresh(around, schedulers, sweeps, unwritable).run();
}

RefreshReport refresh_with_lost_journals(const Surroundings& around, Schedulers& schedulers,
                                         const std::vector<std::string>& sweeps, Unwritable unwritable) {
  RefreshReport report = refresh(around, schedulers, sweeps, unwritable);
  try {
    if (rebuild_lost_journals(around, sweeps, report.ledger)) return refresh(around, schedulers, sweeps, unwritable);
  } catch (const Error& error) {
    if (unwritable == Unwritable::is_an_error) throw;
    log::warn_once(
        fmt::format("a journal has lost lines, and they cannot be written anew ({}): what was handed over may "
                    "be shown as planned",
                    error.what()));
  }
  return report;
}

bool hand_over_again(const Surroundings& around, Schedulers& schedulers, const RefreshReport& report) {
  for (const ledger::SubmissionState& old : report.to_hand_over) {
    std::string why;
    const Schedulers::Site* site = schedulers.find(old.site, old.token, why);
    if (site == nullptr) continue;
    if (const auto again = submit_again(around, site->profile, *site->scheduler, old)) {
      log::note(fmt::format("submission {} was interrupted before the scheduler had it; handed over again as {}",
                            old.token.text, again->token.text));
    }
  }
  return !report.to_hand_over.empty();
}

}  // namespace tt::flow
