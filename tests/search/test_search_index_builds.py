"""Building the index: only what is new is computed, nothing is lost, and a reader never meets half of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from imgrec.vision.recogniser import Recogniser
from tiny_shop import PRODUCTS_A_CATEGORY, Shop, write_feed

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config
from imgrec.errors import CatalogueError, SearchIndexError
from imgrec.generations import current
from imgrec.progress import Silent
from imgrec.search import build
from imgrec.search.build import build_index
from imgrec.search.index import open_index
from imgrec.search.searcher import Searcher

PHOTOS = 3 * PRODUCTS_A_CATEGORY


class Counting(Recogniser):
    """The shop's recogniser, which counts the photos it is given, and can be interrupted after some."""

    def __init__(self, recogniser: Recogniser, interrupted_after: int | None = None) -> None:
        super().__init__(recogniser.model, recogniser.precision)
        self.seen = 0
        self.interrupted_after = interrupted_after

    def recognise_pixels(self, pixels):
        if self.interrupted_after is not None and self.seen >= self.interrupted_after:
            raise KeyboardInterrupt
        self.seen += len(pixels)
        return super().recognise_pixels(pixels)


@pytest.fixture
def counting(recogniser: Recogniser) -> Counting:
    return Counting(recogniser)


def test_an_index_that_is_up_to_date_is_left_alone(own_config: Config, own_catalogue: Catalogue, counting: Counting):
    before = current(own_config.index.path)
    report = build_index(own_catalogue, counting, own_config.index.path, False, Silent())
    assert (report.changed, report.photos, counting.seen) == (False, PHOTOS, 0)
    assert current(own_config.index.path) == before
    report = build_index(own_catalogue, counting, own_config.index.path, True, Silent())
    assert (report.changed, report.computed, counting.seen) == (True, PHOTOS, PHOTOS)


def test_a_later_build_computes_only_what_is_new(
    own_shop: Shop, own_config: Config, own_catalogue: Catalogue, counting: Counting
):
    write_feed(own_shop.folder, PRODUCTS_A_CATEGORY + 2)
    own_shop.imgrec("import", own_shop.feed)
    report = build_index(own_catalogue, counting, own_config.index.path, False, Silent())
    assert (report.photos, report.computed, report.reused) == (PHOTOS + 6, 6, PHOTOS)
    assert counting.seen == 6


def test_features_taken_over_again_and_again_stay_what_they_were(
    own_config: Config, own_catalogue: Catalogue, recogniser: Recogniser
):
    path = own_config.index.path
    for build_number in range(25):
        own_catalogue.connection.execute("UPDATE products SET sales_rank = ? WHERE id = 1", (build_number + 100,))
        assert build_index(own_catalogue, recogniser, path, False, Silent()).computed == 0
    for category in open_index(path, recogniser.model.sha256).categories.values():
        norms = np.linalg.norm(np.concatenate([category.head, category.tail], axis=1).astype(np.float64), axis=1)
        assert np.abs(norms - 1).max() < 7e-7


def test_an_interrupted_build_leaves_the_old_index_and_goes_on_where_it_stopped(
    own_config: Config, own_catalogue: Catalogue, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(build, "_BATCHES_A_FILE", 2)  # what is computed is kept every 32 photos
    path = own_config.index.path
    shutil.rmtree(path)
    with pytest.raises(KeyboardInterrupt):
        build_index(own_catalogue, Counting(recogniser, interrupted_after=48), path, False, Silent())
    assert current(path) is None
    again = Counting(recogniser)
    report = build_index(own_catalogue, again, path, False, Silent())
    assert (report.photos, report.computed, again.seen) == (PHOTOS, PHOTOS - 32, PHOTOS - 32)
    assert not list(path.glob("parts-*"))


def test_a_part_that_a_crash_cut_short_is_computed_again(
    own_config: Config, own_catalogue: Catalogue, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(build, "_BATCHES_A_FILE", 2)
    path = own_config.index.path
    shutil.rmtree(path)
    with pytest.raises(KeyboardInterrupt):
        build_index(own_catalogue, Counting(recogniser, interrupted_after=80), path, False, Silent())
    first, second = sorted(path.glob("parts-*/*.features.npy"))
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:-100])
    report = build_index(own_catalogue, recogniser, path, False, Silent())
    assert (report.photos, report.computed) == (PHOTOS, PHOTOS)


def test_a_reader_keeps_its_generation_while_another_is_swapped_in(
    own_config: Config, own_catalogue: Catalogue, recogniser: Recogniser
):
    path, sha256 = own_config.index.path, recogniser.model.sha256
    reader = open_index(path, sha256)
    query = np.eye(1, reader.record.feature_dim, dtype=np.float32)[0]
    before = reader.search(query, list(reader.record.categories), 20)
    own_catalogue.connection.execute("UPDATE products SET retired_utc = 'now' WHERE id % 2 = 0")
    for _ in range(4):  # enough for the reader's generation to be removed
        build_index(own_catalogue, recogniser, path, True, Silent())
    assert not reader.folder.exists()
    assert reader.search(query, list(reader.record.categories), 20) == before
    newest = open_index(path, sha256)
    assert newest.generation > reader.generation
    assert newest.record.photos == PHOTOS / 2
    assert all(hit.product_id % 2 for hit in newest.search(query, list(newest.record.categories), PHOTOS))


def test_a_build_that_fails_while_writing_leaves_the_old_index_current(
    own_config: Config, own_catalogue: Catalogue, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = current(own_config.index.path)
    with monkeypatch.context() as fault:
        fault.setattr(build, "write_record", full)
        with pytest.raises(OSError, match="No space left"):
            build_index(own_catalogue, recogniser, own_config.index.path, True, Silent())
    assert current(own_config.index.path) == before
    open_index(own_config.index.path, recogniser.model.sha256)


def test_a_stored_photo_that_no_longer_decodes_is_counted_and_left_out(
    own_config: Config, own_catalogue: Catalogue, recogniser: Recogniser
):
    photos = list(own_catalogue.on_sale())
    own_catalogue.photos.path(photos[0].sha256).write_bytes(b"gone bad")
    own_catalogue.photos.path(photos[1].sha256).unlink()
    report = build_index(own_catalogue, recogniser, own_config.index.path, True, Silent())
    assert (report.photos, report.computed, report.unreadable) == (PHOTOS - 2, PHOTOS - 2, 2)
    assert "2 unreadable and left out" in report.in_words()
    again = build_index(own_catalogue, recogniser, own_config.index.path, False, Silent())
    assert (again.changed, again.photos, again.unreadable) == (False, PHOTOS - 2, 2)
    assert "up to date" in again.in_words()
    assert "2 unreadable and left out" in again.in_words()


def test_an_index_of_another_model_is_refused_with_the_command_that_mends_it(own_shop: Shop, own_config: Config):
    with pytest.raises(SearchIndexError, match=r"made by another model .* imgrec index"):
        open_index(own_config.index.path, "f" * 64)
    (record,) = own_config.index.path.glob("generation-*/index.json")
    content = record.read_text()
    record.write_text(content.replace(content.split('"model_sha256": "')[1][:64], "f" * 64))
    refused = own_shop.imgrec("search", own_shop.folder / "photos" / "bal-000.jpg", ok=False)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "Build it anew with: imgrec index" in refused.stderr
    own_shop.imgrec("index")
    own_shop.imgrec("search", own_shop.folder / "photos" / "bal-000.jpg")


def test_a_category_the_model_does_not_know_is_refused_by_the_index_and_what_is_indexed_stays_searchable(
    own_config: Config, own_catalogue: Catalogue, recogniser: Recogniser
):
    own_catalogue.connection.execute("INSERT INTO categories (id, name) VALUES (99, 'Kites')")
    own_catalogue.connection.execute("UPDATE products SET category_id = 99 WHERE id = 1")
    with pytest.raises(CatalogueError, match=r"not trained on 1 .*\(Kites\).* imgrec train --name NAME"):
        build_index(own_catalogue, recogniser, own_config.index.path, False, Silent())
    with Searcher.open(own_config) as searcher:
        assert "Kites" not in searcher.categories
        assert searcher.unknown_categories == ["Kites"]
    own_catalogue.connection.execute("UPDATE photos SET sha256 = NULL WHERE product_id = 1")
    with Searcher.open(own_config) as searcher:
        assert searcher.unknown_categories == []  # without a photo there is nothing to know


@pytest.mark.parametrize("damage", ["truncated", "empty", "missing", "nonsense"])
@pytest.mark.parametrize("name", ["index.json", "rotation.npy", "category-1/head.npy", "category-1/product.npy"])
def test_a_damaged_index_says_how_to_build_it_anew(name: str, damage: str, make_index):
    folder: Path = make_index({"a": (np.eye(40, dtype=np.float32), list(range(40)), [1] * 40)}).folder
    file = folder / name
    if damage == "missing":
        file.unlink()
    else:
        kept = {"truncated": file.read_bytes()[:-50], "empty": b"", "nonsense": b"\x93NUMPY\x09\x09 no header here"}
        file.write_bytes(kept[damage])
    (folder.parent / "CURRENT").write_text(folder.name)
    with pytest.raises(SearchIndexError, match=r"is damaged .* imgrec index --rebuild") as refused:
        open_index(folder.parent, "a" * 64)
    assert "\n" not in str(refused.value)


def test_no_index_says_how_to_build_one(tmp_path: Path):
    with pytest.raises(SearchIndexError, match="Build one with: imgrec index"):
        open_index(tmp_path, "a" * 64)
