"""A small database that keeps to one level of isolation, and clients that use it.

Each client runs transactions one after the other; a seeded scheduler picks which client goes on.
The store holds, for each key, all committed values in order: a list, or the versions of a register.

    strict-serializable   a transaction happens at one moment between its two events
    serializable          all happen in an order of their own, without regard to time
    strong-session-serializable   the same, but in order within each process
    snapshot-isolation    reads from a snapshot taken at one moment; the first committer wins
    read-committed        each read sees what is committed at its moment; writes at the commit
    read-uncommitted      every small operation acts at its moment, also of those that fail
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from checker.history import Event, History

Small = list[Any]


@dataclass
class Running:
    """A transaction under way."""

    process: int
    smalls: list[Small]
    done: list[Small] = field(default_factory=list)
    own: dict[Any, list[Any]] = field(default_factory=dict)
    snapshot: dict[Any, int] | None = None
    outcome: str | None = None


class Database:
    """The store, and the ways to run a transaction in it."""

    def __init__(self, workload: str) -> None:
        self.list = workload == "list-append"
        self.store: dict[Any, list[Any]] = {}

    def read(self, running: Running, key: Any) -> Any:
        committed = self.store.get(key, [])
        if running.snapshot is not None:
            committed = committed[: running.snapshot.get(key, 0)]
        seen = committed + running.own.get(key, [])
        return list(seen) if self.list else (seen[-1] if seen else None)

    def step(self, running: Running, *, dirty: bool = False) -> None:
        """Run one small operation."""
        f, key, value = running.smalls[len(running.done)]
        if f == "r":
            running.done.append([f, key, self.read(running, key)])
            return
        running.done.append([f, key, value])
        if dirty:
            self.store.setdefault(key, []).append(value)
        else:
            running.own.setdefault(key, []).append(value)

    def snapshot(self) -> dict[Any, int]:
        return {key: len(values) for key, values in self.store.items()}

    def commit(self, running: Running) -> bool:
        """Install the writes; False if another has written since the snapshot."""
        if running.snapshot is not None:
            for key in running.own:
                if len(self.store.get(key, [])) != running.snapshot.get(key, 0):
                    return False
        for key, values in running.own.items():
            self.store.setdefault(key, []).extend(values if self.list else values[-1:])
        return True

    def run(self, running: Running) -> None:
        """All of it, at once."""
        while len(running.done) < len(running.smalls):
            self.step(running)
        self.commit(running)


class Workload:
    """Transactions with unique values per key."""

    def __init__(self, random: Random, workload: str, keys: int, longest: int) -> None:
        self.random = random
        self.write = "append" if workload == "list-append" else "w"
        self.keys = keys
        self.longest = longest
        self.counts: dict[Any, int] = {}

    def transaction(self) -> list[Small]:
        smalls: list[Small] = []
        for _ in range(self.random.randint(1, self.longest)):
            key = self.random.randrange(self.keys)
            if self.random.random() < 0.5:
                smalls.append(["r", key, None])
            else:
                self.counts[key] = self.counts.get(key, 0) + 1
                smalls.append([self.write, key, self.counts[key]])
        return smalls


def simulate(
    random: Random,
    level: str,
    workload: str = "list-append",
    *,
    transactions: int = 120,
    clients: int = 5,
    keys: int = 4,
    longest: int = 4,
    info: float = 0.0,
    fail: float = 0.0,
) -> History:
    """A history of this level; some transactions fail, of some the client hears nothing."""
    database = Database(workload)
    drawn = Workload(random, workload, keys, longest)
    later = level in ("serializable", "strong-session-serializable")
    events: list[Event] = []
    places: list[tuple[Running, int]] = []
    running: dict[int, Running] = {}
    process_of = list(range(clients))
    started = 0

    def emit(type_: str, process: int, value: Any) -> None:
        events.append(Event(len(events), process, type_, "txn", None, value))

    while started < transactions or running:
        client = random.randrange(clients)
        now = running.get(client)
        if now is None:
            if started < transactions:
                now = running[client] = Running(process_of[client], drawn.transaction())
                emit("invoke", now.process, now.smalls)
                started += 1
            continue
        if now.outcome is None:
            _go_on(random, database, level, now, fail, later)
            continue
        outcome = "info" if random.random() < info else now.outcome
        if outcome == "info":
            process_of[client] = max(process_of) + 1
        if later and outcome == "ok":
            places.append((now, len(events)))
        emit(outcome, now.process, now.done if outcome == "ok" else now.smalls)
        del running[client]
    if later:
        _run_later(random, database, places, level != "serializable")
        for now, at in places:
            events[at] = events[at]._replace(value=now.done)
    return History(events)


def _go_on(
    random: Random, database: Database, level: str, now: Running, fail: float, later: bool
) -> None:
    """One move of a transaction."""
    if later:
        now.outcome = "ok"
    elif level == "strict-serializable":
        if random.random() < fail:
            now.outcome = "fail"
        else:
            database.run(now)
            now.outcome = "ok"
    elif level == "snapshot-isolation" and now.snapshot is None:
        now.snapshot = database.snapshot()
    elif len(now.done) < len(now.smalls):
        database.step(now, dirty=level == "read-uncommitted")
    elif random.random() < fail:
        now.outcome = "fail"
    else:
        now.outcome = "ok" if database.commit(now) else "fail"


def _run_later(
    random: Random, database: Database, places: list[tuple[Running, int]], in_order: bool
) -> None:
    """Run the transactions in an order drawn at random."""
    queues: dict[int, list[Running]] = {}
    for number, (now, _) in enumerate(places):
        queues.setdefault(now.process if in_order else number, []).append(now)
    while queues:
        chosen = random.choice(sorted(queues))
        database.run(queues[chosen].pop(0))
        if not queues[chosen]:
            del queues[chosen]
