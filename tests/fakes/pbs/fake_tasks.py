"""Inside a job: one process per node. All nodes are this machine, and every task is a session of its own."""
import os
import signal
import subprocess
import sys
import time

from fake_server import Refusal, Server


def hosts_of_job():
    try:
        with open(os.path.join(os.environ["TT_FAKE_PBS"], "jobs", os.environ["TT_FAKE_PBS_TASK"] + ".nodes"),
                  encoding="utf-8") as file:
            return [line.strip() for line in file]
    except (KeyError, OSError):
        raise Refusal("not inside a job", 255) from None


def task_environment(number):
    """What PBS gives a task: the script's own exported variables are not among it."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("PBS_JOBID", "PBS_JOBDIR", "TMPDIR", "NCPUS", "OMP_NUM_THREADS", "HOME", "USER", "LOGNAME",
                        "SHELL", "TT_FAKE_PBS", "TT_FAKE_PBS_TASK") or name.startswith("PBS_O_")}
    kept.update(PATH="/bin:/usr/bin", PBS_NODENUM=str(number), PBS_TASKNUM=str(number + 2), PBS_ENVIRONMENT="PBS_BATCH")
    if number > 0:
        kept["PBS_NODEFILE"] = os.environ.get("PBS_NODEFILE", "")
    return kept


def hear():
    for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(one, signal.SIG_DFL)


def start(number, words, environment=None):
    own = environment or task_environment(number)
    try:
        # Signals that whoever asks ignores are not ignored on the node.
        task = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True, env=own, preexec_fn=hear,
                                cwd=own.get("HOME", "/") if environment is None else None)
    except OSError:
        return None
    where = os.path.join(os.environ["TT_FAKE_PBS"], "jobs", os.environ["TT_FAKE_PBS_TASK"] + ".tasks")
    with open(where, "a", encoding="utf-8") as file:
        file.write(f"{task.pid}\n")
    return task


def pbs_tmrsh(words):
    if len(words) < 2:
        print("usage: pbs_tmrsh host program [arg...]", file=sys.stderr)
        return 2
    host, program = words[0], words[1:]
    names = list(dict.fromkeys(hosts_of_job()))
    if host not in names:
        print(f'pbs_tmrsh: host "{host}" is not a node in job <{os.environ.get("PBS_JOBID")}>', file=sys.stderr)
        return 255
    task = start(names.index(host), program)
    if task is None:
        return 254
    status = task.wait()
    return status if status >= 0 else -status  # killed by signal 9: 9, not 137


def pbsdsh(words):
    lines = list(enumerate(hosts_of_job()))
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--":
            break
        if option == "-n":
            number = int(words.pop(0))
            lines = [line for line in lines if line[0] == number]
        elif option == "-c":
            lines = lines[:int(words.pop(0))]
        elif option not in ("-s", "-v", "-o"):
            print(f"pbsdsh: invalid option -- '{option[1:]}'", file=sys.stderr)
            return 2
    names = list(dict.fromkeys(host for _, host in lines))
    tasks = [start(names.index(host), words) for _, host in lines]
    signal.signal(signal.SIGTERM, lambda *_: forward(tasks))
    for number, task in enumerate(tasks):
        status = 254 if task is None else task.wait()
        if status:
            print(f"pbsdsh: task 0x{number:08x} exit status {status}", file=sys.stderr)
    return 0  # always


def forward(tasks):
    for task in tasks:
        if task is not None and task.poll() is None:
            os.kill(task.pid, signal.SIGTERM)
    sys.exit(1)


def mpiexec(words):
    """HPE PALS as far as one process per node needs it: the environment goes along, and one that fails ends all."""
    count, ppn = None, 1
    while words and words[0].startswith("-"):
        option, _, value = words.pop(0).partition("=")
        if option == "--":
            break
        if option in ("--line-buffer", "--no-vni", "-l"):
            continue
        value = value or words.pop(0)
        if option == "-n":
            count = int(value)
        elif option == "--ppn":
            ppn = int(value)
        elif option not in ("--depth", "--cpu-bind", "--hostfile", "--hosts", "--env"):
            print(f"mpiexec: unrecognized option '{option}'", file=sys.stderr)
            return 1
    names = [host for host in dict.fromkeys(hosts_of_job()) for _ in range(ppn)]
    return run_ranks(words, [dict(os.environ, PMI_RANK=str(rank), PALS_RANKID=str(rank), PMI_LOCAL_RANK=str(rank % ppn),
                                  PALS_LOCAL_RANKID=str(rank % ppn), PALS_NODEID=str(rank // ppn))
                             for rank in range(count or len(names))])


def mpirun(words):
    """Open MPI: of the environment it hands on only what is its own."""
    count, mapping = None, None
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-np", "--map-by", "--mca", "-x"):
            value = words.pop(0)
            if option == "-np":
                count = int(value)
            elif option == "--map-by":
                mapping = value
            elif option == "--mca":
                words.pop(0)
        elif option not in ("--bind-to-none", "--report-bindings"):
            print(f"mpirun: Error: unknown option \"{option}\"", file=sys.stderr)
            return 1
    if mapping != "ppr:1:node" or count != len(dict.fromkeys(hosts_of_job())):
        print("There are not enough slots available in the system", file=sys.stderr)
        return 1
    return run_ranks(words, [dict(task_environment(rank), OMPI_COMM_WORLD_RANK=str(rank),
                                  OMPI_COMM_WORLD_SIZE=str(count)) for rank in range(count)])


def run_ranks(words, environments):
    tasks = [start(rank, words, own) for rank, own in enumerate(environments)]

    def stop(number):
        for task in tasks:
            if task is not None and task.poll() is None:
                os.killpg(task.pid, number)

    signal.signal(signal.SIGTERM, lambda *_: stop(signal.SIGTERM))
    worst, ended = 0, None
    while any(task is not None and task.poll() is None for task in tasks):
        for task in tasks:
            status = 254 if task is None else task.poll()
            if status:
                worst = worst or (status if status > 0 else 128 - status)
                if ended is None:
                    ended = time.monotonic()
                    stop(signal.SIGTERM)
        if ended is not None and time.monotonic() - ended > 5:
            stop(signal.SIGKILL)
        time.sleep(0.02)
    for task in tasks:
        status = 254 if task is None else task.poll()
        worst = worst or (status if status >= 0 else 128 - status)
    return worst


def ssh(words):
    """To a node of the job: a shell there reads the command, nothing of the environment goes along, and PBS does not
    know the process. A signal that ends it is 255 here; ending ssh ends nothing there."""
    while words and words[0].startswith("-"):
        if words.pop(0) in ("-o", "-p", "-l", "-i"):
            words.pop(0)
    host, command = words[0], " ".join(words[1:])
    if host not in hosts_of_job():
        print(f"ssh: Could not resolve hostname {host}: Name or service not known", file=sys.stderr)
        return 255
    own = {name: os.environ[name] for name in ("HOME", "USER", "LOGNAME", "TT_FAKE_PBS") if name in os.environ}
    own.update(PATH="/usr/local/bin:/usr/bin:/bin", SHELL="/bin/bash", SSH_CONNECTION="127.0.0.1 1 127.0.0.1 22")
    task = subprocess.Popen(["/bin/bash", "-c", command], stdin=subprocess.DEVNULL, start_new_session=True, env=own,
                            preexec_fn=hear, cwd=own.get("HOME", "/"))
    status = task.wait()
    return status if status >= 0 else 255
