"""The daemon on the node, for one task: runs its script as a session of its own, ends it at its limit or when it is
deleted, and tells the server."""
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time

from fake_server import FAILED, FINISHED, TERMINATED, Server

POLL = 0.02


def session_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return None if fields[0] in "ZX" else int(fields[3])
    except (OSError, ValueError):
        return None


def processes_of(sessions):
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and session_of(int(name)) in sessions]


def send(sessions, number):
    for pid in processes_of(sessions):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def environment(server, job, index):
    user = pwd.getpwuid(os.getuid()).pw_name
    first_cpus = job["select"][0][1]
    key = f"{job['seq']}.{index}"
    home = server.path("home")
    made = {
        "HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash", "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PBS_JOBID": server.full_id(job, index if job["array"] else None), "PBS_JOBNAME": job["name"],
        "PBS_QUEUE": job["queue"], "PBS_NODEFILE": server.path("jobs", key + ".nodes"), "PBS_JOBDIR": home,
        "PBS_ENVIRONMENT": "PBS_BATCH", "ENVIRONMENT": "BATCH", "PBS_NODENUM": "0", "PBS_TASKNUM": "1",
        "NCPUS": str(first_cpus), "OMP_NUM_THREADS": str(max(1, first_cpus // job["mpiprocs"])),
        "TMPDIR": server.path("jobs", key + ".tmp"), "TT_FAKE_PBS": server.where, "TT_FAKE_PBS_TASK": key,
    }
    if job["array"]:
        made.update(PBS_ARRAY_INDEX=str(index), PBS_ARRAY_ID=server.full_id(job))
    if job["account"]:
        made["PBS_ACCOUNT"] = job["account"]
    made.update(job["variables"])
    return made


def remote_sessions(server, key):
    """Tasks that pbs_tmrsh and pbsdsh started on the other nodes."""
    with contextlib.suppress(FileNotFoundError):
        with open(server.path("jobs", key + ".tasks"), encoding="utf-8") as file:
            return [int(line) for line in file if line.strip()]
    return []


def run(server, job, index):
    """Exit_status, substate and how the comment ends."""
    key = f"{job['seq']}.{index}"
    made = environment(server, job, index)
    os.makedirs(made["TMPDIR"], exist_ok=True)
    final = server.output(job, index)
    live = "d" in job["keep"]
    out = final if live else server.path("jobs", key + ".OU")
    os.umask(job["umask"])
    log = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    err = log if job["join"] else os.open(out + ".e", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    # The login shell reads the path of a copy of the script.
    script = server.path("jobs", f"{job['seq']}.SC")
    leader = subprocess.Popen(["-bash"], executable="/bin/bash", stdin=subprocess.PIPE, stdout=log, stderr=err,
                              start_new_session=True, cwd=made["HOME"], env=made)
    with contextlib.suppress(BrokenPipeError):
        leader.stdin.write((script + "\n").encode())
        leader.stdin.close()
    deleted, lost = (server.path("jobs", key + ending) for ending in (".del", ".lost"))
    limit = job["walltime"]
    started, told, ending = time.monotonic(), None, None
    while leader.poll() is None:
        now = time.monotonic()
        if os.path.exists(lost):  # its node is gone, and everything on it at once
            os.unlink(lost)
            send([leader.pid, *remote_sessions(server, key)], signal.SIGKILL)
            leader.wait()
            return None
        if told is None:
            if os.path.exists(deleted):
                told, ending = now, "deleted"
            elif limit is not None and now - started >= limit:
                told, ending = now, "walltime"
                os.write(err, f"=>> PBS: job killed: walltime {int(now - started)} exceeded limit {limit}\n".encode())
            if told is not None:
                send([leader.pid], signal.SIGTERM)
                killed = False
        elif not killed and now - told >= server.switches["kill_delay"]:
            killed = True
            send([leader.pid], signal.SIGKILL)
        time.sleep(POLL)
    # The login shell dies of the TERM at once; what trapped it has until the kill.
    while told is not None and processes_of([leader.pid]) and time.monotonic() - told < server.switches["kill_delay"]:
        time.sleep(POLL)
    everything = [leader.pid, *remote_sessions(server, key)]
    send(everything, signal.SIGKILL)
    status = leader.returncode if leader.returncode >= 0 else 256 - leader.returncode
    if not live and (os.path.isfile(final) or not os.path.exists(final)):  # /dev/null keeps nothing
        with contextlib.suppress(OSError):
            shutil.move(out, final)
    if ending == "walltime":
        return -29, FAILED, " and exceeded resource walltime"
    if ending == "deleted":
        return status, TERMINATED, f" and terminated by {pwd.getpwuid(os.getuid()).pw_name}@login0"
    return status, FINISHED if status == 0 else FAILED, " and finished" if status == 0 else " and failed"


def main(words):
    where, seq, index = words[1], words[2], int(words[3])
    with Server(where) as server:
        job = server.jobs.get(seq)
        if job is None or server.task(job, index)["state"] != "R":
            return 1
    try:
        result = run(server, job, index)
    except OSError as error:
        print(error, file=sys.stderr)
        result = (-1, FAILED, " and failed")
    with Server(where) as server:
        job = server.jobs.get(seq)
        if job is not None and server.task(job, index)["state"] == "R":
            if result is None:
                server.node_lost(job, index)
            else:
                server.ended(job, index, *result)
        server.tick()
    return 0
