"""The server: its state on disk below $TT_FAKE_PBS, one lock, and the scheduling of what waits.

    state.json     every job: what was asked, and a record for each task (element of an array) that is not merely queued
    switches.json  what the test wants to go wrong (see DEFAULTS); read at every call
    jobs/KEY.*     script (.SC), output while it is spooled, the mark that a task is to be deleted (.del)
    calls          one line for each client command, to be counted
"""
import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time

DEFAULTS = {
    "version": "23.06.06",
    "server": "pbs0",
    "hosts": ["node01", "node02", "node03", "node04"],
    "ncpus": 64,  # of each host
    "ngpus": 8,
    "history": True,
    "max_array_size": 10000,
    "kill_delay": 10.0,
    "queues": {"workq": {}},  # name: {"enabled": bool, "started": bool, "max_walltime": seconds}
    "first_id": 0,
    # Failures. Numbers count down: so many of the next calls are struck.
    "down": False,  # nobody listens
    "hang": [],  # these programs do nothing for an hour, before they reach the server
    "hang_after_accept": 0,  # qsub: the job is in, and the answer never comes
    "late_accept": 0.0,  # with hang_after_accept: the job surfaces only so many seconds later
    "vanish": 0,  # qsub: an id is told, and the job is not even in the history
    "drop": 0,  # qsub: an id is told, and the job ends as one whose dependency failed
    "broken_json": False,  # a bare nan, as a job called nan makes it
    "json_first_only": False,  # several ids: only the first job is printed as JSON
    "slow": 0.0,  # seconds before every answer
    "banner": "",  # on stderr and stdout of every command
    "purged": False,  # ended jobs are forgotten at once
    "refuse": "",  # qsub: a hook's text
}

# text, exit status
DOWN = "Connection refused\n{program}: cannot connect to server {server} (errno=15010)"
TERMINATED, FINISHED, FAILED = 91, 92, 93


class Refusal(Exception):
    """What a command says on stderr, and its exit status."""

    def __init__(self, text, status):
        super().__init__(text)
        self.text, self.status = text, status


def folder():
    where = os.environ.get("TT_FAKE_PBS")
    if not where:
        raise Refusal("fake pbs: TT_FAKE_PBS is not set", 99)
    return where


def load_switches(where):
    values = dict(DEFAULTS)
    with contextlib.suppress(FileNotFoundError):
        with open(os.path.join(where, "switches.json"), encoding="utf-8") as file:
            values.update(json.load(file))
    return values


class Server:
    """`with Server(dir) as server:` holds the lock; what was changed is written at the end."""

    def __init__(self, where):
        self.where = where
        self.switches = load_switches(where)
        os.makedirs(os.path.join(where, "jobs"), exist_ok=True)
        os.makedirs(os.path.join(where, "home"), exist_ok=True)

    def __enter__(self):
        self.lock = open(os.path.join(self.where, "lock"), "a")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.before = None
        try:
            with open(self.path("state.json"), encoding="utf-8") as file:
                self.before = file.read()
            state = json.loads(self.before)
        except FileNotFoundError:
            state = {"next": self.switches["first_id"], "jobs": {}}
        self.state, self.jobs = state, state["jobs"]
        return self

    def __exit__(self, kind, *_):
        if kind is None or kind is Refusal:
            text = json.dumps(self.state)
            if text != self.before:
                new = self.path("state.json.new")
                with open(new, "w", encoding="utf-8") as file:
                    file.write(text)
                os.rename(new, self.path("state.json"))
        self.lock.close()

    def path(self, *parts):
        return os.path.join(self.where, *parts)

    def use_up(self, name):
        """A counting switch: true for so many calls as it says."""
        left = self.switches[name]
        if not left:
            return False
        used = self.state.setdefault("used", {}).get(name, 0)
        self.state["used"][name] = used + 1
        return used < left

    # ---- ids ----

    def full_id(self, job, index=None):
        brackets = "" if not job["array"] else "[]" if index is None else f"[{index}]"
        return f"{job['seq']}{brackets}.{self.switches['server']}"

    # ---- tasks ----

    @staticmethod
    def indices(job):
        return range(job["array"]["first"], job["array"]["last"] + 1, job["array"]["step"]) if job["array"] else [0]

    @staticmethod
    def task(job, index):
        """The record of a task; what is not there waits."""
        return job["tasks"].get(str(index), {"state": "Q"})

    def is_over(self, job):
        return all(self.task(job, index)["state"] == "X" for index in self.indices(job))

    def settle(self, job):
        """The job as a whole: an array lives until its last task is over."""
        if job["state"] in ("Q", "H") and any(task["state"] != "Q" for task in job["tasks"].values()):
            job["state"], job["substate"] = ("B", 70) if job["array"] else ("R", 42)
        if job["state"] != "F" and self.is_over(job):
            job["state"] = "F"
            job["mtime"] = time.time()
            statuses = [task.get("status") for task in job["tasks"].values()]
            if job["array"] and job.get("substate") != TERMINATED:
                job["substate"] = FINISHED if all(s in (0, None) for s in statuses) else FAILED
                job["comment"] += " and finished" if job["substate"] == FINISHED else " and failed"

    def ended(self, job, index, status, substate, ending):
        task = job["tasks"][str(index)]
        task.update(state="X", status=status, substate=substate, obittime=time.time())
        task["comment"] = task.get("comment", "") + ending
        # Not an aggregate: whichever changed last.
        job["status"] = 1 if job["array"] and status not in (0, None) else status
        if not job["array"]:
            job["substate"] = substate
        self.settle(job)
        if self.switches["purged"] and job["state"] == "F":
            del self.jobs[str(job["seq"])]

    def node_lost(self, job, index):
        """Its first node went away: back into the queue with -20 still shown, or ended where it may not run again."""
        if job["rerun"] != "y":
            self.ended(job, index, -20, FAILED, "")
            return
        job["tasks"][str(index)] = {"state": "Q", "run_count": job["tasks"][str(index)]["run_count"]}
        job["status"], job["comment"] = -20, "Not Running: Not enough free nodes available"
        if not job["array"]:
            job["state"], job["substate"] = "Q", 10

    def drop(self, job):
        """A dependency that cannot be met: ended like a success, with no status, no host and no word."""
        job.update(state="F", substate=FINISHED, status=None, comment="", mtime=time.time(), tasks={
            str(index): {"state": "X", "deleted": True, "substate": FINISHED} for index in self.indices(job)})

    def follow(self, job):
        """afterok of one job, as far as dropping and releasing go."""
        other = self.jobs.get(job["depend"].split(":")[1].split(".")[0].rstrip("[]"))
        if other is None or other["state"] == "F" and (other["substate"] != FINISHED or other["status"] is None):
            self.drop(job)
        elif other["state"] == "F":
            job.update(state="Q", substate=10, hold="n")

    # ---- scheduling ----

    def free(self):
        left = {host: [self.switches["ncpus"], self.switches["ngpus"]] for host in self.switches["hosts"]}
        for job in self.jobs.values():
            for task in job["tasks"].values():
                if task["state"] != "R":
                    continue
                for host, cpus, gpus in task["chunks"]:
                    if host in left:
                        left[host][0] -= cpus
                        left[host][1] -= gpus
        return left

    @staticmethod
    def place(job, left):
        """[(host, cpus, gpus), ...] or None when it does not fit now."""
        chunks, used = [], set()
        left = {host: list(rest) for host, rest in left.items()}
        for count, cpus, gpus in job["select"]:
            for _ in range(count):
                for host, rest in left.items():
                    if rest[0] >= cpus and rest[1] >= gpus and not ("scatter" in job["place"] and host in used):
                        break
                else:
                    return None
                used.add(host)
                left[host][0] -= cpus
                left[host][1] -= gpus
                chunks.append((host, cpus, gpus))
        return chunks

    def never(self, job):
        """Why it can never run on these hosts; qsub takes it all the same."""
        cpus, gpus = self.switches["ncpus"], self.switches["ngpus"]
        for count, want_cpus, want_gpus in job["select"]:
            if want_cpus > cpus:
                return f"Can Never Run: Insufficient amount of resource: ncpus (R: {want_cpus} A: {cpus} T: {cpus})"
            if want_gpus > gpus:
                return f"Can Never Run: Insufficient amount of resource: ngpus (R: {want_gpus} A: {gpus} T: {gpus})"
            if "scatter" in job["place"] and count > len(self.switches["hosts"]):
                return "Can Never Run: Not enough total nodes available"
        return ""

    def tick(self):
        """Starts what fits. Called by every command and by every task that ends."""
        self.bury()
        for job in list(self.jobs.values()):
            if job["state"] == "H" and "depend" in job:
                self.follow(job)
            if job["state"] not in ("Q", "B") or job["hold"] != "n" or job.get("surfaces", 0) > time.time():
                continue
            job["comment"] = self.never(job) or job["comment"]
            if job["comment"].startswith("Can Never Run"):
                continue
            running = sum(task["state"] == "R" for task in job["tasks"].values())
            limit = (job["array"] or {}).get("limit")
            for index in self.indices(job):
                if self.task(job, index)["state"] != "Q":
                    continue
                if limit is not None and running >= limit:
                    break
                chunks = self.place(job, self.free())
                if chunks is None:
                    if job["state"] == "Q":
                        job["comment"] = "Not Running: Not enough free nodes available"
                    break
                if not self.start(job, index, chunks):
                    break
                running += 1

    def start(self, job, index, chunks):
        out = self.output(job, index)
        if "d" in job["keep"] and not os.path.isdir(os.path.dirname(out)):
            job.update(state="H", hold="s", substate=20, run_count=21, status=-3,
                       comment="job held, too many failed attempts to run")
            return False
        key = f"{job['seq']}.{index}"
        task = {"state": "R", "chunks": chunks, "stime": time.time(), "substate": 42,
                "run_count": self.task(job, index).get("run_count", 0) + 1}
        nodes = "+".join(f"({host}:ncpus={cpus}" + (f":ngpus={gpus}" if gpus else "") + ")"
                         for host, cpus, gpus in chunks)
        at = time.strftime("%a %b %d at %H:%M", time.localtime())
        task["comment"] = f"Job run at {at} on {nodes}"
        task["nodes"] = nodes
        job["tasks"][str(index)] = task
        if job["array"]:
            job["comment"] = f"Job Array Began at {at}"
        self.settle(job)
        with open(self.path("jobs", key + ".nodes"), "w", encoding="utf-8") as file:
            file.writelines(host + "\n" for host, _, _ in chunks for _ in range(job["mpiprocs"]))
        program = os.path.join(os.path.dirname(os.path.realpath(__file__)), "pbs")
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        mom = subprocess.Popen([sys.executable, "-BIS", program, "run", self.where, str(job["seq"]), str(index)],
                               start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=self.where, env=environment, close_fds=True)
        task["mom"] = [mom.pid, start_ticks(mom.pid)]
        mom.returncode = 0  # nobody waits for it
        return True

    def output(self, job, index):
        path = job["out"]
        name = job["name"] + (".o%s.%s" % (job["seq"], index) if job["array"] else ".o%s" % job["seq"])
        if not path:
            path = os.path.join(job["workdir"], name)
        if os.path.isdir(path):
            path = os.path.join(path, self.full_id(job, index if job["array"] else None) + ".OU")
        return path.replace("^array_index^", str(index))

    def bury(self):
        """Tasks whose daemon was killed: nobody saw their end."""
        for job in list(self.jobs.values()):
            for index, task in list(job["tasks"].items()):
                if task["state"] == "R" and "mom" in task and start_ticks(task["mom"][0]) != task["mom"][1]:
                    self.ended(job, int(index), 265, FAILED, " and failed")


def start_ticks(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return None if fields[0] in "ZX" else fields[19]
    except OSError:
        return None
