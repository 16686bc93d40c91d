#!/usr/bin/env python3
"""Two nodes on one machine: the torchrun wrapper and the run_train.sh that a submission carries, with the real torchrun.

  sudo VENV/bin/python tests/real/two_nodes.py [NAME..]   (an environment with torch; needs root, ip and unshare)

Each node is a network namespace with a host name and an /etc/hosts of its own; the training is a probe that joins a gloo
group and says who is where. node10 is the second of the list and sorts before node9 as a text: ranks must follow the list.
What breaks otherwise is shown too: each case is one thing a cluster does to torchrun. NAME: only cases with it in their name.
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
OTHERS = "10.231.7.1 node9 node9-ib\n10.231.7.2 node10\n"
PORT = 23457
CASES = []

PROBE = '''
import json, os, signal, socket, sys, time
import torch, torch.distributed as dist
rank, wish = int(os.environ["RANK"]), os.environ.get("PROBE", "")
dist.init_process_group("gloo")
total = torch.ones(1) * rank
dist.all_reduce(total)
print("joined", flush=True)
if wish == "alone":  # nobody waits for anybody
    if rank == 3:
        raise RuntimeError("planted")
    time.sleep(60)
if wish == "slow":
    time.sleep(8)
if rank == 3:
    if wish == "raise":
        raise RuntimeError("planted")
    if wish == "exit":
        sys.exit(7)
    if wish in ("SIGKILL", "SIGSEGV"):
        os.kill(os.getpid(), getattr(signal, wish))
places = [None] * dist.get_world_size()
dist.all_gather_object(places, [rank, socket.gethostname(), int(os.environ["LOCAL_RANK"])])
if rank == 0:
    with open(os.environ["PROBE_ANSWER"] + "." + socket.gethostname(), "w") as file:
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

    def __init__(self, world, head="node9", probe="", late=(0.0, 0.0), timeout=30, wrapper=True, gloo=True, hosts="127.0.0.1 localhost\n"):
        self.folder = tempfile.mkdtemp(dir=world.folder)
        self.answer = f"{self.folder}/answer.json"
        self.logs = [f"{self.folder}/{name}.txt" for name, _ in NODES]
        self.nodes = [None, None]
        world.launches.append(self)
        path = f"{os.path.dirname(sys.executable)}:/usr/sbin:/usr/bin:/sbin:/bin"
        for number in sorted((0, 1), key=lambda number: late[number]):
            name, namespace = NODES[number][0], world.namespaces[number]
            time.sleep(late[number])
            with open(f"/etc/netns/{namespace}/hosts", "w", encoding="utf-8") as file:  # ip netns exec binds it over /etc/hosts
                file.write(hosts.format(name=name) + OTHERS)
            environment = {
                "PATH": f"{world.folder}/bin:{path}" if wrapper else path, "HOME": self.folder,
                "PYTHONPATH": world.folder, "OMP_NUM_THREADS": "1", "NGPU": "2", "LOG_RANK": "0,1", "TRAIN_FILE": "probe",
                "TT_NODES": "2", "TT_NODE": str(number), "TT_HEAD": head, "TT_PORT": str(PORT), "TT_RENDEZVOUS": "token.0.1",
                "TT_RENDEZVOUS_TIMEOUT": str(timeout), "TT_RANK_LOGS": f"{self.folder}/torchrun/{name}", "PROBE": probe,
                "PROBE_ANSWER": self.answer, "PYTHONUNBUFFERED": "1"}
            if wrapper:
                environment["PET_STANDALONE"] = "1"  # a leftover that must not count
            if gloo:
                environment["GLOO_SOCKET_IFNAME"] = ("tt-a", "tt-b")[number]
            with open(self.logs[number], "wb") as log:  # the process becomes torchrun itself: everything on the way is an exec
                self.nodes[number] = subprocess.Popen(
                    ["ip", "netns", "exec", namespace, "unshare", "--uts", "bash", "-c",
                     f'hostname {name}; exec "$0" --own.key="a b"', f"{world.folder}/run_train.sh"],
                    env=environment, stdout=log, stderr=log, start_new_session=True)

    def joined(self, limit=180):
        """All four ranks have met."""
        until = time.monotonic() + limit
        while any(self.text(number).count("joined") < 2 for number in (0, 1)):
            assert time.monotonic() < until, (self.text(0)[-1500:], self.text(1)[-1500:])
            time.sleep(0.2)
        return self

    def statuses(self, limit=240):
        """None for a node that did not end by itself: what the launcher has to end when another node failed."""
        until = time.monotonic() + limit
        while time.monotonic() < until and any(node.poll() is None for node in self.nodes):
            time.sleep(0.2)
        found = [node.poll() for node in self.nodes]
        self.end()
        return found

    def end(self):
        """torchrun's workers are sessions of their own."""
        ours = f"PROBE_ANSWER={self.answer}\0".encode()
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if ours in file.read():
                        os.kill(int(pid), signal.SIGKILL)
        for node in self.nodes:
            node.wait()

    def text(self, number):
        with open(self.logs[number], encoding="utf-8", errors="replace") as file:
            return file.read()

    def said(self, name="node9"):
        with open(f"{self.answer}.{name}", encoding="utf-8") as file:
            return json.load(file)


def fails(statuses, launch):
    assert all(status not in (0, None) for status in statuses), (statuses, launch.text(0)[-2000:], launch.text(1)[-2000:])


def one_world(launch):
    statuses = launch.statuses()
    assert statuses == [0, 0], (statuses, launch.text(0)[-2000:], launch.text(1)[-2000:])
    said = launch.said()
    assert said["world"] == 4 and said["sum"] == 6, said
    assert said["places"] == [[0, "node9", 0], [1, "node9", 1], [2, "node10", 0], [3, "node10", 1]], said
    assert said["arguments"][-1] == "--own.key=a b", said
    for name, _ in NODES:
        ranks = [f"{place}/{file}" for place, _, files in os.walk(f"{launch.folder}/torchrun/{name}") for file in files]
        assert sum(file.endswith("stdout.log") for file in ranks) == 2, "the logs of all ranks lie in a folder of each node"
    return statuses


def case(function):
    CASES.append((function.__name__.replace("_", " "), function))
    return function


@case
def ranks_follow_the_order_of_the_nodes(world):
    return one_world(Launch(world))


@case
def another_name_of_the_first_node_will_do(world):
    return one_world(Launch(world, head="node9-ib"))


@case
def own_name_at_127_0_0_1_will_do(world):
    return one_world(Launch(world, hosts="127.0.0.1 localhost {name}\n"))


@case
def own_name_at_127_0_1_1_with_a_domain_nobody_else_knows_will_do(world):
    return one_world(Launch(world, hosts="127.0.0.1 localhost\n127.0.1.1 {name}.localdomain {name}\n"))


@case
def a_node_12_s_late_is_waited_for(world):
    return one_world(Launch(world, late=(0, 12)))


@case
def a_first_node_12_s_late_is_waited_for(world):
    return one_world(Launch(world, late=(12, 0)))


@case
def without_the_wrapper_there_are_two_worlds_and_all_ends_well(world):
    launch = Launch(world, wrapper=False)
    statuses = launch.statuses()
    assert statuses == [0, 0], statuses
    assert launch.said("node9")["world"] == launch.said("node10")["world"] == 2
    return statuses


@case
def met_at_127_0_1_1_no_node_trains(world):
    launch = Launch(world, head="127.0.1.1", timeout=8)
    statuses = launch.statuses()
    fails(statuses, launch)
    assert "1/2 clients joined" in launch.text(0), launch.text(0)[-1500:]
    assert "client socket has timed out" in launch.text(1), launch.text(1)[-1500:]
    return statuses


@case
def a_second_node_that_comes_too_late_finds_nobody(world):
    launch = Launch(world, late=(0, 25), timeout=8)
    statuses = launch.statuses()
    fails(statuses, launch)
    assert "1/2 clients joined" in launch.text(0), launch.text(0)[-1500:]
    assert "client socket has timed out" in launch.text(1), launch.text(1)[-1500:]
    return statuses


@case
def a_first_node_that_comes_too_late_finds_nobody(world):
    launch = Launch(world, late=(25, 0), timeout=8)
    statuses = launch.statuses()
    fails(statuses, launch)
    assert "1/2 clients joined" in launch.text(0), launch.text(0)[-1500:]
    assert "client socket has timed out" in launch.text(1), launch.text(1)[-1500:]
    return statuses


@case
def a_port_that_is_taken_is_told_at_once(world):
    with taken_port(world.namespaces[0]):
        begin = time.monotonic()
        launch = Launch(world, timeout=8)
        launch.nodes[0].wait(180)
        took = time.monotonic() - begin
        statuses = launch.statuses(limit=20)  # the other one may wait for a word of whoever has the port
    assert statuses[0] not in (0, None) and "EADDRINUSE" in launch.text(0), launch.text(0)[-1500:]
    assert took < 150 and statuses[1] != 0, (took, statuses)
    return statuses


@case
def gloo_without_an_interface_takes_debians_127_0_1_1(world):
    launch = Launch(world, gloo=False, hosts="127.0.0.1 localhost\n127.0.1.1 {name}\n")
    statuses = launch.statuses(limit=180)
    assert 0 not in statuses and statuses != [None, None], statuses  # who was refused nothing waits on
    said = launch.text(0) + launch.text(1)
    assert "Connection refused, remote=[127.0.1.1]:" in said, said[-4000:]
    return statuses


@case
def a_rank_that_raises_ends_both_and_only_its_node_says_why(world):
    launch = Launch(world, probe="raise")
    statuses = launch.statuses()
    fails(statuses, launch)
    assert "planted" in launch.text(1) and "planted" not in launch.text(0)
    return statuses


@case
def a_rank_that_exits_is_in_the_table_of_its_node(world):
    launch = Launch(world, probe="exit")
    statuses = launch.statuses()
    fails(statuses, launch)
    assert "exitcode  : 7 " in launch.text(1) and "exitcode  : 7 " not in launch.text(0), launch.text(1)[-2500:]
    return statuses


@case
def a_rank_killed_with_SIGKILL_is_in_the_table_of_its_node(world):
    launch = Launch(world, probe="SIGKILL")
    statuses = launch.statuses()
    fails(statuses, launch)
    assert "exitcode  : -9 " in launch.text(1) and "exitcode  : -9 " not in launch.text(0), launch.text(1)[-2500:]
    return statuses


@case
def a_rank_that_dies_of_SIGSEGV_is_in_the_table_of_its_node(world):
    launch = Launch(world, probe="SIGSEGV")
    statuses = launch.statuses()
    fails(statuses, launch)
    assert "exitcode  : -11 " in launch.text(1) and "exitcode  : -11 " not in launch.text(0), launch.text(1)[-2500:]
    return statuses


@case
def a_node_that_does_not_communicate_is_not_told_and_must_be_ended(world):
    launch = Launch(world, probe="alone").joined()
    statuses = launch.statuses(limit=60)
    assert statuses == [None, 1], (statuses, launch.text(0)[-1500:], launch.text(1)[-1500:])
    return statuses


@case
def SIGTERM_to_torchrun_ends_its_node_with_1(world):
    launch = Launch(world, probe="slow").joined()
    launch.nodes[1].terminate()
    statuses = launch.statuses()
    assert statuses[1] == 1 and "got signal: 15" in launch.text(1), (statuses, launch.text(1)[-2000:])
    assert statuses[0] != 0, statuses
    return statuses


@case
def with_torchrun_of_the_first_node_killed_the_other_still_ends_with_0(world):
    launch = Launch(world, probe="slow").joined()
    launch.nodes[0].kill()
    statuses = launch.statuses()
    assert statuses == [-9, 0], (statuses, launch.text(1)[-2000:])  # so success is 0 on every node
    return statuses


@case
def in_its_exit_barrier_torchrun_needs_SIGKILL(world):
    launch = Launch(world, probe="slow").joined()
    launch.nodes[1].kill()
    time.sleep(20)  # its orphans finish; torchrun of the first node waits for it, up to 300 s
    launch.nodes[0].terminate()
    statuses = launch.statuses(limit=10)
    assert statuses == [None, -9], (statuses, launch.text(0)[-2000:])
    assert launch.said()["world"] == 4
    return statuses


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


class World:
    """Both nodes, and what a submission carries."""

    def __init__(self, folder, namespaces):
        self.folder, self.namespaces, self.launches = folder, namespaces, []
        os.makedirs(f"{folder}/bin")
        for file in ("bin/torchrun", "run_train.sh"):
            shutil.copy(f"{CARRIED}/{os.path.basename(file)}", f"{folder}/{file}")
            os.chmod(f"{folder}/{file}", 0o755)
        with open(f"{folder}/probe.py", "w", encoding="utf-8") as file:
            file.write(PROBE)


def main():
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        print("skipped: two nodes on one machine need root, ip (iproute2) and unshare (util-linux)")
        sys.exit(77)
    failed = 0
    with tempfile.TemporaryDirectory() as folder, two_namespaces() as namespaces:
        world = World(folder, namespaces)
        for name, function in CASES:
            if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
                continue
            begin = time.monotonic()
            try:
                print(f"{name:75} {function(world)}  {time.monotonic() - begin:.0f} s", flush=True)
            except AssertionError as problem:
                failed += 1
                print(f"FAILED {name}: {problem}".replace("\\n", "\n"), flush=True)
            for launch in world.launches:
                launch.end()
            world.launches.clear()
    sys.exit(f"{failed} failed" if failed else 0)


if __name__ == "__main__":
    main()
