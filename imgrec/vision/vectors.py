"""The kinds of arrays there are, and what is done with rows of numbers everywhere: softmax and unit length."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def softmax(logits: Floats) -> Floats:
    """logits: (n, k). Returns rows of probabilities, each summing to 1; (n, 0) of (n, 0)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def unit_rows(vectors: Floats) -> Floats:
    """vectors: (n, d). Returns them scaled to L2 norm 1; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)
