"""The root of checker's exceptions, so that a caller can catch all of them by one name."""

from __future__ import annotations


class CheckerError(Exception):
    """Base of the errors that the checker raises on purpose: bad input, never a verdict."""
