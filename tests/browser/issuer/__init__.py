"""The identity provider of the browser tests: `issuer.mjs`, as a process on this machine."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm

_SCRIPT = Path(__file__).parent / "issuer.mjs"
_STOP_TIMEOUT_SECONDS = 10


@dataclass
class Issuer:
    """An issuer that can be stopped and started again; then it knows no sessions."""

    port: int
    page: str
    """The web client's address."""
    key: Path
    """The file of its private key."""
    _process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def gateway_settings(self) -> dict[str, str]:
        """The environment of a gateway whose users sign in here."""
        return {
            "AUTH": "jwt",
            "JWT_KEYS": f"{self.url}/jwks",
            "JWT_ISSUER": self.url,
            "JWT_AUDIENCE": "urn:parley:test",
            "JWT_LEEWAY": "0",
            "OIDC_ISSUER": self.url,
            "OIDC_CLIENT_ID": "parley-web",
        }

    def start(self) -> None:
        """Return once it answers."""
        command = ["node", str(_SCRIPT), str(self.port), self.page, str(self.key)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the issuer did not start"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate(timeout=_STOP_TIMEOUT_SECONDS)
            self._process = None

    def set_token_life(self, seconds: int) -> None:
        """Of the access tokens issued from now on."""
        self._command(f"life/{seconds}")

    def revoke(self, user: str) -> None:
        """Grant `user` nothing any more."""
        self._command(f"revoke/{user}")

    def operator_token(self) -> str:
        """Return a token for the calls of operators."""
        key = RSAAlgorithm.from_jwk(self.key.read_text())
        assert isinstance(key, RSAPrivateKey)
        now = int(time.time())
        claims = {"iss": self.url, "aud": "urn:parley:test", "sub": "ops", "scope": "operator"}
        return jwt.encode({**claims, "iat": now, "exp": now + 60}, key, "RS256", {"kid": "test"})

    def _command(self, path: str) -> None:
        httpx.post(f"{self.url}/-/{path}").raise_for_status()


@contextmanager
def running_issuer(port: int, page: str, key: Path) -> Iterator[Issuer]:
    issuer = Issuer(port, page, key)
    issuer.start()
    try:
        yield issuer
    finally:
        issuer.stop()
