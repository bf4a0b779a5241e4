"""What is too old goes from the log, with all that belongs to it, and leaves no byte behind."""

from log_helpers import ask

from imgrec.log.schema import Action

LONG_AGO, LATELY = "2025-01-05T12:00:00.000Z", "2026-11-01T12:00:00.000Z"


async def test_old_queries_go_with_matches_votes_and_actions_a_few_at_a_time(log, rows, answer):
    old = [await ask(log, 1, 1, asked_utc=LONG_AGO, answer=answer) for _ in range(5)]
    young = await ask(log, 1, 1, asked_utc=LATELY, answer=answer, parent=old[0])
    for query in (*old, young):
        await log.vote(query, 0, 1, 1, 1)
        await log.action(query, 1, 1, 1, Action.OPENED, LATELY)
    deleted = []
    while count := await log.delete_before("2026-01-01T00:00:00.000Z", 2):
        deleted.append(count)
    assert deleted == [2, 2, 1]
    assert rows("SELECT id, parent_id FROM queries") == [{"id": young, "parent_id": None}]
    for table in ("matches", "feedback", "actions"):
        assert {row["query_id"] for row in rows(f"SELECT query_id FROM {table}")} == {young}
    assert await ask(log, 1, 1) > young, "old buttons name numbers: none is given twice"


async def test_no_byte_of_them_is_left_in_the_files(log, path, answer):
    await ask(log, 1, 1, asked_utc=LONG_AGO, answer=answer.model_copy(update={"predicted_category": "Zeppelins"}))
    await log.delete_before("2026-01-01T00:00:00.000Z", 100)
    await log.overwrite_deleted()
    assert not any(b"Zeppelins" in file.read_bytes() for file in path.parent.glob("log.db*"))
