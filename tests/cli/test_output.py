"""What is written to a terminal or a file does not act on it, whoever wrote the words."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from watchbill.cli.output import harmless, write


def test_what_acts_on_a_terminal_is_written_out():
    """
    Cursor movements, bells and what turns the direction of writing round are shown and do nothing; colours, lines and tabs stay.
    """
    text = "\x1b[1mred\x1b[0m\tone\r\ntwo\r\x1b[2Jgone\x07 \u202eevil\u2066\x9b31m"

    assert harmless(text) == "\x1b[1mred\x1b[0m\tone\r\ntwo\\u000d\\u001b[2Jgone\\u0007 \\u202eevil\\u2066\\u009b31m"


@given(st.dictionaries(st.text(), st.text(), max_size=4))
def test_json_means_the_same_afterwards(document: dict[str, str]):
    """
    JSON that is written this way is read as what it was.
    """
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogatepass", newline="")
    write(out, json.dumps(document, ensure_ascii=False))
    out.seek(0)

    assert json.loads(out.read()) == document
