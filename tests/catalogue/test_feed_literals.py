"""Python literals read without evaluating them: the values of `ast.literal_eval`, and no harm from hostile lines."""

import ast
import json
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.catalogue.formats.python_literals import read_literal

TEXT = st.text(alphabet="ab'\"\\n\n\t\r\0 ué€🎈\u2028{}[],:None", max_size=12)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, database=None)
@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_what_repr_writes_is_read_back_as_it_was(record: dict[str, object]) -> None:
    line = repr(record)
    assert read_literal(line) == ast.literal_eval(line) == record


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(alphabet="'\"\\{}[]:,uxN0123456789 aTrue", max_size=24))
def test_what_is_accepted_means_what_python_says_or_is_json(line: str) -> None:
    try:
        value = read_literal(line)
    except ValueError:
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # of backslashes that begin no escape
            assert value == ast.literal_eval(line.strip(" "))
    except (SyntaxError, ValueError):
        assert repr(value) == repr(json.loads(line))  # `true`, `NaN` and the like


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (r"{'a': 'it\'s \"so\"', 'b': " + '"it\'s"}', {"a": 'it\'s "so"', "b": "it's"}),
        (r"{u'a': u'caf\xe9', 'b': 'caf\xc3\xa9'}", {"a": "café", "b": "cafÃ©"}),
        (r"{'a': '\u20ac\U0001f388\101\0\n\t\\n'}", {"a": "€🎈A\0\n\t\\n"}),
        ("{'a': None, 'b': [True, False], 'None': 'True'}", {"a": None, "b": [True, False], "None": "True"}),
        ("{'a': {}, 'b': [], 'c': ''}", {"a": {}, "b": [], "c": ""}),
    ],
)
def test_quotes_escapes_and_names_are_told_apart(line, value):
    assert read_literal(line) == value
    assert ast.literal_eval(line) == value


@pytest.mark.parametrize(
    "line",
    ["{'a': __import__('os').system('true')}", "{'a': open}", "{'a': 'b", "{'a': \"b}", "{'a': 'b' 'c'}", "{'a': (1,)}",
     "{'a': b'x'}", r"{'a': '\N{BULLET}'}", r"{'a': '\x4'}", "{'a' 'b'}", "", "'" + r"\'" * 100_000, "'" * 100_001,
     '"' * 100_001, "{'a': " + "-" * 100_000 + "1}", "{'a': ['x', " + "'y', " * 100_000],
)  # fmt: skip
def test_code_and_broken_lines_are_errors(line):
    with pytest.raises(ValueError, match=r"."):
        read_literal(line)


@pytest.mark.parametrize("line", ["[" * 200_000, "{'a': " * 200_000, "{'a': [" + "[" * 100_000 + "]" * 100_000 + "]}"])
def test_nesting_without_end_is_an_error_and_not_a_crash(line):
    with pytest.raises((ValueError, RecursionError)):
        read_literal(line)
