"""A VGG-16 written in OpenVINO's own operations from its weights, wherever they come from.

Keras can export only where TensorFlow is installed, or by tracing PyTorch; a VGG-16 is short enough to be written down.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.training.weights import BLOCKS, GEM_FLOOR, GEM_POWER, Feature, Weights, convolution_names
from imgrec.vision.runtime import import_openvino
from imgrec.vision.vectors import Floats

LARGEST = 127
"""Of a weight in 8 bits."""

_POSITIONS = [2, 3]  # the axes of rows and columns: within, photos are (n, channels, rows, columns)
_COLUMNS = 3


def graph_of(
    weights: Weights,
    side_px: int,
    features: Mapping[str, Feature],
    mirrored: bool = False,
    eight_bits: bool = False,
) -> Any:
    """A network as an openvino.Model: uint8 pixels (n, side_px, side_px, 3) RGB in, any n.

    Out come, by name, each of the `features`, float32 (n, d) of L2 norm 1; `map`, the last block's activations before
    its pooling, float32 (n, channels, rows, columns); and where the weights have them `logits`, float32 (n, labels).
    `mirrored` has the network look at each photo's mirror image too, and averages what it says of the two; the map is
    of the photo itself. `eight_bits` stores the convolutions' weights in 8 bits each: see `in_eight_bits`.
    """
    openvino, layers = import_openvino(), _Layers(weights, eight_bits)
    op = layers.op
    pixels, x = layers.photos(side_px)
    if mirrored:
        x = op.concat([x, op.gather(x, np.arange(side_px)[::-1].copy(), _COLUMNS)], 0)
    both = layers.averaged if mirrored else lambda x: x
    taken = _layers_of_interest(layers, x)
    last = op.split(taken["block5"], 0, 2).output(0) if mirrored else taken["block5"]
    outputs = {"map": op.convert(last, "f32")}  # an operation of its own, to carry the name
    if "logits" in taken:
        outputs["logits"] = both(taken["logits"])
    for name, feature in features.items():
        parts = [layers.of_length_one(both(layers.pooled(taken[layer], feature.pooling))) for layer in feature.layers]
        outputs[name] = parts[0] if len(parts) == 1 else layers.of_length_one(op.concat(parts, 1))
    for name, output in outputs.items():
        output.output(0).set_names({name})
    return _named_alike(openvino.Model(list(outputs.values()), [pixels], "vgg16"))


def graph_below(weights: Weights, side_px: int, block: int) -> Any:
    """The blocks below this one, as an openvino.Model: uint8 pixels (n, side_px, side_px, 3) RGB in, any n.

    Out comes `maps`, what the block takes, as Keras has it: float16 (n, rows, columns, channels).
    """
    openvino, layers = import_openvino(), _Layers(weights, eight_bits=False)
    pixels, x = layers.photos(side_px)
    for number in range(1, block):
        x = layers.halved(layers.block(x, number))
    maps = layers.op.convert(layers.op.transpose(x, [0, 2, 3, 1]), "f16")
    maps.output(0).set_names({"maps"})
    return openvino.Model([maps], [pixels], "frozen")


def graph_of_convolutions(weights: Weights, side_px: int, names: Sequence[str], says: bool) -> Any:
    """Some convolutions, as an openvino.Model: uint8 pixels (n, side_px, side_px, 3) RGB in, any n.

    Out comes by each one's name what it says, negative values too, or else what it takes: float32 (n, channels, rows,
    columns). Layers above the last of them are left out.
    """
    openvino, layers = import_openvino(), _Layers(weights, eight_bits=False)
    (pixels, x), outputs = layers.photos(side_px), []
    for name in convolution_names():
        rectified = layers.convolution(x, name)
        if name in names:
            wanted = rectified.input_value(0) if says else x
            outputs.append(layers.op.convert(wanted, "f32"))  # an operation of its own, to carry the name
            outputs[-1].output(0).set_names({name})
        if len(outputs) == len(names):
            break
        block, number = name.removeprefix("block").split("_conv")
        x = layers.halved(rectified) if int(number) == BLOCKS[int(block) - 1][1] else rectified
    return openvino.Model(outputs, [pixels], "convolutions")


def in_eight_bits(kernel: Floats) -> tuple[NDArray[np.int8], Floats]:
    """A convolution's kernel (out, in, 3, 3) as whole numbers, and what each is to be multiplied by, (out, 1, 3, 3).

    Each output channel has a scale for each of its nine positions: weights are larger in the middle than at the
    corners, and one scale for all rounds the corners away (docs/training.md).
    """
    scale = np.maximum(np.abs(kernel).max(axis=1, keepdims=True), np.finfo(np.float32).tiny * LARGEST) / LARGEST
    return np.rint(kernel / scale).astype(np.int8), np.asarray(scale, np.float32)


def _layers_of_interest(layers: "_Layers", x: Any) -> dict[str, Any]:
    """By name: the output of each block before its pooling, and of the dense layers that there are."""
    op, weights, taken = layers.op, layers.weights, {}
    for block in range(1, len(BLOCKS) + 1):
        x = taken[f"block{block}"] = layers.block(x, block)
        if block < len(BLOCKS) or layers.has("fc1"):
            x = below = layers.halved(x)
    if layers.has("fc1"):
        x = op.reshape(op.transpose(x, [0, 2, 3, 1]), [0, -1], special_zero=True)  # flattened as Keras does
        x = taken["fc2"] = op.relu(layers.dense(op.relu(layers.dense(x, "fc1")), "fc2"))
    elif weights.stands_on == "gem":
        x = op.concat([layers.of_length_one(layers.generalised_mean(one)) for one in (below, x)], 1)
    else:
        x = layers.pooled(x, weights.stands_on)
    for name in ("embedding", "logits"):
        if layers.has(name):
            taken[name] = layers.dense(x, name)
    return taken


def _named_alike(graph: Any) -> Any:
    """The same graph, whatever was made before it: OpenVINO numbers operations from the start of the process."""
    for number, node in enumerate(graph.get_ordered_ops()):
        kind = node.get_type_name()
        if node.get_friendly_name().startswith(f"{kind}_"):
            node.set_friendly_name(f"{kind}_{number}")
    return graph


class _Layers:
    """Makes operations with a network's weights."""

    def __init__(self, weights: Weights, eight_bits: bool) -> None:
        self.op = import_openvino().opset13
        self.weights = weights
        self.eight_bits = eight_bits

    def has(self, name: str) -> bool:
        return name in self.weights.dense

    def photos(self, side_px: int) -> tuple[Any, Any]:
        """What comes in, uint8 (n, side_px, side_px, 3), and its colours as centred by their mean, channels first."""
        op = self.op
        pixels = op.parameter([-1, side_px, side_px, 3], np.uint8, name="pixels")
        pixels.output(0).set_names({"pixels"})
        photos = op.convert(op.transpose(pixels, [0, 3, 1, 2]), "f32")
        offset = np.reshape(self.weights.offset, (1, -1, 1, 1)).astype(np.float32)
        return pixels, op.add(op.multiply(photos, np.float32(self.weights.scale)), offset)

    def block(self, x: Any, block: int) -> Any:
        """The convolutions of a block, counted from 1, without the pooling behind them."""
        for number in range(1, BLOCKS[block - 1][1] + 1):
            x = self.convolution(x, f"block{block}_conv{number}")
        return x

    def convolution(self, x: Any, name: str) -> Any:
        one, op = [1, 1], self.op
        weights, shift = self.weights.convolutions[name]
        kernel: Any = np.ascontiguousarray(weights.transpose(3, 2, 0, 1), np.float32)
        if self.eight_bits:
            # OpenVINO multiplies this out once, when it compiles the network.
            whole, scale = in_eight_bits(kernel)
            kernel = op.multiply(op.convert(op.constant(whole), "f32"), op.constant(scale))
        made = op.convolution(x, kernel, one, one, one, one, name=name)
        return op.relu(op.add(made, shift.reshape(1, -1, 1, 1).astype(np.float32)))

    def halved(self, x: Any) -> Any:
        zero, two = [0, 0], [2, 2]
        return self.op.max_pool(x, two, [1, 1], zero, zero, two).output(0)

    def dense(self, x: Any, name: str) -> Any:
        kernel, bias = self.weights.dense[name]
        return self.op.add(self.op.matmul(x, kernel, False, False), bias.reshape(1, -1))

    def pooled(self, x: Any, pooling: str) -> Any:
        """A block's positions as one row; the output of a dense layer is one already."""
        if x.get_output_partial_shape(0).rank.get_length() == 2:
            return x
        return self.generalised_mean(x) if pooling == "gem" else self.op.reduce_mean(x, _POSITIONS)

    def generalised_mean(self, x: Any) -> Any:
        """The mean of the cubes, and its third root, so that strong responses count more.

        F. Radenovic et al., Fine-tuning CNN Image Retrieval with No Human Annotation, 2018, section 3.2.
        """
        op = self.op
        powers = op.power(op.maximum(x, np.float32(GEM_FLOOR)), np.float32(GEM_POWER))
        return op.power(op.reduce_mean(powers, _POSITIONS), np.float32(1 / GEM_POWER))

    def averaged(self, x: Any) -> Any:
        """Rows (2n, d), the photos' and then their mirror images', as n."""
        photos, mirror_images = self.op.split(x, 0, 2).outputs()
        return self.op.multiply(self.op.add(photos, mirror_images), np.float32(0.5))

    def of_length_one(self, x: Any) -> Any:
        return self.op.normalize_l2(x, [1], 1e-12, "max")
