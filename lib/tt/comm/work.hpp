// tt/comm/work.hpp: parameters, floating point operations and their utilisation, as TorchTitan counts them.
#pragma once

#include <cstdint>
#include <optional>

#include "tt/comm/profile.hpp"
#include "tt/titan/architecture.hpp"

namespace tt::comm {

// What training one model takes, whatever the layout.
struct Work {
  std::int64_t parameters = 0;
  std::int64_t matmul_parameters = 0;  // without the token table, of experts only those a token uses
  std::int64_t attention_flops = 0;    // of one token, for each token of the sequence
  // No discount for causal attention, nothing for recomputation.
  double flops_per_token(std::int64_t seq_len) const {
    return 6.0 * static_cast<double>(matmul_parameters) +
           static_cast<double>(attention_flops) * static_cast<double>(seq_len);
  }
};
// nullopt: a size of the model is not known.
std::optional<Work> work_of(const titan::Architecture& architecture, Profile profile);

// tokens_per_second: of one GPU, as TorchTitan's log prints it.
double mfu_percent(double flops_per_token, double tokens_per_second, double peak_flops);

}  // namespace tt::comm
