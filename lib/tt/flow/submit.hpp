// tt/flow/submit.hpp: chosen runs → submissions, each handed over exactly once.
//
//   1. under the workspace lock: fold the journal, choose, write the intent (run, attempt, token); release
//   2. write and sync submissions/<token>/, call the scheduler
//   3. write down the answer
// After a crash at any instant refresh.hpp asks for the token and adopts, or hands the same attempt over again.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/job/asked.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::flow {

struct Candidate {
  RunFolder folder;
  RunRecord record;
  RetryMode mode = RetryMode::resume;
  std::vector<std::string> exclude;  // nodes that failed it
  Asked asked;                       // what it is handed over with, beyond what the site's profile says
};

// Runs that wait for a canary of an earlier choice.
struct Behind {
  RunId canary;
  std::string name;
  std::set<RunId> runs;
};
// Not more than so many of these now, as a refusal taught, with its reason.
struct Bound {
  int at_most = 0;
  std::string why;
  std::set<RunId> runs;
};
// What `choose` answers: the runs to hand over, and events that belong to the choice (a retry that is used up, say).
struct Choice {
  std::vector<Candidate> runs;
  bool canary = false;  // the first alone; the others wait until it is finished
  std::vector<Bound> bounds;
  Behind behind;
  std::vector<SweepEvent> events;
};
// Called under the workspace lock, which it may write events with before it changes a folder.
using Choose = std::function<Choice(ledger::Ledger&, const FileLock&)>;

// One submission, complete before anybody is asked: also what a dry run prints.
struct PreparedSubmission {
  std::string sweep;
  std::vector<PlannedTask> tasks;
  std::string script;
  std::string task_file;
  scheduler::SubmitRequest request;
  std::vector<std::string> argv;  // what the scheduler executes
  std::string not_kept_off;       // nodes it should keep off and cannot: why, and what to do
  std::optional<Token> replaces;
  Asked asked;
};
enum class Tokens { real, placeholder };  // placeholder: "<token>", for a dry run
// Groups runs of one shape that were asked for alike, cuts at the scheduler's array limit, numbers the attempts.
std::vector<PreparedSubmission> prepare(const std::vector<Candidate>& runs, const ledger::Ledger& ledger,
                                        const Surroundings& around, const scheduler::Scheduler& scheduler,
                                        Tokens tokens);

struct HandedOver {
  Token token;
  JobId job;  // empty: refused or no answer
  std::size_t runs = 0;
  std::string refused;           // the scheduler's reason
  bool for_now = false;          // refused for want of room: it waits to be handed over later, and
  bool not_even_a_part = false;  // fewer at once would not go either
  std::string no_answer;
};
struct HeldBack {
  std::size_t runs = 0;
  std::string why;
};
// `held_back`, when given, learns what was chosen and waits.
std::vector<HandedOver> submit(const Surroundings& around, scheduler::Scheduler& scheduler,
                               const std::vector<std::string>& sweeps, const Choose& choose,
                               HeldBack* held_back = nullptr);

// What of a choice would be held back, as far as is known without asking: its canary, the site's window less what this
// workspace has open there. Takes it out of the choice.
HeldBack hold_back_as_remembered(Choice& choice, const ledger::Ledger& ledger, const Surroundings& around,
                                 const scheduler::Scheduler& scheduler);

// The same attempts again, with a new token, after `old` was absent past the settle time.
// `site` and `scheduler` are those of the old submission. nullopt: nothing of it is left to hand over.
std::optional<HandedOver> submit_again(const Surroundings& around, const site::Profile& site,
                                       scheduler::Scheduler& scheduler, const ledger::SubmissionState& old);

}  // namespace tt::flow
