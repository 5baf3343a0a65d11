"""`in_interval()` in a `when` and a `precondition`: which intervals it is given, and what is said of wrong ones."""

from __future__ import annotations

from tests.policy.makers import compiled, header, policies, said

NIGHTS = header("TimeInterval", "nights") + 'spec: {time_intervals: [{times: [{start_time: "22:00", end_time: "06:00"}]}]}\n---\n'
BROKEN = header("TimeInterval", "nights") + "spec: {time_intervals: [{weekdays: [saturnday]}]}\n---\n"


def an_escalation(when: str) -> str:
    return header("Escalation", "at-night", "payments") + f'spec:\n  when: "{when}"\n  levels: [{{page: role/primary}}]\n'


def a_remediation(precondition: str) -> str:
    return header("Remediation", "restart", "payments") + (
        "spec:\n  match: ['service=\"checkout\"']\n  phase: human-initiated\n"
        f'  precondition: "{precondition}"\n  target: checkout\n'
        "  steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]\n"
    )


def test_a_condition_has_the_intervals_that_it_asks_for():
    """
    What a condition names is resolved when the policies are compiled, wherever the interval's document stands.
    """
    for order in (NIGHTS + an_escalation("in_interval('nights')"), an_escalation("in_interval('nights')") + "---\n" + NIGHTS[:-4]):
        found = policies(order)
        when = found.escalations["at-night"].selector.when

        assert when is not None
        assert when.intervals == (found.time_intervals["nights"].recurrence,)


def test_a_precondition_has_them_too():
    """
    A precondition asks for intervals as a `when` does.
    """
    found = policies(NIGHTS + a_remediation("!in_interval('nights')")).remediations["restart"].precondition

    assert found is not None
    assert [each.name for each in found.intervals] == ["nights"]


def test_an_interval_that_is_not_there():
    """
    A name that no interval has is a finding at the condition, with the name that was probably meant.
    """
    assert said(NIGHTS + an_escalation("tier == `1` && in_interval('night')")) == [
        "10:9: no time interval is called `night` [unknown-name]\n  help: `nights` is, at 1"
    ]


def test_an_interval_whose_name_is_not_written_out():
    """
    Which interval it is has to be known beforehand; there is one finding, even where the name would be no field.
    """
    assert said(NIGHTS + an_escalation("in_interval(nights)")) == [
        "10:9: `in_interval()` takes the name of an interval as it is written out [wrong-arguments]\n"
        "  help: name a TimeInterval, in single quotes: `in_interval('business-hours')`"
    ]


def test_what_asks_for_a_quarantined_interval_is_left_out():
    """
    It might apply when it should not. That the interval is broken is said once, where it stands.
    """
    for document in (an_escalation("in_interval('nights')"), a_remediation("in_interval('nights')")):
        done = compiled(BROKEN + document)

        assert [(each.rule, each.level) for each in done.findings] == [("bad-value", "error"), ("depends-on-quarantined", "warning")]
        assert len(done.quarantined) == 2


def test_a_guardrail_holds_without_its_interval():
    """
    What limits others is not lost by a mistake: without the interval the guardrail holds at any time.
    """
    rail = header("Guardrail", "careful") + "spec: {when: \"in_interval('nights')\", ceiling: human-initiated}\n"
    done = compiled(BROKEN + rail)

    assert done.policies is not None
    assert done.policies.guardrails["careful"].selector.when is None
    assert [each.rule for each in done.findings] == ["bad-value"]


def test_a_verification_knows_no_intervals():
    """
    What is asked of an action's result says nothing of the time, and a finding says where an interval may be asked for.
    """
    probe = header("Probe", "home", "payments") + (
        "spec:\n  service: checkout\n  use: metrics.query\n  with: {query: up}\n  every: 1m\n"
        "  expect: \"in_interval('nights')\"\n  alert: {name: Down, severity: critical}\n"
    )

    assert said(NIGHTS + probe) == [
        "14:11: `in_interval()` is known in `when` and `precondition` only [unknown-function]\n"
        "  help: ask for it in `when`; what is looked at here says nothing of the time"
    ]
