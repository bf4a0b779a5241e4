"""The command line: data on stdout, all else on stderr, exit codes 0, 1 and 2."""

import csv
import gzip
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import bot_helpers as made
import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from csv_rows import read_rows
from photo_server import PhotoServer, sends
from rich.console import Console
from tiny_shop import CATEGORIES, PRODUCTS_A_CATEGORY, draw_product, jpeg, run_command, write_config, write_feed

from bot.__main__ import main as bot
from imgrec import opening
from imgrec.cli import COMMANDS, main
from imgrec.commands.console import table
from imgrec.commands.index_screen import figures_in_words
from imgrec.commands.search import _print_answer
from imgrec.database import to_the_minute
from imgrec.lock import writing
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LoggedAnswer, LoggedMatch, LoggedTimes, LogWriter, QueryRecord
from imgrec.search.generation import Expected, Knowledge
from imgrec.search.likeness import Likeness
from imgrec.search.meaning import NOTHING_TO_GO_BY
from imgrec.vision.eye import Eye
from sandbox.__main__ import main as sandbox

MODELS = Path(__file__).parents[1] / "models"


@pytest.fixture
def config(tmp_path) -> Path:
    return write_config(tmp_path)


@pytest.fixture
def imgrec(config):
    """Run a command on an empty shop, in this process."""

    def run(*arguments: str | Path, **environment: str | None) -> Result:
        environment = {"IMGREC_CONFIG": str(config), "TELEGRAM_API_URL": None, **environment}
        return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment)

    return run


def every_command() -> dict[tuple[str, ...], click.Command]:
    """Those of groups too, by what is typed."""
    found: dict[tuple[str, ...], click.Command] = {(late.name,): late.load() for late in COMMANDS}
    groups = [(path, command) for path, command in found.items() if isinstance(command, click.Group)]
    return found | {(*path, name): below for path, group in groups for name, below in group.commands.items()}


def write_rows(file: Path, *rows: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["id,title,category,image,price", *rows, ""]), encoding="utf-8")
    return file


def url_rows(count: int, first: int = 0) -> list[str]:
    return [f"{number},Ball,Balls,https://shop.example/{number}.jpg," for number in range(first, first + count)]


def assert_one_line(result: Result, complaint: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert re.fullmatch(r"Error: [^\n]+\n", result.stderr), result.stderr
    assert re.search(complaint, result.stderr), result.stderr


def test_every_command_explains_itself_and_they_stand_in_the_order_of_the_work(imgrec):
    shown = imgrec("--help").stdout
    names = re.findall(r"^  (\w+)  ", shown.partition("Commands:")[2], re.MULTILINE)
    assert names == list(main.commands)
    assert names == [
        "open", "import", "photos", "features", "index", "search", "status", "evaluate", "models", "train", "tune",
        "sources", "products", "link", "backup", "restore",
    ]  # fmt: skip
    for path in every_command():
        result = imgrec(*path, "--help")
        assert result.exit_code == 0
        assert "--config" in result.stdout
    assert imgrec("--version").exit_code == 0


@pytest.mark.parametrize("program", [main, bot, sandbox], ids=["imgrec", "bot", "sandbox"])
def test_every_program_takes_h_for_help(program):
    short, long = (CliRunner().invoke(program, [option]) for option in ("-h", "--help"))
    assert (short.exit_code, short.stdout) == (0, long.stdout)


def test_what_the_list_says_of_a_command_is_what_it_says_of_itself():
    for late in COMMANDS:
        assert late.get_short_help_str(limit=200) == late.load().get_short_help_str(limit=200)
        assert late.name == late.load().name


def test_what_is_not_run_is_not_imported_and_help_needs_no_heavy_package():
    code = (
        "import sys; from imgrec.cli import main\n"
        "def run(*arguments):\n"
        "    try: main(arguments)\n"
        "    except SystemExit: pass\n"
        "run('--help'), run('--version'), run('sarch')\n"
        "print('LOADED', *[name for name in sys.modules if name.startswith('imgrec.commands.')])\n"
        "run('search', '--help'), run('evaluate', 'search', '--help'), run('products', 'add', '--help')\n"
        "print('HEAVY', *sorted({'numpy', 'pydantic', 'rich', 'yaml', 'babel'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert "LOADED imgrec.commands.console" in lines
    assert "HEAVY" in lines
    assert "--category TEXT" in ran.stdout  # the help was that of the command itself
    assert "No such command 'sarch'. Did you mean 'search'?" in " ".join(ran.stderr.split())


@pytest.mark.parametrize(
    ("before", "begun", "offered"),
    [
        ([], "s", ["search", "status", "sources"]),
        (["evaluate"], "", ["model", "search", "log"]),
        (["search"], "--w", ["--words", "--why"]),
        (["evaluate", "model"], "--sp", ["--split"]),
    ],
)
def test_a_shell_completes_commands_and_their_options(before: list[str], begun: str, offered: list[str]):
    completes = ShellComplete(main, {}, "imgrec", "_IMGREC_COMPLETE")
    assert [item.value for item in completes.get_completions(before, begun)] == offered


@pytest.mark.parametrize(
    "arguments",
    [["sell"], ["import"], ["import", "--sauce", "x", "a.csv"], ["search"], ["search", "--threshold", "2", "x.jpg"],
     ["search", "--top", "0", "x.jpg"], ["search", "--most-price", "cheap", "x.jpg"],
     ["search", "--most-price", "-1", "x.jpg"], ["search", "--least-price", "nan", "x.jpg"],
     ["search", "a.jpg", "b.jpg"], ["index", "now"], ["features", "now"],
     ["models", "use"], ["models", "make"], ["models", "make", "x", "--layers", "block9"], ["evaluate", "search"],
     ["evaluate", "search", "--split", "test", "--queries", "q.csv"], ["evaluate", "model", "--split", "all"],
     ["evaluate", "model", "--html", "."],
     ["tune"], ["train", "--name", "x", "--epochs", "many"], ["import", "a.csv", "--per-category", "0"],
     ["import", "a.csv", "--seed", "1"], ["import", "a.csv", "--currency", "shells"],
    ["import", "a.csv", "--site", "shop.example"],
     ["import", "a.csv", "--format", "pdf"], ["photos", "--limit", "0"], ["photos", "all"],
     ["import", "by-hand.csv"], ["backup"], ["backup", "."], ["restore"],
     ["sources", "rename", "x"], ["sources", "remove"], ["products", "add", "--title", "x"],
     ["products", "change", "1"], ["products", "retire"], ["products", "find", "--limit", "0"],
     ["photos", "--duplicates", "--limit", "3"], ["photos", "--duplicates", "--failures"]],
)  # fmt: skip
def test_wrong_arguments_exit_with_2_and_say_nothing_on_stdout(imgrec, arguments):
    result = imgrec(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage:" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["search", "photo.jpg"], "no catalogue .*imgrec import"),
        (["backup", "b.tar"], "nothing to back up"),
        (["sources"], "no catalogue .*imgrec import"),
        (["sources", "remove", "x"], "no catalogue .*imgrec import"),
        (["products", "find", "x"], "no catalogue .*imgrec import"),
        (["products", "retire", "1"], "no catalogue .*imgrec import"),
        (["products", "add", "--title", "x", "--image", "absent.jpg"], r"no file absent\.jpg"),
        (["photos"], "no catalogue .*imgrec import"),
        (["index"], "no catalogue .*imgrec import"),
        (["evaluate", "log"], "no log .*python -m bot"),
        (["evaluate", "search", "--queries", "queries.csv"], "no catalogue .*imgrec import"),
        (["evaluate", "search", "--split", "test"], "no catalogue .*imgrec import"),
        (["features", "--prune"], "no catalogue .*imgrec import"),
        (["search", "absent.jpg"], r"no file absent\.jpg\. Name one that is there; it was looked for in /"),
        (["search", "foto.jpg"], r"no file foto\.jpg\. Did you mean photo\.jpg\?"),
        (["import", "absent/feed.csv"], r"no file absent/feed\.csv\. There is no folder absent either"),
        (["import", "."], r"\. is a folder\. Name a file in it, such as \w+\.\w+\."),
        (["models", "use", "absent"], r"no model 'absent' in .*There are: imagenet"),
        (["--config", "one_model.yaml", "models", "use", "absent"], r"a model itself.*give this command again\.$"),
        (["--config", "one_model.yaml", "models", "use", "sample"], r"give this command again; or to .*/sample\.$"),
        (["evaluate", "search", "--queries", "absent.csv"], r"absent\.csv"),
        (["import", "photo.jpg"], "looks like none of the formats"),
        (["import", "photo.jpg", "--format", "csv"], "lacks the columns"),
        (["--config", "absent.yaml", "status"], r"no configuration file absent\.yaml"),
    ],
)
def test_what_is_missing_or_unfit_is_an_error_of_one_line(imgrec, tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    one_model = write_config(tmp_path, model={"path": str(MODELS / "imagenet")})
    one_model.rename(tmp_path / "one_model.yaml")
    write_config(tmp_path, model={"path": str(MODELS)})
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\n\n")
    (tmp_path / "queries.csv").write_text("photo,category\nphoto.jpg,Balls\n")
    assert_one_line(imgrec(*arguments), complaint)


def test_what_is_no_feed_leaves_no_catalogue_and_no_source_behind(imgrec, tmp_path):
    rows = write_rows(tmp_path / "rows.csv", *url_rows(1))
    (tmp_path / "empty.csv").touch()
    assert_one_line(imgrec("import", rows, tmp_path / "empty.csv"), r"empty\.csv is empty\. Export it again\.")
    assert not (tmp_path / "catalogue.db").exists()
    lost = write_rows(tmp_path / "lost.csv", "1,Ball,Balls,absent.jpg,", "2,Ball,Balls,absent.jpg,")
    assert_one_line(
        imgrec("import", lost), r"no usable row among 2.* Most often: 2 photo_not_found: put the photo there"
    )
    nothing = imgrec("photos")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "There are no products to fetch photos of. Next: imgrec import" in nothing.stderr


@pytest.mark.parametrize("text", ["serach: {}", "search: {results: 0}", "search: ["])
def test_a_broken_configuration_is_an_error_of_one_line_for_every_command(imgrec, config, tmp_path, text):
    config.write_text(text)
    feed = write_rows(tmp_path / "feed.csv", *url_rows(1))
    for command in (["status"], ["import", feed], ["index"], ["search", feed], ["evaluate", "log"],
                    ["evaluate", "search", "--queries", feed]):  # fmt: skip
        if command[:2] == ["evaluate", "search"]:
            feed.write_text("photo,category\n1.jpg,Balls\n")
        assert_one_line(imgrec(*command), r"config\.yaml")


def test_a_catalogue_without_model_or_index_says_which_command_comes_next(imgrec, tmp_path):
    feed = write_feed(tmp_path / "feed", products_a_category=1)
    assert imgrec("import", feed).exit_code == 0
    photo = next((tmp_path / "feed/photos").iterdir())
    assert_one_line(imgrec("search", photo), "no index .*imgrec index")
    for command in (["index"], ["features"], ["evaluate", "model"], ["models"], ["models", "list"]):
        assert_one_line(imgrec(*command), "no model .*imgrec models make imagenet")
    for command in (["evaluate", "model", "best"], ["models", "use", "best"]):
        assert_one_line(imgrec(*command), "no model 'best'.*imgrec models make best")


def test_places_that_cannot_be_written_are_an_error_of_one_line(imgrec, tmp_path):
    (tmp_path / "file").touch()
    feed = write_feed(tmp_path / "feed", products_a_category=1)
    for section in ({"path": "file/catalogue.db"}, {"path": "feed"}, {"photos": "file"}):
        assert_one_line(imgrec("import", feed, "--config", write_config(tmp_path, catalogue=section)), "file|feed")


def test_the_writer_that_is_already_there_is_named(imgrec, tmp_path):
    feed = write_rows(tmp_path / "feed.csv", *url_rows(1))
    with writing(tmp_path / "catalogue.db", "imgrec index"):
        assert_one_line(imgrec("import", feed), rf"`imgrec index` \(process {os.getpid()}, since .* is writing to")
    assert imgrec("import", feed).exit_code == 0


def test_import_prints_the_promised_object_and_nothing_else(imgrec, tmp_path):
    feed = write_rows(tmp_path / "feed.csv", *url_rows(3), *url_rows(1), "9,Ball,,,cheap")
    result = imgrec("import", feed, "--json")
    assert json.loads(result.stdout) == {
        "read": 5, "imported": 3, "unchanged": 0, "rejected": {"duplicate_id": 1, "missing_image": 1},
    }  # fmt: skip
    assert "5 rows read as csv, 3 imported" in result.stderr
    listed = tmp_path / "rejects" / "feed.csv"
    assert str(listed) in result.stderr
    assert [row["reason"] for row in read_rows(listed)] == ["duplicate_id", "missing_image"]
    assert json.loads(imgrec("import", feed, "--json").stdout)["unchanged"] == 3
    assert imgrec("import", feed).stdout == ""


def test_sources_are_listed_renamed_and_removed_when_that_is_meant(imgrec, tmp_path):
    imgrec("import", write_rows(tmp_path / "feed.csv", *url_rows(3)))
    [source] = json.loads(imgrec("sources", "--json").stdout)["sources"]
    assert list(source) == ["name", "on_sale", "retired", "photos", "photos_stored", "imported_utc", "unfinished_utc"]
    assert re.search(r"feed +3 +0 +0 of 3 +2", imgrec("sources", "list").stdout)
    assert_one_line(imgrec("sources", "rename", "fed", "shop"), r"no source 'fed'\. Known: feed\.")
    assert "feed is shop now." in imgrec("sources", "rename", "feed", "shop").stderr
    asked = imgrec("sources", "remove", "shop")
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert json.loads(imgrec("sources", "list", "--json").stdout)["sources"][0]["on_sale"] == 3
    assert "3 products retired" in imgrec("sources", "remove", "shop", "--yes").stderr
    assert json.loads(imgrec("status", "--json").stdout)["catalogue"]["products"] == 0


def test_products_are_found_shown_changed_retired_and_put_back(imgrec, tmp_path):
    imgrec("import", write_rows(tmp_path / "feed.csv", *url_rows(3)))
    (tmp_path / "jug.jpg").write_bytes(jpeg(draw_product("Balls", "red", 1)))
    added = imgrec("products", "add", "--title", "Jug", "--category", "Bals", "--image", tmp_path / "jug.jpg")
    assert (added.exit_code, added.stdout) == (0, "by-hand/hand-1\n")
    assert "'Bals' is a new category. Did you mean 'Balls'?" in added.stderr
    assert "imgrec index" in added.stderr
    shown = json.loads(imgrec("products", "find", "ball", "--json", "--limit", "2").stdout)
    assert (shown["found"], [product["id"] for product in shown["products"]]) == (3, ["0", "1"])
    assert "feed/0" in imgrec("products", "find", "ball").stdout
    changed = imgrec("products", "change", "feed/1", "--price", "2.50", "--availability", "sold out")
    assert "The next import of 'feed' sets it back to what the feed says" in changed.stderr
    shown = json.loads(imgrec("products", "show", "feed/1", "--json").stdout)
    assert (shown["price"], shown["in_stock"]) == ("2.50", False)
    assert "pending" in imgrec("products", "show", "feed/1").stdout
    assert "feed/1 is retired." in imgrec("products", "retire", "feed/1", "feed/2").stderr
    assert "feed/1 is on sale again." in imgrec("products", "return", "feed/1").stderr
    assert json.loads(imgrec("status", "--json").stdout)["catalogue"]["products"] == 3
    assert_one_line(imgrec("products", "show", "7"), "no product '7'.*imgrec products find")
    none = imgrec("products", "find", "zeppelin")
    assert "fewer or shorter ones find more" in none.stderr
    assert none.stdout == ""


def test_products_without_a_title_are_named_by_what_there_is(imgrec, tmp_path, capsys):
    feed = write_rows(
        tmp_path / "feed.csv", "jar,,Jars,https://shop.example/1.jpg,", "jug,,,https://shop.example/2.jpg,"
    )
    imgrec("import", feed)
    [jar, jug] = imgrec("products", "find").stdout.splitlines()[2:]
    assert jar.split()[:3] == ["feed/jar", "Jars", "Jars"]
    assert jug.split()[:2] == ["feed/jug", "jug"]
    _print_answer(made.answer(matches=(made.match(0.8, title=None, category="Shoes"),)))
    assert capsys.readouterr().out.split("\n")[2].split()[-3:] == ["Shoes", "Shoes", "s/x"]


def test_a_shop_goes_into_one_file_and_comes_back_from_it(imgrec, tmp_path):
    imgrec("import", write_rows(tmp_path / "feed.csv", *url_rows(3)))
    file = tmp_path / "shop.tar"
    made = json.loads(imgrec("backup", file, "--json").stdout)
    assert (made["file"], made["files"], made["photos"]) == (str(file), 2, 0)
    assert_one_line(imgrec("backup", file), "exists already.*--replace")
    assert_one_line(imgrec("restore", file), r"In the way: .*catalogue\.db\. .*--replace")
    assert_one_line(imgrec("restore", tmp_path / "absent.tar"), r"no file .*absent\.tar")
    assert_one_line(imgrec("restore", tmp_path / "feed.csv"), "no backup of imgrec")
    imgrec("sources", "remove", "feed", "--yes")
    back = imgrec("restore", file, "--replace")
    assert (back.exit_code, back.stdout) == (0, "")
    assert f"The shop is as it was at {to_the_minute(made['made_utc'])}." in back.stderr
    assert json.loads(imgrec("status", "--json").stdout)["catalogue"]["products"] == 3


def test_photos_are_fetched_counted_and_shown(imgrec, tmp_path):
    with PhotoServer() as server:
        rows = [
            f"{n},Ball,Balls,{server.add(f'{n}.jpg', sends(jpeg(draw_product('Balls', 'red', n))))}," for n in range(3)
        ]
        rows.append(f"gone,Ball,Balls,{server.url('gone.jpg')},")
        config = write_config(tmp_path, photos={"allow_private": True, "backoff_s": 0.01})
        imgrec("import", write_rows(tmp_path / "feed.csv", *rows), "--config", config)
        first = imgrec("photos", "--config", config)
        assert (first.exit_code, server.asked().total()) == (0, 4)
        assert re.search(r"stored +3 *\n", first.stdout)
        assert re.search(r"not_found +1 +only with --retry-failed", first.stdout)
        assert "3 photos fetched" in first.stderr
        assert "--retry-failed" in first.stderr
        again = imgrec("photos", "--json", "--config", config)
        assert (again.exit_code, server.asked().total()) == (0, 4)
        assert again.stderr.startswith("Nothing to fetch.")
    shown = json.loads(again.stdout)
    assert {name: shown[name] for name in ("fetched", "failed", "bytes", "photos")} == {
        "fetched": 0, "failed": {}, "bytes": 0, "photos": {"stored": 3, "not_found": 1},
    }  # fmt: skip
    assert set(shown["repeats"]) == {"placeholder", "exact", "near", "across_splits"}
    assert json.loads(imgrec("status", "--json").stdout)["catalogue"]["photos"] == {"stored": 3, "not_found": 1}
    assert "photos: 3 stored, 1 not_found" in imgrec("status").stdout


def test_photos_of_private_addresses_are_refused_unless_allowed(imgrec, tmp_path):
    with PhotoServer() as server:
        imgrec("import", write_rows(tmp_path / "feed.csv", f"1,Ball,Balls,{server.url('1.jpg')},"))
        result = imgrec("photos", "--json")
        assert (json.loads(result.stdout)["failed"], server.seen) == ({"forbidden_address": 1}, [])
    assert "photos.allow_private" in result.stderr
    [failure] = csv.DictReader(imgrec("photos", "--failures").stdout.splitlines())
    assert (failure["status"], failure["id"], failure["address"]) == ("forbidden_address", "1", server.url("1.jpg"))
    assert failure["detail"] == "127.0.0.1 is a private address"
    assert_one_line(imgrec("features", "--prune"), "No product on sale has a photo.*imgrec photos")
    assert json.loads(imgrec("photos", "--failures", "--json").stdout)[0].keys() == failure.keys()


def test_photos_that_look_the_same_are_listed_as_csv_or_json(imgrec, tmp_path):
    picture = jpeg(draw_product("Balls", "red", 1))
    (tmp_path / "1.jpg").write_bytes(picture)
    (tmp_path / "2.jpg").write_bytes(picture)
    imgrec("import", write_rows(tmp_path / "feed.csv", "1,Ball,Balls,1.jpg,", "2,Ball,Balls,2.jpg,"))
    listed = list(csv.DictReader(imgrec("photos", "--duplicates").stdout.splitlines()))
    assert [(row["cluster"], row["likeness"], row["bits"], row["id"]) for row in listed] == [
        ("1", "exact", "0", "1"), ("1", "exact", "0", "2"),
    ]  # fmt: skip
    as_json = json.loads(imgrec("photos", "--duplicates", "--json").stdout)
    assert [row["id"] for row in as_json] == ["1", "2"]
    assert list(as_json[0]) == list(listed[0])


def test_a_source_that_is_not_there_is_an_error_of_one_line(imgrec, tmp_path):
    imgrec("import", write_rows(tmp_path / "feed.csv", *url_rows(1)))
    assert_one_line(imgrec("photos", "--source", "fed"), "no source 'fed'. Known: feed")


def test_several_feeds_are_several_sources_counted_together(imgrec, tmp_path):
    one, two = write_rows(tmp_path / "one.csv", *url_rows(2)), write_rows(tmp_path / "two.csv", *url_rows(3))
    assert json.loads(imgrec("import", one, two, "--json").stdout)["imported"] == 5
    assert json.loads(imgrec("status", "--json").stdout)["catalogue"]["products"] == 5


def test_feeds_that_would_retire_each_other_are_wrong_arguments(imgrec, tmp_path):
    feeds = [write_rows(tmp_path / shop / "products.csv", *url_rows(2)) for shop in ("north", "south")]
    refused = imgrec("import", *feeds)
    assert refused.exit_code == 2
    assert "--source" in refused.stderr
    for feed in feeds:
        assert imgrec("import", feed, "--source", feed.parent.name).exit_code == 0
    assert json.loads(imgrec("status", "--json").stdout)["catalogue"]["products"] == 4


def test_a_feed_that_lacks_too_much_retires_nothing_and_says_what_to_do(imgrec, tmp_path):
    feed = tmp_path / "feed.csv"
    imgrec("import", write_rows(feed, *url_rows(30)))
    result = imgrec("import", write_rows(feed, *url_rows(20), *url_rows(1, first=70)), "--json")
    assert json.loads(result.stdout) == {
        "read": 21, "imported": 1, "unchanged": 20, "rejected": {}, "not_retired": 10,
    }  # fmt: skip
    assert result.exit_code == 0
    assert "10 of the 30 products that 'feed' had on sale" in result.stderr
    assert "--retire" in result.stderr
    assert "10 products retired" in imgrec("import", feed, "--retire").stderr


def test_a_renamed_feed_is_refused_before_anything_is_written_and_there_are_three_ways_out(imgrec, tmp_path):
    imgrec("import", write_rows(tmp_path / "shop.csv", *url_rows(10)))
    renamed = write_rows(tmp_path / "shop-may.csv", *url_rows(10))
    refused = imgrec("import", renamed)
    ways_out = "--source shop.*rename shop shop-may.*--new-source"
    assert_one_line(refused, f"10 are on sale already as 'shop'; nothing was written.*{ways_out}")
    with sqlite3.connect(tmp_path / "catalogue.db") as catalogue:
        assert catalogue.execute("SELECT name FROM sources").fetchall() == [("shop",)]
    catalogue.close()
    assert json.loads(imgrec("import", renamed, "--source", "shop", "--json").stdout)["unchanged"] == 10
    assert json.loads(imgrec("import", renamed, "--new-source", "--json").stdout)["imported"] == 10
    assert imgrec("import", renamed).exit_code == 0


def test_rejected_rows_come_with_what_to_do_on_screen_and_in_the_file(imgrec, tmp_path):
    result = imgrec("import", write_rows(tmp_path / "feed.csv", *url_rows(2), *url_rows(1), "9,Ball,,,"))
    assert "  1 missing_image: name a photo: a path relative to the feed, or a URL\n" in result.stderr
    listed = read_rows(tmp_path / "rejects" / "feed.csv")
    assert [row["fix"].partition(":")[0] for row in listed] == [
        "give each product an id of its own; until then the first row counts", "name a photo",
    ]  # fmt: skip


def test_several_feeds_of_one_source_are_parts_of_one_feed(imgrec, tmp_path):
    feeds = [
        write_rows(tmp_path / f"{part}/products.csv", *url_rows(2, first=part)) for part in (0, 2)
    ]  # fmt: skip
    shown = json.loads(imgrec("import", *feeds, "--source", "both", "--json").stdout)
    assert shown == {"read": 4, "imported": 4, "unchanged": 0, "rejected": {}}
    assert json.loads(imgrec("status", "--json").stdout)["catalogue"]["products"] == 4


def test_a_sample_is_counted_in_the_promised_object(imgrec, tmp_path):
    feed = write_rows(tmp_path / "feed.csv", *url_rows(9))
    for unchanged in (0, 4):
        shown = json.loads(imgrec("import", feed, "--per-category", "4", "--seed", "1", "--json").stdout)
        assert shown == {
            "read": 9, "imported": 4 - unchanged, "unchanged": unchanged, "rejected": {"not_sampled": 5},
        }  # fmt: skip


def test_the_format_may_be_insisted_on_and_the_choices_are_named(imgrec, tmp_path):
    feed = write_rows(tmp_path / "feed.csv", *url_rows(1))
    assert imgrec("import", feed, "--format", "csv").exit_code == 0
    assert_one_line(imgrec("import", feed, "--format", "shopify"), "lacks the column handle")
    wrong = imgrec("import", feed, "--format", "excel")
    assert wrong.exit_code == 2
    assert "'csv', 'amazon2014', 'amazon2018', 'amazon2023', 'google-tsv', 'google-xml', 'shopify'" in wrong.stderr


def test_a_gzipped_feed_is_read_and_named_without_its_suffixes(imgrec, tmp_path):
    feed = tmp_path / "meta_Toys.json.gz"
    record = {"asin": "B1", "title": "It's", "imUrl": "http://x.example/1.jpg", "categories": [["Toys & Games"]]}
    feed.write_bytes(gzip.compress(f"{record}\n".encode()))
    assert "1 row read as amazon2014, 1 imported" in imgrec("import", feed).stderr
    with sqlite3.connect(tmp_path / "catalogue.db") as catalogue:
        assert catalogue.execute("SELECT name FROM sources").fetchall() == [("meta_Toys",)]
    catalogue.close()


def test_the_name_of_a_source_reaches_no_file_outside_the_rejects(imgrec, tmp_path):
    feed = write_rows(tmp_path / "feed.csv", *url_rows(1), "9,Ball,,,")
    kept = write_rows(tmp_path / "kept.csv", *url_rows(1))
    for source in ("../feed", "../kept", str(tmp_path / "kept")):
        assert imgrec("import", feed, "--source", source).exit_code == 0
    assert feed.exists()
    assert kept.exists()
    assert len(list((tmp_path / "rejects").iterdir())) == 3


def test_an_id_is_whole_in_a_table_whose_titles_are_too_long_for_it(imgrec, tmp_path):
    id_ = "0190f2a4-7c3e-7b21-9d55-1f0c9a6be3d2"
    row = f"{id_},{'red canvas shoe ' * 8},Clothing Shoes & Jewelry,https://shop.example/1.jpg,5 EUR"
    imgrec("import", write_rows(tmp_path / "a-rather-long-export.csv", row))
    assert f"a-rather-long-export/{id_}" in imgrec("products", "find").stdout
    assert "a-rather-long-export  1" in imgrec("sources", "list").stdout


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_to_be_whole_in_a_table_is_so_however_narrow_the_terminal(width):
    shown = table("Found", "product", "title", "category", whole="product")
    shown.add_row("shop/0190f2a4-7c3e-7b21-9d55-1f0c9a6be3d2", "red canvas shoe " * 8, "Clothing, Shoes & Jewelry")
    console = Console(width=width, file=io.StringIO())
    console.print(shown)
    assert "shop/0190f2a4-7c3e-7b21-9d55-1f0c9a6be3d2" in console.file.getvalue()


def test_an_interrupted_command_says_how_to_go_on(imgrec, tmp_path, monkeypatch):
    feed = write_rows(tmp_path / "feed.csv", *url_rows(3))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(opening, "import_feeds", interrupted)
        result = imgrec("import", feed)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == (
        "Interrupted. The same command (without --restart, --rebuild or --recompute) goes on where it stopped.\n"
    )
    assert imgrec("import", feed).exit_code == 0


def test_the_configuration_may_be_named_before_and_behind_the_command(imgrec, tmp_path):
    places = {}
    for name in ("variable", "before", "behind"):
        (tmp_path / name).mkdir()
        places[name] = write_config(tmp_path / name)
    feed = write_rows(tmp_path / "feed.csv", *url_rows(1))
    variable = {"IMGREC_CONFIG": str(places["variable"])}
    made = []
    for arguments in (
        ["import", feed],
        ["--config", places["before"], "import", feed],
        ["--config", places["before"], "import", feed, "--config", places["behind"]],
    ):
        assert imgrec(*arguments, **variable).exit_code == 0
        made.append({name for name in places if (tmp_path / name / "catalogue.db").exists()})
    assert made == [{"variable"}, {"variable", "before"}, {"variable", "before", "behind"}]
    for arguments in (["--config", "X", "evaluate", "log"], ["evaluate", "--config", "X", "log"],
                      ["evaluate", "log", "--config", "X"]):  # fmt: skip
        found = imgrec(*(places["before"] if argument == "X" else argument for argument in arguments), **variable)
        assert_one_line(found, re.escape(str(tmp_path / "before" / "log.db")))


def test_names_from_a_feed_are_shown_as_they_are(imgrec, tmp_path):
    feed = write_rows(tmp_path / "a [b].csv", "1,Ball,Toys [/red] :shoe:,https://shop.example/1.jpg,")
    result = imgrec("import", feed)
    assert "a [b].csv" in result.stderr
    assert "Toys [/red] :shoe: 1" in imgrec("status").stdout


def test_status_prints_the_promised_object_where_nothing_is(imgrec):
    result = imgrec("status", "--json")
    shown = json.loads(result.stdout)
    assert (result.exit_code, list(shown)) == (0, ["catalogue", "model", "index", "log"])
    assert {"products": 0, "with_photo": 0, "categories": {}}.items() <= shown["catalogue"].items()
    assert {"queries": 0, "votes": 0}.items() <= shown["log"].items()


def test_the_program_is_run_as_a_module_and_ends_with_the_same_codes(tmp_path, config):
    feed = write_rows(tmp_path / "feed.csv", *url_rows(1))
    done, failed, wrong = (run_command("imgrec", *arguments, config=config)
                           for arguments in (["import", feed, "--json"], ["evaluate", "log"], ["sell"]))  # fmt: skip
    assert (done.returncode, failed.returncode, wrong.returncode) == (0, 1, 2)
    assert json.loads(done.stdout)["read"] == 1
    assert failed.stderr.startswith("Error: There is no log at ")
    assert failed.stderr.count("\n") == 1


def test_search_prints_the_promised_object(shop):
    photo = shop.folder / "photos" / "bal-001.jpg"
    shown = shop.json("search", photo, "--category", "balls", "--threshold", "0.2", "--top", "7")
    assert list(shown) == ["category", "candidates", "scope", "threshold", "matches"]
    assert [set(candidate) for candidate in (shown["category"], *shown["candidates"])] == [{"name", "probability"}] * 4
    assert shown["category"] == shown["candidates"][0]
    assert {candidate["name"] for candidate in shown["candidates"]} == set(CATEGORIES)
    assert sum(candidate["probability"] for candidate in shown["candidates"]) == pytest.approx(1, abs=1e-4)
    assert (shown["scope"], shown["threshold"]) == (["Balls"], 0.2)
    for match in shown["matches"]:
        assert set(match) == {
            "product_id", "source", "id", "title", "price", "currency", "brand", "category", "similarity", "likeness",
            "url", "photo", "from_price", "in_stock", "sizes", "colours",
        }  # fmt: skip
        assert (match["source"], match["category"]) == ("shop", "Balls")
        assert match["price"] is None or str(Decimal(match["price"])) == match["price"]
        assert Path(match["photo"]).is_absolute()
        assert Path(match["photo"]).is_file()
    similarities = [match["similarity"] for match in shown["matches"]]
    assert similarities == sorted(similarities, reverse=True)
    assert all(similarity >= 0.2 for similarity in similarities)
    assert len({match["product_id"] for match in shown["matches"]}) == len(similarities) <= 7
    first = shown["matches"][0]
    assert (first["id"], first["title"], first["price"]) == ("bal-001", 'The "quoted" one', "1.50")
    assert first["similarity"] == pytest.approx(1, abs=1e-5)


def test_search_in_words_names_products_and_says_when_none_is_similar(shop):
    photo = shop.folder / "photos" / "bal-000.jpg"
    shown = shop.imgrec("search", photo, "--category", "Balls").stdout
    assert "Fish & Chips <b>bold</b>" in shown
    assert "shop/bal-000" in shown
    far = shop.folder / "photos" / "ten-001.jpg"
    assert (
        "No product is similar enough" in shop.imgrec("search", far, "--category", "Boxes", "--threshold", "1").stdout
    )
    nothing = shop.imgrec("search", far, "--brand", "Nobody").stdout
    assert "No product there passes. Ask for less:" in nothing
    assert "alike" not in nothing  # an empty table tells nothing


def test_search_leaves_out_what_costs_more_or_has_another_brand_or_no_price(shop):
    photo = shop.folder / "photos" / "bal-001.jpg"
    everything = ("search", photo, "--category", "Balls", "--threshold", "-1", "--top", "32")
    assert None in [match["price"] for match in shop.json(*everything)["matches"]]
    cheap = shop.json(*everything, "--most-price", "3.5", "--least-price", "1.50")["matches"]
    assert sorted(match["price"] for match in cheap) == ["1.50", "2.50", "3.50"]
    branded = shop.json(*everything, "--most-price", "9", "--brand", "acme & sons")["matches"]
    assert sorted(match["price"] for match in branded) == ["0.50", "3.50", "6.50"]


def test_a_price_or_similarity_that_is_none_is_refused_in_words(imgrec, tmp_path):
    for price in ("cheap", "-1", "nan", "inf", "1,50"):
        refused = imgrec("search", tmp_path / "x.jpg", "--most-price", price)
        assert refused.exit_code == 2
        assert f"'{price}' is no price; write it like 19.99." in refused.stderr
    for threshold in ("87%", "nan", "1.5", "similar"):
        refused = imgrec("search", tmp_path / "x.jpg", "--threshold", threshold)
        assert refused.exit_code == 2
        assert f"'{threshold}' is no cosine similarity; write a number from -1 to 1" in refused.stderr


def test_search_writes_a_page_that_holds_all_its_pictures_and_shows_titles_as_text(shop, tmp_path):
    page = tmp_path / "pages" / "answer.html"
    photo = shop.folder / "photos" / "bal-000.jpg"
    done = shop.imgrec("search", photo, "--category", "Balls", "--top", "3", "--threshold", "-1", "--html", page)
    assert f"Written: {page}" in done.stderr
    assert "shop/bal-000" in done.stdout
    written = page.read_text(encoding="utf-8")
    assert written.startswith("<!doctype html>")
    assert written.count("<img ") == written.count('src="data:image/jpeg;base64,') == 4
    assert "Fish &amp; Chips &lt;b&gt;bold&lt;/b&gt;" in written
    assert "Searched: Balls" in written
    shop.imgrec("search", photo, "--words", "red <i>", "--html", page)
    assert "Understood: red (colour)." in page.read_text(encoding="utf-8")


def test_an_unknown_category_is_refused_with_the_nearest(shop):
    failed = shop.imgrec("search", shop.folder / "photos" / "bal-000.jpg", "--category", "Ballz", ok=False)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "Error: There is no category 'Ballz'. Nearest: Balls.\n"


def test_an_index_that_is_up_to_date_says_so_in_its_object(own_shop):
    shown = own_shop.json("index")
    photos = len(CATEGORIES) * PRODUCTS_A_CATEGORY
    assert (shown["photos"], shown["computed"], shown["changed"]) == (photos, 0, False)


def test_the_index_says_on_one_screen_what_the_shop_is_and_what_is_to_be_expected(own_shop):
    done = own_shop.imgrec("index")
    rows = dict(re.findall(r"^([a-z ]+?)  +(.+?) *$", done.stdout, re.MULTILINE))
    assert re.match(r"Index generation-\d{6}", done.stdout)
    assert rows["photos"] == "96, up to date"
    assert rows["looked at by"].startswith("tiny (")
    assert rows["categories"] == "3: Tents & Co 32, Boxes 32, Balls 32"
    recognised, _, by_telephone = rows["recognised"].partition(" of the shop's photos, ")
    assert by_telephone.endswith(" as telephones take them")
    assert f", {recognised} expected to be recognised" in own_shop.imgrec("status").stdout
    assert re.match(r"what is \d+% alike or more \(similarity ", rows["shows"])
    assert "Next: imgrec search PHOTO" in done.stderr


def test_the_screen_of_a_small_shop_says_that_it_is_small_and_calls_only_what_is_weak_weak():
    expected = Expected(photos=9, families=9, weakest=(("Boxes", 0.5), ("Balls", 1.0)))
    knowledge = Knowledge(
        labels=("Balls", "Boxes"), head="fitted", temperature=1, scoping="all", threshold=0,
        threshold_rule=NOTHING_TO_GO_BY, likeness=Likeness.unknown(), expected=expected,
    )  # fmt: skip
    words = dict(figures_in_words(knowledge))
    assert words[""].endswith("; weakest: Boxes 50%")
    assert words["shows"] == "whatever has a similarity of 0.000 or more, for there are too few photos to go by"


def test_features_are_kept_so_that_nothing_is_left_to_look_at(own_shop):
    assert own_shop.json("features") == {"computed": 0, "unreadable": 0}
    assert own_shop.json("features", "--prune")["photos"] == 0


def test_the_models_are_listed_with_the_one_in_use(shop):
    [tiny] = shop.json("models")["models"]
    assert tiny["name"] == "tiny"
    assert shop.json("models", "list") == {"models": [tiny]}
    assert "in use" in shop.imgrec("models").stdout


def test_the_figures_of_the_search_are_an_object_too(own_shop):
    queries = own_shop.folder / "queries.csv"
    queries.write_text("photo,category,kind,product_id\nphotos/bal-001.jpg,Balls,blue,bal-001\n")
    figures = own_shop.json("evaluate", "search", "--queries", queries)
    assert (figures["queries"], figures["unreadable"], figures["category_accuracy"]["count"]) == (1, 0, 1)
    assert set(figures["kind_in_first"]) == {"1", "3", "10"}


def test_the_catalogues_own_photos_can_be_the_queries(imgrec, shop):
    figures = json.loads(
        imgrec("evaluate", "search", "--split", "test", "--json", IMGREC_CONFIG=str(shop.config)).stdout
    )
    assert set(figures["kind_in_first"]) == {"1", "3", "10"}
    assert figures["product_first"] is None
    assert figures["queries"] == figures["retrieval"]["judged"] > 0
    assert [way["scoping"] for way in figures["retrieval"]["ways"]] == ["hard", "soft", "true category"]
    shown = imgrec("evaluate", "search", "--split", "validation", IMGREC_CONFIG=str(shop.config))
    assert "soft scoping less hard scoping" in shown.stdout


def test_a_models_figures_are_an_object_a_page_and_a_table(imgrec, shop, tmp_path, monkeypatch):
    page, config = tmp_path / "pages" / "tiny.html", str(shop.config)
    figures = json.loads(imgrec("evaluate", "model", "--html", page, "--json", IMGREC_CONFIG=config).stdout)
    assert figures["models"][0]["name"] == "tiny"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    monkeypatch.setattr(Eye, "look", None)  # the first run kept what the model saw
    shown = imgrec("evaluate", "model", "tiny", "--split", "validation", IMGREC_CONFIG=config)
    assert "train-test gap" in shown.stdout, shown.output


async def test_the_figures_of_the_log_are_an_object_too(imgrec, tmp_path):
    log = await LogWriter.open(tmp_path / "log.db")
    await log.record(
        QueryRecord(
            id=1, asked_utc="2026-01-01T00:00:00.000Z", kind=KindOfQuery.PHOTO, outcome=Outcome.NOTHING_SIMILAR,
            times=LoggedTimes(total_ms=12),
        ), 1, 1,
    )  # fmt: skip
    await log.close()
    figures = json.loads(imgrec("evaluate", "log", "--json").stdout)
    assert (figures["queries"], figures["empty"], figures["latency_ms"]["p50"]) == (1, 1, 12)
    shown = imgrec("evaluate", "log").stdout
    assert "nothing_similar" in shown
    assert "likeness" not in shown


async def test_likeness_is_held_against_the_votes_there_are(imgrec, tmp_path):
    log = await LogWriter.open(tmp_path / "log.db")
    answer = LoggedAnswer(
        predicted_category=None, probability=None, category=None, category_source=None, scope=(), threshold=0.5,
        likeness=0.7, threshold_source="auto", model="m", index_generation="g", best_similarity=0.9,
        matches=tuple(LoggedMatch(product_id=id_, similarity=0.9, likeness=0.9) for id_ in range(25)),
    )  # fmt: skip
    asked = {"id": 1, "asked_utc": "2026-01-01T00:00:00.000Z", "kind": KindOfQuery.PHOTO, "outcome": Outcome.ANSWERED}
    await log.record(QueryRecord(**asked, answer=answer), 1, 1)
    for rank in range(1, 26):
        await log.vote(1, rank, 1, rank % 2, 1 if rank <= 10 else -1)
    await log.close()
    shown = " ".join(imgrec("evaluate", "log").stdout.split())
    assert "25 votes on single products, of 2 shoppers" in shown
    assert "said 90.0%, liked 40.0% (10 of 25; 95 % interval" in shown
    assert "less than said Who votes on a product has chosen to open it" in shown


def test_no_command_takes_an_option_it_does_not_explain():
    for path, command in every_command().items():
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, f"{' '.join(path)} {option.name}"
