"""The node of ``raft_node.py`` with one flaw, by its name: ``python3 flawed_node.py FLAW``."""

from __future__ import annotations

import sys
from pathlib import Path

from raft_node import Body, Disk, Node, run


class LocalReads(Node):
    """Every node answers reads from what it has, without asking whether that is still so."""

    def request(self, client: str, body: Body) -> None:
        if body["type"] == "read":
            self.send(client, **self.perform(body), in_reply_to=body["msg_id"])
        else:
            super().request(client, body)


class NoDisk(Disk):
    """Nothing outlasts the process."""

    def append(self, record: Body) -> None:
        pass


FLAWED = {"local-reads": (LocalReads, Disk), "no-disk": (Node, NoDisk)}

if __name__ == "__main__":
    node, disk = FLAWED[sys.argv[1]]
    run(node(disk(Path("raft.log"))))
