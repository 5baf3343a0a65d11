from __future__ import annotations

import subprocess
import sys

from watchbill.expressions.problems import ExpressionError, closest, code, listed


def test_an_error_knows_its_place() -> None:
    """
    An error without an end is about one character.
    """
    error = ExpressionError("what", "help", 3)

    assert (error.message, error.help, error.start, error.end, str(error)) == ("what", "help", 3, 4, "what")


def test_the_closest_name_is_found_whatever_its_case() -> None:
    """
    A slip is told from a name that is simply another one.
    """
    assert closest("Severty", ["service", "severity"]) == "severity"
    assert closest("xyz", ["service", "severity"]) is None
    assert closest("x", []) is None


def test_names_are_listed_as_a_sentence_has_them() -> None:
    """
    Few names are all listed, of many the first ones.
    """
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listed("abcd", limit=2) == "`a`, `b`, …"


def test_a_text_with_backticks_stands_in_two() -> None:
    """
    A text with backticks of its own can still be told from what is around it.
    """
    assert code("a") == "`a`"
    assert code("a < `1`") == "`` a < `1` ``"


def test_nothing_heavy_is_imported_with_the_languages() -> None:
    """
    Importing every language loads neither jmespath, Jinja2 nor google-re2; reading a plain or dotted template does not either.
    """
    program = (
        "import sys\n"
        "from watchbill.errors import Place\n"
        "import watchbill.expressions.conditions, watchbill.expressions.matchers\n"
        "from watchbill.expressions.context import CONTEXT\n"
        "from watchbill.expressions.templates import check_template, compile_template, parse_template\n"
        "template = parse_template('{{ alert.name }} on {{ service.name }}', Place('x'))\n"
        "check_template(template, CONTEXT); compile_template(template)({})\n"
        "sys.exit(', '.join({'jmespath', 'jinja2', 're2', 'pydantic', 'yaml'} & set(sys.modules)) or 0)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
