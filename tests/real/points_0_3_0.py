"""Points around the borders of the rules, for TorchTitan 0.3.0: (config, world, settings). Small models only."""

TP, PP, CP, EP = (f"parallelism.{name}_parallel_degree" for name in ("tensor", "pipeline", "context", "expert"))
SHARD, REPLICATE = "parallelism.data_parallel_shard_degree", "parallelism.data_parallel_replicate_degree"
BATCH, GLOBAL, SEQ = "training.local_batch_size", "training.global_batch_size", "training.seq_len"
SCHEDULE, MICRO = "parallelism.pipeline_parallel_schedule", "parallelism.pipeline_parallel_microbatch_size"
STAGE = "parallelism.pipeline_parallel_layers_per_stage"
LLAMA, QWEN, MOE, DEEPSEEK = "llama3/llama3_debugmodel", "qwen3/qwen3_debugmodel", "qwen3/qwen3_moe_debug", "deepseek_v3/deepseek_v3_debugmodel"
EAGER = {"training.disable_cuda_graphs": True}


def pipeline(degree, batch, schedule="1F1B", **more):
    settings = {PP: degree, BATCH: batch, SCHEDULE: schedule, **EAGER}
    settings.update({{"micro": MICRO, "stage": STAGE, "tp": TP, "shard": SHARD}[k]: v for k, v in more.items()})
    return settings


POINTS = [
    # world and degrees
    (LLAMA, 1, {}), (LLAMA, 8, {}), (LLAMA, 8, {TP: 2}), (LLAMA, 8, {TP: 8}), (LLAMA, 8, {TP: 3}),
    (LLAMA, 8, {TP: 2, SHARD: 4}), (LLAMA, 8, {TP: 2, SHARD: 2}), (LLAMA, 8, {TP: 16}), (LLAMA, 8, {TP: 0}),
    (LLAMA, 8, {SHARD: 0}), (LLAMA, 8, {SHARD: -2}), (LLAMA, 8, {REPLICATE: 0}), (LLAMA, 8, {REPLICATE: 2}),
    (LLAMA, 8, {REPLICATE: 8, SHARD: 1}), (LLAMA, 8, {REPLICATE: 2, SHARD: 2, TP: 2}), (LLAMA, 8, {REPLICATE: 3}),
    (LLAMA, 4, {REPLICATE: 2, SHARD: 1, TP: 2}),
    # sequence
    (LLAMA, 2, {TP: 2, SEQ: 255}), (LLAMA, 2, {TP: 2, SEQ: 254}), (LLAMA, 1, {SEQ: 255}),
    (LLAMA, 2, {TP: 2, SEQ: 255, "parallelism.enable_sequence_parallel": False}),
    (LLAMA, 2, {CP: 2, SEQ: 254}), (LLAMA, 2, {CP: 2, SEQ: 256}), (LLAMA, 4, {CP: 2, TP: 2, SEQ: 260}),
    (LLAMA, 4, {CP: 2, TP: 2, SEQ: 264}), (LLAMA, 1, {SEQ: 262144}),
    (LLAMA, 2, {TP: 2, SEQ: 264}), (LLAMA, 2, {TP: 2, SEQ: 272}), (LLAMA, 1, {SEQ: 264}), (LLAMA, 1, {SEQ: 260}),
    (LLAMA, 2, {TP: 2, SEQ: 264, "parallelism.enable_sequence_parallel": False}), (LLAMA, 2, {CP: 2, SEQ: 384}),
    (LLAMA, 2, {CP: 2, SEQ: 512}), (LLAMA, 1, {SEQ: 264, "loss.num_chunks": 3}), (LLAMA, 1, {SEQ: 260, "loss.num_chunks": 4}),
    # batches
    (LLAMA, 8, {BATCH: 1, GLOBAL: 9}), (LLAMA, 8, {BATCH: 1, GLOBAL: 16}), (LLAMA, 8, {BATCH: 0}), (LLAMA, 8, {GLOBAL: 0}),
    (LLAMA, 8, {BATCH: 2, GLOBAL: 8}), (LLAMA, 8, {BATCH: 1, TP: 4, GLOBAL: 6}), (LLAMA, 8, {BATCH: 1, TP: 4, GLOBAL: 5}),
    # heads
    (LLAMA, 32, {TP: 32, SEQ: 256}), (LLAMA, 16, {TP: 16}), (QWEN, 16, {TP: 16}), (QWEN, 8, {TP: 8}),
    # pipelines
    (LLAMA, 2, {PP: 2, BATCH: 4}), (LLAMA, 2, pipeline(2, 4)), (LLAMA, 2, pipeline(2, 1)), (LLAMA, 2, pipeline(2, 2)),
    (LLAMA, 2, pipeline(2, 4, micro=3)), (LLAMA, 2, pipeline(2, 4, micro=0)), (LLAMA, 2, pipeline(2, 4, micro=2)),
    (LLAMA, 8, pipeline(8, 8)), (LLAMA, 16, pipeline(16, 16)), (LLAMA, 2, pipeline(2, 4, "foo")),
    (LLAMA, 2, pipeline(2, 4, "gpipe")), (LLAMA, 2, pipeline(2, 4, "Interleaved1F1B")),
    (LLAMA, 2, pipeline(2, 5, "Interleaved1F1B")), (LLAMA, 2, pipeline(2, 1, "Interleaved1F1B")),
    (LLAMA, 4, pipeline(4, 8, "Interleaved1F1B")), (LLAMA, 2, pipeline(2, 4, "ZBVZeroBubble")),
    (LLAMA, 2, pipeline(2, 4, stage=4)), (LLAMA, 2, pipeline(2, 4, stage=2)), (LLAMA, 2, pipeline(2, 8, "Interleaved1F1B", stage=2)),
    (LLAMA, 2, pipeline(2, 8, "Interleaved1F1B", stage=4)), (LLAMA, 2, pipeline(2, 8, "Interleaved1F1B", stage=3)),
    (LLAMA, 4, pipeline(2, 4, tp=2)), (LLAMA, 4, pipeline(2, 4, shard=2)), (QWEN, 2, pipeline(2, 4)), (MOE, 2, pipeline(2, 4)),
    # experts
    (MOE, 4, {EP: 2, **EAGER}), (MOE, 4, {EP: 2}), (MOE, 4, {EP: 3, **EAGER}), (MOE, 4, {EP: 4, **EAGER}),
    (MOE, 4, {EP: 8, **EAGER}), (MOE, 4, {EP: 2, TP: 2, **EAGER}), (DEEPSEEK, 4, {EP: 4, **EAGER}),
    (DEEPSEEK, 16, {EP: 16, **EAGER}), (DEEPSEEK, 2, {TP: 2}), (LLAMA, 4, {EP: 2, **EAGER}), (LLAMA, 4, {EP: 3, **EAGER}),
    # the rest
    (LLAMA, 1, {"checkpoint.keep_latest_k": 1}), (LLAMA, 1, {"checkpoint.keep_latest_k": 2}),
    (LLAMA, 1, {"validator.steps": 0}), (LLAMA, 1, {"compile.enable_async_tensor_parallel": True}),
    (LLAMA, 1, {"profiler.profile_freq": 3}), (LLAMA, 1, {"profiler.profile_freq": 4}),
    (LLAMA, 1, {"metrics.log_freq": 0}), (LLAMA, 1, {"training.steps": 0}),
]
