"""Clusters in containers, on whatever engine there is; make test-docker starts one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import raft
from nemesis.cli import run
from nemesis.cluster.real import docker_client, docker_image, docker_leftovers
from nemesis.cluster.real.disks import possible_disk_faults
from nemesis.cluster.real.docker_hosts import DockerHosts
from nemesis.cluster.real.docker_image import ensure_image
from nemesis.cluster.real.docker_server import is_frozen
from nemesis.cluster.real.hosts import Server
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile, clean_up, state_of
from nemesis.errors import UnsupportedFault
from nemesis.store import HISTORY, Saved, load

WHY_NOT = docker_client.missing()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or "there is an engine")

ROOT = Path(__file__).parents[3]
# A run that makes its hosts, says so, and waits to be killed.
RUNNER = """
import asyncio, sys, time
from pathlib import Path
from nemesis.cluster.real.docker_hosts import DockerHosts
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile
store = Path(sys.argv[1])
hosts = DockerHosts(("n1", "n2"), RunFile(store))
asyncio.run(hosts.prepare(one_address=False))
hosts.add("n1", ("sleep", "600"), store / "n1.log", {}).start()
print(hosts.run_file.token, flush=True)
time.sleep(600)
"""


@pytest.fixture
def client() -> Iterator[Any]:
    """The engine; a test leaves nothing on it."""
    made = docker_client.connect()
    docker_leftovers.remove_left(made)
    before = _on_the_engine(made)
    yield made
    assert _on_the_engine(made) <= before, "a run has left something on the engine"
    made.close()


def _on_the_engine(client: Any) -> set[str]:
    containers = client.api.containers(all=True)
    return {each["Id"] for each in (*containers, *client.api.networks())}


@pytest.fixture
def hosts(client: Any, tmp_path: Path) -> Iterator[DockerHosts]:
    """Two hosts, no servers yet."""
    run_file = RunFile(tmp_path)
    made = DockerHosts(("n1", "n2"), run_file)
    try:
        _prepare(made)
        yield made
    finally:
        made.remove()
        run_file.remove()


def _prepare(hosts: DockerHosts) -> None:
    asyncio.run(hosts.prepare(one_address=False))


@pytest.fixture
def server(hosts: DockerHosts, tmp_path: Path) -> Server:
    return hosts.add("n1", ("sleep", "600"), tmp_path / "n1.log", {})


def _test(store: Path, *arguments: str) -> tuple[int, Saved]:
    code = run(["test", "--store", str(store), "--seed", "1", "--cluster", "docker", *arguments])
    return code, load((store / "latest").resolve())


def test_our_server_survives_faults_of_containers_and_packets(client: Any, tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--nemesis", "partition,crash,pause,loss,disconnect", "--time-limit", "16s",
        "--rate", "40",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    statistics = saved.results.statistics
    assert statistics.confirmed == ["crash", "disconnect", "loss", "partition", "pause"]
    assert statistics.leader_changes >= 1
    assert statistics.judged > 500


def test_a_bug_in_containers_is_convicted(client: Any, tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--nemesis", "none", "--time-limit", "1s",
        "--bug", "entries-acknowledged-before-durable",
    )  # fmt: skip
    assert code == 1
    assert "committed-on-majority" in {failure.kind for failure in saved.results.failures}


def test_a_wrong_clock_is_read_back(client: Any, tmp_path: Path) -> None:
    code, saved = _test(tmp_path, "--nemesis", "clock-jump", "--time-limit", "4s", "--rate", "20")
    assert (code, saved.results.failures) == (0, ())
    assert saved.results.statistics.confirmed == ["clock-jump"]


@pytest.mark.skipif(
    "unsynced-loss" not in possible_disk_faults(), reason="there is no FUSE on this machine"
)
def test_a_disk_that_forgets_is_seen_by_a_container(client: Any, tmp_path: Path) -> None:
    code, saved = _test(tmp_path, "--nemesis", "unsynced-loss", "--time-limit", "4s")
    assert (code, saved.results.failures) == (0, ())
    assert saved.results.statistics.confirmed == ["unsynced-loss"]


def test_server_is_killed_and_started_again_at_its_address(
    hosts: DockerHosts, server: Server
) -> None:
    assert (server.pid, server.is_running, server.ended_by_itself()) == (None, False, None)
    server.start()
    assert server.is_running
    first = server.pid
    assert server.kill()
    assert not server.is_running
    assert server.ended_by_itself() is None, "it was told to"
    assert not server.kill(), "it does not run"
    server.start()
    assert server.pid not in (first, None)


def test_server_is_frozen_and_goes_on(server: Server) -> None:
    assert not server.pause(), "it does not run"
    server.start()
    pid = server.pid
    assert pid is not None
    assert server.pause()
    assert (server.is_paused, server.is_running) == (True, True)
    assert is_frozen(pid) in (True, None)
    assert server.resume()
    assert (server.is_paused, is_frozen(pid)) in ((False, False), (False, None))
    assert not server.resume(), "it is not paused"
    server.pause()
    assert server.kill(), "also while it is frozen"
    assert not server.is_paused


def test_exit_codes_and_last_words(hosts: DockerHosts, tmp_path: Path) -> None:
    log = tmp_path / "n1.log"
    stubborn = hosts.add("n1", ("sh", "-c", "trap '' TERM; echo 'I stay' >&2; sleep 600"), log, {})
    stubborn.start()
    _await(log, "I stay")
    assert stubborn.stop(0.0) == -signal.SIGKILL
    ends = hosts.add("n2", ("sh", "-c", "echo $WORD; exit 254"), log, {"WORD": "enough"})
    ends.start()
    end = time.monotonic() + 60
    while (code := ends.ended_by_itself()) is None and time.monotonic() < end:
        time.sleep(0.01)
    assert code == 254
    assert ends.last_words() == "I stay\nenough"
    assert ends.ended_by_itself() is None, "it is told once"
    ends.start()
    while ends.is_running and time.monotonic() < end:
        time.sleep(0.01)
    assert not ends.kill(), "it had ended before"
    assert log.stat().st_uid == os.getuid()


def test_a_cut_is_one_way_and_counted(hosts: DockerHosts, tmp_path: Path) -> None:
    """A datagram from n1 to n2, and one back, before and after."""
    receive = "import socket as s; u = s.socket(2, 2); u.bind(('0.0.0.0', 9)); print('ready', flush=True)\nwhile True: print(u.recv(9), flush=True)"
    logs = {node: tmp_path / f"{node}.log" for node in hosts.nodes}
    for node, log in logs.items():
        hosts.add(node, ("python3", "-c", receive), log, {}).start()
        _await(log, "ready")

    def send(source: str, target: str, what: str) -> None:
        address = hosts.listens_to_peers(target).host
        hosts._execute(
            source, "python3", "-c",
            f"import socket as s; s.socket(2, 2).sendto(b'{what}', ('{address}', 9))",
        )  # fmt: skip

    hosts.cut([("n1", "n2")])
    send("n1", "n2", "cut")
    send("n2", "n1", "back")
    _await(logs["n1"], "back")
    hosts.observe()
    assert hosts.effects["partition"] >= 1
    assert hosts.traffic()["n1->n2"]["partition"] == hosts.effects["partition"]
    assert "n2->n1" not in hosts.traffic()
    hosts.servers["n2"].kill()
    hosts.servers["n2"].start()
    send("n1", "n2", "cut")
    hosts.heal()
    assert hosts.effects["partition"] >= 2, "also for a server that was started again"
    send("n1", "n2", "healed")
    _await(logs["n2"], "healed")
    assert "cut" not in logs["n2"].read_text()


def test_who_is_off_the_network_is_reached_by_nobody(hosts: DockerHosts, tmp_path: Path) -> None:
    serve = "python3 -m http.server --bind 0.0.0.0 2379"
    for node in hosts.nodes:
        hosts.add(node, serve.split(), tmp_path / f"{node}.log", {}).start()
    reached = {node: lambda node=node: _answers(hosts.client(node)) for node in hosts.nodes}
    _until(reached["n1"])
    _until(reached["n2"])
    hosts.shape([("n1", "n2")], delay_min=50, delay_max=100_000_000, delayed_by="slow-link")
    assert hosts.unplug("n1")
    assert not hosts.unplug("n1"), "it is off already"
    _until(lambda: not reached["n1"]())
    assert reached["n2"]()
    hosts.heal()
    _until(reached["n1"])
    # Also if its device is another one now.
    hosts.shape([("n1", "n2")], delay_min=50, delay_max=100_000_000, delayed_by="slow-link")
    host, port = hosts.listens_to_clients("n2")
    send = f"import socket as s; s.create_connection(('{host}', {port})).sendall(bytes(20_000))"
    hosts._execute("n1", "python3", "-c", send)
    _until(lambda: hosts.observe() or hosts.effects["slow-link"] >= 1)


def _answers(address: tuple[str, int]) -> bool:
    try:
        with urllib.request.urlopen("http://{}:{}".format(*address), timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def _await(log: Path, what: str) -> None:
    end = time.monotonic() + 60
    while not (log.exists() and what in log.read_text()):
        assert time.monotonic() < end, f"{log} never said {what}"
        time.sleep(0.01)


def test_what_packets_cannot_have_is_refused(hosts: DockerHosts) -> None:
    with pytest.raises(UnsupportedFault, match="not delay_max, delayed_by"):
        hosts.shape(None, delay_max=5, delayed_by="delay")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_run_and_leave_nothing(
    client: Any, tmp_path: Path, number: signal.Signals
) -> None:
    # Where the tests run in the background, SIGINT would be ignored.
    command = (
        "import signal, nemesis.cli;"
        "signal.signal(signal.SIGINT, signal.default_int_handler); nemesis.cli.main()"
    )
    words = ("test", "--cluster", "docker", "--nemesis", "pause", "--time-limit", "60s")
    process = subprocess.Popen(
        [sys.executable, "-c", command, *words, "--store", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    history = tmp_path / "latest" / HISTORY
    while process.poll() is None and not (
        history.exists() and history.read_bytes().count(b"\n") > 10
    ):
        time.sleep(0.05)
    process.send_signal(number)
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 2, told
    assert "the run was interrupted after" in told
    assert list((tmp_path / ".running").iterdir()) == []


def _killed_run(store: Path) -> str:
    """What a run makes that is ended by SIGKILL; its token."""
    store.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(store)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout:
        token = process.stdout.readline().strip()
        process.kill()
    return token


@pytest.mark.parametrize("found_by", ["run-file", "labels"])
def test_the_next_run_removes_what_a_killed_one_left_and_only_that(
    client: Any, hosts: DockerHosts, tmp_path: Path, found_by: str
) -> None:
    image = ensure_image(client)
    foreign = client.containers.create(image, ["9"], entrypoint=["sleep"])
    before = _on_the_engine(client)
    store = tmp_path / "killed"
    token = _killed_run(store)
    assert len(_on_the_engine(client) - before) == 4, "a network, two hosts, a server"
    if found_by == "labels":
        assert docker_leftovers.remove_left(client) == [token]
        assert docker_leftovers.remove_left(client) == []
    else:
        assert [each.name for each in clean_up(store) if each.kind == "containers"] == [token]
    assert _on_the_engine(client) == before
    foreign.remove()


def test_an_image_is_built_once(client: Any) -> None:
    told: list[str] = []
    name = ensure_image(client)
    assert ensure_image(client, told.append) == name
    assert told == []


def test_a_changed_project_adds_its_layer_alone(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ensure_image(client)
    changed = tmp_path / "raft"
    changed.mkdir()
    (changed / "__init__.py").write_text("# changed\n")
    monkeypatch.setattr(raft, "__file__", str(changed / "__init__.py"))
    told: list[str] = []
    name = ensure_image(client, told.append)
    assert (told, name != before) == (["the project is added"], True)
    layers = [client.images.get(each).attrs["RootFS"]["Layers"] for each in (before, name)]
    common = [one for one, other in zip(*layers, strict=True) if one == other]
    assert len(common) == len(layers[0]) - 2, "all but the files, and what they are compiled to"
    client.images.remove(name)


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("debootstrap") is None,
    reason="a root file system is made by root, with debootstrap",
)
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo half; echo 'no more space' >&2; exit 3", "it said last:\nno more space"),
        ("echo no tar", "the root file system has no Python"),
        ("cd /mnt; tar -c --files-from /dev/null", "the root file system has no Python"),
    ],
)
def test_a_recipe_that_fails_leaves_no_image(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    recipe = tmp_path / "root-file-system.sh"
    recipe.write_text(script)
    monkeypatch.setattr(docker_image, "_recipe", lambda _name: recipe)
    before = {each.id for each in client.images.list(all=True)}
    with pytest.raises(ProcessError, match=message):
        ensure_image(client)
    assert {each.id for each in client.images.list(all=True)} == before


def test_a_network_that_somebody_has_is_not_taken(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([40, 7, 40, 7, 41, 7])
    monkeypatch.setattr("secrets.randbelow", lambda limit: next(drawn) % limit)
    made = []
    for _ in range(2):
        hosts = DockerHosts((), RunFile(tmp_path))
        made.append(hosts)
        _prepare(hosts)
    assert [hosts._net for hosts in made] == ["10.80.7", "10.81.7"]
    for hosts in made:
        hosts.remove()
        hosts.run_file.remove()


def test_processes_of_the_engine_are_in_our_proc(server: Server) -> None:
    """Else nothing would be looked up at the kernel."""
    if not Path("/run/network-outside").exists():
        pytest.skip("the engine is not one of ours: it may be anywhere")
    server.start()
    assert server.pid is not None
    assert state_of(server.pid) in ("R", "S")
    assert is_frozen(server.pid) is False
