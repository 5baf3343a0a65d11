from __future__ import annotations

import types
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.expressions.templates.makers import SEEN, a_template, filled
from watchbill.expressions.templates import Absent, Escaping, TemplateRefused, compile_template
from watchbill.expressions.templates.render import renderer
from watchbill.expressions.templates.simple import BOUND, simple_parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{{ alert.name }} on {{ service.name }}\n", "HighErrorRate on checkout\n"),
        ("[{{ team.name }}{{ tier }}{{ alert.labels.nope.more }}]", "[]"),
        ("{{ incident.is_acknowledged }} {{ incident.age_seconds }} {{ incident.ratio }}", "false 4000 0.125"),
        ("{{ alert.labels.items }}", "none"),
        ("{{ alert.labels['_odd'] }}{{ alert['name'] }}", "uHighErrorRate"),
        ("{{ nested }}", "[[1,2],[3]]"),
        (
            "{{ alert.name | upper }} {{ alert.name | lower | capitalize }} {{ 'a bc' | title }} {{ ' x ' | trim }}",
            "HIGHERRORRATE Higherrorrate A Bc x",
        ),
        (
            "{{ tier | default('none') }} {{ '' | default('x') }} {{ '' | default('x', true) }} {{ severity | default('x') }}",
            "none  x critical",
        ),
        ("{{ names | join }} {{ names | join('-') }} {{ names | sort | join(',') }}", "cy, ana, bo cy-ana-bo ana,bo,cy"),
        ("{{ names | join(1) }}", "cy1ana1bo"),
        ("{{ names | first }} {{ names | last }} {{ names | length }} {{ nope | length }} {{ alert.name | first }}", "cy bo 3 0 H"),
        ("{{ alert.labels | first }} {{ alert.labels | last }}", "instance count"),
        ("{{ [3, 'a', 1, 3] | unique | join }} {{ [3, 'a', 1] | sort(reverse=true) | join }}", "3, a, 1 a, 3, 1"),
        ("{{ alert.name | replace('High', 'Low') }} {{ alert.name | truncate(5) }} {{ 'ab' | truncate(5) }}", "LowErrorRate High… ab"),
        ("{{ 2.5 | round }} {{ 0.126 | round(2) }} {{ '3.7' | round }} {{ alert.labels.count | int + 1 }} {{ 'x' | int }}", "2 0.13 4 4 0"),
        ("{{ '1.5' | float }} {{ 'x' | float(2.5) }} {{ 'inf' | int }}", "1.5 2.5 0"),
        ("{{ incident.age_seconds | duration }} {{ '90' | duration }}", "1h6m40s 1m30s"),
        (
            "{{ now | local_time('Europe/Lisbon') }} {{ now | local_time('America/New_York') }}",
            "2026-11-23 03:12 Europe/Lisbon 2026-11-22 22:12 America/New_York",
        ),
        ("{{ incident.age_seconds // 60 }} {{ incident.age_seconds / 1000 }} {{ 3 - 1 }} {{ -1 }}", "66 4.0 2 -1"),
        ("{{ alert.name[:4] }}{{ nope[:4] }}", "High"),
        ("{{ names[0] }}{{ names[-1] }}{{ names[9] }}{{ names['0'] }}", "cybo"),
        ("{{ 'a' ~ team.name ~ tier ~ 1 ~ true }}", "a1True"),
        ("{{ nope + 'x' }}{{ 'x' + nope }}{{ 1 - nope }}{{ -nope }}", ""),
        ("{% if service %}{{ service.name }}{% endif %}{% if team %}x{% else %}-{% endif %}", "checkout-"),
        ("{% if tier < 2 or 'x' in nope %}low{% elif severity in ['critical', 'warning'] %}bad{% endif %}", "bad"),
        ("{{ 'yes' if severity == 'critical' else 'no' }}{{ 'x' if tier }}", "yes"),
        (
            "{{ service.name is defined }} {{ tier is defined }} {{ tier is none }} {{ names is mapping }} {{ 1 is number }}",
            "true false true false true",
        ),
        ("{% for n in names %}{{ loop.index }}{{ n }}{% if not loop.last %},{% endif %}{% endfor %}", "1cy,2ana,3bo"),
        ("{% for k, v in alert.labels | dictsort %}{{ k }}={{ v }};{% endfor %}", "_odd=u;count=3;instance=db-1;items=none;"),
        ("{% for k in alert.labels %}{{ k }} {% endfor %}", "instance items _odd count "),
        ("{% for a in nested %}{% for b in a %}{{ b }}{% endfor %};{% endfor %}", "12;3;"),
        ("{% for n in names if n != 'ana' %}{{ n }}{% else %}none{% endfor %}", "cybo"),
        ("{% for n in nope %}{{ n }}{% else %}none{% endfor %}{% for n in team.x %}{{ n }}{% endfor %}", "none"),
        ("a {#- comment -#} b {{- alert.labels.count -}} c", "ab3c"),
        ("{% raw %}{{ alert.name }}{% endraw %}", "{{ alert.name }}"),
        ("{{ '{{' }} {{ range }} {{ dict }}", "{{  "),
    ],
)
def test_a_template_is_filled_in(text: str, expected: str) -> None:
    """
    Names, conditions, loops and filters do what Jinja2 says; what is absent or null is empty.
    """
    assert filled(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ team.name }}", "`team.name` is absent"),
        ("x {{ alert.labels.nope }}", "`alert.labels.nope` is absent"),
        ("{{ alert.labels.nope | upper }}", "`alert.labels.nope` is absent"),
        ("{{ 'a' ~ tier }}", "`tier` is absent"),
        ("{{ 'a' + tier }}", "`tier` is absent"),
        ("{{ names[9] | upper }}", "a value is absent"),
    ],
)
def test_what_is_absent_refuses_where_nothing_may_be_missing(text: str, said: str) -> None:
    """
    In an argument an absent value is a refusal that names it, never an empty text.
    """
    with pytest.raises(TemplateRefused) as caught:
        filled(text, absent="refuse")

    assert caught.value.message == said


@pytest.mark.parametrize(
    "text",
    [
        "{{ tier | default('x') }}",
        "{% if tier %}a{% endif %}",
        "{{ severity }}",
        "{{ tier is defined }}",
        "{% for n in nope %}{% endfor %}",
    ],
)
def test_what_is_asked_for_may_be_absent(text: str) -> None:
    """
    Asking whether a value is there, or giving what stands in for it, is never refused.
    """
    assert filled(text, absent="refuse") == filled(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ alert.annotations.big }}" * 30, "grows beyond"),
        ("{{ alert.annotations.big | trim }}" * 30, "grows beyond"),
        ("{{ alert.annotations.big | replace('x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}", "grows beyond"),
        ("{{ alert.annotations.big | replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}", "grows beyond"),
        ("{% for n in many %}{% endfor %}", "600 elements"),
        ("{% for n in alert.name %}{% endfor %}", "is not a list"),
        ("{{ 1 / 0 }}", "cannot be filled in"),
        ("{{ 'a' + 1 }}", "cannot be filled in"),
        ("{{ 'x' < 1 }}", "cannot be filled in"),
        ("{{ alert.name | round }}", "not a number"),
        ("{{ alert.name | duration }}", "not a number of seconds"),
        ("{{ alert.name | local_time('UTC') }}", "local time"),
        ("{{ now | local_time(alert.name) }}", "no time zone"),
        ("{{ severity | items }}", "no items"),
        ("{{ 3 | length }}", "has no length"),
    ],
)
def test_what_cannot_be_filled_in_is_refused(text: str, said: str) -> None:
    """
    Too much text, too many elements and what makes no sense are refusals with a reason, whatever the values are.
    """
    with pytest.raises(TemplateRefused) as caught:
        filled(text)

    assert said in caught.value.message
    assert caught.value.help


def test_what_is_filled_in_is_escaped_and_what_was_written_is_not() -> None:
    """
    The author's text stays as it is; each value is escaped for where it goes, with a filter or without.
    """
    text = '<b>{{ alert.annotations.summary }}</b>"'
    expected = '<b>errors in &quot;checkout&quot; &lt;b&gt;</b>"'

    assert filled(text, "html") == expected
    assert filled(text.replace(" }}", " | trim }}"), "html") == expected
    assert filled('up{service="{{ alert.annotations.summary }}"}', "promql") == 'up{service="errors in \\"checkout\\" <b>"}'


@pytest.mark.parametrize("text", ["{{ word }}", "{{ word | trim }}", "{{ '-x' }}", "--name={{ word }}"])
def test_an_option_is_not_filled_in(text: str) -> None:
    """
    A value that begins with `-` is refused in a word of a command.
    """
    with pytest.raises(TemplateRefused, match="option"):
        filled(text, "argv", seen={"word": "-rf"})


def test_nothing_of_python_is_reached() -> None:
    """
    Methods, attributes and globals are absent; a mapping's own names come first.
    """
    assert filled("{{ alert.keys }}{{ names.append }}{{ alert.name.upper }}{{ cycler }}{{ ''['__class__'] }}{{ names['append'] }}") == ""
    assert filled("{{ alert.items }}{{ alert.items | trim }}", seen={"alert": {"items": "x"}}) == "xx"


def test_other_mappings_are_looked_into() -> None:
    """
    A context may be made of mappings that are no dict.
    """
    seen: Any = types.MappingProxyType({"alert": types.MappingProxyType({"name": "x", "none": None})})

    assert compile_template(a_template("{{ alert.name }}{{ alert.none }}"))(seen) == "x"
    assert compile_template(a_template("{{ alert.name | upper }}{{ alert.none }}"))(seen) == "X"


def test_filling_in_twice_gives_the_same() -> None:
    """
    A compiled template keeps nothing of what it was filled in with.
    """
    fill = compile_template(a_template("{% for n in names %}{{ n | upper }}{% endfor %}"))

    assert [fill({"names": ["a"]}), fill({}), fill({"names": ["b"]})] == ["A", "", "B"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "items"]), below, max_size=3),
    max_leaves=6,
)
CONTEXTS = st.dictionaries(st.sampled_from(["a", "b", "items"]), VALUES, max_size=3)
PIECES = st.lists(
    st.sampled_from(
        [
            "{{ a }}",
            "{{a.b}}",
            "{{ a.items.b }}",
            "{{\nb\n}}",
            "{{ items }}",
            "text",
            "{",
            "}",
            "\n",
            " ",
            "%",
            "#",
            "}}",
            "{{",
            "{{ true }}",
            "{{ a.in }}",
            "{{ none.x }}",
            "{{ é }}",
        ]
    ),
    max_size=6,
)


def outcome(fill: Any, seen: Any) -> Any:
    """What comes of filling in: the text, or why not."""
    try:
        return fill(seen)
    except TemplateRefused as error:
        return error.message


@settings(max_examples=300)
@given(PIECES, CONTEXTS, st.sampled_from(["none", "promql", "html", "argv", "header"]), st.sampled_from(["empty", "refuse"]))
@example(["{{ a }}", "{{ a.b }}"], {"a": {}}, "none", "refuse")
def test_the_quick_way_gives_what_jinja_gives(pieces: list[str], seen: dict[str, Any], escaping: Escaping, absent: Absent) -> None:
    """
    For all templates of text and dotted names, and all values, the text or the refusal is what Jinja2 gives.
    """
    text = "".join(pieces)
    assume(simple_parts(text) is not None)

    assert outcome(compile_template(a_template(text), escaping, absent), seen) == outcome(renderer(text, escaping, absent), seen)


@given(PIECES)
def test_what_is_read_the_quick_way_is_what_jinja_reads(pieces: list[str]) -> None:
    """
    For all texts, what the quick way reads is a template for Jinja2 as well.
    """
    text = "".join(pieces)
    if simple_parts(text) is not None:
        renderer(text, "none", "empty")


@given(
    st.sampled_from(
        [
            "{% for x in a %}{{ x }}{{ b }}{% endfor %}",
            "{{ a | join(b) }}",
            "{{ a | replace(b, items) }}",
            "{{ a ~ b ~ items }}",
            "{{ a | upper | truncate(9) }}",
            "{{ a + b }}",
            "{{ a[b] }}",
            "{{ a | sort | unique | first }}",
            "{% if a < b %}x{% endif %}",
            "{{ a | round(b) }}",
            "{{ a | duration }}",
            "{{ a | int }}",
            "{{ a | dictsort }}",
            "{{ a is in b }}",
            "{{ a in b }}",
            "{{ a | truncate(b) }}",
            "{{ a | default(b) | length }}",
            "{{ a[:b] }}",
            "{{ a | last }}",
        ]
    ),
    CONTEXTS,
    st.sampled_from(["empty", "refuse"]),
)
def test_whatever_the_values_there_is_a_bounded_text_or_a_refusal(text: str, seen: dict[str, Any], absent: Absent) -> None:
    """
    For all values, filling in gives a text within the bound, or refuses; nothing else is raised.
    """
    assert len(outcome(compile_template(a_template(text), "none", absent), seen)) <= BOUND


def test_the_context_of_these_tests_is_left_alone() -> None:
    """
    Filling in changes no value.
    """
    before = repr(SEEN)
    filled("{{ names | sort | join }}{% for k, v in alert.labels | items %}{{ v }}{% endfor %}")

    assert repr(SEEN) == before
