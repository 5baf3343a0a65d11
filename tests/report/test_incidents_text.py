"""Incidents, and why they went as they did, as a terminal shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.makers import NOON
from watchbill.errors import Place
from watchbill.model.plan import Reason
from watchbill.model.references import Ref
from watchbill.report.incidents import (
    AlertShown,
    DeliveryShown,
    Ended,
    Evidence,
    FlappingShown,
    IncidentShown,
    LinkShown,
    Listed,
    Muted,
    PersonNamed,
    PolicyNamed,
    Silenced,
    StepShown,
    Stop,
)
from watchbill.report.incidents_text import incident_text, listing_text
from watchbill.report.recorded_text import AnswerShown, PagedShown, Recorded, about_policy, policies_in, recorded_text
from watchbill.report.silences_text import silences_text
from watchbill.report.stops_text import stops_text

LATER = NOON + timedelta(minutes=12)

REPAIR, UPDATE, PAGE = PolicyNamed("Remediation", "restart"), PolicyNamed("Comms", "customers"), PolicyNamed("Escalation", "critical")

CALL = DeliveryShown("ana", "phone.call", NOON, "refused", "401", 1, NOON)
SMS = DeliveryShown("ana", "phone.sms", NOON, "sent", "", 1, NOON + timedelta(minutes=2))

STEPS = (
    StepShown(
        "shop-abcdef/page/critical/0/0",
        *("page", "done", PAGE, "0", NOON, NOON),
        people=(PersonNamed("ana", "role/primary"),),
        deliveries=(CALL, SMS),
    ),
    StepShown("shop-abcdef/page/critical/0/1", "page", "planned", PAGE, "1", LATER),
    StepShown("shop-abcdef/page/critical/0/2", "page", "withdrawn", PAGE, "2", LATER),
    StepShown(
        "shop-abcdef/repair/restart/0/web-1/stop",
        *("repair", "waiting", REPAIR, "web-1/stop"),
        due_at=NOON,
        answer_by=LATER,
        note="1 of 2 said yes",
        can=("approve", "deny"),
    ),
    StepShown("shop-abcdef/repair/restart/0/web-2/stop", "repair", "waiting", REPAIR, "web-2/stop", NOON, can=("approve", "deny")),
    StepShown("shop-abcdef/verify/restart/0/web-3", "verify", "started", REPAIR, "web-3", NOON, NOON, retry_at=LATER, can=("retry",)),
    StepShown(
        "shop-abcdef/review/customers/0/0",
        *("review", "started", UPDATE, "0", NOON, NOON),
        people=(PersonNamed("eve", "role/customer-liaison"),),
    ),
    StepShown(
        "shop-abcdef/update/customers/0/0", "update", "failed", UPDATE, "0", NOON, NOON, note="statuspage refused the key", can=("retry",)
    ),
    StepShown("shop-abcdef/hub/critical/0/0", "hub", "done", PAGE, "0", NOON, NOON, possibly_repeated=True),
)

INCIDENT = IncidentShown(
    *("shop-abcdef", "Slow", "acknowledged", "warning", NOON, NOON + timedelta(minutes=2)),
    service="shop",
    team="web",
    tier=2,
    acknowledged_by="bo",
    snoozed_until=LATER + timedelta(hours=1),
    reopen_count=2,
    url="https://watchbill.example.com/incidents/shop-abcdef",
    alerts=(
        AlertShown("Slow", "firing", "warning", {"alertname": "Slow", "pod": "web-1"}, {"summary": "p99 is 4 s"}, NOON),
        AlertShown("Down", "resolved", "critical", {}, {}, NOON, muted=Muted("hidden by Slow")),
    ),
    steps=STEPS,
    evidence=(
        Evidence("usual", "errors", "settled", Ended("done", {"rate": 0.2, "pods": ["a", "b"]})),
        Evidence("usual", "logs", "settled", Ended("stalled", error="no such index")),
        Evidence("usual", "deploys", "running"),
    ),
)


def test_an_incident_in_full():
    """
    What waits for a person comes first, with commands that name each step by no more than is needed; then everything else, with notes.
    """
    assert incident_text(INCIDENT, LATER) == (
        """\
Slow on shop   warning · tier 2 · web
  shop-abcdef  acknowledged by bo, for 10m
  opened 2026-11-23 12:00 UTC, 12m ago
  snoozed until 2026-11-23 13:12 UTC
  came back 2 times
  https://watchbill.example.com/incidents/shop-abcdef

YOURS
  restart/stop on web-1 waits for a yes, until 12:12
    watchbill approve shop-abcdef repair/restart/0/web-1/stop
    watchbill deny shop-abcdef repair/restart/0/web-1/stop
  restart/stop on web-2 waits for a yes
    watchbill approve shop-abcdef repair/restart/0/web-2/stop
    watchbill deny shop-abcdef repair/restart/0/web-2/stop
  check of restart/web-3 is tried again later
    watchbill retry shop-abcdef restart
  update by customers has failed
    watchbill retry shop-abcdef customers

ALERTS  1 firing, 1 over
  12:00  Slow  warning
         p99 is 4 s
         pod=web-1
  12:00  Down  critical, over
         not acted on: hidden by Slow

PAGE
  12:00  ana (primary)  paged
         ana: call refused (401), SMS left 12:02
  12:12  level 2 of critical  not yet
         1 more given up before it began

TALK
  12:00  hub by critical  done, possibly repeated

TELL
  12:00  eve (customer-liaison) about customers  under way
  12:00  update by customers  failed
         statuspage refused the key

REPAIR
  12:00  restart/stop on web-1  waits for a yes
         1 of 2 said yes
  12:00  restart/stop on web-2  waits for a yes
  12:00  check of restart/web-3  again at 12:12

FOUND
  errors  rate 0.2, pods a; b
  logs  nothing: no such index
  deploys  not there yet
"""
    )


def test_every_line_fits_a_phone():
    """
    In forty columns only what is to be copied is longer: commands and addresses.
    """
    wide = [line for line in incident_text(INCIDENT, LATER, width=40).splitlines() if len(line) > 40]

    assert [line for line in wide if "watchbill" not in line] == []


PAGES = (
    StepShown(
        "shop-abcdef/page/critical/0/0",
        *("page", "failed", PAGE, "0", NOON, NOON),
        people=(PersonNamed("ana", "role/primary"),),
        can=("retry",),
        deliveries=(CALL,),
    ),
    StepShown(
        "shop-abcdef/page/critical/0/1",
        *("page", "started", PAGE, "1", NOON, NOON),
        people=(PersonNamed("bo", "role/secondary"), PersonNamed("cy", "role/lead")),
        note="no page of the level before it left",
        deliveries=(
            DeliveryShown("bo", "phone.sms", NOON, "sent", "", 1, NOON, possibly_repeated=True),
            DeliveryShown("cy", "phone.call", NOON, "unknown", "no answer within 30s", 1, NOON, LATER + timedelta(minutes=1)),
            DeliveryShown("cy", "phone.sms", LATER - timedelta(minutes=1)),
        ),
    ),
    StepShown("shop-abcdef/alarm/critical/2/alarm", "alarm", "done", PAGE, "alarm", NOON, NOON, note="nobody answered any page"),
)


def test_each_page_says_what_became_of_each_contact():
    """
    A page none of which left is not called paged, one that is under way says so, and of several people those whom it reached are named.
    """
    shown = incident_text(replace(INCIDENT, status="triggered", alerts=(), steps=PAGES, evidence=()), LATER)
    sections = dict(each.partition("\n")[::2] for each in shown.removesuffix("\n").split("\n\n"))

    assert sections["YOURS"] == (
        """\
  nobody has it yet; its pages: ana (primary) at 12:00 and bo (secondary) and cy
    (lead) at 12:00
    watchbill ack shop-abcdef
  page of ana (primary) has failed
    watchbill retry shop-abcdef critical"""
    )
    assert sections["PAGE"] == (
        """\
  12:00  ana (primary)  not reached
         ana: call refused (401)
  12:00  bo (secondary) and cy (lead)  only bo paged
         bo: SMS left 12:00, possibly repeated
         cy: call: nobody knows whether it left: no answer within 30s, tried
           again at 12:13, SMS is leaving now
         no page of the level before it left
  12:00  the engine's own alarm  sent
         nobody answered any page"""
    )
    under_way = replace(PAGES[1], deliveries=PAGES[1].deliveries[1:])
    assert "cy (lead)  under way" in incident_text(replace(INCIDENT, steps=(under_way,)), LATER)


@pytest.mark.parametrize("width", [40, 80])
def test_an_incident_that_nobody_answers_says_that_first(width):
    """
    On top stands that nobody answers, since when the alarm sounds, and the command that takes it, also on a phone and without colours.
    """
    loud = replace(INCIDENT, status="triggered", acknowledged_by=None, unanswered_since=NOON + timedelta(minutes=2))
    for text in (
        incident_text(loud, LATER, width=width),
        recorded_text(RECORDED, loud, LATER, width=width),
        recorded_text(RECORDED, loud, LATER, "ana", width=width),
    ):
        top, _, rest = text.partition("\n\n")
        assert " ".join(top.split()) == ("NOBODY ANSWERS every round went by until 12:02, 10m ago; take it: watchbill ack shop-abcdef")
        assert "  watchbill ack shop-abcdef" in top.splitlines()
        assert rest.startswith("Slow on shop")
    assert "NOBODY ANSWERS" not in incident_text(INCIDENT, LATER)


def squeezed(text: str) -> str:
    """The *text* with all white space made one space."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", [40, 80])
def test_what_waits_is_told_apart(width):
    """
    Two approvals of one remediation are told apart by their target, and two pages of one person by their time; nobody's page comes first,
    then what has to be answered soonest.
    """
    page = replace(PAGES[0], id="shop-abcdef/page/critical/1/0", started_at=LATER)
    later = replace(STEPS[4], answer_by=LATER - timedelta(minutes=5))
    shown = incident_text(
        replace(INCIDENT, status="triggered", alerts=(), evidence=(), steps=(*PAGES[:1], page, STEPS[3], later)), LATER, width=width
    )
    yours = squeezed(shown.partition("YOURS")[2].partition("PAGE\n")[0])

    assert yours == squeezed(
        """
        nobody has it yet; its pages: ana (primary) at 12:00 and ana (primary) at 12:12
        watchbill ack shop-abcdef
        restart/stop on web-2 waits for a yes, until 12:07
        watchbill approve shop-abcdef repair/restart/0/web-2/stop
        watchbill deny shop-abcdef repair/restart/0/web-2/stop
        restart/stop on web-1 waits for a yes, until 12:12
        watchbill approve shop-abcdef repair/restart/0/web-1/stop
        watchbill deny shop-abcdef repair/restart/0/web-1/stop
        page of ana (primary), 12:00 has failed
        watchbill retry shop-abcdef page/critical/0/0
        page of ana (primary), 12:12 has failed
        watchbill retry shop-abcdef page/critical/1/0
        """
    )


@pytest.mark.parametrize("width", [40, 80])
def test_what_is_stopped_stands_on_top(width):
    """
    A freeze or a kill in force stands above the incident, and above a list of incidents, with its reason and how to lift it.
    """
    stop = Stop(7, "freeze", "service", "ana", "the move", NOON, name="shop")
    wanted = "freeze 7 of service shop: the move by ana, at 2026-11-23 12:00 UTC nothing begins by itself, until `watchbill lift 7`"
    shown = incident_text(replace(INCIDENT, stops=(stop,)), LATER, width=width)
    listed = listing_text((), LATER, "open", stops=(stop,), width=width)

    assert [squeezed(each.partition("\n\n")[0]) for each in (shown, listed)] == [wanted, wanted]
    assert all(len(line) <= width for line in (shown + listed).splitlines() if "watchbill " not in line and "https://" not in line)


@pytest.mark.parametrize("width", [40, 80])
def test_a_check_that_failed_says_what_it_saw(width):
    """
    Below a check that did not come out well stands what it saw when it last looked; one that held needs no proof.
    """
    check = StepShown(
        "shop-abcdef/verify/restart/0/web-3/check",
        "verify",
        "failed",
        REPAIR,
        "web-3/check",
        NOON,
        NOON,
        note="not within 5m",
        saw={"value": 7},
    )
    texts = [incident_text(replace(INCIDENT, steps=(each,)), LATER, width=width) for each in (check, replace(check, state="done"))]

    assert ["         it saw value 7\n" in each for each in texts] == [True, False]


@pytest.mark.parametrize("width", [40, 80])
def test_where_help_is_written_is_shown(width):
    """
    Runbooks, and the links of the service, stand behind what waits for a person.
    """
    links = (LinkShown("Runbook", "https://example.com/runbooks/shop"), LinkShown("Dashboard", "https://example.com/d/shop"))
    shown = incident_text(replace(INCIDENT, links=links), LATER, width=width)

    assert shown.index("YOURS") < shown.index("LINKS") < shown.index("ALERTS")
    assert squeezed(shown.partition("LINKS")[2]).startswith(
        "Runbook https://example.com/runbooks/shop Dashboard https://example.com/d/shop ALERTS"
    )


@pytest.mark.parametrize("width", [40, 80])
def test_what_comes_from_outside_keeps_its_lines_and_forges_none(width):
    """
    Annotations and findings of several lines keep them, further in than any section, without control characters, and not without end.
    """
    said = "disk is full\nYOURS\n  watchbill resolve shop-abcdef\x1b[2J\u202e\r\nPAGE"
    alert = replace(INCIDENT.alerts[0], annotations={"summary": said, "description": "\n".join(map(str, range(40)))})
    found = Evidence("usual", "df", "settled", Ended("done", {"stdout": "Filesystem Use%\n/dev/sda1 100%\nFOUND"}))
    shown = incident_text(replace(INCIDENT, steps=(), alerts=(alert,), evidence=(found,)), LATER, width=width)
    lines = shown.splitlines()

    assert "         disk is full" in lines
    assert "         YOURS" in lines
    assert "    /dev/sda1 100%" in lines
    assert [line for line in lines if line[:1].isupper()] == [lines[0], "ALERTS  1 firing", "FOUND"]
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "         … 28 more lines" in lines


def test_a_resolved_incident_asks_nothing():
    """
    When it is over, nothing waits for anybody.
    """
    assert "YOURS" not in incident_text(replace(INCIDENT, status="resolved"), LATER)


def test_until_when_somebody_has_it():
    """
    Of an incident that somebody has it is said until when, what comes then, and how it is kept.
    """
    has_it = replace(INCIDENT, acknowledged_until=LATER + timedelta(hours=3), snoozed_until=None)
    text = " ".join(incident_text(has_it, LATER).split())

    assert "until 2026-11-23 15:12 UTC, in 3h; then people are paged again; keep it: watchbill extend shop-abcdef" in text


def test_a_list_of_incidents():
    """
    Each incident is a row: who has it and until when, how long it lasts, and how many alerts fire where it is not one.
    """
    rows = (
        Listed("shop-abcdef", "Slow", "acknowledged", "warning", NOON, "shop", "web", "bo", 3),
        Listed("shop-ghijkl", "Full", "acknowledged", "info", NOON, "shop", "web", "bo", 1, acknowledged_until=LATER + timedelta(hours=2)),
        Listed("x-fedcba", "Down", "resolved", "critical", NOON, "", "web", "ana", 1),
    )

    assert listing_text(rows, LATER, "") == (
        """\
3 incidents                                                 2026-11-23 12:12 UTC

shop-abcdef  warning   acknowledged by bo      Slow on shop              for 12m
      3 alerts
shop-ghijkl  info      acknowledged by bo      Full on shop              for 12m
      until 14:12
x-fedcba     critical  resolved, taken by ana  Down on no known service  12m ago
"""
    )
    assert listing_text((), LATER, "open").startswith("no open incidents ")


@pytest.mark.parametrize(
    ("unanswered", "said"),
    [([True, False, True], "3 open incidents, nobody answers 2 of them"), ([True], "1 open incident, nobody answers it")],
)
def test_a_list_says_which_incidents_nobody_answers(unanswered, said):
    """
    The line on top counts those that nobody answers, and each of them says so in place of its status.
    """
    rows = [Listed("shop-abcdef", "Slow", "triggered", "critical", NOON, "shop", "web", unanswered=each) for each in unanswered]
    text = listing_text(rows, LATER, "open")

    assert text.startswith(said)
    assert [("NOBODY ANSWERS" in line, "triggered" in line) for line in text.splitlines()[2:]] == [(each, not each) for each in unanswered]


# --- why ----------------------------------------------------------------------------------

ESCALATION = Ref("Escalation", "critical", "web", Place("policies/web.yaml", 3))
NIGHT = Ref("Escalation", "night", "web", Place("policies/web.yaml", 9))
LATE = DeliveryShown("cy", "phone.call", LATER + timedelta(minutes=3))
SENT = DeliveryShown("cy", "phone.sms", NOON, "sent", "", 1, LATER)
RECORDED = Recorded(
    "shop-abcdef",
    "acknowledged",
    (
        PagedShown(
            *("ana", "role/primary", "primary of web", "shop-abcdef/page/critical/0/0", "failed", NOON, ESCALATION),
            note="bo is on leave",
            deliveries=(CALL,),
        ),
        PagedShown("cy", "role/lead", "lead of web", "shop-abcdef/page/critical/0/1", "started", NOON, ESCALATION, "", (LATE, SENT)),
    ),
    (Reason(ESCALATION, True, "the only one that matches"),),
    (Reason(NIGHT, False, "", "in_interval('night')", "noon", "when"),),
    (AnswerShown(LATER, "acknowledged by bo", PolicyNamed("Service", "shop")),),
)


def test_what_comes_and_goes_is_said_at_the_top():
    """
    That an incident is flapping stands beside its status, with what ends it.
    """
    while_it_fires = incident_text(replace(INCIDENT, flapping=FlappingShown(NOON)), LATER)
    while_it_is_quiet = incident_text(replace(INCIDENT, flapping=FlappingShown(NOON, LATER)), LATER)

    assert "flapping since 2026-11-23 12:00 UTC: pages for a higher severity only\n" in while_it_fires
    assert "flapping since 2026-11-23 12:00 UTC: resolved at 2026-11-23 12:1" in while_it_is_quiet
    assert "flapping" not in incident_text(INCIDENT, LATER)


def test_why_an_incident_went_as_it_did():
    """
    Who was paged, of whom nothing left and why, what takes part and what does not, what was told and repaired, and what people said.
    """
    page = replace(STEPS[0], state="failed", deliveries=(CALL,))
    told = recorded_text(RECORDED, replace(INCIDENT, steps=(page, *STEPS[1:3]), snoozed_until=None, reopen_count=0, url=None), LATER)

    assert told.partition("\n\n")[2] == (
        """\
PAGED
  12:00  cy (lead)  paged
         cy: call leaves 12:15, SMS left 12:12
         critical; lead of web                               policies/web.yaml:3

NOTHING LEFT
  12:00  ana (primary)  not reached
         ana: call refused (401)
         critical; primary of web; bo is on leave            policies/web.yaml:3

NOT PAGED
  12:12  level 2 of critical  not yet
  12:12  level 3 of critical  nobody was there to be paged

TAKES PART
  Escalation critical
         the only one that matches                           policies/web.yaml:3

TAKES NO PART
  Escalation night
         needs in_interval('night'), saw noon                policies/web.yaml:9

ANSWERS
  12:12  acknowledged by bo
"""
    )


def test_why_for_one_person_or_one_policy():
    """
    Of a person it is said whether they were really paged and by what, or that no page was theirs; of a policy only what concerns it.
    """
    one = [recorded_text(RECORDED, replace(INCIDENT, steps=()), LATER, person).split("\n\n")[1] for person in ("ana", "cy")]
    assert one == ["ana was not reached: call refused (401)", "cy was paged: call leaves 12:15, SMS left 12:12"]
    nobody = recorded_text(replace(RECORDED, paged=()), replace(INCIDENT, steps=()), LATER, "eve")

    assert nobody.endswith("eve was not paged: no page of this incident was theirs\n")
    assert "TAKES PART" not in recorded_text(RECORDED, INCIDENT, LATER, "ana")
    assert policies_in(RECORDED) == ("Escalation/critical", "Escalation/night")
    assert policies_in(about_policy(RECORDED, "night")) == ("Escalation/night",)


# --- stops ----------------------------------------------------------------------------------


def test_stops_say_what_they_stop_and_how_they_end():
    """
    A stop that holds says until when and how to lift it; one that is over says how it ended.
    """
    stops = (
        Stop(1, "freeze", "all", "ana", "the move", NOON, until=LATER + timedelta(hours=1)),
        Stop(2, "kill", "service", "bo", "a loop", NOON, name="shop"),
        Stop(3, "freeze", "team", "bo", "x", NOON, name="web", until=NOON + timedelta(minutes=1)),
        Stop(4, "freeze", "all", "bo", "y", NOON, lifted_at=LATER, lifted_by="ana"),
    )

    assert stops_text(stops, LATER, width=100) == (
        """\
freeze 1 of everything: the move
  by ana, at 2026-11-23 12:00 UTC
  nothing begins by itself, until 2026-11-23 13:12 UTC, in 1h; sooner with `watchbill lift 1`
kill 2 of service shop: a loop
  by bo, at 2026-11-23 12:00 UTC
  nothing begins by itself, and what had begun by itself is stopped, until `watchbill lift 2`
freeze 3 of team web: x
  by bo, at 2026-11-23 12:00 UTC
  over since 2026-11-23 12:01 UTC
freeze 4 of everything: y
  by bo, at 2026-11-23 12:00 UTC
  lifted by ana, at 2026-11-23 12:12 UTC
"""
    )
    assert stops_text((), LATER) == "no freeze and no kill holds\n"


def test_silences_say_whose_they_are_and_how_to_end_them():
    """
    Each silence says its team, why, what it matches, by whom, what it holds back and until when, with the command that ends it; an id is
    written whole where its beginning means another too.
    """
    its = Silenced(
        "0bf60fd5-1", "active", "shop", "ana", "the move", NOON, NOON, NOON + timedelta(hours=2), ('env="prod"', "tier!=3"), alerts=2
    )
    silences = (
        its,
        replace(its, id="0bf60fd5-2", state="pending", starts_at=NOON + timedelta(hours=1), match=()),
        replace(its, id="fefad014-1", state="expired", expired_at=LATER, expired_by="bo", match=()),
        replace(its, id="1f9434c1-1", state="expired", ends_at=LATER, match=()),
    )

    assert silences_text(silences, LATER, width=110) == (
        """\
silence 0bf60fd5-1 of team shop: the move
    env="prod"
    tier!=3
  by ana, at 2026-11-23 12:00 UTC
  holds back 2 alerts now, until 2026-11-23 14:00 UTC, in 1h48m
  `watchbill unsilence 0bf60fd5-1` ends it sooner
silence 0bf60fd5-2 of team shop: the move
  by ana, at 2026-11-23 12:00 UTC
  begins 2026-11-23 13:00 UTC; until 2026-11-23 14:00 UTC, in 1h48m
  `watchbill unsilence 0bf60fd5-2` ends it sooner
silence fefad014 of team shop: the move
  by ana, at 2026-11-23 12:00 UTC
  ended by bo, at 2026-11-23 12:12 UTC
silence 1f9434c1 of team shop: the move
  by ana, at 2026-11-23 12:00 UTC
  over since 2026-11-23 12:12 UTC
"""
    )
    assert silences_text((), LATER) == "no live silence holds\n"


def test_a_list_says_what_is_silenced():
    """
    A row counts the alerts that a silence holds back, so that nobody wonders why nobody was paged.
    """
    row = Listed("shop-abcdef", "Slow", "triggered", "critical", NOON, "shop", alerts=3)
    counts = ((3, 0), (3, 1), (3, 3), (1, 1))
    told = [listing_text((replace(row, alerts=alerts, silenced=silenced),), LATER, "open") for alerts, silenced in counts]
    ends = [" ".join(each.splitlines()[2:]).partition(" for 12m")[2].strip() for each in map(str, told)]

    assert ends == ["3 alerts", "3 alerts, 1 silenced", "3 alerts, silenced", "silenced"]


def test_a_contact_that_is_called_off_while_it_leaves_is_leaving():
    """
    After an acknowledgement a call that is under way may still ring: that is said, and not that it is not sent.
    """
    page = replace(PAGES[1], state="withdrawn", note="acknowledged by bo")
    off = DeliveryShown("cy", "phone.call", NOON, "withdrawn")
    called = [replace(page, deliveries=(each,)) for each in (off, replace(off, leaving_since=NOON))]
    told = [incident_text(replace(INCIDENT, alerts=(), steps=(each,), evidence=()), LATER) for each in called]

    assert ["cy: call not sent any more" in each for each in told] == [True, False]
    assert ["cy: call is leaving now" in each for each in told] == [False, True]
