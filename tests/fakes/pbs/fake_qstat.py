"""qstat: JSON, delimited text and the two lines for people, with what is wrong about them."""
import json
import sys
import time

from fake_server import Refusal, Server, folder


def clock(moment):
    return time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(moment))


def duration(seconds):
    seconds = int(seconds)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def base(server, job):
    """What job, array and element have in common."""
    record = {
        "Job_Name": job["name"], "Job_Owner": f"{job['owner']}@login0", "job_state": job["state"],
        "queue": job["queue"], "server": server.switches["server"], "ctime": clock(job["ctime"]),
        "Hold_Types": job["hold"], "Join_Path": "oe" if job["join"] else "n", "Keep_Files": job["keep"],
        "mtime": clock(job["mtime"]), "Output_Path": f"login0:{job['out']}", "Priority": 0,
        "qtime": clock(job["ctime"]), "Rerunable": "True" if job["rerun"] == "y" else "False",
        "Resource_List": dict(job["resources"], nodect=sum(chunk[0] for chunk in job["select"])),
        "substate": job["substate"], "Variable_List": dict(job["variables"]), "comment": job["comment"],
        "etime": clock(job["ctime"]), "Submit_arguments": job["arguments"],
        "project": "_pbs_project_default",
    }
    if job["walltime"] is not None:
        record["Resource_List"]["walltime"] = duration(job["walltime"])
    if job["account"]:
        record["Account_Name"] = job["account"]
    if not job["comment"]:
        del record["comment"]
    if job["run_count"]:
        record["run_count"] = job["run_count"]
    return record


def ranges(indices):
    """0-2,5 ("-" for none)"""
    parts = []
    for index in indices:
        if parts and index == parts[-1][1] + 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts) or "-"


def parent(server, job):
    record = base(server, job)
    counts = {"Queued": 0, "Running": 0, "Exiting": 0, "Expired": 0}
    waiting = []
    for index in server.indices(job):
        state = server.task(job, index)["state"]
        counts[{"Q": "Queued", "R": "Running", "X": "Expired"}[state]] += 1
        if state == "Q":
            waiting.append(index)
    record.update(array="True", array_indices_submitted=job["array"]["text"].split("%")[0],
                  array_indices_remaining=ranges(waiting),
                  array_state_count=" ".join(f"{name}:{count}" for name, count in counts.items()))
    if job["array"]["limit"] is not None:
        record["max_run_subjobs"] = job["array"]["limit"]
    if job["state"] == "F" and job["status"] is not None:
        record["Exit_status"] = job["status"]
    return record


def element(server, job, index, common=None):
    task = server.task(job, index)
    record = dict(common or base(server, job))
    if job["array"]:
        record.update(array_id=server.full_id(job), array_index=index)
        record["job_state"] = "F" if task["state"] == "X" and job["state"] == "F" else task["state"]
        if task["state"] == "Q":
            record["substate"] = 10
    elif task["state"] != "Q":
        record["job_state"] = "F" if task["state"] == "X" else task["state"]
    if task["state"] == "Q":
        if job["status"] is not None and not job["array"]:
            record["Exit_status"] = job["status"]
        if "run_count" in task:
            record["run_count"] = task["run_count"]
        return record
    record["substate"] = task["substate"]
    record["comment"] = task.get("comment", "")
    if not record["comment"]:
        del record["comment"]
    if task.get("deleted"):  # it never ran, or that was forgotten: no host, and the status of the array
        status = task.get("status", job["status"] if job["array"] else None)
        if status is not None:
            record["Exit_status"] = status
        return record
    record["exec_host"] = "+".join(f"{host}/0" + (f"*{cpus}" if cpus != 1 else "") for host, cpus, _ in task["chunks"])
    record["exec_vnode"] = task["nodes"]
    record["stime"] = clock(task["stime"])
    record["run_count"] = task["run_count"]
    end = task.get("obittime", time.time())
    record["resources_used"] = {"cpupercent": 0, "cput": "00:00:00", "ncpus": task["chunks"][0][1],
                                "walltime": duration(end - task["stime"])}
    if task["state"] == "X":
        record.update(obittime=clock(task["obittime"]), Exit_status=task["status"], Stageout_status=1)
    return record


def bare(value):
    """Printed without quotes: what C's strtod takes, which JSON does not always."""
    return isinstance(value, str) and value.lower() in ("nan", "inf", "infinity")


def as_json(server, records):
    document = {"timestamp": int(time.time()), "pbs_version": server.switches["version"],
                "pbs_server": server.switches["server"]}
    if records:
        document["Jobs"] = dict(records)
    text = json.dumps(document, indent=4)
    if server.switches["broken_json"]:
        text = text.replace('"Priority": 0', '"Priority": nan')
    return text


def escaped(value):
    return str(value).replace("|", "\\|")


def as_delimited(records):
    lines = []
    for name, record in records:
        fields = [f"Job Id: {name}"]
        for key, value in record.items():
            if key == "Variable_List":
                pairs = ",".join(f"{inner}={text}".replace(",", "\\,") for inner, text in value.items())
                fields.append("Variable_List=" + escaped(pairs))
            elif isinstance(value, dict):
                fields += [f"{key}.{inner}={escaped(text)}" for inner, text in value.items()]
            else:
                fields.append(f"{key}={escaped(value)}")
        lines.append("|".join(fields))
    return "\n".join(lines)


def as_list(records):
    if not records:
        return ""
    lines = ["Job id            Name             User              Time Use S Queue",
             "----------------  ---------------- ----------------  -------- - -----"]
    for name, record in records:
        used = record.get("resources_used", {}).get("walltime", "0")
        lines.append(f"{name[:16]:16}  {record['Job_Name'][:16]:16} {record['Job_Owner'].split('@')[0][:16]:16}  "
                     f"{used:>8} {record['job_state']} {record['queue']}")
    return "\n".join(lines)


def records_of(server, job, wanted, elements):
    if wanted is not None:
        return [(server.full_id(job, index), element(server, job, index)) for index in wanted]
    if not job["array"]:
        return [(server.full_id(job), element(server, job, 0))]
    found = [(server.full_id(job), parent(server, job))]
    if elements:
        common = base(server, job)
        found += [(server.full_id(job, index), element(server, job, index, common)) for index in server.indices(job)]
    return found


def server_record(server):
    switches = server.switches
    print(f"Server: {switches['server']}\n    server_state = Active\n    default_queue = {next(iter(switches['queues']))}\n"
          f"    max_array_size = {switches['max_array_size']}\n    pbs_version = {switches['version']}\n")


def qstat(words):
    from fake_clients import find
    flags, form, names, words = set(), None, [], list(words)
    while words:
        word = words.pop(0)
        if word == "-F":
            form = words.pop(0)
        elif word == "-D":
            words.pop(0)
        elif word.startswith("-"):
            flags.update(word[1:])
        else:
            names.append(word)
    if form and not flags & {"f", "B"}:
        raise Refusal("qstat: conflicting options.", 2)
    status = 0
    with Server(folder()) as server:
        server.tick()
        if "B" in flags:
            server_record(server)
            return 0
        records = []
        if "x" in flags and not server.switches["history"]:
            print("qstat: PBS is not configured to maintain job history ", file=sys.stderr)
            flags.discard("x")
            if names:
                names, records = [], None
        if records is not None and not names:
            for job in server.jobs.values():
                if job.get("surfaces", 0) <= time.time() and (job["state"] != "F" or "x" in flags):
                    records += records_of(server, job, None, "t" in flags)
        for number, name in enumerate(names):
            try:
                job, wanted = find(server, name, "qstat")
                if job["state"] == "F" and "x" not in flags:
                    raise Refusal(f"qstat: {server.full_id(job)} Job has finished, use -x or -H to obtain historical "
                                  "job information", 35)
                if number and form == "json" and server.switches["json_first_only"]:
                    continue
                records += records_of(server, job, wanted, "t" in flags)
            except Refusal as refusal:
                print(refusal.text, file=sys.stderr)
                status = refusal.status
        records = records or []
        text = as_json(server, records) if form == "json" else as_delimited(records) if form == "dsv" else \
            as_list(records) if "f" not in flags else \
            "\n\n".join(f"Job Id: {name}\n" + "\n".join(f"    {key} = {value}" for key, value in record.items())
                        for name, record in records)
    if text:
        print(text)
    return status
