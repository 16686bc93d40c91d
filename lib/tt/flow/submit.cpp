#include "tt/flow/submit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tt/base/error.hpp"
#include "tt/base/log.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/bad_nodes.hpp"
#include "tt/flow/heard.hpp"
#include "tt/flow/job_environment.hpp"
#include "tt/flow/moved.hpp"
#include "tt/flow/room.hpp"
#include "tt/ledger/journal.hpp"
#include "tt/ledger/submission_folder.hpp"
#include "tt/render/job_script.hpp"
#include "tt/render/support_files.hpp"

namespace tt::flow {
namespace {

// Runs that can share one job array.
// sweep, nodes, GPUs per node, walltime, nodes to keep off, what was asked for
using Shape = std::tuple<std::string, int, int, double, std::vector<std::string>, Asked>;
Shape shape_of(const Candidate& run, bool keeps_off) {
  const Resources& asked = run.record.resources;
  return {run.record.sweep,
          asked.nodes,
          asked.gpus_per_node,
          asked.walltime.count(),
          keeps_off ? run.exclude : std::vector<std::string>{},
          run.asked};
}

std::vector<std::vector<Candidate>> group(const std::vector<Candidate>& runs, const scheduler::Scheduler& scheduler) {
  const scheduler::Limits limits = scheduler.limits();
  std::vector<std::vector<Candidate>> groups;
  std::map<Shape, std::size_t> open;  // shape → the group that still takes runs
  const std::size_t largest = static_cast<std::size_t>(std::max(1, limits.max_array_tasks.value_or(1 << 30)));
  for (const Candidate& run : runs) {
    const bool keeps_off = run.exclude.empty() || scheduler.cannot_keep_off(run.exclude).empty();
    const auto [place, is_new] = open.try_emplace(shape_of(run, keeps_off), groups.size());
    if (!is_new && groups[place->second].size() >= largest) place->second = groups.size();
    if (place->second == groups.size()) groups.emplace_back();
    groups[place->second].push_back(run);
  }
  return groups;
}

// One array of runs of one shape. `site`: as it was asked to be for them.
PreparedSubmission prepare_one(const std::vector<Candidate>& runs, const std::vector<int>& attempts, const Token& token,
                               const Surroundings& around, const site::Profile& site,
                               const scheduler::Scheduler& scheduler) {
  const SubmissionFolder folder(around.workspace.root(), token);
  render::JobRequest job;
  job.token = token;
  job.site = site;
  job.shape = runs.front().record.resources;
  job.submission_folder = folder.path();

  PreparedSubmission prepared;
  prepared.sweep = runs.front().record.sweep;
  prepared.asked = runs.front().asked;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Candidate& run = runs[i];
    const int index = static_cast<int>(i);
    job.tasks.push_back({index, attempts[i], run.mode, run.folder, run.record});
    prepared.tasks.push_back({run.record.id, run.record.name, run.folder.path(), attempts[i], index, run.mode});
    prepared.request.indices.push_back(index);
  }
  prepared.task_file = render::task_file(job);
  prepared.request.token = token;
  prepared.request.submission = folder.path();
  prepared.request.script = folder.script();
  prepared.request.shape = job.shape;
  prepared.request.walltime = job.shape.walltime;
  prepared.request.warn_before = site.warn_before;
  prepared.request.kill_after = site.kill_after;
  const auto throttle = prepared.asked.throttle ? prepared.asked.throttle : usual_throttle(site);
  if (throttle && static_cast<std::size_t>(*throttle) < runs.size()) prepared.request.throttle = throttle;
  std::set<std::string> avoided;
  for (const Candidate& run : runs) avoided.insert(run.exclude.begin(), run.exclude.end());
  prepared.request.exclude.assign(avoided.begin(), avoided.end());
  if (!avoided.empty()) prepared.not_kept_off = scheduler.cannot_keep_off(prepared.request.exclude);
  if (!prepared.not_kept_off.empty()) prepared.request.exclude.clear();
  prepared.request.workdir = around.workspace.root();
  prepared.request.environment = job_environment(around.environment);
  prepared.argv = scheduler.submit_argv(prepared.request);
  job.directives = scheduler.directives(prepared.request, site);
  job.submitter = {prepared.request.environment.all().begin(), prepared.request.environment.all().end()};
  prepared.script = render::job_script(job);
  return prepared;
}

// Attempts are never reused: after every one the journal and the folder know.
int next_attempt(const Candidate& run, const ledger::Ledger& ledger) {
  return std::max(ledger::next_attempt(ledger, run.record.id), run.folder.last_attempt() + 1);
}

ledger::Submitter ourselves(const Surroundings& around) {
  static const ProcessIdentity process = identify_this_process();
  return {around.host, process};
}

// What no choice may break: nobody hands over a run that is open, or a folder that holds another run.
void refuse_unsafe(const std::vector<Candidate>& runs, const ledger::Ledger& ledger) {
  for (const Candidate& run : runs) {
    const ledger::AttemptState* last = ledger::last_attempt(ledger, run.record.id);
    const auto standing = run.folder.load_record();
    if (last != nullptr && !last->closed)
      throw Error(fmt::format("internal: run {} is open and was chosen", run.record.name));
    if (!standing || standing->id != run.record.id) {
      throw Error(fmt::format("internal: {} does not hold run {}", run.folder.path().string(), run.record.id.text));
    }
    if (was_moved(*standing, run.folder))
      throw Error(fmt::format("internal: {}: {}", run.folder.path().string(), where_it_was_made(*standing)));
  }
}

PlannedTask planned_of(const Candidate& run, int attempt, std::size_t place) {
  return {run.record.id, run.record.name, run.folder.path(), attempt, static_cast<int>(place), run.mode};
}

// What keeps runs of a choice from going now, one after the other in its order.
class Gate {
 public:
  Gate(const Choice& choice, const Surroundings& around, const Room& room)
      : choice_(choice), site_(around.site.profile), room_(room), canary_(choice.canary && choice.runs.size() > 1) {
    for (std::size_t i = 0; i < choice.bounds.size(); ++i) {
      for (const RunId& run : choice.bounds[i].runs) bound_of_.emplace(run, i);
    }
    going_within_.resize(choice.bounds.size());
  }

  // What this run waits for; after and at_most as of a `waits` event. nullopt: it goes.
  std::optional<ledger::Waits> keeps(const Candidate& run) {
    const bool is_first = seen_++ == 0;
    ledger::Waits waits{run.record.sweep, {}, "", std::nullopt, 0, site_.name, run.asked};
    const auto window = window_of(site_, room_.limits, run.asked.partition);
    const auto within = bound_of_.find(run.record.id);
    const Bound* bound = within == bound_of_.end() ? nullptr : &choice_.bounds[within->second];
    if (bound != nullptr) waits.at_most = 1;  // what was taught is kept
    if (canary_ && !is_first) {
      waits.why = behind(choice_.runs.front().record.name);
      waits.after = choice_.runs.front().record.id;
    } else if (choice_.behind.runs.contains(run.record.id)) {
      waits.why = behind(choice_.behind.name);
      waits.after = choice_.behind.canary;
    } else if (bound != nullptr && going_within_[within->second] >= bound->at_most) {
      waits.why = bound->why;  // said by the refusal
    } else if (window && room_.there + going_ >= window->jobs) {
      waits.why = describe_window(site_, *window);
    } else {
      ++going_;
      if (bound != nullptr) ++going_within_[within->second];
      return std::nullopt;
    }
    return waits;
  }

 private:
  static std::string behind(const std::string& canary) {
    return fmt::format("goes once the canary {} is finished", canary);
  }
  const Choice& choice_;
  const site::Profile& site_;
  const Room& room_;
  bool canary_;
  std::map<RunId, std::size_t> bound_of_;
  std::vector<int> going_within_;  // as many as bounds
  int seen_ = 0;
  int going_ = 0;
};

// What the journal says already is not written again: it may be of thousands of runs, at every look.
bool is_known(const ledger::Waits& waits, const PlannedTask& task, const ledger::Ledger& ledger) {
  const ledger::WaitingRun* known = ledger::find_waiting(ledger, task.run);
  if (known == nullptr) return false;
  const bool same_task = known->task.attempt == task.attempt && known->task.mode == task.mode &&
                         known->task.folder == task.folder && known->task.name == task.name;
  const bool both_refused = known->at_most > 0 && waits.at_most > 0;  // whose sentence it is does not matter
  return same_task && known->sweep == waits.sweep && known->site == waits.site && known->after == waits.after &&
         (both_refused || (known->at_most == waits.at_most && known->why == waits.why)) &&
         ledger.runs.at(task.run).asked.or_none() == waits.asked;
}

// Takes out of the choice what cannot go now, and writes down that it waits, and what it waits with.
HeldBack hold_back(Choice& choice, const ledger::Ledger& ledger, const Surroundings& around, const Room& room) {
  using Alike = std::tuple<std::string, std::string, std::optional<RunId>, int, Asked>;
  std::map<Alike, ledger::Waits> events;
  std::vector<Candidate> going;
  HeldBack held;
  Gate gate(choice, around, room);
  for (std::size_t i = 0; i < choice.runs.size(); ++i) {
    const Candidate& run = choice.runs[i];
    auto waits = gate.keeps(run);
    if (!waits) {
      going.push_back(run);
      continue;
    }
    ++held.runs;
    held.why = waits->why;
    PlannedTask task = planned_of(run, next_attempt(run, ledger), i);
    if (is_known(*waits, task, ledger)) continue;
    const Alike key{waits->sweep, waits->why, waits->after, waits->at_most, waits->asked};
    events.try_emplace(key, std::move(*waits)).first->second.runs.push_back(std::move(task));
  }
  if (held.runs == 0) return held;
  choice.runs = std::move(going);
  for (auto& [key, event] : events) choice.events.push_back({event.sweep, event});
  return held;
}

SweepEvent intent_of(const PreparedSubmission& prepared, const Surroundings& around, const site::Profile& site,
                     const std::string& scheduler) {
  ledger::Intent intent;
  intent.token = prepared.request.token;
  intent.site = site.name;
  intent.scheduler = scheduler;
  intent.sweep = prepared.sweep;
  intent.runs = prepared.tasks;
  intent.replaces = prepared.replaces;
  intent.by = ourselves(around);
  intent.asked = prepared.asked;
  return {prepared.sweep, intent};
}

// The next attempt, half as many at once: the scheduler does not say how many it would have taken.
ledger::Waits wait_for_room(const PreparedSubmission& prepared, const site::Profile& site,
                            const scheduler::Refused& refused) {
  ledger::Waits waits;
  waits.sweep = prepared.sweep;
  waits.runs = prepared.tasks;
  for (PlannedTask& task : waits.runs) ++task.attempt;
  waits.why = refused.reason;
  waits.at_most = std::max(1, static_cast<int>(prepared.tasks.size() / 2));
  waits.site = site.name;
  waits.asked = prepared.asked;
  return waits;
}

HandedOver answered(const scheduler::SubmitAnswer& answer, const PreparedSubmission& prepared,
                    const site::Profile& site, std::vector<SweepEvent>& events) {
  HandedOver result;
  result.token = prepared.request.token;
  result.runs = prepared.tasks.size();
  const Token& token = prepared.request.token;
  if (const auto* accepted = std::get_if<scheduler::Accepted>(&answer)) {
    result.job = accepted->job;
    events.push_back({prepared.sweep, ledger::Answered{token, accepted->job}});
  } else if (const auto* refused = std::get_if<scheduler::Refused>(&answer)) {
    result.refused = refused->reason;
    result.for_now = refused->for_now;
    result.not_even_a_part = refused->for_now && !refused->fewer_may_go;
    events.push_back({prepared.sweep, ledger::Refused{token, refused->reason}});
    if (refused->for_now) events.push_back({prepared.sweep, wait_for_room(prepared, site, *refused)});
  } else {
    result.no_answer = std::get<scheduler::NoAnswer>(answer).why;
    events.push_back({prepared.sweep, ledger::NoAnswer{token, result.no_answer}});
  }
  return result;
}

std::vector<SubmissionFile> carried_files(const site::Profile& site) {
  std::vector<SubmissionFile> files{{"site.toml", site::profile_text(site), false}};
  for (render::SupportFile& one : render::support_files())
    files.push_back({std::move(one.name), std::move(one.text), one.executable});
  return files;
}

HandedOver hand_over(const PreparedSubmission& prepared, const Surroundings& around, const site::Profile& site,
                     scheduler::Scheduler& scheduler) {
  SubmissionRecord record;
  record.token = prepared.request.token;
  record.site = site.name;
  record.argv = prepared.argv;
  record.scheduler = scheduler.name();
  record.sweep = prepared.sweep;
  record.runs = prepared.tasks;
  record.created = iso_time(around.clock->now());
  record.replaces = prepared.replaces;
  record.asked = prepared.asked;
  if (!prepared.not_kept_off.empty()) log::warning(prepared.not_kept_off);
  const SubmissionFolder folder(around.workspace.root(), record.token);
  ledger::write_submission(folder, record, prepared.script, prepared.task_file, carried_files(site));
  stop_point("after-submission-folder");
  const scheduler::SubmitAnswer answer = scheduler.submit(prepared.request);
  stop_point("after-scheduler-call");
  if (!std::holds_alternative<scheduler::NoAnswer>(answer)) note_heard(around, site.name);
  std::vector<SweepEvent> events;
  HandedOver result = answered(answer, prepared, site, events);
  flow::record(around, events);
  stop_point("after-answer");
  return result;
}

}  // namespace

std::vector<PreparedSubmission> prepare(const std::vector<Candidate>& runs, const ledger::Ledger& ledger,
                                        const Surroundings& around, const scheduler::Scheduler& scheduler,
                                        Tokens tokens) {
  std::vector<PreparedSubmission> prepared;
  for (const std::vector<Candidate>& alike : group(runs, scheduler)) {
    const site::Profile site = site::as_asked(around.site.profile, alike.front().asked);
    std::vector<int> attempts;
    for (const Candidate& run : alike) attempts.push_back(next_attempt(run, ledger));
    const Token token = tokens == Tokens::real ? ledger::make_token() : Token{"<token>"};
    prepared.push_back(prepare_one(alike, attempts, token, around, site, scheduler));
  }
  return prepared;
}

std::vector<HandedOver> submit(const Surroundings& around, scheduler::Scheduler& scheduler,
                               const std::vector<std::string>& sweeps, const Choose& choose, HeldBack* held_back) {
  std::vector<PreparedSubmission> prepared;
  Room room = ask_room(around, scheduler);  // before the lock: it is never held over a question
  {
    const FileLock lock = FileLock::acquire(around.workspace.lock(), *around.clock);
    ledger::Ledger ledger = load_history(around.workspace, sweeps);
    Choice choice = choose(ledger, lock);
    refuse_unsafe(choice.runs, ledger);
    add_others(room, around);
    const HeldBack held = hold_back(choice, ledger, around, room);
    if (held_back != nullptr) *held_back = held;
    prepared = prepare(choice.runs, ledger, around, scheduler, Tokens::real);
    std::vector<SweepEvent> events = choice.events;
    for (const PreparedSubmission& one : prepared)
      events.push_back(intent_of(one, around, around.site.profile, scheduler.name()));
    stop_point("before-intent");
    if (!events.empty()) record(lock, around, events);
    stop_point("after-intent");
  }
  std::vector<HandedOver> handed_over;
  for (const PreparedSubmission& one : prepared)
    handed_over.push_back(hand_over(one, around, around.site.profile, scheduler));
  return handed_over;
}

HeldBack hold_back_as_remembered(Choice& choice, const ledger::Ledger& ledger, const Surroundings& around,
                                 const scheduler::Scheduler& scheduler) {
  return hold_back(choice, ledger, around, remember_room(around, scheduler));
}

std::optional<HandedOver> submit_again(const Surroundings& around, const site::Profile& site,
                                       scheduler::Scheduler& scheduler, const ledger::SubmissionState& old) {
  PreparedSubmission prepared;
  {
    const FileLock lock = FileLock::acquire(around.workspace.lock(), *around.clock);
    // Somebody else may have come first: the fold under the lock decides.
    const ledger::Ledger ledger = load_history(around.workspace, {old.sweep});
    const auto now = ledger.submissions.find(old.token);
    if (now != ledger.submissions.end() && now->second.answer == ledger::Answer::accepted) return std::nullopt;
    const BadNodes bad_nodes(ledger);
    const Asked asked = site.name == around.site.profile.name ? over(around.said, old.asked) : old.asked;
    std::vector<Candidate> runs;
    std::vector<int> attempts;
    std::vector<SweepEvent> given_up;
    Originals originals(around.workspace);
    for (const PlannedTask& task : old.runs) {
      const ledger::AttemptState* attempt = ledger::find_attempt(ledger, {task.run, task.attempt});
      if (attempt == nullptr || attempt->closed || attempt->token != old.token || attempt->cancel_wanted) continue;
      RunFolder folder(ledger.runs.at(task.run).folder);
      auto run_record = folder.load_record();
      const bool holds_it = run_record && run_record->id == task.run;
      const bool elsewhere = !originals.root_of(folder.path().string()).empty();
      if (!holds_it || elsewhere || was_moved(*run_record, folder)) {
        log::warning(fmt::format("{} {}: it is not handed over again", folder.path().string(),
                                 !holds_it   ? fmt::format("no longer holds run {}", task.name)
                                 : elsewhere ? "is the original's"
                                             : "was moved"));
        given_up.push_back(
            {old.sweep, ledger::Ended{attempt->key, old.token, RunState::lost, "never-surfaced", "", {}, true}});
        continue;
      }
      runs.push_back({std::move(folder), std::move(*run_record), task.mode, bad_nodes.avoided_by(task.run), asked});
      attempts.push_back(task.attempt);
    }
    record(lock, around, given_up);
    if (runs.empty()) return std::nullopt;
    prepared = prepare_one(runs, attempts, ledger::make_token(), around, site::as_asked(site, asked), scheduler);
    prepared.replaces = old.token;
    const SweepEvent intent = intent_of(prepared, around, site, scheduler.name());
    record(lock, around, std::span(&intent, 1));
    stop_point("after-second-intent");
  }
  return hand_over(prepared, around, site, scheduler);
}

}  // namespace tt::flow
