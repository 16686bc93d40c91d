"""Failures on demand: TINY_FAIL=kind@STEP[:rank=R], and a device whose memory can be full.

README.md says what each kind does. Without a rank, every rank fails.
"""

import ctypes
import importlib
import os
import re
import signal
import time

KINDS = "oom|hang|traceback|nan|segfault|sigkill"
FORM = re.compile(rf"(?:(?P<kind>{KINDS})@(?P<step>\d+)|(?P<start>import))(?::rank=(?P<rank>\d+))?")


class OutOfMemoryError(RuntimeError):
    """Named in a traceback as PyTorch names it."""


OutOfMemoryError.__module__ = "torch"


def readable_size(size):
    for unit, name in [(2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")]:
        if size >= unit:
            return f"{size / unit:.2f} {name}"
    return f"{size} bytes"


def out_of_memory(local_rank, wanted, in_use, capacity):
    """PyTorch's sentence, with this run's numbers."""
    size = readable_size
    return OutOfMemoryError(
        f"CUDA out of memory. Tried to allocate {size(wanted)}. GPU {local_rank} has a total capacity "
        f"of {size(capacity)} of which {size(max(0, capacity - in_use))} is free. Including non-PyTorch "
        f"memory, this process has {size(in_use)} memory in use. Of the allocated memory {size(in_use)} "
        "is allocated by PyTorch, and 0 bytes is reserved by PyTorch but unallocated. If reserved but "
        "unallocated memory is large try setting PYTORCH_ALLOC_CONF=expandable_segments:True to avoid "
        "fragmentation.  See documentation for Memory Management  "
        "(https://pytorch.org/docs/stable/notes/cuda.html#environment-variables)")


def check_device_memory(local_rank, in_use, wanted):
    """Raises if TINY_DEVICE_MEMORY_MIB is set and too small for the batch."""
    limit = os.environ.get("TINY_DEVICE_MEMORY_MIB")
    if limit and in_use + wanted > float(limit) * 2**20:
        raise out_of_memory(local_rank, wanted, in_use, int(float(limit) * 2**20))


class Plan:
    """What this rank was told to do wrong, and when."""

    def __init__(self, text, rank):
        self.kind = None
        self.step = 0
        if not text:
            return
        match = FORM.fullmatch(text)
        if not match:
            raise ValueError(f"TINY_FAIL={text} is not import or ({KINDS})@STEP, with :rank=R after it")
        if match["rank"] is None or int(match["rank"]) == rank:
            self.kind = match["kind"] or match["start"]
            self.step = int(match["step"] or 0)

    def at_import(self):
        if self.kind == "import":
            importlib.import_module("tiny_missing_package")

    def at_step(self, step, model, batch_size, sequence_length, local_rank):
        """Called before the work of a step."""
        if self.kind in (None, "import") or step != self.step:
            return
        if self.kind == "oom":
            wanted = model.activation_bytes(batch_size, sequence_length)
            in_use = model.state_bytes()
            raise out_of_memory(local_rank, wanted, in_use, in_use + wanted // 2)
        if self.kind == "hang":
            while True:
                time.sleep(3600)
        if self.kind == "traceback":
            raise RuntimeError(f"failure asked for by TINY_FAIL at step {step}")
        if self.kind == "nan":
            model.weights[0] = float("nan")
            model.weights[-1] = float("nan")
        if self.kind == "segfault":
            ctypes.string_at(0)
        if self.kind == "sigkill":
            os.kill(os.getpid(), signal.SIGKILL)
