"""What an alert may bring at its worst: found where it keeps a text from its readers, and nowhere else."""

from __future__ import annotations

import pytest

from tests.policy.makers import SETTINGS, SHOP, header
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.schemas import arguments, text
from watchbill.errors import Finding
from watchbill.model.policyset import Action, ConnectorType
from watchbill.policy import compile_policies
from watchbill.policy.loading import RawDocument, load_text

BOARD = ConnectorType(
    "board",
    "Shows what it is told.",
    arguments({}),
    (),
    (
        Action(
            "show",
            "Shows.",
            arguments({"subject": text("The headline."), "text": text("The text.")}, ("subject",)),
            does="tells",
            idempotent=True,
        ),
    ),
)
MORE = (
    header("Connector", "mail")
    + "spec: {type: email, with: {url: 'smtp://mail.example.com', from: shop@example.com}}\n---\n"
    + header("Connector", "board")
    + "spec: {type: board}\n---\n"
    + header("Connector", "page")
    + "spec: {type: statuspage, with: {page_id: x}}\n---\n"
)


def found(text: str) -> list[Finding]:
    """The findings of the rule in the shop with *text*, by the connectors that come with watchbill and a board."""
    written = load_text((MORE + text).encode(), "case.yaml").documents
    given = {_label(each) for each in written}
    shop = [each for each in load_text(SHOP.encode(), "shop.yaml").documents if _label(each) not in given]
    settings = load_text(SETTINGS.encode(), "watchbill.yaml").documents[0]
    done = compile_policies([*shop, *written], catalogue(BOARD), "4f2c1d9", settings)
    assert not [each for each in done.findings if each.level == "error" and each.place.file == "case.yaml"], done.findings
    return [each for each in done.findings if each.rule == "unguarded-argument"]


def said(text: str) -> list[str]:
    return [each.message for each in found(text)]


def _label(document: RawDocument) -> tuple[str, str]:
    return document.data["kind"], document.data["metadata"]["name"]


def a_post(arguments: str, match: str = "'alertname=~\"A.*\"'", use: str = "chat.post") -> str:
    return header("Escalation", "posting", "payments") + (
        f"spec:\n  match: [{match}]\n  levels: [{{page: role/primary, notify: [{{use: {use}, with: {{{arguments}}}}}]}}]\n---\n"
    )


def told(messages: str, channel: str = "{use: mail.send, with: {to: a@example.com, subject: '{{ subject }}', text: '{{ body }}'}}") -> str:
    return (
        header("Audience", "readers", "support")
        + f"spec: {{channels: [{channel}]}}\n---\n"
        + header("Comms", "telling", "support")
        + f"spec: {{match: ['severity=\"critical\"'], audience: readers, messages: {{{messages}}}}}\n---\n"
    )


# --- posts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("post", "message", "help"),
    [
        (
            a_post("channel: '#{{ alert.labels.room }}', text: x"),
            "`channel` of chat.post can fill in so that it is not of the shape `^(#?[^\\s#A-Z,.]{1,80}|[CGD][A-Z0-9]{8,})$`, "
            "by `alert.labels.room`",
            "write `{{ alert.labels.room | default('…') }}`",
        ),
        (
            a_post("channel: '#x', subject: '{{ alert.annotations.summary }}', text: x"),
            "`subject` of chat.post can fill in so that it is longer than 150 characters, by `alert.annotations.summary`",
            "write `{{ alert.annotations.summary | truncate(75) }}`",
        ),
        (
            a_post("subject: '{{ alert.annotations.a }}{{ alert.annotations.b }}'", use="board.show"),
            "`subject` of board.show can fill in so that it is empty, by `alert.annotations.a` and `alert.annotations.b`",
            "write `{{ alert.annotations.a | default('…') }}`, or match only alerts that have it",
        ),
        (
            a_post("status: '{{ incident.status }}'", use="page.post"),
            "`status` of page.post can fill in so that it is none of `investigating`, `identified`, `monitoring` and `resolved`",
            "write what the action takes",
        ),
    ],
)
def test_a_post_that_an_alert_can_break(post: str, message: str, help: str):
    """
    A post whose channel or headline an alert can break is found, with the values that do it and what to write.
    """
    first = found(post)[0]

    assert first.message == message
    assert first.help is not None
    assert first.help.startswith(help)
    assert (first.level, first.place.file) == ("warning", "case.yaml")


@pytest.mark.parametrize(
    "post",
    [
        a_post("channel: '#x', text: '{{ alert.annotations.summary }}'"),
        a_post("channel: '#x', subject: '{{ alert.annotations.summary | truncate(100) }}', text: x"),
        a_post("subject: '{{ alert.annotations.a | default(alert.name) }}'", use="board.show"),
        a_post("channel: '#{{ service.name }}', subject: '{{ severity }} since {{ incident.opened_at }}', text: x"),
        a_post("channel: '#{{ alert.labels.room }}', text: x", match="'room=~\"[a-z]+\"'"),
        a_post("channel: '#{{ alert.labels.room }}', text: x", match="'room=\"shop\"'"),
        a_post("channel: '#inc-{{ incident.id }}', text: x"),
        a_post("channel: \"{% if alert.labels.room == 'a' %}#a{% else %}#b{% endif %}\", text: x"),
        a_post('status: \'{{ "investigating" if incident.status == "triggered" else "identified" }}\'', use="page.post"),
    ],
)
def test_a_post_that_is_guarded(post: str):
    """
    What is optional and empty is left out; a filter, a matcher, a condition, or a value that watchbill sets itself guards the rest.
    """
    assert said(post) == []


def test_what_is_certain_is_said_once():
    """
    What fails for a service for certain is said of that service, and not here again.
    """
    loud = header("Service", "shop-eu", "payments") + "spec: {tier: 2, environment: EU}\n---\n"

    assert said(loud + a_post("channel: '#{{ service.environment }}-{{ alert.labels.room }}', text: x", match="'room=~\"[a-z]+\"'")) == []


# --- repairs and collectors ---------------------------------------------------------------


def test_what_refuses_a_step_is_no_finding():
    """
    A repair that refuses a label which is absent or has another shape does what it should.
    """
    repair = header("Remediation", "scale", "payments") + (
        "spec:\n  match: ['alertname=\"Slow\"']\n  phase: human-initiated\n  target: '{{ alert.labels.pod }}'\n"
        "  steps:\n    - name: scale\n      use: cluster.scale\n"
        "      with: {deployment: '{{ target }}', namespace: '{{ alert.labels.namespace }}', replicas: 2}\n"
    )

    assert said(repair) == []


def test_a_step_that_comes_out_empty():
    """
    A required argument of a collector that a template lets come out empty is found.
    """
    triage = header("Triage", "http", "payments") + (
        "spec:\n  match: ['alertname=\"X\"']\n"
        "  collect: [{name: one, use: metrics.query, with: {query: \"{{ alert.labels.q | default('') }}\"}}]\n"
    )

    assert said(triage) == ["`query` of metrics.query can fill in so that it is empty, by `alert.labels.q`"]


# --- updates ----------------------------------------------------------------------------


def test_a_subject_that_can_be_too_long():
    """
    A subject that a channel does not take is found where it is written, once for all channels of its kind.
    """
    (finding,) = found(told("triggered: {subject: 'Trouble: {{ alert.name }}', body: we look}"))

    assert finding.message == "`subject` of mail.send can fill in so that it is longer than 250 characters, by `alert.name`"
    assert finding.place.line > 10


def test_a_subject_that_is_too_long_as_it_stands():
    """
    A subject that is written too long for a channel is found without any alert.
    """
    long = "x" * 251

    assert said(told(f"triggered: {{subject: '{long}', body: we look}}")) == [
        "`subject` of mail.send can fill in so that it is longer than 250 characters"
    ]


def test_an_update_that_can_say_nothing():
    """
    An update whose text is all of it the alert's may say nothing, and is then not sent.
    """
    assert said(told("triggered: {body: '{{ alert.annotations.summary }}'}")) == [
        "the text for `triggered` can come out empty, and then this update is not sent, by `alert.annotations.summary`"
    ]
    assert said(told("triggered: {body: 'We look. {{ alert.annotations.summary }}'}, unchanged: {body: no change}")) == []


def test_a_channel_that_needs_a_subject():
    """
    Where a channel needs a subject, every message that may be the first has one; later ones fall back to it.
    """
    board = "{use: board.show, with: {subject: '{{ subject }}', text: '{{ body }}'}}"

    assert said(told("triggered: {subject: Slow, body: a}, unchanged: {body: b}, resolved: {body: c}", board)) == []
    assert said(told("triggered: {subject: Slow, body: a}, acknowledged: {body: b}, resolved: {body: c}", board)) == [
        "`subject` of board.show is empty where nobody was told a subject before: `acknowledged` has none",
        "`subject` of board.show is empty where nobody was told a subject before: `resolved` has none",
    ]


def test_a_channel_that_an_alert_can_break():
    """
    What a channel takes from the alert itself is found in the audience.
    """
    channel = "{use: chat.post, with: {channel: '#{{ alert.labels.room }}', text: '{{ body }}'}}"
    findings = found(told("triggered: {body: a}", channel))

    assert {each.place.line for each in findings} == {found_line(channel)}


def found_line(channel: str) -> int:
    """Where the channels of the audience stand."""
    return next(number for number, line in enumerate((MORE + told("triggered: {body: a}", channel)).splitlines(), 1) if channel in line)
