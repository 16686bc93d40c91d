#!/usr/bin/env python3
"""Asks TorchTitan 0.3.0 itself about points around the borders of tt's rules, and compares the verdicts.

Run it with the Python of an environment that has torch, torchtitan and tokenizers:

  VENV/bin/python tests/real/rules_against_torchtitan.py --tool build/dev/tools/tt-sweep [--jobs 2]

No GPU is needed: the process group is TorchTitan's fake one. TorchTitan is imported once and forked for every point; a
point passes when its trainer is built and, without pipeline stages (the fake group cannot do them), one step is made.
"""

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import traceback

SWEEPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sweeps", "torchtitan")
sys.path[:0] = [SWEEPS, os.path.join(SWEEPS, "..", "..", "templates", "torchtitan")]

import make_assets  # noqa: E402
import tt_cpu  # noqa: E402
from points_0_3_0 import POINTS, PP  # noqa: E402

SMALL = {"training.local_batch_size": 1, "training.seq_len": 256, "training.steps": 1}

# Known differences: (config, world, settings as JSON) -> why.
KNOWN = {
    ("llama3/llama3_debugmodel", 1, '{"training.steps": 0}'): "a training of no steps ends at once and never counts as finished",
}


def words(settings):
    line = []
    for key, value in settings.items():
        section, _, name = key.rpartition(".")
        if value is True:
            line.append(f"--{key}")
        elif value is False:
            line.append(f"--{section}.no_{name}")
        else:
            line.append(f"--{key}={value}")
    return line


def torchtitan_says(folder, point, answer):
    """In a process of its own: "" when TorchTitan takes the point, else its last words."""
    config, world, settings = point
    module, function = config.split("/")
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            os.environ.update(NGPU=str(world), WORLD_SIZE=str(world), RANK="0", LOCAL_RANK="0", MASTER_ADDR="localhost", MASTER_PORT="0")
            os.chdir(tempfile.mkdtemp(dir=folder))
            arguments = ["--module", module, "--config", function, "--comm.mode=fake_backend", "--training.mixed_precision_param=float32",
                         f"--hf_assets_path={folder}/tokenizer", f"--dataloader.dataset_path={folder}/data"]
            arguments += words({**SMALL, **settings})
            from torchtitan.config import ConfigManager

            trainer = ConfigManager().parse_args(arguments).build()
            if settings.get(PP, 1) == 1:
                trainer.train()
        answer.put("")
    except SystemExit as end:
        text = " ".join(re.sub(r"[│╭╮╰╯─]+", " ", said.getvalue()).split())
        answer.put("" if end.code in (0, None) else f"exit {end.code}: {text[-200:]}")
    except BaseException:  # noqa: BLE001 - whatever stops it is its verdict
        answer.put(" ".join(traceback.format_exc().strip().splitlines()[-1].split())[:200] or "an error without words")


def tt_says(tool, folder, point):
    """"" when tt would queue the point, else the rule and its reason."""
    config, world, settings = point
    module, function = config.split("/")
    row = ", ".join(f"{key}: {json.dumps(value)}" for key, value in {**SMALL, **settings}.items())
    site = f"{folder}/site.toml"
    with open(site, "w", encoding="utf-8") as file:
        file.write('name = "large"\ntitle = "a large one"\nscheduler = "local"\n[node]\ngpus = 64\n')
    path = f"{folder}/sweep.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"sweep: point\nbase: {{module: {module}, config: {function}}}\ntorchtitan: {{version: 0.3.0}}\n"
                   f"fixed: {{{row}}}\nresources: {{gpus: {world}, walltime: \"00:10:00\"}}\n")
    done = subprocess.run([tool, "plan", path, "--json", "--site", site, "--workspace", folder], capture_output=True, text=True, check=False)
    if done.returncode == 2:
        return done.stderr.splitlines()[0]
    record = json.loads(done.stdout)
    return f"{record['skipped'][0]['rule']}: {record['skipped'][0]['reason']}" if record["skipped"] else ""


def ask_torchtitan(folder, jobs, limit):
    answers, waiting, running = {}, list(enumerate(POINTS)), []
    context = multiprocessing.get_context("fork")
    while waiting or running:
        while waiting and len(running) < jobs:
            number, point = waiting.pop(0)
            queue = context.SimpleQueue()
            process = context.Process(target=torchtitan_says, args=(folder, point, queue))
            process.start()
            running.append((number, process, queue))
        number, process, queue = running.pop(0)
        process.join(limit)
        if process.is_alive():
            process.kill()
            answers[number] = None
        else:
            answers[number] = queue.get() if not queue.empty() else f"died with {process.exitcode}"
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, default=90, help="seconds for one point")
    arguments = parser.parse_args()
    arguments.tool = os.path.abspath(arguments.tool)
    tt_cpu.install()
    import torchtitan
    import torchtitan.trainer  # noqa: F401 - imported once, forked for every point
    import torch

    torch.set_num_threads(1)
    agree = unknown = by_intent = 0
    differences = []
    with tempfile.TemporaryDirectory() as folder:
        make_assets.main(folder)
        answers = ask_torchtitan(folder, arguments.jobs, arguments.limit)
        for number, point in enumerate(POINTS):
            theirs, ours = answers[number], tt_says(arguments.tool, folder, point)
            name = f"{point[0]} on {point[1]}: {json.dumps(point[2])}"
            if theirs is None:
                unknown += 1
                print(f"unknown  {name}: no answer in {arguments.limit} s; tt: {ours or 'queues it'}")
            elif bool(theirs) == bool(ours):
                agree += 1
                print(f"agree    {name}: {ours or 'taken by both'}" + (f"  |  {theirs}" if theirs else ""))
            else:
                known = KNOWN.get((point[0], point[1], json.dumps(point[2])))
                by_intent += bool(known)
                if not known:
                    differences.append(name)
                print(f"{'KNOWN   ' if known else 'DIFFERS '} {name}\n    TorchTitan: {theirs or 'takes it'}\n    tt:         {ours or 'queues it'}"
                      + (f"\n    {known}" if known else ""))
    print(f"\ntorchtitan {torchtitan.__version__}: {len(POINTS)} points, {agree} agree, {by_intent} differ by intent, {len(differences)} differ, {unknown} without an answer")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
