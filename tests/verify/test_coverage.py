"""How much of the policies the cases have tried."""

from __future__ import annotations

from tests.verify.makers import CRITICAL, SILENCE, SLOW, STUCK, WARNING, a_test, what_comes_of
from watchbill.model.testing import Coverage, DocumentCoverage


def covered(*cases: str) -> Coverage:
    """What these cases cover; each is what is given, and expects whose it is."""
    lines = "\n".join(f"{{name: c{number}, given: {{{given}}}, expect: {{owner: payments}}}}" for number, given in enumerate(cases))
    found = what_comes_of(a_test(lines), covering=True).coverage
    assert found is not None
    return found


def document(coverage: Coverage, name: str) -> DocumentCoverage:
    """What is known of one document."""
    return next(each for each in coverage.documents if each.policy.name == name)


def taking_part(coverage: Coverage) -> list[str]:
    """The documents that took part, each as ``Kind/name``."""
    return [str(each.policy) for each in coverage.documents if each.cases]


def conditions(coverage: Coverage, name: str) -> list[tuple[str, bool, bool]]:
    """The conditions of a document, and whether each has held, and failed."""
    return [(each.text, each.has_held, each.has_failed) for each in document(coverage, name).conditions]


def test_what_a_decision_names_has_taken_part():
    """
    The service that claims, the escalation that wins, the triage that collects and the comms that tell have taken part, and no other.
    """
    assert taking_part(covered(f"alerts: [{CRITICAL}]")) == [
        "Service/checkout",
        "Escalation/payments-critical",
        "Triage/http",
        "Comms/customers-critical",
    ]


def test_cases_are_counted():
    """
    A document is in as many cases as it took part in, each once.
    """
    found = covered(f"alerts: [{CRITICAL}, {SLOW}]", f"alerts: [{WARNING}]")

    assert document(found, "checkout").cases == 2
    assert document(found, "payments-critical").cases == 1
    assert document(found, "orders-db").cases == 0


def test_the_share_is_of_documents():
    """
    The percentage is of documents that can take part.
    """
    found = covered(f"alerts: [{CRITICAL}]")

    assert found.percent == 100 * found.taking_part / len(found.documents)
    assert 0 < found.percent < 100
    assert Coverage(()).percent == 100


def test_what_is_only_refused_has_not_taken_part():
    """
    A remediation that a guard stops has not taken part; the freeze that stopped it has, and only then.
    """
    in_november = covered(f"alerts: [{STUCK}]")
    frozen = covered(f"alerts: [{STUCK}], frozen: true")
    lines = f"{{name: december, at: 2026-12-24T00:00:00Z, given: {{alerts: [{STUCK}]}}, expect: {{owner: payments}}}}"
    in_december = what_comes_of(a_test(lines), covering=True).coverage

    assert in_december is not None
    assert "Remediation/restart-checkout" in taking_part(in_november)
    assert "Remediation/restart-checkout" not in taking_part(frozen)
    assert "Guardrail/freeze-december" not in taking_part(in_november)
    assert "Guardrail/freeze-december" in taking_part(in_december)
    assert "Remediation/restart-checkout" not in taking_part(in_december)


def test_a_condition_is_covered_once_it_was_seen_both_ways():
    """
    A matcher or a `when` counts once one case has seen it hold and another has seen it fail.
    """
    staging = "{labels: {alertname: Stuck, service: checkout, severity: critical, env: test, instance: a}}"

    one = covered(f"alerts: [{STUCK}]")
    both = covered(f"alerts: [{STUCK}]", f"alerts: [{staging}]", f"alerts: [{CRITICAL}]")

    assert conditions(one, "restart-checkout") == [
        ('service="checkout"', True, False),
        ('alertname="Stuck"', True, False),
        ("env == 'prod'", True, False),
    ]
    assert conditions(both, "restart-checkout") == [
        ('service="checkout"', True, False),
        ('alertname="Stuck"', True, True),
        ("env == 'prod'", True, True),
    ]


def test_a_condition_behind_one_that_fails_was_not_seen():
    """
    Conditions are asked in order: what stands behind the first that fails is neither held nor failed.
    """
    found = covered("alerts: [{labels: {alertname: A, service: orders-db, severity: critical}}]")

    assert conditions(found, "restart-checkout") == [
        ('service="checkout"', False, True),
        ('alertname="Stuck"', False, False),
        ("env == 'prod'", False, False),
    ]


def test_without_covering_nothing_is_said_of_it():
    """
    Coverage costs time, and is worked out only where it is asked for.
    """
    lines = f"{{name: it, given: {{alerts: [{CRITICAL}]}}, expect: {{owner: payments}}}}"

    assert what_comes_of(a_test(lines)).coverage is None


BY_DAY = """
apiVersion: watchbill/v1
kind: TimeInterval
metadata: {name: day}
spec: {time_intervals: [{times: [{start_time: "09:00", end_time: "18:00"}]}]}
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: by-day, team: payments}
spec:
  match: ['severity="warning"']
  during: day
  when: "env == 'prod'"
  priority: 1
  levels: [{page: role/primary}]
---
"""


def test_an_interval_is_a_condition():
    """
    `during` is asked behind the matchers and before `when`, and is seen to hold and to fail as they are.
    """
    night = f"{{name: night, given: {{alerts: [{WARNING}]}}, expect: {{owner: payments}}}}"
    day = f"{{name: day, at: 2026-11-23T12:00:00Z, given: {{alerts: [{WARNING}]}}, expect: {{owner: payments}}}}"
    staging = day.replace("name: day", "name: staging").replace("env: prod", "env: test")

    def seen(*cases: str) -> list[tuple[str, bool, bool]]:
        found = what_comes_of(BY_DAY + a_test("\n".join(cases)), covering=True).coverage
        assert found is not None
        return conditions(found, "by-day")[1:]

    assert seen(night) == [("during day", False, True), ("env == 'prod'", False, False)]
    assert seen(night, day) == [("during day", True, True), ("env == 'prod'", True, False)]
    assert seen(staging) == [("during day", True, False), ("env == 'prod'", False, True)]


def test_a_silence_takes_part_once_it_has_silenced_something():
    """
    A silence counts where it kept an alert from being acted on.
    """
    lines = f"{{name: it, given: {{alerts: [{CRITICAL}]}}, expect: {{nothing: true, until: 1h}}}}"
    later = lines.replace("name: it", "name: it, at: 2026-11-25T00:00:00Z").replace("nothing: true, until: 1h", "owner: payments")
    found = [what_comes_of(SILENCE + a_test(each), covering=True) for each in (lines, later)]

    assert [each.failed for each in found] == [0, 0]
    assert ["Silence/move" in taking_part(each.coverage) for each in found if each.coverage is not None] == [True, False]


def test_the_conditions_of_a_silence_are_seen_to_fail():
    """
    A silence whose `when` does not hold leaves no reason, and its condition counts as seen to fail all the same.
    """
    silence = SILENCE.replace("spec:\n", "spec:\n  when: \"env == 'test'\"\n", 1)
    lines = f"{{name: it, given: {{alerts: [{CRITICAL}]}}, expect: {{owner: payments}}}}"
    found = what_comes_of(silence + a_test(lines), covering=True).coverage

    assert found is not None
    assert conditions(found, "move")[-1] == ("env == 'test'", False, True)


OPPORTUNITY = """
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: only-counted, team: payments}
spec:
  match: ['service="checkout"']
  phase: opportunity
  precondition: "tier == `9`"
  target: "{{ service.name }}"
  rollback: {none: nothing is done}
---
"""


def test_an_opportunity_takes_part_by_being_counted():
    """
    An opportunity that matches has done all that one does; a precondition that nobody asked for was seen neither way.
    """
    lines = f"{{name: it, given: {{alerts: [{CRITICAL}]}}, expect: {{owner: payments}}}}"
    found = what_comes_of(OPPORTUNITY + a_test(lines), covering=True).coverage

    assert found is not None
    assert "Remediation/only-counted" in taking_part(found)
    assert conditions(found, "only-counted") == [('service="checkout"', True, False), ("tier == `9`", False, False)]
