"""One writer at a time, and the second learns who the first is."""

import os
import subprocess
import sys

import pytest

from imgrec.errors import BusyError
from imgrec.lock import writing

HOLDER = """
import sys
from pathlib import Path
from imgrec.lock import writing
with writing(Path(sys.argv[1]), "imgrec index"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "catalogue.db"


def test_the_second_writer_learns_who_holds_the_lock_and_a_killed_holder_frees_it(path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match=rf"`imgrec index` \(process {holder.pid}, since 2.*Z\)"),
            writing(path, "x"),
        ):
            pytest.fail("the lock was held twice")
        holder.kill()
    with writing(path, "imgrec import"):
        pass


def test_the_lock_is_free_again_after_an_error_and_names_its_new_holder(path):
    with pytest.raises(ValueError, match="stop"), writing(path, "imgrec import"):
        raise ValueError("stop")
    with writing(path, "imgrec photos"):
        message = rf"`imgrec photos` \(process {os.getpid()}, "
        with pytest.raises(BusyError, match=message), writing(path, "imgrec index"):
            pytest.fail("the lock was held twice")
    assert not path.with_name(".catalogue.db.holder").exists()


def test_writers_of_different_databases_do_not_meet(path):
    with writing(path, "imgrec import"), writing(path.with_name("other.db"), "imgrec import"):
        pass
