"""Looking in one process: several batches are under way at a time, and come in order whatever becomes of one."""

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest
from narrow_vgg import make_narrow
from tiny_shop import CATEGORIES, draw_product, jpeg

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.features import looking
from imgrec.features.colours import dominant_colours
from imgrec.features.fill import fill
from imgrec.features.looking import Here, Looked
from imgrec.features.store import FeatureStore
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.preprocessing import Pixels

PHOTOS, BATCH = 30, 4


class Uneven(Eye):
    """An eye that lets later batches overtake earlier ones, and fails at the one that begins with a photo."""

    def __init__(self, eye: Eye, fails_at: Pixels | None = None) -> None:
        super().__init__(eye.model)
        self.looks, self.fails_at = 0, fails_at
        self.counting = threading.Lock()
        self.later_is_done = threading.Event()

    def look_at_pixels(self, pixels: Pixels) -> Outputs:
        with self.counting:
            self.looks += 1
            number = self.looks
        if self.fails_at is not None and np.array_equal(pixels[0], self.fails_at):
            raise MemoryError("no memory for these")
        if number == 1:
            self.later_is_done.wait(10)
        elif number == 2:
            self.later_is_done.set()
        return super().look_at_pixels(pixels)


@pytest.fixture(scope="module")
def eye(tmp_path_factory: pytest.TempPathFactory) -> Eye:
    return Eye(make_narrow(tmp_path_factory.mktemp("models") / "narrow"))


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[PhotoStore, list[str]]:
    """Photos, of which the sixth is damaged; looked at in small batches."""
    monkeypatch.setattr(looking, "BATCH", BATCH)
    contents = [jpeg(draw_product(CATEGORIES[seed % 3], "red", seed, 64)) for seed in range(PHOTOS)]
    contents[5] = b"no photo"
    names = [hashlib.sha256(content).hexdigest() for content in contents]
    for name, content in zip(names, contents, strict=True):
        file = tmp_path / "photos" / name[:2] / f"{name}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return PhotoStore(tmp_path / "photos"), names


def test_batches_come_in_order_even_where_a_later_one_is_done_first(eye: Eye, shown: tuple[PhotoStore, list[str]]):
    photos, names = shown
    looked = list(Here(Uneven(eye), photos, threads=3).look("shop", names))
    seen = [bytes(content).decode() for one in looked if one.seen for content in one.seen.content]
    assert seen == [name for name in names if name != names[5]]
    assert [len(one) for one in looked] == [BATCH] * (PHOTOS // BATCH) + [PHOTOS % BATCH]
    assert [one.unreadable for one in looked] == [0, 1, *[0] * (len(looked) - 2)]
    alone = [one.seen for one in Here(Eye(eye.model, threads=1), photos, threads=1).look("shop", names)]
    for one, other in zip(looked, alone, strict=True):
        assert one.seen is not None
        assert other is not None
        assert np.allclose(one.seen.features, other.features, atol=2e-3)
        assert np.array_equal(one.seen.colours, other.colours)


def test_where_one_batch_fails_those_before_it_are_kept_and_nothing_is_begun_after_it(
    eye: Eye, shown: tuple[PhotoStore, list[str]], tmp_path: Path
):
    photos, names = shown
    fifth = decode_photo(photos.source(names[4 * BATCH]), eye.preprocessing.side_px)
    store, failing = FeatureStore(tmp_path / "features", eye), Uneven(eye, eye.preprocessing.batch([fifth])[0])
    with pytest.raises(MemoryError, match="no memory for these"):
        fill(store, Here(failing, photos, threads=2), "shop", names, lambda *_: None)
    held = store.held("shop")
    assert held == set(names[: 4 * BATCH]) - {names[5]}
    assert failing.looks < len(names) / BATCH
    lacking = [name for name in names if name not in held]
    assert fill(store, Here(eye, photos), "shop", lacking, lambda *_: None) == 1
    assert store.held("shop") == set(names) - {names[5]}


def test_who_stops_taking_what_was_seen_stops_the_looking(eye: Eye, shown: tuple[PhotoStore, list[str]]):
    photos, names = shown
    counting = Uneven(eye)
    taking = Here(counting, photos, threads=2).look("shop", names)
    next(taking)
    taking.close()
    assert counting.looks < len(names) // BATCH
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("looking")]


def test_each_photo_has_the_features_and_colours_that_it_has_alone(eye: Eye, shown: tuple[PhotoStore, list[str]]):
    photos, names = shown
    seen = Looked.joined(list(Here(eye, photos).look("shop", names))).seen
    assert seen is not None
    assert len(seen) == PHOTOS - 1
    for content, features, colours in zip(seen.content.tolist(), seen.features, seen.colours, strict=True):
        photo = decode_photo(photos.source(content.decode()), eye.preprocessing.side_px)
        assert np.array_equal(colours, dominant_colours(photo))
        assert np.allclose(features, eye.look([photo]).features[0], atol=2e-3)


def test_colours_are_taken_of_what_the_shop_shows_alone(eye: Eye, shown: tuple[PhotoStore, list[str]]):
    photos, names = shown
    for view, have_some in (("shop", True), ("telephone", False)):
        [looked, *_] = Here(eye, photos).look(view, names)  # type: ignore[arg-type]
        assert looked.seen is not None
        assert looked.seen.colours.any() == have_some
