"""From a request to what is sent: find, compose; and what the log will have of it."""

import logging
from dataclasses import dataclass

from telegram import Bot

from bot.answering.downloading import TRIES_OF_WHAT_MAY_BE_GONE, NoLongerThereError
from bot.answering.keeping import asking_to_keep
from bot.answering.links import LinkError, TooLargeAtLinkError
from bot.answering.seeing import Trouble, find
from bot.clock import now_s
from bot.composing.answers import compose, compose_page
from bot.found import Found, found
from bot.messages import Text
from bot.reaction import LaterError, Reaction
from bot.request import Request, Result
from bot.services import Services
from bot.store.inbox import Waiting
from bot.texts import short
from imgrec.database import utc_of
from imgrec.errors import CostlyPhotoError, PhotoError, TooLargePhotoError
from imgrec.log.schema import Outcome
from imgrec.log.writer import LoggedAnswer, LoggedTimes, QueryRecord

log = logging.getLogger(__name__)

_NO_TIMES = LoggedTimes()


@dataclass(frozen=True)
class Answered:
    """A query that has its result, and what the log will have of it."""

    query_id: int
    result: Result
    kept: Found
    record: QueryRecord

    @property
    def record_of_closest(self) -> QueryRecord:
        """The record, where the closest product alone is shown."""
        shown = self.kept.page(1, min(1, len(self.result.answer.matches)))
        return self.record.model_copy(update={"answer": self.kept.logged(shown, 1)})


async def answer(bot: Bot, services: Services, waiting: Waiting, request: Request) -> Reaction:
    """Find similar products, and compose the answer. What was expected to go wrong gets a plain sentence.

    Raises LaterError when Telegram does not hand out the photo just now.
    """
    answered = await find_answer(bot, services, waiting, request)
    if isinstance(answered, Reaction):
        return answered
    messages = compose(answered.query_id, answered.result, answered.kept)
    question, asked = asking_to_keep(services, request)
    return Reaction([*messages, *question], asked, record=answered.record, found=answered.kept)


async def find_answer(bot: Bot, services: Services, waiting: Waiting, request: Request) -> Answered | Reaction:
    """The same without composing it; a refusal is composed."""
    began_s = now_s()
    query_id = await services.store.outbox.begin(waiting, request.chat, request.user, request.say.code)
    waited = LoggedTimes(queue_ms=(began_s - waiting.received_s) * 1000)
    try:
        if is_too_late(services, waiting):
            return refusal(query_id, waiting, request, Outcome.EXPIRED, short.EXPIRED, waited)
        with services.actions.shown(request.chat, waiting.update.thread_id):
            result = await find(bot, services, query_id, request, again=may_come_back(waiting))
    except (PhotoError, LinkError, NoLongerThereError) as problem:
        return refusal(query_id, waiting, request, *plain_words(problem, request), waited)
    except LaterError:
        raise
    except Exception:  # the outermost edge of a query: the log gets what happened, the shopper a plain sentence
        log.exception("A photo could not be answered.")
        return refusal(query_id, waiting, request, Outcome.FAILED, short.FAILED, waited)
    services.recent.remember(query_id, request.chat, request.user, result.seen)
    kept, shown = found(result), len(result.answer.matches)
    outcome = Outcome.ANSWERED if shown else Outcome.NOTHING_SIMILAR
    times, logged = result.times.model_copy(update={"queue_ms": waited.queue_ms}), kept.logged(kept.page(1, shown), 1)
    return Answered(query_id, result, kept, _record(query_id, waiting, request, outcome, times, logged))


async def answer_with_more(
    services: Services, waiting: Waiting, request: Request, before: Found, first: int
) -> Reaction | None:
    """Further products of an earlier answer, from this rank on; None where there are no more that can be had.

    Those behind one that is no longer sold move up, so that numbers lead to what they stand beside.
    """
    page = before.page(first, services.looking.shown(request.settings, request.chat))
    matches = await services.looking.do(lambda serving: serving.matches(page))
    if not matches:
        return None
    query_id = await services.store.outbox.begin(waiting, request.chat, request.user, request.say.code)
    there = {match.product.product_id for match in matches}
    shown = [rank for rank in page if rank.product_id in there]
    logged = before.logged(shown, first)
    ranks = (*before.ranks[: first - 1], *shown, *before.ranks[first - 1 + len(page) :])
    kept = before.model_copy(update={"ranks": ranks, "shown": first - 1 + len(shown)})
    messages = compose_page(request.say, query_id, kept, matches, first, request.ask.reply_to)
    record = _record(query_id, waiting, request, Outcome.ANSWERED, answer=logged)
    return Reaction(messages, record=record, found=kept)


def is_too_late(services: Services, waiting: Waiting) -> bool:
    """Whether an answer would be of no use any more."""
    return now_s() - waiting.received_s > services.useful_for_s


def may_come_back(waiting: Waiting) -> bool:
    """Whether to try again for what Telegram says is unavailable, which it also says of what is gone for good."""
    return waiting.starts < TRIES_OF_WHAT_MAY_BE_GONE


def refusal(
    query_id: int, waiting: Waiting, request: Request, outcome: Outcome, text: str | None,
    times: LoggedTimes = _NO_TIMES,
) -> Reaction:  # fmt: skip
    """An answer without having found; without a text, the shopper is told by other means."""
    messages = [] if text is None else [Text(html=request.say(text), reply_to=request.ask.reply_to)]
    return Reaction(messages, record=_record(query_id, waiting, request, outcome, times))


def plain_words(problem: Trouble, request: Request) -> tuple[Outcome, str]:
    """What is wrong with what was sent, for the log and for the shopper."""
    if isinstance(problem, CostlyPhotoError):
        return Outcome.TOO_LARGE, short.COSTLY
    if isinstance(problem, TooLargePhotoError | TooLargeAtLinkError):
        return Outcome.TOO_LARGE, short.TOO_LARGE
    if isinstance(problem, NoLongerThereError):
        return Outcome.FAILED, problem.words
    if isinstance(problem, LinkError):
        return Outcome.UNREADABLE, short.NOTHING_AT_LINK
    return Outcome.UNREADABLE, short.NO_IMAGE_AT_LINK if request.ask.link else short.UNREADABLE


def _record(
    query_id: int, waiting: Waiting, request: Request, outcome: Outcome, times: LoggedTimes = _NO_TIMES,
    answer: LoggedAnswer | None = None,
) -> QueryRecord:  # fmt: skip
    return QueryRecord(
        id=query_id, asked_utc=utc_of(waiting.received_s), kind=request.kind, outcome=outcome, parent=request.parent,
        language=request.say.code, photo_unique_id=request.photo.file_unique_id if request.photo else request.ask.link,
        times=times, answer=answer,
    )  # fmt: skip
