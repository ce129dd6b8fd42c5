"""One of three processes around PySyncObj's replicated dictionary, and its clients; for
bench/server.py.

    python bench/server_pysyncobj.py JOURNAL MODE ADDRESS OTHER ...

Its journal is a file that is mapped into memory: every entry is written there, and nothing of its
settings makes it sync one (journal.py has a ``flush`` that only its end calls). So with its own
settings a write is in memory when it is acknowledged. The modes:

    default      settings as they are: entries wait for the next tick (50 ms), and go together
    prompt       appendEntriesUseBatch=False: a call wakes the thread that ticks
    synced       prompt, and here the journal is flushed at each entry: what Raft asks for

Its clients are threads of this process, which call ``set(key, value, sync=True)``: what the library
offers, and cheaper than any way over a socket. Each line of standard input, ``CLIENTS SECONDS``, is
answered by one with the latencies in s, and the number of errors, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence

from pysyncobj import SyncObj, SyncObjConf, SyncObjException
from pysyncobj.batteries import ReplDict
from pysyncobj.journal import FileJournal

sys.setswitchinterval(0.001)

KEYS = 100
VALUE = "%064d"
TIMEOUT = 10.0


class Client(threading.Thread):
    """Asks for the next write when the last one is done."""

    def __init__(self, dictionary: ReplDict, number: int, until: float) -> None:
        super().__init__()
        self._dictionary = dictionary
        self._key = f"key-{number % KEYS:03}"
        self._until = until
        self.latencies: list[float] = []
        self.errors = 0

    def run(self) -> None:
        number = 0
        ended = 0.0
        while ended < self._until:
            began = time.perf_counter()
            try:
                self._dictionary.set(self._key, VALUE % number, sync=True, timeout=TIMEOUT)
            except SyncObjException:
                self.errors += 1
            else:
                self.latencies.append(time.perf_counter() - began)
            ended = time.perf_counter()
            number += 1


def sync_each_entry() -> None:
    """Let the journal be synced before anybody counts on an entry of it."""
    add = FileJournal.add

    def add_and_sync(journal: FileJournal, *entry: object) -> None:
        add(journal, *entry)
        journal.flush()

    FileJournal.add = add_and_sync


def serve(journal: str, mode: str, address: str, others: Sequence[str]) -> None:
    """Until standard input ends."""
    if mode == "synced":
        sync_each_entry()
    dictionary = ReplDict()
    settings = SyncObjConf(journalFile=journal, appendEntriesUseBatch=mode == "default")
    replica = SyncObj(address, list(others), conf=settings, consumers=[dictionary])
    replica.waitReady()
    print(json.dumps([[], 0]), flush=True)
    for line in sys.stdin:
        count, seconds = line.split()
        until = time.perf_counter() + float(seconds)
        clients = [Client(dictionary, number, until) for number in range(int(count))]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        latencies = [each for client in clients for each in client.latencies]
        print(json.dumps([latencies, sum(client.errors for client in clients)]), flush=True)
    replica.destroy()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
