"""Many hunts, on all cores. Each is a pure function of what is hunted, whoever does it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from nemesis.search.workers import workers
from nemesis.zoo.hunt import Catch, Hunt, hunt


def hunts_of(
    bugs: Sequence[str], *, starts: int, budget: int, strategy: str, must_shrink: bool = True
) -> list[Hunt]:
    """Each bug from each of so many starts in the space of seeds; first all bugs once."""
    return [
        Hunt(bug=bug, start=start, budget=budget, strategy=strategy, must_shrink=must_shrink)
        for start in range(1, starts + 1)
        for bug in bugs
    ]


def hunt_all(hunts: Sequence[Hunt], jobs: int) -> Generator[Catch, None, None]:
    """What came of each hunt, as they end. Closing the iterator ends the workers."""
    if jobs == 1:
        for each in hunts:
            yield hunt(each)
        return
    left = iter(hunts)
    pending: set[Future[Catch]] = set()
    with workers(jobs) as pool:
        while True:
            for each in left:
                pending.add(pool.submit(hunt, each))
                if len(pending) >= 2 * jobs:
                    break
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
