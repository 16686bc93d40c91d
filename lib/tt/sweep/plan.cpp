#include "tt/sweep/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/fingerprint.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/naming.hpp"
#include "tt/sweep/points.hpp"
#include "tt/sweep/resources.hpp"
#include "tt/sweep/run_estimate.hpp"
#include "tt/titan/rules.hpp"

namespace tt::sweep {
namespace {

constexpr std::size_t pairs_listed = 10;

void check_template(const PlanInput& input, titan::Era era, Problems& problems) {
  if (!input.spec.name_template) return;
  const Judge judge{era, input, problems};
  for (const auto& part : read_name_template(*input.spec.name_template, input.spec, problems).parts) {
    if (!part.key.empty()) judge.knows(part.key, part.key, part.place);
  }
}

// Names one point: by the template of the sweep, else by what varies.
class Namer {
 public:
  Namer(const PlanInput& input, const std::vector<std::string>& varying, Problems& problems) : problems_(problems) {
    const auto names = short_names(varying, input.spec);
    for (std::size_t i = 0; i < varying.size(); ++i) short_[varying[i]] = names[i];
    Problems known;  // check_template told them
    if (input.spec.name_template) template_ = read_name_template(*input.spec.name_template, input.spec, known);
  }

  std::string name(const Draft& draft, const titan::Settings& settings, const std::optional<Resources>& resources) {
    return template_ ? by_template(draft, settings, resources) : by_what_varies(draft);
  }

 private:
  std::string by_what_varies(const Draft& draft) const {
    std::string name;
    for (const Assignment& assignment : draft.varies) {
      name += "_" + named_value(short_.at(assignment.key), assignment.value);
    }
    return name.empty() ? "_base" : name;
  }

  std::string by_template(const Draft& draft, const titan::Settings& settings,
                          const std::optional<Resources>& resources) {
    std::string name;
    for (const auto& part : template_->parts) {
      name += part.literal;
      if (part.key.empty()) continue;
      const auto value = value_of(part.key, draft, settings, resources);
      if (value)
        name += name_part(*value);
      else
        refuse_once(part);
    }
    return name;
  }

  static std::optional<Value> value_of(const std::string& key, const Draft& draft, const titan::Settings& settings,
                                       const std::optional<Resources>& resources) {
    for (const Overrides* set : {&draft.varies, &draft.overrides}) {
      for (const Assignment& assignment : *set) {
        if (assignment.key == key) return assignment.value;
      }
    }
    if (is_environment_key(key)) {
      const auto variable = draft.environment.find(environment_name(key));
      return variable == draft.environment.end() ? std::nullopt : std::optional<Value>(variable->second);
    }
    if (is_resource_key(key)) return resources ? resource(key, *resources) : Value();
    const auto setting = settings.find(key);
    return setting ? std::optional<Value>(setting->value) : std::nullopt;
  }

  static Value resource(const std::string& key, const Resources& resources) {
    if (key == "resources.gpus") return resources.gpus;
    if (key == "resources.nodes") return resources.nodes;
    return walltime_text(resources.walltime);
  }

  void refuse_once(const NameTemplate::Part& part) {
    if (!refused_.insert(part.key).second) return;
    problems_.add(part.place, fmt::format("'{}' has no value in every run", part.key),
                  "neither the sweep nor the base nor the era says one");
  }

  Problems& problems_;
  std::unordered_map<std::string, std::string> short_;
  std::optional<NameTemplate> template_;
  std::set<std::string> refused_;
};

class Planner {
 public:
  Planner(const PlanInput& input, const Grid& grid, Problems& problems, Plan& plan)
      : input_(input),
        grid_(grid),
        problems_(problems),
        plan_(plan),
        drafter_(grid),
        namer_(input, drafter_.varying_keys(), problems),
        resources_(input, problems),
        printer_(grid.era, grid.resolved) {}

  void plan() {
    if (count_product(grid_, most_points) > most_points) {
      problems_.add(input_.spec.name.place,
                    fmt::format("this sweep has more than {} points", with_thousands(most_points)),
                    "take fewer values");
      return;
    }
    plan_.filtered = visit_points(grid_, [&](const Point& point) { visit(point); });
    if (too_many_) {
      problems_.add(input_.spec.name.place, fmt::format("this sweep has more than {} runs", with_thousands(most_runs)),
                    "take fewer values, or exclude some");
    }
    refuse_twins();
    plan_.estimate_model = RunEstimator::model();
  }

 private:
  void visit(const Point& point) {
    if (too_many_) return;
    const Draft draft = drafter_.draft(point, nullptr);
    const titan::Settings settings(grid_.era, grid_.base, draft.settings);
    const auto placed = resources_.place(draft.resources, settings);
    const std::string name = checked_name(namer_.name(draft, settings, placed.resources));
    if (!placed.resources && !placed.refusal) return;  // a problem of the file, already noted
    if (const auto refusals = all_refusals(settings, placed); !refusals.empty()) {
      skip(name, draft, refusals);
      return;
    }
    accept(point, draft, settings, name, *placed.resources);
  }

  std::vector<titan::Refusal> all_refusals(const titan::Settings& settings,
                                           const ResourcePlanner::Answer& placed) const {
    std::vector<titan::Refusal> refusals;
    if (placed.resources) refusals = titan::refusals(settings, placed.resources->gpus);
    if (placed.refusal) refusals.push_back(*placed.refusal);
    return refusals;
  }

  void skip(const std::string& name, const Draft& draft, const std::vector<titan::Refusal>& refusals) {
    const titan::Refusal& first = refusals.front();
    auto& counts = plan_.counts_by_rule;
    auto count =
        std::find_if(counts.begin(), counts.end(), [&](const auto& entry) { return entry.first == first.rule; });
    if (count == counts.end()) count = counts.insert(counts.end(), {first.rule, 0});
    ++plan_.totals.skipped;
    if (++count->second > static_cast<std::int64_t>(skipped_kept_per_rule)) return;
    std::string reason = first.reason;
    for (std::size_t i = 1; i < refusals.size(); ++i) {
      reason += fmt::format("; also {}: {}", refusals[i].rule, refusals[i].reason);
    }
    plan_.skipped.push_back({name, draft.overrides, draft.varies, first.rule, std::move(reason)});
  }

  void accept(const Point& point, const Draft& draft, const titan::Settings& settings, const std::string& name,
              const Resources& resources) {
    PlannedRun run;
    run.model = plan_.model;
    run.resources = resources;
    run.shape = titan::shape_of(settings, resources.gpus);
    run.estimate = estimator_.estimate(run.shape);
    if (grid_.repeat.rows.empty()) {
      run.name = name;
      add(std::move(run), draft);
      return;
    }
    run.repeat_group = name;
    for (std::size_t index = 0; index < grid_.repeat.rows.size(); ++index) {
      PlannedRun one = run;
      one.repeat = static_cast<int>(index) + 1;
      one.name = checked_name(fmt::format("{}_s{}", name, *one.repeat));
      add(std::move(one), drafter_.draft(point, &grid_.repeat.rows[index]));
    }
  }

  void add(PlannedRun run, Draft draft) {
    if (plan_.totals.runs >= most_runs) {
      too_many_ = true;
      return;
    }
    run.settings_fingerprint = printer_.print(draft.settings, draft.environment, run.resources, run.repeat);
    run.id = run_id(plan_.sweep, run.settings_fingerprint);
    run.overrides = std::move(draft.overrides);
    run.settings = std::move(draft.settings);
    run.varies = std::move(draft.varies);
    run.environment = std::move(draft.environment);
    ++plan_.totals.runs;
    plan_.totals.gpu_hours += run.resources.gpus * run.resources.walltime.count() / 3600;
    plan_.totals.nodes_max = std::max(plan_.totals.nodes_max, run.resources.nodes);
    plan_.runs.push_back(std::move(run));
  }

  std::string checked_name(std::string name) {
    const auto why = unsafe_name(name);
    if (!why || name_problem_) return name;
    name_problem_ = true;
    problems_.add(place_of_names(), fmt::format("'{}' cannot be the name of a run: {}", printable(name), *why),
                  input_.spec.name_template ? "" : "give names yourself: name: \"_bs{training.local_batch_size}\"");
    return name;
  }

  Place place_of_names() const {
    return input_.spec.name_template ? input_.spec.name_template->place : input_.spec.name.place;
  }

  static std::string described(const PlannedRun& run) {
    std::string text;
    for (const Assignment& assignment : run.varies) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", assignment.key, plain_text(assignment.value));
    }
    return text.empty() ? "the base" : printable(text, 200);
  }

  // Two runs of one name would share a folder; two of the same settings would train the same thing twice.
  void refuse_twins() {
    std::unordered_map<std::string_view, const PlannedRun*> names, settings;
    std::vector<std::string> same_name, same_settings;
    for (const PlannedRun& run : plan_.runs) {
      const auto [twin, is_new] = settings.emplace(run.settings_fingerprint, &run);
      if (!is_new) {
        same_settings.push_back(fmt::format("{} and {}: ({}) and ({})", twin->second->name, run.name,
                                            described(*twin->second), described(run)));
      }
      const auto [namesake, is_free] = names.emplace(run.name, &run);
      if (!is_free && is_new) {
        same_name.push_back(fmt::format("{}: ({}) and ({})", run.name, described(*namesake->second), described(run)));
      }
    }
    report_pairs(same_name, "would have the same name", "put what differs between them into the name");
    report_pairs(same_settings, "would be the same training", "drop one of them");
  }

  void report_pairs(std::vector<std::string> pairs, std::string_view what, std::string_view advice) {
    if (pairs.empty()) return;
    const auto count = static_cast<std::int64_t>(pairs.size());
    if (pairs.size() > pairs_listed) {
      pairs.resize(pairs_listed);
      pairs.push_back(fmt::format("and {} more", with_thousands(count - static_cast<std::int64_t>(pairs_listed))));
    }
    problems_.add(place_of_names(), fmt::format("{} of runs {}", plural(count, "pair"), what),
                  fmt::format("{}: {}", advice, join(pairs, "; ")));
  }

  const PlanInput& input_;
  const Grid& grid_;
  Problems& problems_;
  Plan& plan_;
  Drafter drafter_;
  Namer namer_;
  ResourcePlanner resources_;
  SettingsPrinter printer_;
  RunEstimator estimator_;
  bool too_many_ = false;
  bool name_problem_ = false;
};

// A spec with problems, without what cannot even be judged: axes of a group must be as long as each other.
PlanInput judgeable(const PlanInput& input) {
  PlanInput rest = input;
  const auto is_crooked = [](const AxisGroup& group) {
    return group.size() == 0 || std::any_of(group.axes.begin(), group.axes.end(),
                                            [&](const Axis& axis) { return axis.values.size() != group.size(); });
  };
  std::erase_if(rest.spec.groups, is_crooked);
  std::erase_if(rest.spec.repeat, is_crooked);
  return rest;
}

// Everything that is wrong with the file, in one report.
[[noreturn]] void tell_all(const PlanInput& input, Problems& problems) {
  const PlanInput rest = judgeable(input);
  std::vector<std::string> notes;
  const Grid grid = make_grid(rest, problems, notes);
  check_template(rest, grid.era, problems);
  throw BadInput(problems.all());
}

}  // namespace

Plan make_plan(const PlanInput& input) {
  Problems problems;
  problems.add_all(input.problems);
  if (problems.has_errors()) tell_all(input, problems);
  Plan plan;
  plan.sweep = input.spec.name.text;
  plan.model = input.spec.model.text;
  const Grid grid = make_grid(input, problems, plan.notes);
  plan.era = grid.era;
  plan.torchtitan = grid.torchtitan;
  check_template(input, grid.era, problems);
  problems.throw_if_any();
  Planner(input, grid, problems, plan).plan();
  problems.throw_if_any();
  plan.warnings = problems.all();
  return plan;
}

}  // namespace tt::sweep
