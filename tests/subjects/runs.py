"""What tests of subjects share: runs by seed, and whether they repeat themselves elsewhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from nemesis.outcome import Run
from nemesis.replay import history_bytes
from nemesis.run import run
from nemesis.search.generate import generate
from nemesis.subjects.errors import SubjectMissing
from nemesis.subjects.registry import subject_named
from nemesis.subjects.subject import Subject

ROOT = Path(__file__).parent.parent.parent
_PATIENCE = 120.0


@contextmanager
def skipped_where_missing() -> Iterator[None]:
    """Skip what needs a subject that is not on this machine."""
    try:
        yield
    except SubjectMissing as error:
        pytest.skip(str(error))


def run_seed(subject: Subject, seed: int) -> Run:
    """With all that it claims to bear."""
    return run(generate(seed, tested=subject), subject)


def digest_of(name: str, seeds: Iterable[int]) -> str:
    """Stands for traces and histories of these seeds, as they are and as they are saved."""
    digest = hashlib.sha256()
    subject = subject_named(name)
    for seed in seeds:
        made = run_seed(subject, seed)
        digest.update(msgspec.json.encode([made.trace, made.history]))
        digest.update(history_bytes(made))
        digest.update(made.trace_bytes())
    return digest.hexdigest()


def printed_elsewhere(code: str, hash_seed: str) -> str:
    """What this code prints in another process, under another hash seed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed},
        timeout=_PATIENCE,
    )
    return done.stdout.strip()


def digests_of(name: str, seeds: range, hash_seeds: Iterable[str]) -> set[str]:
    """Of these seeds, twice here and once in another process for each hash seed."""
    code = f"from tests.subjects.runs import digest_of; print(digest_of({name!r}, {seeds!r}))"
    elsewhere = {printed_elsewhere(code, each) for each in hash_seeds}
    return {digest_of(name, seeds), digest_of(name, seeds)} | elsewhere
