"""The plugin of pytest: tests that attack, and saved runs as tests (docs/pytest.md).

It is loaded in every session of pytest wherever splitbrain is installed, so it imports little
before there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nemesis.durations import NoTime, parse_duration
from nemesis.errors import NemesisError
from nemesis.testing.budget import (
    PARTS,
    RUNS,
    Budget,
    parse_seed,
    processes,
)
from nemesis.testing.items import (
    BUDGET,
    HISTORIES,
    AttackItem,
    AttackTest,
    SavedRunFile,
    histories_of,
)
from nemesis.testing.target import target_of

_RESULTS = "results.json"
_SUMMARY = "splitbrain"
_WELL = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("splitbrain")
    group.addoption(
        "--splitbrain-runs",
        type=int,
        metavar="N",
        help=f"runs of each test that attacks; {RUNS} unless the test says otherwise",
    )
    group.addoption(
        "--splitbrain-time",
        metavar="T",
        help="how long each test attacks: 90s, 5m, 1h; --splitbrain-runs is a part's most then",
    )
    group.addoption(
        "--splitbrain-seed", metavar="N", help="the first seed; another one each time if left out"
    )
    group.addoption(
        "--splitbrain-bug",
        metavar="NAME",
        help="attack this bug of the zoo wherever a test attacks our healthy Raft; nothing else",
    )
    group.addoption(
        "--splitbrain-parts",
        type=int,
        default=PARTS,
        metavar="N",
        help=f"parts of each test, which -n runs at once; {PARTS} if left out",
    )
    group.addoption(
        "--histories",
        default=HISTORIES,
        metavar="DIR",
        help="where failures are saved, and collected as tests of their own: histories/",
    )


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {})
    try:
        budget = Budget(
            # All workers of a session have the seed of the process that started them.
            given["splitbrain_seed"]
            if "splitbrain_seed" in given
            else parse_seed(config.getoption("--splitbrain-seed")),
            config.getoption("--splitbrain-runs"),
            _seconds(config.getoption("--splitbrain-time")),
            processes(),
        )
        for name in ("--splitbrain-runs", "--splitbrain-parts"):
            value = config.getoption(name)
            if value is not None and value < 1:
                raise pytest.UsageError(f"{name} {value}: must be at least 1")
        _check_bug(config.getoption("--splitbrain-bug"))
        if histories_of(config).is_file():
            raise pytest.UsageError(f"--histories {histories_of(config)}: is a file")
    except NemesisError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[BUDGET] = budget
    _collect_histories(config)


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else parse_duration(text)
    except NoTime as error:
        raise pytest.UsageError(f"--splitbrain-time {text}: {error}") from error


def _check_bug(name: str | None) -> None:
    if name is not None:
        from raft.bugs import UnknownBug, get_bug

        try:
            get_bug(name)
        except UnknownBug as error:
            raise pytest.UsageError(str(error)) from error


def _collect_histories(config: pytest.Config) -> None:
    """Without arguments saved runs are collected too, wherever tests are looked for."""
    histories = histories_of(config)
    if config.args_source is pytest.Config.ArgsSource.ARGS or not histories.is_dir():
        return
    roots = [Path(config.invocation_params.dir, argument).resolve() for argument in config.args]
    if not any(histories.resolve().is_relative_to(root) for root in roots):
        # First: what failed once is likelier to fail than anything else.
        config.args.insert(0, str(histories))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist starts a worker."""
    node.workerinput["splitbrain_seed"] = node.config.stash[BUDGET].seed


def pytest_report_header(config: pytest.Config) -> str:
    budget = config.stash[BUDGET]
    return f"splitbrain: seed {budget.seed} (again: --splitbrain-seed {budget.seed})"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.name != _RESULTS or parent.config.getoption("--splitbrain-bug") is not None:
        return None
    if file_path.parent.parent.resolve() != histories_of(parent.config).resolve():
        return None
    return SavedRunFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> AttackTest | None:
    target = target_of(obj)
    if target is None or not _is_test(collector, name, obj):
        return None
    return AttackTest.from_parent(collector, name=name, obj=obj, target=target)


def _is_test(collector: pytest.Module | pytest.Class, name: str, obj: object) -> bool:
    if isinstance(obj, type):
        return bool(collector.classnamefilter(name))
    return bool(collector.funcnamefilter(name))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With a bug, only tests of our own Raft are left: those that the bug must fail."""
    if config.getoption("--splitbrain-bug") is None:
        return
    left_out = [item for item in items if not _runs_healthy(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _runs_healthy(item)]


def _runs_healthy(item: pytest.Item) -> bool:
    if not isinstance(item, AttackItem):
        return False
    return item.target.cluster == "sim" and item.target.subject == "healthy"


def pytest_terminal_summary(
    terminalreporter: Any, exitstatus: int | pytest.ExitCode, config: pytest.Config
) -> None:
    """What was done, test by test, also where all is well: a pass tells what it rests on. With the
    seed if the header, which has it, was not shown (-q), and it may be wanted."""
    lines = [
        f"{report.nodeid}: {words}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, words in report.user_properties
        if name == _SUMMARY
    ]
    lines.sort()
    has_header = config.get_verbosity() >= 0 and not config.getoption("no_header")
    if not has_header and (lines or exitstatus not in _WELL):
        lines.insert(0, pytest_report_header(config))
    if lines:
        terminalreporter.section("splitbrain")
        for line in lines:
            terminalreporter.write_line(line)
