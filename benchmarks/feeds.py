"""How fast feeds go into the catalogue, and that a long one needs no more memory than a short one.

Feeds are made up line by line, gzipped, imported by `imgrec import` in a process of its own, and removed again.
"""

import gzip
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from measuring import Process, Report, Taken, Value, options_of, run_to_its_end

TEXT = """
Classic wooden puzzle for children's rooms with 24 bright pieces and a "storage" tray made of solid beech, for small
hands from three years
"""
WORDS = TEXT.split()
DEPARTMENTS = ("Toys & Games", "Books", "Electronics", "Home & Kitchen", "Clothing, Shoes & Jewelry", "Beauty")

OURS = "imgrec's reader"
READERS = {
    "gzip alone": "for line in lines: pass",
    "ast.literal_eval": "import ast\nfor line in lines: ast.literal_eval(line.decode())",
    "json.loads": "import json\nfor line in lines: json.loads(line)",
    OURS: (
        "from pathlib import Path\nfrom imgrec.catalogue.formats.detect import detect_format\n"
        "from imgrec.catalogue.formats.feed_file import FeedFile\n"
        "with FeedFile(Path(sys.argv[1])) as feed:\n    for row in detect_format(feed).read(feed): pass"
    ),
}
READ = "import gzip, sys\nlines = gzip.open(sys.argv[1])\n"


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 1_000_000], help="lengths of the feeds")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=["amazon2014"], help="formats to import")
    parser.add_argument("--per-category", type=int, help="draw a sample, as `imgrec import --per-category` does")
    parser.add_argument("--readers", action="store_true", help="also time reading alone, beside its peers")
    parser.add_argument("--runs", type=int, default=1, help="of each import and reader")
    parser.add_argument("--folder", type=Path, help="where feed and catalogue lie meanwhile")
    options = parser.parse_args()

    with Report(__doc__, options) as report:
        imports(report, options.formats, options.lines, options.per_category, options.runs, options.folder)
        if options.readers:
            readers(report, min(options.lines), options.runs, options.folder)


def imports(
    report: Report,
    formats: Sequence[str],
    lines: Sequence[int],
    per_category: int | None,
    runs: int,
    place: Path | None,
) -> None:
    """Import feeds of each format, of each length, into a new catalogue each time."""
    taken: dict[str, Taken[Process]] = {}
    more: dict[str, dict[str, Value]] = {}
    for number in range(runs):
        for form in formats:
            for count in lines:
                name = f"{form}, {count:,} lines"
                with tempfile.TemporaryDirectory(dir=place) as folder:
                    feed = write_feed(Path(folder) / "feed.gz", FORMATS[form], count)
                    run, more[name] = imported(feed, count, per_category)
                of_form = taken.setdefault(name, Taken())
                of_form.seconds.append(run.seconds)
                of_form.busy.append(run.cpu_seconds)
                peak_mb = max(run.peak_mb, *(earlier.peak_mb for earlier in of_form.answers), 0.0)
                of_form.answers.append(run)
                more[name] |= {"lines/CPU s": count / median(of_form.busy), "peak MB": peak_mb}
                print(f"{name}: run {number + 1} of {runs} took {run.seconds:.1f} s", file=sys.stderr)
    report.times("imgrec import, in a process of its own", taken, "s", busy=True, more=more)


def readers(report: Report, count: int, runs: int, place: Path | None) -> None:
    """Read feeds and do nothing with them: processor time a thousand lines."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for name, form in (("Python literals", "amazon2014"), ("strict JSON", "strict")):
            feed = write_feed(Path(folder) / f"{form}.gz", FORMATS[form], count)
            busy: dict[str, list[float]] = {}
            for _ in range(runs):
                for reader, code in READERS.items():
                    run = run_to_its_end([sys.executable, "-c", READ + code, str(feed)], may_fail=True)
                    if run is not None:
                        busy.setdefault(reader, []).append(run.cpu_seconds)
            taken: dict[str, Taken[None]] = {reader: Taken(seconds) for reader, seconds in busy.items()}
            title = f"reading {count:,} lines alone, {name}, in processor time"
            report.times(title, taken, "s", beside=OURS, count=count, of_what="lines")


def imported(feed: Path, count: int, per_category: int | None) -> tuple[Process, dict[str, Value]]:
    """Import a feed into a new catalogue beside it, check that no line was lost, and say what it took."""
    config = feed.with_name("config.yaml")
    config.write_text("{}")
    sample = ["--per-category", str(per_category)] if per_category else []
    command = [sys.executable, "-m", "imgrec", "--config", str(config), "import", str(feed), "--json", *sample]
    run = run_to_its_end(command)
    assert run is not None
    counts = json.loads(run.output)
    assert counts["read"] >= count, counts
    assert counts["read"] == counts["imported"] + counts["unchanged"] + sum(counts["rejected"].values()), counts
    catalogue_mb = sum(file.stat().st_size for file in feed.parent.glob("data/catalogue.db*")) / 1e6
    rejected = sum(counts["rejected"].values())
    return run, {
        "imported": counts["imported"], "rejected": rejected, "feed MB": round(feed.stat().st_size / 1e6, 1),
        "catalogue MB": round(catalogue_mb, 1),
    }  # fmt: skip


def write_feed(file: Path, lines: Callable[[random.Random, int], Iterator[str]], count: int) -> Path:
    """Write a gzipped feed of `count` products."""
    with gzip.open(file, "wt", compresslevel=1, encoding="utf-8", newline="") as stream:
        stream.writelines(line + "\n" for line in lines(random.Random(0), count))  # noqa: S311
    return file


def amazon2014(rng: random.Random, count: int) -> Iterator[str]:
    """Python literals of about a kilobyte, as the real ones: apostrophes, links, now and then something missing."""
    for number in range(count):
        yield repr(record2014(rng, number))


def strict(rng: random.Random, count: int) -> Iterator[str]:
    for number in range(count):
        yield json.dumps(record2014(rng, number))


def record2014(rng: random.Random, number: int) -> dict[str, object]:
    department = rng.choice(DEPARTMENTS)
    record: dict[str, object] = {"asin": asin(number), "description": text(rng, 70), "title": text(rng, 9)}
    if rng.random() < 0.7:
        record["price"] = round(rng.uniform(1, 99), 2)
    if rng.random() < 0.97:
        record["imUrl"] = f"http://ecx.images-amazon.com/images/I/{asin(number)}._SY300_.jpg"
    if rng.random() < 0.5:
        record["related"] = {
            "also_bought": [asin(rng.randrange(10**7)) for _ in range(rng.randrange(60))],
            "also_viewed": [asin(rng.randrange(10**7)) for _ in range(rng.randrange(20))],
        }
    record["salesRank"] = {department: rng.randrange(1, 10**6)}
    record["categories"] = [[department, "Puzzles", "Jigsaw Puzzles"]]
    return record


def amazon2018(rng: random.Random, count: int) -> Iterator[str]:
    for number in range(count):
        address = f"https://images-na.ssl-images-amazon.com/images/I/{asin(number)}.jpg"
        record = {
            "asin": asin(number), "title": text(rng, 9), "main_cat": rng.choice(DEPARTMENTS),
            "description": [text(rng, 70)], "price": f"${rng.uniform(1, 99):.2f}", "imageURLHighRes": [address],
            "category": ["Toys & Games", "Puzzles"],
            "rank": f">#{rng.randrange(10**6):,} in Toys & Games (See Top 100)",
            "also_buy": [asin(rng.randrange(10**7)) for _ in range(rng.randrange(40))],
        }  # fmt: skip
        yield json.dumps(record)


def amazon2023(rng: random.Random, count: int) -> Iterator[str]:
    for number in range(count):
        addresses = (f"https://m.media-amazon.com/images/I/{number}{letter}.jpg" for letter in "abcd")
        images = [{"large": address, "hi_res": address, "variant": f"PT0{n}"} for n, address in enumerate(addresses)]
        record = {
            "main_category": rng.choice(DEPARTMENTS), "title": text(rng, 9), "features": [text(rng, 30)],
            "description": [text(rng, 60)], "price": rng.choice([None, 12.99, "from 5.00"]), "images": images,
            "store": "Acme", "categories": ["Toys & Games", "Puzzles"], "details": {"Brand": "Acme"},
            "parent_asin": asin(number), "bought_together": None,
        }  # fmt: skip
        yield json.dumps(record)


def google_xml(rng: random.Random, count: int) -> Iterator[str]:
    yield '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>'
    for number in range(count):
        yield (
            f"<item><g:id>{number}</g:id><title>{text(rng, 9)}</title><g:price>{number}.99 USD</g:price>"
            f"<g:description>{text(rng, 70)}</g:description><g:image_link>{photo(number)}</g:image_link>"
            "<g:google_product_category>Toys &amp; Games &gt; Puzzles</g:google_product_category></item>"
        )
    yield "</channel></rss>"


def google_tsv(rng: random.Random, count: int) -> Iterator[str]:
    yield "id\ttitle\tdescription\tprice\timage_link\tproduct_type"
    for number in range(count):
        description = text(rng, 70).replace('"', "")
        yield f"{number}\t{description[:60]}\t{description}\t{number}.99 USD\t{photo(number)}\tToys > Puzzles"


def shopify(rng: random.Random, count: int) -> Iterator[str]:
    yield "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Value,Variant Price,Image Src,Image Position,Status"
    for number in range(0, count, 2):
        description = text(rng, 70).replace('"', "")
        yield f'p{number},"{description[:60]}","{description}",Acme,Toys,TRUE,S,{number}.99,{photo(number)},1,active'
        yield f"p{number},,,,,,M,{number}.99,{photo(number)}?2,2,"


def woocommerce(rng: random.Random, count: int) -> Iterator[str]:
    yield "ID,Type,SKU,Name,Published,Description,Regular price,Categories,Images,Parent"
    for number in range(count):
        description = text(rng, 70).replace('"', "")
        row = f'{number + 1},simple,s{number},"{description[:60]}",1,"{description}",{number}.99,Toys > Puzzles'
        yield f"{row},{photo(number)},"


def text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def photo(number: int) -> str:
    return f"https://shop.example/{number}.jpg"


def asin(number: int) -> str:
    return f"B{number:09d}"


FORMATS: dict[str, Callable[[random.Random, int], Iterator[str]]] = {
    "amazon2014": amazon2014, "strict": strict, "amazon2018": amazon2018, "amazon2023": amazon2023,
    "google-tsv": google_tsv, "google-xml": google_xml, "shopify": shopify, "woocommerce": woocommerce,
}  # fmt: skip


if __name__ == "__main__":
    main()
