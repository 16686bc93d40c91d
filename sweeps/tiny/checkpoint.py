"""Saves and restores a training. A checkpoint covers the whole model, so any degrees can resume it.

A folder `step-N` is complete: it is written under another name and then renamed.
"""

import array
import json
import re
import shutil
import time
from pathlib import Path

VECTORS = ["weights", "first", "second"]


class Checkpointer:
    """The checkpoints of one run."""

    def __init__(self, config, log):
        self.enabled = config["checkpoint.enable"]
        self.interval = config["checkpoint.interval"]
        self.first_step_too = config["checkpoint.enable_first_step_checkpoint"]
        self.keep_latest = config["checkpoint.keep_latest_k"]
        self.log = log
        self.shown_folder = f"{config['job.dump_folder']}/{config['checkpoint.folder']}"
        self.folder = Path(self.shown_folder)
        if not self.enabled:
            return
        if self.keep_latest == 1:
            raise ValueError("We need to maintain at least 2 checkpoint replicas, "
                             "as the last one may be in the process of being saved.")
        log.info(f"Checkpointing active. Checkpoints will be loaded from and saved to "
                 f"{self.shown_folder}")

    def steps(self):
        """The steps that have a complete checkpoint, oldest first."""
        if not self.folder.is_dir():
            return []
        names = [re.fullmatch(r"step-(\d+)", path.name) for path in self.folder.iterdir()]
        return sorted(int(name[1]) for name in names if name)

    def load_newest(self):
        """(step, vectors) of the newest checkpoint, or None."""
        steps = self.steps() if self.enabled else []
        if not steps:
            return None
        started = time.monotonic()
        folder = self.folder / f"step-{steps[-1]}"
        self.log.info(f"Loading the checkpoint from {self.shown_folder}/step-{steps[-1]}.")
        count = json.loads((folder / "state.json").read_text())["parameters"]
        vectors = {}
        for name in VECTORS:
            values = array.array("d")
            with open(folder / f"{name}.bin", "rb") as file:
                values.fromfile(file, count)
            vectors[name] = values.tolist()
        self.log.info(f"Finished loading the checkpoint in {time.monotonic() - started:.2f} seconds.")
        return steps[-1], vectors

    def is_due(self, step, last_step):
        if not self.enabled:
            return False
        return step == last_step or step % self.interval == 0 or (step == 1 and self.first_step_too)

    def save(self, step, vectors, is_last, is_writer):
        """Every rank says so, one rank writes."""
        started = time.monotonic()
        self.log.info("Saving the checkpoint (or staging if async is enabled).")
        if is_last:
            self.log.info(f"Saving a full checkpoint at last step, step {step}.")
        if is_writer:
            self._write(step, vectors)
            self._remove_old()
        self.log.info("Finished saving the checkpoint (or staging if async is enabled)"
                      f"in {time.monotonic() - started:.2f} seconds.")

    def _write(self, step, vectors):
        unfinished = self.folder / f".step-{step}.unfinished"
        finished = self.folder / f"step-{step}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        state = {"step": step, "parameters": len(vectors["weights"])}
        (unfinished / "state.json").write_text(json.dumps(state) + "\n")
        for name in VECTORS:
            with open(unfinished / f"{name}.bin", "wb") as file:
                array.array("d", vectors[name]).tofile(file)
        shutil.rmtree(finished, ignore_errors=True)
        unfinished.rename(finished)

    def _remove_old(self):
        if self.keep_latest > 0:
            for step in self.steps()[:-self.keep_latest]:
                shutil.rmtree(self.folder / f"step-{step}", ignore_errors=True)
