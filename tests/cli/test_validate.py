"""`watchbill validate`: all findings, and quick where nothing has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.makers import MISTAKE, ROOT, a_repository
from watchbill.cli import cache
from watchbill.model.dated import Dated

WARNED = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: wrong-too, team: payments}
spec:
  levels: [{page: role/secondry}]
"""


def kept(shop: Path) -> Path:
    """Where the answer is kept."""
    return shop / ".watchbill" / "cache" / "validate.json"


def test_a_repository_that_is_well(run):
    """
    One line says what was looked at.
    """
    done = run("validate")

    assert (done.code, done.out, done.err) == (0, "9 documents in 3 files: no findings\n", "")


def test_all_findings_come_at_once(run, shop):
    """
    Every mistake of every file is there, sorted by place, with what to do; the code is 1.
    """
    a_repository(shop, a=MISTAKE, b=WARNED)
    done = run("validate")

    assert done.code == 1
    assert [line.partition(" ")[0] for line in done.out.splitlines() if line.startswith("policies")] == [
        "policies/a.yaml:5:19:",
        "policies/b.yaml:5:19:",
    ]
    assert done.out.endswith("left out until mended, 2 documents: Escalation/wrong, Escalation/wrong-too\n")


def test_the_repository_is_found_from_within(run, shop, monkeypatch):
    """
    From a folder inside, the repository around it is checked, and files are named as they are found from there.
    """
    a_repository(shop, a=MISTAKE)
    monkeypatch.chdir(shop / "ownership")

    assert run("validate").out.startswith("../policies/a.yaml:5:19: ")


def test_a_repository_elsewhere(run, shop, tmp_path):
    """
    PATH, `--policies` or the variable name a repository elsewhere, and its files are named with it.
    """
    other = a_repository(tmp_path / "other", a=MISTAKE)

    assert run("validate", "../other").out.startswith("../other/policies/a.yaml:5:19: ")
    assert run("validate", "--policies", str(other)).out.startswith(f"{other}/policies/a.yaml:5:19: ")
    assert run("validate", str(other), "--policies", str(shop)).code == 2


def test_path_counts_before_the_variable(run, shop, tmp_path, monkeypatch):
    """
    What is named on the command line counts before WATCHBILL_POLICIES.
    """
    monkeypatch.setenv("WATCHBILL_POLICIES", str(a_repository(tmp_path / "other", a=MISTAKE)))

    assert run("validate", ".").code == 0
    assert run("validate").code == 1


def test_no_repository(run, tmp_path, monkeypatch):
    """
    Where there is no repository, the answer says how to name one; the code is 2.
    """
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    done = run("validate")

    assert (done.code, done.out) == (2, "")
    assert "there is no `watchbill.yaml` in `.`, nor in any folder above it [no-settings]\n  help: " in done.err
    assert "there is no folder `gone` [no-settings]" in run("validate", "gone").err


def test_as_json(run, shop):
    """
    As JSON the same findings are data.
    """
    a_repository(shop, a=MISTAKE)
    document = json.loads(run("validate", "--format", "json").out)

    assert (document["kind"], document["errors"], document["files"]) == ("Findings", 1, 4)
    assert document["items"][0]["file"] == "policies/a.yaml"
    assert document["quarantined"] == ["Escalation/wrong"]


@pytest.mark.parametrize(
    ("form", "begins"),
    [("github", "::error file=policies/a.yaml,line=5,col=19,"), ("sarif", '{\n  "$schema": "https://'), ("junit", "<?xml ")],
)
def test_in_other_forms(run, shop, form, begins):
    """
    The same findings for GitHub, for code scanning and for CI that knows tests; the code stays 1.
    """
    a_repository(shop, a=MISTAKE)
    done = run("validate", "--format", form)

    assert (done.code, done.err) == (1, "")
    assert done.out.startswith(begins)


def test_what_is_ignored_is_counted(run, shop):
    """
    Findings that comments set aside are no findings; how many there are is said, from the cache too.
    """
    warned = WARNED.replace("role/secondry", "role/primary").replace("spec:", "spec:\n  match: ['team=\"gone\"']", 1)
    a_repository(shop, a=warned.replace("gone\"']", "gone\"']  # watchbill: ignore[unknown-name] the team is founded next week"))
    first = run("validate")

    assert first.code == 0
    assert first.out == "10 documents in 4 files: no findings, 1 ignored\n"
    assert run("validate") == first
    assert json.loads(run("validate", "--format", "json").out)["ignored"] == 1


def test_the_reference_repository_is_well(run):
    """
    The repository that comes with watchbill has no findings.
    """
    done = run("validate", str(ROOT), "--no-cache")

    assert done.code == 0, done.out


ENDED = """
apiVersion: watchbill/v1
kind: Guardrail
metadata: {name: freeze, team: payments}
spec: {freeze: {from: 2026-11-01T00:00:00Z, to: 2026-11-08T00:00:00Z}}
"""


def test_what_depends_on_the_time_is_asked_every_time(run, shop):
    """
    With --at the time is that one, on a repository that is read as on one that is remembered; nothing of the answer is kept.
    """
    a_repository(shop, a=ENDED)
    for flags in (("--no-cache",), (), ()):
        before, after = (run("validate", "--at", time, *flags) for time in ("2026-11-07T00:00:00Z", "2026-11-08T00:00:00Z"))

        assert (before.code, before.out) == (0, "10 documents in 4 files: no findings\n")
        assert after.code == 0
        assert after.out.startswith("policies/a.yaml:4:49: warning: this freeze ended on 2026-11-08 00:00 UTC, and has no effect")
        assert after.out.endswith("10 documents in 4 files: 1 warning in 1 file\n")
    assert "this freeze ended" in kept(shop).read_text()
    assert json.loads(json.loads(kept(shop).read_text())["sealed"])["findings"] == []


def test_a_finding_of_the_clock_can_be_an_error(run, shop):
    """
    Where the settings say that it is an error the code is 1, and still nothing is left out for it.
    """
    a_repository(shop, a=ENDED)
    settings = shop / "watchbill.yaml"
    settings.write_text(settings.read_text().replace("spec: {", "spec: {rules: {expired: error}, ", 1), encoding="utf-8")
    done = run("validate", "--at", "2026-11-08T00:00:00Z")

    assert done.code == 1
    assert done.out.endswith("10 documents in 4 files: 1 error in 1 file\n")


def test_findings_of_the_clock_are_bounded_too(run, shop):
    """
    Of far too many the first are listed, and the rest counted.
    """
    a_repository(shop, a="---".join(ENDED.replace("name: freeze", f"name: freeze-{number}") for number in range(203)))
    done = run("validate", "--at", "2026-11-08T00:00:00Z", "--format", "json")

    assert json.loads(done.out)["warnings"] == 203
    assert len(json.loads(done.out)["items"]) == 200


def test_an_interval_that_changes_is_seen(run, shop):
    """
    What a condition asks for stands in another document; when that changes, the answer is a new one.
    """
    interval = "\napiVersion: watchbill/v1\nkind: TimeInterval\nmetadata: {name: nights}\nspec: {time_intervals: [{months: [may]}]}\n"
    asking = "\napiVersion: watchbill/v1\nkind: Guardrail\nmetadata: {name: g}\nspec: {when: \"in_interval('nights')\", approvals: 1}\n"
    a_repository(shop, a=interval, b=asking)
    first = run("validate")
    (shop / "policies" / "a.yaml").write_text(interval.replace("nights", "days"), encoding="utf-8")

    assert first.code == 0
    assert run("validate").out.startswith("policies/b.yaml:4:14: no time interval is called `nights` [unknown-name]\n")


# --- the cache --------------------------------------------------------------------------


def test_the_second_answer_is_the_first(run, shop):
    """
    An unchanged repository is answered the same from what was kept, errors included.
    """
    a_repository(shop, a=MISTAKE)
    first = run("validate")

    assert kept(shop).is_file()
    assert run("validate") == first
    assert run("validate", "--no-cache") == first


def test_an_unchanged_repository_is_not_read_as_yaml(run, shop):
    """
    The second answer loads neither the YAML parser nor the compiler.
    """
    code = (
        "import sys; from watchbill.cli import main; main(['validate']);"
        "print([name for name in ('yaml', 'pydantic', 'jmespath', 'watchbill.policy') if name in sys.modules])"
    )
    run("validate")
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT / "engine")}, capture_output=True, text=True
    )

    assert done.stdout == "9 documents in 3 files: no findings\n[]\n", done.stderr


@pytest.mark.parametrize("change", ["changed", "added", "removed", "renamed", "settings", "folder"])
def test_any_change_is_seen(run, shop, change):
    """
    Whatever happens to the policy files, what was kept is not used again.
    """
    a_repository(shop, a=MISTAKE.replace("primray", "primary"))
    run("validate")
    file = shop / "policies" / "a.yaml"
    if change == "changed":
        file.write_text(MISTAKE, encoding="utf-8")
    elif change == "added":
        (shop / "policies" / "b.yml").write_text(WARNED, encoding="utf-8")
    elif change == "removed":
        file.unlink()
    elif change == "renamed":
        file.rename(shop / "policies" / "z.yaml")
    elif change == "settings":
        (shop / "watchbill.yaml").write_text((shop / "watchbill.yaml").read_text() + "# said\n", encoding="utf-8")
    else:
        (shop / "archive").mkdir()

    assert cache.remembered(shop) is None
    assert run("validate") == run("validate", "--no-cache")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"folders": [1], "seal": "x", "sealed": "{}"}', '{"folders": null}', "[" * 100_000])
def test_a_damaged_cache_is_ignored(run, shop, text):
    """
    What cannot be read is as if it were not there.
    """
    run("validate")
    kept(shop).write_text(text, encoding="utf-8")

    assert run("validate").code == 0


def test_a_stranger_cannot_say_that_all_is_well(run, shop, tmp_path, monkeypatch):
    """
    A cache that comes with a repository, made by somebody else, is not believed.
    """
    a_repository(shop, a=MISTAKE)
    state = cache.state_of(shop, ("ownership", "policies"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "stranger"))
    cache.remember(shop, ("ownership", "policies"), state, cache.Checked((), 10, 4), Dated())
    assert run("validate").code == 0

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert run("validate").code == 1


def test_a_link_is_not_written_through(run, shop, tmp_path):
    """
    A `.watchbill` that leads out of the repository is left alone.
    """
    (tmp_path / "elsewhere").mkdir()
    (shop / ".watchbill").symlink_to(tmp_path / "elsewhere")

    assert run("validate").code == 0
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_links_among_the_policies_are_not_kept(run, shop, tmp_path):
    """
    What a link leads to could change without notice, so nothing is kept.
    """
    (tmp_path / "elsewhere.yaml").write_text("", encoding="utf-8")
    (shop / "policies" / "linked.yaml").symlink_to(shop / "policies" / "payments.yaml")
    run("validate")

    assert not kept(shop).exists()


def test_a_repository_that_cannot_be_written_to(run, shop):
    """
    Where nothing can be kept, the answer is the same.
    """
    (shop / ".watchbill").write_text("in the way", encoding="utf-8")

    assert run("validate").code == 0


def test_the_cache_is_not_committed(run, shop):
    """
    What is kept has its own .gitignore, so that nobody commits it.
    """
    run("validate")

    assert "*" in (shop / ".watchbill" / ".gitignore").read_text().splitlines()


def test_without_the_cache_nothing_is_written(run, shop):
    """
    `--no-cache` leaves nothing behind.
    """
    run("validate", "--no-cache")

    assert not (shop / ".watchbill").exists()


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_far_too_many_findings_are_counted_in_every_form(run, shop, form):
    """
    Two thousand empty documents are two hundred findings and a number, now and from what was kept; the code is 1.
    """
    (shop / "policies" / "many.yaml").write_text("kind: Team\n---\n" * 2000)
    first, second = run("validate", "--format", form), run("validate", "--format", form)

    assert first.code == second.code == 1
    assert first.out == second.out
    assert ("5,800 more findings are not listed" in first.out) or json.loads(first.out)["unlisted"][0]["errors"] == 5800
    assert len(first.out) < 300_000


# --- what cannot be carried out -----------------------------------------------------------

PHONE = """
apiVersion: watchbill/v1
kind: Connector
metadata: {name: phone}
spec: {type: twilio, with: {account_sid: AC00000000000000000000000000000000, from: "+1 212 555 0199"}}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: cy}
spec: {contacts: [{use: phone.call, to: "+351 555 0102"}]}
"""


@pytest.fixture
def unreached(shop: Path) -> Path:
    """The shop with somebody whom this version cannot call."""
    return a_repository(shop, phone=PHONE)


def test_who_cannot_be_reached_is_an_error(run, unreached):
    """
    Somebody who cannot be reached is an error for the exit code, and nothing is left out for it.
    """
    done = run("validate")

    assert done.code == 1
    assert done.out == (
        "policies/phone.yaml:1: warning: `phone.call` (twilio) is not carried out by this version; used in policies/phone.yaml:6 "
        "[not-carried-out]\n"
        "  help: rely on nothing that it does until a later version can, or use a connector of type `email` or `webhook`\n"
        "policies/phone.yaml:6: no page reaches `cy` (`phone.call`: not carried out by this version) [reaches-nobody]\n"
        "  help: give them a contact by a connector of type `email` or `webhook`\n"
        "\n"
        "11 documents in 4 files: 1 error and 1 warning in 1 file\n"
    )


def test_it_is_the_same_from_what_was_kept(run, unreached):
    """
    What is kept says the same, and a comment or the settings set it aside as they do with all else.
    """
    assert run("validate").out == run("validate").out == run("validate", "--no-cache").out
    settings = unreached / "watchbill.yaml"
    settings.write_text(
        "apiVersion: watchbill/v1\nkind: Settings\nmetadata: {name: shop}\n"
        "spec: {fallback_team: payments, rules: {reaches-nobody: warning, not-carried-out: off}}\n",
        "utf-8",
    )
    done = run("validate")
    assert (done.code, done.out.count("\n  help:")) == (0, 1)
    path = unreached / "policies" / "phone.yaml"
    comment = "# watchbill: ignore[reaches-nobody] their phone comes on Friday\n"
    path.write_text(path.read_text("utf-8").replace("---\n", f"---\n{comment}"), "utf-8")
    assert run("validate").out == "11 documents in 4 files: no findings, 1 ignored\n"


@pytest.mark.parametrize("form", ["json", "github", "sarif", "junit"])
def test_every_form_has_it(run, unreached, form):
    """
    JSON, GitHub, SARIF and JUnit carry it with its rule, its level and its place.
    """
    done = run("validate", "--format", form)

    assert done.code == 1
    for said in ("reaches-nobody", "not-carried-out", "policies/phone.yaml", "no page reaches `cy`"):
        assert said in done.out


def test_what_is_set_aside_is_none_elsewhere(run, unreached, tmp_path):
    """
    A comment that sets such a finding aside is of use where policies are only read: no verb takes it for one without use.
    """
    path = unreached / "policies" / "phone.yaml"
    comments = "# watchbill: ignore[reaches-nobody, missing-secret] their phone comes on Friday\n"
    path.write_text(path.read_text("utf-8").replace("---\n", f"---\n{comments}"), "utf-8")

    assert "unused-ignore" not in run("validate").out
    assert run("oncall").err == ""
