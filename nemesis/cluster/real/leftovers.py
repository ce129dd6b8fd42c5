"""What a run makes beside processes, and how each kind of it is removed.

All of it has names that carry the token of its run: so nobody else's is ever taken for it.
"""

from __future__ import annotations

from collections.abc import Callable

from nemesis.cluster.real import namespaces

Remover = Callable[[str], bool]
"""Removes what has that name; False if there is none."""

CONTAINERS = "containers"
"""All that a run has made on a Docker engine, by its token."""


def _remove_containers(token: str) -> bool:
    # Not before it is needed: it knows run-files, which know us.
    from nemesis.cluster.real.docker_leftovers import remove_run_by_token

    return remove_run_by_token(token)


REMOVERS: dict[str, Remover] = {CONTAINERS: _remove_containers, "namespace": namespaces.remove}
"""By kind, in the order in which they are removed."""
