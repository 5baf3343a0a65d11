from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.expressions.templates.makers import a_template
from watchbill.expressions.context import CONTEXT, FIELDS, Array, Object, String
from watchbill.expressions.problems import ExpressionError
from watchbill.expressions.templates import check_template

ROOT = Object({**CONTEXT.fields, "changes": Array(Object({"title": String(), "by": String()}))})


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "{{ alert.name }} on {{ service.name }} ({{ env }})",
        "{{ alert.labels.anything }} {{ alert.annotations['any thing'] | upper }}",
        "{% for c in changes %}{{ c.title }}{{ loop.index }}{% endfor %}",
        "{% for c in changes | sort %}{{ c.title }}{% endfor %}",
        "{% for k, v in alert.labels | dictsort %}{{ k }}={{ v }}{% endfor %}",
        "{% for k in alert.labels %}{{ k }}{% endfor %}",
        "{{ (changes | first).title }}",
        "{{ now | local_time('Europe/Lisbon') }} {{ incident.age_seconds | duration }}",
        "{% if tier == 1 %}{{ team.parent | default('-') }}{% endif %}",
    ],
)
def test_a_sound_template_has_no_problems(text: str) -> None:
    """
    Names that exist, and labels of any name, are found sound.
    """
    assert check_template(a_template(text), ROOT) == ()


@pytest.mark.parametrize(
    ("text", "offset", "said", "help"),
    [
        ("{{ alrt.name }}", 3, "`alrt`", "did you mean `alert`?"),
        ("on {{ service.nam }}", 14, "`service.nam`", "did you mean `service.name`?"),
        ("on {{ service.nam | upper }}", 14, "`service.nam`", "did you mean `service.name`?"),
        ("one\n{{ alert.nmae | upper }}", 13, "`alert.nmae`", "`alert.name`"),
        ("{{ alert.labels.x.y }}", 18, "`alert.labels.x.y`", "a value by itself"),
        ("{{ xyz }}", 3, "`xyz`", "known here: `alert`"),
        ("{% for c in chnges %}{{ c.x }}{% endfor %}", 12, "`chnges`", "`changes`"),
        ("{% for c in changes %}{{ c.titel }}{% endfor %}", 27, "`c.titel`", "`c.title`"),
        ("{% for c in changes %}{% endfor %}{{ c.title }}", 37, "`c`", "known here"),
        ("{{ 'a' if sevrity == 'x' else env }}", 10, "`sevrity`", "`severity`"),
        ("{{ env | default(taem) }}", 17, "`taem`", "`team`"),
    ],
)
def test_a_name_that_cannot_exist_is_found_at_its_place(text: str, offset: int, said: str, help: str) -> None:
    """
    Each name that the context does not have is one problem, with the name that was probably meant.
    """
    (problem,) = check_template(a_template(text), ROOT)

    assert (problem.rule, problem.level, problem.offset) == ("unknown-variable", "error", offset)
    assert said in problem.message
    assert help in problem.help


def test_a_loop_over_what_is_no_list_is_found() -> None:
    """
    A loop over a text or a number is a problem.
    """
    (problem,) = check_template(a_template("{% for x in alert.name %}{{ x }}{% endfor %}"), ROOT)

    assert problem.rule == "not-a-list"


def test_all_problems_come_at_once_and_in_order() -> None:
    """
    Every unknown name of a template is told, from left to right.
    """
    problems = check_template(a_template("{{ b1 }} {{ alert.nope1 }} {% if zz9 %}{% endif %}"), ROOT)

    assert [problem.offset for problem in problems] == [3, 18, 33]


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: row.path)
def test_every_field_of_the_table_can_be_filled_in(row: object) -> None:
    """
    What the reference shows is known to templates.
    """
    path = str(getattr(row, "path", "")).replace("*", "x")

    assert check_template(a_template(f"{{{{ {path} }}}}"), CONTEXT) == ()


@given(st.text(alphabet="{}%# ab.|'()[]~ in", max_size=20))
def test_every_template_can_be_checked(text: str) -> None:
    """
    For all templates the check comes to an end, and each problem lies in the text.
    """
    try:
        template = a_template(text)
    except ExpressionError:
        return
    for problem in check_template(template, CONTEXT):
        assert problem.offset is not None
        assert 0 <= problem.offset < len(text)
