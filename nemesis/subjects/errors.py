"""What goes wrong with a subject, and whose fault it is."""

from __future__ import annotations

from nemesis.errors import NemesisError


class SubjectFailed(Exception):
    """A replica of the subject failed by itself: it panicked, or broke off on an invariant of its
    own. It convicts the subject, with what it said, though an adapter of ours raises it."""


class SubjectMissing(NemesisError):
    """What the subject needs is not installed, or not built; the message says how to get it."""
