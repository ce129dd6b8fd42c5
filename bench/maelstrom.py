"""How many operations nodes of Maelstrom perform through the runner's network, and what they cost.

    python bench/maelstrom.py [--seconds 4]

Clients write and read one after the other, without faults: on a node alone that keeps its values in
a dict, so that nearly all is the network's and the clients', and on three nodes of Raft in a file
(tests/nemesis/real/nodes). The last column is processor time of the runner alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from nemesis.cluster.real.maelstrom.cluster import MaelstromCluster
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.service import Refused, Service
from nemesis.schedule import Knobs
from raft.kv.commands import Get, Put

NODES = Path(__file__).parent.parent / "tests" / "nemesis" / "real" / "nodes"
PROGRAMS = {"a node alone": ("lone_node.py", 1), "Raft, three nodes": ("raft_node.py", 3)}


async def work(service: Service, nodes: tuple[str, ...], client: int, end: float) -> list[float]:
    """What one client does until then: how long each operation took, in s."""
    took: list[float] = []
    count = 0
    home = 0
    while (now := time.perf_counter()) < end:
        count += 1
        key = f"k{client}"
        try:
            operation = Put(key, str(count)) if count % 2 else Get(key)
            await service.perform(nodes[home], operation)
        except Refused:
            # It does not lead.
            home = (home + 1) % len(nodes)
            await asyncio.sleep(0)
            continue
        took.append(time.perf_counter() - now)
    return took


async def load(cluster: MaelstromCluster, clients: int, seconds: float) -> list[float]:
    end = time.perf_counter() + seconds
    done = await asyncio.gather(
        *(work(cluster.service, cluster.nodes, client, end) for client in range(clients))
    )
    return sorted(took for each in done for took in each)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    seconds = parser.parse_args().seconds
    print(f"{'':20} clients  ops a second    p50 ms    p99 ms  runner us an op")
    for what, (program, replicas) in PROGRAMS.items():
        with tempfile.TemporaryDirectory() as directory:
            run_file = RunFile(Path(directory))
            cluster = MaelstromCluster(
                Knobs(replicas=replicas, operation_timeout=5_000_000_000),
                0,
                Path(directory) / "nodes",
                run_file,
                program=f"{sys.executable} {NODES / program}",
            )
            try:
                cluster.start()
                cluster.run(load(cluster, 1, 1.5))
                for clients in (1, 16, 64):
                    before = time.process_time()
                    took = cluster.run(load(cluster, clients, seconds))
                    cost = (time.process_time() - before) / len(took)
                    p50, p99 = (took[len(took) * part // 100] * 1_000 for part in (50, 99))
                    print(
                        f"{what:20} {clients:7} {len(took) / seconds:13,.0f} {p50:9.2f} {p99:9.2f}"
                        f" {cost * 1e6:16.0f}",
                        flush=True,
                    )
            finally:
                cluster.close()
                run_file.remove()


if __name__ == "__main__":
    main()
