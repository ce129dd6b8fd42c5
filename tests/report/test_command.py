"""``splitbrain report``, ``splitbrain check --report``, and the pages that runs leave behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from checker.report.data import Report
from nemesis.cli import run
from nemesis.report import report_of
from tests.report.samples import STALE_READ

SAVED = Path(__file__).parents[2] / "histories" / "zoo-commit-of-old-term"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SAVED, "saved")
    Path("stale.jsonl").write_text(STALE_READ)


def test_the_page_lies_beside_the_run_or_where_it_is_wanted(capsys: Capture) -> None:
    assert run(["report", "saved"]) == 0
    assert "report: saved/report.html" in capsys.readouterr().out
    assert run(["report", "saved", "--output", "page.html"]) == 0
    assert Path("page.html").read_text() == Path("saved/report.html").read_text()
    assert "<title>saved" in Path("page.html").read_text()


def test_the_same_directory_gives_the_same_page() -> None:
    assert run(["report", "saved", "-o", "one.html"]) == 0
    assert run(["report", "saved", "-o", "two.html"]) == 0
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


def test_as_text_and_as_data(capsys: Capture) -> None:
    assert run(["report", "saved", "--text"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("invalid: own-term-commit")
    assert len(text.splitlines()) <= 40
    assert "\x1b" not in text
    assert run(["report", "saved", "--json"]) == 0
    told = msgspec.json.decode(capsys.readouterr().out, type=Report)
    assert told == report_of(Path("saved"))
    assert not Path("saved/report.html").exists()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("results.json", "{", "saved/results.json: malformed"),
        ("results.json", None, "saved: is no run directory, for it has no results.json"),
        ("trace.jsonl", None, "saved/trace.jsonl: No such file or directory"),
        ("trace.jsonl", "", "saved/trace.jsonl:1: empty file"),
        ("trace.jsonl", '{"event": "boom"}', "saved/trace.jsonl:1: not a trace event"),
        ("history.jsonl", "no history", "saved/history.jsonl:1: this is no history"),
        (
            "history.jsonl",
            '{"format": "splitbrain-history", "version": 1}\n'
            '{"index": 0, "process": 0, "type": "ok", "f": "get"}\n',
            "saved/history.jsonl:2: process 0",
        ),
        ("schedule.json", "[]", "saved/schedule.json"),
    ],
)
def test_a_broken_directory_is_told_by_its_file(
    file: str, content: str | None, message: str, capsys: Capture
) -> None:
    place = Path("saved") / file
    if content is None:
        place.unlink()
    else:
        place.write_text(content)
    assert run(["report", "saved"]) == 254
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("\n") == 1
    assert not Path("saved/report.html").exists()


def test_no_directory_and_no_place_to_write_to(capsys: Capture) -> None:
    assert run(["report", "nowhere"]) == 254
    assert "nowhere: is no run directory" in capsys.readouterr().err
    assert run(["report", "saved", "-o", "no/such/place.html"]) == 255
    assert "no/such/place.html" in capsys.readouterr().err


def test_any_history_has_a_page(capsys: Capture) -> None:
    assert run(["check", "stale.jsonl", "--report", "page.html"]) == 1
    assert "report: page.html" in capsys.readouterr().out
    assert "No order of these 3 operations" in Path("page.html").read_text()
    assert run(["check", "stale.jsonl", "--report", "page.html", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["report"] == "page.html"
    assert run(["check", "stale.jsonl", "--report", "no/page.html"]) == 254
    assert "the report cannot be written: no/page.html" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("others", "message"),
    [
        (["stale.jsonl"], "--report shows one FILE"),
        (["--no-certificate"], "--report needs what --no-certificate leaves out"),
        (["--condition", "session"], "--report is about linearizability, not for --condition"),
    ],
)
def test_options_that_do_not_go_together(others: list[str], message: str, capsys: Capture) -> None:
    assert run(["check", "stale.jsonl", "--report", "page.html", *others]) == 254
    assert message in capsys.readouterr().err
    assert not Path("page.html").exists()


def test_fuzz_leaves_pages_and_tells_the_counterexample(capsys: Capture) -> None:
    code = run(
        ["fuzz", "--bug", "stale-read", "--seed", "5", "--runs", "200", "--jobs", "1",
         "--histories", "kept"]
    )  # fmt: skip
    assert code == 1
    out = capsys.readouterr().out
    (directory,) = Path("store/fuzz-stale-read").glob("2*")
    pages = sorted(path.parent.name for path in directory.glob("*/report.html"))
    assert pages == ["linearizability-6", "sample"]
    assert f"picture: {directory}/linearizability-6/report.html" in out
    # What is replayed for ever is small: its page can be made anew.
    assert [path.name for path in Path("kept").iterdir()] == ["stale-read-linearizability-6"]
    assert not list(Path("kept").glob("*/report.html"))
    assert "saved in kept/stale-read-linearizability-6" in out
    start = out.index("invalid: linearizability")
    assert out[start:].index("subject stale-read") > 0
    told = out[start : out.index("subject stale-read")].splitlines()
    assert len(told) <= 40
    assert "The longest orders, with the state after each operation:" in told


# -- What is not known, and why --------------------------------------------------------------------


def changed(**fields: object) -> None:
    place = Path("saved/results.json")
    place.write_text(json.dumps({**json.loads(place.read_text()), **fields}))


def notes() -> str:
    report = report_of(Path("saved"))
    assert report.messages is None
    assert [step.line for step in report.steps] == [
        "elect n1 [n2]",
        "replicate n1 [n3]",
        "crash n1",
        "settle",
    ]
    return " ".join(report.notes)


def test_a_trace_that_goes_another_way_has_no_messages() -> None:
    lines = Path("saved/trace.jsonl").read_text().splitlines()
    Path("saved/trace.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    assert "this schedule goes another way than was saved" in notes()


def test_a_subject_that_is_not_here_has_no_messages() -> None:
    changed(variant="no-such-raft")
    assert "Messages are not known: unknown subject 'no-such-raft'" in notes()


def test_code_that_a_file_names_is_not_loaded() -> None:
    Path("evil.py").write_text("open('loaded', 'w').close()\ndef raft(): ...\n")
    changed(variant="evil:raft")
    assert "evil:raft is run only if that is asked for" in notes()
    assert not Path("loaded").exists()
    assert run(["report", "saved", "--subject", "evil:raft", "--text"]) in (0, 254)
    assert Path("loaded").exists()


def test_real_servers_do_not_tell_of_messages() -> None:
    changed(variant="process (healthy)")
    assert "real servers do not tell of them" in notes()
    report = report_of(Path("saved"))
    assert report.subject == "a real cluster: process (healthy)"
    assert report.command == "splitbrain check saved/history.jsonl --explain"


def test_what_servers_logs_tell_may_be_what_convicts() -> None:
    """An acknowledged write, and one left open that the logs say has happened in between."""
    head = '{"format": "splitbrain-history", "version": 1, "model": "kv"}'
    rows = [
        (0, "invoke", "put", "1"), (0, "ok", "put", "1"), (1, "invoke", "put", "2"),
        (1, "info", "put", "2"), (2, "invoke", "get", None), (2, "ok", "get", "1"),
    ]  # fmt: skip

    def lines(rows: list[tuple[int, str, str, str | None]]) -> str:
        events = [
            {
                "index": at,
                "process": process,
                "type": kind,
                "f": f,
                "key": "x",
                "value": value,
                "time": at,
            }
            for at, (process, kind, f, value) in enumerate(rows)
        ]
        return "\n".join([head, *map(json.dumps, events)]) + "\n"

    Path("saved/history.jsonl").write_text(lines(rows))
    Path("saved/resolved.jsonl").write_text(lines([*rows[:3], (1, "ok", "put", "2"), *rows[4:]]))
    failures = [{"kind": "linearizability", "message": "no order", "time": None, "node": None}]
    changed(variant="process (healthy)", failures=failures)
    report = report_of(Path("saved"))
    assert report.counterexample is not None
    assert report.verdict.paragraph[0].text == "Get of x by process 2"
    assert "Operations left open are shown as the servers' logs tell of them." in report.notes


def test_a_directory_of_an_odd_name(capsys: Capture) -> None:
    odd = Path("a <b> \x1b[31m & \n c")
    shutil.copytree("saved", odd)
    assert run(["report", str(odd), "-o", "page.html"]) == 0
    written = Path("page.html").read_text()
    assert "\x1b" not in written
    assert report_of(odd).command == "splitbrain replay 'a <b> \\x1b[31m & \\n c'"
    assert "a &lt;b&gt; \\x1b[31m &amp; \\n c" in written
