from bot_helpers import anna, bot, rows, sandbox, shop, small_shop

__all__ = ["anna", "bot", "rows", "sandbox", "shop", "small_shop"]
