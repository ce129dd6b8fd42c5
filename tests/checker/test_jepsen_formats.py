"""What Jepsen and Knossos write, in all the forms that it has had."""

from __future__ import annotations

from typing import Any

import pytest

from checker.formats import parse_history
from checker.history import Event, HistoryError
from checker.lincheck import check
from checker.models import get_model
from checker.verdict import Validity

STORE = """\
{:type :invoke, :f :write, :value 3, :process 0, :time 2000, :index 0}
{:type :info, :f :start, :process :nemesis, :time 2100, :value nil, :index 1}
{:type :info, :f :start, :process :nemesis, :time 2900, :index 2, :value [:isolated {"n1" #{"n2" "n3"}}]}
{:type :invoke, :f :read, :value nil, :process 1, :time 3000, :index 3}
{:type :ok, :f :write, :value 3, :process 0, :time 3100, :index 4, :node "n1", :link ["a" 1/2 1.5M \\c]}
{:type :info, :f :read, :value nil, :process 1, :time 3500, :index 5, :error [:timeout "no answer\\n"], :exception {:via [{:type java.net.SocketTimeoutException, :message "Read timed out", :at [java.net.SocketInputStream <init> "S.java" -2]}], :trace []}}
{:type :invoke, :f :read, :value nil, :process 6, :time 3600, :index 6}
{:type :ok, :f :read, :value 3, :process 6, :time 3700, :index 7, :debug #object[clojure.lang.Delay 0x75769ab0 {:status :pending, :val nil}], :at #inst "2024-02-01T00:00:00.000-00:00"}
"""

EXPECTED = [
    Event(0, 0, "invoke", "write", None, 3, 2000),
    Event(1, "nemesis", "info", "start", None, None, 2100),
    Event(2, "nemesis", "info", "start", None, [":isolated", {"n1": ["n2", "n3"]}], 2900),
    Event(3, 1, "invoke", "read", None, None, 3000),
    Event(4, 0, "ok", "write", None, 3, 3100),
    Event(5, 1, "info", "read", None, None, 3500, '[:timeout "no answer\\n"]'),
    Event(6, 6, "invoke", "read", None, None, 3600),
    Event(7, 6, "ok", "read", None, 3, 3700),
]

DIALECTS = {
    "a map a line": STORE,
    "records of Jepsen": STORE.replace("{:type", "#jepsen.history.Op{:type"),
    "records of Knossos": STORE.replace("{:type", "#knossos.op.Op {:type"),
    "a vector": f"[{STORE}]",
    "a list, with comments": f"; a subset of a longer one\n({STORE}; the end\n)\n",
    "printed over several lines": STORE.replace(", ", "\n  "),
    "without commas": STORE.replace(", :", " :"),
    "some of it left out": "#_ {:process 1}" + STORE.replace(":node", "#_ #_ :old 4 :node"),
    "namespaced maps": STORE.replace('{"n1"', '#:jepsen.nemesis{"n1"'),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_histories_of_a_store_are_read_in_all_dialects(name: str) -> None:
    history = parse_history(DIALECTS[name])
    assert list(history.events) == EXPECTED
    verdict = check(history, get_model("register"))
    assert verdict.validity is Validity.VALID


def test_the_vectors_of_the_oldest_data_of_knossos_are_read() -> None:
    text = """\
[70  :invoke :read nil]
[:nemesis  :info :start  "Cut off [:n3 #[:n4 :n5]]"]
[70  :fail :read nil :conn-lost]
[71 :invoke :cas [0 2]]
[71 :info :cas [0 2] [:http 500]]
"""
    assert list(parse_history(text).events) == [
        Event(0, 70, "invoke", "read"),
        Event(1, "nemesis", "info", "start", None, "Cut off [:n3 #[:n4 :n5]]"),
        Event(2, 70, "fail", "read", error="conn-lost"),
        Event(3, 71, "invoke", "cas", None, [0, 2]),
        Event(4, 71, "info", "cas", None, [0, 2], None, "[:http 500]"),
    ]


@pytest.mark.parametrize("good", [True, False])
def test_the_data_of_knossos_are_judged(good: bool) -> None:
    text = f"""\
; Written 0, then read while 4 is being written.
({{:type :invoke :f :write :value 0 :process 0}}
 {{:type :ok :f :write :value 0 :process 0}}
 {{:type :invoke :f :read :value nil :process 1}}
 {{:type :invoke :f :write :value 4 :process 2}}
 {{:type :ok :f :read :value {4 if good else 3} :process 1}}
 {{:type :ok :f :write :value 4 :process 2}})
"""
    verdict = check(parse_history(text), get_model("cas-register")).validity
    assert verdict is (Validity.VALID if good else Validity.INVALID)


PAIRS = """\
{:process 0, :type :invoke, :f :write, :value TAG["x" 1]}
{:process :nemesis, :type :info, :f :kill, :value ["n1" "n2"]}
{:process 0, :type :ok, :f :write, :value TAG["x" 1]}
{:process 0, :type :invoke, :f :read, :value TAG["y" nil]}
{:process 0, :type :ok, :f :read, :value TAG["y" nil]}
"""


@pytest.mark.parametrize(
    ("tag", "independent"),
    [
        ("", True),
        ("#clojure.lang.MapEntry ", False),
        ("#jepsen.independent/tuple ", False),
        ("#jepsen.independent.Tuple", True),
    ],
)
def test_pairs_of_key_and_value_are_told_by_their_tag_or_by_the_user(
    tag: str, independent: bool
) -> None:
    history = parse_history(PAIRS.replace("TAG", tag), independent=independent)
    assert [(event.key, event.value) for event in history.events] == [
        ("x", 1),
        (None, ["n1", "n2"]),
        ("x", 1),
        ("y", None),
        ("y", None),
    ]
    assert check(history, get_model("register")).validity is Validity.VALID


VALUES: dict[str, Any] = {
    ":a": ":a",
    "[1 :a {:b \\c, 2 nil}]": [1, ":a", {"b": "c", "2": None}],
    "#{1 1.0 true}": [1, 1.0, True],
    "-0x1F": -31,
    "2/3": "2/3",
    "1.50M": "1.50",
    "12N": 12,
    "##NaN": "##NaN",
    '"\\ud83d\\ude00 \\u00e9"': "😀 é",
    '#uuid "1-2"': "1-2",
    '"two\nlines"': "two\nlines",
}


@pytest.mark.parametrize("text", VALUES)
def test_values_become_those_that_json_has(text: str) -> None:
    (event,) = parse_history(f"{{:process 0 :type :invoke :f :write :value {text}}}").events
    assert event.value == VALUES[text]
    assert repr(event.value) == repr(VALUES[text])


WRONG = {
    "{:process 0 :type :invoke :f :read\n :value {:a}}": (2, "without a value"),
    "[{:process 0 :type :invoke :f :read}\n": (1, "cut off"),
    "{:process 0 :type :invoke :f :write :value 1e999}": (1, "beyond"),
    "{:process 0 :type :invoke :f :write :value #{1 1}}": (1, "twice"),
    "{:process 0 :type :invoke :f :write :value [1]}\n{:process 0 :type :ok :f :write :value 1]": (
        2,
        "must close",
    ),
    "[0 :invoke :write 1 nil nil]": (1, "process type f value error"),
    "[0 :invoke]": (1, "no :f"),
    "{:process 0 :type :invoke :f :write :value #jepsen.independent/tuple [1]}": (1, "pair"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_with_its_line(text: str) -> None:
    line, reason = WRONG[text]
    with pytest.raises(HistoryError, match=reason) as raised:
        parse_history(text)
    assert raised.value.line == line


def test_the_small_operations_of_a_transaction_are_named_as_operations_are() -> None:
    text = """\
    {:process 0, :type :invoke, :f :txn, :value [[:append 1 :a] [:r 2 nil]], :index 0}
    {:process 0, :type :ok, :f :txn, :value [[:append 1 :a] [:r 2 [5]]], :index 1}
    """
    history = parse_history(text)
    assert [event.value for event in history.events] == [
        [["append", 1, ":a"], ["r", 2, None]],
        [["append", 1, ":a"], ["r", 2, [5]]],
    ]
    assert check(history, get_model("list-append")).validity is Validity.INVALID
