"""What is said of wishes: that one stands and what is kept for it, what came in, and which there are."""

from collections.abc import Sequence
from datetime import UTC, datetime

from babel.dates import format_date

from bot.language import Language, msgid
from bot.store.wishes import Wish
from bot.texts.answers import product_list
from bot.texts.writing import as_html
from imgrec.search.answer import Match

MAKE = msgid("🔔 Notify me")
STOP = msgid("🔕 Stop notifying")
STOPPED = msgid("I stop, and keep nothing of it.")
NOT_YOURS = msgid("Only who asked to be told can stop it.")
NOTHING_TO_LOOK_FOR = msgid("I have no photo for that. Please send one first.")
PHOTO_GONE = msgid(
    "Telegram no longer has a photo that I was to look out for, so I have stopped. Please send it again if it "
    "still matters."
)


def noted(say: Language, days: int) -> str:
    """What is kept, and for how long: by the tap the shopper agrees. Telegram shows 200 characters."""
    return say.many(
        "I tell you when something like it comes in. For that I keep which photo it is and what I saw in it, for "
        "one day.",
        "I tell you when something like it comes in. For that I keep which photo it is and what I saw in it, for "
        "{count} days.",
        days,
    )


def too_many(say: Language, most: int) -> str:
    """When somebody has as many as there may be."""
    return say.many(
        "You have one wish already, which is the most. /wishes shows it.",
        "You have {count} wishes already, which is the most. /wishes shows them.",
        most,
    )


def came_in(say: Language, matches: Sequence[Match], similar: int) -> str:
    """What came in since, as the message below the pictures; `similar`: how many there are in all."""
    heading = say.many(
        "🔔 This came in, and it looks like your photo:",
        "🔔 {count} products came in that look like your photo:",
        similar,
    )
    return f"{heading}\n\n{product_list(say, matches, 1)}"


def standing(say: Language, wishes: Sequence[Wish]) -> str:
    """All that somebody wished in a chat, a line each."""
    if not wishes:
        return say("You have no wishes. 🔔 below an answer makes one: I tell you when something like it comes in.")
    lines = "\n".join(f"{number}. {_line(say, wish)}" for number, wish in enumerate(wishes, start=1))
    heading = say.many(
        "I tell you when something comes in that looks like this photo. The number stops it:",
        "I tell you when something comes in that looks like these photos. A number stops it:",
        len(wishes),
    )
    return f"{heading}\n\n{lines}"


def _line(say: Language, wish: Wish) -> str:
    sent, until = _day(say, wish.made_s), _day(say, wish.until_s)
    if wish.about:
        return say(
            "<b>{category}</b>, asked on {day}, until {last_day}", category=as_html(wish.about), day=sent,
            last_day=until,
        )  # fmt: skip
    return say("A photo, asked on {day}, until {last_day}", day=sent, last_day=until)


def _day(say: Language, time_s: float) -> str:
    return format_date(datetime.fromtimestamp(time_s, UTC), "medium", locale=say.locale)
