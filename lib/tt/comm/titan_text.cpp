// titan_text of titan_estimate.hpp.
#include <fmt/format.h>

#include "tt/base/text.hpp"
#include "tt/base/units.hpp"
#include "tt/comm/titan_estimate.hpp"

namespace tt::comm {

namespace {

std::string in_mib(std::int64_t bytes) {
  const double amount = static_cast<double>(bytes) / mib;
  return bytes > 0 && amount < 0.01 ? fmt::format("{:.6f}", amount) : fmt::format("{:.2f}", amount);
}
std::string in_gib(double bytes) { return fmt::format("{:.2f}", bytes / gib); }
std::string in_ms(double seconds) { return fmt::format("{:.3f}", seconds * 1e3); }

class Text {
 public:
  Text(const TitanEstimate& made, const Terminal& terminal) : made_(made), terminal_(terminal) {}

  std::string write(Explain explain) {
    introduction();
    const RankEstimate& shown = made_.largest();
    rows(shown);
    if (explain == Explain::yes) formulas(shown);
    totals(shown);
    control(shown);
    if (made_.ranks.size() > 1) ranks();
    memory();
    time();
    for (const std::string& warning : made_.warnings) text_ += fmt::format("note: {}\n", warning);
    return std::move(text_);
  }

 private:
  void introduction() {
    const Step& step = made_.step;
    text_ += fmt::format("{}: {} parameters, model titan, profile {}\n", made_.arch,
                         with_thousands(made_.work.parameters), to_string(step.profile));
    text_ += fmt::format(
        "dp_replicate {} x dp_shard {} x cp {} x tp {} x pp {}, ep {}{}; seq_len {}, local batch {}, {} a step{}\n",
        step.R, step.D, step.c, step.t, step.p, step.e, step.et > 1 ? fmt::format(", etp {}", step.et) : "",
        step.seq_len, step.local_batch, plural(step.m(), "microbatch", "microbatches"),
        step.p > 1 ? fmt::format(", {} of {} sequences", made_.shape.pipeline_schedule, step.microbatch) : "");
    text_ +=
        fmt::format("T = {} MiB: the activation of one microbatch, {} bytes an element\n\n", in_mib(step.T()), step.w);
  }

  void rows(const RankEstimate& rank) {
    const std::int64_t per_node = made_.gpus_per_node();
    if (made_.ranks.size() > 1) text_ += fmt::format("pipeline rank {}, which sends the most:\n", rank.held.rank);
    if (rank.rows.empty()) {
      text_ += "Nothing moves between GPUs.\n";
      return;
    }
    TextTable table({{"dim"},
                     {"op"},
                     {"phase"},
                     {"what"},
                     {"group", Align::right},
                     {"nodes", Align::right},
                     {"calls/step", Align::right},
                     {"MiB/call", Align::right},
                     {"logical MiB/step", Align::right},
                     {"wire MiB/step", Align::right},
                     {"dtype"},
                     {made_.options.fabric ? "link ms/step" : "", Align::right}});
    for (const Row& row : rank.rows) {
      const Placement placed = per_node > 0 ? place(made_.step, row.dim, per_node) : Placement{};
      const auto& fabric = made_.options.fabric;
      table.add(
          {{std::string(to_string(row.dim))},
           {std::string(to_string(row.op))},
           {std::string(to_string(row.phase))},
           {std::string(row.name)},
           {std::to_string(row.group)},
           {per_node > 0 ? std::to_string(placed.nodes) : "unknown"},
           {with_thousands(row.calls)},
           {in_mib(row.logical)},
           {in_mib(row.logical_total())},
           {in_mib(row.wire_total())},
           {std::string(to_string(row.dtype))},
           {fabric ? in_ms(static_cast<double>(row.calls) * call_seconds(row.op, row.logical, placed, *fabric)) : ""}});
    }
    text_ += table.text(terminal_);
  }

  void formulas(const RankEstimate& rank) {
    text_ += "\nwhere the rows come from:\n";
    for (const Row& row : rank.rows)
      text_ += fmt::format("  {}.{}.{} {}: {}\n", to_string(row.dim), to_string(row.op), to_string(row.phase), row.name,
                           explain_row(row, made_.step));
  }

  void totals(const RankEstimate& rank) {
    TextTable table(
        {{"total"}, {"calls/step", Align::right}, {"logical MiB/step", Align::right}, {"wire MiB/step", Align::right}});
    const auto add = [&](const std::string& name, const Sum& sum) {
      table.add({{name}, {with_thousands(sum.calls)}, {in_mib(sum.logical)}, {in_mib(sum.wire)}});
    };
    for (std::size_t i = 0; i < dims; ++i)
      if (const Sum sum = rank.totals.of(static_cast<Dim>(i)); sum.calls > 0)
        add(std::string(to_string(static_cast<Dim>(i))), sum);
    add("all", rank.totals.all());
    text_ += "\n" + table.text(terminal_);
    text_ += "wire: bytes one GPU sends over rings, receives apart; MiB = 2^20 bytes\n";
  }

  void control(const RankEstimate& rank) {
    if (rank.control.empty()) return;
    text_ += "\ncontrol all-reduces, latency only, in no total:\n";
    for (const ControlEvent& event : rank.control)
      text_ += fmt::format("  {} over {} ({} ranks): {} of {} bytes, {}\n", event.what, event.group, event.size,
                           plural(event.calls, "call"), with_thousands(event.bytes), to_string(event.dtype));
  }

  void ranks() {
    TextTable table({{"pipeline rank", Align::right},
                     {"layers", Align::right},
                     {"wire MiB/step", Align::right},
                     {"reserved GiB", Align::right},
                     {made_.options.fabric ? "step s" : "", Align::right}});
    for (const RankEstimate& rank : made_.ranks)
      table.add({{std::to_string(rank.held.rank)},
                 {std::to_string(rank.held.layers)},
                 {in_mib(rank.totals.all().wire)},
                 {in_gib(rank.memory.reserved())},
                 {rank.time ? fmt::format("{:.4f}", rank.time->total) : ""}});
    text_ += "\n" + table.text(terminal_);
  }

  const RankEstimate& fullest() const {
    const RankEstimate* most = &made_.ranks.front();
    for (const RankEstimate& rank : made_.ranks)
      if (rank.memory.peak() > most->memory.peak()) most = &rank;
    return *most;
  }

  void memory() {
    const RankEstimate& rank = fullest();
    const Memory& memory = rank.memory;
    text_ += fmt::format(
        "\nmemory of one GPU{}: {} GiB reserved (approximate), most of it {}\n"
        "  state {} + gathered {} + activations {} + the larger of logits {} and a recomputed block {} = {} GiB, "
        "times {} for the allocator\n",
        made_.ranks.size() > 1 ? fmt::format(" of pipeline rank {}", rank.held.rank) : "", in_gib(memory.reserved()),
        largest_part(memory), in_gib(static_cast<double>(memory.state)), in_gib(static_cast<double>(memory.buffers)),
        in_gib(static_cast<double>(memory.activations)), in_gib(static_cast<double>(memory.logits)),
        in_gib(static_cast<double>(memory.recompute)), in_gib(static_cast<double>(memory.peak())), memory.slack);
    const auto& fabric = made_.options.fabric;
    if (fabric && fabric->memory_bytes)
      text_ += fmt::format("  verdict for {} with {} GiB: {}\n", fabric->title, in_gib(*fabric->memory_bytes),
                           made_.verdict());
    else
      text_ += "  verdict: unknown; --hardware names a card\n";
  }

  void time() {
    const double flops = made_.work.flops_per_token(made_.step.seq_len);
    text_ += fmt::format("\nwork: {} FLOPs a token\n", with_thousands(static_cast<std::int64_t>(flops)));
    const RankEstimate& rank = made_.slowest();
    if (!rank.time) {
      text_ += "step time: unknown; --hardware names links and card\n\n";
      return;
    }
    const StepTime& time = *rank.time;
    text_ +=
        fmt::format("step: {:.4f} s (approximate, for ordering layouts), bound by {}\n", time.total, bound_by(time));
    text_ += fmt::format("  compute {:.4f} s", time.compute);
    for (std::size_t i = 0; i < dims; ++i)
      if (time.link[i] > 0)
        text_ += fmt::format(", {} {:.4f} s exposed of {:.4f} s on links", to_string(static_cast<Dim>(i)),
                             time.exposed[i], time.link[i]);
    if (time.bubble > 0) text_ += fmt::format(", bubble {:.4f} s", time.bubble);
    const double tokens = static_cast<double>(made_.step.tokens) * static_cast<double>(made_.step.m()) /
                          static_cast<double>(made_.step.t * made_.step.p);
    const double speed = tokens / time.total;
    text_ += fmt::format("\n  {:.0f} tokens/s a GPU, MFU {:.2f} %\n", speed,
                         mfu_percent(flops, speed, made_.options.fabric->peak_flops));
    for (const std::string& sentence : assumptions_of(made_.step, time, *made_.options.fabric))
      text_ += fmt::format("  assumed: {}\n", sentence);
    text_ += "\n";
  }

  const TitanEstimate& made_;
  const Terminal& terminal_;
  std::string text_;
};

}  // namespace

std::string titan_text(const TitanEstimate& estimate, Explain explain, const Terminal& terminal) {
  return Text(estimate, terminal).write(explain);
}

}  // namespace tt::comm
