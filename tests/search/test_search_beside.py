"""Work done here and in threads beside: all of it once, nowhere else when it fails, and on more than one core."""

import os
import threading
import time
from collections import Counter

import pytest

from imgrec.search import beside
from imgrec.search.beside import in_parallel, threads


def test_every_piece_is_done_once():
    done: list[int] = []
    in_parallel(done.append, range(1000))
    assert Counter(done) == Counter(range(1000))
    in_parallel(done.append, [])
    assert len(done) == 1000


def test_what_fails_in_a_thread_beside_fails_here():
    here = threading.get_ident()

    def work(piece: int) -> None:
        if threading.get_ident() != here:
            raise ZeroDivisionError
        time.sleep(0.01)

    if threads() == 1:
        in_parallel(work, range(50))
    else:
        with pytest.raises(ZeroDivisionError):
            in_parallel(work, range(50))


@pytest.mark.skipif(beside._sched_getcpu() is None or threads() == 1, reason="cores cannot be told, or there is one")
def test_threads_beside_are_kept_off_the_core_of_whoever_calls():
    pieces = range(50)
    in_parallel(lambda piece: time.sleep(0.001), pieces)  # by then they are there
    cores, here, own = os.sched_getaffinity(0), threading.get_ident(), min(os.sched_getaffinity(0))
    allowed: list[set[int]] = []

    def work(piece: int) -> None:
        if threading.get_ident() != here:
            allowed.append(os.sched_getaffinity(0))
        time.sleep(0.001)

    os.sched_setaffinity(0, {own})
    try:
        in_parallel(work, pieces)
        assert not allowed, "with one core there is nobody beside"
    finally:
        os.sched_setaffinity(0, cores)
    in_parallel(work, pieces)
    assert allowed
    assert all(len(cores - of) == 1 for of in allowed)
    assert os.sched_getaffinity(0) == cores, "whoever calls may go where it likes"
