"""A source of unique ids: each is the next number of a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from checker.accounting import Account, account_of_ids
from checker.history import Event, History
from nemesis.schedule import Operate
from nemesis.workloads.performance import Outcome, Program
from nemesis.workloads.updates import NONSENSE, Change, needed, unknown_operation, update
from nemesis.workloads.workload import Workload, each_key, workload


@workload
class UniqueIdsWorkload(Workload):
    """Ids that must never be given twice; there is nothing to read."""

    name: ClassVar[str] = "unique-ids"
    model: ClassVar[str] = "unique-ids"
    operations: ClassVar[tuple[str, ...]] = ("generate",)
    reads: ClassVar[frozenset[str]] = frozenset()

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        source = needed(key, self.name, f)
        if f != "generate" or value is not None:
            raise unknown_operation(self.name, f, value)

        def change(text: str | None) -> Change | Outcome:
            last = text or "0"
            if not last.isdecimal():
                return Outcome("fail", None, NONSENSE)
            following = int(last) + 1
            return Change(str(following), Outcome("ok", f"{source}-{following}"))

        return (yield from update(source, None, change))

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        """Twice, so that an id that is given again is given to somebody."""
        return [each_key("generate", keys), each_key("generate", keys)]

    def account(self, history: History) -> Account:
        return account_of_ids(history.operations())
