"""What those are told who send much at once."""

from bot.language import Language


def waiting(say: Language, photos: int, minutes: float, left_out: int) -> str:
    """How many photos of a shopper wait, and how long it will take; some may have been too many."""
    told = say.many(
        "📥 Your photo is next; it is answered in about {duration}.",
        "📥 {count} of your photos are waiting; the last one is answered in about {duration}.",
        photos,
        duration=_duration(say, minutes),
    )
    return f"{told}\n{too_many(say, left_out)}" if left_out else told


def too_many(say: Language, photos: int) -> str:
    """How many photos were turned away because too many waited."""
    return say.many(
        "One photo was too many at once and will not be answered: please send it again.",
        "{count} photos were too many at once and will not be answered: please send them again.",
        photos,
    )


def _duration(say: Language, minutes: float) -> str:
    if minutes < 1:
        seconds = max(5, round(minutes * 12) * 5)
        return say.many("{count} second", "{count} seconds", seconds)
    return say.many("{count} minute", "{count} minutes", round(minutes))
