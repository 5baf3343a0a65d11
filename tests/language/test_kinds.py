"""What actions do, and where each of them may stand: what changes a system happens in a remediation, and nowhere else."""

from __future__ import annotations

import pytest

from tests.language.makers import PAGE, RESTART, SETTINGS, Written, compiled, policies, rules
from watchbill.connectors.catalogue import catalogue
from watchbill.model.ownership import telling_contact
from watchbill.model.policyset import TAKES, ActionKind, UsePlace, kind_of

HOOK: Written = ("Connector", "hook", "{type: webhook, with: {url: https://hooks.example.com}}", "")
ROOM: Written = ("Connector", "room", "{type: bridge, with: {url: 'https://meet.example.com/{room}'}}", "")
MAIL: Written = ("Connector", "mail", "{type: email, with: {url: 'smtp://mail.example.com', from: watchbill@example.com}}", "")
TELLING: Written = ("Connector", "hook", "{type: webhook, with: {url: https://hooks.example.com}, tells: true}", "")

USES: dict[ActionKind, str] = {
    "reads": "use: metrics.query, with: {query: up}",
    "tells": "use: chat.post, with: {channel: '#payments'}",
    "reaches": "use: mail.send, with: {to: ops@example.com}",
    "opens": "use: room.open",
    "changes": "use: local.run, with: {argv: [rm]}",
}
"""One call of each kind."""


def broken(place: UsePlace, use: str, *documents: Written) -> list[str]:
    """The rules that are broken by this call at this place."""
    repair = RESTART.replace(
        '{name: restart, use: cluster.rollout-restart, with: {deployment: "{{ service.name }}"}}', f"{{name: it, {use}}}"
    )
    written: dict[UsePlace, Written] = {
        "collect": ("Triage", "look", f"{{collect: [{{name: it, {use}}}]}}"),
        "verify": ("Remediation", "restart", RESTART.replace("use: metrics.query, with: {query: errors}", use).replace("value <", "`1` <")),
        "probe": ("Probe", "home", f"{{service: checkout, {use}, every: 1m, expect: 'true', alert: {{name: Down, severity: info}}}}"),
        "notify": ("Escalation", "all", f"{{levels: [{{page: role/primary, notify: [{{{use}}}]}}]}}"),
        "channels": ("Audience", "staff", f"{{channels: [{{{use}}}]}}", "support"),
        "contacts": ("Person", "zoe", f"{{contacts: [{{{use.partition(',')[0]}, to: ops@example.com}}]}}", ""),
        "hub.channel": ("Escalation", "all", f"{{levels: [{{page: role/primary}}], hub: {{channel: {{{use}}}}}}}"),
        "hub.bridge": ("Escalation", "all", f"{{levels: [{{page: role/primary}}], hub: {{bridge: {{{use}}}}}}}"),
        "steps": ("Remediation", "restart", repair),
    }
    settings = SETTINGS + (f"  {place}: {{{use}}}\n" if place in ("last_resort", "synthetic_page") else "")
    there = (written[place],) if place in written else ()
    return [rule for rule in rules(ROOM, MAIL, *documents, *there, settings=settings) if "-must-" in rule or "-may-" in rule]


def test_what_an_action_does():
    """
    An action does one of five things: it reads, it tells (somebody reads it), it reaches a person, it opens a place to talk in, or it
    changes a system; what declares nothing and does not read, changes.
    """
    done = policies(ROOM, MAIL)
    kinds = {}
    for kind, use in USES.items():
        connector, _, action = use.partition(",")[0].removeprefix("use: ").partition(".")
        found = catalogue()[done.connectors[connector].type].action(action)
        assert found is not None
        kinds[kind] = kind_of(found, done.connectors[connector])

    assert kinds == {kind: kind for kind in USES}


@pytest.mark.parametrize("kind", USES)
@pytest.mark.parametrize(
    ("place", "rule"),
    [
        ("collect", "collector-must-read"),
        ("verify", "collector-must-read"),
        ("probe", "collector-must-read"),
        ("notify", "post-must-tell"),
        ("channels", "post-must-tell"),
        ("last_resort", "post-must-tell"),
        ("contacts", "contact-must-reach"),
        ("synthetic_page", "contact-must-reach"),
        ("hub.channel", "hub-must-open"),
        ("hub.bridge", "hub-must-open"),
        ("steps", "repair-may-not-reach"),
    ],
)
def test_each_place_takes_its_kinds(place: UsePlace, rule: str, kind: ActionKind):
    """
    Each place takes the actions that belong there: `collect`, `verify` and a `Probe` those that read; `notify`, `channels` and
    `last_resort` those that tell or reach; contacts and `synthetic_page` those that reach; a `hub` those that open or tell; the steps
    of a remediation and of its rollback those that change, tell or read.
    """
    assert broken(place, USES[kind]) == ([] if kind in TAKES[place] else [rule])


def test_what_changes_a_system_is_a_remediation():
    """
    What changes a system happens in a `Remediation` and nowhere else.
    """
    assert [place for place, kinds in TAKES.items() if "changes" in kinds] == ["steps"]
    assert [place for place in TAKES if not broken(place, USES["changes"])] == ["steps"]


def test_tells():
    """
    An action of which only you know what is at the other end, as `webhook.post` and those of programs that do not say, changes a system
    unless its `Connector` says `tells: true`: then it tells.
    """
    post = "use: hook.post"

    assert [place for place in TAKES if not broken(place, post, HOOK)] == ["steps"]
    assert [place for place in TAKES if not broken(place, post, TELLING)] == [place for place, kinds in TAKES.items() if "tells" in kinds]


def test_tells_where_it_cannot():
    """
    `tells: true` on a `Connector` whose actions all say by themselves what they do has no effect, and a warning says so.
    """
    (warning,) = compiled(("Connector", "local", "{type: exec, tells: true}", "")).findings

    assert (warning.rule, warning.level) == ("no-effect", "warning")


def test_a_binding_tells_as_well():
    """
    A service cannot bind the name of a connector that tells to one that does not say so.
    """
    plain: Written = ("Connector", "hook-eu", "{type: webhook, with: {url: https://eu.example.com}}", "")
    bound: Written = ("Service", "checkout", "{tier: 1, bindings: {hook: hook-eu}}")

    assert rules(TELLING, plain, bound) == ["bad-binding"]
    assert rules(HOOK, plain, bound) == []
    assert rules(TELLING, (*plain[:2], plain[2].replace("}}", "}, tells: true}"), ""), bound) == []


def test_which_contacts_ring():
    """
    `rings: true` or `rings: false` on a person's contact says whether it wakes them; left out, `twilio.call` and `webhook.page` do, and
    all others do not.
    """
    contacts = "{use: phone.call, to: '+351 555 0100'}, {use: phone.sms, to: '+351 555 0100'}, {use: hook.page, to: ana}"
    loud, quiet = (f"{{contacts: [{contacts.replace('}', f', rings: {word}}}')}]}}" for word in ("true", "false"))
    found = policies(
        HOOK, ("Person", "zoe", f"{{contacts: [{contacts}]}}", ""), ("Person", "yan", loud, ""), ("Person", "xia", quiet, "")
    ).people

    assert [contact.rings for contact in found["zoe"].contacts] == [True, False, True]
    assert {contact.rings for contact in found["yan"].contacts} == {True}
    assert {contact.rings for contact in found["xia"].contacts} == {False}


def test_the_contact_that_tells():
    """
    The contact that tells is a person's first one that does not ring.
    """
    people = policies().people
    telling = telling_contact(people["ana"])

    assert str(telling) == "phone.sms"
    assert telling_contact(people["bo"]) is None


def test_one_wrong_call_costs_one_document():
    """
    An action that may not stand where it does costs the document it stands in, and nothing else.
    """
    wrong = ("Escalation", "wrong", f"{{match: ['alertname=\"Odd\"'], levels: [{{page: role/lead, notify: [{{{USES['changes']}}}]}}]}}")

    assert compiled(wrong, PAGE).quarantined == ("Escalation/wrong",)
