"""Updates from Telegram: what we keep of them, and the two ways in. None is confirmed before it is committed."""
