"""Whom a fault hits: nodes by name, or by the role that they play at that moment.

Roles are played by the members of the present configuration; "any" and "all" are of all servers, so
that spares and removed servers are hit too.

Role targets matter most: with them a search finds the commit rule of the paper's Figure 8 an order
of magnitude sooner than with names.
"""

from __future__ import annotations

from nemesis.cluster.protocol import Cluster, NodeStatus
from nemesis.errors import ScheduleError

SINGLE_TARGETS = (
    "leader",
    "follower",
    "most-up-to-date",
    "least-up-to-date",
    "previous-leader",
    "any",
    "stale-leader",
    "just-voted",
    "about-to-win",
)
GROUP_TARGETS = ("majority", "minority", "all")
TARGETS = SINGLE_TARGETS + GROUP_TARGETS


def rotated(nodes: tuple[str, ...] | list[str], first: int) -> list[str]:
    """The nodes in their order, beginning with the one at ``first`` (modulo their number)."""
    at = first % len(nodes)
    return [*nodes[at:], *nodes[:at]]


def resolve(cluster: Cluster, target: str, pick: int) -> list[str]:
    """The nodes that ``target`` names now; may be empty (no leader, say).

    ``pick`` chooses among equals, and where a group begins. Roles that last only for a moment fall
    to whoever is next to them: "stale-leader", who leads an older term, to the previous leader;
    "just-voted", who voted for another in the newest term, to a follower; "about-to-win", the
    candidate with the most votes, to the follower with the newest log. A name that is no node and
    no role raises ScheduleError.
    """
    if target in cluster.nodes:
        return [target]
    if target == "any":
        return rotated(cluster.nodes, pick)[:1]
    if target == "all":
        return list(cluster.nodes)
    if target in ("minority", "majority"):
        voters = rotated([each.name for each in cluster.status() if each.is_voter], pick)
        count = len(voters)
        return voters[: count // 2 + 1 if target == "majority" else max(1, (count - 1) // 2)]
    if target == "stale-leader":
        leading = sorted(
            (each.term, each.name) for each in cluster.status() if each.role == "leader"
        )
        if len(leading) > 1:
            return [leading[0][1]]
    if target in ("previous-leader", "stale-leader"):
        previous = cluster.previous_leader()
        return [] if previous is None else [previous]
    return _by_role(cluster.status(), target, pick)


def _by_role(statuses: list[NodeStatus], target: str, pick: int) -> list[str]:
    if target == "leader":
        # Several may believe that they lead; the newest term is the true one.
        leaders = [status for status in statuses if status.role == "leader"]
        return [max(leaders, key=lambda status: status.term).name] if leaders else []
    if target == "follower":
        others = [
            status.name
            for status in statuses
            if status.role and status.role != "leader" and status.is_member
        ]
        return [others[pick % len(others)]] if others else []
    alive = [status for status in statuses if status.is_member and not status.is_lost]
    if target == "just-voted":
        newest = max((status.term for status in alive), default=0)
        voters = [status.name for status in alive if status.has_voted and status.term == newest]
        return rotated(voters, pick)[:1] if voters else _by_role(statuses, "follower", pick)
    if target == "about-to-win":
        candidates = [status for status in alive if status.role in ("candidate", "pre-candidate")]
        if candidates:
            return [max(candidates, key=lambda each: (each.term, each.votes)).name]
        # Whoever campaigns next and has the newest log wins.
        followers = [status for status in alive if status.role != "leader"]
        return _by_role(followers, "most-up-to-date", pick)
    if target not in ("most-up-to-date", "least-up-to-date"):
        known = ", ".join(TARGETS)
        raise ScheduleError(f"no node and no role is called {target!r}: roles are {known}")
    if not alive:
        return []
    logs = [(status.last_log_term, status.last_log_index) for status in alive]
    wanted = max(logs) if target == "most-up-to-date" else min(logs)
    equals = [status.name for status, log in zip(alive, logs, strict=True) if log == wanted]
    return [equals[pick % len(equals)]]
