"""From a step in the outbox to a message in a chat: what is due, how fast, and what to make of Telegram's answers."""
