"""Owners: which of the operations that appended a text stands at which place.

Theory of operation
-------------------
A text that was appended once can stand at one place at the most. Where a text was appended several
times, real time says who may own a place: it must have begun before anything that was seen of that
place, or of what grew behind it, completed, and completed after everything in front of it began.
Places with one such operation are its own, and if two have the same one, neither real time nor
anything else allows it. What is left is guessed: whoever completes first comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.clusters import Column, Contradiction
from checker.lincheck.monitors.growth import EQUAL_MAX, Growth
from checker.lincheck.monitors.zones import BEFORE, NEVER

_UNKNOWN = -1


class Told(NamedTuple):
    """What operations said, without those that said nothing; the completion of a crashed one is
    NEVER.

    Writes are puts and deletes. ``expected`` belongs to the swaps; those which are ``needed`` took
    effect.
    """

    reads: Column
    writes: Column
    appends: Column
    swaps: Column
    mismatches: Column
    expected: list[Any]
    needed: list[int]

    def seen(self) -> Iterator[tuple[Any, int, int]]:
        """Values, and when each was asked for and answered."""
        yield from zip(self.reads.value, self.reads.start, self.reads.stop, strict=True)
        for swap in self.needed:
            yield self.expected[swap], self.swaps.start[swap], self.swaps.stop[swap]


class Owners(NamedTuple):
    """Appends, by their places in the column of appends."""

    of_step: list[int]
    blind: list[int]
    """Those which nothing seen shows, and which did not crash."""


def owners_of(told: Told, growth: Growth) -> Owners:
    """The append of each step; raises Contradiction, NotApplicable.

    The growth is not sure any more if one was guessed.
    """
    appends = told.appends
    numbers = dict(zip(appends.value, range(len(appends.at)), strict=True))
    if len(numbers) == len(appends.at):
        of_step = [numbers[text] for text in growth.steps]
    else:
        of_step = _shared_out(told, growth)
    owning = set(of_step)
    if len(owning) < len(of_step):
        raise Contradiction
    if len(owning) == len(appends.at):
        return Owners(of_step, [])
    blind = [n for n, stop in enumerate(appends.stop) if n not in owning and stop != NEVER]
    return Owners(of_step, blind)


def _shared_out(told: Told, growth: Growth) -> list[int]:
    by_text: dict[str, list[int]] = {}
    for number, text in enumerate(told.appends.value):
        if text in by_text:
            by_text[text].append(number)
        else:
            by_text[text] = [number]
    several = [by_text[text] for text in growth.steps]
    owners = [each[0] if len(each) == 1 else _UNKNOWN for each in several]
    if _UNKNOWN not in owners:
        return owners
    begun, ended = _times(told, growth, owners)
    starts, stops = told.appends.start, told.appends.stop
    roots = len(begun) - len(owners)
    left: list[tuple[int, list[int]]] = []
    for step, owner in enumerate(owners):
        if owner == _UNKNOWN:
            before, after = begun[growth.behind[step]], ended[roots + step]
            if len(several[step]) > EQUAL_MAX:
                raise NotApplicable(f"{growth.steps[step]!r} was appended too often")
            fit = [at for at in several[step] if starts[at] < after and stops[at] > before]
            if not fit:
                raise Contradiction
            if len(fit) == 1:
                owners[step] = fit[0]
            else:
                left.append((step, fit))
    taken = set(owners)
    for step, fit in left:
        free = [number for number in fit if number not in taken]
        if not free:
            raise NotApplicable("several operations appended a text, and all stand elsewhere")
        growth.is_sure &= len(free) == 1
        owners[step] = min(free, key=stops.__getitem__)
        taken.add(owners[step])
    return owners


def _times(told: Told, growth: Growth, owners: list[int]) -> tuple[list[int], list[int]]:
    """For each root and step: the latest invocation in it and in front of it, and the earliest
    completion in it and behind it, of what is known."""
    starts, stops = told.appends.start, told.appends.stop
    begun = [BEFORE, *told.writes.start, *told.swaps.start]
    roots = len(begun)
    begun += [BEFORE if owner == _UNKNOWN else starts[owner] for owner in owners]
    ended = [NEVER] * roots
    ended += [NEVER if owner == _UNKNOWN else stops[owner] for owner in owners]
    number_of = growth.number_of
    for value, start, stop in told.seen():
        number = number_of[value]
        if start > begun[number]:
            begun[number] = start
        if stop < ended[number]:
            ended[number] = stop
    for number, behind in enumerate(growth.behind, start=roots):
        if begun[behind] > begun[number]:
            begun[number] = begun[behind]
    number = len(begun)
    for behind in reversed(growth.behind):
        number -= 1
        if ended[number] < ended[behind]:
            ended[behind] = ended[number]
    return begun, ended
