"""`watchbill oncall`: who it is, until when, and why."""

from __future__ import annotations

import io
import json
import sys

import pytest

from tests.cli.makers import AT, a_repository, watchbill
from watchbill.cli.output import speak_utf8, write


def test_every_schedule_by_default(run):
    """
    Without a name every schedule answers, gaps included.
    """
    assert run("oncall", "--at", AT).out.splitlines() == [
        "on call at 2026-11-23 03:12 UTC",
        "",
        "  payments-primary  bo      until 09:00  04:12 in Berlin  layer base",
        "  desk              nobody  until 08:00",
        "      layer office is outside its hours",
        "      that is meant: office hours only",
    ]


@pytest.mark.parametrize(
    ("what", "full"),
    [
        ("desk", "schedule/desk"),
        ("schedule/desk", "schedule/desk"),
        ("payments", "team/payments"),
        ("checkout", "service/checkout"),
        ("lead", "role/lead@payments"),
        ("role/lead", "role/lead@payments"),
        ("role/lead@payments", "role/lead@payments"),
        ("person/ana", "person/ana"),
    ],
)
def test_things_are_found_by_name(run, what, full):
    """
    A schedule, a team, a service and a role are found by name and in full.
    """
    document = json.loads(run("oncall", what, "--at", AT, "--format", "json").out)

    assert [item["what"] for item in document["items"]] == [full]


def test_a_team_answers_with_its_roles(run):
    """
    A team and a service answer with everybody who has a role there, until when.
    """
    document = json.loads(run("oncall", "checkout", "--at", AT, "--format", "json").out)
    people = document["items"][0]["people"]

    assert [(person["duty"], person["name"], person["until"]) for person in people] == [
        ("primary", "bo", "2026-11-23T09:00:00Z"),
        ("lead", "bo", None),
    ]


def test_a_name_that_nobody_has(run):
    """
    An unknown name is answered with the nearest; the code is 2.
    """
    done = run("oncall", "paymnets-primary")

    assert (done.code, done.out) == (2, "")
    assert "nothing in this repository is called `paymnets-primary` [unknown-name]\n  help: did you mean `payments-primary`?" in done.err


def test_a_name_that_several_have(run, shop):
    """
    A name of several things is not guessed at: the answer says how to write each.
    """
    file = shop / "ownership" / "payments.yaml"
    file.write_text(file.read_text().replace("name: checkout", "name: desk"))
    done = run("oncall", "desk")

    assert done.code == 2
    assert "write `schedule/desk` or `service/desk`" in done.err


@pytest.mark.parametrize("span", [["--for", "1d"], ["--to", "2026-11-24T03:12:00Z"]])
def test_the_turns_of_a_span(run, span):
    """
    Over a span the turns stand in a table, and how long nobody is on call below it.
    """
    out = run("oncall", "team/payments", "desk", "--from", AT, *span).out

    assert "  Mon 2026-11-23 03:12  to 09:00                 bo   5h48m   layer base\n" in out
    assert "nobody is on call for 15h of this time; that is meant: office hours only" in " ".join(out.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--at", AT, "--from", AT], "Give --at or --from, not both"),
        (["--to", AT, "--for", "1d"], "Give --to or --for, not both"),
        (["--from", AT], "Say where the span that begins at --from ends"),
        (["--from", AT, "--to", AT], "The span ends before it begins."),
        (["--for", "0"], "a duration of nothing shows nothing."),
        (["--for", "soon"], "'soon' is not a duration."),
        (["--for", "3y"], "A span may be two years long at most."),
        (["--from", "2200-12-31T00:00:00Z", "--for", "9y"], "A span may be two years long at most."),
    ],
)
def test_spans_that_are_none(run, options, said):
    """
    A span that is said twice, half or backwards is wrong use.
    """
    done = run("oncall", *options)

    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())


def test_a_person_has_no_turns(run):
    """
    What has no schedule has no turns, and says so.
    """
    done = run("oncall", "role/lead", "--for", "1d")

    assert done.code == 2
    assert "[no-schedule]" in done.err


def test_turns_as_data(run):
    """
    As JSON the turns are data.
    """
    document = json.loads(run("oncall", "desk", "--at", AT, "--for", "1d", "--format", "json").out)

    assert document["kind"] == "Shifts"
    assert [shift["person"] for shift in document["items"][0]["shifts"]] == [None, "bo", None]


def test_a_calendar(run):
    """
    A calendar looks two months ahead by itself.
    """
    icalendar = pytest.importorskip("icalendar")
    calendar = icalendar.Calendar.from_ical(run("oncall", "payments-primary", "--at", AT, "--format", "ics").out)
    events = calendar.walk("VEVENT")

    assert len(events) == 10
    assert str(events[0]["SUMMARY"]) == "bo on call (payments-primary)"


def test_a_calendar_without_its_library(run, monkeypatch):
    """
    Where the calendar library is not installed, the answer is the command that installs it.
    """
    monkeypatch.setitem(sys.modules, "icalendar", None)
    done = run("oncall", "payments-primary", "--format", "ics")

    assert (done.code, done.out) == (2, "")
    assert "[missing-extra]\n  help: run `pip install 'watchbill[calendar]'`" in done.err


def test_a_calendar_is_utf_8_whatever_the_terminal_is(tmp_path):
    """
    A calendar that is written where only ASCII can be shown is the same, byte for byte.
    """
    pytest.importorskip("icalendar")
    a_repository(tmp_path)
    asked = ("oncall", "payments-primary", "--at", AT, "--format", "ics")
    usual, plain = (watchbill(*asked, cwd=tmp_path, PYTHONIOENCODING=encoding, LC_ALL="C") for encoding in ("utf-8", "ascii"))

    assert (plain.returncode, plain.stdout) == (0, usual.stdout)


def test_a_stream_can_be_told_to_speak_utf_8():
    """
    What is UTF-8 by its own definition goes through a stream of another encoding unchanged.
    """
    held = io.BytesIO()
    stream = io.TextIOWrapper(held, encoding="ascii")
    speak_utf8(stream)
    write(stream, "Zoë → «Bo»\r\n")

    assert held.getvalue() == "Zoë → «Bo»\r\n".encode()


def test_what_is_quite_another_name_is_not_suggested(run):
    """
    A name that nothing resembles gets no odd suggestion, whatever kind it is of.
    """
    assert "help: name one of its schedules, teams, services, roles or people" in run("oncall", "schedule/role/x").err
