"""The bot's own database: what came in, what is to be sent, chats' settings, and photos Telegram has already."""
