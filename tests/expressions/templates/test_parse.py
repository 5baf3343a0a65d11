from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.expressions.makers import refusal_of
from tests.expressions.templates.makers import HERE, a_template
from watchbill.expressions.problems import ExpressionError
from watchbill.expressions.templates import compile_template, template_variables
from watchbill.expressions.templates.filters import FILTERS, TESTS
from watchbill.model.references import Template


@pytest.mark.parametrize("text", ["", "plain", "a } b }} %}", "100 % # {x}"])
def test_a_text_without_marks_is_plain(text: str) -> None:
    """
    Where there is nothing to fill in, the template says so.
    """
    assert a_template(text) == Template(text, HERE, is_plain=True)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("plain", ()),
        ("{{ alert.name }} on {{service.name}}, {{ alert.name }}", (("alert", "name"), ("service", "name"))),
        ("{{ alert.labels['my-label'] | upper }}", (("alert", "labels", "my-label"),)),
        ("{% for n in names | sort %}{{ n }}{{ loop.index }}{{ env }}{% else %}{{ tier }}{% endfor %}", (("names",), ("env",), ("tier",))),
        ("{% for k, v in alert.labels | items %}{{ k }}{{ v.x }}{% endfor %}", (("alert", "labels"),)),
        ("{% if severity == 'critical' %}{{ a.b[c] }}{% endif %}", (("severity",), ("a", "b"), ("c",))),
        ("{{ now | local_time(zone) }}", (("now",), ("zone",))),
    ],
)
def test_the_names_that_a_template_uses_are_known(text: str, variables: tuple[tuple[str, ...], ...]) -> None:
    """
    Every dotted name of the context is given once and in order; the names of a loop are its own.
    """
    assert template_variables(a_template(text)) == variables


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% set x = 1 %}", "`{% set %}` is not allowed"),
        ("{% set x %}a{% endset %}", "`{% set %}` is not allowed"),
        ("{% import 'x' as y %}", "`{% import %}`"),
        ("{% from 'x' import y %}", "`{% from %}`"),
        ("{% include 'x' %}", "`{% include %}`"),
        ("{% extends 'x' %}", "`{% extends %}`"),
        ("{% macro x() %}{% endmacro %}", "`{% macro %}`"),
        ("{% call x() %}{% endcall %}", "`{% call %}`"),
        ("{% block x %}{% endblock %}", "`{% block %}`"),
        ("{% filter upper %}x{% endfilter %}", "`{% filter %}`"),
        ("{% with x = 1 %}{% endwith %}", "`{% with %}`"),
        ("{% autoescape true %}{% endautoescape %}", "not allowed"),
        ("{% for x in range(9) %}{% endfor %}", "not of the context"),
        ("{% for x in [1, 2] %}{% endfor %}", "not of the context"),
        ("{% for x in 'abc' %}{% endfor %}", "not of the context"),
        ("{% for x in names | join %}{% endfor %}", "not of the context"),
        ("{% for x in names recursive %}{{ loop(x) }}{% endfor %}", "call itself"),
        ("{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}", "more than 2 loops"),
        ("{{ range(9) }}", "functions cannot be called"),
        ("{{ lipsum() }}", "functions cannot be called"),
        ("{{ cycler('a') }}", "functions cannot be called"),
        ("{{ namespace(a=1) }}", "functions cannot be called"),
        ("{{ alert.name.upper() }}", "functions cannot be called"),
        ("{{ '%s' % a }}", "`%` is not allowed"),
        ("{{ 'a' * 9 }}", "`*` is not allowed"),
        ("{{ 2 ** 9 }}", "`**` is not allowed"),
        ("{{ {'a': 1} }}", "mapping"),
        ("{{ '%s' | format(a) }}", "no filter `format`"),
        ("{{ a | random }}", "no filter `random`"),
        ("{{ a | center(9999999) }}", "no filter `center`"),
        ("{{ a | attr('x') }}", "no filter `attr`"),
        ("{{ a | map('upper') }}", "no filter `map`"),
        ("{{ a | uper }}", "no filter `uper`"),
        ("{{ a is callable }}", "no test `callable`"),
        ("{{ a | truncate(1, 2, 3) }}", "wrong arguments"),
        ("{{ a | replace('x') }}", "wrong arguments"),
        ("{{ a | default(nope=1) }}", "wrong arguments"),
        ("{{ a | join(*b) }}", "one by one"),
        ("{{ a is in }}", "wrong arguments"),
        ("{{ alert.__class__ }}", "begins with an underscore"),
        ("{{ _x }}", "not a name of the context"),
        ("{{ self }}", "not a name of the context"),
        ("{{ loop.index }}", "inside a loop only"),
        ("{% for x in y %}{{ loop.cycle }}{% endfor %}", "no field `cycle`"),
        ("{{ now | local_time('Europe/Nowhere') }}", "no time zone"),
        ("{{ " + " ~ ".join("a" * 60) + " }}", "more than 50 texts"),
        ("{{ " + "(" * 60 + "a" + ")" * 60 + " | upper }}", None),
        ("{{ " + "-" * 60 + "a }}", "nested more than 30 deep"),
        ("{{ " + "(" * 6000 + "a" + ")" * 6000 + " }}", "nested more than 30 deep"),
        ("{% if a %}" * 40 + "{% endif %}" * 40, "nested more than 30 deep"),
        ("x" * 20_000, "too long"),
        ("{{ a", "cannot be read"),
        ("{% if a %}", "cannot be read"),
        ("{% nope %}", "cannot be read"),
        ("{{ a b }}", "cannot be read"),
        ("{{{ a }}}", "cannot be read"),
    ],
)
def test_what_does_more_than_fill_in_is_refused(text: str, said: str | None) -> None:
    """
    Nothing is set, called, imported, multiplied or looped over but the context; each refusal says what to do instead.
    """
    if said is None:
        assert a_template(text)
        return
    with pytest.raises(ExpressionError) as caught:
        a_template(text)

    assert said in caught.value.message
    assert caught.value.help
    assert 0 <= caught.value.start < caught.value.end


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("one\ntwo {{ a | uper }}", 15, 19), ("one\n{% set x = 1 %}\nthree", 4, 19), ("{{ a.__b }}", 5, 8), ("one\n{{ a b }}", 4, 13)],
)
def test_a_refusal_has_its_place(text: str, start: int, end: int) -> None:
    """
    A refusal points at the word, or at its line where Jinja2 tells no more.
    """
    with pytest.raises(ExpressionError) as caught:
        a_template(text)

    assert (caught.value.start, caught.value.end) == (start, end)


def test_what_was_not_parsed_here_is_checked_when_it_is_compiled() -> None:
    """
    A template that comes from elsewhere is refused all the same before it runs.
    """
    with pytest.raises(ExpressionError, match="cannot be called"):
        compile_template(Template("{{ range(10) }}", HERE))


@pytest.mark.parametrize("text", [f"{{{{ a | {name} }}}}" for name in FILTERS if name not in ("replace", "local_time")])
def test_every_filter_can_be_used(text: str) -> None:
    """
    Each filter of the list is one that Jinja2 reads.
    """
    assert template_variables(a_template(text)) == (("a",),)


@pytest.mark.parametrize("name", [name for name in TESTS if name not in ("in", "eq", "ne", "lt", "le", "gt", "ge")])
def test_every_test_can_be_used(name: str) -> None:
    """
    Each test of the list is one that Jinja2 reads.
    """
    assert template_variables(a_template(f"{{% if a is {name} %}}x{{% endif %}}")) == (("a",),)


@given(st.text(alphabet="{}%# \nab.|'_()[]*~+-in", max_size=24))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    """
    For all texts there is a template, or a refusal with a place and a way out.
    """
    error = refusal_of(a_template, text)

    assert error is None or (error.help and 0 <= error.start <= len(text))
