"""How long two models take is measured in turns."""

from itertools import accumulate
from pathlib import Path

from narrow_vgg import make_narrow

from imgrec.evaluation.pace import ms_a_look
from imgrec.vision.eye import Eye


def test_each_takes_what_the_clock_says_and_a_pause_of_the_machine_counts_for_neither(tmp_path: Path) -> None:
    eyes = [Eye(make_narrow(tmp_path / name, seed)) for seed, name in enumerate(("before", "after"))]
    looks = [0.02, 0.005] * 20  # seconds, in turns
    looks[3] = 60.0
    moments = accumulate(part for look in looks for part in (0.001, look))  # between looks something passes, too
    assert [round(ms, 6) for ms in ms_a_look(eyes, lambda: next(moments))] == [20, 5]
