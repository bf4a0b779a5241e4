"""A shopper in a browser: the real bot answers in the sandbox's chat page."""

import re
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
import pytest_asyncio
from bot_helpers import start_bot
from page_helpers import button, messages, open_chat, write
from playwright.async_api import Browser, Locator, Page, expect
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from sandbox import Sandbox, running_sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOT = "Sandbox bot"
NEW_USERS: Iterator[int] = count(1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def sandbox(shop: Shop, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Sandbox]:
    """A sandbox with the real bot connected to it."""
    own_shop = shop.copy_to(tmp_path_factory.mktemp("page") / "shop")
    async with running_sandbox() as running:
        bot = await start_bot(own_shop, running)
        yield running
        await bot.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    """The page of a user nobody knows yet."""
    async with open_chat(browser, sandbox, next(NEW_USERS)) as opened:
        yield opened


def photo(category: int, colour: str, seed: int = 900) -> dict[str, object]:
    """A photo to choose, of a product that is not in the catalogue."""
    content = jpeg(draw_product(CATEGORIES[category], colour, seed, side_px=300), quality=95)
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": content}


async def show_everything(page: Page) -> None:
    await write(page, "/threshold 0")
    await expect(messages(page, BOT)).to_contain_text("from 0% on (hardly similar)")


async def send_photos(page: Page, *photos: dict[str, object]) -> None:
    await page.locator("#pick-photos").set_input_files(list(photos))
    await page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()


def answers(page: Page) -> Locator:
    """The messages below pictures: those that can be judged."""
    return messages(page, BOT).filter(has=button(page, "👎"))


async def test_start_is_one_click_away_and_the_bot_greets(page: Page) -> None:
    await expect(page.get_by_text("bot, online")).to_be_visible()
    await button(page, "Start").click()
    await expect(messages(page, BOT)).to_contain_text("Send me a photo of a product")
    await expect(messages(page, "You")).to_contain_text("/start")
    await expect(button(page, "Start")).to_be_hidden()
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    await button(page, "/help").click()  # in the greeting
    await expect(messages(page, BOT).last).to_contain_text("or an image as a file")


async def test_a_photo_is_answered_with_an_album_that_can_be_judged_and_looked_up_elsewhere(page: Page) -> None:
    await show_everything(page)
    await send_photos(page, photo(0, "red"))
    below = answers(page)
    await expect(below).to_contain_text("This looks like Balls")
    album = messages(page, BOT).nth(1)
    pictures = album.get_by_role("button", name=re.compile("Photo . of"))
    await expect(pictures).to_have_count(6)
    for shown in await pictures.locator("img").all():
        await expect(shown).to_have_js_property("complete", True)
        assert await shown.evaluate("image => image.naturalWidth") > 0

    await below.get_by_role("button", name="👍").click()
    await expect(page.locator(".toast")).to_have_text("Thank you! 👍")
    await expect(below.get_by_role("button", name="✓ 👍")).to_be_focused()
    await expect(below).not_to_contain_text("edited")

    await below.get_by_role("button", name="Boxes").click()
    await expect(messages(page, BOT).last).to_contain_text("I looked in Boxes.")
    await expect(page.locator(".photos.album")).to_have_count(2)


async def test_category_is_found_by_typing_a_slash_and_changed_by_a_tap(page: Page) -> None:
    field = page.get_by_role("textbox", name="Message")
    await field.press_sequentially("/c")
    await expect(page.get_by_role("option")).to_have_text(["/categorySearch one category, or let me see for myself"])
    await field.press("Enter")
    answer = messages(page, BOT)
    await expect(answer).to_contain_text("I look in the category that I see in your photo.")
    await answer.get_by_role("button", name="Tents & Co").click()
    await expect(answer).to_contain_text("I look in Tents & Co, whatever the photo shows.")
    await expect(answer.get_by_role("button", name="✓ Tents & Co")).to_be_visible()
    await expect(messages(page)).to_have_count(2)


async def test_threshold_is_chosen_from_the_menu_and_then_by_a_button(page: Page) -> None:
    await button(page, "Commands").click()
    await page.get_by_role("option", name="/threshold").click()
    answer = messages(page, BOT)
    await expect(answer).to_contain_text("that is auto")
    chosen = answer.get_by_role("button", name=re.compile(r"^(?!.*Auto).*similar · \d+%$")).last
    degree, percentage = (await chosen.inner_text()).split(" · ")
    await chosen.click()
    await expect(answer.get_by_role("button", name=f"✓ {degree}")).to_be_visible()
    await expect(answer).to_contain_text(f"from {percentage} on ({degree})")


async def test_several_photos_are_one_album_and_each_gets_its_answer_also_after_a_reload(page: Page) -> None:
    await show_everything(page)
    await send_photos(page, photo(0, "red", 1), photo(1, "blue", 2), photo(2, "green", 3))
    await expect(answers(page)).to_have_count(3)
    own = messages(page, "You").nth(1)
    assert await own.get_by_role("button", name=re.compile("Photo . of 3")).count() == 3
    before = await messages(page).all_inner_texts()
    await page.reload()
    await expect(messages(page)).to_have_count(len(before))
    assert await messages(page).all_inner_texts() == before
    await write(page, "/help")
    await expect(messages(page, BOT).last).to_contain_text("Send me a photo")


async def test_two_users_have_chats_of_their_own(page: Page, browser: Browser, sandbox: Sandbox) -> None:
    other = next(NEW_USERS)
    async with open_chat(browser, sandbox, other) as page_of_other:
        await write(page, "/category balls")
        await expect(messages(page, BOT)).to_contain_text("I look in Balls")
        await write(page_of_other, "/category")
        await expect(messages(page_of_other, BOT)).to_contain_text("I look in the category that I see")
        assert await messages(page_of_other).count() == await messages(page).count() == 2
        await page.get_by_role("button", name="Switch user").click()
        await page.get_by_role("menuitem", name=re.compile(f"^User {other}\\b")).click()
        await expect(messages(page)).to_have_count(2)
        assert await messages(page).all_inner_texts() == await messages(page_of_other).all_inner_texts()
