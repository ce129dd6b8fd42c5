"""Runs a page: each block by its language, and by what is said of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import IO, NamedTuple

import yaml  # type: ignore[import-untyped]

from checker.formats import parse_history
from checker.lincheck import check
from checker.models import get_model
from checker.verdict import Validity
from nemesis.run import run as run_schedule
from nemesis.schedule import decode_schedule
from nemesis.subjects.registry import subject_named
from tests.docs.blocks import ROOT, Block
from tests.docs.commands import Command, commands_of
from tests.docs.comparing import difference
from tests.docs.directives import Directives
from tests.docs.folder import environment, make_checkout
from tests.docs.needs import NEEDS, is_here
from tests.docs.sessions import Interpreter, Result, SessionEnded, Shell
from tests.docs.trees import missing_files, missing_names

# How long a server may take until it prints that it serves, in seconds.
_START = 60.0


class BlockFailed(Exception):
    """A block that does not do what its page says: where, and what it did."""


class Printed(NamedTuple):
    """What each command of a block printed."""

    commands: list[tuple[str, str]]

    def of(self, words: str | None) -> str | None:
        if words is None:
            return "".join(printed for _, printed in self.commands)
        return next((printed for text, printed in self.commands if words in text), None)


class Background(NamedTuple):
    process: subprocess.Popen[bytes]
    output: IO[bytes]


class PageRun:
    """A page under way. ``skipped`` tells the blocks that could not run, and what is missing."""

    def __init__(self, blocks: list[Block], scratch: Path) -> None:
        self._folder = scratch / "page"
        self._folder.mkdir()
        self._scratch = scratch
        if any(block.said.in_a_checkout for block in blocks):
            make_checkout(self._folder)
        self._environment = environment(self._folder)
        self._shell = Shell(self._folder, self._environment, scratch)
        self._python: Interpreter | None = None
        self._background: list[Background] = []
        # Of the last block that ran; None: it was skipped.
        self._printed: Printed | None = Printed([])
        self.skipped: list[str] = []

    def close(self) -> None:
        """End all that the page has started."""
        for process, output in self._background:
            _end(process)
            output.close()
        self._shell.close()
        if self._python is not None:
            self._python.close()

    def run(self, block: Block) -> None:
        """Run or compare a block. Raises BlockFailed."""
        said = block.said
        if said.not_run is not None:
            self._printed = None
            return
        lacking = [name for name in said.needs if not self._is_here(block, name)]
        if lacking or (said.prints and self._printed is None):
            if lacking:
                self.skipped.append(f"{block.place}: {', '.join(lacking)}")
            if not said.prints:
                self._printed = None
            return
        for command in said.first:
            self._seen_to_end(block, command)
        try:
            self._do(block)
        except SessionEnded as error:
            raise BlockFailed(f"{block.place}: {error}") from None
        for command in said.then:
            self._seen_to_end(block, command)

    def _is_here(self, block: Block, name: str) -> bool:
        if name not in NEEDS:
            raise BlockFailed(f"{block.place}: nobody knows {name!r}; needs.py has what is known")
        return is_here(name)

    def _do(self, block: Block) -> None:
        said, text = block.said, _stood_in(block.text, block.said)
        if block.language in ("json", "toml", "yaml"):
            _parse(block)
        if said.file is not None:
            path = self._folder / said.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if block.language == "python":
                _compiled(block, text)
        elif said.prints:
            assert self._printed is not None
            printed = self._printed.of(said.prints_of)
            if printed is None:
                raise BlockFailed(f"{block.place}: the block before has no {said.prints_of!r}")
            _compare_block(block, printed)
        elif said.generated_by is not None:
            result = self._shell.run(said.generated_by)
            if result.code not in ([each.code for each in said.exits] or [0]):
                raise BlockFailed(_told(block.place, said.generated_by, result))
            _compare_block(block, result.printed)
        elif said.schedule is not None:
            _run_schedule(block)
        elif said.history is not None:
            verdict = check(parse_history(text), get_model(said.history))
            if verdict.validity is not Validity.VALID:
                raise BlockFailed(f"{block.place}: this history is {verdict.validity}")
        elif said.files:
            _refuse(block, "these are not there", missing_files(text, ROOT))
        elif said.names_of:
            folders = [ROOT / name for name in said.names_of]
            _refuse(block, "the code has no such names", missing_names(text, folders))
        elif said.background_until is not None:
            self._start(block, text, said.background_until)
        elif said.runs_its_commands:
            commands = _commands_in(yaml.safe_load(text))
            if not commands:
                raise BlockFailed(f"{block.place}: nothing stands under 'run' or 'script'")
            for command in commands:
                self._run_commands(replace(block, text=command))
        elif block.language == "python":
            self._run_python(block, text)
        elif block.language in ("bash", "console"):
            self._run_commands(replace(block, text=text))

    def _run_commands(self, block: Block) -> None:
        commands = commands_of(block)
        printed = []
        codes = []
        for at, command in enumerate(commands):
            place = f"{block.page}:{command.line}"
            following = commands[at + 1].text if at + 1 < len(commands) else ""
            expected = _codes(block, command, at == len(commands) - 1, following)
            for _ in range(_attempts(block, command)):
                result = self._shell.run(command.text)
                if result.code != 0 or result.code in expected:
                    break
            if result.code not in expected:
                raise BlockFailed(_told(place, command.text, result))
            printed.append((command.text, result.printed))
            codes.append(result.code)
            if command.prints is not None:
                _compare(place, command.prints, result.printed, block.said)
        self._printed = Printed(printed)
        for each in block.said.exits:
            if each.of is None and each.code not in codes:
                raise BlockFailed(f"{block.place}: no command ended with {each.code}")
        named = [each.of for each in block.said.exits if each.of is not None]
        for words in (*named, *(words for words, _ in block.said.attempts)):
            if not any(words in command.text for command in commands):
                raise BlockFailed(f"{block.place}: no command has the words {words!r}")

    def _run_python(self, block: Block, text: str) -> None:
        if self._python is None:
            self._python = Interpreter(self._folder, self._environment)
        result = self._python.run(text, block.page, block.line)
        expected = [each.code for each in block.said.exits] or [0]
        if result.code not in expected:
            raise BlockFailed(_told(block.place, "this code", result))
        self._printed = Printed([("", result.printed)])

    def _seen_to_end(self, block: Block, command: str) -> None:
        result = self._shell.run(command)
        if result.code != 0:
            raise BlockFailed(_told(block.place, command, result))

    def _start(self, block: Block, text: str, until: str) -> None:
        output = (self._scratch / f"output-{len(self._background)}").open("w+b")
        process = subprocess.Popen(
            ["bash", "-c", text],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._background.append(Background(process, output))
        deadline = time.monotonic() + _START
        while True:
            ended = process.poll() is not None
            printed = Path(output.name).read_text(errors="replace")
            if until in printed:
                self._printed = Printed([(text, printed)])
                return
            if ended or time.monotonic() > deadline:
                how = "ended" if ended else f"did not print {until!r} within {_START:.0f} s"
                raise BlockFailed(f"{block.place}: it {how}; it printed:\n{printed}")
            time.sleep(0.05)


def _codes(block: Block, command: Command, is_last: bool, following: str) -> set[int] | range:
    """What a command may end with."""
    exits = block.said.exits
    named = {each.code for each in exits if each.of is not None and each.of in command.text}
    unnamed = {each.code for each in exits if each.of is None}
    for codes in (named, unnamed):
        if len(codes) > 1:
            raise BlockFailed(
                f"{block.place}: {command.text}\nmay end in two ways, which shows nothing"
            )
    if named:
        return named
    if block.language == "console":
        return range(256) if following == "echo $?" else {0, *unnamed}
    return unnamed if unnamed and is_last else {0}


def _attempts(block: Block, command: Command) -> int:
    return max((most for words, most in block.said.attempts if words in command.text), default=1)


def _stood_in(text: str, said: Directives) -> str:
    for old, new in said.stand_ins:
        text = text.replace(old, new)
    return text


def _told(place: str, command: str, result: Result) -> str:
    return f"{place}: {command}\nended with {result.code}; it printed:\n{result.printed}"


def _compare(place: str, expected: str, printed: str, said: Directives) -> None:
    differs = difference(expected, printed, said)
    if differs is not None:
        raise BlockFailed(f"{place}: it prints something else:\n{differs}")


def _compare_block(block: Block, printed: str) -> None:
    if block.language != "json":
        _compare(block.place, block.text, printed, block.said)
        return
    try:
        is_same = json.loads(block.text) == json.loads(printed)
    except ValueError:
        is_same = False
    if not is_same:
        raise BlockFailed(f"{block.place}: it prints something else:\n{printed}")


def _refuse(block: Block, why: str, what: list[str]) -> None:
    if what:
        raise BlockFailed(f"{block.place}: {why}: {', '.join(what)}")


def _compiled(block: Block, text: str) -> None:
    try:
        compile(text, block.place, "exec")
    except SyntaxError as error:
        raise BlockFailed(f"{block.place}: {error}") from None


def _parse(block: Block) -> None:
    parsers = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
    try:
        parsers[block.language](block.text)
    except (ValueError, yaml.YAMLError) as error:
        raise BlockFailed(f"{block.place}: this is no {block.language}: {error}") from None


def _run_schedule(block: Block) -> None:
    name = block.said.schedule or "healthy"
    verdict = run_schedule(
        decode_schedule(block.text.encode(), block.place), subject_named(name)
    ).verdict
    wanted = Validity.INVALID if block.said.schedule else Validity.VALID
    if verdict.validity is not wanted:
        raise BlockFailed(f"{block.place}: {name} is found {verdict.validity}")


def _commands_in(value: object) -> list[str]:
    """All that stands under ``run`` or ``script``, anywhere."""
    if isinstance(value, list):
        return [command for each in value for command in _commands_in(each)]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for key, each in value.items():
        if key in ("run", "script"):
            found += [str(command) for command in (each if isinstance(each, list) else [each])]
        else:
            found += _commands_in(each)
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """As a terminal that is closed would, and by SIGKILL if that is not heard."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
