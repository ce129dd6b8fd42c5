"""What was violated, in plain words: the promise, and why it matters."""

from __future__ import annotations

from typing import NamedTuple

from checker.lincheck import KIND
from nemesis.describe.effects import answers
from nemesis.describe.story import Story
from nemesis.describe.words import clients_of


class Promise(NamedTuple):
    """A promise of Raft: its name, what it says, and what it is needed for."""

    name: str
    statement: str
    reason: str


class Violation(NamedTuple):
    """A promise that was broken, and what happened."""

    promise: Promise
    happened: str


# By the kind of failure that reports that it is broken.
PROMISES = {
    "election-safety": Promise(
        "Election Safety (Figure 3)",
        "In each term there is at most one leader.",
        "Two leaders of one term would give different entries the same place and the same term.",
    ),
    "one-vote-a-term": Promise(
        "One vote a term (section 5.2)",
        "A server votes for at most one candidate in a term, also if it restarts in between.",
        "Two majorities have a server in common; if it votes twice, both candidates may win.",
    ),
    "monotonic-term": Promise(
        "Terms only grow (section 5.1)",
        "The term of a server never goes down, and no restart takes it below one that it has told.",
        "Terms are Raft's clock. A server that goes back may vote again in a term, or follow a "
        "leader that was replaced long ago.",
    ),
    "leader-completeness": Promise(
        "Leader Completeness (Figure 3)",
        "What was committed in a term is in the logs of the leaders of all higher terms.",
        "A leader makes others' logs equal to its own: a committed entry that it lacks is erased.",
    ),
    "leader-append-only": Promise(
        "Leader Append-Only (Figure 3)",
        "A leader only appends to its log: it never overwrites or deletes.",
        "Followers have what it sent, and may have counted for a commitment.",
    ),
    "log-matching": Promise(
        "Log Matching (Figure 3)",
        "If two logs have an entry of the same index and term, they are equal up to it.",
        "That is how a leader knows what a follower holds: from the index and the term of one "
        "entry.",
    ),
    "monotonic-commit": Promise(
        "The commit index only grows (Figure 2)",
        "What a server knows to be committed stays so, and is in its log.",
        "What is committed has been applied, and was answered to clients.",
    ),
    "state-machine-safety": Promise(
        "State Machine Safety (Figure 3)",
        "No two servers commit, or apply, different entries at one index.",
        "This is what Raft is for: all state machines do the same in the same order.",
    ),
    "own-term-commit": Promise(
        "A leader commits entries of its own term (section 5.4.2)",
        "Only entries of its own term are committed by counting copies; older ones with them.",
        "An old entry on a majority can still be overwritten by a leader of a term in between "
        "(Figure 8).",
    ),
    "applied-within-commit": Promise(
        "Only what is committed is applied (section 5.3)",
        "A server applies entries one after the other, and none beyond its commit index.",
        "What is not committed may be overwritten, but what was applied cannot be taken back.",
    ),
    "committed-on-majority": Promise(
        "What is committed is on the disks of a majority (section 5.3)",
        "A committed entry is on the disks of a majority, and stays there.",
        "The next leader has it only because some voter of any majority holds it.",
    ),
    "exactly-once": Promise(
        "A command takes effect once (section 8)",
        "However often a client sends a command, it is executed at one index only.",
        "Clients must try again when they hear nothing; they cannot know whether it was done.",
    ),
    "one-change-at-a-time": Promise(
        "One change of the membership at a time (thesis, 4.1)",
        "A leader appends a configuration only when the one before is committed, and an entry of "
        "its own term too.",
        "Two steps at once can lead to majorities that have no server in common.",
    ),
    "overlapping-quorums": Promise(
        "Majorities overlap from one configuration to the next (section 6)",
        "Any majority of a configuration has a server in common with any of the one before.",
        "Otherwise two leaders can be elected, one by the old servers and one by the new.",
    ),
    "learners-apart": Promise(
        "A learner does not vote (thesis, 4.2.1)",
        "Nobody is learner and voter at a time, neither of the new configuration nor of the old.",
        "A vote that is counted by some and not by others makes majorities that do not overlap.",
    ),
    "voters-lead": Promise(
        "Who leads is a voter (thesis, 4.2)",
        "A server becomes leader only if the configuration in its log gives it a vote.",
        "Who is no member may be removed or switched off at any time.",
    ),
    "elected-by-quorum": Promise(
        "A leader is elected by a majority (section 5.2)",
        "A leader was granted the votes of a majority of its configuration in its term.",
        "Any smaller number leaves enough votes for a second leader of the same term.",
    ),
    "same-state": Promise(
        "Equal logs, equal states (section 7)",
        "Servers that have applied the same entries are in the same state, also by a snapshot.",
        "Otherwise the answer depends on whom a client asks.",
    ),
    "same-configuration": Promise(
        "Equal logs, equal configurations (section 6)",
        "The configuration at an index is the same wherever it is looked at, also by a snapshot.",
        "Servers that go by different configurations count different majorities.",
    ),
    "snapshot-of-applied": Promise(
        "A snapshot is of what was applied (section 7)",
        "A snapshot covers what its server has applied, and says the term of its last entry.",
        "It takes the place of those entries for good.",
    ),
    "monotonic-snapshot": Promise(
        "Snapshots only go forward (section 7)",
        "A server's snapshot is never replaced by an older one, by a restart neither.",
        "The entries in between are gone from its log.",
    ),
    "compaction-behind-snapshot": Promise(
        "A log forgets only what a snapshot covers (section 7)",
        "What is discarded from a log is in a snapshot that is on the disk.",
        "Otherwise nobody can bring a follower up to date, nor can the server itself restart.",
    ),
    "lease-safety": Promise(
        "A lease ends before another leader can commit (thesis, 6.4.1)",
        "A leader answers a read by its lease only while no other leader can have committed.",
        "Otherwise the read may miss what was acknowledged elsewhere.",
    ),
    "no-proposals-in-transfer": Promise(
        "A leader that hands over takes no commands (thesis, 3.10)",
        "While leadership is handed over, the old leader appends no client's command.",
        "The target could never catch up, and would be elected without it.",
    ),
    "linearizability": Promise(
        "Linearizability (section 8)",
        "Each operation takes effect at one moment between its call and its answer.",
        "Clients see one copy of the data, and never an old state after a newer one.",
    ),
    "liveness": Promise(
        "The cluster is available when a majority is (section 5.6)",
        "Once everybody is up and everything arrives, a leader is elected and operations are "
        "performed.",
        "A cluster that waits for ever is safe, and of no use.",
    ),
    "unhandled-exception": Promise(
        "Nothing that may happen stops a server",
        "A server handles whatever messages and crashes bring, without an error of its own.",
        "Each such error takes a server out of the majority, often the same on all of them.",
    ),
    "corruption-undetected": Promise(
        "A server notices that its disk lost something",
        "A server whose files are gone or damaged refuses to start.",
        "It has forgotten votes or entries that others count on.",
    ),
    "acknowledged-without-majority": Promise(
        "Nothing is acknowledged without a majority",
        "If no configuration has a majority of its disks left, no operation is acknowledged.",
        "Nobody but a majority can know what was committed.",
    ),
}


def promise_of(kind: str) -> Promise:
    """The promise that a kind of failure breaks."""
    return PROMISES[kind]


def violation(story: Story) -> Violation:
    """The first failure in words."""
    failure = story.failures[0]
    happened = _answers(story) if failure.kind == KIND else failure.message.rstrip(".")
    starts_with_name = happened.startswith(story.servers)
    if not starts_with_name:
        happened = happened[:1].upper() + happened[1:]
    return Violation(promise_of(failure.kind), happened + ".")


def _answers(story: Story) -> str:
    """What clients were told that no order of their operations explains."""
    history = [event for scene in story.scenes for event in scene.history]
    told = answers(history, clients_of(story), story.knobs.workload)
    first = "first " if len(told) > 1 else ""
    return f"{first}{', then '.join(told)}: no order of the operations explains that"
