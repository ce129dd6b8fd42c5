"""etcd's API as JSON: what is read, what is refused, what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from raft.kv.revisions import (
    Compare,
    DeleteAnswer,
    DeleteRange,
    KeyValue,
    Put,
    PutAnswer,
    Range,
    RangeAnswer,
    Transaction,
    TransactionAnswer,
)
from raft.server.etcd_answers import Header, body_of
from raft.server.etcd_json import (
    ApiError,
    DeleteRangeRequest,
    MemberAddRequest,
    PutRequest,
    RangeRequest,
    TxnRequest,
    decode,
    delete_of,
    put_of,
    range_of,
    transaction_of,
)

HEADER = Header("1", "2", "3", "4")


def read(kind: Any, text: str) -> Any:
    request = decode(text.encode(), kind)
    if kind is TxnRequest:
        return transaction_of(request, 3)
    return {RangeRequest: range_of, PutRequest: put_of, DeleteRangeRequest: delete_of}[kind](
        request
    )  # type: ignore[operator]


@pytest.mark.parametrize(
    ("kind", "text", "operation"),
    [
        (RangeRequest, '{"key":"Zm9v"}', Range(b"foo")),
        (RangeRequest, '{"key":"AA==","rangeEnd":"AA==","limit":"7"}', Range(b"\0", b"\0", 7)),
        (RangeRequest, '{"key":"Zg==","range_end":"Zw==","limit":7}', Range(b"f", b"g", 7)),
        (RangeRequest, '{"key":"Zg==","sort_order":0,"sort_target":0}', Range(b"f")),
        (RangeRequest, '{"key":"Zg==","sortOrder":"DESCEND","sortTarget":"MOD"}', Range(b"f", sort_order="DESCEND", sort_target="MOD")),
        (RangeRequest, '{"key":"Zg==","sort_target":1}', Range(b"f", sort_order="ASCEND", sort_target="VERSION")),
        (RangeRequest, '{"key":"Zg==","keys_only":true,"countOnly":true}', Range(b"f", keys_only=True, count_only=True)),
        (PutRequest, '{"key":"Zm9v","value":"YmFy"}', Put(b"foo", b"bar")),
        (PutRequest, '{"key":"Zm9v","prevKv":true}', Put(b"foo", b"", True)),
        (DeleteRangeRequest, '{"key":"Zm9v","rangeEnd":"AA=="}', DeleteRange(b"foo", b"\0")),
        (TxnRequest, "{}", Transaction((), (), ())),
        (TxnRequest, "", Transaction((), (), ())),
        (
            TxnRequest,
            '{"compare":[{"key":"Zg==","target":"VALUE","result":"EQUAL","value":"Zw=="},'
            '{"key":"Zg==","target":2,"result":3,"modRevision":"5"},{"key":"Zg==","version":"1"}],'
            '"success":[{"requestPut":{"key":"Zg=="}},{"request_range":{"key":"Zg=="}}],'
            '"failure":[{"requestDeleteRange":{"key":"Zg==","range_end":"Zw=="}}]}',
            Transaction(
                (
                    Compare(b"f", "VALUE", "EQUAL", b"g"),
                    Compare(b"f", "MOD", "NOT_EQUAL", 5),
                    Compare(b"f", "VERSION", "EQUAL", 1),
                ),
                (Put(b"f", b""), Range(b"f")),
                (DeleteRange(b"f", b"g"),),
            ),
        ),
    ],
)  # fmt: skip
def test_requests_are_read(kind: Any, text: str, operation: Any) -> None:
    assert read(kind, text) == operation


@pytest.mark.parametrize("name", ["isLearner", "is_learner"])
def test_a_member_to_be_added_is_read(name: str) -> None:
    text = f'{{"peerURLs":["http://a:1"],"{name}":true}}'
    assert decode(text.encode(), MemberAddRequest) == MemberAddRequest(("http://a:1",), True)


PUT = '{"requestPut":{"key":"Zg=="}}'


@pytest.mark.parametrize(
    ("kind", "text", "code", "message"),
    [
        (PutRequest, "{", 3, "/v3/kv/put: "),
        (PutRequest, "[]", 3, "Expected `object`"),
        (PutRequest, "\xff", 3, "/v3/kv/put: "),
        (PutRequest, '{"key":"%"}', 3, "Invalid base64"),
        (PutRequest, '{"key":"Zg==","frob":1}', 3, "unknown field `frob`"),
        (PutRequest, '{"value":"Zg=="}', 3, "etcdserver: key is not provided"),
        (PutRequest, '{"key":"Zg==","lease":"7"}', 5, "etcdserver: requested lease not found"),
        (PutRequest, "[" * 100_000, 3, "/v3/kv/put: "),
        (RangeRequest, '{"key":"Zg==","limit":"x"}', 3, "/v3/kv/range: "),
        (RangeRequest, '{"key":"Zg==","limit":-1}', 3, "must not be negative"),
        (RangeRequest, '{"key":"Zg==","limit":"9223372036854775808"}', 3, "<= 9223372036854775807"),
        (TxnRequest, f'{{"compare":[{{"key":"Zg==","version":{10**30}}}]}}', 3, "<= 9223372036854775807"),
        (TxnRequest, f'{{"compare":[{{"key":"Zg==","createRevision":"-{10**30}"}}]}}', 3, ">= -9223372036854775808"),
        (RangeRequest, '{"key":"Zg==","sort_order":"UP"}', 3, "possible are NONE, ASCEND, DESCEND"),
        (RangeRequest, '{"key":"Zg==","sort_order":3}', 3, "possible are NONE"),
        (TxnRequest, '{"compare":[{"key":"Zg==","target":"LEASE"}]}', 3, "possible are VERSION"),
        (TxnRequest, '{"compare":[{}]}', 3, "etcdserver: key is not provided"),
        (TxnRequest, '{"success":[{}]}', 3, "is one of request_range"),
        (TxnRequest, f'{{"success":[{PUT},{PUT}]}}', 3, "etcdserver: duplicate key given"),
        (TxnRequest, f'{{"success":[{PUT},{{"requestDeleteRange":{{"key":"Zg=="}}}}]}}', 3, "etcdserver: duplicate key given"),
        (TxnRequest, f'{{"failure":[{{"requestDeleteRange":{{"key":"Zg==","range_end":"Zw=="}}}},{PUT}]}}', 3, "etcdserver: duplicate key given"),
        (TxnRequest, '{"success":[{"requestRange":{"key":"Zg==","revision":"3"}}]}', 12, "only the present revision"),
        (TxnRequest, '{"compare":[{"key":"Zg=="},{"key":"Zg=="},{"key":"Zg=="},{"key":"Zg=="}]}', 3, "etcdserver: too many operations"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(kind: Any, text: str, code: int, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        read(kind, text)
    assert message in str(refused.value)
    body = json.loads(refused.value.body())
    assert body == {"error": str(refused.value), "message": str(refused.value), "code": code}


def test_the_same_key_may_be_put_on_both_sides() -> None:
    both = read(TxnRequest, f'{{"success":[{PUT}],"failure":[{PUT}]}}')
    assert both.success == both.failure


KV = KeyValue(b"f", b"", 2, 3, 2)
KV_JSON = {"key": "Zg==", "create_revision": "2", "mod_revision": "3", "version": "2"}
AT_7 = {"cluster_id": "1", "member_id": "2", "revision": "7", "raft_term": "4"}


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (RangeAnswer(7, (), 0), {"header": AT_7}),
        (RangeAnswer(7, (KV,), 1), {"header": AT_7, "kvs": [KV_JSON], "count": "1"}),
        (RangeAnswer(7, (KV,), 2), {"header": AT_7, "kvs": [KV_JSON], "count": "2", "more": True}),
        (PutAnswer(7, None), {"header": AT_7}),
        (PutAnswer(7, KV), {"header": AT_7, "prev_kv": KV_JSON}),
        (DeleteAnswer(7, 0, ()), {"header": AT_7}),
        (DeleteAnswer(7, 1, (KV,)), {"header": AT_7, "deleted": "1", "prev_kvs": [KV_JSON]}),
        (TransactionAnswer(7, False, ()), {"header": AT_7}),
        (
            TransactionAnswer(7, True, (PutAnswer(7, None), RangeAnswer(7, (), 0))),
            {
                "header": AT_7,
                "succeeded": True,
                "responses": [
                    {"response_put": {"header": {"revision": "7"}}},
                    {"response_range": {"header": {"revision": "7"}}},
                ],
            },
        ),
    ],
)
def test_answers_leave_out_what_is_nothing(answer: Any, body: dict[str, Any]) -> None:
    assert json.loads(body_of(answer, HEADER)) == body
