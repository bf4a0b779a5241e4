"""A real browser on the chat page: one browser a module, one fresh window a user."""

import contextlib
import io
import os
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, FloatRect, Locator, Page, async_playwright, expect
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.request import HTTPXRequest

from sandbox import Sandbox

NAME = "Sandbox bot"
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
async def open_chat(
    browser: Browser, sandbox: Sandbox, user: int, *, query: str = "", **options: Any
) -> AsyncIterator[Page]:
    """The page of a user once it is connected; query: what else stands in its address.

    No script may fail, and none may be stopped by the page's policy.
    """
    context = await browser.new_context(**{"viewport": WIDE, "locale": "en-GB", "reduced_motion": "reduce", **options})
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Policy" in line.text else None)
    await page.goto(f"{sandbox.url}/?user={user}{query}")
    await expect(page.get_by_role("status").first).not_to_have_text("Connecting…")
    try:
        yield page
    finally:
        await context.close()
    assert problems == []


def messages(page: Page, of: str = "") -> Locator:
    """The messages and albums in the chat: those of "You", of the bot's name, or all."""
    return page.locator(f'article[aria-label^="{of}"]' if of else "article")


def button(page: Page, name: str) -> Locator:
    """A button by exactly this name."""
    return page.get_by_role("button", name=name, exact=True)


async def box_of(locator: Locator) -> FloatRect:
    """Where something is on the page, in pixels."""
    box = await locator.bounding_box()
    assert box is not None
    return box


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


def sticker_file() -> bytes:
    """A sticker: a shape on nothing."""
    image = Image.new("RGBA", (320, 240), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((20, 20, 300, 220), fill="orange")
    buffer = io.BytesIO()
    image.save(buffer, "WEBP")
    return buffer.getvalue()


async def choose(page: Page, entry: str, *files: dict[str, Any]) -> None:
    """Press the paper clip, an entry of its menu, and choose these files."""
    await button(page, "Attach").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("menuitem", name=entry).click()
    await (await chooser.value).set_files(list(files))


def bot_of(sandbox: Sandbox) -> Bot:
    """The sandbox's bot, to say with what a test wants said."""
    request = HTTPXRequest(httpx_kwargs={"verify": False})
    return Bot(sandbox.token, base_url=sandbox.bot_url, base_file_url=sandbox.file_url, request=request)


def keyboard(*names: str) -> InlineKeyboardMarkup:
    """A row of buttons that each send their name."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(name, callback_data=name) for name in names]])


async def press(page: Page, name: str) -> None:
    """Press a button of the bot's, and wait until the sandbox knows."""
    async with page.expect_response(re.compile("/tap")):
        await button(page, name).click()


async def send_album(bot: Bot, user: int, *photos: bytes) -> None:
    """An album of these photos, each with a caption."""
    captions = [f"<b>Number {place}</b>\nonly ${place}.00" for place in range(1, len(photos) + 1)]
    album = [InputMediaPhoto(photo, caption, "HTML") for photo, caption in zip(photos, captions, strict=True)]
    await bot.send_media_group(user, album)


def photos(number: int) -> list[bytes]:
    """As many pictures, each of another colour."""
    return [picture_file(colour=f"hsl({30 * place}, 70%, 50%)")["buffer"] for place in range(number)]
