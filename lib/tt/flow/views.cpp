#include "tt/flow/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/feed.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/moved.hpp"
#include "tt/flow/stop_policy.hpp"
#include "tt/render/quote.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::flow {
namespace {

void add_waiting(RunView& view, const ledger::RunHistory& history, Outlooks& outlooks) {
  if (is_open(view.state)) return;
  if (history.waiting) {
    const Outlook outlook = outlooks.of(*history.waiting);
    view.waits = outlook.why;
    view.state = RunState::planned;
    view.cause.clear();
    view.reason = "waits: " + outlook.why;
    view.next = outlook.next;
  } else if (history.withdrawn) {
    view.state = RunState::cancelled;
    view.reason = "cancelled before it was handed over";
    view.cause.clear();
    view.since = history.withdrawn;
  }
}

// Of a submission nobody heard an answer to.
std::string silence_of(const ledger::SubmissionState& submission, const Surroundings& around) {
  std::string text = submission.answer == ledger::Answer::no_answer
                         ? "no answer from the scheduler: " + submission.reason
                         : "being handed over; if that was interrupted, `tt-submit run` or `wait` settles it";
  if (submission.absent_since && submission.site == around.site.profile.name) {
    const Instant until =
        *submission.absent_since + std::chrono::duration_cast<Instant::duration>(around.site.profile.settle_time);
    text += fmt::format("; the scheduler does not know it, and it is waited for until {}", iso_time(until));
  }
  return text;
}

void add_open_attempt(RunView& view, const ledger::AttemptState& last, const ledger::SubmissionState* submission,
                      const ledger::Ledger& ledger, const Surroundings& around) {
  view.raw_state = last.raw;  // of an ended attempt the word is yesterday's
  view.reason = last.reason;
  if (last.hopeless) {
    view.reason = "will never start: " + last.reason;
    view.next = fmt::format("tt-submit cancel {}   (takes it back; then change what it asks for)", view.name);
  } else if (last.state == RunState::held && is_stopped(ledger, view.sweep)) {
    view.reason = "held: " + describe_stop(ledger, view.sweep);
    view.next = "tt-submit release   (goes on with the sweep; `tt-submit cancel` gives the rest up)";
  }
  if (submission != nullptr && submission->answer != ledger::Answer::accepted)
    view.reason = silence_of(*submission, around);
}

void add_attempt(RunView& view, const ledger::RunHistory& history, const ledger::Ledger& ledger,
                 const Surroundings& around) {
  if (history.attempts.empty()) return;
  const ledger::AttemptState* last = &history.attempts.rbegin()->second;
  if (last->key.attempt <= history.fresh_after) {
    view.reason = "to be started afresh: `tt-submit run` hands it over";
    view.attempt = last->key.attempt;
    return;
  }
  view.state = last->state;
  view.job = last->job;
  view.token = last->token;
  view.attempt = last->key.attempt;
  view.index = last->index;
  view.tries = static_cast<int>(std::count_if(history.attempts.begin(), history.attempts.end(), [&](const auto& one) {
    return one.first > history.fresh_after && !ledger::was_refused(one.second);
  }));
  view.since = last->over ? last->over : last->ended ? last->ended : last->since;
  view.cause = last->cause;
  const auto found = ledger.submissions.find(last->token);
  const ledger::SubmissionState* submission = found == ledger.submissions.end() ? nullptr : &found->second;
  if (submission != nullptr) view.site = submission->site;
  if (!last->closed) {
    add_open_attempt(view, *last, submission, ledger, around);
  } else if (ledger::was_refused(*last)) {
    view.reason = "the scheduler refused it: " + last->reason;
    view.next =
        "tt-submit run SWEEP   (after mending what it says: in the command, the sweep file or the site profile)";
  } else if (last->state == RunState::planned) {
    view.reason = last->reason;
  }
}

bool holds_another(const RunFolder& folder, const RunId& run) {
  const auto record = folder.load_record();
  return record && record->id != run;
}

RunView planned_view(const RunId& id, const std::string& model, const std::string& name, const std::string& sweep,
                     RunFolder folder) {
  RunView view;
  view.id = id;
  view.name = name;
  view.model = model;
  view.sweep = sweep;
  view.folder = std::move(folder);
  return view;
}

// `history`: nullptr where the ledger is silent.
void say_where_it_stands(RunView& view, const Surroundings& around, const ledger::Ledger& ledger,
                         const ledger::RunHistory* history, Outlooks& outlooks) {
  if (history != nullptr) {
    add_attempt(view, *history, ledger, around);
    add_waiting(view, *history, outlooks);
  }
  if (view.reason.empty() && view.attempt == 0 && view.folder.last_attempt() > 0 &&
      holds_another(view.folder, view.id)) {
    view.reason = "the sweep changed after this run was started; `tt-submit run --again` starts it afresh";
  }
}

bool is_pattern(const std::string& word) { return word.find_first_of("*?[") != std::string::npos; }

// Words without a wildcard are looked up, not tried one after the other: there may be thousands of both.
class Matcher {
 public:
  explicit Matcher(const std::vector<std::string>& words) {
    for (const std::string& word : words) (is_pattern(word) ? patterns_ : names_)[word] = false;
  }
  bool empty() const { return names_.empty() && patterns_.empty(); }
  bool matches(const RunView& run) {
    bool any = false;
    const std::string full = run.model + "/" + run.name;
    for (const std::string* word : {&run.name, &full, &run.id.text}) {
      const auto found = names_.find(*word);
      if (found != names_.end()) any = found->second = true;
    }
    for (auto& [pattern, used] : patterns_) {
      if (matches_pattern(pattern, run.name) || matches_pattern(pattern, full)) any = used = true;
    }
    return any;
  }
  std::optional<std::string> unused() const {
    for (const auto* words : {&names_, &patterns_}) {
      for (const auto& [word, used] : *words) {
        if (!used) return word;
      }
    }
    return std::nullopt;
  }

 private:
  std::map<std::string, bool> names_;
  std::map<std::string, bool> patterns_;
};

Error no_such_run(const std::string& word, const std::vector<RunView>& runs) {
  std::vector<std::string> names;
  for (const RunView& run : runs) names.push_back(run.name);
  std::string advice =
      names.empty() ? "no sweep was expanded in this workspace yet" : "`tt-submit status` lists the runs";
  if (const auto near = nearest(word, names)) advice = fmt::format("did you mean '{}'?", *near);
  return Error(fmt::format("no run here matches '{}'; {}", word, advice), ExitCode::bad_input);
}

}  // namespace

std::vector<RunView> look_at_plans(const Workspace& workspace, const std::vector<std::string>& sweeps) {
  std::vector<RunView> views;
  for (const std::string& sweep : sweeps) {
    const auto index = load_sweep_index(workspace, sweep);
    if (!index) continue;
    views.reserve(views.size() + index->runs.size());
    for (const IndexedRun& run : index->runs)
      views.push_back(planned_view(run.id, run.model, run.name, sweep, workspace.run_folder(run.model, run.name)));
  }
  return views;
}

std::vector<RunView> look_at_runs(const Surroundings& around, const ledger::Ledger& ledger,
                                  const std::vector<std::string>& sweeps) {
  return look_at_runs(around, ledger, sweeps, look_at_plans(around.workspace, sweeps));
}

std::vector<RunView> look_at_runs(const Surroundings& around, const ledger::Ledger& ledger,
                                  const std::vector<std::string>& sweeps, std::vector<RunView> views) {
  Outlooks outlooks(ledger, around.clock->now(), around.site.profile.name);
  std::vector<bool> listed(ledger.runs.size());  // by place in the ledger
  Originals originals(around.workspace);
  for (RunView& view : views) {
    const auto found = ledger.runs.find(view.id);
    const bool is_known = found != ledger.runs.end();
    if (is_known) listed[static_cast<std::size_t>(found - ledger.runs.begin())] = true;
    say_where_it_stands(view, around, ledger, is_known ? &found->second : nullptr, outlooks);
    if (view.attempt > 0 && !originals.root_of(found->second.folder).empty())
      view.folder = RunFolder(found->second.folder);
  }
  // The index is what was planned last; the ledger is what was handed over.
  std::unordered_set<std::string> listed_by_name;
  const auto is_name_listed = [&, planned = views.size()](const RunView& view) {
    for (std::size_t i = listed_by_name.empty() ? 0 : planned; i < planned; ++i)
      listed_by_name.insert(views[i].model + "/" + views[i].name);
    return listed_by_name.contains(view.model + "/" + view.name);
  };
  std::size_t place = 0;
  for (const auto& [id, history] : ledger.runs) {
    if (listed[place++] || history.attempts.empty()) continue;
    const std::string& sweep = history.attempts.rbegin()->second.sweep;
    if (std::find(sweeps.begin(), sweeps.end(), sweep) == sweeps.end()) continue;
    const std::string model = fs::path(history.folder).parent_path().filename().string();
    RunView view = planned_view(id, model, history.name, sweep, around.workspace.run_folder(model, history.name));
    say_where_it_stands(view, around, ledger, &history, outlooks);
    view.folder = RunFolder(history.folder);
    view.in_sweep = false;
    // --again put its attempts aside: folder and name are those of a run of the sweep by now.
    if (!is_open(view.state) && is_name_listed(view) && holds_another(view.folder, id)) continue;
    if (view.reason.empty()) view.reason = "no longer in the sweep";
    views.push_back(std::move(view));
  }
  return views;
}

Selection select(const Surroundings& around, const std::vector<std::string>& words) {
  Selection selection;
  std::set<std::string> sweeps;
  for (const std::string& word : words) {
    const fs::path path = absolute_path(word, around.here);
    if (is_there(path) && !is_folder(path)) {
      Problems ignored;  // only the name is wanted: a file that is being edited still names its sweep
      const std::string name = sweep::load_spec(word, ignored).name.text;
      sweeps.insert(name);
      selection.whole.push_back(name);
    } else if (is_folder(path) && RunFolder(path).is_committed()) {
      const auto record = RunFolder(path).load_record();
      selection.patterns.push_back(record->id.text);
    } else if (is_folder(path) && path != around.workspace.root()) {
      throw Error(fmt::format("{} is a folder, but no run folder (no run.json in it); to name another workspace use "
                              "--workspace {}",
                              path.string(), word),
                  ExitCode::bad_input);
    } else if (!is_there(path)) {
      selection.patterns.push_back(word);
    }
  }
  const std::vector<std::string> known = known_sweeps(around.workspace);
  for (const std::string& name : sweeps) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw Error(fmt::format("sweep '{}' was not expanded in {}; `tt-sweep expand` or `tt-submit run` makes its runs",
                              name, around.workspace.root().string()),
                  ExitCode::bad_input);
    }
  }
  const bool only_whole_sweeps = !sweeps.empty() && selection.patterns.empty();
  selection.sweeps = only_whole_sweeps ? std::vector<std::string>(sweeps.begin(), sweeps.end()) : known;
  return selection;
}

std::vector<RunView> pick(std::vector<RunView> runs, const Selection& selection) {
  Matcher matcher(selection.patterns);
  std::vector<bool> meant;
  meant.reserve(runs.size());
  for (const RunView& run : runs) {
    const bool named = !matcher.empty() && matcher.matches(run);
    const bool whole = selection.names_everything() ||
                       std::find(selection.whole.begin(), selection.whole.end(), run.sweep) != selection.whole.end();
    meant.push_back(named || (whole && (run.in_sweep || is_open(run.state))));
  }
  if (const auto word = matcher.unused()) throw no_such_run(*word, runs);
  std::size_t at = 0;
  std::erase_if(runs, [&](const RunView&) { return !meant[at++]; });
  return runs;
}

std::string word_for(const Workspace& workspace, const RunView& run) {
  return render::shell_word(known_sweeps(workspace).size() > 1 ? run.model + "/" + run.name : run.name);
}

RunView pick_one(const Surroundings& around, const ledger::Ledger& ledger, const std::string& word) {
  const Selection selection = select(around, {word});
  const std::vector<RunView> runs = pick(look_at_runs(around, ledger, selection.sweeps), selection);
  if (runs.size() == 1) return runs.front();
  std::string list;
  for (std::size_t i = 0; i < runs.size() && i < 10; ++i) list += fmt::format("\n  {}/{}", runs[i].model, runs[i].name);
  if (runs.size() > 10) list += fmt::format("\n  ... and {} more", runs.size() - 10);
  throw Error(fmt::format("'{}' means {} runs, one is wanted:{}", word, runs.size(), list), ExitCode::bad_input);
}

}  // namespace tt::flow
