"""What a rank prints: TorchTitan 0.2.2's header, step line and colours, and exceptions for the launcher."""

import json
import logging
import os
import resource
import sys
import time
import traceback

A100_PEAK_FLOPS = 312e12


class Colors:
    red = "\033[31m"
    green = "\033[32m"
    blue = "\033[34m"
    magenta = "\033[35m"
    cyan = "\033[36m"
    orange = "\033[38;2;180;60;0m"
    turquoise = "\033[38;2;54;234;195m"
    reset = "\033[39m"


class NoColors:
    red = green = blue = magenta = cyan = orange = turquoise = reset = ""


def make_log():
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(
        "[titan] %(asctime)s - %(name)s - %(levelname)s - %(message)s"))
    log = logging.getLogger()
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    return log


def machine_memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def peak_resident_bytes():
    """The peak of this process; getrusage would also count its parent before exec."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def memory_text():
    peak, capacity = peak_resident_bytes(), machine_memory()
    return f"{peak / 2**30:5.2f}GiB({100 * peak / capacity:.2f}%)"


class StepReporter:
    """Step lines, with the speed since the line before."""

    def __init__(self, log, colors, flops_per_token, ranks_per_batch):
        self.log = log
        self.colors = colors
        self.flops_per_token = flops_per_token
        self.ranks_per_batch = ranks_per_batch
        self.tokens = 0
        self.since = time.perf_counter()

    def count(self, tokens):
        self.tokens += tokens

    def print(self, step, loss, gradient_norm):
        now = time.perf_counter()
        tokens_per_second = self.tokens / ((now - self.since) * self.ranks_per_batch)
        flops = self.flops_per_token * tokens_per_second
        self.tokens = 0
        self.since = now
        color = self.colors
        self.log.info(
            f"{color.red}step: {step:2}  "
            f"{color.green}loss: {loss:8.5f}  "
            f"{color.orange}grad_norm: {gradient_norm:7.4f}  "
            f"{color.turquoise}memory: {memory_text()}  "
            f"{color.blue}tps: {round(tokens_per_second):,}  "
            f"{color.cyan}tflops: {flops / 1e12:,.2f}  "
            f"{color.magenta}mfu: {100 * flops / A100_PEAK_FLOPS:.2f}%{color.reset}")


def prefix_tracebacks(rank):
    """From now on the global rank stands before every line of an uncaught exception."""
    def print_with_rank(kind, error, trace):
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write("".join(f"[rank{rank}]: {line}\n" for line in text.splitlines()))

    sys.excepthook = print_with_rank


class RecordedErrors:
    """`with RecordedErrors():` leaves an exception of the block where the launcher looks for it."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        path = os.environ.get("TORCHELASTIC_ERROR_FILE")
        if kind is None or not path or not issubclass(kind, Exception):
            return
        message = {
            "message": f"{kind.__name__}: {error}",
            "extraInfo": {
                "py_callstack": "".join(traceback.format_exception(kind, error, trace)),
                "timestamp": str(time.time()),
            },
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"message": message}, file)
