"""What is refused, and in which words: what was expected, what came, where, and what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.makers import NOON
from watchbill.errors import Place, UserError
from watchbill.ingest import parse_payload


def refused(body: bytes | str | Any, file: str = "alert.json") -> UserError:
    """The error that this body brings."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    with pytest.raises(UserError) as caught:
        parse_payload(body.encode() if isinstance(body, str) else body, NOON, file=file)
    assert caught.value.rule == "bad-payload"
    assert caught.value.help
    assert caught.value.__cause__ is None
    return caught.value


def at_place(error: UserError) -> str:
    """The message with its place, as a reader sees it."""
    return f"{error.place}: {error.message}"


# --- text that is not JSON ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "alert.json:1:1: expected JSON, got nothing"),
        (" \n\n", "alert.json:3:1: expected JSON, got nothing"),
        ('[{"labels": {"alertname": "A"', "alert.json:1:30: expected JSON, got a text that breaks off"),
        ('{\n  "alerts": [\n    {"labels": {"a', "alert.json:3:19: expected JSON, got a text that breaks off"),
        ('{\n  "labels": {"a": "b"},\n}', "alert.json:3:1: expected JSON, got `}` (trailing comma in object)"),
        ('{"ä": 1}\n[', "alert.json:2:1: expected the end, got `[`"),
        ('{"ääää" 1}', "alert.json:1:9: expected JSON, got `1` (expected ':')"),
        ('{"labels": {"a": "b"}}\n\n{"labels": {"a": "c"}}', 'alert.json:3:1: expected the end, got `{"labels": {"a": "c"}}`'),
        ("<html>504 Gateway Time-out</html>", "alert.json:1:1: expected JSON, got `<` (invalid character)"),
        ('{"labels": {"a": NaN}}', "alert.json:1:18: expected JSON, got `N` (invalid character)"),
        ('{"x": -Infinity, "labels": {"a": "b"}}', "alert.json:1:8: expected JSON, got `I` (invalid character)"),
        ('{"labels": {"a": "\x01"}}', "alert.json:1:19: expected JSON, got something else (invalid character)"),
        ('{"labels": {"a": "\x00"}}', "alert.json:1:19: expected JSON, got something else (invalid character)"),
        ('[{"labels": {"a": "\\ud800"}}]', "alert.json:1:20: expected Unicode, got half of a surrogate pair, `\\ud800`"),
        ('[{"labels": {"a": "\\\\\\ud83d\\ude00\\udc00x"}}]', "alert.json:1:34: expected Unicode, got half of a surrogate pair, `\\udc00`"),
        (b'\n{"labels": {"a": "\xff"}}', "alert.json:2:19: expected text in UTF-8, got the byte 0xFF"),
        (b'{"ignored": "\xe2\x82", "labels": {"a": "b"}}', "alert.json:1:14: expected text in UTF-8, got the byte 0xE2"),
        ('{"labels": {}}'.encode("utf-16"), "alert.json:1:1: expected text in UTF-8, got the byte 0xFF"),
    ],
)
def test_text_that_is_not_json_has_a_line_and_a_column(body, expected):
    """
    What cannot be read at all is shown at its line and column, in characters as an editor counts them.
    """
    assert at_place(refused(body)) == expected


@pytest.mark.parametrize("opening", ["[", '{"x":', '[{"labels":', '{"labels":{"a":"b"},"x":['])
def test_nesting_without_an_end_is_refused(opening):
    """
    A hundred thousand brackets are refused, wherever they begin, and nothing overflows.
    """
    assert refused(opening * 100_000).message == "expected an alert, got lists or objects nested far too deep"


def test_a_body_that_is_too_large_is_refused_by_its_size():
    """
    Fifty megabytes are refused before anybody looks into them.
    """
    assert refused(b"[" + b" " * 50_000_000 + b"]").message == "expected at most 16 MiB, got more"


# --- JSON of another shape ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (7, "expected an object or a list of alerts, got a number"),
        ("null", "expected an object or a list of alerts, got null"),
        ("true", "expected an object or a list of alerts, got true"),
        ('"firing"', "expected an object or a list of alerts, got text"),
        ({}, "expected an object with `alerts` or `labels`, got one without them"),
        ({"alertname": "A", "severity": "critical"}, "expected an object with `alerts` or `labels`, got one without them"),
        ({"alerts": None}, "expected a list of alerts, got null at `alerts`"),
        ({"alerts": {"labels": {"a": "b"}}}, "expected a list of alerts, got an object at `alerts`"),
        ({"alerts": [None]}, "expected an alert, which is an object, got null at `alerts[0]`"),
        ([[{"labels": {"a": "b"}}]], "expected an alert, which is an object, got a list at `[0]`"),
        ([{"labels": {"a": "b"}}, "x"], "expected an alert, which is an object, got text at `[1]`"),
        ({"alerts": [], "truncatedAlerts": -1}, "expected a whole number from 0 to 1000000000, got -1 at `truncatedAlerts`"),
        ({"alerts": [], "truncatedAlerts": 1.0}, "expected a whole number from 0 to 1000000000, got a number at `truncatedAlerts`"),
        ({"alerts": [], "truncatedAlerts": True}, "expected a whole number from 0 to 1000000000, got true at `truncatedAlerts`"),
        ({"labels": {"a": "b"}, "truncatedAlerts": "1"}, "expected a whole number from 0 to 1000000000, got text at `truncatedAlerts`"),
        ({"alerts": [], "status": "odd"}, "expected `firing` or `resolved`, got `odd` at `status`"),
    ],
)
def test_json_of_another_shape_is_told_from_an_alert(body, expected):
    """
    What is JSON and no alert is named for what it is, with the path to it.
    """
    error = refused(body)

    assert error.message == expected
    assert error.place == Place("alert.json")


ONE = {"labels": {"alertname": "A"}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, "expected at least one label with a value, got no `labels` at `alerts[3]`"),
        ({"labels": {}}, "expected at least one label with a value, got none at `alerts[3].labels`"),
        ({"labels": {"a": ""}}, "expected at least one label with a value, got empty ones only at `alerts[3].labels`"),
        ({"labels": ["a", "b"]}, "expected an object of labels, got a list at `alerts[3].labels`"),
        ({"labels": {"severity": 1}}, "expected text, got a number at `alerts[3].labels.severity`"),
        ({"labels": {"a": "b", "http.code": None}}, 'expected text, got null at `alerts[3].labels["http.code"]`'),
        ({"labels": {"a": True}}, "expected text, got true at `alerts[3].labels.a`"),
        ({"labels": {"a": {"b": "c"}}}, "expected text, got an object at `alerts[3].labels.a`"),
        ({"labels": {"": "x"}}, "expected a name, got an empty one at `alerts[3].labels`"),
        ({"labels": {"a\tb": "x"}}, 'expected a name without control characters, got "a\\tb" at `alerts[3].labels`'),
        ({"labels": {"a\x85": "x"}}, 'expected a name without control characters, got "a\\u0085" at `alerts[3].labels`'),
        ({"labels": {"a": "b\0c"}}, "expected text without NUL, got a NUL at `alerts[3].labels.a`"),
        ({**ONE, "annotations": {"a": "\0"}}, "expected text without NUL, got a NUL at `alerts[3].annotations.a`"),
        ({**ONE, "annotations": {"a\0": "x"}}, 'expected a name without control characters, got "a\\u0000" at `alerts[3].annotations`'),
        ({**ONE, "annotations": "text"}, "expected an object of annotations, got text at `alerts[3].annotations`"),
        ({**ONE, "annotations": {"value": 5.2}}, "expected text, got a number at `alerts[3].annotations.value`"),
        ({**ONE, "generatorURL": 5}, "expected text, got a number at `alerts[3].generatorURL`"),
        ({**ONE, "generatorURL": "\0"}, "expected text without NUL, got a NUL at `alerts[3].generatorURL`"),
        ({**ONE, "status": "pending"}, "expected `firing` or `resolved`, got `pending` at `alerts[3].status`"),
        ({**ONE, "status": 1}, "expected `firing` or `resolved`, got a number at `alerts[3].status`"),
        ({**ONE, "startsAt": 1790000000}, "expected a time, got a number at `alerts[3].startsAt`"),
        ({**ONE, "startsAt": "yesterday"}, "expected a time with its offset, got `yesterday` at `alerts[3].startsAt`"),
        ({**ONE, "startsAt": ""}, "expected a time with its offset, got `` at `alerts[3].startsAt`"),
        (
            {**ONE, "endsAt": "2026-11-23T12:00:00"},
            "expected a time with its offset, got `2026-11-23T12:00:00` at `alerts[3].endsAt`",
        ),
        ({**ONE, "endsAt": "2026-02-30T12:00:00Z"}, "expected a time with its offset, got `2026-02-30T12:00:00Z` at `alerts[3].endsAt`"),
        ({**ONE, "startsAt": "1969-12-31T23:59:59Z"}, "expected a year from 1970 to 2200, got 1969 at `alerts[3].startsAt`"),
        ({**ONE, "endsAt": "2201-01-01T00:00:00Z"}, "expected a year from 1970 to 2200, got 2201 at `alerts[3].endsAt`"),
        ({**ONE, "endsAt": "9999-12-31T23:59:59-05:00"}, "expected a year from 1970 to 2200, got 9999 at `alerts[3].endsAt`"),
        ({**ONE, "endsAt": "0001-01-01T00:00:00+05:00"}, "expected a year from 1970 to 2200, got 1 at `alerts[3].endsAt`"),
    ],
)
def test_a_field_that_is_not_as_it_should_be_is_named_with_its_path(entry, expected):
    """
    One bad field refuses the payload, and the message leads to it through index and name.
    """
    assert refused({"alerts": [ONE, ONE, ONE, entry]}).message == expected


def test_paths_follow_the_shape():
    """
    In a list the path begins with the index, in a bare alert with the field.
    """
    bad = {"labels": {"severity": 1}}

    assert refused([ONE, bad]).message == "expected text, got a number at `[1].labels.severity`"
    assert refused(bad).message == "expected text, got a number at `labels.severity`"


def test_a_name_that_stands_twice_is_refused_where_the_first_is_bad():
    """
    A second value does not hide a first one that cannot be used.
    """
    assert refused('{"labels": {"a": 1, "a": "b"}}').message == "expected every name of an object once, got `a` twice"


# --- too much -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([ONE] * 10_001, "expected at most 10000 alerts, got 10001"),
        ({"alerts": [ONE] * 10_001}, "expected at most 10000 alerts, got 10001 at `alerts`"),
        ([{"labels": {f"l{n}": "x" for n in range(129)}}], "expected at most 128 labels, got 129 at `[0].labels`"),
        ([{**ONE, "annotations": {f"l{n}": "x" for n in range(129)}}], "expected at most 128 annotations, got 129 at `[0].annotations`"),
        ([{"labels": {"log": "x" * 1_000_000}}], "expected at most 65536 characters, got 1000000 at `[0].labels.log`"),
        ([{**ONE, "annotations": {"log": "x" * 65_537}}], "expected at most 65536 characters, got 65537 at `[0].annotations.log`"),
        ([{**ONE, "generatorURL": "x" * 65_537}], "expected at most 65536 characters, got 65537 at `[0].generatorURL`"),
        ([{"labels": {"n" * 1_025: "x"}}], "expected a name of at most 1024 characters, got 1025 at `[0].labels`"),
    ],
)
def test_too_much_is_refused_by_its_measure_not_its_content(body, expected):
    """
    What is too long or too many is told by number and place; none of its content is repeated.
    """
    assert refused(body).message == expected


def test_long_names_and_values_are_cut_in_messages():
    """
    A message stays readable whatever the sender called things.
    """
    error = refused([{"labels": {"n" * 1_000: 1}}, {**ONE, "startsAt": "x" * 1_000}])

    assert error.message == f"expected text, got a number at `[0].labels.{'n' * 39}…`"


def test_an_integer_of_thousands_of_digits_is_just_a_number():
    """
    An integer that is too large to count with is refused where text or a count is expected, in the same words.
    """
    huge = "9" * 5_000

    assert refused(f'[{{"labels": {{"a": {huge}}}}}]').message == "expected text, got a number at `[0].labels.a`"
    assert refused(f'{{"alerts": [], "truncatedAlerts": {huge}}}').message.startswith("expected a whole number from 0 to 1000000000")


def test_the_error_reads_as_all_errors_do():
    """
    Place, message and rule are one line, and the next thing to do another.
    """
    assert str(refused([{"labels": {"severity": 1}}])) == (
        "alert.json: expected text, got a number at `[0].labels.severity` [bad-payload]\n"
        "  help: names and values of labels and annotations are text; write numbers and booleans in quotes"
    )
