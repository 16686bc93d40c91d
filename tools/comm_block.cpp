#include "comm_block.hpp"

#include <memory>

#include "tt/comm/published.hpp"

namespace tt::tool {

void add_block_command(Tool& tool) {
  const auto inputs = std::make_shared<comm::BlockInputs>();
  CLI::App& command = tool.command(
      "block", "TP and PP traffic of one transformer block, model `published`.",
      "  Llama 3 8B, TP 2:              tt-comm block --hidden_size 4096 --intermediate_size 14336 "
      "--seq_length 1024 --batch_size 8 --tp_size 2\n",
      [&tool, inputs] {
        const comm::BlockTraffic traffic = comm::block(*inputs);
        tool.flags().json ? print_record(comm::block_record(traffic)) : print(comm::block_text(*inputs, traffic));
        return ExitCode::done;
      });
  command.add_option("--hidden_size,--hidden-size", inputs->hidden_size, "Hidden size H")->required();
  command.add_option("--intermediate_size,--intermediate-size", inputs->intermediate_size,
                     "FFN inner size (shown, not used by this model)");
  command.add_option("--seq_length,--seq-length", inputs->seq_length, "Sequence length S")->required();
  command.add_option("--batch_size,--batch-size", inputs->batch_size, "Sequences per rank b")->required();
  command.add_option("--tp_size,--tp-size", inputs->tp_size, "Tensor-parallel degree t")->required();
  command.add_option("--dtype_size,--dtype-size", inputs->dtype_size,
                     "Bytes of an activation element (default 2: bfloat16)");
}

}  // namespace tt::tool
