"""Theory of a part whose state is one value: what registers and a key of a key-value store share.

Four calls, whatever the model calls them:

    read             result: the value              allowed if the state is that value
    write   argument: the new value                 always
    append  argument: a text                        always; an absent value counts as ""
    cas     argument: (expected, new)
            result True                             allowed if the state is ``expected``
            result False (an observation)           allowed if the state is not ``expected``

Everything here is a pure function of such calls.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise
from typing import Any

from checker.models.model import (
    ANY_STATE,
    ANYTHING,
    DEAD,
    UNKNOWN,
    Call,
    CallError,
    Effect,
    Foresight,
    State,
)


def step(state: State, f: str, argument: Any, result: Any) -> tuple[bool, State]:
    """The sequential specification of one value."""
    if f == "read":
        return state == result, state
    if f == "write":
        return True, argument
    if f == "cas":
        if result:
            return state == argument[0], argument[1]
        return state != argument[0], state
    if state is DEAD:
        return True, DEAD
    return True, (state or "") + argument


def needs(call: Call) -> State:
    """A read needs what it returned, a compare-and-set that took effect what it expected."""
    if call.f == "read":
        return call.result
    if call.f == "cas" and call.result:
        return call.argument[0]
    return ANY_STATE


def read(key: Any, result: Any) -> Call:
    """A read that returned ``result``."""
    return Call("read", key, None, result, "observes")


def write(key: Any, value: Any) -> Call:
    """A write of ``value``."""
    return Call("write", key, value, None, "overwrites")


def append(key: Any, text: str) -> Call:
    """An append of ``text``."""
    return Call("append", key, text, None, "applies")


def compare_and_set(key: Any, expected: Any, new: Any, *, swapped: bool) -> Call:
    """A compare-and-set that took effect, or one that saw another value than ``expected``.

    One with unknown outcome is the former: if it did not take effect it changed nothing.
    """
    effect: Effect = "depends" if swapped else "observes"
    return Call("cas", key, (expected, new), swapped, effect)


def pair_of(argument: Any, what: str) -> tuple[Any, Any]:
    """The two elements of a compare-and-set's value."""
    if not isinstance(argument, list | tuple) or len(argument) != 2:
        raise CallError(f"the value of {what} must be a pair [expected, new], not {argument!r}")
    return argument[0], argument[1]


def reveals(call: Call) -> State:
    """The value after this call, where the call alone tells it."""
    if call.f == "read":
        return call.result
    if call.f == "write":
        return call.argument
    return call.argument[1] if call.f == "cas" and call.result else ANYTHING


def foresee(calls: Sequence[Call]) -> Foresight:
    """Which values an observation can still confirm.

    A value that no read returned and no compare-and-set expected is as good as any other such
    value: all of them are one state, DEAD. Where there are appends, the beginnings of such values
    count too, for an append may complete them.

    A crashed call that can only lead to DEAD serves nobody, except a compare-and-set which saw
    that the value was not what it expected.
    """
    observed = Observed()
    for f, _key, argument, result, _effect in calls:
        if f == "read":
            observed.wanted.add(result)
        elif f == "cas":
            observed.wanted.add(argument[0])
            if not result:
                observed.mismatches = True
        elif f == "append":
            observed.appends = True
    alive = observed.alive()

    def collapse(state: State) -> State:
        return state if state is not DEAD and alive(state) else DEAD

    def useless(call: Call) -> bool:
        if call.f == "append":
            return observed.serves_nobody(alive, appended=call.argument)
        written = call.argument if call.f == "write" else call.argument[1]
        return observed.serves_nobody(alive, written=written)

    return Foresight(collapse, useless, sees=_sees)


def _sees(call: Call) -> State:
    return call.result if call.f == "read" else UNKNOWN


class Observed:
    """What the calls of a part can tell about one value, gathered before the search."""

    __slots__ = ("appends", "mismatches", "wanted")

    def __init__(self) -> None:
        # Values that a call returned or compared with.
        self.wanted: set[Any] = set()
        # Whether there are appends, and calls that may depend on the value being another.
        self.appends = False
        self.mismatches = False

    def alive(self) -> Callable[[State], bool]:
        """Whether an observation can still confirm this value, or one that grows out of it."""
        return _beginnings(self.wanted, self._texts()) if self.appends else self.wanted.__contains__

    def serves_nobody(
        self, alive: Callable[[State], bool], *, written: Any = None, appended: str | None = None
    ) -> bool:
        """Whether a crashed call that writes, or appends, this can be left out."""
        if self.mismatches:
            return False
        if appended is not None:
            return not any(appended in text for text in self._texts())
        return not alive(written)

    def _texts(self) -> list[str]:
        return sorted(value for value in self.wanted if type(value) is str)


def _beginnings(wanted: set[Any], texts: list[str]) -> Callable[[State], bool]:
    """Whether a value is wanted or the beginning of a wanted text; ``texts`` is sorted."""

    def alive(state: State) -> bool:
        if state in wanted:
            return True
        if state is None:
            return bool(texts)
        at = bisect_left(texts, state)
        return at < len(texts) and texts[at].startswith(state)

    return alive


def clusters(calls: Sequence[Call]) -> list[list[int]]:
    """Sets of calls that may be dropped together: if the part is linearizable, so is the rest.

    A set holds all calls that mention some values, where compare-and-sets tie their two values
    together. Take a linearization of the whole and remove them: before each call that is left, the
    last write that is left is the last write there was, unless what was there was removed; but then
    the call mentions a removed value and is removed too. The exception is an observation "the value
    is not a", which mentions ``a`` and is satisfied by any other value: with one of these nothing
    is known to be safe.

    Generalizes the clusters of Gibbons and Korach, "Testing Shared Memories" (1997). Where there
    are appends, see ``_clusters_of_texts``.
    """
    mentions: list[Any] = []
    ties = _Ties()
    appends = False
    for f, _key, argument, result, _effect in calls:
        if f == "cas":
            if not result:
                return []
            ties.tie(argument[0], argument[1])
            mentions.append(argument[1])
        else:
            appends |= f == "append"
            mentions.append(result if f == "read" else argument)
    return _clusters_of_texts(calls) if appends else ties.groups(mentions)


_SLICES_MAX = 1 << 20
"""Pieces of texts that are looked up at the most."""


def _clusters_of_texts(calls: Sequence[Call]) -> list[list[int]]:
    """Clusters where texts grow out of each other: a set holds, of each value that a call of it
    saw, all that may have made it.

    What a call sees was made by a write, whose text it begins with, and the appends behind that,
    whose texts stand in it. Take a linearization and remove sets: of what stands between the write
    and the call that saw it, nothing is removed unless the call is. So it sees the same.

    To save time the makers are only sought for texts that no other one begins with; the beginnings
    are tied to these.
    """
    ties = _Ties()
    written: dict[str, list[int]] = {}
    appended: dict[str, list[int]] = {}
    observers: dict[Any, int] = {}
    absent: list[int] = []
    for at, (f, _key, argument, result, _effect) in enumerate(calls):
        if f == "append":
            appended.setdefault(argument, []).append(at)
            continue
        if f != "read":
            value = argument[1] if f == "cas" else argument
            written.setdefault(value or "", []).append(at)
            if value is None:
                absent.append(at)
        if f != "write":
            value = result if f == "read" else argument[0]
            ties.tie(observers.setdefault(value, at), at)
    if None in observers:
        for at in absent:
            ties.tie(at, observers[None])
    texts = sorted(value for value in observers if value is not None)
    heads, lengths = sorted(set(map(len, written))), sorted(set(map(len, appended)))
    if sum(map(len, texts)) * len(lengths) + len(texts) * len(heads) > _SLICES_MAX:
        return []
    for text, following in pairwise([*texts, ""]):
        observer = observers[text]
        if text and following.startswith(text):
            ties.tie(observer, observers[following])
            continue
        makers = [written.get(text[:length], ()) for length in heads]
        for length in lengths:
            for start in range(len(text) - length + 1):
                makers.append(appended.get(text[start : start + length], ()))
        for maker in chain.from_iterable(makers):
            ties.tie(maker, observer)
    return ties.groups(range(len(calls)))


class _Ties:
    """Things that are tied together, directly or not."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root: dict[Any, Any] = {}

    def _find(self, thing: Any) -> Any:
        root = self._root
        while (above := root.setdefault(thing, thing)) != thing:
            root[thing] = thing = root[above]
        return thing

    def tie(self, one: Any, other: Any) -> None:
        self._root[self._find(one)] = self._find(other)

    def groups(self, things: Iterable[Any]) -> list[list[int]]:
        """The positions of the things, those together that are tied or equal."""
        found: dict[Any, list[int]] = {}
        for position, thing in enumerate(things):
            found.setdefault(self._find(thing), []).append(position)
        return list(found.values())
