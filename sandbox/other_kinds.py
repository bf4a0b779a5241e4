"""What users send besides texts, photos, files and stickers: the smallest such objects, with no file behind them."""

from sandbox.wire import Json

_FILE = {"file_id": "BAAC-no-file-behind-it", "file_unique_id": "AgAD-no-file"}
_MOVING = {**_FILE, "width": 320, "height": 240, "duration": 3, "mime_type": "video/mp4"}
_STICKER = {**_FILE, "type": "regular", "width": 512, "height": 512, "emoji": "👟"}

OTHER_KINDS: dict[str, Json] = {
    "voice": {"voice": {**_FILE, "duration": 3, "mime_type": "audio/ogg"}},
    "audio": {"audio": {**_FILE, "duration": 3, "mime_type": "audio/mpeg"}},
    "video": {"video": _MOVING},
    "video_note": {"video_note": {**_FILE, "length": 240, "duration": 3}},
    # an animation comes as a document too, for bots that know no animations
    "animation": {"animation": _MOVING, "document": {**_FILE, "file_name": "a.mp4", "mime_type": "video/mp4"}},
    "animated_sticker": {"sticker": {**_STICKER, "is_animated": True, "is_video": False}},
    "video_sticker": {"sticker": {**_STICKER, "is_animated": False, "is_video": True}},
    "location": {"location": {"latitude": 52.52, "longitude": 13.405}},
    "contact": {"contact": {"phone_number": "+100200300", "first_name": "Anna"}},
    "poll": {
        "poll": {
            "id": "5100000000000000000",
            "question": "Which one?",
            "options": [{"persistent_id": name, "text": name, "voter_count": 0} for name in ("Red", "Blue")],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    },
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
}
