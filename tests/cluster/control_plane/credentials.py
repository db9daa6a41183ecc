"""Certificates, keys, tokens and kubeconfigs of one cluster.

Callers authenticate by bearer token; the server by a certificate for 127.0.0.1.
"""

import json
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.fixtures.certificates import Authority

API_PORT = 6443
SERVER = f"https://127.0.0.1:{API_PORT}"
USERS: Mapping[str, tuple[str, str]] = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
}
"""User name and group by the name of a kubeconfig."""


@dataclass(frozen=True)
class Credentials:
    folder: Path
    tokens: Mapping[str, str]
    """By the name of a kubeconfig."""

    @classmethod
    def create(cls, folder: Path) -> "Credentials":
        """Write all files into the folder."""
        folder.mkdir(mode=0o700)
        created = cls(folder, {name: secrets.token_hex(16) for name in USERS})
        authority = Authority(folder, "cluster")
        authority.issue("api-server")
        created._write_token_file()
        created._write_service_account_key()
        for name in USERS:
            created.kubeconfig(name).write_text(created._kubeconfig_text(name))
        return created

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def server_certificate(self) -> Path:
        """With its key."""
        return self.folder / "api-server.pem"

    @property
    def token_file(self) -> Path:
        return self.folder / "tokens.csv"

    @property
    def service_account_key(self) -> Path:
        return self.folder / "service-account.key"

    @property
    def service_account_public_key(self) -> Path:
        return self.folder / "service-account.pub"

    def kubeconfig(self, name: str) -> Path:
        return self.folder / f"{name}.kubeconfig"

    def tls_context(self) -> ssl.SSLContext:
        """For a client of the API server."""
        return ssl.create_default_context(cafile=str(self.authority))

    def _write_token_file(self) -> None:
        lines = [f"{self.tokens[name]},{user},{name},{group}" for name, (user, group) in USERS.items()]
        self.token_file.write_text("\n".join(lines) + "\n")

    def _write_service_account_key(self) -> None:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        self.service_account_key.write_bytes(private)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.service_account_public_key.write_bytes(public)

    def _kubeconfig_text(self, name: str) -> str:
        """Return JSON, which is YAML."""
        cluster = {"server": SERVER, "certificate-authority": str(self.authority)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": self.tokens[name]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
            "current-context": "test",
        }
        return json.dumps(config)
