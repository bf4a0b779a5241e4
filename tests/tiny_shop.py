"""A shop small enough to be made in seconds, real in every part: drawn photos, a feed, the commands run on it."""

import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from imgrec import opening
from imgrec.catalogue.importing import FeedPart, ImportOptions
from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.progress import Silent

COLOURS = {"red": (200, 30, 40), "blue": (30, 60, 200), "green": (20, 150, 60), "yellow": (230, 200, 30)}
CATEGORIES = ("Balls", "Boxes", "Tents & Co")
PRODUCTS_A_CATEGORY = 32
AWKWARD_TITLES = ("Fish & Chips <b>bold</b>", 'The "quoted" one', "ünïcödé 🎈", "A long title " + "and longer " * 90)


def draw_product(category: str, colour: str, seed: int, side_px: int = 96) -> Image.Image:
    """A product photo: a shape (the category) in a colour (the kind), placed, sized and shaded by the seed."""
    rng = random.Random(f"{category} {colour} {seed}")  # noqa: S311 - test pictures
    image = Image.new("RGB", (side_px, side_px), (255 - rng.randrange(25),) * 3)
    half = side_px * rng.uniform(0.28, 0.4)
    x, y = (side_px * rng.uniform(0.45, 0.55) for _ in range(2))
    fill = tuple(min(255, max(0, channel + rng.randrange(-25, 26))) for channel in COLOURS[colour])
    draw = ImageDraw.Draw(image)
    if category == CATEGORIES[0]:
        draw.ellipse((x - half, y - half, x + half, y + half), fill=fill)
    elif category == CATEGORIES[1]:
        draw.rectangle((x - half, y - half, x + half, y + half), fill=fill)
    else:
        draw.polygon([(x, y - half), (x - half, y + half), (x + half, y + half)], fill=fill)
    return image


def jpeg(image: Image.Image, **options: Any) -> bytes:
    """An image as the bytes of a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def write_feed(folder: Path, products_a_category: int = PRODUCTS_A_CATEGORY) -> Path:
    """Draw a shop's photos below `folder` and write its CSV feed there."""
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    feed = folder / "shop.csv"
    with feed.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "title", "category", "image", "price", "currency", "brand", "url", "sales_rank", "kind"])
        for category in CATEGORIES:
            for number in range(products_a_category):
                kind = list(COLOURS)[number % len(COLOURS)]
                id_ = f"{category[:3].lower()}-{number:03d}"
                photo = folder / "photos" / f"{id_}.jpg"
                photo.write_bytes(jpeg(draw_product(category, kind, number), quality=92))
                title = AWKWARD_TITLES[number] if number < len(AWKWARD_TITLES) else f"{kind} {category} {number}"
                price = "" if number % 5 == 4 else f"{number}.50"
                url = f"https://shop.example/{id_}?a=1&b=2" if number % 2 else ""
                writer.writerow(
                    [id_, "" if number == 5 else title, category, f"photos/{photo.name}", price, "EUR" if price else "",
                     "Acme & Sons" if number % 3 == 0 else "", url, number + 1, kind]
                )  # fmt: skip
    return feed


def write_config(folder: Path, **sections: dict[str, Any]) -> Path:
    """A configuration whose every path lies below `folder`."""
    config: dict[str, dict[str, Any]] = {
        "catalogue": {"path": "catalogue.db", "photos": "catalogue-photos"},
        "model": {"path": "models"},
        "index": {"path": "index"},
        "log": {"path": "log.db"},
        "bot": {"heartbeat": "bot.heartbeat"},
    }
    for name, section in sections.items():
        config[name] = {**config.get(name, {}), **section}
    file = folder / "config.yaml"
    file.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return file


def run_command(
    *arguments: str | Path, config: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m ...` as a user would, and return its exit code and what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TELEGRAM_", "IMGREC_CONFIG"))}
    if config:
        environment["IMGREC_CONFIG"] = str(config)
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        env={**kept, **environment}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def sells_otherwise(config: Config) -> None:
    """Change the sales rank of a product: reason enough for another generation of the index."""
    with Catalogue.open(config.catalogue) as catalogue, catalogue.connection:
        catalogue.connection.execute("UPDATE products SET sales_rank = sales_rank + 1 WHERE id = 1")


@dataclass(frozen=True)
class Shop:
    """A shop on disk: its feed and photos, its configuration, and everything made from them."""

    folder: Path
    feed: Path
    config: Path

    def imgrec(self, *arguments: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run an imgrec command on this shop."""
        result = run_command("imgrec", *arguments, config=self.config)
        assert not ok or result.returncode == 0, result.stderr
        return result

    def json(self, *arguments: str | Path) -> Any:
        """Run an imgrec command with --json and return what it printed."""
        return json.loads(self.imgrec(*arguments, "--json").stdout)

    def bring_in(self, **options: Any) -> None:
        """Do what `imgrec import` does with the feed, in this process and so a second sooner."""
        part = FeedPart(self.feed, self.feed.stem, self.folder / "rejects.csv")
        opening.bring_in(load_config(self.config, {}), [part], ImportOptions(**options), Silent())

    def index(self) -> None:
        """Do what `imgrec index` does, in this process."""
        opening.build(load_config(self.config, {}), Silent())

    def index_again(self) -> None:
        """Make another generation, for which nothing has to be looked at."""
        sells_otherwise(load_config(self.config, {}))
        self.index()

    def copy_to(self, folder: Path) -> "Shop":
        """The same shop elsewhere, for a test that changes it."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Shop(folder, folder / self.feed.name, folder / self.config.name)


TRAINING = ("--recipe", str(Path(__file__).with_name("tiny_recipe.yaml")))
