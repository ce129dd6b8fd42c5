"""Guesses at how the texts of a key came about: quick, and if one holds, the key is possible.

Theory of operation
-------------------
``appends`` decides; it numbers everything for that, and has to exclude all that could be otherwise.
Most keys are possible, and in the way that comes to mind first, which takes less than half as long:

- where operations follow each other without overlap, there is only one order to try;
- otherwise each text that was read is taken for what the latest put that fits, and began before the
  text was read, left, with appended texts behind it: of several that stand at a place, the first
  that is found; of several appends of one text, the earliest that real time allows. What grew from
  one put is walked along with the latest invocation so far, as ``chains`` does it, and what comes
  out is a zone; appends that nothing shows are zones too (``appends``); and these are put in a line
  (``zones``).

If the line holds, there is a legal order: the parts of each zone as they were walked, zone by zone.
If anything does not fit, nothing is known.

Cost: the length of the texts that were read, to compare them; a look for each length of appended
texts at each place of the longest ones; and one sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checker.history import Operation
from checker.lincheck.monitors.zones import BEFORE, NEVER

_ONE_BY_ONE_MAX = 1 << 16
"""Longer texts than this are not put together piece by piece."""

_LENGTHS_MAX = 64
"""Of more lengths of texts than these, a look for each at each place would take too long."""

_EQUAL_MAX = 64
"""Of more operations with one text than these, the first guess is mostly wrong."""

_Span = tuple[int, int]
"""Invocation and completion, NEVER if there is none."""

_Zone = list[Any]
"""[text, earliest completion, latest invocation, invocation of the put] of what one put, and what
grew from it so far, comes to."""


def is_plain_sequence(operations: Sequence[Operation], absent: str | None) -> bool:
    """Whether they are gets, puts and appends without overlap, all completed, that answer what they
    must after each other. ``absent`` is what the key is at first."""
    state = absent
    latest = -1
    for _, f, _, argument, result, outcome, start, stop, _, _, _ in operations:
        if start < latest or outcome != "ok" or stop is None:
            return False
        latest = stop
        if f == "get":
            if result != state:
                return False
        elif type(argument) is not str:
            return False
        elif f == "append":
            if state is None:
                state = argument
            else:
                # Nobody else holds it: then Python makes it longer where it is.
                state += argument
                if len(state) > _ONE_BY_ONE_MAX:
                    return False
        elif f == "put":
            state = argument
        else:
            return False
    return True


def is_plainly_possible(operations: Sequence[Operation], absent: str | None) -> bool:
    """Whether they are gets, puts and appends of one key that the first guess explains.

    They come in order of invocation.
    """
    # Of each text read: the earliest completion, the latest invocation.
    seen: dict[Any, list[int]] = {}
    appended: dict[str, _Span | None] = {}
    repeated: dict[str, list[_Span]] = {}
    puts: dict[str, list[_Zone]] = {}
    for _, f, _, argument, result, outcome, start, end, _, _, _ in operations:
        stop = NEVER if end is None else end
        if f == "get":
            if outcome == "ok":
                if type(result) is not str and result is not absent:
                    return False
                if result in seen:
                    span = seen[result]
                    span[1] = start
                    if stop < span[0]:
                        span[0] = stop
                else:
                    seen[result] = [stop, start]
        elif type(argument) is not str:
            return False
        elif f == "append":
            if outcome == "fail":
                continue
            if argument not in appended:
                appended[argument] = start, stop
            else:
                once = appended[argument]
                if once is not None:
                    appended[argument] = None
                    repeated[argument] = [once]
                repeated[argument].append((start, stop))
        elif f == "put":
            if outcome == "fail":
                continue
            if argument in puts:
                puts[argument].append([argument, stop, start, start])
            else:
                puts[argument] = [[argument, stop, start, start]]
        else:
            return False
        if end is None and outcome != "info":
            return False
    if "" in appended:
        return False
    if any(len(several) > _EQUAL_MAX for several in repeated.values()):
        return False
    initial: _Zone = ["", BEFORE, BEFORE, BEFORE]
    if absent in seen and not puts.get(""):
        initial[2] = seen.pop(absent)[1]
    if not _grow(seen, appended, repeated, puts, initial):
        return False
    zones = [
        (stop if stop < last else last, stop, last)
        for several in puts.values()
        for _, stop, last, _ in several
        if stop != NEVER
    ]
    spans = [span for span in appended.values() if span is not None]
    for several in repeated.values():
        spans += several
    zones += [(start, stop, start) for start, stop in spans if stop != NEVER]
    zones.sort()
    latest = initial[2]
    for _, stop, last in zones:
        if stop < latest:
            return False
        if last > latest:
            latest = last
    return True


def _grow(
    seen: dict[Any, list[int]],
    appended: dict[str, _Span | None],
    repeated: dict[str, list[_Span]],
    puts: dict[str, list[_Zone]],
    initial: _Zone,
) -> bool:
    """Let the zones grow into what was seen, from what was appended, which is used up; False if
    that does not fit. Texts appended several times have None in ``appended``."""
    lengths = sorted(set(map(len, appended)))
    heads = sorted(set(map(len, puts)), reverse=True)
    if len(lengths) + len(heads) > _LENGTHS_MAX or None in seen:
        return False
    for value in sorted(seen, key=len):
        answered, asked = seen[value]
        zone = initial
        for length in heads:
            head = value[:length]
            if head in puts:
                zone = _latest_before(answered, puts[head]) or initial
                break
        text, earliest, latest, _ = zone
        at, size = len(text), len(value)
        if (size == 0 and zone is initial) or not value.startswith(text):
            return False
        while at < size:
            for length in lengths:
                piece = value[at : at + length]
                if piece in appended:
                    break
            else:
                return False
            at += length
            span = appended[piece]
            if span is None:
                span = _first_after(latest, repeated[piece])
                if span is None:
                    return False
            else:
                del appended[piece]
            start, stop = span
            if stop < latest:
                return False
            if stop < earliest:
                earliest = stop
            if start > latest:
                latest = start
        if answered < latest:
            return False
        zone[0] = value
        zone[1] = answered if answered < earliest else earliest
        zone[2] = asked if asked > latest else latest
    return True


def _latest_before(rank: int, zones: list[_Zone]) -> _Zone | None:
    for zone in zones[: -_EQUAL_MAX - 1 : -1]:
        if zone[3] < rank:
            return zone
    return None


def _first_after(rank: int, spans: list[_Span]) -> _Span | None:
    """Take the first that had not completed before this rank."""
    for at, (_, stop) in enumerate(spans):
        if stop > rank:
            return spans.pop(at)
    return None
