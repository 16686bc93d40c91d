#include "tt/flow/last_look.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/base/value.hpp"
#include "tt/ledger/journal.hpp"

namespace tt::flow {
namespace {

constexpr const char* kSchema = "tt.last-look/2";
// To read a group takes as long as to find out anew how a few runs stand: where most runs have one of their own, as
// those that run or ran have by their times, there is nothing to gain.
constexpr std::size_t kFewGroups = 32;
constexpr std::size_t kAlikeOnAverage = 16;

// A group is a line of JSON, then the names, the ids and the indices of its runs, a line each, between tabs.

struct Text {
  const char* key;
  std::string RunView::*of;
};
constexpr std::array kTexts{
    Text{"model", &RunView::model},   Text{"sweep", &RunView::sweep}, Text{"raw_state", &RunView::raw_state},
    Text{"reason", &RunView::reason}, Text{"site", &RunView::site},   Text{"cause", &RunView::cause},
    Text{"next", &RunView::next}};

Value what_is_alike(const RunView& run) {
  // A field that is added to a view does not compile here: it goes into this file as well.
  [[maybe_unused]] const auto& [id, name, model, sweep, folder, state, raw_state, reason, job, token, site, attempt,
                                index, tries, since, cause, waits, next, in_sweep] = run;
  Value value = Value::object()
                    .set("state", to_string(state))
                    .set("job", job.text)
                    .set("submission", token.text)
                    .set("attempt", attempt)
                    .set("tries", tries)
                    .set("since", since ? iso_time(*since) : "");
  for (const Text& text : kTexts) value.set(text.key, run.*text.of);
  return value;
}

bool are_alike(const RunView& a, const RunView& b) {
  return a.state == b.state && a.attempt == b.attempt && a.tries == b.tries && a.since == b.since && a.job == b.job &&
         a.token == b.token &&
         std::all_of(kTexts.begin(), kTexts.end(), [&](const Text& text) { return a.*text.of == b.*text.of; });
}

std::optional<RunView> read_alike(std::string_view line) {
  const Value value = parse_json(line, "the last look");
  const auto state = parse_run_state(value.text_or("state"));
  const std::string since = value.text_or("since");
  RunView run;
  run.state = state.value_or(RunState::unknown);
  run.job.text = value.text_or("job");
  run.token.text = value.text_or("submission");
  run.attempt = static_cast<int>(value.integer_or("attempt"));
  run.tries = static_cast<int>(value.integer_or("tries"));
  run.since = parse_iso_time(since);
  for (const Text& text : kTexts) run.*text.of = value.text_or(text.key);
  const bool is_whole = state && run.attempt > 0 && run.since.has_value() == !since.empty();
  return is_whole ? std::optional(run) : std::nullopt;
}

bool is_whole_second(const std::optional<Instant>& time) { return !time || parse_iso_time(iso_time(*time)) == time; }

bool is_one_of_a_plan(const RunView& run, const Workspace& workspace) {
  return run.in_sweep && run.attempt > 0 && !run.waits && run.name.find_first_of("\t\n") == std::string::npos &&
         run.folder == workspace.run_folder(run.model, run.name);
}

// A pipe would be waited for.
bool is_file_or_nothing(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::is_regular_file(status) || status.type() == fs::file_type::not_found;
}

// Cuts the part before `mark` off.
std::string_view next_part(std::string_view& text, char mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::size_t parts_of(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\t')) + 1;
}

Value list_of(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

std::optional<std::vector<std::string>> texts_of(const Value& list) {
  if (!list.is_list()) return std::nullopt;
  std::vector<std::string> texts;
  for (const Value& text : list.as_list()) {
    if (!text.is_string()) return std::nullopt;
    texts.push_back(text.as_string());
  }
  return texts;
}

// Claims that jobs of attempts that are over may yet make. nullopt: one was just made.
std::optional<std::vector<std::string>> claims_to_come(const ledger::Ledger& ledger) {
  std::vector<std::string> claims;
  for (const ledger::AttemptState* attempt : ledger::may_still_surface(ledger)) {
    const RunFolder folder(ledger.runs.at(attempt->key.run).folder);
    const fs::path file = folder.claim(attempt->key.attempt);
    const auto claim = claim_of(folder, attempt->key);
    if (claim && ledger::is_by_a_known_job(ledger, *claim, attempt->key)) return std::nullopt;
    if (!is_there(file)) claims.push_back(file.string());  // what lies there lies there for good
  }
  return claims;
}

// Before all groups stands a line of JSON. `unclaimed`: files that are not there.
struct Head {
  std::string made_of;
  std::string runs;  // fingerprint of the lines that follow
  std::vector<std::string> unclaimed;
  scheduler::Echo echo;
};

std::string head_text(const Head& head) {
  return to_json(Value::object()
                     .set("schema", kSchema)
                     .set("made_of", head.made_of)
                     .set("unclaimed", list_of(head.unclaimed))
                     .set("jobs", list_of(head.echo.jobs))
                     .set("answer", head.echo.answer)
                     .set("runs", head.runs)) +
         '\n';
}

std::optional<Head> read_head(std::string_view line) {
  const Value value = parse_json(line, "the last look");
  auto unclaimed = texts_of(value.at("unclaimed")), jobs = texts_of(value.at("jobs"));
  if (value.text_or("schema") != kSchema || !unclaimed || !jobs) return std::nullopt;
  return Head{value.text_or("made_of"),
              value.text_or("runs"),
              std::move(*unclaimed),
              {std::move(*jobs), value.text_or("answer")}};
}

}  // namespace

std::optional<std::string> KeptRuns::text(const std::vector<RunView>& runs, const Workspace& workspace) {
  if (!std::all_of(runs.begin(), runs.end(), [&](const RunView& run) { return is_one_of_a_plan(run, workspace); }))
    return std::nullopt;
  std::string text;
  std::size_t groups = 0;
  for (auto first = runs.begin(); first != runs.end();) {
    if (++groups > kFewGroups + runs.size() / kAlikeOnAverage) return std::nullopt;
    if (!is_whole_second(first->since)) return std::nullopt;  // times are written so
    const auto end = std::find_if_not(first, runs.end(), [&](const RunView& run) { return are_alike(*first, run); });
    std::string names, ids, indices;
    for (auto run = first; run != end; ++run) {
      const char* const gap = run == first ? "" : "\t";
      names.append(gap).append(run->name);
      ids.append(gap).append(run->id.text);
      indices.append(gap).append(std::to_string(run->index));
    }
    for (const std::string& line : {to_json(what_is_alike(*first)), names, ids, indices}) text.append(line) += '\n';
    first = end;
  }
  return text;
}

std::optional<KeptRuns> KeptRuns::read(std::string text, std::size_t begin) {
  KeptRuns kept;
  kept.text_ = std::make_unique<const std::string>(std::move(text));
  std::string_view rest = std::string_view(*kept.text_).substr(begin);
  while (!rest.empty()) {
    const auto alike = read_alike(next_part(rest, '\n'));
    if (!alike) return std::nullopt;
    Group group{*alike, {}, {}, {}};
    std::string_view names = next_part(rest, '\n');
    group.ids = next_part(rest, '\n');
    group.indices = next_part(rest, '\n');
    const std::size_t runs = parts_of(names);
    if (parts_of(group.ids) != runs || parts_of(group.indices) != runs) return std::nullopt;
    group.names.reserve(runs);
    for (std::size_t i = 0; i < runs; ++i) group.names.push_back(next_part(names, '\t'));
    kept.groups_.push_back(std::move(group));
  }
  return kept;
}

RunView KeptRuns::Group::first() const {
  RunView run = alike;
  run.name = names.front();
  run.id.text = ids.substr(0, ids.find('\t'));
  run.index = static_cast<int>(to_integer(indices.substr(0, indices.find('\t'))).value_or(0));
  return run;
}

std::vector<RunView> KeptRuns::runs(const Workspace& workspace) const {
  std::vector<RunView> runs;
  for (const Group& group : groups_) {
    std::string_view ids = group.ids, indices = group.indices;
    for (const std::string_view name : group.names) {
      RunView& run = runs.emplace_back(group.alike);
      run.id.text = next_part(ids, '\t');
      run.name = name;
      run.index = static_cast<int>(to_integer(next_part(indices, '\t')).value_or(0));
      run.folder = workspace.run_folder(run.model, run.name);
    }
  }
  return runs;
}

LastLook::LastLook(const Surroundings& around, std::vector<std::string> sweeps)
    : around_(around), sweeps_(std::move(sweeps)), made_of_(made_of()), warnings_(log::warnings()) {}

std::string LastLook::made_of() const {
  const Workspace& workspace = around_.workspace;
  const site::Profile& site = around_.site.profile;
  const std::string profile = stamp_of(site.origin);
  if (profile.empty() && site.origin != site::kEmbedded) return "";  // a pipe, say
  std::vector<std::string> parts = {
      stamp_of("/proc/self/exe"),       workspace.root().string(), site.name, site.origin, profile,
      stamp_of(workspace.submissions())};
  for (const std::string& sweep : sweeps_) {
    for (const fs::path& file : {ledger::Journal(workspace.root(), sweep).file(), workspace.sweep_index(sweep)}) {
      parts.push_back(file.string());
      parts.push_back(stamp_of(file));
    }
  }
  return fingerprint(join(parts, "\n"));
}

std::optional<KeptRuns> LastLook::again(Schedulers& schedulers) const {
  if (!is_file_or_nothing(around_.workspace.last_look())) return std::nullopt;
  try {
    auto text = read_file_if_there(around_.workspace.last_look());
    if (!text) return std::nullopt;
    std::string_view lines = *text;
    const auto head = read_head(next_part(lines, '\n'));
    if (!head || made_of_.empty() || head->made_of != made_of_ || head->runs != fingerprint(lines)) return std::nullopt;
    if (std::any_of(head->unclaimed.begin(), head->unclaimed.end(), [](const auto& claim) { return is_there(claim); }))
      return std::nullopt;
    if (!schedulers.of_this_site().says_the_same(head->echo)) return std::nullopt;
    const std::size_t begin = text->size() - lines.size();
    return KeptRuns::read(std::move(*text), begin);
  } catch (const Error&) {
    return std::nullopt;  // whoever looks anew says what is wrong
  }
}

// Nothing of it depends on the time, on run folders or on another scheduler, and nothing was to be told beside it.
// After a look that wrote into the journals the stamps are old already.
bool LastLook::follows_from_files_and_one_answer(const std::vector<RunView>& runs, const RefreshReport& report) const {
  const std::string& here = around_.site.profile.name;
  return !made_of_.empty() && report.sites.size() == 1 && report.sites.front().asked &&
         report.sites.front().site == here && !report.wrote && log::warnings() == warnings_ &&
         ledger::unanswered_submissions(report.ledger).empty() &&
         std::all_of(runs.begin(), runs.end(), [&](const RunView& run) { return run.site == here; });
}

void LastLook::keep(const std::vector<RunView>& runs, const RefreshReport& report, Schedulers& schedulers) const {
  if (!follows_from_files_and_one_answer(runs, report) || !is_file_or_nothing(around_.workspace.last_look())) return;
  const auto echo = schedulers.of_this_site().echo();
  const auto lines = echo ? KeptRuns::text(runs, around_.workspace) : std::nullopt;
  const auto unclaimed = claims_to_come(report.ledger);
  if (!lines || !unclaimed) return;
  try {
    write_file(around_.workspace.last_look(), head_text({made_of_, fingerprint(*lines), *unclaimed, *echo}) + *lines);
  } catch (const Error&) {  // a full disk, a workspace to be read only
  }
}

}  // namespace tt::flow
