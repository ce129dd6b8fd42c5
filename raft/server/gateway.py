"""etcd's v3 API: JSON in, JSON out."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Demote,
    Promote,
    Remove,
    ServerChange,
)
from raft.kv.revision_store import RevisionStore
from raft.kv.revisions import PutMember
from raft.server.config import Config, ConfigError, parse_address
from raft.server.etcd_answers import (
    Header,
    MembersBody,
    StatusBody,
    TransferBody,
    body_of,
    encode,
    number,
)
from raft.server.etcd_json import (
    FAILED_PRECONDITION,
    INTERNAL,
    INVALID_ARGUMENT,
    NOT_FOUND,
    OUT_OF_RANGE,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    UNIMPLEMENTED,
    ApiError,
    DeleteRangeRequest,
    MemberAddRequest,
    MemberChangeRequest,
    MemberListRequest,
    MemberRequest,
    Nothing,
    PutRequest,
    RangeRequest,
    TransferRequest,
    TxnRequest,
    decode,
    delete_of,
    put_of,
    range_of,
    transaction_of,
)
from raft.server.membership import ReplicaMembership
from raft.server.node import Node
from raft.server.requests import (
    ChangeRefused,
    Indeterminate,
    NoLeader,
    Requests,
    TooManyRequests,
)

LOG: Final = logging.getLogger("raft.server.gateway")

# The version of the API that is spoken here; clients look for it.
API_VERSION: Final = "3.4.0"
HTTP_OK: Final = 200
_GATEWAY_TIMEOUT: Final = 504

_CHANGES: Final[dict[str, type[ServerChange]]] = {
    "add-voter": AddVoter,
    "add-learner": AddLearner,
    "promote": Promote,
    "demote": Demote,
    "remove": Remove,
}
_REFUSALS: Final = {
    "not-leader": (FAILED_PRECONDITION, "etcdserver: not leader"),
    "already-voter": (FAILED_PRECONDITION, "etcdserver: member ID already exist"),
    "already-learner": (FAILED_PRECONDITION, "etcdserver: member ID already exist"),
    "unknown-member": (NOT_FOUND, "etcdserver: member not found"),
    "not-a-learner": (FAILED_PRECONDITION, "etcdserver: can only promote a learner member"),
    "learner-too-slow": (
        FAILED_PRECONDITION,
        "etcdserver: can only promote a learner member which is in sync with leader",
    ),
    "learner-unreachable": (
        FAILED_PRECONDITION,
        "etcdserver: can only promote a learner member which is in sync with leader",
    ),
}


class Gateway:
    """Takes requests in, and answers them."""

    def __init__(
        self, config: Config, node: Node, requests: Requests, membership: ReplicaMembership
    ) -> None:
        self._limits = config.limits
        self._cluster = str(config.cluster_id)
        self._node = node
        self._requests = requests
        self._membership = membership
        self._number = membership.number_of(config.name)
        store = node.replica.state_machine
        assert isinstance(store, RevisionStore)
        self._store = store
        self._posts: dict[str, Callable[[bytes], Awaitable[bytes]]] = {
            "/v3/kv/range": self._range,
            "/v3/kv/put": self._put,
            "/v3/kv/deleterange": self._delete_range,
            "/v3/kv/txn": self._txn,
            "/v3/maintenance/status": self._status,
            "/v3/cluster/member/list": self._member_list,
            "/v3/cluster/member/add": self._member_add,
            "/v3/cluster/member/remove": self._member_remove,
            "/v3/cluster/member/update": self._member_update,
            "/v3/cluster/member/promote": self._member_promote,
            "/v3/cluster/member/change": self._member_change,
            "/v3/maintenance/transfer-leadership": self._transfer_leadership,
        }
        self._gets: dict[str, Callable[[], dict[str, str]]] = {
            "/clock": self._clock,
            "/health": self._health,
            "/version": self._version,
        }

    async def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        try:
            return HTTP_OK, await self._answer(method, path, body)
        except ApiError as error:
            return error.status, error.body()

    async def _answer(self, method: str, path: str, body: bytes) -> bytes:
        """The body of the answer. Raises ApiError."""
        post = self._posts.get(path)
        if post is None:
            get = self._gets.get(path)
            if get is None:
                raise ApiError(NOT_FOUND, "Not Found")
            if method != "GET":
                raise ApiError(UNIMPLEMENTED, "Method Not Allowed", 405)
            return encode(get())
        if method != "POST":
            raise ApiError(UNIMPLEMENTED, "Method Not Allowed", 405)
        try:
            return await post(body)
        except (NoLeader, TooManyRequests, Indeterminate, ChangeRefused) as error:
            raise _as_api_error(error) from error
        except ApiError:
            raise
        except Exception as error:
            LOG.exception("%s failed", path)
            raise ApiError(INTERNAL, f"{type(error).__name__}: {error}") from error

    # -- Keys ------------------------------------------------------------------------------------

    async def _range(self, body: bytes) -> bytes:
        request = decode(body, RangeRequest)
        query = range_of(request)
        if request.serializable:
            answer = self._store.query(query)
        else:
            answer = await self._requests.read(query)
        # There is no history: all but the present revision has been forgotten.
        if 0 < request.revision < answer.revision:
            raise ApiError(OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted")
        if request.revision > answer.revision:
            raise ApiError(OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision")
        return body_of(answer, self._header())

    async def _put(self, body: bytes) -> bytes:
        put = put_of(decode(body, PutRequest))
        return body_of(await self._requests.write(put), self._header())

    async def _delete_range(self, body: bytes) -> bytes:
        delete = delete_of(decode(body, DeleteRangeRequest))
        return body_of(await self._requests.write(delete), self._header())

    async def _txn(self, body: bytes) -> bytes:
        request = decode(body, TxnRequest)
        transaction = transaction_of(request, self._limits.transaction_operations)
        return body_of(await self._requests.write(transaction), self._header())

    def _header(self) -> Header:
        return Header(
            self._cluster,
            str(self._number),
            number(self._store.revision),
            number(self._node.replica.consensus.current_term),
        )

    # -- The server ------------------------------------------------------------------------------

    async def _status(self, body: bytes) -> bytes:
        decode(body, Nothing)
        replica = self._node.replica
        consensus = replica.consensus
        leader = self._node.leader
        return encode(
            StatusBody(
                self._header(),
                version=API_VERSION,
                leader="" if leader is None else str(self._membership.number_of(leader)),
                raft_index=number(consensus.log.last_index),
                raft_term=number(consensus.current_term),
                raft_applied_index=number(replica.last_applied),
                errors=["etcdserver: no leader"] if leader is None else [],
                is_learner=replica.node in consensus.configuration.learners,
            )
        )

    def _health(self) -> dict[str, str]:
        return {"health": "true" if self._node.leader is not None else "false"}

    def _clock(self) -> dict[str, str]:
        """What the server takes for the time: whoever fakes its clock reads it back."""
        return {"clock": str(time.monotonic_ns())}

    def _version(self) -> dict[str, str]:
        try:
            ours = version("splitbrain")
        except PackageNotFoundError:
            ours = "unknown"
        return {"etcdserver": API_VERSION, "etcdcluster": API_VERSION, "splitbrain": ours}

    # -- Members ---------------------------------------------------------------------------------

    async def _member_list(self, body: bytes) -> bytes:
        decode(body, MemberListRequest)
        return encode(MembersBody(self._header(), self._membership.list_members()))

    async def _member_add(self, body: bytes) -> bytes:
        request = decode(body, MemberAddRequest)
        peer = _checked(request.peer_urls)
        name = request.name or f"member-{peer}"
        if self._membership.is_member(name):
            raise ApiError(FAILED_PRECONDITION, "etcdserver: member ID already exist")
        # The address first: once the server is a member, the others must reach it.
        await self._requests.write(PutMember(name, peer, ""))
        await self._requests.change_membership(
            "add-learner" if request.is_learner else "add-voter", name
        )
        return encode(
            MembersBody(
                self._header(), self._membership.list_members(), self._membership.body_of(name)
            )
        )

    async def _member_remove(self, body: bytes) -> bytes:
        await self._requests.change_membership("remove", self._named(decode(body, MemberRequest)))
        return encode(MembersBody(self._header(), self._membership.list_members()))

    async def _member_promote(self, body: bytes) -> bytes:
        await self._requests.change_membership("promote", self._named(decode(body, MemberRequest)))
        return encode(MembersBody(self._header(), self._membership.list_members()))

    async def _member_update(self, body: bytes) -> bytes:
        request = decode(body, MemberRequest)
        name = self._named(request)
        await self._requests.write(PutMember(name, _checked(request.peer_urls), ""))
        return encode(MembersBody(self._header(), self._membership.list_members()))

    async def _member_change(self, body: bytes) -> bytes:
        request = decode(body, MemberChangeRequest)
        changes = tuple(_CHANGES[change.verb](change.name) for change in request.changes)
        await self._requests.change_together(changes, request.transition)
        return encode(MembersBody(self._header(), self._membership.list_members()))

    async def _transfer_leadership(self, body: bytes) -> bytes:
        successor = self._called(decode(body, TransferRequest).target_id)
        if self._node.leader != self._node.replica.node:
            raise ApiError(FAILED_PRECONDITION, "etcdserver: not leader")
        if not await self._requests.transfer_leadership(successor):
            raise ApiError(FAILED_PRECONDITION, "etcdserver: leader transfer refused")
        return encode(TransferBody(self._header()))

    def _named(self, request: MemberRequest) -> str:
        return self._called(request.ID)

    def _called(self, number: int) -> str:
        name = self._membership.name_of(number)
        if name is None:
            raise ApiError(NOT_FOUND, "etcdserver: member not found")
        return name


def _checked(urls: tuple[str, ...]) -> str:
    """The address in ``peerURLs``: one, since a server listens at one."""
    if len(urls) != 1:
        raise ApiError(INVALID_ARGUMENT, "peerURLs must name one address")
    try:
        return str(parse_address(urls[0]))
    except ConfigError as error:
        raise ApiError(INVALID_ARGUMENT, f"peerURLs: {error}") from error


def _as_api_error(
    error: NoLeader | TooManyRequests | Indeterminate | ChangeRefused,
) -> ApiError:
    if isinstance(error, ChangeRefused):
        code, message = _REFUSALS.get(
            str(error), (FAILED_PRECONDITION, f"etcdserver: membership not changed: {error}")
        )
        return ApiError(code, message)
    if isinstance(error, TooManyRequests):
        return ApiError(RESOURCE_EXHAUSTED, "etcdserver: too many requests")
    if isinstance(error, NoLeader):
        return ApiError(UNAVAILABLE, "etcdserver: no leader")
    return ApiError(UNAVAILABLE, f"etcdserver: {error}", _GATEWAY_TIMEOUT)
