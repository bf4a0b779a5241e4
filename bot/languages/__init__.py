"""What the bot's texts are in other languages: one catalogue each. docs/languages.md tells how to add one."""
