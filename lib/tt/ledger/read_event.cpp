#include "tt/ledger/read_event.hpp"

#include <simdjson.h>

#include <array>

#include "tt/job/index_list.hpp"

namespace tt::ledger {
namespace {

using Object = simdjson::dom::object;

// A line that says less than its kind needs.
struct Missing {
  const char* field;
};

std::string_view text(const Object& line, const char* key) {
  std::string_view found;
  return line[key].get(found) == simdjson::SUCCESS ? found : std::string_view();
}

std::string_view needed(const Object& line, const char* key) {
  std::string_view found;
  if (line[key].get(found) != simdjson::SUCCESS || found.empty()) throw Missing{key};
  return found;
}

bool flag(const Object& line, const char* key) {
  bool found = false;
  return line[key].get(found) == simdjson::SUCCESS && found;
}

int needed_integer(const Object& line, const char* key) {
  std::int64_t found = 0;
  if (line[key].get(found) != simdjson::SUCCESS) throw Missing{key};
  return static_cast<int>(found);
}

template <class IdType>
IdType id(const Object& line, const char* key) {
  return IdType{std::string(needed(line, key))};
}

AttemptKey attempt(const Object& line) { return {id<RunId>(line, "run"), needed_integer(line, "attempt")}; }

// A state of a later version is a state we do not know.
RunState state(const Object& line) { return parse_run_state(needed(line, "state")).value_or(RunState::unknown); }

std::vector<RunId> run_list(const Object& line) {
  std::vector<RunId> runs;
  simdjson::dom::array list;
  if (line["runs"].get(list) != simdjson::SUCCESS) return runs;
  for (const auto entry : list) {
    std::string_view run;
    if (entry.get(run) != simdjson::SUCCESS) throw Missing{"runs"};
    runs.push_back(RunId{std::string(run)});
  }
  return runs;
}

template <class Read>
auto objects(const Object& line, const char* key, Read read) {
  std::vector<decltype(read(line))> found;
  simdjson::dom::array list;
  if (line[key].get(list) != simdjson::SUCCESS) throw Missing{key};
  found.reserve(list.size());
  for (const auto entry : list) {
    Object object;
    if (entry.get(object) != simdjson::SUCCESS) throw Missing{key};
    found.push_back(read(object));
  }
  return found;
}

PlannedTask planned_task(const Object& task) {
  PlannedTask planned;
  planned.run = id<RunId>(task, "run");
  planned.name = text(task, "name");
  planned.folder = text(task, "folder");
  planned.attempt = needed_integer(task, "attempt");
  planned.index = needed_integer(task, "index");
  planned.mode = text(task, "mode") == "fresh" ? RetryMode::fresh : RetryMode::resume;
  return planned;
}

std::optional<Submitter> submitter(const Object& line) {
  Object by;
  if (line["by"].get(by) != simdjson::SUCCESS) return std::nullopt;
  std::int64_t pid = 0, ticks = 0;
  if (by["pid"].get(pid) != simdjson::SUCCESS || by["start_ticks"].get(ticks) != simdjson::SUCCESS) return std::nullopt;
  return Submitter{std::string(text(by, "host")),
                   {static_cast<pid_t>(pid), static_cast<std::uint64_t>(ticks), std::string(text(by, "boot_id"))}};
}

Asked asked(const Object& line) {
  Object said;
  if (line["asked"].get(said) != simdjson::SUCCESS) return {};
  Asked found{std::string(text(said, "account")), std::string(text(said, "partition")), std::string(text(said, "qos")),
              std::string(text(said, "constraint")), std::nullopt};
  std::int64_t throttle = 0;
  if (said["throttle"].get(throttle) == simdjson::SUCCESS) found.throttle = static_cast<int>(throttle);
  return found;
}

EventBody intent(const Object& line) {
  Intent event{id<Token>(line, "token"),
               std::string(text(line, "site")),
               std::string(text(line, "scheduler")),
               std::string(text(line, "sweep")),
               objects(line, "runs", planned_task),
               std::nullopt,
               submitter(line),
               asked(line)};
  if (const auto replaced = text(line, "replaces"); !replaced.empty()) event.replaces = Token{std::string(replaced)};
  return event;
}
EventBody answered(const Object& line) { return Answered{id<Token>(line, "token"), id<JobId>(line, "job")}; }
EventBody refused(const Object& line) { return Refused{id<Token>(line, "token"), std::string(text(line, "reason"))}; }
EventBody no_answer(const Object& line) { return NoAnswer{id<Token>(line, "token"), std::string(text(line, "why"))}; }
EventBody adopted(const Object& line) {
  return Adopted{id<Token>(line, "token"), JobId{std::string(text(line, "job"))}, std::string(text(line, "by")),
                 run_list(line)};
}
EventBody absent(const Object& line) { return Absent{id<Token>(line, "token"), run_list(line)}; }
EventBody seen(const Object& line) {
  return Seen{attempt(line),
              Token{std::string(text(line, "token"))},
              state(line),
              std::string(text(line, "raw")),
              std::string(text(line, "reason")),
              parse_iso_time(text(line, "since")),
              flag(line, "hopeless")};
}
EventBody seen_together(const Object& line) {
  SeenTogether event{
      id<Token>(line, "token"),       read_index_list(needed(line, "tasks")), state(line),
      std::string(text(line, "raw")), std::string(text(line, "reason")),      parse_iso_time(text(line, "since")),
      flag(line, "hopeless")};
  if (event.indices.empty()) throw Missing{"tasks"};
  return event;
}
EventBody cancel_wanted(const Object& line) {
  const auto as = parse_cancel_as(needed(line, "as"));
  if (!as) throw Missing{"as"};
  return CancelWanted{objects(line, "attempts", attempt), *as};
}
EventBody ended(const Object& line) {
  return Ended{attempt(line),
               Token{std::string(text(line, "token"))},
               state(line),
               std::string(text(line, "cause")),
               std::string(text(line, "node")),
               parse_iso_time(text(line, "over")),
               flag(line, "unclaimed") || text(line, "cause") == "never-surfaced"};  // older journals say only that
}
EventBody renamed(const Object& line) {
  return Renamed{id<RunId>(line, "run"), std::string(text(line, "from")), std::string(needed(line, "to")),
                 std::string(text(line, "folder"))};
}
EventBody retry_used(const Object& line) { return RetryUsed{attempt(line), std::string(needed(line, "cause"))}; }
EventBody again(const Object& line) { return Again{attempt(line)}; }
EventBody waits(const Object& line) {
  Waits event{std::string(needed(line, "sweep")),
              objects(line, "runs", planned_task),
              std::string(text(line, "why")),
              std::nullopt,
              0,
              std::string(text(line, "site")),
              asked(line)};
  if (const auto after = text(line, "after"); !after.empty()) event.after = RunId{std::string(after)};
  std::int64_t at_most = 0;
  if (line["at_most"].get(at_most) == simdjson::SUCCESS) event.at_most = static_cast<int>(at_most);
  return event;
}
EventBody waits_no_more(const Object& line) { return WaitsNoMore{run_list(line), flag(line, "cancelled")}; }
EventBody stopped(const Object& line) {
  return Stopped{std::string(needed(line, "sweep")), std::string(text(line, "cause")), needed_integer(line, "times")};
}
EventBody goes_on(const Object& line) { return GoesOn{std::string(needed(line, "sweep"))}; }
EventBody policy(const Object& line) {
  return Policy{std::string(needed(line, "sweep")), needed_integer(line, "stop_after")};
}

struct Kind {
  std::string_view name;
  EventBody (*read)(const Object& line);
};
constexpr std::array<Kind, 18> kKinds{{{"seen", seen},
                                       {"seen-together", seen_together},
                                       {"intent", intent},
                                       {"answered", answered},
                                       {"ended", ended},
                                       {"refused", refused},
                                       {"no-answer", no_answer},
                                       {"adopted", adopted},
                                       {"absent", absent},
                                       {"cancel-wanted", cancel_wanted},
                                       {"renamed", renamed},
                                       {"retry-used", retry_used},
                                       {"again", again},
                                       {"waits", waits},
                                       {"waits-no-more", waits_no_more},
                                       {"stopped", stopped},
                                       {"goes-on", goes_on},
                                       {"policy", policy}}};

EventBody read_body(const Object& line, std::string_view whole) {
  const std::string_view name = needed(line, "event");
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind.read(line);
  }
  return UnknownEvent{std::string(name), std::string(whole)};
}

}  // namespace

const std::size_t kLinePadding = simdjson::SIMDJSON_PADDING;

struct EventReader::Parser {
  simdjson::dom::parser json;

  // Events come in bursts: most lines carry the second of the line before.
  Instant time(std::string_view word) {
    if (word == last_word) return last_time;
    const auto time = parse_iso_time(word);
    if (!time) throw Missing{"time"};
    last_word = word;
    return last_time = *time;
  }
  std::string last_word;
  Instant last_time{};
};

EventReader::EventReader() : parser_(std::make_unique<Parser>()) {}
EventReader::~EventReader() = default;

std::optional<Event> EventReader::read(std::string_view line, std::string& why) {
  Object object;
  const auto error = parser_->json.parse(line.data(), line.size(), false).get(object);
  if (error != simdjson::SUCCESS) {
    why = "not a JSON object";
    return std::nullopt;
  }
  try {
    return Event{parser_->time(needed(object, "time")), read_body(object, line)};
  } catch (const Missing& missing) {
    why = std::string("an event without a usable '") + missing.field + "'";
    return std::nullopt;
  }
}

}  // namespace tt::ledger
