"""The space-time diagram's arithmetic, in TypeScript, against what the monitors know of the nodes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checker.invariants import Monitors
from checker.invariants.ghost import NodeGhost
from checker.report.data import encode_report
from checker.report.events import plain_command, trace_shown
from checker.report.shown import Shortener
from checker.trace import Compacted, SnapshotRestored, Started, TraceEvent, read_trace
from nemesis.replay import judge_history
from nemesis.report import report_of
from nemesis.run import run
from nemesis.search.generate import Only, Size, generate
from nemesis.store import TRACE, save

HISTORIES = Path(__file__).parents[2] / "histories"
# Elections, crashes, conflicts, snapshots, changes of the members, copies of messages.
SAVED = (
    "zoo-commit-of-old-term",
    "commit-of-old-term-own-term-commit-2009",
    "zoo-append-truncates",
    "zoo-joint-left-too-early",
    "zoo-duplicate-vote-counted",
    "zoo-sessions-not-in-snapshot",
    "retry-applied-twice-exactly-once-21",
)
EVERY = 7
"""Of a long trace every seventh place is compared."""


def known_of(members: Sequence[str], nodes: Sequence[str], events: Sequence[TraceEvent]) -> Any:
    """What the monitors know of the nodes, by place."""
    monitors = Monitors(tuple(members))
    # Up to where logs have given way to snapshots: the monitors need not know.
    begins = dict.fromkeys(nodes, 0)

    def now() -> list[dict[str, Any]]:
        return [_known(monitors.cluster.node(name), begins[name]) for name in nodes]

    known = [(0, now())]
    for place, event in enumerate(events, start=1):
        monitors.observe(event)
        if isinstance(event, Started):
            begins[event.node] = 0
        elif isinstance(event, Compacted | SnapshotRestored):
            begins[event.node] = event.index
        if len(events) < 400 or place % EVERY == 0:
            known.append((place, now()))
    return known


def _known(node: NodeGhost, begins: int) -> dict[str, Any]:
    return {
        "begins": begins,
        "role": node.role,
        "term": node.term,
        "base": node.base,
        "terms": node.terms[1:],
        "commit": node.commit_index,
        "applied": node.applied_index,
        "durable": None if node.is_recovering else node.durable_from - 1,
    }


def _case(directory: Path) -> dict[str, Any]:
    report = report_of(directory)
    header, events = read_trace(directory / TRACE)
    return {
        "name": directory.name,
        "report": json.loads(encode_report(report)),
        "known": known_of(header.members, report.nodes, events),
    }


def _shortened(case: dict[str, Any], events: Sequence[TraceEvent]) -> dict[str, Any]:
    """The same run, of which only the second half is shown, and no messages are known."""
    report = dict(case["report"])
    nodes = report["nodes"]
    first = len(events) // 2
    shown = trace_shown(nodes, events, plain_command, Shortener(), most=len(events) - first)
    report["trace"] = json.loads(msgspec.json.encode(shown.trace))
    del report["messages"]
    return {
        "name": f"{case['name']}, shortened",
        "report": report,
        "known": [(place - first, nodes) for place, nodes in case["known"] if place >= first],
    }


def _generated(folder: Path) -> Iterator[dict[str, Any]]:
    """Healthy runs under faults of all kinds."""
    for seed in (3, 8):
        result = run(generate(seed, Size(40, 10), Only(5, "kv", None)))
        directory = folder / f"generated-{seed}"
        save(directory, result, judge_history(result.history, result.model))
        yield _case(directory)
        yield _shortened(_case(directory), result.trace)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    found = [*(_case(HISTORIES / name) for name in SAVED), *_generated(folder)]
    kinds = {kind for case in found for kind in _kinds(case["report"]["trace"])}
    needed = {"truncated", "snapshot-restored", "compacted", "stopped", "vote-granted"}
    assert needed <= kinds
    file = folder / "cases.json"
    file.write_text(json.dumps(found))
    return file


def _kinds(trace: dict[str, Any]) -> set[str]:
    return {trace["kinds"][kind] for kind in trace["kind"]}


def test_the_page_knows_of_the_nodes_what_the_monitors_know(
    page_source: Path, cases: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "spacetime.test.mjs"
    built = subprocess.run(
        [
            "node_modules/.bin/esbuild",
            "tests/spacetime.test.ts",
            "--bundle",
            "--platform=node",
            "--format=esm",
            f"--outfile={bundle}",
        ],
        cwd=page_source,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    done = subprocess.run(
        ["node", "--test", str(bundle)],
        env={**os.environ, "CASES": str(cases)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "# pass 77" in done.stdout
