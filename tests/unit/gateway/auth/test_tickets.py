"""WebSocket tickets: sealed for one principal, good for one socket within 30 seconds."""

import asyncio
import base64
import os
import string
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth import ticket_keys
from gateway.auth.credentials import Credentials
from gateway.auth.dev import DevAuthenticator
from gateway.auth.principal import Principal
from gateway.auth.tickets import TICKET_SECONDS, InvalidTicket, TicketAuthenticator, TicketSealer, is_ticket
from gateway.store.client import StoreUnavailable
from shared.http.problems import Problem

NOW = 1_800_000_000.0
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
"""Of base64url."""
OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32
ANN = Principal("ann", expires_at=NOW + 600, issued_at=NOW - 600, name="Ann")

users = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=128)
times = st.none() | st.floats(NOW + 31, NOW + 1e6)
principals = st.builds(
    Principal,
    users,
    st.frozensets(st.sampled_from(["user", "service", "operator"])),
    times,
    times,
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
)


def sealer(*keys: bytes, at: float = NOW) -> TicketSealer:
    return TicketSealer(keys or [NEW_KEY], now=lambda: at)


@dataclass
class UsedTickets:
    away: bool = False
    used: set[str] = field(default_factory=set)

    async def redeem_ticket(self, ticket_id: str, expires_at: str) -> bool:
        if self.away:
            raise StoreUnavailable("away")
        is_new = ticket_id not in self.used
        self.used.add(ticket_id)
        await asyncio.sleep(0)
        return is_new


async def redeem(
    ticket: str, store: UsedTickets, *keys: bytes, at: float = NOW, authorization: Sequence[str] = ()
) -> Principal:
    authenticator = TicketAuthenticator(sealer(*keys, at=at), store, DevAuthenticator())
    return await authenticator.authenticate(Credentials(url_tokens=[ticket], authorization=authorization))


async def refused_status(ticket: str, store: UsedTickets, *keys: bytes, at: float = NOW) -> int:
    with pytest.raises(Problem) as refused:
        await redeem(ticket, store, *keys, at=at)
    return refused.value.status


@given(principals)
def test_a_ticket_holds_the_principal_that_it_was_sealed_for(principal: Principal) -> None:
    ticket = sealer().seal(principal)
    assert ticket.expires_at == NOW + TICKET_SECONDS
    assert sealer().open(ticket.text).principal == principal


@given(users)
def test_no_user_id_is_taken_for_a_ticket(user: str) -> None:
    assert not is_ticket(user)
    assert not is_ticket("pt1." + user[:124])
    assert is_ticket(sealer().seal(Principal(user)).text)


@given(st.text(max_size=300).map(lambda text: "pt1." + text))
def test_whatever_is_sent_as_a_ticket_is_invalid_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidTicket):
        sealer().open(text)


@given(st.data())
def test_a_ticket_of_which_any_bit_was_changed_is_invalid(data: st.DataObject) -> None:
    sealed = bytearray(base64.urlsafe_b64decode(sealer().seal(ANN).text.removeprefix("pt1.") + "=="))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidTicket):
        sealer().open("pt1." + base64.urlsafe_b64encode(sealed).decode().rstrip("="))


@pytest.mark.parametrize("name", ["a", "an", "ann"])  # each leaves another number of bits unused
def test_a_ticket_has_one_spelling(name: str) -> None:
    text = sealer().seal(Principal(name)).text
    last = ALPHABET.index(text[-1])
    for other in (text + "=", text + "==", *(text[:-1] + ALPHABET[last ^ bit] for bit in (1, 2, 8))):
        with pytest.raises(InvalidTicket):
            sealer().open(other)


def test_a_ticket_shows_nothing_of_the_user() -> None:
    text = sealer().seal(Principal("a-user-with-a-long-name")).text
    assert b"a-user" not in base64.urlsafe_b64decode(text.removeprefix("pt1.") + "==")
    assert sealer().seal(ANN).text != sealer().seal(ANN).text


async def test_a_ticket_works_once() -> None:
    store, ticket = UsedTickets(), sealer().seal(ANN).text
    assert await redeem(ticket, store) == ANN
    assert await refused_status(ticket, store) == 401


async def test_of_two_gateways_that_get_a_ticket_at_once_exactly_one_takes_it() -> None:
    store, ticket = UsedTickets(), sealer().seal(ANN).text
    outcomes = await asyncio.gather(*(redeem(ticket, store) for _ in range(2)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Principal, Problem]


async def test_after_30_seconds_a_ticket_is_refused_and_not_used_up() -> None:
    store, ticket = UsedTickets(), sealer().seal(ANN).text
    assert await refused_status(ticket, store, at=NOW + 30) == 401
    assert await refused_status(ticket, store, at=NOW + 31) == 401
    assert await redeem(ticket, store, at=NOW + 29.9) == ANN


async def test_a_ticket_of_a_token_that_has_expired_is_refused() -> None:
    ticket = sealer().seal(Principal("ann", expires_at=NOW + 10)).text
    assert await refused_status(ticket, UsedTickets(), at=NOW + 10) == 401


async def test_keys_rotate_without_a_gap() -> None:
    """Every gateway gets the new key last, then first, then alone."""
    store = UsedTickets()
    assert await redeem(sealer(OLD_KEY).seal(ANN).text, store, OLD_KEY, NEW_KEY) == ANN
    assert await redeem(sealer(OLD_KEY, NEW_KEY).seal(ANN).text, store, NEW_KEY, OLD_KEY) == ANN
    assert await redeem(sealer(NEW_KEY, OLD_KEY).seal(ANN).text, store, OLD_KEY, NEW_KEY) == ANN
    assert await redeem(sealer(NEW_KEY, OLD_KEY).seal(ANN).text, store, NEW_KEY) == ANN


async def test_a_ticket_that_a_removed_key_sealed_is_refused() -> None:
    assert await refused_status(sealer(OLD_KEY).seal(ANN).text, UsedTickets(), NEW_KEY) == 401


async def test_a_token_at_another_place_must_be_of_the_same_user() -> None:
    store = UsedTickets()
    with pytest.raises(Problem, match="unauthenticated"):
        await redeem(sealer().seal(ANN).text, store, authorization=["Bearer bob"])
    assert not store.used
    assert await redeem(sealer().seal(ANN).text, store, authorization=["Bearer ann"]) == ANN


async def test_two_tickets_are_refused() -> None:
    tickets = [sealer().seal(ANN).text for _ in range(2)]
    authenticator = TicketAuthenticator(sealer(), UsedTickets(), DevAuthenticator())
    with pytest.raises(Problem, match="unauthenticated"):
        await authenticator.authenticate(Credentials(url_tokens=tickets))


async def test_while_the_store_is_away_a_ticket_can_be_tried_later() -> None:
    assert await refused_status(sealer().seal(ANN).text, UsedTickets(away=True)) == 503


async def test_what_is_no_ticket_is_left_to_the_other_authenticator() -> None:
    assert (await redeem("ann", UsedTickets(away=True))).user_id == "ann"


def test_without_keys_each_process_has_one_of_its_own() -> None:
    first, second = TicketSealer([]), TicketSealer([])
    text = first.seal(Principal("ann")).text
    assert first.open(text).user_id == "ann"
    with pytest.raises(InvalidTicket):
        second.open(text)


def test_keys_are_base64_separated_by_commas() -> None:
    keys = [os.urandom(32), os.urandom(32)]
    text = ", ".join(base64.b64encode(key).decode() for key in keys)
    assert ticket_keys.parse(text) == keys
    assert ticket_keys.parse("") == []


def test_a_key_that_is_easy_to_guess_is_refused() -> None:
    with pytest.raises(ValueError, match="too easy to guess"):
        ticket_keys.parse(base64.b64encode(bytes(32)).decode())


@pytest.mark.parametrize("text", ["secret", "c2VjcmV0", "%", "A" * 44, "ä" * 44])
def test_a_wrong_key_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="must be 32 bytes in base64") as refused:
        ticket_keys.parse(text)
    assert text == "%" or text not in str(refused.value)
