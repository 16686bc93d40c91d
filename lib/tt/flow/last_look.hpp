// tt/flow/last_look.hpp: what a look found, kept beside the journals for the next one. To read the journals of ten
// thousand waiting runs takes five times as long as the scheduler takes to say that they still wait.
//
// What was kept is the answer again only while all that it was made from is as it was: this program, the workspace, the
// sweeps asked about, the site's profile, their journals and plans (by stamp_of), what the scheduler says when it
// is asked anew, and no job has claimed what was told as over unclaimed. A file that may be removed at any time:
// without it a look is only slower.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/flow/refresh.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

// Rows of a list of runs. Neighbours that stand alike are told once.
class KeptRuns {
 public:
  struct Group {
    RunView alike;  // without what is each run's own: id, name, folder, place in the array
    std::vector<std::string_view> names;
    std::string_view ids, indices;  // of them, as written
    RunView first() const;          // without its folder
  };
  // What text() wrote, from `begin` on. nullopt where it is not that.
  static std::optional<KeptRuns> read(std::string text, std::size_t begin = 0);
  // nullopt for runs that it has no words for: not handed over (yet), or of an earlier plan. And where few stand alike:
  // then to find out anew is quicker.
  static std::optional<std::string> text(const std::vector<RunView>& runs, const Workspace& workspace);

  const std::vector<Group>& groups() const { return groups_; }
  std::vector<RunView> runs(const Workspace& workspace) const;

 private:
  std::unique_ptr<const std::string> text_;  // what the groups look into: stays where it is
  std::vector<Group> groups_;
};

class LastLook {
 public:
  // Before journals and plans are read: what changes in them from now on is seen by the next look. `around` must
  // outlive it.
  LastLook(const Surroundings& around, std::vector<std::string> sweeps);

  // The runs of these sweeps as look_at_runs() would list them. nullopt: they are to be looked at anew, at once. One
  // question to the scheduler at most; where it says something else, refresh() need not ask it again.
  std::optional<KeptRuns> again(Schedulers& schedulers) const;

  // Keeps them, where they follow from nothing but what `again` compares. A file that cannot be written is no reason to
  // stop.
  void keep(const std::vector<RunView>& runs, const RefreshReport& report, Schedulers& schedulers) const;

 private:
  std::string made_of() const;
  bool follows_from_files_and_one_answer(const std::vector<RunView>& runs, const RefreshReport& report) const;

  const Surroundings& around_;
  std::vector<std::string> sweeps_;
  std::string made_of_;
  std::size_t warnings_;
};

}  // namespace tt::flow
