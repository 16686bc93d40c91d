"""The commands a user types, but qsub and qstat, which have files of their own."""
import os
import re
import signal
import sys
import time

import fake_qstat
import fake_qsub
from fake_server import DOWN, FINISHED, TERMINATED, Refusal, Server, folder, load_switches

ID = re.compile(r"^([0-9]+)(\[[0-9,-]*\])?(\.[A-Za-z0-9._-]+)?$")


def find(server, word, program):
    """(job, [index...] or None for the whole of it); Refusal when there is none."""
    parts = ID.match(word)
    if not parts or (parts[3] and parts[3][1:].split(".")[0] != server.switches["server"].split(".")[0]):
        raise Refusal(f"{program}: illegally formed job identifier: {word}", 1)
    job = server.jobs.get(parts[1])
    brackets = parts[2]
    full = word if parts[3] else f"{word}.{server.switches['server']}"
    unknown = Refusal(f"{program}: Unknown Job Id {full}", 153)
    if job is None or bool(job["array"]) != bool(brackets) or job.get("surfaces", 0) > time.time():
        raise unknown
    if job["state"] == "F" and not server.switches["history"]:
        raise unknown
    if brackets in (None, "[]"):
        return job, None
    wanted = []
    for part in brackets[1:-1].split(","):
        first, _, last = part.partition("-")
        wanted += range(int(first), int(last or first) + 1)
    return job, wanted


def delete_task(server, job, index):
    task = server.task(job, index)
    if task["state"] == "R":
        with open(server.path("jobs", f"{job['seq']}.{index}.del"), "w", encoding="utf-8"):
            pass
    elif task["state"] == "Q":
        # Its record will show the end of the whole: the status of the parent and no host.
        job["tasks"][str(index)] = {"state": "X", "deleted": True, "substate": FINISHED, "comment": "Subjob finished",
                                    "obittime": time.time()}


def qdel(server, job, wanted):
    if job["state"] == "F":
        raise Refusal(f"qdel: Job has finished {server.full_id(job)}", 35)
    everything = wanted is None
    indices = list(server.indices(job))
    if everything:
        job["substate"], job["status"] = TERMINATED, 1 if job["array"] else None
        job["comment"] += " and terminated" if job["comment"] else ""
        if job["state"] in ("Q", "H") and not job["array"]:
            job["tasks"]["0"] = {"state": "X", "deleted": True, "substate": TERMINATED, "comment": job["comment"]}
        for index in indices:
            task = server.task(job, index)
            if job["array"] and task["state"] == "X":  # what had ended is wiped
                job["tasks"][str(index)] = {"state": "X", "deleted": True, "substate": TERMINATED, "status": 1,
                                            "comment": "Subjob finished"}
    bad = [index for index in wanted or [] if index not in indices]
    for index in indices if everything else wanted:
        if index in bad:
            continue
        delete_task(server, job, index)
        task = job["tasks"].get(str(index))
        if everything and job["array"] and task and task.get("deleted"):
            task.update(substate=TERMINATED, status=1)
    server.settle(job)
    if job["state"] == "F" and (server.switches["purged"] or not server.switches["history"]):
        server.jobs.pop(str(job["seq"]), None)
    if bad:
        names = ",".join(map(str, wanted))
        raise Refusal(f"qdel: Unknown Job Id {job['seq']}[{names}].{server.switches['server']}", 153)


def qhold(server, job, wanted):
    if wanted is not None:
        raise Refusal(f"qhold: Invalid request {job['seq']}[{wanted[0]}].{server.switches['server']}", 156)
    if job["state"] == "F":
        raise Refusal(f"qhold: Job has finished {server.full_id(job)}", 35)
    job["hold"] = "u"
    if job["state"] == "Q":
        job["state"], job["substate"] = "H", 20


def qrls(server, job, wanted):
    if wanted is not None:
        raise Refusal(f"qrls: Invalid request {job['seq']}[{wanted[0]}].{server.switches['server']}", 156)
    if job["state"] == "F":
        raise Refusal(f"qrls: Job has finished {server.full_id(job)}", 35)
    job["hold"] = "n"
    if job["state"] == "H":
        job["state"], job["substate"] = "Q", 10


def each_id(program, words, act):
    words = [word for word in words if not word.startswith("-")]
    if not words:
        raise Refusal(f"usage: {program} job_identifier...", 2)
    status = 0
    with Server(folder()) as server:
        merged = {}
        for word in words:  # elements of one array travel together
            parts = ID.match(word)
            if program == "qdel" and parts and parts[2] not in (None, "[]"):
                merged.setdefault(parts[1], []).append(parts[2][1:-1])
            else:
                merged[word] = None
        for word, elements in merged.items():
            try:
                act(server, *find(server, word if elements is None else f"{word}[{','.join(elements)}]", program))
            except Refusal as refusal:
                print(refusal.text, file=sys.stderr)
                status = refusal.status
        server.tick()
    return status


def qalter(words):
    names, changes = [], {}
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("-N", "-o", "-l", "-W"):
            changes[word] = words.pop(0)
        elif word.startswith("-"):
            raise Refusal(f"qalter: invalid option -- '{word[1:]}'", 2)
        else:
            names.append(word)

    def change(server, job, wanted):
        if wanted is not None:
            raise Refusal(f"qalter: Invalid request {job['seq']}[{wanted[0]}].{server.switches['server']}", 156)
        job["name"] = changes.get("-N", job["name"])
        job["out"] = changes.get("-o", job["out"])
        limit = changes.get("-W", "")
        if limit.startswith("max_run_subjobs=") and job["array"]:
            job["array"]["limit"] = int(limit.split("=")[1])

    return each_id("qalter", names, change)


def qselect(words):
    name, history, states, elements, arrays = None, False, None, False, False
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "-N":
            name = words.pop(0)
        elif word == "-x":
            history = True
        elif word == "-s":
            states = words.pop(0)
        elif word == "-u":
            words.pop(0)
        elif word == "-T":
            elements = True
        elif word == "-J":
            arrays = True
        else:
            raise Refusal(f"qselect: invalid option -- '{word[1:]}'", 2)
    with Server(folder()) as server:
        server.tick()
        if history and not server.switches["history"]:
            print("qselect: PBS is not configured to maintain job history", file=sys.stderr)
            history = False
        for job in server.jobs.values():
            if name is not None and job["name"] != name or job.get("surfaces", 0) > time.time():
                continue
            if job["state"] == "F" and not history or arrays and not job["array"]:
                continue
            if states and job["state"] not in states:
                continue
            print(server.full_id(job))
            if elements and job["array"]:
                for index in server.indices(job):
                    print(server.full_id(job, index))
    return 0


def pbsnodes(words):
    del words
    with Server(folder()) as server:
        left = server.free()
        nodes = []
        for host in server.switches["hosts"]:
            cpus, gpus = server.switches["ncpus"], server.switches["ngpus"]
            nodes.append(f'        "{host}": {{"Mom": "{host}", "state": "{"free" if left[host][0] else "job-busy"}", '
                         f'"resources_available": {{"ncpus": {cpus}, "ngpus": {gpus}, "mem": "257912mb"}}, '
                         f'"resources_assigned": {{"ncpus": {cpus - left[host][0]}, "ngpus": {gpus - left[host][1]}}}}}')
    print('{\n    "nodes": {\n' + ",\n".join(nodes) + "\n    }\n}")
    return 0


def before(program, words):
    """What every command goes through: counted, slow, greeted by the site, refused by a server that is down."""
    where = folder()
    switches = load_switches(where)
    if words != ["--version"]:
        with open(os.path.join(where, "calls"), "a", encoding="utf-8") as calls:
            calls.write(" ".join([program, *words]) + "\n")
    if program in switches["hang"] and words != ["--version"]:
        signal.pause()
    if switches["slow"]:
        time.sleep(switches["slow"])
    if switches["banner"]:
        print(switches["banner"])
        print(switches["banner"], file=sys.stderr)
    if words == ["--version"]:
        print(f"pbs_version = {switches['version']}")
        sys.exit(0)
    if switches["down"]:
        raise Refusal(DOWN.format(program=program, server=switches["server"]), 255 if program == "qstat" else 162)


def main(program, words):
    commands = {
        "qsub": fake_qsub.qsub, "qstat": fake_qstat.qstat, "qselect": qselect, "qalter": qalter, "pbsnodes": pbsnodes,
        "qdel": lambda words: each_id("qdel", words, qdel), "qhold": lambda words: each_id("qhold", words, qhold),
        "qrls": lambda words: each_id("qrls", words, qrls),
    }
    try:
        before(program, words)
        return commands[program](words)
    except Refusal as refusal:
        print(refusal.text, file=sys.stderr)
        return refusal.status
