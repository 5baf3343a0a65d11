"""The lock files keep every extra that an installed distribution asks for.

pip in hash mode refuses a requirement `name[extra]` whose pin does not carry the extra as soon as a newer release is out:
an environment that was made yesterday works, and a fresh machine cannot be set up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
MADE_WITH = {"base.txt": frozenset[str](), "dev.txt": frozenset({"dev", "serve"})}
"""The extras of watchbill itself that `make lock` asks for, by lock file."""


def pinned(lock: str) -> dict[str, frozenset[str]]:
    """The extras that a lock file's text pins for each distribution that this environment needs."""
    found = {}
    for line in lock.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement = Requirement(line.partition("--hash=")[0])
            if requirement.marker is None or requirement.marker.evaluate():
                found[canonicalize_name(requirement.name)] = frozenset(map(canonicalize_name, requirement.extras))
    return found


def asked(distributions: Iterable[metadata.Distribution], own: Mapping[str, frozenset[str]]) -> dict[tuple[str, str], set[str]]:
    """Each pair of name and extra that these distributions require here, with who requires it; *own* are the extras they begin with.

    An extra may ask for others, so this goes on until nothing new is asked for.
    """
    requires = {canonicalize_name(each.metadata["Name"]): [Requirement(line) for line in each.requires or ()] for each in distributions}
    active: dict[str, set[str]] = defaultdict(set, {name: set(own.get(name, ())) for name in requires})
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    while True:
        before = sum(map(len, active.values()))
        for name, requirements in requires.items():
            for requirement in requirements:
                if any(_holds(requirement, extra) for extra in ("", *sorted(active[name]))):
                    for extra in map(canonicalize_name, requirement.extras):
                        active[canonicalize_name(requirement.name)].add(extra)
                        found[canonicalize_name(requirement.name), extra].add(name)
        if sum(map(len, active.values())) == before:
            return found


def _holds(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**default_environment(), "extra": extra})


def unpinned(lock: str, distributions: Iterable[metadata.Distribution], own: Mapping[str, frozenset[str]]) -> list[str]:
    """What the distributions ask for and the lock file's text does not keep."""
    kept = pinned(lock)
    wanted = asked(distributions, own)
    return sorted(
        f"{name}[{extra}], for {', '.join(sorted(who))}"
        for (name, extra), who in wanted.items()
        if extra not in kept.get(name, frozenset())
    )


def of_lock(name: str) -> tuple[str, list[metadata.Distribution]]:
    """The text of a lock file, and those of its distributions that are installed, watchbill's own included."""
    text = (REQUIREMENTS / name).read_text("utf-8")
    wanted = {*pinned(text), "watchbill"}
    installed = [each for each in metadata.distributions() if canonicalize_name(each.metadata["Name"]) in wanted]
    assert {canonicalize_name(each.metadata["Name"]) for each in installed} == wanted, "the environment is not the lock file's: `make`"
    return text, installed


@pytest.mark.parametrize("name", sorted(MADE_WITH))
def test_every_extra_that_is_asked_for_is_pinned(name):
    """
    Every `name[extra]` that a distribution of the lock file requires on this machine is pinned with that extra.
    """
    text, installed = of_lock(name)

    assert unpinned(text, installed, {"watchbill": MADE_WITH[name]}) == [], "run `make lock`"


def test_nothing_installed_besides_asks_for_an_extra_that_is_not_pinned():
    """
    The same of every distribution of the environment, whatever brought it there.
    """
    text, _ = of_lock("dev.txt")

    assert unpinned(text, metadata.distributions(), {"watchbill": MADE_WITH["dev.txt"]}) == []


def test_an_extra_that_was_stripped_is_found():
    """
    A lock file without the extra that pytest-cov asks for, on which a fresh machine fails, is found with who asks for it.
    """
    text, installed = of_lock("dev.txt")
    stripped, count = re.subn(r"^coverage\[toml\]==", "coverage==", text, flags=re.MULTILINE)

    assert count == 1
    assert unpinned(stripped, installed, {}) == ["coverage[toml], for pytest-cov"]


def distribution(folder: Path, name: str, *requires: str) -> metadata.Distribution:
    """A distribution whose metadata lies in this *folder*, as an installer writes it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {each}" for each in requires)]
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    return metadata.Distribution.at(info)


def test_an_extra_asks_for_further_extras(tmp_path):
    """
    What an extra asks for counts as soon as somebody asks for the extra, however far away; an extra of which nobody asks does not, nor
    does what is meant for another system.
    """
    distributions = [
        distribution(tmp_path, "top", "Middle[fast]>=1", 'bottom[windows]; sys_platform == "win32"'),
        distribution(tmp_path, "middle", 'bottom[c_ext]; extra == "fast"', 'bottom[slow]; extra == "careful"'),
        distribution(tmp_path, "bottom"),
    ]

    assert unpinned("middle==1\nbottom==1\n", distributions, {}) == ["bottom[c-ext], for middle", "middle[fast], for top"]
    assert unpinned("middle[fast]==1\nbottom[c-ext]==1\n", distributions, {}) == []
    assert unpinned("middle[fast]==1\nbottom[c-ext]==1\n", distributions, {"middle": frozenset({"careful"})}) == [
        "bottom[slow], for middle"
    ]
