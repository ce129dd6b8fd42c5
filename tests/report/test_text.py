"""The report on a terminal: at most forty lines, no wider than a screen, with what matters."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from checker.history import Event, History
from checker.lincheck import Verdict, check
from checker.models import get_model
from checker.report.data import NodeState, Report, ScheduleStep, Span
from checker.report.text import LINES_MAX, WIDTH, plain, text_of
from checker.verdict import Validity
from nemesis.report import report_of, report_of_history
from tests.report.samples import figure8, invalid, valid

HISTORIES = Path(__file__).parents[2] / "histories"
RUNS = sorted(path.parent.name for path in HISTORIES.glob("*/results.json"))


def lines(report: Report, most: int = LINES_MAX) -> list[str]:
    return plain(text_of(report, most)).split("\n")


@pytest.mark.parametrize("name", RUNS)
def test_every_saved_run_fits_a_screen(name: str) -> None:
    report = report_of(HISTORIES / name)
    told = lines(report)
    assert 8 < len(told) <= LINES_MAX
    assert max(map(len, told[:-1])) <= WIDTH
    assert told[0].startswith(f"invalid: {report.verdict.failures[0].kind}")
    # It is copied, and so whole.
    assert told[-1].startswith(f"again: splitbrain replay {HISTORIES / name}")
    assert all(line.isprintable() for line in told)
    assert not any(line.lstrip().startswith((".", ",")) for line in told if "..." not in line)


def test_a_stale_read() -> None:
    told = lines(invalid())
    assert told[0] == "invalid: linearizability: Linearizability (section 8)"
    start = told.index("  A  put of '1' on x by process 0  |-----|")
    assert told[start + 1 : start + 3] == [
        "  B  put of '2' on x by process 1              |-----|",
        "  C  get of x by process 3 -> '1'                          |-----|",
    ]
    start = told.index("The longest orders, with the state after each operation:")
    assert told[start + 1 : start + 3] == [
        "  1. A ['1'], B ['2']",
        "     then C? the state is '2', but it returned '1' (B had ended before it began)",
    ]


def test_figure_8() -> None:
    told = lines(figure8())
    start = told.index("The nodes then; | ends what each knows to be committed:")
    assert told[start + 1 : start + 4] == [
        "  n1  leader        term 2   vote n1  [1 no-op]|[2 no-op]",
        "  n2  follower      term 2   vote n1  empty log",
        "  n3  follower      term 2   vote n1  [1 no-op]",
    ]
    start = told.index("The steps (4):")
    assert told[start + 1].startswith("    1. elect n1 [n2]      n1 is elected leader of term 1")
    assert told[start + 5].startswith("    3. crash n1           n1 crashes.")


def test_a_valid_run_says_what_it_rests_on() -> None:
    told = lines(valid())
    assert told[0] == "valid: the Raft healthy, simulated"
    text = " ".join(told)
    assert "some order of them explains every answer" in text
    assert "were judged by 24 monitors" in text
    assert "Faults that were seen to have an effect:" in text
    assert any(line.startswith("operations asked for: ") for line in told)


def test_an_unknown_history_says_why() -> None:
    history = History([Event(0, 0, "invoke", "write", None, 1)])
    verdict = Verdict(Validity.UNKNOWN, reasons=("the budget is used up",))
    told = lines(report_of_history(history, get_model("register"), verdict))
    assert told[0] == "unknown: a history"
    assert "Nobody can tell: the budget is used up." in told


@pytest.mark.parametrize("most", [12, 20, 40])
def test_whatever_is_long_is_cut_but_the_command(most: int) -> None:
    report = figure8()
    steps = tuple(ScheduleStep(line=f"step {n} {'x' * 300}", words="y " * 200) for n in range(500))
    words = tuple(Span(text=f"{'word ' * 20}{'z' * 500} ") for _ in range(20))
    huge = msgspec.structs.replace(
        report,
        command=f"splitbrain replay {'d' * 200}",
        nodes=tuple(f"{'n' * 90}{at}" for at in range(40)),
        standing=report.standing[:1] * 40,
        steps=steps,
        verdict=msgspec.structs.replace(report.verdict, paragraph=words),
    )
    told = lines(huge, most)
    assert len(told) <= most
    assert max(map(len, told[:-1])) <= WIDTH
    assert told[-1] == f"again: {huge.command}"


def test_the_last_steps_are_those_that_are_shown() -> None:
    steps = tuple(ScheduleStep(line=f"step {number}") for number in range(1, 101))
    told = lines(msgspec.structs.replace(figure8(), steps=steps))
    at = told.index("The steps (100):")
    hidden = int(told[at + 1].split()[0].strip("("))
    assert told[at + 2] == f"  {hidden + 1:3}. step {hidden + 1}"
    assert "  100. step 100" in told


def test_a_log_shows_its_end_and_what_is_committed() -> None:
    report = figure8()
    state = report.standing[0]
    log = tuple(
        msgspec.structs.replace(state.log[0], index=index, text=f"key={index}")
        for index in range(1, 60)
    )
    for commit, ends in ((59, "[1 key=59]|"), (58, "[1 key=58]|[1 key=59]"), (0, "[1 key=59]")):
        shown: NodeState = msgspec.structs.replace(state, log=log, commit=commit)
        told = lines(msgspec.structs.replace(report, standing=(shown, *report.standing[1:])))
        (line,) = [line for line in told if line.startswith("  n1  leader")]
        assert ".." in line
        assert line.endswith(ends)


def test_an_operation_that_is_open_never_ends() -> None:
    history = History(
        [
            Event(0, 0, "invoke", "write", None, 1, 10),
            Event(1, 0, "info", "write", None, 1, 20, "timed-out"),
            Event(2, 1, "invoke", "read", None, None, 30),
            Event(3, 1, "ok", "read", None, 1, 40),
            Event(4, 1, "invoke", "read", None, None, 50),
            Event(5, 1, "ok", "read", None, None, 60),
        ]
    )
    verdict = check(history, get_model("register"))
    assert verdict.conflict is not None
    told = lines(report_of_history(history, get_model("register"), verdict))
    (line,) = [line for line in told if "write of 1 by process 0 -> info (timed-out)" in line]
    assert line.endswith(" ...")
