"""Groups as a bot meets them: what it hears, who leads, topics, upgrades; and chats in which it may write no more."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from telegram import Bot, InputMediaPhoto, Message, Update
from telegram.error import BadRequest, ChatMigrated, Forbidden

from sandbox import Sandbox
from sandbox.client import UserClient

GROUP = -50
CHANNEL = -1001


@pytest.fixture
async def ben(sandbox: Sandbox) -> AsyncIterator[UserClient]:
    """A user who speaks in a group."""
    async with UserClient(sandbox.url, 8, chat_id=GROUP) as client:
        yield client


@pytest.fixture
async def forum(ben: UserClient) -> int:
    """A topic of the group; its `message_thread_id`."""
    return await ben.open_topic("Shoes")


async def updates(bot: Bot) -> tuple[Update, ...]:
    """What waits, which is confirmed by this."""
    waiting = await bot.get_updates(timeout=0)
    if waiting:
        await bot.get_updates(offset=waiting[-1].update_id + 1)
    return waiting


async def heard(bot: Bot) -> list[Message]:
    return [update.message for update in await updates(bot) if update.message]


async def test_with_privacy_mode_a_bot_hears_what_concerns_it(bot: Bot, ben: UserClient, picture: Callable[..., bytes]):
    assert not (await bot.get_me()).can_read_all_group_messages
    for text in ("hello", "/help@other_bot", "see /help", "@sandbox1_botany", "I told sandbox1_bot"):
        await ben.text(text)
    await ben.photo(picture(), caption="look")
    assert await heard(bot) == []
    concerning = ["/help", "/help@Sandbox1_Bot now", "what is it, @sandbox1_bot?", "🙂 @SANDBOX1_BOT"]
    for text in concerning:
        await ben.text(text)
    await ben.photo(picture("red"), picture("blue"), caption="@sandbox1_bot")
    question = await bot.send_message(GROUP, "Which one?")
    await ben.text("that one", reply_to_message_id=question.id)
    said = [message.text or message.caption for message in await heard(bot)]
    assert said == [*concerning, "@sandbox1_bot", "that one"]  # of the album, the one picture that names the bot


async def test_without_privacy_mode_or_as_an_admin_it_hears_everything(bot: Bot, ben: UserClient):
    await ben.set_privacy(False)
    assert (await bot.get_me()).can_read_all_group_messages
    await ben.text("hello")
    assert [message.text for message in await heard(bot)] == ["hello"]
    await ben.set_privacy(True)
    await ben.make_bot("administrator")
    await updates(bot)
    await ben.text("hello again")
    assert [message.text for message in await heard(bot)] == ["hello again"]


async def test_who_leads_is_known_and_who_is_not_there_has_left(bot: Bot, ben: UserClient, sandbox: Sandbox):
    await ben.text("/start")
    assert (await bot.get_chat_member(GROUP, 8)).status == "member"
    assert (await bot.get_chat_member(GROUP, 9)).status == "left"
    await ben.become("creator")
    async with UserClient(sandbox.url, 1, chat_id=GROUP) as anna:
        assert (await bot.get_chat_member(GROUP, bot.id)).status == "member"
        await anna.become("administrator")
    admins = await bot.get_chat_administrators(GROUP)
    assert [(admin.user.id, admin.user.is_bot, admin.status) for admin in admins] == [
        (8, False, "creator"), (1, False, "administrator"),
    ]  # fmt: skip
    assert (await bot.get_chat_member(GROUP, 1)).status == "administrator"  # the person, not the bot of that number
    assert (await bot.get_chat_member(GROUP, 1087968824)).status == "left"


async def test_in_a_private_chat_there_are_two_members_and_no_admins(bot: Bot, chat: int):
    assert (await bot.get_chat_member(chat, chat)).user.id == chat
    with pytest.raises(BadRequest, match="no administrators in the private chat"):
        await bot.get_chat_administrators(chat)


async def test_coming_and_going_are_service_messages(bot: Bot, ben: UserClient):
    await ben.become("member")
    await ben.become("left")
    came, went = await heard(bot)
    assert came.new_chat_members[0].id == went.left_chat_member.id == 8
    with pytest.raises(httpx.HTTPStatusError, match="is not in the group"):
        await ben.text("/still here?")


async def test_an_admin_may_speak_as_the_group_and_anybody_as_a_channel(bot: Bot, ben: UserClient):
    await ben.text("/start")
    with pytest.raises(httpx.HTTPStatusError, match="only an admin writes as the group"):
        await ben.text("/settings", sender_chat_id=GROUP)
    await ben.become("administrator")
    await ben.text("/settings", sender_chat_id=GROUP)
    await ben.text("/help", sender_chat_id=CHANNEL)
    _, unnamed, channel = await heard(bot)
    assert (unnamed.from_user.id, unnamed.sender_chat) == (1087968824, unnamed.chat)
    assert (channel.from_user.id, channel.sender_chat.id, channel.sender_chat.type) == (136817688, CHANNEL, "channel")


async def test_a_bot_that_is_removed_is_told_and_may_not_write(bot: Bot, ben: UserClient):
    await ben.text("/start")
    await ben.make_bot("kicked")
    await ben.text("/anybody there?")
    start, removed = await updates(bot)
    assert start.message.text == "/start"
    change = removed.my_chat_member
    assert (change.old_chat_member.status, change.new_chat_member.status) == ("member", "kicked")
    assert (change.from_user.id, change.new_chat_member.user.id, change.chat.id) == (8, bot.id, GROUP)
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(GROUP, "Hello?")
    await ben.make_bot("member")
    added, joined = await updates(bot)
    assert added.my_chat_member.new_chat_member.status == "member"
    assert joined.message.new_chat_members[0].is_bot
    assert await bot.send_message(GROUP, "Hello!")


async def test_a_bot_that_is_blocked_is_told_and_may_not_write(bot: Bot, anna: UserClient, chat: int):
    sent = await bot.send_message(chat, "Hello")
    await anna.block()
    assert (await updates(bot))[-1].my_chat_member.new_chat_member.status == "kicked"
    for refused in (bot.send_message(chat, "Hello?"), bot.send_chat_action(chat, "typing"), sent.edit_text("?")):
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await refused
    with pytest.raises(httpx.HTTPStatusError, match="has blocked the bot"):
        await anna.text("Hello")
    await anna.unblock()
    assert (await updates(bot))[-1].my_chat_member.new_chat_member.status == "member"
    assert await bot.send_message(chat, "Hello!")


async def test_in_a_topic_messages_bear_its_thread_and_reply_to_its_beginning(bot: Bot, ben: UserClient, forum: int):
    await ben.text("/start", message_thread_id=forum)
    opened, start = await heard(bot)
    assert (opened.message_thread_id, opened.forum_topic_created.name) == (forum, "Shoes")
    assert opened.reply_to_message is None
    assert (start.message_thread_id, start.is_topic_message, start.chat.is_forum) == (forum, True, True)
    assert start.reply_to_message.forum_topic_created.name == "Shoes"


async def test_what_a_bot_sends_lands_in_the_topic_it_names_or_replies_in_and_else_in_general(
    bot: Bot, ben: UserClient, forum: int, picture: Callable[..., bytes]
):
    asked = await ben.text("/start", message_thread_id=forum)
    named = await bot.send_media_group(
        GROUP, [InputMediaPhoto(picture(colour)) for colour in ("red", "blue")], message_thread_id=forum
    )
    replied = await bot.send_message(GROUP, "Here", reply_to_message_id=asked["message_id"])
    assert {message.message_thread_id for message in (*named, replied)} == {forum}
    assert replied.reply_to_message.text == "/start"
    general = await bot.send_message(GROUP, "There")
    assert (general.message_thread_id, general.is_topic_message) == (None, None)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(GROUP, "Where?", message_thread_id=general.id)


async def test_only_a_supergroup_has_topics(ben: UserClient):
    await ben.text("/start")
    with pytest.raises(httpx.HTTPStatusError, match="only a supergroup has topics"):
        await ben.open_topic("Shoes")


async def test_a_group_that_becomes_a_supergroup_moves_with_its_people(bot: Bot, ben: UserClient):
    await ben.text("/start")
    await ben.become("creator")
    new_id = await ben.migrate()
    _, told_here, told_there = await heard(bot)
    assert (told_here.chat.id, told_here.migrate_to_chat_id) == (GROUP, new_id)
    assert (told_there.chat.id, told_there.migrate_from_chat_id) == (new_id, GROUP)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(GROUP, "Hello?")
    assert moved.value.new_chat_id == new_id
    assert (await bot.get_chat_member(new_id, 8)).status == "creator"
    await ben.text("/help")
    [message] = await heard(bot)
    assert (message.chat.id, message.chat.type) == (new_id, "supergroup")


async def test_a_bot_deletes_messages_of_others_in_a_group_as_an_admin_only(bot: Bot, ben: UserClient):
    message = await ben.text("/start")
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(GROUP, message["message_id"])
    await ben.make_bot("administrator")
    assert await bot.delete_message(GROUP, message["message_id"])
