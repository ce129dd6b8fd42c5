"""A server's data directory: whose it is, and that nobody else uses it.

    identity.json   which server of which cluster this is; written once the disk is initialised
    raft/           the files of raft.storage

Where there is an identity, the server has run, or was about to: it is never initialised again, and
a file that is missing is an error, not a beginning.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec

from raft.consensus.snapshot import first_snapshot
from raft.errors import RaftError
from raft.replica import Replica, Variant
from raft.server.config import Config
from raft.server.files import Files, make_directory, sync_directory

_IDENTITY: Final = "identity.json"


class DirectoryError(RaftError):
    """The data directory is another server's, is in use, or cannot be used; the message says so."""


class Identity(msgspec.Struct, frozen=True):
    """Whose files these are."""

    cluster: str
    member: str


class DataDirectory:
    """Locked for as long as it is open."""

    def __init__(self, config: Config) -> None:
        """Raises DirectoryError, DiskError."""
        self._identity = Identity(config.cluster, config.name)
        self._path = Path(config.data_directory)
        self._lock = -1
        try:
            make_directory(self._path / "raft")
            self._lock = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise DirectoryError(f"{self._path}: another server runs on it") from error
        except OSError as error:
            raise DirectoryError(f"{self._path}: {error.strerror}") from error
        self.files = Files(self._path / "raft")

    def initialize(self, config: Config, variant: Variant) -> None:
        """Once in its life: an empty disk becomes that of a new cluster's member, or of a server
        that waits to be added. Raises DirectoryError, StorageInUse, DiskError."""
        found = self._read_identity()
        if found is not None:
            if found != self._identity:
                raise DirectoryError(
                    f"{self._path}: belongs to {found.member} of the cluster {found.cluster!r}, "
                    f"not to {self._identity.member} of {self._identity.cluster!r}"
                )
            return
        voters = config.voters if config.initial_state == "new" else ()
        Replica.initialize(
            self.files,
            first_snapshot(voters),
            variant=variant,
            segment_bytes=config.settings.segment_bytes,
        )
        self._write_identity()

    def _read_identity(self) -> Identity | None:
        path = self._path / _IDENTITY
        try:
            return msgspec.json.decode(path.read_bytes(), type=Identity)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise DirectoryError(f"{path}: does not tell whose files these are: {error}") from error

    def _write_identity(self) -> None:
        path = self._path / _IDENTITY
        unfinished = path.with_suffix(".new")
        try:
            # Its name may be as old as a start that was cut short: a power failure that takes it
            # takes all, and the server would begin anew.
            sync_directory(self._path.parent)
            with unfinished.open("wb") as file:
                file.write(msgspec.json.encode(self._identity))
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
            sync_directory(self._path)
        except OSError as error:
            raise DirectoryError(f"{path}: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the files, and of the lock."""
        self.files.close()
        os.close(self._lock)
