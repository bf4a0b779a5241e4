"""A shop whose vectors are in Milvus: written whole or not at all, dropped when they go, and plain words when it fails.

The server is milvus-lite: Milvus' protocol over gRPC, in a process that is killed here, and not Milvus' own engine.
"""

import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bot_helpers import configure, small_shop
from milvus_process import MilvusProcess, skip_without_milvus
from tiny_shop import Shop, draw_product
from watched import Listener

from imgrec.config import Config, IndexSection, MilvusSection, load_config
from imgrec.errors import SearchIndexError, UnreachableIndexError
from imgrec.generations import current
from imgrec.progress import Silent
from imgrec.search import learning, milvus_store
from imgrec.search import milvus as engine
from imgrec.search.build import build_index
from imgrec.search.engine import Findable, VectorsOf
from imgrec.search.engines import open_engine, remove_generation, store_for
from imgrec.search.generation import Expected, IndexRecord, Knowledge, Register
from imgrec.search.learning import learn
from imgrec.search.likeness import Likeness
from imgrec.search.milvus_server import MilvusServer
from imgrec.search.milvus_store import read_note
from imgrec.search.search_index import SearchIndex
from imgrec.search.serving import Serving
from imgrec.sums import SealedFolder, seal
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model
from imgrec.vision.vectors import Floats, unit_rows

__all__ = ["small_shop"]

EVERYTHING: dict[str, Any] = {"threshold": -1.0, "top": 100}


@pytest.fixture(scope="session")
def shop(small_shop: Shop) -> Shop:
    """One that no network was trained for."""
    return small_shop


@pytest.fixture
def own_config(own_shop: Shop, milvus: MilvusProcess) -> Config:
    """The shop's, whose next index is in Milvus."""
    configure(own_shop, "index", engine="milvus", milvus={"uri": milvus.uri, "timeout_s": 20})
    return load_config(own_shop.config, {})


@pytest.fixture(scope="session")
def eye(shop: Shop) -> Eye:
    return Eye(open_model(load_config(shop.config, {}).model.path))


@pytest.fixture(autouse=True)
def _learned_once(learned: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every build here is of the same photos: what they teach takes seconds, and is learned by the first."""
    monkeypatch.setattr(learning, "learn", lambda *given: learned.get("it") or learned.setdefault("it", learn(*given)))


@pytest.fixture(scope="session")
def learned() -> dict[str, Any]:
    return {}


@pytest.fixture
def server(milvus: MilvusProcess) -> Iterator[MilvusServer]:
    """The same, asked past the index."""
    opened = MilvusServer(MilvusSection(uri=milvus.uri, timeout_s=20))
    yield opened
    opened.close()


@pytest.fixture
def index_section(tmp_path: Path, milvus: MilvusProcess) -> IndexSection:
    return IndexSection(path=tmp_path, engine="milvus", milvus=MilvusSection(uri=milvus.uri, timeout_s=20))


def spread_evenly(n: int, dim: int = 16) -> Floats:
    return unit_rows(np.random.default_rng(n).standard_normal((n, dim)).astype(np.float32))


def collections_of(config: Config, server: MilvusServer) -> set[str]:
    """The collections that generations of this index name, as far as the server has them."""
    notes = [read_note(folder) for folder in config.index.path.iterdir() if folder.is_dir()]
    return {note.name for note in notes if note} & set(server.ask("list_collections"))


def ask(serving: Serving) -> list[tuple[int, float]]:
    """What is like a red ball, in order."""
    seen = serving.see([draw_product("Balls", "red", 7)])[0]
    return [(match.product.product_id, match.similarity) for match in serving.answer(seen, **EVERYTHING).matches]


def test_answers_from_milvus_are_those_from_here_and_the_next_build_leaves_it_alone(
    own_shop: Shop, own_config: Config, eye: Eye, server: MilvusServer
) -> None:
    configure(own_shop, "index", engine="embedded")
    with Serving.open(load_config(own_shop.config, {})) as serving:
        here = ask(serving)
    report = build_index(own_config, eye, False, Silent())
    assert (report.changed, report.computed) == (True, 0)  # no photo is looked at again
    folder = own_config.index.path / report.generation
    assert not (folder / "vectors.npy").exists()
    note = read_note(folder)
    assert note is not None
    assert (note.recall, note.index) == (1.0, "FLAT")
    assert note.name.startswith("imgrec_generation_000002_")
    with Serving.open(own_config) as serving:
        there = ask(serving)
        assert [product for product, _ in there] == [product for product, _ in here]
        assert [similarity for _, similarity in there] == pytest.approx([value for _, value in here], abs=2e-6)
        product = here[0][0]
        of_product = serving.seen_of_product(product)
        assert of_product is not None
        assert serving.answer(of_product, **EVERYTHING).matches[0].product.product_id == product
        assert product not in {m.product.product_id for m in serving.answer(
            serving.refined(of_product, [product], [here[-1][0]]), without=[product], **EVERYTHING
        ).matches}  # fmt: skip
    assert not build_index(own_config, eye, False, Silent()).changed
    assert collections_of(own_config, server) == {note.name}


def test_a_shop_whose_server_is_away_says_so_when_it_is_opened_and_takes_no_earlier_index_for_it(
    own_shop: Shop, own_config: Config, eye: Eye
) -> None:
    build_index(own_config, eye, False, Silent())
    configure(own_shop, "index", engine="milvus", milvus={"uri": "http://127.0.0.1:9", "timeout_s": 0.5})
    with pytest.raises(UnreachableIndexError, match=r"Milvus at http://127\.0\.0\.1:9 does not answer just now"):
        Serving.open_sound(load_config(own_shop.config, {}))
    configure(
        own_shop, "index", engine="embedded", milvus={}
    )  # of the next build; this one is asked where it was written
    with Serving.open(load_config(own_shop.config, {})) as serving:
        assert ask(serving)


def test_collections_go_with_their_generations_and_those_of_another_index_stay(
    own_shop: Shop, own_config: Config, eye: Eye, server: MilvusServer, tmp_path: Path
) -> None:
    first = build_index(own_config, eye, False, Silent()).generation
    shutil.copytree(own_shop.folder, tmp_path / "restored", ignore=shutil.ignore_patterns(".owner"))
    restored = load_config(tmp_path / "restored" / own_shop.config.name, {})
    names = [read_note(own_config.index.path / first)]
    for results in (5, 4):
        again = own_config.model_copy(update={"search": own_config.search.model_copy(update={"results": results})})
        copied = restored.model_copy(update={"search": again.search})
        build_index(copied, eye, False, Silent())  # which removes its copy of the first, and drops nothing of ours
        assert collections_of(own_config, server) >= {note.name for note in names if note}
        names.append(read_note(again.index.path / build_index(again, eye, False, Silent()).generation))
    oldest, *kept = [note.name for note in names if note]
    assert collections_of(own_config, server) == set(kept)
    assert oldest not in server.ask("list_collections")


def test_a_server_killed_while_it_is_written_to_costs_nothing_but_the_writing(
    own_config: Config, eye: Eye, milvus: MilvusProcess, server: MilvusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current(own_config.index.path)
    written: list[int] = []

    def then_the_power_fails(insert: Callable[..., None]) -> Callable[..., None]:
        def insert_or_die(*arguments: Any) -> None:
            insert(*arguments)
            written.append(len(arguments[1]))
            if len(written) == 2:
                milvus.kill()

        return insert_or_die

    with monkeypatch.context() as fault:
        fault.setattr(milvus_store, "_ROWS_AT_ONCE", 8)
        fault.setattr(milvus_store._Writing, "_insert", then_the_power_fails(milvus_store._Writing._insert))
        with pytest.raises(UnreachableIndexError, match="does not answer just now") as refused:
            build_index(own_config, eye, False, Silent())
    assert "\n" not in str(refused.value)
    assert current(own_config.index.path) == before
    with Serving.open(own_config) as serving:  # which is the one before, and has its vectors here
        assert ask(serving)
    with pytest.raises(UnreachableIndexError):  # before any photo is looked at
        build_index(own_config, eye, True, Silent())

    milvus.start()
    half = collections_of(own_config, server)
    assert len(half) == 1
    report = build_index(own_config, eye, False, Silent())
    assert (report.changed, report.computed) == (True, 0)
    assert half.isdisjoint(server.ask("list_collections"))
    assert len(collections_of(own_config, server)) == 1


def test_a_server_killed_while_it_is_searched_is_said_to_be_away_and_answers_when_it_is_back(
    make_index, milvus: MilvusProcess
) -> None:
    vectors = spread_evenly(60)
    index = make_index({"a": (vectors, list(range(60)), [1] * 60)})
    before = index.search(vectors[3], ["a"], 5)
    milvus.kill()
    for work in (lambda: index.search(vectors[3], ["a"], 5), lambda: index.vectors(np.array([3]))):
        with pytest.raises(UnreachableIndexError, match=r"does not answer just now .* index\.milvus\.uri right\?"):
            work()
    milvus.start()
    assert patiently(lambda: index.search(vectors[3], ["a"], 5)) == before  # it is loaded again


@pytest.mark.parametrize("share", [0.9, 0.4])
def test_however_few_of_the_nearest_pass_they_are_found_by_asking_for_more_and_then_by_name(
    share: float, make_index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_FEW", 16)
    monkeypatch.setattr(engine, "_MOST_RESULTS", 100)
    vectors = spread_evenly(300)
    index = make_index({"a": (vectors, list(range(300)), [1] * 300)})
    nearest = np.argsort(-(vectors @ vectors[0]))
    passing = nearest[int((1 - share) * 300) :]  # none of the nearest
    hits = index.search(vectors[0], ["a"], 10, Findable(passing))
    assert [hit.product_id for hit in hits] == passing[:10].tolist()


def patiently(work: Callable[[], Any]) -> Any:
    """As the bot does: what cannot be had now is asked for again."""
    for _ in range(100):
        try:
            return work()
        except UnreachableIndexError:
            time.sleep(0.1)
    return work()


def rows_deleted(server: MilvusServer, name: str) -> None:
    server.ask("delete", name, filter="row in [1, 2]")


def dropped(server: MilvusServer, name: str) -> None:
    server.ask("drop_collection", name)


def of_another_dimension(server: MilvusServer, name: str) -> None:
    server.ask("drop_collection", name)
    server.ask("create_collection", name, schema=milvus_store._schema(8))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (rows_deleted, r"is not whole: it has 38 of the index's 40 photos"),
        (dropped, r"vectors are gone: Milvus at \S+ has no collection imgrec_generation_"),
        (of_another_dimension, r"is not whole: it has vectors of \[8\] numbers, and the index's have 16"),
    ],
)
def test_whatever_befalls_a_collection_is_noticed_when_it_is_opened(
    damage: Callable[[MilvusServer, str], None],
    said: str,
    make_index,
    index_section: IndexSection,
    server: MilvusServer,
) -> None:
    index = make_index({"a": (spread_evenly(40), list(range(40)), [1] * 40)})
    note = read_note(index.folder)
    assert note is not None
    damage(server, note.name)
    with pytest.raises(SearchIndexError, match=f"{said}.*Build the index anew with: imgrec index$") as refused:
        SearchIndex(index.folder, index_section)
    assert not isinstance(refused.value, UnreachableIndexError)


def test_a_collection_that_is_dropped_while_it_is_searched_is_gone_and_no_server_away(
    make_index, server: MilvusServer
) -> None:
    vectors = spread_evenly(30)
    index = make_index({"a": (vectors, list(range(30)), [1] * 30)})
    note = read_note(index.folder)
    assert note is not None
    server.ask("drop_collection", note.name)
    with pytest.raises(SearchIndexError, match="vectors are gone") as refused:
        index.search(vectors[0], None, 3)
    assert not isinstance(refused.value, UnreachableIndexError)


def test_an_index_whose_vectors_are_gone_is_written_anew_without_looking_again(
    own_config: Config, eye: Eye, server: MilvusServer
) -> None:
    first = build_index(own_config, eye, False, Silent())
    for name in collections_of(own_config, server):
        server.ask("drop_collection", name)
    again = build_index(own_config, eye, False, Silent())
    assert (again.changed, again.computed, again.generation > first.generation) == (True, 0, True)
    with Serving.open(own_config) as serving:
        assert ask(serving)


def test_what_of_it_cannot_be_removed_now_is_removed_by_a_later_build(
    own_shop: Shop, own_config: Config, eye: Eye, milvus: MilvusProcess, server: MilvusServer
) -> None:
    build_index(own_config, eye, False, Silent())
    [name] = collections_of(own_config, server)
    [noted] = [folder for folder in own_config.index.path.iterdir() if folder.is_dir() and read_note(folder)]
    left = noted.rename(noted.with_name(".draft-left"))  # as of a build that was cut off
    configure(own_shop, "index", engine="embedded", milvus={"uri": "http://127.0.0.1:9", "timeout_s": 0.5})
    here = load_config(own_shop.config, {})
    note = (left / "collection.json").read_text()
    (left / "collection.json").write_text(note.replace(milvus.uri, "http://127.0.0.1:9"))
    listener = Listener()
    build_index(here, eye, False, listener)
    assert ".draft-left is removed later, with its vectors. Milvus at http://127.0.0.1:9 does not" in listener.said[0]
    (left / "collection.json").write_text(note)
    build_index(here, eye, False, Silent())
    assert not left.exists()
    assert name not in server.ask("list_collections")


def test_a_graph_says_how_many_of_the_nearest_it_finds(tmp_path: Path, milvus: MilvusProcess) -> None:
    section = IndexSection(path=tmp_path, engine="milvus", milvus=MilvusSection(uri=milvus.uri, index="HNSW"))
    assert store_for(section).identity != store_for(IndexSection(path=tmp_path, engine="milvus")).identity
    vectors = spread_evenly(400)
    record = IndexRecord(
        model_sha256="a" * 64, model_name="none", arithmetic=("float32",), built_utc="", made_of="", photos=400,
        categories={}, rows={}, knowledge=Knowledge(
            labels=(), head="none", temperature=1, scoping="all", threshold=0, threshold_rule="none",
            likeness=Likeness.unknown(), expected=Expected(photos=0, families=0),
        ),
    )  # fmt: skip
    numbers = np.arange(400)
    register = Register(numbers, numbers, numbers, np.zeros(400, np.uint16))
    store_for(section).write(tmp_path, record, register, VectorsOf.given(vectors), Silent())
    seal(tmp_path)
    note = read_note(tmp_path)
    assert note is not None
    assert note.index == "HNSW"
    assert note.recall is not None
    assert 0.9 <= note.recall <= 1
    opened = open_engine(SealedFolder(tmp_path), record, 16, section)
    assert opened.search(vectors[7], None, 1)[0].product_id == 7
    opened.close()
    assert remove_generation(tmp_path, section) == ""


def test_a_server_that_is_silent_is_waited_for_as_long_as_is_configured_and_the_next_one_not_at_all() -> None:
    skip_without_milvus()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        server = MilvusServer(MilvusSection(uri=uri, timeout_s=0.3))
        for _ in range(2):
            with pytest.raises(UnreachableIndexError, match=f"Milvus at {uri} does not answer just now"):
                server.ask("list_collections")


def test_an_index_in_milvus_says_what_to_install_where_its_package_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(SearchIndexError, match=r"pip install 'imgrec\[milvus\]'"):
        MilvusServer(MilvusSection()).ask("list_collections")
