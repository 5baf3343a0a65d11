"""The README takes a newcomer from nothing to a plan: every command in it is run, and what it shows is what comes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def commands() -> Iterator[tuple[str, int]]:
    """Each command of the README, here-documents included, with the exit status that it announces."""
    for block in re.findall(r"^```console\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            status = re.search(r"# exit status (\d)$", command.strip())
            yield command, int(status.group(1)) if status else 0


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is tracked, or about to be, with an environment that has been set up already."""
    clone = tmp_path_factory.mktemp("readme") / "watchbill"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    activate = clone / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f'PATH="{Path(sys.executable).parent}:$PATH"\n')
    return clone


def run(command: str, clone: Path) -> subprocess.CompletedProcess[str]:
    """The outcome of one *command* in the *clone*, as pasted into a shell."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(clone.parent), "LC_ALL": "C.UTF-8"}
    # What `make demo` does once everything is set up; setting up needs the network, which tests do not.
    command = command.replace("make demo", "sh examples/demo.sh")
    return subprocess.run(["bash", "-c", command], cwd=clone, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_every_command_of_the_readme_works(clone: Path) -> None:
    """
    Pasted one after another into a fresh clone, every command does what the README says, and ends as it says.
    """
    found = list(commands())
    for command, status in found:
        ended = run(command, clone)

        assert ended.returncode == status, f"$ {command}{ended.stdout}{ended.stderr}"
        assert "Traceback" not in ended.stderr

    assert len(found) > 10


def test_the_demo_is_what_make_demo_runs() -> None:
    """
    `make demo` runs the script that the test above ran in its place.
    """
    listed = subprocess.run(["make", "-n", "demo"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "sh examples/demo.sh" in listed.stdout


def test_the_demo_ends_with_the_plan(clone: Path) -> None:
    """
    A person reads at the end of the demo who is paged now, in five and in fifteen minutes and why, what is collected, which update is due
    by when, and which remediation may run.
    """
    shown = run("sh examples/demo.sh", clone).stdout
    plan = shown[shown.rindex("HighErrorRate on checkout   critical") :]

    for time, person in (("03:12", "mei"), ("03:17", "ana"), ("03:27", "cy")):
        assert re.search(rf"^ +{time} +{person} ", plan, re.MULTILINE), plan
    for word in ("payments-primary, layer singapore-day", "COLLECT 9", "by 03:27  Customers", "scale-out-checkout", "rollback-checkout"):
        assert word in plan
