"""The store of features: shards that are only added, read by whoever may compare them, pruned without loss."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from narrow_vgg import make_narrow

from imgrec.errors import FeaturesError
from imgrec.features import store as features_store
from imgrec.features.store import ABSENT, FeatureStore, PhotoFeatures, prune
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import ModelFolder


@pytest.fixture
def eye(tmp_path: Path) -> Eye:
    return Eye(make_narrow(tmp_path / "models" / "narrow"))


def some(eye: Eye, *names: str, value: float = 0.5) -> PhotoFeatures:
    n = len(names)
    dim = eye.model.settings.feature.dim
    return PhotoFeatures(
        np.array([name.encode() for name in names], "S64"), np.full((n, dim), value, np.float16),
        np.zeros((n, 0), np.float32), np.zeros((n, 3, 4), np.float32),
    )  # fmt: skip


def kept(store: FeatureStore) -> PhotoFeatures:
    """All that the shop's photos were seen as, by name."""
    return store.all_of(store.find("shop", np.array(sorted(store.held("shop")), "S64")))


def test_what_was_added_is_read_by_content_each_once_and_by_view(tmp_path: Path, eye: Eye):
    store = FeatureStore(tmp_path / "features", eye)
    store.add("shop", some(eye, "a", "b"))
    store.add("shop", some(eye, "b", "c", value=0.25))
    store.add("telephone", some(eye, "t"))
    seen = kept(store)
    assert seen.content.tolist() == [b"a", b"b", b"c"]
    assert store.held("telephone") == {"t"}
    assert seen.rows_of(["c", "nobody", "a"]).tolist() == [2, ABSENT, 0]
    assert len(kept(FeatureStore(tmp_path / "empty", eye))) == 0


def test_a_shard_is_never_changed_by_another_that_is_added(tmp_path: Path, eye: Eye):
    store = FeatureStore(tmp_path, eye)
    store.add("shop", some(eye, "a"))
    [first] = tmp_path.glob("*/shop/*.npz")
    before = (first.read_bytes(), first.stat().st_mtime_ns)
    store.add("shop", some(eye, "b"))
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before


def test_features_of_another_arithmetic_are_read_only_where_they_find_the_same(tmp_path: Path, eye: Eye):
    store = FeatureStore(tmp_path, eye)
    store.add("shop", some(eye, "a"))
    [shard] = tmp_path.glob("*/shop/*.npz")
    other = "bfloat16" if eye.arithmetic == "float32" else "float32"
    shard.rename(shard.with_name(shard.name.replace(eye.arithmetic, other)))
    assert store.held("shop") == set()  # nothing was measured for this model
    settings = eye.model.settings.model_copy(update={"alike": {"bfloat16": 0.995}})
    eye.model = ModelFolder(eye.model.path, settings, eye.model.sha256)
    assert store.held("shop") == {"a"}
    assert store.arithmetics("shop") == {other}
    eye.model = replace(eye.model, settings=settings.model_copy(update={"alike": {"bfloat16": 0.98}}))
    assert store.held("shop") == set()


def test_another_model_sees_nothing_of_this_ones(tmp_path: Path, eye: Eye):
    FeatureStore(tmp_path / "features", eye).add("shop", some(eye, "a"))
    other = Eye(make_narrow(tmp_path / "models" / "other", seed=1))
    assert FeatureStore(tmp_path / "features", other).held("shop") == set()
    same = Eye(make_narrow(tmp_path / "models" / "renamed"))
    assert FeatureStore(tmp_path / "features", same).held("shop") == {"a"}  # a name is not what it sees


def test_pruning_keeps_what_is_wanted_and_counts_what_goes(tmp_path: Path, eye: Eye):
    store = FeatureStore(tmp_path / "features", eye)
    store.add("shop", some(eye, "a", "b"))
    store.add("shop", some(eye, "c"))
    other = FeatureStore(tmp_path / "features", Eye(make_narrow(tmp_path / "models" / "other", seed=1)))
    other.add("shop", some(eye, "a"))
    removed = prune(tmp_path / "features", [eye.model.sha256], np.array([b"nobody", b"a"], "S64"))
    assert (removed.models, removed.photos) == (1, 2)
    assert removed.bytes > 0
    assert store.held("shop") == {"a"}
    assert (kept(store).features == np.float16(0.5)).all()
    assert other.held("shop") == set()


def test_photos_are_found_wherever_they_are_and_seen_part_by_part_in_the_order_asked_for(
    tmp_path: Path, eye: Eye, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(features_store, "_ROWS_AT_ONCE", 2)
    store = FeatureStore(tmp_path, eye)
    for names, value in (("ab", 0.5), ("bcd", 0.25), ("e", 0.125)):
        store.add("shop", some(eye, *names, value=value))
    asked = np.array([b"e", b"nobody", b"c", b"a", b"e", b"d"], "S64")
    found = store.find("shop", asked)
    assert found.is_there.tolist() == [True, False, True, True, True, True]
    parts = list(store.parts(found))
    assert sorted(np.concatenate([rows for rows, _ in parts]).tolist()) == [0, 2, 3, 4, 5]
    assert all((seen.content == asked[rows]).all() for rows, seen in parts)
    assert len(parts) > 1
    seen = store.all_of(found.take(np.array([5, 0, 3])))
    assert (seen.content.tolist(), seen.features[:, 0].tolist()) == ([b"d", b"e", b"a"], [0.25, 0.125, 0.5])
    nobody = store.find("shop", asked[:0])
    assert (len(nobody), len(store.all_of(nobody)), list(store.parts(nobody))) == (0, 0, [])


def test_a_damaged_shard_has_nothing_and_one_that_is_damaged_after_it_was_found_is_an_error(tmp_path: Path, eye: Eye):
    store = FeatureStore(tmp_path, eye)
    store.add("shop", some(eye, "a"))
    found = store.find("shop", np.array([b"a"], "S64"))
    [shard] = tmp_path.glob("*/shop/*.npz")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1  # amid the features
    shard.write_bytes(content)
    assert not store.find("shop", np.array([b"a"], "S64")).is_there.any()
    with pytest.raises(FeaturesError, match="Do the same again"):
        list(store.parts(found))
