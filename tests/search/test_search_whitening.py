"""Whitening: what all photos share is taken out, and what differs between two photos of one thing counts less."""

from pathlib import Path

import numpy as np

from imgrec.search.whitening import Whitening
from imgrec.sums import SealedFolder, seal
from imgrec.vision.vectors import unit_rows


def pooled(n: int, d: int = 24, seed: int = 0) -> np.ndarray:
    """Positive, much alike, and far more spread in some directions than in others."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((d, d))
    return np.exp(0.1 * (rng.standard_normal((n, d)) * np.geomspace(1, 0.01, d)) @ mixing).astype(np.float32)


def test_vectors_are_centred_uncorrelated_and_of_length_one():
    outputs = pooled(2000)
    whitening = Whitening.fit(outputs, 16)
    before_scaling = outputs @ whitening.affine[:-1] + whitening.affine[-1]
    assert np.allclose(before_scaling.mean(axis=0), 0, atol=1e-3)
    spread = np.cov(before_scaling.T)
    assert np.allclose(spread - np.diag(np.diag(spread)), 0, atol=1e-3)
    vectors = whitening(outputs)
    assert (vectors.shape, vectors.dtype, whitening.dim) == ((2000, 16), np.float32, 16)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_two_photos_that_pointed_the_same_way_are_told_apart():
    outputs = pooled(2000)
    assert (unit_rows(outputs[:1000]) * unit_rows(outputs[1000:])).sum(axis=1).mean() > 0.8
    vectors = Whitening.fit(outputs, 16)(outputs)
    assert abs((vectors[:1000] * vectors[1000:]).sum(axis=1).mean()) < 0.05


def test_pairs_of_one_thing_make_a_new_photo_of_it_find_it():
    """What changes between two photos of a thing is large, and in few directions: light, ground, camera."""
    rng = np.random.default_rng(1)
    things, taken = rng.standard_normal((400, 24)), rng.standard_normal((800, 4)) @ rng.standard_normal((4, 24)) * 3
    shop, telephone = (things + taken[:400]).astype(np.float32), (things + taken[400:]).astype(np.float32)

    def found(whitening: Whitening) -> float:
        similarity = whitening(telephone[200:]) @ whitening(shop).T
        return float((similarity.argmax(axis=1) == np.arange(200, 400)).mean())

    both = np.concatenate([shop[:200], telephone[:200]])
    assert found(Whitening.fit(both, 24, shop[:200] - telephone[:200])) > found(Whitening.fit(both, 24)) + 0.3


def test_few_photos_or_idle_channels_leave_fewer_dimensions():
    outputs = pooled(2000)
    assert Whitening.fit(outputs[:10], 16)(outputs).shape == (2000, 9)
    assert np.isfinite(Whitening.fit(outputs[:1], 16)(outputs)).all()
    outputs[:, 6:] = 0
    vectors = Whitening.fit(outputs, 16)(outputs)
    assert vectors.shape == (2000, 6)
    assert np.isfinite(vectors).all()


def test_it_is_the_same_after_being_stored(tmp_path: Path):
    outputs, file = pooled(200), tmp_path / "whitening.npy"
    whitening = Whitening.fit(outputs, 16)
    whitening.save(file)
    seal(tmp_path)
    assert np.array_equal(Whitening(SealedFolder(tmp_path).array(file.name))(outputs), whitening(outputs))
