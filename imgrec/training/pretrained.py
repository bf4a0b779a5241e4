"""ImageNet weights: Keras' own download, or an .h5 file of the same layout."""

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

from imgrec.errors import WeightsError
from imgrec.training.vgg16 import ConvolutionWeights

_WAYS_OUT = "Use --weights FILE.h5 (the same weights, fetched elsewhere) or --weights none (from scratch)."


def download_imagenet() -> ConvolutionWeights:
    """The thirteen convolutions of VGG-16 trained on ImageNet, by Keras' own download (58 MB, kept in its cache).

    Raises WeightsError when the download fails.
    """
    try:
        network = keras.applications.VGG16(weights="imagenet", include_top=False)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        problem = " ".join(str(error).split())[:160]
        raise WeightsError(f"The ImageNet weights could not be downloaded ({problem}). {_WAYS_OUT}") from None
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    return {layer.name: _for_rgb(layer.name, *layer.get_weights()) for layer in layers}


def read_h5(file: Path, shapes: dict[str, tuple[int, ...]]) -> ConvolutionWeights:
    """The convolutions named in `shapes` (kernel shape by layer name) from an .h5 in the layout of Keras' download.

    Both the older layout (`block1_conv1/block1_conv1_W_1:0`) and the newer (`block1_conv1/block1_conv1/kernel:0`) are
    read; fully connected layers in the file are left aside. Raises WeightsError when the file is none of these, or a
    layer is missing or of another shape.
    """
    if not file.is_file():
        raise WeightsError(f"There is no weights file {file}. {_WAYS_OUT}")
    try:
        with h5py.File(file) as stored:
            root = stored.get("model_weights", stored)
            return {name: _read_layer(root, name, shape, file) for name, shape in shapes.items()}
    except OSError:
        raise WeightsError(f"{file} is not an HDF5 file. {_WAYS_OUT}") from None


def _read_layer(
    root: Any, name: str, shape: tuple[int, ...], file: Path
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    arrays: list[NDArray[np.float32]] = []
    if name in root:
        root[name].visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    kernel = next((array for array in arrays if array.ndim == 4), None)
    bias = next((array for array in arrays if array.ndim == 1), None)
    if kernel is None or bias is None:
        raise WeightsError(f"{file} holds no kernel and bias of {name}; it is not a VGG-16. {_WAYS_OUT}")
    if kernel.shape != shape or bias.shape != shape[-1:]:
        raise WeightsError(f"{file}: {name} has shape {kernel.shape}, the network needs {shape}. {_WAYS_OUT}")
    return _for_rgb(name, kernel, bias)


def _for_rgb(name: str, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> tuple[Any, Any]:
    """These weights were trained on BGR: turn the first kernel round, and the network takes RGB ever after."""
    return (kernel[:, :, ::-1, :] if name == "block1_conv1" else kernel), bias
