"""What the site needs beside docs/: pages that lie outside of it, and links to what is no page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
# Files outside of docs/ that are pages of the site, too.
OUTSIDE = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "readme.md",
    "bench/porcupine.md": "porcupine.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)")
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source)[^>]* src=.?(?:https?:)?//"
    r"|<link[^>]* href=.?(?:https?:)?//"
)
_ITEM = re.compile(r"(- |1\. )")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie outside of docs/."""
    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Lead links to where things are on the site; of what is not there, leave the words alone."""
    source = Path(page.file.abs_src_path or "")

    def led(match: re.Match[str]) -> str:
        picture, words, target, anchor = match.groups()
        path = (source.parent / target).resolve()
        if not path.is_relative_to(ROOT):
            return match[0]
        if path.is_relative_to(ROOT / "docs"):
            place = path.relative_to(ROOT / "docs").as_posix()
        else:
            place = OUTSIDE.get(path.relative_to(ROOT).as_posix(), "")
            if not place and path.exists():
                return words
        place = "../" * (len(Path(page.file.src_uri).parts) - 1) + (place or target)
        twin = _dark(path) if picture else None
        if twin is not None:
            dark = place.removesuffix(path.name) + twin.name
            return f"![{words}]({place}#only-light)\n![{words}]({dark}#only-dark)"
        return f"{picture}[{words}]({place}{anchor or ''})"

    return _apart(_LINK.sub(led, markdown))


def on_post_page(output: str, page: Page, config: Any) -> str:
    """Refuse what a page would load from elsewhere."""
    fetched = _FETCHED.search(output)
    if fetched is not None:
        raise PluginError(f"{page.file.src_uri} loads from elsewhere: {fetched[0]}")
    return output


def _apart(markdown: str) -> str:
    """Lists that begin right after a line of text, as a forge takes them, behind an empty line, as
    Python-Markdown wants it."""
    lines: list[str] = []
    is_code = is_text = False
    for line in markdown.split("\n"):
        is_code ^= line.startswith("```")
        is_item = _ITEM.match(line) is not None
        if is_item and is_text and not is_code:
            lines.append("")
        is_text = line[:1].strip() != "" and not is_item
        lines.append(line)
    return "\n".join(lines)


def _dark(path: Path) -> Path | None:
    """The same picture for a dark page, if there is one."""
    twin = path.with_stem(path.stem.removesuffix("-light") + "-dark")
    return twin if twin.exists() and not path.stem.endswith("-dark") else None
