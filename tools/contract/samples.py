"""One entry of each type for the documents: Alice and Bob chat, Carol joins a group."""

from typing import Any

from pydantic import BaseModel

from shared.contract import entries, ids
from shared.contract.codec import encode
from shared.contract.kinds.user_revoked import user_key
from shared.contract.position import Position

_EPOCH = "7f3a9c0d1e5b2468"
_TIME = "2026-01-15T09:30:00.250Z"
_DIRECT = ids.direct_conversation_id("alice", "bob")
_GROUP = ids.group_conversation_id("alice", "trip-to-lisbon")
_MESSAGE = ids.message_id(_DIRECT, "alice", "c-1")
_BOTH = ["alice", "bob"]
_ALL = ["alice", "bob", "carol"]


def samples() -> dict[str, BaseModel]:
    """By type."""
    made = [_sent(), _started(), _added(), _removed(), _read(), _revoked(), _rejected()]
    return {entry.type: entry for entry in made}


def sample_bytes() -> dict[str, bytes]:
    """By type, as they would stand in Kafka."""
    return {kind: encode(entry) for kind, entry in samples().items()}


def _envelope(offset: int, actor: str, subject: str) -> dict[str, Any]:
    return {
        "id": str(Position(_EPOCH, 3, offset)),
        "source": "parley",
        "subject": subject,
        "time": _TIME,
        "actor": actor,
    }


def _group(version: int, members: list[str]) -> dict[str, Any]:
    return {
        "conversation_id": _GROUP,
        "kind": "group",
        "title": "Trip to Lisbon",
        "members": members,
        "member_count": len(members),
        "created_at": _TIME,
        "updated_at": _TIME,
        "version": version,
        "audience": _ALL,
    }


def _sent() -> entries.Entry:
    data = entries.SentData(
        id=_MESSAGE,
        conversation_id=_DIRECT,
        seq=1,
        sender_id="alice",
        text="Grüße aus Lissabon 🌞",
        created_at=_TIME,
        version=42,
        client_id="c-1",
        audience=_BOTH,
    )
    return entries.MessageSentEntry(**_envelope(42, "alice", _DIRECT), data=data)


def _started() -> entries.Entry:
    data = entries.ConversationData(
        conversation_id=_DIRECT,
        kind="direct",
        title=None,
        members=_BOTH,
        member_count=2,
        created_at=_TIME,
        updated_at=_TIME,
        version=41,
        audience=_BOTH,
    )
    return entries.ConversationStartedEntry(**_envelope(41, "alice", _DIRECT), data=data)


def _added() -> entries.Entry:
    data = entries.MembershipData(**_group(44, _ALL), user_id="carol")
    return entries.MemberAddedEntry(**_envelope(44, "alice", _GROUP), data=data)


def _removed() -> entries.Entry:
    data = entries.MembershipData(**_group(45, _BOTH), user_id="carol")
    return entries.MemberRemovedEntry(**_envelope(45, "carol", _GROUP), data=data)


def _read() -> entries.Entry:
    data = entries.ReadData(conversation_id=_DIRECT, user_id="bob", up_to=1, version=43, audience=_BOTH)
    return entries.ReadMovedEntry(**_envelope(43, "bob", _DIRECT), data=data)


def _revoked() -> entries.Entry:
    data = entries.RevocationData(user_id="carol", revoked_at=_TIME, audience=[])
    return entries.UserRevokedEntry(**_envelope(47, "ops", user_key("carol")), data=data)


def _rejected() -> entries.Entry:
    data = entries.RejectedData(
        conversation_id=_DIRECT,
        id=ids.message_id(_DIRECT, "mallory", "c-9"),
        client_id="c-9",
        reason="not_found",
        audience=["mallory"],
    )
    return entries.EventRejectedEntry(**_envelope(46, "mallory", _DIRECT), data=data)
