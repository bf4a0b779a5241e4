"""ImageNet weights: Keras' own download, or an .h5 file of the same layout."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from imgrec.errors import WeightsError
from imgrec.training.weights import KERNEL, Pairs, convolution_names
from imgrec.vision.vectors import Floats

_WAYS_OUT = "Use --weights FILE.h5 (the same weights, fetched elsewhere) or, to train, --weights none (from scratch)."

_IMAGENET_SHA256 = "a5f3a8bad03925c1e48702eabb0d951591a3ece74fef5d731c1b1e5e954c857c"
"""Of ImageNet's thirteen kernels and biases, RGB, as Keras has them."""


def download_imagenet() -> Pairs:
    """The thirteen convolutions of VGG-16 trained on ImageNet, by Keras' own download (58 MB, kept in its cache).

    Raises WeightsError when the download fails.
    """
    import keras

    try:
        network = keras.applications.VGG16(weights="imagenet", include_top=False)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        problem = " ".join(str(error).split())[:160]
        raise WeightsError(f"The ImageNet weights could not be downloaded ({problem}). {_WAYS_OUT}") from None
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    return {layer.name: _for_rgb(layer.name, *layer.get_weights()) for layer in layers}


def read_h5(file: Path, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Pairs:
    """The thirteen convolutions from an .h5 in the layout of Keras' download.

    Both the older layout (`block1_conv1/block1_conv1_W_1:0`) and the newer (`block1_conv1/block1_conv1/kernel:0`) are
    read; fully connected layers in the file are left aside. Raises WeightsError when the file is none of these, or a
    layer is missing or of another shape than `shapes` has by its name, or than the layer before it leaves open.
    """
    if not file.is_file():
        raise WeightsError(f"There is no weights file {file}. {_WAYS_OUT}")
    try:
        with h5py.File(file) as stored:
            root = stored.get("model_weights", stored)
            read: dict[str, tuple[Floats, Floats]] = {}
            channels = 3
            for name in convolution_names():
                kernel, bias = _read_layer(root, name, file)
                wanted = shapes[name] if shapes else (*KERNEL, channels, bias.size)
                if kernel.shape != wanted or bias.shape != wanted[-1:]:
                    raise WeightsError(
                        f"{file}: {name} has shape {kernel.shape}, the network needs {wanted}. {_WAYS_OUT}"
                    )
                read[name] = _for_rgb(name, kernel, bias)
                channels = bias.size
            return read
    except OSError:
        raise WeightsError(f"{file} is not an HDF5 file. {_WAYS_OUT}") from None


def are_imagenets(weights: Pairs) -> bool:
    """Whether these are the very weights of Keras' download, wherever they come from."""
    digest = hashlib.sha256()
    for name in convolution_names():
        for array in weights[name]:
            digest.update(np.ascontiguousarray(array, np.float32).tobytes())
    return digest.hexdigest() == _IMAGENET_SHA256


def _read_layer(root: Any, name: str, file: Path) -> tuple[Floats, Floats]:
    arrays: list[Floats] = []
    if name in root:
        root[name].visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    kernel = next((array for array in arrays if array.ndim == 4), None)
    bias = next((array for array in arrays if array.ndim == 1), None)
    if kernel is None or bias is None:
        raise WeightsError(f"{file} holds no kernel and bias of {name}; it is not a VGG-16. {_WAYS_OUT}")
    return kernel, bias


def _for_rgb(name: str, kernel: Floats, bias: Floats) -> tuple[Floats, Floats]:
    """These weights were trained on BGR: turn the first kernel round, and the network takes RGB ever after."""
    return (kernel[:, :, ::-1, :] if name == "block1_conv1" else kernel), bias
