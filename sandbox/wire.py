"""What goes over the wire, both ways: JSON objects."""

from typing import Any

Json = dict[str, Any]
