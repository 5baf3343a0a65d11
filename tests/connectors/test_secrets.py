"""Secrets, looked up where the process's flags say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from watchbill.connectors.performing import Refused
from watchbill.connectors.secrets import LARGEST, Roots, Secrets, look_up


def roots(folder: Path | None = None, *prefixes: str, **environment: str) -> Roots:
    return Roots(prefixes, (folder,) if folder is not None else (), environment)


def refusal(reference: str, where: Roots) -> str:
    with pytest.raises(Refused) as raised:
        look_up(reference, where)
    return raised.value.error


def test_a_variable_under_a_prefix():
    """
    A variable is a secret where its name begins as the flags say.
    """
    assert look_up("env/SHOP_SLACK", roots(None, "OTHER_", "SHOP_", SHOP_SLACK="xoxb-1")) == "xoxb-1"


@pytest.mark.parametrize(
    ("reference", "prefixes", "says"),
    [
        ("env/PATH", ("SHOP_",), "out of bounds: of the environment this process was given leave to use those that begin with `SHOP_`"),
        ("env/PATH", (), "out of bounds: of the environment this process was given leave to use none"),
        ("env/SHOP_NONE", ("SHOP_",), "missing: the variable `SHOP_NONE` is not set"),
        ("env/SHOP_EMPTY", ("SHOP_",), "missing: the variable `SHOP_EMPTY` is not set"),
        ("env/WATCHBILL_DATABASE", ("",), "out of bounds"),
        ("env/WATCHBILL_DATABASE", ("WATCHBILL_",), "out of bounds"),
        ("env/", ("",), "neither `env/NAME` nor `file/NAME`"),
        ("vault/x", ("",), "neither `env/NAME` nor `file/NAME`"),
        ("", ("",), "neither `env/NAME` nor `file/NAME`"),
    ],
)
def test_variables_that_are_none(reference: str, prefixes: tuple[str, ...], says: str):
    """
    A variable that may not be used, or is not there, is refused by its name; what this process is told by is never given away.
    """
    where = roots(None, *prefixes, PATH="/bin", SHOP_EMPTY="", WATCHBILL_DATABASE="postgresql://ana:pw@db")

    assert says in refusal(reference, where)
    assert "pw@db" not in refusal(reference, where)


def test_ours_by_a_longer_prefix():
    """
    A prefix that names a part of our own variables opens that part.
    """
    assert look_up("env/WATCHBILL_SECRET_A", roots(None, "WATCHBILL_SECRET_", WATCHBILL_SECRET_A="a")) == "a"


def test_a_file_is_read_anew_each_time(tmp_path: Path):
    """
    A secret that was changed counts at its next use; the line break at its end is not part of it.
    """
    (tmp_path / "slack").mkdir()
    (tmp_path / "slack" / "token").write_text("first\n", "utf-8")
    first = look_up("file/slack/token", roots(tmp_path))
    (tmp_path / "slack" / "token").write_text("second", "utf-8")

    assert (first, look_up("file/slack/token", roots(tmp_path))) == ("first", "second")


def test_a_secret_mounted_by_kubernetes(tmp_path: Path):
    """
    A link that stays inside the folder is followed: so do clusters lay secrets out.
    """
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "token").write_text("t0ken", "utf-8")
    (tmp_path / "token").symlink_to("..2026/token")

    assert look_up("file/token", roots(tmp_path)) == "t0ken"


def test_the_first_folder_that_has_it(tmp_path: Path):
    """
    Of several folders the first one with the file is taken.
    """
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "b" / "token").write_text("of b", "utf-8")

    assert look_up("file/token", Roots(folders=(tmp_path / "missing", tmp_path / "a", tmp_path / "b"))) == "of b"


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../outside", "./a", "a//b", "link", "a\0b"])
def test_files_out_of_bounds(tmp_path: Path, name: str):
    """
    No name and no link leads out of the folder.
    """
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside").write_text("not yours", "utf-8")
    (inside / "link").symlink_to(tmp_path / "outside")

    said = refusal(f"file/{name}", roots(inside))

    assert "out of bounds" in said
    assert "not yours" not in said


def test_files_that_hold_no_secret(tmp_path: Path):
    """
    What is missing, empty, too large, no text or no file at all is said so, without what it holds.
    """
    (tmp_path / "empty").write_text("\n", "utf-8")
    (tmp_path / "large").write_bytes(b"x" * (LARGEST + 1))
    (tmp_path / "bytes").write_bytes(b"\xff\xfehidden")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    said = {name: refusal(f"file/{name}", roots(tmp_path)) for name in ("missing", "empty", "large", "bytes", "folder", "pipe")}

    assert "there is no such file in" in said["missing"]
    assert said["empty"] == "the secret `file/empty` is empty"
    assert said["large"] == "the secret `file/large` is larger than 64 KiB"
    assert said["bytes"] == "the secret `file/bytes` is not text in UTF-8"
    assert said["folder"] == "the secret `file/folder` is not a file"
    assert said["pipe"] == "the secret `file/pipe` is not a file"
    assert "given no folder" in refusal("file/x", Roots())


@pytest.mark.anyio
async def test_all_secrets_of_a_connector(tmp_path: Path):
    """
    The secrets of a connector come together, by their names.
    """
    (tmp_path / "key").write_text("k", "utf-8")
    secrets = Secrets(roots(tmp_path, "SHOP_", SHOP_TOKEN="t"))

    assert await secrets.of([("token", "env/SHOP_TOKEN"), ("signing_secret", "file/key")]) == {"token": "t", "signing_secret": "k"}
    assert await secrets.of([]) == {}
    with pytest.raises(Refused):
        await secrets.of([("token", "env/SHOP_TOKEN"), ("other", "env/OTHER")])


def test_roots_show_nothing():
    """
    The environment is not shown where roots are.
    """
    assert "xoxb" not in repr(roots(None, "SHOP_", SHOP_SLACK="xoxb-1"))
