"""`watchbill schemas`: what editors and programs read."""

from __future__ import annotations

import json

from tests.cli.makers import ROOT


def test_schemas_are_written_once(run, shop):
    """
    The schemas are written where they are missing or stale, and then fresh.
    """
    first = run("schemas")
    number = len(list((shop / "schemas" / "v1").glob("*.json")))

    assert (first.code, first.out) == (0, f"{number} schemas in schemas/v1: {number} files written\n")
    assert run("schemas").out == f"{number} schemas in schemas/v1: 0 files written\n"
    assert run("schemas", "--check").code == 0


def test_stale_schemas_are_named(run, shop):
    """
    `--check` names what is missing, stale or left over, writes nothing, and ends with 1.
    """
    run("schemas")
    folder = shop / "schemas" / "v1"
    (folder / "plan.json").write_text("{}")
    (folder / "person.json").unlink()
    (folder / "old.json").write_text("{}")
    done = run("schemas", "--check")

    assert done.code == 1
    assert done.out.splitlines() == [
        "schemas/v1/old.json: left over",
        "schemas/v1/person.json: missing",
        "schemas/v1/plan.json: stale",
        "run `watchbill schemas` to write them",
    ]
    assert (folder / "plan.json").read_text() == "{}"


def test_what_is_left_over_is_not_removed(run, shop):
    """
    A file that is none of ours is named and left alone.
    """
    folder = shop / "schemas" / "v1"
    folder.mkdir(parents=True)
    (folder / "old.json").write_text("{}")

    assert run("schemas").out.startswith("schemas/v1/old.json: left over, and not touched\n")
    assert (folder / "old.json").exists()


def test_states_as_data(run):
    """
    As JSON each file has its state.
    """
    document = json.loads(run("schemas", "--check", "--format", "json").out)

    assert set(document["files"].values()) == {"missing"}
    assert "plan.json" in document["files"]


def test_the_plans_schema_is_among_them(run, shop):
    """
    Documents have their schemas, and so has the plan.
    """
    run("schemas")
    names = {path.name for path in (shop / "schemas" / "v1").glob("*.json")}

    assert {"plan.json", "watchbill.json", "escalation.json"} <= names
    assert json.loads((shop / "schemas" / "v1" / "plan.json").read_text())["$id"].endswith("/schemas/v1/plan.json")


def test_the_committed_schemas_are_fresh(run):
    """
    What is committed is what the code says.
    """
    done = run("schemas", "--check", "--output", str(ROOT / "schemas" / "v1"))

    assert done.code == 0, done.out
