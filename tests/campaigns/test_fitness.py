"""Workers and schedulers that lack splitbrain, or have another one, are told of at once."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from nemesis.campaigns.cluster import DaskWorkers
from nemesis.campaigns.errors import WorkersUnfit
from nemesis.campaigns.fitness import Installed, here, installed_by, require_fit
from nemesis.cli import BAD_ARGUMENTS, run

OURS = Installed("3.11.7", "1.0.0")


def told(there: Installed) -> str:
    with pytest.raises(WorkersUnfit) as raised:
        require_fit({"the worker w": there}, OURS)
    (line,) = str(raised.value).splitlines()
    assert "install splitbrain 1.0.0 for a Python 3.11 there" in line
    return line


def test_it_is_said_what_differs() -> None:
    assert told(Installed("3.11.7", None)).startswith("the worker w: has no splitbrain: ")
    assert "no splitbrain (No module named 'click')" in told(
        Installed("3.11.7", None, "No module named 'click'")
    )
    assert "has splitbrain 0.9, and here it is 1.0.0" in told(Installed("3.11.7", "0.9"))
    assert "has Python 3.12.1, and here it is 3.11.7" in told(Installed("3.12.1", "1.0.0"))
    both = told(Installed("3.1.7", "0.9"))
    assert "splitbrain 0.9" in both
    assert "Python 3.1.7" in both


def test_who_has_the_same_may_work() -> None:
    require_fit({}, OURS)
    require_fit({"a": OURS, "b": Installed("3.11.12", "1.0.0")}, OURS)


def test_one_is_told_for_all() -> None:
    old = Installed("3.11.7", "0.9")
    with pytest.raises(WorkersUnfit, match=r"^b, and 2 others likewise: has splitbrain 0\.9"):
        require_fit({"a": OURS, "b": old, "c": old, "d": old}, OURS)


def asked_of(answers: Callable[[Callable[..., Any], str], Any]) -> dict[str, Installed]:
    def ask(function: Callable[..., Any], *arguments: Any) -> Mapping[str, Any]:
        return {"w": answers(function, *(arguments or ("",)))}

    return installed_by(ask)


def test_what_is_installed_is_known_by_what_can_be_called() -> None:
    def same(function: Callable[..., Any], argument: str) -> Any:
        return function(argument) if argument else function()

    assert asked_of(same) == {"w": here()}

    def without(function: Callable[..., Any], argument: str) -> Any:
        if argument == "splitbrain":
            return PackageNotFoundError(argument)
        return same(function, "") if not argument else ModuleNotFoundError(argument)

    assert asked_of(without) == {"w": Installed(platform.python_version(), None)}

    def half(function: Callable[..., Any], argument: str) -> Any:
        broken = argument.startswith("nemesis.campaigns.histories")
        return ImportError("libz is missing") if broken else same(function, argument)

    assert asked_of(half) == {"w": Installed(platform.python_version(), None, "libz is missing")}


def test_who_does_not_answer_is_not_accused() -> None:
    assert asked_of(lambda function, argument: OSError("Timed out")) == {}
    assert installed_by(lambda function, *arguments: {}) == {}


class Client:
    """Of Dask, with workers that come; what they have installed is another version."""

    def __init__(self) -> None:
        self.cores: dict[str, int] = {}
        self.asked: list[list[str]] = []
        self.has = here().splitbrain
        self.says_nothing = False

    @property
    def scheduler(self) -> Client:
        return self

    def ncores(self) -> dict[str, int]:
        return self.cores

    def sync(self, ask: Callable[[], Any], callback_timeout: float) -> Any:
        assert callback_timeout < 60
        return ask()

    def run(
        self, function: Callable[..., Any], *arguments: Any, workers: list[str], on_error: str
    ) -> dict[str, Any]:
        assert on_error == "return"
        if self.says_nothing:
            raise TimeoutError
        if not arguments:
            self.asked.append(workers)
        answer = self.has if arguments == ("splitbrain",) else function(*arguments)
        return dict.fromkeys(workers, answer)


def test_workers_are_asked_when_they_join_and_once() -> None:
    client = Client()
    crew = DaskWorkers(client)
    assert crew.slots() == 0
    client.cores = {"tcp://a:1": 2, "tcp://b:1": 1}
    assert [crew.slots(), crew.slots()] == [3, 3]
    assert client.asked == [["tcp://a:1", "tcp://b:1"]]
    client.cores["tcp://c:1"] = 1
    client.has = "0.0.9"
    with pytest.raises(WorkersUnfit, match=r"^the worker tcp://c:1: has splitbrain 0\.0\.9, "):
        crew.slots()


class Failed:
    """A task of Dask that its worker could not read."""

    key = "splitbrain-one-100-work"
    status = "error"

    def result(self, timeout: float) -> None:
        raise ModuleNotFoundError("No module named 'nemesis'")


def test_a_worker_that_joined_unasked_is_told_of_when_its_task_fails() -> None:
    client = Client()
    crew = DaskWorkers(client)
    client.cores, client.has = {"tcp://a:1": 1}, "0.0.9"
    with pytest.raises(WorkersUnfit, match="tcp://a:1"):
        crew.result(Failed())
    # One that said nothing when it was asked.
    client.says_nothing = True
    client.cores = {"tcp://b:1": 1}
    assert crew.slots() == 1
    client.says_nothing = False
    with pytest.raises(WorkersUnfit, match="tcp://b:1"):
        crew.result(Failed())
    # Where nobody differs, what was raised is raised.
    client.has = here().splitbrain
    with pytest.raises(ModuleNotFoundError):
        crew.result(Failed())


_WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Without(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("raft", "checker", "nemesis"):
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Without())
from distributed import LocalCluster
cluster = LocalCluster(
    n_workers=1, threads_per_worker=1, processes=False, host="127.0.0.1", protocol="tcp",
    dashboard_address="127.0.0.1:0", silence_logs=50,
)
print(cluster.scheduler_address, flush=True)
input()
"""


@pytest.mark.long
def test_a_scheduler_without_splitbrain(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a check nor a campaign waits for what cannot be done."""
    pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")
    history = tmp_path / "history.jsonl"
    history.write_text('{"format": "splitbrain-history", "version": 1, "model": "kv"}\n')
    with subprocess.Popen(
        [sys.executable, "-c", _WITHOUT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as scheduler:
        try:
            assert scheduler.stdout is not None
            address = scheduler.stdout.readline().strip()
            for arguments in (
                ["check", str(history)],
                ["campaign", "--budget", "9", "--store", str(tmp_path)],
            ):
                assert run([*arguments, "--scheduler", address]) == BAD_ARGUMENTS
                (line,) = capfd.readouterr().err.splitlines()
                assert line.startswith(
                    f"splitbrain: the scheduler {address}: has no splitbrain (No module named "
                    "'nemesis'): install splitbrain "
                )
        finally:
            scheduler.kill()
