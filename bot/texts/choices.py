"""What can be chosen, and how to use the bot."""

from bot.language import Language, msgid
from bot.shop import Shop
from bot.texts import short
from bot.texts.writing import category_name, shortened, word
from imgrec.search.likeness import Likeness

_EXAMPLE = "<code>/threshold 60%</code>"
_AUTO = "<code>auto</code>"
_LOOKS_EVERYWHERE = msgid("I look everywhere.")


def how_to_use(say: Language, shop: Shop) -> str:
    """How to use the bot, with what a percentage means in this shop."""
    category = say(
        "/category – search one category only, or {auto} to let me see for myself", auto="<code>/category auto</code>"
    )
    threshold = say(
        "/threshold – how similar products have to be, such as {example}, or {auto}", example=_EXAMPLE, auto=_AUTO
    )
    commands = [*([category] if shop.category_ids else []), threshold, say("/forget – delete all about you")]
    return "\n\n".join([
        say("Send a photo, or an image as a file, and I answer with similar products."),
        "\n".join(commands),
        f"{say('Below each product stands how similar it is.')} {meaning(say, shop.likeness)}",
        say("👍 and 👎 below an answer make the next ones better. /privacy tells what is kept of you."),
    ])  # fmt: skip


def meaning(say: Language, likeness: Likeness) -> str:
    """What a percentage below a product means, by what it was fitted on."""
    if not likeness.low:
        return say("The percentage tells how alike the pictures are: too few photos here to say what is right.")
    share = say.percent(0.87)
    match likeness.truth:
        case "kind":
            return say("{share} means: of a hundred such matches, about 87 are of the same kind.", share=share)
        case "category":
            return say("{share} means: of a hundred such matches, about 87 are of the same category.", share=share)
        case "product":
            return say("{share} means: of a hundred such matches, about 87 are the same product.", share=share)


def category_now(say: Language, category: str | None, *, tells_categories: bool = True) -> str:
    """After, or in place of, a choice of category; None is auto, which is everything where they are not told apart."""
    if category is None:
        return say("I look in the category that I see in your photo.") if tells_categories else say(_LOOKS_EVERYWHERE)
    return say(
        "I look in {category}, whatever the photo shows. {auto} undoes that.",
        category=f"<b>{category_name(category)}</b>", auto="<code>/category auto</code>",
    )  # fmt: skip


def choose_category(say: Language, category: str | None, shop: Shop) -> str:
    """Above the keyboard of categories."""
    if not shop.category_ids:
        return say(short.NO_CATEGORIES)
    return f"{category_now(say, category, tells_categories=shop.tells_categories)}\n{say('Choose another:')}"


def threshold_now(say: Language, chosen: float | None, auto: float) -> str:
    """After, or in place of, a choice of likeness; None is auto."""
    if chosen is None:
        return say(
            "I show products from {likeness} on ({word}): that is auto, this shop's own choice.",
            likeness=f"<b>{say.percent(auto)}</b>", word=word(say, auto),
        )  # fmt: skip
    return say(
        "I show products from {likeness} on ({word}). {auto} goes back to {before} ({before_word}).",
        likeness=f"<b>{say.percent(chosen)}</b>", word=word(say, chosen), auto="<code>/threshold auto</code>",
        before=say.percent(auto), before_word=word(say, auto),
    )  # fmt: skip


def choose_threshold(say: Language, chosen: float | None, shop: Shop) -> str:
    """Above the keyboard of likenesses."""
    another = say("Choose another, or send a value such as {example}:", example=_EXAMPLE)
    return f"{threshold_now(say, chosen, shop.auto_likeness)}\n{meaning(say, shop.likeness)}\n{another}"


def category_unknown(say: Language, name: str, *, is_near: bool) -> str:
    """When /category names none we know; the keyboard offers those near it, or else all there are."""
    offer = say("Did you mean one of these?") if is_near else say("These are there:")
    return f"{say('I don’t know the category “{name}”.', name=category_name(name))} {offer}"


def threshold_unknown(say: Language, text: str) -> str:
    """When /threshold has no value we can read."""
    return say(
        "“{text}” is not a threshold. Use a value from 0 to 100%, such as {percentage} or {share}, or {auto}.",
        text=category_name(shortened(text, 60)), percentage="<code>60%</code>", share="<code>0.6</code>", auto=_AUTO,
    )  # fmt: skip
