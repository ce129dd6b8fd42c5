"""The Raft of "Implementing Raft": what is changed in it, what is asked of it, and what is found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from checker.verdict import Validity
from nemesis.cli import run
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile, marked_with
from nemesis.cluster.real.runner import RealExecution, RealRun
from nemesis.cluster.real.seed.build import build, find_go, sources
from nemesis.cluster.real.seed.cluster import SeedCluster
from nemesis.cluster.real.seed.patches import FIXES, PLUMBING, Change, PatchError, patched
from nemesis.cluster.real.seed.service import SeedService
from nemesis.cluster.real.service import NodeState, NotReached, Refused, Uncertain
from nemesis.errors import UnknownName
from nemesis.faults import CrashAll, Heal, Partition, Restart
from nemesis.schedule import MILLISECOND, Advance, Operate, Schedule, Step
from nemesis.search.real_time import Plan, generate_real_time
from nemesis.store import load
from raft.kv.commands import (
    Append,
    Compare,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Transaction,
)


def _lacking() -> str | None:
    """Why the servers cannot be built here; None if they can."""
    try:
        find_go()
        sources()
    except ProcessError as error:
        return str(error)
    return None


LACKING = _lacking()
NEEDS_SEED = pytest.mark.skipif(LACKING is not None, reason=str(LACKING))

# -- Changes -----------------------------------------------------------------------------------------

CHANGES = [*PLUMBING, *(change for fix in FIXES.values() for change in fix.changes)]


def library() -> dict[str, str]:
    """A library in which every piece that is to be replaced occurs once."""
    files: dict[str, str] = {}
    for change in CHANGES:
        files[change.file] = files.get(change.file, "") + f"<{change.old}>\n"
    return files


@pytest.mark.parametrize("fixes", [(), ("stale-votes",), tuple(FIXES)])
def test_what_is_chosen_is_changed_and_nothing_else(fixes: tuple[str, ...]) -> None:
    chosen = [*PLUMBING, *(change for name in fixes for change in FIXES[name].changes)]
    expected = library()
    for file, old, new in chosen:
        expected[file] = expected[file].replace(f"<{old}>", f"<{new}>")
    assert patched(library(), fixes) == expected


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("count", [0, 2])
def test_another_library_is_refused(change: Change, count: int) -> None:
    files = library()
    files[change.file] = files[change.file].replace(f"<{change.old}>", f"<{change.old}>" * count)
    with pytest.raises(PatchError, match=f"occurs {count} times"):
        patched(files, FIXES)


def test_unknown_fixes_are_refused() -> None:
    with pytest.raises(UnknownName, match="stale-votes"):
        patched(library(), ["stale-vote"])


# -- What it takes -----------------------------------------------------------------------------------


def test_what_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPLITBRAIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    for arguments in ([], ["--fix", "all"]):
        store = ["--store", str(tmp_path / "store"), "--nemesis", "none"]
        assert run(["test", "--cluster", "seed", *store, *arguments]) == 254
        told = capsys.readouterr().err
        assert "Go 1.23.1 or newer is needed: there is none in PATH" in told
        assert "python -m nemesis.cluster.real.seed.build" in told
    (tmp_path / "go").write_text("#!/bin/sh\necho go version go1.19.8 linux/amd64\n")
    (tmp_path / "go").chmod(0o755)
    with pytest.raises(ProcessError, match=r"go is 1\.19\.8"):
        build()
    (tmp_path / "go").write_text("#!/bin/sh\necho go version go1.24 linux/amd64\n")
    with pytest.raises(ProcessError, match=r"python-raft-kv==0\.1\.1 is needed"):
        build()


def test_options_of_other_clusters_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, message in [
        (["--fix", "all"], "--fix: the simulated cluster knows"),
        (["--cluster", "process", "--fix", "all"], "--fix goes with --cluster seed"),
        (["--cluster", "seed", "--bug", "stale-read"], "--bug goes with --cluster process"),
        (["--cluster", "seed", "--fix", "stale-vote"], "stale-votes"),
        (["--cluster", "seed", "--nemesis", "clock-jump"], "cannot receive the fault clock-jump"),
    ]:
        assert run(["test", "--store", str(tmp_path / "store"), *arguments]) == 254
        assert message in capsys.readouterr().err


# -- What answers prove ------------------------------------------------------------------------------

Handler = Callable[[web.Request], web.StreamResponse]


def answered(
    operation: Operation, handler: Callable[[dict[str, object]], web.Response], node: str = "n1"
) -> Result:
    """What the service makes of a server that answers so; nobody is n2."""

    async def handle(request: web.Request) -> web.Response:
        return handler(await request.json())

    async def work() -> Result:
        application = web.Application()
        application.router.add_post("/operate", handle)
        async with TestServer(application) as server, aiohttp.ClientSession() as session:
            urls = {"n1": str(server.make_url("")).rstrip("/"), "n2": "http://127.0.0.1:1"}
            return await SeedService(session, urls, timeout=10.0).perform(node, operation)

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("operation", "asked", "answer", "result"),
    [
        (Get("k"), ([], ["get"], []), (True, ["v"]), Result("v")),
        (Get("k"), ([], ["get"], []), (True, [None]), Result(None)),
        (Put("k", "v"), ([], ["put"], []), (True, [None]), Result()),
        (Append("k", "v"), ([], ["append"], []), (True, [None]), Result()),
        (Delete("k"), ([], ["delete"], []), (True, [None]), Result()),
        (CompareAndSet("k", "a", "b"), ([("a", False)], ["put"], []), (True, [None]), Result()),
        (CompareAndSet("k", "a", "b"), ([("a", False)], ["put"], []), (False, []), Result(succeeded=False)),
        (CompareAndSet("k", None, "b"), ([("", True)], ["put"], []), (True, [None]), Result()),
        (
            Transaction((Compare("k", "a"),), (Put("k", "b"),), (Get("k"), Get("x"))),
            ([("a", False)], ["put"], ["get", "get"]),
            (False, ["v", None]),
            Result(succeeded=False, values=("v", None)),
        ),
    ],
)  # fmt: skip
def test_operations_are_transactions(
    operation: Operation,
    asked: tuple[list[tuple[str, bool]], list[str], list[str]],
    answer: tuple[bool, list[str | None]],
    result: Result,
) -> None:
    def handler(content: dict[str, object]) -> web.Response:
        compares, then, otherwise = content["compares"], content["then"], content["otherwise"]
        assert isinstance(compares, list)
        assert isinstance(then, list)
        assert isinstance(otherwise, list)
        assert [(each["expected"], each["absent"]) for each in compares] == asked[0]
        assert [[each["kind"] for each in branch] for branch in (then, otherwise)] == [*asked[1:]]
        return web.json_response({"succeeded": answer[0], "values": answer[1]})

    assert answered(operation, handler) == result


@pytest.mark.parametrize(
    ("status", "body", "write", "read"),
    [
        (409, '{"error": "this server does not lead"}', NotReached, NotReached),
        (400, '{"error": "unknown operation"}', Refused, Refused),
        (500, '{"error": "?"}', Uncertain, Refused),
        (409, "no JSON", Uncertain, Refused),
        (200, "[]", Uncertain, Refused),
        (200, '{"succeeded": true}', Uncertain, Refused),
        (200, '{"succeeded": true, "values": []}', Uncertain, Refused),
    ],
)
def test_an_operation_fails_only_if_nothing_can_have_happened(
    status: int, body: str, write: type[Exception], read: type[Exception]
) -> None:
    for operation, expected in ((Put("k", "v"), write), (Get("k"), read)):
        with pytest.raises(expected) as raised:
            answered(operation, lambda _: web.Response(status=status, text=body))
        assert raised.type is expected


def test_nobody_there_is_not_reached() -> None:
    with pytest.raises(NotReached, match="no connection"):
        answered(Put("k", "v"), lambda _: web.Response(), node="n2")


def test_who_leads_says_so() -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.json_response({"id": 1, "term": 3, "leads": True, "length": 7})

    async def work() -> tuple[NodeState | None, NodeState | None]:
        application = web.Application()
        application.router.add_post("/state", handle)
        async with TestServer(application) as server, aiohttp.ClientSession() as session:
            urls = {"n1": str(server.make_url("")).rstrip("/"), "n2": "http://127.0.0.1:1"}
            service = SeedService(session, urls, timeout=10.0)
            return await service.state("n1", 10.0), await service.state("n2", 10.0)

    assert asyncio.run(work()) == (NodeState("n1", "n1", 3, 7), None)


# -- Real servers ------------------------------------------------------------------------------------


@pytest.fixture
def run_file(tmp_path: Path) -> Iterator[RunFile]:
    made = RunFile(tmp_path)
    yield made
    assert marked_with(made.token) == [], "a process was left behind"
    made.remove()


def perform(schedule: Schedule, directory: Path, run_file: RunFile, *fixes: str) -> RealRun:
    cluster = SeedCluster(schedule.knobs, schedule.seed, directory, run_file, fixes=fixes)
    try:
        cluster.start()
        return RealExecution(schedule, cluster).perform()
    finally:
        cluster.close()


@NEEDS_SEED
def test_the_mended_library_survives_a_partition_a_crash_and_a_pause(tmp_path: Path) -> None:
    code = run(
        [
            *("test", "--cluster", "seed", "--fix", "all", "--workload", "kv", "--seed", "1"),
            *("--nemesis", "partition,crash,pause", "--time-limit", "10s", "--rate", "30"),
            *("--store", str(tmp_path)),
        ]
    )
    saved = load((tmp_path / "latest").resolve())
    assert (code, saved.results.failures) == (0, ())
    statistics = saved.results.statistics
    assert statistics.confirmed == ["crash", "partition", "pause"]
    assert statistics.leader_changes >= 1
    assert statistics.judged > 500
    assert set(statistics.succeeded) == {"get", "put", "append", "cas", "delete", "txn"}


@NEEDS_SEED
@pytest.mark.parametrize("fixes", [(), tuple(FIXES)])
def test_a_candidacy_that_was_not_persisted_is_convicted_and_the_mended_one_is_not(
    tmp_path: Path, run_file: RunFile, fixes: tuple[str, ...]
) -> None:
    """A follower that is cut off asks for votes, term after term; then all are killed. The
    published library finds on its disk the term in which it was cut off."""
    steps: list[Step] = [
        Operate(client=0, f="write", key="x", value="1", wait=200 * MILLISECOND),
        Partition(target="follower", shape="isolate", wait=2_000 * MILLISECOND),
        Operate(client=0, f="write", key="x", value="2", wait=500 * MILLISECOND),
        CrashAll(wait=100 * MILLISECOND),
        Restart(),
        Heal(wait=1_000 * MILLISECOND),
        Operate(client=0, f="read", key="x"),
        Advance(wait=500 * MILLISECOND),
    ]
    knobs = generate_real_time(0, Plan(workload="register", clients=3)).knobs
    result = perform(
        Schedule(knobs=knobs, steps=tuple(steps)), tmp_path / "nodes", run_file, *fixes
    )
    verdict = result.run.verdict
    if fixes:
        assert verdict.validity is Validity.VALID, verdict
    else:
        assert "monotonic-term" in verdict.kinds, verdict
        assert any("restarted in term" in failure.message for failure in verdict.failures)
