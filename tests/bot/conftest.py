from bot_helpers import anna, bot, rows, sandbox

__all__ = ["anna", "bot", "rows", "sandbox"]
