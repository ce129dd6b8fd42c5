"""Text can be read in both themes: contrast as WCAG 2.2 counts it, at least 4.5 to 1."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.report.conftest import Open
from tests.report.samples import invalid

# Names of colours: text, and what it stands on.
TEXT = [
    *(
        ("ink", ground)
        for ground in ("page", "surface", "raised", "sunken", "stripe", "accent-soft")
    ),
    *(("ink-2", ground) for ground in ("page", "surface", "raised", "sunken", "stripe")),
    *(("ink-3", ground) for ground in ("page", "surface", "raised")),
    *(("accent", ground) for ground in ("page", "surface", "accent-soft")),
    *((name, f"{name}-soft") for name in ("valid", "invalid", "unknown")),
    *((f"{name}-ink", f"{name}-soft") for name in ("ok", "info", "fail")),
    *(("term-ink", f"term-{term}") for term in range(8)),
    ("surface", "violation"),
    ("surface", "order"),
]
# Shapes on the ground they are drawn on: at least 3 to 1.
SHAPES = [
    *((name, "surface") for name in ("ok", "info", "fail", "violation", "order", "focus", "accent"))
]


def luminance(hexadecimal: str) -> float:
    found = re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", hexadecimal)
    assert found is not None, hexadecimal
    parts = [int(part, 16) / 255 for part in found.groups()]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page: Page, pair: tuple[str, str]) -> float:
    read = "name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()"
    lights = sorted(luminance(page.evaluate(read, name)) for name in pair)
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_shapes_stand_out_from_what_is_behind_them(open_report: Open, theme: str) -> None:
    page = open_report(invalid(), theme=theme)
    weak = {pair: round(contrast(page, pair), 2) for pair in TEXT if contrast(page, pair) < 4.5}
    weak |= {pair: round(contrast(page, pair), 2) for pair in SHAPES if contrast(page, pair) < 3}
    assert weak == {}
