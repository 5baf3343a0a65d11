"""What a case of a policy test expects: from documents to the model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, cast

from watchbill.model.change import Status
from watchbill.model.testing import (
    NOBODY,
    Expected,
    ExpectedAlarm,
    ExpectedDelivery,
    ExpectedEvidence,
    ExpectedHub,
    ExpectedName,
    ExpectedNothing,
    ExpectedPage,
    ExpectedPages,
    ExpectedPost,
    ExpectedRepair,
    ExpectedStatus,
    ExpectedUpdate,
    Nothing,
    Standing,
)
from watchbill.policy.compile.delivery_checks import delivery
from watchbill.policy.compile.draft import At
from watchbill.policy.compile.tables import Reader
from watchbill.policy.documents import testing as written
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

A_DAY: Final = timedelta(days=1)
"""How long «nobody» and «nothing» are looked for where a case does not say."""

FALLBACK: Final = "fallback-team"


def expectations(reader: Reader, at: At, keys: written.Expect) -> tuple[tuple[Expected, ...], timedelta]:
    """Everything that is expected here, in the order of the language, and how long the case is to be played at least."""
    until = reader.maybe_span(at / "until", keys.until)
    found: tuple[Expected, ...] = (
        *_names(reader, at, keys),
        *_pages(reader, at, keys, until),
        *_posts(reader, at / "posts", keys),
        *_hub(reader, at / "hub", keys),
        *_evidence(reader, at / "evidence", keys),
        *_updates(reader, at / "updates", keys),
        *_repairs(reader, at / "remediations", keys),
        *_deliveries(reader, at / "deliveries", keys),
        *_alarms(reader, at / "alarms", keys),
        *_statuses(reader, at / "status", keys),
        *_nothing(at, keys, until),
    )
    if not found:
        help = "say what has to come of it, as in `pages: [{at: 0s, people: [ana]}]` or `nothing: true`"
        at.report("no-expectation", "this case expects nothing, so it cannot fail", help)
    return found, until or timedelta(0)


def _names(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedName]:
    if keys.owner is not None:
        yield ExpectedName("owner", reader.name("Team", at / "owner", keys.owner), (at / "owner").place)
    if keys.service is not None:
        yield ExpectedName("service", reader.name("Service", at / "service", keys.service, but=(NOBODY,)), (at / "service").place)
    if keys.escalation is not None:
        name = reader.name("Escalation", at / "escalation", keys.escalation, but=(FALLBACK,))
        yield ExpectedName("escalation", name, (at / "escalation").place)


def _pages(reader: Reader, at: At, keys: written.Expect, until: timedelta | None) -> Iterator[ExpectedPages]:
    if keys.no_pages and keys.pages:
        (at / "no_pages").report("bad-value", "`no_pages` stands beside `pages`", "take one of them away")
    if keys.pages:
        spot = at / "pages"
        pages = tuple(_page(reader, spot / index, each) for index, each in enumerate(keys.pages))
        last = max(page.at for page in pages)
        if until is not None and until < last:
            (at / "until").report("bad-time", "`until` is before the last page that is listed", "let it be as late, or take it away")
        wanted = tuple(page for page in pages if page.people)
        yield ExpectedPages(wanted, last if until is None else until, spot.key_place)
    elif keys.no_pages or keys.pages is not None:
        spot = at / ("no_pages" if keys.no_pages else "pages")
        yield ExpectedPages((), A_DAY if until is None else until, spot.key_place)


def _page(reader: Reader, at: At, keys: written.Page) -> ExpectedPage:
    people = reader.words(at / "people", keys.people)
    for spot, person in people:
        if person != NOBODY:
            reader.bench.names.expect(spot, "Person", person)
        elif len(people) > 1:
            spot.report("bad-value", "`nobody` stands beside somebody", "take one of them away")
    by = reader.maybe_name("Escalation", at / "by", keys.by, but=(FALLBACK,))
    named = tuple(person for _, person in people if person != NOBODY)
    return ExpectedPage(reader.span(at / "at", keys.at), named, by, at.place)


def _posts(reader: Reader, at: At, keys: written.Expect) -> Iterator[Expected]:
    for index, each in enumerate(keys.posts or ()):
        spot = at / index
        use_at, use = reader.text(spot / "use", each.use)
        connector, dot, action = use.partition(".")
        if not (connector and dot and action):
            use_at.report("bad-use", f"{quoted(use)} is no action of a connector", "write it as `connector.action`")
        else:
            reader.bench.names.expect(use_at, "Connector", connector)
        yield ExpectedPost(use, reader.span(spot / "at", each.at), reader.free(spot / "contains", each.contains), spot.place)


def _hub(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedHub]:
    hub = keys.hub
    if isinstance(hub, str):
        yield ExpectedHub(reader.free(at, hub), None, (), at.place)
    elif hub is not None:
        invited = [word for index, each in enumerate(hub.invited or ()) for word in reader.words(at / "invited" / index, each)]
        for spot, person in invited:
            reader.bench.names.expect(spot, "Person", person)
        channel = reader.free(at / "channel", hub.channel)
        yield ExpectedHub(channel, hub.bridge, tuple(person for _, person in invited), at.place)


def _evidence(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedEvidence]:
    if not keys.evidence:
        return
    triages = [draft for draft in reader.bench.names.of("Triage") if draft.document is not None]
    known = {collector.name for draft in triages for collector in draft.document.spec.collect}
    is_whole = not any(draft.document is None for draft in reader.bench.names.of("Triage"))
    for spot, name in reader.words(at, keys.evidence):
        if name not in known and is_whole and not any(label.startswith("Triage/") for label in reader.bench.names.unreadable):
            help = choice(nearest(name, known), sorted(known), "collectors")
            spot.report("unknown-name", f"no collector is called {quoted(name)}", help)
        yield ExpectedEvidence(name, spot.place)


def _updates(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedUpdate]:
    for index, each in enumerate(keys.updates or ()):
        spot = at / index
        due, sent = reader.span(spot / "at", each.at), reader.maybe_span(spot / "sent", each.sent)
        if sent is not None and sent < due:
            (spot / "sent").report("bad-time", "this update leaves before it is due", "`at` is when it is due, `sent` when it leaves")
        yield ExpectedUpdate(
            reader.name("Audience", spot / "audience", each.audience),
            due,
            reader.free(spot / "contains", each.contains),
            reader.maybe_name("Person", spot / "reviewer", each.reviewer),
            sent,
            spot.place,
        )


def _repairs(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedRepair]:
    for index, each in enumerate(keys.remediations or ()):
        spot = at / index
        standing = reader.one_of(written.STANDINGS, spot / "is", each.is_)
        name = reader.name("Remediation", spot / "name", each.name)
        yield ExpectedRepair(name, cast(Standing, standing), reader.free(spot / "because", each.because), spot.place)


def _deliveries(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedDelivery]:
    for index, each in enumerate(keys.deliveries or ()):
        spot = at / index
        use, person, result = delivery(reader, spot, each, written.ENDED)
        yield ExpectedDelivery(use, person, reader.span(spot / "at", each.at), result, spot.place)


def _alarms(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedAlarm]:
    for index, each in enumerate(keys.alarms or ()):
        yield ExpectedAlarm(reader.span(at / index / "at", each.at), (at / index).place)


def _statuses(reader: Reader, at: At, keys: written.Expect) -> Iterator[ExpectedStatus]:
    if keys.status is None:
        return
    several = {at / index: each for index, each in enumerate(keys.status)} if isinstance(keys.status, list) else {at: keys.status}
    for spot, each in several.items():
        status = reader.one_of(written.STATUSES, spot / "is", each.is_)
        yield ExpectedStatus(reader.span(spot / "at", each.at), cast(Status, status), spot.place)


def _nothing(at: At, keys: written.Expect, until: timedelta | None) -> Iterator[ExpectedNothing]:
    lists: tuple[Nothing, ...] = ("posts", "evidence", "updates", "remediations", "deliveries", "alarms")
    for name in lists:
        if getattr(keys, name) == []:
            yield ExpectedNothing(name, A_DAY if until is None else until, (at / name).key_place)
    if keys.nothing:
        for other in ("pages", "posts", "hub", "updates", "remediations", "alarms"):
            if getattr(keys, other):
                (at / other).report("bad-value", f"`{other}` stands beside `nothing`", "take one of them away")
        yield ExpectedNothing("all", A_DAY if until is None else until, (at / "nothing").key_place)
