"""Ledgers that are shown: a campaign of which two batches are done, and one is under way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.outcomes import Failure
from nemesis.campaigns.settings import Settings
from nemesis.search.tally import Tally

SAVED = "committed-on-majority-103"


def tally(runs: int, failed: int = 0) -> Tally:
    return Tally(
        runs=runs,
        verdicts=Counter(valid=runs - failed, invalid=failed),
        kinds=Counter({"committed-on-majority": failed}) if failed else Counter(),
        injected=Counter(crash=7, pause=3),
        confirmed=Counter(crash=5),
        judged=1234,
    )


def failure(seed: int, cause: str = "committed-on-majority: elect") -> Failure:
    directory = f"/elsewhere/store/campaigns/one/{SAVED}"
    return Failure(seed, cause, "committed-on-majority", "only n2 has it", 3, directory)


def begin(store: Path, name: str, subject: str = "healthy") -> Ledger:
    """A campaign of which two batches are done and one is under way."""
    folder = store / "campaigns" / name
    folder.mkdir(parents=True)
    engine = open_engine(sqlite_url(folder / "campaign.db"))
    ledger = Ledger(engine, name, Settings(seed=100, subject=subject))
    ledger.record(ledger.plan(20), tally(20, 2), [failure(103), failure(107)], 2.0, "there:1")
    ledger.record(ledger.plan(40), tally(40), [], 2.0, "here:2")
    ledger.plan(5)
    engine.dispose()
    return ledger
