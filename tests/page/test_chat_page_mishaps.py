"""What goes wrong in the chat page: nothing is lost, and everything is said plainly."""

import re

import pytest
from page_helpers import NAME, bot_of, button, choose, keyboard, messages, open_chat, picture_file, press, write
from PIL import Image
from playwright.async_api import Browser, Page, expect
from telegram import Bot

from sandbox import Sandbox, running_sandbox
from sandbox.client import UserClient
from sandbox.tray import Picture, Tray

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def write_in_vain(page: Page, text: str) -> None:
    """Send a text that does not get through."""
    await page.route("**/text", lambda route: route.abort())
    await write(page, text)
    await expect(messages(page, "You").last).to_contain_text("The sandbox cannot be reached.")
    await page.unroute("**/text")


async def test_what_could_not_be_sent_stays_and_is_sent_on_demand(page: Page) -> None:
    await write_in_vain(page, "One")
    await write(page, "Two")
    await button(page, "Try again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    words = await messages(page, "You").locator(".text").all_inner_texts()
    assert [text.split("\n")[0].strip() for text in words][1:] == ["Two", "One"]


async def test_a_picture_that_is_none_is_refused_in_plain_words(page: Page) -> None:
    broken = {**picture_file(), "buffer": b"no picture"}
    await choose(page, "Photos", broken)
    await expect(page.get_by_role("heading", name="Send 1 file")).to_be_visible()  # so it can only be sent as a file
    await page.locator("#preview-send").click()
    await expect(messages(page, "You").last).to_contain_text("10 B")
    await messages(page, "You").last.press("r")  # nor does a quote show what is none
    await expect(page.locator("#replying")).to_contain_text("shoe.png")
    await expect(page.locator("#replying img")).to_have_count(0)


async def test_a_restarted_sandbox_is_found_again_and_said_to_be_a_new_one(browser: Browser, user: int) -> None:
    async with running_sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        chat = open_chat(browser, first, user)
        page = await chat.__aenter__()
        await ask(first, user)
        await press(page, "Yes")
        await expect(button(page, "Yes (waiting for the bot)")).to_be_visible()
        await messages(page, NAME).press("r")
        await expect(page.locator("#replying")).to_contain_text("Fine?")
    await expect(page.get_by_role("alert")).to_have_text("The sandbox cannot be reached. Trying again…")
    async with running_sandbox(port=port) as second:
        await expect(page.locator(".toast")).to_have_text("The sandbox was started anew. This chat begins afresh.")
        await expect(page.locator("#replying")).to_be_hidden()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await expect(messages(page)).to_have_count(0)
        await expect(page.get_by_text("No bot is connected.")).to_be_visible()
        await ask(second, user)
        await expect(button(page, "Yes")).to_be_visible()  # and waits for no answer: what was pressed was another's
        await write(page, "After")
        await expect(messages(page).last).to_contain_text("After")
        await chat.__aexit__(None, None, None)


async def ask(sandbox: Sandbox, user: int) -> None:
    """A bot comes to this sandbox, asks a question with a button, and is gone."""
    async with bot_of(sandbox) as bot, UserClient(sandbox.url, user) as client:
        await client.text("/start")
        await bot.send_message(user, "Fine?", reply_markup=keyboard("Yes"))


async def test_what_failed_stays_where_it_was_written_and_answers_go_on_below(page: Page, bot: Bot, user: int) -> None:
    await write_in_vain(page, "Lost")
    async with page.expect_response(re.compile("/text")):
        await write(page, "Found")
    await bot.send_message(user, "Answered")
    await expect(messages(page, NAME)).to_be_visible()
    words = await messages(page).locator(".text").all_inner_texts()
    assert [text.split("\n")[0].strip() for text in words] == ["Hello", "Lost", "Found", "Answered"]
    await button(page, "Discard").click()
    await expect(messages(page, "You")).to_have_count(2)


async def test_what_was_written_before_midnight_and_goes_after_it_stands_with_todays(page: Page) -> None:
    days = await page.evaluate(
        """async () => {
            const { Conversation } = await import("/page/conversation.js");
            const conversation = new Conversation(1);
            const now = Math.floor(Date.now() / 1000);
            const message = (id, date) => ({ type: "message", message: { message_id: id, date, from: { id: 9 } } });
            conversation.apply(message(1, now - 86400));
            conversation.addSending({ id: "a", state: "waiting", parts: [{ date: now - 86400, from: { id: 1 } }] });
            conversation.apply(message(2, now));
            return conversation.days().map(({ items }) => items.length);
        }"""
    )
    assert days == [1, 2]


async def test_what_is_written_without_a_network_is_sent_when_it_is_back(page: Page) -> None:
    await page.context.set_offline(True)
    await expect(page.get_by_role("alert").first).to_have_text("The sandbox cannot be reached. Trying again…")
    await write(page, "From the tunnel")
    await expect(button(page, "Try again")).to_be_visible()
    await page.context.set_offline(False)
    await expect(button(page, "Try again")).to_have_count(0)
    await page.reload()
    await expect(messages(page, "You").last).to_contain_text("From the tunnel")


async def test_a_picture_that_cannot_be_a_photo_goes_as_a_file_at_a_press(page: Page) -> None:
    await choose(page, "Photos", picture_file("strip.png", size=(4000, 60)))
    await page.locator("#preview-send").click()
    failed = messages(page, "You").last
    await expect(failed).to_contain_text("This picture is too long or too large for a photo.")
    await button(page, "Send as a file").click()
    await expect(messages(page, "You").last.get_by_role("link", name="strip.png")).to_be_visible()
    await expect(messages(page, "You")).to_have_count(2)


async def test_an_empty_file_is_not_offered_and_takes_nothing_down_with_it(page: Page) -> None:
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"42"}
    await choose(page, "Files", {**notes, "name": "empty.txt", "buffer": b""}, notes)
    await expect(page.locator(".toast")).to_have_text("An empty file cannot be sent.")
    await expect(page.get_by_role("heading", name="Send 1 file")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_contain_text("notes.txt")


async def test_a_caption_that_was_given_up_does_not_come_back_with_another_picture(page: Page) -> None:
    await choose(page, "Photos", picture_file())
    caption = page.get_by_role("textbox", name="Caption")
    await caption.fill("not this one")
    await button(page, "Do not send").click()
    await choose(page, "Photos", picture_file())
    await expect(caption).to_have_value("")


async def test_a_sample_that_cannot_be_shown_is_left_out_and_the_keyboard_reaches_the_others(
    browser: Browser, user: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tray")
    (folder / "broken.jpg").write_bytes(b"no picture")
    Image.new("RGB", (40, 40), "teal").save(folder / "whole.jpg")
    tray = Tray(tuple(Picture(folder / f"{name}.jpg", kind=name) for name in ("broken", "whole")))
    async with running_sandbox(tray=tray) as own, open_chat(browser, own, user) as page:
        await expect(page.locator("#tray-pictures button")).to_have_count(1)
        await expect(button(page, "Send the sample whole")).to_have_attribute("tabindex", "0")
