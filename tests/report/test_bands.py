"""Faults as bands, and clocks as lines."""

from __future__ import annotations

from checker.history import Event
from checker.report.shown import Shortener
from checker.trace import Started, Stopped, TraceEvent
from nemesis.cluster.sim.clock import SimulatedClock
from nemesis.describe.bands import bands_of, fault_words, skews_of
from nemesis.faults import FAULTS, Fault

PLACES = {"n1": 0, "n2": 1, "n3": 2}
END = 1_000


def told(*events: tuple[int, str, object]) -> list[Event]:
    return [
        Event(at, "nemesis", "info", f, None, value, time)
        for at, (time, f, value) in enumerate(events)
    ]


def bands(
    history: list[Event], trace: list[TraceEvent] | None = None, end: int = END
) -> list[tuple[str, int, int | None, tuple[int, ...]]]:
    found = bands_of(history, trace or [], PLACES, end, Shortener())
    return [(band.kind, band.start, band.end, band.nodes) for band in found]


def test_bad_links_last_until_the_network_is_healed() -> None:
    history = told(
        (10, "partition", {"shape": "isolate", "around": "n1"}),
        (20, "loss", {"percent": 10}),
        (30, "heal", "network"),
        (40, "slow-link", {"direction": "from", "node": "n3"}),
    )
    assert bands(history) == [
        ("partition", 10, 30, (0,)),
        ("loss", 20, 30, ()),
        ("slow-link", 40, END, (2,)),
    ]


def test_a_pause_ends_with_its_resume_and_what_is_over_at_once_has_no_width() -> None:
    history = told(
        (10, "pause", ["n2"]), (15, "clock-jump", ["n1"]), (30, "resume", ["n2"]),
        (50, "torn-write", ["n3"]), (60, "clock-drift", ["n1"]),
    )  # fmt: skip
    assert bands(history) == [
        ("pause", 10, 30, (1,)),
        ("clock-jump", 15, 15, (0,)),
        ("torn-write", 50, 50, (2,)),
        ("clock-drift", 60, END, (0,)),
    ]


def test_a_node_is_down_from_its_end_to_its_start() -> None:
    trace: list[TraceEvent] = [
        Started(0, 0, "n1", 0, None),
        Stopped(1, 10, "n1", "crashed"),
        # That it refuses to start does not make it up.
        Started(2, 20, "n1", 0, None),
        Stopped(3, 70, "n2", "crashed"),
    ]
    history = told((10, "crash", ["n1"]), (20, "restart", ["n1"]))
    assert bands(history, trace) == [("down", 10, 20, (0,)), ("down", 70, None, (1,))]
    # Where there is no trace, the faults themselves tell.
    assert bands(history) == [("crash", 10, END, (0,))]


def test_a_full_disk_has_room_when_its_node_is_started_again() -> None:
    trace: list[TraceEvent] = [Started(0, 0, "n1", 0, None), Started(1, 60, "n1", 1, None)]
    assert bands(told((10, "full-disk", ["n1"])), trace) == [("full-disk", 10, 60, (0,))]


def test_what_an_operator_does_lasts_until_its_outcome() -> None:
    history = told(
        (10, "remove-server", {"remove": "n2"}),
        (30, "remove-server", "done"),
        (40, "add-server", {"add": "n2"}),
    )
    assert bands(history) == [("remove-server", 10, 30, (1,)), ("add-server", 40, END, (1,))]


def test_what_was_refused_or_came_after_all_faults_had_ended_is_no_band() -> None:
    history = [
        Event(0, "nemesis", "info", "crash", None, [], 10, "no node is running now"),
        *told((500, "partition", {"shape": "isolate", "around": "n1"})),
        Event(2, "nemesis", "info", "effects", None, {"partition": 3}, 20),
        Event(3, 0, "invoke", "partition", None, None, 30),
    ]
    assert bands(history, end=100) == []


def test_faults_in_words() -> None:
    assert (
        fault_words("partition", {"shape": "ring", "around": "n1"}) == "partition: ring, around n1"
    )
    assert fault_words("grudge", [["n1", "n2"], ["n3", "n1"]]) == "grudge: n1 to n2, n3 to n1"
    assert fault_words("crash", ["n1", "n2"]) == "crash: n1, n2"
    assert fault_words("heal", "network") == "heal: network"


def test_skews_are_what_the_simulated_clock_shows() -> None:
    """At each point, and in the middle between two."""
    faults: list[Fault] = [
        FAULTS["clock-jump"](offset=400),  # type: ignore[call-arg]
        FAULTS["partition"](),
        FAULTS["clock-drift"](parts_per_million=500_000),  # type: ignore[call-arg]
        FAULTS["clock-jump"](offset=-100),  # type: ignore[call-arg]
    ]
    history = told(
        (100, "clock-jump", ["n2"]),
        (150, "partition", {"shape": "isolate", "around": "n1"}),
        (200, "clock-drift", ["n2"]),
        (600, "clock-jump", ["n2"]),
    )
    (skew,) = skews_of(faults, history, PLACES, END)
    assert skew.node == 1
    clock = SimulatedClock()
    changes = {
        100: lambda: clock.jump(100, 400, ""),
        200: lambda: clock.drift(200, 500_000),
        600: lambda: clock.jump(600, -100, ""),
    }
    points = list(zip(skew.time, skew.offset, strict=True))
    for time in range(0, END + 1, 50):
        if time in changes:
            changes[time]()
        # The last of the points at a time is what holds from then on.
        before = [point for point in points if point[0] <= time][-1]
        after = next((point for point in points if point[0] > time), before)
        share = 0 if after[0] == before[0] else (time - before[0]) / (after[0] - before[0])
        assert before[1] + share * (after[1] - before[1]) == clock.reading(time) - time


def test_all_clocks_disagree_by_their_positions() -> None:
    faults: list[Fault] = [FAULTS["clock-offset"](difference=50)]  # type: ignore[call-arg]
    found = skews_of(faults, told((10, "clock-offset", ["n2", "n3"])), PLACES, END)
    assert [(each.node, each.offset[-1]) for each in found] == [(1, 50), (2, 100)]


def test_faults_that_never_came_to_be_are_left_out() -> None:
    faults: list[Fault] = [FAULTS["clock-jump"]()]
    assert skews_of(faults, [], PLACES, END) == ()
