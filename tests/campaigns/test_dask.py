"""Real workers of Dask, which die; and a runner that is killed."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn, cast

import pytest

from nemesis.campaigns.cluster import DaskWorkers, NotYet, dask_workers
from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.errors import WorkersGone
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.outcomes import Failure, Outcome
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import Done
from nemesis.cli import BAD_ARGUMENTS, CRASH, run
from nemesis.search.block import Block, run_block
from tests.campaigns.crew import Crew

pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")


@pytest.mark.long
def test_a_worker_that_is_killed_loses_no_seed(tmp_path: Path) -> None:
    """What fails is in the account, too; bench/campaign_kills.py does this for minutes."""
    settings = Settings(seed=100, subject="retry-applied-twice", strategy="uniform-walk")
    ledger = Ledger(open_engine(sqlite_url(tmp_path / "campaign.db")), "one", settings)
    killed: list[int] = []
    told: list[Failure] = []
    with dask_workers(None, 2, None) as crew:
        # By the calendar: if a clock is set forward, or the machine has slept, all are given up.
        assert crew.local.scheduler.worker_ttl is None

        def kill_one(_done: Done, failures: list[Failure]) -> None:
            told.extend(failures)
            if len(killed) < 2:
                killed.append(crew.local.workers[len(killed)].pid)
                os.kill(killed[-1], signal.SIGKILL)

        Conductor(ledger, crew, tmp_path, kill_one).conduct(Budget(None, 160))
    assert len(killed) == 2
    undisturbed = run_block(settings.campaign(frozenset({"exactly-once"})), Block(100, 160, 0))
    assert ledger.totals().tally == undisturbed.tally
    assert ledger.totals().planned == 0
    assert ledger.gaps() == []
    failing = [found.seed for found in undisturbed.findings]
    assert sorted(failure.seed for failure in told) == failing
    assert sum(cause.seen for cause in ledger.causes()) == len(failing) > 1


class Reports:
    """What Dask's cluster says of a worker that it has given up."""

    def __init__(self, cluster: dict[int, str]) -> None:
        self.workers = cluster
        self.scaled: list[int] = []

    def scale(self, count: int) -> None:
        self.scaled.append(count)

    @property
    def scheduler(self) -> Reports:
        return self

    def ncores(self) -> dict[str, int]:
        return dict.fromkeys(self.workers.values(), 1)

    def sync(self, ask: Callable[[], dict[str, int]], callback_timeout: float) -> dict[str, int]:
        assert callback_timeout < 60
        return ask()


def test_workers_that_dask_has_given_up_are_made_anew() -> None:
    """It does so with one that dies while it starts: a campaign would wait for ever."""
    cluster = Reports({0: "here", 1: "there"})
    crew = DaskWorkers(cluster, cluster)
    assert crew.slots() == 2
    assert cluster.scaled == []
    del cluster.workers[1]
    assert crew.slots() == 1
    assert cluster.scaled == [2]


class Ended:
    """A task of Dask, whose result cannot be had."""

    key = "splitbrain-one-100-work"

    def __init__(self, status: str, error: Exception) -> None:
        self.status = status
        self._error = error

    def result(self, timeout: float) -> NoReturn:
        assert timeout < 10
        raise self._error


def test_a_result_that_died_with_its_worker_is_not_waited_for() -> None:
    """A session would not end before somebody has done the task again."""
    crew = DaskWorkers(Reports({}))
    for status in ("lost", "pending"):
        with pytest.raises(NotYet):
            crew.result(Ended(status, TimeoutError()))
    with pytest.raises(WorkersGone):
        crew.result(Ended("error", TimeoutError("of the task itself")))


class Task:
    """A task of Dask."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.status = "pending"
        self.asked = 0
        self._callbacks: list[Callable[[Task], None]] = []

    def add_done_callback(self, callback: Callable[[Task], None]) -> None:
        self._callbacks.append(callback)

    def end(self, status: str) -> None:
        """As Dask does: it tells of the first time alone."""
        self.status = status
        while self._callbacks:
            self._callbacks.pop()(self)

    def result(self, timeout: float) -> str:
        assert self.status == "finished"
        self.asked += 1
        return f"of {self.key}"


class Client:
    """Of Dask. ``loses``: the worker of this task dies when its result is fetched."""

    status = "running"

    def __init__(self, loses: Task | None = None) -> None:
        self.gathered: list[int] = []
        self._loses = loses

    def submit(self, task: Task, *, key: str, pure: bool) -> Task:
        return task

    def gather(self, tasks: dict[str, Task], errors: str, asynchronous: bool) -> dict[str, Any]:
        assert (errors, asynchronous) == ("skip", True)
        self.gathered.append(len(tasks))
        if self._loses in tasks.values():
            assert self._loses is not None
            self._loses.status = "pending"
            raise TimeoutError
        return {key: f"of {task.key}" for key, task in tasks.items()}

    def sync(self, ask: Callable[..., Any], *arguments: Any, callback_timeout: float) -> Any:
        assert callback_timeout < 10
        return ask(*arguments)


def crew_of(client: Client, tasks: list[Task]) -> DaskWorkers:
    crew = DaskWorkers(client)
    assert [crew.submit(task.key, cast(Any, task)) for task in tasks] == tasks
    return crew


def test_results_are_fetched_by_one_call() -> None:
    client, tasks = Client(), [Task(key) for key in "abcd"]
    crew = crew_of(client, tasks)
    assert crew.finished(tasks, 0.0) == []
    for task in tasks[:3]:
        task.end("finished")
    assert crew.finished(tasks, 0.0) == tasks[:3]
    # Nor are they fetched again.
    assert crew.finished(tasks, 0.0) == tasks[:3]
    assert [crew.result(task) for task in tasks[:3]] == ["of a", "of b", "of c"]
    assert client.gathered == [3]
    assert [task.asked for task in tasks] == [0, 0, 0, 0]


class Ending(Task):
    """Ends when somebody has just seen that it has not."""

    @property
    def status(self) -> str:
        seen, self._status = self._status, "finished"
        if seen == "pending":
            self.end("finished")
        return seen

    @status.setter
    def status(self, status: str) -> None:
        self._status = status


def test_who_waits_is_told_when_a_task_ends() -> None:
    task = Ending("a")
    crew = crew_of(Client(), [task])
    ended: list[Hashable] = []
    waiting = Thread(target=lambda: ended.extend(crew.finished([task], 3600.0)), daemon=True)
    waiting.start()
    waiting.join(timeout=30.0)
    assert ended == [task]


def test_a_task_that_is_done_again_has_not_ended() -> None:
    client, (task, other) = Client(), (Task("a"), Task("b"))
    crew = crew_of(client, [task, other])
    task.end("finished")
    other.end("finished")
    task.status = "lost"
    assert crew.finished([task, other], 0.0) == [other]
    # Dask does not tell of its end a second time.
    task.status = "finished"
    assert crew.finished([task], 0.0) == [task]
    assert crew.result(task) == "of a"


def test_a_result_that_dies_as_all_are_fetched_keeps_none_of_the_others() -> None:
    tasks = [Task(key) for key in "abc"]
    client = Client(loses=tasks[1])
    crew = crew_of(client, tasks)
    for task in tasks:
        task.end("finished")
    assert crew.finished(tasks, 0.0) == tasks
    assert crew.result(tasks[0]) == "of a"
    with pytest.raises(NotYet):
        crew.result(tasks[1])
    assert crew.result(tasks[2]) == "of c"


def test_a_task_that_failed_or_is_known_no_more_keeps_none_of_the_others() -> None:
    client, tasks = Client(), [Task(key) for key in "abcd"]
    crew = crew_of(client, tasks)
    for task, status in zip(tasks, ("finished", "error", "cancelled", "finished"), strict=True):
        task.end(status)
    assert crew.finished(tasks, 0.0) == tasks
    assert client.gathered == [2]
    with pytest.raises(WorkersGone):
        crew.result(tasks[2])
    assert [crew.result(task) for task in (tasks[0], tasks[3])] == ["of a", "of d"]


def test_a_full_disk_of_a_worker_is_told_in_a_line() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/tmp/x")
    crew = DaskWorkers(Reports({}))
    with pytest.raises(WorkersGone, match=r"100-work: its worker cannot work: .*No space left"):
        crew.result(Ended("error", full))


def test_a_scheduler_without_workers_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent(Crew):
        """Nobody, as far as one can tell."""

        def slots(self) -> int:
            return 0

    monkeypatch.setattr("nemesis.campaigns.cluster.dask_workers", lambda *_: nullcontext(Absent()))
    arguments = ["campaign", "--budget", "5", "--scheduler", "tcp://x:1", "--workload", "register"]
    assert run([*arguments, "--seed", "1", "--store", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "nobody works for that scheduler yet" in told
    assert "nothing was left" not in told
    assert run([*arguments, "--store", str(tmp_path)]) == 0
    assert "nothing was left of --budget 5, " in capsys.readouterr().out


@pytest.mark.parametrize(("was_set", "code"), [(True, 0), (False, CRASH)])
def test_a_clock_that_is_set_while_workers_are_made_does_not_end_a_campaign(
    was_set: bool,
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Set forward, Dask's patience is at its end before anybody could answer."""
    crews = iter([nullcontext(Crew())])

    def make(*_: object) -> Any:
        made.append(1)
        if len(made) == 1:
            raise WorkersGone("no workers can be made here: Timed out")
        return next(crews)

    made: list[int] = []
    monkeypatch.setattr("nemesis.campaigns.cluster.dask_workers", make)
    monkeypatch.setattr("nemesis.campaigns.calendar.Calendar.is_set", lambda _: was_set)
    arguments = ["campaign", "--budget", "5", "--seed", "1", "--workload", "register"]
    assert run([*arguments, "--store", str(tmp_path)]) == code
    told = capsys.readouterr()
    words = "this machine's clock was set: no workers can be made here: Timed out: workers are made"
    assert (words in told.out) is was_set
    assert ("Timed out" in told.err) is not was_set


_SCHEDULER = """
from distributed import LocalCluster
cluster = LocalCluster(
    n_workers=1, threads_per_worker=1, processes=False, host="127.0.0.1", protocol="tcp",
    dashboard_address="127.0.0.1:0", silence_logs=50,
)
print(cluster.scheduler_address, flush=True)
input()
"""


def test_a_scheduler_that_is_killed_ends_the_session_with_a_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with its worker, as where their machine dies, when something was recorded."""
    with subprocess.Popen(
        [sys.executable, "-c", _SCHEDULER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as scheduler:
        assert scheduler.stdout is not None
        address = scheduler.stdout.readline().strip()
        record = Ledger.record_all

        def record_and_kill(self: Ledger, *what: Any) -> list[Outcome]:
            scheduler.kill()
            return record(self, *what)

        monkeypatch.setattr(Ledger, "record_all", record_and_kill)
        arguments = ["campaign", "--name", "one", "--seed", "100", "--store", str(tmp_path)]
        arguments += ["--budget", "100", "--workload", "register"]
        assert run([*arguments, "--scheduler", address]) == CRASH
    out, err = capfd.readouterr()
    (line,) = err.splitlines()
    assert "the scheduler cannot be reached any more" in line
    assert "the same command goes on" in line
    assert "Traceback" not in out
    url = sqlite_url(tmp_path / "campaigns" / "one" / "campaign.db")
    settings = Ledger.settings_of(open_engine(url), "one")
    assert settings is not None
    ledger = Ledger(open_engine(url), "one", settings)
    before = ledger.totals()
    assert before.tally.runs == 20
    assert before.planned
    Conductor(ledger, Crew(1), tmp_path, lambda done, failures: None).conduct(Budget(None, 100))
    assert ledger.totals().tally.runs == 100
    assert ledger.gaps() == []


@pytest.mark.long
def test_a_runner_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    code = "import sys; from nemesis.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "campaign", "--jobs", "1", "--seed", "100"]
    command += ["--workload", "register", "--store", str(tmp_path), "--name", "one", "--budget"]
    url = sqlite_url(tmp_path / "campaigns" / "one" / "campaign.db")
    process = subprocess.Popen(
        [*command, "1000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
    )
    settings = None
    try:
        for _ in range(1200):
            # Until something is recorded: how long that takes is the machine's affair.
            time.sleep(0.05)
            if (tmp_path / "campaigns" / "one" / "campaign.db").exists():
                settings = Ledger.settings_of(open_engine(url), "one")
                if settings and Ledger(open_engine(url), "one", settings).totals().batches:
                    break
        second = subprocess.run(
            [*command, "10"], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert second.returncode == BAD_ARGUMENTS
        assert "is being conducted by another process" in second.stderr
    finally:
        process.kill()
        # Its workers write to the same pipe: it ends when the last of them has ended.
        process.communicate(timeout=60)
    assert settings is not None
    ledger = Ledger(open_engine(url), "one", settings)
    before = ledger.totals()
    assert before.batches
    assert before.planned
    goal = before.tally.runs + before.planned
    ended = subprocess.run(
        [*command, str(goal)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"goes on after {before.tally.runs:,} runs, seed 100" in ended.stdout
    assert ledger.totals().tally.runs == goal
    assert ledger.totals().planned == 0
    assert ledger.gaps() == []


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nemesis.campaigns.cluster._PATIENCE", 1.0)
    with (
        pytest.raises(WorkersGone, match="no scheduler answers"),
        dask_workers("tcp://127.0.0.1:1", 1, None),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--budget", "soon"], "is no time"),
        (["--budget", "0"], "at least 1 run"),
        (["--budget", "10", "--name", "a/b"], "letters, digits"),
        (["--budget", "10", "--name", ".."], "letters, digits"),
        (["--budget", "10", "--nemesis", "none"], "without faults"),
        (["--budget", "10", "--database", "nonsense"], "nonsense: is no database"),
        (["--budget", "10", "--database", "postgresql://me@x:port/y"], "me@x:port/y: is no data"),
        (["--budget", "10", "--dashboard", "nonsense"], "no HOST:PORT, such as 127.0.0.1:8787"),
        (["--budget", "10", "--dashboard", "127.0.0.1:65536"], "no HOST:PORT"),
        (["--budget", "10", "--subject", "healthi"], "did you mean 'healthy'"),
    ],
)
def test_arguments_that_make_no_sense(
    arguments: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["campaign", "--store", str(tmp_path), *arguments]) == BAD_ARGUMENTS
    assert what in capsys.readouterr().err


@pytest.mark.parametrize("protocol", ["tls", "tcp"])
def test_workers_made_here_let_in_nobody_else(protocol: str) -> None:
    """Every account of the machine reaches loopback, and a scheduler does what it is told."""
    from distributed import Client
    from distributed.security import Security

    with dask_workers(None, 1, None) as workers:
        address = workers.local.scheduler_address
        assert address.startswith("tls://127.0.0.1:")
        stranger = Security.temporary() if protocol == "tls" else None
        with pytest.raises(OSError, match=r"reset|Timed out|certificate|SSL"):
            Client(address.replace("tls", protocol, 1), timeout=2, security=stranger)
        task = workers.submit("sum", sum, (1, 2))
        while not workers.finished([task], 1.0):
            pass
        assert workers.result(task) == 3
        # A terminal sends Ctrl-C to all processes of a command; the conductor ends the workers.
        task = workers.submit("mask", signal.pthread_sigmask, signal.SIG_BLOCK, ())
        while not workers.finished([task], 1.0):
            pass
        assert workers.result(task) == {signal.SIGINT}


def test_what_listens_and_is_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its dashboard, for one: Dask's client would wait for ever."""
    monkeypatch.setattr("nemesis.campaigns.cluster._PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with (
            pytest.raises(WorkersGone, match="does not answer as a scheduler does"),
            dask_workers(address, 1, None),
        ):
            raise AssertionError("nobody works")
