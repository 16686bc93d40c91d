"""Asks the installed TorchTitan about runs before any of them is queued, without their GPUs.

    python tt_preflight.py QUESTIONS >answers        both are lines of JSON

The first line says how: {"limit": seconds, "jobs": n}. Each further line is a question:

    {"id": "..", "world": 64, "config": text}         Does TorchTitan take this config.toml on so many ranks? `text` is the
                                                      TOML of 0.2.1 to 0.2.2, or that of tt_run.py
    {"id": "..", "learn": [module, function]}         What does a config function set?

Answers, as they come: {"id", "verdict": "taken" | "refused" | "unknown", "depth": "built" | "stepped" | null, "said"}, and
{"id", "learnt": {key: value}} or {"id", "said"}. TorchTitan is imported once and forked for every question. One rank of its
own fake process group is built; when the model is small and has no pipeline it also makes one step. Without a GPU the CPU
stands in (tt_cpu.py). Data and tokenizer are ours: they are no part of the question.
"""

import contextlib
import dataclasses
import io
import json
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback

MOST_PARAMETERS = 50e6  # of a model that makes a step here
MOST_TOKENS = 8192
SHAPELESS = {  # what is ours in every question, by era
    "0.3": ["--training.steps=1", "--training.mixed_precision_param=float32", "--hf_assets_path={}/tokenizer",
            "--dataloader.dataset=c4_test", "--dataloader.dataset_path={}/data", "--dump_folder={}/out",
            "--checkpoint.no_enable", "--validator.no_enable", "--profiler.no_enable_profiling",
            "--debug.no_enable_structured_logging"],
    "0.2": ["--training.steps=1", "--training.mixed_precision_param=float32", "--model.hf_assets_path={}/tokenizer",
            "--training.dataset=c4_test", "--training.dataset_path={}/data", "--job.dump_folder={}/out",
            "--checkpoint.no_enable", "--validation.no_enable", "--profiling.no_enable_profiling"],
}


def make_assets(folder):
    words = ["<unk>", "<bos>", "<eos>", "a", "b", "c"]
    tokenizer = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
                 "model": {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(words)}, "unk_token": "<unk>"}}
    os.makedirs(f"{folder}/tokenizer")
    os.makedirs(f"{folder}/data")
    with open(f"{folder}/tokenizer/tokenizer.json", "w", encoding="utf-8") as file:
        json.dump(tokenizer, file)
    with open(f"{folder}/tokenizer/tokenizer_config.json", "w", encoding="utf-8") as file:
        json.dump({"bos_token": "<bos>", "eos_token": "<eos>"}, file)
    with open(f"{folder}/data/data.json", "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": "a b c " * 200}) + "\n" for _ in range(500))


def era():
    import torchtitan.config

    return "0.3" if hasattr(torchtitan.config, "TrainingConfig") else "0.2"


def import_torchtitan():
    import torch

    if not torch.cuda.is_available():
        import tt_cpu

        tt_cpu.install()
    torch.set_num_threads(1)
    if era() == "0.3":
        import torchtitan.trainer  # noqa: F401
    else:
        import torchtitan.train  # noqa: F401


def limit_memory():
    """A model too large for this machine shall fail alone."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    with open("/proc/self/statm", encoding="ascii") as file:
        ours = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (ours + free, resource.RLIM_INFINITY))


def trainer_of(question, folder):
    from torchtitan.config import ConfigManager

    path = f"{folder}/config.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(question["config"])
    own = [word.format(folder) for word in SHAPELESS[era()]] + ["--comm.mode=fake_backend"]
    if era() == "0.3":
        os.environ["TT_RUN_CONFIG"] = path
        return ConfigManager().parse_args(["--module", "tt_run", "--config", "run", *own]).build()
    from torchtitan.train import Trainer

    return Trainer(ConfigManager().parse_args([f"--job.config_file={path}", *own]))


def config_of(trainer):
    return getattr(trainer, "config", None) or trainer.job_config


def is_small(trainer):
    config = config_of(trainer)
    parameters = sum(one.numel() for part in trainer.model_parts for one in part.parameters())
    tokens = config.training.local_batch_size * config.training.seq_len
    return config.parallelism.pipeline_parallel_degree == 1 and parameters <= MOST_PARAMETERS and tokens <= MOST_TOKENS


def ask(question, assets, answers):
    """In a process of its own. What ends TorchTitan is its verdict, except that this machine was too small."""
    said = io.StringIO()
    answer = {"id": question["id"], "verdict": "taken", "depth": None, "said": ""}
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            world = str(question["world"])
            os.environ.update(NGPU=world, WORLD_SIZE=world, RANK="0", LOCAL_RANK="0", MASTER_ADDR="localhost", MASTER_PORT="0",
                              HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=f"{assets}/hf")
            os.chdir(assets)
            limit_memory()
            trainer = trainer_of(question, assets)
            answer["depth"] = "built"
            if is_small(trainer):
                trainer.train()
                answer["depth"] = "stepped"
        except SystemExit as end:
            if end.code not in (0, None):
                text = " ".join(re.sub(r"[│╭╮╰╯─]+", " ", said.getvalue()).split())
                answer.update(verdict="refused", said=text[text.rfind("error"):][:400] if "error" in text else text[-400:])
        except MemoryError:
            answer.update(verdict="unknown", said="too large for the memory of this machine")
        except BaseException as error:  # noqa: BLE001 - whatever stops it is its verdict
            words = " ".join("".join(traceback.format_exception_only(error)).split())[:400]
            large = "can't allocate memory" in words or "DefaultCPUAllocator" in words
            answer.update(verdict="unknown" if large else "refused", said="too large for the memory of this machine" if large else words)
    answers.put(answer)


def learn(question, assets, answers):
    answer = {"id": question["id"]}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            import tt_run

            os.chdir(assets)
            answer["learnt"] = dict(flat(tt_run.configured(*question["learn"], {})))
        except Exception as error:  # noqa: BLE001
            answer["said"] = " ".join(str(error).split())[:400]
    answers.put(answer)


def flat(group, prefix=""):
    """What a config says, by key; objects that are no data (functions, the model) are left out."""
    if dataclasses.is_dataclass(group):
        pairs = [(field.name, getattr(group, field.name)) for field in dataclasses.fields(group)]
    elif isinstance(group, dict):
        pairs = group.items()
    else:
        pairs = enumerate(group)
    for name, value in pairs:
        key = f"{prefix}{name}"
        if key == "model_spec":
            if isinstance(getattr(value, "flavor", None), str):
                yield "model.flavor", value.flavor
        elif key == "activation_checkpoint":
            policies = {"SelectiveAC": "selective", "FullAC": "full", "MemoryBudgetAC": "memory_budget", "NoneType": "none"}
            yield f"{key}.mode", policies.get(type(value).__qualname__.partition(".")[0], "unknown")
            yield from flat(value, f"{key}.") if value is not None else ()
        elif dataclasses.is_dataclass(value) or isinstance(value, dict) and value:
            yield from flat(value, f"{key}.")
        elif isinstance(value, (list, tuple)) and any(dataclasses.is_dataclass(one) for one in value):
            yield from flat(value, f"{key}.")
        elif value is None or isinstance(value, (bool, int, float, str)):
            yield key, value
        elif isinstance(value, (list, tuple)) and all(isinstance(one, (bool, int, float, str)) for one in value):
            yield key, list(value)


def answered(questions, jobs, limit):
    """Every answer as soon as it is there; a process that dies or takes too long is an answer too."""
    context = multiprocessing.get_context("fork")
    waiting, running = list(questions), []
    while waiting or running:
        while waiting and len(running) < jobs:
            question = waiting.pop(0)
            queue = context.SimpleQueue()
            assets = tempfile.mkdtemp()
            make_assets(assets)
            process = context.Process(target=learn if "learn" in question else ask, args=(question, assets, queue))
            process.start()
            running.append((question, process, queue, assets, time.monotonic() + limit))
        time.sleep(0.05)
        for one in list(running):
            question, process, queue, assets, until = one
            if process.is_alive() and queue.empty() and time.monotonic() < until:
                continue
            if not queue.empty():
                yield queue.get()
                process.join(5)
            elif process.is_alive():
                yield {"id": question["id"], "verdict": "unknown", "depth": None, "said": f"no answer in {limit} s"}
            else:
                yield {"id": question["id"], "verdict": "unknown", "depth": None, "said": f"its process ended with {process.exitcode}"}
            if process.is_alive():
                process.kill()
                process.join()
            running.remove(one)
            shutil.rmtree(assets, ignore_errors=True)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.strip()]
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whoever prints, prints to stderr; the answers have their own way
    try:
        import_torchtitan()
    except Exception as error:  # noqa: BLE001
        print(json.dumps({"fatal": " ".join("".join(traceback.format_exception_only(error)).split())[:400]}), file=out, flush=True)
        return 1
    for answer in answered(lines[1:], lines[0].get("jobs", 1), lines[0].get("limit", 120)):
        print(json.dumps(answer), file=out, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
