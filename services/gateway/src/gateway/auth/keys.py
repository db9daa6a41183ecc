"""The public keys that tokens are verified with, from a JWKS (RFC 7517) or from PEM.

Only asymmetric algorithms are known, and each key is bound to those of its own type: so no public key can
serve as the secret of an HMAC (RFC 8725, section 2.1).
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from jwt import PyJWK

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

MAX_KEYS = 32
_MIN_RSA_BITS, _MAX_RSA_BITS = 2_048, 8_192  # a larger one costs milliseconds a token
_RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_EC_ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
"""By the name of the curve."""
ALGORITHMS = (*_RSA_ALGORITHMS, *_EC_ALGORITHMS.values(), "EdDSA")

_pem = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


class InvalidKeys(ValueError):
    """The text is not a set of keys, or not one that can be used. The message gives the reason, without
    content."""


class NoUsableKey(InvalidKeys):
    """The text is a set of keys, but none that tokens can be verified with."""


class VerificationKey(NamedTuple):
    key: PublicKey
    algorithms: frozenset[str]
    kid: str | None = None
    """None: the key of a PEM, which serves every `kid`."""

    def verifies(self, algorithm: str, kid: str | None) -> bool:
        """Whether the key may verify a token whose header names these."""
        return algorithm in self.algorithms and (self.kid is None or kid is None or kid == self.kid)


def parse_keys(text: str, allowed: Collection[str]) -> tuple[VerificationKey, ...]:
    """Parse a JWKS, or one or several PEM (public keys or certificates). Keys for other uses and of unknown
    types are left out, and so is any that fits none of the `allowed` algorithms. Raises InvalidKeys, and
    NoUsableKey when no key is left."""
    found = _parse_pem(text) if text.lstrip().startswith("-----") else _parse_jwks(text)
    keys = tuple(
        key._replace(algorithms=algorithms) for key in found if (algorithms := key.algorithms & set(allowed))
    )
    if not keys:
        raise NoUsableKey(f"has no public key for {', '.join(sorted(allowed))}")
    if len(keys) > MAX_KEYS:
        raise InvalidKeys(f"has more than {MAX_KEYS} keys")
    return keys


def _parse_pem(text: str) -> Iterator[VerificationKey]:
    if _pem.search(text) is None:
        raise InvalidKeys("is a PEM without its end")
    for block in _pem.finditer(text):
        pem = block[0].encode()
        try:
            is_certificate = block[1] == "CERTIFICATE"
            key: object = (
                load_pem_x509_certificate(pem).public_key() if is_certificate else load_pem_public_key(pem)
            )
        except UnsupportedAlgorithm:
            continue
        except (ValueError, TypeError):
            raise InvalidKeys(f"has a PEM that is no public key: {block[1]}") from None
        if isinstance(key, PublicKey):
            yield VerificationKey(key, _algorithms_of(key))


def _parse_jwks(text: str) -> Iterator[VerificationKey]:
    try:
        document = json.loads(text)
        entries = document["keys"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise InvalidKeys("is no JSON object with `keys`, and no PEM") from None
    if not isinstance(entries, list):
        raise InvalidKeys("has `keys` that are no list")
    for jwk in entries:
        if isinstance(jwk, dict) and jwk.get("use", "sig") == "sig":
            yield from _parse_jwk(jwk)


def _parse_jwk(jwk: dict[str, Any]) -> Iterator[VerificationKey]:
    """One that cannot be used is left out: other keys of the set may be."""
    kid, declared = jwk.get("kid"), jwk.get("alg")
    try:
        key = PyJWK(jwk).key
    except Exception:  # the set is another party's: nothing in it may end this process
        return
    if not isinstance(key, PublicKey):  # symmetric, or private
        return
    algorithms = _algorithms_of(key)
    if declared is not None:
        algorithms &= {declared} if isinstance(declared, str) else set()
    yield VerificationKey(key, algorithms, kid if isinstance(kid, str) else None)


def _algorithms_of(key: PublicKey) -> frozenset[str]:
    match key:
        case RSAPublicKey():
            return frozenset(_RSA_ALGORITHMS if _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS else ())
        case EllipticCurvePublicKey():
            algorithm = _EC_ALGORITHMS.get(key.curve.name)
            return frozenset() if algorithm is None else frozenset({algorithm})
        case Ed25519PublicKey():
            return frozenset({"EdDSA"})
