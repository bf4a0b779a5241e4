"""Which event loop this is, said once."""

import importlib.util
import sys


def say_it_is_asyncio() -> None:
    """Keep httpcore from looking for `sniffio` at every lock and event, which would tell it which event loop runs.

    Where that is not installed, each of some twenty looks for an answer searches all of sys.path. With nothing in its
    place the import fails at once, and httpcore takes the loop for asyncio's, which it is.
    """
    if "sniffio" not in sys.modules and importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # `import` of it now raises ImportError
