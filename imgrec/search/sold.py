"""Whether a photo shows anything at all that the shop sells: an honest doubt, where a softmax has none.

A softmax shares one certainty out among the shop's categories, whatever a photo shows. What it cannot say is told by
two things: how similar the nearest product of the likeliest category is, and the energy of the logits, their
logarithmic sum before it is taken out (W. Liu et al., Energy-based Out-of-distribution Detection, 2020, section 3).
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from imgrec.vision.vectors import Floats

NOT_SOLD = 0.2
"""Of the photos that people send, how many are taken to show nothing that the shop sells: a choice, one of five."""

LEAST_SOLD = 0.5
"""Below this probability a photo is taken to show nothing that the shop sells."""


class Sold(BaseModel):
    """The probability that a photo shows something the shop sells, by logistic regression; fitted by each generation.

    It rises with both, or does not heed one of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fitted_on: str = Field(description="In words: which photos, how many.")
    similarity: float = Field(ge=0)
    energy: float = Field(ge=0)
    shift: float

    @property
    def tells(self) -> bool:
        """Whether it heeds anything at all."""
        return self.similarity > 0 or self.energy > 0

    def of(self, similarity: float | NDArray[np.floating], energy: float | NDArray[np.floating]) -> Floats:
        """similarity: the cosine to the nearest product of the likeliest category; energy: as `energy_of`. Both (n,).

        Returns float32 (n,).
        """
        told = self.similarity * np.asarray(similarity) + self.energy * np.asarray(energy) + self.shift
        return np.asarray(0.5 + 0.5 * np.tanh(told / 2), np.float32)  # the logistic function, which never overflows


def energy_of(logits: Floats) -> Floats:
    """logits: float32 (n, k), divided by the temperature. Returns float32 (n,): higher for what is known."""
    most = logits.max(axis=1)
    return np.asarray(most + np.log(np.exp(logits - most[:, None]).sum(axis=1)), np.float32)
