"""/forget is complete: no trace of a shopper's keys is left, in no table and in no byte of the files."""

from log_helpers import ask

from imgrec.log.forgetting import mark_of

ANNA, BEN, GROUP = 1001, 2002, -3003
EVERY_KEY = """
    SELECT chat_key AS key FROM queries UNION SELECT user_key FROM queries UNION SELECT user_key FROM feedback
"""


def bytes_of(path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*") if file.suffix != ".secret")


async def test_no_byte_of_the_files_names_a_shopper_who_was_forgotten(log, path, answer):
    for user in range(1, 121):
        query = await ask(log, user, user, answer=answer)
        await log.vote(query, 0, user, user, 1)
        await log.vote(max(1, query - 1), 0, max(1, user - 1), user, -1)
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
    own, of_ben = await ask(log, ANNA, ANNA, answer=answer), await ask(log, BEN, BEN, answer=answer)
    in_group = await ask(log, GROUP, ANNA, answer=answer)
    ben_in_group = await ask(log, GROUP, BEN, answer=answer)
    for query in (own, of_ben, in_group, ben_in_group):
        for user in (ANNA, BEN):
            await log.vote(query, 0, user, user, 1)
    assert await log.forget(ANNA, ANNA, private=True) == 2
    assert [row["id"] for row in rows("SELECT id FROM queries ORDER BY id")] == [of_ben, ben_in_group]
    left = {log.keys.of("user", BEN), log.keys.of("chat", BEN), log.keys.of("chat", GROUP)}
    assert {row["key"] for row in rows(EVERY_KEY)} == left
    assert {row["query_id"] for row in rows("SELECT query_id FROM matches")} == {of_ben, ben_in_group}


async def test_who_was_never_there_is_forgotten_too(log):
    assert await log.forget(ANNA, ANNA, private=True) == 0


async def test_what_stays_is_a_mark_for_restored_backups_and_not_the_key_itself(log, rows):
    await ask(log, ANNA, ANNA)
    await log.forget(ANNA, ANNA, private=True)
    await log.forget(GROUP, BEN, private=False)
    marks = {row["mark"] for row in rows("SELECT mark FROM forgotten")}
    keys = [log.keys.of("user", ANNA), log.keys.of("chat", ANNA), log.keys.of("user", BEN)]
    assert marks == {mark_of(log.keys, key) for key in keys}
    assert not marks & set(keys)
