"""The macro-steps that damage disks do so, and a healthy Raft bears what it can bear."""

from __future__ import annotations

import pytest

from checker.trace import Started, Stopped
from nemesis.macro.scenario import format_schedule, parse_schedule
from nemesis.run import Run, run
from raft.replica import Variant
from raft.storage import Storage

WRITTEN = """
    elect n1 [n2]
    propose n1 put x 1
    replicate n1 [n2]
"""


def performed(steps: str) -> Run:
    result = run(parse_schedule(steps))
    assert result.verdict.failures == ()
    return result


def why_stopped(result: Run, node: str) -> list[str]:
    return [
        event.reason for event in result.trace if isinstance(event, Stopped) and event.node == node
    ]


def starts(result: Run, node: str) -> int:
    return sum(isinstance(event, Started) and event.node == node for event in result.trace)


@pytest.mark.parametrize("file", ["vote", "log", "snapshot"])
def test_a_server_refuses_to_start_on_a_flipped_bit(file: str) -> None:
    result = performed(f"{WRITTEN}\nflip-bit n2 {file}\nrestart n2")
    failed, refused = why_stopped(result, "n2")
    assert failed == "its disk fails"
    assert refused.startswith("refuses to start")
    assert starts(result, "n2") == 1
    assert result.statistics.effects["bit-flip"] == 1


def test_no_bit_is_flipped_of_what_a_torn_write_has_left() -> None:
    result = performed(
        f"{WRITTEN}\nfail-power n1 torn\npropose n1 put x 2\nflip-bit n1 log\nsettle"
    )
    assert result.statistics.effects["torn-write"]
    assert why_stopped(result, "n1")[-1].startswith("refuses to start")


def test_of_two_snapshots_none_is_lost_since_one_does_not_count() -> None:
    """Power fails between the new snapshot and the vote file that names it: without the new one,
    the disk is what it was before, and no server can notice."""
    result = performed(
        """
        elect n1 [n2]
        replicate n1 [n3]
        replicate n1 [n2]
        fail-power n2 after 1
        snapshot n2
        lose-file n2 snapshot
        restart n2
        """
    )
    assert why_stopped(result, "n2") == ["power lost during a sync"]
    assert starts(result, "n2") == 2
    assert "lost-file" not in result.statistics.effects


def test_a_server_with_a_full_disk_stops_when_it_would_vote() -> None:
    result = performed("fill-disk n2\nelect n1 [n2]")
    (reason,) = why_stopped(result, "n2")
    assert "no space left" in reason
    assert result.statistics.elections == 0
    assert result.statistics.injected["full-disk"] == 1


def test_when_all_settles_there_is_space_again() -> None:
    result = performed("fill-disk n1\nfill-disk n2\nfill-disk n3\nelect n1 [n2]\nsettle")
    assert result.statistics.elections == 1


class NamesNoSegment(Storage):
    """Its vote file goes on naming the first segment, so that none after it is missed."""

    def _write_vote_file(self, term: int, voted_for: str | None) -> None:
        number, self._log.number = self._log.number, 1
        super()._write_vote_file(term, voted_for)
        self._log.number = number


def test_a_running_server_must_miss_what_its_vote_file_does_not_name() -> None:
    steps = f"""
        with segment_bytes=200
        {WRITTEN}
        propose n1 put x {"2" * 50}
        replicate n1 [n2]
        propose n1 put x {"3" * 50}
        replicate n1 [n2]
        lose-file n2 log
        restart n2
    """
    healthy = performed(steps)
    assert healthy.statistics.effects["lost-file"] == 1
    forgetful = Variant("names-no-segment", storage=NamesNoSegment)
    result = run(parse_schedule(steps), forgetful)
    assert "corruption-undetected" in {failure.kind for failure in result.verdict.failures}


def test_nothing_is_asked_of_a_cluster_of_which_every_disk_is_lost() -> None:
    """Not even that somebody knows who its members are."""
    alone = "with replicas=1\nelect n1 []\npropose n1 put x 1\nlose-file n1 log\nsettle"
    for steps in (
        alone,
        f"{WRITTEN}\nflip-bit n1 vote\nflip-bit n2 vote\nflip-bit n3 vote\nsettle",
    ):
        result = performed(steps)
        assert all(why_stopped(result, each)[-1].startswith("refuses") for each in result.members)


def test_a_torn_write_leaves_a_part_that_does_not_keep_a_server_from_starting() -> None:
    torn = performed(
        "elect n1 [n2]\nfail-power n2 torn\nreplicate n1 [n2]\nrestart n2\nreplicate n1 [n2]"
    )
    whole = performed(
        "elect n1 [n2]\nfail-power n2\nreplicate n1 [n2]\nrestart n2\nreplicate n1 [n2]"
    )
    assert 0 < torn.statistics.effects["torn-write"] < whole.statistics.effects["unsynced-loss"]
    assert starts(torn, "n2") == starts(whole, "n2") == 2


def test_they_are_written_as_they_are_read() -> None:
    text = "fail-power n2 after 1 torn\nflip-bit n1 older-log\nfill-disk n3\n"
    assert format_schedule(parse_schedule(text)) == text
