"""/forget is complete: no trace of a shopper's keys is left, in no table and in no byte of the files."""

from imgrec.log.schema import KindOfQuery
from imgrec.log.writer import ChatSettings, LogWriter

ANNA, BEN, GROUP = 1001, 2002, -3003
EVERY_KEY = """
    SELECT chat_key AS key FROM queries UNION SELECT user_key FROM queries
    UNION SELECT user_key FROM feedback UNION SELECT chat_key FROM chats
"""


async def ask(log: LogWriter, answer, chat: int, user: int) -> int:
    query = await log.begin_query(KindOfQuery.PHOTO, chat, user, f"photo {chat} {user}")
    await log.record_answer(query, answer)
    return query


def bytes_of(path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*") if file.suffix != ".secret")


async def test_no_byte_of_the_files_names_a_shopper_who_was_forgotten(log, path, answer):
    for user in range(1, 121):
        query = await ask(log, answer, user, user)
        await log.vote(query, 0, user, user, 1)
        await log.vote(max(1, query - 1), 0, max(1, user - 1), user, -1)
        await log.set_category(user, "Balls")
    files = {path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}.secret"}
    assert {file.name for file in path.parent.iterdir()} == files
    for user in range(1, 121, 7):
        keys = [log.keys.of(subject, user).encode() for subject in ("user", "chat")]
        keys.append(log.keys.of("photo", f"photo {user} {user}").encode())
        assert all(key in bytes_of(path) for key in keys)
        assert await log.forget(user, user, private=True) == 1
        assert not any(key in bytes_of(path) for key in keys)
    assert log.keys.of("user", 2).encode() in bytes_of(path)


async def test_only_the_shopper_who_asks_is_forgotten(log, answer, rows):
    own, of_ben = await ask(log, answer, ANNA, ANNA), await ask(log, answer, BEN, BEN)
    in_group = await ask(log, answer, GROUP, ANNA)
    ben_in_group = await ask(log, answer, GROUP, BEN)
    for query in (own, of_ben, in_group, ben_in_group):
        for user in (ANNA, BEN):
            await log.vote(query, 0, user, user, 1)
    for chat in (ANNA, BEN, GROUP):
        await log.set_category(chat, "Balls")
    assert await log.forget(ANNA, ANNA, private=True) == 2
    assert [row["id"] for row in rows("SELECT id FROM queries ORDER BY id")] == [of_ben, ben_in_group]
    left = {log.keys.of("user", BEN), log.keys.of("chat", BEN), log.keys.of("chat", GROUP)}
    assert {row["key"] for row in rows(EVERY_KEY)} == left
    assert {row["query_id"] for row in rows("SELECT query_id FROM matches")} == {of_ben, ben_in_group}
    assert await log.settings(ANNA) == ChatSettings()
    assert await log.settings(GROUP) == ChatSettings("Balls")


async def test_forgetting_in_a_group_leaves_the_group_its_settings(log, answer, rows):
    await ask(log, answer, GROUP, ANNA)
    await log.set_threshold(GROUP, 0.5)
    assert await log.forget(GROUP, ANNA, private=False) == 1
    assert await log.settings(GROUP) == ChatSettings(threshold=0.5)
    assert rows("SELECT * FROM queries") == []


async def test_who_was_never_there_is_forgotten_too(log):
    assert await log.forget(ANNA, ANNA, private=True) == 0
