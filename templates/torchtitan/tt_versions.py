"""Says what the training is made of, for the header of its log: versions of what is installed here, the commit of a
checkout, the driver and the GPUs. Imports nothing of it, so it takes a moment only; what is not known is not printed.

    python tt_versions.py [RUN.JSON]        in the working directory of the training"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys


def version(*names):
    for name in names:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def output(*argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def torchtitan():
    """A checkout is what lies in the working directory; the wheel's version says nothing about it."""
    if not os.path.isfile("torchtitan/__init__.py"):
        return version("torchtitan")
    return ", ".join(filter(None, (recorded_version(), commit())))


def commit():
    if not os.path.exists(".git"):
        return "a checkout without git"
    ask = ("git", "-c", "safe.directory=*", "--no-optional-locks")
    head = output(*ask, "rev-parse", "HEAD")
    if head is None:
        return "a checkout whose commit git does not tell"
    changed = output(*ask, "status", "--porcelain", "--untracked-files=no")
    return f"commit {head}" + (", modified" if changed else "" if changed == "" else ", perhaps modified")


def recorded_version():
    """What tt took the checkout for: its own files do not say."""
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            known = json.load(file)["torchtitan"]["version"]
    except (IndexError, KeyError, OSError, ValueError):
        return None
    return None if known == "unknown" else known


def main():
    known = {
        "runtime": f"Python {platform.python_version()}",
        "torchtitan": torchtitan(),
        "torch": version("torch"),
        "nccl": version("nvidia-nccl-cu13", "nvidia-nccl-cu12", "nvidia-nccl-cu11"),
    }
    gpus = output("nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader")
    if gpus:
        lines = gpus.splitlines()
        driver, _, name = lines[0].partition(", ")
        known.update({"driver": driver, "gpus": f"{len(lines)} x {name}"})
    for name, value in known.items():
        if value:
            print(f"# {name + ':':<9} {value}")


main()
