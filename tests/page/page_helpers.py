"""A real browser on the chat page: one browser a module, one fresh window a user."""

import contextlib
import io
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from sandbox import Sandbox

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WAIT_MS = 15_000  # on a busy machine; nothing waits longer than it must
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

expect.set_options(timeout=WAIT_MS)


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """The machine's own browser, without a window; a test that finds none is skipped."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"there is no browser to look at the page with: install one of {', '.join(BROWSERS)}")
    quiet = ["--disable-gpu", "--disable-background-networking", "--no-first-run", "--use-fake-device-for-media-stream"]
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=[*quiet, *as_root])
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def open_chat(browser: Browser, sandbox: Sandbox, user: int, **options: Any) -> AsyncIterator[Page]:
    """The page of a user once it is connected. No script may fail, and none may be stopped by the page's policy."""
    context = await browser.new_context(**{"viewport": WIDE, "locale": "en-GB", "reduced_motion": "reduce", **options})
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Policy" in line.text else None)
    await page.goto(f"{sandbox.url}/?user={user}")
    await expect(page.get_by_role("status").first).not_to_have_text("Connecting…")
    yield page
    await context.close()
    assert problems == []


def messages(page: Page, of: str = "") -> Locator:
    """The messages and albums in the chat: those of "You", of the bot's name, or all."""
    return page.locator(f'article[aria-label^="{of}"]' if of else "article")


def button(page: Page, name: str) -> Locator:
    """A button by exactly this name."""
    return page.get_by_role("button", name=name, exact=True)


async def write(page: Page, text: str) -> None:
    """Type a text and send it by Enter."""
    field = page.get_by_role("textbox", name="Message")
    await field.fill(text)
    await field.press("Enter")


def picture_file(name: str = "shoe.png", colour: str = "teal", size: tuple[int, int] = (240, 180)) -> dict[str, Any]:
    """A picture as a file to choose, drop or paste."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((20, 20, size[0] - 20, size[1] - 20), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


async def choose(page: Page, entry: str, *files: dict[str, Any]) -> None:
    """Press the paper clip, an entry of its menu, and choose these files."""
    await button(page, "Attach").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("menuitem", name=entry).click()
    await (await chooser.value).set_files(list(files))
