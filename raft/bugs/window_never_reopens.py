"""A full window stays full if an acknowledgement is lost."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.progress import Progress
from raft.replica import Variant


class KeepsWindowClosed(Consensus):
    """Learns nothing of what is in flight from the answer to a heartbeat."""

    def on_append_success(self, progress: Progress, message: AppendEntriesReply) -> None:
        is_heartbeats = message.match_index == message.prev_log_index
        if not (is_heartbeats and progress.in_flight):
            super().on_append_success(progress, message)


register(
    Variant("window-never-reopens", consensus=KeepsWindowClosed),
    summary=(
        "what is in flight is freed by the answer to it alone, and when that is lost, nothing "
        "more is sent"
    ),
    source=(
        "a generic mistake of pipelining; etcd-io/raft frees a full window when a heartbeat is "
        "answered"
    ),
    convicted_by={"liveness"},
    scenario="""
        One message may be in flight. It arrives at n2, and its acknowledgement is lost; n2 is never
        sent another entry.
    """,
    witness="""
        with max_appends_in_flight=1
        elect n1 [n2]
        replicate n1 [n2]
        propose n1 put x 1
        deliver n1 n2 append newest
        settle
    """,
)
