"""What the network puts out is computed once for each photo and model, whatever interrupts it."""

from pathlib import Path

import numpy as np
import pytest
from imgrec.vision.recogniser import load_recogniser

from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.evaluation import outputs as module
from imgrec.evaluation.outputs import network_outputs
from imgrec.progress import Silent
from imgrec.search.index import open_index
from imgrec.vision.decode import decode_photo
from imgrec.vision.model_folder import open_model


class Counting(Silent):
    """Keeps how many photos each stage was to run over."""

    def __init__(self) -> None:
        self.totals: list[int | None] = []

    def stage(self, title, total):
        self.totals.append(total)
        return super().stage(title, total)


@pytest.fixture
def recogniser(own_shop):
    model = open_model(own_shop.folder / "models")
    return load_recogniser(model, open_index(own_shop.folder / "index", model.sha256).record.precision)


@pytest.fixture
def run(own_shop, recogniser, tmp_path):
    """Ask for outputs of photos by content; returns them and how many were computed."""

    def outputs(contents, recompute=False):
        report = Counting()
        with Catalogue.read(load_config(own_shop.config, {}).catalogue) as catalogue:
            found = network_outputs(recogniser, catalogue, contents, tmp_path / "cache", report, recompute)
        return found, sum(report.totals)

    return outputs


@pytest.fixture
def contents(own_shop) -> list[str]:
    with Catalogue.read(load_config(own_shop.config, {}).catalogue) as catalogue:
        return [photo.sha256 for photo in catalogue.on_sale()]


def parts(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").glob("*/*.npz"))


def test_rows_are_those_of_the_photos_asked_for_in_their_order(run, contents, own_shop, recogniser):
    asked = [contents[4], contents[0], contents[4]]
    found, computed = run(asked)
    assert (computed, found.readable.tolist()) == (2, [True] * 3)
    assert np.array_equal(found.logits[0], found.logits[2])
    with Catalogue.read(load_config(own_shop.config, {}).catalogue) as catalogue:
        files = [catalogue.photos.path(content) for content in asked]
    seen = recogniser.recognise([decode_photo(file, recogniser.model.settings.preprocessing.side_px) for file in files])
    again = recogniser.read(found.logits, found.pooled)
    assert again.probabilities == pytest.approx(seen.probabilities, abs=1e-4)
    assert again.features == pytest.approx(seen.features, abs=1e-3)


def test_what_is_known_is_not_computed_again_unless_told(run, contents):
    first, _ = run(contents[:20])
    more, computed = run(contents[:30])
    assert computed == 10
    assert np.array_equal(more.logits[:20], first.logits)
    assert run(contents[:30])[1] == 0
    assert run(contents[:30], recompute=True)[1] == 30


def test_an_interrupted_run_keeps_what_it_has_done(run, contents, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_PHOTOS_A_PART", 16)
    real, calls = module._write, []

    def interrupted(folder, part):
        calls.append(part)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(folder, part)

    monkeypatch.setattr(module, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(contents)
    assert len(parts(tmp_path)) == 2
    assert run(contents)[1] == len(contents) - 32


def test_a_damaged_part_is_computed_again(run, contents, tmp_path):
    whole, _ = run(contents[:12])
    [part] = parts(tmp_path)
    for damage in (part.read_bytes()[:300], b"", b"no archive"):
        part.write_bytes(damage)
        found, computed = run(contents[:12])
        assert computed == 12
        assert np.array_equal(found.logits, whole.logits)


def test_a_photo_that_cannot_be_read_is_told_apart_and_tried_again(run, contents, own_shop):
    with Catalogue.read(load_config(own_shop.config, {}).catalogue) as catalogue:
        file = catalogue.photos.path(contents[1])
    whole = file.read_bytes()
    file.write_bytes(b"not an image")
    found, _ = run(contents[:3])
    assert found.readable.tolist() == [True, False, True]
    assert not found.logits[1].any()
    file.unlink()
    only, _ = run([contents[1]])
    assert (only.readable.tolist(), only.logits.shape[0]) == ([False], 1)
    file.write_bytes(whole)
    assert run(contents[:3])[0].readable.all()


def test_outputs_of_models_long_unused_are_removed(run, contents, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_KEPT_MODELS", 2)
    import os

    for age in range(4):
        folder = tmp_path / "cache" / f"old-{age}"
        folder.mkdir(parents=True)
        os.utime(folder, (age, age))
    run(contents[:1])
    kept = {folder.name for folder in (tmp_path / "cache").iterdir()}
    assert len(kept) == 2
    assert "old-3" in kept
