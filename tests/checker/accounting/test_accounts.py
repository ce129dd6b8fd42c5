"""Accounts: what is lost is missed, by name and number, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from checker.accounting import (
    Account,
    account_of_bank,
    account_of_counter,
    account_of_elements,
    account_of_ids,
    account_of_lock,
    account_of_queue,
    account_of_transactions,
)
from checker.history import Event, History, Operation
from checker.verdict import Validity

Told = tuple[Any, ...]


def operations(*told: Told, key: str = "x") -> list[Operation]:
    """Operations one after another: (f, argument, result[, outcome]), outcome ok if left out."""
    made = []
    for at, (f, argument, result, *rest) in enumerate(told):
        outcome = rest[0] if rest else "ok"
        completed = None if outcome == "info" else 2 * at + 1
        made.append(Operation(at, f, key, argument, result, outcome, 2 * at, completed))
    return made


def elements(*told: Told) -> Account:
    return account_of_elements(operations(*told), "add", "read")


def kinds(account: Account) -> list[str]:
    return [failure.kind for failure in account.verdict.failures]


# -- Elements --------------------------------------------------------------------------------------


def test_elements_that_are_there_are_no_failure() -> None:
    account = elements(
        ("add", "1", None),
        ("add", "2", None, "info"),
        ("add", "3", None, "fail"),
        ("read", None, ["1"]),
        ("read", None, ["2", "1"]),
        ("add", "4", None),
    )
    assert account.verdict.validity is Validity.VALID
    assert account.counts == {
        "attempted": 3,
        "acknowledged": 2,
        "lost": 0,
        "stale": 0,
        "recovered": 1,
        "never-read": 1,
        "unexpected": 0,
    }


def test_an_acknowledged_element_that_the_last_read_lacks_is_lost() -> None:
    account = elements(("add", "1", None), ("add", "2", None), ("read", None, ["2"]))
    assert kinds(account) == ["lost-element"]
    assert account.counts["lost"] == 1
    assert account.verdict.failures[0].evidence == {"found": [["x", "1"]]}
    assert "'1' of 'x'" in account.verdict.failures[0].message


def test_what_a_read_has_seen_is_known_though_nobody_acknowledged_it() -> None:
    account = elements(("add", "1", None, "info"), ("read", None, ["1"]), ("read", None, []))
    assert kinds(account) == ["lost-element"]


def test_an_element_that_comes_back_was_stale() -> None:
    account = elements(("add", "1", None), ("read", None, []), ("read", None, ["1"]))
    assert kinds(account) == ["stale-element"]
    assert (account.counts["stale"], account.counts["lost"]) == (1, 0)


@pytest.mark.parametrize("outcome", ["fail", None])
def test_an_element_that_nobody_added_is_unexpected(outcome: str | None) -> None:
    added = [("add", "1", None, outcome)] if outcome else []
    account = elements(*added, ("read", None, ["1"]))
    assert kinds(account) == ["unexpected-element"]


def test_a_read_that_began_before_an_element_was_known_need_not_have_it() -> None:
    reads = Operation(1, "read", "x", None, [], "ok", 0, 5)
    add = Operation(0, "add", "x", "1", None, "ok", 1, 2)
    seen = Operation(2, "read", "x", None, ["1"], "ok", 6, 7)
    account = account_of_elements([reads, add, seen], "add", "read")
    assert account.verdict.validity is Validity.VALID


def test_elements_of_another_key_are_other_elements() -> None:
    told = [*operations(("add", "1", None), key="x"), *operations(("read", None, ["1"]), key="y")]
    assert kinds(account_of_elements(told, "add", "read")) == ["unexpected-element"]


def test_reads_that_tell_nothing_prove_nothing() -> None:
    assert elements(("add", "1", None, "info"), ("read", None, [])).verdict.reasons


# -- Transactions ----------------------------------------------------------------------------------


def transactions(*told: tuple[str, Any, Any]) -> Account:
    events: list[Event] = []
    for at, (f, argument, result) in enumerate(told):
        key = None if f == "txn" else "x"
        events.append(Event(len(events), at, "invoke", f, key, argument))
        events.append(Event(len(events), at, "ok", f, key, result))
    return account_of_transactions(History(events))


def test_transactions_one_after_the_other() -> None:
    account = transactions(
        ("append", "1", "1"),
        (
            "txn",
            [["append", "y", "2"], ["r", "x", None]],
            [["append", "y", "2"], ["r", "x", ["1"]]],
        ),
        ("txn", [["r", "x", None], ["r", "y", None]], [["r", "x", ["1"]], ["r", "y", ["2"]]]),
    )
    assert account.verdict.validity is Validity.VALID
    assert account.counts["acknowledged"] == 2
    assert account.counts["dependencies"] > 0


def test_a_transaction_that_sees_half_of_another_is_an_anomaly() -> None:
    write = [["append", "x", "1"], ["append", "y", "2"]]
    account = transactions(
        ("txn", write, write),
        ("txn", [["r", "x", None], ["r", "y", None]], [["r", "x", ["1"]], ["r", "y", []]]),
    )
    assert kinds(account)[0] == "lost-element"
    assert {"G-single", "G-single-realtime"} & set(kinds(account))
    assert account.counts["lost"] == 1


# -- Queues ----------------------------------------------------------------------------------------


def queue(*told: Told) -> Account:
    return account_of_queue(operations(*told))


def test_a_queue_that_was_emptied() -> None:
    account = queue(
        ("enqueue", "1", None),
        ("enqueue", "2", None, "info"),
        ("dequeue", None, "1"),
        ("dequeue", None, "2"),
        ("peek", None, None),
        ("enqueue", "3", None),
    )
    assert account.verdict.validity is Validity.VALID
    assert account.counts == {
        "attempted": 3,
        "acknowledged": 2,
        "dequeued": 2,
        "lost": 0,
        "taken": 0,
        "left": 1,
        "recovered": 1,
        "duplicated": 0,
        "unexpected": 0,
    }


def test_an_element_that_is_gone_without_being_taken_is_lost() -> None:
    account = queue(
        ("enqueue", "1", None),
        ("enqueue", "2", None),
        ("dequeue", None, "2"),
        ("dequeue", None, None),
    )
    assert kinds(account) == ["lost-element"]
    assert account.verdict.failures[0].evidence == {"found": [["x", "1"]]}


def test_a_dequeue_of_which_nobody_was_told_may_have_taken_one_element_and_no_more() -> None:
    told: list[Told] = [
        ("enqueue", "1", None),
        ("enqueue", "2", None),
        ("dequeue", None, None, "info"),
        ("dequeue", None, "2"),
    ]
    one_gone = queue(*told, ("dequeue", None, None))
    assert one_gone.verdict.validity is Validity.VALID
    assert (one_gone.counts["taken"], one_gone.counts["lost"]) == (1, 0)
    two_gone = queue(("enqueue", "0", None), *told, ("dequeue", None, None))
    assert kinds(two_gone) == ["lost-element"]


def test_an_element_that_was_enqueued_while_the_queue_was_seen_empty_is_not_lost() -> None:
    seen_empty = Operation(0, "dequeue", "x", None, None, "ok", 0, 5)
    enqueue = Operation(1, "enqueue", "x", "1", None, "ok", 1, 2)
    taken = operations(("enqueue", "2", None), ("dequeue", None, "2"), key="y")
    account = account_of_queue([seen_empty, enqueue, *taken])
    assert account.verdict.validity is Validity.VALID
    assert account.counts["left"] == 1


def test_elements_that_are_taken_twice_or_come_from_nowhere() -> None:
    twice = queue(("enqueue", "1", None), ("dequeue", None, "1"), ("dequeue", None, "1"))
    assert kinds(twice) == ["duplicated-element"]
    assert kinds(queue(("dequeue", None, "1"))) == ["unexpected-element"]
    failed = queue(("enqueue", "1", None, "fail"), ("dequeue", None, "1"))
    assert kinds(failed) == ["unexpected-element"]


def test_a_queue_from_which_nothing_was_taken_proves_nothing() -> None:
    account = queue(("enqueue", "1", None), ("peek", None, "1"))
    assert account.verdict.reasons == ("no element was dequeued",)


# -- Banks, counters, locks, ids -------------------------------------------------------------------


def bank(*told: Told) -> Account:
    return account_of_bank(operations(*told))


def test_the_total_stays() -> None:
    account = bank(("transfer", [0, 1, 3], None), ("read", None, [7, 13]), ("read", None, [10, 10]))
    assert account.verdict.validity is Validity.VALID
    assert account.counts["total 20"] == 2


@pytest.mark.parametrize(
    ("balances", "kind"), [([7, 10], "wrong-total"), ([-1, 21], "negative-balance")]
)
def test_money_that_is_made_or_owed(balances: list[int], kind: str) -> None:
    account = bank(("transfer", [0, 1, 3], None), ("read", None, balances))
    assert kinds(account) == [kind]


@pytest.mark.parametrize(
    "told",
    [
        [("read", None, [10, 10])],
        [("transfer", [0, 1, 3], None, "info"), ("read", None, [7, 13])],
        [("transfer", [0, 1, 0], None), ("read", None, [10, 10])],
        [("read", None, [10, 10]), ("transfer", [0, 1, 3], None)],
    ],
)
def test_a_bank_in_which_no_transfer_was_seen_proves_nothing(told: list[Told]) -> None:
    assert bank(*told).verdict.reasons == ("no read of all accounts came after a transfer",)


def counter(*told: Told) -> Account:
    return account_of_counter(operations(*told))


def test_a_counter_within_its_bounds() -> None:
    account = counter(
        ("add", 2, None),
        ("add", 4, None, "info"),
        ("add-and-get", 1, 3),
        ("add", 8, None, "fail"),
        ("read", None, 3),
        ("read", None, 7),
    )
    assert account.verdict.validity is Validity.VALID
    assert account.counts == {
        "acknowledged": 3,
        "uncertain": 4,
        "read": 7,
        "too-low": 0,
        "too-high": 0,
    }


def test_a_counter_out_of_its_bounds() -> None:
    assert kinds(counter(("add", 2, None), ("read", None, 1))) == ["lost-addition"]
    assert kinds(counter(("add", 2, None), ("read", None, 4))) == ["unexpected-addition"]
    assert kinds(counter(("add", 2, None, "fail"), ("add", 1, None), ("read", None, 3))) == [
        "unexpected-addition"
    ]


def test_a_counter_that_was_not_read_after_an_addition_proves_nothing() -> None:
    assert counter(("read", None, 0), ("add", 1, None)).verdict.reasons
    assert counter(("add", 1, None, "info"), ("read", None, 1)).verdict.reasons


def lock(*told: Told) -> Account:
    return account_of_lock(operations(*told))


def test_a_lock_that_is_handed_over() -> None:
    account = lock(
        ("acquire", "a", 1),
        ("acquire", "b", None, "fail"),
        ("release", "a", None),
        ("acquire", "b", 2),
    )
    assert account.verdict.validity is Validity.VALID
    assert account.counts == {"acquired": 2, "released": 1, "handovers": 1, "stale-tokens": 0}


def test_a_token_that_is_not_newer_is_stale() -> None:
    account = lock(("acquire", "a", 5), ("release", "a", None), ("acquire", "b", 5))
    assert kinds(account) == ["stale-token"]


def test_a_lock_that_one_owner_had_for_himself_proves_nothing() -> None:
    told: Sequence[Told] = (("acquire", "a", 1), ("release", "a", None), ("acquire", "a", 2))
    assert lock(*told).verdict.reasons == ("no lock ever went from one owner to another",)


def test_ids() -> None:
    good = account_of_ids(operations(("generate", None, "x-1"), ("generate", None, "x-2")))
    assert good.verdict.validity is Validity.VALID
    twice = operations(("generate", None, "x-1"), ("generate", None, "x-1"))
    assert kinds(account_of_ids(twice)) == ["duplicate-id"]
    assert account_of_ids(operations(("generate", None, "x-1"))).verdict.reasons
