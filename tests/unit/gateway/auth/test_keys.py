"""What a JWKS or a PEM may hold, and which algorithms each key may verify."""

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from gateway.auth.keys import ALGORITHMS, MAX_KEYS, InvalidKeys, NoUsableKey, parse_keys
from tests.fixtures.issuer import SigningKey, rsa_key

RSA, EC, ED = (
    SigningKey(rsa_key()),
    SigningKey(ec.generate_private_key(ec.SECP256R1()), "ES256"),
    SigningKey(Ed25519PrivateKey.generate(), "EdDSA"),
)


def jwks(*keys: object) -> str:
    return json.dumps({"keys": keys})


def without_alg(key: SigningKey) -> dict[str, Any]:
    return {name: value for name, value in key.jwk().items() if name != "alg"}


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        (RSA, {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
        (EC, {"ES256"}),
        (ED, {"EdDSA"}),
    ],
)
def test_a_key_verifies_the_algorithms_of_its_type(key: SigningKey, algorithms: set[str]) -> None:
    (from_jwks,) = parse_keys(jwks(without_alg(key)), ALGORITHMS)
    (from_pem,) = parse_keys(key.pem().decode(), ALGORITHMS)
    assert from_jwks.algorithms == from_pem.algorithms == algorithms
    assert (from_jwks.kid, from_pem.kid) == (key.kid, None)


def test_the_alg_of_a_key_and_the_setting_narrow_it() -> None:
    (key,) = parse_keys(jwks(RSA.jwk()), ALGORITHMS)
    assert key.algorithms == {"RS256"}
    (key,) = parse_keys(jwks(without_alg(RSA)), ["PS256", "ES256"])
    assert key.algorithms == {"PS256"}


def test_a_pem_may_hold_several_keys() -> None:
    assert len(parse_keys((RSA.pem() + EC.pem()).decode(), ALGORITHMS)) == 2


_SMALL = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)  # noqa: S505  # too small on purpose
_PRIVATE = json.loads(RSAAlgorithm.to_jwk(rsa_key()))


@pytest.mark.parametrize(
    "unusable",
    [
        {"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {**RSA.jwk(), "use": "enc"},
        {**RSA.jwk(), "alg": "HS256"},
        {**RSA.jwk(), "alg": ["RS256"]},
        {**RSA.jwk(), "n": "!"},
        {"kty": "RSA"},
        {"kty": ["RSA"]},
        SigningKey(_SMALL).jwk(),
        {**RSA.jwk(), "n": "_" * 1_400},
        SigningKey(ec.generate_private_key(ec.SECP256K1()), "ES256K").jwk(),
        {**without_alg(EC), "crv": "P-384"},
        {**without_alg(EC), "x": "AAAA"},
        _PRIVATE,
        3,
        None,
    ],
)
def test_a_key_that_cannot_be_used_is_left_out(unusable: object) -> None:
    assert len(parse_keys(jwks(unusable, RSA.jwk()), ALGORITHMS)) == 1
    with pytest.raises(NoUsableKey):
        parse_keys(jwks(unusable), ALGORITHMS)


_PRIVATE_PEM = EC.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
_DSA_PEM = (
    dsa.generate_private_key(2_048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "3", "{}", '{"keys":{}}', '{"keys":[]}', "[" * 100_000),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        _PRIVATE_PEM,
        _DSA_PEM,
        jwks(*[{**RSA.jwk(), "kid": f"{number}"} for number in range(MAX_KEYS + 1)]),
    ],
)
def test_a_text_without_usable_keys_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeys) as refused:
        parse_keys(text, ALGORITHMS)
    assert "AAAA" not in str(refused.value)
    assert isinstance(refused.value, NoUsableKey) is (text in ('{"keys":[]}', _DSA_PEM))


def test_a_file_that_is_being_written_is_no_set_of_keys() -> None:
    """Its keys are not withdrawn."""
    for text in (EC.pem().decode()[:60], jwks(EC.jwk())[:60]):
        with pytest.raises(InvalidKeys) as refused:
            parse_keys(text, ALGORITHMS)
        assert not isinstance(refused.value, NoUsableKey)


@given(
    st.dictionaries(
        st.sampled_from(["kty", "use", "alg", "kid", "crv", "n", "e", "x", "y", "d", "k"]),
        st.one_of(
            st.none(),
            st.integers(),
            st.text("AQab-_=!é", max_size=8),
            st.sampled_from(["RSA", "EC", "OKP", "oct", "AQAB", "P-256", "Ed25519", "sig", "RS256", "ES256"]),
            st.lists(st.integers(), max_size=2),
        ),
    )
)
def test_no_jwk_makes_the_parser_fail_otherwise(jwk: dict[str, object]) -> None:
    (key,) = parse_keys(jwks({**jwk, "use": "enc"}, EC.jwk()), ALGORITHMS)
    assert key.kid == EC.kid
    assert parse_keys(jwks(jwk, EC.jwk()), ALGORITHMS)[-1].kid == EC.kid


def test_a_pem_of_an_unknown_algorithm_is_left_out() -> None:
    der = ED.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    unknown = der.replace(bytes.fromhex("06032b6570"), bytes.fromhex("06032b6563"))
    pem = f"-----BEGIN PUBLIC KEY-----\n{b64encode(unknown).decode()}\n-----END PUBLIC KEY-----\n"
    assert len(parse_keys(pem + EC.pem().decode(), ALGORITHMS)) == 1
    with pytest.raises(InvalidKeys):
        parse_keys(pem, ALGORITHMS)
