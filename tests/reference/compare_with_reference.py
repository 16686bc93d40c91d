#!/usr/bin/env python3
"""Plans random sweeps with tt-sweep and with the brute-force reference, and shows the first one they differ about.

  compare_with_reference.py --tool build/dev/tools/tt-sweep --root sweeps/tiny --count 5000 --seed 1
"""

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile

from random_sweeps import BASE, Maker, yaml
from sweep_reference import SweepError, plan


def expected(sweep):
    try:
        runs, filtered = plan(sweep)
    except SweepError as error:
        return f"refused ({error})"
    return {"runs": runs, "filtered": filtered}


def answered(arguments, folder, sweep):
    path = os.path.join(folder, "sweep.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(yaml(sweep, "base.toml", arguments.root))
    tool = subprocess.run([arguments.tool, "plan", path, "--json", "--quiet", "--site", "laptop", "--workspace", folder],
                          capture_output=True, text=True, check=False)
    if tool.returncode == 2 and not tool.stdout:  # with a record: a sweep of which nothing is left to run
        return "refused", tool.stderr
    if tool.returncode not in (0, 2):
        return f"exit {tool.returncode}", tool.stderr
    record = json.loads(tool.stdout)
    if record["skipped"]:
        return "a rule refuses", json.dumps(record["skipped"][0])
    runs = [(run["overrides"], run["environment"], run["gpus"], run["repeat"]) for run in record["runs"]]
    return {"runs": runs, "filtered": record["filtered"]}, ""


def differs(arguments, folder, sweep):
    want, (got, said) = expected(sweep), answered(arguments, folder, sweep)
    same = got == "refused" if isinstance(want, str) else got == want
    return None if same else (want, got, said)


def smaller(sweep):
    """The same sweep with one part less."""
    for part in ("where", "include", "exclude", "zip", "matrix"):
        for i in range(len(sweep[part])):
            less = copy.deepcopy(sweep)
            del less[part][i]
            yield less
    for key in list(sweep["derive"]) + list(sweep["fixed"]):
        less = copy.deepcopy(sweep)
        less["derive"].pop(key, None)
        less["fixed"].pop(key, None)
        yield less
    for part, nothing in (("sample", None), ("repeat", None), ("alias", {})):
        if sweep[part]:
            less = copy.deepcopy(sweep)
            less[part] = nothing
            yield less


def minimal(arguments, folder, sweep):
    for less in smaller(sweep):
        try:
            if differs(arguments, folder, less):
                return minimal(arguments, folder, less)
        except KeyError:
            continue
    return sweep


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--root", required=True, help="a folder with run_train.sh")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.tool, arguments.root = os.path.abspath(arguments.tool), os.path.abspath(arguments.root)
    planned = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "base.toml"), "w", encoding="utf-8") as file:
            file.write(BASE)
        for number in range(arguments.count):
            sweep = Maker(arguments.seed * 1_000_003 + number).sweep()
            if differs(arguments, folder, sweep):
                sweep = minimal(arguments, folder, sweep)
                want, got, said = differs(arguments, folder, sweep)
                print(f"sweep {number} of seed {arguments.seed}:\n{yaml(sweep, 'base.toml', arguments.root)}\n"
                      f"reference: {want}\ntool:      {got}\n{said}")
                return 1
            outcome = expected(sweep)
            refused += isinstance(outcome, str)
            planned += not isinstance(outcome, str)
    print(f"{arguments.count} sweeps agree: {planned} planned, {refused} refused by both")
    # A generator that makes mostly wrong sweeps, or no wrong one, would test half of it.
    return 0 if planned > arguments.count / 3 and refused > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
