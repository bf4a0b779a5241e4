"""What searches or runs the bot loads none of the packages that only learning needs; indexing none of training's."""

import json
import os
import subprocess
import sys

import pytest
from tiny_shop import Shop

TRAINING = {"keras", "tensorflow", "torch", "jax", "matplotlib", "h5py"}
LEARNING = {"sklearn", "scipy", "pandas"}  # scikit-learn takes pandas along where it is
TELL = "\nimport json, sys; print('LOADED', json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"

# What OpenBLAS is to read has to stand there before numpy is loaded, or its threads go on turning after every product.
SEES_NUMPY = """
import os, sys
told = []
class Finder:
    def find_spec(name, *_):
        if name == "numpy":
            told.append(os.environ.get("OPENBLAS_THREAD_TIMEOUT"))
sys.meta_path.insert(0, Finder)
"""


def loaded_by(code: str, shop: Shop) -> set[str]:
    environment = {**os.environ, "IMGREC_CONFIG": str(shop.config)}
    environment.pop("OPENBLAS_THREAD_TIMEOUT", None)
    ran = subprocess.run(
        [sys.executable, "-c", code + TELL], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout.splitlines()[-1].removeprefix("LOADED ")))


def command(*arguments: str) -> str:
    return f"from imgrec.cli import main\nmain({list(arguments)!r}, standalone_mode=False)"


@pytest.mark.parametrize("what", ["search", "index", "bot"])
def test_it_loads_no_training_package(what: str, own_shop: Shop):
    photo = str(own_shop.folder / "photos" / "bal-000.jpg")
    code = {
        "search": command("search", photo),
        "index": command("index", "--rebuild"),
        "bot": "import bot.app, bot.__main__",
    }[what]
    code = f"{SEES_NUMPY}{code}\nassert told == ['4']"
    loaded = loaded_by(code, own_shop)
    assert {"numpy", "PIL", "imgrec"} <= loaded
    assert what == "bot" or "openvino" in loaded
    assert loaded.isdisjoint(TRAINING if what == "index" else TRAINING | LEARNING)


def test_an_import_loads_neither_what_fetches_nor_what_looks(own_shop: Shop):
    loaded = loaded_by(command("import", str(own_shop.feed)), own_shop)
    assert {"numpy", "PIL", "imgrec"} <= loaded
    assert loaded.isdisjoint(TRAINING | LEARNING | {"httpx", "openvino"})
