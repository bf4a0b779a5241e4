"""Which feature, and how wide a search: whatever finds the query's own kind, or group, most often on validation photos.

The candidates are the outputs the settings leave open (vgg16.possible_features), each as it is and whitened, each with
hard and soft scoping.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imgrec.evaluation.retrieval import SHOWN, success_at
from imgrec.search.judging import Judged, judge
from imgrec.search.ranking import Bools, Gallery, Photos, nearest, numbered, numbered_kinds, searched
from imgrec.search.scoping import Scoping
from imgrec.search.whitening import Whitening
from imgrec.training.calibrate import Shown, shown_matches
from imgrec.training.examples import Examples
from imgrec.training.settings import Wanted
from imgrec.vision.vectors import Floats, unit_rows

_LEAST_WHITENED_DIM = 8
_SCOPINGS: tuple[Scoping, ...] = ("soft", "hard")
_SEARCHED = ("train", "validation")


@dataclass(frozen=True)
class Choice:
    """One way to make features and to scope, and what it showed the validation photos.

    `output` is the network's output it starts from; `photos` are those searched. `score` is the share of queries that
    find what is wanted: one of their own kind among the first ten, or another photo of their group first; where that is
    unknown, of those whose own category is searched.
    """

    output: str
    whitening: Whitening | None
    scoping: Scoping
    photos: Photos
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
    wanted: Wanted = "kind",
) -> tuple[Choice, dict[str, object]]:
    """The best of all choices, and the figures of every one by its name.

    outputs: by name, then by split, float32 (n, d). probabilities: float32 (n, categories) of the validation photos.
    The validation photos are the queries; training and validation photos are searched. Kinds are looked for among
    photos of other groups than the query's, groups among all photos but the query itself.
    """
    choices: list[Choice] = []
    figures: dict[str, object] = {}
    for output, of_split in outputs.items():
        for whitening in _whitenings(of_split["train"], whitening_dim):
            made: Callable[[Floats], Floats] = whitening or unit_rows
            photos = _photos(examples, {split: made(of_split[split]) for split in _SEARCHED})
            queries, gallery = photos.take(photos.product >= len(examples["train"])), Gallery(photos)
            for scoping in _SCOPINGS:
                in_scope = searched(probabilities, np.ones(probabilities.shape[1], bool), scoping, scope_mass)
                judged = judge(queries, nearest(queries, gallery, in_scope, SHOWN), gallery)
                own = float(in_scope[np.arange(len(queries)), queries.label].mean())
                found = {"kind": _success(judged, SHOWN), "group": _group_first(queries, photos, in_scope)}
                score = found[wanted]
                choices.append(
                    Choice(output, whitening, scoping, photos, shown_matches(judged), own if score is None else score)
                )
                figures[choices[-1].name] = {
                    f"kind_in_first_{SHOWN}": found["kind"], "group_first": found["group"],
                    "own_category_searched": own, "categories_searched": float(in_scope.sum(axis=1).mean()),
                }  # fmt: skip
    return _best(choices), figures


def _success(judged: Judged, k: int) -> float | None:
    """The share of queries with a right match among the first k, of those for which there is one."""
    can_be_found = judged.relevant > 0
    return float(success_at(judged.right, k)[can_be_found].mean()) if can_be_found.any() else None


def _group_first(queries: Photos, photos: Photos, in_scope: Bools) -> float | None:
    """The share of queries whose most similar photo is another of their group, where there is another."""
    of_group = replace(photos, kind=photos.group, group=photos.product)
    gallery, queries = Gallery(of_group), replace(queries, kind=queries.group, group=queries.product)
    return _success(judge(queries, nearest(queries, gallery, in_scope, 1), gallery), 1)


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


def _photos(examples: Mapping[str, Examples], features: Mapping[str, Floats]) -> Photos:
    """Training photos, then validation photos, each a product of its own."""
    sides = [examples[split] for split in _SEARCHED]
    label = np.concatenate([side.label for side in sides])
    return Photos(
        features=np.concatenate([features[split] for split in _SEARCHED]), product=np.arange(len(label)), label=label,
        kind=numbered_kinds(label.tolist(), [kind for side in sides for kind in side.kind]),
        group=numbered([group for side in sides for group in side.group]), rank=np.zeros(len(label), np.int64),
    )  # fmt: skip
