"""Loads the verification keys, again and again, because issuers rotate them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import structlog

from gateway.auth.keys import NoUsableKey, VerificationKey
from shared.runtime.back_off import BackOff

log = structlog.get_logger()

REFRESH_INTERVAL_SECONDS = 300.0
"""A key that the issuer withdrew is accepted no longer than this."""
MIN_RELOAD_INTERVAL_SECONDS = 60.0
"""Between two loads because of an unknown `kid`."""
_RETRY_INTERVAL_SECONDS = 1.0
_MAX_RETRY_INTERVAL_SECONDS = 30.0
LOAD_TIMEOUT_SECONDS = 5.0
MAX_DOCUMENT_BYTES = 256 * 1024

Load = Callable[[], Awaitable[str]]
"""Return the text of a JWKS or of PEM; may raise ValueError, OSError, TimeoutError or aiohttp.ClientError."""
Parse = Callable[[str], tuple[VerificationKey, ...]]
"""Raises ValueError, and NoUsableKey for a set of keys that has none to verify tokens with."""


class KeySource:
    """Keeps the last good keys while they cannot be loaded. An issuer that publishes none has withdrawn
    them: then there are none."""

    def __init__(self, load: Load, parse: Parse) -> None:
        self._load = load
        self._parse = parse
        self._text: str | None = None
        self._loading: asyncio.Task[None] | None = None
        self._loaded_at = float("-inf")
        self.keys: tuple[VerificationKey, ...] | None = None
        """None until they were loaded once. Replaced only when the text has changed."""
        self.is_outdated = False
        """Whether the last load failed: the issuer may have published keys that are unknown here."""

    async def refresh(self) -> None:
        """Load the keys, again in each REFRESH_INTERVAL, and sooner after a failure or as long as there are
        none; never returns."""
        back_off = BackOff(_RETRY_INTERVAL_SECONDS, _MAX_RETRY_INTERVAL_SECONDS)
        while True:
            await self._reload()
            if self.keys and not self.is_outdated:
                back_off.reset()
                await asyncio.sleep(REFRESH_INTERVAL_SECONDS)
            else:
                await back_off.sleep()

    async def reload_for_unknown_kid(self) -> None:
        """Load the keys, unless that was tried within MIN_RELOAD_INTERVAL. Callers share one attempt."""
        is_recent = self._now() - self._loaded_at < MIN_RELOAD_INTERVAL_SECONDS
        if self._loading is not None or not is_recent:
            await self._reload()

    async def _reload(self) -> None:
        if self._loading is None:
            self._loaded_at = self._now()
            self._loading = asyncio.create_task(self._try_load())
        await asyncio.shield(self._loading)

    async def _try_load(self) -> None:
        try:
            async with asyncio.timeout(LOAD_TIMEOUT_SECONDS):
                text = await self._load()
            if text != self._text:
                self._replace_keys(text)
            self.is_outdated = False
        except (ValueError, OSError, aiohttp.ClientError) as error:
            self.is_outdated = True
            log.warning("auth.keys_unavailable", reason=_describe(error), kept=len(self.keys or ()))
        finally:
            self._loading = None

    def _replace_keys(self, text: str) -> None:
        """Raises ValueError for a text that is no set of keys."""
        try:
            self.keys = self._parse(text)
            log.info("auth.keys_loaded", keys=len(self.keys))
        except NoUsableKey as error:
            self.keys = ()
            hint = "every token is refused: check JWT_KEYS and JWT_ALGORITHMS, and the issuer"
            log.error("auth.no_usable_key", reason=str(error), hint=hint)
        self._text = text

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def from_url(session: aiohttp.ClientSession, url: str) -> Load:
    """Return a function that fetches the document of `url`: at most MAX_DOCUMENT_BYTES, without following
    redirects."""

    async def load() -> str:
        async with session.get(
            url, allow_redirects=False, headers={"Accept": "application/json"}
        ) as response:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            document = bytearray()
            async for chunk in response.content.iter_chunked(MAX_DOCUMENT_BYTES):
                document += chunk
                if len(document) > MAX_DOCUMENT_BYTES:
                    raise ValueError(f"larger than {MAX_DOCUMENT_BYTES} bytes")
            return document.decode()

    return load


def from_file(path: Path) -> Load:
    async def load() -> str:
        return await asyncio.to_thread(path.read_text)

    return load


def from_text(text: str) -> Load:
    async def load() -> str:
        return text

    return load


def _describe(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {LOAD_TIMEOUT_SECONDS} s"
    return str(error) or type(error).__name__
