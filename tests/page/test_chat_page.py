"""The chat page in a browser, with a bot that says what the test wants said."""

import base64
import re

import pytest
from page_helpers import (
    NAME,
    NARROW,
    box_of,
    button,
    choose,
    keyboard,
    messages,
    open_chat,
    photos,
    picture_file,
    press,
    send_album,
    sticker_file,
    write,
)
from playwright.async_api import Browser, Page, expect
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    ReplyKeyboardMarkup,
)
from telegram.constants import ChatAction
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from sandbox import Sandbox
from sandbox.client import UserClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = "<img src=x onerror=\"document.title='gone'\"><script>document.title='gone'</script>"


async def test_text_of_others_stays_text_and_formats_are_shown(page: Page, bot: Bot, user: int) -> None:
    escaped = HOSTILE.replace("<", "&lt;")
    link_in_html = '<a href="https://shop.example/?a=1&amp;b=2">the shop</a>'
    text = f"{escaped} <b>bold <i>both</i></b> {link_in_html} try /help, or 👍"
    await bot.send_message(user, text, parse_mode="HTML")
    message = messages(page, NAME)
    await expect(message).to_contain_text(HOSTILE)
    assert await message.locator("script, img").count() == 0
    await expect(message.locator("b > i")).to_have_text("both")
    link = message.get_by_role("link", name="the shop")
    assert await link.get_attribute("href") == "https://shop.example/?a=1&b=2"
    assert "noopener" in (await link.get_attribute("rel") or "")
    assert "gone" not in await page.title()
    await message.get_by_role("button", name="/help").click()
    await expect(messages(page, "You").last).to_contain_text("/help")


async def test_edits_and_deletions_are_seen_at_once_and_only_new_words_count_as_edited(
    page: Page, bot: Bot, user: int
) -> None:
    sent = await bot.send_message(user, "First thought", reply_markup=keyboard("Yes"))
    await expect(messages(page, NAME)).to_contain_text("First thought")
    await bot.edit_message_reply_markup(user, sent.id, reply_markup=None)
    await expect(button(page, "Yes")).to_have_count(0)
    await expect(messages(page, NAME)).not_to_contain_text("edited")
    await bot.edit_message_text("Second thought", user, sent.id)
    await expect(messages(page, NAME)).to_contain_text("Second thought")
    await expect(messages(page, NAME)).to_contain_text("edited")
    await bot.delete_message(user, sent.id)
    await expect(messages(page, NAME)).to_have_count(0)


async def test_a_tap_waits_for_its_answer_which_is_a_short_notice_or_an_alert(page: Page, bot: Bot, user: int) -> None:
    await bot.send_message(user, "Choose", reply_markup=keyboard("Quiet", "Loud"))
    for name in ("Quiet", "Loud"):
        await press(page, name)
        await expect(button(page, f"{name} (waiting for the bot)")).to_have_attribute("aria-busy", "true")
        [update] = [one for one in await bot.get_updates(-1, allowed_updates=[]) if one.callback_query]
        await bot.answer_callback_query(update.callback_query.id, f"{name} words", show_alert=name == "Loud")
        if name == "Quiet":
            notice = page.locator(".toast")
            await expect(notice).to_have_text("Quiet words")
            assert (await box_of(notice))["y"] < 100  # at the top of the chat, as Telegram shows it
        await expect(page.locator(".key[aria-busy]")).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_contain_text("Loud words")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button(page, "Loud")).to_be_focused()


async def test_what_the_bot_is_doing_is_seen_until_it_is_done(page: Page, bot: Bot, user: int) -> None:
    await bot.send_chat_action(user, ChatAction.UPLOAD_PHOTO)
    await expect(page.get_by_role("status").first).to_have_text("sending a photo…")
    await expect(page.locator("#acting")).to_be_visible()
    await expect(messages(page, "You")).to_have_class(re.compile("read"))
    await bot.send_message(user, "Here")
    await expect(page.locator("#acting")).to_be_hidden()


async def test_pictures_open_in_full_size_and_turn_by_arrow_keys(page: Page, bot: Bot, user: int) -> None:
    await send_album(bot, user, *photos(3))
    first = page.get_by_role("button", name="Photo 1 of 3")
    await first.click()
    viewer = page.get_by_role("dialog")
    await expect(viewer).to_contain_text("1 of 3")
    await expect(viewer).to_contain_text("only $1.00")
    for key, place in (("ArrowRight", 2), ("End", 3), ("ArrowRight", 3), ("ArrowLeft", 2)):
        await page.keyboard.press(key)
        await expect(viewer).to_contain_text(f"{place} of 3")
    await page.keyboard.press("+")
    await expect(button(page, "Smaller")).to_be_enabled()
    await page.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await expect(first).to_be_focused()


async def test_of_an_albums_captions_one_alone_stands_in_the_chat_and_several_only_in_the_viewer(
    page: Page, bot: Bot, user: int
) -> None:
    await send_album(bot, user, *photos(3))
    await expect(page.get_by_role("button", name="Photo 2 of 3: Number 2")).to_be_visible()
    await expect(messages(page, NAME)).not_to_contain_text("only $")
    one, other = (InputMediaPhoto(photo) for photo in photos(2))
    with_link = InputMediaPhoto(photos(1)[0], '<a href="https://shop.example/3">The third</a>', "HTML")
    await bot.send_media_group(user, [one, other, with_link])
    await expect(messages(page, NAME).last.get_by_role("link", name="The third")).to_be_visible()
    await page.get_by_role("button", name="Photo 3 of 3: The third").click()
    link = page.get_by_role("dialog").get_by_role("link", name="The third")
    assert await link.get_attribute("href") == "https://shop.example/3"


async def test_files_of_an_album_keep_their_captions_below_them(page: Page, bot: Bot, user: int) -> None:
    await bot.send_media_group(user, [InputMediaDocument(b"1", name, filename=name) for name in ("Ten", "Twenty")])
    await expect(messages(page, NAME).locator(".text")).to_have_text(["Ten", "Twenty"])


async def test_a_picture_put_in_place_of_another_or_of_a_text_is_seen_at_once(page: Page, bot: Bot, user: int) -> None:
    sent = await bot.send_message(user, "Looking")
    await expect(messages(page, NAME)).to_contain_text("Looking")
    await bot.edit_message_media(
        InputMediaPhoto(photos(1)[0], "The first"), user, sent.id, reply_markup=keyboard("Next")
    )
    await expect(page.get_by_role("button", name="Photo: The first")).to_be_visible()
    await expect(messages(page, NAME)).not_to_contain_text("Looking")
    await bot.edit_message_media(InputMediaPhoto(photos(2)[1], "The second"), user, sent.id)
    await expect(page.get_by_role("button", name="Photo: The second")).to_be_visible()
    await expect(button(page, "Next")).to_have_count(0)


async def test_a_sticker_is_shown_and_what_is_not_is_named(page: Page, sandbox: Sandbox, user: int) -> None:
    async with UserClient(sandbox.url, user) as client:
        await client.sticker(sticker_file(), emoji="👜")
        await client.other("voice")
        await client.other("animation")
    sticker = page.get_by_role("img", name="Sticker 👜")
    await expect(sticker).to_have_js_property("complete", True)
    assert await sticker.evaluate("image => image.naturalWidth") == 320
    await expect(messages(page, "You").nth(2)).to_contain_text("Voice message")
    await expect(messages(page, "You").last).to_contain_text("GIF")


async def test_in_a_group_it_says_who_came_and_names_who_speaks_as_a_chat(
    browser: Browser, sandbox: Sandbox, bot: Bot, user: int
) -> None:
    group = -user
    async with (
        UserClient(sandbox.url, 9, chat_id=group) as ben,
        open_chat(browser, sandbox, user, query=f"&chat={group}") as page,
    ):
        await ben.become("member", chat_type="supergroup")
        await ben.text("from afar", sender_chat_id=-1009)
        await ben.text("sole", message_thread_id=await ben.open_topic("Shoes"))
        await bot.send_message(group, "Hello all")
        await expect(messages(page, "User 9").first).to_contain_text("User 9 joined")
        await expect(messages(page, "Channel 1009")).to_contain_text("from afar")
        await expect(messages(page, "User 9").nth(1)).to_contain_text("Topic “Shoes” created")
        await expect(messages(page, "User 9").last).to_contain_text("sole")
        await expect(page.locator(".quote")).to_have_count(0)
        await expect(messages(page, NAME)).to_contain_text("Hello all")


async def test_albums_of_two_to_ten_are_mosaics_without_gaps_or_overlaps(page: Page) -> None:
    layouts = await page.evaluate(
        """async () => {
            const { mosaic } = await import("/page/mosaic.js");
            const ratios = [1, 0.5, 1.8, 1.33, 0.75, 1, 3, 0.66, 1.5, 1];
            return [2, 3, 4, 5, 6, 7, 8, 9, 10].map((count) => mosaic(ratios.slice(0, count)));
        }"""
    )
    for count_, layout in zip(range(2, 11), layouts, strict=True):
        tiles = layout["tiles"]
        assert len(tiles) == count_
        assert 0.9 <= layout["shape"] <= 3
        assert sum(tile["width"] * tile["height"] for tile in tiles) == pytest.approx(1)
        for tile in tiles:
            assert min(tile["x"], tile["y"]) >= 0
            assert max(tile["x"] + tile["width"], tile["y"] + tile["height"]) <= 1 + 1e-9
        for at, one in enumerate(tiles):
            for other in tiles[at + 1 :]:
                across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
                down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
                assert min(across, down) < 1e-9


async def test_a_reply_quotes_its_message_and_leads_back_to_it(page: Page, bot: Bot, user: int) -> None:
    await bot.send_photo(user, photos(1)[0], caption="A teal shoe")
    await messages(page, NAME).hover()
    await messages(page, NAME).get_by_title("Reply").click()
    await expect(page.locator("#replying")).to_contain_text("Reply to Sandbox bot")
    await write(page, "Too teal for me")
    quote = messages(page, "You").last.get_by_role("button", name="A teal shoe")
    await expect(quote.locator("img")).to_be_visible()
    await expect(page.locator("#replying")).to_be_hidden()
    await quote.click()
    await expect(messages(page, NAME)).to_have_class(re.compile("lit"))


async def test_in_an_album_the_picture_that_is_pointed_at_is_meant(page: Page, bot: Bot, user: int) -> None:
    await send_album(bot, user, *photos(3))
    await page.get_by_role("button", name="Photo 3 of 3").click(button="right")
    await page.get_by_role("menuitem", name="View in full size").click()
    await expect(page.get_by_role("dialog")).to_contain_text("3 of 3")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Photo 2 of 3").click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await expect(page.locator("#replying")).to_contain_text("Number 2")


async def test_files_are_sent_as_they_are_with_name_and_size(page: Page, user: int, sandbox: Sandbox) -> None:
    picture = picture_file("shoe.png")
    await choose(page, "Files", picture, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"size 42"})
    await expect(page.get_by_role("heading", name="Send 2 files")).to_be_visible()
    await page.get_by_role("textbox", name="Caption").fill("both, please")
    await page.keyboard.press("Enter")
    sent = messages(page, "You").last
    await expect(sent).to_contain_text("7 B")
    await expect(sent).to_contain_text("both, please")
    async with page.expect_download() as download:
        await sent.get_by_role("link", name="notes.txt").click()
    saved = await download.value
    assert saved.suggested_filename == "notes.txt"
    assert (await saved.path()).read_bytes() == b"size 42"
    async with UserClient(sandbox.url, user) as client:
        [photo_file] = [event["message"] for event in await client.events() if "shoe.png" in str(event)]
        assert await client.file(photo_file["document"]["file_id"]) == picture["buffer"]


async def test_pictures_come_by_drag_and_drop_and_from_the_clipboard(page: Page) -> None:
    content = base64.b64encode(picture_file()["buffer"]).decode()
    await page.evaluate(
        """(content) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const brought = () => {
                const data = new DataTransfer();
                data.items.add(new File([bytes], "brought.png", { type: "image/png" }));
                return data;
            };
            window.drag = (kind, target) => target.dispatchEvent(
                new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: brought() }));
            window.paste = () => document.body.dispatchEvent(
                new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: brought() }));
        }""",
        content,
    )
    await page.evaluate("drag('dragenter', document.body)")
    await expect(page.get_by_text("Drop pictures here")).to_be_visible()
    await page.evaluate("drag('drop', document.querySelector('[data-as=photo]'))")
    await expect(page.get_by_text("Drop pictures here")).to_be_hidden()
    await expect(page.get_by_role("heading", name="Send 1 photo")).to_be_visible()
    await page.evaluate("paste()")
    await expect(page.get_by_role("heading", name="Send 2 photos")).to_be_visible()
    await button(page, "Leave out brought.png").first.click()
    await page.get_by_text("Send as files").click()
    await expect(page.get_by_role("heading", name="Send 1 file")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(messages(page, "You")).to_have_count(1)


async def test_a_photo_can_be_taken_with_the_camera(page: Page) -> None:
    await page.context.grant_permissions(["camera"])
    await button(page, "Attach").click()
    await page.get_by_role("menuitem", name="Camera").click()
    await expect(page.locator("#camera-view")).to_have_js_property("readyState", 4)
    await button(page, "Take the photo").click()
    await expect(page.get_by_role("heading", name="Send 1 photo")).to_be_visible()
    await page.locator("#preview-send").click()
    await expect(messages(page, "You").last.get_by_role("button", name="Photo")).to_be_enabled()


async def test_samples_are_sent_by_one_tap_and_sorted_by_category(page: Page) -> None:
    tray = page.get_by_role("complementary", name="Sample pictures")
    await expect(tray.get_by_role("button", name=re.compile("^Send the sample"))).to_have_count(2)
    await tray.get_by_role("combobox").select_option("Home")
    await tray.get_by_role("button", name="Send the sample mug (Home)").click()
    await expect(messages(page, "You").last.get_by_role("button", name="Photo")).to_be_enabled()
    await tray.get_by_role("button", name="Send the sample mug (Home)").dblclick()
    await expect(messages(page, "You")).to_have_count(3)  # and not four
    await button(page, "Hide the sample pictures").click()
    await page.reload()
    await expect(messages(page, "You")).to_have_count(3)
    await expect(button(page, "Sample pictures")).to_be_visible()
    await expect(tray).to_be_hidden()


async def test_on_a_phone_the_samples_make_room_for_the_answer(browser: Browser, sandbox: Sandbox, user: int) -> None:
    async with open_chat(browser, sandbox, user, viewport=NARROW) as page:
        await button(page, "Send the sample mug (Home)").click()
        await expect(messages(page, "You")).to_have_count(1)
        await expect(page.locator("#tray")).to_be_hidden()
        await expect(button(page, "Sample pictures")).to_be_focused()
        await page.reload()
        await expect(page.locator("#tray")).to_be_visible()


async def test_neither_a_quote_nor_a_caption_makes_a_picture_wider_than_telegram_shows_it(
    page: Page, bot: Bot, user: int
) -> None:
    asked = await bot.send_message(user, "Many words that are quoted. " * 20)
    [content] = photos(1)
    await bot.send_photo(user, content, reply_to_message_id=asked.message_id, reply_markup=keyboard("Save"))
    small = (await box_of(page.locator(".photos")))["width"]
    assert small < 300
    await bot.send_photo(user, content, caption="A caption of many words. " * 20)
    await expect(page.locator(".photos")).to_have_count(2)
    assert small < (await box_of(page.locator(".photos").last))["width"] <= 430


async def test_an_upload_shows_how_far_it_is(page: Page) -> None:
    network = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}
    await network.send("Network.enable")
    await network.send("Network.emulateNetworkConditions", slow)
    await choose(page, "Files", {"name": "long.bin", "mimeType": "", "buffer": bytes(400_000)})
    await page.locator("#preview-send").click()
    bar = page.get_by_role("progressbar", name="Sending")
    await expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d$"))
    await button(page, "Stop sending").click()
    await expect(bar).to_have_count(0)
    await expect(messages(page, "You")).to_have_count(1)


async def test_everything_is_done_by_keyboard(page: Page, bot: Bot, user: int) -> None:
    await bot.send_message(user, "Above")
    await bot.send_message(user, "Below")
    await expect(messages(page, NAME)).to_have_count(2)
    field = page.get_by_role("textbox", name="Message")
    await field.focus()
    for key, focused in (("ArrowUp", 2), ("ArrowUp", 1), ("ArrowDown", 2)):
        await page.keyboard.press(key)
        await expect(messages(page).nth(focused)).to_be_focused()
    await page.keyboard.press("r")
    await expect(page.locator("#replying")).to_contain_text("Below")
    await expect(field).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#replying")).to_be_hidden()
    await button(page, "Attach").press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Camera")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(button(page, "Attach")).to_be_focused()
    await field.press_sequentially("/")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_contain_text("/help")
    await page.keyboard.press("Tab")
    await expect(field).to_have_value("/help ")


async def test_a_deep_link_offers_a_start_that_tells_the_bot_what_it_bears(
    browser: Browser, sandbox: Sandbox, bot: Bot, user: int
) -> None:
    async with open_chat(browser, sandbox, user, query="&start=shelf-7_a") as page:
        await expect(page.get_by_role("textbox", name="Message")).to_be_hidden()
        await button(page, "Start").click()
        await expect(messages(page, "You")).to_contain_text("/start shelf-7_a")
        await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        assert page.url == f"{sandbox.url}/?user={user}"


async def test_a_link_to_the_bot_leads_to_its_start_from_a_message_a_button_and_a_group(
    browser: Browser, sandbox: Sandbox, page: Page, bot: Bot, user: int
) -> None:
    link = f"https://t.me/{bot.username}?start="
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("On the shelf", url=f"{link}two")]])
    sent = await bot.send_message(user, f'<a href="{link}one">This one</a>', parse_mode="HTML", reply_markup=markup)
    for name, payload in (("This one", "one"), ("On the shelf", "two")):
        await page.get_by_role("link", name=name).click()
        await button(page, "Start").click()
        await expect(messages(page, "You").last).to_contain_text(f"/start {payload}")
    await bot.edit_message_text("Once more", user, sent.id, reply_markup=keyboard("Go"))
    await press(page, "Go")
    [update] = [one for one in await bot.get_updates(-1, allowed_updates=[]) if one.callback_query]
    await bot.answer_callback_query(update.callback_query.id, url=f"{link}three")
    await expect(button(page, "Start")).to_be_visible()
    async with (
        UserClient(sandbox.url, user, chat_id=-user) as client,
        open_chat(browser, sandbox, user, query=f"&chat={-user}") as group,
    ):
        await client.text(f"{link}four")
        await group.get_by_role("link", name="start=four").click()
        await expect(group).to_have_url(f"{sandbox.url}/?user={user}&start=four")
        await expect(button(group, "Start")).to_be_visible()


async def test_the_language_chosen_is_told_to_the_bot_and_brings_its_menu(page: Page, bot: Bot) -> None:
    await bot.set_my_commands([("hilfe", "Wie es geht")], language_code="de")
    await page.get_by_role("button", name="Switch user").click()
    await page.get_by_role("menuitem", name="Language: English").click()
    await page.get_by_role("menuitem", name="German").click()
    await button(page, "Commands").click()
    menu = page.get_by_role("listbox", name="Commands")
    await expect(menu.get_by_role("option")).to_have_text(["/hilfeWie es geht"])
    await write(page, "Hallo")
    await expect(messages(page, "You").last).to_contain_text("Hallo")
    [update] = await bot.get_updates(-1, allowed_updates=[])
    assert update.effective_user is not None
    assert update.effective_user.language_code == "de"
    await page.get_by_role("button", name="Switch user").click()
    await expect(page.get_by_role("menuitem", name="Language: German")).to_be_visible()


async def test_quick_answers_of_a_reply_keyboard_are_written_by_a_press(page: Page, bot: Bot, user: int) -> None:
    await bot.send_message(user, "Agreed?", reply_markup=ReplyKeyboardMarkup([["Yes", "No"]]))
    await button(page, "No").click()
    await expect(messages(page, "You").last).to_contain_text("No")


async def test_every_control_has_a_name_and_every_text_enough_contrast(page: Page, bot: Bot, user: int) -> None:
    await send_album(bot, user, *photos(2))
    await bot.send_message(user, "Fine?", reply_markup=keyboard("Yes"))
    await expect(button(page, "Yes")).to_be_visible()
    nameless = """elements => elements.filter((one) => one.checkVisibility() && !(
        one.ariaLabel || one.innerText.trim() || one.labels?.length || one.getAttribute("aria-labelledby")
    )).map((one) => one.outerHTML.slice(0, 200))"""
    assert await page.eval_on_selector_all("button, a, input, textarea, select, [role=menuitem]", nameless) == []
    for theme, ink in (("light", "rgb(16, 24, 32)"), ("dark", "rgb(240, 244, 247)")):
        await page.emulate_media(color_scheme=theme)
        await expect(page.locator("body")).to_have_css("color", ink)
        assert await page.evaluate(TOO_FAINT) == [], theme


TOO_FAINT = """() => {
    const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
        .getContext("2d", { willReadFrequently: true });
    const seen = (colours) => {  // one painted over the other
        context.clearRect(0, 0, 1, 1);
        for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (rgb) => rgb.map((c) => c / 255)
        .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
        if (element.closest(".unseen, .emoji, :disabled, option, script")) continue;
        const behind = [];
        for (let at = element; at; at = at.parentElement) {
            const { backgroundColor, backgroundImage } = getComputedStyle(at);
            const [gradient] = backgroundImage.match(/rgba?\\(.*?\\)/) ?? [];
            behind.unshift(gradient ?? backgroundColor);
        }
        const back = light(seen(behind));
        const front = light(seen([...behind, getComputedStyle(element).color]));
        const contrast = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
        if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${element.className} ${walker.currentNode.data}`);
    }
    return faint;
}"""


async def test_who_wants_no_motion_gets_none(page: Page, bot: Bot, user: int) -> None:
    await bot.send_message(user, "Fine?")
    await expect(messages(page, NAME)).to_have_count(1)
    moving = """() => {
        document.documentElement.dataset.theme = "dark";
        return document.getAnimations().map((one) => one.transitionProperty ?? one.animationName);
    }"""
    assert await page.evaluate(moving) == []


async def test_the_colours_chosen_stay_chosen(page: Page) -> None:
    root = page.locator("html")
    await button(page, "Dark colours").click()
    await expect(root).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(root).to_have_attribute("data-theme", "dark")
    await button(page, "Light colours").click()
    assert await root.get_attribute("data-theme") is None


async def test_news_out_of_sight_are_counted_and_one_press_away(page: Page, bot: Bot, user: int) -> None:
    for number in range(30):
        await bot.send_message(user, f"Line {number}\nand more\nand more")
    await expect(messages(page, NAME)).to_have_count(30)
    await page.locator("#log").evaluate("log => log.scrollTop = 0")
    await expect(page.locator("#to-end")).to_be_visible()
    await bot.send_message(user, "News")
    await expect(messages(page, NAME)).to_have_count(31)
    await expect(page).to_have_title(re.compile(r"^\(\d+\) Sandbox bot"))
    assert await page.locator("#log").evaluate("log => log.scrollTop") == 0
    await page.locator("#to-end").click()
    await expect(messages(page, NAME).last).to_be_in_viewport()
    await expect(page).to_have_title(re.compile("^Sandbox bot"))


async def write_elsewhere(sandbox: Sandbox, user: int, number: int) -> None:
    """As many texts of three lines, written by the user in another window."""
    async with UserClient(sandbox.url, user) as client:
        for place in range(number):
            await client.text(f"Line {place}\nand more\nand more")


async def test_who_has_scrolled_up_is_left_in_peace_while_messages_move_in(
    browser: Browser, sandbox: Sandbox, bot: Bot, user: int
) -> None:
    async with open_chat(browser, sandbox, user, reduced_motion="no-preference") as page:
        await write_elsewhere(sandbox, user, 12)
        await expect(messages(page, "You")).to_have_count(12)
        await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        log = page.locator("#log")
        await log.hover()
        await page.mouse.wheel(0, -300)
        await expect(page.locator("#to-end")).to_be_visible()
        await expect(log).not_to_have_class(re.compile("scrolling"))
        before = await log.evaluate("log => log.scrollTop")
        await send_album(bot, user, *photos(2))
        await expect(page.locator("#unread")).to_have_text("1")
        assert await log.evaluate("log => log.scrollTop") == before


async def test_on_the_way_to_the_newest_message_a_newer_one_is_reached_too(
    browser: Browser, sandbox: Sandbox, bot: Bot, user: int
) -> None:
    async with open_chat(browser, sandbox, user, reduced_motion="no-preference") as page:
        await write_elsewhere(sandbox, user, 30)
        await expect(messages(page, "You")).to_have_count(30)
        await page.locator("#log").hover()
        await page.mouse.wheel(0, -2000)
        await expect(page.locator("#to-end")).to_be_visible()
        await page.locator("#to-end").click()
        await bot.send_message(user, "News")
        await expect(messages(page, NAME)).to_be_in_viewport(ratio=1)
        await expect(page.locator("#to-end")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 360])
async def test_on_the_narrowest_phone_everything_is_in_reach(
    browser: Browser, sandbox: Sandbox, user: int, width: int
) -> None:
    async with open_chat(browser, sandbox, user, viewport={"width": width, "height": 568}) as page:
        await expect(button(page, "Send")).to_be_in_viewport(ratio=1)
        await expect(button(page, "Hide the sample pictures")).to_be_in_viewport(ratio=1)


async def test_on_a_phone_held_sideways_the_samples_are_one_press_away(
    browser: Browser, sandbox: Sandbox, user: int
) -> None:
    async with open_chat(browser, sandbox, user, viewport={"width": 844, "height": 390}) as page:
        await expect(page.locator("#tray")).to_be_hidden()
        await button(page, "Sample pictures").click()
        await expect(button(page, "Send the sample mug (Home)")).to_be_in_viewport(ratio=0.9)
        await page.set_viewport_size(NARROW)
        await expect(page.locator("#tray")).to_be_visible()


async def test_on_a_phone_a_long_answer_is_shown_from_its_beginning(
    browser: Browser, sandbox: Sandbox, bot: Bot, user: int
) -> None:
    async with open_chat(browser, sandbox, user, viewport=NARROW, has_touch=True, is_mobile=True) as page:
        await write(page, "Show me")
        async with page.expect_response(re.compile("/text")):
            await button(page, "Send").click()  # Enter begins a new line here
        await send_album(bot, user, *photos(10))
        await bot.send_message(user, "All of them")
        await expect(messages(page, NAME)).to_have_count(2)
        await expect(page.get_by_role("button", name="Photo 1 of 10")).to_be_in_viewport(ratio=0.9)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width == NARROW["width"]


@pytest.mark.parametrize(("width", "height"), [(1280, 860), (1366, 768), (390, 844)])
async def test_an_answer_is_shown_so_that_its_buttons_are_in_view_and_stay_where_they_were_cut(
    browser: Browser, sandbox: Sandbox, bot: Bot, user: int, width: int, height: int
) -> None:
    async with open_chat(browser, sandbox, user, viewport={"width": width, "height": height}) as page:
        await write(page, "Show me")
        await expect(messages(page, "You")).to_have_count(1)
        await send_album(bot, user, *photos(6))
        rows = [[str(number) for number in range(1, 9)], ["A category of a very long name", "More", "Under $50"]]
        markup = [[InlineKeyboardButton(name, callback_data=name[:9]) for name in row] for row in rows]
        lines = "\n".join(f"{number}. A product of the shop" for number in range(1, 11))
        await bot.send_message(user, lines, reply_markup=InlineKeyboardMarkup(markup))
        keys = messages(page, NAME).last.locator(".key")
        await expect(keys).to_have_count(11)
        await expect(keys.last).to_be_in_viewport(ratio=1)
        heights = await keys.evaluate_all("keys => keys.map((key) => key.offsetHeight)")
        assert set(heights) == {heights[0]}
        bubble, group = messages(page, NAME).last.locator(".bubble"), messages(page, NAME).last.get_by_role("group")
        beside, below = await box_of(bubble), await box_of(group)
        assert (below["x"], below["width"]) == (beside["x"], beside["width"])
        assert 0 < below["y"] - beside["y"] - beside["height"] < 10
        await bot.send_message(user, "And one line more")
        await expect(messages(page, NAME).last).to_be_in_viewport(ratio=1)


async def test_a_folded_quote_shows_three_lines_and_the_rest_at_a_press(page: Page, bot: Bot, user: int) -> None:
    lines = "\n".join(f"Line {number}" for number in range(1, 7))
    await bot.send_message(user, f"<blockquote expandable>{lines}</blockquote>", parse_mode="HTML")
    await bot.send_message(user, "<blockquote expandable>Short</blockquote>", parse_mode="HTML")
    quote = messages(page, NAME).first.locator("blockquote > div")
    folded = await quote.evaluate("quote => quote.clientHeight")
    await button(page, "Show all of it").click()
    assert await quote.evaluate("quote => quote.clientHeight") == pytest.approx(2 * folded, abs=2)
    await expect(button(page, "Show all of it")).to_have_count(1)  # there is nothing more of the short one


async def test_what_is_half_written_survives_a_reload(page: Page) -> None:
    field = page.get_by_role("textbox", name="Message")
    await field.fill("I was about to")
    await page.reload()
    await expect(field).to_have_value("I was about to")


class Site(RequestHandler):
    """A web site, by another name and on another port, without a policy that would hold it back."""

    def get(self) -> None:
        self.finish("<h1>A site</h1>")


async def test_a_web_site_cannot_use_the_sandbox(browser: Browser, sandbox: Sandbox, bot: Bot, user: int) -> None:
    server = HTTPServer(Application([("/", Site)]))
    [listening] = bind_sockets(0, "127.0.0.1")
    server.add_socket(listening)
    context = await browser.new_context()
    site = await context.new_page()
    await site.goto(f"http://localhost:{listening.getsockname()[1]}/")
    attempts = """async ([target, user]) => {
        const body = new URLSearchParams({ text: "stolen", chat_id: user });
        await fetch(`${target}/user/${user}/text`, { method: "POST", mode: "no-cors", body }).catch(() => {});
        await fetch(`${target}/bot1:sandbox/sendMessage`, { method: "POST", mode: "no-cors", body }).catch(() => {});
        const read = await fetch(`${target}/user/${user}/messages`).then(() => "read", () => "refused");
        const followed = await new Promise((done) => {
            const socket = new WebSocket(`${target.replace("http", "ws")}/user/${user}/live`);
            socket.onopen = () => done("followed");
            socket.onerror = () => done("refused");
        });
        return [read, followed];
    }"""
    assert await site.evaluate(attempts, [sandbox.url, str(user)]) == ["refused", "refused"]
    await context.close()
    server.stop()
    await server.close_all_connections()
    async with UserClient(sandbox.url, user) as client:
        assert await client.events() == []
