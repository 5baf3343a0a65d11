"""What cannot be done is said before anybody relies on it: policies held against this version and against a process."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.makers import ways
from watchbill.connectors.capability import Needs, NoSecret, Process, findings, needs
from watchbill.connectors.carrying import Held
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.performers import _NotYet, performers
from watchbill.errors import Finding
from watchbill.model.policyset import ConnectorType, PolicySet
from watchbill.policy import compile_files
from watchbill.policy.compile import Compiled
from watchbill.policy.loading import PolicyFiles

TYPES = catalogue()

SETTINGS = """\
apiVersion: watchbill/v1
kind: Settings
metadata: {name: shop}
spec:
  fallback_team: shop
"""


def document(kind: str, name: str, spec: str, team: str = "shop") -> str:
    owner = f", team: {team}" if team else ""
    return f"apiVersion: watchbill/v1\nkind: {kind}\nmetadata: {{name: {name}{owner}}}\nspec: {spec}\n"


def person(name: str, *uses: str) -> str:
    """Somebody with these contacts, each as ``connector.action``."""
    ways = {"phone.call": "+351 555 0100", "phone.sms": "+351 555 0100", "mail.send": "ana@example.com", "chat.direct": "U0123456"}
    contacts = ", ".join(f'{{use: {use}, to: "{ways.get(use, name)}"}}' for use in uses)
    return document("Person", name, f"{{contacts: [{contacts}]}}", "")


PHONE = document(
    "Connector", "phone", '{type: twilio, with: {account_sid: AC00000000000000000000000000000000, from: "+1 212 555 0199"}}', ""
)
CHAT = document("Connector", "chat", "{type: slack}", "")
PAGER = document("Connector", "pager", "{type: webhook, with: {url: https://pager.example.com}, secrets: {token: env/SHOP_PAGER}}", "")
TRIAL = document("Connector", "trial", "{type: webhook, mode: shadow, with: {url: https://trial.example.com}}", "")
MAIL = document("Connector", "mail", '{type: email, with: {url: "smtp://mail.shop.example.com", from: oncall@example.com}}', "")
HOST = document("Connector", "host", "{type: exec}", "")
CONNECTORS = (PHONE, CHAT, PAGER, TRIAL, MAIL, HOST)
SHOP = (
    document("Team", "shop", "{members: [ana, bo], roles: {primary: person/ana, secondary: person/bo}}", ""),
    document("Service", "checkout", "{tier: 1}"),
    document("Escalation", "critical", "{match: ['severity=\"critical\"'], levels: [{page: role/primary}, {page: role/secondary}]}"),
)


def compiled(*documents: str, settings: str = SETTINGS, process: Process | None = None) -> Compiled:
    """The shop with these documents, judged against this version, and against a *process* where there is one."""
    heads = {document.partition("spec:")[0].partition(", team")[0] for document in documents}
    usual = [each for each in (*SHOP, *CONNECTORS) if each.partition("spec:")[0].partition(", team")[0] not in heads]
    texts = {"watchbill.yaml": settings, "case.yaml": "---\n".join(documents), "shop.yaml": "---\n".join(usual)}
    files = {name: text.encode() for name, text in texts.items()}
    return compile_files(PolicyFiles(files, (), ""), TYPES, "4f2c1d9", lambda policies: findings(policies, TYPES, process))


def policies(*documents: str, settings: str = SETTINGS) -> PolicySet:
    found = compiled(*documents, settings=settings).policies
    assert found is not None
    return found


def judged(*documents: str, settings: str = SETTINGS, process: Process | None = None) -> list[Finding]:
    """What cannot be carried out, and is not `mode: shadow` of the connector `trial`, which stands in every shop here."""
    done = compiled(*documents, settings=settings, process=process)
    assert [str(each) for each in done.findings if each not in done.beyond] == []
    return [each for each in done.beyond if not (each.rule == "in-shadow" and each.document == "Connector/trial")]


def said(found: Iterable[Finding]) -> list[tuple[str, str, str]]:
    return [(each.level, each.rule, each.message) for each in found]


# --- what this version carries out ------------------------------------------------------


@pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
def test_a_type_is_refused_exactly_where_it_says_so(kind: ConnectorType):
    """
    A type whose actions say that they are not carried out has nobody who performs them, and any other has.
    """
    held = performers(ways().outside)[kind.name]

    assert isinstance(held, Held)
    assert isinstance(held.performer, _NotYet) is not all(action.carried_out for action in kind.actions)


def test_what_is_planned_with_and_not_carried_out():
    """
    A connector whose actions this version does not carry out is a warning, once for all places that use it, with the first of them.
    """
    notify = document(
        "Escalation",
        "loud",
        "{match: ['severity=\"warning\"'], levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: x}}]}]}",
    )
    found = judged(person("ana", "pager.page", "phone.call", "phone.sms"), person("bo", "pager.page"), notify)

    assert said(found) == [
        (
            "warning",
            "not-carried-out",
            "`phone.call` and `phone.sms` (twilio) are not carried out by this version; used in case.yaml:1",
        ),
        ("warning", "not-carried-out", "`chat.post` (slack) is not carried out by this version; used in case.yaml:14"),
    ]
    assert [each.help for each in found] == [
        "rely on nothing that it does until a later version can, or use a connector of type `email` or `webhook`",
        "rely on nothing that it does until a later version can",
    ]


def test_what_nothing_uses_is_not_told():
    """
    A connector that nothing uses disappoints nobody.
    """
    assert judged(person("ana", "pager.page"), person("bo", "pager.page")) == []


def test_a_bound_connector_is_used_too():
    """
    Where a service binds a connector's name, the bound one is used for all that the policies do by that name.
    """
    bound = document("Service", "search", "{tier: 2, bindings: {pager: phone}}")
    other = document("Service", "search", "{tier: 2, bindings: {chat: board}}")
    board = document("Connector", "board", "{type: slack}", "")
    post = document("Audience", "staff", "{channels: [{use: chat.post, with: {channel: x}}]}")
    assert compiled(bound).policies is not None

    found = judged(person("ana", "pager.page"), person("bo", "pager.page"), other, board, post)

    assert [each.document for each in found] == ["Connector/board", "Connector/chat"]


def test_a_probe_is_not_run():
    """
    A `Probe` is planned with and not run by `serve`, which is said once for all of them.
    """
    web = document("Connector", "web", "{type: http, with: {url: https://shop.example.com}}", "")
    spec = "{service: checkout, use: web.get, every: 1m, expect: 'status == `200`', alert: {name: Down, severity: critical}}"
    people = (person("ana", "pager.page"), person("bo", "pager.page"))

    found = judged(*people, web, document("Probe", "home", spec), document("Probe", "basket", spec))

    assert said(found) == [
        (
            "warning",
            "not-carried-out",
            "`home` and 1 more (Probe) are not carried out by this version: `plan` and `test` know this kind, and `serve` runs none",
        )
    ]


def test_shadow_is_said_wherever_it_stands():
    """
    A connector or a remediation in shadow is a warning; a person who is reached through it alone is no error, for it is a trial.
    """
    step = "steps: [{name: a, use: host.run, with: {argv: [sync]}}]"
    repair = document(
        "Remediation", "restart", f"{{match: ['service=\"checkout\"'], phase: human-initiated, mode: shadow, target: x, {step}}}"
    )
    done = compiled(person("ana", "trial.page"), person("bo", "trial.page"), repair)

    assert said(done.beyond) == [
        ("warning", "in-shadow", "`restart` is in shadow: it is decided and recorded, and touches nothing"),
        ("warning", "in-shadow", "`trial` is in shadow, so what is done with it touches nothing; used in 2 places, the first case.yaml:1"),
    ]


# --- whom nobody reaches ----------------------------------------------------------------


def test_a_person_none_of_whose_contacts_can_leave():
    """
    A person none of whose contacts can leave is an error, which says of each contact why.
    """
    found = judged(person("ana", "phone.call", "chat.direct"), person("bo", "phone.call", "pager.page"))

    assert [each.message for each in found if each.level == "error"] == [
        "no page reaches `ana` (`phone.call` and `chat.direct`: not carried out by this version)"
    ]


def test_a_service_that_would_reach_nobody():
    """
    A service that would reach nobody is an error: none of those whom its escalations, its roles or the fallback team could page.
    """
    found = judged(person("ana", "phone.call"), person("bo", "chat.direct"))

    assert [(each.document, each.message) for each in found if each.level == "error"] == [
        ("Person/ana", "no page reaches `ana` (`phone.call`: not carried out by this version)"),
        ("Person/bo", "no page reaches `bo` (`chat.direct`: not carried out by this version)"),
        ("Service/checkout", "`checkout` reaches nobody: none of `ana` and `bo` can be reached"),
        (None, "what no service claims reaches nobody: none of `ana` and `bo` can be reached"),
    ]


EVE = person("eve", "pager.page")
WATCH = document(
    "Schedule", "watch", '{layers: [{name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana, PERSON]}]}'
)
SOMEHOW: dict[str, tuple[str, ...]] = {
    "a level of its own escalation": (document("Escalation", "own", "{match: ['service=\"checkout\"'], levels: [{page: person/eve}]}"),),
    "a turn on a schedule": (
        WATCH.replace("PERSON", "eve"),
        document("Escalation", "own", "{match: ['alertname=\"x\"'], levels: [{page: schedule/watch}]}"),
    ),
    "an override, at whatever time": (
        WATCH.replace("PERSON", "bo"),
        document("Override", "eve-once", '{schedule: watch, person: eve, from: "2031-01-01T00:00:00Z", to: "2031-01-02T00:00:00Z"}', ""),
        document("Escalation", "own", "{match: ['alertname=\"x\"'], levels: [{page: schedule/watch}]}"),
    ),
    "a role of a team above": (
        document("Team", "house", "{roles: {lead: person/eve}}", ""),
        document("Team", "inner", "{parent: house, roles: {primary: person/ana}}", ""),
        document("Service", "checkout", "{tier: 1}", "inner"),
    ),
    "an escalation besides, of another team": (
        document("Team", "security", "{roles: {primary: person/eve}}", ""),
        document("Escalation", "besides", "{continue: true, levels: [{page: team/security}]}", "security"),
    ),
    "the default of the service": (
        document("Escalation", "named", "{match: ['service=\"other\"'], levels: [{page: person/eve}]}"),
        document("Service", "checkout", "{tier: 1, escalation: named}"),
    ),
    "the fallback team": (
        document("Team", "last", "{roles: {primary: person/eve}}", ""),
        document("Settings", "shop", "{fallback_team: last}", ""),
    ),
}
"""Ways by which eve could be paged for checkout."""


@pytest.mark.parametrize("way", SOMEHOW)
def test_whoever_could_be_paged_at_all_counts(way: str):
    """
    As long as somebody who can be reached could be paged for a service, by whatever way and at whatever time, it is no error.
    """
    dead = (person("ana", "phone.call"), person("bo", "phone.call"))
    more = [each for each in SOMEHOW[way] if "kind: Settings" not in each]
    settings = next((each for each in SOMEHOW[way] if "kind: Settings" in each), SETTINGS)

    def services(*documents: str) -> set[str | None]:
        found = compiled(*dead, *documents, settings=settings).beyond
        return {each.document for each in found if each.level == "error"} & {"Service/checkout"}

    assert services(*more, EVE.replace("pager.page", "phone.call").replace('to: "eve"', 'to: "+351 555 0102"')) == {"Service/checkout"}
    assert services(*more, EVE) == set()


def test_what_surely_concerns_others_does_not_count():
    """
    An escalation of another service, or of a team without a say here, pages nobody for this one.
    """
    dead = (person("ana", "phone.call"), person("bo", "phone.call"), EVE)
    others = (
        document("Escalation", "other", "{match: ['service=\"search\"'], levels: [{page: person/eve}]}"),
        document("Escalation", "tier", "{match: ['tier=\"3\"'], levels: [{page: person/eve}]}"),
        document("Team", "security", "{roles: {primary: person/eve}}", ""),
        document("Escalation", "theirs", "{levels: [{page: team/security}]}", "security"),
    )

    assert "Service/checkout" in {each.document for each in compiled(*dead, *others).beyond if each.level == "error"}


def test_who_is_quarantined_makes_nobody_sure():
    """
    Where somebody whom a service could page is quarantined, nothing is said of that service: that finding stands where they do.
    """
    done = compiled(person("ana", "phone.call"), document("Person", "bo", "{contacts: 3}", ""))

    assert [each.document for each in done.beyond if each.level == "error"] == ["Person/ana"]


def test_what_the_settings_call():
    """
    A last resort or a synthetic page that cannot act is an error.
    """
    settings = (
        SETTINGS + '  last_resort: {use: chat.post, with: {channel: x}}\n  synthetic_page: {use: phone.call, with: {to: "+351 555 0100"}}\n'
    )
    found = judged(person("ana", "pager.page"), person("bo", "pager.page"), settings=settings)

    assert [each.message for each in found if each.level == "error"] == [
        "`last_resort` reaches nobody (`chat.post`: not carried out by this version)",
        "`synthetic_page` reaches nobody (`phone.call`: not carried out by this version)",
    ]


WAYS = ("phone.call", "chat.direct", "pager.page", "mail.send", "trial.page")
DEAD = {"phone.call", "chat.direct"}


@given(st.lists(st.sampled_from(WAYS), max_size=3, unique=True), st.lists(st.sampled_from(WAYS), max_size=3, unique=True))
def test_reach_is_an_error_only_where_it_is_sure(ana: list[str], bo: list[str]):
    """
    Whatever contacts people have: a person is an error exactly where they have some and none can leave, the service exactly where
    nobody can be reached and somebody should be; and no document is left out for it.
    """
    done = compiled(person("ana", *ana), person("bo", *bo))
    errors = {each.document for each in done.beyond if each.level == "error"}

    lost = {name for name, ways in (("ana", ana), ("bo", bo)) if ways and set(ways) <= DEAD}
    nobody = (ana or bo) and set(ana + bo) <= DEAD
    assert errors & {"Person/ana", "Person/bo"} == {f"Person/{name}" for name in lost}
    assert ("Service/checkout" in errors) is bool(nobody)
    assert done.quarantined == ()
    assert done.policies is not None
    assert set(done.policies.people) == {"ana", "bo"}


def test_a_comment_sets_it_aside():
    """
    What cannot be carried out is set aside by a comment or by the settings as any other finding, and a comment without use is told.
    """
    aside = "# watchbill: ignore[not-carried-out] it comes with the next version\n"
    people = (person("ana", "pager.page", "chat.direct"), person("bo", "pager.page"))
    board = aside + document("Connector", "board", "{type: slack}", "")
    eve = document("Person", "eve", "{contacts: [{use: board.direct, to: U0123456}, {use: pager.page, to: eve}]}", "")

    assert [each.document for each in judged(*people, board, eve)] == ["Connector/chat"]
    assert judged(*people, settings=SETTINGS + "  rules: {not-carried-out: 'off'}\n") == []
    assert [each.level for each in judged(*people, settings=SETTINGS + "  rules: {not-carried-out: error}\n")] == ["error"]
    assert [each.rule for each in compiled(*people, board).findings if each.rule == "unused-ignore"] == ["unused-ignore"]


# --- what a process lacks ---------------------------------------------------------------

PEOPLE = (person("ana", "pager.page"), person("bo", "mail.send"))
DISKS = document(
    "Triage", "disks", "{match: ['service=\"checkout\"'], collect: [{name: disks, title: Disks, use: host.read, with: {argv: [dff, -h]}}]}"
)
UPTIME = document("Source", "uptime", "{type: alertmanager, auth: {bearer: {secret: file/uptime}}}")


def test_what_is_to_be_looked_at():
    """
    Only what the policies use, and what this version carries out, is looked at outside.
    """
    assert needs(policies(*PEOPLE, DISKS, UPTIME), TYPES) == Needs(
        secrets=("env/SHOP_PAGER", "file/uptime"),
        urls=("https://pager.example.com", "smtp://mail.shop.example.com"),
        programs=("dff",),
        extras=("serve",),
    )


def test_what_validate_finds_is_the_same_everywhere():
    """
    Without a process nothing is said of secrets, addresses, programs or libraries.
    """
    assert judged(*PEOPLE, DISKS, UPTIME) == []


LACKING: dict[str, tuple[Process, str, str]] = {
    "a variable without leave": (
        Process(secrets={"env/SHOP_PAGER": NoSecret("the secret `env/SHOP_PAGER` is out of bounds", has_leave=False)}),
        "`pager` cannot act: the secret `env/SHOP_PAGER` is out of bounds; used in case.yaml:1",
        "start watchbill with `--secret-prefix SHOP_`, and set the variable `SHOP_PAGER` where it runs",
    ),
    "a variable that is not set": (
        Process(secrets={"env/SHOP_PAGER": NoSecret("the secret `env/SHOP_PAGER` is missing", has_leave=True)}),
        "`pager` cannot act: the secret `env/SHOP_PAGER` is missing; used in case.yaml:1",
        "set the variable `SHOP_PAGER` where watchbill runs",
    ),
    "a source's file without leave": (
        Process(secrets={"file/uptime": NoSecret("the secret `file/uptime` is out of bounds", has_leave=False)}),
        "whatever `uptime` sends is refused: the secret `file/uptime` is out of bounds",
        "start watchbill with `--secrets-dir DIR`, a folder that holds the file `uptime`",
    ),
    "a private address": (
        Process(private={"smtp://mail.shop.example.com": "10.1.2.3"}),
        "`mail` cannot act: `mail.shop.example.com` (10.1.2.3) is on a private network, and this process has no leave to connect there; "
        "used in case.yaml:6",
        "start watchbill with `--allow-private 10.0.0.0/8`",
    ),
    "a program": (
        Process(programs=frozenset(("dff",))),
        "there is no program `dff` that can be run; used in case.yaml:14",
        "install it where watchbill runs, or write its whole path",
    ),
    "libraries": (
        Process(extras=frozenset(("serve",))),
        "`pager` (webhook) needs libraries that the base installation does not bring; used in case.yaml:1",
        "run `pip install 'watchbill[serve]'`",
    ),
}


@pytest.mark.parametrize("what", LACKING)
def test_what_a_process_lacks_is_said_with_the_very_flag(what: str):
    """
    What an installation lacks is a warning where it stands, and its help names the flag, the variable or the command that mends it.
    """
    process, message, help = LACKING[what]
    warnings = [each for each in judged(*PEOPLE, DISKS, UPTIME, process=process) if each.level == "warning"]

    assert [(each.message, each.help) for each in warnings] == [(message, help)]


def test_whom_a_lack_costs_the_only_way():
    """
    Whoever is reached in no other way than by what the process lacks is an error, whose help leads to the connector.
    """
    process = Process(secrets={"env/SHOP_PAGER": NoSecret("the secret is missing", has_leave=True)})
    errors = [each for each in judged(*PEOPLE, process=process) if each.level == "error"]

    assert [(each.document, each.message, each.help) for each in errors if each.document] == [
        ("Person/ana", "no page reaches `ana` (`pager.page`: its secret is missing)", "mend `pager`: the findings there say how")
    ]


def test_a_source_with_one_good_secret_is_well():
    """
    Of several secrets of a source one will do, so that they can be changed.
    """
    two = document("Source", "uptime", "{type: alertmanager, auth: {bearer: {secret: [file/uptime, file/uptime-new]}}}")
    process = Process(secrets={"file/uptime": NoSecret("the secret is missing", has_leave=True)})

    assert judged(*PEOPLE, two, process=process) == []


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("192.168.7.1", "192.168.0.0/16"),
        ("172.20.0.4", "172.16.0.0/12"),
        ("172.40.0.4", "172.40.0.4"),
        ("127.0.0.1", "127.0.0.1"),
        ("fd00::7", "fc00::/7"),
        ("169.254.169.254", "169.254.169.254"),
    ],
)
def test_leave_is_asked_for_a_network_that_people_have(address: str, network: str):
    """
    The network that leave is asked for is the private one that the address is part of; of others, the address alone.
    """
    (found,) = (
        each for each in judged(*PEOPLE, process=Process(private={"smtp://mail.shop.example.com": address})) if each.level == "warning"
    )

    assert found.help == f"start watchbill with `--allow-private {network}`"
