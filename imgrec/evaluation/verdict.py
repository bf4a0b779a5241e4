"""Whether a model is worth taking in place of another, by figures of both on photos that neither learned from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imgrec.evaluation.model_report import ModelFigures, ModelReport
from imgrec.figures import Estimate

_TOP = {"top-1": "category right", "top-3": "among the first three"}
_RETRIEVAL = {
    "success@1": "same kind first", "success@10": "same kind among ten", "recall@10": "found among ten of its kind",
}  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """A figure of both models, and the later one's less the earlier one's: paired, on the same photos."""

    name: str
    before: Estimate
    after: Estimate
    difference: Estimate

    @property
    def gain(self) -> int:
        """1 where it is better, -1 where it is worse, 0 where the interval leaves that open."""
        if not self.difference.differs or self.difference.value is None:
            return 0
        return 1 if self.difference.value > 0 else -1


@dataclass(frozen=True)
class Verdict:
    """What a model brings beside the one before it."""

    before: str
    after: str
    compared: Sequence[Compared]

    @property
    def is_worth_it(self) -> bool:
        """Whether something is better and nothing worse."""
        gains = {one.gain for one in self.compared}
        return 1 in gains and -1 not in gains


def verdict_of(report: ModelReport) -> Verdict:
    """Of the second model of a report beside the first."""
    before, after = report.models[:2]
    differences = {one.figure: one.estimate for one in report.comparisons[0].differences}
    both = zip(_figures(before, report.split), _figures(after, report.split), strict=False)
    compared = [
        Compared(words, earlier, later, differences[figure])
        for (figure, words, earlier), (_, _, later) in both
        if figure in differences
    ]
    return Verdict(before.name, after.name, compared)


def _figures(model: ModelFigures, split: str) -> Iterator[tuple[str, str, Estimate]]:
    """Each as differences name it, in words, and its value."""
    if recognition := model.recognition.get(split):
        for (figure, words), value in zip(_TOP.items(), (recognition.top1, recognition.top3), strict=True):
            yield f"{split} {figure}", words, value
    served = next(way.figures for way in model.retrieval.ways if way.as_served)
    for figure, words in _RETRIEVAL.items():
        yield figure, words, served[figure]
