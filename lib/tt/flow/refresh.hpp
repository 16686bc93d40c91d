// tt/flow/refresh.hpp: asks the schedulers once for all open jobs, adopts what was submitted without an answer, and
// settles what ended. Every command that shows or decides begins with it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tt/flow/history.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::flow {

// The schedulers of the sites that have open jobs, made when first asked for.
class Schedulers {
 public:
  struct Site {
    site::Profile profile;
    std::unique_ptr<scheduler::Scheduler> scheduler;
  };
  explicit Schedulers(const Surroundings& around) : around_(around) {}
  // The site of a submission: by name, else by the profile that lies beside the submission (a file of the user's).
  // nullptr when its scheduler cannot be spoken to; `why` then says so.
  Site* find(const std::string& site, const Token& token, std::string& why);
  scheduler::Scheduler& of_this_site();
  // A scheduler that was made elsewhere, for the site of this profile.
  void use(const site::Profile& profile, std::unique_ptr<scheduler::Scheduler> scheduler);

 private:
  site::Profile profile_of(const std::string& site, const Token& token) const;
  const Surroundings& around_;
  std::map<std::string, Site> made_;
};

struct SiteAnswer {
  std::string site;
  bool asked = true;
  std::string why;                 // of "could not ask"
  std::optional<Instant> heard{};  // when it answered last
};

// "could not ask lab: WHY; it answered last 12 minutes ago (2026-03-01T12:00:00Z), what is shown is as of then".
std::string describe_silence(const SiteAnswer& answer, Instant now);

struct RefreshReport {
  std::vector<SiteAnswer> sites;
  std::vector<AttemptKey> ended;                      // attempts that were settled now
  std::vector<AttemptKey> hopeless;                   // wait for what will never be: the scheduler says so
  std::vector<ledger::SubmissionState> to_hand_over;  // absent past the settle time: the same attempts go again
  bool wrote = false;                                 // something into the journals
  ledger::Ledger ledger;                              // the journals as of this look, with what it wrote
};

// Where nothing can be written (a full disk, somebody else's workspace): who goes on to act stops there, who only shows
// shows what was seen, says that it was not written down, and leaves it to the next look.
enum class Unwritable { is_an_error, is_told };

// Changes journal and summaries, hands nothing over.
RefreshReport refresh(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                      Unwritable unwritable = Unwritable::is_an_error);
// The same, with journals that were lost written anew before.
RefreshReport refresh_with_lost_journals(const Surroundings& around, Schedulers& schedulers,
                                         const std::vector<std::string>& sweeps,
                                         Unwritable unwritable = Unwritable::is_an_error);

// For commands that act: hands over again what refresh found absent. At most twice per attempt; then it is lost.
// True: something was written down since the report's ledger.
bool hand_over_again(const Surroundings& around, Schedulers& schedulers, const RefreshReport& report);

}  // namespace tt::flow
