#!/usr/bin/env python3
"""TorchTitan itself through tt's tools, on the CPU: finished runs, planted failures, a run killed and resumed.

  VENV/bin/python tests/real/through_the_tools.py --tools build/dev/tools [--keep FOLDER]

VENV has torch and torchtitan (see sweeps/torchtitan/prepare.sh); TORCHTITAN_ROOT, a checkout of 0.2.2, adds that release.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sweeps", "torchtitan")
CHECKOUT = os.environ.get("TORCHTITAN_ROOT")


class Tools:
    def __init__(self, folder, workspace):
        self.folder, self.workspace = folder, workspace
        self.environment = dict(os.environ, PATH=f"{folder}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
                                VIRTUAL_ENV=os.path.dirname(os.path.dirname(sys.executable)))

    def __call__(self, *words, status=0, limit=600):
        done = subprocess.run([*words, "--workspace", self.workspace, "--site", "laptop"], env=self.environment, text=True,
                              capture_output=True, timeout=limit, check=False)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *words):
        return subprocess.Popen([*words, "--workspace", self.workspace, "--site", "laptop"], env=self.environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def prepare(workspace):
    """The sweep files, as tools/demo makes them."""
    script = f'. {HOME}/prepare.sh; tt_prepare_torchtitan {workspace} {os.path.dirname(os.path.dirname(sys.executable))}; ' \
             'printf "%s\\n" "${tt_prepared[@]}"'
    return subprocess.run(["bash", "-euc", script], text=True, capture_output=True, check=True).stdout.split()


def record(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def variant(sweep, name, *replacements):
    """The sweep as another one: one process, other values."""
    with open(sweep, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"^zip:\n(  .*\n)+", "", text, flags=re.M).replace("resources: {", "resources: {gpus: 1, ")
    text = re.sub(r"^sweep: .*", f"sweep: {name}", text, flags=re.M)
    text = re.sub(r"^model: .*", f"model: {name}", text, flags=re.M)
    text = re.sub(r"^name: .*\n", "", text, flags=re.M)
    for old, new in replacements:
        assert re.search(old, text, flags=re.M), old
        text = re.sub(old, new, text, flags=re.M)
    path = os.path.join(os.path.dirname(sweep), f"{name}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def finished_runs(tools, sweep, model):
    tools("tt-submit", "run", sweep, "--quiet")
    for name, world in (("_gpus1_tp1_pp1", 1), ("_gpus2_tp1_pp1", 2), ("_gpus2_tp2_pp1", 2), ("_gpus2_tp1_pp2", 2)):
        summary = record(f"{tools.workspace}/logs/{model}/{name}/summary.json")
        metrics = summary["metrics"]
        assert summary["state"] == "finished" and metrics["steps"] == 10, summary
        assert summary["resources"]["gpus"] == world
        assert 0 < metrics["loss_last"] < metrics["loss_first"] < 12, metrics
        assert metrics["tokens_per_second_per_gpu_median"] > 0 and metrics["memory_gib_max"] > 0.2, metrics
        assert summary["software"]["torch"].startswith("2."), summary["software"]
        assert summary["estimate"]["schema"] == "tt.comm.estimate/1"
    return f"4 finished, e.g. {name}: loss {metrics['loss_first']} -> {metrics['loss_last']}"


def fails_as(tools, sweep, name, cause, evidence):
    tools("tt-submit", "run", sweep, "--quiet", status=3)
    folder = f"{tools.workspace}/logs/{name}"
    summary = record(f"{folder}/{os.listdir(folder)[0]}/summary.json")
    assert summary["state"] == "failed", summary
    assert summary["diagnosis"]["cause"] == cause, summary["diagnosis"]
    assert evidence in summary["diagnosis"]["evidence"], summary["diagnosis"]
    return f"{cause}: {summary['diagnosis']['evidence'][:110]}"


def resumes(tools, sweep, name):
    """Killed with SIGKILL after a checkpoint: the next attempt goes on from it, and every step counts once."""
    waiting = tools.start("tt-submit", "run", sweep, "--quiet")
    folder = f"{tools.workspace}/logs/{name}"
    log = wait_for(lambda: log_with(folder, r"step: +5 "), 300)
    run = record(f"{os.path.dirname(log)}/run.json")["id"]
    for pid in pids_of(run, "torchtitan.train"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    first = wait_for(lambda: finished_attempt(log, 1), 60)
    assert first["nodes"][0]["signal"] == "SIGKILL", first
    assert waiting.wait(300) == 0, "what was killed is tried again without being asked"
    summary = record(f"{os.path.dirname(log)}/summary.json")
    assert summary["state"] == "finished" and summary["attempts"] == 2, summary
    assert summary["metrics"]["steps"] == 10, summary["metrics"]
    first, second = (steps_of(f"{os.path.dirname(log)}/attempt-{number}/log.txt") for number in (1, 2))
    assert first[0] == 1 and 5 <= first[-1] < 10 and second[0] in (5, 7) and second[-1] == 10, (first, second)
    return f"killed after step {first[-1]}, the second attempt did steps {second[0]} to {second[-1]}"


def plain_text(path):
    with open(path, encoding="utf-8") as file:
        return re.sub(r"\x1b\[[0-9;]*m", "", file.read())


def steps_of(log):
    return [int(number) for number in re.findall(r"step: +(\d+) ", plain_text(log))]


def finished_attempt(log, number):
    path = f"{os.path.dirname(log)}/attempt-{number}/exit.json"
    return record(path) if os.path.exists(path) else None


def wait_for(condition, limit):
    until = time.monotonic() + limit
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError("waited too long")


def log_with(folder, pattern):
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if re.search(pattern, plain_text(f"{folder}/{name}/log.txt")):
                return f"{folder}/{name}/log.txt"
    return None


def pids_of(run, word):
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/environ", "rb") as file:
                ours = f"TT_RUN={run}\0".encode() in file.read()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if ours and word.encode() in file.read():
                    found.append(int(pid))
    return found


def check(tools, sweep, release, model):
    tag = release.replace(".", "")
    steps = (r"^fixed:\n", "fixed:\n  checkpoint.enable: true\n  checkpoint.interval: 2\n")
    cases = [
        ("finishes", lambda: finished_runs(tools, sweep, model)),
        ("missing tokenizer", lambda: fails_as(
            tools, variant(sweep, f"notoken{tag}", (r"assets/tokenizer", "assets/nowhere")), f"notoken{tag}", "assets-missing", "nowhere")),
        ("not a number", lambda: fails_as(
            tools, variant(sweep, f"nan{tag}", (r"^fixed:\n", "fixed:\n  optimizer.lr: 1.0e+30\n  lr_scheduler.warmup_steps: 0\n")),
            f"nan{tag}", "loss-nan", "")),
        ("killed and resumed", lambda: resumes(tools, variant(sweep, f"resume{tag}", steps), f"resume{tag}")),
    ]
    if release == "0.3.0":
        cases.append(("bad override", lambda: fails_as(
            tools, variant(sweep, "bad", (r"^fixed:\n", "fixed:\n  optimizer.param_groups.3.pattern: bias\n")), "bad",
            "config-unknown-key", "optimizer.param_groups.3.pattern: '3' is no index of a list of 1 (the first is 0)")))
    for name, case in cases:
        begin = time.monotonic()
        print(f"{release} {name}: {case()} ({time.monotonic() - begin:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", required=True)
    parser.add_argument("--keep", help="workspace that stays")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        workspace = arguments.keep or stack.enter_context(tempfile.TemporaryDirectory())
        tools = Tools(os.path.abspath(arguments.tools), os.path.abspath(workspace))
        sweeps = prepare(tools.workspace)
        check(tools, sweeps[0], "0.3.0", "llama3_debugmodel")
        if CHECKOUT:
            check(tools, sweeps[1], "0.2.2", "llama3_debugmodel_checkout")
    print("all as it should be")


if __name__ == "__main__":
    main()
