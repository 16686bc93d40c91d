// tt/ledger/fold.hpp: what we intended and what we were told, as of the last event. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tt/base/rarely.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/ledger/events.hpp"
#include "tt/ledger/run_histories.hpp"

namespace tt::ledger {

enum class Answer {
  none,       // not a word: the tool ended between intent and answer
  no_answer,  // a word, but none that says yes or no
  accepted,   // answered or adopted: the scheduler has it, or had it
  refused,    // nothing runs
};

struct SubmissionState {
  Token token;
  std::string site;
  std::string scheduler;
  std::string sweep;
  std::vector<PlannedTask> runs;
  Instant intended{};
  Answer answer = Answer::none;
  JobId job;           // accepted
  std::string reason;  // refused, no answer
  std::optional<Token> replaces;
  std::optional<Token> replaced_by;
  std::optional<Instant> absent_since;  // first time the scheduler did not know the token while it was unanswered
  std::optional<Submitter> by;
  Asked asked;
  std::optional<Instant> accepted{};  // when that it was taken was first written down
};

struct AttemptState {
  AttemptKey key;
  RetryMode mode = RetryMode::resume;
  std::string sweep;
  Token token;  // the submission that carries it now; results count only with this one
  int index = 0;
  JobId job;  // empty: not known (yet)
  RunState state = RunState::submitted;
  std::string raw;
  std::string reason;
  std::optional<Instant> since;
  std::optional<Instant> absent_since;
  std::optional<CancelAs> cancel_wanted;
  bool closed = false;             // ended, or refused by the scheduler (state planned): nothing of it runs or will
  std::string cause;               // of an ended attempt
  std::string node;                // to blame for its end
  bool unclaimed = false;          // ended, and no job had claimed it by then
  bool hopeless = false;           // open, and the scheduler says that it will never start
  std::optional<Instant> ended;    // when we learnt of it
  std::optional<Instant> over;     // when it was, where somebody saw it
  std::optional<Instant> seen;     // time of the last word of the scheduler
  std::optional<Instant> adopted;  // when a claim or result made another token the one that counts
};

// A run that was chosen and is not handed over yet.
struct WaitingRun {
  PlannedTask task;
  std::string sweep;
  std::string why;
  std::optional<RunId> after;
  int at_most = 0;
  Instant since{};
  std::string site;  // it was chosen for; empty: nobody said
};

struct RunHistory {
  std::string name;        // as of the last intent or rename
  std::string folder;      // its path; empty when no event said it
  bool was_moved = false;  // somebody put it to where it lies now: no event says so
  std::map<int, AttemptState> attempts;
  std::map<int, std::string> retries;  // attempt → cause it was retried for
  int fresh_after = 0;                 // attempts up to this one are put aside by --again: an attempt n that is
                                       // submitted as fresh puts all up to n-1 aside
  Instant named{};                     // when name and folder were last said
  std::string site;                    // it was last chosen for, and
  Rarely<Asked> asked;                 // what it was to be handed over with
  Rarely<WaitingRun> waiting;
  std::optional<Instant> withdrawn;  // cancelled while it waited: stays so until somebody asks for it by name
};

// How a sweep goes on by itself.
struct SweepPolicy {
  std::optional<int> stop_after;  // of the same failure in a row; empty: nobody said
  std::string stopped_for;        // cause; empty: it goes on
  int stopped_times = 0;
  Instant counted_from{};  // failures before this do not count
};

struct Ledger {
  std::map<Token, SubmissionState> submissions;
  ByRun<RunHistory> runs;
  std::map<std::string, SweepPolicy> policies;  // by sweep
};

void apply(Ledger& ledger, const Event& event);
void apply(Ledger& ledger, Event&& event);  // takes the runs of an intent instead of copying them
Ledger fold(std::span<const Event> events);

// Attempts that may still run, in the order in which the journal first named their runs.
std::vector<const AttemptState*> open_attempts(const Ledger& ledger);
// Last attempts that are over, and that a job may yet claim: nobody had when they ended, or the submission that was
// refused stands in for one of which nobody knows.
std::vector<const AttemptState*> may_still_surface(const Ledger& ledger);
// The claim of a job, and the submission it names was to start this attempt: its job is the one that counts.
bool is_by_a_known_job(const Ledger& ledger, const ClaimRecord& claim, const AttemptKey& attempt);
// Some attempt of it is open, and no other submission stands in for it.
bool carries_open_attempt(const Ledger& ledger, const SubmissionState& submission);
// Submissions without an answer that still carry an open attempt: what refresh asks the scheduler about by token.
std::vector<const SubmissionState*> unanswered_submissions(const Ledger& ledger);
// Runs that wait to be handed over, in the order in which they were chosen.
std::vector<const WaitingRun*> waiting_runs(const Ledger& ledger);
// nullptr: it does not wait.
const WaitingRun* find_waiting(const Ledger& ledger, const RunId& run);
// Cancelled while it waited to be handed over, and not chosen since.
bool is_withdrawn(const Ledger& ledger, const RunId& run);
// The scheduler said no to it: nothing of it ever ran.
bool was_refused(const AttemptState& attempt);
// nullptr when the run has none.
const AttemptState* last_attempt(const Ledger& ledger, const RunId& run);
const AttemptState* find_attempt(const Ledger& ledger, const AttemptKey& key);
// The attempt number after every one the journal knows.
int next_attempt(const Ledger& ledger, const RunId& run);
// Since the last --again. A retry that the scheduler refused is not used.
int retries_used(const Ledger& ledger, const RunId& run, const std::string& cause);
// How many submissions this one stands in for, one after the other (0: it is the first).
int times_resubmitted(const Ledger& ledger, const Token& token);

}  // namespace tt::ledger
