"""Sign-in with OpenID Connect at a real issuer: the stack runs with AUTH=jwt."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, WebSocket, expect

from deploy.local.stack.state import Stack
from tests.browser.chat_page import (
    composer,
    connection_status,
    expect_texts,
    message,
    open_conversation,
    send,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.browser.issuer import Issuer, running_issuer
from tests.browser.person import THEME_RULES, Person, Theme, Width
from tests.conftest import StartStack
from tests.fixtures.notifier_processes import free_port


@pytest.fixture(scope="module")
def gateway_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def issuer(gateway_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    key = tmp_path_factory.mktemp("issuer") / "key.json"
    with running_issuer(free_port(), f"http://127.0.0.1:{gateway_port}/", key) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def stack(start_stack: StartStack, page_root: Path, issuer: Issuer, gateway_port: int) -> Stack:
    names = {"PORT": str(gateway_port), "PUBLIC_URL": issuer.page.rstrip("/"), "WEB_ROOT": str(page_root)}
    return start_stack(env={**names, **issuer.gateway_settings})


@pytest.fixture(autouse=True)
def _usual_token_life(issuer: Issuer) -> None:
    issuer.set_token_life(300)


@pytest.fixture
async def person(browser: Browser, stack: Stack) -> AsyncIterator[OpenPage]:
    opened_pages: list[Person] = []

    async def open_page(
        name: str, *, theme: Theme = "light", width: Width = "desktop", locale: str = "en-GB"
    ) -> Person:
        opened_pages.append(await Person.open(browser, name, stack.gateways[0], theme, width, locale))
        return opened_pages[-1]

    yield open_page
    for opened in opened_pages:
        await opened.context.close()
    errors = [f"{opened.name}: {error}" for opened in opened_pages for error in opened.page_errors]
    assert not errors, "\n".join(errors)


async def go_to_issuer(person: Person) -> None:
    await person.page.get_by_role("button", name="Sign in").click()
    await expect(person.page.get_by_label("Name")).to_be_visible()


async def sign_in(person: Person, user: str | None = None) -> None:
    """Sign in at the issuer, as the page's own person unless as `user`."""
    name = user or person.name
    await go_to_issuer(person)
    await person.page.get_by_label("Name").fill(name)
    await person.page.get_by_role("button", name="Allow").click()
    await expect(person.page.get_by_role("button", name=f"Signed in as {name}")).to_be_visible()
    await wait_until_online(person)


async def sign_out(person: Person) -> None:
    await person.page.get_by_role("button", name="Signed in as").click()
    await person.page.get_by_role("menuitem", name="Sign out").click()
    await person.page.get_by_role("button", name="Confirm").click()
    await expect(person.page.get_by_role("heading", name="Sign in to Parley")).to_be_visible()


async def stored_keys(page: Page) -> list[str]:
    keys = await page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return [str(key) for key in keys]


async def test_two_people_sign_in_and_write_to_each_other(person: OpenPage) -> None:
    ann, bob = await person("ann"), await person("bob")
    await sign_in(ann)
    await sign_in(bob)
    await open_conversation(ann, "bob")
    await send(ann, "over the issuer")
    await expect(message(ann, "over the issuer").get_by_role("img", name="Sent")).to_be_visible()
    await open_conversation(bob, "ann")
    await expect_texts(bob, ["over the issuer"])
    await expect(ann.page.get_by_text("identities are not checked")).not_to_be_attached()


async def test_no_address_contains_a_token_or_a_user(person: OpenPage) -> None:
    cat = await person("cat")
    addresses: list[str] = []
    cat.page.on("request", lambda request: addresses.append(request.url))
    cat.page.on("websocket", lambda socket: addresses.append(socket.url))
    await sign_in(cat)
    await open_conversation(cat, "dan")
    await send(cat, "hello")
    await expect(message(cat, "hello").get_by_role("img", name="Sent")).to_be_visible()
    calls = [address for address in addresses if re.search(r"/(messages|ws)\b", address)]
    assert any("/ws" in address for address in calls)
    assert not [address for address in calls if re.search(r"meId=|token=|eyJ", address)]


async def test_a_reload_stays_signed_in_and_a_link_survives_sign_in(person: OpenPage) -> None:
    eve = await person("eve")
    await eve.page.evaluate("location.hash = 'to/fay'")
    await sign_in(eve)
    await expect(composer(eve)).to_be_visible()
    assert eve.page.url.endswith("/#to/fay")
    await eve.page.reload()
    await wait_until_online(eve)
    await expect(composer(eve)).to_be_visible()


async def test_tokens_are_renewed_over_the_open_socket(person: OpenPage, issuer: Issuer) -> None:
    gil = await person("gil")
    issuer.set_token_life(8)
    sockets: list[WebSocket] = []
    renewals: list[str | bytes] = []

    def watch(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framesent", lambda frame: renewals.append(frame) if '"auth"' in str(frame) else None)

    gil.page.on("websocket", watch)
    await sign_in(gil)
    # Two renewals are 12 s: beyond the life of the token of the handshake.
    for _ in range(2):
        async with gil.page.expect_response(
            lambda response: response.url == f"{issuer.url}/token", timeout=60_000
        ):
            pass
    await open_conversation(gil, "hal")
    await send(gil, "still here")
    await expect(message(gil, "still here").get_by_role("img", name="Sent")).to_be_visible()
    assert len(renewals) >= 2
    assert [socket.is_closed() for socket in sockets] == [False]


async def test_sign_out_deletes_what_was_written_in_every_tab(person: OpenPage) -> None:
    ida = await person("ida")
    await sign_in(ida)
    await open_conversation(ida, "jon")
    await composer(ida).fill("a draft")
    tab = await ida.context.new_page()
    await tab.goto(ida.page.url)
    await tab.get_by_role("button", name="Sign in").click()  # the issuer still knows ida
    await expect(tab.get_by_role("textbox", name="Message to")).to_have_value("a draft")
    await sign_out(ida)
    await expect(tab.get_by_role("heading", name="Sign in to Parley")).to_be_visible()
    for page in (ida.page, tab):
        assert not [key for key in await stored_keys(page) if re.search(r"draft|outbox|tokens", key)]
    await go_to_issuer(ida)  # the issuer asks again


async def test_a_duplicated_tab_uses_no_token_of_the_first(person: OpenPage, issuer: Issuer) -> None:
    """An issuer that rotates refresh tokens takes the second use of one for theft, and ends both sessions."""
    bea = await person("bea")
    await sign_in(bea)
    before = await bea.page.evaluate("sessionStorage.getItem('parley/tokens')")
    async with bea.page.expect_popup() as popup:
        await bea.page.evaluate("window.open(location.href)")  # a copy of its sessionStorage, as a duplicate
    copy = await popup.value
    await expect(copy.get_by_role("heading", name="Sign in to Parley")).to_be_visible()
    assert await copy.evaluate("sessionStorage.getItem('parley/tokens')") is None
    assert await bea.page.evaluate("sessionStorage.getItem('parley/tokens')") == before
    await copy.get_by_role("button", name="Sign in").click()  # the issuer still knows bea
    await expect(copy.get_by_role("button", name="Signed in as bea")).to_be_visible()
    for page in (copy, bea.page):
        await page.reload()
        await expect(page.get_by_role("button", name="Signed in as bea")).to_be_visible()


async def test_unsent_messages_wait_for_their_own_user(person: OpenPage, stack: Stack) -> None:
    """A session ends with an unsent message. Another user signs in, in the same tab; then the first one."""
    kim = await person("kim")
    await sign_in(kim)
    await open_conversation(kim, "lea")
    kim.tolerates_disconnects = True
    await kim.context.set_offline(True)
    await expect(connection_status(kim)).to_contain_text("Reconnecting")
    await send(kim, "in my name only")
    await expect(message(kim, "in my name only").get_by_role("img", name="Sending")).to_be_visible()
    await kim.page.evaluate("sessionStorage.clear()")
    await kim.page.goto("about:blank")
    await kim.context.clear_cookies()
    await kim.context.set_offline(False)

    await kim.page.goto(stack.gateways[0])
    await sign_in(kim, "max")
    await open_conversation(kim, "lea")
    await send(kim, "it is max")
    await expect(message(kim, "it is max").get_by_role("img", name="Sent")).to_be_visible()
    await expect_texts(kim, ["it is max"])
    await sign_out(kim)

    await sign_in(kim)
    await open_conversation(kim, "lea")
    await expect(message(kim, "in my name only").get_by_role("img", name="Sent")).to_be_visible()
    await expect_texts(kim, ["in my name only"])


async def test_a_refusal_at_the_issuer_is_shown(person: OpenPage) -> None:
    mia = await person("mia")
    await go_to_issuer(mia)
    await mia.page.get_by_role("button", name="Deny").click()
    await expect(mia.page.get_by_role("alert")).to_have_text("Sign-in was cancelled or not allowed.")
    assert "?" not in mia.page.url
    await sign_in(mia)


async def test_a_session_that_the_issuer_ends_asks_to_sign_in_again(person: OpenPage, issuer: Issuer) -> None:
    ned = await person("ned")
    issuer.set_token_life(8)
    await sign_in(ned)
    issuer.revoke("ned")
    await expect(ned.page.get_by_role("alert")).to_contain_text("Your session has ended", timeout=60_000)
    await ned.expect_page_error("status of 400")
    assert "parley/tokens" not in await stored_keys(ned.page)


async def revoke(stack: Stack, issuer: Issuer, user: str) -> None:
    """Revoke the user's tokens, as an operator."""
    headers = {"Authorization": f"Bearer {issuer.operator_token()}"}
    async with httpx.AsyncClient(base_url=stack.admin["gateway"], headers=headers, timeout=30) as http:
        answer = await http.post("/revoke", json={"userId": user})
    assert answer.status_code == 202, answer.text


async def test_a_user_revoked_here_and_at_the_issuer_is_shown_that_the_session_has_ended(
    person: OpenPage, issuer: Issuer, stack: Stack
) -> None:
    tom = await person("tom")
    await sign_in(tom)
    await open_conversation(tom, "una")
    await composer(tom).fill("half a message")
    issuer.revoke("tom")
    await revoke(stack, issuer, "tom")
    await expect(tom.page.get_by_role("alert")).to_contain_text("Your session has ended", timeout=60_000)
    await expect(tom.page.get_by_role("heading", name="Sign in to Parley")).to_be_visible()
    await tom.expect_page_error("status of 400")  # of the issuer, for the refresh token
    keys = await stored_keys(tom.page)
    assert "parley/tokens" not in keys
    assert [key for key in keys if "draft" in key]


async def test_a_user_revoked_here_alone_goes_on_with_a_new_token(
    person: OpenPage, issuer: Issuer, stack: Stack
) -> None:
    """So the issuer comes first when a user is to be locked out."""
    wes = await person("wes")
    await sign_in(wes)
    await open_conversation(wes, "xia")
    revoked_at = time.time()

    async def renew_in_a_later_second(route: Route) -> None:
        while int(time.time()) <= int(revoked_at):  # `iat` has whole seconds
            await asyncio.sleep(0.02)
        await route.continue_()

    await wes.page.route(f"{issuer.url}/token", renew_in_a_later_second)
    async with wes.page.expect_response(f"{issuer.url}/token", timeout=60_000):
        await revoke(stack, issuer, "wes")
        revoked_at = time.time()
    await wait_until_online(wes)
    await send(wes, "with a new token")
    await expect(message(wes, "with a new token").get_by_role("img", name="Sent")).to_be_visible()
    await expect(wes.page.get_by_role("alert")).not_to_be_attached()


SHIFT_CLOCK = """(milliseconds => {
    const Real = Date;
    globalThis.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now() + milliseconds); }
        static now() { return Real.now() + milliseconds; }
    };
})"""


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_device_with_a_wrong_clock_signs_in_and_stays_signed_in(
    person: OpenPage, issuer: Issuer, minutes: int
) -> None:
    yve = await person(f"yve{minutes}")
    issuer.set_token_life(8)
    await yve.context.add_init_script(f"{SHIFT_CLOCK}({minutes * 60_000})")
    await yve.page.reload()
    shift = await yve.page.evaluate("Date.now()") / 1_000 - time.time()
    assert abs(shift - minutes * 60) < 60
    await sign_in(yve)
    issuer.set_token_life(300)
    async with yve.page.expect_response(f"{issuer.url}/token", timeout=60_000) as renewal:
        pass
    assert (await renewal.value).status == 200
    await open_conversation(yve, "zoe")
    await send(yve, "on time")
    await expect(message(yve, "on time").get_by_role("img", name="Sent")).to_be_visible()
    await yve.page.reload()
    await wait_until_online(yve)
    await expect_texts(yve, ["on time"])


async def test_an_issuer_that_is_away_is_tried_again(person: OpenPage, issuer: Issuer) -> None:
    ola = await person("ola")
    ola.tolerates_disconnects = True
    issuer.stop()
    await ola.page.get_by_role("button", name="Sign in").click()
    await expect(ola.page.get_by_role("alert")).to_contain_text("Can't reach the sign-in service")
    issuer.start()
    issuer.set_token_life(8)
    await ola.page.get_by_role("button", name="Try again").click()
    await ola.page.get_by_label("Name").fill("ola")
    await ola.page.get_by_role("button", name="Allow").click()
    await wait_until_online(ola)

    async def abort(route: Route) -> None:
        await route.abort()

    await ola.page.route(f"{issuer.url}/**", abort)
    await expect(connection_status(ola)).to_contain_text("Can't reach the sign-in service", timeout=60_000)
    await ola.screenshot("issuer-away")
    await ola.expect_accessible()
    async with ola.page.expect_request(f"{issuer.url}/**"):
        await connection_status(ola).get_by_role("button", name="Try again").click()
    await ola.page.unroute_all()
    await wait_until_online(ola)


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_axe_finds_no_violation(person: OpenPage, width: Width) -> None:
    pia = await person("pia", width=width)
    await expect(pia.page.get_by_role("button", name="Sign in")).to_be_visible()
    for name in ("sign-in", "sign-in-denied"):
        await pia.set_theme("light")
        await pia.screenshot(name)
        await pia.expect_accessible()
        await pia.set_theme("dark")
        await pia.screenshot(name)
        await pia.expect_accessible(THEME_RULES)
        if name == "sign-in":
            await go_to_issuer(pia)
            await pia.page.get_by_role("button", name="Deny").click()
            await expect(pia.page.get_by_role("alert")).to_be_visible()
