"""What a reader types is accepted as it stands, too, where something shorter stands in for it."""

from __future__ import annotations

import shlex

import click
import pytest

from nemesis.cli.test_real import Request
from nemesis.cluster.real.kinds import capabilities
from nemesis.cluster.real.runner import refuse_unsupported
from nemesis.errors import NemesisError
from nemesis.search.real_time import generate_real_time
from tests.docs.blocks import Block, read_page
from tests.docs.commands import commands_of
from tests.docs.page_list import PAGES, path_of
from tests.docs.workflow_calls import parsed

_BETWEEN = ";|&()<>\n"


def not_run_as_typed() -> list[Block]:
    blocks = [block for name in PAGES for block in read_page(path_of(name))]
    return [
        block
        for block in blocks
        if block.language in ("bash", "console")
        and (block.said.stand_ins or block.said.not_run is not None)
    ]


def calls_in(command: str) -> list[list[str]]:
    """The arguments of each call of splitbrain, also behind ``--``."""
    reader = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=_BETWEEN)
    reader.whitespace, reader.whitespace_split = " \t", True
    calls: list[list[str]] = [[]]
    for word in reader:
        if set(word) <= set(_BETWEEN):
            calls.append([])
        else:
            calls[-1].append(word)
    found = [call[call.index("--") + 1 :] if "--" in call else call for call in calls]
    return [call[1:] for call in found if call[:1] == ["splitbrain"]]


def accept(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise what the command line would: of a run on a real cluster, before it begins."""
    context = parsed(arguments)
    if context.params.get("cluster", "sim") != "sim":
        monkeypatch.setattr("nemesis.cli.test_real.test_real", _planned)
        assert context.command.invoke(context) == 0


def _planned(request: Request, seed: int, _store: object) -> int:
    schedule = generate_real_time(seed, request.plan())
    known = capabilities(request.cluster, request.options.hosts)
    refuse_unsupported(schedule, request.cluster, known)
    return 0


def test_what_is_not_run_as_it_is_typed_would_be_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = 0
    for block in not_run_as_typed():
        for command in commands_of(block):
            for arguments in calls_in(command.text):
                try:
                    accept(arguments, monkeypatch)
                except (click.ClickException, NemesisError) as error:
                    pytest.fail(f"{block.page}:{command.line}: {error}", pytrace=False)
                accepted += 1
    assert accepted > 30


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("splitbrain fuzz --tim 5m", "No such option"),
        ("x=1; splitbrain replay a | splitbrain chek b", "unknown command 'chek'"),
        ("docker_engine -- splitbrain test --cluster dockers", "dockers"),
        ("splitbrain test --cluster etcd --nemesis all --time-limit 8s", "too short"),
        ("splitbrain test --cluster etcd --nemesis clock-jump --time-limit 60s", "clock-jump"),
    ],
)
def test_what_would_be_refused_is_seen(
    command: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    *accepted, refused = calls_in(command)
    for arguments in accepted:
        accept(arguments, monkeypatch)
    with pytest.raises((click.ClickException, NemesisError), match=complaint):
        accept(refused, monkeypatch)
