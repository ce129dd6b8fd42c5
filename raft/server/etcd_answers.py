"""The answers of etcd's v3 API as JSON: what is false, 0 or empty is left out."""

from __future__ import annotations

from typing import Final

import msgspec

from raft.kv.revisions import (
    Answer,
    DeleteAnswer,
    KeyValue,
    PutAnswer,
    RangeAnswer,
    TransactionAnswer,
)

encode: Final = msgspec.json.Encoder().encode


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is false, 0 or empty is left out."""


class Header(_Answer, frozen=True):
    """Who has answered, and at which revision."""

    cluster_id: str = ""
    member_id: str = ""
    revision: str = ""
    raft_term: str = ""


class _KeyValueBody(_Answer, frozen=True):
    key: bytes = b""
    create_revision: str = ""
    mod_revision: str = ""
    version: str = ""
    value: bytes = b""


class _Body(_Answer, frozen=True):
    """Of any answer to do with keys; what is not of its kind stays empty."""

    header: Header
    kvs: list[_KeyValueBody] = []
    more: bool = False
    count: str = ""
    deleted: str = ""
    prev_kv: _KeyValueBody | None = None
    prev_kvs: list[_KeyValueBody] = []
    succeeded: bool = False
    responses: list[dict[str, _Body]] = []


def number(value: int) -> str:
    """A number of 64 bits."""
    return str(value) if value else ""


def body_of(answer: Answer, header: Header) -> bytes:
    """The JSON of an answer; the header's revision is the answer's."""
    return encode(_body_of(answer, _at(header, answer.revision)))


def _at(header: Header, revision: int) -> Header:
    return Header(header.cluster_id, header.member_id, number(revision), header.raft_term)


def _body_of(answer: Answer, header: Header) -> _Body:
    if isinstance(answer, RangeAnswer):
        return _Body(header, [_kv(kv) for kv in answer.kvs], answer.more, number(answer.count))
    if isinstance(answer, PutAnswer):
        previous = answer.previous
        return _Body(header, prev_kv=None if previous is None else _kv(previous))
    if isinstance(answer, DeleteAnswer):
        return _Body(
            header, deleted=number(answer.deleted), prev_kvs=[_kv(kv) for kv in answer.previous]
        )
    assert isinstance(answer, TransactionAnswer)
    return _Body(
        header,
        succeeded=answer.succeeded,
        responses=[
            {_RESPONSES[type(each)]: _body_of(each, Header(revision=number(each.revision)))}
            for each in answer.responses
        ],
    )


_RESPONSES: Final[dict[type, str]] = {
    RangeAnswer: "response_range",
    PutAnswer: "response_put",
    DeleteAnswer: "response_delete_range",
}


def _kv(kv: KeyValue) -> _KeyValueBody:
    return _KeyValueBody(
        kv.key, number(kv.create_revision), number(kv.mod_revision), number(kv.version), kv.value
    )


class MemberBody(_Answer, frozen=True):
    """A member of the cluster."""

    ID: str = ""
    name: str = ""
    peer_urls: list[str] = msgspec.field(default_factory=list, name="peerURLs")
    client_urls: list[str] = msgspec.field(default_factory=list, name="clientURLs")
    is_learner: bool = msgspec.field(default=False, name="isLearner")


class MembersBody(_Answer, frozen=True):
    """/v3/cluster/member/..."""

    header: Header
    members: list[MemberBody] = []
    member: MemberBody | None = None


class TransferBody(_Answer, frozen=True):
    """/v3/maintenance/transfer-leadership"""

    header: Header


class StatusBody(_Answer, frozen=True):
    """/v3/maintenance/status"""

    header: Header
    version: str = ""
    leader: str = ""
    raft_index: str = msgspec.field(default="", name="raftIndex")
    raft_term: str = msgspec.field(default="", name="raftTerm")
    raft_applied_index: str = msgspec.field(default="", name="raftAppliedIndex")
    errors: list[str] = []
    is_learner: bool = msgspec.field(default=False, name="isLearner")
