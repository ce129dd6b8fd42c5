"""The consensus module, sans-IO: Figure 2 of the extended Raft paper, a method for each rule.

state.py        the state of a server, and the only ways in which it changes
election.py     RequestVote, candidates, pre-vote
replication.py  AppendEntries, leaders, commitment, flow control, check-quorum
snapshots.py    InstallSnapshot, compaction of the log
membership.py   configuration changes; changes.py, catch_up.py: what they are, how learners catch up
transfer.py     leadership transfer
leases.py       when a leader may read without asking
reads.py        ReadIndex
follower_reads.py  ReadIndex at followers
durability.py   what must be on the disk before a message leaves
consensus.py    the rules together: inputs in, messages out
"""

from raft.consensus.consensus import Consensus
from raft.consensus.entry import Entry, NodeId
from raft.consensus.messages import (
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
    Message,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from raft.consensus.replication import Refusal
from raft.consensus.settings import Settings
from raft.consensus.snapshot import Snapshot
from raft.consensus.state import Role

__all__ = [
    "AppendEntries",
    "AppendEntriesReply",
    "Consensus",
    "Entry",
    "InstallSnapshot",
    "InstallSnapshotReply",
    "Message",
    "NodeId",
    "PreVote",
    "PreVoteReply",
    "Refusal",
    "RequestVote",
    "RequestVoteReply",
    "Role",
    "Settings",
    "Snapshot",
]
