"""A plan as Markdown: text from outside stays text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.makers import a_marked_plan, a_page, a_person, a_plan, a_small_plan, an_escalation, an_update
from watchbill.report.markdown import code, escape, table
from watchbill.report.plan_markdown import plan_markdown, plans_markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("![x](http://example.com)", "!\\[x\\](http://example.com)"),
        ("a | b", "a \\| b"),
        ("*all* `code` _and_ ~more~", "\\*all\\* \\`code\\` \\_and\\_ \\~more\\~"),
        ("@security and #12", "@\u200bsecurity and #\u200b12"),
        ("# title", "\\# title"),
        ("- item", "\\- item"),
        ("1. first", "1\\. first"),
        ("&lt;", "&amp;lt;"),
        ("payments-critical", "payments-critical"),
    ],
)
def test_what_acts_in_markdown_is_escaped(text, escaped):
    """
    Tags, links, cells, lists and mentions are text; a name with a dash is left as it is.
    """
    assert escape(text) == escaped


@given(st.text())
def test_a_cell_stays_a_cell(text):
    """
    Whatever the text, a row of a table keeps its number of cells and its line.
    """
    for cell in (escape(text), code(text, cell=True)):
        assert "\n" not in cell
        assert not re.search(r"(?<!\\)(\\\\)*\|", cell)


@given(st.text(st.sampled_from("`a ")))
def test_a_code_span_is_closed_by_its_own_fence(text):
    """
    No run of backticks inside a code span is as long as the one around it.
    """
    span = code(text)
    fence = re.match("`*", span)[0]

    assert span == "" or fence not in re.findall("`+", span[len(fence) : -len(fence)])


def test_columns_with_nothing_in_them_are_left_out():
    """
    A column that is empty in every row is no column; a table without rows is none.
    """
    assert table(("A", "B", "C"), [["1", "", "x"], ["2", "", ""]]) == ["| A | C |", "| --- | --- |", "| 1 | x |", "| 2 |  |"]
    assert table(("A",), []) == []


def test_an_alert_cannot_write_markdown():
    """
    A title, a name or a text with tags and links in it is shown as it is.
    """
    evil = "</details><script>alert(1)</script> [x](http://example.com) @everyone"
    text = plan_markdown(a_plan(title=evil, updates=(an_update(subject=evil),)))

    assert "<script>" not in text
    assert "[x](" not in text
    assert "@everyone" not in text


def test_nobody_paged_is_said():
    """
    A plan that pages nobody says so in bold.
    """
    assert "**Nobody**: no escalation takes part." in plan_markdown(a_small_plan())


def test_a_level_that_reaches_nobody_says_why():
    """
    A level that reaches nobody is a row with the reason.
    """
    page = a_page(0, note="bo has no contact")

    assert re.search(
        r"\| \*\*nobody\*\* \| primary \|.*bo has no contact", plan_markdown(a_small_plan(escalations=(an_escalation(pages=(page,)),)))
    )


def test_a_round_with_other_people_is_told_in_full():
    """
    A round in which somebody else is paged has its rows, with its number.
    """
    pages = (a_page(6, a_person("ana")), a_page(31, a_person("dan"), round=1, note="ana is on leave"))
    text = plan_markdown(a_small_plan(escalations=(an_escalation(pages=pages, repeat=1),)))

    assert "| 03:43 | 1, round 2 | dan |" in text
    assert "layer base; ana is on leave" in text


def test_several_plans_are_ruled_off():
    """
    Several plans have a rule between them.
    """
    assert plans_markdown((a_small_plan(), a_small_plan())).count("\n\n---\n\n### ") + 1 == 2


def test_what_two_notes_say_is_said_once():
    """
    Who is on leave stands once beside the person who is paged instead, in the words that say more.
    """
    person = a_person("finn", why="storefront-primary, layer base; gia is on leave")
    text = plan_markdown(a_small_plan(escalations=(an_escalation(pages=(a_page(0, person, note="gia is on leave until 27 November"),)),)))

    assert "| storefront-primary, layer base; gia is on leave until 27 November |" in text


def test_what_comes_to_nothing_is_marked_where_it_stands():
    """
    A contact, a post, a room, a collector, a channel of an update and a step that come to nothing say so in their row.
    """
    text = plan_markdown(a_marked_plan())

    for said in (
        "call, then SMS after 2m — **call: not carried out by this version; SMS: in shadow, touches nothing**",
        "**channel and bridge: not carried out by this version**",
        "`chat.post` **(not carried out by this version)**",
        "`metrics.query-range` **(not carried out by this version)**",
        "**status: not carried out by this version**",
        "`cluster.rollout-restart` — **cluster.rollout-restart: in shadow, touches nothing**",
    ):
        assert said in text
    assert "carried out" not in plan_markdown(a_plan())
