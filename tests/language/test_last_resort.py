"""The last resort and the synthetic page: whom the settings have watchbill call for itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.language.makers import SETTINGS, compiled, policies
from watchbill.model.plan import Call
from watchbill.model.policyset import SyntheticPage

SMS = '{use: phone.sms, with: {to: "+351 555 0199"}}'
MAIL = ("Connector", "mail", "{type: email, with: {url: 'smtp://mail.example.com', from: watchbill@example.com}}", "")
HOOK = ("Connector", "hook", "{type: webhook, with: {url: 'https://hooks.example.com'}, tells: true}", "")


def settings(**keys: str) -> str:
    """Settings with these keys besides."""
    return SETTINGS + "".join(f"  {key}: {value}\n" for key, value in keys.items())


def said(*documents: tuple[str, ...], **keys: str) -> list[str]:
    """What is found to be wrong with settings that have these *keys*, without the way out."""
    return [str(finding).partition("\n")[0] for finding in compiled(*documents, settings=settings(**keys)).findings]


def test_the_last_resort_is_a_call_as_it_stands():
    """
    `last_resort` in `Settings` is how the engine says that it is itself in trouble: a connector's action, and its arguments as they stand.
    """
    body = "{use: hook.post, with: {path: /watch, body: {to: [ana, bo], deep: {}, none: [], many: 3}}}"
    found = policies(HOOK, settings=settings(last_resort=body)).settings

    assert policies(settings=settings(last_resort=SMS)).settings.last_resort == Call("phone", "sms", {"to": "+351 555 0199"})
    assert found.last_resort is not None
    assert found.last_resort.arguments == {"path": "/watch", "body": {"to": ["ana", "bo"], "deep": {}, "none": [], "many": 3}}


def test_without_a_last_resort():
    """
    Settings without a `last_resort` are no mistake: trouble then stands in the engine's log alone.
    """
    assert policies().settings.last_resort is None
    assert policies().settings.synthetic_page is None


def test_a_synthetic_page_leaves_on_its_schedule():
    """
    `synthetic_page` is a page that proves that people can be reached; it leaves `every` so often, once a day where nothing is said.
    """
    daily, weekly = (
        policies(settings=settings(synthetic_page=each)).settings.synthetic_page for each in (SMS, SMS.replace("}}", "}, every: 1w}"))
    )

    assert daily == SyntheticPage(Call("phone", "sms", {"to": "+351 555 0199"}), timedelta(days=1))
    assert weekly == SyntheticPage(Call("phone", "sms", {"to": "+351 555 0199"}), timedelta(weeks=1))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            {"last_resort": "{use: fone.sms}"},
            "watchbill.yaml:8:22: no connector is called `fone` [unknown-name]",
        ),
        (
            {"last_resort": "{use: phone.sm}"},
            "watchbill.yaml:8:28: phone (twilio) has no action `sm` [unknown-action]",
        ),
        (
            {"last_resort": "{use: metrics.query, with: {query: up}}"},
            "watchbill.yaml:8:22: `metrics.query` only reads, and a last resort tells somebody or reaches a person [post-must-tell]",
        ),
        (
            {"last_resort": "{use: phone.sms}"},
            "watchbill.yaml:8:3: phone.sms needs the argument `to` [bad-argument]",
        ),
        (
            {"synthetic_page": '{use: chat.post, with: {channel: "#ops"}}'},
            "watchbill.yaml:8:25: `chat.post` tells somebody, and a synthetic page reaches a person [contact-must-reach]",
        ),
        (
            {"synthetic_page": SMS.replace("}}", "}, every: 59s}")},
            "watchbill.yaml:8:72: `every` is `59s` [bad-duration]",
        ),
    ],
)
def test_they_are_checked_as_other_calls_are(keys: Mapping[str, str], expected: str):
    """
    Connector, action and arguments are checked as everywhere; the last resort tells somebody or reaches a person, the synthetic page
    reaches a person, at least a minute apart.
    """
    assert said(**keys) == [expected]


def test_nothing_is_filled_in():
    """
    A template in their arguments is a mistake, however deep it stands: there is no incident to fill it from.
    """
    template = "{use: hook.post, with: {subject: '{{ alert.name }}', body: {text: ['{% if 1 %}x{% endif %}']}}}"

    assert said(HOOK, last_resort=template) == [
        "watchbill.yaml:8:49: `subject` holds a template, and there is no incident to fill it from [bad-argument]",
        "watchbill.yaml:8:83: `text` holds a template, and there is no incident to fill it from [bad-argument]",
    ]


def test_they_act_in_the_name_of_the_fallback_team():
    """
    They act in the name of the fallback team, so another team's connector needs a grant.
    """
    theirs = ("Connector", "alarm", "{type: twilio, with: {account_sid: %s, from: '+1 212 555 0199'}}" % ("AC" + "0" * 32), "security")
    call = SMS.replace("phone", "alarm")
    granted = SETTINGS + f"    - {{to: team/platform, connectors: [alarm]}}\n  last_resort: {call}\n"

    assert said(theirs, last_resort=call) == [
        "watchbill.yaml:8:22: the team `platform` may not act with `alarm`, which belongs to `security` [not-granted]"
    ]
    assert policies(theirs, settings=granted).settings.last_resort is not None
    assert policies((*theirs[:3], "platform"), settings=settings(last_resort=call)).settings.last_resort is not None


def test_the_settings_hold_without_them():
    """
    What is wrong with them is an error, and still nothing is left out: the settings hold without a last resort.
    """
    done = compiled(settings=settings(last_resort="{use: fone.sms}", synthetic_page=SMS))

    assert [finding.level for finding in done.findings] == ["error"]
    assert done.quarantined == ()
    assert done.policies is not None
    assert done.policies.settings.last_resort is None
    assert done.policies.settings.synthetic_page is not None


@pytest.mark.parametrize(
    ("connector", "rule"),
    [("{type: email, with: {from: 7}}", "depends-on-quarantined"), (MAIL[2].replace("{type", "{mode: shadow, type"), "no-effect")],
)
def test_one_that_reaches_nobody_is_said(connector: str, rule: str):
    """
    A last resort whose connector is left out, or in shadow, gets a warning: it reaches nobody.
    """
    done = compiled(("Connector", "mail", connector, ""), settings=settings(last_resort="{use: mail.send, with: {to: ops@example.com}}"))
    (warning,) = [finding for finding in done.findings if finding.level == "warning"]

    assert (warning.rule, warning.place.line) == (rule, 8)
    assert warning.message.startswith("`last_resort` reaches nobody, because ")
