"""Locators and actions on the web client, by ARIA roles and names; and the REST calls that prepare data."""

import re
from dataclasses import dataclass

import httpx
from playwright.async_api import Locator, expect

from deploy.local.stack import end_to_end
from tests.browser.person import Person


def messages(person: Person) -> Locator:
    """The rendered messages of the open conversation."""
    return person.page.get_by_role("log", name="Messages", exact=True).get_by_role("article")


def message(person: Person, text: str) -> Locator:
    return messages(person).filter(has_text=text)


def composer(person: Person) -> Locator:
    return person.page.get_by_role("textbox", name="Message to")


def conversation_links(person: Person) -> Locator:
    return person.page.get_by_role("navigation", name="Conversations").get_by_role("link")


def conversation_link(person: Person, name: str) -> Locator:
    return conversation_links(person).filter(has_text=name)


def switcher(person: Person) -> Locator:
    """The dialog that finds and starts conversations."""
    return person.page.get_by_role("dialog", name="Find or start a conversation")


def connection_status(person: Person) -> Locator:
    return person.page.get_by_role("status", name="Connection")


async def wait_until_online(*people: Person) -> None:
    """Wait until the pages are loaded and connected, with missed frames replayed."""
    for person in people:
        await expect(person.page.get_by_role("button", name="New conversation")).to_be_visible()
        await expect(connection_status(person)).to_be_attached()
        await expect(connection_status(person)).to_be_empty()


async def wait_for_lazy_components(person: Person) -> None:
    """Wait until the components that preload when idle are loaded."""
    await person.page.wait_for_function("""() => ["Switcher", "UserMenu"].every(part =>
        performance.getEntriesByType("resource").some(({name, responseEnd}) =>
            responseEnd > 0 && name.includes(part) && name.endsWith("js")))""")


async def open_conversation(person: Person, peer: str) -> None:
    """Open a conversation by keyboard: Ctrl+K, a name, Enter. A new one exists with its first message."""
    await person.page.keyboard.press("Control+k")
    dialog = switcher(person)
    await dialog.get_by_role("combobox", name="To").fill(peer)
    name = re.compile(rf"^{re.escape(peer)}$|“{re.escape(peer)}”$")
    await expect(dialog.get_by_role("option", name=name, selected=True)).to_be_visible()
    await person.page.keyboard.press("Enter")
    await expect(dialog).not_to_be_attached()
    await expect(composer(person)).to_be_visible()


def message_list(person: Person) -> Locator:
    """The scroll container of the messages."""
    return person.page.get_by_role("log", name="Messages", exact=True)


def jump_button(person: Person) -> Locator:
    """The button shown while the latest message is out of view."""
    return person.page.get_by_role("button", name="Jump to latest")


async def wait_for_thread(person: Person) -> None:
    """Wait until the open thread is at its initial position."""
    await expect(messages(person).first).to_be_attached()
    await expect(person.page.get_by_role("status", name="Loading messages")).not_to_be_attached()


async def scroll(person: Person, pixels: float) -> None:
    """Scroll the messages down by wheel; return when the list has moved."""
    await message_list(person).hover()
    before = await message_list(person).evaluate("list => list.scrollTop")
    await person.page.mouse.wheel(0, pixels)
    await person.page.wait_for_function(
        "before => document.querySelector('[role=log][tabindex]').scrollTop !== before", arg=before
    )


async def send(person: Person, *texts: str) -> None:
    """Send by Enter; on phones, where Enter is a new line, by the button."""
    for text in texts:
        await composer(person).fill(text)
        if person.width == "phone":
            await person.page.get_by_role("button", name="Send").click()
        else:
            await composer(person).press("Enter")


async def switch_user(person: Person, name: str) -> None:
    """Switch to another user in the same tab."""
    await person.page.get_by_role("button", name="Signed in as").click()
    await person.page.get_by_role("menuitem", name="Switch user").click()
    await person.page.get_by_role("textbox", name="Another name").fill(name)
    await person.page.keyboard.press("Enter")


async def open_shared_conversation(ann: Person, bob: Person) -> None:
    """Open an empty conversation of the two on both pages."""
    await wait_until_online(ann, bob)
    origin = ann.page.url.partition("/?")[0]
    started = await ann.page.request.post(
        f"{origin}/messages/start", params={"meId": ann.name}, data={"peerId": bob.name}
    )
    assert started.ok
    await open_conversation(ann, bob.name)
    await conversation_link(bob, ann.name).click()
    await expect(composer(bob)).to_be_visible()


async def expect_texts(person: Person, texts: list[str]) -> None:
    """Expect exactly these messages in this order. Messages being sent may be out of order."""
    texts_shown = messages(person).locator("[dir=auto]")
    await expect(texts_shown).to_have_text(texts)


@dataclass
class Api:
    """REST calls that prepare and inspect data."""

    client: httpx.AsyncClient

    async def ready(self) -> None:
        """Wait until the gateway serves again."""
        await end_to_end.wait_until_serving([str(self.client.base_url).rstrip("/")])

    async def start_conversation(self, me: str, peer: str) -> str:
        answer = await self.client.post("/messages/start", params={"meId": me}, json={"peerId": peer})
        return str(answer.raise_for_status().json()["id"])

    async def send(self, me: str, conversation: str, *texts: str) -> None:
        for text in texts:
            answer = await self.client.post(
                "/messages",
                params={"meId": me},
                json={"conversationId": conversation, "text": text},
                headers={"Prefer": "wait"},
            )
            assert answer.status_code == 201, answer.text

    async def texts(self, me: str, conversation: str) -> list[str]:
        params = {"meId": me, "conversationId": conversation}
        answer = await self.client.get("/messages/history", params=params)
        return [item["text"] for item in answer.raise_for_status().json()["items"]]

    async def last_seq(self, me: str, conversation: str) -> int:
        """Return the last seq, 0 if there is no such conversation."""
        answer = await self.client.get("/messages/conversations", params={"meId": me})
        items = answer.raise_for_status().json()["items"]
        return max((int(item["lastSeq"]) for item in items if item["id"] == conversation), default=0)
