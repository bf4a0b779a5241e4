"""Which feature, and how wide a search: whatever finds the query's own kind most often on the validation photos.

The candidates are the outputs the settings leave open (vgg16.possible_features), each as it is and whitened, each with
hard and soft scoping.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imgrec.search.scoping import Scoping
from imgrec.training.calibrate import FIRST, Gallery, Shown, share_in_own_category, shown_matches
from imgrec.training.examples import Examples
from imgrec.vision.vectors import Floats, unit_rows
from imgrec.vision.whitening import Whitening

_LEAST_WHITENED_DIM = 8
_SCOPINGS: tuple[Scoping, ...] = ("soft", "hard")


@dataclass(frozen=True)
class Choice:
    """One way to make features and to scope, and what it showed the validation photos.

    `output` is the network's output it starts from. `score` is the share of queries with one of their own kind among
    the first ten; where kinds are unknown, of those whose own category is searched.
    """

    output: str
    whitening: Whitening | None
    scoping: Scoping
    gallery: Gallery
    shown: Shown
    score: float

    @property
    def name(self) -> str:
        """In words, as it stands in metrics.json."""
        return ", ".join([self.output, "whitened" if self.whitening else "plain", self.scoping])


def choose(
    examples: Mapping[str, Examples],
    outputs: Mapping[str, Mapping[str, Floats]],
    probabilities: Floats,
    scope_mass: float,
    whitening_dim: int,
) -> tuple[Choice, dict[str, object]]:
    """The best of all choices, and the figures of every one by its name.

    outputs: by name, then by split, float32 (n, d). probabilities: float32 (n, categories) of the validation photos.
    The validation photos are the queries; training and validation photos are searched, the query's group left out.
    """
    choices: list[Choice] = []
    figures: dict[str, object] = {}
    for output, of_split in outputs.items():
        for whitening in _whitenings(of_split["train"], whitening_dim):
            made: Callable[[Floats], Floats] = whitening or unit_rows
            validation = _gallery(examples["validation"], made(of_split["validation"]))
            gallery = _joined(_gallery(examples["train"], made(of_split["train"])), validation)
            for scoping in _SCOPINGS:
                shown, found = shown_matches(validation, probabilities, gallery, scoping, scope_mass)
                in_scope, searched = share_in_own_category(validation, probabilities, scoping, scope_mass)
                choice = Choice(output, whitening, scoping, gallery, shown, in_scope if found is None else found)
                choices.append(choice)
                figures[choice.name] = {
                    f"kind_in_first_{FIRST}": found, "own_category_searched": in_scope, "categories_searched": searched,
                }  # fmt: skip
    return _best(choices), figures


def _best(choices: Sequence[Choice]) -> Choice:
    """Of equal scores the first output, of that the whitened rather than the plain, and one category searched rather
    than several.
    """
    order = list(dict.fromkeys(choice.output for choice in choices))
    return max(
        choices,
        key=lambda choice: (
            choice.score, -order.index(choice.output), choice.whitening is not None, choice.scoping == "hard",
        ),
    )  # fmt: skip


def _whitenings(training: Floats, dim: int) -> list[Whitening | None]:
    ways: list[Whitening | None] = [None]
    if dim:
        whitening = Whitening.fit(training, dim)
        if whitening.affine.shape[1] >= _LEAST_WHITENED_DIM:
            ways.append(whitening)
    return ways


def _gallery(side: Examples, features: Floats) -> Gallery:
    return Gallery(features, side.label, side.kind, side.group)


def _joined(first: Gallery, second: Gallery) -> Gallery:
    return Gallery(
        np.concatenate([first.features, second.features]), np.concatenate([first.label, second.label]),
        (*first.kind, *second.kind), (*first.group, *second.group),
    )  # fmt: skip
