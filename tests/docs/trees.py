"""Pictures in text that nothing prints: what they name must be there."""

from __future__ import annotations

import re
from pathlib import Path

_FILE = re.compile(r"\b[\w/-]+\.py\b")
_CODE = re.compile(
    r"\b(?:[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+|[a-z]+(?:_[a-z0-9]+)+|[A-Za-z]\w*(?=\())"
)


def missing_files(tree: str, root: Path) -> list[str]:
    """What a tree of files names, and is not there.

    A line that is indented under another belongs to its folder; one that is indented further than
    its names goes on with what is said of the line before. Raises ValueError if it names none.
    """
    missing: list[str] = []
    above: list[tuple[int, Path]] = []
    for line in tree.splitlines():
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        first, _, rest = line.strip().partition("  ")
        is_entry = re.fullmatch(r"[\w./-]+(?:, [\w./-]+)*", first) is not None and (
            "/" in first or "." in first
        )
        if is_entry:
            while above and above[-1][0] >= indent:
                above.pop()
            folder = above[-1][1] if above else root
            names = first.split(", ")
            missing += [
                str((folder / name).relative_to(root))
                for name in names
                if not (folder / name).exists()
            ]
            below = folder / names[0]
            above.append((indent, below if below.is_dir() else folder))
        else:
            rest = line
        # Below the entry, or below what it is indented under.
        places = [folder for _, folder in above[-2:]] or [root]
        missing += [
            f"{places[-1].relative_to(root)}/**/{name}"
            for name in _FILE.findall(rest)
            if not any(path for place in places for path in place.rglob(name))
        ]
    if not above:
        raise ValueError("the tree names no file")
    return missing


def missing_names(picture: str, folders: list[Path]) -> list[str]:
    """The names of code in a picture that no Python below the folders has.

    Raises ValueError if it names none.
    """
    names = sorted(set(_CODE.findall(picture)))
    if not names:
        raise ValueError("the picture names nothing of the code")
    words: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*.py"):
            words.update(re.findall(r"\w+", path.read_text()))
    return [name for name in names if name not in words]
