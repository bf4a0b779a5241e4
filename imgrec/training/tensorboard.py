"""The history of runs for TensorBoard, which draws and compares them: tensorboard --logdir models/tensorboard."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tensorboard.summary import Writer

if TYPE_CHECKING:
    from imgrec.training.fit import Epoch


class TensorBoardLog:
    """One run's folder of event files; a run that is resumed adds a file."""

    def __init__(self, folder: Path, fresh: bool) -> None:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        self._writer = Writer(str(folder))

    def write(self, epoch: "Epoch") -> None:
        """Add an epoch's figures."""
        figures = {
            "loss/training": epoch.loss,
            "loss/validation": epoch.validation_loss,
            "accuracy/training": epoch.accuracy,
            "accuracy/validation": epoch.validation_accuracy,
            "seconds": epoch.seconds,
            "side_px": epoch.side_px,
        }
        for tag, value in figures.items():
            self._writer.add_scalar(tag, float(value), epoch.epoch)
        self._writer.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
