"""Reports as plain objects for `--json`: dataclasses become objects, figures bring their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path

from imgrec.figures import Estimate, Share

_DECIMALS = 6


def as_json(content: object) -> object:
    """The same as objects, lists, text, numbers and null; numbers with fractions to six decimals."""
    if isinstance(content, (Share, Estimate)):
        return content.as_json()
    if is_dataclass(content):
        return {field.name: as_json(getattr(content, field.name)) for field in fields(content)}
    if isinstance(content, Mapping):
        return {str(key): as_json(value) for key, value in content.items()}
    if isinstance(content, float):
        return round(content, _DECIMALS)
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [as_json(item) for item in content]
    return str(content) if isinstance(content, Path) else content
