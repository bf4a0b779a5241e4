"""An image-based product recommender: recognise a product photo, find products that look like it.

The rooms follow the data: `catalogue` (feeds in), `vision` (photo to features), `training` (a model from a
catalogue), `search` (features on disk, similar products out), `log` (queries and votes), `evaluation` (figures).
"""

import os

# After every larger product OpenBLAS keeps threads spinning for 2 ** 28 cycles, on processors that are needed by what
# comes next. It reads this when numpy loads it.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

__version__ = "0.1.0"
