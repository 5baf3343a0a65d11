"""A repository on disk, loaded and compiled in one go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.policy.makers import CATALOGUE, SETTINGS, SHOP, header
from watchbill import policy
from watchbill.errors import UserError


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "ownership").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "watchbill.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "ownership" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path


def test_without_a_revision_the_contents_name_it(shop: Path):
    """
    The same contents have the same name of seven digits, and others another.
    """
    first = policy.load(shop, CATALOGUE).policies
    again = policy.load(shop, CATALOGUE).policies
    (shop / "policies" / "more.yaml").write_text(header("Person", "cy") + "spec: {}\n", encoding="utf-8")
    changed = policy.load(shop, CATALOGUE).policies
    assert first is not None
    assert changed is not None

    assert first == again
    assert len(first.revision) == 7
    assert first.revision != changed.revision


def test_a_revision_that_is_given_is_kept(shop: Path):
    """
    Whoever knows the commit says so.
    """
    found = policy.load(shop, CATALOGUE, "4f2c1d9").policies
    assert found is not None

    assert found.revision == "4f2c1d9"


def test_what_is_wrong_with_files_and_documents_comes_together(shop: Path):
    """
    Findings of reading and of compiling stand in one list, by place; files that gave nothing count as files.
    """
    (shop / "policies" / "a.yaml").write_text(header("Person", "cy") + "spec: {zone: Mars/Base}\n", encoding="utf-8")
    (shop / "policies" / "b.yaml").write_text("kind: [\n", encoding="utf-8")
    done = policy.load(shop, CATALOGUE)

    assert [(finding.place.file, finding.rule) for finding in done.findings] == [
        ("policies/a.yaml", "unknown-zone"),
        ("policies/b.yaml", "yaml-syntax"),
    ]
    assert done.files == 4


def test_a_folder_without_settings_is_no_repository(tmp_path: Path):
    """
    Where there is no `watchbill.yaml`, nothing is compiled.
    """
    with pytest.raises(UserError, match=r"there is no `watchbill\.yaml`"):
        policy.load(tmp_path, CATALOGUE)


def test_the_room_offers_what_it_says():
    """
    Every public name of the room is there, and no other is made up.
    """
    assert all(getattr(policy, name) for name in policy.__all__)
    assert not hasattr(policy, "compile_everything")
