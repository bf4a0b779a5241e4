"""What is said in the same words to everyone."""

from bot.language import msgid

COMMANDS = (
    ("start", msgid("What this bot does")),
    ("similar", msgid("In reply to a photo: look for products like it")),
    ("category", msgid("Search one category, or let me see for myself")),
    ("threshold", msgid("How similar products have to be")),
    ("results", msgid("How many products to show at once")),
    ("settings", msgid("All you can choose, in one place")),
    ("language", msgid("The language I speak")),
    ("history", msgid("What you asked before")),
    ("saved", msgid("Products you saved")),
    ("wishes", msgid("What I look out for, to stop it")),
    ("privacy", msgid("What is kept of you, and for how long")),
    ("forget", msgid("Delete what is stored about you")),
    ("help", msgid("How to use this bot")),
)

START = msgid(
    "👋 Send me a photo of a product, and I show you similar ones from the shop.\n\n"
    "A clear photo of one product works best. /help tells the rest."
)
SEND_A_PHOTO = msgid("Send me a photo of a product, and I look for similar ones. /help tells more.")
SEND_A_PHOTO_WITH_WORDS = msgid(
    "Send me a photo of a product, and I look for similar ones. Words such as “red, under 20” help when you write them "
    "below the photo, or as a reply to an answer of mine."
)
NOT_LOOKED_AT = msgid(
    "I can only look at pictures that stand still. Send me a photo of a product, or an image as a file, "
    "and I look for similar ones."
)
UNREADABLE = msgid(
    "I could not open that as an image. Perhaps it is damaged; "
    "please send another one, as a photo or as a JPEG, PNG or WebP file."
)
NOTHING_AT_LINK = msgid("I could not fetch anything from that link. Please send me the picture itself.")
NO_IMAGE_AT_LINK = msgid(
    "That link does not lead to an image that I can open. Please send me the picture itself, or a link to it alone."
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
NO_MORE = msgid("That was all.")
NO_LONGER_SOLD = msgid("This product is no longer sold.")
THANKS_UP = msgid("Thank you! 👍")
THANKS_DOWN = msgid("Thank you, noted. 👎")
ALREADY_NOTED = msgid("Already noted.")
ONE_MOMENT = msgid("One moment…")
FORGOTTEN = msgid("Done. All that I had of you is deleted.")
FORGOTTEN_IN_GROUP = msgid("Done. All that I had of you is deleted. The group keeps its settings.")
NO_CATEGORIES = msgid("This shop has no categories: I always look through all of it.")
PICTURES_AGAIN = msgid("Here they are again.")

NOT_YOURS_TO_DECIDE = msgid("Only who asked for this can decide it.")
NOTHING_DELETED = msgid("Nothing was deleted.")
MAY_PHOTOS_BE_KEPT = msgid(
    "May the shop keep the photos you send here, to get better at finding? You can change your mind with /privacy."
)
PHOTOS_ARE_KEPT = msgid("Thank you! From now on your photos are kept. /privacy undoes that, and deletes them.")
PHOTOS_ARE_NOT_KEPT = msgid("Your photos are not kept, and none that were kept before are there any more.")

PRODUCT_OF_LINK_IS_GONE = msgid("That product is no longer sold. Send me a photo, and I look for something like it.")
NOTHING_KNOWN_OF_PRODUCT = msgid(
    "I can’t tell what is like this product. Send me a photo of it, and I look for similar ones."
)
NO_PRODUCT_OF_LINK = msgid("I don’t find the product of that link. Send me a photo of it, and I look for similar ones.")
NOT_YOURS = msgid("These are somebody else’s.")
SAVED_IT = msgid("Saved. /saved shows what you saved.")
NO_LONGER_SAVED = msgid("No longer saved.")
NOTHING_SAVED = msgid("You have saved nothing yet. Open a product by its number and tap ♡ Save.")
NONE_LEFT = msgid("You have removed all of these.")
NOTHING_ASKED = msgid("You have not asked anything here yet. Send me a photo of a product.")

AUTO = msgid("Auto")
MORE = msgid("More")
UNDER_PRICE = msgid("Under {price}")
WITHOUT_THESE_WORDS = msgid("Without these words")
PART_OF_IT = msgid("✂️ Part of it")
MIDDLE = msgid("Middle")
MORE_LIKE_THIS = msgid("More like this")
NOT_LIKE_THIS = msgid("Not like this")
WHY = msgid("💡 Why?")
SHOW_LESS_SIMILAR = msgid("Show less similar ones")
DELETE_EVERYTHING = msgid("Delete everything")
KEEP_IT = msgid("Keep it")
MAY_KEEP = msgid("Yes, keep them")
MAY_NOT_KEEP = msgid("No")
BACK = msgid("‹ Back")
SAVE = msgid("♡ Save")
SAVED = msgid("♥ Saved")
REMOVE = msgid("Remove…")
DONE = msgid("Done")
ALL_CATEGORIES = msgid("All categories")
AS_TELEGRAM = msgid("As my Telegram is set")
SETTINGS = msgid("⚙️ Settings")
PICTURES_MISSING = msgid("Pictures missing?")
