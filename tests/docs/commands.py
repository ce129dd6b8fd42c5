"""The commands of a block of bash, and those of a block of what a terminal shows."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

from tests.docs.blocks import Block, PageError

PROMPT = "$ "


class Command(NamedTuple):
    """A command, and what the page says that it prints; None: it does not say."""

    line: int
    text: str
    prints: str | None


def commands_of(block: Block) -> list[Command]:
    """In order. Raises PageError where there is none, or one that does not end."""
    found = _transcript(block) if block.language == "console" else _script(block)
    if not found:
        raise PageError(f"{block.place}: there is no command in this block")
    return found


def _script(block: Block) -> list[Command]:
    found: list[Command] = []
    gathered, begin = "", block.line
    for number, line in enumerate(block.text.splitlines(), block.line):
        if not gathered and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begin = begin if gathered else number
        gathered += line + "\n"
        if _is_whole(gathered):
            found.append(Command(begin, gathered.rstrip("\n"), None))
            gathered = ""
    if gathered:
        raise PageError(f"{block.page}:{begin}: this command does not end, or is not bash")
    return found


def _transcript(block: Block) -> list[Command]:
    lines = block.text.splitlines()
    if not lines[0].startswith(PROMPT):
        raise PageError(f"{block.place}: a block of console begins with '$ COMMAND'")
    found: list[Command] = []
    at = 0
    while at < len(lines):
        begin, text = at, lines[at].removeprefix(PROMPT) + "\n"
        while not _is_whole(text):
            at += 1
            if at == len(lines):
                place = f"{block.page}:{block.line + begin}"
                raise PageError(f"{place}: this command does not end, or is not bash")
            text += lines[at].removeprefix("> ") + "\n"
        at += 1
        printed = []
        while at < len(lines) and not lines[at].startswith(PROMPT):
            printed.append(lines[at])
            at += 1
        prints = "".join(f"{line}\n" for line in printed)
        found.append(Command(block.line + begin, text.rstrip("\n"), prints))
    return found


def _is_whole(text: str) -> bool:
    if text.rstrip("\n").endswith("\\"):
        return False
    parsed = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    # A document that is still open is a warning.
    return parsed.returncode == 0 and not parsed.stderr
