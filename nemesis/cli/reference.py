"""docs/command-line.md: every command with its arguments and options, as the program has them.

python -m nemesis.cli.reference [--check] [FILE]
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from nemesis.cli import cli

_PAGE = Path("docs/command-line.md")
_HEADER = """# Command line

Every command of `splitbrain`, with its arguments and options. `splitbrain COMMAND --help` says the
same. Times are `90s`, `5m`, `1h`, or seconds. All commands but `explore` end with one of these
codes:

| exit code | meaning |
|---|---|
| 0 | valid |
| 1 | invalid |
| 2 | unknown: too little happened, the budget ran out, or nothing was judged before Ctrl-C |
| 254 | bad arguments, or a file that cannot be read or makes no sense |
| 255 | a crash, or a full disk |

After Ctrl-C and SIGTERM `fuzz` and `campaign` judge the runs that were finished, and say so.

Other ways in have options of their own: tests ([pytest.md](pytest.md),
[hypothesis.md](hypothesis.md)), our server ([server.md](server.md)), and the verifier,
`python -m checker.lincheck.verify` ([certificates.md](certificates.md)).

This page is made by the program; do not edit it: `python -m nemesis.cli.reference`.
"""

_MORE = {
    "--bug": "[All bugs](bugs/README.md).",
    "--cluster": "[Which is for you](testing-your-system.md).",
    "--condition": "[More](conditions.md).",
    "--isolation": "[More](isolation.md).",
    "--model": "[All models](models.md).",
    "--nemesis": "[All faults](faults.md).",
    "--strategy": "[More](searching.md).",
    "--subject": "[More](testing-your-raft.md).",
}
"""Where an option is told of at length."""


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([_HEADER, *(_section(path, each) for path, each in commands())])


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with what is typed to call it."""
    yield from _below("splitbrain", cli)


def _below(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _below(f"{path} {name}", command)
        elif not command.hidden:
            yield f"{path} {name}", command


def _section(path: str, command: click.Command) -> str:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    usage = " ".join(
        [path, "[OPTIONS]", *(each.make_metavar(_context(command)) for each in arguments)]
    )
    told = inspect.cleandoc(command.help or "").replace("\b\n", "")
    parts = [f"## {path}", "", f"`{usage}`", "", told, ""]
    options = [_row(each) for each in command.params if isinstance(each, click.Option)]
    if options:
        parts += ["| option | default | meaning |", "|---|---|---|", *options, ""]
    return "\n".join(parts)


def _context(command: click.Command) -> click.Context:
    return click.Context(command)


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    meaning = " ".join([option.help or "", *_notes(option)])
    cells = (names + _value(option), _default(option), meaning.strip())
    return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |"


def _value(option: click.Option) -> str:
    """What is typed after the option's name."""
    if option.is_flag:
        return ""
    if option.metavar is not None or not isinstance(option.type, click.Choice):
        return f" {option.metavar or _kind(option.type)}"
    return " " + "|".join(str(each) for each in option.type.choices)


def _kind(of: click.ParamType[object]) -> str:
    return "N" if of.name.split()[0] in ("integer", "float") else of.name.upper()


def _notes(option: click.Option) -> Iterator[str]:
    """What is said of an option beside its help."""
    if option.required:
        yield "Must be given."
    if option.multiple:
        yield "May be given several times."
    for name in option.opts:
        if name in _MORE:
            yield _MORE[name]


def _default(option: click.Option) -> str:
    """The default, where it is the same everywhere and not simply nothing."""
    default = option.default
    if option.is_flag or default is None or callable(default) or not option.show_default:
        return ""
    return f"`{default}`"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m nemesis.cli.reference")
    parser.add_argument("file", nargs="?", type=Path, default=_PAGE)
    parser.add_argument("--check", action="store_true", help="say whether it is up to date")
    arguments = parser.parse_args()
    if not arguments.check:
        arguments.file.write_text(page())
        return 0
    if arguments.file.read_text() == page():
        return 0
    print(f"{arguments.file} is out of date: python -m nemesis.cli.reference", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
