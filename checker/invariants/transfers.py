"""Monitor of leadership transfer (section 3.10 of the thesis)."""

from __future__ import annotations

from typing import ClassVar

from checker.invariants.ghost import NodeGhost
from checker.invariants.monitor import ClusterGhost, Monitor
from checker.trace import Appended, RoleChanged, TransferEnded, TransferStarted


class NoProposalsInTransfer(Monitor):
    """While it hands over, a leader takes no client's command: else the target's log might never
    catch up. Commands are not empty; no-ops and configurations are, and may be appended."""

    name: ClassVar[str] = "no-proposals-in-transfer"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        # Who hands over, and to whom.
        self.target_of: dict[str, str] = {}

    def after_transfer_started(self, node: NodeGhost, event: TransferStarted) -> None:
        self.target_of[event.node] = event.target

    def after_transfer_ended(self, node: NodeGhost, event: TransferEnded) -> None:
        self.target_of.pop(event.node, None)

    def after_role_changed(self, node: NodeGhost, event: RoleChanged) -> None:
        # A new leadership knows nothing of the hand-over of an earlier one.
        if event.role == "leader":
            self.target_of.pop(event.node, None)

    def before_appended(self, node: NodeGhost, event: Appended) -> None:
        if not self.target_of or event.node not in self.target_of:
            return
        if event.command and node.role == "leader":
            target = self.target_of[event.node]
            self.fail(
                event,
                f"{event.node}, leader of term {node.term}, appended a command at index "
                f"{event.index} while it hands over to {target}",
                term=node.term,
                index=event.index,
                target=target,
            )


MONITORS: tuple[type[Monitor], ...] = (NoProposalsInTransfer,)
