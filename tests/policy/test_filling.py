"""Templates against every service and severity that comes to them: what fails is found, and nobody is accused falsely."""

from __future__ import annotations

import pytest

from tests.makers import a_place, a_service
from tests.policy.makers import SETTINGS, SHOP, header
from watchbill.connectors.catalogue import catalogue
from watchbill.expressions.conditions import parse_condition
from watchbill.model.policies import Selector
from watchbill.policy import compile_policies
from watchbill.policy.compile import filling
from watchbill.policy.compile.filling import _letters
from watchbill.policy.compile.knowing import UNKNOWN, cases_of, unclaimed
from watchbill.policy.compile.reaching import Gate
from watchbill.policy.loading import RawDocument, load_text

LOUD = header("Service", "shop-eu", "payments") + "spec: {tier: 2, environment: EU}\n---\n"
LONG = header("Service", "x" * 63, "payments") + "spec: {tier: 3}\n---\n"


def said(text: str) -> list[str]:
    """What is wrong with templates in the shop with *text*, by the connectors that come with watchbill."""
    written = load_text(text.encode(), "case.yaml").documents
    given = {_label(each) for each in written}
    shop = [
        each for each in load_text(SHOP.encode(), "shop.yaml").documents if (each.data["kind"], each.data["metadata"]["name"]) not in given
    ]
    settings = load_text(SETTINGS.encode(), "watchbill.yaml").documents[0]
    done = compile_policies([*shop, *written], catalogue(), "4f2c1d9", settings)
    return [each.message for each in done.findings if each.rule == "failing-template"]


def _label(document: RawDocument) -> tuple[str, str]:
    return document.data["kind"], document.data["metadata"]["name"]


def a_hub(name: str, *, match: str = "", more: str = "", team: str = "payments", document: str = "with-hub") -> str:
    return header("Escalation", document, team) + (
        f"spec:\n  match: [{match}]\n{more}  levels: [{{page: role/primary}}]\n"
        f"  hub: {{channel: {{use: chat.open-channel, with: {{name: {name!r}}}}}}}\n---\n"
    )


def a_triage(query: str, *, match: str = "'alertname=\"X\"'", team: str = "payments", more: str = "") -> str:
    return header("Triage", "http", team) + (
        f"spec:\n  match: [{match}]\n{more}  collect: [{{name: one, use: metrics.query, with: {{query: {query!r}}}}}]\n---\n"
    )


def a_remediation(target: str, deployment: str = "x", replicas: str = "2", more: str = "") -> str:
    return header("Remediation", "scale", "payments") + (
        f"spec:\n  match: ['alertname=\"Slow\"']\n{more}  phase: human-initiated\n  target: {target!r}\n"
        f"  steps: [{{name: scale, use: cluster.scale, with: {{deployment: {deployment!r}, replicas: {replicas}}}}}]\n---\n"
    )


# --- what fails ---------------------------------------------------------------------------


def test_a_name_that_the_action_does_not_take():
    """
    A channel named after a service whose name it cannot have: the finding says for which service.
    """
    assert said(LOUD + a_hub("inc-{{ service.environment }}")) == [
        "for the service `shop-eu`, `name` of chat.open-channel cannot be `inc-EU`"
    ]


def test_several_services_are_one_finding():
    """
    Of several services that fail the first is named, and the others are counted.
    """
    assert said(LOUD + LOUD.replace("shop-eu", "shop-us") + a_hub("inc-{{ service.environment }}")) == [
        "for the service `shop-eu` (and 1 more), `name` of chat.open-channel cannot be `inc-EU`"
    ]


def test_a_severity_that_fails_is_named():
    """
    Where it depends on the severity, the finding says at which.
    """
    text = "inc-{{ 'A' if severity == 'critical' else 'b' }}"

    assert said(a_hub(text, match="'service=\"checkout\"'")) == [
        "for the service `checkout` with severity critical, `name` of chat.open-channel cannot be `inc-A`"
    ]


def test_what_is_too_long_already():
    """
    Where not everything is known, what is known may already be too long, or hold a letter that may not be.
    """
    long = "inc-{{ service.name }}-{{ service.name }}-{{ incident.id }}"

    assert said(LONG + a_hub(long)) == [f"for the service `{'x' * 59}…`, `name` of chat.open-channel is too long"]
    assert said(LOUD + a_hub("{{ service.environment }}-{{ incident.id }}")) == [
        "for the service `shop-eu`, `name` of chat.open-channel cannot hold `E`"
    ]


def test_what_is_absent_refuses_a_step():
    """
    In `with` and in `target` an absent value refuses the step: a team at the top has no parent.
    """
    orphan = header("Team", "payments") + "spec: {roles: {primary: person/ana, secondary: person/bo}}\n---\n"

    assert said(orphan + a_triage("up{team='{{ team.parent }}'}")) == [
        "for the service `checkout`, `query` of metrics.query cannot be filled in: `team.parent` is absent"
    ]
    assert said(orphan + a_remediation("{{ team.parent }}/{{ alert.labels.instance }}")) == [
        "for the service `checkout`, `target` cannot be filled in: `team.parent` is absent"
    ]
    assert said(a_triage("up{team='{{ team.parent }}'}")) == []


def test_an_alert_that_no_service_claims():
    """
    What the fallback team may be given has no service; a policy that asks for one in its matchers is never given it.
    """
    text = "up{service='{{ service.name }}'}"

    assert said(a_triage(text, team="platform")) == [
        "for an alert that no service claims, `query` of metrics.query cannot be filled in: `service.name` is absent"
    ]
    assert said(a_triage(text, team="platform", match="'service!=\"\"'")) == []
    assert said(a_triage(text, team="platform", more="  when: service.name\n")) == []
    assert said(a_triage(text)) == []


def test_a_number_that_is_none():
    """
    Where a number is wanted, a text that is none fails.
    """
    assert said(a_remediation("{{ service.name }}", replicas="'{{ tier }}'")) == []
    (message,) = said(a_remediation("{{ service.name }}", replicas="'{{ service.name }}'"))
    assert message == "for the service `checkout`, `replicas` of cluster.scale should be a whole number, not text"


def test_a_target_that_is_empty():
    """
    A target that names nothing for a service.
    """
    assert said(a_remediation("{{ service.environment }}")) == ["for the service `checkout`, `target` is empty"]


def test_a_text_that_cannot_be_filled_in():
    """
    What adds a number to a text fails in a message too.
    """
    audience = header("Audience", "team", "support") + "spec: {channels: [{use: chat.post, with: {channel: status}}]}\n---\n"
    comms = header("Comms", "tell", "support") + (
        "spec:\n  match: ['service=\"checkout\"']\n  audience: team\n  first: 5m\n"
        "  messages: {triggered: {body: '{{ service.name + tier }}'}}\n---\n"
    )

    (message,) = said(audience + comms)
    assert message.startswith("for the service `checkout`, `body` cannot be filled in: the template cannot be filled in")


def test_the_channels_of_an_audience():
    """
    What an audience's channel is given is found where the audience stands, once, by the Comms that speak to it.
    """
    audience = (
        header("Audience", "team", "support")
        + "spec: {channels: [{use: chat.post, with: {channel: 'inc-{{ service.environment }}'}}]}\n---\n"
    )
    comms = header("Comms", "tell", "support") + (
        "spec:\n  match: ['tier=\"2\"']\n  audience: team\n  first: 5m\n  messages: {triggered: {body: it broke}}\n---\n"
    )

    assert said(LOUD + audience + comms) == ["for the service `shop-eu`, `channel` of chat.post cannot be `inc-EU`"]
    assert said(LOUD.replace("tier: 2", "tier: 3") + audience + comms) == []


def test_among_very_many_one_stands_for_those_that_look_alike(monkeypatch: pytest.MonkeyPatch):
    """
    Where there is too much to fill in, services whose values look alike are tried once; what fails is still told for each.
    """
    several = LOUD + LOUD.replace("shop-eu", "shop-us").replace("EU", "US") + LOUD.replace("shop-eu", "shop-sg").replace("EU", "sg")
    monkeypatch.setattr(filling, "_BUDGET", 0)

    assert said(several + a_hub("inc-{{ service.environment }}")) == [
        "for the service `shop-eu` (and 1 more), `name` of chat.open-channel cannot be `inc-EU`"
    ]
    assert said(LOUD + a_hub("inc-{{ service.environment | lower }}")) == []


# --- what does not come ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "policy",
    [
        a_hub("inc-{{ service.environment }}", match="'service=\"checkout\"'"),
        a_hub("inc-{{ service.environment }}", match="'service!~\".*-eu\"'"),
        a_hub("inc-{{ service.environment }}", match="'tier=\"1\"'"),
        a_hub("inc-{{ service.environment }}", team="platform"),
        a_hub("inc-{{ service.environment }}", more="  when: \"service.name != 'shop-eu'\"\n"),
        a_hub("inc-{{ service.environment }}", more="  when: \"env == 'prod' && length(service.environment) < `2`\"\n"),
        a_hub("inc-{{ service.environment }}", more="  when: \"tier == `1` || alert.labels.force == 'yes'\"\n"),
        a_hub("inc-{{ service.environment | lower }}"),
        a_hub("inc-{{ 'x' if incident.id else service.environment }}"),
        a_hub("inc-{{ alert.labels.region }}"),
    ],
    ids=[
        "another service",
        "a pattern",
        "a tier",
        "another team",
        "when",
        "a part of when",
        "when unsure",
        "a filter",
        "unsure",
        "unknown",
    ],
)
def test_nobody_is_accused_falsely(policy: str):
    """
    A service that does not come to the policy for certain, or a template of which nothing is certain, is no finding.
    """
    assert said(LOUD + policy) == []


def test_a_policy_that_never_wins_is_left_alone():
    """
    Where another escalation certainly takes the alert instead, the templates of this one are never filled in for it.
    """
    own = a_hub("inc-eu", match="'service=\"shop-eu\"'", document="eu")
    default = LOUD.replace("tier: 2", "tier: 2, escalation: payments-critical")
    above = a_hub("inc-{{ service.environment }}", team="engineering", document="wide")

    assert said(LOUD + own + a_hub("inc-{{ service.environment }}", match="'severity!=\"info\"'")) == []
    assert len(said(LOUD + own.replace("match: [", "during: nights\n  match: [") + a_hub("inc-{{ service.environment }}"))) == 1
    assert said(default + above) == []
    assert len(said(LOUD + above)) == 1


def test_what_goes_besides_comes_from_anywhere():
    """
    An escalation that applies besides is given the alerts of every team.
    """
    assert said(LOUD + a_hub("inc-{{ service.environment }}", team="platform", more="  continue: true\n")) == [
        "for the service `shop-eu`, `name` of chat.open-channel cannot be `inc-EU`"
    ]


# --- what is known ----------------------------------------------------------------------------


def test_what_is_known_of_an_alert():
    """
    Of a service's alert its own fields are known, the labels by which it is claimed, and nothing of the incident or the time.
    """
    service = a_service("checkout", tier=2, claims=[['app="shop"', 'region=~"eu|us"']])
    case = cases_of(service, "engineering")[0]
    paths = ["service.name", "service.tier", "team.name", "team.parent", "severity", "tier", "alert.labels.tier", "alert.labels.app"]
    unknown = ["incident.id", "now", "env", "alert.name", "alert.labels.region", "service", "alert.labels", "alert.annotations.x"]

    assert [case.value(tuple(path.split("."))) for path in paths] == [
        *("checkout", 2, "payments", "engineering", "critical", 2, "2", "shop"),
    ]
    assert {case.value(tuple(path.split("."))) for path in unknown} == {UNKNOWN}
    assert case.with_labels({"alertname": "X", "env": "prod", "app": "other"}).labels["app"] == "shop"
    assert case.with_labels({"alertname": "X"}).value(("alert", "name")) == "X"
    assert case.with_labels({"env": "prod"}).value(("env",)) == "prod"


def test_of_several_claims_none_is_known():
    """
    A service that claims alerts in several ways leaves open which it was, and what no service claims has none.
    """
    several = cases_of(a_service("checkout", claims=[['app="a"'], ['app="b"']]), None)[0]
    nobody = unclaimed("platform", None)[2]

    assert several.value(("alert", "labels", "app")) is UNKNOWN
    assert (nobody.value(("service", "name")), nobody.value(("tier",)), nobody.value(("severity",))) == (None, None, "info")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tier == `1`", True),
        ("tier == `2`", False),
        ("tier == `1` && env == 'prod'", True),
        ("tier == `2` && env == 'prod'", False),
        ("tier == `1` || env == 'prod'", False),
        ("contains(['critical', 'warning'], severity)", True),
        ("!contains(['critical', 'warning'], severity)", False),
        ("weekday(now) == 'sat'", True),
        ("service.{a: name}.a == 'checkout'", True),
        ("starts_with(service.name, 'check')", True),
    ],
)
def test_whether_a_condition_may_hold(text: str, expected: bool):
    """
    What is known is worked out part by part; what is not holds for some alerts; of both together nothing is certain.
    """
    case = cases_of(a_service("checkout", tier=1), None)[0]

    assert Gate(Selector(when=parse_condition(text, a_place()))).lets(case) is expected


@pytest.mark.parametrize(
    ("pattern", "allowed", "refused"),
    [
        (r"^#?[a-z0-9_-]{1,80}$", "#a9_-\n", "A. "),
        (r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", "a0.-", "_A"),
        (r"^[a-z]{2}(-[A-Z]{2})?$", "aZ-", "_0"),
    ],
)
def test_the_letters_of_a_pattern(pattern: str, allowed: str, refused: str):
    """
    Of a plain pattern it is known which characters a text may have at all.
    """
    letters = _letters(pattern)

    assert letters is not None
    assert set(allowed) <= letters
    assert not letters & set(refused)


@pytest.mark.parametrize("pattern", [r"^a|b$", r"^(a)|(b)$", r"^/", r"[a-z]", r"^[^a]$", r"^\S+$", r"^.+$", r"^(?!$)[a-z]+$", r"^[\w]+$"])
def test_patterns_of_which_nothing_is_plain(pattern: str):
    """
    Of any other pattern nothing is concluded.
    """
    assert _letters(pattern) is None
