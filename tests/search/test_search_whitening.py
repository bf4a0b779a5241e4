"""Whitened features: what all photos share is taken out, and every direction left counts the same."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.errors import ModelError
from imgrec.search.whitening import Whitening


def pooled(n: int, d: int = 24) -> np.ndarray:
    """Positive, much alike, and far more spread in some directions than in others."""
    rng = np.random.default_rng(0)
    mixed = rng.standard_normal((n, d)) * np.geomspace(1, 0.01, d) @ rng.standard_normal((d, d))
    return np.exp(0.1 * mixed).astype(np.float32)


def test_whitened_features_are_centred_uncorrelated_and_of_length_one():
    outputs = pooled(2000)
    whitening = Whitening.fit(outputs, 16)
    before_scaling = outputs @ whitening.affine[:-1] + whitening.affine[-1]
    assert np.allclose(before_scaling.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(np.cov(before_scaling.T), np.eye(16), atol=5e-3)
    features = whitening(outputs)
    assert (features.shape, features.dtype) == ((2000, 16), np.float32)
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-6)


def test_two_photos_that_pointed_the_same_way_are_told_apart():
    outputs = pooled(2000)
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    features = Whitening.fit(outputs, 16)(outputs)
    assert (unit[:1000] * unit[1000:]).sum(axis=1).mean() > 0.8
    assert abs((features[:1000] * features[1000:]).sum(axis=1).mean()) < 0.05


def test_few_photos_or_idle_channels_leave_fewer_dimensions():
    outputs = pooled(2000)
    assert Whitening.fit(outputs[:20], 16)(outputs).shape == (2000, 5)
    outputs[:, 6:] = 0
    features = Whitening.fit(outputs, 16)(outputs)
    assert features.shape == (2000, 6)
    assert np.isfinite(features).all()


def test_it_is_the_same_after_being_stored_and_a_damaged_file_is_one_clear_error(tmp_path: Path):
    outputs = pooled(200)
    whitening = Whitening.fit(outputs, 16)
    whitening.save(tmp_path)
    assert np.array_equal(Whitening.load(tmp_path)(outputs), whitening(outputs))
    for content in (b"", b"no array", (tmp_path / "whitening.npy").read_bytes()[:-8]):
        (tmp_path / "whitening.npy").write_bytes(content)
        with pytest.raises(ModelError, match=r"whitening\.npy cannot be read .* Train the model again"):
            Whitening.load(tmp_path)
