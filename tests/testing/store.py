"""A project's own store, as text: one server, with a bug that it may or may not have."""

from __future__ import annotations

STORE = '''
"""One server: each command is a record in a file; it answers once the record is written."""

from typing import NamedTuple

import msgspec

from nemesis.subjects.service import KeyValueService
from nemesis.subjects.subject import Standing

BROKEN = True


class Outputs(NamedTuple):
    messages: list
    replies: list


class Server:
    deadline = 1 << 62

    def __init__(self, machine):
        self.disk = machine.disk
        self.service = KeyValueService(machine.name)
        self.records = []
        if "journal" in self.disk.files() and (data := self.disk.read("journal")):
            self.records = msgspec.msgpack.decode(data, type=list[bytes])
        machine.observer.started(1, None)
        for number, record in enumerate(self.records, start=1):
            self.service.apply(number, 1, record)
        machine.observer.role_changed("leader", 1)

    def handle(self, inputs, now):
        for request in inputs:
            record = self.service.command_of(request)
            self.records.append(record)
            self.disk.create("new", msgspec.msgpack.encode(self.records))
            if not BROKEN:
                self.disk.sync("new")
            self.disk.rename("new", "journal")
            self.service.wait_for(len(self.records), 1, request)
            self.service.apply(len(self.records), 1, record)
        return Outputs([], self.service.take_replies())

    def standing(self):
        last = len(self.records)
        return Standing("leader", 1, 1, last, last, last)

    def state(self):
        return self.service.snapshot()

    def close(self):
        pass


class Store:
    name = "store:subject"
    faults = frozenset({"crash", "pause", "unsynced-loss", "slow-disk"})

    def knobs(self, drawn):
        return msgspec.structs.replace(
            drawn, replicas=1, spares=0, reads="log", session_timeout=None,
            asynchronous_storage=False, priorities={}, power_fails_at_first_start=None,
        )

    def start(self, machine):
        return Server(machine)


def subject():
    return Store()
'''
