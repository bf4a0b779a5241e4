"""Finds the bot's texts for Babel, which itself sees none within f-strings before Python 3.12."""

import ast
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

Found = tuple[int, str, tuple[str, ...] | str, list[str]]


def extract(file: BinaryIO, keywords: Collection[str], comments: Collection[str], options: Any) -> Iterator[Found]:
    """Line, function, message (with its plural) and notes of each text in a Python file, as Babel's extractors do."""
    calls = (node for node in ast.walk(ast.parse(file.read())) if isinstance(node, ast.Call))
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name in keywords and texts:
            yield node.lineno, name, texts[0] if len(texts) == 1 else tuple(texts[:2]), []
