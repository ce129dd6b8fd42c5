"""``splitbrain check --scheduler``: real workers of Dask, one of which dies."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Hashable, Iterator
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import Any

import pytest

from checker.formats import parse_history
from checker.lincheck import Budget
from checker.lincheck.checking import check_by
from checker.lincheck.tasks import InTasks
from checker.models import get_model
from nemesis.campaigns.cluster import NotYet
from nemesis.campaigns.histories import Judges, judges
from nemesis.cli import BAD_ARGUMENTS
from tests.campaigns.crew import Crew
from tests.nemesis.check.checks import GOOD, Capture, check, hard, objects, timeless

pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs=50,
    ) as made:
        yield made


def table(keys: int, operations: int, wrong: int | None = None) -> str:
    """Reads and writes of values that repeat, by one process a key; a key may answer wrong."""
    random = Random(0)
    lines = ["process,f,key,argument,result,call,return"]
    values: dict[int, int] = {}
    for at in range(operations):
        key = random.randrange(keys)
        if key not in values or random.random() < 0.5:
            values[key] = random.randrange(5)
            lines.append(f"{key},write,k{key},{values[key]},,{2 * at},{2 * at + 1}")
        else:
            result = 99 if key == wrong and at > operations // 2 else values[key]
            lines.append(f"{key},read,k{key},,{result},{2 * at},{2 * at + 1}")
    return "\n".join(lines) + "\n"


def told(capsys: Capture, *arguments: str) -> tuple[int, str, str, str]:
    """Exit code, output and certificate."""
    code = check("keys.csv", "--certificate", "proof.json", *arguments)
    captured = capsys.readouterr()
    return code, timeless(captured.out), captured.err, Path("proof.json").read_text()


@pytest.mark.parametrize("wrong", [None, 7])
def test_workers_tell_what_one_process_tells_though_one_dies(
    wrong: int | None, cluster: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("keys.csv").write_text(table(40, 2_000, wrong))
    alone = told(capsys)
    assert alone[0] == (0 if wrong is None else 1)
    monkeypatch.setattr("checker.lincheck.tasks._OPERATIONS", 100)
    submitted: list[int] = []
    submit = Judges.submit

    def submit_and_kill(judges: Judges, task: bytes) -> Hashable:
        handed_out = submit(judges, task)
        submitted.append(1)
        if len(submitted) == 3 and wrong is None:
            os.kill(cluster.workers[0].pid, signal.SIGKILL)
        return handed_out

    monkeypatch.setattr(Judges, "submit", submit_and_kill)
    assert told(capsys, "--scheduler", cluster.scheduler_address) == alone
    assert len(submitted) > 5


def stacks() -> str:
    """Of all threads of a process."""
    frames = sys._current_frames().values()
    return "".join("".join(traceback.format_stack(frame)) for frame in frames)


def test_what_nobody_waits_for_any_more_ends(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client

    monkeypatch.setattr("checker.lincheck.tasks._OPERATIONS", 1)
    monkeypatch.setattr("checker.lincheck.tasks._FIRST_ROUNDS", 1_000_000)
    with Client(cluster) as client, judges(cluster.scheduler_address) as executor:

        def are_busy() -> bool:
            return executor.submitted > 2 and any(
                "in perform" in each for each in client.run(stacks).values()
            )

        judging = InTasks(executor, Budget(None, None, None), cancelled=are_busy)
        model = get_model("cas-register")
        verdict = check_by(judging, parse_history(hard("x", "y")), model, judging.meter, False)
        assert verdict.reasons == ("key 'x': it was cancelled", "key 'y': it was cancelled")
        # How long that takes is the machine's affair.
        for _ in range(1200):
            if not any("in perform" in each for each in client.run(stacks).values()):
                return
            time.sleep(0.05)
    pytest.fail("workers go on with what nobody wants")


def test_a_result_that_was_lost_is_told_as_that() -> None:
    """Nobody waits for it here, where the time is not looked at."""

    def lose(key: str) -> None:
        raise NotYet(key)

    lost = Judges(Crew(fate=lose))
    assert lost.result(lost.submit(b"")) is None


def test_a_scheduler_without_workers_is_told_of(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = nullcontext(Crew(slots=0))
    monkeypatch.setattr("nemesis.campaigns.histories.dask_workers", lambda *_: crew)
    assert check("good", "--scheduler", "tcp://x:1") == 0
    assert "nobody works for that scheduler yet" in capsys.readouterr().err


TIED = """{"format": "splitbrain-history", "version": 1}
{"index": 0, "process": 0, "type": "invoke", "f": "txn", "value": [["w", "x", 1], ["w", "y", 1]]}
{"index": 1, "process": 0, "type": "ok", "f": "txn", "value": [["w", "x", 1], ["w", "y", 1]]}
{"index": 2, "process": 0, "type": "invoke", "f": "txn", "value": [["r", "z", null]]}
{"index": 3, "process": 0, "type": "ok", "f": "txn", "value": [["r", "z", null]]}
"""


@pytest.mark.parametrize(
    ("content", "model", "why"),
    [
        (GOOD, "register", "it cannot be divided"),
        (TIED, "multi-register", "its operations tie keys together"),
        (table(2, 20), "register", None),
    ],
)
def test_what_the_workers_cannot_judge_is_said_to_be_judged_here(
    content: str, model: str, why: str | None, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nemesis.campaigns.histories.dask_workers", lambda *_: nullcontext(Crew()))
    monkeypatch.setattr("nemesis.campaigns.histories._is_dropped", lambda: lambda: False)
    Path("given").write_text(content)
    assert check("given", "--scheduler", "tcp://x:1", model=model) == 0
    assert ("judged here" in capsys.readouterr().out) is (why is not None)
    assert check("given", "--scheduler", "tcp://x:1", "--json", model=model) == 0
    assert objects(capsys)[0]["kept_here"] == why
    assert check("given", "--json", model=model) == 0
    assert "kept_here" not in objects(capsys)[0]


def test_no_scheduler_there(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nemesis.campaigns.cluster._PATIENCE", 0.1)
    assert check("good", "--scheduler", "tcp://127.0.0.1:1") == BAD_ARGUMENTS
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "tcp://127.0.0.1:1: no scheduler answers" in captured.err


def test_without_dask(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert check("good", "--scheduler", "tcp://127.0.0.1:1") == BAD_ARGUMENTS
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "pip install 'splitbrain[dask]'" in captured.err


@pytest.mark.parametrize("option", ["--jobs=2", "--stream", "--condition=sequential"])
def test_options_that_do_not_go_with_it(option: str, capsys: Capture) -> None:
    assert check("good", "--scheduler", "tcp://127.0.0.1:1", option) == BAD_ARGUMENTS
    assert "--scheduler" in capsys.readouterr().err
