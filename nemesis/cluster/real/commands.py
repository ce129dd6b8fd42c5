"""Programs of the system, run to their end."""

from __future__ import annotations

import subprocess
from typing import Protocol

from nemesis.errors import NemesisError

# How long one may take, in s.
_PATIENCE = 30.0


class Run(Protocol):
    """How a program is run, here or on another host."""

    def __call__(self, *words: str, content: str = "") -> str:
        """Run it with ``content`` as its input; what it prints. Raises CommandError."""
        ...


class CommandError(NemesisError):
    """A program could not be run, or failed; the message says which, and what it said."""


def run_command(*words: str, content: str = "") -> str:
    """Run it with ``content`` as its input; what it prints. Raises CommandError."""
    try:
        # In a session of its own: Ctrl-C in our terminal is for us, and ends nothing half-way.
        done = subprocess.run(
            words,
            input=content,
            check=False,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"{' '.join(words)}: {error}") from error
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise CommandError(f"{' '.join(words)}: {said}")
    return done.stdout
