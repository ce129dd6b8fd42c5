"""A Hypothesis state machine whose rules are macro-steps: whole elections, whole replications.

Its minimal example reads as people explain a bug:

    state.start(knobs={})
    state.elect(node='n1', voters=('n2',), unanswered=False)
    state.elect(node='n3', voters=('n2',), unanswered=False)

After each rule the monitors must not have convicted. At the end everybody is up again and
everything arrives: then the cluster must come to rest, and lincheck judges the history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from hypothesis.strategies._internal.featureflags import FeatureFlags

from nemesis.cluster.protocol import DiskFile
from nemesis.cluster.stepped import SteppedCluster
from nemesis.cluster.stepped.post import Place
from nemesis.macro import steps as macro
from nemesis.macro.execution import MacroExecution
from nemesis.macro.scenario import PLAIN
from nemesis.macro.steps import MacroStep
from nemesis.search import macro_choices as choices
from nemesis.search.judged_machine import JudgedMachine
from nemesis.search.macro_choices import Operation, Peers
from nemesis.search.strategies import Draw, HypothesisChooser
from nemesis.subjects.own import variant_of
from nemesis.workloads import Values
from raft.consensus.changes import Change, Transition

_CLIENTS = st.sampled_from((0, 1))


@st.composite
def changed_knobs(draw: Draw) -> dict[str, Any]:
    """Knobs that are not the plain ones (nemesis.macro.scenario.PLAIN), few at a time."""
    chooser = HypothesisChooser(draw)
    reads = chooser.pick(("index", "index", "index", "index", "log", "follower", "lease"))
    drawn = {
        "replicas": chooser.pick((3, 3, 3, 5)),
        "spares": chooser.pick((0, 0, 1)),
        "reads": reads,
        "pre_vote": chooser.pick((False, False, False, True)),
        "check_quorum": reads == "lease" or chooser.pick((False, False, False, True)),
        "max_entries_per_append": chooser.pick((16, 1)),
        "asynchronous_storage": chooser.pick((False, False, False, True)),
        "workload": chooser.pick(("kv", "kv", "register")),
    }
    plain = msgspec.to_builtins(PLAIN)
    return {name: value for name, value in drawn.items() if value != plain[name]}


def _if_any(role: Callable[[SteppedCluster], object]) -> Callable[[Any], Any]:
    """Precondition: somebody plays the role."""
    return precondition(lambda machine: bool(role(machine.execution.cluster)))


class MacroMachine(JudgedMachine):
    """Subclass it to choose a ``variant`` of Raft."""

    execution: MacroExecution
    values: Values
    chosen: str

    def __init__(self) -> None:
        super().__init__()
        # Hypothesis leaves out a random half of the rules, run by run. Here that is mostly one of
        # those that all others wait for: four runs in ten performed no operation at all. There is
        # no public way to say so; where this one is gone, things are only found later.
        self._rules_strategy.enabled_rules_strategy = st.just(FeatureFlags())

    @initialize(knobs=changed_knobs(), voters=st.sampled_from((("n2",), ("n2", "n3"))))
    def start(self, knobs: dict[str, Any], voters: Peers) -> None:
        """The cluster starts, and n1 is elected."""
        self.values = Values()
        self.chosen = ""
        variant = variant_of(self.variant, "macro-steps drive")
        self.execution = MacroExecution(msgspec.structs.replace(PLAIN, **knobs), variant)
        self._perform(macro.Elect(node="n1", voters=voters))

    def _perform(self, *steps: MacroStep) -> None:
        for step in steps:
            if not self.execution.perform(step):
                self.end()

    # -- Rounds ------------------------------------------------------------------------------------

    @_if_any(choices.candidates)
    @rule(
        node=choices.server(choices.candidates),
        voters=choices.peers(),
        unanswered=choices.unanswered(),
    )
    def elect(self, node: str, voters: Peers, unanswered: bool) -> None:
        """A server campaigns."""
        lost = voters if unanswered else ()
        self._perform(macro.Elect(node=node, voters=voters, unanswered=lost))

    @_if_any(choices.candidates)
    @rule(node=choices.server(choices.candidates), voters=choices.peers())
    def take_over(self, node: str, voters: Peers) -> None:
        """A server campaigns, and brings what it has to its voters."""
        self._perform(
            macro.Elect(node=node, voters=voters), macro.Replicate(node=node, peers=voters)
        )

    @precondition(lambda self: self.execution.knobs.check_quorum)
    @_if_any(choices.candidates)
    @rule(node=choices.server(choices.candidates), voters=choices.peers())
    def elect_hastily(self, node: str, voters: Peers) -> None:
        """A server campaigns though the voters have just heard from a leader."""
        self._perform(macro.Elect(node=node, voters=voters, hasty=True))

    @_if_any(choices.leaders)
    @rule(
        node=choices.server(choices.leaders),
        peers=choices.peers(),
        unanswered=choices.unanswered(),
    )
    def replicate(self, node: str, peers: Peers, unanswered: bool) -> None:
        """A leader brings its log to others."""
        lost = peers if unanswered else ()
        self._perform(macro.Replicate(node=node, peers=peers, unanswered=lost))

    @_if_any(choices.arrivals)
    @rule(message=choices.arrival(), nth=st.sampled_from((0, -1, 1)), copy=st.booleans())
    def deliver(self, message: Place, nth: int, copy: bool) -> None:
        """A held message arrives."""
        source, target, kind = message
        self._perform(macro.Deliver(source=source, target=target, message=kind, nth=nth, copy=copy))

    # -- Clients -----------------------------------------------------------------------------------

    @_if_any(choices.leaders)
    @rule(
        node=choices.server(choices.leaders),
        operation=choices.write(),
        client=_CLIENTS,
        unanswered=choices.unanswered(),
    )
    def propose(self, node: str, operation: Operation, client: int, unanswered: bool) -> None:
        """A client asks for a change."""
        f, key, value = operation
        self._perform(
            macro.Propose(
                node=node, f=f, key=key, value=value, client=client, unanswered=unanswered
            )
        )

    @_if_any(choices.leaders)
    @rule(
        node=choices.server(choices.leaders),
        operation=choices.write(),
        peers=choices.peers(),
    )
    def write(self, node: str, operation: Operation, peers: Peers) -> None:
        """A client asks for a change, and it reaches others."""
        f, key, value = operation
        self._perform(
            macro.Propose(node=node, f=f, key=key, value=value),
            macro.Replicate(node=node, peers=peers),
        )

    @precondition(
        lambda self: bool(choices.readable(self.execution.cluster, self.execution.knobs.reads))
    )
    @rule(node=choices.reader(), operation=choices.read(), client=_CLIENTS)
    def read(self, node: str, operation: Operation, client: int) -> None:
        """A client reads."""
        f, key, value = operation
        self._perform(macro.Propose(node=node, f=f, key=key, value=value, client=client))

    @_if_any(choices.busy_clients)
    @_if_any(choices.leaders)
    @rule(
        node=choices.server(choices.leaders),
        client=choices.busy_client(),
        unanswered=choices.unanswered(),
    )
    def retry(self, node: str, client: int, unanswered: bool) -> None:
        """A client that waits asks again."""
        self._perform(macro.Retry(node=node, client=client, unanswered=unanswered))

    # -- Processes, disks, time --------------------------------------------------------------------

    @_if_any(choices.running)
    @rule(node=choices.server(choices.running), syncs=st.sampled_from((None, None, 0, 1, 2)))
    def crash(self, node: str, syncs: int | None) -> None:
        """A process is gone, or power fails at the sync after so many."""
        if syncs is None:
            self._perform(macro.Crash(node=node))
        else:
            self._perform(macro.FailPower(node=node, syncs=syncs))

    @_if_any(choices.stopped)
    @rule(node=choices.server(choices.stopped))
    def restart(self, node: str) -> None:
        """A process is started again."""
        self._perform(macro.Restart(node=node))

    @_if_any(choices.losable)
    @rule(
        node=choices.server(choices.losable),
        file=st.sampled_from(("vote", "log", "snapshot")),
    )
    def lose_file(self, node: str, file: DiskFile) -> None:
        """A file is gone, for good; of a minority only."""
        self._perform(macro.LoseFile(node=node, file=file))

    @_if_any(choices.losable)
    @rule(damage=st.sampled_from(("fill", "flip")), node=choices.server(choices.losable))
    def spoil_disk(self, damage: str, node: str) -> None:
        """A disk takes no more, or a bit of it is wrong, for good; of a minority only."""
        self._perform(macro.FillDisk(node=node) if damage == "fill" else macro.FlipBit(node=node))

    @_if_any(choices.progressed)
    @rule(node=choices.server(choices.progressed))
    def snapshot(self, node: str) -> None:
        """A snapshot takes the place of a part of the log."""
        self._perform(macro.Snapshot(node=node))

    @_if_any(choices.running)
    @rule(milliseconds=st.sampled_from((150, 50, 300)), node=choices.server(choices.running))
    def wait(self, milliseconds: int, node: str) -> None:
        """Time passes, and one server notices."""
        self._perform(macro.Wait(milliseconds=milliseconds, nodes=(node,)))

    @precondition(lambda self: self.execution.knobs.asynchronous_storage)
    @_if_any(choices.running)
    @rule(node=choices.server(choices.running))
    def stall(self, node: str) -> None:
        """What a server writes and applies is no longer done at once."""
        self._perform(macro.Stall(node=node))

    @precondition(lambda self: self.execution.knobs.asynchronous_storage)
    @_if_any(choices.stalled)
    @rule(
        node=choices.server(choices.stalled),
        work=st.sampled_from(("write", "application")),
    )
    def perform(self, node: str, work: Any) -> None:
        """What a stalled server began is done."""
        self._perform(macro.Perform(node=node, work=work))

    # -- Operators ---------------------------------------------------------------------------------

    @precondition(lambda self: self.execution.knobs.spares)
    @_if_any(choices.leaders)
    @rule(node=choices.server(choices.leaders), request=choices.change())
    def change_members(self, node: str, request: tuple[tuple[Change, ...], Transition]) -> None:
        """An operator asks for another membership."""
        changes, transition = request
        self._perform(macro.ChangeMembers(node=node, changes=changes, transition=transition))

    @_if_any(choices.leaders)
    @rule(node=choices.server(choices.leaders), successor=choices.other(), voters=choices.peers())
    def transfer(self, node: str, successor: str, voters: Peers) -> None:
        """An operator asks a leader to hand over."""
        self._perform(macro.TransferTo(node=node, target=successor, voters=voters))

    # Each of these names is as likely as any other: steps on which most depends have several.
    elect_2 = elect_3 = elect
    take_over_2 = take_over
    replicate_2 = replicate_3 = replicate
    propose_2 = propose
    write_2 = write
    read_2 = read_3 = read
    deliver_2 = deliver

    # -- The end -----------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Everybody is up and everything arrives; then judge it all."""
        if hasattr(self, "execution"):
            self.execution.perform(macro.Settle())
        super().teardown()
