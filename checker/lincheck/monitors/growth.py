"""Growth: which write, and which appends behind it, made each text that was seen.

Theory of operation
-------------------
In a legal order every text is what some write left (a *root*: the initial value, a put, a delete, a
compare-and-set) and then what was appended to it. So a text that was seen must be a root's text
followed by appended texts. Reading it from left to right, this walks from place to place: only
appended texts that stand at a place can come next. Where never more than one does, the text was
made in one way at the most, and the walk tells which; if none does, it was never made.

What one root grew into are beginnings of one another, for a text only grows until the next write.
So the texts seen, the shorter ones first, each go on where the longest one of their root ends: each
place is walked over once. A text that does not begin with it is one that cannot be explained.

Several roots may fit a text (two puts of one text, or the initial value and an append of what
somebody put). Real time mostly leaves one of them: a root cannot have made what was seen only
before it began, or only after another write that began behind it had completed. If more than one
is left, one is guessed: then the guess may be right, but nothing is impossible because of it.

Cost: the length of the texts that were seen, to compare them; and a look for each length of
appended texts at each place of the longest ones.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from checker.lincheck.engine import NotApplicable
from checker.lincheck.monitors.clusters import Contradiction
from checker.lincheck.monitors.zones import BEFORE, NEVER

_LENGTHS_MAX = 64
"""Of more lengths of texts than these, a look for each at each place would take too long."""

EQUAL_MAX = 64
"""Which of more equal texts than these was meant is not asked."""


@dataclass(slots=True)
class Growth:
    """What grew out of what, in numbers: those of the roots, and then those of the steps."""

    number_of: dict[Any, int] = field(default_factory=dict)
    """The root or step that left each value that was seen."""
    steps: list[str] = field(default_factory=list)
    """The text that each step appended."""
    behind: list[int] = field(default_factory=list)
    """The root or step that each step follows; it has a lower number."""
    roots: list[int] = field(default_factory=list)
    """Those that left something that was seen."""
    doubtful: set[Any] = field(default_factory=set)
    """Values for which several roots fit."""
    is_sure: bool = True
    """Nothing was guessed."""

    def clear(self) -> None:
        """Begin anew, because of what was found: that is no surer than it was."""
        self.number_of.clear()
        self.steps.clear()
        self.behind.clear()
        self.roots.clear()
        self.doubtful.clear()


class Roots:
    """The writers of whole values, by what they wrote; number 0 is that of the initial value.

    ``by_text``: the same, where what is absent counts as the empty text.
    """

    __slots__ = ("by_text", "by_value", "lengths", "texts")

    def __init__(self, absent: str | None, values: Sequence[Any]) -> None:
        self.texts: list[str] = [absent or "", *[value or "" for value in values]]
        by_value: dict[Any, list[int]] = {absent: [0]}
        for number, value in enumerate(values, start=1):
            if value in by_value:
                by_value[value].append(number)
            else:
                by_value[value] = [number]
        self.by_value = by_value
        self.by_text = by_value
        if absent is None:
            self.by_text = by_value.copy()
            self.by_text[""] = [*self.by_text.pop(None), *by_value.get("", ())]
        self.lengths = sorted(set(map(len, self.by_text)))
        if len(self.lengths) > _LENGTHS_MAX:
            raise NotApplicable("written texts have too many lengths")


class Times:
    """When what was seen was seen, and how long each root can have been there at the most."""

    __slots__ = ("_by_start", "_least", "_seen", "_spans", "_starts", "_stops")

    def __init__(
        self,
        starts: Iterable[int],
        stops: Iterable[int],
        seen: Iterable[tuple[Any, int, int]],
    ) -> None:
        """``seen``: values, and when each was asked for and answered; the others are of roots."""
        self._starts = [BEFORE, *starts]
        self._stops = [BEFORE, *stops]
        spans: dict[Any, tuple[int, int]] = {}
        for value, start, stop in seen:
            first, last = spans.get(value, (start, stop))
            spans[value] = min(first, start), max(last, stop)
        self._spans = spans
        self._seen = sorted(value for value in spans if value is not None)
        pairs = sorted(zip(self._starts, self._stops, strict=True))
        self._by_start = [start for start, _ in pairs]
        self._least = list(accumulate((stop for _, stop in reversed(pairs)), min))
        self._least.reverse()
        self._least.append(NEVER)

    def allowed(self, candidates: Sequence[int], prefix: str | None) -> list[int]:
        """Those of the roots that may have made anything that begins like this."""
        first, last = NEVER, BEFORE
        for start, stop in self._spans_of(prefix):
            first, last = min(first, start), max(last, stop)
        return [
            number
            for number in candidates
            if self._starts[number] < last
            # Another one that began when this one had completed ends its time.
            and first < self._least[bisect_right(self._by_start, self._stops[number])]
        ]

    def _spans_of(self, prefix: str | None) -> Iterator[tuple[int, int]]:
        if prefix is None:
            yield self._spans[None]
            return
        seen = self._seen
        for at in range(bisect_left(seen, prefix), len(seen)):
            if not seen[at].startswith(prefix):
                return
            yield self._spans[seen[at]]


def grow(
    growth: Growth,
    values: Iterable[Any],
    roots: Roots,
    texts: Collection[str],
    times: Callable[[], Times],
) -> None:
    """Tell how the values that were seen came about, in a growth that is empty.

    ``texts`` are those that were appended, none of them empty; ``times`` is asked where several
    roots fit. Raises Contradiction, without ranks, if one cannot have come about; NotApplicable if
    there are several ways.
    """
    lengths = sorted(set(map(len, texts)))
    if len(lengths) > _LENGTHS_MAX:
        raise NotApplicable("appended texts have too many lengths")
    fits = _fits(values, roots, texts, lengths)
    are_several = max([len(candidates) for _, candidates in fits], default=1) > 1
    root_of = _choose_roots(growth, roots, fits, times) if are_several else {}
    number_of, steps, behind = growth.number_of, growth.steps, growth.behind
    number = len(roots.texts)
    tips: dict[int, tuple[str, int]] = {}
    for value, candidates in fits:
        root = candidates[0] if len(candidates) == 1 else root_of[value]
        text, end = tips[root] if root in tips else (roots.texts[root], root)
        if value is None:
            tips[root] = "", end
            number_of[value] = end
            continue
        if not value.startswith(text):
            raise Contradiction
        at, size = len(text), len(value)
        while at < size:
            step = ""
            for length in lengths:
                piece = value[at : at + length]
                if piece in texts:
                    if step and piece != step:
                        raise NotApplicable(f"{piece!r} begins with {step!r}: both were appended")
                    step = piece
            if not step:
                raise Contradiction
            steps.append(step)
            behind.append(end)
            end = number
            number += 1
            at += len(step)
        tips[root] = value, end
        number_of[value] = end
    growth.roots.extend(tips)


def _fits(
    values: Iterable[Any], roots: Roots, texts: Collection[str], lengths: list[int]
) -> list[tuple[Any, list[int]]]:
    """The values, short ones first, and the roots that each may have grown from: those with its
    beginning, if that is all of it, or an appended text stands behind.

    Raises Contradiction if there are none.
    """
    by_text, by_value, root_lengths = roots.by_text, roots.by_value, roots.lengths
    # Where that is not all of a value, so many characters tell which roots fit.
    reach = root_lengths[-1] + (lengths[-1] if lengths else 0)
    of_head: dict[str, list[int]] = {}
    found: list[tuple[Any, list[int]]] = []
    for value in sorted(values, key=_length):
        if value is None:
            found.append((None, by_value[None]))
            continue
        size = len(value)
        if size > reach:
            head = value[:reach]
            if head in of_head:
                found.append((value, of_head[head]))
                continue
        candidates: list[int] = []
        for length in root_lengths:
            if length >= size:
                break
            several = by_text.get(value[:length])
            if several is not None:
                for more in lengths:
                    if value[length : length + more] in texts:
                        candidates = candidates + several if candidates else several
                        break
        if value in by_value:
            candidates = candidates + by_value[value]
        if not candidates:
            raise Contradiction
        if size > reach:
            of_head[head] = candidates
        found.append((value, candidates))
    return found


def _length(value: str | None) -> int:
    return 0 if value is None else len(value)


def _choose_roots(
    growth: Growth,
    roots: Roots,
    fits: list[tuple[Any, list[int]]],
    times: Callable[[], Times],
) -> dict[Any, int]:
    """The root of each value that several fit: of what begins with the same longest root's text,
    all have the same."""
    known = times()
    longest = {candidates[0]: value or "" for value, candidates in fits if len(candidates) == 1}
    chosen: dict[tuple[Any, ...], int] = {}
    root_of: dict[Any, int] = {}
    for value, candidates in fits:
        if len(candidates) == 1:
            continue
        if len(candidates) > EQUAL_MAX:
            raise NotApplicable(f"{value!r} may have been written by too many operations")
        growth.doubtful.add(value)
        prefix = None
        if value is not None:
            prefix = max((roots.texts[root] for root in candidates), key=len)
        several = (prefix, *candidates)
        if several not in chosen:
            allowed = known.allowed(candidates, prefix)
            # What one root grew into are beginnings of one another.
            allowed = [root for root in allowed if _are_in_line(prefix, longest.get(root))]
            if not allowed:
                raise Contradiction
            growth.is_sure &= len(allowed) == 1
            chosen[several] = allowed[-1]
        root_of[value] = chosen[several]
    return root_of


def _are_in_line(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one.startswith(other) or other.startswith(one)
