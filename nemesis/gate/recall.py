"""Recall: does the search still find the bugs that it found when the record was made?

The record holds, for each bug of the zoo, after how many executions a hunt of one start found it,
of at most so many; and no number where it did not. While nothing changes, a hunt is the same again.
A change of what is drawn finds each bug sooner or later than before; what must not fall is how many
are found within the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from checker.verdict import Validity
from nemesis.errors import NemesisError
from nemesis.gate.stage import Case, Stage
from nemesis.search.ensemble import ENSEMBLE
from nemesis.zoo.hunt import Catch
from nemesis.zoo.round import hunt_all, hunts_of
from raft.bugs import BUGS

NAME = "zoo"
RECORD: Final = Path(__file__).parent / "recall.json"
# Executions of each hunt, unless the record says otherwise: nearly all bugs are found in fewer.
BUDGET = 400


class RecordBroken(NemesisError):
    """The record cannot be read; the message says why, and how to make a new one."""


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """The record: by bug, the executions until it was found; None: it was not."""

    budget: int
    executions: dict[str, int | None]

    @property
    def found(self) -> frozenset[str]:
        """The bugs that were found."""
        return frozenset(bug for bug, count in self.executions.items() if count is not None)


def read_recall(path: Path = RECORD) -> Recall:
    """Read the record. Raises RecordBroken."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recall)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordBroken(
            f"{path}: cannot be read: {error}; splitbrain gate --record makes a new one"
        ) from error


def write_recall(recall: Recall, path: Path = RECORD) -> None:
    """Write the record, a bug a line. Raises OSError."""
    content = msgspec.json.encode(recall, order="sorted")
    path.write_bytes(msgspec.json.format(content, indent=1) + b"\n")


def measure(jobs: int, budget: int = BUDGET, names: Sequence[str] | None = None) -> list[Catch]:
    """Hunt every bug once, or those named."""
    names = sorted(BUGS) if names is None else names
    hunts = hunts_of(names, starts=1, budget=budget, strategy=ENSEMBLE, must_shrink=False)
    return list(hunt_all(hunts, jobs))


def recall_of(catches: Sequence[Catch], budget: int) -> Recall:
    """What is to be recorded of a measurement."""
    return Recall(budget=budget, executions={each.hunt.bug: each.executions for each in catches})


def recall(record: Recall, jobs: int) -> Stage:
    """Measure anew, and compare. Bugs that came after the record count on top."""
    began = monotonic()
    catches = measure(jobs, record.budget)
    return compared(record, catches, monotonic() - began)


def compared(record: Recall, catches: Sequence[Catch], seconds: float) -> Stage:
    """The stage: invalid if fewer of the record's bugs are found than when it was made, unknown if
    none was: a record of nothing cannot fall."""
    now = recall_of(catches, record.budget)
    known = [bug for bug in now.executions if bug in record.executions]
    then_found = record.found.intersection(known)
    now_found = now.found.intersection(known)
    has_fallen = len(now_found) < len(then_found)
    cases = []
    for catch in catches:
        bug = catch.hunt.bug
        problem = None
        if has_fallen and bug in then_found and bug not in now_found:
            problem = (
                f"not found in {record.budget:,} executions; it was found after "
                f"{record.executions[bug]:,} when the record was made"
            )
        cases.append(Case(bug, catch.seconds, problem))
    gone = sorted(set(record.executions) - set(now.executions))
    cases.extend(Case(bug, 0.0, "is no longer in the zoo; make a new record") for bug in gone)
    words = (
        f"{len(now.found):,} of {len(now.executions):,} bugs found within {record.budget:,} "
        f"executions each; of those in the record {len(now_found):,}, then {len(then_found):,}"
    )
    validity = Validity.VALID if then_found else Validity.UNKNOWN
    if has_fallen or gone:
        validity = Validity.INVALID
    return Stage(NAME, validity, words, seconds, tuple(cases))
