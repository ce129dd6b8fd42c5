"""Times as people write them."""

from __future__ import annotations

import re

from nemesis.errors import NemesisError

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


class NoTime(NemesisError):
    """A text that is no time."""


def parse_duration(text: str) -> float:
    """``90``, ``90s``, ``5m``, ``1h``; in s. Raises NoTime."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None or not float(match[1]):
        raise NoTime(f"{text!r} is no time; write 90s, 5m or 1h")
    return float(match[1]) * _UNITS[match[2]]
