"""Every word a shopper reads, as HTML for Telegram. What comes from a feed is escaped.

The texts stand here in English; what they are in other languages is in bot/languages.
"""
