#!/usr/bin/env python3
"""The JSON Schema that tt-sweep prints for editors, against real and wrong sweep files.

    check_sweeps.py TT-SWEEP REPOSITORY

Every sweep file of the repository and every document of good.yaml must fit; every document of bad.yaml must not, and
must fail at the place its `at` says.
"""
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

HERE = pathlib.Path(__file__).parent
ERAS = ["2025-01", "2025-03", "0.1.0", "0.2.0", "0.2.1", "0.2.2", "0.3.0"]


class Loader(yaml.SafeLoader):
    """YAML 1.2's scalars, as sweep files and editors have them: 1e-4 is a number, yes and 10:30 are texts."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
]:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))


def schema_of(tool, era):
    text = subprocess.run([tool, "schema", "--json-schema", "--era", era], check=True, capture_output=True, text=True).stdout
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def places(errors):
    """Where an error and everything below it stands: "matrix/training.seq_len/1"."""
    for error in errors:
        yield "/".join(str(step) for step in error.absolute_path)
        yield from places(error.context or [])


def sweeps_of(repository):
    listed = subprocess.run(["git", "ls-files", "*.yaml", "*.yml"], cwd=repository, capture_output=True, text=True)
    files = listed.stdout.split() if listed.returncode == 0 else []
    found = files or [str(p.relative_to(repository)) for p in pathlib.Path(repository, "sweeps").rglob("*.yaml")]
    for name in found:
        path = pathlib.Path(repository, name)
        if path.parent == HERE:
            continue
        content = yaml.load(path.read_text(), Loader)
        if isinstance(content, dict) and "sweep" in content and "base" in content:
            yield name, content


def main():
    tool, repository = sys.argv[1], sys.argv[2]
    validators = {era: schema_of(tool, era) for era in ERAS}
    wrong = []

    real = list(sweeps_of(repository))
    good = [(f"good.yaml, document {n}", d) for n, d in enumerate(yaml.load_all((HERE / "good.yaml").read_text(), Loader), 1)]
    for name, sweep in real + good:
        era = sweep.get("torchtitan", {}).get("version", "0.2.2")
        for error in validators.get(str(era), validators["0.2.2"]).iter_errors(sweep):
            wrong.append(f"{name}: {error.json_path}: {error.message[:300]}")
    if not real:
        wrong.append("no sweep file found in the repository")

    bad = list(yaml.load_all((HERE / "bad.yaml").read_text(), Loader))
    for number, case in enumerate(bad, 1):
        errors = list(validators[case.get("era", "0.2.2")].iter_errors(case["sweep"]))
        if case["at"] not in set(places(errors)):
            wrong.append(f"bad.yaml, document {number} ({case['why']}): expected an error at '{case['at']}', "
                         f"found {sorted(set(places(errors)))}")

    for line in wrong:
        print(line)
    print(f"{len(real)} sweep files of the repository, {len(good)} good and {len(bad)} bad documents, {len(wrong)} surprises")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
