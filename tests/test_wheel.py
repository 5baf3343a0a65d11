"""What users install: the wheel, alone with what it asks for.

The environment that it is tried in is empty but for the wheel and the libraries that its metadata names, and theirs.
They are taken from where the tests run, so nothing is fetched; what only the development tools bring is not there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ("watchbill.yaml", "ownership", "policies")


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and a folder with a copy of the reference policies."""

    bin: Path
    shop: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """What *command* says when it runs in the shop, seeing nothing of the checkout."""
        hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        environment = {name: value for name, value in os.environ.items() if name not in hidden and not name.startswith("WATCHBILL_")}
        program = str(self.bin / command[0])
        return subprocess.run(
            [program, *command[1:]], cwd=self.shop, env=environment, capture_output=True, text=True, timeout=120, check=False
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr

    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installed:
    """The wheel in an environment of its own, beside a copy of the reference policies."""
    home = tmp_path_factory.mktemp("alone")
    venv.create(home / "env", with_pip=False, symlinks=True)
    packages = next((home / "env").glob("lib/python*/site-packages"))
    for source in wanted_entries(requirements(wheel)):
        (packages / source.name).symlink_to(source)
    python = home / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--quiet", "--python", str(python)]
    done = subprocess.run([*pip, "install", "--no-index", "--no-deps", str(wheel)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    shop = home / "shop"
    shop.mkdir()
    for name in REFERENCE:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, shop / name)
    return Installed(python.parent, shop)


def requirements(wheel: Path) -> list[Requirement]:
    """What the wheel's metadata asks for, extras left out."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    return [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]


def wanted_entries(asked: Sequence[Requirement]) -> set[Path]:
    """The files and folders, in this environment, of the libraries *asked* for and of all that these ask for."""
    entries: set[Path] = set()
    waiting, seen = list(asked), set()
    while waiting:
        each = waiting.pop()
        name = canonicalize_name(each.name)
        if name in seen or (each.marker and not each.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        found = distribution(name)
        waiting += [Requirement(text) for text in found.requires or ()]
        tops = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
        entries |= {Path(str(found.locate_file(top))) for top in tops}
    return entries


def test_the_wheel_holds_the_package_and_the_schemas(wheel):
    """
    In the wheel are the package, the mark that it is typed, every schema, the skeleton of a repository and the licence; no tests.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    code = {path.relative_to(ROOT / "engine").as_posix() for path in (ROOT / "engine" / "watchbill").rglob("*.py")}
    schemas = {f"watchbill/schemas/v1/{path.name}" for path in (ROOT / "schemas" / "v1").glob("*.json")}
    skeleton = {
        path.relative_to(ROOT / "engine").as_posix() for path in (ROOT / "engine/watchbill/cli/skeleton").rglob("*") if path.is_file()
    }
    meta = {name for name in names if ".dist-info/" in name}

    assert schemas
    assert names - meta == code | schemas | skeleton | {"watchbill/py.typed"}
    assert any(name.endswith("/LICENSE") for name in meta)


def test_the_wheel_runs_alone(installed):
    """
    What runs is the installed wheel, and the tools of development are not there to lean on.
    """
    where = installed.run("python", "-c", "import watchbill; print(watchbill.__file__)")
    tools = installed.run("python", "-c", "import pytest")

    assert Path(where.stdout.strip()).is_relative_to(installed.bin.parent)
    assert tools.returncode != 0


def test_the_wheel_answers(installed):
    """
    `watchbill --version` says the version that the wheel carries, and `--help` lists the verbs.
    """
    version = installed.run("watchbill", "--version")
    help = installed.run("watchbill", "--help")
    carried = installed.run("python", "-c", "from importlib.metadata import version; print(version('watchbill'))")

    assert version.returncode == 0, version.stderr
    assert carried.stdout.strip() in version.stdout
    assert help.returncode == 0, help.stderr
    assert "validate" in help.stdout


def test_the_wheel_checks_the_reference_policies(installed):
    """
    `watchbill validate` finds nothing wrong with the reference repository, far from the checkout.
    """
    done = installed.run("watchbill", "validate")

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_lays_out_a_repository(installed):
    """
    `watchbill init` of the installed wheel finds its skeleton, and what it writes is well.
    """
    done = installed.run("watchbill", "init", "laid-out")
    well = installed.run("watchbill", "validate", "laid-out")

    assert done.returncode == 0, done.stderr
    assert well.returncode == 0, well.stdout + well.stderr


def test_the_wheel_finds_a_mistake(installed):
    """
    A mistake in the policies is found by the installed wheel, and ends with 1.
    """
    wrong = installed.shop / "policies" / "wrong.yaml"
    wrong.write_text("apiVersion: watchbill/v1\nkind: Escalation\nmetadata: {name: wrong, team: nobody}\nspec: {levels: []}\n")
    done = installed.run("watchbill", "validate")
    wrong.unlink()

    assert done.returncode == 1, done.stdout + done.stderr
    assert "policies/wrong.yaml:4:16: `levels` is empty" in done.stdout + done.stderr
