// tt/sweep/point_namer.hpp: the name of one point: by the template of the sweep, else by what varies.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/naming.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/points.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

class PointNamer {
 public:
  // `varying`: the keys that vary. Problems of the template itself are told elsewhere.
  PointNamer(const PlanInput& input, const std::vector<std::string>& varying, Problems& problems);

  std::string name(const Draft& draft, const titan::Settings& settings, const std::optional<Resources>& resources);

  // What a key is worth at a point: set by the sweep, a resource, a variable, or what stands below.
  static std::optional<Value> value_of(const std::string& key, const Draft& draft, const titan::Settings& settings,
                                       const std::optional<Resources>& resources);

 private:
  std::string by_what_varies(const Draft& draft) const;
  std::string by_template(const Draft& draft, const titan::Settings& settings,
                          const std::optional<Resources>& resources);
  void refuse_once(const NameTemplate::Part& part);

  Problems& problems_;
  std::unordered_map<std::string, std::string> short_;
  std::optional<NameTemplate> template_;
  std::set<std::string> late_;  // keys derived from estimates
  std::set<std::string> refused_;
};

}  // namespace tt::sweep
