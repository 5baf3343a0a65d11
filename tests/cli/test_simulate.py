"""`watchbill simulate`: an incident as a timeline, with the answers that are given on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.makers import AT, an_alert_file
from tests.cli.test_test import TESTS, put

REPAIR = """
apiVersion: watchbill/v1
kind: Connector
metadata: {name: cluster}
spec: {type: kubernetes, with: {context: prod}, secrets: {kubeconfig: file/kubeconfig}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: metrics}
spec: {type: prometheus, with: {url: "https://prometheus.example.com"}}
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: restart-checkout, team: payments}
spec:
  match: ['service="checkout"']
  phase: fallback
  hold: 6m
  target: checkout
  steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]
  verify: {use: metrics.query, with: {query: errors}, expect: "value < `0.01`", for: 2m, within: 5m}
  rollback: {none: a restart leaves nothing to undo}
  guards: {rate: {max: 2, in: 1d, per: target}}
  runbook: docs/checkout.md
"""


@pytest.fixture
def simulate(shop: Path, run):
    """Play an alert of checkout's."""
    alert = str(an_alert_file(shop / "alert.json"))
    return lambda *more: run("simulate", alert, "--at", AT, *more)


def lines(text: str) -> list[str]:
    """The lines of a timeline, without how they are set."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_nobody_answers(simulate):
    """
    Without answers it tells who is paged and when, and by which line of which policy.
    """
    done = simulate("--for", "10m")
    told = lines(done.out)

    assert done.code == 0
    assert told[0] == "HighErrorRate on checkout 2026-11-23 03:12 UTC"
    assert "page bo (primary)" in told
    assert any(line.endswith("policies/payments.yaml:6") for line in told)
    assert "03:17 +5m page bo (lead)" in told
    assert told[-1] == "after 10m: triggered"


def test_people_answer(simulate):
    """
    Who acknowledges and resolves on the command line does so at that time, and the pages stop.
    """
    done = simulate("--ack", "ana@3m", "--resolve", "ana@20m")
    told = lines(done.out)

    assert "03:15 +3m status acknowledged by ana until 07:15" in told
    assert "03:32 +20m status resolved by ana" in told
    assert "page bo (lead)" not in done.out
    assert told[-1] == "after 2h: resolved"


def test_an_incident_is_given_back_and_mitigated(simulate):
    """
    Every word that a person may say can be said.
    """
    done = simulate("--ack", "ana@1m", "--unack", "ana@2m", "--mitigate", "bo@3m", "--for", "4m")

    assert "given back by ana" in done.out
    assert lines(done.out)[-1] == "after 4m: mitigated"


def test_people_call_for_more_and_put_off(simulate):
    """
    Somebody escalates, snoozes and writes a note; each stands in the timeline with who it was.
    """
    told = lines(simulate("--escalate", "ana@1m", "--snooze", "bo=30m@2m", "--note", "bo=see ticket=7 @ desk@3m", "--for", "40m").out)

    assert "03:13 +1m answer ana escalates" in told
    assert "status snoozed until 2026-11-23 03:44 by bo" in told
    assert "03:15 +3m note bo: see ticket=7 @ desk" in told
    assert "03:44 +32m status triggered again, for the snooze is over" in told


def test_people_keep_what_they_have(simulate):
    """
    Somebody keeps an incident for longer; the timeline says so, that they were reminded, and when and why it was given back.
    """
    told = lines(simulate("--ack", "ana@3m", "--extend", "ana=2h@3h50m", "--for", "6h").out)

    assert "03:15 +3m status acknowledged by ana until 07:15" in told
    assert "07:00 +3h48m done tell by payments-any: ana has no contact that tells:" in told
    assert "07:02 +3h50m status extended until 2026-11-23 09:02 by ana" in told
    assert "09:02 +5h50m status triggered again, for the acknowledgement has ended" in told


def test_people_start_and_try_again(shop: Path, simulate):
    """
    Somebody starts what is offered, and has tried again what failed; who may not is told why.
    """
    put(shop, REPAIR.replace("phase: fallback", "phase: human-initiated").replace("  hold: 6m\n", ""), "repair")
    told = lines(
        simulate(
            *("--run", "restart-checkout=bo@1m", "--outcome", "restart-checkout=failed@30s"),
            *("--retry", "restart-checkout/restart=ana@3m", "--for", "5m"),
        ).out
    )
    nobody = simulate("--retry", "restart-checkout=ana@3m", "--for", "5m")

    assert "offer restart-checkout to team payments" in told
    assert "03:13 +1m answer bo starts restart-checkout" in told
    assert "started by bo" in told
    assert "03:15 +3m answer ana has restart-checkout/restart tried again" in told
    assert nobody.err == "nothing waited for ana at 3m\n"


def test_alerts_end(simulate):
    """
    --ends is when the alerts end, and with them the incident.
    """
    assert lines(simulate("--ends", "12m").out)[-1] == "after 2h: resolved"


def test_repairs_end_as_told(shop: Path, simulate):
    """
    A repair fails or works as it is told, and what its check sees is told too.
    """
    put(shop, REPAIR, "repair")
    failing = simulate("--outcome", "restart-checkout/restart=failed@30s", "--for", "10m")
    working = simulate("--outcome", "restart-checkout=done@30s", "--observe", "restart-checkout=0.001@1m", "--for", "10m")

    assert "03:12:30 +30s fails restart-checkout/restart: it failed" in lines(failing.out)
    assert "page bo (primary)" in lines(failing.out)
    assert "page" not in [line.split()[0] for line in lines(working.out) if line]
    assert lines(working.out)[-1] == "after 10m: mitigated"


def test_a_decision_that_nobody_asked_for_is_remarked(shop: Path, simulate):
    """
    An approval of what waits for none is said to have met nothing.
    """
    put(shop, REPAIR, "repair")

    assert simulate("--approve", "restart-checkout=ana@1m").err == "nothing waited for ana at 1m\n"


def test_a_case_of_a_test_is_told(shop: Path, run):
    """
    --test tells a case as a timeline; the name of the test, and a part of the case's, are enough where there is one.
    """
    put(shop, TESTS)

    whole = run("simulate", "--test", "checkout/nobody answers")
    part = run("simulate", "--test", "checkout/nobody")

    assert whole.code == 0
    assert whole.out == part.out
    assert "page      bo (primary)" in whole.out


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_it_fits(simulate, width: int):
    """
    No line is wider than it may be, down to a phone's forty columns.
    """
    done = simulate("--ack", "ana@3m", "--resolve", "ana@20m", "--width", str(width))

    assert max(map(len, done.out.splitlines())) <= width


def test_json(simulate):
    """
    As JSON it is a document of kind TimelineList, with times, people, reasons and places.
    """
    document = json.loads(simulate("--ack", "ana@3m", "--format", "json").out)
    (timeline,) = document["items"]
    page = next(each for each in timeline["happenings"] if each["what"] == "page")

    assert (document["kind"], timeline["status"], timeline["at"]) == ("TimelineList", "acknowledged", AT)
    assert (page["at"], page["after"], page["people"], page["because"]) == (AT, "0s", ["bo"], "payments-any")
    assert page["place"] == {"file": "policies/payments.yaml", "line": 6, "column": 7}


def test_deliveries_end_as_told(simulate):
    """
    A page whose every contact is refused passes its level at once; what is said of somebody counts for them alone.
    """
    all_of_them = lines(simulate("--delivery", "pager.page=refused@2s", "--for", "10m").out)
    nobody = simulate("--delivery", "pager.page:ana=unknown", "--for", "10m")

    assert "03:12:02 +2s fails bo: pager.page refused" in all_of_them
    assert "page bo (lead)" in all_of_them[all_of_them.index("03:12:02 +2s fails bo: pager.page refused") :]
    assert "03:17 +5m page bo (lead)" in lines(nobody.out)
    assert nobody.err == "nothing left by pager.page for ana\n"


WRONG = {
    "no delivery": (
        ("--delivery", "pager.page"),
        "`pager.page` cannot be read [bad-script]\n  help: write it as `phone.page:mei=refused@2s`",
    ),
    "no result of a delivery": (("--delivery", "pager.page=refuse"), "did you mean `refused`?"),
    "no result at all": (("--delivery", "pager.page=x"), "write one of `sent`, `failed`"),
    "no action": (("--delivery", "pager=failed"), "`pager` is no action of a connector [bad-script]"),
    "no such action": (("--delivery", "pager.pge=failed"), "pager (webhook) has no action `pge` [unknown-action]"),
    "no connector": (("--delivery", "pagr.page=failed"), "[unknown-name]\n  help: did you mean `pager`?"),
    "nobody to deliver to": (("--delivery", "pager.page:anna=failed"), "[unknown-name]\n  help: did you mean `ana`?"),
    "a time that is none": (("--delivery", "pager.page=failed@soon"), "[bad-script]"),
    "nothing that is used": (
        ("--delivery", "cluster.scale=failed"),
        "`cluster.scale=failed` makes no sense: no page, post, room, collector or update here uses `cluster.scale` [no-delivery]",
    ),
    "no time": (("--ack", "ana"), "`ana` cannot be read [bad-script]\n  help: write it as `ana@7m`"),
    "no duration": (("--ack", "ana@soon"), "[bad-script]"),
    "nobody": (("--ack", "anna@7m"), "[unknown-name]\n  help: did you mean `ana`?"),
    "no remediation": (("--outcome", "restart=done@1m"), "nothing among the remediations of this repository is called `restart`"),
    "no outcome": (("--outcome", "restart=well@1m"), "write it as `restart-checkout=failed@30s`"),
    "no value": (("--observe", "restart-checkout=much@1m"), "`much` is no value"),
    "no start": (("--run", "ana@1m"), "write it as `rollback-checkout=ana@7m`"),
    "no second try": (("--retry", "ana@1m"), "write it as `restart-checkout=ana@9m`"),
    "no length": (("--snooze", "ana@1m"), "write it as `ana=4h@7m`"),
    "nothing to keep": (("--extend", "ana=0s@1m"), "`ana=0s@1m` cannot be read: it keeps nothing"),
    "no time at all": (("--snooze", "ana=0s@1m"), "`ana=0s@1m` cannot be read: it puts nothing off"),
    "no text": (("--note", "ana@1m"), "write it as `ana=I look at the database@8m`"),
    "no decision": (("--approve", "ana@1m"), "write it as `restart-checkout=eve@1m`"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_read_is_said(shop: Path, simulate, what: str):
    """
    An answer that cannot be read, or of nobody, exits with 2 and says how it is written.
    """
    put(shop, REPAIR, "repair")
    arguments, said = WRONG[what]
    done = simulate(*arguments)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("name", "said"),
    [("chekout", "did you mean `checkout`?"), ("checkout", "may mean several cases"), ("checkout/else", "is called `else`")],
)
def test_a_case_that_is_not_there(shop: Path, run, name: str, said: str):
    """
    A test or a case that is not there, or is not the only one, exits with 2 and says which there are.
    """
    put(shop, TESTS)
    done = run("simulate", "--test", name)

    assert done.code == 2
    assert said in done.err


def test_a_case_brings_its_own(shop: Path, run):
    """
    Alerts, a clock and answers cannot be given beside a case.
    """
    put(shop, TESTS)

    assert run("simulate", "--test", "checkout/nobody", "--at", AT).code == 2


def test_alerts_that_have_ended_are_not_played(shop: Path, run):
    """
    An alert that the file says is over is remarked, and nothing follows from it.
    """
    alert = {"labels": {"alertname": "A", "service": "checkout"}, "status": "resolved"}
    path = shop / "over.json"
    path.write_text(json.dumps({"version": "4", "status": "resolved", "alerts": [alert]}), encoding="utf-8")
    done = run("simulate", str(path), "--at", AT)

    assert (done.code, done.out) == (0, "no alert fires\n")
    assert done.err == f"1 alert of {path} has ended, and is not played\n"
