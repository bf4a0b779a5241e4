"""What is kept of a shopper, where, for how long, and how it goes."""

from bot.language import Language, msgid

_HEADING = msgid("What this bot keeps of you")
_WHERE = msgid(
    "All of it is kept by the shop, on the machine that runs this bot, and the bot sends it to nobody but Telegram."
)
_QUERIES = msgid(
    "What you asked, what was found and how you voted, under a code in place of your name: until you delete it."
)
_SETTINGS = msgid("What you chose, saved or want to hear of: until you change it, or it ends.")
_MARK = msgid(
    "/forget deletes all of this at once. What stays is a mark that leads to nobody: "
    "it keeps a backup from bringing you back."
)
_PHOTOS_NEVER = msgid("Your photos: not at all. I look at them, and forget them.")
_PHOTOS_NO = msgid("Your photos: not at all, unless you say so here.")
_PHOTOS_YES = msgid("Your photos: kept by the shop, as you agreed, without place or camera. “No” deletes them.")


def privacy(say: Language, retention_days: int | None, buttons_days: int, *, photos: bool | None) -> str:
    """All of it, true for this bot. `photos`: whether this chat's are kept; None where the shop keeps none at all."""
    queries = say(_QUERIES) if retention_days is None else say.many(
        "What you asked, what was found and how you voted, under a code in place of your name: for {count} day.",
        "What you asked, what was found and how you voted, under a code in place of your name: for {count} days.",
        retention_days,
    )  # fmt: skip
    buttons = say.many(
        "Telegram’s numbers of you and of your photo, so that the buttons below an answer work: for {count} day.",
        "Telegram’s numbers of you and of your photo, so that the buttons below an answer work: for {count} days.",
        buttons_days,
    )
    kept = [queries, buttons, say(_SETTINGS), say(_photos(photos))]
    points = "\n".join(f"• {point}" for point in kept)
    return f"<b>{say(_HEADING)}</b>\n\n{points}\n\n{say(_WHERE)}\n\n{say(_MARK)}"


def forget_all(say: Language, *, private: bool) -> str:
    """What is asked before anything is deleted."""
    if private:
        return say("Delete all your searches, votes, saved products and settings? They cannot be brought back.")
    return say("Delete all your searches, votes and saved products? The group keeps its settings.")


def _photos(kept: bool | None) -> str:
    if kept is None:
        return _PHOTOS_NEVER
    return _PHOTOS_YES if kept else _PHOTOS_NO
