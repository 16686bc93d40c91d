"""One rank of a small but real training, started and configured as TorchTitan 0.2.2 is.

launch.py starts it; run_train.sh starts launch.py. The pieces: config.py reads the configuration,
parallel.py finds the rank's place, model.py has loss and gradient, optimizer.py moves the weights.
"""

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import report
from checkpoint import Checkpointer
from config import CommandLineError, load_config
from data import Text
from failures import Plan, check_device_memory
from model import Model, find_flavor
from optimizer import Optimizer, Schedule, clip, gradient_norm
from parallel import Group, ParallelDims, end_with_launcher

DEFAULT_SEED = 0

# Switches somebody would miss: they are accepted, and a warning says that nothing happens.
SWITCHES_WITHOUT_EFFECT = [
    "profiling.enable_profiling", "profiling.enable_memory_snapshot", "metrics.enable_tensorboard",
    "metrics.enable_wandb", "validation.enable", "compile.enable", "fault_tolerance.enable",
    "memory_estimation.enable", "checkpoint.create_seed_checkpoint", "checkpoint.load_only",
    "checkpoint.initial_load_path", "training.dataset_path",
]


class Trainer:
    """Everything a rank needs for its steps."""

    def __init__(self, config, log, plan):
        self.config = config
        self.log = log
        self.plan = plan
        self.rank = int(os.environ.get("RANK", 0))
        self.local_rank = int(os.environ.get("LOCAL_RANK", 0))
        self.steps = config["training.steps"]
        self.seq_len = config["training.seq_len"]
        self.local_batch_size = config["training.local_batch_size"]
        self.seed = DEFAULT_SEED if config["debug.seed"] is None else config["debug.seed"]
        self.colors = (report.NoColors if config["metrics.disable_color_printing"]
                       else report.Colors)
        log.info(f"Starting job: {config['job.description']}")
        self.warn_about_missing_features()

        self.dims = self.read_dims()
        if self.dims.world_size > 1:
            self.announce_mesh()
        self.join_groups()
        self.build_model()
        self.accumulation_steps = self.read_batch_sizes()
        self.check_sequence_length()

        self.optimizer = Optimizer(config, len(self.model.weights))
        self.schedule = Schedule(config, log.warning)
        self.checkpointer = Checkpointer(config, log)
        self.finished_steps = 0
        log.info(
            f"Trainer is initialized with local batch size {self.local_batch_size}, "
            f"global batch size {self.global_batch_size}, "
            f"gradient accumulation steps {self.accumulation_steps}, "
            f"sequence length {self.seq_len}, total steps {self.steps} "
            f"(warmup {config['lr_scheduler.warmup_steps']})")

    def warn_about_missing_features(self):
        for key in SWITCHES_WITHOUT_EFFECT:
            if self.config[key]:
                self.log.warning(f"{key} is accepted and has no effect in the tiny trainer")

    def read_dims(self):
        degrees = {name: self.config[f"parallelism.{key}_degree"] for name, key in [
            ("dp_replicate", "data_parallel_replicate"), ("dp_shard", "data_parallel_shard"),
            ("cp", "context_parallel"), ("tp", "tensor_parallel"), ("pp", "pipeline_parallel"),
            ("ep", "expert_parallel"), ("etp", "expert_tensor_parallel")]}
        return ParallelDims(**degrees, world_size=int(os.environ.get("WORLD_SIZE", 1)))

    def announce_mesh(self):
        self.log.info(f"Building device mesh with parallelism: {self.dims.describe()}")
        self.log.info("Successfully created meshes with active dimensions: "
                      f"{self.dims.active_dimensions()}")

    def join_groups(self):
        """Neighbouring ranks share a model (tp); ranks with the same part of it share a batch (dp)."""
        dp_index, tp_index = divmod(self.rank, self.dims.tp)
        timeout = self.config["comm.init_timeout_seconds"]
        self.tp_group = Group(f"tp-{dp_index}", tp_index, self.dims.tp, timeout)
        self.dp_group = Group(f"dp-{tp_index}", dp_index, self.dims.data_parallel, timeout)

    def build_model(self):
        config, color = self.config, self.colors
        self.text = Text()
        self.model = Model(find_flavor(config["model.flavor"]), len(self.text.alphabet), self.seed,
                           self.tp_group)
        self.log.info(f"CPU capacity: CPU with {report.machine_memory() / 2**30:.2f}GiB memory")
        self.log.warning("Peak flops undefined for: CPU, fallback to A100")
        self.log.info(f"{color.blue}Model {config['model.name']} {config['model.flavor']} "
                      f"{color.red}size: {self.model.parameter_count:,} total parameters{color.reset}")
        if self.dims.tp > 1:
            self.log.info("Applied Tensor Parallelism to the model")
        if self.dims.data_parallel > 1:
            self.log.info("Applied data parallelism to the model")
        self.log.info(f"Peak FLOPS used for computing MFU: {report.A100_PEAK_FLOPS:.3e}")
        self.log.info(f"CPU memory usage for model: {report.memory_text().strip()}")

    def read_batch_sizes(self):
        """Sets the global batch size and returns the number of accumulation steps."""
        per_pass = self.local_batch_size * self.dims.data_parallel
        self.global_batch_size = self.config["training.global_batch_size"]
        if self.global_batch_size < 0:
            self.global_batch_size = per_pass
        assert self.global_batch_size > 0
        assert self.global_batch_size % per_pass == 0, (
            "global batch size must be multiple of local batch size times data-parallel degree "
            f"({self.global_batch_size} % ({self.local_batch_size} * {self.dims.data_parallel}) != 0)")
        return self.global_batch_size // per_pass

    def check_sequence_length(self):
        assert self.seq_len % self.dims.seq_len_divisor == 0, (
            f"\n        Sequence length {self.seq_len} must be divisible by the product of TP degree\n"
            f"        ({self.dims.tp}) and 2 * CP degree ({self.dims.cp}).\n        ")

    # Training -----------------------------------------------------------------------------------

    def train(self):
        self.resume()
        self.log.info(f"Training starts at step {self.finished_steps + 1}")
        reporter = report.StepReporter(
            self.log, self.colors, self.model.flops_per_token(self.seq_len), self.dims.tp)
        log_every = self.config["metrics.log_freq"]
        first_step = self.finished_steps + 1
        for step in range(first_step, self.steps + 1):
            started = time.perf_counter()
            loss, norm = self.train_step(step)
            self.wait_out_the_step(started)
            reporter.count(self.local_batch_size * self.accumulation_steps * self.seq_len)
            if step == first_step and self.dims.world_size == 1:
                self.announce_mesh()
            if step == 1 or step % log_every == 0:
                reporter.print(step, loss, norm)
            if self.checkpointer.is_due(step, self.steps):
                self.save(step)
            if step == first_step:
                self.adjust_timeouts()
        if self.rank == 0:
            self.log.info("Training completed")

    def train_step(self, step):
        """One update of the weights. Returns the loss over all ranks and the gradient's length."""
        self.plan.at_step(step, self.model, self.local_batch_size, self.seq_len, self.local_rank)
        gradient = None
        loss = 0.0
        for turn in range(self.accumulation_steps):
            turn_loss, turn_gradient = self.forward_backward(step, turn)
            loss += turn_loss / self.accumulation_steps
            gradient = (turn_gradient if gradient is None
                        else [a + b for a, b in zip(gradient, turn_gradient)])
        if self.accumulation_steps > 1:
            gradient = [slope / self.accumulation_steps for slope in gradient]
        loss, *gradient = self.dp_group.average([loss, *gradient])

        norm = gradient_norm(gradient, self.model.shared_count, self.tp_group)
        gradient = clip(gradient, norm, self.config["training.max_norm"])
        self.model.weights = self.optimizer.step(
            self.model.weights, gradient, step, self.schedule.factor(step))
        return loss, norm

    def forward_backward(self, step, turn):
        check_device_memory(self.local_rank, self.model.state_bytes(),
                            self.model.activation_bytes(self.local_batch_size, self.seq_len))
        return self.model.loss_and_gradient(self.batch(step, turn))

    def batch(self, step, turn):
        """This rank's sequences: the ranks of one model copy read the same ones."""
        first = ((step - 1) * self.global_batch_size
                 + (turn * self.dims.data_parallel + self.dp_group.index) * self.local_batch_size)
        return [self.text.sequence(number, self.seq_len, self.seed)
                for number in range(first, first + self.local_batch_size)]

    def wait_out_the_step(self, started):
        least = float(os.environ.get("TINY_STEP_SECONDS") or 0)
        time.sleep(max(0.0, least - (time.perf_counter() - started)))

    def adjust_timeouts(self):
        seconds = self.config["comm.train_timeout_seconds"]
        self.log.info("Synchronizing and adjusting timeout for all ProcessGroups to "
                      f"{timedelta(seconds=seconds)}")
        self.tp_group.set_timeout(seconds)
        self.dp_group.set_timeout(seconds)

    # Checkpoints --------------------------------------------------------------------------------

    def resume(self):
        found = self.checkpointer.load_newest()
        if found is None:
            return
        self.finished_steps, vectors = found
        self.model.weights = self.model.own_part(vectors["weights"])
        self.optimizer.first = self.model.own_part(vectors["first"])
        self.optimizer.second = self.model.own_part(vectors["second"])

    def save(self, step):
        vectors = {"weights": self.model.whole(self.model.weights),
                   "first": self.model.whole(self.optimizer.first),
                   "second": self.model.whole(self.optimizer.second)}
        self.checkpointer.save(step, vectors, step == self.steps, self.rank == 0)

    def close(self):
        self.tp_group.close()
        self.dp_group.close()
        self.log.info("Process group destroyed")


def show_config(config, log):
    """job.print_config and job.save_config_file."""
    text = json.dumps(config, indent=2)
    if config["job.print_config"]:
        log.info(f"Running with configs: {text}")
    if config["job.save_config_file"] and os.environ.get("RANK", "0") == "0":
        path = Path(config["job.dump_folder"]) / config["job.save_config_file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


def main():
    end_with_launcher()
    rank = int(os.environ.get("RANK", 0))
    log = report.make_log()
    plan = Plan(os.environ.get("TINY_FAIL"), rank)
    plan.at_import()
    try:
        config = load_config(sys.argv[1:], lambda path: log.error(
            f"Error while loading config file: {path}"))
    except CommandLineError as error:
        print(error.box(), file=sys.stderr)
        sys.exit(2)
    report.prefix_tracebacks(rank)
    with report.RecordedErrors():
        trainer = Trainer(config, log, plan)
        show_config(config, log)
        trainer.train()
    trainer.close()


if __name__ == "__main__":
    main()
