"""How long things are kept: what is older than the owner wants is deleted, a little at a time, beside other work."""

import asyncio

from bot.clock import DAY_S, now_s
from bot.store.store import Store
from imgrec.database import utc_of

_QUERIES_AT_ONCE = 200
_PAUSE_S = 0.05


async def tidy(store: Store, retention_days: int | None) -> None:
    """Drop what is of no use any more, and all that is older than so many days; None keeps it for ever."""
    kept_s = None if retention_days is None else retention_days * DAY_S
    await store.tidy(kept_s)
    before_s = None if kept_s is None else now_s() - kept_s
    await store.photos.tidy(before_s)
    if before_s is not None:
        await _shorten_log(store, utc_of(before_s))
    await store.database.overwrite_deleted()


async def _shorten_log(store: Store, before_utc: str) -> None:
    deleted_any = False
    while await store.log.delete_before(before_utc, _QUERIES_AT_ONCE):
        deleted_any = True
        await asyncio.sleep(_PAUSE_S)  # queries and votes come in between
    if deleted_any:
        await store.log.overwrite_deleted()
