"""VGG-16 in Keras, with a softmax of our own, and the outputs a feature can be taken from.

K. Simonyan and A. Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2015, table 1,
configuration D: thirteen 3 x 3 convolutions in five blocks, each block ending in a 2 x 2 maximum pooling. Behind them
stand either the paper's two dense layers of 4,096, or global average pooling in their place, as M. Lin et al., Network
In Network, 2014, section 3.2 propose; then one dense layer for the categories.
"""

from typing import Any

import keras
import numpy as np

from imgrec.training.channels import channels
from imgrec.training.settings import TrainFrom, TrainingSettings
from imgrec.training.weights import (
    BLOCKS,
    GEM_FLOOR,
    GEM_POWER,
    IMAGENET_MEAN_RGB,
    KERNEL,
    Feature,
    Pairs,
    Weights,
    convolution_names,
)
from imgrec.vision.vectors import Floats

COSINE_SCALE = 16.0
_DENSE_UNITS = 4096
_SCALED = "scaled"
_HASTE = 10
"""How many times faster than the convolutions new layers on pretrained ones learn: Adam's steps are of one size, so
smaller weights on larger inputs move farther."""
_SCALE_OF_LENGTH_ONE = 20.0 * _HASTE  # about unit variance for a row of length 1, times that
_SCRATCH_SCALE = 1 / 64  # about unit variance, which He initialisation assumes; pretrained weights expect no scaling


def build_vgg16(categories: int, settings: TrainingSettings, dtype: str = "float32", metric_classes: int = 0) -> Any:
    """The network as a keras.Model: pixels uint8 (n, side, side, 3) RGB in, of any side unless the top is dense.

    Out come, by name, `logits` float32 (n, categories), and where `metric_classes` are given `metric` float32
    (n, metric_classes): cosines between an embedding and each class's direction, times COSINE_SCALE. `dtype` is a Keras
    policy, such as mixed_bfloat16.
    """
    layer = _LayersOf(dtype)
    side = settings.side_px if settings.top == "dense" else None
    scale = _SCRATCH_SCALE if settings.from_scratch else 1.0
    photos = keras.Input((side, side, 3), name="pixels", dtype="uint8")
    offset = [-mean * scale for mean in IMAGENET_MEAN_RGB]
    x = keras.layers.Rescaling(scale, offset, dtype="float32", name="centre")(photos)
    outputs_of = channels(settings.width, settings.slim)
    for block, (_, convolutions) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            x = layer.convolution(x, name, outputs_of[name], settings.batch_norm)
        if block < len(BLOCKS) or settings.top == "dense":
            x = below = keras.layers.MaxPooling2D(name=f"block{block}_pool", dtype=dtype)(x)
    if settings.top == "average":
        x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="average")(x)
    elif settings.top == "gem":
        x = joined_generalised_means(below, x)
        x = keras.layers.Rescaling(_SCALE_OF_LENGTH_ONE, dtype="float32", name=_SCALED)(x)
    if settings.top == "dense":
        x = keras.layers.Flatten(name="flatten", dtype=dtype)(x)
        for name in ("fc1", "fc2"):
            x = layer.dense(x, name, max(8, round(_DENSE_UNITS * settings.width)))
            x = _dropout(x, settings, f"{name}_dropout")
    else:
        x = _dropout(x, settings, "dropout")
    start = _small_start() if settings.top == "gem" else {}
    outputs = {"logits": keras.layers.Dense(categories, dtype="float32", name="logits", **start)(x)}
    if metric_classes:
        embedding = keras.layers.Dense(settings.embedding_dim, dtype="float32", name="embedding", **start)(x)
        outputs["metric"] = CosineLogits(metric_classes, dtype="float32", name="metric")(embedding)
    return keras.Model(photos, outputs, name="vgg16")


def possible_features(settings: TrainingSettings) -> list[Feature]:
    """Every feature that the settings leave open, plain average pooling of the last block first."""
    poolings = ("average", "gem") if settings.pooling == "auto" else (settings.pooling,)
    if settings.feature_layer != "auto":
        pooled = "block" in settings.feature_layer
        return [Feature(settings.feature_layer, pooling) for pooling in (poolings if pooled else ("",))]
    features = [Feature(layer, pooling) for layer in ("block5", "block4", "block4+block5") for pooling in poolings]
    features += [Feature("fc2")] if settings.top == "dense" else []
    if settings.metric != "none":
        joined = ("block3+embedding", "block4+embedding")
        features += [Feature("embedding"), *(Feature(layers, pooling) for layers in joined for pooling in poolings)]
    return features


def freeze_below(network: Any, train_from: TrainFrom) -> None:
    """Let only the part from `train_from` upwards learn: a block's name, or `top` for what stands on the blocks."""
    for layer in network.layers:
        layer.trainable = not layer.name.startswith("block") or layer.name[: len("block1")] >= train_from


def load_convolutions(network: Any, weights: Pairs) -> None:
    """Put pretrained weights, kernel (3, 3, in, out) and bias (out,) by layer name, into the thirteen convolutions."""
    for name, pair in weights.items():
        network.get_layer(name).set_weights(list(pair))


def convolution_shapes(network: Any) -> dict[str, tuple[int, ...]]:
    """Kernel shape by layer name, of the thirteen convolutions in order."""
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    return {layer.name: tuple(layer.kernel.shape) for layer in layers}


def weights_of(network: Any) -> Weights:
    """A network's weights, batch normalisation folded into the convolutions before it."""
    layers = {layer.name: layer for layer in network.layers}
    centre = layers["centre"]
    scale = float(layers[_SCALED].scale) if _SCALED in layers else 1.0
    return Weights(
        convolutions={name: _folded(layers, name) for name in convolution_names()},
        dense={name: _plain(layers[name], scale) for name in ("fc1", "fc2", "embedding", "logits") if name in layers},
        scale=float(centre.scale),
        offset=np.asarray(centre.offset, np.float32),
        stands_on="gem" if _SCALED in layers else "average",
    )


class GeneralisedMean(keras.layers.Layer):  # type: ignore[misc]
    """Generalised mean pooling with an exponent of GEM_POWER; (n, rows, columns, channels) in, (n, channels) out.

    F. Radenovic et al., Fine-tuning CNN Image Retrieval with No Human Annotation, 2018, section 3.2. Learned, the
    exponent stays where it is (docs/experiments.md).
    """

    def call(self, x: Any) -> Any:
        """x: (n, rows, columns, channels), not negative."""
        ops = keras.ops
        powers = ops.power(ops.maximum(ops.cast(x, "float32"), GEM_FLOOR), GEM_POWER)
        return ops.power(ops.mean(powers, axis=(1, 2)), 1 / GEM_POWER)


def joined_generalised_means(*maps: Any) -> Any:
    """The generalised mean of each, (n, rows, columns, channels), brought to length 1, side by side: (n, d)."""
    pooled = [GeneralisedMean(dtype="float32")(x) for x in maps]
    of_length_one = [keras.layers.UnitNormalization(dtype="float32")(x) for x in pooled]
    return keras.layers.Concatenate(dtype="float32")(of_length_one)


class CosineLogits(keras.layers.Layer):  # type: ignore[misc]
    """Cosines between its input and a learned direction for each class, times COSINE_SCALE.

    What is trained through it is told apart by angle alone, as the search will compare it. F. Wang et al., NormFace: L2
    Hypersphere Embedding for Face Verification, 2017, section 3.3; A. Zhai and H.-Y. Wu, Classification is a Strong
    Baseline for Deep Metric Learning, 2019, section 3.
    """

    def __init__(self, classes: int, **options: Any) -> None:
        super().__init__(**options)
        self.classes = classes

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the directions."""
        self.kernel = self.add_weight(shape=(shape[-1], self.classes), initializer="glorot_uniform", name="kernel")

    def call(self, x: Any) -> Any:
        """x: (n, d). Returns (n, classes)."""
        return COSINE_SCALE * (keras.ops.normalize(x, axis=-1) @ keras.ops.normalize(self.kernel, axis=0))


def _folded(layers: dict[str, Any], name: str) -> tuple[Floats, Floats]:
    """Kernel (3, 3, in, out) and shift (out,) of a convolution and the batch normalisation behind it, if any."""
    kernel, *bias = layers[name].get_weights()
    norm = layers.get(f"{name}_norm")
    if norm is None:
        return kernel, bias[0]
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return kernel * scale, beta - mean * scale


def _plain(dense: Any, scale: float) -> tuple[Floats, Floats]:
    kernel, bias = dense.get_weights()
    return kernel * scale, bias


def _small_start() -> dict[str, Any]:
    """As Glorot has it for inputs of unit variance, though what comes in is larger."""
    return {"kernel_initializer": keras.initializers.VarianceScaling(1 / _HASTE**2, "fan_avg", "uniform")}


def _dropout(x: Any, settings: TrainingSettings, name: str) -> Any:
    return keras.layers.Dropout(settings.dropout, seed=settings.seed, dtype="float32", name=name)(x)


class _LayersOf:
    """Makes layers of one Keras dtype policy."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def convolution(self, x: Any, name: str, channels: int, batch_norm: bool) -> Any:
        x = keras.layers.Conv2D(
            channels,
            KERNEL,
            padding="same",
            use_bias=not batch_norm,
            kernel_initializer="he_normal",
            dtype=self.dtype,
            name=name,
        )(x)
        if batch_norm:
            x = keras.layers.BatchNormalization(dtype=self.dtype, name=f"{name}_norm", momentum=0.9)(x)
        return keras.layers.ReLU(dtype=self.dtype, name=f"{name}_relu")(x)

    def dense(self, x: Any, name: str, units: int) -> Any:
        x = keras.layers.Dense(units, kernel_initializer="he_normal", dtype=self.dtype, name=name)(x)
        return keras.layers.ReLU(dtype=self.dtype, name=f"{name}_relu")(x)
