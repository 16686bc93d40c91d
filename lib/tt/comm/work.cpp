#include "tt/comm/work.hpp"

#include "tt/titan/parameters.hpp"

namespace tt::comm {

std::optional<Work> work_of(const titan::Architecture& model, Profile profile) {
  const auto count = titan::count_parameters(model);
  if (!count) return std::nullopt;
  Work work;
  work.parameters = count->total;
  work.matmul_parameters = count->active;
  // A tied matrix works as the head; one release leaves it out.
  if (!model.tied_embeddings || profile == Profile::titan_0_2_2) work.matmul_parameters -= count->embedding;
  std::int64_t widths = 2 * model.head_dim.value_or(0);
  if (model.latent) widths = model.latent->qk_nope + model.latent->qk_rope + model.latent->v_head;
  work.attention_flops = 6 * model.layers * model.heads * widths;
  return work;
}

double mfu_percent(double flops_per_token, double tokens_per_second, double peak_flops) {
  return 100 * flops_per_token * tokens_per_second / peak_flops;
}

}  // namespace tt::comm
