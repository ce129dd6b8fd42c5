"""Changes of the membership, asked of our own servers, and confirmed by their list of members."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from nemesis.cluster.procedure import ChangeMembership, Outcome, TransferLeadership
from nemesis.cluster.protocol import Membership
from nemesis.cluster.real.etcd_client import EtcdService
from nemesis.cluster.real.json_http import JsonObject
from nemesis.cluster.real.service import Refused, Uncertain
from raft.consensus.changes import AddLearner, AddVoter, Change, Demote, Promote, Remove

# How long the leader may take to answer, in s: longer than it waits itself.
_ANSWER = 8.0
_PAUSE = 0.2
_REFUSED = "etcdserver: membership not changed: "
# Refusals that are worded as etcd words them.
_WORDED = {
    "etcdserver: member ID already exist": "already-member",
    "etcdserver: member not found": "unknown-member",
    "etcdserver: can only promote a learner member": "not-a-learner",
    "etcdserver: can only promote a learner member which is in sync with leader": (
        "learner-too-slow"
    ),
    "etcdserver: leader transfer refused": "abandoned",
}
_VERBS: dict[type[Change], str] = {
    AddVoter: "add-voter",
    AddLearner: "add-learner",
    Promote: "promote",
    Demote: "demote",
    Remove: "remove",
}


class _Members(NamedTuple):
    """The list that a server has: ids by name, and who has no vote."""

    ids: dict[str, str]
    learners: frozenset[str]

    def show(self, changes: Sequence[Change]) -> bool:
        """Whether the changes have been made."""
        return all(self._shows(each) for each in changes)

    def _shows(self, change: Change) -> bool:
        if isinstance(change, Remove):
            return change.node not in self.ids
        if isinstance(change, AddVoter | Promote):
            return change.node in self.ids and change.node not in self.learners
        if isinstance(change, AddLearner):
            return change.node in self.ids
        return isinstance(change, Demote) and change.node in self.learners

    def membership(self) -> Membership:
        voters = tuple(name for name in self.ids if name not in self.learners)
        return Membership(voters, (), tuple(sorted(self.learners)))


class MemberRequests:
    """An operator's requests. Whoever leads is asked, until there is an answer that decides, for
    ``patience`` s."""

    def __init__(
        self,
        service: EtcdService,
        find_leader: Callable[[], Awaitable[str | None]],
        address: Callable[[str], str],
        patience: float,
    ) -> None:
        """``address`` is where peers reach a server."""
        self._service = service
        self._find_leader = find_leader
        self._address = address
        self._patience = patience

    async def perform(self, task: ChangeMembership | TransferLeadership) -> Outcome:
        """What became of it, as nemesis.cluster.procedure.Outcome has it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience
        silence = "no-leader"
        while loop.time() < end:
            leader = await self._find_leader()
            if leader is not None:
                try:
                    if silence == "no-answer" and await self._is_done(leader, task):
                        return None
                    return await self._attempt(leader, task)
                except (Refused, Uncertain) as error:
                    reason = _reason(str(error))
                    if reason is not None:
                        return reason
                    silence = "no-answer"
            await asyncio.sleep(_PAUSE)
        return silence

    async def membership(self, node: str, timeout: float) -> Membership | None:
        """What the server takes for the configuration; None if it does not say."""
        try:
            return (await self._list(node, timeout)).membership()
        except (Refused, Uncertain):
            return None

    async def _attempt(self, leader: str, task: ChangeMembership | TransferLeadership) -> Outcome:
        """Ask once. Raises Refused, Uncertain."""
        members = await self._list(leader, _ANSWER)
        if isinstance(task, TransferLeadership):
            if leader == task.successor:
                return "leads-already"
            successor = members.ids.get(task.successor)
            if successor is None:
                return "unknown-member"
            path = "maintenance/transfer-leadership"
            await self._service.request(leader, path, {"targetID": successor}, _ANSWER)
            return None
        await self._service.request(leader, *self._request(members, task), _ANSWER)
        # The answer came with the commitment; a joint configuration is left by itself.
        for _ in range(round(self._patience / _PAUSE)):
            if (await self._list(leader, _ANSWER)).show(task.changes):
                return None
            await asyncio.sleep(_PAUSE)
        return "not in the list of members"

    def _request(self, members: _Members, task: ChangeMembership) -> tuple[str, JsonObject]:
        """One change as etcd's operators make it, several by a request of ours."""
        changes = task.changes
        if len(changes) == 1 and task.transition == "automatic":
            change = changes[0]
            if isinstance(change, AddVoter | AddLearner):
                return "cluster/member/add", {
                    "peerURLs": [f"http://{self._address(change.node)}"],
                    "isLearner": isinstance(change, AddLearner),
                    "name": change.node,
                }
            if isinstance(change, Remove | Promote) and change.node in members.ids:
                verb = _VERBS[type(change)]
                return f"cluster/member/{verb}", {"ID": members.ids[change.node]}
        return "cluster/member/change", {
            "changes": [
                {"verb": _VERBS[type(each)], "name": each.node} for each in _named(changes)
            ],
            "transition": task.transition,
        }

    async def _is_done(self, leader: str, task: ChangeMembership | TransferLeadership) -> bool:
        """Whether it was done although nobody said so (etcd 3.4 answers a transfer by nothing at
        all): the successor leads; or the leader's list shows the change, and what the leader wrote
        into its log afterwards is committed. Raises Refused, Uncertain."""
        if isinstance(task, TransferLeadership):
            return leader == task.successor
        if not (await self._list(leader, _ANSWER)).show(task.changes):
            return False
        await self._service.request(leader, "kv/deleterange", {"key": "AA=="}, _ANSWER)
        return (await self._list(leader, _ANSWER)).show(task.changes)

    async def _list(self, node: str, timeout: float) -> _Members:
        answer = await self._service.request(node, "cluster/member/list", {}, timeout)
        try:
            ids = {str(each["name"]): str(each["ID"]) for each in answer.get("members", [])}
            learners = (each["name"] for each in answer.get("members", []) if "isLearner" in each)
            return _Members(ids, frozenset(learners))
        except (KeyError, TypeError) as error:
            raise Uncertain(f"a list of members that makes no sense: {error!r}") from error


def _named(changes: Sequence[Change]) -> list[AddVoter | AddLearner | Promote | Demote | Remove]:
    return [
        each
        for each in changes
        if isinstance(each, AddVoter | AddLearner | Promote | Demote | Remove)
    ]


def _reason(message: str) -> Outcome:
    """The refusal that an answer tells of; None if it leaves open what became of the request, or
    another server has to be asked."""
    if message.startswith(_REFUSED):
        return message.removeprefix(_REFUSED)
    return _WORDED.get(message)
