"""Flow control: how much may be on its way to a follower, and how much may wait to be committed."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from raft.consensus import AppendEntries, Entry
from raft.consensus.log import Log, entry_size
from raft.consensus.messages import AppendEntriesReply
from tests.raft.harness import PLAIN, Server, log


def leader(**settings: Any) -> Server:
    """The leader of term 1; its no-op is everywhere."""
    server = Server(settings=msgspec.structs.replace(PLAIN, **settings))
    server.elect()
    server.acknowledge(1, "n2")
    server.acknowledge(1, "n3")
    return server


def carried(sent: list[Any], target: str = "n2") -> list[list[int]]:
    """The indices of the entries in each AppendEntries to ``target``."""
    return [[e.index for e in m.entries] for m in sent if m.target == target]


def propose(server: Server, *sizes: int) -> list[Any]:
    """Commands of these sizes, entry and all, in one batch."""
    overhead = entry_size(Entry(0, 0, b""))
    for size in sizes:
        server.consensus.append_as_leader(bytes(size - overhead))
    return server.settle()


def refusal(server: Server, next_index: int, previous: int, source: str = "n2") -> list[Any]:
    """A follower's log ends before ``next_index``."""
    term = server.consensus.current_term
    return server.step(AppendEntriesReply(source, "n1", term, False, 0, previous, next_index, 0, 0))


# Progress.


def test_the_states_of_a_follower() -> None:
    server = Server()
    server.elect()
    progress = server.consensus.progress["n2"]
    assert progress.state == "probe"
    server.acknowledge(1)
    assert progress.state == "replicate"
    propose(server, 20, 20)
    refusal(server, 2, 3)
    assert progress.state == "probe"
    server.acknowledge(3)
    assert progress.state == "replicate"


def test_while_probing_entries_are_sent_once_and_only_asked_about_after_that() -> None:
    server = Server()
    assert carried(server.elect()) == [[1]]
    assert carried(propose(server, 20)) == [[]]
    assert carried(server.step(after=PLAIN.heartbeat_interval)) == [[]]
    # The probe was lost, the heartbeat after it was not: everything is sent.
    assert carried(server.acknowledge(0)) == [[1, 2]]


def test_an_answer_to_an_older_message_does_not_end_a_probe() -> None:
    server = leader()
    for _ in range(4):
        propose(server, 20)
    progress = server.consensus.progress["n2"]
    refusal(server, 4, 5)
    assert (progress.state, progress.next_index) == ("probe", 4)
    server.acknowledge(2)
    assert (progress.state, progress.match_index) == ("probe", 2)
    server.acknowledge(3)
    assert progress.state == "replicate"


# The window.


def test_the_window_is_filled_and_no_more_than_that() -> None:
    server = leader(max_entries_per_append=2, max_appends_in_flight=2)
    assert carried(propose(server, *[20] * 7)) == [[2, 3], [4, 5]]
    assert carried(propose(server, 20)) == [[]]
    assert carried(server.acknowledge(3)) == [[6, 7]]
    assert carried(server.acknowledge(7)) == [[8, 9]]


def test_an_append_carries_no_more_bytes_than_it_may_but_one_entry_always() -> None:
    server = leader(max_bytes_per_append=100)
    assert carried(propose(server, 40, 60, 30, 500, 50, 50, 17)) == [[2, 3], [4], [5], [6, 7], [8]]


@given(
    st.lists(st.integers(16, 60), min_size=1, max_size=12), st.integers(1, 8), st.integers(1, 200)
)
def test_a_batch_is_the_longest_that_fits(sizes: list[int], limit: int, max_bytes: int) -> None:
    entries = [Entry(at, 1, bytes(size - 16)) for at, size in enumerate(sizes, start=1)]
    held = Log(entries)
    held.compact_to(1)
    for start in range(2, len(entries) + 1):
        batch = held.entries_from(start, limit, max_bytes)
        assert list(batch) == entries[start - 1 : start - 1 + len(batch)]
        assert 1 <= len(batch) <= limit
        assert len(batch) == 1 or sum(map(entry_size, batch)) <= max_bytes
        following = entries[start - 1 : start + len(batch)]
        assert (
            len(batch) == limit
            or following == list(batch)
            or sum(map(entry_size, following)) > max_bytes
        )


def test_bytes_in_flight_close_the_window_and_answers_open_it() -> None:
    server = leader(max_entries_per_append=1, max_bytes_in_flight=100)
    assert carried(propose(server, 60, 60, 60)) == [[2], [3]]
    assert carried(propose(server, 20)) == [[]]
    assert carried(server.acknowledge(2)) == [[4]]
    assert carried(server.acknowledge(4)) == [[5]]
    server = leader(max_entries_per_append=1, max_bytes_in_flight=10)
    assert carried(propose(server, 60, 60)) == [[2]]  # one always


def test_a_window_full_of_lost_messages_is_sent_again() -> None:
    server = leader(max_appends_in_flight=2)
    for _ in range(3):
        propose(server, 20)
    (heartbeat, _) = server.step(after=PLAIN.heartbeat_interval)
    assert (heartbeat.prev_log_index, heartbeat.entries) == (3, ())
    assert carried(refusal(server, 2, 3)) == [[2, 3, 4]]
    assert server.consensus.progress["n2"].state == "probe"
    propose(server, 20)
    assert carried(server.acknowledge(4)) == [[5]]


def test_what_was_in_flight_before_a_probe_leaves_no_trace_in_the_window() -> None:
    server = leader(max_appends_in_flight=2, max_entries_per_append=1)
    propose(server, 20, 20, 20)
    assert carried(refusal(server, 2, 3)) == [[2]]
    assert carried(server.acknowledge(2)) == [[3], [4]]


def test_a_window_full_of_lost_answers_is_opened_by_the_answer_to_a_heartbeat() -> None:
    server = leader(max_appends_in_flight=2)
    for _ in range(3):
        propose(server, 20)
    (heartbeat, _) = server.step(after=PLAIN.heartbeat_interval)
    assert carried(server.acknowledge(heartbeat.prev_log_index)) == [[4]]
    assert server.consensus.progress["n2"].match_index == 3


def test_a_follower_that_lost_only_what_came_first_is_sent_it_again() -> None:
    server = leader(max_appends_in_flight=4)
    for _ in range(3):
        propose(server, 20)
    # 2 is lost; 3 arrives, is refused, and after it 4.
    assert carried(refusal(server, 2, 2)) == [[2, 3, 4]]
    assert carried(refusal(server, 2, 3)) == []  # the same news once more
    server.acknowledge(4)
    assert server.consensus.progress["n2"].match_index == 4


# What is not committed.


def test_proposals_are_refused_with_the_reason() -> None:
    server = Server(settings=msgspec.structs.replace(PLAIN, max_uncommitted_bytes=100))
    assert server.consensus.proposal_refusal() == "not-leader"
    server.elect()
    assert server.consensus.proposal_refusal() is None
    propose(server, 60)
    assert server.consensus.proposal_refusal() is None
    propose(server, 40)
    assert server.consensus.proposal_refusal() == "too-much-uncommitted"
    server.acknowledge(3)
    assert server.consensus.proposal_refusal() is None
    propose(server, 1_000)  # one always
    assert server.consensus.proposal_refusal() == "too-much-uncommitted"


def test_without_a_limit_nothing_is_refused() -> None:
    server = leader()
    propose(server, *[1_000] * 100)
    assert server.consensus.proposal_refusal() is None


def test_a_leaders_no_op_is_appended_however_much_is_uncommitted() -> None:
    server = Server(
        *[1] * 9, settings=msgspec.structs.replace(PLAIN, max_uncommitted_bytes=20), term=1
    )
    server.elect()
    assert server.consensus.log.last_index == 10
    # What earlier leaders left counts, until it is committed.
    assert server.consensus.proposal_refusal() == "too-much-uncommitted"
    server.acknowledge(10)
    assert server.consensus.proposal_refusal() is None


def test_the_count_is_right_after_whatever_happened() -> None:
    server = leader()
    consensus = server.consensus
    counted = consensus.uncommitted_bytes
    propose(server, 30, 40, 50)
    assert counted() == 120
    server.acknowledge(3)
    assert counted() == 50
    # Another leader's log takes the place of what was not committed.
    server.append(2, 1, 1, Entry(2, 1, bytes(14)), Entry(3, 1, bytes(24)), commit=3)
    server.append(2, 3, 1, Entry(4, 2, bytes(4)), commit=3)
    assert counted() == 20
    server.elect()
    assert counted() == 36
    propose(server, 30)
    server.compact(3, keep=1)
    assert counted() == 66
    server.acknowledge(6)
    assert counted() == 0
    # After a restart nothing is known to be committed.
    assert Server(1, 1, 1).consensus.uncommitted_bytes() == sum(map(entry_size, log(1, 1, 1)))


def test_a_batch_of_proposals_is_one_append() -> None:
    server = leader()
    sent = propose(server, *[20] * 10)
    assert carried(sent) == carried(sent, "n3") == [list(range(2, 12))]
    assert all(type(message) is AppendEntries for message in sent)
