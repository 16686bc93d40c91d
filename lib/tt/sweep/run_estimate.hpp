// tt/sweep/run_estimate.hpp: what the communication model says of a planned run; unknown where it cannot say.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "tt/comm/step_time.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/titan/architectures.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

class RunEstimator {
 public:
  // `known` must live as long. `fabric`: of the site; nullopt: no times, no memory verdicts.
  RunEstimator(const titan::Architectures& known, titan::Era era, const std::optional<comm::Fabric>& fabric);

  // `steps`: of the training; nullopt: not known.
  RunEstimate estimate(const titan::TrainingShape& shape, int gpus_per_node, std::optional<std::int64_t> steps);
  // The value of a name like "comm.tp_mib" for such a run; nullopt: not known there.
  std::optional<Value> figure(std::string_view name, const titan::TrainingShape& shape, int gpus_per_node,
                              std::optional<std::int64_t> steps);

  // What the numbers are by, for the footnote of a table: "titan-0.2.2".
  std::string_view profile() const { return comm::to_string(profile_); }
  // What was approximated so far, each once.
  const std::set<std::string>& notes() const { return notes_; }

 private:
  struct Known {
    std::optional<titan::Architecture> architecture;
    comm::ModelSizes sizes;
    std::optional<comm::Work> work;
  };
  const Known& model_of(const titan::TrainingShape& shape);
  const comm::Fabric* fabric_on(int gpus_per_node);
  struct Point {
    comm::Figures figures;
    const comm::Fabric* fabric = nullptr;
    double flops_per_token = 0;
    double tokens_per_gpu = 0;  // of a step
  };
  std::optional<Point> look(const titan::TrainingShape& shape, int gpus_per_node);

  const titan::Architectures& known_;
  comm::Profile profile_;
  std::optional<comm::Fabric> fabric_;
  std::map<int, comm::Fabric> fabrics_;  // by GPUs of a node
  std::map<std::pair<std::string, std::string>, Known> models_;
  std::set<std::string> notes_;
};

// The names figure knows: what `where` of a sweep may ask for.
struct FigureName {
  std::string_view name;
  std::string_view meaning;
};
std::span<const FigureName> figure_names();
// Does a key of an expression ask for an estimate? All of "mem." and "time." does, and of "comm." what is no key of
// TorchTitan, which has a section comm of its own ("comm.trace_buf_size").
bool is_figure(std::string_view key);

}  // namespace tt::sweep
