"""The web client's files, as `npm run build` left them: the page at `/`, what stands beside it, `/assets`.

Names under `/assets` hold a hash of what is in them, so browsers keep these for a year; all else is asked
for each time, and answered 304 while it is the same. Where a `.gz` stands beside a file, who takes gzip
gets that.
"""

from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
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
    "connect-src": "'self'",  # the socket too
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "require-trusted-types-for": "'script'",
}
HEADERS = {  # besides those of every answer (shared.serving)
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
}


def static_routes(root: Path) -> list[Route]:
    """Routes for what is there alone: all other paths, and wrong methods on them, are the API's to answer.
    Which files stand beside the page is looked up once."""
    files = _CompressedStaticFiles(directory=root)
    beside = [path.name for path in sorted(root.iterdir()) if path.is_file() and path.suffix != ".gz"]
    paths = ["/", *(f"/{name}" for name in beside if name != PAGE), "/assets/{path:path}"]
    return [Route(path, files, methods=["GET"]) for path in paths]


class _CompressedStaticFiles(StaticFiles):
    """It keeps to its folder by itself, whatever a path or a link says."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = PAGE if path == "." else path
        response = await self._gzip_response(name, scope) or await super().get_response(name, scope)
        response.headers.update(HEADERS)
        response.headers.add_vary_header("Accept-Encoding")
        lasting = name.startswith("assets/")
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if lasting else "no-cache"
        return response

    async def _gzip_response(self, name: str, scope: Scope) -> Response | None:
        if not accepts_gzip(Headers(scope=scope).getlist("Accept-Encoding")):
            return None
        try:
            response = await super().get_response(f"{name}.gz", scope)
        except HTTPException:
            return None
        response.headers["Content-Encoding"] = "gzip"
        return response
