#!/usr/bin/env python3
"""TorchTitan itself through tt's tools, on the CPU: finished runs, planted failures, a run killed and continued.

  VENV/bin/python tests/real/through_the_tools.py --tools build/dev/tools [--release 0.2.2] [--case NAME].. [--keep FOLDER]

VENV has torch and torchtitan (see sweeps/torchtitan/prepare.sh); 0.2.2 is the checkout that TORCHTITAN_ROOT names.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sweeps", "torchtitan")
CLUSTERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clusters")
CHECKOUT = os.environ.get("TORCHTITAN_ROOT")


class Tools:
    def __init__(self, folder, workspace):
        self.folder, self.workspace, self.site = folder, workspace, "laptop"
        self.environment = dict(os.environ, PATH=f"{folder}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
                                VIRTUAL_ENV=os.path.dirname(os.path.dirname(sys.executable)),
                                XDG_CACHE_HOME=f"{workspace}/cache")

    def __call__(self, *words, status=0, limit=600):
        done = subprocess.run([*words, "--workspace", self.workspace, "--site", self.site], env=self.environment, text=True,
                              capture_output=True, timeout=limit, check=False)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def end(self):
        """Nothing of a failed test goes on."""
        subprocess.run(["tt-submit", "cancel", "--workspace", self.workspace, "--site", self.site], env=self.environment,
                       capture_output=True, timeout=120, check=False)

    def start(self, *words):
        return subprocess.Popen([*words, "--workspace", self.workspace, "--site", self.site], env=self.environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def prepare(workspace):
    """The sweep files, as tools/demo makes them."""
    script = f'. {HOME}/prepare.sh; tt_prepare_torchtitan {workspace} {os.path.dirname(os.path.dirname(sys.executable))}; ' \
             'printf "%s\\n" "${tt_prepared[@]}"'
    return subprocess.run(["bash", "-euc", script], text=True, capture_output=True, check=True).stdout.split()


def record(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def changed(sweep, name, *replacements, gpus=1):
    """The sweep as another one: one process, or so many; other values."""
    with open(sweep, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"^zip:\n(  .*\n)+", "", text, flags=re.M)
    text = re.sub(r"^resources: \{(gpus: 1, )?", f"resources: {{gpus: {gpus}, ", text, flags=re.M)
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


def finishes(tools, sweep):
    tools("tt-submit", "run", sweep, "--quiet")
    model = re.search(r"^model: (.*)", text_of(sweep), flags=re.M).group(1)
    for name, world, log_rank in (("_gpus1_tp1_pp1", 1, "0"), ("_gpus2_tp1_pp1", 2, "0"), ("_gpus2_tp2_pp1", 2, "0"),
                                  ("_gpus2_tp1_pp2", 2, "1")):
        folder = f"{tools.workspace}/logs/{model}/{name}"
        summary, run = record(f"{folder}/summary.json"), record(f"{folder}/run.json")
        metrics = summary["metrics"]
        assert summary["state"] == "finished" and metrics["steps"] == 10, summary
        assert summary["resources"]["gpus"] == world
        assert 0 < metrics["loss_last"] < metrics["loss_first"] < 12, metrics
        assert metrics["tokens_per_second_per_gpu_median"] > 0 and metrics["memory_gib_max"] > 0.2, metrics
        assert summary["estimate"]["schema"] == "tt.comm.estimate/1"
        assert run["launch"]["log_rank"] == log_rank, run["launch"]
        ranks = [f"{place}/{file}" for place, _, files in os.walk(f"{folder}/attempt-1/torchrun") for file in files]
        assert sum(file.endswith("/stdout.log") for file in ranks) == world, ranks
        made_of(summary, text_of(f"{folder}/log.txt"))
    print(tools("tt-submit", "summary", sweep))
    return f"4 finished, e.g. {name}: loss {metrics['loss_first']} -> {metrics['loss_last']}"


def made_of(summary, log):
    """The versions of what trained: in the header of the log, and repeated by the summary."""
    software = summary["software"]
    for name in ("runtime", "torchtitan", "torch", "nccl"):
        assert f"# {name + ':':<9} {software[name]}\n" in log, (name, software, log[:3000])
    assert re.fullmatch(r"Python 3\.\d+\.\d+", software["runtime"]) and re.match(r"2\.\d+", software["torch"]), software
    assert re.match(r"\d+\.\d+\.\d+", software["nccl"]), software


def fails_as(tools, sweep, cause, evidence):
    tools("tt-submit", "run", sweep, "--quiet", status=3)
    folder = folder_of(tools, sweep)
    summary = record(f"{folder}/summary.json")
    assert summary["state"] == "failed" and summary["attempts"] == 1, summary
    assert summary["diagnosis"]["cause"] == cause, summary["diagnosis"]
    assert evidence in summary["diagnosis"]["evidence"], summary["diagnosis"]
    assert cause in text_of(f"{folder}/summary.md"), text_of(f"{folder}/summary.md")
    return f"{cause}: {summary['diagnosis']['evidence'][:150]}"


def kill_training(tools, sweep):
    """SIGKILL for torchrun and its workers once step 5 is logged: the checkpoint of step 4 is there."""
    folder = wait_for(lambda: folder_of(tools, sweep), 60)
    log = f"{folder}/attempt-1/log.txt"
    wait_for(lambda: re.search(r"step: +5 ", plain_text(log)), 300)
    for pid in pids_of(record(f"{folder}/run.json")["id"], "torchtitan.train"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    ended = wait_for(lambda: exit_of(folder, 1), 60)
    assert ended["nodes"][0]["signal"] == "SIGKILL", ended
    return folder


def went_on(tools, folder, sweep):
    """Every step counts once, the second attempt begins behind a checkpoint, and the losses are those of a run that was not killed."""
    summary = record(f"{folder}/summary.json")
    assert summary["state"] == "finished" and summary["attempts"] == 2, summary
    assert summary["metrics"]["steps"] == 10, summary["metrics"]
    first, second = (losses_of(f"{folder}/attempt-{number}/log.txt") for number in (1, 2))
    begin = min(second)
    assert list(first) == list(range(1, max(first) + 1)) and 5 <= max(first) < 10, first
    assert begin % 2 == 1 and 5 <= begin <= max(first) + 1 and list(second) == list(range(begin, 11)), second
    assert f"Loading the checkpoint from {folder}/out/checkpoint/step-{begin - 1}" in plain_text(f"{folder}/attempt-2/log.txt")
    whole = changed(sweep, os.path.basename(sweep)[:-5] + "_whole", (r"^fixed:\n", "fixed:\n"))
    tools("tt-submit", "run", whole, "--quiet")
    wanted = losses_of(f"{folder_of(tools, whole)}/log.txt")
    assert list(wanted) == list(range(1, 11)), wanted
    for step, loss in {**first, **second}.items():
        assert abs(loss - wanted[step]) < 0.02, (step, loss, wanted)
    assert summary["metrics"]["loss_first"] == first[1] and summary["metrics"]["loss_last"] == second[10], summary["metrics"]
    return (f"killed after step {max(first)}, the second attempt did steps {begin} to 10; loss {second[10]}, "
            f"never killed {wanted[10]}")


def killed_and_retried(tools, sweep):
    """`retry` before the tools would do it by themselves."""
    tools("tt-submit", "run", sweep, "--quiet", "--no-wait")
    folder = kill_training(tools, sweep)
    # The job that wrote down the end of its training lives a moment longer, and what still runs is not tried again.
    wait_for(lambda: not json.loads(tools("tt-submit", "status", sweep, "--json"))["counts"].get("running"), 60)
    tools("tt-submit", "retry", sweep, "--quiet")
    return went_on(tools, folder, sweep)


def killed_and_resumed(tools, sweep):
    """`run` itself tries again what was killed."""
    waiting = tools.start("tt-submit", "run", sweep, "--quiet")
    folder = kill_training(tools, sweep)
    assert waiting.wait(400) == 0, "what was killed is tried again without being asked"
    return went_on(tools, folder, sweep)


def preflight(tools, sweep):
    """TorchTitan takes every shape of the sweep under its fake process group; a second question is answered from memory."""
    words = ("tt-sweep", "check", sweep, "--with-torchtitan", "--json", "--jobs", "2")
    asked = json.loads(tools(*words))["preflight"][0]
    assert [shape["torchtitan"] for shape in asked["shapes"]] == ["taken"] * len(asked["shapes"]), asked
    # With stages no step can be made in that group.
    assert sorted((shape["world"], shape["depth"]) for shape in asked["shapes"]) == [
        (1, "stepped"), (2, "built"), (2, "stepped"), (2, "stepped")], asked
    begin = time.monotonic()
    again = json.loads(tools(*words))["preflight"][0]
    # What a checkout with changes answered says nothing about the next time.
    remembers = "modified" not in asked["torchtitan"]
    assert all(shape["remembered"] == remembers for shape in again["shapes"]), again
    return f"{asked['torchtitan']}: {len(asked['shapes'])} shapes taken, again in {time.monotonic() - begin:.1f} s"


def two_nodes_of_slurm(tools, sweep):
    """One world of two nodes, one process each, in a job of a real Slurm: each node logs the loss of every step."""
    if not shutil.which("sbatch"):
        print("skipped: there is no Slurm on this machine (slurmctld, slurmd, slurm-client)")
        sys.exit(77)
    folder, site = f"{tools.workspace}/slurm", f"{tools.workspace}/two-nodes.toml"
    started = subprocess.run([f"{CLUSTERS}/slurm", "start", folder, "--nodes", "2", "--owner", str(os.getpid())], text=True,
                             stdout=subprocess.PIPE, check=True)
    tools.environment.update(line.split("=", 1) for line in started.stdout.splitlines())
    with open(site, "w", encoding="utf-8") as file:
        file.write(text_of(f"{CLUSTERS}/slurm.toml").replace("gpus = 8\ncpus = 128", "gpus = 1\ncpus = 16"))
    tools.site = site
    tools("tt-submit", "run", sweep, "--quiet")
    run = folder_of(tools, sweep)
    summary = record(f"{run}/summary.json")
    assert summary["state"] == "finished" and summary["resources"]["nodes"] == 2, summary
    first, second = losses_of(f"{run}/log.txt"), losses_of(f"{run}/attempt-1/node-1.txt")
    assert len(first) == summary["metrics"]["steps"] == 4 and first == second, (first, second)
    assert first[4] < first[1], first
    nodes = [node["name"] for node in record(f"{run}/attempt-1/exit.json")["nodes"]]
    assert len(set(nodes)) == 2, nodes
    return f"{' and '.join(nodes)}: losses {', '.join(map(str, first.values()))}"


def text_of(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def folder_of(tools, sweep):
    """The folder of the only run of a changed sweep, once it is there."""
    with contextlib.suppress(OSError):
        folder = f"{tools.workspace}/logs/{os.path.basename(sweep)[:-5]}"
        for name in os.listdir(folder):
            if os.path.exists(f"{folder}/{name}/run.json"):
                return f"{folder}/{name}"
    return None


def losses_of(log):
    return {int(step): float(loss) for step, loss in re.findall(r" step: +(\d+) +loss: +([0-9.]+) ", plain_text(log))}


def exit_of(folder, attempt):
    path = f"{folder}/attempt-{attempt}/exit.json"
    return record(path) if os.path.exists(path) else None


def plain_text(path):
    try:
        return re.sub(r"\x1b\[[0-9;]*m", "", text_of(path))
    except OSError:
        return ""


def wait_for(condition, limit):
    until = time.monotonic() + limit
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError("waited too long")


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


FIXED = r"^fixed:\n"
CHECKPOINTS = (FIXED, "fixed:\n  checkpoint.enable: true\n  checkpoint.interval: 2\n  debug.seed: 7\n")


def cases_of(tools, sweep, release):
    def one(name, *replacements, gpus=1):
        return changed(sweep, f"{name}_{release.replace('.', '')}", *replacements, gpus=gpus)

    bad = ((FIXED, "fixed:\n  optimizer.param_groups.3.pattern: bias\n"),
           "optimizer.param_groups.3.pattern: '3' is no index of a list of 1 (the first is 0)") if release == "0.3.0" else (
               (FIXED, "allow_new_keys: true\nfixed:\n  training.no_such_key: 1\n"), "no_such_key")
    return {
        "finishes": lambda: finishes(tools, sweep),
        "bad-override": lambda: fails_as(tools, one("bad", bad[0]), "config-unknown-key", bad[1]),
        "missing-tokenizer": lambda: fails_as(
            tools, one("no_tokenizer", (r"assets/tokenizer", "assets/nowhere")), "assets-missing", "nowhere"),
        "not-a-number": lambda: fails_as(
            tools, one("nan", (FIXED, "fixed:\n  optimizer.lr: 1.0e+30\n  lr_scheduler.warmup_steps: 0\n")), "loss-nan", ""),
        "killed-and-retried": lambda: killed_and_retried(tools, one("retried", CHECKPOINTS)),
        "killed-and-resumed": lambda: killed_and_resumed(tools, one("resumed", CHECKPOINTS)),
        "preflight": lambda: preflight(tools, sweep),
        "two-nodes-of-slurm": lambda: two_nodes_of_slurm(
            tools, one("two_nodes", (r"training.steps: 10", "training.steps: 4"), gpus=2)),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", required=True)
    parser.add_argument("--keep", help="workspace that stays")
    parser.add_argument("--release", choices=["0.3.0", "0.2.2"], default="0.3.0")
    parser.add_argument("--case", action="append", help="all of them, when not given")
    arguments = parser.parse_args()
    if arguments.release == "0.2.2" and not CHECKOUT:
        print("skipped: TORCHTITAN_ROOT is not set; it names a checkout of TorchTitan 0.2.2")
        sys.exit(77)
    with contextlib.ExitStack() as stack:
        workspace = arguments.keep or stack.enter_context(tempfile.TemporaryDirectory())
        tools = Tools(os.path.abspath(arguments.tools), os.path.abspath(workspace))
        stack.callback(tools.end)
        cases = cases_of(tools, prepare(tools.workspace)[arguments.release == "0.2.2"], arguments.release)
        for name in arguments.case or cases:
            begin = time.monotonic()
            print(f"{arguments.release} {name}: {cases[name]()} ({time.monotonic() - begin:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
