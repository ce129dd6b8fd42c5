"""What ``splitbrain check`` is asked to do with each history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from checker.history import History, HistoryError
from checker.isolation.levels import UnknownLevelError, require_level
from checker.lincheck import Budget
from checker.lincheck.processes import can_fork
from checker.models import Model, get_model, model_names
from nemesis.cli.check_conditions import Condition
from nemesis.cli.check_report import STANDARD_INPUT

SECONDS = 60.0
"""The budget of time, unless another is given."""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of the command, checked; ``certificates``, ``page``: where they are written."""

    model: Model | None
    budget: Budget
    independent: bool = False
    as_json: bool = False
    explain: bool = False
    witness: bool = False
    certificate: bool = True
    certificates: Path | None = None
    page: Path | None = None
    condition: Condition | None = None
    weaker: bool = False
    isolation: str | None = None
    workload: str = "list-append"
    jobs: int = 1
    scheduler: str | None = None

    def require_sense(self, files: Sequence[str], stream: bool) -> None:
        """Raises click's UsageError for options that do not go together."""
        if self.isolation is not None:
            _require_level(self.isolation)
        if not files:
            raise click.UsageError("Missing argument 'FILE...'.")
        if files.count(STANDARD_INPUT) > 1:
            raise click.UsageError("standard input (-) can be read once only")
        evidence = [
            name
            for name, wanted in (
                ("--certificate", self.certificates is not None),
                ("--explain", self.explain),
                ("--report", self.page is not None),
                ("--witness", self.witness),
            )
            if wanted
        ]
        others = [
            name
            for name, wanted in (
                ("--isolation", self.isolation is not None),
                ("--condition", self.condition is not None),
                ("--stream", stream),
            )
            if wanted
        ]
        if evidence and not self.certificate:
            raise click.UsageError(f"{evidence[0]} needs what --no-certificate leaves out")
        if len(others) > 1:
            raise click.UsageError(f"{others[0]} and {others[1]} cannot be judged at once")
        if evidence and others:
            raise click.UsageError(f"{evidence[0]} is about linearizability, not for {others[0]}")
        if self.weaker and others and others[0] != "--condition":
            raise click.UsageError(f"--weaker is not for {others[0]}")
        if stream and len(files) > 1:
            raise click.UsageError("--stream follows one FILE")
        if self.page is not None and len(files) > 1:
            raise click.UsageError("--report shows one FILE")
        if self.scheduler is not None and others:
            raise click.UsageError(f"--scheduler is not for {others[0]}")
        if self.scheduler is not None and self.jobs > 1:
            raise click.UsageError("--jobs are processes here, not those of a --scheduler")
        if self.jobs > 1 and not can_fork():
            raise click.UsageError("--jobs needs a system that can fork")
        if self.certificates is not None:
            _require_place(self.certificates, files)

    def model_of(self, history: History) -> Model:
        """The model asked for, else that which the history names; HistoryError if there is none."""
        if self.model is not None:
            return self.model
        name = history.metadata.get("model")
        if isinstance(name, str):
            return get_model(name)
        raise HistoryError(
            f"by which model? It names none: give --model ({', '.join(model_names())})",
            source=history.source,
        )


def certificate_place(place: Path, file: str, several: bool) -> Path:
    """Where the certificate of this file is written; several go into the directory ``place``."""
    if not several and not place.is_dir():
        return place
    path = Path("stdin" if file == STANDARD_INPUT else file)
    parts = [part for part in path.parts if part not in (path.anchor, "..", ".")]
    return place / f"{'_'.join(parts) or 'history'}.certificate.json"


def _require_level(level: str) -> None:
    try:
        require_level(level)
    except UnknownLevelError as error:
        hint = ""
        if Path(level).exists():
            hint = "; put --isolation after the FILEs, or write --isolation=LEVEL"
        raise click.UsageError(f"{error}{hint}") from None


def _require_place(place: Path, files: Sequence[str]) -> None:
    several = len(files) > 1
    if several and place.exists() and not place.is_dir():
        raise click.UsageError(f"--certificate {place} is a file; several FILEs need a directory")
    places = [certificate_place(place, file, several) for file in files]
    for at, each in enumerate(places):
        if each in places[:at]:
            raise click.UsageError(f"two certificates would be written to {each}")
