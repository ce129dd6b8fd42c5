"""Oracles that try everything: is there an execution of this level that explains a history?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checker.history import Operation
from checker.models import get_model
from tests.checker.brute_force import possible

_MODELS = {"list-append": "list-append", "rw-register": "multi-register"}


def strict_serializable(operations: Sequence[Operation], workload: str) -> bool:
    """Whether some order, which respects real time, explains all answers."""
    return possible(operations, get_model(_MODELS[workload]))


def serializable(operations: Sequence[Operation], workload: str) -> bool:
    """Whether some order explains all answers."""
    count = len(operations)
    free = [
        operation._replace(
            invoked=at, completed=None if operation.completed is None else count + at
        )
        for at, operation in enumerate(operations)
    ]
    return strict_serializable(free, workload)


def session_serializable(operations: Sequence[Operation], workload: str) -> bool:
    """Whether some order, which respects that within processes, explains all answers."""
    return _explained(operations, workload, "process", snapshots=False)


def snapshot_isolated(operations: Sequence[Operation], workload: str, order: str = "none") -> bool:
    """Whether some snapshots and commits explain all answers.

    ``order``: what a transaction's snapshot must hold: ``none``, what its ``process`` had
    completed, or all that had completed in ``realtime``.
    """
    return _explained(operations, workload, order, snapshots=True)


Lists = dict[Any, tuple[Any, ...]]


def _explained(
    operations: Sequence[Operation], workload: str, order: str, *, snapshots: bool
) -> bool:
    lists = workload == "list-append"
    alive = [each for each in operations if each.outcome != "fail"]

    def must_wait(at: int, committed: frozenset[int]) -> bool:
        mine = alive[at]
        for other, each in enumerate(alive):
            before = each.completed is not None and each.completed < mine.invoked
            told = order == "realtime" or (order == "process" and each.process == mine.process)
            if before and told and other not in committed:
                return True
        return False

    def run(at: int, store: Lists) -> Lists | None:
        """The writes of a transaction on this snapshot; None if it reads otherwise."""
        told = alive[at].outcome == "ok"
        own: Lists = {}
        for f, key, value in alive[at].result if told else alive[at].argument:
            if f != "r":
                own[key] = (*own.get(key, ()), value)
                continue
            seen = store.get(key, ()) + own.get(key, ())
            answer: Any = list(seen) if lists else (seen[-1] if seen else None)
            if told and answer != value:
                return None
        return own

    def explore(
        store: Lists, active: dict[int, tuple[Lists, Lists]], committed: frozenset[int]
    ) -> bool:
        left = [at for at in range(len(alive)) if at not in committed and at not in active]
        if not active and all(alive[at].outcome == "info" for at in left):
            return True
        for at, (snapshot, own) in active.items():
            if any(store.get(key, ()) != snapshot.get(key, ()) for key in own):
                continue  # Another committer was first.
            after = {**store, **{key: store.get(key, ()) + new for key, new in own.items()}}
            others = {each: state for each, state in active.items() if each != at}
            if explore(after, others, committed | {at}):
                return True
        if active and not snapshots:
            return False
        for at in left:
            if must_wait(at, committed):
                continue
            own = run(at, store)
            if own is not None and explore(store, {**active, at: (store, own)}, committed):
                return True
        return False

    return explore({}, {}, frozenset())
