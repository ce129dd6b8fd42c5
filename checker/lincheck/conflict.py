"""The evidence against a history: its shortest failing prefix, and the operations to blame.

Theory of operation
-------------------
The engine names the completion that made a part impossible; the events up to it are the shortest
failing prefix. Of its operations most have nothing to do with it. One may be dropped if whatever
linearizes the whole also linearizes the rest, for then an impossible rest proves the whole
impossible: observations always may (they change nothing), other operations only in the sets that
the model knows (``Model.clusters``). What is left when nothing more can be dropped is impossible,
and possible without any one of the droppable ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.parts import Entry, Part
from checker.lincheck.search import first_impossible
from checker.models.model import Model

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a history is not linearizable.

    The events up to the one with index ``last_event`` are the shortest failing prefix;
    ``operation`` is the one whose answer they cannot explain. ``operations`` cannot be ordered;
    among them is no observation that could be left out, unless the budget ran out: then not
    ``is_minimal``.
    """

    keys: tuple[Any, ...]
    operation: Operation
    last_event: int | None
    operations: tuple[Operation, ...]
    is_minimal: bool

    def __str__(self) -> str:
        keys = [repr(key) for key in self.keys if key is not None]
        where = f" on {', '.join(keys)}" if keys else ""
        shown = "; ".join(str(operation) for operation in self.operations[-_SHOWN:])
        left_out = len(self.operations) - _SHOWN
        more = f"{left_out} earlier ones; " if left_out > 0 else ""
        return (
            f"no order of the operations{where} explains that {self.operation}: "
            f"in conflict are {more}{shown}"
        )


def find_conflict(
    part: Part, impossible: Entry, last_event: int | None, model: Model, meter: Meter
) -> Conflict:
    """The conflict that ends with the completion of ``impossible``."""
    last = impossible.completed
    assert last is not None, "only a completion makes a history impossible"
    entries = [
        entry
        if entry.completed is not None and entry.completed <= last
        else entry._replace(completed=None)
        for entry in part.entries
        if entry.invoked < last
    ]
    # An observation that has not been told yet says nothing.
    entries = [e for e in entries if e.completed is not None or e.call.effect != "observes"]
    reducer = _Reducer(part, entries, meter)
    is_minimal = reducer.reduce(model)
    return Conflict(
        keys=part.keys,
        operation=impossible.operation,
        last_event=last_event,
        operations=tuple(entry.operation for entry in reducer.entries),
        is_minimal=is_minimal,
    )


class _Reducer:
    """Drops entries as long as the rest stays impossible."""

    def __init__(self, part: Part, entries: list[Entry], meter: Meter) -> None:
        self.entries = entries
        self._part = part
        self._meter = meter

    def reduce(self, model: Model) -> bool:
        """False if the budget ran out on the way."""
        try:
            self._drop_groups(
                [[entry] for entry in self.entries if entry.call.effect == "observes"]
            )
            if model.clusters is not None and not self._part.joint:
                entries = self.entries
                found = model.clusters([entry.call for entry in entries])
                self._drop_groups([[entries[at] for at in cluster] for cluster in found])
        except BudgetExhausted:
            return False
        return True

    def _drop_groups(self, groups: Sequence[list[Entry]]) -> None:
        """Drop groups of entries, many at once first (Zeller and Hildebrandt's ddmin, 2002)."""
        size = len(groups)
        left = list(groups)
        while size >= 1 and left:
            at = 0
            while at < len(left):
                if self._drop([entry for group in left[at : at + size] for entry in group]):
                    del left[at : at + size]
                else:
                    at += size
            size //= 2

    def _drop(self, candidates: list[Entry]) -> bool:
        # Ranks are used once, so they tell entries apart.
        gone = {entry.invoked for entry in candidates}
        rest = [entry for entry in self.entries if entry.invoked not in gone]
        share = self._meter.share(1)
        try:
            impossible = first_impossible(self._part, rest, share)
        finally:
            share.release()
        if impossible is None:
            return False
        self.entries = rest
        return True
