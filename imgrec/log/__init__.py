"""Queries and votes: their schema, the writer the bot uses, the reader evaluation uses."""
