"""``splitbrain check``: what it reads, its arguments, and the evidence that it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from nemesis.cli import run
from tests.campaigns.crew import Crew
from tests.nemesis.check.checks import BROKEN, GOOD, STALE, Capture, check, objects, timeless

# Newer Pythons warn of forks beside threads, which the runner of the tests may have.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


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
    assert "give --model (bank, cas-register, " in capsys.readouterr().err


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


def test_the_page_names_every_field_of_json(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")
    page = (Path(__file__).parents[3] / "docs" / "checking.md").read_text()
    table = page.split("## JSON")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))))
    check("stale", "--json", "--witness", "--explain", "--weaker")
    check("stale", "--json", "--condition", "sequential")
    check("stale", "--json", "--stream")
    run(["check", "lost.edn", "--json", "--isolation"])
    monkeypatch.setattr("nemesis.campaigns.histories.dask_workers", lambda *_: nullcontext(Crew()))
    check("stale", "--json", "--scheduler", "tcp://x:1")
    assert named == {field for told in objects(capsys) for field in told}


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
