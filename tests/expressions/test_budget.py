"""What one evaluation may cost: the attacks that took the engine down, and the worst that can be had for the budget."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from watchbill.errors import Place
from watchbill.expressions.conditions import check_condition, compile_condition, explain_condition, parse_condition
from watchbill.expressions.context import CONTEXT
from watchbill.expressions.problems import TemplateRefused
from watchbill.expressions.templates import check_template, compile_template, parse_template
from watchbill.model.references import Condition, Template

HERE = Place("policies/night.yaml", 5, 9)

MOST_MEMORY = 10_000_000
"""Bytes."""

MOST_TIME = 0.5
"""Seconds of this process, each under a tracer of memory, which makes it several times as slow: less than 0.1 without."""

CONTEXT_OF_MANY: dict[str, Any] = {
    "env": "prod",
    "now": "2026-12-01T12:00:00+00:00",
    "alert": {
        "name": "Slow",
        "labels": {f"label_{number}": "v" * 500 for number in range(400)},
        "annotations": {"a": "z" * 60_000, "b": "z" * 60_000 + "y"},
    },
}

HUNDRED = "`" + str(list(range(100))) + "`"

CONDITIONS = {
    "32 doubled lists, flattened": "env" + " | [@,@][]" * 32,
    "32 doubled lists, as a text": "env" + " | [@,@]" * 32 + " | to_string(@) == 'x'",
    "32 doubled lists, compared": f"(env{' | [@,@]' * 32}) == (env{' | [@,@]' * 32})",
    "32 doubled lists, looked through": "contains(env" + " | [@,@]" * 32 + ", `[1]`)",
    "32 doubled objects": "env" + " | {a:@,b:@}" * 32 + " | to_string(@) == 'x'",
    "map in map over a literal": f"map(&map(&map(&map(&map(&@, {HUNDRED}), {HUNDRED}), {HUNDRED}), {HUNDRED}), {HUNDRED}) == `1`",
    "a sort of a sort": f"sort_by({HUNDRED}, &length(to_string(map(&sort_by({HUNDRED}, &to_string(@)), {HUNDRED})))) == `1`",
    "a long text in many pieces": "alert.annotations.a" + " | [@,@][]" * 12 + " | join(@[0], @) == 'x'",
    "a long text searched": "alert.annotations.a" + " | [@,@][]" * 12 + " | [?contains(@, 'zzzzzzzzy')]",
    "long texts compared": "[alert.annotations.a, alert.annotations.b]" + " | [@,@][]" * 12 + " | max(@) == 'x'",
    "slices": "env" + " | [@,@][]" * 12 + " | [::-1]" * 60,
    "objects put together": "env" + " | [@,@][]" * 13 + " | [].{a: @, b: @, c: @, d: [@, @, @]}",
}

LOOPS = "{% for a in alert.labels %}{% for b in alert.labels %}"
ENDS = "{% endfor %}{% endfor %}"

TEMPLATES = {
    "two loops with filters": LOOPS + "{% if alert | upper | lower | length == 3 %}x{% endif %}" + ENDS,
    "two loops of nothing": LOOPS + "{{ '' }}" + ENDS,
    "comparing": LOOPS + "{% if alert.annotations.a == alert.annotations.b %}x{% endif %}" + ENDS,
    "searching": LOOPS + "{% if 'zzzy' in alert.annotations.a %}x{% endif %}" + ENDS,
    "cutting": LOOPS + "{% if alert.annotations.a[::2] == 'x' %}x{% endif %}" + ENDS,
    "adding": LOOPS + "{% if alert.annotations.a + alert.annotations.a + alert.annotations.b == 'x' %}x{% endif %}" + ENDS,
    "putting together": LOOPS + "{% if alert.annotations.a ~ alert ~ alert ~ alert.annotations.b == 'x' %}x{% endif %}" + ENDS,
    "replacing": LOOPS + "{% if alert.annotations.a | replace('z', 'q') | title | trim == 'x' %}x{% endif %}" + ENDS,
    "joining": LOOPS + "{% if alert.labels | sort | join(alert.annotations.a) == 'x' %}x{% endif %}" + ENDS,
    "testing": LOOPS + "{% if alert.annotations.a is eq(alert.annotations.b) %}x{% endif %}" + ENDS,
    "a text without loops": "{{ 'zzzy' in alert.annotations.a }}" * 400,
    "the whole alert again and again": "{{ alert }}" * 1_000,
}


def a_condition(text: str) -> Condition:
    return parse_condition(text, HERE)


def a_template(text: str) -> Template:
    return parse_template(text, HERE)


def cost(act: Callable[[], object]) -> tuple[int, float]:
    """The bytes of memory that this takes at most, and its seconds."""
    tracemalloc.start()
    began = process_time()
    try:
        act()
        return tracemalloc.get_traced_memory()[1], process_time() - began
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_costs_no_more_than_its_budget(text: str):
    """
    A condition that asks for too much does not hold, and ends within 10 MB and a tenth of a second.
    """
    condition = a_condition(text)
    holds = compile_condition(condition)
    found: list[bool] = []
    memory, seconds = cost(lambda: found.append(holds(CONTEXT_OF_MANY)))

    assert found in ([False], [True])
    assert memory < MOST_MEMORY
    assert seconds < MOST_TIME


@pytest.mark.parametrize("text", [text for name, text in CONDITIONS.items() if "doubled" in name or "map" in name])
def test_a_condition_that_takes_too_much_says_so(text: str):
    """
    Where a condition takes too many steps, the explanation says that, and not what it would have been.
    """
    assert explain_condition(a_condition(text), CONTEXT_OF_MANY)[::2] == (
        False,
        "it cannot be worked out: it takes more than 100 000 steps",
    )


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_costs_no_more_than_its_budget(text: str):
    """
    A template that asks for too much is refused, and ends within 10 MB and a tenth of a second.
    """
    fill = compile_template(a_template(text))

    def act() -> None:
        with pytest.raises(TemplateRefused, match=r"more than 100 000 steps|grows beyond"):
            fill(CONTEXT_OF_MANY)

    memory, seconds = cost(act)

    assert memory < MOST_MEMORY
    assert seconds < MOST_TIME


def test_the_value_that_is_shown_is_shown_from_its_beginning():
    """
    A value that holds one list many times over is shown as far as there is room, and no further worked out.
    """
    shown: list[str] = []
    memory, seconds = cost(lambda: shown.append(explain_condition(a_condition(f"(env{' | [@,@]' * 20}) == 'x'"), CONTEXT_OF_MANY)[2]))

    assert len(shown[0]) <= 120
    assert memory < MOST_MEMORY
    assert seconds < MOST_TIME


@pytest.mark.parametrize("text", [CONDITIONS["32 doubled lists, flattened"], CONDITIONS["map in map over a literal"]])
def test_a_condition_that_always_takes_too_much_is_found(text: str):
    """
    A condition that takes too many steps whatever it is asked of is an error before anything happens.
    """
    assert "too-costly" in [problem.rule for problem in check_condition(a_condition(text), CONTEXT) if problem.level == "error"]


@pytest.mark.parametrize("text", [TEMPLATES["two loops with filters"], TEMPLATES["putting together"]])
def test_a_template_that_takes_too_much_of_an_ordinary_alert_is_found(text: str):
    """
    A template that takes too many steps for an alert with thirty labels is an error before anything happens.
    """
    assert "too-costly" in [problem.rule for problem in check_template(a_template(text), CONTEXT)]


@pytest.mark.parametrize(
    "text",
    [
        "contains(['a', 'b'], env) && length(alert.labels) > `3`",
        "incident.affected[?starts_with(@, 'pay')] | length(@) > `0`",
        "sort(values(alert.labels)) | [0] != ''",
    ],
)
def test_an_ordinary_condition_is_no_finding(text: str):
    """
    What people write is far below the budget.
    """
    assert "too-costly" not in [problem.rule for problem in check_condition(a_condition(text), CONTEXT)]
