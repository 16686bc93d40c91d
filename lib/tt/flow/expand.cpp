#include "tt/flow/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/version.hpp"
#include "tt/titan/launch.hpp"
#include "tt/titan/schema.hpp"

namespace tt::flow {
namespace {

bool is_configuration(const std::string& key) { return !key.starts_with("env.") && !key.starts_with("resources."); }

Overrides configuration_of(const Overrides& overrides) {
  Overrides kept;
  std::copy_if(overrides.begin(), overrides.end(), std::back_inserter(kept),
               [](const Assignment& assignment) { return is_configuration(assignment.key); });
  return kept;
}

struct Planned {
  const sweep::PlannedRun* run;
  RunFolder folder;
  RunFiles files;
};

bool has_open_attempt(const ledger::Ledger& ledger, const RunId& run) {
  const ledger::AttemptState* last = ledger::last_attempt(ledger, run);
  return last != nullptr && !last->closed;
}

// What stands in a folder now.
struct Standing {
  bool there = false;
  std::optional<RunRecord> record;  // none: half made
  bool started = false;             // a claim or an attempt is there, or one is open
  bool same = false;                // record and config are as planned, to the byte
};

std::string record_text(const RunRecord& record) { return to_pretty_json(to_value(record)); }

// A newer tt alone changes no run.
RunRecord as_written_by(const std::string& tool_version, const Planned& planned) {
  RunRecord record = planned.files.record;
  record.tool_version = tool_version;
  return record;
}

Standing look_at(const Planned& planned, const ledger::Ledger& ledger) {
  Standing standing;
  const auto text = read_file_if_there(planned.folder.record());
  standing.there = text || is_there(planned.folder.path());
  if (!standing.there) return standing;
  if (text) {
    const bool same_config = read_file_if_there(planned.folder.config()) == planned.files.config;
    if (*text == record_text(planned.files.record)) {
      standing.record = planned.files.record;
      standing.same = same_config;
    } else {
      try {
        standing.record = read_run_record(*text, planned.folder.record().string());
        standing.same = same_config && *text == record_text(as_written_by(standing.record->tool_version, planned));
      } catch (const Error&) {  // torn: as good as not there
      }
    }
    if (standing.same) return standing;
  }
  standing.started = planned.folder.last_attempt() > 0 ||
                     (standing.record && has_open_attempt(ledger, standing.record->id));
  return standing;
}

void write_run(const Planned& planned) {
  make_folders(planned.folder.path());
  if (planned.folder.is_committed()) remove_tree(planned.folder.record());
  write_new_file(planned.folder.config(), planned.files.config);
  write_file(planned.folder.record(), record_text(planned.files.record));
}

// Two sweeps must not want one folder, nor one sweep name come from two files.
void refuse_foreign_folder(const Planned& planned, const RunRecord& standing) {
  const RunRecord& ours = planned.files.record;
  if (standing.sweep == ours.sweep && standing.sweep_file == ours.sweep_file) return;
  throw Error(fmt::format("{} belongs to sweep '{}' of {}, and sweep '{}' of {} wants it too; give one of them another "
                          "`model:` or `name:`, or use another --workspace",
                          planned.folder.path().string(), standing.sweep, standing.sweep_file.string(), ours.sweep,
                          ours.sweep_file.string()),
              ExitCode::bad_input);
}

void refuse_foreign_index(const LoadedSweep& sweep, const std::optional<SweepIndex>& index) {
  if (!index || index->file == sweep.file) return;
  if (!is_there(index->file)) return;  // the file was moved
  throw Error(fmt::format("sweep '{}' of this workspace comes from {}, and {} has the same `sweep:` name; rename one of "
                          "them, or use another --workspace",
                          sweep.plan.sweep, index->file.string(), sweep.file.string()),
              ExitCode::bad_input);
}

// --again: what the last attempt left is put into its folder, and the run starts afresh.
void put_aside(const RunFolder& folder) {
  const int last = folder.last_attempt();
  if (last == 0) return;
  const fs::path aside = folder.attempt(last);
  make_folders(aside);
  for (const fs::path& path : {folder.record(), folder.config(), folder.out()}) {
    if (is_there(path) && !is_there(aside / path.filename())) rename_path(path, aside / path.filename());
  }
}

// Runs whose settings stand under another name: moved through a temporary name, so that a ↔ b works.
class Renames {
 public:
  Renames(const Workspace& workspace, const std::optional<SweepIndex>& index, const ledger::Ledger& ledger)
      : workspace_(workspace), ledger_(ledger) {
    if (!index) return;
    for (const auto* runs : {&index->runs, &index->orphans}) {
      for (const IndexedRun& run : *runs) known_.emplace(run.id, run);
    }
  }

  std::set<RunId> find(const std::vector<Planned>& planned) {
    std::set<RunId> renamed;
    for (const Planned& one : planned) {
      const auto found = known_.find(one.run->id);
      if (found == known_.end()) continue;
      const RunFolder old = workspace_.run_folder(found->second.model, found->second.name);
      if (old.path() == one.folder.path() || has_open_attempt(ledger_, one.run->id)) continue;
      if (!is_there(parked(one.run->id)) && !holds(old, one.run->id)) continue;
      renamed.insert(one.run->id);
    }
    return renamed;
  }

  void move(const std::vector<Planned>& planned, const std::set<RunId>& renamed) {
    for (const RunId& id : renamed) {
      const IndexedRun& old = known_.at(id);
      if (!is_there(parked(id))) rename_path(workspace_.run_folder(old.model, old.name).path(), parked(id));
    }
    for (const Planned& one : planned) {
      if (!renamed.contains(one.run->id) || is_there(one.folder.path())) continue;
      make_folders(one.folder.path().parent_path());
      rename_path(parked(one.run->id), one.folder.path());
      write_run(one);
    }
  }

 private:
  fs::path parked(const RunId& id) const { return workspace_.logs() / (".renaming-" + id.text); }
  static bool holds(const RunFolder& folder, const RunId& id) {
    try {
      const auto record = folder.load_record();
      return record && record->id == id;
    } catch (const Error&) {
      return false;
    }
  }

  const Workspace& workspace_;
  const ledger::Ledger& ledger_;
  std::map<RunId, IndexedRun> known_;
};

std::vector<IndexedRun> orphans_of(const Workspace& workspace, const std::optional<SweepIndex>& index,
                                   const std::vector<Planned>& planned) {
  std::vector<IndexedRun> orphans;
  if (!index) return orphans;
  std::set<RunId> ids;
  std::set<fs::path> folders;
  for (const Planned& one : planned) {
    ids.insert(one.run->id);
    folders.insert(one.folder.path());
  }
  for (const auto* runs : {&index->runs, &index->orphans}) {
    for (const IndexedRun& run : *runs) {
      const RunFolder folder = workspace.run_folder(run.model, run.name);
      if (!ids.contains(run.id) && !folders.contains(folder.path()) && folder.is_committed()) orphans.push_back(run);
    }
  }
  return orphans;
}

Outcome outcome_of(const Standing& standing, bool fresh) {
  if (!standing.there) return Outcome::created;
  if (standing.same) return fresh ? Outcome::rewritten : Outcome::unchanged;
  if (fresh) return Outcome::rewritten;
  if (standing.started && standing.record) return Outcome::kept;
  if (!standing.record) return Outcome::repaired;
  return Outcome::rewritten;
}

// Same record, other config bytes: somebody edited the file.
Outcome named_after_cause(Outcome outcome, const Standing& standing, const Planned& planned) {
  const bool edited = outcome == Outcome::rewritten && standing.record &&
                      standing.record->fingerprint.content == planned.files.record.fingerprint.content;
  return edited ? Outcome::repaired : outcome;
}

SweepIndex index_of(const LoadedSweep& sweep, const Surroundings& around, const std::vector<Planned>& planned,
                    std::vector<IndexedRun> orphans) {
  SweepIndex index;
  index.sweep = sweep.plan.sweep;
  index.file = sweep.file;
  index.base_file = sweep.base_file;
  index.file_fingerprint = sweep.file_fingerprint;
  index.expanded = iso_time(around.clock->now());
  index.orphans = std::move(orphans);
  for (const Planned& one : planned) index.runs.push_back({one.run->id, one.run->model, one.run->name});
  return index;
}

bool says_the_same(const SweepIndex& a, const SweepIndex& b) {
  const auto same_runs = [](const std::vector<IndexedRun>& x, const std::vector<IndexedRun>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const IndexedRun& r, const IndexedRun& s) {
      return r.id == s.id && r.model == s.model && r.name == s.name;
    });
  };
  return a.file == b.file && a.file_fingerprint == b.file_fingerprint && same_runs(a.runs, b.runs) &&
         same_runs(a.orphans, b.orphans);
}

}  // namespace

std::string to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::created:
      return "new";
    case Outcome::unchanged:
      return "unchanged";
    case Outcome::rewritten:
      return "changed";
    case Outcome::repaired:
      return "repaired";
    case Outcome::renamed:
      return "renamed";
    default:
      return "changed, needs --again";
  }
}

std::int64_t ExpandReport::count(Outcome outcome) const {
  return std::count_if(runs.begin(), runs.end(), [&](const ExpandedRun& run) { return run.outcome == outcome; });
}

RunFiles files_of(const LoadedSweep& sweep, const sweep::PlannedRun& run, const Surroundings& around) {
  const titan::Era era = sweep.plan.era;
  const RunFolder folder = around.workspace.run_folder(run.model, run.name);
  const Overrides configuration = configuration_of(run.overrides);
  const Apply apply = sweep.spec.torchtitan.apply;

  Overrides spliced = apply == Apply::flags ? Overrides{} : configuration;
  if (const auto dump_folder = titan::key_of(era, titan::Knob::dump_folder)) {
    std::erase_if(spliced, [&](const Assignment& assignment) { return assignment.key == *dump_folder; });
    spliced.push_back({*dump_folder, folder.out().string()});
  }
  RunFiles files;
  files.config = sweep.base.with(spliced);

  RunRecord& record = files.record;
  record.id = run.id;
  record.name = run.name;
  record.model = run.model;
  record.sweep = sweep.plan.sweep;
  record.sweep_file = sweep.file;
  record.base_file = sweep.base_file;
  record.site = around.site.profile.name;
  record.overrides = configuration;
  record.environment = run.environment;
  record.resources = run.resources;
  record.repeat = run.repeat;
  record.repeat_group = run.repeat_group;
  record.torchtitan = sweep.plan.torchtitan;
  record.launch.script = sweep.script;
  record.launch.folder = sweep.root;
  record.launch.config = folder.config();
  record.launch.apply = apply;
  record.launch.log_rank = titan::log_rank(run.shape, run.resources.gpus_per_node);
  if (apply != Apply::config) record.launch.arguments = titan::arguments_of(era, configuration);
  record.tool_version = version();
  record.fingerprint.settings = run.settings_fingerprint;
  record.fingerprint.content =
      fingerprint(join(std::array<std::string, 8>{run.settings_fingerprint, files.config, sweep.script_fingerprint,
                                                  sweep.script.string(), sweep.root.string(), record.site,
                                                  record.torchtitan.version, join(record.launch.arguments, "\n")},
                       std::string_view("\0", 1)));
  return files;
}

ExpandReport expand(const LoadedSweep& sweep, const Surroundings& around, const ledger::Ledger& ledger, Writing writing,
                    const std::set<RunId>& fresh) {
  const Workspace& workspace = around.workspace;
  const auto index = load_sweep_index(workspace, sweep.plan.sweep);
  refuse_foreign_index(sweep, index);

  // Everything is made in memory before the first byte is written: a value that cannot be set changes nothing.
  std::vector<Planned> planned;
  planned.reserve(sweep.plan.runs.size());
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    planned.push_back({&run, workspace.run_folder(run.model, run.name), files_of(sweep, run, around)});
  }

  Renames renames(workspace, index, ledger);
  const std::set<RunId> renamed = renames.find(planned);
  if (writing == Writing::yes) {
    make_folders(workspace.own());
    renames.move(planned, renamed);
  }

  ExpandReport report;
  report.runs.reserve(planned.size());
  for (Planned& one : planned) {
    if (renamed.contains(one.run->id)) {
      report.runs.push_back({one.folder, std::move(one.files.record), Outcome::renamed});
      continue;
    }
    const Standing standing = look_at(one, ledger);
    if (standing.record) refuse_foreign_folder(one, *standing.record);
    const bool again = fresh.contains(one.run->id) && one.folder.last_attempt() > 0;
    const Outcome outcome = named_after_cause(outcome_of(standing, again), standing, one);
    if (writing == Writing::yes && outcome != Outcome::unchanged && outcome != Outcome::kept) {
      if (again) put_aside(one.folder);
      write_run(one);
    }
    report.runs.push_back({one.folder, outcome == Outcome::kept ? *standing.record : std::move(one.files.record), outcome});
  }
  report.orphans = orphans_of(workspace, index, planned);
  if (writing == Writing::yes) {
    const SweepIndex fresh_index = index_of(sweep, around, planned, report.orphans);
    if (!index || !says_the_same(*index, fresh_index)) save_sweep_index(workspace, fresh_index);
  }
  return report;
}

ExpandReport expand_here(const LoadedSweep& sweep, const Surroundings& around, Writing writing) {
  std::optional<FileLock> lock;
  if (writing == Writing::yes) {
    make_folders(around.workspace.own());
    lock = FileLock::acquire(around.workspace.lock(), *around.clock);
  }
  return expand(sweep, around, load_history(around.workspace, {sweep.plan.sweep}), writing);
}

std::string describe(const ExpandReport& report) {
  std::vector<std::string> parts;
  const auto say = [&](Outcome outcome, const char* words) {
    if (const auto count = report.count(outcome); count > 0) parts.push_back(fmt::format("{} {}", with_thousands(count), words));
  };
  say(Outcome::created, "new");
  say(Outcome::rewritten, "changed");
  say(Outcome::repaired, "repaired");
  say(Outcome::renamed, "renamed");
  say(Outcome::kept, "changed but started already (needs --again)");
  say(Outcome::unchanged, "as they were");
  if (!report.orphans.empty()) parts.push_back(plural(static_cast<std::int64_t>(report.orphans.size()), "orphan"));
  return parts.empty() ? "no runs" : join(parts, ", ");
}

}  // namespace tt::flow
