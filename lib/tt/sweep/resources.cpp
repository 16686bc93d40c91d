#include "tt/sweep/resources.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/clock.hpp"
#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

constexpr std::int64_t most_gpus = 100'000'000;  // no site has them; keeps the numbers small

const GridCell* last_of(const GridCells& asked, std::initializer_list<std::string_view> keys) {
  const auto found = std::find_if(asked.rbegin(), asked.rend(), [&](const GridCell& cell) {
    return std::find(keys.begin(), keys.end(), cell.said.key) != keys.end();
  });
  return found == asked.rend() ? nullptr : &*found;
}

bool admits(const site::Queue& queue, const Resources& resources) {
  return (!queue.max_nodes || resources.nodes <= *queue.max_nodes) &&
         (!queue.min_nodes || resources.nodes >= *queue.min_nodes) &&
         (!queue.max_walltime || resources.walltime <= *queue.max_walltime);
}

}  // namespace

Value resource_value(const std::string& key, const Resources& resources) {
  if (key == "resources.gpus") return resources.gpus;
  if (key == "resources.nodes") return resources.nodes;
  return walltime_text(resources.walltime);
}

void ResourcePlanner::problem_once(const Place& place, const std::string& message, const std::string& hint) {
  if (said_.insert(fmt::format("{}:{}:{}", place.line, place.column, message)).second)
    problems_.add(place, message, hint);
}

std::optional<ResourcePlanner::Gpus> ResourcePlanner::gpus(const GridCells& asked, const titan::Settings& settings) {
  if (const GridCell* cell = last_of(asked, {"resources.gpus", "resources.nodes"})) {
    const std::int64_t written = cell->said.value.as_integer();
    return Gpus{cell->said.key == "resources.nodes" ? written * input_.gpus_per_node : written, cell};
  }
  if (const auto product = titan::gpus_from_degrees(settings)) return Gpus{*product, nullptr};
  problem_once(input_.spec.name.place, "how many GPUs a run takes cannot be told: a parallel degree is -1 or unknown",
               "write resources: {gpus: N}");
  return std::nullopt;
}

std::optional<Seconds> ResourcePlanner::walltime(const GridCells& asked) {
  if (const GridCell* cell = last_of(asked, {"resources.walltime"}))
    return parse_walltime(cell->said.value.as_string());
  if (input_.site.default_walltime.count() > 0) return input_.site.default_walltime;
  const auto& late = input_.spec.late.derive;  // it follows from the estimate, which does not need it
  if (std::any_of(late.begin(), late.end(), [](const auto& one) { return one.key == "resources.walltime"; }))
    return Seconds(60);
  problem_once(input_.spec.name.place,
               fmt::format("no wall time: neither this sweep nor the site {} says one", input_.site.name),
               "write resources: {walltime: \"00:30:00\"}");
  return std::nullopt;
}

std::optional<std::string> ResourcePlanner::misfit(const Resources& resources) const {
  const auto& site = input_.site;
  if (site.max_nodes && resources.nodes > *site.max_nodes) {
    return fmt::format("needs {} of {}, {} has at most {}", plural(resources.nodes, "node"),
                       plural(resources.gpus_per_node, "GPU"), site.name, *site.max_nodes);
  }
  const auto is_candidate = [&](const site::Queue& queue) {
    return site.partition.empty() || queue.name == site.partition;
  };
  const bool known = std::any_of(site.queues.begin(), site.queues.end(), is_candidate);
  const bool fits = std::any_of(site.queues.begin(), site.queues.end(), [&](const site::Queue& queue) {
    return is_candidate(queue) && admits(queue, resources);
  });
  if (!known || fits) return std::nullopt;
  return fmt::format("no queue of {} takes {} for {}", site.name, plural(resources.nodes, "node"),
                     walltime_text(resources.walltime));
}

ResourcePlanner::Answer ResourcePlanner::place(const GridCells& asked, const titan::Settings& settings) {
  if (input_.gpus_per_node < 1) {
    problem_once(input_.spec.name.place,
                 fmt::format("the site {} does not say how many GPUs a node has", input_.site.name),
                 "set gpus_per_node in its profile, or choose another with --site");
    return {};
  }
  const auto gpus = this->gpus(asked, settings);
  const auto limit = walltime(asked);
  if (!gpus || !limit) return {};
  const std::int64_t per_node = input_.gpus_per_node;
  if (gpus->count > most_gpus) {
    return {std::nullopt, titan::Refusal{"fits-site", fmt::format("needs {} GPUs", with_thousands(gpus->count))}};
  }
  if (gpus->count > per_node && gpus->count % per_node != 0) {
    const std::string why =
        fmt::format("{} GPUs are not whole nodes of {} on {}", gpus->count, per_node, input_.site.name);
    if (!gpus->written) return {std::nullopt, titan::Refusal{"whole-nodes", why}};
    problem_once(gpus->written->place, why, fmt::format("take a multiple of {}, or fewer than {}", per_node, per_node));
    return {};
  }
  Resources resources;
  resources.nodes = static_cast<int>(std::max<std::int64_t>(1, gpus->count / per_node));
  resources.gpus_per_node = static_cast<int>(std::min(gpus->count, per_node));
  resources.gpus = static_cast<int>(gpus->count);
  resources.walltime = *limit;
  const auto why = misfit(resources);
  return {resources, why ? std::optional(titan::Refusal{"fits-site", *why}) : std::nullopt};
}

}  // namespace tt::sweep
