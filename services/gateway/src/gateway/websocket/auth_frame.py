"""The frame `auth`, which renews the credentials of an open WebSocket."""

from typing import Literal

from pydantic import Field

from gateway.commands.command import ClientFrame


class AuthFrame(ClientFrame[Literal["auth"]]):
    """Go on with this token, which must be the same user's. Any other closes the socket with 4401."""

    token: str = Field(min_length=1, max_length=8_192)
