"""Progress on stderr: lines now and then in a file, a bar on a terminal, and feed text shown as it is."""

import io

import pytest
from rich.console import Console

from imgrec import progress
from imgrec.progress import OnConsole, Silent


@pytest.fixture
def clock(monkeypatch):
    """A clock that each step of work moves on by six seconds."""
    times = iter(range(0, 1000, 6))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(times)))


def test_a_file_gets_a_line_every_quarter_of_a_minute(clock):
    out = io.StringIO()
    with OnConsole(Console(file=out)).stage("Importing", 1200) as advance:
        for _ in range(6):
            advance(200, "rows")
    assert out.getvalue().splitlines() == ["Importing: 600 of 1,200 rows", "Importing: 1,200 of 1,200 rows"]


def test_short_work_in_a_file_says_nothing_on_the_way():
    out = io.StringIO()
    with OnConsole(Console(file=out)).stage("Importing", None) as advance:
        advance(200, "rows")
    assert out.getvalue() == ""


def test_a_terminal_shows_how_far_it_is_and_names_are_no_markup():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, legacy_windows=False)
    with OnConsole(console).stage("Importing a[/b].csv", 4) as advance:
        advance(3, "[rows]")
        advance(1, "")
    for part in ("Importing a[/b].csv", "4/4", "[rows]"):
        assert part in out.getvalue()


def test_a_long_line_stays_one_line_as_it_is():
    out = io.StringIO()
    OnConsole(Console(file=out, width=40)).say("[bold]:shoe: " + "word " * 30)
    assert out.getvalue().splitlines() == ["[bold]:shoe: " + "word " * 30]


def test_silence_takes_the_same_calls():
    with Silent().stage("Importing", 3) as advance:
        advance(3, "rows")
    Silent().say("done")
