# ruff: noqa: E402 - Keras may be absent
"""What frozen blocks see is computed once, as the network itself would, and what learns is trained on it."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from test_training_fit import changed, kernels, lesson

keras = pytest.importorskip("keras")

from imgrec.progress import Silent
from imgrec.training import run as running
from imgrec.training.fit import Lesson, fit
from imgrec.training.pixels import predict
from imgrec.training.run import started
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.training.start import load_start
from imgrec.training.vgg16 import build_vgg16, convolution_shapes, weights_of
from imgrec.training.views import FrozenBlocks

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

ON_BLOCK_5 = (Stage(share=1, train_from="block5"),)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> TrainingSettings:
    """A narrow network from pretrained weights, of which block 5 and the softmax learn."""
    wanted = TrainingSettings(
        weights=str(tmp_path_factory.mktemp("weights") / "narrow.h5"), epochs=3, batch_size=5, side_px=32, width=0.125,
        dtype="float32", views=2, stages=ON_BLOCK_5, mixing=0.5, learning_rate=3e-3,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    with h5py.File(wanted.weights, "w") as stored:
        for name, shape in convolution_shapes(build_vgg16(3, wanted)).items():
            stored[f"{name}/{name}/kernel:0"] = rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape)
            stored[f"{name}/{name}/bias:0"] = np.zeros(shape[-1])
    return wanted


def network_of(settings: TrainingSettings, folder: Path) -> Any:
    keras.utils.set_random_seed(settings.seed)
    network = build_vgg16(3, settings)
    load_start(network, settings, lesson(settings, folder).photos, folder, Silent())
    return network


def begun(settings: TrainingSettings, folder: Path) -> tuple[Any, Lesson]:
    """The network and what it learns from, as a run has them."""
    folder.mkdir(exist_ok=True)
    network, run = network_of(settings, folder), folder / "run"
    return network, started(network, lesson(settings, folder), settings, run, Silent())


def test_frozen_blocks_see_what_the_network_sees(settings: TrainingSettings, tmp_path: Path):
    network, learned = begun(settings, tmp_path)
    assert learned.views is not None
    pixels = learned.photos.pixels("validation", 32)
    below = keras.Model(network.input, network.get_layer("block4_pool").output)
    expected = keras.ops.convert_to_numpy(below.predict_on_batch(np.asarray(pixels)))
    maps = learned.views.maps("validation")
    assert maps.dtype == np.float16
    assert maps.shape == expected.shape == (6, 2, 2, 64)
    assert np.abs(maps - expected).max() < 0.02 * expected.max()
    part = learned.views.part(network)
    logits = predict(network, pixels)
    assert np.abs(predict(part, maps) - logits).max() < 0.02 * np.abs(logits).max()
    assert [layer.name for layer in part.layers if "conv" in layer.name and "relu" not in layer.name] == [
        "block5_conv1", "block5_conv2", "block5_conv3",
    ]  # fmt: skip


def test_the_first_view_is_the_photo_as_it_is_and_the_others_are_not(settings: TrainingSettings, tmp_path: Path):
    network, learned = begun(settings, tmp_path)
    assert learned.views is not None
    plain = FrozenBlocks(weights_of(network), 5, 32).look(learned.photos.pixels("train", 32))
    assert np.array_equal(learned.views.maps("train", 0), plain)
    assert not np.allclose(learned.views.maps("train", 1), plain, atol=0.1)


def test_an_epoch_takes_every_photo_in_another_view_than_the_one_before(settings: TrainingSettings, tmp_path: Path):
    _, learned = begun(settings, tmp_path)
    rows, rng = np.arange(12), np.random.default_rng(0)
    first, second, third = (learned.views.training(Stage(share=1), epoch)(rows, rng) for epoch in (1, 2, 3))
    assert (first != second).any(axis=(1, 2, 3)).all()
    assert np.array_equal(first, third)


class InterruptedRunError(Exception):
    """As by Ctrl-C."""


def test_looking_goes_on_where_it_was_interrupted(
    settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imgrec.training.views._CHUNK", 2)
    monkeypatch.setattr("imgrec.training.views._CHUNKS_A_SAVE", 2)
    _, learned = begun(settings, tmp_path)
    _, other = begun(settings, tmp_path / "undisturbed")
    looked: list[int] = []
    look = FrozenBlocks.look

    def counted(self: FrozenBlocks, pixels: np.ndarray) -> np.ndarray:
        if len(looked) == 5:
            looked.append(0)
            raise InterruptedRunError
        looked.append(len(pixels))
        return look(self, pixels)

    monkeypatch.setattr(FrozenBlocks, "look", counted)
    with pytest.raises(InterruptedRunError):
        learned.views.maps("train", 1)
    again = learned.views.maps("train", 1)
    assert sum(looked) == 12 + 2, "of five chunks the fifth was not saved yet"
    assert np.array_equal(again, other.views.maps("train", 1))
    assert learned.views.maps("train", 1) is not None
    assert sum(looked) == 12 + 2 + 12, "what is there is not looked at again"


def test_a_run_that_is_resumed_ends_as_an_undisturbed_one_with_frozen_blocks_as_they_were(
    settings: TrainingSettings, tmp_path: Path
):
    network, learned = begun(settings, tmp_path / "undisturbed")
    before = kernels(network)
    straight = fit(network, learned, settings, tmp_path / "undisturbed" / "run", Silent())

    def stop(epoch: Any) -> None:
        if epoch.epoch == 2:
            raise InterruptedRunError

    again, learned = begun(settings, tmp_path / "killed")
    with pytest.raises(InterruptedRunError):
        fit(again, learned, settings, tmp_path / "killed" / "run", Silent(), stop)
    again, learned = begun(settings, tmp_path / "killed")
    resumed = fit(again, learned, settings, tmp_path / "killed" / "run", Silent())
    assert [epoch.loss for epoch in resumed] == pytest.approx([epoch.loss for epoch in straight], rel=2e-3)
    after, other = kernels(network), kernels(again)
    for name, weight in before.items():
        learns = name.startswith(("block5", "logits"))
        assert np.array_equal(after[name], weight) != learns, name
        assert np.allclose(after[name], other[name], atol=1e-3), name


@pytest.mark.parametrize(
    ("changes", "views"),
    [
        ({}, 2),
        ({"views": None}, 4),
        ({"views": 0}, 0),
        ({"stages": ()}, 0),  # everything learns
        ({"stages": (Stage(share=0.5, scale=0.5, train_from="block5"), Stage(share=0.5, train_from="block5"))}, 0),
        ({"views_gb": 15 * 2 * 2 * 64 * 2 / 1e9}, 0),  # six photos to validate on, and nine of twelve
        ({"views_gb": 19 * 2 * 2 * 64 * 2 / 1e9}, 1),
    ],
)
def test_they_look_once_where_that_pays_and_fits(
    settings: TrainingSettings, changes: dict[str, Any], views: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(running, "has_gpu", lambda: False)
    monkeypatch.setattr(running, "multiplies_bfloat16", lambda *by: False)
    _, learned = begun(changed(settings, **changes), tmp_path)
    assert (learned.views.count if learned.views else 0) == views


def test_a_machine_that_is_fast_trains_end_to_end_unless_told_otherwise(
    settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(running, "has_gpu", lambda: True)
    assert begun(changed(settings, views=None), tmp_path)[1].views is None
    assert begun(settings, tmp_path)[1].views is not None
