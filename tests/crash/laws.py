"""What must hold at the end of a story, wherever its lives were killed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.crash.lives import Asked, Story

NOT_TAKEN = (408, 425, 429, 503)
"""Statuses by which a server says that it has not taken a request."""


def check(story: Story) -> None:
    """Raise AssertionError for every promise that was broken."""
    story.insist(lambda life: life.passes(0))
    found = the_incidents(story)
    no_alert_is_lost(story, found)
    everybody_was_paged(story, found)
    nobody_is_paged_after_an_acknowledgement(story, found)
    what_was_approved_has_run(story, found)
    pages_are_repeated_for_a_reason(story, found)
    nothing_is_changed_twice(story)
    keys_are_what_the_steps_are_called(story, found)
    assert story.insist(lambda life: life.differing()) == []


def the_incidents(story: Story) -> dict[str, dict[str, Any]]:
    """Every incident as the API shows it."""
    status, listed = story.insist(lambda life: life.ask("GET", "/v1/incidents?limit=1000"))
    assert status == 200
    ids = [each["id"] for each in listed["incidents"]]
    return {each: story.insist(lambda life, its=each: life.ask("GET", f"/v1/incidents/{its}"))[1] for each in ids}  # type: ignore[misc]


def no_alert_is_lost(story: Story, found: dict[str, dict[str, Any]]) -> None:
    """Every alert that was answered with 200 is in one incident."""
    where = Counter(alert["labels"]["instance"] for each in found.values() for alert in each["alerts"])

    assert where == Counter({labels["instance"]: 1 for labels in story.taken})


def everybody_was_paged(story: Story, found: dict[str, dict[str, Any]]) -> None:
    """Every incident set out to reach the person on call; and it did, and those behind, where nobody had seen to it by then."""
    tried = {(each.incident, each.body["to"]) for each in story.outside.of("page")}
    reached = {(each.incident, each.body["to"]) for each in story.outside.of("page") if each.treatment == 200}
    for identity in found:
        assert (identity, "ana") in tried, identity
        if identity not in story.acknowledged and identity not in story.approved and identity not in story.ended:
            assert {(identity, "ana"), (identity, "bo")} <= reached, identity


def nobody_is_paged_after_an_acknowledgement(story: Story, found: dict[str, dict[str, Any]]) -> None:
    """An acknowledgement that was answered stands, and no page for its incident has left since."""
    for identity, since in story.acknowledged.items():
        later = [each for each in story.outside.arrivals[since:] if each.kind == "page" and each.incident == identity]

        assert later == []
        assert found[identity]["acknowledged_by"] == "bo"


def what_was_approved_has_run(story: Story, found: dict[str, dict[str, Any]]) -> None:
    """What was approved of was begun; where nobody knows how it ended, that is recorded, for a person to look."""
    for identity in story.approved:
        (step,) = [each for each in found[identity]["steps"] if each["kind"] == "repair"]
        ran = [each for each in story.outside.of("change") if each.incident == identity]

        if step["state"] == "failed":
            assert "nobody knows" in step["note"], step
        else:
            assert step["state"] == "done", step
            assert len(ran) >= 1


def pages_are_repeated_for_a_reason(story: Story, found: dict[str, dict[str, Any]]) -> None:
    """A request is repeated only where nobody knew how it had ended, and says so then, or where it was not taken."""
    marked = {step["id"] for each in found.values() for step in each["steps"] if step["possibly_repeated"]}
    before: dict[str, Asked] = {}
    for each in (asked for life in story.lived for asked in life.asked):
        earlier = before.get(each.key)
        before[each.key] = each
        if each.kind == "look" or earlier is None or earlier.how == "transient":
            continue
        assert earlier.how in ("", "unknown") or not earlier.is_recorded, f"{each.key} had been carried out, and that was recorded"
        assert each.kind != "change", f"{each.key} changes a system, and was begun twice"
        if each.kind == "page":
            assert each.is_repeat, f"{each.key} was repeated, and did not say so"
            assert each.key.partition("#")[0] in marked, f"{each.key} was repeated, and the API does not say so"


def nothing_is_changed_twice(story: Story) -> None:
    """No step that changes a system has reached it twice."""
    changes = Counter(each.key for each in story.outside.of("change") if each.treatment not in NOT_TAKEN)

    assert all(times == 1 for times in changes.values()), changes


def keys_are_what_the_steps_are_called(story: Story, found: dict[str, dict[str, Any]]) -> None:
    """Every request bears the id of its step; an idempotent one says the same under the same key, however often it is made."""
    ids = {step["id"] for each in found.values() for step in each["steps"]}
    texts: dict[str, set[str]] = {}
    for each in story.outside.of("page", "change", "board"):
        if each.body.get("to") != "last-resort":
            assert each.key.partition("#")[0] in ids
        if each.kind == "board":
            texts.setdefault(each.key, set()).add(each.body["text"])

    assert all(len(said) == 1 for said in texts.values())
    assert len(texts) + len(set_aside(found) - texts.keys()) == len(found)


def set_aside(found: dict[str, dict[str, Any]]) -> set[str]:
    """The keys of what was to be written on the board, and was in hand at a second death: that was said, and is left to a person."""
    steps = [step for each in found.values() for step in each["steps"] if step["kind"] == "notify"]
    return {step["id"] for step in steps if step["error"] and step["error"].startswith("the engine died 2 times")}
