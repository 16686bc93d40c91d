// tt-comm: estimates of what a training moves between GPUs. Each command has a file of its own, comm_<command>.cpp.
#include "comm_advise.hpp"
#include "comm_analyze.hpp"
#include "comm_append.hpp"
#include "comm_block.hpp"
#include "comm_calibrate.hpp"
#include "comm_estimate.hpp"
#include "comm_time.hpp"
#include "comm_trace.hpp"
#include "tool_main.hpp"

int main(int argc, char** argv) {
  using namespace tt::tool;
  Tool tool("tt-comm", "Estimates communication of TorchTitan trainings. Every number names its model and unit.",
            "  One transformer block:         tt-comm block --hidden_size 4096 --seq_length 1024 --batch_size 8 "
            "--tp_size 2\n"
            "  A training, per collective:    tt-comm estimate --arch llama3_8b --dp-shard 8 --hardware h100\n"
            "  The published configurations:  tt-comm analyze\n"
            "  Estimates of finished runs:    tt-comm append _bs2_lr0.003_tp1\n"
            "  What a run really moved:       tt-comm trace rank0_trace.json\n");
  add_block_command(tool);
  add_analyze_command(tool);
  add_estimate_command(tool);
  add_time_command(tool);
  add_mfu_command(tool);
  add_advise_command(tool);
  add_calibrate_command(tool);
  add_append_command(tool);
  add_trace_command(tool);
  return tool.main(argc, argv);
}
