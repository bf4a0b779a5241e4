"""The network of a model's folder in Keras and in ONNX, with the very weights that OpenVINO computes with."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.training.weights import BLOCKS, Weights, convolution_names
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import ModelFolder
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.runtime import import_openvino
from imgrec.vision.vectors import Floats

Run = Callable[[Pixels], Floats]
"""Pixels, uint8 (n, side, side, 3) RGB, to features, (n, d) of L2 norm 1."""


def peers(model: ModelFolder, folder: Path) -> dict[str, Run]:
    """The network in those that are installed, and can compute this feature; what starts anew finds it in `folder`."""
    if not can_be_rebuilt(model):
        print("Keras and ONNX Runtime do not take part: its feature is not of blocks alone (models/imagenet is)")
        return {}
    ways: dict[str, Run] = {}
    try:
        weights = weights_in(model)
        network = keras_model(model, weights)
        network.save(folder / "network.keras")
        ways["Keras predict"] = partial(network.predict, verbose=0)
        ways["Keras, tf.function"] = in_tf_function(network)
        ways["Keras bfloat16, tf.function"] = in_tf_function(keras_model(model, weights, "mixed_bfloat16"))
        write_onnx(network, folder / "network.onnx")
        ways["ONNX Runtime"] = in_onnx_runtime(folder / "network.onnx")
    except ImportError as error:
        print(f"Not every peer takes part ({error}): make bench installs all")
    return ways


def in_openvino(eye: Eye) -> Run:
    return lambda pixels: np.asarray(eye.look_at_pixels(pixels).features, np.float32)


def can_be_rebuilt(model: ModelFolder) -> bool:
    """Whether its feature is GeM of blocks alone; dense layers, and a look at the mirror image, are not rebuilt."""
    feature = model.settings.feature
    return (
        feature.pooling == "gem" and not feature.mirrored and all(name.startswith("block") for name in feature.layers)
    )


def weights_in(model: ModelFolder) -> Weights:
    """The convolutions as they are computed with: multiplied out of the eight bits that they are stored in."""
    openvino = import_openvino()
    core = openvino.Core()
    graph = core.read_model(*model.read_network())

    def value(output: Any) -> Floats:
        constant = openvino.Model([openvino.opset13.result(output)], [], "constant")
        return np.array(core.compile_model(constant, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([])[0], np.float32)

    scaled = graph.input("pixels").get_node()
    while scaled.get_type_name() != "Multiply":
        scaled = _behind(scaled)
    convolutions = {}
    for node in graph.get_ordered_ops():
        if node.get_friendly_name() in convolution_names():
            kernel, shift = value(node.input_value(1)), value(_behind(node).input_value(1))
            convolutions[node.get_friendly_name()] = (kernel.transpose(2, 3, 1, 0), shift.ravel())
    offset = value(_behind(scaled).input_value(1)).ravel()
    return Weights(convolutions, {}, value(scaled.input_value(1)).item(), offset)


def keras_model(model: ModelFolder, weights: Weights, dtype: str = "float32") -> Any:
    """As a keras.Model: uint8 pixels in, features out. `dtype` is a Keras policy."""
    from imgrec.training.backend import quiet_import

    with quiet_import():
        import keras

        from imgrec.training.vgg16 import GeneralisedMean

    layers = keras.layers
    side = model.settings.preprocessing.side_px
    photos = keras.Input((side, side, 3), name="pixels", dtype="uint8")
    x = layers.Rescaling(weights.scale, weights.offset.tolist(), dtype="float32", name="centre")(photos)
    parts = []
    for block, (_, convolutions) in enumerate(BLOCKS, start=1):
        x = layers.MaxPooling2D(dtype=dtype)(x) if block > 1 else x
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            channels = weights.convolutions[name][1].size
            x = layers.Conv2D(channels, 3, padding="same", activation="relu", dtype=dtype, name=name)(x)
        if f"block{block}" in model.settings.feature.layers:
            parts.append(layers.UnitNormalization(dtype="float32")(GeneralisedMean(dtype="float32")(x)))
    joined = layers.Concatenate(dtype="float32")(parts) if len(parts) > 1 else parts[0]
    network = keras.Model(photos, layers.UnitNormalization(dtype="float32")(joined), name="vgg16")
    for name, pair in weights.convolutions.items():
        network.get_layer(name).set_weights(list(pair))
    return network


def in_tf_function(network: Any) -> Run:
    import tensorflow

    traced = tensorflow.function(lambda pixels: network(pixels, training=False))
    return lambda pixels: traced(pixels).numpy()


def write_onnx(network: Any, file: Path) -> None:
    """Export a keras.Model, by tf2onnx. Raises ImportError where that is not installed."""
    import onnx  # noqa: F401
    import tf2onnx  # noqa: F401

    from imgrec.training.backend import quiet_import

    network(np.zeros((1, *network.input_shape[1:]), np.uint8))  # one that was never called is not exported
    with quiet_import():
        network.export(str(file), format="onnx", verbose=False)


def in_onnx_runtime(file: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(None, {"pixels": pixels})[0]


def multiply_adds(side_px: int, weights: Weights | None = None) -> int:
    """Of the thirteen convolutions, for one photo; without weights as many channels as the paper has."""
    total, taken = 0, 3
    for block, (channels, convolutions) in enumerate(BLOCKS):
        for number in range(1, convolutions + 1):
            out = weights.convolutions[f"block{block + 1}_conv{number}"][1].size if weights else channels
            total += (side_px // 2**block) ** 2 * 9 * taken * out
            taken = out
    return total


def _behind(node: Any) -> Any:
    """The first that takes what this one puts out."""
    return next(iter(node.output(0).get_target_inputs())).get_node()
