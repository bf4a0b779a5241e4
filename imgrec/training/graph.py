"""The trained network written in OpenVINO's own operations, the same whichever of Keras' backends trained it.

Keras can export only where TensorFlow is installed, or by tracing PyTorch; a VGG-16 is short enough to be written down.
Batch normalisation is folded into the convolutions, and photos keep the layout the network was trained on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.training.vgg16 import BLOCKS, Feature
from imgrec.vision.runtime import import_openvino

_GEM_POWER = 3.0
_GEM_FLOOR = 1e-6
_POSITIONS = [2, 3]  # the axes of rows and columns: within, photos are (n, channels, rows, columns)
_COLUMNS = 3


def graph_of(network: Any, side_px: int, features: Mapping[str, Feature], mirrored: bool = False) -> Any:
    """A network built by `build_vgg16`, as an openvino.Model: uint8 pixels (n, side_px, side_px, 3) RGB in, any n.

    Out come `logits` float32 (n, categories) and each of the `features`, by its name, float32 (n, d) of L2 norm 1.
    `mirrored` has the network look at each photo's mirror image too, and averages what it says of the two.
    """
    openvino, layers = import_openvino(), _Layers(network)
    op = layers.op
    pixels = op.parameter([-1, side_px, side_px, 3], np.uint8, name="pixels")
    x, taken = layers.centred(pixels), {}
    if mirrored:
        x = op.concat([x, op.gather(x, np.arange(side_px)[::-1].copy(), _COLUMNS)], 0)
    both = layers.averaged if mirrored else lambda x: x
    for block, (_, convolutions) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            x = layers.convolution(x, f"block{block}_conv{number}")
        taken[f"block{block}"] = x
        if block < len(BLOCKS) or layers.has("fc1"):
            x = layers.halved(x)
    if layers.has("fc1"):
        x = op.reshape(op.transpose(x, [0, 2, 3, 1]), [0, -1], special_zero=True)  # flattened as Keras does
        x = op.relu(layers.dense(op.relu(layers.dense(x, "fc1")), "fc2"))
        taken["fc2"] = x
    else:
        x = op.reduce_mean(x, _POSITIONS)
    if layers.has("embedding"):
        taken["embedding"] = layers.dense(x, "embedding")
    outputs = {"logits": both(layers.dense(x, "logits"))}
    for name, feature in features.items():
        parts = [
            layers.of_length_one(both(layers.pooled(taken[layer], feature.pooling)))
            for layer in feature.layer.split("+")
        ]
        outputs[name] = parts[0] if len(parts) == 1 else layers.of_length_one(op.concat(parts, 1))
    for name, output in outputs.items():
        output.output(0).set_names({name})
    pixels.output(0).set_names({"pixels"})
    return openvino.Model(list(outputs.values()), [pixels], "vgg16")


class _Layers:
    """Makes operations with the weights of a Keras network's layers."""

    def __init__(self, network: Any) -> None:
        self.op = import_openvino().opset13
        self.layers = {layer.name: layer for layer in network.layers}

    def has(self, name: str) -> bool:
        return name in self.layers

    def centred(self, pixels: Any) -> Any:
        """Colours less their mean, scaled; uint8 (n, rows, columns, 3) in, float32 (n, 3, rows, columns) out."""
        centre, op = self.layers["centre"], self.op
        photos = op.convert(op.transpose(pixels, [0, 3, 1, 2]), "f32")
        offset = np.reshape(centre.offset, (1, -1, 1, 1)).astype(np.float32)
        return op.add(op.multiply(photos, np.float32(centre.scale)), offset)

    def convolution(self, x: Any, name: str) -> Any:
        kernel, shift = self._folded(name)
        one, op = [1, 1], self.op
        made = op.convolution(x, np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), one, one, one, one, name=name)
        return op.relu(op.add(made, shift.reshape(1, -1, 1, 1)))

    def halved(self, x: Any) -> Any:
        zero, two = [0, 0], [2, 2]
        return self.op.max_pool(x, two, [1, 1], zero, zero, two).output(0)

    def dense(self, x: Any, name: str) -> Any:
        kernel, bias = self.layers[name].get_weights()
        return self.op.add(self.op.matmul(x, kernel, False, False), bias.reshape(1, -1))

    def pooled(self, x: Any, pooling: str) -> Any:
        """A block's positions as one row; the output of a dense layer is one already.

        `gem`: the mean of the cubes, and its third root, so that strong responses count more.

        F. Radenovic et al., Fine-tuning CNN Image Retrieval with No Human Annotation, 2018, section 3.2.
        """
        op = self.op
        if x.get_output_partial_shape(0).rank.get_length() == 2:
            return x
        if pooling == "gem":
            powers = op.power(op.maximum(x, np.float32(_GEM_FLOOR)), np.float32(_GEM_POWER))
            return op.power(op.reduce_mean(powers, _POSITIONS), np.float32(1 / _GEM_POWER))
        return op.reduce_mean(x, _POSITIONS)

    def averaged(self, x: Any) -> Any:
        """Rows (2n, d), the photos' and then their mirror images', as n."""
        photos, mirror_images = self.op.split(x, 0, 2).outputs()
        return self.op.multiply(self.op.add(photos, mirror_images), np.float32(0.5))

    def of_length_one(self, x: Any) -> Any:
        return self.op.normalize_l2(x, [1], 1e-12, "max")

    def _folded(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Kernel (3, 3, in, out) and shift (out,) of a convolution and the batch normalisation behind it, if any."""
        kernel, *bias = self.layers[name].get_weights()
        norm = self.layers.get(f"{name}_norm")
        if norm is None:
            return kernel, bias[0]
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        return kernel * scale, beta - mean * scale
