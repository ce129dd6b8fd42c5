"""etcd's v3 API as its JSON gateway has it (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/).

Keys and values are in base64, numbers of 64 bits are strings, and fields that are false, 0 or empty
are left out. In requests, numbers may be numbers, and names may be in snake or in camel case.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from raft.errors import RaftError
from raft.kv.revisions import (
    Compare,
    DeleteRange,
    Put,
    Range,
    Simple,
    Transaction,
)

# The codes of gRPC, and the status of HTTP that the gateway makes of each.
INVALID_ARGUMENT: Final = 3
NOT_FOUND: Final = 5
RESOURCE_EXHAUSTED: Final = 8
FAILED_PRECONDITION: Final = 9
OUT_OF_RANGE: Final = 11
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14
HTTP_STATUS: Final = {
    INVALID_ARGUMENT: 400,
    NOT_FOUND: 404,
    RESOURCE_EXHAUSTED: 429,
    FAILED_PRECONDITION: 400,
    OUT_OF_RANGE: 400,
    UNIMPLEMENTED: 501,
    INTERNAL: 500,
    UNAVAILABLE: 503,
}


class ApiError(RaftError):
    """What a client is answered in place of what it asked for: gRPC's code, HTTP's status."""

    def __init__(self, code: int, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = HTTP_STATUS[code] if status is None else status

    def body(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(ErrorBody(str(self), str(self), self.code))


class ErrorBody(msgspec.Struct, frozen=True):
    """Of an answer that is an error."""

    error: str
    message: str
    code: int


# -- Requests ------------------------------------------------------------------------------------

# JSON bounds no number, and MessagePack, in which requests go into the log, has 64 bits.
Int64 = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not known is refused, rather than left undone in silence."""


class RangeRequest(_Request, frozen=True):
    """/v3/kv/range"""

    key: bytes = b""
    range_end: bytes = b""
    limit: Int64 = 0
    revision: Int64 = 0
    sort_order: int | str = "NONE"
    sort_target: int | str = "KEY"
    serializable: bool = False
    keys_only: bool = False
    count_only: bool = False


class PutRequest(_Request, frozen=True):
    """/v3/kv/put"""

    key: bytes = b""
    value: bytes = b""
    lease: Int64 = 0
    prev_kv: bool = False


class DeleteRangeRequest(_Request, frozen=True):
    """/v3/kv/deleterange"""

    key: bytes = b""
    range_end: bytes = b""
    prev_kv: bool = False


class CompareRequest(_Request, frozen=True):
    """A compare of a transaction; the operand is the one that ``target`` names."""

    key: bytes = b""
    result: int | str = "EQUAL"
    target: int | str = "VERSION"
    range_end: bytes = b""
    version: Int64 = 0
    create_revision: Int64 = 0
    mod_revision: Int64 = 0
    value: bytes = b""


class OperationRequest(_Request, frozen=True):
    """An operation of a transaction: one of these."""

    request_range: RangeRequest | None = None
    request_put: PutRequest | None = None
    request_delete_range: DeleteRangeRequest | None = None


class TxnRequest(_Request, frozen=True):
    """/v3/kv/txn"""

    compare: tuple[CompareRequest, ...] = ()
    success: tuple[OperationRequest, ...] = ()
    failure: tuple[OperationRequest, ...] = ()


class MemberAddRequest(_Request, frozen=True):
    """/v3/cluster/member/add; ``name`` is ours: how the new server will call itself."""

    peer_urls: tuple[str, ...] = msgspec.field(default=(), name="peerURLs")
    is_learner: bool = False
    name: str = ""


class MemberRequest(_Request, frozen=True):
    """/v3/cluster/member/remove, promote and, with addresses, update"""

    ID: Int64 = 0
    peer_urls: tuple[str, ...] = msgspec.field(default=(), name="peerURLs")


class OneChange(_Request, frozen=True):
    """A change of one member, which is called by its name."""

    verb: Literal["add-voter", "add-learner", "promote", "demote", "remove"]
    name: str


class MemberChangeRequest(_Request, frozen=True):
    """/v3/cluster/member/change, which is ours: all together, through a joint configuration where
    more than one vote comes or goes."""

    changes: tuple[OneChange, ...]
    transition: Literal["automatic", "implicit"] = "automatic"


class TransferRequest(_Request, frozen=True):
    """/v3/maintenance/transfer-leadership"""

    target_id: Int64 = msgspec.field(default=0, name="targetID")


class MemberListRequest(_Request, frozen=True):
    """/v3/cluster/member/list"""

    linearizable: bool = False


class Nothing(_Request, frozen=True):
    """A request that says nothing more."""


R = TypeVar("R", bound=_Request)
_CAMEL: Final = re.compile("[a-z]+([A-Z][a-z]+)+")
_decoders: dict[type[_Request], msgspec.json.Decoder[Any]] = {}


def decode(body: bytes, kind: type[R]) -> R:
    """Read a request. Raises ApiError."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind, strict=False)
    try:
        request: R = decoder.decode(body or b"{}")
        return request
    except msgspec.DecodeError:
        pass
    try:
        # Some names may be in camel case, which is rare.
        return msgspec.convert(_with_snakes(msgspec.json.decode(body)), kind, strict=False)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(INVALID_ARGUMENT, f"{kind.__doc__}: {error}") from error


def _with_snakes(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake(key): _with_snakes(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_snakes(each) for each in value]
    return value


def _snake(name: str) -> str:
    if not _CAMEL.fullmatch(name):
        return name
    return re.sub("[A-Z]", lambda match: "_" + match[0].lower(), name)


# -- From requests to operations -------------------------------------------------------------------


def _choice(value: int | str, names: tuple[str, ...], what: str) -> Any:
    """One of the names of an enumeration, which may be told by its number."""
    if isinstance(value, str) and value in names:
        return value
    if str(value).isdecimal() and int(value) < len(names):
        return names[int(value)]
    raise ApiError(INVALID_ARGUMENT, f"{what} is {value!r}: possible are {', '.join(names)}")


def range_of(request: RangeRequest) -> Range:
    """The read that is asked for. Raises ApiError."""
    _check_key(request.key)
    if request.limit < 0:
        raise ApiError(INVALID_ARGUMENT, f"limit is {request.limit}: it must not be negative")
    target = _choice(request.sort_target, ("KEY", "VERSION", "CREATE", "MOD", "VALUE"), "target")
    order = _choice(request.sort_order, ("NONE", "ASCEND", "DESCEND"), "sort_order")
    if target != "KEY" and order == "NONE":
        order = "ASCEND"
    return Range(
        request.key,
        request.range_end,
        request.limit,
        target,
        order,
        request.keys_only,
        request.count_only,
    )


def put_of(request: PutRequest) -> Put:
    """The write that is asked for. Raises ApiError."""
    _check_key(request.key)
    if request.lease:
        raise ApiError(NOT_FOUND, "etcdserver: requested lease not found")
    return Put(request.key, request.value, request.prev_kv)


def delete_of(request: DeleteRangeRequest) -> DeleteRange:
    """The deletion that is asked for. Raises ApiError."""
    _check_key(request.key)
    return DeleteRange(request.key, request.range_end, request.prev_kv)


def transaction_of(request: TxnRequest, most: int) -> Transaction:
    """The transaction that is asked for, of at most so many operations. Raises ApiError."""
    if max(len(request.compare), len(request.success), len(request.failure)) > most:
        raise ApiError(INVALID_ARGUMENT, "etcdserver: too many operations in txn request")
    return Transaction(
        tuple([_compare_of(each) for each in request.compare]),
        _operations_of(request.success),
        _operations_of(request.failure),
    )


def _compare_of(request: CompareRequest) -> Compare:
    _check_key(request.key)
    result = _choice(request.result, ("EQUAL", "GREATER", "LESS", "NOT_EQUAL"), "result")
    target = _choice(request.target, ("VERSION", "CREATE", "MOD", "VALUE"), "target")
    operand: int | bytes = request.value
    if target != "VALUE":
        operands = {
            "VERSION": request.version,
            "CREATE": request.create_revision,
            "MOD": request.mod_revision,
        }
        operand = operands[target]
    return Compare(request.key, target, result, operand, request.range_end)


def _operations_of(requests: tuple[OperationRequest, ...]) -> tuple[Simple, ...]:
    operations = tuple([_operation_of(each) for each in requests])
    puts: set[bytes] = set()
    for operation in operations:
        if isinstance(operation, Put):
            if operation.key in puts:
                raise ApiError(INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request")
            puts.add(operation.key)
    for operation in operations:
        if isinstance(operation, DeleteRange) and any(_covers(operation, key) for key in puts):
            raise ApiError(INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request")
    return operations


def _covers(delete: DeleteRange, key: bytes) -> bool:
    """As etcd sees it when it looks for keys given twice: a range without an end covers none."""
    if not delete.range_end:
        return key == delete.key
    return delete.key <= key < delete.range_end


def _operation_of(request: OperationRequest) -> Simple:
    asked = [
        each
        for each in (request.request_range, request.request_put, request.request_delete_range)
        if each is not None
    ]
    if len(asked) != 1:
        raise ApiError(
            INVALID_ARGUMENT,
            "an operation of a transaction is one of request_range, request_put and "
            "request_delete_range",
        )
    if request.request_range is not None:
        if request.request_range.revision:
            raise ApiError(UNIMPLEMENTED, "only the present revision can be read")
        return range_of(request.request_range)
    if request.request_put is not None:
        return put_of(request.request_put)
    assert request.request_delete_range is not None
    return delete_of(request.request_delete_range)


def _check_key(key: bytes) -> None:
    if not key:
        raise ApiError(INVALID_ARGUMENT, "etcdserver: key is not provided")
