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
#include "tt/flow/software.hpp"
#include "tt/flow/version.hpp"
#include "tt/titan/launch.hpp"
#include "tt/titan/schema.hpp"

namespace tt::flow {
namespace {

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
  bool as_planned = false;          // the same training
  bool to_the_byte = false;         // run.json and config.toml as they would be written
};

// A newer tt or torch alone changes no run.
struct Writer {
  std::string tool_version;
  Software software;
};

RunRecord as_written_by(const Writer& writer, const Planned& planned) {
  RunRecord record = planned.files.record;
  record.tool_version = writer.tool_version;
  record.software = writer.software;
  return record;
}

std::optional<RunRecord> record_of(const std::string& text, const RunFolder& folder) {
  try {
    return read_run_record(text, folder.record().string());
  } catch (const Error&) {  // torn: as good as not there
    return std::nullopt;
  }
}

// `writer`: of the folder looked at before, most likely of this one too; then nothing need be parsed.
Standing look_at(const Planned& planned, const ledger::Ledger& ledger, Writer& writer) {
  Standing standing;
  const auto text = read_file_if_there(planned.folder.record());
  standing.there = text || is_there(planned.folder.path());
  if (!standing.there) return standing;
  if (text) {
    const bool same_config = read_file_if_there(planned.folder.config()) == planned.files.config;
    if (RunRecord expected = as_written_by(writer, planned);
        same_config && *text == record_text(expected, planned.files.architecture)) {
      standing.record = std::move(expected);
      standing.as_planned = standing.to_the_byte = true;
      return standing;
    }
    standing.record = record_of(*text, planned.folder);
    if (standing.record) {
      const RunRecord& ours = planned.files.record;
      standing.as_planned =
          standing.record->id == ours.id && standing.record->fingerprint.content == ours.fingerprint.content;
      writer = {standing.record->tool_version, standing.record->software};
      standing.to_the_byte =
          same_config && *text == record_text(as_written_by(writer, planned), planned.files.architecture);
    }
  }
  standing.started =
      planned.folder.last_attempt() > 0 || (standing.record && has_open_attempt(ledger, standing.record->id));
  return standing;
}

// Asked once for each checkout, and only when a run is written.
class SoftwareHere {
 public:
  SoftwareHere(const LoadedSweep& sweep, const Surroundings& around) : sweep_(sweep), around_(around) {}
  const Software& of(const sweep::PlannedRun& run) {
    const fs::path& folder = sweep_.root_of(run).folder;
    const auto found = known_.find(folder);
    if (found != known_.end()) return found->second;
    SystemRunner runner;
    return known_.emplace(folder, look_at_software({around_.environment, folder}, runner)).first->second;
  }

 private:
  const LoadedSweep& sweep_;
  const Surroundings& around_;
  std::map<fs::path, Software> known_;
};

void write_run(const Planned& planned) {
  make_folders(planned.folder.path());
  if (planned.folder.is_committed()) remove_tree(planned.folder.record());
  write_new_file(planned.folder.config(), planned.files.config);
  write_file(planned.folder.record(), record_text(planned.files.record, planned.files.architecture));
}

// Two sweeps must not want one folder, nor one sweep name come from two files.
void refuse_foreign_folder(const Planned& planned, const RunRecord& standing) {
  const RunRecord& ours = planned.files.record;
  const bool same_file = is_same_file(standing.sweep_file, ours.sweep_file) || !is_there(standing.sweep_file);  // moved
  if (standing.sweep == ours.sweep && same_file) return;
  throw Error(fmt::format("{} belongs to sweep '{}' of {}, and sweep '{}' of {} wants it too; give one of them another "
                          "`model:` or `name:`, or use another --workspace",
                          planned.folder.path().string(), standing.sweep, standing.sweep_file.string(), ours.sweep,
                          ours.sweep_file.string()),
              ExitCode::bad_input);
}

void refuse_foreign_index(const LoadedSweep& sweep, const std::optional<SweepIndex>& index) {
  if (!index || is_same_file(index->file, sweep.file)) return;
  if (!is_there(index->file)) return;  // the file was moved
  throw Error(
      fmt::format("sweep '{}' of this workspace comes from {}, and {} has the same `sweep:` name; rename one of "
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
  for (const fs::path& path :
       {folder.record(), folder.config(), folder.out(), folder.summary_json(), folder.summary_md()}) {
    if (is_there(path) && !is_there(aside / path.filename())) rename_path(path, aside / path.filename());
  }
}

// Runs whose settings stand under another name: moved through a temporary name, so that a ↔ b works. What cannot be
// placed is not moved: an open attempt keeps its folder, and nothing is moved onto a folder that stays.
class Renames {
 public:
  Renames(const Workspace& workspace, const std::optional<SweepIndex>& index, const ledger::Ledger& ledger,
          const std::vector<Planned>& planned)
      : workspace_(workspace) {
    if (index) {
      for (const auto* runs : {&index->runs, &index->orphans}) {
        for (const IndexedRun& run : *runs) known_.emplace(run.id, run);
      }
    }
    for (const Planned& one : planned) consider(one, ledger);
    drop_blocked(planned);
  }

  bool moves(const RunId& id) const { return moving_.contains(id); }
  // The folder of a run that keeps its old name.
  std::optional<RunFolder> stays_at(const RunId& id) const {
    const auto found = staying_.find(id);
    return found == staying_.end() ? std::nullopt : std::optional(RunFolder(found->second));
  }

  void move(std::vector<Planned>& planned, SoftwareHere& software) const {
    for (const auto& [id, from] : moving_) {
      if (!is_there(parked(id))) rename_path(from, parked(id));
    }
    for (Planned& one : planned) {
      if (!moves(one.run->id)) continue;
      make_folders(one.folder.path().parent_path());
      rename_path(parked(one.run->id), one.folder.path());
      one.files.record.software = software.of(*one.run);
      write_run(one);
    }
  }

 private:
  void consider(const Planned& one, const ledger::Ledger& ledger) {
    if (is_there(parked(one.run->id))) {  // a rename that was interrupted
      moving_.emplace(one.run->id, parked(one.run->id));
      return;
    }
    const auto found = known_.find(one.run->id);
    if (found == known_.end()) return;
    const RunFolder old = workspace_.run_folder(found->second.model, found->second.name);
    if (old.path() == one.folder.path() || !holds(old, one.run->id)) return;
    if (has_open_attempt(ledger, one.run->id))
      staying_.emplace(one.run->id, old.path());
    else
      moving_.emplace(one.run->id, old.path());
  }

  // Until nothing changes: a target must be free, or be left by a run that moves itself.
  void drop_blocked(const std::vector<Planned>& planned) {
    for (bool changed = true; changed;) {
      changed = false;
      std::set<fs::path> left;
      for (const auto& [id, from] : moving_) left.insert(from);
      for (const Planned& one : planned) {
        const auto found = moving_.find(one.run->id);
        if (found == moving_.end() || !is_there(one.folder.path()) || left.contains(one.folder.path())) continue;
        if (found->second == parked(one.run->id)) {
          throw Error(
              fmt::format("{} is the folder of run {}, whose rename was interrupted, but {} is in the way; move "
                          "one of them aside",
                          found->second.string(), one.run->name, one.folder.path().string()));
        }
        staying_.emplace(*found);
        moving_.erase(found);
        changed = true;
      }
    }
  }

  fs::path parked(const RunId& id) const { return workspace_.logs() / (".renaming-" + id.text); }
  static bool holds(const RunFolder& folder, const RunId& id) {
    const auto text = read_file_if_there(folder.record());
    const auto record = text ? record_of(*text, folder) : std::nullopt;
    return record && record->id == id;
  }

  const Workspace& workspace_;
  std::map<RunId, IndexedRun> known_;
  std::map<RunId, fs::path> moving_;
  std::map<RunId, fs::path> staying_;
};

// Runs of earlier plans whose folders still hold them.
std::vector<IndexedRun> orphans_of(const Workspace& workspace, const std::optional<SweepIndex>& index,
                                   const std::vector<ExpandedRun>& runs) {
  std::vector<IndexedRun> orphans;
  if (!index) return orphans;
  std::set<RunId> ids;
  std::set<fs::path> folders;
  for (const ExpandedRun& run : runs) {
    ids.insert(run.record.id);
    folders.insert(run.folder.path());
  }
  for (const auto* known : {&index->runs, &index->orphans}) {
    for (const IndexedRun& run : *known) {
      const RunFolder folder = workspace.run_folder(run.model, run.name);
      if (!ids.contains(run.id) && !folders.contains(folder.path()) && folder.is_committed()) orphans.push_back(run);
    }
  }
  return orphans;
}

Outcome outcome_of(const Standing& standing, bool fresh) {
  if (!standing.there) return Outcome::created;
  if (fresh) return Outcome::rewritten;
  if (!standing.record) return Outcome::repaired;
  if (standing.as_planned && (standing.to_the_byte || standing.started)) return Outcome::unchanged;
  if (standing.as_planned) return Outcome::repaired;
  return standing.started ? Outcome::kept : Outcome::rewritten;
}

SweepIndex index_of(const LoadedSweep& sweep, const Surroundings& around, const ExpandReport& report) {
  SweepIndex index;
  index.sweep = sweep.plan.sweep;
  index.file = sweep.file;
  for (const LoadedBase& base : sweep.bases) {
    if (!base.file.empty()) index.base_files.push_back(base.file);
  }
  index.file_fingerprint = sweep.file_fingerprint;
  index.expanded = iso_time(around.clock->now());
  index.orphans = report.orphans;
  for (const ExpandedRun& run : report.runs) {
    index.runs.push_back({run.record.id, run.record.model, run.folder.path().filename().string()});
  }
  return index;
}

// The journal's folder of a run is where it lay when it was handed over.
std::vector<SweepEvent> unheard_renames(const ExpandReport& report, const ledger::Ledger& ledger) {
  std::vector<SweepEvent> events;
  for (const ExpandedRun& run : report.runs) {
    const auto history = ledger.runs.find(run.record.id);
    if (history == ledger.runs.end() || history->second.folder.empty()) continue;
    if (!history->second.was_moved && is_same_file(history->second.folder, run.folder.path())) continue;
    events.push_back({run.record.sweep, ledger::Renamed{run.record.id, history->second.name,
                                                        run.folder.path().filename().string(), run.folder.path()}});
  }
  return events;
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

  // Then everything is looked at, and refused, before anything is written or moved.
  const Renames renames(workspace, index, ledger, planned);
  SoftwareHere software(sweep, around);
  Writer writer{version(), {}};
  ExpandReport report;
  report.site = around.site.profile.name;
  report.runs.reserve(planned.size());
  for (const Planned& one : planned) {
    if (renames.moves(one.run->id)) {
      report.runs.push_back({one.folder, one.files.record, Outcome::renamed});
    } else if (const auto old = renames.stays_at(one.run->id)) {
      report.runs.push_back({*old, old->load_record().value_or(one.files.record), Outcome::kept});
    } else {
      const Standing standing = look_at(one, ledger, writer);
      if (standing.record) refuse_foreign_folder(one, *standing.record);
      const bool again = fresh.contains(one.run->id) && one.folder.last_attempt() > 0;
      const Outcome outcome = outcome_of(standing, again);
      report.runs.push_back({one.folder, outcome == Outcome::kept ? *standing.record : one.files.record, outcome});
    }
  }
  report.orphans = orphans_of(workspace, index, report.runs);
  if (writing == Writing::no) return report;

  make_folders(workspace.own());
  renames.move(planned, software);
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const Outcome outcome = report.runs[i].outcome;
    if (outcome == Outcome::unchanged || outcome == Outcome::kept || outcome == Outcome::renamed) continue;
    if (fresh.contains(planned[i].run->id)) put_aside(planned[i].folder);
    planned[i].files.record.software = report.runs[i].record.software = software.of(*planned[i].run);
    write_run(planned[i]);
  }
  report.events = unheard_renames(report, ledger);
  const SweepIndex fresh_index = index_of(sweep, around, report);
  if (!index || !says_the_same(*index, fresh_index)) save_sweep_index(workspace, fresh_index);
  return report;
}

ExpandReport expand_here(const LoadedSweep& sweep, const Surroundings& around, Writing writing) {
  std::optional<FileLock> lock;
  if (writing == Writing::yes) {
    make_folders(around.workspace.own());
    lock = FileLock::acquire(around.workspace.lock(), *around.clock);
  }
  ExpandReport report = expand(sweep, around, load_history(around.workspace, {sweep.plan.sweep}), writing);
  if (lock && !report.events.empty()) record(*lock, around, report.events);
  return report;
}

namespace {

bool is_kept_for_its_site(const ExpandedRun& run, const ExpandReport& report) {
  return run.outcome == Outcome::kept && run.record.site != report.site;
}

}  // namespace

std::string describe(const ExpandedRun& run, const ExpandReport& report) {
  if (!is_kept_for_its_site(run, report)) return to_string(run.outcome);
  return fmt::format("started at site {}, needs --again to start at {}", run.record.site, report.site);
}

std::string describe(const ExpandReport& report) {
  std::vector<std::string> parts;
  const auto say = [&](Outcome outcome, const char* words) {
    if (const auto count = report.count(outcome); count > 0)
      parts.push_back(fmt::format("{} {}", with_thousands(count), words));
  };
  say(Outcome::created, "new");
  say(Outcome::rewritten, "changed");
  say(Outcome::repaired, "repaired");
  say(Outcome::renamed, "renamed");
  const auto elsewhere = std::count_if(report.runs.begin(), report.runs.end(),
                                       [&](const ExpandedRun& run) { return is_kept_for_its_site(run, report); });
  if (elsewhere > 0)
    parts.push_back(fmt::format("{} started at another site (--site goes on there, --again starts here)",
                                with_thousands(elsewhere)));
  if (const auto changed = report.count(Outcome::kept) - elsewhere; changed > 0)
    parts.push_back(fmt::format("{} changed but started already (needs --again)", with_thousands(changed)));
  say(Outcome::unchanged, "as they were");
  if (!report.orphans.empty()) parts.push_back(plural(static_cast<std::int64_t>(report.orphans.size()), "orphan"));
  return parts.empty() ? "no runs" : join(parts, ", ");
}

}  // namespace tt::flow
