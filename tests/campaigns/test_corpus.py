"""A corpus shared in a campaign: what a batch was handed is part of it."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from nemesis.campaigns.cluster import TaskKilled
from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.errors import LedgerBroken, OtherSettings
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.outcomes import Outcome
from nemesis.campaigns.settings import Settings
from nemesis.cli import BAD_ARGUMENTS, run
from nemesis.search.block import Block, run_block
from nemesis.search.corpus import Candidate, Corpus, Entry
from nemesis.search.tally import Tally
from tests.campaigns.crew import Crew

SHARING = Settings(seed=100, strategy="uniform-walk", corpus=50)


class Recording(Crew):
    """A crew that knows which blocks it was handed, in their order."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.blocks: list[Block] = []

    def submit(self, key: str, function: Any, *arguments: Any) -> Any:
        self.blocks.append(arguments[1])
        return super().submit(key, function, *arguments)


def ledger_of(place: Path, settings: Settings = SHARING) -> Ledger:
    return Ledger(open_engine(sqlite_url(place / "campaign.db")), "one", settings)


def conduct(place: Path, crew: Crew, runs: int, seconds_a_look: float = 0.0) -> None:
    ticks = iter(count(0.0, seconds_a_look))
    conductor = Conductor(
        ledger_of(place), crew, place, lambda done, failures: None, lambda: next(ticks)
    )
    conductor.conduct(Budget(100.0, runs))


def all_of(corpus: Corpus) -> list[Entry]:
    found = {entry.number: entry for at in range(100) for entry in corpus.for_batch(at)}
    assert len(found) == len(corpus)
    return list(found.values())


def test_what_batches_return_is_handed_to_those_that_follow(tmp_path: Path) -> None:
    crew = Recording(1)
    conduct(tmp_path, crew, 50)
    assert crew.blocks[0].entries == ()
    assert crew.blocks[-1].entries
    ledger = ledger_of(tmp_path)
    assert ledger.totals().tally.runs == 50
    assert ledger.gaps() == []
    known = {entry.schedule for entry in ledger.corpus().for_batch(0)}
    assert known
    # The next session goes on with it.
    later = Recording(1)
    conduct(tmp_path, later, 55)
    assert later.blocks[0].entries


def test_the_next_session_runs_what_this_one_had_handed_out(tmp_path: Path) -> None:
    crew = Recording(2)
    conduct(tmp_path, crew, 1_000, seconds_a_look=30.0)
    ledger = ledger_of(tmp_path)
    left = ledger.unfinished()
    assert any(block.entries for block in left)
    # Meanwhile every entry has given way to a smaller one.
    corpus = ledger.corpus()
    smaller = [Candidate(each.signature, "smaller", each.steps - 1) for each in all_of(corpus)]
    again = ledger.plan(5, corpus.for_batch)
    ledger.record_all([Outcome(again, Tally(runs=5), [], 1.0, "w", smaller)], corpus)
    assert {each.schedule for each in all_of(ledger.corpus())} == {"smaller"}
    assert ledger_of(tmp_path).unfinished() == left
    handed = {block.first: block for block in crew.blocks}
    assert [handed[block.first] for block in left] == left
    # A block and its entries say what is run.
    block = next(block for block in left if block.entries)
    what = SHARING.campaign(frozenset())
    assert run_block(what, block).tally == run_block(what, handed[block.first]).tally


def test_a_batch_that_killed_its_worker_is_run_with_the_same_entries(tmp_path: Path) -> None:
    conduct(tmp_path, Crew(1), 20)
    ledger = ledger_of(tmp_path)
    begins = ledger.plan(5, ledger.corpus().for_batch).first

    def fate(key: str) -> None:
        if key.endswith(f"-{begins}-work"):
            raise TaskKilled(key)

    crew = Recording(1, fate)
    conduct(tmp_path, crew, 25)
    alone = [block for block in crew.blocks if block.first == begins]
    assert len(alone) == 2
    assert alone[0] == alone[1]
    assert alone[0].entries
    assert ledger_of(tmp_path).gaps() == []


def test_what_comes_twice_changes_the_corpus_once(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path)
    corpus = ledger.corpus()
    outcome = Outcome(ledger.plan(5), Tally(runs=5), [], 1.0, "w", [Candidate("a", "{}", 3)])
    assert ledger.record_all([outcome, outcome], corpus) == [outcome]
    assert ledger.record_all([outcome], corpus) == []
    (entry,) = ledger.corpus().for_batch(0)
    assert (entry.number, entry.seen) == (0, 1)
    assert all_of(corpus) == [entry]


def test_batches_that_end_together_change_the_corpus_as_one_after_the_other(
    tmp_path: Path,
) -> None:
    ledger = ledger_of(tmp_path)
    together, alone = ledger.corpus(), ledger.corpus()
    candidates = [
        [Candidate("a", "long", 9), Candidate("b", "other", 5)],
        [Candidate("a", "short", 3)],
        [Candidate("a", "longer", 10), Candidate("c", "new", 4)],
    ]
    outcomes = [
        Outcome(block, Tally(runs=5), [], 1.0, "w", found)
        for block, found in zip(ledger.plan_all([5] * 3, lambda first: ()), candidates, strict=True)
    ]
    assert ledger.record_all(outcomes, together) == outcomes
    for found in candidates:
        alone.take(alone.changes(found))
    assert all_of(together) == all_of(alone) == all_of(ledger.corpus())
    # What is handed out can be handed out again.
    handed = ledger.plan_all([5, 5], together.for_batch)
    assert [sorted(block.entries) for block in handed] == [["new", "other", "short"]] * 2
    assert ledger.unfinished() == handed


def test_a_corpus_is_as_it_was_if_nothing_was_recorded(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path)
    corpus = ledger.corpus()
    outcome = Outcome(ledger.plan(5), Tally(runs=5), [], 1.0, "w", [Candidate("a", "{}", 3)])
    with open_engine(sqlite_url(tmp_path / "campaign.db")).begin() as connection:
        connection.execute(sql.text("alter table corpus rename to elsewhere"))
    with pytest.raises(LedgerBroken):
        ledger.record_all([outcome], corpus)
    assert len(corpus) == 0
    assert ledger.unfinished() == [outcome.block]


def test_without_a_share_there_is_no_corpus(tmp_path: Path) -> None:
    settings = Settings(seed=100, strategy="uniform-walk")
    crew = Recording(1)
    ledger = ledger_of(tmp_path, settings)
    Conductor(ledger, crew, tmp_path, lambda done, failures: None).conduct(Budget(None, 25))
    assert all(block.entries == () for block in crew.blocks)
    assert len(ledger.corpus()) == 0


def test_an_entry_that_is_gone_is_said(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path)
    candidates = [Candidate("a", "{}", 3)]
    outcome = Outcome(ledger.plan(5), Tally(runs=5), [], 1.0, "w", candidates)
    ledger.record_all([outcome], ledger.corpus())
    ledger.plan(5, ledger.corpus().for_batch)
    with open_engine(sqlite_url(tmp_path / "campaign.db")).begin() as connection:
        connection.execute(sql.text("delete from corpus"))
    with pytest.raises(LedgerBroken, match=r"entries \[0\] of its corpus"):
        ledger.unfinished()


def test_the_share_is_a_setting_and_campaigns_of_before_had_none(tmp_path: Path) -> None:
    before = Settings(seed=100, strategy="uniform-walk")
    ledger_of(tmp_path, before)
    with open_engine(sqlite_url(tmp_path / "campaign.db")).begin() as connection:
        connection.execute(
            sql.text("update campaigns set settings = json_remove(settings, '$.corpus')")
        )
    ledger_of(tmp_path, before)
    with pytest.raises(OtherSettings, match=r"corpus 0, .* with .*corpus \d+: .*another --name"):
        ledger_of(tmp_path, SHARING)


def test_only_walks_go_on_from_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--budget", "10", "--corpus", "10", "--workload", "register"]
    assert run(["campaign", "--store", str(tmp_path), *arguments]) == BAD_ARGUMENTS
    assert "only walks of macro-steps go on from others" in capsys.readouterr().err
