"""Fresh schedules, for the rest of the time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic

from checker.verdict import Validity
from nemesis.counted import counted
from nemesis.gate.stage import Case, Stage
from nemesis.replay import judge_history
from nemesis.report import save_report
from nemesis.run import Run
from nemesis.search.block import SHRUNK_OF_A_KIND, Campaign, Finding
from nemesis.search.campaign import campaign
from nemesis.search.deaths import run_of, shrunk_in_words
from nemesis.search.tally import Tally
from nemesis.store import save, save_death

NAME = "fuzz"


def fuzzing(what: Campaign, directory: Path, told: Callable[[Run, Path], str]) -> Stage:
    """Run a campaign; what it finds is saved in ``directory`` at once, unless its kind is settled.
    ``told``: a run that failed, and where it is saved, in words."""
    began = monotonic()
    tally = Tally()
    cases: list[Case] = []
    not_shrunk = 0
    with closing(campaign(what)) as reports:
        for report in reports:
            tally.merge(report.tally)
            for found in report.findings:
                if found.is_settled:
                    not_shrunk += 1
                    continue
                place = directory / f"{found.shrunk.verdict.failures[0].kind}-{found.seed}"
                save(place, found.shrunk, _judged(found))
                save_report(place, [what.subject])
                words = told(found.shrunk, place)
                cases.append(Case(f"seed {found.seed}", found.shrink_seconds, words))
            for death in report.deaths:
                place = directory / f"died-{death.seed}"
                save_death(place, run_of(what, death), death.last_words)
                words = f"{death.kind}: {death.how}\n{death.last_words}\n"
                words += f"{shrunk_in_words(what, death)}\nsaved in {place}"
                cases.append(Case(f"seed {death.seed}", death.shrink_seconds, words))
    if not_shrunk:
        words = counted(not_shrunk, "more failure")
        words += f"; of each kind {SHRUNK_OF_A_KIND} were before"
        cases.append(Case("not shrunk, nor saved", 0.0, words))
    seconds = monotonic() - began
    words = (
        f"{counted(tally.runs, 'run')} from seed {what.seed} on, "
        f"{counted(tally.operations, 'operation')}, {counted(tally.faults, 'fault')}, "
        f"{counted(tally.elections, 'election')}: {counted(tally.kinds.total(), 'violation')}"
    )
    if tally.unknown:
        seeds = ", ".join(map(str, tally.unknown))
        words += f"; nobody can tell of seeds {seeds}: {'; '.join(tally.reasons)}"
    cases.append(Case(counted(tally.runs, "run"), seconds))
    return Stage(NAME, tally.validity, words, seconds, tuple(cases))


def _judged(found: Finding) -> Validity:
    return judge_history(found.shrunk.history, found.shrunk.model)
