"""What a run makes beside processes, and how each kind of it is removed.

All of it has names that carry the token of its run: so nobody else's is ever taken for it.
"""

from __future__ import annotations

from collections.abc import Callable

from nemesis.cluster.real import namespaces

Remover = Callable[[str], bool]
"""Removes what has that name; False if there is none."""

REMOVERS: dict[str, Remover] = {"namespace": namespaces.remove}
"""By kind, in the order in which they are removed."""
