"""What may go wrong with a subject, other than by a fault of the simulator."""

from __future__ import annotations

from nemesis.errors import NemesisError


class SubjectFailed(Exception):
    """What a subject's code reported where it cannot raise: an adapter raises this for a return
    code, or an error that crossed a language border. It convicts the subject, wherever it was
    raised; whatever else an adapter raises is our own error."""


class SubjectMissing(NemesisError):
    """The subject is not on this machine; the message says what to install or to run."""


class SubjectMisnamed(NemesisError):
    """What was found under a name is no subject, or calls itself something else."""


class NotOurOwn(NemesisError):
    """Something that only our own Raft offers was asked of another subject."""
