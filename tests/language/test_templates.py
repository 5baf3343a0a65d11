"""Templates: what may stand in them, and what is absent."""

from __future__ import annotations

import pytest

from tests.language.makers import PAGE, RESTART, TELL, Written, a_watch, compiled, rules, watch_of
from tests.makers import an_alert
from tests.watch import Watch
from watchbill.decide.planning import plan


def saying(text: str) -> Written:
    """An escalation whose pages say this."""
    quoted = text.replace("'", "''")
    return ("Escalation", "payments-all", f"levels: [{{page: role/primary}}]\ntext: '{quoted}'")


def page(text: str, **labels: str) -> str:
    """What a page of that *text* says."""
    watch = a_watch(saying(text))
    watch.receives(an_alert(**labels))
    return watch.step("page").text


def fired(*documents: Written, **labels: str) -> Watch:
    """An alert of checkout has come in."""
    watch = a_watch(PAGE, *documents)
    watch.receives(an_alert(**labels))
    return watch


def test_jinja():
    """
    Templates are Jinja2's: names, conditions, filters, and loops over what the context holds.
    """
    text = "{% if tier == 1 %}{{ service.name | upper }}{% endif %}: {% for name in alert.labels %}{{ name }} {% endfor %}"

    assert page(text) == "CHECKOUT: alertname service severity team tier"


@pytest.mark.parametrize(
    "text",
    [
        "{% for n in range(9) %}x{% endfor %}",
        "{% for n in [1, 2] %}x{% endfor %}",
        "{{ [1, 2] | random }}",
        "{{ lipsum() }}",
        "{{ 'x' * 999999 }}",
        "{{ alert.name * 9 }}",
        "{{ alert.__class__ }}",
        "{% set x = 1 %}",
        "{% include 'other' %}",
    ],
)
def test_the_sandbox(text: str):
    """
    There are no loops over anything but the context, no `random` and no `lipsum`, no multiplication of texts, no assignments, calls or
    imports.
    """
    assert set(rules(saying(text))) <= {"bad-template", "unknown-field"}
    assert rules(saying(text))


def test_what_a_template_costs():
    """
    What a template costs is bounded: a page whose text would take too many steps says the plain summary.
    """
    loops = "{% for a in alert.labels %}{% for b in alert.labels %}{% if a == b %}x{% endif %}{% endfor %}{% endfor %}"
    many = {f"label_{number}": "x" for number in range(200)}

    assert page(loops, **many) == page("{{ alert.labels.absent }}")
    assert page(loops) == "x" * 5


def test_output_is_bounded():
    """
    What a template gives is bounded: a page whose text would be too long says the plain summary.
    """
    text = "{% for a in alert.labels %}{% for b in alert.labels %}{{ alert.labels.big }}{% endfor %}{% endfor %}"

    assert page(text, big="x" * 40_000) == "critical: HighErrorRate on checkout (payments)"


def test_absent_in_a_message():
    """
    An absent label renders empty in what is said to people: a page, a post, an update.
    """
    post = "levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: '#x', text: 'in {{ alert.labels.region }}'}}]}]"
    watch = a_watch(("Escalation", "x", post), ("Comms", "tell", TELL.replace("it began", '"in {{ alert.labels.region }}"'), "support"))
    watch.receives(an_alert())
    watch.passes(minutes=16)

    assert page("in [{{ alert.labels.region }}]") == "in []"
    assert watch.step("notify").calls[0].arguments["text"] == "in "
    assert watch.step("update").text == "in "


def test_absent_in_an_argument():
    """
    An absent label refuses the step of a repair or of a collection that names it in `with`.
    """
    repair = RESTART.replace("{{ service.name }}", "{{ alert.labels.region }}")
    collect = ("Triage", "look", "{collect: [{name: up, use: metrics.query, with: {query: '{{ alert.labels.region }}'}}]}")
    watch = fired(("Remediation", "restart", repair), collect, instance="worker-1")

    assert [step.state for kind in ("repair", "collect") for step in watch.steps(kind)] == ["failed", "failed"]
    assert watch.calls("repair") + watch.calls("collect") == []
    assert watch.paged == [("12:00", "ana")]


def test_absent_in_a_target():
    """
    An absent label in `target` refuses the remediation, and people are paged at once.
    """
    watch = fired(("Remediation", "restart", RESTART))

    assert watch.steps("repair") == []
    assert watch.paged == [("12:00", "ana")]


def test_a_page_never_fails_for_its_text():
    """
    A page never fails for its text: at worst it says the plain summary.
    """
    assert page("{{ alert.labels.region }}") == "critical: HighErrorRate on checkout (payments)"
    assert page("{{ alert.annotations.summary | int + 'x' }}") == "critical: HighErrorRate on checkout (payments)"


def test_escaping():
    """
    Each argument of a connector declares how what is filled in is escaped for the place it goes to: PromQL, HTML, chat's markup, a
    header, a URL, a word of a command.
    """
    query = ("Triage", "look", """{collect: [{name: up, use: metrics.query, with: {query: 'up{job="{{ alert.labels.job }}"}'}}]}""")
    post = "levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: '#x', text: '*{{ alert.labels.job }}*'}}]}]"
    watch = a_watch(("Escalation", "x", post), query)
    watch.receives(an_alert(job='<!channel>"} or vector(1'))

    assert watch.step("collect").calls[0].arguments["query"] == r'up{job="<!channel>\"} or vector(1"}'
    assert watch.step("notify").calls[0].arguments["text"] == '*&lt;!channel&gt;"} or vector(1*'


def test_argv():
    """
    A word of a command that was filled in and begins with `-` is refused.
    """
    repair = RESTART.replace(
        'cluster.rollout-restart, with: {deployment: "{{ service.name }}"}', 'local.run, with: {argv: [clean, "{{ alert.labels.path }}"]}'
    )

    assert [step.state for step in fired(("Remediation", "clean", repair), instance="a", path="--all").steps("repair")] == ["failed"]
    good = fired(("Remediation", "clean", repair), instance="a", path="/var/tmp; rm -rf")
    assert good.step("repair").calls[0].arguments["argv"] == ["clean", "/var/tmp; rm -rf"]


def test_arguments_are_checked_once_they_are_filled_in():
    """
    Arguments that are filled in are checked by one check, in a plan and a policy test as by the engine: a call that does not fit what
    its action takes is not made, and says which argument and what is wrong with it.
    """
    post = "levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: '#{{ alert.labels.room }}', text: x}}]}]"
    repair = RESTART.replace("{{ service.name }}", "{{ alert.labels.region }}")
    found = compiled(("Escalation", "x", post), ("Remediation", "restart", repair)).policies
    assert found is not None
    watch = watch_of(found)
    watch.receives(an_alert(room="Two Words", region="EU", instance="worker-1"))
    (planned,) = plan(watch.bill, [an_alert(room="Two Words", region="EU", instance="worker-1")], watch.now)

    assert [(step.kind, step.state) for step in watch.steps("repair") + watch.steps("notify")] == [
        ("repair", "failed"),
        ("notify", "failed"),
    ]
    assert watch.step("repair").note.startswith("`deployment` of cluster.rollout-restart is not of the shape ")
    assert [post.error for post in planned.posts] == [watch.step("notify").note]
    assert watch.paged == [("12:00", "ana")]


def test_an_optional_argument_that_is_empty():
    """
    An optional argument that fills in as empty counts as left out.
    """
    post = (
        "levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: '#x', subject: '{{ alert.labels.region }}', text: x}}]}]"
    )
    found = compiled(("Escalation", "x", post)).policies
    assert found is not None
    watch = watch_of(found)
    watch.receives(an_alert())

    assert watch.step("notify").calls[0].arguments == {"channel": "#x", "text": "x"}


def test_a_number_that_is_filled_in():
    """
    Where an action wants a number and a template gives a text that is one, it gets the number.
    """
    scale = RESTART.replace(
        'cluster.rollout-restart, with: {deployment: "{{ service.name }}"}',
        'cluster.scale, with: {deployment: "{{ service.name }}", replicas: "{{ alert.labels.replicas }}"}',
    )

    assert fired(("Remediation", "scale", scale), instance="a", replicas="3").step("repair").calls[0].arguments["replicas"] == 3


def test_what_an_alert_can_break():
    """
    What is told and can come out empty, too long or of another shape by what an alert brings is a finding; a filter, a matcher or a
    condition guards it.
    """
    post = "levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: '#x', subject: '{{ alert.name }}', text: x}}]}]"

    assert rules(("Escalation", "x", post)) == ["unguarded-argument"]
    assert rules(("Escalation", "x", post.replace("alert.name", "alert.name | truncate(99)"))) == []
    assert rules(("Escalation", "x", "match: ['alertname=~\"[a-z]+\"']\n" + post)) == []
