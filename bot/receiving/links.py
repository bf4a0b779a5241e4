"""Links in what somebody wrote."""

import re

LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_LONGEST = 2048
_ENDS_A_SENTENCE = ".,;:!?…'\"»”’)]}>"


def first_link(text: object, entities: object) -> str:
    """The first http or https address that a message names, be it behind other words; blank where there is none.

    `text` and `entities` are as Telegram sends them, which is to say: they may be anything.
    """
    behind_words = [
        entity.get("url") for entity in entities if isinstance(entity, dict) and entity.get("type") == "text_link"
    ] if isinstance(entities, list) else []  # fmt: skip
    written = LINK.search(text) if isinstance(text, str) else None
    for link in [written and _without_the_sentence(written[0]), *behind_words]:
        if isinstance(link, str) and len(link) <= _LONGEST and LINK.fullmatch(link):
            return link
    return ""


def _without_the_sentence(link: str) -> str:
    """A link without what ends the sentence it stands in; a bracket that was opened in it is its own."""
    while link and link[-1] in _ENDS_A_SENTENCE and not (link[-1] == ")" and link.count("(") >= link.count(")")):
        link = link[:-1]
    return link
