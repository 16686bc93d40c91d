// tt/ledger/events.hpp: what the journal can say: one event a line, each true for itself.
//
// Replaying an event twice changes nothing, so every event names the attempt or the token it is about.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/process.hpp"
#include "tt/base/value.hpp"
#include "tt/job/asked.hpp"
#include "tt/job/ids.hpp"
#include "tt/job/state.hpp"

namespace tt {

// One task of a submission: which attempt of which run, and where it stands in the array.
struct PlannedTask {
  RunId run;
  std::string name;    // of the run, for people
  std::string folder;  // absolute path of the run folder
  int attempt = 0;
  int index = 0;
  RetryMode mode = RetryMode::resume;
  friend bool operator==(const PlannedTask&, const PlannedTask&) = default;
};

// What a cancelled attempt becomes: `cancelled` stays, `preempted` is resumed by the next run.
enum class CancelAs { cancelled, preempted };
std::string to_string(CancelAs as);
std::optional<CancelAs> parse_cancel_as(std::string_view word);

namespace ledger {

// The process that wrote an intent: while it lives it is still at work on it, and nobody else settles it.
struct Submitter {
  std::string host;
  ProcessIdentity process;
};

// Written before submissions/<token>/ and before the scheduler is called: reserves run, attempt and token.
struct Intent {
  Token token;
  std::string site;
  std::string scheduler;
  std::string sweep;
  std::vector<PlannedTask> runs;
  // The token this submission stands in for, after that one was absent past the settle time. In the same line as the
  // intent, so that no crash can leave one without the other.
  std::optional<Token> replaces;
  std::optional<Submitter> by;
  Asked asked{};  // what these jobs were asked to be
};
struct Answered {  // the scheduler took it
  Token token;
  JobId job;
};
struct Refused {  // the scheduler said no: nothing runs
  Token token;
  std::string reason;
};
struct NoAnswer {  // asked to submit, heard nothing usable: it may have gone in
  Token token;
  std::string why;
};
struct Adopted {  // found later, by asking the scheduler or by a claim or result with the token
  Token token;
  JobId job;
  std::string by;  // "scheduler", "claim", "exit"
  // Runs whose claim or result was found, or whose job the scheduler has again after they were told as over: this token
  // is the one that counts for their attempt from now on, also when a later submission carried it or it had been given
  // up. Empty when only the scheduler said that it knows the token.
  std::vector<RunId> runs;
};
struct Absent {  // the scheduler was asked and does not know the token
  Token token;
  std::vector<RunId> runs;  // empty: every run of the submission
};
struct Seen {  // what the scheduler said about one attempt; written when it changed
  AttemptKey attempt;
  Token token;
  RunState state = RunState::unknown;
  std::string raw;
  std::string reason;
  std::optional<Instant> since;
  bool hopeless = false;  // it waits for what will never be
};
// The same of many attempts of one submission, by their place in its array: ten thousand that wait for one reason are
// one line. A version that does not know it passes it over, and asks the scheduler itself.
struct SeenTogether {
  Token token;
  std::vector<int> indices;
  RunState state = RunState::unknown;
  std::string raw;
  std::string reason;
  std::optional<Instant> since;
  bool hopeless = false;
};
struct CancelWanted {  // before the scheduler is told: pending array tasks leave no record there
  std::vector<AttemptKey> attempts;
  CancelAs as = CancelAs::cancelled;
};
struct Ended {  // settled: this attempt is over
  AttemptKey attempt;
  Token token;
  RunState state = RunState::lost;
  std::string cause;  // id of a failure cause, "never-started", ...; empty when there is none
  std::string node;   // the node it happened on, where one is to blame
  std::optional<Instant>
      over{};  // when, by the job's own record or the scheduler; the event says when that was noticed
  // No job had claimed it by then. Should one do so after all (a scheduler that forgot a cancel, a requeue by hand), it
  // is what counts.
  bool unclaimed = false;
};
struct Renamed {
  RunId run;
  std::string from;
  std::string to;
  std::filesystem::path folder;  // where it lies now; empty: not said
};
struct RetryUsed {  // attempt `attempt.attempt` ended for `cause` and was retried by policy
  AttemptKey attempt;
  std::string cause;
};
struct Again {  // started afresh after `attempt.attempt` (0: none): earlier attempts and retries do not count any more
  AttemptKey attempt;
};
// Chosen, and not handed over yet: for want of room at the scheduler, or until another run has trained.
struct Waits {
  std::string sweep;
  std::vector<PlannedTask> runs;
  std::string why;             // "the site takes 40 jobs of one user at a time"
  std::optional<RunId> after;  // a canary: they go when it is finished
  int at_most = 0;             // how many were to be tried next, after a refusal for want of room; 0: there was none
  std::string site{};          // they were chosen for; empty: not said, as in older journals
  Asked asked{};               // and what they go with, whoever hands them over
};
struct WaitsNoMore {  // nobody wants them handed over any more
  std::vector<RunId> runs;
  bool cancelled = false;  // somebody said so: only `retry` or --again hands them over
};
struct Stopped {  // the same failure too often in a row: nothing more of the sweep is handed over
  std::string sweep;
  std::string cause;
  int times = 0;
};
struct GoesOn {  // after Stopped: failures count anew
  std::string sweep;
};
struct Policy {  // how often in a row the same failure may come; 0: as often as it likes
  std::string sweep;
  int stop_after = 0;
};
struct UnknownEvent {  // of a later version: kept, and without effect
  std::string kind;
  std::string json;
};

using EventBody =
    std::variant<Intent, Answered, Refused, NoAnswer, Adopted, Absent, Seen, SeenTogether, CancelWanted, Ended, Renamed,
                 RetryUsed, Again, Waits, WaitsNoMore, Stopped, GoesOn, Policy, UnknownEvent>;
struct Event {
  Instant time{};
  EventBody body;
};

// One line of the journal, without its end. Reading is in journal.hpp.
std::string to_line(const Event& event);

}  // namespace ledger
}  // namespace tt
