"""Training works with each of Keras' backends, and says clearly which package or backend it lacks."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from csv_rows import read_rows
from tiny_shop import TRAINING, Shop, draw_product, jpeg, write_config, write_feed

from imgrec.errors import TrainingError
from imgrec.training.backend import BACKENDS, training_packages

pytestmark = pytest.mark.training

TRAIN = """
import sys
for hidden in sys.argv.pop(1).split(","):
    sys.modules[hidden] = None
from imgrec.cli import main
try:
    main(sys.argv[1:], standalone_mode=False)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
import keras
print("trained by", keras.backend.backend())
"""


def train(*arguments: str | Path, without: str = "-", backend: str | None) -> subprocess.CompletedProcess[str]:
    """Run `imgrec train` where the packages in `without` are not installed."""
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    environment |= {"KERAS_BACKEND": backend} if backend else {}
    return subprocess.run(
        [sys.executable, "-c", TRAIN, without, "train", *map(str, arguments)],
        env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def test_without_any_backend_the_one_keras_wants_is_named_with_the_ways_out():
    pytest.importorskip("keras")
    refused = train("--name", "x", without=",".join(BACKENDS), backend="tensorflow")
    assert "Keras is to train with tensorflow, which is not installed: pip install tensorflow" in refused.stderr
    assert "named in KERAS_BACKEND: tensorflow, jax, torch" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_without_keras_the_extra_is_named():
    refused = train("--name", "x", without="keras", backend=None)
    assert "packages that are not installed (keras): pip install 'imgrec[train]'" in refused.stderr


def test_backends_that_are_installed_are_offered_in_place_of_one_that_is_not():
    pytest.importorskip("keras")
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    with pytest.raises(TrainingError) as refused, training_packages():
        raise ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")
    assert "Keras is to train with torch, which is not installed: pip install torch" in str(refused.value)
    for name in installed:
        assert (f"use KERAS_BACKEND={name} imgrec train" in str(refused.value)) == (name != "torch")


@pytest.mark.parametrize("backend", ["openvino", "numpy", "theano"])
def test_a_backend_that_cannot_train_is_refused(backend: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(TrainingError, match=f"KERAS_BACKEND is '{backend}'; .* one of: tensorflow, jax, torch"):
        training_packages().__enter__()


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("imported")
    made = Shop(folder, write_feed(folder, 12), write_config(folder))
    made.bring_in()
    return made


@pytest.mark.parametrize("backend", [
    pytest.param(name, marks=pytest.mark.skipif(not importlib.util.find_spec(name), reason=f"{name} is not installed"))
    for name in ("jax", "torch")
])  # fmt: skip
def test_a_shop_is_trained_indexed_and_searched_with_another_backend(backend: str, imported: Shop, tmp_path: Path):
    pytest.importorskip("keras")
    recipe = tmp_path / "everything.yaml"
    tiny = yaml.safe_load(Path(TRAINING[1]).read_text(encoding="utf-8"))
    more = {"ema": 0.9, "metric": "kind", "embedding_dim": 8, "mixing": 0.5, "weight_decay": 0.05, "dropout": 0.3}
    recipe.write_text(yaml.safe_dump({**tiny, **more, "width": 0.0625, "epochs": 2}), encoding="utf-8")
    done = train("--config", imported.config, "--name", backend, "--recipe", recipe, backend=backend)
    assert f"trained by {backend}" in done.stdout, done.stderr
    model = imported.folder / "models" / backend
    rows = read_rows(model / "history.csv")
    assert len(rows) == 2
    assert np.isfinite([float(row["validation_loss"]) for row in rows]).all()

    imported.index()
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(draw_product("Boxes", "blue", 99)))
    assert imported.json("search", photo, "--threshold", "-1")["matches"]
