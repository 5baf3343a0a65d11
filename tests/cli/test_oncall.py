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


# --- what is left out -------------------------------------------------------------------


def spoiled(shop, name):
    """The shop with a key that nobody knows in the document of this *name*."""
    file = shop / "ownership" / "payments.yaml"
    documents = file.read_text(encoding="utf-8").split("---\n")
    broken = [f"{each.rstrip()}\nextra: 1\n" if f"name: {name}" in each.partition("spec:")[0] else each for each in documents]
    file.write_text("---\n".join(broken), encoding="utf-8")


def test_who_is_left_out_is_named(run, shop):
    """
    Where whoever is on call has a broken document, the answer is not that nobody is: it names the document, and the rest stays.
    """
    spoiled(shop, "bo}")
    done = run("oncall", "--at", AT)

    assert done.code == 0
    assert done.out.splitlines()[2:4] == [
        "  payments-primary  unknown  until 09:00",
        "      cannot say who: Person/bo is left out; layer base",
    ]
    assert done.err == "the policies have 1 error, and Person/bo is left out; `watchbill validate` shows them\n"


def test_who_is_left_out_is_no_gap_to_other_programs(run, shop):
    """
    As JSON it is not known who is on call, which is no gap, and what was left out is listed.
    """
    spoiled(shop, "bo}")
    document = json.loads(run("oncall", "schedule/payments-primary", "lead", "--at", AT, "--format", "json").out)
    primary, lead = document["items"]

    assert document["quarantined"] == ["Person/bo"]
    assert (primary["people"], primary["known"], primary["gap_until"]) == ([], False, None)
    assert (lead["people"], lead["notes"]) == ([], ["Person/bo is quarantined"])


@pytest.mark.parametrize(
    ("broken", "asked", "said"),
    [
        ("payments}", "payments", "cannot say who: Team/payments is left out"),
        ("payments}", "checkout", "cannot say who: Team/payments is left out"),
        ("payments}", "role/lead@payments", "cannot say who: Team/payments is left out"),
        ("checkout", "checkout", "cannot say who: Service/checkout is left out"),
        ("payments-primary", "payments-primary", "cannot say who: Schedule/payments-primary is left out"),
        ("payments-primary", "payments", "primary: Schedule/payments-primary is quarantined"),
        ("ana}", "person/ana", "cannot say who: Person/ana is left out"),
    ],
)
def test_what_is_left_out_has_an_answer(run, shop, broken, asked, said):
    """
    What is asked for and left out is answered by saying so, beside what is sound.
    """
    spoiled(shop, broken)
    done = run("oncall", asked, "desk", "--at", AT)

    assert done.code == 0
    assert said in " ".join(done.out.split())
    assert "desk nobody until 08:00" in " ".join(done.out.split())


def test_a_role_that_a_team_that_is_left_out_may_give(run, shop):
    """
    A role that nobody has is not said to be unknown without a word on the team that is left out.
    """
    spoiled(shop, "payments}")
    done = run("oncall", "lead", "--at", AT)

    assert done.code == 2
    assert "help: it may be a role of Team/payments, which is left out; run `watchbill validate`" in done.err


def test_roles_from_a_team_that_is_left_out(run, shop):
    """
    Roles that would come from a team above are not said to be nobody's when that team is left out.
    """
    above = "apiVersion: watchbill/v1\nkind: Team\nmetadata: {name: engineering}\nspec: {}\nextra: 1\n"
    (shop / "ownership" / "engineering.yaml").write_text(above, encoding="utf-8")
    file = shop / "ownership" / "payments.yaml"
    file.write_text(file.read_text().replace("  members: [ana, bo]", "  parent: engineering\n  members: [ana, bo]"))
    said = " ".join(run("oncall", "payments", "--at", AT).out.split())

    assert "cannot say who has the roles that come from above: Team/engineering is left out" in said
    assert "primary bo" in said


def test_turns_of_who_is_left_out(run, shop):
    """
    Over a span the turns of somebody who is left out stand where they are, and that they cannot be reached is said in every form.
    """
    spoiled(shop, "bo}")
    asked = ("oncall", "payments-primary", "--at", AT, "--for", "1d")
    document = json.loads(run(*asked, "--format", "json").out)

    assert "bo cannot be reached in these turns: Person/bo is left out" in run(*asked).out
    assert (document["quarantined"], document["items"][0]["left_out"]) == (["Person/bo"], ["Person/bo"])
    assert "layer base\\; Person/bo is left out" in run(*asked, "--format", "ics").out


def test_turns_of_what_is_left_out(run, shop):
    """
    Over a span what is left out takes nothing from the rest, and has no turns of its own.
    """
    spoiled(shop, "payments-primary")
    beside = run("oncall", "payments-primary", "desk", "--at", AT, "--for", "1d")
    alone = run("oncall", "payments-primary", "--at", AT, "--for", "1d")

    assert (beside.code, beside.out.partition("  ")[0]) == (0, "desk")
    assert "`schedule/payments-primary` has no turns: Schedule/payments-primary is left out\n" in beside.err
    assert alone.code == 2
    assert "Schedule/payments-primary is left out [no-schedule]\n  help: run `watchbill validate` to see what to mend" in alone.err
