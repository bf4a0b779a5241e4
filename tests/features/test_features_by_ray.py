"""Looking by a cluster: the same features as one process sees, nothing lost and nothing twice, whoever is killed."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from click.testing import CliRunner, Result
from narrow_vgg import make_narrow
from tiny_shop import CATEGORIES, draw_product, jpeg, write_config, write_feed

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.cli import main
from imgrec.config import CatalogueSection, Config
from imgrec.errors import CatalogueError, ClusterError, ModelError
from imgrec.features import by_ray
from imgrec.features.by_ray import ByRay, Order, Worker
from imgrec.features.fill import fill
from imgrec.features.looking import Here, Looker
from imgrec.features.store import FeatureStore, PhotoFeatures, View
from imgrec.folders import Place, folder_at
from imgrec.vision.eye import Eye

PHOTOS = 48
DAMAGED, GONE = "d" * 64, "e" * 64


@pytest.fixture(scope="session")
def cluster(s3_port: int) -> Iterator[str]:
    """A Ray of two cores that all tests here share; its address."""
    pytest.importorskip("ray", reason="a cluster needs Ray: pip install -e '.[ray]'")
    ray = by_ray._import_ray()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")  # or workers wait for whatever else runs
        try:
            by_ray._connect(ray, "local", 2)
        except ClusterError as error:
            pytest.skip(f"Ray does not start on this machine, or not in time: {error}")
        yield ray.get_runtime_context().gcs_address
        ray.shutdown()


@pytest.fixture(scope="session")
def eye(tmp_path_factory: pytest.TempPathFactory) -> Eye:
    return Eye(make_narrow(tmp_path_factory.mktemp("models") / "narrow"))


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder of photos, of which one is damaged, and their names with that of one that is gone."""
    place = tmp_path_factory.mktemp("photos")
    return place, put_photos(place, PHOTOS)


def put_photos(place: Place, count: int) -> list[str]:
    contents = [jpeg(draw_product(CATEGORIES[seed % 3], "red", seed, 64)) for seed in range(count)]
    names = [hashlib.sha256(content).hexdigest() for content in contents]
    for name, content in [*zip(names, contents, strict=True), (DAMAGED, b"no photo")]:
        folder_at(place).write(f"{name[:2]}/{name}.jpg", content)
    return [*names[:5], DAMAGED, *names[5:], GONE]


def config_of(photos: Place) -> Config:
    return Config(catalogue=CatalogueSection(photos=photos))


def kept_by(looker: Looker, place: Place, eye: Eye, contents: list[str], view: View = "shop") -> PhotoFeatures:
    """What the store has after all were looked at, sorted."""
    store = FeatureStore(place, eye)
    done: list[int] = []
    assert fill(store, looker, view, contents, lambda count, _: done.append(count)) == 2  # the damaged, the gone
    assert sum(done) == len(contents)
    return kept_in(store, contents, view)


def kept_in(store: FeatureStore, contents: list[str], view: View = "shop") -> PhotoFeatures:
    found = store.find(view, np.array(sorted(contents), "S64"))
    return store.all_of(found.take(found.is_there))


def names_in_shards(store: Path) -> list[bytes]:
    """The photos of all shards, those that are there twice twice."""
    shards = [np.load(file) for file in store.glob("*/shop/*.npz")]
    return [bytes(name) for shard in shards for name in shard["content"]]


def assert_same(one: PhotoFeatures, other: PhotoFeatures) -> None:
    assert one.content.tolist() == other.content.tolist()
    assert np.abs(one.features.astype(np.float32) - other.features.astype(np.float32)).max() < 2e-3
    assert np.array_equal(one.colours, other.colours)


def test_a_cluster_sees_what_one_process_sees(cluster: str, tmp_path: Path, eye: Eye, shown: tuple[Path, list[str]]):
    place, contents = shown
    with ByRay(cluster, 2, eye, config_of(place)) as looker:
        for view in get_args(View):
            here = kept_by(Here(eye, PhotoStore(place)), tmp_path / "here", eye, contents, view)
            there = kept_by(looker, tmp_path / "there", eye, contents, view)
            assert len(here) == PHOTOS
            assert_same(here, there)


def test_photos_of_a_worker_that_is_killed_are_looked_at_by_others(
    cluster: str, tmp_path: Path, eye: Eye, shown: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(by_ray, "_PORTION", 4)
    place, contents = shown
    store, notes, killed = FeatureStore(tmp_path / "there", eye), [], []
    with ByRay(cluster, 2, eye, config_of(place)) as looker:

        def on_advance(count: int, note: str) -> None:
            notes.append(note)
            if not killed and count:
                killed.append(looker.processes[0])
                os.kill(killed[0], signal.SIGKILL)

        assert fill(store, looker, "shop", contents, on_advance) == 2
        assert killed[0] not in looker.processes
    assert any(note.endswith(", 1 lost") for note in notes)
    names = names_in_shards(tmp_path / "there")
    assert sorted(names) == sorted(name.encode() for name in contents if name not in {DAMAGED, GONE})
    assert_same(kept_in(store, contents), kept_by(Here(eye, PhotoStore(place)), tmp_path / "here", eye, contents))


def test_a_run_that_was_killed_is_gone_on_with(
    cluster: str, tmp_path: Path, eye: Eye, shown: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
):
    place, contents = shown
    code = f"""
import os, signal
from pathlib import Path
from imgrec.config import CatalogueSection, Config
from imgrec.features import by_ray, fill
from imgrec.features.store import FeatureStore
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model
by_ray._PORTION, fill._PHOTOS_A_SHARD, done = 4, 8, []
def die_after_some(count, note):
    done.append(count)
    if sum(done) >= 20:
        os.kill(os.getpid(), signal.SIGKILL)
eye = Eye(open_model(Path({str(eye.model.path)!r})))
with by_ray.ByRay({cluster!r}, 1, eye, Config(catalogue=CatalogueSection(photos=Path({str(place)!r})))) as looker:
    fill.fill(FeatureStore(Path({str(tmp_path)!r}), eye), looker, "shop", {contents!r}, die_after_some)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    store = FeatureStore(tmp_path, eye)
    before = store.held("shop")
    assert 8 <= len(before) <= 20
    lacking = [content for content in contents if content not in before]
    done: list[int] = []
    with ByRay(cluster, 1, eye, config_of(place)) as looker:
        assert fill(store, looker, "shop", lacking, lambda count, _: done.append(count)) == 2
    assert sum(done) == len(contents) - len(before)
    assert sorted(names_in_shards(tmp_path)) == sorted(
        name.encode() for name in contents if name not in {DAMAGED, GONE}
    )


def test_a_shop_with_its_photos_in_object_storage_is_imported_looked_at_and_indexed(
    s3: str, cluster: str, tmp_path: Path
):
    place = f"{s3}/{uuid.uuid4().hex}"
    make_narrow(tmp_path / "models" / "imagenet")
    feed = write_feed(tmp_path, 6)
    config = write_config(tmp_path, catalogue={"photos": f"{place}/photos"}, features={"path": f"{place}/features"})

    def imgrec(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [*map(str, arguments), "--config", str(config)], env={"TELEGRAM_API_URL": None})

    for command, expected in [
        (("import", feed), {"imported": 18}),
        (("import", feed), {"unchanged": 18}),
        (("features", "--ray", cluster, "--workers", "1"), {"computed": 18, "unreadable": 0}),
        (("features",), {"computed": 0, "unreadable": 0}),
        (("index",), {"photos": 18, "computed": 0, "reused": 18}),
        (("features", "--prune"), {"photos": 0, "models": 0}),
    ]:
        said = imgrec(*command, "--json")
        assert said.exit_code == 0, said.stderr
        assert expected.items() <= json.loads(said.stdout).items()
    assert len(folder_at(f"{place}/photos").files()) == 18
    assert not (tmp_path / "catalogue-photos").exists()
    search = imgrec("search", tmp_path / "photos" / "bal-000.jpg")
    assert (search.exit_code, search.stderr.count("\n")) == (1, 1)
    assert "this needs the photos in a folder here" in search.stderr


def test_workers_are_for_ray_alone(tmp_path: Path):
    for arguments in (["--workers", "2"], ["--ray", "local", "--prune"]):
        said = CliRunner().invoke(main, ["features", *arguments, "--config", str(write_config(tmp_path))])
        assert said.exit_code == 2


def test_a_machine_that_lacks_the_photos_says_so(cluster: str, tmp_path: Path, eye: Eye):
    with (
        ByRay(cluster, 1, eye, config_of(tmp_path / "elsewhere")) as looker,
        pytest.raises(CatalogueError, match=r"sees no photos at .*elsewhere\. Share that folder"),
    ):
        fill(FeatureStore(tmp_path / "store", eye), looker, "shop", ["a" * 64], lambda count, note: None)


def order_of(eye: Eye, photos: Place, **changes: object) -> Order:
    wanted = {"arithmetic": "auto", "comparable_with": eye.arithmetic, "version": by_ray.__version__, **changes}
    return Order(model=eye.model, photos=photos, **wanted)


def test_a_worker_computes_in_what_the_features_are_comparable_with(eye: Eye, shown: tuple[Path, list[str]]):
    place, contents = shown
    worker = Worker(order_of(eye, place, comparable_with="float32"), eye.model.read_network())
    assert worker.look("shop", contents[:1]).arithmetic == "float32"  # nothing else was measured for this model


def test_a_worker_whose_processor_cannot_names_the_way_out(
    eye: Eye, shown: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imgrec.vision.eye.arithmetic_of", lambda network: "float32")  # a processor without bfloat16
    worker = Worker(order_of(eye, shown[0], comparable_with="bfloat16"), eye.model.read_network())
    with pytest.raises(ModelError, match=r"computes in float32, .* with bfloat16\. .*model\.arithmetic: float32"):
        worker.open()


def test_a_machine_with_another_imgrec_is_named(eye: Eye, shown: tuple[Path, list[str]]):
    worker = Worker(order_of(eye, shown[0], version="0.0.1"), eye.model.read_network())
    with pytest.raises(ClusterError, match=r"has imgrec .*, and here is 0\.0\.1"):
        worker.open()


def test_without_ray_the_extra_is_named(eye: Eye, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        ByRay("local", None, eye, Config()) as looker,
        pytest.raises(ClusterError, match=r"pip install 'imgrec\[ray\]'"),
    ):
        list(looker.look("shop", ["a" * 64]))


@pytest.mark.parametrize(
    ("address", "complaint"),
    [("127.0.0.1:1", "no Ray cluster to be had at 127.0.0.1:1: .*refused.* --ray local"),
     ("127.0.0.1:head", "no Ray cluster to be had at 127.0.0.1:head"),
     ("auto", "no Ray cluster to be had at auto: Nobody there"),
     ("local", "Ray does not start here: Nobody there"),
     ("ray://127.0.0.1:10001", "address of a client")],
)  # fmt: skip
def test_a_cluster_that_cannot_be_reached_is_named(address: str, complaint: str):
    def init(*_: object, **__: object) -> None:
        raise ConnectionError("Could not find it.\nNobody there.\n")

    with pytest.raises(ClusterError, match=re.compile(complaint)):
        by_ray._connect(SimpleNamespace(init=init, shutdown=lambda: None), address, None)


def crew() -> by_ray._Crew:
    return by_ray._Crew(SimpleNamespace(remote=lambda **_: lambda kind: kind), SimpleNamespace(), None, 1, "float32")


def test_photos_that_cost_worker_after_worker_end_the_run_and_are_named():
    losing, portion = crew(), by_ray._Portion(["a" * 64, "b" * 64])
    for number in range(3):
        losing._workers[number] = object()
        portion = losing._without(number, portion, RuntimeError("The actor died.\nOut of memory"))
        assert losing._without(number, by_ray._Portion(["c"]), RuntimeError()) == by_ray._Portion(
            ["c"]
        )  # it only waited
    losing._workers[3] = object()
    with pytest.raises(ClusterError, match=r"4 workers .* same 2 photos, a{64} .*: Out of memory\. .*--workers"):
        losing._without(3, portion, RuntimeError("The actor died.\nOut of memory"))


def test_workers_that_cannot_start_end_the_run_with_what_to_install():
    losing = crew()
    for number in range(3):
        losing._workers[number] = object()
        assert losing._without(number, None, RuntimeError("gone")) is None
    losing._workers[3] = object()
    with pytest.raises(ClusterError, match=r"Workers do not start: gone\. imgrec .* on every machine"):
        losing._without(3, None, RuntimeError("gone"))


def test_nothing_is_started_when_there_is_nothing_to_look_at(eye: Eye, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(by_ray, "_import_ray", lambda: pytest.fail("Ray was imported"))
    with ByRay("local", None, eye, Config()) as looker:
        assert list(looker.look("shop", [])) == []
        assert looker.processes == []
