"""What a shop has learned of its photos: how to compare them, and which category one shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from imgrec.search.generation import HEAD, WHITENING, Knowledge
from imgrec.search.head import Head, own_logits
from imgrec.search.neighbours import Neighbours
from imgrec.search.whitening import Whitening
from imgrec.sums import SealedFolder
from imgrec.vision.eye import Outputs
from imgrec.vision.vectors import Floats


@dataclass(frozen=True)
class Learned:
    """All of it, as it is fitted and as a generation keeps it.

    head: None where the model's own softmax serves, or there is nothing to tell apart. neighbours: None where they
    bring nothing beside it.
    """

    knowledge: Knowledge
    whitening: Whitening
    head: Head | None
    neighbours: Neighbours | None = None

    def logits(self, outputs: Outputs, vectors: Floats, own_labels: Sequence[str]) -> Floats:
        """What the softmax is taken of once the temperature has divided it: float32 (n, labels).

        Of (n, 0) where categories are not told apart. vectors: the outputs' features, whitened. own_labels: those of
        the model's own softmax.
        """
        if self.knowledge.head == "none":
            return np.zeros((len(outputs), 0), np.float32)
        logits = self.head(outputs.features) if self.head else own_logits(outputs, own_labels, self.knowledge.labels)
        return logits if self.neighbours is None else logits + self.neighbours(vectors)

    def save(self, folder: Path) -> None:
        """Write all but `knowledge`, which the record of the generation holds."""
        self.whitening.save(folder / WHITENING)
        if self.head is not None:
            self.head.save(folder / HEAD)
        if self.neighbours is not None:
            self.neighbours.save(folder)

    @classmethod
    def read(cls, sealed: SealedFolder, knowledge: Knowledge) -> Self:
        """What was saved. Raises OSError or ValueError when it is missing or damaged."""
        return cls(
            knowledge,
            Whitening(sealed.array(WHITENING)),
            Head(sealed.array(HEAD)) if knowledge.head == "fitted" else None,
            Neighbours.read(sealed, len(knowledge.labels)) if knowledge.hears_neighbours else None,
        )
