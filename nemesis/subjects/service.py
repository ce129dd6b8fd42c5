"""The replicated key-value service over a foreign log, sans-IO.

An adapter encodes what clients ask (``command_of``), proposes it to its core, says where the core
put it (``wait_for``), and hands in what the core says is committed, in the order of the log
(``apply``). Answers gather until they are taken. So all workloads, sessions and checkers that our
own replica answers to work for any log.

A read is either a command like any other (knobs.reads "log": then clients send no queries), or,
where the core can confirm an index to read at, ``begin_read`` and ``confirm_read``.
"""

from __future__ import annotations

from raft.client_messages import ClientReply, ClientRequest
from raft.consensus import Settings
from raft.kv.encoding import encode_command
from raft.kv.replicated import Applied
from raft.kv.state_machine import KeyValueStore

_MAX_SESSIONS = Settings().max_sessions


class KeyValueService:
    """The state machine of one server ``name``, and the clients that wait for it.

    Sessions do not expire: no core stamps its entries with a log time (knobs.session_timeout must
    be None).
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._store = KeyValueStore(None, _MAX_SESSIONS)
        self.last_applied = 0
        # By index of the entry that was appended for a client: the entry's term, and who waits.
        self._waiting: dict[int, tuple[int, ClientRequest]] = {}
        # Queries by number, until an index to read at is confirmed; then with that index.
        self._reads: dict[int, ClientRequest] = {}
        self._confirmed: list[tuple[int, ClientRequest]] = []
        self._next_read = 0
        self._replies: list[ClientReply] = []
        self._untold: list[tuple[int, Applied]] = []

    def take_replies(self) -> list[ClientReply]:
        """The answers since this was last asked, in their order."""
        replies, self._replies = self._replies, []
        return replies

    def take_applied(self) -> list[tuple[int, Applied]]:
        """What was applied since this was last asked, for ``Observation.applied``."""
        untold, self._untold = self._untold, []
        return untold

    # -- Commands --------------------------------------------------------------------------------

    def command_of(self, request: ClientRequest) -> bytes:
        """What is to be proposed for a request that has a command."""
        assert request.command is not None, "a query is no command: see begin_read"
        return encode_command(request.command)

    def wait_for(self, index: int, term: int, request: ClientRequest) -> None:
        """The core, as leader of ``term``, has appended the command at ``index``: the client is
        answered when that entry is applied, and told that it is lost if another takes its place."""
        before = self._waiting.get(index)
        if before is not None:
            self._replies.append(before[1].lost(None))
        self._waiting[index] = (term, request)

    def apply(self, index: int, term: int, command: bytes) -> Applied:
        """The entry at ``index`` is committed and applied now; empty for an entry that is no
        command. Raises CommandError for bytes that are none."""
        applied = self._store.apply(index, command)
        self.last_applied = index
        self._untold.append((index, applied))
        if self._waiting:
            waiting = self._waiting.pop(index, None)
            if waiting is not None:
                appended_in, request = waiting
                if appended_in == term:
                    self.answer(request, applied)
                else:
                    self._replies.append(request.lost(None))
        if self._confirmed:
            self._answer_reads()
        return applied

    def answer(self, request: ClientRequest, applied: Applied) -> None:
        """The client's command was applied. For cores that tell so themselves, and not where it
        stands; the others have ``wait_for``."""
        if applied.is_expired:
            self._replies.append(request.expired())
        else:
            self._replies.append(request.answered(applied.result))

    # -- Answers without effect ------------------------------------------------------------------

    def refuse(self, request: ClientRequest, leader: str | None) -> None:
        """This server does not lead, and nothing of the request was proposed."""
        self._replies.append(request.refused(leader))

    def put_off(self, request: ClientRequest) -> None:
        """This server leads, but its core takes no proposal now: nothing was proposed."""
        self._replies.append(request.busy(self._name))

    def lose(self, request: ClientRequest, leader: str | None) -> None:
        """It was proposed, and nobody here will learn whether it is committed."""
        self._replies.append(request.lost(leader))

    def give_up(self, leader: str | None) -> None:
        """This server no longer leads: who waits for an entry here, or for an index to read at, is
        told so. What is confirmed is still answered."""
        if self._waiting:
            for _, request in self._waiting.values():
                self._replies.append(request.lost(leader))
            self._waiting.clear()
        if self._reads:
            for request in self._reads.values():
                self._replies.append(request.refused(leader))
            self._reads.clear()

    # -- Reads -----------------------------------------------------------------------------------

    def begin_read(self, request: ClientRequest) -> int:
        """A query that waits for an index to read at; the number to confirm it by, from 1."""
        assert request.query is not None, "a command is to be proposed: see command_of"
        self._next_read += 1
        self._reads[self._next_read] = request
        return self._next_read

    def confirm_read(self, number: int, index: int) -> None:
        """The core confirms: whoever reads the state after ``index`` sees all that was acknowledged
        before the query came. Answered as soon as that is applied; no number is one given up."""
        request = self._reads.pop(number, None)
        if request is not None:
            self._confirmed.append((index, request))
            self._answer_reads()

    def refuse_read(self, number: int, leader: str | None) -> None:
        """The core confirms nothing: ask ``leader``, if known."""
        request = self._reads.pop(number, None)
        if request is not None:
            self._replies.append(request.refused(leader))

    def _answer_reads(self) -> None:
        later = []
        for index, request in self._confirmed:
            if index > self.last_applied:
                later.append((index, request))
            else:
                assert request.query is not None
                self._replies.append(request.answered(self._store.query(request.query)))
        self._confirmed = later

    # -- The state as a whole --------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole state after ``last_applied``, sessions included; equal states give equal
        bytes."""
        return self._store.snapshot()

    def restore(self, index: int, snapshot: bytes) -> None:
        """Take on the state after ``index`` of another server, or of the disk. Who waited for an
        entry that the snapshot covers will not learn what came of it. Raises SnapshotError."""
        self._store.restore(snapshot)
        self.last_applied = index
        for waiting in [each for each in self._waiting if each <= index]:
            self._replies.append(self._waiting.pop(waiting)[1].lost(None))
        self._answer_reads()
