"""What runs have made on a Docker engine, by its labels; and what of it nobody needs any more.

Every container and network carries the token of its run, and says which process runs it. So what a
killed run has left is found by whoever uses the engine next, whatever became of the run-file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from nemesis.cluster.real.docker_client import asking, connect, is_unknown
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import pid_namespace, start_time

_TOKEN, _RUNNER, _MADE_AT = "splitbrain.run", "splitbrain.runner", "splitbrain.made"
# By when a run has containers that run, in s.
_STARTING = 60.0


class _Made(NamedTuple):
    is_network: bool
    id: str
    name: str
    is_running: bool
    labels: dict[str, str]


def marks_of(token: str) -> dict[str, str]:
    """The labels of whatever this process makes for its run."""
    runner = f"{_world()} {os.getpid()} {start_time(os.getpid())}"
    return {_TOKEN: token, _RUNNER: runner, _MADE_AT: str(int(time.time()))}


def remove_run(client: Any, token: str) -> bool:
    """Remove all that a run has made; False if there is nothing. Raises ProcessError."""
    made = _all(client, f"{_TOKEN}={token}")
    # Those that use a host's network, the hosts, their network.
    for each in sorted(made, key=lambda each: (each.is_network, each.name.endswith("-host"))):
        try:
            with asking(f"remove {each.name}"):
                if each.is_network:
                    client.api.remove_network(each.id)
                else:
                    client.api.remove_container(each.id, force=True, v=True)
        except ProcessError as error:
            if not is_unknown(error):
                raise
    return bool(made)


def remove_run_by_token(token: str) -> bool:
    """The same, by whichever engine there is; False if there is none."""
    try:
        client = connect()
    except ProcessError:
        return False
    try:
        return remove_run(client, token)
    finally:
        client.close()


def remove_left(client: Any) -> list[str]:
    """Remove what runs that are no more have left on the engine, and only that; their tokens."""
    runs: dict[str, list[_Made]] = {}
    for each in _all(client, _TOKEN):
        runs.setdefault(each.labels[_TOKEN], []).append(each)
    left = [token for token, made in runs.items() if _is_left(made)]
    for token in left:
        remove_run(client, token)
    return left


def _is_left(made: Iterable[_Made]) -> bool:
    """Whether the process that has made it is no more. One of another world cannot be looked for:
    its containers run, if it does, or it has only just begun."""
    labels = [each.labels for each in made]
    world, pid, started = labels[0].get(_RUNNER, "? 0 0").rsplit(" ", 2)
    if world == _world():
        return str(start_time(int(pid))) != started
    youngest = max(int(each.get(_MADE_AT, "0")) for each in labels)
    return not any(each.is_running for each in made) and time.time() - youngest > _STARTING


def _world() -> str:
    """Within which a pid means something: this boot of this machine, this namespace of pids."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {pid_namespace()}"


def _all(client: Any, label: str) -> list[_Made]:
    with asking("list containers and networks"):
        containers = client.api.containers(all=True, filters={"label": label})
        networks = client.api.networks(filters={"label": label})
    return [
        *(
            _Made(False, each["Id"], each["Names"][0], each["State"] != "exited", each["Labels"])
            for each in containers
        ),
        *(_Made(True, each["Id"], each["Name"], False, each["Labels"]) for each in networks),
    ]
