"""The pages, over HTTP: a table of runs, a page for each, two of them compared, and their files; a
table of campaigns, and a page for each.

Histories come from anywhere, so nothing of them is trusted: pages are templates that escape, files
are sent as text that a browser does not run, and a report may run its own scripts only, in an
origin of its own, from which nothing else here can be read. Only what is asked for under the name
that the server was started with, or by the address itself, is answered: a page of another site,
whose name leads to this address, gets nothing.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import jinja2
import msgspec
from aiohttp import web

from checker.errors import CheckerError
from checker.history import HistoryError
from nemesis.counted import counted
from nemesis.errors import NemesisError
from nemesis.search.tally import CHECKED
from nemesis.serve.archive import write_archive
from nemesis.serve.campaign_page import line_of, view_of
from nemesis.serve.campaigns import Campaigns
from nemesis.serve.catalogue import BROKEN, UNFINISHED, Catalogue
from nemesis.serve.comparison import compare
from nemesis.serve.errors import BadQuery, NotInStore
from nemesis.serve.selection import VERDICTS, parse_selection, select
from nemesis.store import REPORT, load

Report = Callable[[Path], bytes]
"""Makes the report of a run directory that has none, as one HTML document."""

_PAGES: Final = Path(__file__).parent / "pages"
# Of pages of our own: no script at all.
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# Of a report: what it brings, in an origin that nobody shares.
_REPORT_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src "
    "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CHUNK: Final = 1 << 16
# A page of what goes on comes anew after so many s.
_ANEW: Final = 5


class Pages:
    """The application's state: what is served, and by which templates."""

    def __init__(
        self,
        root: Path,
        names: frozenset[str],
        make_report: Report,
        database: str | None = None,
    ) -> None:
        """``names``: what the server may be called in an address, without port; ``database``: that
        of other campaigns, a URL of SQLAlchemy's. Raises StoreError, NeedsExtra, LedgerBroken."""
        self._catalogue = Catalogue(root)
        self._campaigns = Campaigns(self._catalogue, database)
        self._names = names
        self._make_report = make_report
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_PAGES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["address"] = quote
        self._templates.filters["query"] = urlencode
        self._templates.filters["moment"] = _moment
        self._templates.filters["lasted"] = _lasted
        self._templates.filters["date"] = _date
        self._templates.filters["span"] = _span
        self._templates.filters["counted"] = counted

    def application(self) -> web.Application:
        """All addresses."""
        application = web.Application(middlewares=[self._guard])
        application.add_routes(
            [
                web.get("/", self.runs),
                web.get("/runs.json", self.runs_as_json),
                web.get("/compare", self.comparison),
                web.get("/campaigns", self.campaigns),
                web.get("/campaign", self.campaign),
                web.get("/style.css", self.style),
                web.get("/run/{path:.*}", self.run),
                web.get("/file/{path:.+}", self.file),
                web.get("/zip/{path:.*}", self.archive),
                web.get("/report/{path:.*}", self.report),
            ]
        )
        return application

    @web.middleware
    async def _guard(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Answers what is refused; gives every answer the headers that it needs."""
        name = _name_of(request.host)
        if name not in self._names and name != _address_of(request):
            return self._refusal(HTTPStatus.MISDIRECTED_REQUEST, "this server has another name")
        try:
            return await handler(request)
        except NotInStore as error:
            return self._refusal(HTTPStatus.NOT_FOUND, str(error))
        except BadQuery as error:
            return self._refusal(HTTPStatus.BAD_REQUEST, str(error))
        except (NemesisError, CheckerError, HistoryError) as error:
            # A run whose files are broken: the table shows it, and the files can be looked at.
            return self._refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except web.HTTPException as error:
            if error.status < HTTPStatus.BAD_REQUEST:
                raise
            return self._refusal(HTTPStatus(error.status), error.reason)

    # -- Pages -----------------------------------------------------------------------------------

    async def runs(self, request: web.Request) -> web.Response:
        """The table."""
        selection = parse_selection(request.query)
        rows = await asyncio.to_thread(self._catalogue.rows)
        return self._page(
            "runs.html",
            selection=selection,
            selected=select(rows, selection),
            verdicts=VERDICTS,
            root=self._catalogue.root,
        )

    async def runs_as_json(self, request: web.Request) -> web.Response:
        """The same, for programs."""
        selection = parse_selection(request.query)
        rows = await asyncio.to_thread(self._catalogue.rows)
        selected = select(rows, selection)
        content = msgspec.json.encode({"runs": selected.rows, "pages": selected.pages})
        return web.Response(body=content, content_type="application/json", headers=_HEADERS)

    async def run(self, request: web.Request) -> web.Response:
        """One run: its verdict and its files."""
        path = request.match_info["path"]
        directory = self._catalogue.directory(path)
        row = await asyncio.to_thread(self._catalogue.row, directory)
        files = [
            (file.relative_to(directory).as_posix(), file.stat().st_size)
            for file in await asyncio.to_thread(self._catalogue.files, directory)
        ]
        is_whole = row.verdict not in (UNFINISHED, BROKEN)
        return self._page("run.html", row=row, files=files, is_whole=is_whole)

    async def comparison(self, request: web.Request) -> web.Response:
        """Two runs side by side."""
        paths = request.query.getall("run", [])
        if len(paths) != 2:
            raise BadQuery(f"two runs are compared, and {len(paths)} were chosen")
        directories = [self._catalogue.directory(path) for path in paths]
        first, second = [await asyncio.to_thread(load, each) for each in directories]
        compared = await asyncio.to_thread(compare, first, second)
        return self._page("compare.html", paths=paths, compared=compared)

    async def campaigns(self, request: web.Request) -> web.Response:
        """The table of campaigns."""
        listing = await asyncio.to_thread(self._campaigns.listing)
        lines = [line_of(each, time()) for each in listing.campaigns]
        return self._page(
            "campaigns.html",
            lines=lines,
            troubles=listing.troubles,
            root=self._catalogue.root,
            refresh=_refresh(request, any(line.shown.is_running for line in lines)),
        )

    async def campaign(self, request: web.Request) -> web.Response:
        """One campaign."""
        ledger, name = request.query.get("ledger", ""), request.query.get("name", "")
        shown = await asyncio.to_thread(self._campaigns.campaign, ledger, name)
        view = await asyncio.to_thread(view_of, shown, self._campaigns, self._catalogue, time())
        refresh = _refresh(request, bool(shown.is_running))
        return self._page("campaign.html", view=view, checked=CHECKED, refresh=refresh)

    async def style(self, _request: web.Request) -> web.Response:
        """The style of the pages."""
        content = (_PAGES / "style.css").read_text(encoding="utf-8")
        return web.Response(text=content, content_type="text/css", headers=_HEADERS)

    # -- Files -----------------------------------------------------------------------------------

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file of a run, as text."""
        path = request.match_info["path"]
        file = self._catalogue.file(path)
        if file.name == REPORT:
            raise web.HTTPFound(f"/report/{quote(path.removesuffix(REPORT).rstrip('/'))}")
        headers = {**_HEADERS, "Content-Type": "text/plain; charset=utf-8"}
        return web.FileResponse(file, headers={**headers, "Content-Security-Policy": "sandbox"})

    async def report(self, request: web.Request) -> web.Response:
        """The report of a run: the one that lies there, else one that is made now."""
        directory = self._catalogue.directory(request.match_info["path"])
        saved = directory / REPORT
        if self._catalogue.is_file_below(saved):
            content = await asyncio.to_thread(saved.read_bytes)
        else:
            content = await asyncio.to_thread(self._make_report, directory)
        headers = {**_HEADERS, "Content-Security-Policy": _REPORT_POLICY}
        return web.Response(
            body=content, content_type="text/html", charset="utf-8", headers=headers
        )

    async def archive(self, request: web.Request) -> web.StreamResponse:
        """A run as a zip file."""
        directory = self._catalogue.directory(request.match_info["path"])
        name = quote("-".join(directory.relative_to(self._catalogue.root).parts) or "run")
        response = web.StreamResponse(
            headers={
                **_HEADERS,
                "Content-Type": "application/zip",
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}.zip",
            }
        )
        with tempfile.TemporaryFile() as file:
            files = await asyncio.to_thread(self._catalogue.files, directory)
            await asyncio.to_thread(write_archive, directory, files, file)
            response.content_length = file.tell()
            await response.prepare(request)
            file.seek(0)
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                await response.write(chunk)
        await response.write_eof()
        return response

    # -- Answers ---------------------------------------------------------------------------------

    def _page(self, template: str, status: int = HTTPStatus.OK, **values: Any) -> web.Response:
        text = self._templates.get_template(template).render(values)
        return web.Response(
            text=text,
            status=status,
            content_type="text/html",
            headers={**_HEADERS, "Content-Security-Policy": _PAGE_POLICY},
        )

    def _refusal(self, status: HTTPStatus, words: str) -> web.Response:
        return self._page("refusal.html", status, phrase=status.phrase, words=words)


def _name_of(host: str) -> str:
    """``localhost`` of ``localhost:8080``, ``[::1]`` of ``[::1]:8080``."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def _address_of(request: web.Request) -> str | None:
    """The address at which it was asked, as it stands in a link; the server may listen at all that
    the machine has."""
    own = None if request.transport is None else request.transport.get_extra_info("sockname")
    if own is None:
        return None
    return f"[{own[0]}]" if ":" in own[0] else str(own[0])


class _Refresh(NamedTuple):
    """Whether the page comes anew by itself, and the address at which it does not, or does."""

    seconds: int | None
    other: str


def _refresh(request: web.Request, is_running: bool) -> _Refresh | None:
    """None if nothing goes on that would change the page."""
    if not is_running:
        return None
    query = {name: request.query[name] for name in ("ledger", "name") if name in request.query}
    if "still" in request.query:
        return _Refresh(None, f"{request.path}?{urlencode(query)}")
    return _Refresh(_ANEW, f"{request.path}?{urlencode({**query, 'still': 1})}")


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time / 1e9).strftime("%Y-%m-%d %H:%M:%S")


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")


def _span(seconds: float) -> str:
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.0f} s"


def _lasted(duration: int) -> str:
    if duration < 1_000_000_000:
        return f"{duration / 1e6:,.0f} ms"
    return f"{duration / 1e9:,.1f} s"
