// Rules about degrees, batches and sequences.
#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/titan/presets.hpp"
#include "tt/titan/product.hpp"
#include "tt/titan/rule_groups.hpp"

namespace tt::titan {

namespace {

using Reason = std::optional<std::string>;

bool degrees_make_sense(const TrainingShape& shape) {
  const bool others = std::min({shape.dp_replicate, shape.cp, shape.tp, shape.pp}) >= 1;
  return others && (shape.dp_shard_automatic || shape.dp_shard >= 1);
}

Reason degree_below_one(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  const std::pair<const char*, std::int64_t> degrees[] = {{"dp_replicate", shape.dp_replicate},
                                                          {"cp", shape.cp},
                                                          {"tp", shape.tp},
                                                          {"pp", shape.pp},
                                                          {"ep", shape.ep},
                                                          {"etp", shape.etp}};
  for (const auto& [name, degree] : degrees)
    if (degree < 1) return fmt::format("the degree of {} is {}, it must be 1 or more", name, degree);
  if (!shape.dp_shard_automatic && shape.dp_shard < 1)
    return fmt::format("the degree of dp_shard is {}, it must be -1 or 1 or more", shape.dp_shard);
  return std::nullopt;
}

Reason world_mismatch(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  if (!degrees_make_sense(shape)) return std::nullopt;
  const std::int64_t gpus = product({shape.dp_replicate, shape.dp_shard, shape.cp, shape.tp, shape.pp});
  if (gpus == in.world) return std::nullopt;
  if (shape.dp_shard_automatic && shape.dp_shard < 1)
    return fmt::format("dp_replicate {} * cp {} * tp {} * pp {} = {} is more than the {} there {}", shape.dp_replicate,
                       shape.cp, shape.tp, shape.pp, product({shape.dp_replicate, shape.cp, shape.tp, shape.pp}),
                       plural(in.world, "GPU"), in.world == 1 ? "is" : "are");
  return fmt::format("dp_replicate {} * dp_shard {}{} * cp {} * tp {} * pp {} = {}, but there {} {}",
                     shape.dp_replicate, shape.dp_shard, shape.dp_shard_automatic ? " (from -1)" : "", shape.cp,
                     shape.tp, shape.pp, gpus, in.world == 1 ? "is" : "are", plural(in.world, "GPU"));
}

// Since the typed era batches have their new names; Settings knows both.
Reason batch_not_positive(const RuleInput& in) {
  const auto rows = in.settings.integer(Knob::local_batch_size);
  if (!rows || *rows >= 1) return std::nullopt;
  return fmt::format("{} is {}, it must be 1 or more", *key_of(in.shape.era, Knob::local_batch_size), *rows);
}

Reason global_batch_zero(const RuleInput& in) {
  if (in.settings.integer(Knob::global_batch_size) != 0) return std::nullopt;
  return "training.global_batch_size is 0; leave it -1 for one batch per data-parallel rank";
}

Reason global_batch_not_multiple(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  if (shape.global_batch_size <= 0 || shape.local_batch_size < 1 || shape.dp_replicate < 1 || shape.dp_shard < 1)
    return std::nullopt;
  const std::int64_t at_once = product({shape.local_batch_size, shape.dp_replicate, shape.dp_shard});
  if (shape.global_batch_size % at_once == 0) return std::nullopt;
  return fmt::format(
      "training.global_batch_size {} is no multiple of training.local_batch_size {} * {} data-parallel ranks = {}",
      shape.global_batch_size, shape.local_batch_size, shape.dp(), at_once);
}

Reason sequence_not_positive(const RuleInput& in) {
  const auto tokens = in.settings.integer(Knob::seq_len);
  if (!tokens || *tokens >= 1) return std::nullopt;
  return fmt::format("training.seq_len is {}, it must be 1 or more", *tokens);
}

Reason not_divisible(std::int64_t seq_len, std::int64_t divisor, const std::string& spelled) {
  if (divisor < 1 || seq_len < 1 || seq_len % divisor == 0) return std::nullopt;
  return fmt::format("training.seq_len {} is no multiple of {}", seq_len, spelled);
}

Reason sequence_fails_inside(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  if (auto reason = not_divisible(shape.seq_len, shape.tp, fmt::format("tp {}", shape.tp))) return reason;
  if (shape.cp <= 1) return std::nullopt;
  return not_divisible(shape.seq_len, product({2, shape.cp}),
                       fmt::format("2 * cp {} = {}", shape.cp, product({2, shape.cp})));
}

Reason sequence_asserted(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  const std::int64_t divisor = product({shape.tp, 2, shape.cp});
  return not_divisible(shape.seq_len, divisor, fmt::format("tp {} * 2 * cp {} = {}", shape.tp, shape.cp, divisor));
}

Reason sequence_of_configured_parallelism(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  const bool sequence_parallel = in.settings.boolean(Knob::sequence_parallel).value_or(true);
  const std::int64_t by_tp = sequence_parallel ? shape.tp : 1;
  const std::int64_t by_cp = shape.cp > 1 ? product({2, shape.cp}) : 1;
  const std::int64_t divisor = product({by_tp, by_cp});
  if (by_cp == 1) return not_divisible(shape.seq_len, divisor, fmt::format("tp {}", by_tp));
  if (by_tp == 1) return not_divisible(shape.seq_len, divisor, fmt::format("2 * cp {} = {}", shape.cp, divisor));
  return not_divisible(shape.seq_len, divisor, fmt::format("tp {} * 2 * cp {} = {}", by_tp, shape.cp, divisor));
}

// The loss of the shipped configurations works on pieces of a row, as long as context
// parallelism leaves it (tensor parallelism gathers it first); with pipeline stages nobody has looked.
Reason loss_in_uneven_chunks(const RuleInput& in) {
  const std::string config = in.settings.base_text("config").value_or("");
  const auto set = in.settings.find("loss.num_chunks");
  const bool chunked = set ? set->value.is_integer() : is_preset(config) && !config.ends_with("_ce_loss");
  if (!chunked || in.shape.pp != 1) return std::nullopt;
  const std::int64_t chunks = set ? set->value.as_integer() : 8;
  const TrainingShape& shape = in.shape;
  if (shape.cp < 1 || shape.seq_len < 1 || shape.seq_len % shape.cp != 0 || chunks < 1) return std::nullopt;
  const std::int64_t length = shape.seq_len / shape.cp;
  if (length % chunks == 0) return std::nullopt;
  return fmt::format("training.seq_len {}{} is no multiple of the {} chunks of the loss", shape.seq_len,
                     shape.cp > 1 ? fmt::format(" / cp {}", shape.cp) : "", chunks);
}

Reason context_in_uneven_blocks(const RuleInput& in) {
  constexpr std::int64_t block = 128;  // rows of one FlexAttention block
  const TrainingShape& shape = in.shape;
  if (shape.cp <= 1 || shape.seq_len < 1 || shape.seq_len % product({block, shape.cp}) == 0) return std::nullopt;
  return fmt::format("training.seq_len {} is no multiple of cp {} * {} rows of an attention block = {}", shape.seq_len,
                     shape.cp, block, product({block, shape.cp}));
}

Reason beyond_the_positions(const RuleInput& in) {
  if (!in.architecture || !in.architecture->max_seq_len || in.shape.seq_len <= *in.architecture->max_seq_len)
    return std::nullopt;
  return fmt::format("training.seq_len {} is more than the {} positions of {}", in.shape.seq_len,
                     *in.architecture->max_seq_len, architecture_name(*in.architecture));
}

Reason ddp_with_others(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  const bool plain_ddp = shape.dp_replicate > 1 && shape.dp_shard == 1 && shape.cp == 1;
  if (!plain_ddp || (shape.tp <= 1 && shape.pp <= 1)) return std::nullopt;
  return fmt::format(
      "dp_replicate {} without sharding (dp_shard 1, cp 1) is plain DDP, which goes with no tp ({}) or pp ({})",
      shape.dp_replicate, shape.tp, shape.pp);
}

}  // namespace

std::vector<Rule> world_rules() {
  std::vector<Rule> rules;
  rules.push_back({"degree-at-least-one",
                   "Every parallel degree is 1 or more; data_parallel_shard_degree may also be -1.",
                   "AssertionError: Parallelism degree should be >= 1, except for dp_shard; "
                   "AssertionError: dp_shard must -1 or >=1.",
                   Era::early_2025, Era::v0_3_0, degree_below_one});
  rules.push_back({"world-size",
                   "dp_replicate * dp_shard * cp * tp * pp is the number of GPUs; a dp_shard of -1 is what the others "
                   "leave, rounded down.",
                   "AssertionError: Invalid parallel dims: dp_replicate(1) * dp_shard(2) * cp(1) * tp(3) * pp(1) != "
                   "WORLD_SIZE(8); with -1 and too large others an AssertionError without words",
                   Era::early_2025, Era::v0_3_0, world_mismatch});
  rules.push_back({"batch-positive", "A data-parallel rank reads at least one row at a time.",
                   "the data loader refuses a batch of 0; since 0.1.0 an AssertionError without words", Era::early_2025,
                   Era::v0_3_0, batch_not_positive});
  rules.push_back({"global-batch-not-zero", "training.global_batch_size is positive, or negative for no accumulation.",
                   "AssertionError without words (assert global_batch_size > 0)", Era::v0_1_0, Era::v0_3_0,
                   global_batch_zero});
  rules.push_back({"global-batch-multiple",
                   "training.global_batch_size is a multiple of training.local_batch_size * dp_replicate * dp_shard.",
                   "AssertionError: global batch size must be multiple of local batch size times data-parallel degree "
                   "(9 % (1 * 8) != 0)",
                   Era::v0_1_0, Era::v0_3_0, global_batch_not_multiple});
  rules.push_back({"seq-len-positive", "A row has at least one token.", "nothing to train on; the model fails",
                   Era::early_2025, Era::v0_3_0, sequence_not_positive});
  rules.push_back({"seq-len-divisible", "training.seq_len splits over tp, and with cp > 1 over 2 * cp chunks.",
                   "not checked at start: fails in the first step, inside DTensor or the context-parallel sharding",
                   Era::early_2025, Era::v0_1_0, sequence_fails_inside});
  rules.push_back({"seq-len-divisible", "training.seq_len is a multiple of tp * 2 * cp, also with cp 1.",
                   "AssertionError: Sequence length 255 must be divisible by the product of TP degree (1) and 2 * CP "
                   "degree (1).",
                   Era::v0_2_0, Era::v0_2_2, sequence_asserted});
  rules.push_back({"seq-len-divisible",
                   "training.seq_len is a multiple of tp (with sequence parallelism) times 2 * cp (with cp > 1).",
                   "ValueError: Training sequence length (255) must be divisible by 2 for the configured "
                   "sequence/context parallelism.",
                   Era::v0_3_0, Era::v0_3_0, sequence_of_configured_parallelism});
  rules.push_back({"loss-chunks",
                   "A row, or what context parallelism leaves of it, splits evenly into the chunks of the loss.",
                   "RuntimeError: ChunkedLossWrapper sequence length must be divisible by num_chunks", Era::v0_3_0,
                   Era::v0_3_0, loss_in_uneven_chunks});
  rules.push_back(
      {"cp-blocks", "With cp > 1 training.seq_len is a multiple of cp * 128, the rows of an attention block.",
       "NotImplementedError: Q_LEN 264 is not divisible by CP mesh world size 2 * Q_BLOCK_SIZE 128. This is "
       "not supported yet.",
       Era::v0_3_0, Era::v0_3_0, context_in_uneven_blocks});
  rules.push_back({"seq-len-positions", "training.seq_len is within the positions of the model's rotary embedding.",
                   "ValueError: Training sequence length 262144 exceeds attention RoPE maximum supported sequence "
                   "length 131072.",
                   Era::v0_3_0, Era::v0_3_0, beyond_the_positions});
  rules.push_back({"ddp-not-with-others", "Replication without sharding (plain DDP) is the only parallelism of a run.",
                   "RuntimeError: DDP has not supported > 1D parallelism", Era::early_2025, Era::v0_2_2,
                   ddp_with_others});
  return rules;
}

}  // namespace tt::titan
