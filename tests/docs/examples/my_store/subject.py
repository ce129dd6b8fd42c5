"""Its subject: a Raft that holds what it claims."""

from __future__ import annotations

from nemesis.subjects.own import OwnRaft
from raft.replica import HEALTHY


class MyStore(OwnRaft):
    """Our own Raft, under the name by which the pages ask for it."""

    def __init__(self) -> None:
        super().__init__(HEALTHY)
        self.name = "my_store.subject:subject"


def subject() -> MyStore:
    """What ``--subject my_store.subject:subject`` attacks."""
    return MyStore()
