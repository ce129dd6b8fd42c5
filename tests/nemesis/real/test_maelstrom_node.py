"""The process of a node: what it reads, what it writes, and what is left of either when it dies."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nemesis.cluster.real.maelstrom.node import NodeProcess
from nemesis.cluster.real.run_file import RunFile, marked_with

PATIENCE = 20.0


class Watched:
    """A node of a program, and what it has written."""

    def __init__(self, program: str, directory: Path, run_file: RunFile) -> None:
        self.lines: list[bytes] = []
        self.told: list[str] = []
        self.loop = asyncio.new_event_loop()
        command = [sys.executable, "-u", "-c", program]
        self.node = NodeProcess(
            "n1", command, directory / "n1.log", run_file, {}, directory / "n1.data", self.loop
        )
        self.node.receive = self.lines.append
        self.node.begun = lambda: self.told.append("begun")
        self.node.ended = lambda: self.told.append("ended")

    def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until it holds."""

        async def wait() -> None:
            while not condition():
                await asyncio.sleep(0.01)

        self.loop.run_until_complete(asyncio.wait_for(wait(), PATIENCE))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    run_file = RunFile(tmp_path)
    made: list[Watched] = []

    def make(program: str) -> Watched:
        made.append(Watched(program, tmp_path, run_file))
        made[-1].node.start()
        return made[-1]

    yield make
    for each in made:
        each.node.kill()
        each.loop.close()
    assert marked_with(run_file.token) == []


ECHO = "import sys\nfor line in sys.stdin: print(line, end='')"


def test_lines_go_in_and_come_out(watch: Callable[[str], Watched]) -> None:
    watched = watch(ECHO)
    lines = [b"%d " % number + b"x" * (number % 3 * 40_000) for number in range(100)]
    for line in lines:
        watched.node.write(line + b"\n")
    watched.until(lambda: len(watched.lines) == 100)
    assert watched.lines == lines
    assert watched.told == ["begun"]


def test_node_that_is_paused_reads_on_when_it_is_resumed(watch: Callable[[str], Watched]) -> None:
    watched = watch(ECHO)
    assert watched.node.pause()
    for number in range(1_000):
        watched.node.write(b"%d" % number + b"x" * 1_000 + b"\n")
    watched.loop.run_until_complete(asyncio.sleep(0.05))
    assert watched.lines == []
    assert watched.node.resume()
    watched.until(lambda: len(watched.lines) == 1_000)


def test_what_was_written_before_it_died_was_sent_but_for_half_a_line(
    watch: Callable[[str], Watched],
) -> None:
    watched = watch("import sys, time\nprint('whole')\nsys.stdout.write('ha')\ntime.sleep(1000)")
    watched.until(lambda: watched.node.pid is not None and watched.lines == [b"whole"])
    assert watched.node.kill()
    assert watched.lines == [b"whole"]
    assert watched.told[-1] == "ended"


def test_what_was_not_read_is_lost_with_the_process_and_its_directory_is_not(
    watch: Callable[[str], Watched],
) -> None:
    program = (
        "import sys, pathlib\n"
        "path = pathlib.Path('kept')\n"
        "print(path.read_text() if path.exists() else 'nothing')\n"
        "for line in sys.stdin: path.write_text(line); print(line, end='')"
    )
    watched = watch(program)
    watched.node.write(b"first\n")
    watched.until(lambda: len(watched.lines) == 2)
    watched.node.pause()
    # More than the pipe takes.
    watched.node.write(b"second" * 100_000 + b"\n")
    watched.node.kill()
    watched.node.write(b"to nobody\n")
    watched.node.start()
    watched.node.write(b"third\n")
    watched.until(lambda: len(watched.lines) == 5)
    assert watched.lines == [b"nothing", b"first", b"first", b"", b"third"]
    assert watched.told == ["begun", "ended", "begun"]


def test_node_that_reads_no_more_or_ends_is_written_to_in_vain(
    watch: Callable[[str], Watched],
) -> None:
    watched = watch("import os, sys\nos.close(0)\nprint('closed')\nsys.stdin.read()")
    watched.until(lambda: watched.lines == [b"closed"])
    watched.node.write(b"hello\n")
    watched.until(lambda: not watched.node.is_running)
    watched.node.write(b"hello\n")
    assert watched.node.ended_by_itself() == 1
    assert watched.node.ended_by_itself() is None
    assert "ended" in watched.told
