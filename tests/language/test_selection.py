"""Selection: which of several policies take part."""

from __future__ import annotations

from tests.language.makers import PAGE, SETTINGS, TELL, a_watch, plans, rules, winner
from tests.makers import an_alert

PRIMARY = "levels: [{page: role/primary}]"


def test_scopes_from_the_owner_outwards():
    """
    The escalation of an incident is the first found among the owner team's documents that match, the service's default, the team's,
    each ancestor's documents and then its default, and the repository's default.
    """
    own = ("Escalation", "own", f"{{{PRIMARY}}}")
    service_default = ("Escalation", "of-service", f"""{{match: ['alertname="Never"'], {PRIMARY}}}""")
    team_default = ("Escalation", "of-team", f"""{{match: ['alertname="NeverEither"'], {PRIMARY}}}""")
    above = ("Escalation", "above", f"""{{match: ['severity="critical"', 'tier="1"'], {PRIMARY}}}""", "engineering")
    above_default = ("Escalation", "of-above", f"""{{match: ['alertname="Never"'], {PRIMARY}}}""", "engineering")
    whole = ("Escalation", "of-all", f"""{{match: ['alertname="Never"'], {PRIMARY}}}""", "platform")
    service = ("Service", "checkout", "{tier: 1, escalation: of-service}")
    team = ("Team", "payments", "{parent: engineering, members: [ana], roles: {primary: person/ana}, escalation: of-team}", "")
    parent = ("Team", "engineering", "{members: [eve], roles: {primary: person/eve}, escalation: of-above}", "")
    settings = SETTINGS + "  escalation: of-all\n"
    declared = [own, service_default, team_default, above, above_default, whole, service, team, parent]
    found = []
    for gone in (None, own, service, team, above, parent):
        declared = [each for each in declared if each is not gone]
        found.append(winner(*declared, settings=settings)[0])

    assert found == ["own", "of-service", "of-team", "above", "of-above", "of-all"]
    assert winner()[0] == "fallback-team"


def test_priority_comes_first():
    """
    Within a scope the highest `priority` wins, whatever the matchers.
    """
    wide = ("Escalation", "wide", f"""{{priority: 1, when: "env == 'x'", {PRIMARY}}}""")
    narrow = ("Escalation", "narrow", f"""{{match: ['severity="critical"', 'service="checkout"', 'env="x"'], {PRIMARY}}}""")

    assert winner(wide, narrow, env="x")[0] == "wide"


def test_then_equalities_then_other_matchers():
    """
    After the priority, the number of equalities decides, and then that of other matchers, of which those that match everything do not
    count.
    """
    equal = ("Escalation", "zz-equal", f"""{{match: ['severity="critical"'], {PRIMARY}}}""")
    patterns = ("Escalation", "patterns", f"""{{match: ['severity=~"cri.*"', 'service=~"check.*"', 'alertname=~"High.*"'], {PRIMARY}}}""")
    everything = ("Escalation", "aa-everything", f"""{{match: ['severity=~".*"', 'service=~".*"'], {PRIMARY}}}""")
    some = ("Escalation", "some", f"""{{match: ['severity=~"cri.*"'], {PRIMARY}}}""")

    assert winner(equal, patterns)[0] == "zz-equal"
    assert winner(everything, some)[0] == "some"
    assert winner(patterns, some)[0] == "patterns"


def met(one: str, other: str) -> list[str]:
    """The rules that two escalations with these matchers break."""
    return rules(*(("Escalation", name, f"match: [{match}]\n{PRIMARY}") for name, match in (("one", one), ("other", other))))


def test_ties_are_findings():
    """
    Two policies of one scope between which nothing decides, and which are not provably about different alerts, are a finding.
    """
    one = ("Escalation", "one", f"""{{match: ['severity="critical"'], {PRIMARY}}}""")
    other = ("Escalation", "other", f"""{{match: ['severity="critical"'], {PRIMARY}}}""")

    assert rules(one, other) == ["tied-policies"]
    assert met("""'severity="critical"'""", """'alertname="A"'""") == ["tied-policies"]
    assert met("""'severity="critical"'""", """'severity="warning"'""") == []
    assert met("""'service="checkout"'""", """'tier="1"'""") == ["tied-policies"]
    assert met("""'service="checkout"'""", """'tier="2"'""") == []
    assert met("""'severity="critical"', 'region=~"eu|us"'""", """'alertname="A"', 'region=~"ap|sa"'""") == []
    assert met("""'severity="critical"', 'region=~"eu.*"'""", """'alertname="A"', 'region=~"eu|sa"'""") == ["tied-policies"]
    assert met("""'severity="critical"', 'region!="eu"'""", """'region="eu"', 'alertname=~"A.*"'""") == []


def test_a_tie_live():
    """
    Where two policies tie all the same, the name decides, and the reason says so.
    """
    one = ("Escalation", "one", f"""{{match: ['severity="critical"'], when: "tier == `1`", {PRIMARY}}}""")
    other = ("Escalation", "other", f"""{{match: ['severity="critical"'], when: "env == 'prod'", {PRIMARY}}}""")
    name, why = winner(one, other)

    assert name == "one"
    assert why == "as specific as other; the name decides between 2 of payments"


def test_continue_neither_competes_nor_ties():
    """
    An escalation with `continue: true` neither competes nor ties: it applies besides the one that wins.
    """
    other = ("Escalation", "besides", """{priority: 9, continue: true, levels: [{page: role/lead}]}""")
    (plan,) = plans(PAGE, other)

    assert rules(PAGE, other) == []
    assert [(each.policy.name, each.proceeds) for each in plan.escalations] == [("payments-all", False), ("besides", True)]


def test_continue_matches_anybodys_alerts():
    """
    An escalation with `continue` may match the alerts of any team, without a grant.
    """
    informed = (
        "Escalation",
        "inform-security",
        """{match: ['service="checkout"'], continue: true, levels: [{page: team/security}]}""",
        "security",
    )
    watch = a_watch(PAGE, informed)
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "ana"), ("12:00", "guy")]


def test_continue_pages_its_own_team_only():
    """
    An escalation with `continue` pages members of its own team and nobody else, and its roles are looked up on that team.
    """
    informed = (
        "Escalation",
        "inform-security",
        """{continue: true, levels: [{page: [role/primary, person/bo, role/lead@payments]}]}""",
        "security",
    )
    watch = a_watch(PAGE, informed)
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "ana"), ("12:00", "guy")]


def test_continue_posts_to_its_own_team_only():
    """
    An escalation with `continue` posts to its own team only, and opens no hub: another team's chat is a finding, and so is a hub.
    """
    chats = (
        ("Team", "payments", "{parent: engineering, members: [ana], roles: {primary: person/ana}, chat: '#payments'}", ""),
        ("Team", "security", "{members: [guy], roles: {primary: person/guy}, chat: '#security'}", ""),
    )

    gateway = ("Connector", "gateway", "{type: webhook, with: {url: https://gateway.example.com}, tells: true}", "")

    def broken(more: str, post: str = "{use: chat.post, with: {channel: '%s', text: x}}") -> list[str]:
        level = f"levels: [{{page: role/primary, notify: [{post % more}]}}]"
        return rules(*chats, gateway, ("Escalation", "inform", f"continue: true\n{level}", "security"))

    hub = "continue: true\nlevels: [{page: role/primary}]\nhub: {channel: {use: chat.open-channel, with: {name: inc}}}"
    assert broken("#security") == []
    assert broken("#payments") == ["not-granted"]
    assert broken("/payments", "{use: gateway.post, with: {path: '%s', text: x}}") == ["not-granted"]
    assert broken("/security", "{use: gateway.post, with: {path: '%s', text: x}}") == []
    assert rules(("Escalation", "inform", hub, "security")) == ["no-effect"]


def test_one_acknowledgement_stops_all_paging():
    """
    One acknowledgement stops the paging of every escalation of the incident.
    """
    informed = ("Escalation", "inform", "{continue: true, levels: [{page: team/security, wait: 10m}], repeat: 3}", "security")
    watch = a_watch(PAGE, informed)
    watch.receives(an_alert())
    watch.acknowledges("ana")
    watch.passes(minutes=120)

    assert watch.people_paged == ["ana", "guy"]


def test_own_acknowledgement():
    """
    An escalation with `ack: own` goes on until a member of its own team acknowledges.
    """
    informed = ("Escalation", "inform", "{continue: true, ack: own, levels: [{page: team/security, wait: 10m}], repeat: 3}", "security")
    watch = a_watch(PAGE, informed)
    watch.receives(an_alert())
    watch.acknowledges("ana")
    watch.passes(minutes=12)
    watch.acknowledges("guy")
    watch.passes(minutes=120)

    assert watch.paged == [("12:00", "ana"), ("12:00", "guy"), ("12:10", "guy")]


def test_all_triage_and_all_remediations():
    """
    Of triages and remediations all that match take part.
    """
    steps = "steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]"
    documents = (
        ("Triage", "one", "{collect: [{name: up, use: metrics.query, with: {query: up}}]}"),
        ("Triage", "two", "{collect: [{name: errors, use: metrics.query, with: {query: errors}}]}", "engineering"),
        ("Remediation", "first", f"{{phase: human-initiated, target: x, {steps}}}"),
        ("Remediation", "second", f"{{phase: human-initiated, target: x, {steps}}}"),
    )
    (plan,) = plans(*documents)

    assert [each.name for each in plan.evidence] == ["up", "errors"]
    assert [each.name for each in plan.repairs] == ["first", "second"]


def test_comms_per_audience():
    """
    Of comms the most specific for each audience speaks.
    """
    general = ("Comms", "general", TELL, "support")
    critical = ("Comms", "for-critical", "match: ['severity=\"critical\"']\n" + TELL, "support")
    staff = ("Audience", "staff", "{channels: [{use: chat.post, with: {channel: '#staff'}}]}", "support")
    to_staff = ("Comms", "to-staff", TELL.replace("customers", "staff"), "support")
    (plan,) = plans(general, critical, staff, to_staff)

    assert [(each.audience, each.because.name) for each in plan.updates] == [("customers", "for-critical"), ("staff", "to-staff")]
