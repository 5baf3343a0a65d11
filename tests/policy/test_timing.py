"""Time intervals, silences and `during`: what they become, and what is said of wrong ones."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.makers import OTHERS, compiled, findings, header, policies, said
from watchbill.expressions.zones import zone
from watchbill.model.times import Hours, Recurrence, Window
from watchbill.policy.compile.timing import _ever_begins

WEEKEND = header("TimeInterval", "weekend") + "spec: {time_intervals: [{weekdays: [saturday, sunday]}]}\n---\n"
BROKEN = header("TimeInterval", "weekend") + "spec: {time_intervals: [{weekdays: [saturnday]}]}\n---\n"


def an_interval(entry: str) -> str:
    return header("TimeInterval", "nights") + f"spec: {{time_intervals: [{{{entry}}}]}}\n"


def a_silence(spec: str) -> str:
    return header("Silence", "move", "payments") + f"spec: {{match: ['service=\"checkout\"'], author: ana, {spec}}}\n"


def windows(entry: str) -> tuple[Window, ...]:
    return policies(an_interval(entry)).time_intervals["nights"].recurrence.windows


# --- values ---------------------------------------------------------------------------


def test_a_time_interval():
    """
    Each entry has a window for each of its times; all of its days are asked of the day on which it begins.
    """
    found = policies(OTHERS).time_intervals["nights"]
    days = (1, 2, 3, 4, 5, 7)
    lisbon = zone("Europe/Lisbon")
    assert lisbon is not None

    assert found.ref.team == ""
    assert found.recurrence == Recurrence(
        lisbon,
        (
            Window(Hours(days, 22 * 60, 6 * 60)),
            Window(Hours(days, 12 * 60, 13 * 60)),
            Window(
                Hours((1, 2, 3, 4, 5, 6, 7), 0, 1440),
                days_of_month=((1, 1), (-3, -1)),
                months=(1, 2, 12),
                years=((2026, 2027), (2030, 2030)),
            ),
        ),
        "nights",
    )


def test_an_interval_is_in_the_repositorys_zone():
    """
    Where it names no location, the settings do.
    """
    assert policies(WEEKEND).time_intervals["weekend"].recurrence.zone.name == "UTC"


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("'monday:friday'", (1, 2, 3, 4, 5)),
        ("mon-fri", (1, 2, 3, 4, 5)),
        ("'fri:mon'", (1, 5, 6, 7)),
        ("Saturday", (6,)),
        ("sat, sunday", (6, 7)),
    ],
)
def test_weekdays(written: str, days: tuple[int, ...]):
    """
    Alertmanager's words and our short ones, alone or as a range that may go round the week.
    """
    assert windows(f"weekdays: [{written}]")[0].hours.days == days


@pytest.mark.parametrize(("written", "months"), [("'november:february'", (1, 2, 11, 12)), ("12", (12,)), ("'6:7'", (6, 7)), ("may", (5,))])
def test_months(written: str, months: tuple[int, ...]):
    """
    By name or number, alone or as a range that may go round the year.
    """
    assert windows(f"months: [{written}]")[0].months == months


def test_silences():
    """
    One with dates is a span in UTC; one that comes again has its interval, and ends for good.
    """
    found = policies(OTHERS).silences
    dated, recurring = found["warehouse-move"], found["nightly-batch"]

    assert (dated.author, dated.reason) == ("ana", "the warehouse moves its servers")
    assert (dated.starts_at, dated.ends_at) == (datetime(2026, 12, 5, 21, tzinfo=UTC), datetime(2026, 12, 6, 4, tzinfo=UTC))
    assert dated.selector.during is None
    assert recurring.selector.during == policies(OTHERS).time_intervals["nights"].recurrence
    assert (recurring.starts_at, recurring.ends_at) == (None, datetime(2027, 3, 1, tzinfo=UTC))


def test_a_recurring_silence_may_begin_later():
    """
    `from` beside `during` says from when on it counts.
    """
    text = a_silence("reason: x, during: weekend, from: 2026-12-05T22:00:00Z, expires: 2027-03-01T00:00:00Z")

    assert policies(WEEKEND + text).silences["move"].starts_at == datetime(2026, 12, 5, 22, tzinfo=UTC)


def test_during_stands_on_whatever_selects_and_on_levels():
    """
    A policy, a level and a freeze may name an interval, and have it by its name.
    """
    text = (
        header("Escalation", "weekends", "payments")
        + "spec: {during: weekend, match: ['team=\"payments\"'], levels: [{page: role/primary, during: weekend}]}\n---\n"
        + header("Triage", "up", "platform")
        + "spec: {during: weekend, collect: [{name: up, use: metrics.query, with: {query: up}}]}\n---\n"
        + header("Guardrail", "calm")
        + "spec: {during: weekend, ceiling: oversight, freeze: {during: weekend}}\n"
    )
    found = policies(WEEKEND + text)
    weekend = found.time_intervals["weekend"].recurrence
    freeze = found.guardrails["calm"].freeze

    assert weekend.name == "weekend"
    assert found.escalations["weekends"].selector.during == weekend
    assert found.escalations["weekends"].levels[0].during == weekend
    assert found.triages["up"].selector.during == found.guardrails["calm"].selector.during == weekend
    assert freeze is not None
    assert freeze.during == weekend


# --- what is wrong --------------------------------------------------------------------

CASES = {
    "a weekday": (
        an_interval("weekdays: [mnday]"),
        "4:37: `mnday` is no weekday [bad-value]\n  help: did you mean `monday`?",
    ),
    "both ends of a range": (
        an_interval("weekdays: ['mon:x']"),
        "4:37: `x` is no weekday [bad-value]\n  help: the weekdays are `monday`, `tuesday`, `wednesday`, `thursday`, `friday`, "
        "`saturday` and `sunday`; `monday:friday` is a range",
    ),
    "a month": (
        an_interval("months: [13]"),
        "4:35: `13` is no month [bad-value]\n  help: the months are `january`, `february`, `march`, `april`, `may`, `june`, `july`, "
        "`august`, `september`, `october`, `november` and `december`; `january:may` is a range",
    ),
    "a day of the month": (
        an_interval("days_of_month: [0]"),
        "4:42: `0` is no day of the month [bad-value]\n  help: write `15`, `1:5`, or `-3:-1` for the last three",
    ),
    "days from the end in the wrong order": (
        an_interval("days_of_month: ['-1:-3']"),
        "4:42: `-1:-3` ends before it begins [bad-value]\n  help: let the first day come first; -1 is the last of the month",
    ),
    "days in the wrong order": (
        an_interval("days_of_month: ['5:1']"),
        "4:42: `5:1` ends before it begins [bad-value]\n  help: let the first day come first",
    ),
    "a year": (
        an_interval("years: [26]"),
        "4:34: `26` is no year [bad-value]\n  help: write `2026`, or `2026:2027`",
    ),
    "years in the wrong order": (
        an_interval("years: ['2027:2026']"),
        "4:34: `2027:2026` ends before it begins [bad-value]\n  help: let the first year come first",
    ),
    "a time of day": (
        an_interval('times: [{start_time: "24:00", end_time: "24:00"}]'),
        "4:47: `24:00` is no time of day [bad-time]\n  help: write it as `08:00`, from 00:00 to 23:59",
    ),
    "a location": (
        header("TimeInterval", "nights") + "spec: {location: Europe/Lisbn, time_intervals: [{weekdays: [sunday]}]}\n",
        "4:18: no time zone is called `Europe/Lisbn` [unknown-zone]\n  help: did you mean `Europe/Lisbon`?",
    ),
    "a day that no month has": (
        an_interval("days_of_month: [30], months: [february]"),
        "4:25: no day is all that is asked for here [never-opens]\n"
        "  help: let the days of the month fit the months, the weekdays and the years",
    ),
    "a leap day in years without one": (
        an_interval("days_of_month: [29], months: [february], years: ['2025:2027']"),
        "4:25: no day is all that is asked for here [never-opens]\n"
        "  help: let the days of the month fit the months, the weekdays and the years",
    ),
    "the team of an interval": (
        header("TimeInterval", "nights", "paymets") + "spec: {time_intervals: [{weekdays: [sunday]}]}\n",
        "3:32: no team is called `paymets` [unknown-name]\n  help: `payments` is, at ownership/shop.yaml:26",
    ),
    "an interval that there is not": (
        WEEKEND + header("Escalation", "x", "payments") + "spec: {during: weekends, match: ['a=\"b\"'], levels: [{page: role/primary}]}\n",
        "9:16: no time interval is called `weekends` [unknown-name]\n  help: `weekend` is, at 1",
    ),
    "an interval that there is not, on a level": (
        header("Escalation", "x", "payments") + "spec: {match: ['a=\"b\"'], levels: [{page: role/primary, during: nights}]}\n",
        "4:64: no time interval is called `nights` [unknown-name]\n  help: declare it",
    ),
    "a silence that never ends": (
        a_silence("reason: x, from: 2026-12-05T22:00:00Z"),
        "4:1: this silence never ends [silence-without-end]\n"
        "  help: add `to`: write `from` and `to`; or, for one that comes again, `during` and `expires`",
    ),
    "a recurring silence that never ends": (
        WEEKEND + a_silence("reason: x, during: weekend"),
        "9:1: this silence never ends [silence-without-end]\n"
        "  help: add `expires`: write `from` and `to`; or, for one that comes again, `during` and `expires`",
    ),
    "a recurring silence that ends like another": (
        WEEKEND + a_silence("reason: x, during: weekend, to: 2026-12-05T22:00:00Z"),
        "9:80: a silence with `during` ends with `expires`, not with `to` [bad-value]\n"
        "  help: write `from` and `to`; or, for one that comes again, `during` and `expires`",
    ),
    "a silence that ends like a recurring one": (
        a_silence("reason: x, from: 2026-12-05T22:00:00Z, expires: 2026-12-06T22:00:00Z"),
        "4:91: a silence without `during` ends with `to`, not with `expires` [bad-value]\n"
        "  help: write `from` and `to`; or, for one that comes again, `during` and `expires`",
    ),
    "a silence without a beginning": (
        a_silence("reason: x, to: 2026-12-05T22:00:00Z"),
        "4:1: missing key `from` in a Silence [missing-key]\n  help: say from when: `from: 2026-12-05T22:00:00Z`",
    ),
    "a silence that ends before it begins": (
        a_silence("reason: x, from: 2026-12-05T22:00:00Z, to: 2026-12-05T22:00:00Z"),
        "4:95: `to` is not after `from`: `2026-12-05T22:00:00Z` [bad-time]\n  help: let it end after it begins",
    ),
    "a silence for no reason": (
        a_silence("reason: ' ', from: 2026-12-05T22:00:00Z, to: 2026-12-06T22:00:00Z"),
        "4:60: a silence without a reason [bad-value]\n  help: say why, for whoever wonders at night that nothing is heard",
    ),
    "a silence that nobody has signed": (
        a_silence("reason: x, from: 2026-12-05T22:00:00Z, to: 2026-12-06T22:00:00Z").replace("author: ana", "author: anna"),
        "4:47: nobody is called `anna` [unknown-name]\n  help: `ana` is, at ownership/shop.yaml:1",
    ),
    "a silence of other people's services": (
        a_silence("reason: x, from: 2026-12-05T22:00:00Z, to: 2026-12-06T22:00:00Z").replace("checkout", "orders-db"),
        "4:16: policies of `payments` do not apply to the service `orders-db`, which belongs to `platform` [not-granted]\n"
        "  help: ask for `{to: team/payments, services_of: [platform]}` in the grants of `watchbill.yaml`",
    ),
    "a silence of everything": (
        a_silence("reason: x, from: 2026-12-05T22:00:00Z, to: 2026-12-06T22:00:00Z").replace('service="checkout"', 'service=~".*"'),
        "4:8: this silences every alert of the team and of those below it [matches-everything]\n"
        "  help: name in `match` what it is about, as in `['service=\"checkout\"']`",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_said_once_and_exactly(case: str):
    """
    Each mistake is one finding, at its place, with the next thing to do.
    """
    text, expected = CASES[case]

    assert said(text) == [expected]


def test_an_interval_that_comes_some_day_is_well():
    """
    A leap day on a Monday comes once in twenty-eight years, and comes.
    """
    assert findings(an_interval("days_of_month: [29], months: [february], weekdays: [monday]")) == []


# --- quarantine -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        header("Escalation", "x", "payments") + "spec: {during: weekend, match: ['a=\"b\"'], levels: [{page: role/primary}]}\n",
        header("Triage", "x", "payments") + "spec: {during: weekend, collect: [{name: up, use: metrics.query, with: {query: up}}]}\n",
        header("Comms", "x", "support") + "spec: {during: weekend, audience: customers, messages: {triggered: {body: x}}}\n",
        header("Remediation", "x", "payments") + "spec: {during: weekend, phase: opportunity, target: x}\n",
        header("Grouping", "x", "payments") + "spec: {during: weekend, by: [region]}\n",
        header("Inhibition", "x", "payments")
        + "spec: {during: weekend, equal: [a], source: {match: ['b=\"c\"']}, target: {match: ['d=\"e\"']}}\n",
        a_silence("reason: x, during: weekend, expires: 2027-03-01T00:00:00Z").replace("move", "x"),
    ],
    ids=lambda text: text.split()[3],
)
def test_what_must_not_apply_at_other_times_is_left_out(text: str):
    """
    A policy whose interval is quarantined is left out, for nobody knows when it should apply.
    """
    kind = text.split()[3]

    assert compiled(BROKEN + text).quarantined == ("TimeInterval/weekend", f"{kind}/x")


def test_what_limits_others_holds_always_while_its_interval_is_broken():
    """
    A guardrail and a freeze whose interval is quarantined hold at all times: the strictest reading.
    """
    done = compiled(BROKEN + header("Guardrail", "calm") + "spec: {during: weekend, freeze: {during: weekend}}\n")
    assert done.policies is not None
    found = done.policies.guardrails["calm"]

    assert done.quarantined == ("TimeInterval/weekend",)
    assert found.selector.during is None
    assert found.freeze is not None
    assert found.freeze.during is None


def test_a_level_does_not_wait_for_a_broken_interval():
    """
    A level whose interval is quarantined pages at once: rather a page too many.
    """
    text = header("Escalation", "x", "payments") + "spec: {match: ['a=\"b\"'], levels: [{page: role/primary, during: weekend}]}\n"
    done = compiled(BROKEN + text)
    assert done.policies is not None

    assert done.quarantined == ("TimeInterval/weekend",)
    assert done.policies.escalations["x"].levels[0].during is None


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from([(1, 1), (29, 29), (30, 31), (-1, -1), (-31, -31), (-30, -29), (31, 31)]), max_size=2),
    st.lists(st.integers(1, 12), max_size=2, unique=True),
    st.lists(st.sampled_from([(2025, 2027), (2028, 2028), (1890, 1910), (9990, 9998), (1, 3), (2026, 2200)]), max_size=2),
)
def test_whether_an_interval_ever_begins_is_true(days: list[int], of_month: list[Any], months: list[int], years: list[Any]) -> None:
    """
    For all intervals, asking the fourteen kinds of years gives what asking every day gives.
    """
    window = Window(Hours(tuple(days), 0, 1440), tuple(of_month), tuple(months), tuple(years))
    asked = [year for first, last in years or [(2000, 2040)] for year in range(first, min(last, first + 40) + 1)]

    assert _ever_begins(window) == any(
        window.begins_on(date(year, 1, 1) + timedelta(days=number)) for year in asked for number in range(365 + isleap(year))
    )
