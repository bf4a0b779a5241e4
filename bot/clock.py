"""The time the bot goes by: it begins with the system's clock, and does not jump with it afterwards."""

import time

DAY_S = 24 * 3600
_BEGAN_S = time.time() - time.monotonic()


def now_s() -> float:
    """Seconds since 1970."""
    return _BEGAN_S + time.monotonic()
