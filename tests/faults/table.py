"""The verdicts as a table, to be read on a terminal or in docs/reliability.md."""

from collections.abc import Sequence
from pathlib import Path

from stage import Outcome

from imgrec.figures import counted

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COLUMNS = ("fault", "photos", "answered", "told", "lost", "repeated", "p50 s", "p99 s", "faults", "kills", "MB")


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown, its columns aligned."""
    rows = [COLUMNS, *(_cells(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["| " + " | ".join(_aligned(row, widths)) + " |" for row in rows]
    rule = "|" + "|".join("-" * (width + 2) if not column else "-" * (width + 1) + ":" for column, width in
                          enumerate(widths)) + "|"  # fmt: skip
    return "\n".join([lines[0], rule, *lines[1:]])


def measured(outcomes: Sequence[Outcome], command: str) -> str:
    """The table with what it was made by, the window, and what was found wrong."""
    verdicts = [outcome.verdict for outcome in outcomes]
    window_s = max((verdict.window_s for verdict in verdicts), default=0.0)
    photos, kills = sum(verdict.photos for verdict in verdicts), sum(outcome.kills for outcome in outcomes)
    lines = [
        f"`{command}`: {counted(photos, 'photo')}, {counted(kills, 'kill')}.",
        "",
        table(outcomes),
        "",
        f"What was sent twice had been under way at a kill; {window_s:.2f} s before it at most."
        if window_s
        else "Nothing was sent twice because of a kill.",
    ]
    wrong = [f"- {outcome.scenario.name}: {'; '.join(outcome.verdict.problems)}"
             for outcome in outcomes if outcome.verdict.problems]  # fmt: skip
    return "\n".join([*lines, "", "Wrong:", "", *wrong] if wrong else lines)


def write_between_marks(file: Path, text: str) -> None:
    """Replace what stands between the marks of a page."""
    page = file.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _cells(outcome: Outcome) -> tuple[str, ...]:
    verdict = outcome.verdict
    counts = (verdict.photos, verdict.answered, verdict.told, verdict.lost, verdict.repeated)
    seconds = [verdict.percentile_s(share) for share in (0.5, 0.99)]
    return (
        outcome.scenario.name,
        *map(str, counts),
        *("" if one is None else f"{one:.1f}" for one in seconds),
        str(outcome.faults),
        str(outcome.kills),
        f"{outcome.most_mb:.0f}",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in
            enumerate(zip(row, widths, strict=True))]  # fmt: skip
