"""What was observed in a run, as short words: by these a corpus tells runs apart.

A word is a pair of transitions that came one after the other: what each was, whether it was of the
same server, and whether that server's term was older, the same or newer; or an attack that had an
effect in a run in which something else happened, too. Both are read from what every run records.
"""

from __future__ import annotations

from checker.trace import (
    Applied,
    Persisted,
    RoleChanged,
    Started,
    StateDigest,
    TermChanged,
    TraceEvent,
)
from nemesis.outcome import Run

# What follows from other transitions, and is in every run many times.
_COMMON = (Applied, Persisted, StateDigest)


def signatures_of(run: Run) -> set[str]:
    """All words of a run."""
    found = _transitions(run.trace)
    milestones = run.statistics.milestones
    for attack in run.statistics.confirmed:
        found.update(f"{attack} and {milestone}" for milestone in milestones)
    return found


def _transitions(trace: list[TraceEvent]) -> set[str]:
    pairs: set[tuple[str, str, bool, int]] = set()
    terms: dict[str, int] = {}
    last, last_node, last_term = "", "", 0
    for event in trace:
        if isinstance(event, _COMMON):
            continue
        node = event.node
        if isinstance(event, (Started, TermChanged)):
            terms[node] = event.term
        term = terms.get(node, 0)
        what = event.role if isinstance(event, RoleChanged) else str(event.__struct_config__.tag)
        pairs.add((last, what, node == last_node, (term > last_term) - (term < last_term)))
        last, last_node, last_term = what, node, term
    return {
        f"{first} {'' if is_same else 'elsewhere '}{_TERMS[newer]} {second}"
        for first, second, is_same, newer in pairs
    }


_TERMS = {-1: "older", 0: "then", 1: "newer"}
