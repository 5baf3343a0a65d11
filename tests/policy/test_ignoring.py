"""Setting findings aside: by a comment with its reason, and by the settings; what is mandatory stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.makers import CATALOGUE, SETTINGS, SHOP, header
from tests.policy.test_errors_page import SECTIONS, example
from watchbill import policy
from watchbill.errors import Finding, Place
from watchbill.policy import Compiled
from watchbill.policy.ignoring import Ignoring, ignores_in
from watchbill.policy.rules import BY_THE_CLOCK, CAPABILITY, MANDATORY, MATTERS_OF_JUDGEMENT, RULES

WARNED = header("Person", "bo") + "spec: {}\n"
"""Bo is on call and cannot be reached: a warning, in line 3."""

TIED = header("Escalation", "twin", "payments") + "spec:\n  match: ['severity=\"critical\"']\n  levels: [{page: role/primary}]\n"
"""Nothing decides between this and the shop's own escalation: an error, in line 5."""

BROKEN = header("Escalation", "refunds", "payments") + "spec:\n  match: ['alertname=\"Refund\"']\n  levels: [{page: role/primray}]\n"
"""A role that nobody has: an error that nobody can set aside, in line 6."""


@pytest.fixture
def load(tmp_path: Path):
    """What becomes of the shop with the documents of a text beside it."""

    def loaded(text: str, *, rules: str = "") -> Compiled:
        for folder in ("ownership", "policies"):
            (tmp_path / folder).mkdir(exist_ok=True)
        shop = "---\n".join(
            part for part in SHOP.split("---\n") if "kind: Person\nmetadata: {name: bo}" not in part or "name: bo" not in text
        )
        (tmp_path / "watchbill.yaml").write_text(SETTINGS + rules, encoding="utf-8")
        (tmp_path / "ownership" / "shop.yaml").write_text(shop, encoding="utf-8")
        (tmp_path / "policies" / "case.yaml").write_text(text, encoding="utf-8")
        return policy.load(tmp_path, CATALOGUE)

    return loaded


def behind(text: str, line: int, comment: str) -> str:
    """The *text* with a comment behind what stands in this line."""
    lines = text.splitlines()
    lines[line - 1] += f"  {comment}"
    return "\n".join(lines) + "\n"


def above(text: str, line: int, *comments: str) -> str:
    """The *text* with comments on lines of their own, above this line."""
    lines = text.splitlines()
    return "\n".join((*lines[: line - 1], *comments, *lines[line - 1 :])) + "\n"


def said(done: Compiled) -> list[str]:
    """Rule and line of each finding, and whether it is a warning."""
    return [f"{finding.place.line} {finding.rule}{' (warning)' if finding.level == 'warning' else ''}" for finding in done.findings]


def rules(*pairs: str) -> str:
    """A key `rules` for the settings."""
    return f"  rules: {{{', '.join(pairs)}}}\n"


# --- comments ---------------------------------------------------------------------------


def test_a_comment_behind_the_line_sets_its_finding_aside(load):
    """
    A finding whose line ends with an ignore of its rule is not reported, and is counted.
    """
    done = load(behind(WARNED, 3, "# watchbill: ignore[person-without-contact] his phone comes on Friday"))

    assert (said(done), done.ignored) == ([], 1)


def test_comments_above_the_line_set_its_findings_aside(load):
    """
    Ignores on lines of their own are about the next line that is no comment.
    """
    comments = ("# watchbill: ignore[person-without-contact] his phone comes on Friday", "# the number is known already")

    assert said(load(above(WARNED, 3, *comments))) == []


def test_a_comment_behind_a_line_is_not_about_the_next_one(load):
    """
    What stands behind something is about that, and about nothing below it.
    """
    done = load(behind(WARNED, 2, "# watchbill: ignore[person-without-contact] his phone comes on Friday"))

    assert said(done) == ["2 unused-ignore (warning)", "3 person-without-contact (warning)"]


def test_an_error_that_is_set_aside_quarantines_nothing(load):
    """
    A document whose only error is ignored stands in the policies.
    """
    assert load(TIED).quarantined == ("Escalation/twin",)

    done = load(behind(TIED, 5, "# watchbill: ignore[tied-policies] the name decides, and that is meant"))

    assert (said(done), done.quarantined) == ([], ())
    assert done.policies is not None
    assert "twin" in done.policies.escalations


def test_what_is_mandatory_cannot_be_ignored(load):
    """
    An error without which nothing compiles stays, and the comment is told so.
    """
    done = load(behind(BROKEN, 6, "# watchbill: ignore[unknown-name] it comes later"))

    assert said(done) == ["6 unknown-name", "6 bad-ignore"]
    assert "`unknown-name` cannot be ignored here: it is mandatory" in str(done.findings[1])
    assert done.quarantined == ("Escalation/refunds",)


def test_a_warning_of_a_mandatory_rule_can_be_ignored(load):
    """
    What is mandatory is the error; a warning of the same rule may be set aside.
    """
    text = (
        header("Triage", "odd", "payments")
        + "spec:\n  match: ['service=\"gone\"']\n  collect: [{name: up, use: metrics.query, with: {query: up}}]\n"
    )
    assert said(load(text)) == ["5 unknown-name (warning)"]

    assert said(load(behind(text, 5, "# watchbill: ignore[unknown-name] the service comes with the next release"))) == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# watchbill: ignore[person-without-contact]", "this ignore of `person-without-contact` gives no reason"),
        ("# watchbill: ignore[person-without-contact]   ", "this ignore of `person-without-contact` gives no reason"),
        ("# watchbill: ignore[person-without-contakt] why", "no rule is called `person-without-contakt`"),
        ("# watchbill: ignore his phone comes on Friday", "this ignore does not say which rule it is about"),
        ("# watchbill: ignore", "this ignore does not say which rule it is about"),
        ("# watchbill: ignore[] why", "this ignore does not say which rule it is about"),
        ("# watchbill ignore[person-without-contact] why", "this comment lacks the `:` behind `watchbill`"),
        ("# watchbill: ignroe[person-without-contact] why", "`ignroe` means nothing to watchbill"),
    ],
)
def test_an_ignore_that_cannot_be_followed_is_a_finding(load, comment: str, message: str):
    """
    Without a rule that there is, or without a reason, nothing is ignored; the comment is told why.
    """
    done = load(behind(WARNED, 3, comment))

    assert said(done) == ["3 person-without-contact (warning)", "3 bad-ignore"]
    assert done.findings[1].message == message
    assert done.findings[1].help


def test_a_mistake_in_a_comment_quarantines_nothing(load):
    """
    The document beside a bad ignore stays in the policies.
    """
    assert load(behind(WARNED, 3, "# watchbill: ignore[nonsense] why")).quarantined == ()


def test_several_rules_in_one_comment(load):
    """
    Rules are named with commas; the one that has nothing to ignore is told of, at its name.
    """
    done = load(behind(WARNED, 3, "# watchbill: ignore[person-without-contact, no-effect] both are meant"))

    assert said(done) == ["3 unused-ignore (warning)"]
    assert done.findings[0].place.column == len("metadata: {name: bo}  # watchbill: ignore[person-without-contact, ") + 1


def test_an_ignore_that_ignores_nothing_is_a_finding(load):
    """
    When the mistake is mended, its ignore is to go too.
    """
    done = load(header("Person", "cy") + "spec: {}  # watchbill: ignore[no-effect] soon\n")

    assert said(done) == ["4 unused-ignore (warning)"]


@pytest.mark.parametrize(
    "comment", ["# watchbill reads this file", "# watchbill: see the glossary", "# see `# watchbill: ignore[x] y`", "#watchbillow"]
)
def test_comments_may_speak_of_watchbill(load, comment: str):
    """
    A comment that only mentions the name means nothing.
    """
    assert said(load(behind(WARNED, 3, comment))) == ["3 person-without-contact (warning)"]


def test_a_file_that_cannot_be_read_is_not_told_about_its_ignores(load):
    """
    Where nothing was looked at, an ignore is not unused.
    """
    text = header("Person", "cy") + "spec: {  # watchbill: ignore[no-effect] soon\n"

    assert said(load(text)) == ["4 yaml-syntax"]


# --- what is a comment ------------------------------------------------------------------

TEXTS = (
    'a: "x # watchbill: ignore[no-effect] r"',
    'a: "x\n  # watchbill: ignore[no-effect] r"',
    "a: 'it''s # watchbill: ignore[no-effect] r'",
    "a: |\n  # watchbill: ignore[no-effect] r\n  x",
    "a: >-\n  x\n\n  # watchbill: ignore[no-effect] r\nb: 1",
    "a: [1, 'x # watchbill: ignore[no-effect] r']",
    "a: x#watchbill: ignore[no-effect] r".replace(": i", ":i"),
)
COMMENTS = (
    "a: 1 # watchbill: ignore[no-effect] r",
    "# watchbill: ignore[no-effect] r\na: 1",
    "a: | # watchbill: ignore[no-effect] r\n  x",
    "a: |\n  x\n# watchbill: ignore[no-effect] r\nb: 1",
    "a: 'x' # watchbill: ignore[no-effect] r",
    'a: "x\n  y" # watchbill: ignore[no-effect] r',
    "a: [1, # watchbill: ignore[no-effect] r\n  2]",
    "a: {b: 'x # y', # watchbill: ignore[no-effect] r\n  c: 2}",
    "a: x\r\n# watchbill: ignore[no-effect] r\r\nb: 1\r\n",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_sign_inside_a_text_begins_no_comment(text: str):
    """
    In quotes and in blocks a `#` is part of the text, on whichever line it stands.
    """
    assert ignores_in(text.encode(), "a.yaml") == ((), ())


@pytest.mark.parametrize("content", [b"# watchbill: ignore[no-effect] \xff", b"# watchbill: ...", b"a: [ # watchbill: ignore[no-effect] r"])
def test_what_cannot_be_read_ignores_nothing(content: bytes):
    """
    Neither what is no text, nor what is no YAML, nor a comment without a word sets anything aside.
    """
    assert ignores_in(content, "a.yaml") == ((), ())


@pytest.mark.parametrize("text", COMMENTS)
def test_a_comment_is_found_wherever_yaml_has_one(text: str):
    """
    Behind values, above keys, behind the sign of a block and inside brackets.
    """
    ignores, findings = ignores_in(text.encode(), "a.yaml")

    assert [ignore.rule for ignore in ignores] == ["no-effect"]
    assert findings == ()


@given(
    st.lists(
        st.sampled_from(["'", '"', "#", " ", "|", ">", "\n", ":", "a", "  ", "- ", "[", "]", "# watchbill: ignore[no-effect] r"]),
        max_size=25,
    )
)
def test_any_text_can_be_looked_through(pieces: list[str]):
    """
    Whatever stands in a file, looking for comments gives places in it or nothing.
    """
    text = "".join(pieces)
    ignores, findings = ignores_in(text.encode(), "a.yaml")
    lines = text.split("\n")

    for place in [ignore.place for ignore in ignores] + [finding.place for finding in findings]:
        assert "watchbill" in lines[place.line - 1]


# --- the settings -----------------------------------------------------------------------


def test_the_settings_turn_a_rule_off(load):
    """
    A rule that is off has no findings, anywhere.
    """
    assert said(load(WARNED, rules=rules("person-without-contact: off"))) == []


def test_the_settings_make_a_warning_of_an_error(load):
    """
    A document whose errors are warnings here is not quarantined.
    """
    done = load(TIED, rules=rules("tied-policies: warning"))

    assert (said(done), done.quarantined) == (["5 tied-policies (warning)"], ())


def test_the_settings_make_an_error_of_a_warning(load):
    """
    A document whose warnings are errors here is quarantined.
    """
    done = load(WARNED, rules=rules("person-without-contact: error"))

    assert (said(done), done.quarantined) == (["3 person-without-contact"], ("Person/bo",))


def test_a_comment_counts_before_the_settings(load):
    """
    What a comment sets aside is set aside, also where the settings make it an error.
    """
    text = behind(WARNED, 3, "# watchbill: ignore[person-without-contact] his phone comes on Friday")

    assert said(load(text, rules=rules("person-without-contact: error"))) == []


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("unknown-name: off", "`unknown-name` is mandatory and stays an error"),
        ("not-granted: warning", "`not-granted` is mandatory and stays an error"),
        ("no-efect: off", "no rule is called `no-efect`"),
    ],
)
def test_the_settings_cannot_set_aside_what_is_mandatory(load, pair: str, message: str):
    """
    What cannot be followed in `rules` is a finding, and all else in the settings holds.
    """
    done = load(BROKEN, rules=rules(pair))

    assert [finding.message for finding in done.findings if finding.place.file == "watchbill.yaml"] == [message]
    assert "6 unknown-name" in said(done)
    assert done.policies is not None


def test_unused_ignores_can_be_turned_off(load):
    """
    Where findings differ from checkout to checkout, an ignore may be left lying.
    """
    text = header("Person", "cy") + "spec: {}  # watchbill: ignore[no-effect] soon\n"

    assert said(load(text, rules=rules("unused-ignore: off"))) == []


# --- what is mandatory ------------------------------------------------------------------


def test_the_page_lists_what_may_be_ignored():
    """
    docs/errors.md names exactly the rules whose errors can be set aside.
    """
    page = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    listed = page.partition("have to allow:")[2].partition("All others are mandatory")[0]

    assert set(re.findall("`([a-z-]+)`", listed)) == MATTERS_OF_JUDGEMENT
    assert set(RULES) == MANDATORY | MATTERS_OF_JUDGEMENT


COMPILED = MATTERS_OF_JUDGEMENT - BY_THE_CLOCK - set(CAPABILITY)
SHOWN = sorted(rule for rule in COMPILED & set(SECTIONS) if example(rule, "Wrong") and rule != "unused-ignore")


@pytest.mark.parametrize("rule", SHOWN)
def test_what_may_be_ignored_compiles_without_it(load, rule: str):
    """
    With an ignore beside it, each example of such a rule leaves nothing out that it did not leave out for something else.
    """
    text = example(rule, "Wrong") or ""
    settings, _, rest = text.partition("---\n") if "kind: Settings" in text else ("", "", text)
    labels = re.search(r"labels: \[[^]]*\]", settings)
    own = f"  {labels[0]}\n" if labels else ""
    found = [finding for finding in load(rest, rules=own).findings if finding.rule == rule]
    ignored = rest
    for line in sorted({finding.place.line for finding in found}, reverse=True):
        ignored = above(ignored, line, f"# watchbill: ignore[{rule}] it is meant")
    done = load(ignored, rules=own)

    assert found
    assert [finding for finding in done.findings if finding.rule in (rule, "bad-ignore", "unused-ignore")] == []
    assert rule == "depends-on-quarantined" or done.quarantined == ()


def test_mandatory_errors_weigh_what_they_weigh():
    """
    No comment and no setting changes an error of a mandatory rule.
    """
    for rule in sorted(MANDATORY):
        ignoring = Ignoring.of({"a.yaml": f"a: 1 # watchbill: ignore[{rule}] r\n".encode()}, None)

        assert ignoring.level_of(Finding(rule, Place("a.yaml", 1, 1), "m", "h")) == "error"
        assert [finding.rule for finding in ignoring.findings()] == ["bad-ignore"]
