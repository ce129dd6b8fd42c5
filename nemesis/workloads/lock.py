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
from nemesis.schedule import MILLISECOND, Operate
from nemesis.workloads.performance import Outcome, Program
from nemesis.workloads.updates import NONSENSE, Change, needed, unknown_operation, update
from nemesis.workloads.values import Values
from nemesis.workloads.workload import Workload, each_key, workload
from raft.kv.commands import Get

# Owners are no clients: a client goes on under another process after an operation whose outcome
# nobody knows, and whoever it asked for may own the lock by then.
_OWNERS = ("a", "b")
# Per cent of the acquisitions and releases that are drawn in turn.
_IN_TURN = 80
# About how long one of these takes, in ns: what follows comes after it.
_HELD_FOR = 25 * MILLISECOND


@workload
class LockWorkload(Workload):
    """Locks that are handed over between owners. An acquire of a lock that is held fails at once,
    and so does a release by another than its owner: neither says anything."""

    name: ClassVar[str] = "lock"
    model: ClassVar[str] = "fencing-lock"
    operations: ClassVar[tuple[str, ...]] = ("holder", "acquire", "release")
    reads: ClassVar[frozenset[str]] = frozenset({"holder"})
    inseparable: ClassVar[frozenset[str]] = frozenset({"acquire", "release"})
    may_repeat: ClassVar[bool] = False

    def draw(
        self,
        chooser: Chooser,
        kinds: Sequence[str],
        keys: Sequence[str],
        client: int,
        values: Values,
        wait: int,
    ) -> Operate:
        """Mostly one owner after the other, of one lock, so that it is free when it is asked for;
        what is drawn beside that, and what fails, gets in its way."""
        f = chooser.pick(kinds)
        key = chooser.pick(keys)
        if f == "holder":
            return Operate(client=client, f=f, key=key, wait=wait)
        owner = chooser.pick(_OWNERS)
        if chooser.chance(_IN_TURN):
            turn, is_release = divmod(int(values.new()) - 1, 2)
            key = keys[0]
            # As Thue and Morse have it: where one of them always comes too late, both have a turn.
            owner = _OWNERS[turn.bit_count() % len(_OWNERS)]
            f = "release" if is_release else "acquire"
            wait = max(wait, _HELD_FOR)
        return Operate(client=client, f=f, key=key, value=owner, wait=wait)

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
        handed over, another one each time."""
        one, other = _OWNERS
        fresh = f"last{len(events)}"
        handover = (("acquire", one), ("release", one), ("acquire", other))
        groups = [[Operate(f=f, key=fresh, value=owner)] for f, owner in handover]
        return [*groups, each_key("holder", keys)]

    def account(self, history: History) -> Account:
        return account_of_lock(history.operations())


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
