"""The consensus module, sans-IO: Figure 2 of the extended Raft paper, a method for each rule.

state.py        the state of a server, and the only ways in which it changes
election.py     RequestVote, candidates, pre-vote
replication.py  AppendEntries, leaders, commitment, check-quorum
membership.py   configuration changes; changes.py, catch_up.py: what they are, how learners catch up
transfer.py     leadership transfer
reads.py        ReadIndex
consensus.py    the rules together: inputs in, messages out
"""

from raft.consensus.consensus import Consensus
from raft.consensus.entry import Entry, NodeId
from raft.consensus.messages import (
    AppendEntries,
    AppendEntriesReply,
    Message,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from raft.consensus.settings import Settings
from raft.consensus.state import Role

__all__ = [
    "AppendEntries",
    "AppendEntriesReply",
    "Consensus",
    "Entry",
    "Message",
    "NodeId",
    "PreVote",
    "PreVoteReply",
    "RequestVote",
    "RequestVoteReply",
    "Role",
    "Settings",
]
