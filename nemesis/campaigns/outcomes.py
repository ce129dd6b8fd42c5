"""What came of batches, in the ledger (nemesis.campaigns.ledger)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import time
from typing import NamedTuple

from sqlalchemy.engine import Connection

from nemesis.campaigns.tables import BATCHES, CAUSES, DONE, FAILURES, PLANNED
from nemesis.search.block import Block
from nemesis.search.corpus import Candidate
from nemesis.search.tally import Tally, encode_tally


class Failure(NamedTuple):
    """A seed that failed: its cause, and where the smallest run of it is saved."""

    seed: int
    cause: str
    kind: str
    message: str
    steps: int
    directory: str


class Outcome(NamedTuple):
    """What came of a batch, how long it took, in s, and who did it."""

    block: Block
    tally: Tally
    failures: Sequence[Failure]
    seconds: float
    worker: str
    # For the corpus.
    candidates: Sequence[Candidate] = ()


def save_outcomes(connection: Connection, name: str, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those of batches that were not accounted for before; the others change nothing. Their order
    stays: the run of a cause is saved for the first that has it."""
    new = [outcome for outcome in outcomes if _is_new(connection, name, outcome)]
    for outcome in new:
        for failure in outcome.failures:
            _save_failure(connection, name, failure)
    return new


def _is_new(connection: Connection, name: str, outcome: Outcome) -> bool:
    changed = connection.execute(
        BATCHES.update()
        .where(
            BATCHES.c.campaign == name,
            BATCHES.c.first == outcome.block.first,
            BATCHES.c.state == PLANNED,
        )
        .values(
            state=DONE,
            tally=encode_tally(outcome.tally),
            seconds=outcome.seconds,
            worker=outcome.worker,
            ended=time(),
        )
    )
    return changed.rowcount == 1


def _save_failure(connection: Connection, name: str, failure: Failure) -> None:
    connection.execute(
        FAILURES.insert().values(campaign=name, seed=failure.seed, cause=failure.cause)
    )
    this = (CAUSES.c.campaign == name) & (CAUSES.c.cause == failure.cause)
    seen = connection.execute(CAUSES.update().where(this).values(seen=CAUSES.c.seen + 1)).rowcount
    if not seen:
        connection.execute(CAUSES.insert().values(campaign=name, seen=1, **failure._asdict()))
