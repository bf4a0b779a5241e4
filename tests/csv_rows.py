"""The rows of a CSV file, to look at."""

import csv
from pathlib import Path


def read_rows(file: Path) -> list[dict[str, str]]:
    """Each row as a dict by column."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
