# ruff: noqa: E402 - Keras may be absent
"""The training loop's parts, each held to arithmetic: loss, rate, optimisers, frozen layers, averages, patience."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_shop import CATEGORIES, draw_product, jpeg

keras = pytest.importorskip("keras")

from imgrec.progress import Silent
from imgrec.training.averaging import refresh_statistics
from imgrec.training.fit import Epoch, Lesson, RateSchedule, Trainer, cross_entropy, fit, optimizer, out_of_patience
from imgrec.training.pixels import PhotoCache
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.training.vgg16 import COSINE_SCALE, build_vgg16, freeze_below
from imgrec.training.weights import BLOCKS

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

SCRATCH = TrainingSettings(
    weights="none", epochs=4, batch_size=12, side_px=32, width=0.0625, dtype="float32", warm_up_epochs=0,
    learning_rate=3e-3, dropout=0,
)  # fmt: skip


def changed(settings: TrainingSettings, **values: Any) -> TrainingSettings:
    return TrainingSettings.model_validate({**settings.model_dump(), **values})


def lesson(settings: TrainingSettings, folder: Path) -> Lesson:
    """Twelve photos to learn from and six to validate on, of three categories."""
    files: dict[str, list[Path]] = {"train": [], "validation": []}
    for split, count in (("train", 12), ("validation", 6)):
        for number in range(count):
            file = folder / f"{split}-{number}.jpg"
            if not file.exists():
                file.write_bytes(jpeg(draw_product(CATEGORIES[number % 3], "red", number, side_px=64)))
            files[split].append(file)
    targets = np.eye(3, dtype=np.float32)[np.arange(12) % 3]
    photos = PhotoCache(files, folder / "run", settings, Silent())
    return Lesson(photos, {"logits": targets}, np.arange(6) % 3)


def kernels(network: Any) -> dict[str, np.ndarray]:
    """Every weight that learns or is measured, by the name of its layer and its own."""
    return {
        f"{layer.name} {weight.name}": keras.ops.convert_to_numpy(weight).copy()
        for layer in network.layers for weight in layer.weights
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- loss


def test_the_loss_is_the_cross_entropy_of_each_row():
    rng = np.random.default_rng(0)
    logits, target = rng.normal(0, 3, (5, 4)).astype(np.float32), np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 3]]
    likelihood = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(likelihood[np.arange(5), [0, 1, 2, 3, 3]])
    assert np.allclose(keras.ops.convert_to_numpy(cross_entropy(target, logits)), expected, atol=1e-5)
    assert np.allclose(keras.ops.convert_to_numpy(cross_entropy(np.zeros_like(target), logits)), 0)


def test_a_photo_of_no_known_class_teaches_nothing():
    """With targets of zeros alone, no step of any size may move a weight; a row of zeros beside others adds nothing."""
    photos = keras.Input((3,))
    network = keras.Model(photos, keras.layers.Dense(4, use_bias=False)(photos))
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(6, 3)).astype(np.float32), np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0, 1]]
    network.compile(optimizer=keras.optimizers.SGD(1.0), loss=cross_entropy)
    before = network.get_weights()[0]
    network.train_on_batch(x, np.zeros_like(target))
    assert np.array_equal(network.get_weights()[0], before)

    network.train_on_batch(x, target * np.array([1, 1, 1, 0, 0, 0])[:, None])
    some = network.get_weights()[0]
    network.set_weights([before])
    network.train_on_batch(x[:3], target[:3] / 2)  # the mean over six, three of which say nothing
    assert np.allclose(network.get_weights()[0], some, atol=1e-6)
    assert not np.allclose(some, before, atol=1e-3)


# --------------------------------------------------------------------------------------------- the rate and optimisers


def rates(steps: Sequence[int], **values: Any) -> list[float]:
    schedule = RateSchedule(
        **{"peak": 1.0, "warm_up_steps": 0, "first_step": 0, "total_steps": 100, "cosine": True} | values
    )
    return [float(schedule(step)) for step in steps]


def test_the_rate_rises_to_its_peak_in_equal_steps():
    assert rates(range(5), warm_up_steps=4, cosine=False) == pytest.approx([0.25, 0.5, 0.75, 1, 1])
    assert rates([0, 50], warm_up_steps=0, cosine=False) == [1, 1]


def test_a_constant_rate_stays_and_a_cosine_falls_to_a_hundredth():
    assert rates([0, 99, 500], cosine=False) == [1, 1, 1]
    assert rates([0, 50, 100, 150]) == pytest.approx([1, 0.505, 0.01, 0.01])
    falling = rates(range(101))
    assert falling == sorted(falling, reverse=True)


def test_an_optimiser_made_later_goes_on_where_the_cosine_of_the_whole_run_is():
    assert rates([0, 20], first_step=50) == pytest.approx(rates([50, 70]))
    assert rates([0], first_step=50, warm_up_steps=2) == pytest.approx([0.505 / 2])  # and warms up for itself


def test_a_schedule_is_made_again_from_its_configuration():
    schedule = RateSchedule(0.1, 3, 7, 50, cosine=True)
    assert [float(RateSchedule(**schedule.get_config())(step)) for step in (0, 9)] == [
        float(schedule(step)) for step in (0, 9)
    ]


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimiser_goes_downhill_and_decays_kernels_alone(name: str):
    settings = changed(SCRATCH, optimizer=name, weight_decay=0.5, learning_rate=0.01, schedule="constant")
    made = optimizer(settings, steps=10, first_epoch=1)
    weights = {
        title: keras.Variable(np.full(3, 2.0, np.float32), name=title)
        for title in ("kernel", "bias", "gamma", "beta")
    }  # fmt: skip
    made.build(list(weights.values()))
    still = [keras.ops.zeros(3)] * 4
    made.apply(still, list(weights.values()))
    value = {title: keras.ops.convert_to_numpy(weight) for title, weight in weights.items()}
    assert value["kernel"] == pytest.approx(np.full(3, 2 - 0.5 * 0.01 * 2), rel=1e-6)
    assert all(np.array_equal(value[title], np.full(3, 2.0)) for title in ("bias", "gamma", "beta"))

    before = keras.ops.convert_to_numpy(weights["bias"]).copy()
    for _ in range(5):  # of the parabola bias ** 2
        made.apply([*still[:1], 2 * weights["bias"], *still[2:]], list(weights.values()))
    assert (keras.ops.convert_to_numpy(weights["bias"]) < before).all()
    assert (keras.ops.convert_to_numpy(weights["bias"]) > 0).all()


# --------------------------------------------------------------------------------------------------------- whole runs


THAWING = changed(
    SCRATCH, weights="some.h5", side_px=48, learning_rate=1e-2, batch_size=6, ema=0.5,
    stages=(Stage(share=0.5, scale=0.5, train_from="block5"), Stage(share=0.5, train_from="block4")),
)  # fmt: skip


@dataclass(frozen=True)
class Thawed:
    """A run of two epochs frozen below block 5 and two below block 4: weights at the start and after each epoch."""

    seen: list[dict[str, np.ndarray]]
    history: list[Epoch]


@pytest.fixture(scope="module")
def thawing(tmp_path_factory: pytest.TempPathFactory) -> Thawed:
    folder = tmp_path_factory.mktemp("thawing")
    keras.utils.set_random_seed(0)
    network = build_vgg16(3, THAWING)
    seen = [kernels(network)]
    (folder / "run").mkdir()
    history = fit(
        network, lesson(THAWING, folder), THAWING, folder / "run", Silent(), lambda _: seen.append(kernels(network))
    )
    return Thawed(seen, history)


def test_what_is_frozen_stays_bit_for_bit_and_the_rest_learns(thawing: Thawed):
    first_three = ("block1", "block2", "block3")
    for before, after, frozen in ((0, 2, (*first_three, "block4")), (2, 4, first_three)):
        for name, weight in thawing.seen[before].items():
            assert np.array_equal(thawing.seen[after][name], weight) == name.startswith(frozen), (name, after)


def test_photos_grow_from_stage_to_stage(thawing: Thawed):
    assert [epoch.side_px for epoch in thawing.history] == [32, 32, 48, 48]
    assert [epoch.epoch for epoch in thawing.history] == [1, 2, 3, 4]


@pytest.mark.parametrize("train_from", ["block1", "block3", "block5", "top"])
def test_layers_learn_from_the_named_part_upwards(train_from: Any):
    network = build_vgg16(3, changed(SCRATCH, weights="some.h5"))
    freeze_below(network, train_from)
    learning = {
        layer.name[:6] for layer in network.layers if layer.trainable and isinstance(layer, keras.layers.Conv2D)
    }
    first = 6 if train_from == "top" else int(train_from[-1])
    assert learning == {f"block{block}" for block in range(first, len(BLOCKS) + 1)}
    assert network.get_layer("logits").trainable
    freeze_below(network, "block1")
    assert all(layer.trainable for layer in network.layers)


def test_a_run_that_is_resumed_within_a_stage_keeps_to_the_rates_of_an_undisturbed_one(tmp_path: Path):
    """The optimiser counts its own steps, from the first epoch in which the same layers learn."""
    stages = (Stage(share=0.5, train_from="top"), Stage(share=0.5))
    settings = changed(SCRATCH, weights="some.h5", stages=stages, epochs=8, batch_size=6)
    network, of_run = build_vgg16(3, settings), lesson(settings, tmp_path)

    def rate(epoch: int, steps_done: int) -> float:
        made = Trainer(network, of_run, settings, epoch).model.optimizer
        made.iterations.assign(steps_done)
        return float(made.learning_rate)

    for epoch in (2, 3, 4):  # two steps an epoch
        assert rate(epoch, 5) == rate(1, 5)
    for epoch in (6, 7, 8):
        assert rate(epoch, 5) == rate(5, 5)
    assert rate(5, 0) == pytest.approx(rate(1, 8), rel=1e-6)  # and both are on one cosine
    assert rate(8, 5) < rate(4, 5)


def test_what_is_measured_is_the_average_and_what_goes_on_and_is_kept_is_not(tmp_path: Path):
    """One step an epoch: after the first the average is the weights themselves, after the second half of each."""
    settings = changed(SCRATCH, ema=0.5, augmentation="none")
    keras.utils.set_random_seed(0)
    network, of_run = build_vgg16(3, settings), lesson(settings, tmp_path)
    trainer = Trainer(network, of_run, settings, 1)
    measured, went_on, accuracy = [], [], []
    checkpoint = tmp_path / "after one epoch.weights.h5"
    for number in (1, 2):
        with trainer.trained_for(number, Silent()) as epoch:
            measured.append(kernels(network))
            logits = network.predict_on_batch(of_run.photos.pixels("validation", 32))["logits"]
            accuracy.append((epoch.validation_accuracy, float((logits.argmax(axis=1) == np.arange(6) % 3).mean())))
        went_on.append(kernels(network))
        if number == 1:
            trainer.model.save_weights(checkpoint)
    for name in went_on[1]:
        if name.endswith(("moving_mean", "moving_variance")):
            continue
        average = (went_on[0][name] + went_on[1][name]) / 2
        assert np.array_equal(measured[0][name], went_on[0][name]), name
        assert np.allclose(measured[1][name], average, atol=1e-6), name
        assert not np.allclose(went_on[1][name], average, atol=1e-6), name
    assert all(said == real for said, real in accuracy)

    # All that an epoch depends on is in the checkpoint, running statistics and average included.
    trainer.model.load_weights(checkpoint)
    with trainer.trained_for(2, Silent()):
        again = kernels(network)
    for name, weight in again.items():
        assert np.allclose(weight, measured[1][name], rtol=1e-4, atol=1e-5), name
    for name, weight in kernels(network).items():
        assert np.allclose(weight, went_on[1][name], rtol=1e-4, atol=1e-5), name


def test_statistics_are_refreshed_to_the_means_of_the_photos_whatever_stood_there(monkeypatch: pytest.MonkeyPatch):
    """Against the mean and variance of what the first convolution says, worked out in batches of one size."""
    from imgrec.training import averaging

    network = build_vgg16(3, SCRATCH)
    norm = network.get_layer("block1_conv1_norm")
    gamma, beta, mean, variance = norm.get_weights()
    norm.set_weights([gamma, beta, mean + 7, variance * 9])
    pixels = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), np.uint8)
    monkeypatch.setattr(averaging, "_BATCH", 4)
    refresh_statistics(network, pixels, seed=5)

    order = np.random.default_rng(5).permutation(9)
    before_norm = keras.Model(network.input, network.get_layer("block1_conv1").output)
    said = [np.asarray(before_norm.predict_on_batch(pixels[np.sort(rows)])) for rows in np.array_split(order, 3)]
    expected_mean = np.mean([batch.mean(axis=(0, 1, 2)) for batch in said], axis=0)
    expected_variance = np.mean([batch.var(axis=(0, 1, 2)) for batch in said], axis=0)
    refreshed = norm.get_weights()
    assert np.allclose(refreshed[2], expected_mean, atol=1e-4)
    assert np.allclose(refreshed[3], expected_variance, rtol=1e-3)
    assert np.array_equal(refreshed[0], gamma)
    assert norm.momentum == pytest.approx(0.9)  # training goes on as before


def test_a_network_without_statistics_has_none_to_refresh():
    network = build_vgg16(3, changed(SCRATCH, normalisation="none"))
    before = network.get_weights()
    refresh_statistics(network, np.zeros((2, 32, 32, 3), np.uint8), seed=0)
    assert all(np.array_equal(old, new) for old, new in zip(before, network.get_weights(), strict=True))


# ------------------------------------------------------------------------------------------------------------ patience


def history_of(settings: TrainingSettings, *accuracy: float) -> list[Epoch]:
    def side(number: int) -> int:
        return settings.side_px_of(settings.stage_of(number))

    return [Epoch(number, 1.0, 0.5, 1.0, value, 1.0, side(number)) for number, value in enumerate(accuracy, start=1)]


def test_patience_ends_a_run_after_so_many_epochs_without_a_better_one():
    settings = TrainingSettings(epochs=30, patience=2)
    assert not out_of_patience([], settings)
    assert not out_of_patience(history_of(settings, 0.5, 0.4), settings)
    assert out_of_patience(history_of(settings, 0.5, 0.4, 0.5), settings)
    assert not out_of_patience(history_of(settings, 0.5, 0.4, 0.6), settings)
    assert not out_of_patience(history_of(settings, 0.5, 0.4, 0.4, 0.4), TrainingSettings(epochs=30))


@pytest.mark.parametrize("first", [Stage(share=0.5, scale=0.5), Stage(share=0.5, train_from="top")])
def test_patience_waits_for_the_last_stage(first: Stage):
    """Small photos, or a frozen network, may have learned all they can while the best is still to come."""
    settings = TrainingSettings(epochs=10, patience=2, stages=(first, Stage(share=0.5)))
    assert not out_of_patience(history_of(settings, *[0.5] * 5), settings)
    assert not out_of_patience(history_of(settings, *[0.9] * 5, 0.6, 0.5), settings)
    assert out_of_patience(history_of(settings, *[0.9] * 5, 0.6, 0.5, 0.6), settings)


def test_an_embedding_is_compared_by_angle_alone():
    network = build_vgg16(3, changed(SCRATCH, metric="kind", embedding_dim=8), metric_classes=5)
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(8, 5)).astype(np.float32)
    layer = network.get_layer("metric")
    layer.set_weights([kernel])
    x = rng.normal(size=(4, 8)).astype(np.float32)
    said = keras.ops.convert_to_numpy(layer(x))
    cosines = (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (kernel / np.linalg.norm(kernel, axis=0))
    assert np.allclose(said, COSINE_SCALE * cosines, atol=1e-4)
    assert np.allclose(keras.ops.convert_to_numpy(layer(x * 100)), said, atol=1e-4)
    assert set(network.output) == {"logits", "metric"}
