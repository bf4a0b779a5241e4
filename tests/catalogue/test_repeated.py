"""Placeholders are found, marked and kept out; look-alikes are found and listed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor, ImageDraw
from tiny_shop import jpeg

from imgrec.catalogue import repeated
from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.catalogue.repeated import (
    Likeness,
    RepeatedPhoto,
    Repeats,
    count_unlike,
    find_repeats,
    hash_stored_photos,
    listing,
    mark_placeholders,
)
from imgrec.progress import Silent


def no_image(side_px: int = 120, quality: int = 90) -> bytes:
    """What shops show when they have no photo, as its servers send it in several sizes and qualities."""
    image = Image.new("RGB", (240, 240), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 50, 180, 150), outline="grey", width=6)
    draw.ellipse((100, 75, 140, 125), outline="grey", width=6)
    draw.text((75, 180), "NO IMAGE AVAILABLE", fill="grey")
    return jpeg(image.resize((side_px, side_px), Image.Resampling.LANCZOS), quality=quality)


def noise(seed: int, size: tuple[int, int] = (96, 96), tint: str = "white") -> Image.Image:
    """A picture unlike any other."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(rng.integers(0, 256, (12, 12), "uint8")).resize(size)
    return Image.merge("RGB", [image.point(lambda v, c=c: v * c // 255) for c in ImageColor.getrgb(tint)])


def marked(market, products: int = 10) -> Repeats:
    repeats = find_repeats(market.catalogue, products)
    mark_placeholders(market.catalogue, repeats)
    return repeats


def placeholders(market) -> set[str]:
    rows = market.catalogue.connection.execute(
        "SELECT external_id FROM photos JOIN products ON products.id = product_id WHERE status = 'placeholder'"
    )
    return {row[0] for row in rows}


def without_photo(market, count: int = 12, **fields) -> list[dict]:
    names = (
        "Lamp",
        "Chair",
        "Sofa",
        "Clock",
        "Shelf",
        "Bowl",
        "Vase",
        "Plate",
        "Mug",
        "Rug",
        "Desk",
        "Stool",
        "Mirror",
    )
    rows = []
    for n in range(count):
        market.photo(f"none-{n}.jpg", no_image(110 + 5 * (n % 4), 90 - n % 30))
        rows.append({"id": f"none-{n}", "image": f"none-{n}.jpg", "title": f"{names[n]} of wood", **fields})
    return rows


def test_a_picture_that_many_unlike_products_show_is_a_placeholder_and_kept_out_of_index_and_training(market):
    real = [{"id": str(n), "image": market.photo(f"{n}.jpg", noise(n)).name} for n in range(5)]
    market.bring_in(*real, *without_photo(market))
    repeats = marked(market)
    assert placeholders(market) == {f"none-{n}" for n in range(12)}
    assert repeats.photos(Likeness.PLACEHOLDER) == 12
    assert "1 picture that unlike products show, as 12 photos;" in next(repeats.in_words())
    assert {photo.product_id for photo in market.catalogue.on_sale()} == {
        market.product(row["id"]).product_id for row in real
    }
    assert market.product("none-3").photo is None
    assert market.catalogue.counts().with_photo == 5
    assert market.catalogue.counts().photos == {"placeholder": 12, "stored": 5}


def test_what_is_no_longer_a_placeholder_comes_back(market):
    rows = without_photo(market)
    market.bring_in(*rows)
    marked(market, products=10)
    assert len(placeholders(market)) == 12
    marked(market, products=13)
    assert placeholders(market) == set()
    assert len(list(market.catalogue.on_sale())) == 12
    marked(market, products=10)
    market.bring_in(*rows[:5], retire=True)
    marked(market, products=10)
    assert placeholders(market) & {f"none-{n}" for n in range(5)} == set()


def test_a_placeholder_stays_one_when_its_feed_is_imported_again(market):
    rows = without_photo(market)
    market.bring_in(*rows)
    marked(market)
    assert market.bring_in(*rows).unchanged == 12
    assert len(placeholders(market)) == 12


@pytest.mark.parametrize(
    "alike",
    [lambda n: {"group": "shoe"}, lambda n: {"title": f"Runner 90, size {n}"}, lambda n: {"title": f"RUNNER 90, {n}"}],
)
def test_one_picture_for_the_sizes_and_colours_of_one_product_is_no_placeholder(market, alike):
    photo = market.photo("shoe.jpg", noise(1)).name
    market.bring_in(*({"id": str(n), "image": photo, **alike(n)} for n in range(40)))
    [cluster] = marked(market).clusters
    assert (cluster.likeness, len(cluster.photos)) == (Likeness.EXACT, 40)
    assert placeholders(market) == set()


def test_products_count_as_unlike_by_group_then_title_then_each_for_itself():
    def photo(product_id: int, title: str | None = None, group: str | None = None) -> RepeatedPhoto:
        return RepeatedPhoto(0, product_id, "s", "x", "c", title, group, None, "", b"")

    assert count_unlike([photo(1, "Red ball"), photo(2, "red  BALL, large"), photo(3, "Red box")]) == 2
    assert count_unlike([photo(1, "Red ball", "g"), photo(2, "Blue box", "g"), photo(3, "Blue box", "h")]) == 2
    assert count_unlike([photo(1), photo(2), photo(2)]) == 2


def test_copies_and_near_duplicates_are_told_apart_and_listed_with_their_distance(market):
    picture = noise(3)
    market.photo("a.jpg", picture)
    market.photo("b.jpg", market.folder.joinpath("a.jpg").read_bytes())
    market.photo("c.jpg", picture)
    market.photo("d.jpg", jpeg(noise(3, (70, 70), tint="tan"), quality=60))
    market.photo("e.jpg", noise(4))
    market.photo("f.jpg", noise(5))
    market.photo("g.jpg", noise(5))
    market.bring_in(*({"id": id_, "title": f"={id_}", "split": "test" if id_ == "d" else "train"} for id_ in "abcdefg"))
    repeats = find_repeats(market.catalogue, 10)
    assert [(cluster.likeness, [p.id for p in cluster.photos]) for cluster in repeats.clusters] == [
        (Likeness.NEAR, list("abcd")), (Likeness.EXACT, list("fg")),
    ]  # fmt: skip
    assert repeats.across_splits == 1
    assert repeats.as_json() == {
        "placeholder": {"clusters": 0, "photos": 0}, "exact": {"clusters": 1, "photos": 2},
        "near": {"clusters": 1, "photos": 4}, "across_splits": 1,
    }  # fmt: skip
    rows = list(listing(repeats, market.catalogue.photos))
    assert [(row["cluster"], row["id"], row["likeness"]) for row in rows[::3]] == [(1, "a", "near"), (1, "d", "near")]
    assert rows[1]["bits"] == 0
    assert 0 <= rows[3]["bits"] <= 20
    assert all(Path(str(row["photo"])).read_bytes()[:2] == b"\xff\xd8" for row in rows)


def test_two_photos_of_one_product_are_no_repetition(market):
    market.bring_in("1", "2")
    market.catalogue.connection.execute(
        "INSERT INTO photos (product_id, position, origin, sha256, status, perceptual_hash) "
        "SELECT product_id, 1, origin, sha256, status, perceptual_hash FROM photos WHERE product_id = 1"
    )
    market.photo("2.jpg", noise(9))
    market.bring_in("1", "2")
    assert find_repeats(market.catalogue, 10).clusters == ()


def test_an_empty_catalogue_repeats_nothing(market):
    repeats = marked(market)
    assert (repeats.clusters, list(repeats.in_words())) == ((), [])


def test_photos_stored_without_a_hash_get_one_and_lost_files_are_counted(market, monkeypatch):
    monkeypatch.setattr(repeated, "_PAGE", 7)
    for n in range(30):
        market.photo(f"{n}.jpg", noise(n % 9))
    market.bring_in(*map(str, range(30)))
    query = "SELECT id, perceptual_hash FROM photos ORDER BY id"
    before = market.catalogue.connection.execute(query).fetchall()
    assert all(len(row["perceptual_hash"]) == 32 for row in before)
    market.catalogue.connection.execute("UPDATE photos SET perceptual_hash = NULL")
    assert hash_stored_photos(market.catalogue, Silent()) == 0
    assert market.catalogue.connection.execute(query).fetchall() == before
    lost = market.product("6").photo
    lost.unlink()
    market.catalogue.connection.execute("UPDATE photos SET perceptual_hash = NULL")
    assert hash_stored_photos(market.catalogue, Silent()) == sum(n % 9 == 6 for n in range(30))
    assert market.catalogue.counts().photos[PhotoStatus.STORED] == 30
