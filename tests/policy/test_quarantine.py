"""One broken document never breaks another: what is left out, what stays, and what is said of it."""

from __future__ import annotations

from tests.policy.makers import SHOP, compiled, header, said

BROKEN = "spec: {colour: red}\n"


def quarantined(text: str) -> tuple[str, ...]:
    done = compiled(text)
    assert done.policies is not None
    assert done.policies.quarantined == done.quarantined
    return done.quarantined


def test_a_broken_document_is_left_out_and_named():
    """
    A document with an error is not in the policies, and everything else is.
    """
    done = compiled(header("Person", "ana") + BROKEN)
    assert done.policies is not None

    assert done.quarantined == ("Person/ana",)
    assert list(done.policies.people) == ["bo", "eve"]
    assert len(done.policies.escalations) == len(done.policies.schedules) == 1


def test_a_reference_to_it_is_no_second_finding():
    """
    Members, participants and targets may name a person whose document is broken.
    """
    assert [line.partition("\n")[0] for line in said(header("Person", "ana") + BROKEN)] == [
        "4:8: unknown key `colour` in a Person [unknown-key]"
    ]


def test_a_kind_that_is_misspelt_keeps_the_name():
    """
    A team whose kind is misspelt is one mistake, not one for each reference to it.
    """
    text = (
        "apiVersion: watchbill/v1\nkind: Taem\nmetadata: {name: cards}\nspec: {}\n---\n"
        + header("Team", "refunds")
        + "spec: {parent: cards}\n"
    )

    assert [line.partition("\n")[0] for line in said(text)] == ["2:7: no kind is called `Taem` [unknown-kind]"]


def test_a_file_that_cannot_be_read_keeps_its_names():
    """
    What stands in a file with broken syntax is quarantined by its name, and may be referred to.
    """
    text = header("Person", "ana") + "spec: {full_name: Ana\n"
    done = compiled(text)
    assert done.policies is not None

    assert [finding.rule for finding in done.findings] == ["yaml-syntax"]
    assert done.quarantined == ("Person/ana",)


def test_the_newcomer_to_a_name_is_left_out():
    """
    Of two documents of one name, the one that comes first by file and line stays.
    """
    done = compiled(header("Person", "cy") + "spec: {full_name: First}\n---\n" + header("Person", "cy") + "spec: {full_name: Second}\n")
    assert done.policies is not None

    assert done.policies.people["cy"].full_name == "First"
    assert done.quarantined == ("Person/cy",)


def test_warnings_leave_nothing_out():
    """
    A person without contacts is warned of, and stays.
    """
    assert quarantined(header("Person", "bo") + "spec: {}\n") == ()


def test_an_override_needs_its_schedule_and_its_person():
    """
    With nobody to stand in, whoever is on call stays so: the override is left out.
    """
    override = header("Override", "swap") + (
        "spec: {schedule: payments-primary, person: cy, from: 2026-12-24T09:00:00Z, to: 2026-12-25T09:00:00Z}\n"
    )
    text = override + "---\n" + header("Person", "cy") + BROKEN

    assert quarantined(text) == ("Override/swap", "Person/cy")
    assert said(text)[0] == "4:44: Override/swap is left out, because Person/cy is [depends-on-quarantined]\n  help: mend Person/cy"


def test_what_pages_people_loses_only_its_posts():
    """
    An escalation whose chat is quarantined still pages; the posts and the hub are gone.
    """
    text = header("Connector", "chat") + "spec: {type: slak}\n---\n"
    text += header("Escalation", "refunds", "payments") + (
        "spec:\n"
        "  match: ['tier=\"2\"']\n"
        "  levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: payments}}]}]\n"
        "  hub: {channel: {use: chat.open-channel, with: {name: incident}}}\n"
    )
    done = compiled(text)
    assert done.policies is not None
    escalation = done.policies.escalations["refunds"]
    assert escalation.hub is not None

    assert done.quarantined == ("Connector/chat",)
    assert escalation.levels[0].notify == ()
    assert escalation.hub.channel is None
    assert len(escalation.levels[0].page) == 1


def test_a_person_loses_the_contacts_that_cannot_be_used():
    """
    A contact through a quarantined connector is gone, and nobody is warned of a person without contacts for that.
    """
    done = compiled(header("Connector", "phone") + "spec: {type: twilo}\n")
    assert done.policies is not None

    assert [finding.rule for finding in done.findings] == ["unknown-type"]
    assert done.policies.people["ana"].contacts == ()


def test_a_repair_is_left_out_whole():
    """
    A remediation that lacks one of its connectors does not run with the rest.
    """
    text = header("Connector", "metrics", "platform") + "spec: {type: prometheus}\n---\n"
    text += header("Remediation", "restart", "payments") + (
        "spec:\n"
        "  phase: human-initiated\n"
        "  target: checkout\n"
        "  steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]\n"
        "  verify: {use: metrics.query, with: {query: up}, expect: 'value > `0`', within: 5m}\n"
    )

    assert quarantined(text) == ("Connector/metrics", "Remediation/restart")


def test_what_has_nothing_left_is_left_out():
    """
    A triage without collectors and an audience without channels are left out, and comms with the audience.
    """
    text = header("Connector", "metrics", "platform") + "spec: {type: prometheus}\n---\n"
    text += header("Connector", "statuspage") + "spec: {type: statuspge}\n---\n"
    text += header("Triage", "http", "platform") + "spec: {collect: [{name: up, use: metrics.query, with: {query: up}}]}\n---\n"
    text += header("Comms", "all", "support") + "spec: {audience: customers, messages: {triggered: {body: on it}}}\n"

    assert quarantined(text) == (
        "Audience/customers",
        "Connector/metrics",
        "Connector/statuspage",
        "Triage/http",
        "Comms/all",
    )


def test_every_name_leads_somewhere_or_is_quarantined():
    """
    Whatever single document of the shop is broken, names in the policies are names of something there or quarantined.
    """
    documents = SHOP.split("---\n")
    for broken in range(len(documents)):
        shop = "---\n".join(each if index != broken else each.rstrip("\n") + "\nextra: 1\n" for index, each in enumerate(documents))
        done = compiled(shop=shop)
        found = done.policies
        assert found is not None
        known = {
            *(f"Person/{name}" for name in found.people),
            *(f"Team/{name}" for name in found.teams),
            *(f"Schedule/{name}" for name in found.schedules),
            *found.quarantined,
        }
        named = {f"Person/{name}" for schedule in found.schedules.values() for layer in schedule.layers for name in layer.participants}
        named |= {f"Person/{name}" for team in found.teams.values() for name in team.members}
        named |= {f"Team/{team.parent}" for team in found.teams.values() if team.parent}
        named |= {f"Team/{service.owner}" for service in found.services.values()}
        for team in found.teams.values():
            named |= {str(role.target).capitalize() for role in team.roles if role.target.kind in ("person", "schedule")}

        assert named - known == set()


def test_a_kind_that_is_only_guessed_takes_no_name():
    """
    A document whose kind is misspelt neither takes a name from another one nor leaves it out.
    """
    guessed = "apiVersion: watchbill/v1\nkind: Persn\nmetadata: {name: cy}\nspec: {}\n"
    good = header("Person", "cy") + "spec: {}\n"

    for text in (guessed + "---\n" + good, good + "---\n" + guessed):
        done = compiled(text)
        assert done.policies is not None
        assert "cy" in done.policies.people
        assert [finding.rule for finding in done.findings] == ["unknown-kind"]


def test_of_a_team_below_an_unknown_one_nothing_is_assumed():
    """
    A team whose parent does not exist may have its roles from there: only the parent is reported.
    """
    text = header("Team", "refunds") + "spec: {parent: paymets}\n---\n"
    text += header("Escalation", "refunds", "refunds") + "spec: {levels: [{page: team/refunds}]}\n"

    assert [finding.rule for finding in compiled(text).findings] == ["unknown-name"]


def test_roles_of_teams_that_cannot_be_read_are_not_missed():
    """
    Where a file with a team in it is broken, a role that no other team has is not reported.
    """
    text = header("Team", "refunds") + "spec: {roles: {lead: person/ana}\n---\n"
    text += header("Escalation", "refunds", "payments") + "spec: {levels: [{page: role/lead}]}\n"

    assert [finding.rule for finding in compiled(text).findings] == ["yaml-syntax"]
