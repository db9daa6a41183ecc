"""An issuer of access tokens for development: its key lies in the data folder of a stack.

`make run AUTH=jwt` starts gateways that accept its tokens, `make token USER=ann` prints one.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import TypeAdapter, ValidationError

from deploy.local.errors import UserError
from shared.contract.fields import NewUserId

ISSUER, AUDIENCE, ALGORITHM = "parley-development", "parley", "ES256"
LIFETIME_SECONDS = 12 * 60 * 60
_user_id: TypeAdapter[str] = TypeAdapter(NewUserId)


@dataclass(frozen=True)
class LocalIssuer:
    folder: Path
    """Of the stack's data."""

    @classmethod
    def ensure(cls, data: Path) -> "LocalIssuer":
        """Return the issuer of a data folder; make its keys if there are none. Only their owner can read the
        private one."""
        issuer = cls(data / "issuer")
        if not issuer.public_key.exists():
            issuer.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = ec.generate_private_key(ec.SECP256R1())
            private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            issuer._private_key.touch(mode=0o600)
            issuer._private_key.write_bytes(private)
            issuer.public_key.write_bytes(public)
        return issuer

    @classmethod
    def of(cls, data: Path) -> "LocalIssuer":
        """Return the issuer that a stack with AUTH=jwt has made in this data folder. Raises UserError."""
        issuer = cls(data / "issuer")
        if not issuer.public_key.exists():
            raise UserError(
                f"no stack was started with AUTH=jwt in {data}: set DATA_DIR as for `make up AUTH=jwt`"
            )
        return issuer

    @classmethod
    def of_environment(cls, data: Path) -> "LocalIssuer | None":
        """Return the issuer for AUTH=jwt, unless JWT_KEYS names another."""
        is_needed = os.environ.get("AUTH") == "jwt" and not os.environ.get("JWT_KEYS")
        return cls.ensure(data) if is_needed else None

    @property
    def public_key(self) -> Path:
        return self.folder / "public.pem"

    def settings(self, ports: Sequence[int]) -> dict[str, str]:
        """Return the environment of gateways at these ports of this machine that accept its tokens. What the
        environment of this process sets about names and origins is kept."""
        origins = [f"http://{host}:{port}" for port in ports for host in ("localhost", "127.0.0.1")]
        defaults = {"ALLOWED_HOSTS": "localhost,127.0.0.1", "ALLOWED_ORIGINS": ",".join(origins)}
        return {
            "JWT_KEYS": str(self.public_key),
            "JWT_ALGORITHMS": ALGORITHM,
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            **{name: os.environ.get(name) or value for name, value in defaults.items()},
        }

    def token(self, user: str, scope: str | None = None) -> str:
        """Return a token that is valid for LIFETIME. Raises UserError."""
        if not user:
            raise UserError("name the user: make token USER=ann")
        try:
            _user_id.validate_python(user)
        except ValidationError as error:
            raise UserError(f"USER {error.errors()[0]['msg']}") from None
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": now, "exp": now + LIFETIME_SECONDS}
        key = load_pem_private_key(self._private_key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return jwt.encode(claims | ({"scope": scope} if scope else {}), key, ALGORITHM)

    @property
    def _private_key(self) -> Path:
        return self.folder / "private.pem"
