"""What can be chosen, and how to use the bot."""

from collections.abc import Sequence

from bot.language import Language, msgid
from bot.shop import Shop
from bot.texts import groups, short
from bot.texts.writing import as_html, word
from imgrec.search.likeness import Likeness

_EXAMPLE = "<code>/threshold 60%</code>"
_AUTO = "<code>auto</code>"
_LOOKS_EVERYWHERE = msgid("I look everywhere.")


def how_to_use(say: Language, shop: Shop, *, in_group: bool) -> str:
    """How to use the bot, with what a percentage means in this shop. At most 1,024 characters: it is a caption."""
    photo = say("Send me a photo of a product, or an image as a file, and I show similar ones from the shop.")
    of_categories = say("/settings – category, likeness, number of products, language")
    without = say("/settings – likeness, number of products, language")
    return "\n\n".join([
        say(groups.MENTION_WITH_A_PHOTO) if in_group else photo,
        say("A number opens a product, ♡ saves it. 👍 and 👎 tell the shop how good an answer was."),
        f"{say('Below an opened product stands how similar it is.')} {meaning(say, shop.likeness)}",
        "\n".join([
            of_categories if shop.category_ids else without,
            say("/history – what you asked before"),
            say("/saved – products you saved"),
            say("/wishes – what I look out for, as 🔔 below an answer asks me to"),
            say("/privacy – what is kept of you, and how to delete it"),
        ]),
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
        category=f"<b>{as_html(category)}</b>", auto="<code>/category auto</code>",
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
    offer = say("Did you mean one of these?") if is_near else say("The shop’s own names are:")
    return f"{say('I don’t know the category “{name}”.', name=as_html(name))} {offer}"


def threshold_unknown(say: Language, text: str) -> str:
    """When /threshold has no value we can read."""
    return say(
        "“{text}” is not a threshold. Use a value from 0 to 100%, such as {percentage} or {share}, or {auto}.",
        text=as_html(text), percentage="<code>60%</code>", share="<code>0.6</code>", auto=_AUTO,
    )  # fmt: skip


def category_in_short(say: Language, category: str | None) -> str:
    """The chosen category, on the list of all settings."""
    return say(short.AUTO) if category is None else as_html(category)


def threshold_in_short(say: Language, chosen: float | None, auto: float) -> str:
    """How alike products have to be, on the list of all settings."""
    likeness = auto if chosen is None else chosen
    known = f"{word(say, likeness)} · {say.percent(likeness)}"
    return known if chosen is not None else f"{say(short.AUTO)} · {known}"


def results_now(say: Language, chosen: int | None, auto: int) -> str:
    """After, or in place of, a choice of how many products to show; None is auto."""
    shown = say.many(
        "I show the most similar product at once.", "I show up to {count} products at once.", chosen or auto
    )
    return f"{shown} {say('That is auto, this shop’s own choice.')}" if chosen is None else shown


def choose_results(say: Language, chosen: int | None, auto: int) -> str:
    """Above the keyboard of numbers."""
    return f"{results_now(say, chosen, auto)}\n{say('Choose another number:')}"


def results_unknown(say: Language, text: str, most: int) -> str:
    """When /results has no number we can take."""
    return say(
        "“{text}” does not do. Use a number from 1 to {most}, or {auto}.",
        text=as_html(text), most=say.number(most), auto=_AUTO,
    )  # fmt: skip


def choose_language(say: Language, chosen: str | None, profile: Language) -> str:
    """Above the keyboard of languages; `profile`: the one that the shopper's Telegram is set to, or nearest to it."""
    lines = [say("I speak {language} here.", language=f"<b>{say.name}</b>")]
    if chosen not in {None, profile.code}:
        lines.append(say("Your Telegram is set to {language}.", language=profile.name))
    return "\n".join([*lines, say("Choose another:")])


def all_settings(say: Language, values: Sequence[tuple[str, str]]) -> str:
    """What is chosen, a line each, above a button for each."""
    lines = (f"{name}: <b>{value}</b>" for name, value in values)
    return "\n".join([f"<b>{say('Settings')}</b>", "", *lines])
