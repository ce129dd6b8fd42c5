"""What the plugin collects: parts of tests that attack, and saved runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import pytest

from nemesis.counted import counted
from nemesis.errors import NemesisError
from nemesis.testing.budget import Budget, share
from nemesis.testing.target import SIMULATED, Attack, Target, check_of, require_sense, target_of

if TYPE_CHECKING:
    from nemesis.run import Run
    from nemesis.search.tally import Tally
    from nemesis.store import Objection
    from nemesis.testing.attack import Failed, Outcome

SECTION = "splitbrain"
HISTORIES = "histories"
# Marks that are for tests that take fixtures.
_IGNORED = {"parametrize", "usefixtures"}
# How much of the reason for which a run was saved is its test's name.
_LONGEST_REASON = 100


class Convicted(Exception):
    """Tells a failure in words: nobody needs a traceback of the tester."""


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Convicted | NemesisError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class AttackTest(pytest.Collector):
    """A test that attacks, in parts: they are named alike whoever runs them, and wherever. A real
    cluster is attacked once."""

    def __init__(self, *, obj: Any, target: Target, **others: Any) -> None:
        super().__init__(**others)
        self.obj = obj
        self.target = target
        self.own_markers.extend(_marks_of(obj))

    def collect(self) -> list[AttackItem]:
        # What pytest would do elsewhere, and nobody does here, nor tells.
        if ignored := _IGNORED.intersection(mark.name for mark in self.own_markers):
            raise self.CollectError(
                f"{self.obj.__name__}: {min(ignored)} has no effect on a test that attacks: it is "
                "called with the run, and nothing else"
            )
        if others := self._tests_within():
            raise self.CollectError(
                f"{self.obj.__name__}.{others[0]} would never run: of a class that attacks only "
                "check is called; give other tests a class of their own"
            )
        is_simulated = self.target.cluster == SIMULATED
        parts = self.config.getoption("--splitbrain-parts") if is_simulated else 1
        return [
            AttackItem.from_parent(self, name=f"{part + 1}-of-{parts}", part=part, parts=parts)
            for part in range(parts)
        ]

    def _tests_within(self) -> list[str]:
        if not isinstance(self.obj, type):
            return []
        assert isinstance(self.parent, pytest.Module | pytest.Class)
        is_test = self.parent.funcnamefilter
        own = [name for name in dir(self.obj) if not hasattr(Attack, name) and is_test(name)]
        return [name for name in own if callable(getattr(self.obj, name))]


class AttackItem(_Item):
    """One of the parts of a test; together they make its runs."""

    def __init__(self, *, part: int, parts: int, **others: Any) -> None:
        super().__init__(**others)
        assert isinstance(self.parent, AttackTest)
        self.obj = self.parent.obj
        self.target = self.parent.target
        self._part = part
        self._parts = parts

    def runtest(self) -> None:
        budget: Budget = self.config.stash[BUDGET]
        target = self.target
        bug = self.config.getoption("--splitbrain-bug")
        if bug is not None:
            target = target._replace(subject=bug)
        require_sense(target)
        check = _called_with_run(check_of(self.obj), self.nodeid)
        if target.cluster != SIMULATED:
            self._attack_real(target, budget, check)
            return
        from nemesis.testing.attack import attack

        portion = share(budget, self._part, self._parts, target.runs)
        if portion.runs == 0:
            pytest.skip("of so few runs none is left for this part")
        # A run that is to fail is no test that must pass from now on.
        is_wanted = bug is None and not _is_to_fail(self)
        kept_in = histories_of(self.config) if is_wanted else None
        assert self.parent is not None
        outcome = attack(target, portion, check, self.parent.nodeid, kept_in)
        self._tell(outcome)
        if outcome.failed is not None:
            failed = outcome.failed
            raise Convicted(_words(failed, _again(self.config, failed.directory, failed.objection)))
        if not outcome.tally.verdicts["valid"] and outcome.seeds:
            reasons = "; ".join(outcome.tally.reasons)
            raise Convicted(f"nothing was proved: of no run a verdict could be given: {reasons}")

    def _attack_real(self, target: Target, budget: Budget, check: Callable[[Run], None]) -> None:
        from nemesis.testing.real import attack_real

        seed = budget.seed + self._part
        store = Path("store") / "pytest" / re.sub(r"[^\w.-]+", "-", self.nodeid)
        attacked = attack_real(target, seed, budget.seconds, store)
        self.user_properties.append(("splitbrain", attacked.summary))
        self.add_report_section("call", SECTION, attacked.summary)
        if attacked.problem is not None:
            raise Convicted(attacked.problem)
        assert attacked.run is not None
        check(attacked.run)

    def _tell(self, outcome: Outcome) -> None:
        words = _summary(outcome.tally, outcome.seeds)
        self.user_properties.append(("splitbrain", words))
        self.add_report_section("call", SECTION, words)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, _line_of(self.obj), f"{self.obj.__name__} {self.name}"


class SavedRunItem(_Item):
    """A saved run; named by the reason for which it was saved. Of one of real processes the
    history is judged again, and the test that objected to one is asked again."""

    def __init__(self, *, subject: str, objection: Objection | None, **others: Any) -> None:
        super().__init__(**others)
        self.subject = subject
        self.objection = objection

    def runtest(self) -> None:
        from checker.history import HistoryError
        from nemesis.replay import is_of_real_processes, judged_again, replay
        from nemesis.store import load

        directory = self.path.parent
        try:
            if is_of_real_processes(self.subject):
                if problems := judged_again(load(directory)):
                    raise Convicted(f"{directory}: {problems[0]}")
                return
            # What is saved in a project is part of it, as its tests are, and the code it names.
            check = None if self.objection is None else self._check_of(self.objection.test)
            result = replay(directory, (self.subject,), check)
        except HistoryError as error:
            raise Convicted(str(error)) from error
        if result.not_replayed is not None and not result.problems:
            pytest.skip(f"not replayed: {result.not_replayed}")
        if result.failed is not None:
            words = _told(result.failed, directory, _again(self.config, directory, self.objection))
            if not result.failed.verdict.failures:
                words = f"{_objected(result.problems[-1])}\n{words}"
            raise Convicted(words)
        if result.problems:
            words = "\n".join(result.problems)
            raise Convicted(f"{directory} is not as it was:\n{words}")

    def _check_of(self, test: str) -> Callable[[Run], None]:
        """What the test of this name asserts. Raises Convicted if there is none."""
        path, *names = test.split("::")
        gone = Convicted(
            f"{test} objected to this run, and there is no such test any more: give its new name "
            f"in {self.path.name}, or remove {self.path.parent.name}"
        )
        file = self.config.rootpath / path
        if not file.is_file():
            raise gone
        found: Any = pytest.Module.from_parent(self.session, path=file).obj
        for name in names:
            found = getattr(found, name, None)
        if target_of(found) is None:
            raise gone
        return check_of(found)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.parent.name}: {self.name}"


class SavedRunFile(pytest.File):
    """results.json of a saved run."""

    def collect(self) -> list[pytest.Item]:
        from checker.errors import CheckerError
        from nemesis.store import load

        try:
            saved = load(self.path.parent)
        except (NemesisError, CheckerError) as error:
            raise self.CollectError(
                f"{error}\n{self.path.parent} is a saved run, in part: restore it, or remove it"
            ) from error
        results = saved.results
        item = SavedRunItem.from_parent(
            self,
            name=_reason(results),
            subject=results.variant,
            objection=results.objection,
        )
        return [item]


BUDGET = pytest.StashKey[Budget]()


def histories_of(config: pytest.Config) -> Path:
    """Where failures are saved, and found again."""
    return config.rootpath / str(config.getoption("--histories"))


def _is_to_fail(item: pytest.Item) -> bool:
    """Whether it is marked xfail, by no condition or one that holds. Those that only pytest can
    tell, texts and ``raises``, count as not: what is found is kept rather than not."""
    if item.config.getoption("--runxfail"):
        return False
    return any(
        any(each is True for each in mark.args or (mark.kwargs.get("condition", True),))
        for mark in item.iter_markers("xfail")
        if mark.kwargs.get("raises") is None
    )


def _marks_of(obj: Any) -> list[pytest.Mark]:
    marks = getattr(obj, "pytestmark", [])
    return list(marks) if isinstance(marks, list) else [marks]


def _line_of(obj: Any) -> int:
    code = getattr(obj, "__code__", None)
    return 0 if code is None else int(code.co_firstlineno) - 1


def _called_with_run(check: Callable[..., None], name: str) -> Callable[[Run], None]:
    """Raises Convicted for a test that takes something else than the run."""
    from inspect import signature

    try:
        signature(check).bind(None)
    except TypeError as error:
        raise Convicted(
            f"{name}: is called with the run, which was judged, and nothing else: {error}"
        ) from error
    return check


def _summary(tally: Tally, seeds: list[int]) -> str:
    step = seeds[1] - seeds[0] if len(seeds) > 1 else 1
    named = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
    if step > 1:
        named += f", every {step}th"
    words = (
        f"{counted(tally.runs, 'run')} ({named}), {counted(tally.operations, 'operation')}, "
        f"{counted(tally.faults, 'fault')}, {counted(tally.elections, 'election')}: "
    )
    words += ", ".join(f"{count:,} {verdict}" for verdict, count in tally.verdicts.items())
    if tally.unknown:
        words += f" (unknown are {', '.join(map(str, tally.unknown))}: "
        words += f"{'; '.join(tally.reasons)})"
    return words


def _again(config: pytest.Config, directory: Path, objection: Objection | None) -> str | None:
    """The command that asks the test that objected again, which only pytest can."""
    if objection is None:
        return None
    command = f"pytest {quote(str(_from_here(directory)))}"
    given = str(config.getoption("--histories"))
    return command if given == HISTORIES else f"{command} --histories={quote(given)}"


def _words(failed: Failed, again: str | None) -> str:
    found = failed.finding
    lines = [_told(found.shrunk, failed.directory, again)]
    if failed.objection is not None:
        lines.insert(0, _objected(failed.raised or failed.objection.message))
    lines.append(f"found by seed {found.seed}, run {found.executions} of this part")
    if found.shrink_executions:
        steps = counted(len(found.shrunk.schedule.steps), "step")
        lines.append(f"shrunk from {found.steps} to {steps} in {found.shrink_seconds:.1f} s")
    return "\n".join(lines)


def _objected(message: str) -> str:
    return f"{message}\n(no judge convicts the run, but the test does)"


def _told(run: Run, directory: Path, again: str | None) -> str:
    from nemesis.cli.display import told

    return told(run, _from_here(directory), again)


def _from_here(directory: Path) -> Path:
    here = Path.cwd()
    return directory.relative_to(here) if directory.is_relative_to(here) else directory


def _reason(results: Any) -> str:
    failures = results.failures
    reason = f"{failures[0].kind}: {failures[0].message}" if failures else results.validity.value
    if results.objection is not None:
        reason = results.objection.message
    # What stands between brackets, colons and slashes, pytest takes apart.
    reason = " ".join(reason.replace("::", ": ").replace("[", "(").replace("]", ")").split())
    return reason if len(reason) <= _LONGEST_REASON else reason[: _LONGEST_REASON - 1] + "…"
