"""The oracle on worlds made by hand: it sees what was lost, sent twice or sent to somebody else, and nothing more."""

import io
from dataclasses import dataclass, field

import pytest
from oracle import Expectations, Verdict, judge, photos_of, unanswered
from PIL import Image

from sandbox.entities import FormattedText
from sandbox.files import Photo
from sandbox.messages import Content, Message
from sandbox.record import CallRecord
from sandbox.state import Bot

ANNA, BEN = 7, 8
BUTTONS = {"inline_keyboard": [[{"text": "👍", "callback_data": "good"}]]}


@dataclass
class World:
    """A bot's world, its clock in our hands."""

    bot: Bot = field(default_factory=lambda: Bot("1:test"))
    now: float = 0.0
    photos: dict[str, Photo] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bot.calls._clock = self.bot.updates.book._clock = lambda: self.now

    async def picture(self, colour: str) -> Photo:
        file = io.BytesIO()
        Image.new("RGB", (40, 40), colour).save(file, "JPEG")
        return await self.bot.files.add_photo(file.getvalue())

    async def ask(self, user: int = ANNA, *, is_confirmed: bool = True) -> Message:
        """A photo of a shopper."""
        [photo] = await self.ask_together(1, user, is_confirmed=is_confirmed)
        return photo

    async def ask_together(self, photos: int, user: int = ANNA, *, is_confirmed: bool = True) -> list[Message]:
        """Photos of a shopper, sent as one album."""
        sender, chat = self.bot.meet(user, user)
        contents = [Content(FormattedText(""), await self.picture("white")) for _ in range(photos)]
        posted = self.bot.post(sender, chat, contents)
        if is_confirmed:
            self.bot.updates.clear()
        return posted

    async def send(
        self, photo: Message, *colours: str, text: str = "These.", buttons: bool = True, replied: bool = True, took=0.1
    ) -> CallRecord:
        """What a bot writes in reply: an album of products, or words."""
        contents = [Content(FormattedText(f"a {colour} one"), await self.picture(colour)) for colour in colours]
        call = self.bot.calls.open("sendMediaGroup" if colours else "sendMessage", str(photo.chat.id))
        sent = self.bot.post(
            self.bot.user, photo.chat, contents or [Content(FormattedText(text))], reply_to=photo,
            keyboard=BUTTONS if buttons and not colours else None,
        )  # fmt: skip
        call.carried_out, call.message_ids = True, [message.id for message in sent]
        self.now += took
        self.bot.calls.close(call, replied=replied)
        return call

    def judged(self, kills: tuple[float, ...] = (), **expected) -> Verdict:
        return judge(self.bot, Expectations(**expected), None, kills)


@pytest.fixture
def world() -> World:
    return World()


async def test_products_and_words_with_buttons_are_an_answer(world):
    photo = await world.ask()
    await world.send(photo, "red", "blue")
    await world.send(photo)
    verdict = world.judged(titles={photo.id: "a red one"})
    assert (verdict.photos, verdict.answered, verdict.problems) == (1, 1, [])
    assert verdict.seconds == [pytest.approx(0.1)]


async def test_a_sentence_is_told_and_nothing_at_all_is_lost(world):
    await world.send(await world.ask(), text="Sorry.", buttons=False)
    await world.ask(BEN)
    await world.ask(BEN, is_confirmed=False)
    verdict = world.judged()
    assert (verdict.answered, verdict.told, verdict.lost) == (0, 1, 2)
    assert verdict.problems == ["2 photos lost (1 of them never fetched)"]


async def test_products_without_words_below_are_no_answer(world):
    await world.send(await world.ask(), "red", "blue")
    assert world.judged().problems == ["1 photos got products, and no words below them", "1 photos lost"]


async def test_an_answer_that_was_deleted_is_none(world):
    photo = await world.ask()
    [words] = (await world.send(photo, text="Wait.")).message_ids
    world.bot.delete(world.bot.messages[ANNA, words])
    assert world.judged().lost == 1


async def test_products_sent_twice_are_a_fault_unless_a_kill_came_between(world):
    photo = await world.ask()
    await world.send(photo, "red", "blue", replied=False)
    await world.send(photo, "red", "blue")
    await world.send(photo)
    assert world.judged().problems == ["1 products sent twice while the bot lived"]
    explained = world.judged(kills=(0.1,))
    assert (explained.repeated, explained.problems, explained.window_s) == (1, [], 0.1)


async def test_a_kill_long_after_telegram_confirmed_explains_nothing(world):
    photo = await world.ask()
    await world.send(photo, "red", "blue")
    world.now = 30.0
    await world.send(photo, "red", "blue")
    await world.send(photo)
    assert world.judged(kills=(29.0,)).problems == ["1 products sent twice while the bot lived"]


async def test_words_may_come_twice_where_the_reply_was_lost_and_not_otherwise(world):
    photo = await world.ask()
    await world.send(photo, replied=False)
    await world.send(photo)
    assert (world.judged().repeated, world.judged().problems) == (1, [])
    await world.send(photo)
    assert "messages sent twice although Telegram had confirmed them" in world.judged().problems[0]


async def test_halves_of_an_album_are_not_the_same_twice(world):
    photo = await world.ask()
    await world.send(photo, "red", "blue")
    await world.send(photo, "green", "yellow")
    await world.send(photo)
    assert (world.judged().repeated, world.judged().problems) == (0, [])


async def test_one_message_may_answer_those_photos_of_an_album_whose_products_it_names(world):
    first, second, third = await world.ask_together(3)
    await world.send(first, text="1. A red one\n2. A blue one")
    titles = {first.id: "A red one", second.id: "A blue one", third.id: "A green one"}
    verdict = world.judged(titles=titles)
    assert (verdict.photos, verdict.answered, verdict.lost) == (3, 2, 1)
    assert unanswered(world.bot, titles) == [photo for photo in photos_of(world.bot) if photo.message_id == third.id]
    other = await world.ask()
    assert world.judged(titles=titles | {other.id: "A red one"}).lost == 2


async def test_products_in_a_wrong_chat_are_seen(world):
    photo = await world.ask()
    await world.send(photo, "red", "blue")
    await world.send(photo)
    assert world.judged(titles={photo.id: "a green one"}).problems == [
        "1 photos answered with products of another photo"
    ]
    assert world.judged(bystanders={ANNA}).problems == ["1 albums in chats that never sent a photo"]
    sender, chat = world.bot.meet(BEN, BEN)
    [words] = world.bot.post(sender, chat, [Content(FormattedText("Hello"))])
    await world.send(words, "red", "blue")
    assert world.judged().problems == ["1 albums reply to no photo of their chat"]
