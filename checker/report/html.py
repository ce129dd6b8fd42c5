"""The page: one HTML file that holds everything, and asks nothing of anybody.

Style and code are the built assets of page/src; the data stand in the page as JSON. A policy in the
page forbids everything else: no request leaves it, and no code runs but its own, whose hash the
policy names.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files

from checker.report.data import Report, encode_report

_BUILT = "built"
_PLACEHOLDER = """\
document.getElementById("app").textContent =
  JSON.parse(document.getElementById("report-data").textContent).title;
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="app"></div>
<noscript>{summary}</noscript>
<script type="application/json" id="report-data">{data}</script>
<script>{code}</script>
</body>
</html>
"""


def page(report: Report) -> str:
    """The report as a page."""
    code, style = _asset("report.js", _PLACEHOLDER), _asset("report.css", "")
    summary = "".join(span.text for span in report.verdict.paragraph)
    digest = b64encode(sha256(code.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=escape(report.title),
        style=style,
        summary=escape(f"{report.verdict.validity}: {summary}"),
        data=inert(encode_report(report)),
        code=code,
    )


def inert(data: bytes) -> str:
    """JSON that nothing in it can end, where it stands in a script element: no character is left
    by which markup begins. The characters that JavaScript takes for the end of a line go too."""
    text = data.decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _asset(name: str, otherwise: str) -> str:
    asset = files("checker.report").joinpath(_BUILT, name)
    return asset.read_text(encoding="utf-8") if asset.is_file() else otherwise
