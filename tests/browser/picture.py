"""Take the README's screenshots: the demo's data in Chromium, in the light and the dark theme.

python -m tests.browser.picture [folder]     (default: docs/images)
"""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
from playwright.async_api import ViewportSize, async_playwright

from deploy.local import programs
from deploy.local.demo import script
from deploy.local.demo.fill import fill
from deploy.local.dependencies.web_client import WEB_CLIENT
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from tests.browser.conftest import QUIET
from tests.browser.person import Theme
from tests.fixtures.platform import local_stack

IMAGES = ROOT / "docs" / "images"
SIZE: ViewportSize = {"width": 1120, "height": 700}
MAX_BYTES = 150_000
"""Limit per picture: they are part of every clone."""
THEMES: tuple[Theme, ...] = ("light", "dark")
FONTS = {
    "ja": "fonts-droid-fallback",
    "hi": "fonts-lohit-deva",
    "he": "fonts-dejavu-core",
    "ar": "fonts-dejavu-core",
}
"""A small Debian font package for each language of the demo."""


def require_fonts() -> None:
    """Raise UserError if a script of the demo has no font: the picture would show empty boxes."""
    missing = [language for language in FONTS if not _output("fc-list", f":lang={language}", "family")]
    if missing:
        packages = " ".join(dict.fromkeys(FONTS[language] for language in missing))
        raise UserError(f"no font for {', '.join(missing)}; on Debian install: apt-get install {packages}")


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


async def take(gateway: str, folder: Path) -> list[Path]:
    """Take screenshots of ann's conversation with bob; raise AssertionError if a file is too large."""
    async with httpx.AsyncClient(base_url=gateway) as http:
        started = await http.post("/messages/start", params={"meId": "ann"}, json={"peerId": "bob"})
        conversation = started.raise_for_status().json()["id"]
    pictures = []
    async with async_playwright() as playwright:
        chromium = programs.find("chromium-headless-shell")
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        for theme in THEMES:
            page = await browser.new_page(color_scheme=theme, viewport=SIZE, locale="en-GB")
            await page.goto(f"{gateway}/?user=ann#{conversation}")
            last = script.conversations(0)[-1].messages[-1].text
            await page.get_by_role("article").filter(has_text=last).wait_for()
            await page.wait_for_load_state("networkidle")
            picture = folder / f"parley-{theme}.png"
            await page.screenshot(path=picture, animations="disabled", caret="hide")
            await page.close()
            pictures.append(picture)
        await browser.close()
    for picture in pictures:
        assert picture.stat().st_size <= MAX_BYTES, f"{picture} has more than {MAX_BYTES:,} bytes"
    return pictures


def main() -> None:
    try:
        require_fonts()
        WEB_CLIENT.build()
    except UserError as error:
        sys.exit(f"parley: {error}")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with local_stack(env={"WEB_ROOT": str(WEB_CLIENT.dist)}) as stack:
        asyncio.run(fill(stack.gateways[0], script.conversations(200)))
        print(*asyncio.run(take(stack.gateways[0], folder)), sep="\n")


if __name__ == "__main__":
    main()
