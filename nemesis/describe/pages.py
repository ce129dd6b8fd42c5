"""docs/bugs: a page for every bug of the zoo, generated from a run that shows it.

    python -m nemesis.describe.pages [--check] [DIRECTORY] [--histories DIRECTORY]

The run is the saved one of the zoo, or else the bug's witness, shrunk. A page holds the schedule of
its run, so whether it is up to date can be told from itself.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path
from textwrap import dedent, wrap

from nemesis.describe.rules import CHAPTERS, Rule, overridden_rules, parts_of
from nemesis.describe.sketch import WIDTH, sketch
from nemesis.describe.story import describe
from nemesis.describe.violation import promise_of, violation
from nemesis.describe.words import sentences
from nemesis.errors import ScheduleError
from nemesis.macro.scenario import format_schedule, parse_schedule
from nemesis.outcome import Run
from nemesis.run import run
from nemesis.schedule import Schedule
from nemesis.search.shrink import shrink
from nemesis.zoo.saved import saved_schedule
from raft.bugs import BUGS, Bug

_INDEX = "README.md"
_BEGIN, _END = "```text\n", "```\n"
_STEPS = "## The run\n\n" + _BEGIN
_HEADER = """# Raft, taught by its failures

Each rule of Raft is there because something goes wrong without it. Here are {count} bugs that
somebody's Raft really had, by the rule that they break, each with the shortest run that was found
to show what it leads to.

How to read a page: *the run* is a list of steps, each a whole round. `elect n1 [n2]` says that n1
campaigns and reaches n2 only, `replicate n1 [n2]` that n1, a leader, exchanges with n2 what it has
to send; what a step does not deliver is held, perhaps for ever. `[n2?]` is a server whose answers
are held; `deliver n1 n2 append` is one held message that arrives after all. A new leader appends a
no-op to its log, so there are entries in runs without clients. The steps are then told in words, as
they went in that run.

*The picture* shows the servers side by side and the steps downwards: `L2 1|2` is a leader (C: a
candidate, P: one that asks for pre-votes, F: a follower, x: down) of term 2, whose log has an entry
of term 1, which it knows to be committed, and one of term 2, which it does not. `(3)|` is a
snapshot up to entry 3.

<!-- test: with "# search for it" as "--seeds 1" -->
```bash
splitbrain zoo show commit-of-old-term     # what is on its page
splitbrain zoo run commit-of-old-term      # search for it
```

These pages are made by the program; do not edit them:

<!-- test: in a checkout -->
<!-- test: with "describe.pages" as "describe.pages --check" -->
```bash
python -m nemesis.describe.pages
```

"""


def page(bug: Bug, shown: Run) -> str:
    """The page of a bug, as Markdown, from a run of macro-steps that it fails."""
    story = describe(shown, bug.variant)
    numbered = "".join(_item(f"{at}. ", each) for at, each in enumerate(sentences(story), start=1))
    (name, statement, reason), happened = violation(story)
    return "".join(
        [
            f"# {bug.name}\n\n{_paragraph(_sentence(bug.summary))}\n",
            _paragraph(f"Known from: {bug.source}.") + "\n",
            "## The rule\n\n" + _rules(bug) + f"```python\n{_code(bug)}{_END}\n",
            f"## The scenario\n\n{_paragraph(bug.scenario)}\n" if bug.scenario else "",
            _STEPS + format_schedule(shown.schedule) + _END + "\n" + numbered + "\n",
            f"## What is violated\n\n{_paragraph(f'**{name}.** {statement} {reason}')}\n",
            _item("> ", happened, "> ") + "\n",
            f"## The picture\n\n{_BEGIN}{sketch(story)}\n{_END}\n",
            f"Replay it with `splitbrain zoo show {bug.name}`; [all bugs]({_INDEX}).\n",
        ]
    )


def _paragraph(text: str) -> str:
    return _item("", text)


def _item(head: str, text: str, indent: str | None = None) -> str:
    """A paragraph that begins with ``head``, in lines of the usual width."""
    lines = wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head) if indent is None else indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _rules(bug: Bug) -> str:
    told = [_rule(rule) for rule in overridden_rules(bug.variant)]
    return "".join(told) + "\nThe bug decides otherwise:\n\n"


def _rule(rule: Rule) -> str:
    place = f"{rule.module.replace('.', '/')}.py"
    says = f": {rule.says}" if rule.says else ""
    return _item("- ", f"`{rule.owner}.{rule.method}` (`{place}`){says}")


def _code(bug: Bug) -> str:
    """The classes that make the bug, as they stand in raft/bugs."""
    classes = dict.fromkeys(
        cls
        for part in parts_of(bug.variant)
        for cls in reversed(part.__mro__)
        if cls.__module__.startswith("raft.bugs")
    )
    return "\n\n".join(dedent(inspect.getsource(cls)) for cls in classes)


# -- The index -------------------------------------------------------------------------------------


def index(runs: dict[str, Run]) -> str:
    """The table of all pages, by the part of Raft whose rule is broken."""
    chapters: dict[str, list[str]] = {chapter: [] for chapter in CHAPTERS.values()}
    for name in sorted(runs):
        rules = overridden_rules(BUGS[name].variant)
        chapters.setdefault(rules[0].chapter if rules else "Others", []).append(name)
    parts = [_HEADER.format(count=len(runs))]
    for chapter, names in chapters.items():
        if names:
            parts.append(f"## {chapter}\n\n| bug | what it decides wrongly | rule | what falls | ")
            parts.append("steps |\n|---|---|---|---|---|\n")
            parts += [_row(BUGS[name], runs[name]) for name in names]
            parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def _row(bug: Bug, shown: Run) -> str:
    methods = ", ".join(f"`{rule.method}`" for rule in overridden_rules(bug.variant))
    falls = promise_of(shown.verdict.failures[0].kind).name
    summary = bug.summary.replace("|", "\\|")
    steps = len(shown.schedule.steps)
    return f"| [{bug.name}]({bug.name}.md) | {summary} | {methods} | {falls} | {steps} |\n"


# -- Writing and checking --------------------------------------------------------------------------


def pages(runs: dict[str, Run]) -> dict[str, str]:
    """All pages by their file names, from a failed run of macro-steps of each bug."""
    texts = {f"{name}.md": page(BUGS[name], shown) for name, shown in sorted(runs.items())}
    return {_INDEX: index(runs), **texts}


def write_pages(directory: Path, runs: dict[str, Run]) -> None:
    """Write all pages, and remove those of bugs that are no more."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = pages(runs)
    for old in directory.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")


def outdated_pages(directory: Path) -> list[str]:
    """The pages in a directory that are not what would be generated from the schedules that they
    hold, those that are missing, and those of bugs that are no more."""
    written = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.md")}
    runs: dict[str, Run] = {}
    wrong = []
    for name, bug in BUGS.items():
        try:
            shown = run(schedule_on(written.get(f"{name}.md", ""), name), bug.variant)
        except ScheduleError:
            wrong.append(f"{name}.md")
            continue
        if _is_convicted(bug, shown):
            runs[name] = shown
        else:
            wrong.append(f"{name}.md")
    texts = pages(runs)
    wrong += [name for name in written.keys() | texts if written.get(name) != texts.get(name)]
    return sorted(set(wrong))


def schedule_on(text: str, name: str) -> Schedule:
    """The schedule that a page holds. Raises ScheduleError if there is none."""
    _, _, rest = text.partition(_STEPS)
    steps, end, _ = rest.partition(_END)
    if not end:
        raise ScheduleError(f"the page of {name} holds no run")
    return parse_schedule(steps, f"{name}.md")


def known_runs(histories: Path) -> dict[str, Run]:
    """A shrunk run of every bug: the zoo's saved one, if it is one of macro-steps, or the witness.
    A bug that fails neither has none."""
    found = {name: _known_run(bug, histories) for name, bug in sorted(BUGS.items())}
    return {name: shown for name, shown in found.items() if shown is not None}


def _known_run(bug: Bug, histories: Path) -> Run | None:
    saved = saved_schedule(histories, bug.name)
    schedules = [saved] if saved is not None and saved.is_macro else []
    for schedule in (*schedules, parse_schedule(bug.witness, bug.name)):
        failed = run(schedule, bug.variant)
        if _is_convicted(bug, failed):
            return shrink(failed, bug.variant).run
    return None


def _is_convicted(bug: Bug, shown: Run) -> bool:
    """Whether a run fails, first of all, in the bug's own way."""
    failures = shown.verdict.failures
    return bool(failures) and failures[0].kind in bug.convicted_by


def main() -> int:
    """Write the pages, or say which ones are not up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=Path("docs/bugs"))
    parser.add_argument("--histories", type=Path, default=Path("histories"))
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if any is outdated")
    arguments = parser.parse_args()
    if arguments.check:
        wrong = outdated_pages(arguments.directory)
        for name in wrong:
            print(f"{arguments.directory / name} is not up to date")
        return 1 if wrong else 0
    runs = known_runs(arguments.histories)
    write_pages(arguments.directory, runs)
    for name in sorted(BUGS.keys() - runs.keys()):
        print(f"{name} has no page: it fails neither a saved run of macro-steps nor its witness")
    return 1 if len(runs) < len(BUGS) else 0


if __name__ == "__main__":
    sys.exit(main())
