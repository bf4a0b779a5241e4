"""VGG-16 with a softmax of our own and a feature output.

K. Simonyan and A. Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2015, table 1,
configuration D: thirteen 3 x 3 convolutions in five blocks, each block ending in a 2 x 2 maximum pooling. The three
fully connected layers are replaced by global average pooling and one dense layer, as M. Lin et al., Network In Network,
2014, section 3.2 propose.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from imgrec.training.settings import TrainingSettings

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""(channels, convolutions) of each block."""

IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
_SCRATCH_SCALE = 1 / 64  # about unit variance, which He initialisation assumes; pretrained weights expect no scaling

ConvolutionWeights = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]


def build_vgg16(categories: int, settings: TrainingSettings, dtype: str = "float32") -> Any:
    """The network as a keras.Model: uint8 or float (n, side, side, 3) RGB in; out come, by name,

    `logits` float32 (n, categories) and `features` float32 (n, d): the chosen block's output, averaged over all
    positions and scaled to L2 norm 1. `dtype` is a Keras policy, such as mixed_bfloat16.
    """
    layer = _LayersOf(dtype)
    scale = _SCRATCH_SCALE if settings.from_scratch else 1.0
    photos = keras.Input((settings.side_px, settings.side_px, 3), name="pixels", dtype="uint8")
    offset = [-mean * scale for mean in IMAGENET_MEAN_RGB]
    x = keras.layers.Rescaling(scale, offset, dtype="float32", name="centre")(photos)
    pooled = {}
    for block, (channels, convolutions) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            x = layer.convolution(
                x, f"block{block}_conv{number}", max(1, round(channels * settings.width)), settings.batch_norm
            )
        pooled[f"block{block}"] = keras.layers.GlobalAveragePooling2D(dtype="float32", name=f"block{block}_average")
        pooled[f"block{block}"] = pooled[f"block{block}"](x)
        x = keras.layers.MaxPooling2D(name=f"block{block}_pool", dtype=dtype)(x)
    top = keras.layers.Dropout(settings.dropout, seed=settings.seed, dtype="float32", name="dropout")(pooled["block5"])
    logits = keras.layers.Dense(categories, dtype="float32", name="logits")(top)
    features = keras.layers.UnitNormalization(dtype="float32", name="features")(pooled[settings.feature_layer])
    return keras.Model(photos, {"logits": logits, "features": features}, name="vgg16")


def load_convolutions(network: Any, weights: ConvolutionWeights) -> None:
    """Put pretrained weights, kernel (3, 3, in, out) and bias (out,) by layer name, into the thirteen convolutions."""
    for name, pair in weights.items():
        network.get_layer(name).set_weights(list(pair))


def convolution_shapes(network: Any) -> dict[str, tuple[int, ...]]:
    """Kernel shape by layer name, of the thirteen convolutions in order."""
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    return {layer.name: tuple(layer.kernel.shape) for layer in layers}


class _LayersOf:
    """Makes layers of one Keras dtype policy."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def convolution(self, x: Any, name: str, channels: int, batch_norm: bool) -> Any:
        x = keras.layers.Conv2D(
            channels,
            3,
            padding="same",
            use_bias=not batch_norm,
            kernel_initializer="he_normal",
            dtype=self.dtype,
            name=name,
        )(x)
        if batch_norm:
            x = keras.layers.BatchNormalization(dtype=self.dtype, name=f"{name}_norm", momentum=0.9)(x)
        return keras.layers.ReLU(dtype=self.dtype, name=f"{name}_relu")(x)
