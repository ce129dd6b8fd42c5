"""raftos 0.2.6, a Raft of others written with asyncio and UDP, under the simulator's event loop.

    python -m venv /tmp/raftos && /tmp/raftos/bin/pip install 'setuptools<66' wheel
    /tmp/raftos/bin/pip install --no-deps --no-build-isolation raftos==0.2.6
    /tmp/raftos/bin/pip install --no-deps msgpack
    PYTHONPATH=/tmp/raftos/lib/python3.11/site-packages python -m bench.raftos --runs 200

It was written for Python 3.6, so three things stand in for what is no more: ``Queue(loop=...)``,
``asyncio.futures.InvalidStateError``, and a serializer of its own for one whose library has
changed. Its files are those of the simulated disk, durable once they are closed, as a process that
is killed leaves them; its state machine is our key-value service. All else is raftos: nodes, log,
states, storage, timers, datagrams. It keeps state in attributes of classes: each life has modules
of its own. A run that takes more processor time than some seconds counts as endless.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import logging
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from os import path
from types import SimpleNamespace
from typing import Any

from nemesis.run import run
from nemesis.search.generate import generate
from nemesis.subjects.adapters import NETWORK, PROCESSES
from nemesis.subjects.asyncio_programs import AsyncioSubject, Host, Look
from nemesis.subjects.registry import subject_named

_PORT = 8000
_SECOND = 1_000_000_000


class File(io.BytesIO):
    """What ``open`` returns."""

    def __init__(self, host: Host, name: str, mode: str) -> None:
        self._host, self._name, self._writes = host, name, mode != "rb"
        data = host.load(name)
        if data is None and mode == "rb":
            raise FileNotFoundError(name)
        super().__init__(b"" if data is None or mode == "wb" else data)
        if self._writes:
            self.seek(0, io.SEEK_END)

    def close(self) -> None:
        if not self.closed and self._writes:
            self._host.save(self._name, self.getvalue())
        super().close()


class Addresses(dict[tuple[str, int], None]):
    """What stands for a set, whose order would depend on the hash seed."""

    def update(self, addresses: Iterable[tuple[str, int]]) -> None:  # type: ignore[override]
        for address in addresses:
            self[address] = None


def name_of(identity: str | None) -> str | None:
    """The server's name in "n1:8000"."""
    return None if identity is None else identity.partition(":")[0]


def prepare(host: Host) -> tuple[Any, Any]:
    """raftos' modules of states and servers, with what stands in."""
    logging.getLogger("raftos").setLevel(logging.CRITICAL)
    raftos = import_module("raftos")
    state, server = import_module("raftos.state"), import_module("raftos.server")
    storage = import_module("raftos.storage")
    modes = {"a": "ab"}
    vars(storage)["open"] = lambda name, mode: File(host, name, modes.get(mode, mode))
    vars(storage)["os"] = SimpleNamespace(path=path, makedirs=lambda *_, **__: None)
    vars(server)["asyncio"] = SimpleNamespace(
        **{**vars(asyncio), "Queue": lambda loop: asyncio.Queue()}
    )
    vars(state)["asyncio"] = SimpleNamespace(
        **{**vars(asyncio), "futures": SimpleNamespace(InvalidStateError=asyncio.InvalidStateError)}
    )
    raftos.configure(
        {
            "log_path": "",
            "serializer": import_module("raftos.serializers").JSONSerializer,
            "cryptor": import_module("raftos.cryptors").DummyCryptor,
            # Five of these are the shortest election time-out.
            "heartbeat_interval": host.knobs.election_timeout_min / 5 / _SECOND,
            "step_down_missed_heartbeats": 5,
            "election_interval_spread": 2,
        }
    )
    return state, server


async def main(host: Host) -> None:
    state_module, server_module = prepare(host)

    class StateMachine:
        def __init__(self, identity: str) -> None:
            pass

        def apply(self, command: dict[str, str]) -> None:
            index = state.log.last_applied + 1
            term = state.log[index]["term"]
            host.apply(index, term, bytes.fromhex(command["command"]))

    state_module.StateMachine = StateMachine
    node = server_module.Node((host.name, _PORT), asyncio.get_running_loop())
    node.cluster = Addresses()
    state = node.state

    def look() -> Look:
        storage = state.storage
        return Look(
            type(state.state).__name__.lower(),  # type: ignore[arg-type]
            storage["term"] if storage.exists("term") else 0,
            name_of(storage["voted_for"]) if storage.exists("voted_for") else None,
            [(e["term"], bytes.fromhex(e["command"]["command"])) for e in state.log.cache],
            state.log.commit_index,
        )

    host.observe(look)
    for peer in host.peers:
        node.update_cluster((peer, _PORT))
    await node.start()
    while True:
        request = await host.requests.get()
        if isinstance(state.state, state_module.Leader):
            request.appended(len(state.log) + 1, state.storage.term)
            command = {"command": request.command.hex()}
            asyncio.get_running_loop().create_task(state.state.execute_command(command))
        else:
            leader = state_module.State.leader
            request.refuse(name_of(leader) if isinstance(leader, str) else None)
            host.give_up(None)


def subject() -> AsyncioSubject:
    """Under the name bench.raftos:subject."""
    return AsyncioSubject(
        main, "bench.raftos:subject", faults=NETWORK | PROCESSES, fresh_modules=("raftos",)
    )


class Endless(BaseException):
    """A run takes too long."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def on_alarm(*_: object) -> None:
        raise Endless

    signal.signal(signal.SIGVTALRM, on_alarm)
    # Again and again: tasks catch what is raised in them, whatever it is.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def main_program() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    raftos = subject_named("bench.raftos:subject")
    verdicts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    began = time.process_time()
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        try:
            with at_most(arguments.seconds):
                verdict = run(generate(seed, tested=raftos), raftos).verdict
        except Endless:
            verdicts["endless"] += 1
            continue
        if verdict.failures and "Endless" in verdict.failures[0].message:
            verdicts["endless"] += 1
            continue
        kind = verdict.failures[0].kind if verdict.failures else verdict.validity.value
        verdicts[kind] += 1
        if verdict.failures:
            examples.setdefault(kind, f"seed {seed}: {verdict.failures[0].message}")
    print(f"{arguments.runs} runs in {time.process_time() - began:.0f} s")
    for kind, count in verdicts.most_common():
        print(f"{count:6} {kind:24} {examples.get(kind, '')}")


if __name__ == "__main__":
    main_program()
