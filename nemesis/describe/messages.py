"""Messages in plain words, as they are told when they arrive."""

from __future__ import annotations

from nemesis.describe.effects import entries_words
from raft.consensus import (
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
from raft.consensus.messages import ReadIndex, ReadIndexReply, TimeoutNow


def message_words(message: Message) -> str:
    """What was sent, by whom, in which term: "n1's heartbeat of term 2"."""
    sender = message.source
    match message:
        case AppendEntries(term=term, entries=entries):
            if not entries:
                return f"{sender}'s heartbeat of term {term}"
            carried = entries_words(entries[0].index, entries[-1].index)
            return f"{sender}'s AppendEntries of term {term} with {carried}"
        case AppendEntriesReply(success=True, term=term, match_index=0):
            return f"{sender}'s acknowledgement of a heartbeat of term {term}"
        case AppendEntriesReply(success=True, term=term, match_index=index):
            return f"{sender}'s acknowledgement of entry {index} in term {term}"
        case AppendEntriesReply(term=term, prev_log_index=index):
            return f"{sender}'s refusal in term {term} of what follows entry {index}"
        case RequestVote(term=term):
            return f"{sender}'s request for a vote in term {term}"
        case RequestVoteReply(term=term, vote_granted=granted):
            return f"{sender}'s {'vote' if granted else 'refusal to vote'} in term {term}"
        case PreVote(term=term):
            return f"{sender}'s question for a pre-vote for term {term}"
        case PreVoteReply(term=term, vote_granted=granted):
            return f"{sender}'s {'pre-vote' if granted else 'refusal of a pre-vote'} (term {term})"
        case InstallSnapshot(last_index=index, offset=offset):
            part = f" from byte {offset} on" if offset else ""
            return f"{sender}'s snapshot up to entry {index}{part}"
        case InstallSnapshotReply(last_index=index):
            return f"{sender}'s answer to the snapshot up to entry {index}"
        case TimeoutNow():
            return f"{sender}'s order to campaign at once"
        case ReadIndex():
            return f"{sender}'s question for a read index"
        case ReadIndexReply(read_index=None):
            return f"{sender}'s answer that it cannot give a read index"
        case ReadIndexReply(read_index=index):
            return f"{sender}'s read index {index}"
    raise TypeError(f"{type(message).__name__} is no message")


def message_label(message: Message) -> str:
    """The same in a word or two, to be written on an arrow: "append 2", "no"."""
    match message:
        case AppendEntries(entries=entries):
            if not entries:
                return "heartbeat"
            first, last = entries[0].index, entries[-1].index
            return f"append {first}" if first == last else f"append {first} to {last}"
        case AppendEntriesReply(success=True, match_index=0):
            return "ok"
        case AppendEntriesReply(success=True, match_index=index):
            return f"has {index}"
        case RequestVote():
            return "vote?"
        case PreVote():
            return "pre-vote?"
        case RequestVoteReply(vote_granted=granted) | PreVoteReply(vote_granted=granted):
            return "yes" if granted else "no"
        case InstallSnapshot(last_index=index):
            return f"snapshot {index}"
        case InstallSnapshotReply():
            return "ok"
        case TimeoutNow():
            return "campaign!"
        case ReadIndex():
            return "read index?"
        case ReadIndexReply(read_index=int(index)):
            return f"read index {index}"
    return "no"
