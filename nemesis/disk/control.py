"""What the runner asks of a disk's process, and what it is told: a line of JSON each way."""

from __future__ import annotations

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="do"):
    """Base of all requests; each is answered by a Report of the same number."""

    number: int = 0


class Tell(Request, frozen=True, kw_only=True, tag="tell"):
    """Nothing but the report."""


class CutPowerAtSync(Request, frozen=True, kw_only=True, tag="cut-power-at-sync"):
    """At the next sync but ``syncs`` power is lost: process ``pid`` is ended by SIGKILL before it
    is told anything, and what is not durable is undone."""

    pid: int
    torn: bool
    syncs: int


class LosePower(Request, frozen=True, kw_only=True, tag="lose-power"):
    """Whoever used the disk is dead: undo what is not durable. Nothing more is served."""


class RestorePower(Request, frozen=True, kw_only=True, tag="restore-power"):
    """Serve again; there is room, writes succeed, and no power is to be lost."""


class Lie(Request, frozen=True, kw_only=True, tag="lie"):
    """Syncs return and make nothing durable; or, from now on, they do, and what they had promised
    is durable."""

    lies: bool


class LeaveFree(Request, frozen=True, kw_only=True, tag="leave-free"):
    """Only so many bytes are left for what needs new blocks."""

    free: int


class DelaySyncs(Request, frozen=True, kw_only=True, tag="delay-syncs"):
    """Each takes so many ns more."""

    delay: int


class FailAtSync(Request, frozen=True, kw_only=True, tag="fail-at-sync"):
    """From the next sync but ``syncs`` on, every write and every sync fails."""

    syncs: int


AnyRequest = (
    Tell | CutPowerAtSync | LosePower | RestorePower | Lie | LeaveFree | DelaySyncs | FailAtSync
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How the disk is, and what it has done since it was made."""

    # Of the request that it answers.
    number: int = 0
    has_power: bool = True
    # How often power was lost at a sync, as was asked for.
    cuts: int = 0
    # Bytes that power failures took: not synced, and synced by a disk that lied; and names.
    unsynced: int = 0
    promised: int = 0
    names: int = 0
    # Syncs, those that returned and made nothing durable, and those that were delayed.
    syncs: int = 0
    lies: int = 0
    delayed: int = 0
    # Writes refused for want of space, and writes and syncs that failed.
    refused: int = 0
    failed: int = 0
    # What could not be done, if anything.
    error: str = ""
