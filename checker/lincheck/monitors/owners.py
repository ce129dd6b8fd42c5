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
from checker.lincheck.monitors.growth import Growth
from checker.lincheck.monitors.zones import BEFORE, NEVER


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
    numbers = {text: number for number, text in enumerate(appends.value)}
    if len(numbers) == len(appends.at):
        of_step = [numbers[text] for text in growth.steps]
        owning = set(of_step)
        if len(owning) < len(of_step):
            raise Contradiction
    else:
        of_step = _shared_out(told, growth)
        owning = set(of_step)
    blind: list[int] = []
    if len(owning) < len(appends.at):
        stops = appends.stop
        blind = [n for n in range(len(stops)) if n not in owning and stops[n] != NEVER]
    return Owners(of_step, blind)


def _shared_out(told: Told, growth: Growth) -> list[int]:
    appends = told.appends
    stops = appends.stop
    by_text: dict[str, list[int]] = {}
    for number, text in enumerate(appends.value):
        by_text.setdefault(text, []).append(number)
    candidates = _in_time(told, growth, by_text)
    owners = [found[0] if len(found) == 1 else -1 for found in candidates]
    taken = {owner for owner in owners if owner >= 0}
    if not all(candidates) or len(taken) < len(owners) - owners.count(-1):
        raise Contradiction
    for step, owner in enumerate(owners):
        if owner < 0:
            left = [number for number in candidates[step] if number not in taken]
            if not left:
                raise NotApplicable("several operations appended a text, and all stand elsewhere")
            growth.is_sure &= len(left) == 1
            owners[step] = min(left, key=stops.__getitem__)
            taken.add(owners[step])
    return owners


def _in_time(told: Told, growth: Growth, by_text: dict[str, list[int]]) -> list[list[int]]:
    """The appends that each step may be."""
    starts, stops = told.appends.start, told.appends.stop
    begun = [BEFORE, *told.writes.start, *told.swaps.start]
    roots = len(begun)
    owners = [by_text[text] for text in growth.steps]
    begun += [starts[each[0]] if len(each) == 1 else BEFORE for each in owners]
    ended = [NEVER] * roots
    ended += [stops[each[0]] if len(each) == 1 else NEVER for each in owners]
    for value, start, stop in told.seen():
        number = growth.number_of[value]
        begun[number] = max(begun[number], start)
        ended[number] = min(ended[number], stop)
    for number, behind in enumerate(growth.behind, start=roots):
        begun[number] = max(begun[number], begun[behind])
    for number in range(len(begun) - 1, roots - 1, -1):
        behind = growth.behind[number - roots]
        ended[behind] = min(ended[behind], ended[number])
    return [
        each
        if len(each) == 1
        else [at for at in each if starts[at] < ended[number] and stops[at] > begun[behind]]
        for number, (each, behind) in enumerate(
            zip(owners, growth.behind, strict=True), start=roots
        )
    ]
