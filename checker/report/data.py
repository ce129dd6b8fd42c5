"""What the page of a report is given: one JSON object, the same as ``page/src/data.ts``.

Whatever comes in thousands stands in columns, lists of equal length, not in rows. A word that comes
again and again stands once in a table, and columns hold its position there; -1 stands for none.
Nothing here is markup: every string is text, and the page shows it as text.

Times are in ns since the run began. In a history without times they are positions of events
(``Report.unit`` is "events"). Nodes are positions in ``Report.nodes``, operations positions in the
columns of ``Report.operations``, and places in the trace count its events from the first event of
the run, though only some of them may be shown (``Trace.first``).

Fields that have their default are left out of the JSON.
"""

from __future__ import annotations

from typing import Literal

import msgspec

VERSION = 1


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all parts: fields that have their default are left out."""


# -- The verdict -----------------------------------------------------------------------------------


class Span(_Struct, frozen=True, kw_only=True):
    """A piece of a sentence; at most one of the others is set, and says what it leads to."""

    text: str
    operation: int | None = None
    node: int | None = None
    # A place in the trace: the state of the nodes right after this event.
    event: int | None = None
    time: int | None = None


Words = tuple[Span, ...]


class Promise(_Struct, frozen=True, kw_only=True):
    """The promise that a failure breaks: its name, what it says, why it matters."""

    name: str
    statement: str
    reason: str


class Failed(_Struct, frozen=True, kw_only=True):
    """A failure: its kind and message as saved, and told in words that lead somewhere. ``event`` is
    the place in the trace at which it was found."""

    kind: str
    message: str
    words: Words
    promise: Promise | None = None
    time: int | None = None
    nodes: tuple[int, ...] = ()
    event: int | None = None
    operations: tuple[int, ...] = ()


class VerdictShown(_Struct, frozen=True, kw_only=True):
    """The verdict: ``paragraph`` says it in plain words."""

    validity: Literal["valid", "invalid", "unknown"]
    paragraph: Words
    failures: tuple[Failed, ...] = ()
    reasons: tuple[str, ...] = ()


# -- The history -----------------------------------------------------------------------------------


class Operations(_Struct, frozen=True, kw_only=True):
    """The operations of the clients, in the order in which they began, as columns.

    ``process``, ``f``, ``key`` and ``error`` are positions in the tables ``processes``,
    ``functions``, ``keys`` and ``errors``. ``type``: 0 ok, 1 info (nobody knows; its bar runs to
    the end), 2 fail. ``end`` is when it was answered, also with info; -1 for one that never was.
    ``value`` is what it was asked with, ``result`` what it was answered, as text; "" for nothing.
    ``client`` is the lane of a process: after an info a client goes on under a new process.
    """

    processes: tuple[str, ...]
    functions: tuple[str, ...]
    keys: tuple[str, ...]
    errors: tuple[str, ...]
    process: list[int]
    f: list[int]
    key: list[int]
    value: list[str]
    result: list[str]
    type: list[int]
    start: list[int]
    end: list[int]
    error: list[int]


class Linearization(_Struct, frozen=True, kw_only=True):
    """An order of the operations that explains every answer: ``order`` names them, ``time`` has the
    moment at which each may have taken effect, within its bar and never decreasing."""

    order: list[int]
    time: list[int]


class Step(_Struct, frozen=True, kw_only=True):
    """An operation of an attempt, and the state of the model after it."""

    operation: int
    state: str


class Stuck(_Struct, frozen=True, kw_only=True):
    """An operation that does not fit next, and why."""

    operation: int
    why: Words


class Attempt(_Struct, frozen=True, kw_only=True):
    """One of the longest orders that real time and the model allow."""

    steps: tuple[Step, ...]
    stuck: tuple[Stuck, ...]


class Counterexample(_Struct, frozen=True, kw_only=True):
    """Why no order of the operations explains their answers.

    ``last`` is the operation whose answer, at ``time``, ends the shortest failing prefix, the first
    ``prefix`` events of the history; ``operations`` cannot be ordered, and none may be left out if
    ``is_minimal``. ``initial`` is the state at the beginning, or, with ``since``, some state that
    nobody need know when that operation began. ``letters`` name the operations in words, in their
    order: A, B, ...
    """

    sentence: Words
    keys: tuple[str, ...]
    last: int
    prefix: int
    time: int
    operations: tuple[int, ...]
    letters: tuple[str, ...]
    initial: str
    is_minimal: bool
    attempts: tuple[Attempt, ...]
    since: int | None = None
    # The operations are only what they say of these elements (of a set, a queue).
    elements: tuple[str, ...] | None = None


# -- Faults and leaders ----------------------------------------------------------------------------


class Band(_Struct, frozen=True, kw_only=True):
    """A fault while it lasts: its kind ("partition"), whom it hits, in words. ``end`` is None if it
    lasts to the end of the run; ``start == end`` for what happens in an instant (a crash)."""

    kind: str
    words: str
    start: int
    end: int | None = None
    nodes: tuple[int, ...] = ()


class Reign(_Struct, frozen=True, kw_only=True):
    """A node was leader of a term: when, and between which places in the trace."""

    node: int
    term: int
    start: int
    end: int | None = None
    first: int = 0
    last: int | None = None


# -- The trace -------------------------------------------------------------------------------------


class Entry(_Struct, frozen=True, kw_only=True):
    """An entry of a log, for a box: ``text`` is short ("x=1", "no-op")."""

    index: int
    term: int
    text: str


class NodeState(_Struct, frozen=True, kw_only=True):
    """What a node is and knows before the first event that is shown. Its log goes on after
    ``base``, the last index of its snapshot (0: none); earlier entries than those in ``log`` may
    have been left out: ``log`` is empty or ends with the last entry."""

    is_up: bool
    role: str
    term: int
    voted_for: int
    commit: int
    applied: int
    durable: int
    base: int
    log: tuple[Entry, ...]
    configuration: str = ""


class Trace(_Struct, frozen=True, kw_only=True):
    """What happened inside the nodes, an event a row of the columns; checker/trace.py says what
    each kind means.

    ``first`` is the place of the first event shown; earlier ones were left out, and ``initial`` is
    what the nodes were before it. ``time`` holds differences: the time of the event less that of
    the one before (of the first: less ``began``). ``kind`` is a position in ``kinds``.

    kind                   index          term   node2           text            number
    started                               term   voted for
    stopped                                                      reason
    term-changed                          term
    term-exposed                          term
    role-changed                          term                   role
    vote-granted                          term   candidate
    appended               index          term                   the entry
    truncated              from this on
    persisted              last index     term   voted for
    committed              index
    applied                index                 -               session         1 executed, 0 not
    configuration-changed  index                                 who votes
    snapshot-taken         index          term
    snapshot-restored      index          term                                   last index of log
    compacted              up to this
    state-digest           index                                 digest
    lease-read             index          term
    transfer-started                             target
    transfer-ended                                               outcome

    ``node2`` is a node or -1, ``text`` a position in ``texts`` or -1; index, term and number are 0
    where they mean nothing.

    Walking the columns from ``initial`` gives the state of each node at each place. To be able to
    jump, keep the states every some hundred events: if a log is a linked list from its last entry
    back, appending and truncating change one pointer, and to keep a state costs no copy.
    """

    first: int
    began: int
    total: int
    initial: tuple[NodeState, ...]
    kinds: tuple[str, ...]
    texts: tuple[str, ...]
    time: list[int]
    node: list[int]
    kind: list[int]
    index: list[int]
    term: list[int]
    node2: list[int]
    text: list[int]
    number: list[int]


class Messages(_Struct, frozen=True, kw_only=True):
    """The messages between nodes, in the order in which they were sent, as columns.

    One row for each copy. ``sent`` and ``arrived`` are times, ``sent_at`` and ``arrived_at`` places
    in the trace: so many events had happened before; what a message leads to follows its arrival
    there. ``arrived`` and ``arrived_at`` are -1 for one that never did. ``kind`` is a position in
    ``kinds`` ("append", "vote-reply"), ``words`` in ``texts``; ``labels`` are the ``texts`` in a
    word or two each. ``fate`` is a position in ``fates``:

    delivered   it arrived
    delayed     it arrived, held back by a fault or a step of the schedule
    duplicate   it arrived, a second copy of what ``original`` names, a row of these columns
    lost        dropped by a bad link           cut     dropped by a partition
    down        came to a node that was down    held    on its way when the run ended
    """

    kinds: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    fates: tuple[str, ...]
    source: list[int]
    target: list[int]
    kind: list[int]
    term: list[int]
    sent: list[int]
    sent_at: list[int]
    arrived: list[int]
    arrived_at: list[int]
    fate: list[int]
    original: list[int]
    words: list[int]


class ScheduleStep(_Struct, frozen=True, kw_only=True):
    """A step of the schedule, as it is written, and in words what it did. ``first`` and ``last``:
    so many events of the trace had happened before it and after it. None: not known."""

    line: str
    words: str = ""
    time: int = 0
    first: int | None = None
    last: int | None = None


# -- Plots and figures -----------------------------------------------------------------------------


class Skew(_Struct, frozen=True, kw_only=True):
    """How far a node's clock is from the true time, in ns: straight lines between the points."""

    node: int
    time: tuple[int, ...]
    offset: tuple[int, ...]


class Losses(_Struct, frozen=True, kw_only=True):
    """Bytes that were written, never synced, and lost when a process or its power went: how many,
    and by when, in ns."""

    time: tuple[int, ...]
    lost: tuple[int, ...]


class Figure(_Struct, frozen=True, kw_only=True):
    """A number with its name, in a group ("operations", "faults", "effects", ...)."""

    group: str
    name: str
    value: str


# -- All of it -------------------------------------------------------------------------------------


class Report(_Struct, frozen=True, kw_only=True):
    """All that a report shows. Latencies, rates and elections are drawn from ``operations`` and
    ``reigns``; messages dropped over time from ``messages``. What is None is not known of this
    run, and ``notes`` says why: they also tell what was shortened or left out."""

    title: str
    # What was tested: "the Raft commit-of-old-term, simulated".
    subject: str
    verdict: VerdictShown
    # When the run ended: the end of the time axis.
    end: int
    version: int = VERSION
    unit: Literal["ns", "events"] = "ns"
    # How to see it again.
    command: str | None = None
    model: str | None = None
    nodes: tuple[str, ...] = ()
    operations: Operations | None = None
    linearization: Linearization | None = None
    counterexample: Counterexample | None = None
    bands: tuple[Band, ...] = ()
    reigns: tuple[Reign, ...] = ()
    trace: Trace | None = None
    # What the nodes were right after the first failure, or at the end; the last entries of logs.
    standing: tuple[NodeState, ...] = ()
    messages: Messages | None = None
    steps: tuple[ScheduleStep, ...] = ()
    skews: tuple[Skew, ...] = ()
    losses: Losses | None = None
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()


def encode_report(report: Report) -> bytes:
    """The JSON that the page reads."""
    return msgspec.json.encode(report)
