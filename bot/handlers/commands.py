"""Every /command, and what handles it."""

from collections.abc import Awaitable, Callable, Mapping

from bot.handlers.categories import on_category
from bot.handlers.context import Context
from bot.handlers.groups import on_similar
from bot.handlers.history import on_history
from bot.handlers.languages import on_language
from bot.handlers.owner import on_stats
from bot.handlers.privacy import on_forget, on_privacy
from bot.handlers.results import on_results
from bot.handlers.saved import on_saved
from bot.handlers.settings import on_settings
from bot.handlers.start import on_help, on_start
from bot.handlers.thresholds import on_threshold
from bot.handlers.wishes import on_wishes
from bot.reaction import Reaction
from bot.receiving.updates import Message

COMMANDS: Mapping[str, Callable[[Context, Message, str], Awaitable[Reaction]]] = {
    "start": on_start,
    "help": on_help,
    "similar": on_similar,
    "category": on_category,
    "threshold": on_threshold,
    "results": on_results,
    "settings": on_settings,
    "language": on_language,
    "history": on_history,
    "saved": on_saved,
    "wishes": on_wishes,
    "privacy": on_privacy,
    "forget": on_forget,
    "stats": on_stats,
}
