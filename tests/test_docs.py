"""The documentation says what is there: links lead somewhere, commands exist, codes are explained."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine" / "watchbill"


@cache
def pages() -> tuple[Path, ...]:
    """Every page that is, or is about to be, part of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(path for name in sorted(listed.stdout.split("\0")) if name and (path := ROOT / name).is_file())


def prose(page: Path) -> str:
    """The text of a page without its fenced blocks."""
    return re.sub(r"^ *(```+|~~~+).*?^ *\1", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def consoles(page: Path) -> Iterator[str]:
    """Each command that a page shows at a prompt."""
    for block in re.findall(r"^ *```(?:console|sh|shell|bash)\n(.*?)^ *```", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^ *\$ (.+?)(?:  +#.*)?$", block, flags=re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What the headings of a page can be linked by."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "").strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def commands() -> dict[str, click.Command]:
    """Every verb of the command line, the verbs of a verb included."""
    from watchbill.cli.app import app

    found: dict[str, click.Command] = {}
    waiting: list[tuple[str, click.Command]] = [("", app)]
    while waiting:
        name, command = waiting.pop()
        found[name] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for verb in command.list_commands(context):
                child = command.get_command(context, verb)
                assert child is not None, verb
                waiting.append((f"{name} {verb}".strip(), child))
    return found


def can_be_given(line: str, verbs: dict[str, click.Command]) -> bool:
    """Whether a command line, where it is one of ours, names a target or a verb that is there and options that it has."""
    words = line.split()
    if words[0] == "make":
        return all(word in targets() for word in words[1:2] if "=" not in word)
    if words[0] != "watchbill":
        return True
    name = next((name for end in (3, 2) if (name := " ".join(words[1:end])) in verbs), "")
    options = {option for each in (*verbs[""].params, *verbs[name].params) for option in (*each.opts, *each.secondary_opts)}
    given = {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"}
    return bool(name or given) and given <= options | {"--help", "--version"}


def targets() -> dict[str, str]:
    """What `make` offers, with what it says about each."""
    return dict(re.findall(r"^([a-z-]+):[^\n]*## (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def codes() -> set[str]:
    """The code of every finding and of every error that can be raised."""
    from watchbill.policy import rules

    found = set(rules.RULES)
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "rule" and isinstance(node.value, ast.Constant):
                found.add(node.value.value)
    return found


def test_links_lead_somewhere():
    """
    Every link of a page to another file, or to a heading, leads to one that is there.
    """
    lost = []
    for page in pages():
        for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, heading = target.partition("#")
            there = (page.parent / file).resolve() if file else page
            if not there.exists() or (heading and there.suffix == ".md" and heading not in anchors(there)):
                lost.append(f"{page.relative_to(ROOT)}: {target}")

    assert lost == []


def test_commands_in_the_docs_exist():
    """
    Every `make` and `watchbill` command that a page shows at a prompt can be given, with options that the verb has.
    """
    verbs = commands()
    lost = [f"{page.relative_to(ROOT)}: {line}" for page in pages() for line in consoles(page) if not can_be_given(line, verbs)]

    assert lost == []


def test_every_verb_is_told_of():
    """
    Each verb of `watchbill` stands in the README or in the docs as `watchbill VERB`.
    """
    told = "\n".join(page.read_text("utf-8") for page in pages() if "adr" not in page.parts and page.name != "CHANGELOG.md")

    assert [name for name in commands() if name and f"watchbill {name}" not in told] == []


def test_every_verb_and_option_has_help():
    """
    Each verb says what it is for, and each of its options too.
    """
    silent = []
    for name, command in commands().items():
        if not (command.help or "").strip():
            silent.append(name or "watchbill")
        silent += [
            f"{name} {each.opts[0]}" for each in command.params if isinstance(each, click.Option) and not each.help and not each.hidden
        ]

    assert silent == []


def test_every_command_of_make_is_explained():
    """
    `make help` has a line for everything that can be asked of make.
    """
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert phony == set(targets())


def test_every_code_is_explained():
    """
    Each code that a finding or an error may carry has a section in docs/errors.md, and no section is about none.
    """
    sections = set(re.findall(r"^#+ `?([a-z]+(?:-[a-z]+)+|[a-z]+(?=`))`?$", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.MULTILINE))

    assert codes() - sections == set()
    assert sections - codes() == set()
