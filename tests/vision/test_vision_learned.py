"""A model keeps which photos it learned from, by content and by group."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from imgrec.errors import ModelError
from imgrec.vision.learned import LearnedPhotos, read_learned


def test_photos_are_known_by_content_or_group_and_groups_that_are_none_are_not_compared(tmp_path: Path):
    assert read_learned(tmp_path) is None
    LearnedPhotos.of(["a" * 64, "b" * 64], ["sofa", "product 7"]).save(tmp_path)
    learned = read_learned(tmp_path)
    assert learned is not None
    known = learned.knows(["a" * 64, "c" * 64, "c" * 64, "c" * 64], ["other", "sofa", "product 7", "other"])
    assert known.tolist() == [True, True, False, False]


def test_a_damaged_list_is_one_clear_error(tmp_path: Path):
    (tmp_path / "learned.npy").write_bytes(b"no array")
    with pytest.raises(ModelError, match=r"learned\.npy cannot be read"):
        read_learned(tmp_path)


def test_digits_as_models_of_before_have_them_are_read(tmp_path: Path):
    sofa = hashlib.sha256(b"sofa").hexdigest()[:16].encode()
    rows = np.array([(b"a" * 16, sofa), (b"b" * 16, b"")], [("content", "S16"), ("group", "S16")])
    np.save(tmp_path / "learned.npy", rows)
    learned = read_learned(tmp_path)
    asked = ["a" * 64, "c" * 64, "d" * 64], ["", "sofa", "product 7"]
    assert learned.knows(*asked).tolist() == [True, True, False]
