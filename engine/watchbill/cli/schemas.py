"""``watchbill schemas``: the JSON Schemas of every document, for editors and other programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import click

from watchbill.cli.answer import Answer
from watchbill.cli.options import common, formats
from watchbill.cli.output import json_text

EXAMPLES: Final = """\b
Examples:
  watchbill schemas
  watchbill schemas --check
"""


@click.command("schemas", short_help="Write the JSON Schemas of policies and plans, for editors.", epilog=EXAMPLES)
@click.option("--output", type=click.Path(), default="schemas/v1", show_default=True, metavar="DIR", help="The folder to write into.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a file is missing, stale or left over, and name it.")
@formats("schemas", "text", "json")
@common
def command(output: str, check: bool, form: str) -> Answer:
    """Write the JSON Schemas (2020-12) of every kind of document, and of what plan prints.

    An editor that knows them completes keys and underlines mistakes while one types.
    """
    from watchbill.report.counts import count

    folder = Path(output)
    wanted = texts()
    differing = {name: state for name in sorted({*wanted, *_present(folder)}) if (state := _state(folder / name, wanted.get(name)))}
    if not check:
        _write(folder, wanted, differing)
    left_over = "".join(f"{folder / name}: left over, and not touched\n" for name in differing if name not in wanted)
    if form == "json":
        states = {name: differing.get(name, "fresh") for name in sorted({*wanted, *differing})}
        text = json_text({"apiVersion": "watchbill/v1", "kind": "Schemas", "folder": output, "files": states}, sys.stdout)
    elif check:
        stale = "".join(f"{folder / name}: {state}\n" for name, state in differing.items())
        fresh = f"{count(len(wanted), 'schema')} in {folder}: all fresh\n"
        text = f"{stale}run `watchbill schemas` to write them\n" if stale else fresh
    else:
        written = count(sum(name in wanted for name in differing), "file")
        text = f"{left_over}{count(len(wanted), 'schema')} in {folder}: {written} written\n"
    return Answer(text, code=1 if check and differing else 0)


def texts() -> dict[str, str]:
    """The text of every schema file, by its name."""
    from watchbill.policy.schema import schemas
    from watchbill.report.explain_schema import explain_schema
    from watchbill.report.plan_schema import plan_schema

    everything = {**schemas(), "plan.json": plan_schema(), "explanation.json": explain_schema()}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in everything.items()}


def _present(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.json")] if folder.is_dir() else []


def _state(path: Path, wanted: str | None) -> str:
    """What is to be said of a file; nothing where it is as it should be."""
    if wanted is None:
        return "left over"
    try:
        return "" if path.read_text(encoding="utf-8") == wanted else "stale"
    except FileNotFoundError:
        return "missing"
    except UnicodeDecodeError:
        return "stale"


def _write(folder: Path, wanted: dict[str, str], differing: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in differing:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8", newline="\n")
