"""Hosts in network namespaces: what each fault does to packets, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nemesis.cluster.protocol import Link
from nemesis.cluster.real import namespaces
from nemesis.cluster.real.addresses import Address
from nemesis.cluster.real.commands import CommandError, run_command
from nemesis.cluster.real.namespaces import Sockets
from nemesis.cluster.real.netns import Netns
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile, clean_up
from nemesis.errors import UnsupportedFault
from nemesis.store import HISTORY, load
from tests.nemesis.real.requirements import NEEDS_NAMESPACES

pytestmark = NEEDS_NAMESPACES
ROOT = Path(__file__).parents[3]
NODES = ("n1", "n2", "n3")
# Where the tests run in the background, SIGINT would be ignored.
COMMAND = """
import signal
import nemesis.cli
signal.signal(signal.SIGINT, signal.default_int_handler)
nemesis.cli.main()
"""
# Longer than anything takes here, in s: so long a test that fails may hang.
PATIENCE = 30.0


def names_of(token: str) -> list[str]:
    """The namespaces of a run."""
    return sorted(path.name for path in Path("/run/netns").glob(f"sb-{token[:8]}-*"))


class Laboratory:
    """Namespaces that were prepared, and a socket for datagrams in each."""

    def __init__(self, hosts: Netns, run_file: RunFile) -> None:
        self.hosts = hosts
        begin = f"sb-{run_file.token[:8]}"
        self._threads = {name: Sockets(f"{begin}-{name}") for name in (*NODES, "switch")}
        self.datagrams = {name: self.make(name, socket.SOCK_DGRAM) for name in self._threads}
        for name in NODES:
            self.datagrams[name].bind((hosts.client(name).host, 7))

    def make(self, name: str, kind: int) -> socket.socket:
        """A socket of a node's namespace."""
        made = self._threads[name].make(socket.AF_INET, kind)
        made.settimeout(PATIENCE)
        return made

    def send(self, source: str, target: str, content: bytes) -> None:
        self.datagrams[source].sendto(content, (self.hosts.client(target).host, 7))

    def received(self, target: str) -> bytes:
        """The next datagram that arrives."""
        return self.datagrams[target].recv(1 << 11)

    def has_received(self, target: str) -> bool:
        """Whether a datagram has arrived, which is taken."""
        ready, _, _ = select.select([self.datagrams[target]], [], [], 0)
        return bool(ready and self.received(target))

    def close(self) -> None:
        for made in self.datagrams.values():
            made.close()
        for thread in self._threads.values():
            thread.close()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what was seen of the faults fulfills the condition."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, self.hosts.effects
            self.hosts.observe()


@pytest.fixture
def run_file(tmp_path: Path) -> Iterator[RunFile]:
    made = RunFile(tmp_path)
    yield made
    assert names_of(made.token) == []
    made.remove()


@pytest.fixture
def laboratory(run_file: RunFile) -> Iterator[Laboratory]:
    hosts = Netns(NODES, run_file, 0)
    try:
        asyncio.run(hosts.prepare(one_address=False))
        made = Laboratory(hosts, run_file)
        yield made
        made.close()
    finally:
        hosts.remove()


def test_nothing_of_ours_is_in_the_namespace_that_we_run_in(laboratory: Laboratory) -> None:
    laboratory.hosts.cut([("n1", "n2")])
    assert "10.77." not in run_command("ip", "-o", "address")
    assert "10.77." not in run_command("ip", "route")
    assert "SPLITBRAIN" not in run_command("iptables-save")
    made = laboratory.hosts.socket_factory
    assert made is not None
    ours = made((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.77.0.1", 1)))
    # Nobody listens there, which only who has a way to it is told.
    with ours, pytest.raises(ConnectionRefusedError):
        ours.connect(("10.77.0.1", 1))


def test_cut_holds_for_one_direction_of_one_link_and_is_counted(laboratory: Laboratory) -> None:
    hosts = laboratory.hosts
    hosts.cut([("n1", "n2")])
    for number in range(3):
        laboratory.send("n1", "n2", b"dropped %d" % number)
    passing: list[Link] = [("n3", "n2"), ("n2", "n1"), ("n1", "n3"), ("switch", "n2")]
    for source, target in passing:
        laboratory.send(source, target, source.encode())
        assert laboratory.received(target) == source.encode()
    laboratory.until(lambda: hosts.effects["partition"] == 3)
    assert hosts.traffic() == {"n1->n2": {"partition": 3}}
    hosts.cut([("n3", "n2")])
    laboratory.send("n3", "n2", b"dropped")
    laboratory.send("n1", "n2", b"dropped")
    laboratory.until(lambda: hosts.effects["partition"] == 5)
    hosts.heal()
    laboratory.send("n1", "n2", b"healed")
    assert laboratory.received("n2") == b"healed"
    assert hosts.effects == {"partition": 5}
    assert hosts.traffic() == {"n1->n2": {"partition": 4}, "n3->n2": {"partition": 1}}


def test_what_is_cut_and_not_used_has_no_effect(laboratory: Laboratory) -> None:
    laboratory.hosts.cut([("n1", "n2"), ("n2", "n1")])
    laboratory.send("switch", "n2", b"from a client")
    assert laboratory.received("n2") == b"from a client"
    laboratory.hosts.heal()
    assert not laboratory.hosts.effects
    assert laboratory.hosts.traffic() == {}


def test_loss_takes_some_packets_and_counts_them(laboratory: Laboratory) -> None:
    hosts = laboratory.hosts
    hosts.shape([("n1", "n2")], loss=50)
    for _ in range(100):
        laboratory.send("n1", "n2", b"x")
        laboratory.send("n1", "n3", b"y")
    for _ in range(100):
        assert laboratory.received("n3") == b"y"
    arrived = 0

    def all_are_accounted_for() -> bool:
        nonlocal arrived
        while laboratory.has_received("n2"):
            arrived += 1
        return arrived + hosts.effects["loss"] == 100

    laboratory.until(all_are_accounted_for)
    # That it is none or all of them has a chance of 1 in 2**99.
    assert 0 < arrived < 100
    hosts.heal()
    laboratory.send("n1", "n2", b"healed")
    assert laboratory.received("n2") == b"healed"
    assert hosts.effects == {"loss": 100 - arrived}
    assert hosts.traffic() == {"n1->n2": {"loss": 100 - arrived}}


def test_slow_link_lets_packets_wait_and_counts_that(laboratory: Laboratory) -> None:
    hosts = laboratory.hosts
    hosts.shape([("n1", "n2")], delay_min=5_000_000, delay_max=10_000_000, delayed_by="slow-link")
    for number in range(5):
        laboratory.send("n1", "n2", b"%d" % number + bytes(1_000))
        laboratory.send("n1", "n3", b"%d" % number)
        laboratory.send("n2", "n1", b"%d" % number)
    for target in NODES:
        assert [laboratory.received(target)[:1] for _ in range(5)] == b"0 1 2 3 4".split()
    hosts.observe()
    assert hosts.effects["slow-link"] > 0
    assert set(hosts.traffic()) == {"n1->n2"}
    counted = hosts.traffic()
    hosts.heal()
    laboratory.send("n1", "n2", b"healed")
    assert laboratory.received("n2") == b"healed"
    assert hosts.traffic() == counted


def test_slow_link_drops_what_does_not_fit_and_leaves_others_alone(laboratory: Laboratory) -> None:
    hosts = laboratory.hosts
    slow = 500_000_000
    hosts.shape([("n1", "n2")], delay_min=slow, delay_max=slow, delayed_by="slow-link")
    for number in range(30):
        laboratory.send("n1", "n2", b"%2d" % number + bytes(1_000))
        laboratory.send("n1", "n3", b"%2d" % number + bytes(1_000))
    # The queue of the slow link has been full long before.
    assert [int(laboratory.received("n3")[:2]) for _ in range(30)] == list(range(30))
    hosts.observe()
    assert hosts.effects["slow-link"] > 0
    hosts.heal()
    laboratory.send("n1", "n2", b"healed")
    before = []
    while (content := laboratory.received("n2")) != b"healed":
        before.append(int(content[:2]))
    assert 0 < len(before) < 30
    assert before == sorted(before)


def test_what_packets_cannot_do_is_refused(laboratory: Laboratory) -> None:
    with pytest.raises(UnsupportedFault, match="no delays were foreseen"):
        laboratory.hosts.shape(None, delay_max=1, delayed_by="delay")
    with pytest.raises(UnsupportedFault, match="duplicate cannot happen"):
        laboratory.hosts.shape(None, duplicate=1)


def test_delays_come_from_the_proxy_and_cuts_still_from_the_firewall(run_file: RunFile) -> None:
    hosts = Netns(NODES, run_file, 0, delays=True)

    async def work() -> None:
        await hosts.prepare(one_address=True)
        laboratory = Laboratory(hosts, run_file)
        loop = asyncio.get_running_loop()
        server = laboratory.make("n2", socket.SOCK_STREAM)
        server.bind(hosts.listens_to_peers("n2"))
        server.listen()
        server.setblocking(False)
        client = laboratory.make("n1", socket.SOCK_STREAM)
        client.setblocking(False)
        await loop.sock_connect(client, hosts.peer("n1", "n2"))
        taken, address = await loop.sock_accept(server)
        try:
            # The others know n1 by the same address.
            assert Address(*address).host == hosts.peer("n2", "n1").host
            hosts.shape([("n1", "n2")], delay_max=2_000_000, delayed_by="delay")
            await loop.sock_sendall(client, b"late")
            assert await loop.sock_recv(taken, 4) == b"late"
            assert hosts.effects == {"delay": 1}
            hosts.heal()
            hosts.cut([("n1", "n2")])
            await loop.sock_sendall(client, b"held")
            while not hosts.effects["partition"]:
                hosts.observe()
                await asyncio.sleep(0)
            hosts.heal()
            assert await asyncio.wait_for(loop.sock_recv(taken, 4), PATIENCE) == b"held"
            assert "delay" not in hosts.traffic()["n1->n2"]
        finally:
            for each in (server, client, taken):
                each.close()
            laboratory.close()
            await hosts.disconnect()

    try:
        asyncio.run(work())
    finally:
        hosts.remove()


def test_command_that_fails_says_why() -> None:
    with pytest.raises(CommandError, match=r"ip netns delete sb-none: .*No such file"):
        run_command("ip", "netns", "delete", "sb-none")
    assert not namespaces.remove("sb-none")


def test_who_is_not_root_is_told(monkeypatch: pytest.MonkeyPatch, run_file: RunFile) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("os.geteuid", lambda: 1000)
        with pytest.raises(ProcessError, match="can only be made by root"):
            Netns(NODES, run_file, 0)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", "/nowhere")
        with pytest.raises(ProcessError, match="apt-get install iproute2 iptables util-linux"):
            Netns(NODES, run_file, 0)


def _start(store: Path, *arguments: str) -> subprocess.Popen[str]:
    """A run in the background, once it has done something."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", COMMAND, "test", "--cluster", "netns", "--nemesis"),
            *("partition", "--time-limit", "60s", "--store", str(store), *arguments),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    history = store / "latest" / HISTORY
    while process.poll() is None and not (
        history.exists() and b"partition" in history.read_bytes()
    ):
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_that_is_interrupted_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    process = _start(tmp_path)
    (path,) = (tmp_path / ".running").iterdir()
    token = path.stem.split("-")[1]
    assert names_of(token) == [f"sb-{token}-{name}" for name in (*NODES, "switch")]
    process.send_signal(number)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 2, told
    assert load((tmp_path / "latest").resolve()).results.history_validity == "valid"
    assert names_of(token) == []
    assert list((tmp_path / ".running").iterdir()) == []


def test_what_a_killed_run_has_left_is_removed_by_the_next(tmp_path: Path) -> None:
    process = _start(tmp_path)
    (path,) = (tmp_path / ".running").iterdir()
    token = path.stem.split("-")[1]
    try:
        # It goes on: nothing of it is touched.
        assert clean_up(tmp_path) == []
        assert len(names_of(token)) == 4
        process.kill()
        process.communicate()
        assert len(names_of(token)) == 4
        ended = [str(each) for each in clean_up(tmp_path)]
        assert [each.split(" (")[0] for each in ended[:3]] == list(NODES)
        assert sorted(ended[3:]) == [f"namespace sb-{token}-{name}" for name in (*NODES, "switch")]
        assert names_of(token) == []
        assert clean_up(tmp_path) == []
    finally:
        process.kill()
        process.wait()
