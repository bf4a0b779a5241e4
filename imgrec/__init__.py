"""An image-based product recommender: recognise a product photo, find products that look like it.

The rooms follow the data: `catalogue` (feeds in), `vision` (photo to features), `training` (a model from a
catalogue), `search` (features on disk, similar products out), `log` (queries and votes), `evaluation` (figures).
"""

__version__ = "0.1.0"
