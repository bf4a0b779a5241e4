"""What training learns from: the catalogue's photos, split, and the split recorded."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tiny_shop import Shop, jpeg, write_config, write_feed
from watched import Listener

from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.errors import TrainingError
from imgrec.progress import Silent
from imgrec.training import run as running
from imgrec.training.examples import load_examples
from imgrec.training.settings import TrainingSettings

TORN = "Clusters of near-identical photos that the feed has in two splits: 3."


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Three categories of twelve products, imported."""
    made = Shop(tmp_path, write_feed(tmp_path, 12), write_config(tmp_path))
    made.bring_in()
    with Catalogue.open(load_config(made.config, {}).catalogue) as opened:
        yield opened


def test_examples_are_the_catalogues_photos_and_their_split_is_recorded(catalogue: Catalogue):
    labels, sides = load_examples(catalogue, 0, Silent())
    assert labels == ("Balls", "Boxes", "Tents & Co")
    assert sum(len(side) for side in sides.values()) == 36
    assert all(file.is_file() for side in sides.values() for file in side.files)
    for side in sides.values():
        assert set(side.label) <= {0, 1, 2}
    again = load_examples(catalogue, 99, Silent())[1]  # another seed changes nothing that is recorded
    assert {split: side.files for split, side in again.items()} == {split: side.files for split, side in sides.items()}


def sides_of(catalogue: Catalogue, seed: int = 0) -> dict[str, str]:
    """The split of every stored file."""
    return {
        file.stem: split for split, side in load_examples(catalogue, seed, Silent())[1].items() for file in side.files
    }


def test_near_identical_photos_are_on_one_side_and_in_one_group(catalogue: Catalogue):
    """Products without a group, photos without a hash yet: training finds out for itself."""
    rows = catalogue.connection.execute("SELECT photos.id, sha256 FROM photos ORDER BY photos.id").fetchall()
    for first, second in zip(rows[0:12:2], rows[1:12:2], strict=True):  # every second ball gets its neighbour's picture
        source = catalogue.photos.path(first["sha256"]).read_bytes()
        with Image.open(io.BytesIO(source)) as image:
            copy = catalogue.photos.add(jpeg(image.resize((120, 120)), quality=80))
        catalogue.connection.execute("UPDATE photos SET sha256 = ? WHERE id = ?", (copy.sha256, second["id"]))
    catalogue.connection.execute("UPDATE photos SET perceptual_hash = NULL")
    for seed in range(5):
        catalogue.connection.execute("UPDATE products SET assigned_split = NULL")
        sides = load_examples(catalogue, seed, Silent())[1]
        of_group: dict[str, set[str]] = {}
        for split, side in sides.items():
            for group in side.group:
                of_group.setdefault(group, set()).add(split)
        assert all(len(splits) == 1 for splits in of_group.values())
        assert len(of_group) <= 36 - 6


@pytest.fixture
def torn(catalogue: Catalogue) -> Catalogue:
    """Of a feed that has near-identical photos in two of its splits."""
    catalogue.connection.execute("UPDATE products SET split = CASE id % 3 WHEN 0 THEN 'validation' ELSE 'train' END")
    catalogue.connection.execute(
        "UPDATE photos SET (sha256, perceptual_hash) = "
        "(SELECT sha256, perceptual_hash FROM photos WHERE product_id = 3) "
        "WHERE product_id = 1"
    )
    return catalogue


def test_a_split_of_the_feed_that_tears_near_identical_photos_apart_stands_and_is_told(torn: Catalogue):
    catalogue, listener = torn, Listener()
    _, sides = load_examples(catalogue, 0, listener)
    assert len(sides["train"]) == 24
    assert len(sides["validation"]) == 12
    assert any(line.startswith(TORN) for line in listener.said)
    recorded = catalogue.connection.execute("SELECT count(*) FROM products WHERE assigned_split IS NOT NULL")
    assert recorded.fetchone()[0] == 0


@pytest.mark.training
def test_a_run_tells_it_too(torn: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_open_run", stop)
    listener, config = Listener(), load_config(tmp_path / "config.yaml", {})
    with pytest.raises(KeyboardInterrupt):
        running.train(torn, config, tmp_path / "models" / "own", TrainingSettings(), running.Options(), listener)
    assert listener.said[0].startswith(TORN)


def test_placeholders_are_not_learnt_from(catalogue: Catalogue):
    catalogue.connection.execute("UPDATE photos SET status = 'placeholder' WHERE id = 5")
    assert len(sides_of(catalogue)) == 35


def test_a_catalogue_of_one_category_cannot_be_trained_on(catalogue: Catalogue):
    catalogue.connection.execute("UPDATE products SET category_id = 1")
    with pytest.raises(TrainingError, match="at least two categories; the catalogue has 1"):
        load_examples(catalogue, 0, Silent())


def test_a_category_that_the_feed_gives_no_validation_photo_says_so(catalogue: Catalogue):
    catalogue.connection.execute("UPDATE products SET split = CASE WHEN category_id = 2 OR id % 2 THEN 'train' "
                                 "ELSE 'validation' END")  # fmt: skip
    with pytest.raises(TrainingError, match="No validation photos in Boxes"):
        load_examples(catalogue, 0, Silent())
