from bot_helpers import anna, bot, rows, sandbox, shop

__all__ = ["anna", "bot", "rows", "sandbox", "shop"]
