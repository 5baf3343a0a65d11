"""The house rules that a machine can hold: layers, sizes, names, pins, pages.

Each of them stands in words in CONTRIBUTING.md; a rule that nobody checks is a wish.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine"
PACKAGE = ENGINE / "watchbill"

MOST_LINES_A_FILE = 400
MOST_LINES_A_FUNCTION = 60
SAYS_NOTHING = {"util", "utils", "common", "core", "helper", "helpers", "manager", "managers", "handler", "handlers", "misc", "stuff"}
SLOW_TO_IMPORT = {"pydantic", "yaml", "jinja2", "jsonschema", "re2", "holidays", "msgspec", "jmespath", "asyncio"}
HARMLESS = {
    *("__future__", "bisect", "collections", "dataclasses", "datetime", "enum", "functools"),
    *("hashlib", "itertools", "json", "math", "operator", "re", "string", "types", "typing"),
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"), ("time", "monotonic")}
TERMS = """
    alert, fingerprint, event, label, matcher, source, incident, correlation key, status, phase, severity, service, team, owner,
    escalation policy, level, continue, silence, time interval, inhibition, page, acknowledge, schedule, layer, rotation, shift, handoff,
    override, on call, runbook, remediation, plan, step, approval, connector, action, collector, evidence, audience, liaison, cadence, hub,
    change, guard, guardrail, outcome, effect, decision, reason, timeline, policy set, revision, policy test, replay, dry run
"""


@cache
def settings() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@cache
def kept_files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, part of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return tuple(path for name in sorted(listed.stdout.split("\0")) if name and (path := ROOT / name).is_file())


def modules() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Each function of a module with its dotted name inside it."""
    waiting: list[tuple[str, ast.AST]] = [("", tree(path))]
    while waiting:
        outer, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = outer
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{outer}.{child.name}" if outer else child.name
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, child
            waiting.append((name, child))


def imported(path: Path) -> Iterator[str]:
    """The top-level name of every module that a module imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def too_large() -> set[str]:
    """What exceeds the budgets, named as the catalogue in CONTRIBUTING.md names it."""
    found = set()
    for path in modules():
        name = path.relative_to(ROOT).as_posix()
        if len(path.read_text("utf-8").splitlines()) > MOST_LINES_A_FILE:
            found.add(name)
        for function, node in functions(path):
            if (node.end_lineno or 0) - node.lineno + 1 > MOST_LINES_A_FUNCTION:
                found.add(f"{name}:{function}")
    return found


def catalogue() -> dict[str, str]:
    """The rows of the catalogue of violations: what is too large, and why."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Catalogue of violations")[2]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) *\|$", text, re.MULTILINE))


def pins(name: str) -> dict[str, tuple[str, int]]:
    """The version and the number of hashes that a lock file gives for each package."""
    found: dict[str, tuple[str, int]] = {}
    text = (ROOT / "requirements" / name).read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            package, _, rest = line.partition("==")
            found[canonicalize_name(package.strip())] = (rest.split()[0], rest.count("--hash=sha256:"))
    return found


def declared(*, dev: bool) -> list[Requirement]:
    project = settings()["project"]
    return [Requirement(each) for each in project["dependencies"] + (project["optional-dependencies"]["dev"] if dev else [])]


def pages() -> list[Path]:
    return sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, env=os.environ | environment
    )


# --- layers ------------------------------------------------------------------------------------------------------------


def test_imports_point_down():
    """
    Every import of the package goes to a lower layer, and the nouns and the judgement touch nothing.
    """
    done = python(
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))",
        PYTHONPATH=str(ENGINE),
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_its_place():
    """
    The list of layers names every room that is built, and keeps in brackets the planned ones only.
    """
    contract = next(each for each in settings()["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    rooms = [room.strip() for layer in contract["layers"] for room in layer.split("|")]
    built = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))} - {"__init__"}

    assert contract["exhaustive"] is True
    assert {room for room in rooms if not room.startswith("(")} == built
    assert not {room.strip("()") for room in rooms if room.startswith("(")} & built


def test_every_folder_is_a_package():
    """
    Every folder of code has its `__init__`: without one it would escape the layers.
    """
    assert [path for path in {path.parent for path in modules()} if not (path / "__init__.py").is_file()] == []


def test_the_nouns_need_the_standard_library_only():
    """
    `model` imports itself, `errors` and those parts of the standard library that neither read nor wait.
    """
    found = {(path.name, name) for path in (PACKAGE / "model").rglob("*.py") for name in imported(path)}

    assert {(file, name) for file, name in found if name not in HARMLESS | {"watchbill"}} == set()


def test_only_the_command_line_reads_the_clock():
    """
    Nothing below `cli` asks what time it is: it is told.
    """
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules()
        if "cli" not in path.relative_to(PACKAGE).parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in CLOCKS
    ]

    assert found == []


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], []], ids=["version", "help", "completion"])
def test_starting_up_imports_nothing_slow(arguments):
    """
    Saying the version, the help or the completions of a word loads none of the slow libraries.
    """
    start = (
        "import json, sys\n"
        "from watchbill.cli import main\n"
        f"sys.argv = ['watchbill', *{arguments!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    completion = {} if arguments else {"_WATCHBILL_COMPLETE": "bash_complete", "COMP_WORDS": "watchbill val", "COMP_CWORD": "1"}
    done = python("-c", start, **completion)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert SLOW_TO_IMPORT & set(json.loads(done.stderr.splitlines()[-1])) == set()


# --- sizes and names ---------------------------------------------------------------------------------------------------


def test_what_is_large_has_a_reason():
    """
    A file over 400 lines or a function over 60 stands in the catalogue of CONTRIBUTING.md with the reason.
    """
    assert sorted(too_large() - {name for name, why in catalogue().items() if why}) == []


def test_the_catalogue_is_honest():
    """
    Every row of the catalogue is still true; what was mended is taken out.
    """
    assert sorted(set(catalogue()) - too_large()) == []


def test_names_say_something():
    """
    No module is called by a word under which anything could be put.
    """
    found = [path for path in modules() if SAYS_NOTHING & set(path.stem.lower().split("_")) or SAYS_NOTHING & set(path.parent.parts[-1:])]

    assert found == []


def test_every_test_is_a_sentence():
    """
    Every test has a docstring of one sentence: what holds, in words.
    """
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name, node in functions(path)
        if name.rpartition(".")[2].startswith("test_") and not (ast.get_docstring(node) or "").rstrip().endswith((".", "?", "!"))
    ]

    assert found == []


# --- dependencies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["base.txt", "dev.txt", "uv.txt"])
def test_every_pin_has_its_hashes(name):
    """
    A lock file is a list of exact versions with hashes and nothing else: no options, no addresses.
    """
    text = (ROOT / "requirements" / name).read_text("utf-8")
    told = [line for line in text.splitlines() if re.search(r"://|^\s*(-|/|\.)(?!-hash=)", line) and "--hash=" not in line]

    assert told == []
    assert pins(name)
    assert [package for package, (_, hashes) in pins(name).items() if hashes == 0] == []


@pytest.mark.parametrize(("name", "dev"), [("base.txt", False), ("dev.txt", True)])
def test_the_lock_files_are_fresh(name, dev):
    """
    What pyproject.toml asks for is pinned, at a version that it allows.
    """
    locked = pins(name)
    found = [
        str(asked)
        for asked in declared(dev=dev)
        if (pinned := locked.get(canonicalize_name(asked.name))) is None or not asked.specifier.contains(Version(pinned[0]))
    ]

    assert found == [], "run `make lock`"


def test_one_version_is_tested_and_shipped():
    """
    The base lock file pins what the one for development pins.
    """
    assert pins("base.txt").items() <= pins("dev.txt").items()


def test_nothing_is_pinned_from_above():
    """
    The package asks for lower bounds only, so that it can be installed beside others.
    """
    assert [str(asked) for asked in declared(dev=True) if {each.operator for each in asked.specifier} != {">="}] == []


def test_no_file_names_an_index():
    """
    No file of the repository says where packages are to be fetched from.
    """
    hosts = "|".join(("py" + "pi\\.org", "python" + "hosted\\.org", "registry\\." + "npmjs", "crates" + "\\.io"))
    options = "|".join(("--index" + "-url", "--extra" + "-index", "--find" + "-links", "--trusted" + "-host", "file:" + "//"))
    address = re.compile(rf"{hosts}|(?<![\w-])(?:{options})")
    found = []
    for path in kept_files():
        lines = path.read_bytes().decode("utf-8", "replace").splitlines()
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in enumerate(lines, 1) if address.search(line)]

    assert found == [], "whoever runs the command says where packages come from"


def test_every_dependency_has_a_page():
    """
    Each library in pyproject.toml is named in bold on a page of docs/adr, which says what it is for.
    """
    asked = {each.name for each in declared(dev=True)} | {Requirement(each).name for each in settings()["build-system"]["requires"]}
    bold = {word for page in pages() for word in re.findall(r"\*\*([^*]+)\*\*", page.read_text("utf-8"))}
    told = {word.strip("` ") for phrase in bold for word in re.split(r"[ ,]+", phrase)}
    told |= {name for page in pages() for name in re.findall(r"\*\*[^*]+\*\* \(`([^`]+)`\)", page.read_text("utf-8"))}

    assert {canonicalize_name(name) for name in asked} - {canonicalize_name(name) for name in told} == set()


# --- pages -------------------------------------------------------------------------------------------------------------


def test_every_decision_is_listed():
    """
    The list of decisions links every page, in order, and the numbers leave no gap.
    """
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs" / "adr" / "README.md").read_text("utf-8"))

    assert list(dict.fromkeys(listed)) == [page.name for page in pages()]
    assert [int(page.name[:4]) for page in pages()] == list(range(1, len(pages()) + 1))


def test_every_decision_has_one_form():
    """
    A page gives the context, the choice and the price, in this order, and is one page.
    """
    for page in pages():
        text = page.read_text("utf-8")

        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Choice", "Price"], page.name
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        assert len(text.splitlines()) <= 60, page.name


def test_every_word_is_in_the_glossary():
    """
    Each term of watchbill has its row in the glossary, once.
    """
    rows = re.findall(r"^\| \*\*`?([^*`]+)`?\*\* \|", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    wanted = {term.strip() for term in " ".join(TERMS.split()).split(",")}

    assert wanted - set(rows) == set()
    assert len(rows) == len(set(rows))


def test_every_change_has_one_form():
    """
    A line of the changelog reads `[kind] area: sentence. #n`.
    """
    lines = [line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if line.startswith("- ")]
    form = re.compile(r"- \[(security|added|changed|deprecated|removed|fixed)\] [a-z][a-z -]*: .+\. #\d+")

    assert lines
    assert [line for line in lines if not form.fullmatch(line)] == []


def test_hooks_and_ci_call_the_makefile_and_nothing_else():
    """
    What runs before a commit and before a change lands is what people run.
    """
    run = ROOT / ".ci" / "run"
    hooks = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text("utf-8"))

    assert os.access(run, os.X_OK)
    assert re.findall(r"^make \w+", run.read_text("utf-8"), re.MULTILINE) == ["make clean", "make lint", "make test"]
    assert [hook for hook in hooks if not hook.startswith("make ")] == []


def test_ci_begins_with_nothing():
    """
    What lands is tried in an environment that is made anew, without a cache, with the pip of the oldest Python that is promised.
    """
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    oldest = settings()["project"]["requires-python"].removeprefix(">=")

    assert "export PIP_NO_CACHE_DIR=1" in run
    assert f"${{PYTHON:-python{oldest} " in run
    assert run.index("export") < run.index("make clean") < run.index("make lint")


def test_the_suite_is_run_at_other_dates():
    """
    The long tests go on with the whole suite at a leap day and in a night in which clocks are set back.
    """
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = re.search(r"^test-long:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)

    assert recipe is not None
    assert "$(MAKE) test-dates" in recipe[1]
    assert re.search(r"^DATES \?= 2028-02-29\S* 2031-10-26\S*$", makefile, re.MULTILINE)
