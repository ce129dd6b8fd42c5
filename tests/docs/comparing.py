"""What a page says that is printed, beside what was printed."""

from __future__ import annotations

import difflib
import re

from tests.docs.directives import Directives

_NUMBER = re.compile(r"\d(?:[\d.,:]*\d)?")
_VARYING = "\N{WHITE SQUARE}"
_VARYING_LINES = _VARYING * 2


def difference(expected: str, printed: str, said: Directives) -> str | None:
    """Why these are not the same; None if they are, by what the directives let differ."""
    wanted, found = _lines(expected, said), _lines(printed, said)
    if all(line.strip() in ("", "...", _VARYING_LINES) for line in wanted):
        return None if wanted == found == [""] else "nothing would be compared"
    parts: list[list[str]] = [[]]
    for line in wanted:
        if line.strip() == "...":
            parts.append([])
        else:
            parts[-1].append(line)
    if said.in_part:
        parts = [[], *parts, []]
    if _is_in_order(parts, found):
        return None
    lines = difflib.unified_diff(wanted, found, "the page says", "printed", lineterm="", n=100)
    return "\n".join(lines)


def _lines(text: str, said: Directives) -> list[str]:
    """Lines that follow each other and of which nothing is compared are one."""
    lines: list[str] = []
    varied = False
    for line in text.strip("\n").split("\n"):
        varies = any(re.fullmatch(each, line.rstrip()) for each in said.varies)
        if not (varies and varied):
            lines.append(_VARYING_LINES if varies else _levelled(line, said))
        varied = varies
    return lines


def _levelled(line: str, said: Directives) -> str:
    for expression in said.varies:
        line = re.sub(expression, _VARYING, line)
    if said.numbers_vary:
        line = re.sub(" {2,}", " ", _NUMBER.sub(_VARYING, line))
    return line.rstrip()


def _is_in_order(parts: list[list[str]], found: list[str]) -> bool:
    """Whether the parts follow each other, the first at the start and the last at the end."""
    at = 0
    for index, part in enumerate(parts):
        if index == len(parts) - 1:
            begins = [len(found) - len(part)] if index else [0]
        elif index == 0:
            begins = [0]
        else:
            begins = list(range(at, len(found) - len(part) + 1))
        for begin in begins:
            if begin >= at and _same(part, found[begin : begin + len(part)]):
                at = begin + len(part)
                break
        else:
            return False
    return len(parts) > 1 or at == len(found)


def _same(wanted: list[str], found: list[str]) -> bool:
    return len(wanted) == len(found) and all(map(_same_line, wanted, found))


def _same_line(wanted: str, found: str) -> bool:
    if "..." not in wanted:
        return wanted == found
    pattern = ".*".join(re.escape(piece) for piece in wanted.split("..."))
    return re.fullmatch(pattern, found) is not None
