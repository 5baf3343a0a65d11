"""Lines fit, and nothing is cut off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchbill.report.layout import annotated, entry, flow, placed, sizes_of, table, width_of, wrap
from watchbill.report.paint import Line, Span, line, paint

words = st.text(st.sampled_from("abcdefgh-/.東"), min_size=1, max_size=30)


def shown(rows: list[Line]) -> list[str]:
    """The rows as they are printed without colours."""
    return [paint(row, colour=False) for row in rows]


@given(st.lists(words, max_size=12), st.integers(20, 60), st.integers(0, 6), st.integers(0, 6))
def test_wrapping_loses_nothing_and_fits(parts, width, first, hanging):
    """
    All words are there in order, and no row is wider than asked for unless it is one word that is.
    """
    rows = wrap(line(" ".join(parts)), width, first, hanging)

    assert " ".join(shown(rows)).split() == parts
    assert all(width_of(row) <= width or len(text.split()) == 1 for row, text in zip(rows, shown(rows), strict=True))


@given(st.lists(st.lists(words, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(20, 100))
def test_a_table_loses_nothing(cells, width):
    """
    Every cell is there in order, in columns or as a list.
    """
    rows = table([[line(cell) for cell in row] for row in cells], width)
    texts = [" ".join(shown(lines)).replace("·", " ").split() for lines in rows]

    assert texts == cells


def test_a_table_that_fits_stands_in_columns():
    """
    With room enough, cells stand below one another; a column with nothing in it takes no room.
    """
    rows = table([[line("03:18"), line(), line("ana"), line("call")], [line("03:23"), line(), line("bo"), line("e-mail")]], 40)

    assert [shown(each) for each in rows] == [["  03:18  ana  call"], ["  03:23  bo   e-mail"]]


def test_a_table_that_does_not_fit_becomes_a_list():
    """
    Without room, the first cell keeps its column and the others follow beside it.
    """
    rows = table([[line("03:18"), line("ana"), line("call, then SMS after 2m"), line("04:18 in Lisbon")]], 34)

    assert shown(rows[0]) == ["  03:18  ana", "         call, then SMS after 2m", "         04:18 in Lisbon"]


def test_a_reason_goes_below_where_there_is_no_room():
    """
    Last columns that do not fit go below their row, and the others stay in columns.
    """
    people = [[line("03:18"), line("ana"), line("call"), line("04:18 in Lisbon"), line("layer base")]]
    assert shown(annotated(people, 30, 9, keep=3)[0]) == ["  03:18  ana  call", "         04:18 in Lisbon", "         layer base"]
    rows = annotated([[line("ana"), line("primary"), line("by way of the team")], [line("bo"), line("lead"), line()]], 24, 6)
    assert [shown(each) for each in rows] == [["  ana  primary", "      by way of the team"], ["  bo   lead"]]


def test_a_place_stands_at_the_right():
    """
    A place stands at the right edge of the row, or of a row of its own where there is no room beside.
    """
    place = line(Span("policies/escalation.yaml:3", "place"))

    assert shown(placed([line("short")], place, 80)) == ["short".ljust(54) + "policies/escalation.yaml:3"]
    assert shown(placed([line("x" * 60)], place, 80)) == ["x" * 60, " " * 54 + "policies/escalation.yaml:3"]


def test_a_place_is_never_cut_off():
    """
    In a narrow window a place stands on a row of its own, as far left as it must to fit.
    """
    place = line("policies/payments/escalation.yaml:3")

    assert shown(placed([line("x" * 30)], place, 40)) == ["x" * 30, "    policies/payments/escalation.yaml:3"]
    assert shown(placed([line("x" * 30)], place, 36)) == ["x" * 30, " policies/payments/escalation.yaml:3"]
    assert shown(placed([line("x" * 30)], place, 20)) == ["x" * 30, "policies/payments/escalation.yaml:3"]


def test_things_that_follow_one_another_break_between_two():
    """
    A list is broken between two things, and a dotted one shows that more follows.
    """
    parts = [line("error rate"), line(), line("new log templates"), line("deploys in 6h")]

    assert shown(flow(parts, 32, 2, 4)) == ["  error rate · new log templates", "    deploys in 6h"]
    assert shown(flow(parts, 30, 2, 4, dotted=True)) == ["  error rate ·", "    new log templates ·", "    deploys in 6h"]


def test_a_sentence_wraps_in_its_column():
    """
    The last cell of an entry wraps below itself, or below the others where its column is too narrow.
    """
    rows = [[line("by 03:27"), line("customers"), line("status page, reviewed by carol, sent 03:37")]]

    assert shown(entry(rows[0], sizes_of(rows), 56)) == [
        "  by 03:27  customers  status page, reviewed by carol,",
        "                       sent 03:37",
    ]
    assert shown(entry(rows[0], sizes_of(rows), 40)) == [
        "  by 03:27  customers",
        "         status page, reviewed by carol,",
        "         sent 03:37",
    ]
