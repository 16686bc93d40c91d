#!/usr/bin/env python3
"""Two nodes on one machine: the torchrun wrapper and the run_train.sh that a submission carries, with the real torchrun.

  sudo VENV/bin/python tests/real/two_nodes.py        (an environment with torch; needs root, ip and unshare)

Each node is a network namespace with a host name and an /etc/hosts of its own; the training is a probe that joins a gloo
group and says who is where. node10 is the second of the list and sorts before node9 as a text: ranks must follow the list.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CARRIED = os.path.join(HERE, "..", "..", "templates", "torchtitan")
NODES = [("node9", "10.231.7.1"), ("node10", "10.231.7.2")]
HOSTS = "127.0.0.1 localhost\n10.231.7.1 node9 node9-ib\n10.231.7.2 node10\n"
PORT = 23457

PROBE = '''
import json, os, socket, sys, time
import torch, torch.distributed as dist
rank, wish = int(os.environ["RANK"]), os.environ.get("PROBE", "")
if wish == "raise" and rank == 3:
    raise RuntimeError("planted")
dist.init_process_group("gloo")
total = torch.ones(1) * rank
dist.all_reduce(total)
if wish == "raise-later" and rank == 3:
    raise RuntimeError("planted")
if wish == "raise-later":
    dist.all_reduce(total)
places = [None] * dist.get_world_size()
dist.all_gather_object(places, [rank, socket.gethostname(), int(os.environ["LOCAL_RANK"])])
if rank == 0:
    with open(os.environ["PROBE_ANSWER"], "w") as file:
        json.dump({"world": len(places), "sum": total.item(), "places": places, "arguments": sys.argv[1:]}, file)
dist.destroy_process_group()
'''


def run(*argv):
    subprocess.run(argv, check=True)


@contextlib.contextmanager
def two_namespaces():
    names = [f"tt-{os.getpid()}-{number}" for number in range(len(NODES))]
    try:
        for name in names:
            run("ip", "netns", "add", name)
            os.makedirs(f"/etc/netns/{name}", exist_ok=True)
            with open(f"/etc/netns/{name}/hosts", "w", encoding="utf-8") as file:  # bound over /etc/hosts by ip netns exec
                file.write(HOSTS)
        run("ip", "link", "add", "tt-a", "netns", names[0], "type", "veth", "peer", "name", "tt-b", "netns", names[1])
        for name, link, (_, address) in zip(names, ("tt-a", "tt-b"), NODES):
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", link)
            run("ip", "-n", name, "link", "set", link, "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)
            shutil.rmtree(f"/etc/netns/{name}", ignore_errors=True)


class Launch:
    """One training on both nodes, as the job script starts it."""

    def __init__(self, namespaces, folder, head="node9", probe="", late=0.0, timeout=30, limit=90):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.answer = f"{self.folder}/answer.json"
        self.logs = []
        self.nodes = []
        for number, (namespace, (name, _)) in enumerate(zip(namespaces, NODES)):
            if number:
                time.sleep(late)
            environment = {
                "PATH": f"{folder}/bin:{os.path.dirname(sys.executable)}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.folder,
                "PYTHONPATH": folder, "OMP_NUM_THREADS": "1", "NGPU": "2", "LOG_RANK": "0,1", "TRAIN_FILE": "probe",
                "TT_NODES": "2", "TT_NODE": str(number), "TT_HEAD": head, "TT_PORT": str(PORT), "TT_RENDEZVOUS": "token.0.1",
                "TT_RENDEZVOUS_TIMEOUT": str(timeout), "TT_RANK_LOGS": f"{self.folder}/torchrun/{name}", "PROBE": probe,
                "PROBE_ANSWER": self.answer, "GLOO_SOCKET_IFNAME": "tt-a" if number == 0 else "tt-b",
                "PET_STANDALONE": "1"}  # a leftover that must not count
            self.logs.append(f"{self.folder}/{name}.txt")
            with open(self.logs[-1], "wb") as log:
                self.nodes.append(subprocess.Popen(
                    ["ip", "netns", "exec", namespace, "unshare", "--uts", "bash", "-c",
                     f'hostname {name}; exec "$0" --own.key="a b"', f"{folder}/run_train.sh"],
                    env=environment, stdout=log, stderr=log, start_new_session=True))
        self.statuses = self.wait(limit)

    def wait(self, limit):
        """None for a node that had to be ended: what the launcher does when another node failed."""
        until = time.monotonic() + limit
        while time.monotonic() < until and any(node.poll() is None for node in self.nodes):
            time.sleep(0.2)
        statuses = [node.poll() for node in self.nodes]
        for node in self.nodes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(node.pid, signal.SIGKILL)
            node.wait()
        return statuses

    def text(self, number):
        with open(self.logs[number], encoding="utf-8", errors="replace") as file:
            return file.read()

    def said(self):
        with open(self.answer, encoding="utf-8") as file:
            return json.load(file)


def one_world(launch):
    assert launch.statuses == [0, 0], (launch.statuses, launch.text(0)[-2000:], launch.text(1)[-2000:])
    said = launch.said()
    assert said["world"] == 4 and said["sum"] == 6, said
    assert said["places"] == [[0, "node9", 0], [1, "node9", 1], [2, "node10", 0], [3, "node10", 1]], said
    assert said["arguments"][-1] == "--own.key=a b", said
    for name, _ in NODES:
        assert os.listdir(f"{launch.folder}/torchrun/{name}"), "the logs of all ranks lie in a folder of each node"


def check_all(namespaces, folder):
    def say(name, launch):
        print(f"{name:60} statuses {launch.statuses}", flush=True)

    launch = Launch(namespaces, folder)
    one_world(launch)
    say("one world, ranks in the order of the nodes", launch)

    launch = Launch(namespaces, folder, head="node9-ib")
    one_world(launch)
    say("met at another name of the first node", launch)

    launch = Launch(namespaces, folder, late=12.0)
    one_world(launch)
    say("the second node comes 12 s late", launch)

    launch = Launch(namespaces, folder, head="127.0.1.1", timeout=8)
    assert all(status not in (0, None) for status in launch.statuses), launch.statuses
    assert "timed out" in launch.text(1).lower(), launch.text(1)[-1500:]
    say("met at 127.0.1.1: no node trains", launch)

    launch = Launch(namespaces, folder, probe="raise-later")
    assert all(status not in (0, None) for status in launch.statuses), launch.statuses
    assert "planted" in launch.text(1) and "planted" not in launch.text(0)
    say("a rank of the second node raises between collectives", launch)

    with taken_port(namespaces[0]):
        launch = Launch(namespaces, folder, timeout=8)
    assert launch.statuses[0] not in (0, None) and "EADDRINUSE" in launch.text(0), launch.text(0)[-1500:]
    assert launch.statuses[1] != 0
    say("the port of the first node is taken", launch)


@contextlib.contextmanager
def taken_port(namespace):
    code = f"import socket,time; s=socket.socket(); s.bind(('', {PORT})); s.listen(); print('up', flush=True); time.sleep(600)"
    holder = subprocess.Popen(["ip", "netns", "exec", namespace, sys.executable, "-c", code], stdout=subprocess.PIPE)
    holder.stdout.readline()
    try:
        yield
    finally:
        holder.kill()
        holder.wait()


def main():
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        sys.exit("needs root, ip (iproute2) and unshare (util-linux)")
    with tempfile.TemporaryDirectory() as folder, two_namespaces() as namespaces:
        os.makedirs(f"{folder}/bin")
        shutil.copy(f"{CARRIED}/torchrun", f"{folder}/bin/torchrun")
        shutil.copy(f"{CARRIED}/run_train.sh", f"{folder}/run_train.sh")
        os.chmod(f"{folder}/bin/torchrun", 0o755)
        os.chmod(f"{folder}/run_train.sh", 0o755)
        with open(f"{folder}/probe.py", "w", encoding="utf-8") as file:
            file.write(PROBE)
        check_all(namespaces, folder)
    print("all as it should be")


if __name__ == "__main__":

    main()
