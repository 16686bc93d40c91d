#include "tt/sweep/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/fingerprint.hpp"
#include "tt/sweep/formulas.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/judge.hpp"
#include "tt/sweep/late_formulas.hpp"
#include "tt/sweep/naming.hpp"
#include "tt/sweep/nothing_left.hpp"
#include "tt/sweep/point_namer.hpp"
#include "tt/sweep/points.hpp"
#include "tt/sweep/problem_order.hpp"
#include "tt/sweep/resources.hpp"
#include "tt/sweep/run_estimate.hpp"
#include "tt/sweep/sample.hpp"
#include "tt/sweep/search.hpp"
#include "tt/sweep/site_fabric.hpp"
#include "tt/titan/architectures.hpp"
#include "tt/titan/rules.hpp"

namespace tt::sweep {
namespace {

constexpr std::size_t pairs_listed = 10;

void check_template(const PlanInput& input, const Grid& grid, Problems& problems) {
  if (!input.spec.name_template) return;
  const Judge judge{grid.eras, input, problems};
  for (const auto& part : read_name_template(*input.spec.name_template, input.spec, problems).parts) {
    if (!part.key.empty()) judge.knows(part.key, part.key, part.place);
  }
}

class Planner {
 public:
  Planner(const PlanInput& input, const Grid& grid, Problems& problems, Plan& plan)
      : input_(input),
        grid_(grid),
        problems_(problems),
        plan_(plan),
        formulas_(grid, input, problems),
        search_(grid, formulas_),
        drafter_(grid),
        namer_(input, drafter_.varying_keys(), problems),
        late_(grid, input, problems),
        resources_(input, problems),
        root_varies_(grid.source_of("torchtitan.root").kind == KeySource::Kind::axis) {
    for (const Ground& ground : grid.grounds) printers_.emplace_back(grid.era_of(ground), ground.resolved);
    if (input.spec.sample) sampler_.emplace(*input.spec.sample);
    know_architectures();
    check_waivers();
  }

  void plan() {
    if (const auto end = search_.run(most_points, most_looked); end != PointSearch::End::all) {
      refuse_unending(end);
      return;
    }
    search_.visit([&](std::span<const std::size_t> index) {
      visit({index, nullptr});
      return !too_many_;
    });
    if (sampler_) accept_sample();
    std::int64_t rows_cut = 0;
    for (const GridCells& row : grid_.include) rows_cut += visit({{}, &row}) ? 0 : 1;
    std::int64_t late_cut = 0;
    for (const auto& [condition, count] : late_cuts_) late_cut += count;
    if (const auto cut = search_.cut()) plan_.filtered = *cut + rows_cut + late_cut;
    if (too_many_) {
      problems_.add(input_.spec.name.place, fmt::format("this sweep has more than {} runs", with_thousands(most_runs)),
                    "take fewer values, cut some with 'where:' or 'exclude:', or keep some with 'sample:'");
    }
    refuse_twins();
    if (input_.spec.order == RunOrder::cheapest_first) sort_by_cost();
    name_estimates();
    if (plan_.totals.runs == 0 && !problems_.has_errors())
      plan_.why_no_runs = why_nothing_is_left(input_, grid_, formulas_, search_, late_cuts_, plan_);
  }

 private:
  struct Judged {
    Draft draft;
    std::string name;
    Resources resources;
    std::vector<WaivedRule> waived;
  };

  // What a checkout defines is believed; a file of the user describes the model of this sweep, whatever its bases call
  // it.
  void know_architectures() {
    architectures_.resize(grid_.grounds.size());
    for (std::size_t i = 0; i < grid_.grounds.size(); ++i) {
      const Ground& ground = grid_.grounds[i];
      const titan::Era era = grid_.era_of(ground);
      if (ground.root < input_.roots.size())
        titan::add_flavors(input_.roots[ground.root].flavors, era, architectures_[i]);
      if (!input_.architecture) continue;
      titan::Architecture own = *input_.architecture;
      const titan::TrainingShape shape = titan::shape_of(titan::Settings(era, ground.lookup, {}), 1);
      if (!shape.model.empty() && shape.model != own.family) {
        problems_.warn(input_.spec.architecture->place,
                       fmt::format("this file describes a {}, and the base trains a {}: it "
                                   "is not used",
                                   own.family, shape.model));
      }
      own.flavor = shape.flavor;
      architectures_[i].add(own);
    }
    const auto fabric = hardware();
    for (std::size_t i = 0; i < grid_.grounds.size(); ++i)
      estimators_.emplace_back(architectures_[i], grid_.era_of(grid_.grounds[i]), fabric);
  }

  // The site's own go before: a sweep may travel.
  std::optional<comm::Fabric> hardware() {
    auto fabric = fabric_of(input_.site);
    const auto& named = input_.spec.hardware;
    if (!named) return fabric;
    const auto known = comm::find_hardware(named->text);
    if (!known)
      problems_.add(named->place, fmt::format("'{}' is no hardware that estimates know", printable(named->text)),
                    "known are " + join(comm::hardware_names(), ", "));
    return fabric ? fabric : known;
  }

  void check_waivers() {
    for (const Waiver& waiver : input_.spec.waivers) {
      std::vector<std::string> names;
      for (const titan::Rule& rule : titan::rules()) names.push_back(rule.name);
      if (std::find(names.begin(), names.end(), waiver.rule.text) != names.end()) continue;
      const auto near = nearest(waiver.rule.text, names);
      problems_.add(waiver.rule.place, fmt::format("there is no rule '{}'", printable(waiver.rule.text)),
                    near ? fmt::format("did you mean '{}'?", *near) : "'tt-sweep plan' names the rules that refuse");
    }
  }

  void refuse_unending(PointSearch::End end) {
    const Place& place = input_.spec.name.place;
    if (end == PointSearch::End::too_many) {
      problems_.add(place, fmt::format("this sweep has more than {} points", with_thousands(most_points)),
                    "take fewer values, or cut some with 'where:' or 'exclude:'");
    } else if (end == PointSearch::End::too_long) {
      problems_.add(
          place,
          fmt::format("after {} combinations the points of this sweep were still not counted out",
                      with_thousands(most_looked)),
          "take fewer values, or write conditions that need fewer keys each: every one cuts as soon as its keys "
          "are known");
    }
  }

  // false: a condition cuts the point (only rows come here unjudged).
  bool visit(const At& at) {
    bool whole = true;
    for (std::size_t i = 0; i < formulas_.conditions(); ++i) {
      const Verdict verdict = formulas_.judge(i, at);
      if (verdict == Verdict::cuts) return false;
      whole = whole && verdict == Verdict::holds;
    }
    auto point = point_at(grid_, formulas_, at);
    if (!point) return true;
    for (std::size_t i = 0; !whole && i < formulas_.conditions(); ++i) {
      if (formulas_.judge(i, at) == Verdict::fails) formulas_.report_condition(i, at);
    }
    if (!whole || !derive_late(*point)) return true;
    const auto judged = judge(*point);
    if (!judged || is_cut_late(*point, *judged)) return true;
    if (sampler_ && !point->is_row)
      sampler_->offer(*point, judged->draft.varies);
    else
      accept(*point, *judged);
    return true;
  }

  void accept_sample() {
    const std::vector<Point> points = sampler_->take();
    const auto kept = static_cast<std::int64_t>(points.size());
    plan_.sampled_out = sampler_->offered() - kept;
    if (kept < input_.spec.sample->count) {
      problems_.warn(input_.spec.sample->place,
                     fmt::format("there are only {} to take a sample of {} from: all are kept", plural(kept, "point"),
                                 input_.spec.sample->count));
    }
    for (const Point& point : points) accept(point, *judge(point));
  }

  // What an expression that asks for estimates sees at a point.
  auto values_at(const Point& point, const Judged& judged) {
    const Ground& ground = grid_.grounds[point.ground];
    const titan::Settings settings(grid_.era_of(ground), ground.lookup, judged.draft.settings);
    const titan::TrainingShape shape = titan::shape_of(settings, judged.resources.gpus, architectures_[point.ground]);
    return [this, &point, &judged, settings, shape](const std::string& key) {
      if (!is_figure(key)) return PointNamer::value_of(key, judged.draft, settings, judged.resources);
      return estimators_[point.ground].figure(key, shape, judged.resources.gpus_per_node,
                                              settings.integer(titan::Knob::steps));
    };
  }

  // Adds to a point the keys that are derived from its estimate. false: it is listed as refused as it is without them,
  // or a problem was noted.
  bool derive_late(Point& point) {
    if (!late_.derives()) return true;
    const auto before = judge(point);
    const auto cells = before ? late_.derive(values_at(point, *before)) : std::nullopt;
    if (!cells) return false;
    point.derived.insert(point.derived.end(), cells->begin(), cells->end());
    return true;
  }

  bool is_cut_late(const Point& point, const Judged& judged) {
    if (!late_.has_conditions()) return false;
    const auto cut = late_.cut(values_at(point, judged));
    if (!cut) return false;
    ++late_cuts_[cut->by];
    if (plan_.cut_late.size() < skipped_kept_per_rule) {
      plan_.cut_late.push_back({judged.name, judged.draft.overrides, judged.draft.settings, judged.draft.varies,
                                judged.resources.gpus, point.ground, cut->by->text.text, cut->seen});
    }
    return true;
  }

  void name_estimates() {
    std::string profiles;
    std::set<std::string> notes;
    for (const RunEstimator& estimator : estimators_) {
      if (profiles.find(estimator.profile()) == std::string::npos)
        profiles += fmt::format("{}{}", profiles.empty() ? "" : ", ", estimator.profile());
      notes.insert(estimator.notes().begin(), estimator.notes().end());
    }
    plan_.estimate_model = fmt::format("model titan, profile {}", profiles);
    plan_.estimate_notes.assign(notes.begin(), notes.end());
  }

  // nullopt: refused and listed, or a problem was noted.
  std::optional<Judged> judge(const Point& point) {
    Judged judged;
    judged.draft = drafter_.draft(point, nullptr);
    if (!judged.draft.trouble.empty()) {
      if (!std::exchange(untranslated_, true)) problems_.add(judged.draft.place, judged.draft.trouble);
      return std::nullopt;
    }
    const Ground& ground = grid_.grounds[point.ground];
    const titan::Settings settings(grid_.era_of(ground), ground.lookup, judged.draft.settings);
    const auto placed = resources_.place(judged.draft.resources, settings);
    judged.name = checked_name(namer_.name(judged.draft, settings, placed.resources));
    if (!placed.resources && !placed.refusal) return std::nullopt;
    if (auto refusals = all_refusals(settings, placed, architectures_[point.ground], judged.waived);
        !refusals.empty()) {
      skip({judged.name,
            judged.draft.overrides,
            judged.draft.settings,
            judged.draft.varies,
            placed.resources ? placed.resources->gpus : 0,
            point.ground,
            {},
            {}},
           refusals);
      return std::nullopt;
    }
    judged.resources = *placed.resources;
    return judged;
  }

  std::vector<titan::Refusal> all_refusals(const titan::Settings& settings, const ResourcePlanner::Answer& placed,
                                           const titan::Architectures& architectures,
                                           std::vector<WaivedRule>& waived) const {
    std::vector<titan::Refusal> refusals;
    if (placed.resources) {
      for (titan::Refusal& refusal : titan::refusals(settings, placed.resources->gpus, architectures)) {
        const auto waiver = std::find_if(input_.spec.waivers.begin(), input_.spec.waivers.end(),
                                         [&](const Waiver& one) { return one.rule.text == refusal.rule; });
        if (waiver == input_.spec.waivers.end())
          refusals.push_back(std::move(refusal));
        else
          waived.push_back({refusal.rule, refusal.reason, waiver->reason});
      }
    }
    if (placed.refusal) refusals.push_back(*placed.refusal);
    return refusals;
  }

  static std::int64_t& count_of(std::vector<std::pair<std::string, std::int64_t>>& counts, const std::string& rule) {
    const auto known =
        std::find_if(counts.begin(), counts.end(), [&](const auto& entry) { return entry.first == rule; });
    return known == counts.end() ? counts.emplace_back(rule, 0).second : known->second;
  }

  void skip(SkippedPoint point, const std::vector<titan::Refusal>& refusals) {
    const titan::Refusal& first = refusals.front();
    ++plan_.totals.skipped;
    if (++count_of(plan_.counts_by_rule, first.rule) > static_cast<std::int64_t>(skipped_kept_per_rule)) return;
    point.rule = first.rule;
    point.reason = first.reason;
    for (std::size_t i = 1; i < refusals.size(); ++i) {
      point.reason += fmt::format("; also {}: {}", refusals[i].rule, refusals[i].reason);
    }
    plan_.skipped.push_back(std::move(point));
  }

  void note_waived(const std::vector<WaivedRule>& waived) {
    for (const WaivedRule& rule : waived) {
      const auto known = std::find_if(plan_.waived.begin(), plan_.waived.end(),
                                      [&](const auto& entry) { return entry.first.rule == rule.rule; });
      if (known == plan_.waived.end())
        plan_.waived.emplace_back(rule, 1);
      else
        ++known->second;
    }
  }

  void accept(const Point& point, const Judged& judged) {
    const Ground& ground = grid_.grounds[point.ground];
    PlannedRun run;
    run.ground = point.ground;
    run.model = plan_.model.empty() ? input_.spec.bases[ground.base].title() : plan_.model;
    run.resources = judged.resources;
    const titan::Settings settings(grid_.era_of(ground), ground.lookup, judged.draft.settings);
    run.shape = titan::shape_of(settings, judged.resources.gpus, architectures_[point.ground]);
    run.estimate = estimators_[point.ground].estimate(run.shape, judged.resources.gpus_per_node,
                                                      settings.integer(titan::Knob::steps));
    run.waived = judged.waived;
    note_waived(run.waived);
    if (grid_.repeat.rows.empty()) {
      run.name = judged.name;
      add(std::move(run), judged.draft);
      return;
    }
    run.repeat_group = judged.name;
    for (std::size_t index = 0; index < grid_.repeat.rows.size(); ++index) {
      PlannedRun one = run;
      one.repeat = static_cast<int>(index) + 1;
      one.name = checked_name(fmt::format("{}_s{}", judged.name, *one.repeat));
      add(std::move(one), drafter_.draft(point, &grid_.repeat.rows[index]));
    }
  }

  void add(PlannedRun run, Draft draft) {
    if (plan_.totals.runs >= most_runs) {
      too_many_ = true;
      return;
    }
    const Ground& ground = grid_.grounds[run.ground];
    const std::string root = root_varies_ ? input_.spec.torchtitan.roots[ground.root].text : "";
    run.settings_fingerprint =
        printers_[run.ground].print(draft.settings, draft.environment, run.resources, run.repeat, root);
    run.id = run_id(plan_.sweep, run.settings_fingerprint);
    run.overrides = std::move(draft.overrides);
    run.settings = std::move(draft.settings);
    run.varies = std::move(draft.varies);
    run.environment = std::move(draft.environment);
    ++plan_.totals.runs;
    plan_.totals.gpu_hours += gpu_hours(run);
    plan_.totals.nodes_max = std::max(plan_.totals.nodes_max, run.resources.nodes);
    plan_.runs.push_back(std::move(run));
  }

  static double gpu_hours(const PlannedRun& run) { return run.resources.gpus * run.resources.walltime.count() / 3600; }

  void sort_by_cost() {
    std::stable_sort(plan_.runs.begin(), plan_.runs.end(),
                     [](const PlannedRun& a, const PlannedRun& b) { return gpu_hours(a) < gpu_hours(b); });
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
  Formulas formulas_;
  PointSearch search_;
  Drafter drafter_;
  PointNamer namer_;
  LateFormulas late_;
  LateCuts late_cuts_;
  ResourcePlanner resources_;
  std::vector<SettingsPrinter> printers_;  // by ground
  std::optional<Sampler> sampler_;
  std::vector<titan::Architectures> architectures_;  // by ground
  std::vector<RunEstimator> estimators_;             // by ground
  bool root_varies_;
  bool too_many_ = false;
  bool untranslated_ = false;
  bool name_problem_ = false;
};

// A spec with problems, as far as it can be judged: axes that are not as long as each other stand alone, so that every
// value is looked at.
PlanInput judgeable(const PlanInput& input) {
  PlanInput rest = input;
  for (auto* groups : {&rest.spec.groups, &rest.spec.repeat}) {
    std::vector<AxisGroup> alone;
    for (AxisGroup& group : *groups) {
      const bool is_even = std::all_of(group.axes.begin(), group.axes.end(),
                                       [&](const Axis& axis) { return axis.values.size() == group.size(); });
      if (is_even) {
        alone.push_back(std::move(group));
        continue;
      }
      for (Axis& axis : group.axes) {
        AxisGroup one;
        one.axes.push_back(std::move(axis));
        alone.push_back(std::move(one));
      }
    }
    *groups = std::move(alone);
  }
  return rest;
}

}  // namespace

Plan make_plan(const PlanInput& input) {
  Problems problems;
  problems.add_all(input.problems);
  const std::optional<PlanInput> rest = problems.has_errors() ? std::optional(judgeable(input)) : std::nullopt;
  const PlanInput& judged = rest ? *rest : input;
  Plan plan;
  plan.sweep = input.spec.name.text;
  plan.model = input.spec.model.text;
  const Grid grid = make_grid(judged, problems, plan.notes);
  if (grid.grounds.empty()) throw_in_order_if_any(problems);
  for (const Ground& ground : grid.grounds) {
    plan.grounds.push_back({ground.base, ground.root, grid.era_of(ground), ground.torchtitan});
  }
  check_template(judged, grid, problems);
  Planner planner(judged, grid, problems, plan);  // what its parts find is told together with what was found before
  throw_in_order_if_any(problems);
  planner.plan();
  throw_in_order_if_any(problems);
  plan.warnings = problems.all();
  return plan;
}

}  // namespace tt::sweep
