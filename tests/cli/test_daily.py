"""The daily verbs, against a real server: what people see of incidents, and what comes of what they say."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.server.places import an_alert


def squeezed(text):
    """The text with all white space made one space, so that line breaks do not matter."""
    return " ".join(text.split())


def of(incident):
    """The service of an incident."""
    return incident.rpartition("-")[0]


# --- what there is ------------------------------------------------------------------------


def test_incidents_are_listed(ask, incident):
    """
    `incidents` lists those that are open, each with its severity, status, title and age; as JSON it is what the server says.
    """
    listed = ask("incidents", "--service", of(incident))
    told = json.loads(ask("incidents", "--format", "json").out)

    assert listed.code == 0
    assert listed.out.startswith("1 open incident ")
    assert re.search(rf"^{incident} +critical +triggered +HighErrorRate on \S+ +for \d+s$", listed.out, re.MULTILINE)
    assert incident in [each["id"] for each in told["incidents"]]


def test_a_list_fits_a_phone(ask, incident):
    """
    Forty columns are enough: what has no room stands below its row, and nothing is cut off.
    """
    listed = ask("incidents", "--width", "48")

    assert incident in listed.out
    assert "HighErrorRate on" in squeezed(listed.out)


def test_incidents_are_chosen_by_status_and_severity(ask, at, incident):
    """
    Filters go together; resolved ones are listed where they are asked for, and none is said in words.
    """
    service = of(incident)
    ask("resolve", incident)

    assert ask("incidents", "--service", service).out.startswith("no open incidents")
    assert incident in ask("incidents", "--service", service, "--status", "resolved").out
    assert incident in ask("incidents", "--service", service, "--status", "all", "--severity", "critical").out
    assert incident not in ask("incidents", "--service", service, "--status", "all", "--severity", "info").out
    assert ask("incidents", "--status", "closed").code == 2


def test_a_long_list_says_how_to_go_on(ask, at):
    """
    Where there are more than were asked for, the command that shows the next is said, and shows them.
    """
    for number in range(3):
        at.fire(an_alert(f"Long{number}", service="none"))
    first = ask("incidents", "--limit", "1", "--status", "all")
    found = re.search(r"`--before (\S+)`", first.err)

    assert found is not None
    second = ask("incidents", "--limit", "1", "--status", "all", "--before", found[1])
    assert (second.code, found[1] in second.out) == (0, False)


def test_show_begins_with_what_waits_for_a_person(ask, incident):
    """
    `incidents show` names what somebody can answer, each with a command that can be copied; then alerts, pages and repairs.
    """
    shown = ask("incidents", "show", incident)

    assert shown.code == 0
    assert re.match(r"HighErrorRate on part-\d+   critical · tier 1 · payments\n", shown.out)
    assert f"    watchbill run-step {incident} write-of-part\n" in shown.out
    assert list(re.findall(r"^[A-Z]{4,}", shown.out, re.MULTILINE)) == ["YOURS", "LINKS", "ALERTS", "PAGE", "REPAIR"]


def test_the_command_that_is_shown_can_be_given(ask, at, incident):
    """
    The command that `incidents show` prints for a remediation that is offered starts it.
    """
    line = next(each for each in ask("incidents", "show", incident).out.splitlines() if "watchbill run-step" in each)
    started = ask(*line.split()[1:])

    assert (started.code, started.out) == (0, f"{incident}: started by ana\n")
    at.wait(lambda: any(each["kind"] == "repair" and each["state"] == "done" for each in at.incident(incident)["steps"]))
    assert " done\n         started by ana\n" in ask("incidents", "show", incident).out


def test_an_alert_cannot_act_on_the_terminal(ask, at):
    """
    What an alert or a note brings is shown with its control characters written out.
    """
    alert = {**an_alert("Terminal", service="none"), "annotations": {"summary": "\x1b[2J\u202egone"}}
    found = at.fire(alert)
    ask("note", found, "ring\x07ring")
    seen = ask("incidents", "show", found).out + ask("incidents", "timeline", found).out + ask("incidents").out

    assert "\\x1b[2J\\u202egone" in seen
    assert "ring\\x07ring" in seen
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", seen)


def test_the_timeline_is_told_in_the_words_of_simulate(ask, incident):
    """
    `incidents timeline` has a line for each thing that happened, with the policy that is the reason, and how it stands at the end.
    """
    ask("ack", incident)
    told = ask("incidents", "timeline", incident)

    assert told.code == 0
    assert squeezed("page ana (primary) payments-any: primary of payments policies/payments.yaml:6") in squeezed(told.out)
    assert "status    acknowledged by ana" in told.out
    assert re.search(r"^after \d+s: acknowledged$", told.out, re.MULTILINE)


def test_the_timeline_as_json_has_the_decisions(ask, incident):
    """
    As JSON a timeline has every decision with its reasons too.
    """
    told = json.loads(ask("incidents", "timeline", incident, "--format", "json").out)

    assert told["incident"] == incident
    assert told["decisions"][0]["reasons"]


# --- answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verbs", "said", "status"),
    [
        (["ack"], "acknowledged by ana", "acknowledged"),
        (["ack", "unack"], "given back by ana", "triggered"),
        (["escalate"], "escalated by ana", "triggered"),
        (["mitigate"], "mitigated by ana", "mitigated"),
        (["resolve"], "resolved by ana; 1 alert still fires", "resolved"),
    ],
)
def test_people_answer_an_incident(ask, at, incident, verbs, said, status):
    """
    Each verb is one line about what came of it, and the incident stands as it says.
    """
    done = [ask(verb, incident) for verb in verbs][-1]

    assert (done.code, done.out, done.err) == (0, f"{incident}: {said}\n", "")
    assert at.incident(incident)["status"] == status


def test_who_comes_late_is_told_so(ask, incident):
    """
    What does not happen, because somebody was quicker, is said with who it was, and the exit code is 1.
    """
    ask("ack", incident, "--as", "bo")
    late = ask("ack", incident)
    as_json = ask("ack", incident, "--format", "json")

    assert (late.code, late.out) == (1, f"{incident}: nothing done: it is acknowledged by bo already\n")
    assert (as_json.code, json.loads(as_json.out)["done"]) == (1, False)
    assert json.loads(as_json.out)["status"] == "acknowledged"


def test_an_incident_may_be_called_by_less_than_its_name(ask, incident):
    """
    The beginning of an incident's id will do, and so will the six letters at its end.
    """
    assert ask("ack", incident[:-2]).out.startswith(incident)
    assert ask("note", incident[-6:], "x").out.startswith(incident)


def test_a_name_that_may_mean_several(ask, at):
    """
    Where several incidents may be meant, they are named, nothing is done, and the exit code is 2.
    """
    found = [at.fire(an_alert(f"Twin{name}", service="none")) for name in ("a", "b")]
    done = ask("ack", "twin")

    assert (done.code, done.out) == (2, "")
    assert "several incidents begin with `twin`" in done.err
    assert all(each in done.err for each in found)
    assert [at.incident(each)["status"] for each in found] == ["triggered", "triggered"]


@pytest.mark.parametrize("name", ["nobody", "../status", "a b", "%2e%2e", "ünknown"])
def test_a_name_that_means_nothing(ask, name):
    """
    A name that means no incident, whatever is in it, is said to mean none; the exit code is 2.
    """
    done = ask("incidents", "show", name)

    assert (done.code, done.out) == (2, "")
    assert "unknown-" in done.err


def test_an_incident_is_put_off(ask, at, incident):
    """
    `snooze` takes an incident for a while, or until a time; neither, both, and a time that is past are refused.
    """
    done = ask("snooze", incident, "2h")
    until = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:00Z}"
    again = ask("snooze", incident, "--until", until)

    assert (done.code, at.incident(incident)["acknowledged_by"]) == (0, "ana")
    assert "snoozed by ana until" in done.out
    assert again.out == f"{incident}: snoozed by ana until {until[:10]} {until[11:16]} UTC\n"
    assert [ask("snooze", incident, *how).code for how in ([], ["2h", "--until", until], ["--until", "2020-01-01T00:00:00Z"])] == [2, 2, 2]


def test_an_incident_is_kept(ask, at, incident):
    """
    `extend` keeps an incident that one has, for as long as the policies say or as is said, and never for less; nobody else keeps it.
    """
    ask("ack", incident)
    until = at.incident(incident)["acknowledged_until"]
    longer = ask("extend", incident, "--for", "9h")
    shorter = ask("extend", incident)
    another = ask("extend", incident, "--as", "bo")

    assert longer.out.startswith(f"{incident}: extended by ana until ")
    assert at.incident(incident)["acknowledged_until"] > until
    assert (longer.code, shorter.code, another.code) == (0, 1, 1)
    assert "nothing done: ana has it, and only who has it extends that" in another.out
    assert "until " in ask("incidents").out
    assert "keep it: watchbill extend" in " ".join(ask("incidents", "show", incident).out.split())


def test_a_note_is_written_from_words_or_from_standard_input(ask, incident, monkeypatch):
    """
    Several words need no quotes, and `-` takes what another program says; an empty note is wrong use.
    """

    class Input:
        buffer = io.BytesIO(b"pods:\n all gone\n")

        def isatty(self):
            return False

    assert ask("note", incident, "rolled", "back").code == 0
    monkeypatch.setattr("sys.stdin", Input())
    assert ask("note", incident, "-").code == 0
    told = squeezed(ask("incidents", "timeline", incident).out)

    assert "note ana: rolled back" in told
    assert "note ana: pods: all gone" in told
    assert ask("note", incident, "  ").code == 2


def test_a_step_need_not_be_named_where_one_can_be_meant(ask, incident):
    """
    `run-step` without a step starts the only one that is offered; a second time there is none, and the exit code is 1.
    """
    first, second = ask("run-step", incident), ask("run-step", incident)

    assert (first.code, first.out) == (0, f"{incident}: started by ana\n")
    assert second.code == 1


@pytest.mark.parametrize("named", ["{0}/page/payments-any/0/0", "{0} page/payments-any/0/0", "{0} payments-any", "{0}"])
def test_a_step_is_named_in_several_ways(ask, incident, named):
    """
    A step may be called by its whole id alone, by what stands after the incident, or by its policy, and not at all if it is the only one.
    """
    done = ask("retry", *named.format(incident).split())

    assert (done.code, done.out) == (0, f"{incident}: tried again by ana\n")


def test_a_step_that_is_not_there(ask, incident):
    """
    A step that an incident does not have is wrong use; a yes that nothing waits for is not done.
    """
    missing, nothing = ask("approve", incident, "repair/none"), ask("approve", incident)

    assert (missing.code, missing.out) == (2, "")
    assert "has no step `repair/none` [unknown-step]" in missing.err
    assert (nothing.code, "nothing done" in nothing.out) == (1, True)


def test_a_no_to_what_is_offered(ask, at, incident):
    """
    `deny` takes what is offered away.
    """
    done = ask("deny", incident, "write-of-part")

    assert (done.code, done.out) == (0, f"{incident}: ana said no\n")
    assert ask("run-step", incident).code == 1


# --- who, and by what right -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ana Sousa", "ana\r\nX-Evil: 1", "", "ANA"])
def test_nobody_is_called_so(ask, incident, name):
    """
    A name that policies could not write is refused before anything is sent.
    """
    done = ask("ack", incident, "--as", name)

    assert (done.code, done.out) == (2, "")
    assert "is no person's name" in done.err


def test_without_a_name_it_is_the_login_name(ask, at, incident, monkeypatch):
    """
    Whoever does not say who they are acts by their login name.
    """
    monkeypatch.delenv("WATCHBILL_AS")
    monkeypatch.setenv("LOGNAME", "Ana")
    ask("ack", incident)

    assert at.incident(incident)["acknowledged_by"] == "ana"


def test_an_answer_by_nobody_who_is_declared_stops_no_page(ask, at, incident):
    """
    An acknowledgement by a name that no person has comes to nothing: it says so with near names, and the exit code is 1.
    """
    done = ask("ack", incident, "--as", "anna")

    assert (done.code, done.out.partition(":")[0]) == (1, incident)
    assert "nothing done: no declared person is called `anna`, so paging goes on: did you mean `ana`" in done.out
    assert at.incident(incident)["status"] == "triggered"


# --- silences and declared incidents --------------------------------------------------------


def test_alerts_are_silenced_and_acted_on_again(ask, at, incident):
    """
    `silence` says what it holds back and how to end it, `incidents` that it does, `silences` lists it, and `unsilence` ends it once.
    """
    matcher = f'service="{of(incident)}"'
    made = ask("silence", matcher, "severity!=info", "--for", "2h", "--reason", "the warehouse moves")
    name = re.match(r"silence ([0-9a-f]{8}) of team payments: the warehouse moves\n", made.out)
    assert name is not None, made
    listed, shown, seen = ask("silences"), ask("incidents", "show", incident), ask("incidents", "--service", of(incident))
    ended, again, none = ask("unsilence", name[1]), ask("unsilence", name[1]), ask("unsilence", "nothing")

    assert f"    {matcher}\n" in made.out
    assert "holds back 1 alert now, until " in squeezed(made.out)
    assert f"`watchbill unsilence {name[1]}` ends it sooner" in squeezed(made.out)
    assert f"silence {name[1]} of team payments" in listed.out
    assert "not acted on: silenced by ana until" in squeezed(shown.out)
    assert "silenced" in seen.out
    assert (ended.code, "ended by ana" in ended.out) == (0, True)
    assert (again.code, again.out.startswith("nothing done: it was over already, at ")) == (1, True)
    assert (none.code, "no silence is called `nothing`" in none.err) == (2, True)
    assert ask("silences").out == "no live silence holds\n"
    assert name[1] in ask("silences", "--all").out


def test_a_silence_is_asked_for_whole(ask):
    """
    Without an end, a reason, a matcher or a team that is one's own, nothing is silenced, and it is said what is missing.
    """
    good = ("silence", 'service="checkout"', "--reason", "x")
    both = ask(*good, "--for", "1h", "--until", "2026-11-27T18:00:00Z")

    assert (both.code, "--for 2h, or until when" in squeezed(both.err)) == (2, True)
    assert ask(*good).code == ask("silence", "--for", "1h", "--reason", "x").code == ask("silence", 'a="b"', "--for", "1h").code == 2
    assert "more than 7 days" in ask(*good, "--for", "8d").err
    assert "`match` holds no matcher" in ask("silence", "service", "--for", "1h", "--reason", "x").err
    assert "no team is called `nobody`" in ask(*good, "--for", "1h", "--team", "nobody").err
    assert "no person is called `zoe`" in ask(*good, "--for", "1h", "--as", "zoe").err
    assert json.loads(ask("silences", "--format", "json").out) == {"silences": []}


def test_an_incident_is_declared(ask, at):
    """
    `incidents open` opens one and says its name; with `--dry-run` it says what that would bring, and nothing happens.
    """
    words = ("incidents", "open", "--service", "part-99", "--severity", "sev1", "customers", "cannot pay")
    planned, as_json = ask(*words, "--dry-run"), json.loads(ask(*words, "--dry-run", "--format", "json").out)
    before = ask("incidents", "--service", "part-99")
    opened = ask(*words)
    name = re.match(r"(part-99-[a-z2-7]{6}): opened, declared by ana; `watchbill incidents show (\S+)` says who is paged\n$", opened.out)
    assert name is not None, opened
    joined = json.loads(ask(*words, "--format", "json").out)
    shown = ask("incidents", "show", name[1])
    ask("resolve", name[1])

    assert planned.out.startswith("IncidentDeclared on part-99 ")
    assert as_json["kind"] == "PlanList"
    assert before.out.startswith("no open incidents")
    assert (joined["incident"], joined["answer"]) == (name[1], "joins what is open already, declared by ana")
    assert "customers cannot pay" in shown.out
    assert at.incident(name[1])["alerts"][0]["status"] == "resolved"
    assert ask("incidents", "open", "--service", "part-99", "--severity", "bad", "x").code == 2
    assert ask("incidents", "open", "--service", "part-99", "--severity", "critical").code == 2


# --- freeze and kill ------------------------------------------------------------------------


def test_unattended_work_is_stopped_and_freed(ask):
    """
    `freeze` and `kill` say what holds, `switches` lists it with its number, and `lift` lifts the only one, or the one that is named.
    """
    frozen = ask("freeze", "--reason", "the data centre is moved", "--for", "6h")
    killed = ask("kill", "--service", "checkout", "--reason", "a loop")
    listed = ask("switches")
    number = re.match(r"kill (\d+) of service checkout: a loop\n", killed.out)
    assert number is not None, killed
    several = ask("lift")
    lifted, rest, again, none = ask("lift", number[1]), ask("lift"), ask("lift", number[1]), ask("lift")

    assert re.match(r"freeze \d+ of everything: the data centre is moved\n  by ana, at ", frozen.out)
    assert f"kill {number[1]}" in listed.out
    assert "freeze " in listed.out
    assert "; sooner with `watchbill lift " in squeezed(listed.out)
    assert (several.code, "2 of them hold" in several.err) == (2, True)
    assert (lifted.code, "lifted by ana" in lifted.out) == (0, True)
    assert rest.out.startswith("freeze ")
    assert (again.code, again.out) == (1, "nothing done: it was lifted already, by ana\n")
    assert (none.code, "nothing to lift" in none.err) == (2, True)
    assert ask("switches").out == "no freeze and no kill holds\n"
    assert "lifted by ana" in ask("switches", "--all").out


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--reason", "  "],
        ["--reason", "x", "--team", "payments", "--service", "checkout"],
        ["--reason", "x", "--for", "2h", "--until", "2190-01-01T00:00:00Z"],
        ["--reason", "x", "--team", "nobody"],
    ],
)
def test_a_stop_that_makes_no_sense(ask, wrong):
    """
    A stop without a reason, of two things, with two ends, or of a team that is not there, is wrong use, and nothing is stopped.
    """
    assert ask("freeze", *wrong).code == 2
    assert ask("switches").out == "no freeze and no kill holds\n"


# --- why ----------------------------------------------------------------------------------


def test_why_comes_from_what_was_recorded(ask, incident):
    """
    `explain INCIDENT` says who was paged and why, whom it has not come to, and what takes part, each with its line.
    """
    told = ask("explain", incident)

    assert told.code == 0
    assert squeezed("ana (primary)") in squeezed(told.out)
    assert "NOT PAGED" in told.out
    assert squeezed("Remediation write-of-part human-initiated: offered to those who may run it") in squeezed(told.out)
    assert "policies/parts.yaml" in told.out


def test_why_somebody_was_not_paged(ask, incident):
    """
    Of a person who was not paged it says so, and whose pages there are instead; of one for whom nothing left, why; of a policy only what
    concerns it.
    """
    eve, bo, ana = (ask("explain", incident, person) for person in ("eve", "bo", "ana"))
    policy = ask("explain", incident, "Escalation/payments-any", "--format", "json")

    assert "eve was not paged: no page of this incident was theirs; those of ana and bo were" in squeezed(eve.out)
    assert "bo was not reached: hotline: in shadow: nothing was sent" in squeezed(bo.out)
    assert "ana was not reached: call cannot be sent: " in squeezed(ana.out)
    assert {each["policy"]["name"] for each in json.loads(policy.out)["applied"]} == {"payments-any"}


def test_what_cannot_be_explained(ask, incident):
    """
    What is nearly a policy is answered with that one; a time makes no sense for an incident; what is no name stays a file.
    """
    near, timed, file = (
        ask("explain", incident, "payments-anny"),
        ask("explain", incident, "--at", "2026-11-23T03:12:00Z"),
        ask("explain", "a.json"),
    )

    assert (near.code, "did you mean `payments-any`?" in near.err) == (2, True)
    assert timed.code == 2
    assert (file.code, "cannot be read" in file.err) == (3, True)
