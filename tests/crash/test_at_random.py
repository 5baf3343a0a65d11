"""Many incidents, many kills anywhere, and a world outside that refuses, fails and breaks off: what was promised holds all the same."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from tests.crash.laws import check
from tests.crash.lives import Hold, Story, a_story
from tests.crash.outside import Arrival, Outside, Treatment
from tests.crash.shop import a_webhook, an_alert

TREATMENTS: tuple[Treatment, ...] = (200, 200, 200, 503, 500, "cut")


class Moody:
    """Treats what arrives in many ways, and takes everything at the third time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._times: Counter[str] = Counter()

    def __call__(self, arrival: Arrival) -> Treatment:
        self._times[arrival.key] += 1
        times = self._times[arrival.key]
        if times > 2 or arrival.kind == "look":
            return 200
        return Random(f"{self._seed} {arrival.key} {times}").choice(TREATMENTS)


def tell(story: Story, chance: Random, incidents: int) -> None:
    """Things break a few at a time; some are taken by somebody, some are repaired, and for some nobody answers."""
    broken = 0
    while broken < incidents:
        several = [an_alert(f"i{number}", chance.choice(("Slow", "Slow", "Stuck"))) for number in range(broken, min(broken + 4, incidents))]
        broken += len(several)
        story.posts("/v1/ingest/alertmanager", a_webhook(*several, now=story.now), *(each["labels"] for each in several))
        story.passes(timedelta(seconds=chance.choice((15, 30, 75))))
        for alert in several:
            labels = alert["labels"]
            if labels["alertname"] == "Stuck":
                story.approves(story.incident_of(labels["instance"]))
            elif chance.random() < 0.5:
                story.acknowledges(story.incident_of(labels["instance"]))
    story.passes(timedelta(minutes=8))


def some_kills(chance: Random, number: int) -> list[Hold]:
    """So many points of the way, whichever they are."""
    return [("", chance.randrange(1, 30)) for _ in range(number)]


def test_forty_incidents_and_fifteen_kills(nursery: str, outside: Outside, tmp_path: Path):
    """
    Over 40 incidents and 15 kills at points drawn by lot, with answers that fail besides, every promise holds.
    """
    chance = Random(7)
    outside.treat = Moody(7)
    story = a_story(nursery, outside, tmp_path, *some_kills(chance, 15))
    tell(story, chance, 40)
    check(story)

    assert sum(life.held != "" for life in story.lived) == 15


@pytest.mark.long
@pytest.mark.parametrize("number", range(20))
def test_many_incidents_and_many_kills(nursery: str, outside: Outside, tmp_path: Path, number: int):
    """
    The same with seeds of its own each time, which are said where it fails.
    """
    seed = int.from_bytes(os.urandom(4), "big")
    chance = Random(seed)
    outside.treat = Moody(seed)
    story = a_story(nursery, outside, tmp_path, *some_kills(chance, 40))
    try:
        tell(story, chance, 60)
        check(story)
    except AssertionError as failure:
        raise AssertionError(f"seed {seed}: {failure}") from failure
