"""Conditions weaker than linearizability, and which of them is the strongest that holds.

    ladder = strongest(history, get_model("register"))
    ladder.strongest                ("sequential",), say
    ladder["sequential"]            a Finding: validity, reason, operations, order
    ladder.staleness.least          the least bound on how old an answer was, in ns

``docs/conditions.md`` has the definitions. Standard library only.
"""

from checker.lincheck.conditions.finding import Finding, Judge, judge_by_frontier
from checker.lincheck.conditions.ladder import LINEARIZABLE, Ladder, strongest
from checker.lincheck.conditions.orders import (
    GUARANTEES,
    MONOTONIC_READS,
    MONOTONIC_WRITES,
    READ_YOUR_WRITES,
    WRITES_FOLLOW_READS,
)
from checker.lincheck.conditions.sequential import SEQUENTIAL, sequential
from checker.lincheck.conditions.sessions import session_guarantees
from checker.lincheck.conditions.staleness import (
    Bound,
    least_delta,
    least_versions,
    times_of,
    versioned,
    widened,
)

__all__ = [
    "GUARANTEES",
    "LINEARIZABLE",
    "MONOTONIC_READS",
    "MONOTONIC_WRITES",
    "READ_YOUR_WRITES",
    "SEQUENTIAL",
    "WRITES_FOLLOW_READS",
    "Bound",
    "Finding",
    "Judge",
    "Ladder",
    "judge_by_frontier",
    "least_delta",
    "least_versions",
    "sequential",
    "session_guarantees",
    "strongest",
    "times_of",
    "versioned",
    "widened",
]
