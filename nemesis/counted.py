"""Numbers of things, as people write them."""

from __future__ import annotations


def counted(number: int, one: str, more: str = "") -> str:
    """``1 run``, ``1,200 runs``; ``more`` where the plural is another than ``one`` with an s."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
