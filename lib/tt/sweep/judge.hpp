// tt/sweep/judge.hpp: the one place where a key and a value of a sweep are judged by TorchTitan's schema.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::sweep {

struct Judge {
  const std::vector<titan::Era>& eras;  // of the grid: each of them must take what the sweep says
  const PlanInput& input;
  Problems& problems;

  // nullopt after a problem.
  std::optional<GridCell> cell(const std::string& key, const Place& key_place, const WrittenValue& value) const;
  // Is the key one that every era knows, in whatever spelling? Else a problem that says what to write.
  bool knows(const std::string& key, const std::string& spelled, const Place& place) const;
  bool allows_new_keys() const { return input.allow_new_keys || input.spec.allow_new_keys; }

 private:
  bool knows(titan::Era era, const std::string& key, const std::string& spelled, const Place& place) const;
  std::optional<Assignment> setting(titan::Era era, const Assignment& said, const Place& key_place,
                                    const Place& value_place, bool& deferred) const;
  bool can_be_said_with_others(titan::Era era, const Assignment& said) const;
};

// Is this the key that decides where a training writes? tt sets it for every run.
bool is_dump_folder(titan::Era era, std::string_view key);

}  // namespace tt::sweep
