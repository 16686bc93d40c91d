"""Starts the ranks of one training on this machine and watches them, as torchrun would.

Every rank's output goes to the console with the rank in front (only the ranks of the filter) and,
unfiltered, to `<log dir>/<id>/attempt_0/<local rank>/{stdout,stderr}.log`. The first rank that fails
ends the others; the summary printed then has the shape of torchrun's ChildFailedError.
"""

import argparse
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

POLL_SECONDS = 0.05
GRACE_SECONDS = 5.0
NO_TRACEBACK = "To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html"

# Flags of torchrun that are understood as words and have nothing to decide on a single machine.
FLAGS_WITHOUT_EFFECT = [
    "node_rank", "rdzv_backend", "rdzv_endpoint", "rdzv_conf", "max_restarts", "monitor_interval",
    "tee", "redirects", "start_method", "local_addr", "master_addr", "master_port",
]


class Interrupted(Exception):
    """The launcher itself was told to stop."""

    def __init__(self, signal_number):
        super().__init__(f"Process {os.getpid()} got signal: {signal_number}")


@dataclass
class Rank:
    """One rank process and what is known about its end."""

    local_rank: int
    process: subprocess.Popen
    folder: Path
    readers: list = field(default_factory=list)
    exit_code: int | None = None
    ended_at: float = 0.0

    def poll(self):
        """Notices the end of the process, once."""
        if self.exit_code is None and self.process.poll() is not None:
            self.exit_code = self.process.returncode
            self.ended_at = time.time()
        return self.exit_code

    def error_report(self):
        """What the rank wrote about its own exception, or None."""
        try:
            return json.loads((self.folder / "error.json").read_text())["message"]["extraInfo"]
        except (OSError, ValueError, KeyError):
            return None

    def failed_at(self):
        report = self.error_report()
        return float(report["timestamp"]) if report else self.ended_at


class Console:
    """Lines of several threads, written whole and at once. A closed console stops nothing."""

    def __init__(self):
        self.lock = threading.Lock()

    def write(self, stream, line):
        with self.lock:
            try:
                stream.buffer.write(line)
                stream.buffer.flush()
            except (BrokenPipeError, ValueError):
                pass

    def say(self, text):
        self.write(sys.stderr, (text + "\n").encode())


def parse_command_line(words):
    """torchrun's own flags, the script, and everything after it for the script."""
    parser = argparse.ArgumentParser(prog="launch.py", allow_abbrev=False)

    def flag(name, **options):
        parser.add_argument(f"--{name}", f"--{name.replace('_', '-')}", dest=name, **options)

    flag("nproc_per_node", type=int, default=1)
    flag("local_ranks_filter", default="")
    flag("role", default="default")
    flag("nnodes", default="1")
    flag("rdzv_id", default=os.environ.get("PET_RDZV_ID", "none"))
    flag("log_dir", default=os.environ.get("PET_LOG_DIR"))
    for name in FLAGS_WITHOUT_EFFECT:
        flag(name)
    parser.add_argument("script")
    parser.add_argument("script_arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(words)

    if options.nnodes not in ("1", "1:1"):
        parser.error(f"--nnodes={options.nnodes}: this launcher knows one machine only")
    if options.nproc_per_node < 1:
        parser.error(f"--nproc_per_node={options.nproc_per_node}: at least one rank is needed")
    if not re.fullmatch(r"(\d+(,\d+)*)?", options.local_ranks_filter):
        parser.error(f"--local-ranks-filter={options.local_ranks_filter}: wanted ranks such as 0,1")
    return options


def shown_ranks(filter_text, count):
    """The local ranks that reach the console; an empty filter shows all."""
    if not filter_text:
        return set(range(count))
    return {int(word) for word in filter_text.split(",")}


def glog_line(letter, text):
    """A line in the form of PyTorch's own launcher log."""
    now = time.time()
    stamp = time.strftime("%m%d %H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1000):03d}000"
    return f"{letter}{stamp} {os.getpid()} launch.py] {text}"


def copy_lines(source, file_path, stream, prefix, console, shown):
    """Moves one stream of one rank to its file and, if shown, to the console, line by line."""
    with source, open(file_path, "wb", buffering=0) as file:
        for line in source:
            file.write(line)
            if shown:
                console.write(stream, prefix + (line if line.endswith(b"\n") else line + b"\n"))


def start_rank(options, local_rank, attempt_folder, group, console, shown):
    """One rank process with its environment and the two threads that read it."""
    folder = attempt_folder / str(local_rank)
    folder.mkdir(parents=True)
    environment = dict(os.environ)
    environment.setdefault("OMP_NUM_THREADS", "1")
    environment.update(
        RANK=str(local_rank),
        LOCAL_RANK=str(local_rank),
        WORLD_SIZE=str(options.nproc_per_node),
        LOCAL_WORLD_SIZE=str(options.nproc_per_node),
        GROUP_RANK="0",
        TORCHELASTIC_RUN_ID=options.rdzv_id,
        TORCHELASTIC_ERROR_FILE=str(folder / "error.json"),
        TINY_GROUP=group,
        TINY_LAUNCHER_PID=str(os.getpid()),
    )
    process = subprocess.Popen(
        [sys.executable, "-u", "-B", options.script, *options.script_arguments],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    rank = Rank(local_rank, process, folder)
    prefix = f"[{options.role}{local_rank}]:".encode()
    for source, name, stream in [(process.stdout, "stdout.log", sys.stdout),
                                 (process.stderr, "stderr.log", sys.stderr)]:
        reader = threading.Thread(
            target=copy_lines, daemon=True,
            args=(source, folder / name, stream, prefix, console, shown))
        reader.start()
        rank.readers.append(reader)
    return rank


def wait_for_ranks(ranks):
    """Returns when every rank has finished well or one has failed."""
    while True:
        codes = [rank.poll() for rank in ranks]
        if any(codes) or None not in codes:
            return
        time.sleep(POLL_SECONDS)


def end_ranks(ranks, console):
    """SIGTERM to the ranks that still run, SIGKILL to those that do not listen."""
    running = [rank for rank in ranks if rank.poll() is None]
    for rank in running:
        pid = rank.process.pid
        console.say(glog_line("W", f"Sending process {pid} closing signal SIGTERM"))
        rank.process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for rank in running:
        try:
            rank.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            rank.process.kill()
            rank.process.wait()
        rank.poll()


def finish_output(ranks):
    """What the ranks printed last is on the console before the launcher says its own last words."""
    for rank in ranks:
        for reader in rank.readers:
            reader.join(GRACE_SECONDS)


def describe_failure(position, rank):
    """One entry of the failure table."""
    pid = rank.process.pid
    report = rank.error_report()
    if report:
        traceback = report["py_callstack"].replace("\n", "\n  ")
    elif rank.exit_code < 0:
        name = signal.Signals(-rank.exit_code).name
        traceback = f"Signal {-rank.exit_code} ({name}) received by PID {pid}"
    else:
        traceback = NO_TRACEBACK
    when = time.strftime("%Y-%m-%d_%H:%M:%S", time.localtime(rank.failed_at()))
    return "\n".join([
        f"[{position}]:",
        f"  time      : {when}",
        f"  host      : {socket.gethostname()}",
        f"  rank      : {rank.local_rank} (local_rank: {rank.local_rank})",
        f"  exitcode  : {rank.exit_code} (pid: {pid})",
        f"  error_file: {rank.folder / 'error.json' if report else '<N/A>'}",
        f"  traceback : {traceback}",
    ])


def failure_table(script, failed):
    """The summary of all failed ranks; the one that failed first is named as the root cause."""
    root, *others = sorted(failed, key=Rank.failed_at)
    listed = [describe_failure(number, rank) for number, rank in enumerate(others, start=1)]
    return "\n".join([
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
        "=" * 60,
        f"{Path(script).name} FAILED",
        "-" * 60,
        "Failures:",
        *(listed or ["  <NO_OTHER_FAILURES>"]),
        "-" * 60,
        "Root Cause (first observed failure):",
        describe_failure(0, root),
        "=" * 60,
    ])


def run(options, log_folder, console):
    """Starts all ranks and stays until they have ended. Returns the exit status."""
    group = secrets.token_hex(8)
    attempt_folder = log_folder / f"{options.rdzv_id}_{group}" / "attempt_0"
    shown = shown_ranks(options.local_ranks_filter, options.nproc_per_node)
    ranks = []
    try:
        for local_rank in range(options.nproc_per_node):
            ranks.append(start_rank(
                options, local_rank, attempt_folder, group, console, local_rank in shown))
        wait_for_ranks(ranks)
    finally:
        end_ranks(ranks, console)
        finish_output(ranks)

    failed = [rank for rank in ranks if rank.exit_code]
    if not failed:
        return 0
    first = min(failed, key=Rank.failed_at)
    console.say(glog_line("E", f"failed (exitcode: {first.exit_code}) local_rank: {first.local_rank} "
                               f"(pid: {first.process.pid}) of binary: {sys.executable}"))
    console.say(failure_table(options.script, failed))
    return 1


def stop_on_signals():
    """A polite signal becomes an exception once; while the ranks are being ended, more are ignored."""
    def interrupt(number, _frame):
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup asked for it
        signal.signal(signal.SIGHUP, interrupt)


def main():
    options = parse_command_line(sys.argv[1:])
    console = Console()
    stop_on_signals()
    try:
        if options.log_dir:
            return run(options, Path(options.log_dir), console)
        with tempfile.TemporaryDirectory(prefix="torchelastic_") as folder:
            return run(options, Path(folder), console)
    except Interrupted as interruption:
        console.say("torch.distributed.elastic.multiprocessing.api.SignalException: "
                    f"{interruption}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
