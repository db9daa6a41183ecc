"""Refuses a WebSocket handshake with a problem document, like every other request."""

from collections.abc import Sequence
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.http11 import Response
from websockets.server import ServerProtocol

from shared.http.problems import problem_for_status
from shared.http.refusals import NO_STORE


class HandshakeProtocol(ServerProtocol):
    default_headers: Sequence[tuple[bytes, bytes]] = ()
    """Header fields of every response."""

    def reject(self, status: HTTPStatus | int, text: str) -> Response:
        """Return the refusal; it only names the header field, which `text` quotes."""
        status = HTTPStatus(status)
        answer = problem_for_status(status, self._detail(status)).response()
        headers = Headers([("Connection", "close")])
        for name, value in [*self.default_headers, *answer.raw_headers, NO_STORE]:
            headers[name.decode()] = value.decode()
        return Response(status, status.phrase, headers, bytes(answer.body))

    def _detail(self, status: HTTPStatus) -> str:
        error = self.handshake_exc
        if isinstance(error, InvalidHeader):
            return f"the WebSocket handshake is invalid: check {error.name}"
        return f"the WebSocket handshake is invalid: {status.phrase}"
