#include "tt/flow/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/history.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::flow {
namespace {

void add_attempt(RunView& view, const ledger::Ledger& ledger) {
  const ledger::AttemptState* last = ledger::last_attempt(ledger, view.id);
  if (last == nullptr) return;
  view.state = last->state;
  if (!last->closed) view.raw_state = last->raw;  // of an ended attempt the word is yesterday's
  if (!last->closed || last->state == RunState::planned) view.reason = last->reason;
  view.job = last->job;
  view.token = last->token;
  view.attempt = last->key.attempt;
  view.index = last->index;
  view.since = last->ended ? last->ended : last->since;
  view.cause = last->cause;
  const auto submission = ledger.submissions.find(last->token);
  if (submission != ledger.submissions.end()) {
    view.site = submission->second.site;
    if (!last->closed && submission->second.answer != ledger::Answer::accepted) {
      view.reason = submission->second.answer == ledger::Answer::no_answer
                        ? "no answer from the scheduler: " + submission->second.reason
                        : "being handed over; if that was interrupted, `tt-submit run` or `wait` settles it";
    }
  }
}

RunView view_of(const IndexedRun& run, const std::string& sweep, const Surroundings& around, const ledger::Ledger& ledger) {
  RunView view;
  view.id = run.id;
  view.name = run.name;
  view.model = run.model;
  view.sweep = sweep;
  view.folder = around.workspace.run_folder(run.model, run.name);
  add_attempt(view, ledger);
  if (view.attempt == 0 && view.folder.last_attempt() > 0) {
    view.reason = "the sweep changed after this run was started; `tt-submit run --again` starts it afresh";
  }
  return view;
}

bool matches(const RunView& run, const std::string& pattern) {
  return matches_pattern(pattern, run.name) || matches_pattern(pattern, run.model + "/" + run.name) || run.id.text == pattern;
}

Error no_such_run(const std::string& word, const std::vector<RunView>& runs) {
  std::vector<std::string> names;
  for (const RunView& run : runs) names.push_back(run.name);
  std::string advice = names.empty() ? "no sweep was expanded in this workspace yet" : "`tt-submit status` lists the runs";
  if (const auto near = nearest(word, names)) advice = fmt::format("did you mean '{}'?", *near);
  return Error(fmt::format("no run here matches '{}'; {}", word, advice), ExitCode::bad_input);
}

}  // namespace

std::vector<RunView> look_at_runs(const Surroundings& around, const ledger::Ledger& ledger,
                                  const std::vector<std::string>& sweeps) {
  std::vector<RunView> views;
  for (const std::string& sweep : sweeps) {
    const auto index = load_sweep_index(around.workspace, sweep);
    if (!index) continue;
    for (const IndexedRun& run : index->runs) views.push_back(view_of(run, sweep, around, ledger));
  }
  return views;
}

Selection select(const Surroundings& around, const std::vector<std::string>& words) {
  Selection selection;
  std::set<std::string> sweeps;
  for (const std::string& word : words) {
    const fs::path path = absolute_path(word, around.here);
    if (is_there(path) && !is_folder(path)) {
      sweeps.insert(sweep::load_spec(word).name.text);
    } else if (is_folder(path) && RunFolder(path).is_committed()) {
      const auto record = RunFolder(path).load_record();
      sweeps.insert(record->sweep);
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
  selection.sweeps = sweeps.empty() ? known : std::vector<std::string>(sweeps.begin(), sweeps.end());
  return selection;
}

std::vector<RunView> pick(std::vector<RunView> runs, const Selection& selection) {
  if (selection.patterns.empty()) return runs;
  for (const std::string& pattern : selection.patterns) {
    if (std::none_of(runs.begin(), runs.end(), [&](const RunView& run) { return matches(run, pattern); })) {
      throw no_such_run(pattern, runs);
    }
  }
  std::erase_if(runs, [&](const RunView& run) {
    return std::none_of(selection.patterns.begin(), selection.patterns.end(),
                        [&](const std::string& pattern) { return matches(run, pattern); });
  });
  return runs;
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
