"""What a photo looks like and what category it is of, together: one similarity, and still a cosine.

Think of a product's vector as longer by a number for each category, 1 at its own, and of a photo's as longer by the
square roots of its probabilities; both parts are of length 1, and the second counts `weight` times the first. The
cosine of the two is

    (cosine of the vectors + weight * square root of the probability of the product's category) / (1 + weight)

so that a likely category counts in the measure that it is likely, where a scope only lets in or shuts out. The second
term is the Bhattacharyya coefficient: T. Jebara, R. Kondor and A. Howard, Probability Product Kernels, 2004.
A product without a category may be of any: it has what is to be expected of one that is drawn by the probabilities.
"""

from dataclasses import dataclass

import numpy as np

from imgrec.vision.vectors import Floats, Ints


@dataclass(frozen=True)
class Joint:
    """The categories' part of q queries.

    roots: float32 (q, labels + 1), square roots of probabilities; the last column is for products without a category.
    """

    weight: float
    roots: Floats

    @classmethod
    def of(cls, probabilities: Floats, weight: float) -> "Joint":
        """probabilities: (q, labels), each row of sum 1."""
        roots = np.sqrt(probabilities)
        expected = (probabilities * roots).sum(axis=1, keepdims=True)
        return cls(weight, np.concatenate([roots, expected], axis=1).astype(np.float32))

    @classmethod
    def of_known(cls, label: Ints, labels: int, weight: float) -> "Joint":
        """Of queries whose category is known, int64 (q,); -1 where it is not: as likely one as another."""
        known = label[:, None] == np.arange(labels)
        return cls.of(np.where(label[:, None] < 0, 1 / max(1, labels), known).astype(np.float32), weight)

    def rows(self, rows: slice) -> "Joint":
        """That of some of the queries."""
        return Joint(self.weight, self.roots[rows])

    def similarity(self, cosine: Floats, label: Ints) -> Floats:
        """The joint cosines of these queries with n products, float32 (q, n): from those of their vectors.

        label: int64 (n,), -1 of a product without a category.
        """
        return blended(cosine, self.roots[:, label], self.weight)


def blended(cosine: Floats, root: Floats, weight: float) -> Floats:
    """Both parts as one, elementwise; the same arithmetic wherever similarities are compared."""
    if not weight:
        return cosine
    return np.asarray((cosine + np.float32(weight) * root) / np.float32(1 + weight), np.float32)


def joint_vectors(vectors: Floats, probabilities: Floats, weight: float) -> Floats:
    """Vectors (n, k) with the categories' part behind them, of L2 norm 1: the similarity of two is their cosine."""
    behind = np.sqrt(np.float32(weight) * probabilities)
    return np.asarray(np.concatenate([vectors, behind], axis=1) / np.sqrt(np.float32(1 + weight)), np.float32)
