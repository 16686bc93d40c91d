"""qsub: options and directives, what it refuses, and what it takes although it should not."""
import os
import pwd
import re
import shutil
import signal
import time

from fake_server import Refusal, Server, folder

USAGE = "\nusage: qsub [-a date_time] [-A account_string] [-c interval] ...\n" + "\n".join(["\t[...]"] * 6)
LETTERS_WITH_VALUE = "aAcCeJjklmMNopPqrRSuvWX"
LETTERS_ALONE = "fhIVz"
NAME = re.compile(r"^[A-Za-z0-9._+-]{1,230}$")
RANGE = re.compile(r"^([0-9]+)-([0-9]+)(?::([0-9]+))?(?:%([0-9]+))?$")
KNOWN_RESOURCES = {"walltime", "select", "place", "filesystems", "ncpus", "mem", "ngpus", "cput"}
CHUNK_RESOURCES = {"ncpus", "ngpus", "mpiprocs", "ompthreads", "mem", "host", "system"}


def split_words(line):
    """As qsub reads a directive: both quotes, a backslash outside of them, nothing else."""
    words, word, open_word, quote, at = [], "", False, None, 0
    while at < len(line):
        char = line[at]
        at += 1
        if quote:
            if char == quote:
                quote = None
            else:
                word += char
        elif char in "\"'":
            quote, open_word = char, True
        elif char == "\\":
            word += line[at:at + 1]
            open_word = True
            at += 1
        elif char.isspace():
            if open_word:
                words.append(word)
            word, open_word = "", False
        else:
            word, open_word = word + char, True
    if quote:
        raise Refusal(f"qsub: unmatched {quote}", 1)
    return words + [word] if open_word else words


def parse(words):
    """([(letter, value)...], [what is no option...])"""
    options, rest, words = [], [], list(words)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            rest = [word, *words]
            break
        letter = word[1]
        if letter in LETTERS_WITH_VALUE:
            if not word[2:] and not words:
                raise Refusal(f"qsub: option requires an argument -- '{letter}'{USAGE}", 2)
            options.append((letter, word[2:] or words.pop(0)))
        elif letter in LETTERS_ALONE:
            options.append((letter, ""))
            if word[2:]:
                words.insert(0, "-" + word[2:])
        else:
            raise Refusal(f"qsub: invalid option -- '{letter}'{USAGE}", 2)
    return options, rest


def directives(text, prefix):
    options = []
    for line in text.splitlines():
        stripped = line.lstrip()
        if stripped.startswith(prefix):
            words = split_words(stripped[len(prefix):])
            try:
                found, rest = parse(words)
            except Refusal:
                found, rest = [], ["bad"]
            if rest:
                raise Refusal(f"qsub: directive error: {' '.join(words)} ", 1)
            options += found
        elif stripped and not stripped.startswith("#"):
            break
    return options


def seconds_of(text):
    if not re.fullmatch(r"[0-9]+(:[0-9]+){0,2}", text):
        raise Refusal("qsub: Illegal attribute or resource value Resource_List.walltime", 166)
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def select_of(text):
    chunks = []
    mpiprocs = 1
    for part in text.split("+"):
        fields = part.split(":")
        if not fields[0].isdigit() or int(fields[0]) < 1:
            raise Refusal("qsub: Illegal attribute or resource value Resource_List.select", 166)
        found = {"ncpus": "1", "ngpus": "0"}
        for field in fields[1:]:
            name, _, value = field.partition("=")
            if name == "filesystems" or name == "walltime":
                raise Refusal(f'qsub: Resource invalid in "select" specification: {name}', 4)
            if name not in CHUNK_RESOURCES:
                raise Refusal(f"qsub: Unknown resource: {name}", 187)
            found[name] = value
        if found.get("system") and found["ncpus"] == "1":
            found["ncpus"] = "64"  # whole nodes
        mpiprocs = int(found.get("mpiprocs", 1))
        chunks.append([int(fields[0]), int(found["ncpus"]), int(found["ngpus"])])
    return chunks, mpiprocs


def resources_of(values):
    found = {}
    for value in values:
        for part in value.split(",") if not value.startswith("select") else [value]:
            name, _, text = part.partition("=")
            if name not in KNOWN_RESOURCES:
                raise Refusal(f"qsub: Unknown resource Resource_List.{name}", 187)
            found[name] = text
    if "place" in found and "select" not in found:
        raise Refusal('qsub: Cannot have "place" without "select"', 7)
    return found


def array_of(text, version, most):
    parts = RANGE.match(text)
    year, month = (int(part) for part in (version.split(".") + ["0"])[:2])
    knows_limit = year >= 2021 or 22 <= year < 1000 and (year > 22 or month >= 5)
    if not parts or int(parts[1]) >= int(parts[2]) or parts[3] == "0" or parts[4] is not None and not knows_limit:
        raise Refusal(f"qsub: illegal -J value{USAGE}", 2)
    array = {"first": int(parts[1]), "last": int(parts[2]), "step": int(parts[3] or 1),
             "limit": None if parts[4] is None else int(parts[4])}
    if len(range(array["first"], array["last"] + 1, array["step"])) > most:
        raise Refusal("qsub: Array job exceeds server or queue size limit", 3)
    array["text"] = text
    return array


def variables_of(values):
    """-v as it damages values: quotes become backslashes, backslashes are doubled, a lone quote is the end."""
    made = {}
    for value in values:
        for part in re.findall(r'(?:[^,"]|"[^"]*")+', value):
            name, equals, text = part.partition("=")
            if not equals:
                if name not in os.environ:
                    raise Refusal("qsub: cannot send environment with the job", 1)
                text = os.environ[name]
                if text.count('"') % 2 or text.count("'") % 2:
                    raise Refusal("qsub: cannot send environment with the job", 1)
                text = text.replace("\\", "\\\\").replace('"', "\\").replace("'", "\\")
            else:
                text = text.replace('"', "")
            made[name] = text
    return made


def qsub(words):
    options, rest = parse(words)
    command_line = [letter for letter, _ in options]
    if len(rest) != 1:
        raise Refusal(f"qsub: usage{USAGE}", 2)
    script = rest[0]
    if not os.path.exists(script):
        raise Refusal("qsub: script file:: No such file or directory", 1)
    if not os.path.isfile(script):
        raise Refusal("qsub: script not a file", 1)
    with open(script, encoding="utf-8", errors="surrogateescape") as file:
        text = file.read()
    prefix = dict(options).get("C", os.environ.get("PBS_DPREFIX", "#PBS"))
    # The command line wins, resource by resource; of two equal ones the last.
    in_script = [] if prefix == "" else directives(text, prefix)
    given = {}
    for letter, value in in_script + options:
        given.setdefault(letter, []).append(value)
    one = {letter: values[-1] for letter, values in given.items()}

    name = one.get("N", os.path.basename(script))
    if len(name) > 230:
        raise Refusal("qsub: Job name is too long ", 2)
    if not NAME.match(name):
        raise Refusal(f"qsub: illegal -N value{USAGE}", 2)
    resources = resources_of(given.get("l", []))
    select, mpiprocs = select_of(resources.get("select", "1:ncpus=1"))
    extra = {}
    for value in given.get("W", []):
        for part in value.split(","):
            key, _, setting = part.partition("=")
            extra[key] = setting
    unknown = set(extra) - {"umask", "depend", "block", "max_run_subjobs", "group_list", "sandbox"}
    if unknown:
        raise Refusal("qsub: Error (15002) submitting job", 154)

    with Server(folder()) as server:
        switches = server.switches
        array = array_of(one["J"], switches["version"], switches["max_array_size"]) if "J" in one else None
        if array and one.get("r") == "n":
            raise Refusal(f"qsub:  cannot submit non-rerunable Array Job{USAGE}", 2)
        variables = variables_of(given.get("v", []))
        if switches["refuse"]:
            raise Refusal(f"qsub: {switches['refuse']}", 32)
        queue = one.get("q", next(iter(switches["queues"])))
        if queue not in switches["queues"]:
            raise Refusal("qsub: Unknown queue", 170)
        if not switches["queues"][queue].get("enabled", True):
            raise Refusal("qsub: Queue is not enabled", 173)
        walltime = seconds_of(resources["walltime"]) if "walltime" in resources else None
        most = switches["queues"][queue].get("max_walltime")
        if most is not None and (walltime or 0) > most:
            raise Refusal("qsub: Job violates queue and/or server resource limits", 188)

        seq = server.state["next"]
        server.state["next"] = seq + 1
        user = pwd.getpwuid(os.getuid()).pw_name
        workdir = os.environ.get("PWD") or os.getcwd()
        if not os.path.isdir(workdir) or not os.path.samefile(workdir, "."):
            workdir = os.getcwd()
        out = one.get("o", "")
        if out and any(not char.isprintable() or ord(char) > 126 for char in out):
            raise Refusal(f"qsub: illegal -o value{USAGE}", 2)
        now = time.time()
        job = {
            "seq": seq, "name": name, "owner": user, "array": array, "tasks": {}, "state": "Q", "substate": 10,
            "hold": "u" if "h" in one else "n", "queue": queue, "account": one.get("A", ""), "workdir": workdir,
            "out": os.path.join(workdir, out) if out else "", "join": one.get("j", "n") in ("oe", "eo"),
            "keep": one.get("k", "n"), "umask": int(extra.get("umask", "077"), 8), "select": select,
            "mpiprocs": mpiprocs, "place": resources.get("place", "free"), "walltime": walltime,
            "resources": resources, "ctime": now, "mtime": now, "comment": "", "status": None, "run_count": 0,
            "arguments": " ".join(words), "rerun": one.get("r", "y"),
            "variables": {"PBS_O_HOME": os.environ.get("HOME", ""), "PBS_O_PATH": os.environ.get("PATH", ""),
                          "PBS_O_LOGNAME": user, "PBS_O_SHELL": "/bin/bash", "PBS_O_SYSTEM": "Linux",
                          "PBS_O_HOST": "login0", "PBS_O_QUEUE": queue, "PBS_O_WORKDIR": workdir, **variables},
        }
        if "V" in one:
            job["variables"].update(os.environ)
        if job["hold"] == "u":
            job["state"], job["substate"] = "H", 20
        if "depend" in extra:
            job.update(state="H", substate=22, hold="s", depend=extra["depend"])
        shutil.copyfile(script, server.path("jobs", f"{seq}.SC"))
        os.chmod(server.path("jobs", f"{seq}.SC"), 0o700)
        id_told = server.full_id(job)
        if server.use_up("vanish"):
            print(id_told)
            return 0
        if server.use_up("drop"):
            server.drop(job)
        hangs = server.use_up("hang_after_accept")
        if hangs and switches["late_accept"]:
            job["surfaces"] = now + switches["late_accept"]
        server.jobs[str(seq)] = job
        server.tick()
    del command_line
    if hangs:
        signal.pause()
    print(id_told, flush=True)
    return 0
