"""How long a run will take is said in its parts, reckoned from what this machine does in a moment."""

from pathlib import Path
from typing import Literal

import pytest
from test_training_fit import SCRATCH, changed, lesson
from test_training_views import begun, settings

from imgrec.training import forecast as module
from imgrec.training.forecast import forecast
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.training.vgg16 import build_vgg16

__all__ = ["settings"]
pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]


def test_epochs_of_smaller_photos_count_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_seconds_a_photo", lambda look: 10.0)
    monkeypatch.setattr(module, "multiplies_bfloat16", lambda: False)
    wanted = changed(SCRATCH, epochs=2, side_px=64, stages=(Stage(share=0.5, scale=0.5), Stage(share=0.5)))
    said = forecast(build_vgg16(3, wanted), lesson(wanted, tmp_path), wanted)
    learning_s = 1.25 * (12 * 30 + 6 * 10)  # a quarter of the area, and all of it
    figures_s = (2 * 6 + 3 * 18) * 10  # an export's two networks; photos as they are, by telephone and cut up
    assert said == (
        f"About {(learning_s + figures_s) / 60:.0f} min on this machine: 2 epochs {learning_s / 60:.0f} min, "
        f"figures {figures_s / 60:.0f} min."
    )


@pytest.mark.parametrize(
    ("in_bfloat16", "arithmetic", "chosen", "looks"),
    [
        (False, "auto", {}, 2 * 6 + 54),
        (True, "auto", {}, 3 * 6 + 54 + 18),
        (True, "float32", {}, 3 * 6 + 54),
        (True, "auto", {"feature_layer": "embedding"}, 3 * 6 + 54),
        (True, "auto", {"mirrored": True}, 2 * (3 * 6 + 54 + 18)),
    ],
)
def test_photos_are_looked_at_twice_where_what_was_compared_is_not_kept(
    in_bfloat16: bool, arithmetic: Literal["auto", "float32"], chosen: dict[str, object], looks: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(module, "_seconds_a_photo", lambda look: 10.0)
    monkeypatch.setattr(module, "multiplies_bfloat16", lambda: in_bfloat16)
    wanted = changed(SCRATCH, epochs=1, metric="kind", **{"feature_layer": "auto", **chosen})
    said = forecast(build_vgg16(3, wanted), lesson(wanted, tmp_path), wanted, arithmetic)
    assert f"figures {looks * 10 / 60:.0f} min" in said


def test_what_looks_once_is_told_apart_from_what_learns(
    settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_seconds_a_photo", lambda look: look() is None or 10.0)
    monkeypatch.setattr(module, "multiplies_bfloat16", lambda: False)
    network, learned = begun(settings, tmp_path)
    said = forecast(network, learned, settings)
    assert "2 views of 12 photos 5 min, 3 epochs 21 min, figures 11 min." in said


def test_it_is_measured_on_this_machine(tmp_path: Path):
    wanted = changed(SCRATCH, epochs=1)
    said = forecast(build_vgg16(3, wanted), lesson(wanted, tmp_path), wanted)
    assert said.startswith("About ")
    assert " s on this machine: 1 epoch " in said
