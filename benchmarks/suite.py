"""Every claim of speed in one run: each script at a size for two cores, and one table of all ratios.

Into a folder go what each script printed, its figures as JSON, and `summary.md`. A script that fails is named at the
end, and the others still run. With everything installed (`make bench`) it takes some ten minutes on two cores, and 4.2
GB of memory.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measuring import Help, a_feed, machine, named

HERE = Path(__file__).resolve().parent
CLAIMS: dict[str, list[str]] = {
    "floor": [],
    "search": ["--queries", "20", "--checked", "200"],
    "recognise": ["--runs", "10"],
    "one_photo": ["--runs", "20"],
    "decoding": ["--rounds", "15"],
    "features": ["FEED", "--photos", "200", "--workers", "2", "--runs", "2"],
    "indexing": ["FEED", "--photos", "1536"],
    "answering": ["FEED", "--products", "300", "--seconds", "8"],
    "start": ["FEED", "--products", "300", "--runs", "5"],
    "feeds": ["--lines", "10000", "100000", "--readers"],
    "photos": ["--photos", "300"],
    "growth": ["--photos", "1000", "5000", "--queries", "10"],
}
"""By script: what it is given. FEED is the feed that the suite was given."""

FLOORS = {
    "search": ("search, 128 bytes", "first 10"),
    "recognise": ("network, bfloat16, one photo", "one photo"),
    "recognise, a batch": ("network, bfloat16, a batch of 16", "a batch of 16"),
}
"""What is measured, the floor that belongs to it, and where it is: rows and tables by how they begin."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument("--out", type=Path, default=Path("data/bench"), help="the folder that is written to")
    parser.add_argument("--feed", type=Path, default=a_feed(), help="a CSV feed with photos beside it")
    parser.add_argument("--vectors", type=Path, help="vectors.npy of a real index, for search.py")
    parser.add_argument("--only", nargs="+", choices=CLAIMS, default=list(CLAIMS), help="scripts to run")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in options.only:
        given = [str(options.feed.resolve()) if one == "FEED" else one for one in CLAIMS[name]]
        given += ["--vectors", str(options.vectors)] if name == "search" and options.vectors else []
        if not run(name, given, options.out):
            failed.append(name)
    found = {name: read(options.out / f"{name}.json") for name in CLAIMS if (options.out / f"{name}.json").is_file()}
    summary = "\n".join([*ratios(found), "", *floors(found)]).strip()
    (options.out / "summary.md").write_text(f"{named(machine())}\n\n{summary}\n", encoding="utf-8")
    print(f"\n{summary}\n\nAll figures: {options.out}")
    if failed:
        sys.exit(f"These failed, and what they had to say is above: {', '.join(failed)}")


def run(name: str, given: Sequence[str], out: Path) -> bool:
    """Run a script, and show and keep what it prints."""
    print(f"\n== {name} {' '.join(given)}", flush=True)
    began = time.perf_counter()
    json_file = out / f"{name}.json"
    json_file.unlink(missing_ok=True)  # an older run's figures are not this one's
    command = [sys.executable, str(HERE / f"{name}.py"), *given, "--json", str(json_file)]
    with (
        (out / f"{name}.txt").open("w", encoding="utf-8") as kept,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,  # noqa: S603
    ):
        for line in process.stdout or ():
            print(line, end="", flush=True)
            kept.write(line)
    print(f"({time.perf_counter() - began:.0f} s)", flush=True)
    return process.returncode == 0 and json_file.is_file()


def read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def ratios(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each table of times that has peers, as Markdown."""
    lines = ["| | ours, median | how many times as long the others take |", "|---|---|---|"]
    for name, content in found.items():
        for table in content["tables"]:
            if not table.get("beside"):
                continue
            rows, beside = table["rows"], table["beside"]
            ours = f"{beside}: {rows[beside]['median']:.4g} {table['unit']}"
            others = "; ".join(f"{other} {row['times']:.3g}x" for other, row in rows.items() if other != beside)
            lines.append(f"| {name}: {table['title']} | {ours} | {others} |")
    return lines


def floors(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How many times as long as the least that it could take on this machine; nothing where the floor was not run."""
    if "floor" not in found:
        return []
    least = found["floor"]["tables"][-1]["rows"]
    lines = ["| | the floor | ours, median | times the floor | in processor time |", "|---|---|---|---|---|"]
    for name, (floor, title) in FLOORS.items():
        tables = found.get(name.partition(",")[0], {}).get("tables", [])
        lowest = next((row for key, row in least.items() if key.startswith(floor)), None)
        ours = next((table["rows"][table["beside"]] for table in tables if table["title"].startswith(title)), None)
        if lowest and ours:
            busy = f"{lowest['processor ms']:.3g} and {ours['processor']:.3g} ms: "
            busy += f"{ours['processor'] / lowest['processor ms']:.2g}x"
            times = f"{ours['median'] / lowest['ms']:.2g}x"
            lines.append(f"| {name} | {lowest['ms']:.3g} ms | {ours['median']:.3g} ms | {times} | {busy} |")
    return lines


if __name__ == "__main__":
    main()
