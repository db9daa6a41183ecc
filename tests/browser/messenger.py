"""What people do at the page, and what they see of it: by roles and names, as they would say it."""

import re
from dataclasses import dataclass

import httpx
from playwright.async_api import Locator, expect

from deploy.local.stack import end_to_end
from tests.browser.person import Person


def messages(who: Person) -> Locator:
    """Those of the open conversation that are drawn."""
    return who.page.get_by_role("log", name="Messages", exact=True).get_by_role("article")


def message(who: Person, text: str) -> Locator:
    return messages(who).filter(has_text=text)


def field(who: Person) -> Locator:
    return who.page.get_by_role("textbox", name="Message to")


def talks(who: Person) -> Locator:
    return who.page.get_by_role("navigation", name="Conversations").get_by_role("link")


def talk(who: Person, name: str) -> Locator:
    return talks(who).filter(has_text=name)


def switcher(who: Person) -> Locator:
    """Where conversations are found and started."""
    return who.page.get_by_role("dialog", name="Go to a conversation")


def reconnecting(who: Person) -> Locator:
    return who.page.get_by_role("status", name="Connection")


async def online(*people: Person) -> None:
    """Their list is there, and all that they missed."""
    for who in people:
        await expect(who.page.get_by_role("button", name="New conversation")).to_be_visible()
        await expect(reconnecting(who)).to_be_attached()
        await expect(reconnecting(who)).to_be_empty()


async def whole(who: Person) -> None:
    """Those parts of the page are there, too, that come while there is nothing else to do."""
    await who.page.wait_for_function("""() => ["Switcher", "UserMenu"].every(part =>
        performance.getEntriesByType("resource").some(({name, responseEnd}) =>
            responseEnd > 0 && name.includes(part) && name.endsWith("js")))""")


async def start(who: Person, peer: str) -> None:
    """By keyboard: Ctrl and K, a name, Enter. What is new exists with its first message."""
    await who.page.keyboard.press("Control+k")
    dialog = switcher(who)
    await dialog.get_by_role("combobox", name="To").fill(peer)
    name = re.compile(rf"^{re.escape(peer)}$|“{re.escape(peer)}”$")
    await expect(dialog.get_by_role("option", name=name, selected=True)).to_be_visible()
    await who.page.keyboard.press("Enter")
    await expect(dialog).not_to_be_attached()
    await expect(field(who)).to_be_visible()


def log(who: Person) -> Locator:
    """The list of messages, which scrolls."""
    return who.page.get_by_role("log", name="Messages", exact=True)


def jump(who: Person) -> Locator:
    """The button that is there while the end is out of view."""
    return who.page.get_by_role("button", name="Jump to latest")


async def shown(who: Person) -> None:
    """The messages of the open conversation are where they are to be."""
    await expect(messages(who).first).to_be_attached()
    await expect(who.page.get_by_role("status", name="Loading messages")).not_to_be_attached()


async def wheel(who: Person, pixels: float) -> None:
    """Scroll the messages down by so much, as a reader does; returns when the list has moved."""
    await log(who).hover()
    before = await log(who).evaluate("list => list.scrollTop")
    await who.page.mouse.wheel(0, pixels)
    await who.page.wait_for_function(
        "before => document.querySelector('[role=log][tabindex]').scrollTop !== before", arg=before
    )


async def say(who: Person, *texts: str) -> None:
    """By Enter; on a phone, where that is a new line, by the button."""
    for text in texts:
        await field(who).fill(text)
        if who.width == "phone":
            await who.page.get_by_role("button", name="Send").click()
        else:
            await field(who).press("Enter")


async def become(who: Person, name: str) -> None:
    """Somebody else, at the same tab."""
    await who.page.get_by_role("button", name="You are").click()
    await who.page.get_by_role("menuitem", name="Switch user").click()
    await who.page.get_by_role("textbox", name="Other name").fill(name)
    await who.page.keyboard.press("Enter")


async def together(ann: Person, bob: Person) -> None:
    """Both open their conversation, in which nothing is said yet."""
    await online(ann, bob)
    origin = ann.page.url.partition("/?")[0]
    started = await ann.page.request.post(
        f"{origin}/messages/start", params={"meId": ann.name}, data={"peerId": bob.name}
    )
    assert started.ok
    await start(ann, bob.name)
    await talk(bob, ann.name).click()
    await expect(field(bob)).to_be_visible()


async def sees(who: Person, texts: list[str]) -> None:
    """Exactly these, in this order; whoever sends at the same moment may see another for a while."""
    found = messages(who).locator("[dir=auto]")
    await expect(found).to_have_text(texts)


@dataclass
class Api:
    """The REST calls, for what happened before anybody looked."""

    client: httpx.AsyncClient

    async def ready(self) -> None:
        """After the gateway was away."""
        await end_to_end.wait_until_serving([str(self.client.base_url).rstrip("/")])

    async def start(self, me: str, peer: str) -> str:
        answer = await self.client.post("/messages/start", params={"meId": me}, json={"peerId": peer})
        return str(answer.raise_for_status().json()["id"])

    async def say(self, me: str, conversation: str, *texts: str) -> None:
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
        """0 while there is no such conversation."""
        answer = await self.client.get("/messages/conversations", params={"meId": me})
        items = answer.raise_for_status().json()["items"]
        return max((int(item["lastSeq"]) for item in items if item["id"] == conversation), default=0)
