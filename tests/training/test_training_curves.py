# ruff: noqa: E402 - Keras may be absent
"""A run drawn and logged: the pictures parse and show their figures, TensorBoard reads back what was written."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("matplotlib")

from imgrec.training.curves import draw_history
from imgrec.training.fit import Epoch
from imgrec.training.tensorboard import TensorBoardLog

pytestmark = pytest.mark.training

HISTORY = [Epoch(n, 2.0 / n, 0.3 + n / 20, 2.2 / n, 0.25 + n / 20, 1.5, 48 if n < 4 else 64) for n in range(1, 7)]


def drawn_in(svg: bytes) -> tuple[list[str], list[np.ndarray]]:
    """The texts of a picture, and the points of each line in it that has a marker or many points."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own file
    said = ["".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")]
    paths = [path.attrib["d"] for path in root.iter("{http://www.w3.org/2000/svg}path") if "clip-path" in path.attrib]
    lines = [np.array(re.findall(r"[ML] (\S+) (\S+)", path), float) for path in paths]
    return said, lines


def test_the_history_is_drawn_with_a_point_for_each_epoch():
    said, lines = drawn_in(draw_history(HISTORY))
    for words in ("Loss", "Accuracy", "epoch", "validation", "training, as shown (augmented)"):
        assert words in said, words
    assert "64 px" in said
    curves = [line for line in lines if len(line) == len(HISTORY)]
    assert len(curves) == 4
    loss, validation_loss = curves[:2]
    wanted = [epoch.loss for epoch in HISTORY]
    heights = loss[:, 1]  # downwards in a picture
    assert np.corrcoef(heights, wanted)[0, 1] == pytest.approx(-1, abs=1e-6)
    assert (validation_loss[:, 1] < heights).all()  # the greater loss is the higher


def test_one_epoch_can_be_drawn():
    assert drawn_in(draw_history(HISTORY[:1]))[0]


# --------------------------------------------------------------------------------------------------------- TensorBoard


def read_back(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }


def test_tensorboard_reads_every_epoch_back(tmp_path: Path):
    with TensorBoardLog(tmp_path / "run", fresh=True) as log:
        for epoch in HISTORY[:4]:
            log.write(epoch)
    with TensorBoardLog(tmp_path / "run", fresh=False) as log:  # as a resumed run does
        for epoch in HISTORY[4:]:
            log.write(epoch)
    told = read_back(tmp_path / "run")
    assert told["loss/training"] == [(epoch.epoch, pytest.approx(epoch.loss)) for epoch in HISTORY]
    assert told["accuracy/validation"] == [(e.epoch, pytest.approx(e.validation_accuracy)) for e in HISTORY]
    assert told["side_px"] == [(epoch.epoch, epoch.side_px) for epoch in HISTORY]
    assert {"loss/validation", "accuracy/training", "seconds"} <= set(told)


def test_a_run_begun_anew_does_not_show_the_one_before(tmp_path: Path):
    for last in (6, 2):
        with TensorBoardLog(tmp_path / "run", fresh=True) as log:
            for epoch in HISTORY[:last]:
                log.write(epoch)
    assert [step for step, _ in read_back(tmp_path / "run")["loss/training"]] == [1, 2]
