// what_stops and what_is_approximate of step.hpp: what the model cannot say, in sentences.
#include <fmt/format.h>

#include "tt/comm/step.hpp"
#include "tt/titan/parameters.hpp"

namespace tt::comm {

namespace {

using titan::Architecture;
using titan::TrainingShape;

std::string name_of(const TrainingShape& shape) {
  if (shape.model.empty() && shape.flavor.empty()) return "the model";
  return fmt::format("model '{}' flavor '{}'", shape.model, shape.flavor);
}

void check_sizes(const TrainingShape& shape, std::vector<std::string>& stops) {
  const std::pair<const char*, std::int64_t> sizes[] = {{"training.seq_len", shape.seq_len},
                                                        {"the local batch size", shape.local_batch_size},
                                                        {"the degree of tp", shape.tp},
                                                        {"the degree of cp", shape.cp},
                                                        {"the degree of pp", shape.pp},
                                                        {"the degree of ep", shape.ep},
                                                        {"the degree of etp", shape.etp},
                                                        {"the degree of dp_replicate", shape.dp_replicate},
                                                        {"the degree of dp_shard", shape.dp_shard},
                                                        {"the number of accumulation steps", shape.accumulation_steps}};
  for (const auto& [name, size] : sizes)
    if (size < 1) stops.push_back(fmt::format("{} is {}, it must be 1 or more", name, size));
  constexpr std::int64_t too_many = std::int64_t{1} << 31;
  for (const auto& [name, size] : sizes)
    if (size >= too_many) stops.push_back(fmt::format("{} is {}, more than can be counted with", name, size));
}

void check_pipeline(const TrainingShape& shape, const Architecture& model, std::vector<std::string>& stops) {
  if (shape.pp <= 1) return;
  if (shape.schedule == titan::ScheduleKind::unknown || shape.schedule == titan::ScheduleKind::from_file) {
    stops.push_back(fmt::format("the pipeline schedule '{}' is not one the model knows", shape.pipeline_schedule));
    return;
  }
  if (shape.microbatch_size < 1 || shape.local_batch_size % shape.microbatch_size != 0)
    stops.push_back(fmt::format("a local batch of {} cannot be cut into microbatches of {}", shape.local_batch_size,
                                shape.microbatch_size));
  if (shape.stages < shape.pp || shape.stages % shape.pp != 0)
    stops.push_back(fmt::format("{} stages cannot be shared by pp {}", shape.stages, shape.pp));
  else if (shape.stages > model.layers + shape.first_stage_less + shape.last_stage_less)
    stops.push_back(fmt::format("{} stages are more than the {} layers + {} for embedding and head", shape.stages,
                                model.layers, shape.first_stage_less + shape.last_stage_less));
}

void check_division(const TrainingShape& shape, const Architecture& model, Profile profile,
                    std::vector<std::string>& stops) {
  if (shape.tp < 1 || shape.cp < 1 || shape.ep < 1 || shape.etp < 1) return;
  const auto must_divide = [&](std::int64_t degree, const char* name, std::int64_t size, const std::string& what) {
    if (degree > 1 && size % degree != 0)
      stops.push_back(fmt::format("{} {} does not divide the {} of the model ({})", name, degree, what, size));
  };
  must_divide(shape.tp, "tp", model.heads, "heads");
  if (model.kv_heads) must_divide(shape.tp, "tp", *model.kv_heads, "key-value heads");
  if (model.ffn_size) must_divide(shape.tp, "tp", *model.ffn_size, "inner size of the feed-forward");
  if (profile == Profile::titan_0_3 && model.vocab_size) must_divide(shape.tp, "tp", *model.vocab_size, "vocabulary");
  // 0.2 asks for 2 * cp pieces always, 0.3 only where the context is cut.
  const bool in_pieces = profile != Profile::titan_0_3 || shape.cp > 1;
  const std::int64_t divisor = shape.tp * (in_pieces ? 2 * shape.cp : 1);
  if (shape.seq_len > 0 && shape.seq_len % divisor != 0)
    stops.push_back(in_pieces ? fmt::format("training.seq_len {} is no multiple of tp {} * 2 * cp {} = {}",
                                            shape.seq_len, shape.tp, shape.cp, divisor)
                              : fmt::format("training.seq_len {} is no multiple of tp {}", shape.seq_len, shape.tp));
  if (!model.experts || shape.ep == 1) return;
  must_divide(shape.ep, "ep", model.experts->experts, "experts");
  const std::int64_t ranks = shape.dp_shard * shape.cp * shape.tp;
  if (ranks > 0 && ranks % (shape.ep * shape.etp) != 0)
    stops.push_back(fmt::format("ep {} * etp {} does not divide dp_shard {} * cp {} * tp {} = {}", shape.ep, shape.etp,
                                shape.dp_shard, shape.cp, shape.tp, ranks));
  if (shape.etp != 1 && shape.etp != shape.tp)
    stops.push_back(fmt::format("etp {} is neither 1 nor tp {}", shape.etp, shape.tp));
}

}  // namespace

std::vector<std::string> what_stops(const TrainingShape& shape, const std::optional<Architecture>& model,
                                    Profile profile) {
  std::vector<std::string> stops;
  if (!model) {
    stops.push_back(fmt::format("the sizes of {} are not known in {}", name_of(shape), titan::to_string(shape.era)));
    check_sizes(shape, stops);
    return stops;
  }
  if (!model->experts_known) stops.push_back(fmt::format("the experts of {} are not known", name_of(shape)));
  if (!model->vocab_size) stops.push_back(fmt::format("the vocabulary of {} is not known", name_of(shape)));
  if (model->hidden_size < 1 || model->layers < 1 || model->heads < 1 || (!model->latent && !model->head_dim))
    stops.push_back(fmt::format("a size of {} is not known", name_of(shape)));
  if (stops.empty() && !titan::count_parameters(*model))
    stops.push_back(fmt::format("a size of {} is not known, or too large to count with", name_of(shape)));
  check_sizes(shape, stops);
  if (!stops.empty()) return stops;
  check_division(shape, *model, profile, stops);
  check_pipeline(shape, *model, stops);
  if (!model->attention.empty() && shape.cp > 1 && model->latent && profile != Profile::titan_0_3)
    stops.push_back("context parallelism of latent attention is not in the model");
  return stops;
}

std::vector<std::string> what_is_approximate(const TrainingShape& shape, const Architecture& model, Profile profile) {
  std::vector<std::string> notes;
  const auto note = [&](std::string sentence) { notes.push_back(std::move(sentence)); };
  const bool is_new = profile == Profile::titan_0_3;
  if (!titan::has_toml(shape.era) ? false : !was_measured(shape.era))
    note(fmt::format("TorchTitan {} was not measured: approximated with profile {}", titan::to_string(shape.era),
                     to_string(profile)));
  if (model.latent)
    note("latent attention is approximated: its parameters are exact, its collectives follow one measured layout");
  if (model.latent && shape.cp > 1) note("context parallelism of latent attention is approximated from its widths");
  if (model.family == "gpt_oss") note("gpt_oss is approximated: its biases and sinks were not measured");
  if (model.family == "qwen2") note("qwen2 is no model of TorchTitan: counted as a llama3 with these sizes");
  if (model.experts) note("routing is taken as balanced, and memory of experts is approximated");
  if (shape.checkpointing == titan::Checkpointing::by_budget)
    note("what the compiler recomputes within a memory budget is not known: counted as no recomputation");
  if (shape.async_tensor_parallel && shape.tp > 1)
    note("asynchronous tensor parallelism was not measured: the same bytes are assumed");
  if (shape.pp > 1 && shape.schedule == titan::ScheduleKind::dual_pipe_v)
    note("DualPipeV was not measured: its messages are from the source");
  if (shape.stages_by_hand) note("stages cut by hand are approximated by an even cut");
  if (shape.pp > 1 && shape.reshard == titan::Reshard::always &&
      shape.schedule != titan::ScheduleKind::one_forward_one_backward && shape.schedule != titan::ScheduleKind::gpipe)
    note(fmt::format("gathers of '{}' with resharding after every forward are approximated by 1F1B's or GPipe's",
                     shape.pipeline_schedule));
  if (is_new && shape.compiled_model && model.experts)
    note("recomputation of compiled experts was not measured: approximated by what compiled dense blocks keep");
  if (is_new && !shape.sequence_parallel && model.experts && shape.tp > 1)
    note(
        "experts without sequence parallelism were not measured: their tensor-parallel calls are approximated by a "
        "dense block's");
  if (is_new && model.tied_embeddings && shape.loss_chunks == 0)
    note("tied embeddings with a plain loss were not measured: the group of three is approximated as a last group");
  if (is_new && shape.spmd_backend != titan::SpmdBackend::spmd_types && (model.experts || shape.cp > 1 || shape.pp > 1))
    note("this spmd_backend was measured for dense tensor parallelism and FSDP only: the rest is from the source");
  if (is_new && shape.loss_chunks > 0) note("memory of logits is that of a whole row: the chunked loss keeps less");
  if (profile == Profile::titan_0_2_2 && model.family == "qwen3" && shape.cp > 1 && shape.tp > 1)
    note("Qwen3 with cp and tp stops in an assertion in 0.2.2 on torch 2.11");
  if (is_new && shape.cp > 1 && (model.attention == "sdpa" || model.attention == "varlen"))
    note(fmt::format("0.3.0 has no context parallelism with {} attention", model.attention));
  return notes;
}

}  // namespace tt::comm
