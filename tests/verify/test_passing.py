"""What is wrong because of the time: gaps in schedules, and what has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.makers import at
from tests.policy.makers import CATALOGUE, SETTINGS, SHOP, compiled, header
from watchbill.cli.dated_json import dated_json, dated_of
from watchbill.errors import Finding
from watchbill.model.dated import Dated
from watchbill.policy import load
from watchbill.verify.passing import findings_at

NOW = at("2026-11-23 12:00")  # a Monday


def found(text: str, moment: datetime = NOW, horizon: timedelta | None = None) -> list[Finding]:
    """What the clock finds in the shop with *text*, which is otherwise well."""
    done = compiled(text)
    assert [str(finding) for finding in done.findings] == []
    return list(findings_at(done.dated, moment, *([horizon] if horizon else [])).findings)


def said(text: str, moment: datetime = NOW, horizon: timedelta | None = None) -> list[str]:
    """The same as people read it, without the help and the name of the test's file."""
    return [str(finding).partition("\n")[0].replace("policies/case.yaml:", "") for finding in found(text, moment, horizon)]


def a_schedule(layers: str, more: str = "") -> str:
    return header("Schedule", "desk", "payments") + f"spec:\n  zone: Europe/Lisbon\n  layers:\n    - {layers}\n{more}"


def a_layer(more: str, name: str = "base", people: str = "ana, bo", start: str = "2026-01-05 09:00") -> str:
    return f'{{name: {name}, rotation: {{every: 1w, start: "{start}"}}, participants: [{people}]{more}}}'


OFFICE = ', hours: [{days: mon-fri, from: "09:00", to: "18:00"}]'
WEEKDAYS = ", hours: [{days: mon-fri, from: '00:00', to: '24:00'}]"


# --- gaps -------------------------------------------------------------------------------


def test_the_first_gap_is_told_in_the_schedules_zone():
    """
    From when to when the first gap is, and how many there are besides within ninety days; midnight is the end of a day.
    """
    assert said(a_schedule(a_layer(WEEKDAYS))) == [
        "7:7: nobody is on call on `desk` from Sat 2026-11-28 00:00 to Sun 2026-11-29 24:00 (Europe/Lisbon), "
        "and 12 more times within 90 days [schedule-gap]"
    ]


def test_a_gap_within_a_day_names_the_day_once():
    """
    A gap that ends on the day on which it begins.
    """
    layers = a_layer(', hours: [{days: mon-sun, from: "13:00", to: "12:30"}]')

    assert said(a_schedule(layers), horizon=timedelta(days=1)) == [
        "7:7: nobody is on call on `desk` from Mon 2026-11-23 12:30 to 13:00 (Europe/Lisbon) [schedule-gap]"
    ]


def test_a_gap_that_has_begun():
    """
    Of a gap under way only the end is told, and of one that outlasts the horizon that it does.
    """
    assert said(a_schedule(a_layer("", start="2026-12-07 09:00"))) == [
        "7:7: nobody is on call on `desk` until Mon 2026-12-07 09:00 (Europe/Lisbon) [schedule-gap]"
    ]
    assert said(a_schedule(a_layer("", start="2027-12-07 09:00"))) == [
        "7:7: nobody is on call on `desk` in the next 90 days [schedule-gap]"
    ]


def test_a_layer_that_ends_leaves_a_gap():
    """
    After its last day nobody has the watch, and there is time to see to it.
    """
    assert said(a_schedule(a_layer(", until: 2027-01-04 09:00"))) == [
        "7:7: nobody is on call on `desk` from Mon 2027-01-04 09:00 (Europe/Lisbon) [schedule-gap]"
    ]


def test_holidays_and_leave_leave_gaps():
    """
    A holiday empties its layer, and a layer whose people are all away names nobody.
    """
    away = "spec: {contacts: [{use: phone.sms, to: '+351 555 0100'}], leave: [{from: 2026-12-01, to: 2026-12-03}]}\n---\n"
    people = header("Person", "ana") + away + header("Person", "bo") + away.replace("2026-12-01", "2026-11-30")

    assert said(a_schedule(a_layer(", holidays: [{date: 2026-12-25}]"))) == [
        "7:7: nobody is on call on `desk` from Fri 2026-12-25 00:00 to 24:00 (Europe/Lisbon) [schedule-gap]"
    ]
    assert [each for each in said(people + a_schedule(a_layer(""))) if "`desk`" in each] == [
        "17:7: nobody is on call on `desk` from Tue 2026-12-01 00:00 to Thu 2026-12-03 24:00 (Europe/Lisbon) [schedule-gap]"
    ]


def test_layers_and_overrides_fill_gaps():
    """
    Where another layer or an override names somebody there is no gap.
    """
    weekend = a_layer(', hours: [{days: "sat,sun", from: "00:00", to: "24:00"}]', name="weekend", people="eve")
    override = header("Override", "once") + "spec: {schedule: desk, person: eve, from: 2026-11-28T00:00:00Z, to: 2026-11-29T12:00:00Z}\n"

    assert said(a_schedule(f"{a_layer(WEEKDAYS)}\n    - {weekend}\n")) == []
    assert said(a_schedule(a_layer(WEEKDAYS)) + "---\n" + override, horizon=timedelta(days=7)) == [
        "7:7: nobody is on call on `desk` from Sun 2026-11-29 12:00 to 24:00 (Europe/Lisbon) [schedule-gap]"
    ]


def test_gaps_may_be_meant():
    """
    Where the schedule says that gaps are meant, and why, there is no finding.
    """
    assert said(a_schedule(a_layer(OFFICE), "  gaps: {allowed: advice in office hours}\n")) == []


# --- what has ended ---------------------------------------------------------------------


OVERRIDE = header("Override", "once") + (
    "spec: {schedule: payments-primary, person: eve, from: 2026-11-20T08:00:00Z, to: 2026-11-23T13:00:00+01:00}\n"
)
SILENCE = header("Silence", "move", "payments") + "spec: {match: ['service=\"checkout\"'], author: ana, reason: we move, "
INTERVAL = header("TimeInterval", "season") + "spec: {time_intervals: [%s]}\n"


@pytest.mark.parametrize(
    ("text", "ended", "place", "message"),
    [
        (OVERRIDE, "2026-11-23 12:00", "2026-11-23T13", "this override ended on 2026-11-23 12:00 UTC"),
        (
            SILENCE + "from: 2026-11-01T00:00:00Z, to: 2026-11-22T00:00:00Z}\n",
            "2026-11-22 00:00",
            "2026-11-22T",
            "this silence ended on 2026-11-22 00:00 UTC",
        ),
        (
            INTERVAL % "{weekdays: [monday]}" + "---\n" + SILENCE + "during: season, expires: 2026-11-22T00:00:00Z}\n",
            "2026-11-22 00:00",
            "2026-11-22T",
            "this silence ended on 2026-11-22 00:00 UTC",
        ),
        (
            header("Guardrail", "freeze") + "spec: {freeze: {from: 2026-11-01T00:00:00Z, to: 2026-11-22T00:00:00Z}}\n",
            "2026-11-22 00:00",
            "2026-11-22T",
            "this freeze ended on 2026-11-22 00:00 UTC",
        ),
        (
            a_schedule(f"{a_layer('')}\n    - {a_layer(', until: 2026-07-01 09:00', name='summer')}\n"),
            "2026-07-01 08:00",
            "2026-07-01 09",
            "the layer `summer` ended on 2026-07-01 09:00 (Europe/Lisbon)",
        ),
        (
            a_schedule(f"{a_layer('')}\n    - {a_layer(', holidays: [{date: 2026-07-01}, {date: 2026-05-01}]', name='summer')}\n"),
            "2026-07-01 23:00",
            "holidays:",
            "the list of holidays of the layer `summer` had its last day on 2026-07-01",
        ),
        (
            INTERVAL % "{years: ['2020:2025'], months: [december]}, {years: [2024]}",
            "2026-01-01 00:00",
            "time_intervals:",
            "this interval was open for the last time on 2026-01-01 00:00 UTC",
        ),
        (
            INTERVAL % "{years: [2025], weekdays: [wednesday], times: [{start_time: '22:00', end_time: '06:00'}]}",
            "2026-01-01 06:00",
            "time_intervals:",
            "this interval was open for the last time on 2026-01-01 06:00 UTC",
        ),
    ],
    ids=["override", "silence", "recurring silence", "freeze", "layer", "holidays", "interval", "interval over the year"],
)
def test_what_has_ended_is_told(text: str, ended: str, place: str, message: str):
    """
    From the instant on at which it ends, and not before, it is a warning at the very date.
    """
    assert [each for each in said(text, at(ended) - timedelta(seconds=1)) if "[expired]" in each] == []
    (finding,) = (each for each in found(text, at(ended)) if each.rule == "expired")
    assert finding.message == f"{message}, and has no effect any more"
    assert text.splitlines()[finding.place.line - 1][finding.place.column - 1 :].startswith(place)
    assert finding.level == "warning"


def test_what_goes_on_has_not_ended():
    """
    Holidays of a country, intervals of which one comes for ever, and freezes for good have no end.
    """
    texts = [
        a_schedule(f"{a_layer('')}\n    - {a_layer(', holidays: [{country: PT}, {date: 2026-05-01}]', name='summer')}\n"),
        INTERVAL % "{years: [2020]}, {months: [december]}",
        INTERVAL % "{years: [9999]}",
        header("Guardrail", "freeze") + "spec: {freeze: {reason: for good}}\n",
    ]

    assert [said(text) for text in texts] == [[], [], [], []]


def test_what_is_left_out_is_not_asked():
    """
    A document that is quarantined gives no second finding.
    """
    done = compiled(OVERRIDE.replace("person: eve", "person: evee"))

    assert [each.rule for each in done.findings] == ["unknown-name"]
    assert findings_at(done.dated, NOW).findings == ()


# --- weighing -----------------------------------------------------------------------------


def a_repository(root, text: str, settings: str = SETTINGS) -> Dated:
    """What the clock is asked about the shop as files with *text*; nothing else is wrong with it."""
    for folder in ("ownership", "policies"):
        (root / folder).mkdir()
    (root / "watchbill.yaml").write_text(settings, encoding="utf-8")
    (root / "ownership" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    (root / "policies" / "case.yaml").write_text(text, encoding="utf-8")
    done = load(root, CATALOGUE)
    assert [str(finding) for finding in done.findings] == []
    return done.dated


def test_a_comment_sets_a_finding_aside(tmp_path):
    """
    A comment beside it sets it aside, and is counted; on a day on which there is nothing to set aside it is a finding itself.
    """
    dated = a_repository(tmp_path, OVERRIDE.rstrip("\n") + "  # watchbill: ignore[expired] kept as an example\n")

    assert (findings_at(dated, NOW).findings, findings_at(dated, NOW).ignored) == ((), 1)
    (before,) = findings_at(dated, NOW - timedelta(days=1)).findings
    assert (before.rule, before.message) == ("unused-ignore", "there is no `expired` to ignore in line 4")


@pytest.mark.parametrize(("level", "expected"), [("error", ["error"]), ("off", []), ("warning", ["warning"])])
def test_the_settings_say_how_much_a_rule_counts(tmp_path, level: str, expected: list[str]):
    """
    A rule of the clock is an error, a warning or off, as the settings say.
    """
    dated = a_repository(tmp_path, OVERRIDE, SETTINGS.replace("spec:", f"spec:\n  rules: {{expired: {level}}}"))

    assert [each.level for each in findings_at(dated, NOW).findings] == expected


# --- keeping ------------------------------------------------------------------------------


def test_what_is_kept_is_the_same_again(tmp_path):
    """
    What goes through JSON asks the clock the same.
    """
    text = OVERRIDE + "---\n" + a_schedule(a_layer(OFFICE + ", holidays: [{country: PT}], until: 2027-01-04 09:00"))
    dated = a_repository(tmp_path, text, SETTINGS.replace("spec:", "spec:\n  rules: {expired: 'off'}"))

    assert dated_of(dated_json(dated)) == dated
    assert findings_at(dated_of(dated_json(dated)), NOW) == findings_at(dated, NOW)
    assert dated_of(dated_json(Dated())) == Dated()
