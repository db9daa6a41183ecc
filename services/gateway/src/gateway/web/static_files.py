"""Serves the web client as `npm run build` made it: the page at `/`, the files beside it, and `/assets`.

Names under `/assets` contain a hash of the content, so browsers cache these for a year; all others are
revalidated each time, and answered 304 while unchanged. Clients that accept gzip get the `.gz` beside a file.
Their bytes are in memory, once for all responses: with an open file for each, clients that do not read would
use up the open files.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from gateway.api.header_fields import accepts_gzip

PAGE = "index.html"
YEAR = 365 * 24 * 60 * 60
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",  # the WebSocket, too
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "require-trusted-types-for": "'script'",
}
HEADERS = {  # besides the policy and those of every response (shared.http.server)
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
}


def static_routes(root: Path, *, connect_to: Sequence[str] = ()) -> list[Route]:
    """Return routes for the existing files only: the API answers all other paths, and wrong methods. The
    files beside the page are listed once, here. `connect_to`: the origins besides its own that the page may
    call."""
    files = _CompressedStaticFiles(root, _headers(connect_to))
    names = [path.name for path in sorted(root.iterdir()) if path.is_file() and path.suffix != ".gz"]
    paths = ["/", *(f"/{name}" for name in names if name != PAGE), "/assets/{path:path}"]
    return [Route(path, files, methods=["GET"]) for path in paths]


def _headers(connect_to: Sequence[str]) -> dict[str, str]:
    policy = {**POLICY, "connect-src": " ".join([POLICY["connect-src"], *connect_to])}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items())
    } | HEADERS


class _CompressedStaticFiles(StaticFiles):
    """Starlette keeps it within its folder, whatever a path or a link contains."""

    def __init__(self, root: Path, headers: Mapping[str, str]) -> None:
        super().__init__(directory=root)
        self._headers = headers
        self._contents: dict[str, tuple[str, bytes]] = {}
        """Of each file that was sent, by path, with its ETag."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = PAGE if path == "." else path
        response = await self._gzip_response(name, scope) or await super().get_response(name, scope)
        response.headers.update(self._headers)
        response.headers.add_vary_header("Accept-Encoding")
        is_hashed = name.startswith("assets/")
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if is_hashed else "no-cache"
        return response

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the whole file: a range is not worth a request of its own."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if not isinstance(response, FileResponse):
            return response
        del response.headers["Accept-Ranges"]
        content = self._content(str(full_path), response.headers["ETag"])
        response.headers["Content-Length"] = str(len(content))
        return Response(content, status_code, response.headers)

    def _content(self, path: str, etag: str) -> bytes:
        known = self._contents.get(path)
        if known is None or known[0] != etag:
            known = self._contents[path] = (etag, Path(path).read_bytes())
        return known[1]

    async def _gzip_response(self, name: str, scope: Scope) -> Response | None:
        if not accepts_gzip(Headers(scope=scope).getlist("Accept-Encoding")):
            return None
        try:
            response = await super().get_response(f"{name}.gz", scope)
        except HTTPException:
            return None
        response.headers["Content-Encoding"] = "gzip"
        return response
