"""``splitbrain check`` in all that it can be asked."""

from __future__ import annotations

import io
import json
import multiprocessing
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nemesis.cli import run
from nemesis.cli.check_progress import Progress
from nemesis.cli.check_stream import Growing

# Newer Pythons warn of forks beside threads, which the runner of the tests may have.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

Capture = pytest.CaptureFixture[str]

STALE = """{"format": "splitbrain-history", "version": 1}
{"index": 0, "process": 0, "type": "invoke", "f": "write", "key": "x", "value": 1, "time": 0}
{"index": 1, "process": 0, "type": "ok", "f": "write", "key": "x", "value": 1, "time": 5}
{"index": 2, "process": 1, "type": "invoke", "f": "read", "key": "x", "time": 10}
{"index": 3, "process": 1, "type": "ok", "f": "read", "key": "x", "value": null, "time": 15}
"""
GOOD = STALE.replace("null", "1")
WRONG = STALE.replace("null", "2")
BROKEN = STALE.replace('"invoke", "f": "read"', '"ok", "f": "read"')
LOST_UPDATE = """
{:process 0, :type :invoke, :f :txn, :value [[:append 1 1]]}
{:process 0, :type :ok, :f :txn, :value [[:append 1 1]]}
{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil] [:append 1 2]]}
{:process 2, :type :invoke, :f :txn, :value [[:r 1 nil] [:append 1 3]]}
{:process 1, :type :ok, :f :txn, :value [[:r 1 [1]] [:append 1 2]]}
{:process 2, :type :ok, :f :txn, :value [[:r 1 [1]] [:append 1 3]]}
{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}
{:process 1, :type :ok, :f :txn, :value [[:r 1 [1 2 3]]]}
"""


def hard(*keys: str) -> str:
    """Compare-and-sets that all overlap, and a read that takes a search of all orders to refute."""
    pairs = [(a, b) for a in range(9) for b in range(9) if a != b]
    asked: list[tuple[int, str, str, Any]] = []
    for key in keys:
        base = 1000 * len(asked)
        asked.append((base, "write", key, 0))
        asked.extend((base + at, "cas", key, pair) for at, pair in enumerate(pairs, 1))
    lines = ['{"format": "splitbrain-history", "version": 1}']

    def add(process: int, type_: str, f: str, key: str, value: Any) -> None:
        event = {"process": process, "type": type_, "f": f, "key": key, "value": value}
        lines.append(json.dumps({"index": len(lines), **event}))

    for type_ in ("invoke", "ok"):
        for process, f, key, value in asked:
            add(process, type_, f, key, value)
    for at, key in enumerate(keys):
        add(-1 - at, "invoke", "read", key, None)
        add(-1 - at, "ok", "read", key, 1)
    return "\n".join(lines) + "\n"


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good").write_text(GOOD)
    Path("stale").write_text(STALE)
    Path("wrong").write_text(WRONG)
    Path("broken").write_text(BROKEN)
    Path("lost.edn").write_text(LOST_UPDATE)


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


def check(*arguments: str, model: str = "register") -> int:
    return run(["check", "--model", model, *arguments])


def objects(capsys: Capture) -> list[dict[str, Any]]:
    """What --json printed."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def timeless(text: str) -> str:
    return re.sub(r"\d+\.\d+ s|\"seconds\": [0-9.e-]+", "some time", text)


# Input.


def test_standard_input_is_a_file(standard_input: Callable[[str], None], capsys: Capture) -> None:
    standard_input(STALE)
    assert check("good", "-") == 1
    out = capsys.readouterr().out
    assert "good: valid" in out
    assert "<stdin>: invalid" in out


def test_errors_in_standard_input_have_a_line(
    standard_input: Callable[[str], None], capsys: Capture
) -> None:
    standard_input(BROKEN)
    assert check("-") == 254
    assert capsys.readouterr().err.startswith("splitbrain: <stdin>:4: ")


def test_a_file_that_cannot_be_judged_does_not_hide_the_others(capsys: Capture) -> None:
    assert check("broken", "nowhere", "wrong", "good", "lost.edn") == 254
    captured = capsys.readouterr()
    assert "wrong: invalid" in captured.out
    assert "good: valid" in captured.out
    assert captured.out.splitlines()[-1] == "5 histories: 1 valid, 1 invalid, 3 could not be judged"
    told = captured.err.splitlines()
    assert [line.split(":")[1].strip() for line in told] == ["broken", "nowhere", "lost.edn"]


def test_a_history_may_name_its_model(capsys: Capture) -> None:
    Path("named").write_text(GOOD.replace('"version": 1', '"version": 1, "model": "register"'))
    Path("odd").write_text(GOOD.replace('"version": 1', '"version": 1, "model": "regster"'))
    assert run(["check", "named"]) == 0
    assert check("named", model="kv") == 254, "the option wins"
    capsys.readouterr()
    assert run(["check", "odd"]) == 254
    assert "did you mean 'register'" in capsys.readouterr().err
    assert run(["check", "good"]) == 254
    assert "give --model (cas-register, " in capsys.readouterr().err


def test_models_are_listed(capsys: Capture) -> None:
    assert run(["check", "--models"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^register +read and write; one register a key", out, re.MULTILINE)
    assert "fifo-queue" in out


# Evidence.


def test_an_invalid_verdict_says_which_operations(capsys: Capture) -> None:
    assert check("stale") == 1
    assert timeless(capsys.readouterr().out).splitlines() == [
        "stale: invalid  (2 operations, some time)",
        "  impossible from event 3 on: process 1: read 'x' -> nil",
        "  no order explains these 2 operations on 'x' (none of them can be left out):",
        "    events         0..1  process 0: write 'x' 1",
        "    events         2..3  process 1: read 'x' -> nil",
    ]


def test_it_explains_at_length(capsys: Capture) -> None:
    assert check("stale", "--explain") == 1
    out = capsys.readouterr().out
    assert "The point of no return: event 3" in out
    assert len(out.splitlines()) <= 41
    assert check("stale", "--explain", "--json") == 1
    (told,) = objects(capsys)
    assert told["explanation"]["event"] == 3


@pytest.mark.parametrize(("file", "verdict"), [("good", "valid"), ("stale", "invalid")])
def test_certificates_are_written_and_verified(file: str, verdict: str, capsys: Capture) -> None:
    check(file, "--certificate", "made/proof.json")
    assert "certificate: made/proof.json" in capsys.readouterr().out
    assert run(["verify", file, "made/proof.json"]) == 0
    assert capsys.readouterr().out == f"accepted: {verdict}\n"
    other = "stale" if file == "good" else "good"
    assert run(["verify", other, "made/proof.json"]) == 1
    assert "refused" in capsys.readouterr().out
    assert run(["verify", "nowhere", "made/proof.json"]) == 254


def test_several_certificates_go_into_a_directory(capsys: Capture) -> None:
    Path("more").mkdir()
    Path("more/good").write_text(GOOD)
    assert check("good", "more/good", "wrong", "--json", "--certificate", "proofs") == 1
    told = [(each["file"], each["certificate"]) for each in objects(capsys)]
    assert told == [
        ("good", "proofs/good.certificate.json"),
        ("more/good", "proofs/more_good.certificate.json"),
        ("wrong", "proofs/wrong.certificate.json"),
    ]
    for file, certificate in told:
        assert run(["verify", file, certificate]) == 0


def test_a_certificate_that_cannot_be_written_does_not_hide_the_verdict(capsys: Capture) -> None:
    assert check("stale", "--certificate", "good/proof.json") == 254
    captured = capsys.readouterr()
    assert "stale: invalid" in captured.out
    assert "good/proof.json: the certificate cannot be written" in captured.err


def test_the_verdict_alone(capsys: Capture) -> None:
    assert check("stale", "--no-certificate", "--json") == 1
    (told,) = objects(capsys)
    assert (told["validity"], told["conflict"], told["event"]) == ("invalid", [], None)
    assert told["failures"][0]["message"] == (
        "no order of the operations on 'x' explains their answers"
    )


def test_json_has_an_object_a_line(capsys: Capture) -> None:
    assert check("good", "stale", "broken", "--json", "--witness") == 254
    good, stale, broken = objects(capsys)
    assert (good["file"], good["validity"], good["error"]) == ("good", "valid", None)
    assert good["order"] == [0, 2]
    assert (stale["keys"], stale["event"], stale["operation"]["event"]) == (["x"], 3, 2)
    assert [each["event"] for each in stale["conflict"]] == [0, 2]
    assert stale["conflict"][1] == {
        "event": 2,
        "completion": 3,
        "process": 1,
        "f": "read",
        "key": "x",
        "argument": None,
        "result": None,
        "outcome": "ok",
        "error": None,
    }
    assert stale["operations"] == 2
    assert broken["validity"] is None
    assert broken["error"].startswith("broken:4: ")


def test_the_page_names_every_field_of_json(capsys: Capture) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "checking.md").read_text()
    table = page.split("## JSON")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))))
    check("stale", "--json", "--witness", "--explain", "--weaker")
    check("stale", "--json", "--condition", "sequential")
    check("stale", "--json", "--stream")
    run(["check", "lost.edn", "--json", "--isolation"])
    assert named == {field for told in objects(capsys) for field in told}


# Budgets.


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--configurations", "2000"], "the budget of 2000 configurations is exhausted"),
        (["--seconds", "0.2"], "the budget of 0.2 s is exhausted"),
        (["--memory", "1"], "the budget of 1048576 bytes of memory is exhausted"),
    ],
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_budget_holds_and_tells_how_far_it_came(
    option: Sequence[str], reason: str, jobs: str, capsys: Capture
) -> None:
    Path("hard").write_text(hard("x", "y"))
    assert check("hard", *option, "--jobs", jobs, model="cas-register") == 2
    out = capsys.readouterr().out
    assert reason in out
    assert re.search(r"0 of 2 keys were found possible, [0-9,]+ configurations", out)


# Several processes.


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_files_judged_at_once_are_reported_as_one_by_one(
    form: Sequence[str], standard_input: Callable[[str], None], capsys: Capture
) -> None:
    files = ["good", "stale", "-", "broken", "wrong", "nowhere", "good"]
    told = []
    for jobs in ("1", "3"):
        standard_input(STALE)
        assert check(*files, "--jobs", jobs, *form) == 254
        captured = capsys.readouterr()
        told.append((timeless(captured.out), captured.err))
    assert told[0] == told[1]
    assert not multiprocessing.active_children()


def test_keys_judged_at_once_give_the_same_report(capsys: Capture) -> None:
    lines = STALE.splitlines()
    renamed = [line.replace('"x"', '"y"') for line in WRONG.splitlines()[1:]]
    for at, line in enumerate(renamed, 4):
        lines.append(
            re.sub(r'"index": \d+', f'"index": {at}', re.sub(r'"time": \d+', '"time": 99', line))
        )
    Path("keys").write_text("\n".join(lines) + "\n")
    told = []
    for jobs in ("1", "2"):
        assert check("keys", "--jobs", jobs) == 1
        told.append(timeless(capsys.readouterr().out))
    assert told[0] == told[1]
    assert "2 keys" in told[0]


# Interrupts.


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Ctrl-C at a tick."""

    def at(number: int) -> None:
        ticks = iter(range(number))

        def tick(_progress: Progress) -> bool:
            if next(ticks, None) is None:
                raise KeyboardInterrupt
            return False

        monkeypatch.setattr(Progress, "tick", tick)

    return at


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_ends_with_what_is_known(
    jobs: str, interrupted: Callable[[int], None], capsys: Capture
) -> None:
    Path("hard").write_text(hard("x", "y"))
    interrupted(12)
    assert check("hard", "--jobs", jobs, model="cas-register") == 2
    captured = capsys.readouterr()
    assert re.search(r"hard: unknown .*\n  interrupted after .* s\n", captured.out)
    assert captured.err == "splitbrain: interrupted\n"
    assert not multiprocessing.active_children()


def test_an_interrupt_of_files_judged_at_once_ends_all(
    interrupted: Callable[[int], None], capsys: Capture
) -> None:
    Path("hard").write_text(hard("x"))
    interrupted(3)
    assert check("hard", "hard", "hard", "--jobs", "2", model="cas-register") == 2
    assert "3 histories: 1 unknown, 2 not judged" in capsys.readouterr().out
    assert not multiprocessing.active_children()


def test_what_was_found_impossible_stays_so_when_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def interrupt(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("checker.lincheck.checking.earliest_conflict", interrupt)
    assert check("stale", "good") == 1
    out = capsys.readouterr().out
    assert "stale: invalid" in out
    assert "no conflict yet" in out
    assert "2 histories: 1 invalid, 1 not judged" in out


# Progress.


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_shown_on_a_terminal_after_two_seconds() -> None:
    screen, clock = io.StringIO(), Clock()
    console = Console(file=screen, force_terminal=True, width=80)
    with Progress("history", console=console, clock=clock) as progress:
        progress.now(lambda: "3 of 7 keys")
        clock.now = 1.9
        assert not progress.tick()
        assert screen.getvalue() == ""
        clock.now = 2.1
        progress.tick()
        assert "history: 3 of 7 keys, 2 s" in screen.getvalue()
        shown = len(screen.getvalue())
        clock.now = 2.15
        progress.tick()
        assert len(screen.getvalue()) == shown, "not more often than one can read"
        with progress.reading(io.BytesIO(b"12345678"), 16) as file:
            clock.now = 3.0
            assert file.read(8) == b"12345678"
        assert "history: reading 50%, 3 s" in screen.getvalue()


def test_progress_is_shown_nowhere_else(capsys: Capture) -> None:
    clock = Clock()
    with Progress("history", clock=clock) as progress:
        clock.now = 100.0
        progress.now(lambda: "never")
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


# Streams.


class Pipe(io.RawIOBase):
    """Gives a line at each read, and refuses to be read beyond the last."""

    def __init__(self, text: str) -> None:
        self._lines = iter(text.encode().splitlines(keepends=True))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = next(self._lines, None)
        assert line is not None, "nobody waits for more"
        buffer[: len(line)] = line
        return len(line)


def test_a_stream_ends_at_the_first_impossible_event(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    # Completions of one moment are judged together, so the next moment must come.
    later = '{"index": 4, "process": 7, "type": "invoke", "f": "read", "key": "x", "time": 99}\n'
    pipe = io.TextIOWrapper(io.BufferedReader(Pipe(STALE + later)))
    monkeypatch.setattr(sys, "stdin", pipe)
    assert check("--stream", "-") == 1
    assert capsys.readouterr().out == (
        "<stdin>: invalid  (5 events)\n  impossible from event 3 on: process 1: read 'x' -> nil\n"
    )


def test_a_stream_is_judged_to_its_end(capsys: Capture) -> None:
    assert check("--stream", "good", "--json") == 0
    (told,) = objects(capsys)
    assert (told["validity"], told["events"], told["event"]) == ("valid", 4, None)
    assert check("--stream", "stale", "--json") == 1
    (told,) = objects(capsys)
    assert (told["validity"], told["event"], told["keys"]) == ("invalid", 3, ["x"])
    assert check("--stream", "broken") == 254
    assert check("--stream", "nowhere") == 254
    assert check("--stream", "lost.edn", model="list-append") == 254
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 3


def test_a_stream_has_a_budget(capsys: Capture) -> None:
    Path("hard").write_text(hard("x"))
    assert check("--stream", "hard", "--configurations", "500", model="cas-register") == 2
    assert "the budget of 500 configurations is exhausted" in capsys.readouterr().out


def test_an_interrupted_stream_is_judged_as_far_as_it_came(
    interrupted: Callable[[int], None], capsys: Capture
) -> None:
    interrupted(3)
    assert check("--stream", "stale") == 0
    assert "stale: valid  (2 events, then interrupted)" in capsys.readouterr().out


def test_a_growing_file_is_waited_for() -> None:
    path = Path("growing")
    path.write_bytes(b"one\n")
    added = iter([b"", b"two\n"])

    def wait(_seconds: float) -> None:
        with open(path, "ab") as file:
            file.write(next(added))

    with open(path, "rb") as file:
        growing = Growing(file, wait)
        assert growing.read(0) == b""
        assert [growing.read1(100), growing.read1(100)] == [b"one\n", b"two\n"]
    assert next(added, None) is None


# Other conditions.


@pytest.mark.parametrize(
    ("file", "condition", "code"),
    [
        ("stale", "linearizable", 1),
        ("stale", "sequential", 0),
        ("stale", "session", 0),
        ("stale", "stale:5ns", 0),
        ("stale", "stale:4ns", 1),
        ("stale", "stale:1ms", 0),
        ("stale", "versions:1", 1),
        ("stale", "versions:2", 0),
        ("wrong", "sequential", 1),
        ("wrong", "read-your-writes", 1),
        ("wrong", "read-your-writes + monotonic-reads", 1),
        ("wrong", "stale:9s", 1),
        ("wrong", "versions:4", 1),
        ("good", "monotonic-writes", 0),
    ],
)
def test_the_exit_code_is_by_the_condition(
    file: str, condition: str, code: int, capsys: Capture
) -> None:
    assert check(file, "--condition", condition) == code
    assert check(file, "--condition", condition, "--json") == code
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["condition"] == condition
    assert bool(told["failures"]) == (code == 1)


def test_conditions_that_do_not_apply_are_unknown(capsys: Capture) -> None:
    Path("timeless").write_text(re.sub(r', "time": \d+', "", STALE))
    assert check("timeless", "--condition", "stale:1s") == 2
    assert "does not tell when" in capsys.readouterr().out
    assert check("lost.edn", "--condition", "versions:2", model="list-append") == 2
    assert "no versions to count" in capsys.readouterr().out


def test_an_unknown_operation_has_its_line_under_any_condition(capsys: Capture) -> None:
    for condition in ("sequential", "session", "stale:1s", "versions:2"):
        assert check("good", "--condition", condition, model="kv") == 254
        assert capsys.readouterr().err.startswith("splitbrain: good:2: ")


def test_weaker_conditions_are_listed(capsys: Capture) -> None:
    assert check("stale", "--weaker") == 1, "the exit code is that of linearizability"
    out = capsys.readouterr().out
    assert re.search(r"sequential +valid", out)
    assert re.search(r"stale +valid +by at most 5 ns", out)
    assert re.search(r"versions +valid +one of the latest 2", out)
    assert "strongest that holds: sequential" in out
    assert check("wrong", "--weaker", "--json") == 1
    (told,) = objects(capsys)
    assert told["weaker"]["strongest"] == []
    assert check("stale", "--weaker", "--condition", "sequential") == 0
    assert "strongest that holds: sequential" in capsys.readouterr().out
    assert check("good", "--weaker") == 0
    assert "strongest that holds: linearizable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("level", "code"),
    [("", 1), ("=snapshot-isolation", 1), ("=read-committed", 0)],
)
def test_transactions_are_judged_by_a_level(level: str, code: int, capsys: Capture) -> None:
    assert run(["check", "lost.edn", f"--isolation{level}"]) == code
    out = capsys.readouterr().out
    assert f"({level[1:] or 'strict-serializable'}, 4 operations" in out
    assert "lost-update" in out
    assert run(["check", "lost.edn", f"--isolation{level}", "--json"]) == code
    (told,) = objects(capsys)
    assert told["isolation"]["found"] == {"G-single": 1, "lost-update": 1}


# Arguments.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'FILE...'"),
        (["-", "-"], "can be read once only"),
        (["good", "--seconds", "0"], "--seconds"),
        (["good", "--memory", "0"], "--memory"),
        (["good", "--configurations", "x"], "--configurations"),
        (["good", "--jobs", "0"], "--jobs"),
        (["good", "--witness", "--no-certificate"], "--witness needs"),
        (["good", "--explain", "--no-certificate"], "--explain needs"),
        (["good", "--certificate", "c", "--no-certificate"], "--certificate needs"),
        (["good", "--certificate", "c", "--stream"], "--certificate is about linearizability"),
        (["good", "--explain", "--isolation"], "--explain is about linearizability"),
        (["good", "--isolation", "--condition", "sequential"], "cannot be judged at once"),
        (["good", "--weaker", "--stream"], "--weaker is not for --stream"),
        (["good", "stale", "--stream"], "--stream follows one FILE"),
        (["good", "stale", "--certificate", "wrong"], "need a directory"),
        (["good", "./good", "--certificate", "proofs"], "two certificates"),
        (["good", "--condition", "seqential"], "did you mean 'sequential'"),
        (["good", "--condition", "stale:5"], "stale:5ms"),
        (["good", "--condition", "versions:0"], "versions:2"),
        (["good", "--isolation", "serialisable"], "did you mean 'serializable'"),
        (["--isolation", "good"], "put --isolation after the FILEs"),
        (["good", "--workload", "bank"], "--workload"),
    ],
)
def test_bad_arguments_are_told_in_a_line(
    arguments: Sequence[str], message: str, capsys: Capture
) -> None:
    assert check(*arguments) == 254
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_history_that_tells_nothing_is_unknown(tmp_path: Path, capsys: Capture) -> None:
    header = '{"format": "splitbrain-history", "version": 1}\n'
    invocation = {"index": 0, "process": 0, "type": "invoke", "f": "write", "value": 1}
    for name, lines in (("empty", ""), ("open", json.dumps(invocation) + "\n")):
        path = tmp_path / name
        path.write_text(header + lines)
        for more in ([], ["--stream"]):
            assert run(["check", "--model", "register", *more, str(path)]) == 2
            assert "nothing to judge" in capsys.readouterr().out
