"""The compiled modules are the interpreted ones, only faster: equal schedules, equal traces."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nemesis
from nemesis.run import run
from nemesis.search.generate import generate
from raft.bugs import BUGS

ROOT = Path(nemesis.__file__).parents[1]
PACKAGES = ROOT / ".venv" / "compiled"
RUNS = 150

DIGEST = """
import hashlib
from nemesis.run import IS_COMPILED, run
from nemesis.search.generate import generate
from raft.bugs import BUGS
assert IS_COMPILED
digest = hashlib.sha256()
variants = [bug.variant for bug in BUGS.values()]
for seed in range(%d):
    result = run(generate(seed), variants[seed %% len(variants)])
    digest.update(result.trace_bytes() + repr(result.history).encode() + repr(result.verdict).encode())
print(digest.hexdigest())
"""


def is_up_to_date() -> bool:
    """Whether the compiled modules were made from the present source."""
    built = PACKAGES / ".built"
    sources = [
        path for name in ("raft", "checker", "nemesis") for path in (ROOT / name).rglob("*.py")
    ]
    return built.exists() and built.stat().st_mtime > max(s.stat().st_mtime for s in sources)


@pytest.mark.skipif(
    not is_up_to_date(), reason="the present source is not compiled: make compiled does it"
)
def test_compiled_and_interpreted_runs_are_equal() -> None:
    compiled = subprocess.run(
        [sys.executable, "-c", DIGEST % RUNS],
        env={**os.environ, "PYTHONPATH": str(PACKAGES)},
        cwd=PACKAGES,
        capture_output=True,
        text=True,
        check=True,
    )
    digest = hashlib.sha256()
    variants = [bug.variant for bug in BUGS.values()]
    for seed in range(RUNS):
        result = run(generate(seed), variants[seed % len(variants)])
        digest.update(
            result.trace_bytes() + repr(result.history).encode() + repr(result.verdict).encode()
        )
    assert compiled.stdout.strip() == digest.hexdigest()
