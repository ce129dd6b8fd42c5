"""What campaigns are called."""

from __future__ import annotations

import re


def is_name(text: str) -> bool:
    """Whether a campaign may be called so: each has a folder of its name, and no other."""
    return re.fullmatch(r"\w[\w.-]{,99}", text) is not None
