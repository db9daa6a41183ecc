"""A user with a browser context of their own."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from deploy.local.dependencies.web_client import WEB_CLIENT

SCREENSHOTS = Path(__file__).parent / "out"
"""Folder of the screenshots."""
AXE_SCRIPT = WEB_CLIENT.folder / "node_modules/axe-core/axe.min.js"
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
THEME_RULES = ("color-contrast",)
"""Rules whose result depends on the theme; all others check structure, names and sizes."""
CONNECTION_ERRORS = re.compile(r"net::ERR_|WebSocket connection to .* failed|status of 503")
"""Chromium's own console errors while the gateway is down."""

Theme = Literal["light", "dark"]
Width = Literal["desktop", "phone"]
SIZES: dict[Width, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}


@dataclass
class Person:
    """`page` shares no storage, cookies or connections with other users."""

    name: str
    page: Page
    theme: Theme
    width: Width
    page_errors: list[str] = field(default_factory=list)
    """Uncaught and console errors, among them policy violations; must be empty at the end of a test."""
    tolerates_disconnects: bool = False
    """Whether connection errors are ignored."""

    @classmethod
    async def open(
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
        person.page.on("console", person._record_console_error)
        person.page.on("pageerror", lambda error: person.page_errors.append(f"uncaught: {error}"))
        person.page.on("crash", lambda _: person.page_errors.append("the page crashed"))
        await person.page.goto(url)
        return person

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    async def expect_page_error(self, text: str) -> None:
        """Wait for an error that the test provoked, and remove it from `page_errors`."""
        async with asyncio.timeout(5):
            while not any(text in error for error in self.page_errors):
                await asyncio.sleep(0.02)
        self.page_errors = [error for error in self.page_errors if text not in error]

    async def screenshot(self, name: str) -> None:
        """Save a screenshot in `out/`."""
        SCREENSHOTS.mkdir(exist_ok=True)
        await self.page.screenshot(
            path=SCREENSHOTS / f"{name}-{self.theme}-{self.width}.png", animations="disabled"
        )

    async def set_theme(self, theme: Theme) -> None:
        """Change the system's colour scheme under the open page."""
        await self.page.emulate_media(color_scheme=theme)
        self.theme = theme

    async def expect_accessible(self, rules: Sequence[str] = AXE_TAGS) -> None:
        """Run axe, by default against WCAG 2.2 AA and its best practices; fail with every element that
        breaks a rule. `rules` are tags or names of rules."""
        await self.page.evaluate(AXE_SCRIPT.read_text())
        result = await self.page.evaluate("rules => axe.run({runOnly: rules})", list(rules))
        violations = [
            _describe_violation(rule, node) for rule in result["violations"] for node in rule["nodes"]
        ]
        assert not violations, "\n\n".join([f"{self.page.url}, {self.theme}, {self.width}:", *violations])

    def _record_console_error(self, message: ConsoleMessage) -> None:
        """Record console errors, including violations of the Content-Security-Policy."""
        if message.type == "error" and not (
            self.tolerates_disconnects and CONNECTION_ERRORS.search(message.text)
        ):
            self.page_errors.append(f"{message.text} ({message.location.get('url')})")


def _describe_violation(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return "\n".join(
        [f"{rule['id']}: {rule['help']}", f"  {node['html'][:200]}", f"  {node['failureSummary']}"]
    )
