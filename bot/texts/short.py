"""What is said in the same words to everyone."""

from bot.language import msgid

COMMANDS = (
    ("start", msgid("What this bot does")),
    ("category", msgid("Search one category, or let me see for myself")),
    ("threshold", msgid("How similar products have to be")),
    ("forget", msgid("Delete what is stored about you")),
    ("help", msgid("How to use this bot")),
)

START = msgid(
    "👋 Send me a photo of a product, and I show you similar ones from the shop.\n\n"
    "A clear photo of one product works best. /help tells the rest."
)
SEND_A_PHOTO = msgid("Send me a photo of a product, and I look for similar ones. /help tells more.")
UNREADABLE = msgid(
    "I could not open that as an image. Perhaps it is damaged; "
    "please send another one, as a photo or as a JPEG, PNG or WebP file."
)
TOO_LARGE = msgid(
    "That image is too large for me, in bytes (20 MB at most) or in pixels. Please send it as a photo instead."
)
COSTLY = msgid("That image would take me far too long to open. Please send it as a photo instead, or another one.")
EXPIRED = msgid("I could not answer this photo in time, sorry. Please send it again if it still matters.")
FAILED = msgid("Something went wrong on my side, sorry. Please send the photo again.")
FAILED_TAP = msgid("Something went wrong, sorry.")
NO_LONGER_THERE = msgid("I no longer have that photo. Please send it again.")
OLD_BUTTON = msgid("This button is too old. Please send the photo again.")
NO_LONGER_SOLD = msgid("This product is no longer sold.")
THANKS_UP = msgid("Thank you! 👍")
THANKS_DOWN = msgid("Thank you, noted. 👎")
ALREADY_NOTED = msgid("Already noted.")
ONE_MOMENT = msgid("One moment…")
FORGOTTEN = msgid("Done. Your searches, votes and settings are deleted.")
FORGOTTEN_IN_GROUP = msgid("Done. Your searches and votes are deleted. The group keeps its settings.")
NO_CATEGORIES = msgid("This shop has no categories: I always look through all of it.")
PICTURES_AGAIN = msgid("Here they are again.")

AUTO = msgid("Auto")
MORE = msgid("More")
SHOW_LESS_SIMILAR = msgid("Show less similar ones")
PICTURES_MISSING = msgid("Pictures missing?")
