"""What the shop's owner reads."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from bot.language import Language
from bot.owner.troubles import Trouble
from bot.texts.writing import shortened
from imgrec.log.activity import Activity

_LONGEST_NAME = 24
_LONGEST_TROUBLE = 70
_LONGEST_TOLD = 500
_MOST_TROUBLES = 3


def trouble_told(say: Language, trouble: Trouble) -> str:
    """Something broke, or works again."""
    what = escape(shortened(trouble.what, _LONGEST_TOLD))
    if trouble.over:
        return say("👍 It is over: {what}", what=what)
    return say("🔔 Something is wrong with the bot: {what}", what=what)


def stats(say: Language, today: Activity, week: Activity, wishes: int, troubles: Sequence[Trouble]) -> str:
    """Below the picture of the last two weeks; at most 1,024 characters are shown."""
    legend = say("Queries a day. Green: answered, orange: nothing similar, red: not answered.")
    spans = [_span(say, say("Today"), today), _span(say, say("7 days"), week)]
    asked = [
        *([say("Most asked: {names}", names=_named(week.categories))] if week.categories else []),
        *([say("Languages: {names}", names=_named(week.languages))] if len(week.languages) > 1 else []),
        say("Wishes that wait: {count}", count=say.number(wishes)),
    ]
    return "\n\n".join([legend, "\n\n".join(spans), "\n".join(asked), _troubles(say, troubles)])


def _span(say: Language, name: str, span: Activity) -> str:
    lines = [say.many("<b>{name}</b>: {count} query", "<b>{name}</b>: {count} queries", span.queries, name=name)]
    if span.queries:
        lines.append(
            say(
                "{share} answered, nothing similar for {unmet}",
                share=say.percent(span.answered / span.queries), unmet=say.number(span.nothing_similar),
            )
        )  # fmt: skip
    if span.median_ms is not None and span.slow_ms is not None:
        lines.append(
            say(
                "half of them within {median} s, 95% within {slow} s",
                median=say.number(round(span.median_ms / 1000, 1)), slow=say.number(round(span.slow_ms / 1000, 1)),
            )
        )  # fmt: skip
    votes = f"👍 {say.number(span.votes_for)}  👎 {say.number(span.votes_against)}"
    return "\n".join([*lines, votes])


def _named(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{escape(shortened(name, _LONGEST_NAME))} ({count})" for name, count in counts)


def _troubles(say: Language, troubles: Sequence[Trouble]) -> str:
    if not troubles:
        return say("No errors since the bot was started.")
    last = list(troubles)[: -_MOST_TROUBLES - 1 : -1]
    return "\n".join([say("Last errors:"), *(_line(say, trouble) for trouble in last)])


def _line(say: Language, trouble: Trouble) -> str:
    at = datetime.fromtimestamp(trouble.at_s).astimezone()
    return f"{say.time(at)} {escape(shortened(trouble.what, _LONGEST_TROUBLE))}"
