"""Two runs side by side: what is the same, what differs, and where they part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

import msgspec

from nemesis.schedule import Schedule, encode_schedule
from nemesis.store import Saved

# Longer schedules are compared line by line, as they stand: to find what was moved takes the square
# of their length.
_MOST_STEPS = 2_000
# Lines of each file that are shown from the first difference on, and before it.
_SHOWN = 5
_MOST_BYTES = 500


class Fact(NamedTuple):
    """What is said of both runs."""

    name: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Whether it is not the same of both."""
        return self.first != self.second


class Line(NamedTuple):
    """A step that both have, or only one of them."""

    of: Literal["both", "first", "second"]
    text: str


class Parting(NamedTuple):
    """Where two files differ first: the number of the line, from 1 on, and what stands there and
    around it in each; None if they do not."""

    line: int | None
    first: list[str]
    second: list[str]


class Comparison(NamedTuple):
    """Two runs."""

    facts: list[Fact]
    knobs: list[Fact]
    statistics: list[Fact]
    steps: list[Line]
    history: Parting
    trace: Parting


def compare(first: Saved, second: Saved) -> Comparison:
    """What the runs have in common, and what not."""
    return Comparison(
        _facts(first, second),
        _different(_plain(first.schedule.knobs), _plain(second.schedule.knobs)),
        _statistics(first, second),
        _steps(first.schedule, second.schedule),
        _parting(first.history, second.history),
        _parting(first.trace, second.trace),
    )


def _facts(first: Saved, second: Saved) -> list[Fact]:
    def said(of: Saved) -> dict[str, str]:
        results = of.results
        return {
            "verdict": results.validity.value,
            "failures": "; ".join(f"{each.kind}: {each.message}" for each in results.failures),
            "reasons": "; ".join(results.reasons),
            "subject": results.variant,
            "model": results.model,
            "history alone": results.history_validity.value,
            "seed": str(of.schedule.seed),
            "steps": str(len(of.schedule.steps)),
            "version": results.version,
        }

    return _pairs(said(first), said(second))


def _pairs(first: Mapping[str, str], second: Mapping[str, str]) -> list[Fact]:
    names = dict.fromkeys((*first, *second))
    return [Fact(name, first.get(name, ""), second.get(name, "")) for name in names]


def _plain(value: Any) -> dict[str, str]:
    fields: dict[str, Any] = msgspec.to_builtins(value)
    return {name: msgspec.json.encode(each).decode() for name, each in fields.items()}


def _different(first: Mapping[str, str], second: Mapping[str, str]) -> list[Fact]:
    return [fact for fact in _pairs(first, second) if fact.differs]


def _statistics(first: Saved, second: Saved) -> list[Fact]:
    def counted(of: Saved) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in msgspec.to_builtins(of.results.statistics).items():
            if isinstance(value, dict):
                found.update({f"{name}: {key}": str(each) for key, each in value.items()})
            else:
                found[name] = str(value)
        return found

    return _pairs(counted(first), counted(second))


def step_lines(schedule: Schedule) -> list[str]:
    """The steps of a schedule, each as it stands in its file."""
    lines = encode_schedule(schedule).decode().splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith(' "steps"')) + 1
    return [line.strip().rstrip(",") for line in lines[begin:-1] if line.strip()]


def _steps(first: Schedule, second: Schedule) -> list[Line]:
    before, after = step_lines(first), step_lines(second)
    if max(len(before), len(after)) > _MOST_STEPS:
        return list(_line_by_line(before, after))
    lines: list[Line] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, low, high, other_low, other_high in matcher.get_opcodes():
        if kind == "equal":
            lines.extend(Line("both", text) for text in before[low:high])
        else:
            lines.extend(Line("first", text) for text in before[low:high])
            lines.extend(Line("second", text) for text in after[other_low:other_high])
    return lines


def _line_by_line(before: list[str], after: list[str]) -> Iterable[Line]:
    for old, new in zip_longest(before, after):
        if old == new:
            yield Line("both", old)
            continue
        if old is not None:
            yield Line("first", old)
        if new is not None:
            yield Line("second", new)


def _parting(first: bytes, second: bytes) -> Parting:
    if first == second:
        return Parting(None, [], [])
    before, after = first.split(b"\n"), second.split(b"\n")
    pairs = zip_longest(before, after)
    at = next(number for number, (old, new) in enumerate(pairs) if old != new)
    low, high = max(0, at - 1), at + _SHOWN
    return Parting(at + 1, _shown(before[low:high]), _shown(after[low:high]))


def _shown(lines: list[bytes]) -> list[str]:
    return [
        line[:_MOST_BYTES].decode(errors="replace") + ("…" if len(line) > _MOST_BYTES else "")
        for line in lines
    ]
