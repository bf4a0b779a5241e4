"""What a shopper may send: images however they are called, stickers, albums, links; and what cannot be looked at."""

import io

import pytest
from photo_server import PhotoServer, is_silent, redirects, sends, status
from shared_bot import SharedBot, drawn, everything, hear_all, photo_server, shared, user
from tiny_shop import CATEGORIES, draw_product

from sandbox.client import UserClient

__all__ = ["everything", "photo_server", "shared", "user"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

BALLS, BOXES, TENTS = CATEGORIES


def encoded(format_: str) -> bytes:
    buffer = io.BytesIO()
    draw_product(BALLS, "red", 900, side_px=300).save(buffer, format_)
    return buffer.getvalue()


# ------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("format_", "name", "mime_type"),
    [
        ("AVIF", "photo.avif", "application/octet-stream"),
        ("BMP", "photo.bmp", "text/plain"),
        ("JPEG", "photo.jfif", "application/x-binary"),
        ("PNG", "photo", "text/plain"),
        ("WEBP", "photo.original", "application/pdf"),
        ("GIF", "photo.dat", "application/octet-stream"),
        ("TIFF", "photo.jpg", "video/mp4"),
    ],
)
async def test_an_image_is_searched_whatever_its_name_and_type(
    shared: SharedBot, everything: UserClient, format_: str, name: str, mime_type: str
) -> None:
    await everything.document(encoded(format_), name, mime_type)
    heard = await hear_all(everything)
    assert heard.pictures
    assert "Balls" in heard.text
    assert (shared.last_query()["kind_of_query"], shared.last_query()["outcome"]) == ("file", "answered")


async def test_a_file_that_is_no_image_after_all_is_told_so(shared: SharedBot, user: UserClient) -> None:
    await user.document(b"PK\3\4 a zip of photos", "photos.jpg", "image/jpeg")
    heard = await hear_all(user)
    assert "could not open that as an image" in heard.text
    assert shared.last_query()["outcome"] == "unreadable"


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [("notes.txt", "text/plain"), ("order.pdf", "application/pdf"), ("all.zip", "application/zip")],
)
async def test_what_is_plainly_no_image_is_not_even_downloaded(
    shared: SharedBot, user: UserClient, name: str, mime_type: str
) -> None:
    before = len(shared.rows("SELECT 1 FROM queries"))
    await user.document(b"some words", name, mime_type)
    heard = await hear_all(user)
    assert "pictures that stand still" in heard.text
    assert len(shared.rows("SELECT 1 FROM queries")) == before


# ------------------------------------------------------------------------------------------- stickers, and all else


async def test_a_sticker_that_stands_still_is_searched(shared: SharedBot, everything: UserClient) -> None:
    await everything.sticker(encoded("WEBP"))
    assert (await hear_all(everything)).pictures
    assert shared.last_query()["kind_of_query"] == "sticker"


@pytest.mark.parametrize(
    "kind",
    ["voice", "audio", "video", "video_note", "animation", "animated_sticker", "video_sticker", "location", "contact",
     "poll", "dice"],
)  # fmt: skip
async def test_whatever_else_is_sent_gets_one_line_that_says_what_to_send(user: UserClient, kind: str) -> None:
    await user.other(kind)
    heard = await hear_all(user)
    assert len(heard.messages) == 1
    assert "Send me a photo of a product" in heard.text
    assert "\n" not in heard.text


async def test_words_alone_are_told_where_words_do_work(user: UserClient) -> None:
    for words in ("red shoes under 20", "<b>שלום</b> &amp; 🎈" * 150, "x" * 4096):
        await user.text(words)
        heard = await hear_all(user)
        assert len(heard.messages) == 1
        assert "below the photo, or as a reply" in heard.text


# ------------------------------------------------------------------------------------------------------------ albums


async def test_an_album_of_one_thing_has_one_answer(shared: SharedBot, everything: UserClient) -> None:
    sent = await everything.photo(*(drawn(BALLS, "red", seed) for seed in (900, 901, 902)))
    heard = await hear_all(everything)
    assert "Balls" in heard.text
    assert len({message["media_group_id"] for message in heard.pictures}) == 1
    assert heard.texts[0]["reply_to_message"]["message_id"] == sent[0]["message_id"]
    query = shared.last_query()
    assert (query["kind_of_query"], query["outcome"], query["refinement"]) == ("album", "answered", '{"photos": 3}')
    waiting = shared.rows("SELECT count(*) FROM inbox WHERE done_s IS NULL", file="bot.db")
    assert waiting[0][0] == 0


async def test_an_album_of_two_things_has_an_answer_to_each_below_its_own_photo(
    shared: SharedBot, everything: UserClient
) -> None:
    before = len(shared.rows("SELECT 1 FROM queries"))
    sent = await everything.photo(drawn(BALLS, "red"), drawn(TENTS, "blue"), drawn(BALLS, "red", 901))
    heard = await hear_all(everything, texts=2)
    assert [message["reply_to_message"]["message_id"] for message in heard.texts] == [
        sent[0]["message_id"], sent[1]["message_id"]
    ]  # fmt: skip
    kinds = [row["kind_of_query"] for row in shared.rows("SELECT kind_of_query FROM queries ORDER BY id")][before:]
    assert kinds == ["album", "photo"]


async def test_an_album_of_many_things_has_one_answer_whose_numbers_lead_on(
    shared: SharedBot, everything: UserClient
) -> None:
    before = len(shared.rows("SELECT 1 FROM queries"))
    things = [(BALLS, "red"), (TENTS, "blue"), (BOXES, "yellow"), (BALLS, "green"), (BOXES, "blue")]
    await everything.photo(*(drawn(*thing) for thing in things))
    heard = await hear_all(everything)
    assert "1." in heard.text
    assert "different things" in heard.text
    queries = shared.rows("SELECT id, n_matches FROM queries ORDER BY id")[before:]
    assert len(queries) == len(heard.pictures) > 3
    assert all(query["n_matches"] == 1 for query in queries)

    [second] = [
        button for row in heard.texts[0]["reply_markup"]["inline_keyboard"] for button in row if button["text"] == "2"
    ]
    await everything.tap(heard.texts[0], second["callback_data"])
    shown = await hear_all(everything)
    assert len(shown.pictures) > 1
    more = shared.last_query()
    assert (more["kind_of_query"], more["parent_id"]) == ("more", queries[1]["id"])


async def test_image_files_make_an_album_too_and_what_cannot_be_opened_is_said_once(
    shared: SharedBot, everything: UserClient
) -> None:
    before = len(shared.rows("SELECT 1 FROM queries"))
    await everything.documents(
        ("a.bmp", encoded("BMP")), ("b.jpg", b"no image"), ("c", drawn(BALLS, "red", 901)), ("d.png", b"neither")
    )
    heard = await hear_all(everything, texts=2)
    assert heard.pictures
    assert "could not open" in heard.texts[-1]["text"]
    logged = shared.rows("SELECT kind_of_query, outcome FROM queries ORDER BY id")[before:]
    assert sorted(map(tuple, logged)) == [("album", "answered"), ("file", "unreadable"), ("file", "unreadable")]


# ------------------------------------------------------------------------------------------------------------- links


async def test_a_link_to_an_image_is_searched(
    shared: SharedBot, everything: UserClient, photo_server: PhotoServer
) -> None:
    link = photo_server.add("ball.jpg", sends(drawn(BALLS, "red")))
    sent = await everything.text(f"Like this one ({link}), please, not http://127.0.0.1:1/other.jpg!")
    heard = await hear_all(everything)
    assert heard.pictures
    assert heard.texts[0]["reply_to_message"]["message_id"] == sent["message_id"]
    assert (shared.last_query()["kind_of_query"], shared.last_query()["outcome"]) == ("link", "answered")
    assert link not in str(tuple(shared.last_query()))


async def test_a_link_to_a_product_of_the_shop_finds_that_product_without_asking_anybody(
    shared: SharedBot, everything: UserClient
) -> None:
    await everything.text("what is like https://shop.example/box-011?a=1&b=2")
    heard = await hear_all(everything)
    assert "yellow Boxes 11" in heard.pictures[0]["caption"]
    assert shared.last_query()["kind_of_query"] == "link"


@pytest.mark.parametrize("what", ["a page", "nothing", "a redirect inside", "a file", "another protocol's port"])
async def test_a_link_that_leads_to_no_image_gets_a_plain_sentence(
    shared: SharedBot, user: UserClient, photo_server: PhotoServer, what: str
) -> None:
    links = {
        "a page": photo_server.add("page.html", sends(b"<p>hello", "text/html")),
        "nothing": photo_server.add("nothing.jpg", status(404)),
        "a redirect inside": photo_server.add("inside.jpg", redirects("http://169.254.169.254/latest/meta-data")),
        "a file": "http://localhost:1",
        "another protocol's port": "http://127.0.0.1:22/photo.jpg",
    }
    await user.text(links[what])
    heard = await hear_all(user)
    assert "that link" in heard.text.lower()
    assert len(heard.messages) == 1
    assert (shared.last_query()["kind_of_query"], shared.last_query()["outcome"]) == ("link", "unreadable")


async def test_a_server_that_is_silent_keeps_nobody_else_waiting(
    shared: SharedBot, everything: UserClient, photo_server: PhotoServer
) -> None:
    link = photo_server.add("silent.jpg", is_silent)
    async with UserClient(shared.sandbox.url, 999) as ben:
        await ben.text(link)
        await everything.photo(drawn(BALLS, "red"))
        assert (await hear_all(everything, quiet_s=0.1)).pictures
        [told] = await ben.hear(1, within_s=20)
    assert "could not fetch anything" in told["text"]
