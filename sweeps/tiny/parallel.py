"""Which rank does what, and how ranks add up their numbers.

Ranks of one group meet at a local socket of the group's first rank. An all-reduce sends every vector
there, adds them up in rank order (so a run repeats itself exactly) and sends the sum back.
"""

import array
import ctypes
import operator
import os
import signal
import socket
import time
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
CONNECT_PAUSE_SECONDS = 0.01


def end_with_launcher():
    """The kernel ends this process when its launcher dies, however the launcher died."""
    launcher = os.environ.get("TINY_LAUNCHER_PID")
    if launcher is None:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(launcher):  # it died before the line above
        os._exit(1)


@dataclass
class ParallelDims:
    """The degrees of parallelism of a run, checked by TorchTitan's rules."""

    dp_replicate: int
    dp_shard: int
    cp: int
    tp: int
    pp: int
    ep: int
    etp: int
    world_size: int

    def __post_init__(self):
        self._validate()
        self._refuse_what_is_not_here()

    def _validate(self):
        for degree in (self.dp_replicate, self.cp, self.tp, self.pp, self.ep, self.etp):
            assert degree >= 1, "Parallelism degree should be >= 1, except for dp_shard"
        assert self.dp_shard == -1 or self.dp_shard >= 1, "dp_shard must -1 or >=1."
        if self.dp_shard == -1:
            self.dp_shard = self.world_size // (self.dp_replicate * self.cp * self.tp * self.pp)
        assert self.dp_shard >= 1

        product = self.dp_replicate * self.dp_shard * self.cp * self.tp * self.pp
        assert product == self.world_size, (
            f"Invalid parallel dims: dp_replicate({self.dp_replicate}) * dp_shard({self.dp_shard}) * "
            f"cp({self.cp}) * tp({self.tp}) * pp({self.pp}) != WORLD_SIZE({self.world_size})")

    def _refuse_what_is_not_here(self):
        for name, degree in [("context", self.cp), ("pipeline", self.pp),
                             ("expert", self.ep), ("expert_tensor", self.etp)]:
            if degree > 1:
                raise NotImplementedError(
                    f"parallelism.{name}_parallel_degree is {degree}, but the tiny trainer knows "
                    "data parallelism and tensor parallelism only")
        if self.dp_replicate > 1 and self.dp_shard == 1 and self.tp > 1:
            raise RuntimeError("DDP has not supported > 1D parallelism")

    @property
    def data_parallel(self):
        return self.dp_replicate * self.dp_shard

    @property
    def seq_len_divisor(self):
        return self.tp * 2 * self.cp

    def describe(self):
        return (f"pp={self.pp}, dp_replicate={self.dp_replicate}, dp_shard={self.dp_shard}, "
                f"cp={self.cp}, tp={self.tp}, ep={self.ep}, etp={self.etp}")

    def active_dimensions(self):
        degrees = [("batch", self.data_parallel), ("loss", self.data_parallel),
                   ("dp_replicate", self.dp_replicate), ("fsdp", self.dp_shard), ("tp", self.tp)]
        return [name for name, degree in degrees if degree > 1]


class Group:
    """Some ranks that add up vectors together."""

    def __init__(self, name, index, size, timeout_seconds):
        self.index = index
        self.size = size
        self.timeout_seconds = timeout_seconds
        self.peers = []
        if size > 1:
            address = f"\0tiny-{os.environ['TINY_GROUP']}-{name}"
            self.peers = self._gather(address) if index == 0 else [self._join(address)]
            self.set_timeout(timeout_seconds)

    def _gather(self, address):
        """The first rank waits for all others and keeps them in rank order."""
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(address)
            door.listen(self.size)
            door.settimeout(self.timeout_seconds)
            arrived = {}
            while len(arrived) < self.size - 1:
                peer, _ = door.accept()
                arrived[peer.recv(1)[0]] = peer
        return [arrived[index] for index in sorted(arrived)]

    def _join(self, address):
        deadline = time.monotonic() + self.timeout_seconds
        while True:
            peer = socket.socket(socket.AF_UNIX)
            try:
                peer.connect(address)
                peer.sendall(bytes([self.index]))
                return peer
            except ConnectionRefusedError:
                peer.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(CONNECT_PAUSE_SECONDS)

    def set_timeout(self, seconds):
        self.timeout_seconds = seconds
        for peer in self.peers:
            peer.settimeout(seconds)

    def all_reduce(self, values):
        """The sum of this vector over all ranks of the group."""
        if self.size == 1:
            return values
        try:
            if self.index > 0:
                self.peers[0].sendall(array.array("d", values))
                return self._receive(self.peers[0], len(values))
            total = values
            for peer in self.peers:
                total = list(map(operator.add, total, self._receive(peer, len(values))))
            message = array.array("d", total)
            for peer in self.peers:
                peer.sendall(message)
            return total
        except TimeoutError:
            raise RuntimeError(
                f"Timed out waiting {self.timeout_seconds * 1000}ms for recv operation to complete"
            ) from None
        except ConnectionError as error:
            raise RuntimeError(f"Connection closed by peer: {error}") from None

    def average(self, values):
        return [value / self.size for value in self.all_reduce(values)] if self.size > 1 else values

    def close(self):
        for peer in self.peers:
            peer.close()

    @staticmethod
    def _receive(peer, count):
        message = bytearray()
        while len(message) < 8 * count:
            part = peer.recv(8 * count - len(message))
            if not part:
                raise ConnectionError("another rank of the group has ended")
            message += part
        return array.array("d", bytes(message)).tolist()
