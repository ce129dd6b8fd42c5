"""A lock a key, with fencing tokens: acquire, release, holder.

The service holds the last token, and behind it the owner while there is one: "6 a", then "6".
Every acquisition takes the next token, so that no two texts are ever equal by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import msgspec

from checker.accounting import Account, account_of_lock
from checker.history import Event, History
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from nemesis.workloads.performance import Outcome, Program
from nemesis.workloads.updates import NONSENSE, Change, needed, unknown_operation, update
from nemesis.workloads.values import Values
from nemesis.workloads.workload import Workload, each_key, workload
from raft.kv.commands import Get

# Owners are no clients: a client goes on under another process after an operation whose outcome
# nobody knows, and whoever it asked for may own the lock by then.
_OWNERS = ("a", "b")
_LAST_OWNER = "last"


@workload
class LockWorkload(Workload):
    """Locks that are handed over between owners. An acquire of a lock that is held fails at once,
    and so does a release by another than its owner: neither says anything."""

    name: ClassVar[str] = "lock"
    model: ClassVar[str] = "fencing-lock"
    operations: ClassVar[tuple[str, ...]] = ("holder", "acquire", "release")
    reads: ClassVar[frozenset[str]] = frozenset({"holder"})
    inseparable: ClassVar[frozenset[str]] = frozenset({"acquire", "release"})

    def draw(
        self,
        chooser: Chooser,
        kinds: Sequence[str],
        keys: Sequence[str],
        client: int,
        values: Values,
        wait: int,
    ) -> Operate:
        f = chooser.pick(kinds)
        value = None if f == "holder" else chooser.pick(_OWNERS)
        return Operate(client=client, f=f, key=chooser.pick(keys), value=value, wait=wait)

    def expecting(self, operate: Operate, value_of: Callable[[str], str | None]) -> Operate:
        if operate.f == "release" and operate.key is not None:
            held = _parse(value_of(operate.key))
            if held is not None and held[1] is not None:
                return msgspec.structs.replace(operate, value=held[1])
        return operate

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        key = needed(key, self.name, f)
        if f == "holder" and value is None:
            found = (yield Get(key)).value
            held = _parse(found)
            return Outcome("ok", found if held is None else held[1])
        is_owner = isinstance(value, str) and value != "" and " " not in value
        if f not in ("acquire", "release") or not is_owner:
            raise unknown_operation(self.name, f, value)
        change = _acquire if f == "acquire" else _release
        return (yield from update(key, value, lambda text: change(text, value)))

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        """Who holds the locks that were used is not known: a lock of which nobody has heard is
        acquired and released, another one each time."""
        fresh = f"{_LAST_OWNER}{len(events)}"
        groups = [
            [Operate(f=f, key=fresh, value=_LAST_OWNER)]
            for f in ("acquire", "release")
            if f == "acquire" or f in kinds
        ]
        return [*groups, each_key("holder", keys)]

    def account(self, history: History) -> Account:
        def is_of_the_run(key: object) -> bool:
            return not str(key).startswith(_LAST_OWNER)

        return account_of_lock(history.operations(), is_of_the_run)


def _parse(text: str | None) -> tuple[int, str | None] | None:
    """The last token and the owner; None if the text makes no sense."""
    token, has_owner, owner = (text or "0").partition(" ")
    if not token.isdecimal() or (has_owner and not owner):
        return None
    return int(token), owner or None


def _acquire(text: str | None, owner: str) -> Change | Outcome:
    held = _parse(text)
    if held is None:
        return Outcome("fail", owner, NONSENSE)
    if held[1] is not None:
        return Outcome("fail", owner, "it is held")
    token = held[0] + 1
    return Change(f"{token} {owner}", Outcome("ok", token))


def _release(text: str | None, owner: str) -> Change | Outcome:
    held = _parse(text)
    if held is None:
        return Outcome("fail", owner, NONSENSE)
    if held[1] != owner:
        return Outcome("fail", owner, "it is not held by this owner")
    return Change(str(held[0]), Outcome("ok", owner))
