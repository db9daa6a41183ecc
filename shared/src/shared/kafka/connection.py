"""How a client connects: aiokafka's arguments for it, and why a broker refuses it."""

import asyncio
import ssl
from typing import Any

import structlog
from aiokafka.conn import create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

from shared.kafka.types import AccessDenied
from shared.runtime.kafka_settings import KafkaSettings

log = structlog.get_logger()

Kafka = KafkaSettings | str
"""The settings of a process; or host:port of a broker without TLS and SASL, for tests and tools."""

_PROBE_TIMEOUT_SECONDS = 3.0
_SASL_REFUSED = (SaslAuthenticationFailed, UnsupportedSaslMechanismError, IllegalSaslStateError)
DENIED = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)


def connection_arguments(kafka: Kafka) -> dict[str, Any]:
    """Return the arguments by which every client of aiokafka connects. Files are read at each call, so that
    a new connection uses a renewed certificate. Raises ValueError if one cannot be used any more."""
    if isinstance(kafka, str):
        return {"bootstrap_servers": kafka}
    arguments: dict[str, Any] = {
        "bootstrap_servers": kafka.kafka_bootstrap,
        "security_protocol": kafka.kafka_security_protocol,
    }
    if kafka.uses_tls:
        arguments["ssl_context"] = kafka.tls_context()
    if kafka.uses_sasl:
        arguments["sasl_mechanism"] = kafka.kafka_sasl_mechanism
        arguments["sasl_plain_username"] = kafka.kafka_username
        arguments["sasl_plain_password"] = kafka.kafka_password.get_secret_value()
    return arguments


class ConnectionLog:
    """Logs why a client waits for a broker: once for each reason until it connects."""

    def __init__(self, kafka: Kafka, client_id: str) -> None:
        self._kafka = kafka
        self._context = {"bootstrap": bootstrap(kafka), "client": client_id}
        self._logged: set[str] = set()

    async def waiting(self, error: Exception) -> None:
        """The client could not connect: log `kafka.refused` if a broker answered and refused it, else
        `kafka.waiting`."""
        reason = await _refusal(self._kafka, error)
        event = "kafka.waiting" if reason is None else "kafka.refused"
        reason = reason or repr(error)
        if reason in self._logged:
            return
        self._logged.add(reason)
        (log.warning if event == "kafka.waiting" else log.error)(event, reason=reason, **self._context)

    def connected(self) -> None:
        if self._logged:
            log.info("kafka.connected", **self._context)
        self._logged.clear()


def bootstrap(kafka: Kafka) -> str:
    return kafka if isinstance(kafka, str) else kafka.kafka_bootstrap


def is_secured(kafka: Kafka) -> bool:
    return isinstance(kafka, KafkaSettings) and kafka.kafka_security_protocol != "PLAINTEXT"


def denied(error: BaseException) -> AccessDenied | None:
    """Return AccessDenied if the broker answered that this principal lacks a right."""
    if not isinstance(error, DENIED):
        return None
    return AccessDenied(f"Kafka denies this process a right that it needs (docs/hardening.md): {error}")


async def _refusal(kafka: Kafka, error: Exception) -> str | None:
    """Connect once, as aiokafka hides why `error` came; return the reason if a broker refused. TLS
    and SASL fail alike at every broker of a cluster: the first one stands for all."""
    if not is_secured(kafka):
        return None
    first = bootstrap(kafka).partition(",")[0].strip()
    host, _, port = first.rpartition(":")
    try:
        arguments = connection_arguments(kafka)
        del arguments["bootstrap_servers"]
        async with asyncio.timeout(_PROBE_TIMEOUT_SECONDS):
            connection = await create_conn(host.strip("[]"), int(port), client_id="parley-probe", **arguments)
            connection.close()
    except ssl.SSLCertVerificationError as refused:
        return f"the broker's certificate is not trusted: {refused.verify_message}; check KAFKA_CA_FILE"
    except ssl.SSLError as refused:
        return f"TLS failed: {refused}; check KAFKA_SECURITY_PROTOCOL, KAFKA_CERT_FILE and the listener"
    except _SASL_REFUSED as refused:
        return (
            f"authentication failed: {refused}; check KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD"
        )
    except (OSError, ValueError, KafkaError):
        return None
    if isinstance(error, TimeoutError | ClusterAuthorizationFailedError):  # a producer gets no id
        return "the broker lets this principal in, but not write: has it its rights (docs/hardening.md)?"
    return None
