// tt/comm/titan_estimate.hpp: the whole estimate of model `titan`: every row, every rank, memory, time; as numbers, as
// the record tt.comm.estimate/1, and as tables for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/base/terminal.hpp"
#include "tt/comm/estimate.hpp"
#include "tt/comm/step_time.hpp"

namespace tt::comm {

struct TitanOptions {
  Profile profile = Profile::titan_0_3;
  StepChoices choices;
  std::optional<Fabric> fabric;       // no time and no memory verdict without
  std::int64_t gpus_per_node = 0;     // 0: the fabric's; neither: where groups lie is not known
  std::optional<std::int64_t> rank;   // only this pipeline rank
  std::vector<std::string> warnings;  // what the caller has to say: kept with the estimate
};

struct RankEstimate {
  RankLayers held;
  std::vector<Row> rows;
  std::vector<ControlEvent> control;
  Totals totals;
  Memory memory;
  std::optional<StepTime> time;
};

struct TitanEstimate {
  Step step;
  titan::TrainingShape shape;
  std::string arch;
  Work work;
  TitanOptions options;
  std::vector<RankEstimate> ranks;
  std::vector<std::string> warnings;
  const RankEstimate& largest() const;  // by wire bytes
  const RankEstimate& slowest() const;  // by time; the largest where time is not known
  std::string_view verdict() const;     // the worst of the ranks
  std::int64_t gpus_per_node() const;   // 0: not known
};

// Throws BadInput with every reason when there can be no estimate (what_stops), or no such pipeline rank.
TitanEstimate make_titan_estimate(const titan::TrainingShape& shape,
                                  const std::optional<titan::Architecture>& architecture, const TitanOptions& options);

Value titan_record(const TitanEstimate& estimate);
Estimate to_estimate(const TitanEstimate& estimate);

// Tables with units. `explain` adds where each row comes from.
enum class Explain : std::uint8_t { no, yes };
std::string titan_text(const TitanEstimate& estimate, Explain explain, const Terminal& terminal);
// The formula of a row and what it rests on.
std::string explain_row(const Row& row, const Step& step);

}  // namespace tt::comm
