"""Somebody at a browser of their own."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from deploy.local.dependencies.web_client import WEB_CLIENT

OUT = Path(__file__).parent / "out"
"""Of screenshots."""
AXE = WEB_CLIENT.folder / "node_modules/axe-core/axe.min.js"
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
THEMED = ("color-contrast",)
"""The rules whose answer depends on the theme: all others look at structure, names and sizes."""
NO_CONNECTION = re.compile(r"net::ERR_|WebSocket connection to .* failed|status of 503")
"""What Chromium says by itself while the gateway is away."""

Theme = Literal["light", "dark"]
Width = Literal["desktop", "phone"]
SIZES: dict[Width, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}


@dataclass
class Person:
    """`page` is theirs alone: nobody shares its storage, its cookies or its connections."""

    name: str
    page: Page
    theme: Theme
    width: Width
    faults: list[str] = field(default_factory=list)
    """Errors of the page and whatever it should not have tried; at a test's end there must be none."""
    lonely: bool = False
    """That the gateway cannot be reached is no fault."""

    @classmethod
    async def at(
        cls, browser: Browser, name: str, url: str, theme: Theme, width: Width, locale: str = "en-GB"
    ) -> "Person":
        context = await browser.new_context(
            color_scheme=theme,
            viewport=SIZES[width],
            has_touch=width == "phone",
            is_mobile=width == "phone",
            locale=locale,
            timezone_id="Europe/Lisbon",
        )
        person = cls(name, await context.new_page(), theme, width)
        person.page.on("console", person._heard)
        person.page.on("pageerror", lambda error: person.faults.append(f"uncaught: {error}"))
        person.page.on("crash", lambda _: person.faults.append("the page crashed"))
        await person.page.goto(url)
        return person

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    async def told_of(self, fault: str) -> None:
        """Waits for a fault that a test provoked; it counts no more."""
        async with asyncio.timeout(5):
            while not any(fault in each for each in self.faults):
                await asyncio.sleep(0.02)
        self.faults = [each for each in self.faults if fault not in each]

    async def shot(self, name: str) -> None:
        """A picture of what they see, in `out/`."""
        OUT.mkdir(exist_ok=True)
        await self.page.screenshot(path=OUT / f"{name}-{self.theme}-{self.width}.png", animations="disabled")

    async def turn(self, theme: Theme) -> None:
        """Change the system's colour scheme under the open page."""
        await self.page.emulate_media(color_scheme=theme)
        self.theme = theme

    async def finds_no_barrier(self, rules: Sequence[str] = STANDARDS) -> None:
        """Run axe, by default against WCAG 2.2 AA and its best practices; fail with every element that
        breaks a rule. `rules` are tags or names of rules."""
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate("rules => axe.run({runOnly: rules})", list(rules))
        barriers = [_told(rule, node) for rule in found["violations"] for node in rule["nodes"]]
        assert not barriers, "\n\n".join([f"{self.page.url}, {self.theme}, {self.width}:", *barriers])

    def _heard(self, message: ConsoleMessage) -> None:
        """Chromium tells there what the policy forbade, too."""
        if message.type == "error" and not (self.lonely and NO_CONNECTION.search(message.text)):
            self.faults.append(f"{message.text} ({message.location.get('url')})")


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return "\n".join(
        [f"{rule['id']}: {rule['help']}", f"  {node['html'][:200]}", f"  {node['failureSummary']}"]
    )
