# ruff: noqa: E402 - Keras may be absent
"""The network is VGG-16, and the files exported from it say what it says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from imgrec.training.export import Design, export, run_in_chunks
from imgrec.training.graph import graph_of
from imgrec.training.pixels import predict
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import build_vgg16, convolution_shapes, possible_features, weights_of
from imgrec.training.weights import BLOCKS, Feature
from imgrec.vision.eye import compile_network
from imgrec.vision.model_folder import NETWORK
from imgrec.vision.runtime import import_openvino

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

NARROW = TrainingSettings(
    weights="none", side_px=32, width=0.125, dtype="float32", metric="kind", embedding_dim=16
)  # fmt: skip
DENSE = TrainingSettings(weights="some.h5", side_px=48, width=0.0625, dtype="float32", top="dense", dropout=0.3)
GEM = TrainingSettings(
    weights="some.h5", side_px=32, width=0.125, dtype="float32", metric="kind", embedding_dim=16, top="gem"
)  # fmt: skip
AVERAGE = Feature("block5", "average")


def pixels(side_px: int) -> np.ndarray:
    made = np.random.default_rng(0).integers(0, 256, (6, side_px, side_px, 3), np.uint8)
    made[::2] //= 3
    return made


PIXELS = pixels(32)


def disturb(network: Any) -> None:
    """Give batch normalisation and biases values that training might, so that leaving them out shows."""
    rng = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            shape = gamma.shape
            layer.set_weights(
                [gamma * rng.uniform(0.7, 1.4, shape), beta + rng.normal(0, 0.2, shape),
                 mean + rng.normal(0, 0.2, shape), variance * rng.uniform(0.5, 1.5, shape)]
            )  # fmt: skip
        elif isinstance(layer, keras.layers.Conv2D | keras.layers.Dense) and layer.use_bias:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, bias + rng.normal(0, 0.2, bias.shape)])


def built(settings: TrainingSettings, metric_classes: int = 0) -> Any:
    keras.utils.set_random_seed(0)
    network = build_vgg16(3, settings, metric_classes=metric_classes)
    disturb(network)
    return network


@pytest.fixture(scope="module")
def network() -> Any:
    return built(NARROW, metric_classes=4)


@pytest.fixture(scope="module")
def exported(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    export(Design(weights_of(network), 32, AVERAGE), folder, None)
    return folder / NETWORK[0]


def said_by_keras(network: Any, photos: np.ndarray, layers: list[str]) -> dict[str, np.ndarray]:
    inside = keras.Model(network.input, {name: network.get_layer(name).output for name in layers})
    return {name: np.asarray(value, np.float64) for name, value in inside.predict_on_batch(photos).items()}


def said_by_graph(
    network: Any, photos: np.ndarray, features: dict[str, Feature], mirrored: bool = False
) -> dict[str, np.ndarray]:
    """In full precision, as a processor with bfloat16 would otherwise round."""
    openvino = import_openvino()
    graph = graph_of(weights_of(network), photos.shape[1], features, mirrored)
    run = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {port.get_any_name(): np.array(value) for port, value in run({"pixels": photos}).items()}


def of_length_one(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def gem(positions: np.ndarray) -> np.ndarray:
    return np.cbrt((np.maximum(positions, 1e-6) ** 3).mean(axis=(1, 2)))


def test_a_vgg16_base_has_14_714_688_weights_in_thirteen_convolutions():
    network = build_vgg16(10, TrainingSettings(weights="imagenet", side_px=32))
    shapes = convolution_shapes(network)
    assert list(shapes) == [f"block{block}_conv{i}" for block, (_, n) in enumerate(BLOCKS, 1) for i in range(1, n + 1)]
    assert len(shapes) == 13
    assert all(shape[:2] == (3, 3) for shape in shapes.values())
    head = network.get_layer("logits").count_params()
    assert network.count_params() - head == 14_714_688
    assert head == 10 * (512 + 1)


def test_with_its_dense_top_it_is_the_papers():
    """138,357,544 weights at 224 px and 1,000 categories, as table 2 of the paper has it; here an eighth as wide."""
    settings = DENSE.model_copy(update={"side_px": 224, "width": 0.125})
    c = [8, 16, 32, 64, 64]
    convolutions = sum(
        9 * before * own + own + (n - 1) * (9 * own * own + own)
        for before, own, (_, n) in zip([3, *c], c, BLOCKS, strict=False)
    )
    dense = 7 * 7 * 64 * 512 + 512 + 512 * 512 + 512 + 512 * 1000 + 1000
    assert build_vgg16(1000, settings).count_params() == convolutions + dense


def test_from_scratch_it_has_batch_normalisation_and_pretrained_it_has_none():
    def normalised(**settings: Any) -> bool:
        layers = build_vgg16(2, NARROW.model_copy(update=settings)).layers
        return any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)

    assert normalised(weights="none")
    assert not normalised(weights="imagenet")
    assert not normalised(weights="none", normalisation="none")


def test_photos_of_any_size_go_in_unless_the_dense_top_holds_them_to_one(network: Any):
    assert predict(network, pixels(48)).shape == (6, 3)
    assert build_vgg16(3, DENSE).input.shape == (None, 48, 48, 3)


@pytest.mark.parametrize(
    ("settings", "features"),
    [
        (NARROW, ["block5 average", "block5 gem", "block4 average", "block4 gem", "block4+block5 average",
                  "block4+block5 gem", "embedding", "block3+embedding average", "block3+embedding gem",
                  "block4+embedding average", "block4+embedding gem"]),
        (DENSE, ["block5 average", "block5 gem", "block4 average", "block4 gem", "block4+block5 average",
                 "block4+block5 gem", "fc2"]),
        (NARROW.model_copy(update={"feature_layer": "block3"}), ["block3 average", "block3 gem"]),
        (NARROW.model_copy(update={"pooling": "gem", "feature_layer": "block4"}), ["block4 gem"]),
        (NARROW.model_copy(update={"feature_layer": "block5"}), ["block5 average", "block5 gem"]),
        (NARROW.model_copy(update={"feature_layer": "embedding"}), ["embedding"]),
        (NARROW.model_copy(update={"feature_layer": "block3+embedding", "pooling": "gem"}), ["block3+embedding gem"]),
        (DENSE.model_copy(update={"feature_layer": "fc2"}), ["fc2"]),
    ],
)  # fmt: skip
def test_the_features_are_those_the_settings_leave_open(settings: TrainingSettings, features: list[str]):
    assert [str(feature) for feature in possible_features(settings)] == features


@pytest.mark.parametrize(
    ("settings", "classes"), [(NARROW, 4), (GEM, 4), (DENSE, 0)], ids=["average top", "gem top", "dense top"]
)
def test_the_graph_says_what_keras_says_of_every_feature(settings: TrainingSettings, classes: int):
    """Pooled with numpy from what Keras' own layers put out; equal within a thousandth of the largest value."""
    network, photos = built(settings, classes), pixels(settings.side_px)
    features = {
        str(feature): feature
        for layer in ("auto", "block3")
        for feature in possible_features(settings.model_copy(update={"feature_layer": layer}))
    }
    ours = said_by_graph(network, photos, features)
    last = {f"block{block}": f"block{block}_conv{n}_relu" for block, (_, n) in enumerate(BLOCKS, 1)}
    whole = ["fc2_relu"] if settings.top == "dense" else ["embedding"]
    theirs = said_by_keras(network, photos, [*last.values(), *whole, "logits"])

    last_map = theirs[last["block5"]].transpose(0, 3, 1, 2)
    expected = {
        "logits": theirs["logits"],
        "map": last_map,
        whole[0].removesuffix("_relu"): of_length_one(theirs[whole[0]]),
    }
    for block in (3, 4, 5):
        positions = theirs[last[f"block{block}"]]
        expected[f"block{block} average"] = of_length_one(positions.mean(axis=(1, 2)))
        expected[f"block{block} gem"] = of_length_one(gem(positions))
        if classes and block < 5:
            for pooling in ("average", "gem"):
                parts = [expected[f"block{block} {pooling}"], expected["embedding"]]
                expected[f"block{block}+embedding {pooling}"] = of_length_one(np.hstack(parts))
    for pooling in ("average", "gem"):
        parts = [expected[f"{block} {pooling}"] for block in ("block4", "block5")]
        expected[f"block4+block5 {pooling}"] = of_length_one(np.hstack(parts))
    assert set(ours) == set(expected)
    for name, values in expected.items():
        assert ours[name].shape == values.shape, name
        assert np.abs(ours[name] - values).max() < 1e-3 * max(1.0, np.abs(values).max()), name
        assert np.abs(values[0] - values[1]).max() > 0.01, name  # or agreeing would mean nothing
    assert np.abs(expected["block5 gem"] - expected["block5 average"]).max() > 0.01


@pytest.mark.parametrize(("settings", "classes"), [(NARROW, 4), (DENSE, 0)], ids=["average top", "dense top"])
def test_a_mirrored_graph_says_the_same_of_a_photo_and_of_its_mirror_image(settings: TrainingSettings, classes: int):
    network, photos = built(settings, classes), pixels(settings.side_px)
    features = {"block4 gem": Feature("block4", "gem")}
    both = said_by_graph(network, photos, features, mirrored=True)
    of_mirror_images = said_by_graph(network, photos[:, :, ::-1].copy(), features, mirrored=True)
    last_map = both.pop("map")
    for name, values in both.items():
        assert np.allclose(values, of_mirror_images[name], atol=1e-4 * np.abs(values).max()), name
    alone, mirror_image = (said_by_graph(network, seen, features) for seen in (photos, photos[:, :, ::-1].copy()))
    assert np.allclose(both["logits"], (alone["logits"] + mirror_image["logits"]) / 2, atol=1e-3)
    assert np.abs(alone["block4 gem"] - mirror_image["block4 gem"]).max() > 0.001  # or agreeing would mean nothing
    assert np.allclose(last_map, alone["map"], atol=1e-4 * np.abs(last_map).max())  # of the photo itself
    assert both["block4 gem"].shape == alone["block4 gem"].shape
    assert np.allclose(np.linalg.norm(both["block4 gem"], axis=1), 1, atol=1e-5)


def test_the_exported_file_agrees_with_keras_for_batches_of_any_size(network: Any, exported: Path):
    logits = predict(network, PIXELS)
    positions = said_by_keras(network, PIXELS, ["block5_conv3_relu"])["block5_conv3_relu"]
    features = of_length_one(positions.mean(axis=(1, 2)))
    for count in (1, 6):
        said = run_in_chunks(compile_network(exported, "float32"), PIXELS[:count])
        assert set(said) == {"logits", "features"}
        assert np.allclose(said["features"], features[:count], atol=0.01)
        assert np.allclose(said["logits"], logits[:count], atol=0.02 * np.abs(logits).max())


def test_batch_normalisation_is_folded_into_the_convolutions_and_each_weight_is_a_byte(exported: Path):
    graph = import_openvino().Core().read_model(exported)
    kinds = [node.get_type_name() for node in graph.get_ops()]
    assert "BatchNormInference" not in kinds
    assert kinds.count("Convolution") == 13
    assert kinds.count("Multiply") == 1 + 13  # scaling pixels and weights; batch normalisations would be thirteen more
    assert graph.inputs[0].get_element_type().get_type_name() == "u8"
    assert graph.inputs[0].get_partial_shape().to_string() == "[?,32,32,3]"
    bytes_ = [
        n for n in graph.get_ops() if n.get_type_name() == "Constant" and n.get_element_type().to_string() == "i8"
    ]
    convolutions = sum(int(np.prod(node.get_output_shape(0))) for node in bytes_)
    assert convolutions == sum(kernel.size for kernel, _ in weights_of(built(NARROW)).convolutions.values())


def test_a_mixed_precision_network_is_exported_with_the_same_weights(network: Any, exported: Path, tmp_path: Path):
    mixed = build_vgg16(3, NARROW, "mixed_bfloat16", metric_classes=4)
    mixed.set_weights(network.get_weights())
    export(Design(weights_of(mixed), 32, AVERAGE), tmp_path, None)
    again, first = (run_in_chunks(compile_network(file), PIXELS) for file in (tmp_path / NETWORK[0], exported))
    assert np.array_equal(again["features"], first["features"])
