r"""Lines holding a Python dictionary as `repr` writes it, read without evaluating anything.

The strings of a line are turned into JSON's, and the JSON decoder does the rest: several times as fast as
`ast.literal_eval`, and neither nesting nor length can exhaust the stack. What JSON has no counterpart for (tuples,
sets, bytes, hexadecimal numbers, strings side by side) is an error, and does not occur in what `repr` made of JSON.
"""

import json
import re
from json.encoder import encode_basestring

_SIMPLE = r"""'[^'"\\]*+'"""  # no escapes, no quotes of the other kind
_ANY = r"""(?:'[^'\\]*+(?:\\.[^'\\]*+)*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+")"""
_STRINGS = re.compile(rf"""(?:{_SIMPLE}[^'"\\uU]*+)++|[uU]?{_ANY}|['"]""", re.DOTALL)
_STRINGS_AND_NAMES = re.compile(rf"""{_ANY}|['"]|\b(?:None|True|False)\b""", re.DOTALL)
_MARKED = re.compile(r"\b[uU]'")  # a string as Python 2 wrote those of Unicode
_JSON_NAMES = {"None": "null", "True": "true", "False": "false"}
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {
    "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\n": "",
}  # fmt: skip
_decode = json.JSONDecoder(strict=False).decode


def read_literal(line: str) -> object:
    """The value a line holds. Raises ValueError (or RecursionError) when it is none that JSON could hold."""
    is_simple = '"' not in line and "\\" not in line
    text = line.replace("'", '"') if is_simple else _STRINGS.sub(_as_json, line)
    try:
        return _decode(text)
    except ValueError:
        if not any(name in line for name in _JSON_NAMES) and not (is_simple and _MARKED.search(line)):
            raise
    named = _STRINGS_AND_NAMES.sub(lambda found: _JSON_NAMES.get(found[0], found[0]), line)
    return _decode(_STRINGS.sub(_as_json, named))


def _as_json(found: re.Match[str]) -> str:
    """A run of simple strings with what stands between them, or any one string, or a quote that nothing closes."""
    strings = found[0]
    if len(strings) == 1:
        raise ValueError("a quote is never closed")
    if strings[0] == "'" and '"' not in strings and "\\" not in strings:
        return strings.replace("'", '"')
    content = strings[2:-1] if strings[0] in "uU" else strings[1:-1]
    return encode_basestring(_ESCAPE.sub(_unescaped, content) if "\\" in content else content)


def _unescaped(found: re.Match[str]) -> str:
    escape = found[0][1:]
    if escape in _ESCAPED:
        return _ESCAPED[escape]
    if escape[0] in "01234567":
        return chr(int(escape, 8))
    if escape[0] in "xuU" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape in "xuUN":
        raise ValueError(f"\\{escape} is not an escape that repr writes")
    return found[0]  # Python, too, keeps the backslash of what is no escape
