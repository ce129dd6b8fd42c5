"""SIGKILL again and again under load: nothing acknowledged is lost, and the trace is valid.

    python bench/server_kills.py                        30 kills
    python bench/server_kills.py --kills 200 --seed 7
    python bench/server_kills.py --variant vote-not-persisted      must fail

Three servers on loopback, with small segments and snapshots, so that kills come in the middle of
those too; one server is killed, or two, or all, then started again, and clients must get writes
through before the next kill. Where something is lost or the trace is not valid, the files are kept
and the status is 1.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp
from threading import Event

sys.path.insert(0, str(Path(__file__).parents[1]))

from checker.invariants import judge_trace
from checker.merge import merge_traces
from checker.trace import Started, TraceEvent
from checker.verdict import Validity
from tests.server.processes import QUICK, ClusterOfProcesses, cluster, eventually
from tests.server.writer import Writer

SETTINGS = {
    **QUICK,
    "snapshot_threshold_bytes": 20_000,
    "entries_kept_after_snapshot": 50,
    "segment_bytes": 8192,
}
# How many servers are killed at once.
AT_ONCE = (1, 1, 1, 2, 3)
# Writes that must get through between two kills.
PROGRESS = 20


def kill_and_restart(servers: ClusterOfProcesses, at_most: int, random: Random) -> int:
    """Kill some servers, at most so many, and start them again; how many."""
    count = min(random.choice(AT_ONCE), at_most)
    victims = random.sample(list(servers.servers.values()), count)
    for victim in victims:
        victim.kill()
    Event().wait(random.random() * 0.8)
    for victim in victims:
        victim.start()
    return count


def kill_under_load(
    servers: ClusterOfProcesses, writers: Sequence[Writer], kills: int, random: Random
) -> None:
    """As often as asked for, with writes accepted after each time."""

    def accepted() -> int:
        return sum(writer.accepted for writer in writers)

    left = kills
    while left:
        Event().wait(random.random() * 0.5)
        left -= kill_and_restart(servers, left, random)
        servers.leader()
        goal = accepted() + PROGRESS
        eventually(partial(_has_come_to, accepted, goal), "writes")


def _has_come_to(count: Callable[[], int], goal: int) -> bool:
    return count() >= goal


def judge(directory: Path, lives: int) -> list[str]:
    """What is wrong with the trace of all servers, which have lived so many lives."""
    header, events = merge_traces(sorted(directory.glob("*.trace.jsonl")))
    counts = Counter[type[TraceEvent]](type(event) for event in events)
    print(f"{len(events)} events:", ", ".join(f"{c} {t.__name__}" for t, c in counts.most_common()))
    wrong = []
    if counts[Started] != lives:
        wrong.append(f"{counts[Started]} lives are in the trace, and there were {lives}")
    verdict = judge_trace(header.members, events)
    print(f"trace: {verdict.validity.value}")
    if verdict.validity is not Validity.VALID:
        wrong += [str(each) for each in (*verdict.failures, *verdict.reasons)]
    return wrong


def run(directory: Path, kills: int, clients: int, variant: str, random: Random) -> list[str]:
    """What is wrong after so many kills."""
    wrong = []
    with cluster(directory, settings=SETTINGS, variant=variant) as servers:
        servers.leader()
        writers = [Writer(list(servers.servers.values()), f"c{n}") for n in range(clients)]
        for writer in writers:
            writer.start()
        try:
            kill_under_load(servers, writers, kills, random)
        finally:
            for writer in writers:
                writer.end()
        servers.leader()
        acknowledged = sum(len(writer.acknowledged) for writer in writers)
        for server in servers.servers.values():
            lost = [key.decode() for writer in writers for key in writer.lost(server)]
            print(f"{server.name}: {len(lost)} of {acknowledged} keys lost")
            if lost:
                wrong.append(f"{server.name} has lost {', '.join(lost)}")
        for server in servers.servers.values():
            status = server.terminate()
            if status != 0:
                wrong.append(f"{server.name} ended with {status}: {server.log}")
        accepted = sum(writer.accepted for writer in writers)
        refused = sum(writer.refused for writer in writers)
        print(f"{kills} kills, {accepted} writes acknowledged, {refused} not")
        lives = kills + len(servers.servers)
    return wrong + judge(directory, lives)


def main() -> int:
    """The exit status."""
    parser = ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variant", default="healthy", help="a bug of the zoo to run with")
    parser.add_argument("--directory", type=Path, help="where to make the files; default /var/tmp")
    arguments = parser.parse_args()
    directory = Path(mkdtemp(prefix="server-kills-", dir=arguments.directory or "/var/tmp"))
    print(f"files in {directory}", flush=True)
    random = Random(arguments.seed)
    wrong = run(directory, arguments.kills, arguments.clients, arguments.variant, random)
    for each in wrong:
        print(each)
    if wrong:
        print(f"kept: {directory}")
        return 1
    rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
