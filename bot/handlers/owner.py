"""/stats: what was asked and what came of it, for the shop's owner alone."""

import asyncio
from datetime import datetime

from bot.clock import now_s
from bot.handlers.context import Context
from bot.handlers.other import on_anything_else
from bot.messages import Drawing
from bot.owner.chart import draw_chart
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts.owner import stats
from imgrec.log.activity import read_activity

_CHARTED_DAYS = 14


async def on_stats(context: Context, message: Message, wanted: str) -> Reaction:
    """Show them to an admin in a private chat; to others it is no command at all."""
    services, say = context.services, context.say
    if message.sender_id not in services.admins or not message.chat.is_private:
        return await on_anything_else(context, message)
    log, today = services.store.log.path, datetime.now().astimezone().date()
    charted, week, of_today = await asyncio.gather(
        *(asyncio.to_thread(read_activity, log, today, days) for days in (_CHARTED_DAYS, 7, 1))
    )
    wishes = await services.store.database.row("SELECT count(*) FROM wishes WHERE until_s > ?", now_s())
    words = stats(say, of_today, week, wishes[0] if wishes else 0, services.troubles.recent)
    picture = await asyncio.to_thread(draw_chart, say, charted.days)
    return Reaction([Drawing(image=picture, caption=words)])
