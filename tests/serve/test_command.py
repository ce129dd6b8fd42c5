"""``splitbrain serve`` as people start and end it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import NoReturn

import pytest

from nemesis.cli import BAD_ARGUMENTS, run

HISTORIES = Path(__file__).parents[2] / "histories"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_shows_runs_until_it_is_told_to_end(tmp_path: Path, number: signal.Signals) -> None:
    shutil.copytree(HISTORIES / "zoo-acks-own-tail", tmp_path / "zoo-acks-own-tail")
    command = "import sys; from nemesis.cli import main; main(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "serve", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.split()[4].rstrip(",")
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address) as answer:
            assert b"zoo-acks-own-tail" in answer.read()
        with urllib.request.urlopen(f"{address}report/zoo-acks-own-tail") as answer:
            assert b"committed-on-majority" in answer.read()
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(["serve", str(tmp_path), "--port", str(port)]) == BAD_ARGUMENTS
    error = capsys.readouterr().err
    assert f"127.0.0.1:{port}: is taken" in error
    assert "Traceback" not in error


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", str(tmp_path / "nothing")]) == BAD_ARGUMENTS
    assert "is no folder" in capsys.readouterr().err


def test_a_name_that_nobody_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert run(["serve", str(tmp_path), "--host", "nobody", "--port", "0"]) == BAD_ARGUMENTS
    assert "splitbrain: nobody:0: Name or service not known\n" in capsys.readouterr().err


def test_an_address_of_nobody_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", str(tmp_path), "--host", "192.0.2.1", "--port", "0"]) == BAD_ARGUMENTS
    error = capsys.readouterr().err
    assert "others may read" in error
    assert "192.0.2.1:0: " in error
