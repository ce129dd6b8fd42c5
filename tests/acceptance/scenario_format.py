"""Scenarios as text: exact exchanges of messages between consensus modules.

A scenario is a file of blocks, each a command and what it must print:

    # Comments explain the case.
    propose n1 x
    ----
    n1 appends 2/1 x
    n1->n2 AppendEntries term=1 prev_log_index=1 prev_log_term=1 entries=[2/1 x]

A block ends at an empty line. ``pytest tests/acceptance/test_scenarios.py --rewrite`` writes what
is printed now into the files: read the difference before it is believed. Fields of messages that
are 0, false or empty are left out.

Nothing happens by itself: messages wait on the wire until a command delivers, drops, duplicates or
delays them, and time passes only by ``timeout``, ``heartbeat`` and ``advance``. What leads to the
case at hand, and is told elsewhere, is done ``quietly``. Servers share one clock, and each looks at
it when it receives something: a server may time out, or send a heartbeat, with what it answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SEPARATOR = "----"


class ScenarioError(Exception):
    """A scenario file that cannot be understood; the message names file and line."""


@dataclass(frozen=True)
class Block:
    """A command with the comments before it, and what it must print."""

    comments: tuple[str, ...]
    command: str
    expected: tuple[str, ...]


def read_scenario(path: Path) -> list[Block]:
    """Parse a file; raises ScenarioError."""
    blocks = []
    comments: list[str] = []
    lines = iter(enumerate(path.read_text().splitlines(), start=1))
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            comments.append(line)
            continue
        separator = next(lines, (number, ""))[1]
        if separator != SEPARATOR:
            raise ScenarioError(f"{path}:{number}: {SEPARATOR} must follow the command {line!r}")
        expected = []
        for _, output in lines:
            if not output:
                break
            expected.append(output)
        blocks.append(Block(tuple(comments), line, tuple(expected)))
        comments = []
    return blocks


def write_scenario(path: Path, blocks: list[Block]) -> None:
    """Write the file that ``read_scenario`` reads."""
    text = []
    for block in blocks:
        text.extend([*block.comments, block.command, SEPARATOR, *block.expected, ""])
    path.write_text("\n".join(text))
