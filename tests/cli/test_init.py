"""`watchbill init`: a repository to begin with, which is well from the first moment."""

from __future__ import annotations

import json
import os
import stat

import jsonschema
import pytest
import yaml

from watchbill import __version__

LONGEST = "t" * 40
SAME = {
    "README.md",
    "examples/alert.json",
    "watchbill.yaml",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".vscode/settings.json",
}


@pytest.fixture
def here(tmp_path, monkeypatch, run):
    """An empty folder, which is the current one."""
    folder = tmp_path / "My Watch!"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def files(folder):
    """Every file below the *folder*, by its path."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


def own(names):
    """These files without the schemas."""
    return {name for name in names if not name.startswith("schemas/")}


# --- what it is -------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "team"), [("my-watch", "platform"), ("w", "t"), ("n" * 63, LONGEST), ("my-team", "my-watch")])
def test_it_is_well(run, here, name, team):
    """
    What is laid out has no finding, passes its tests and is in canonical form, however long the names are.
    """
    run("init", "--name", name, "--team", team)

    assert run("validate").out == "13 documents in 6 files: no findings\n"
    assert run("test").code == 0
    assert "3 passed" in run("test").out
    assert run("fmt", "--check").code == 0
    assert run("schemas", "--check").code == 0


def test_its_alert_pages_a_person(run, here):
    """
    The alert that comes with it pages the person on call, and then the lead.
    """
    run("init", "--team", "payments")
    plan = json.loads(run("plan", "examples/alert.json", "--at", "2026-11-23T03:12:00Z", "--format", "json").out)

    assert "payments-critical" in json.dumps(plan)
    text = run("plan", "examples/alert.json", "--at", "2026-11-23T03:12:00Z").out
    assert "03:12  ana  primary  e-mail" in text
    assert "03:22  cy   lead     e-mail" in text


def test_it_bears_the_names_that_were_given(run, here):
    """
    Names stand where they belong, and nothing of the skeleton's own is left.
    """
    run("init", "--name", "shop", "--team", "payments")

    assert own(files(here)) == SAME | {
        ".github/workflows/watchbill.yml",
        "ownership/payments.yaml",
        *(f"policies/payments/{file}.yaml" for file in ("connectors", "escalation", "tests", "triage")),
    }
    text = "".join((here / file).read_text("utf-8") for file in own(files(here)))
    assert "name: shop\n" in text
    assert "my-watch" not in text
    assert "my-team" not in text
    assert "0.0.0" not in text


@pytest.mark.parametrize(("folder", "name"), [("My Watch!", "my-watch"), ("ÄÖ", "watch"), ("_a_b-", "a-b"), ("x" * 80, "x" * 63)])
def test_it_is_called_as_its_folder(run, here, folder, name):
    """
    Without a name it gets one that is made of the folder's.
    """
    assert json.loads(run("init", folder, "--format", "json").out)["name"] == name


# --- what is beside the policies --------------------------------------------------------


def test_the_workflow_checks_with_this_version(run, here):
    """
    The workflow for GitHub is YAML, installs this version, and runs the verbs that check.
    """
    run("init")
    job = yaml.safe_load((here / ".github/workflows/watchbill.yml").read_text("utf-8"))["jobs"]["policies"]

    assert [step["run"] for step in job["steps"] if "run" in step] == [
        f"pip install watchbill=={__version__}",
        "watchbill validate --format github",
        "watchbill test --format github",
        "watchbill fmt --check --diff",
    ]


def test_the_pipeline_checks_with_this_version(run, here):
    """
    The pipeline for GitLab is YAML, installs this version, and runs the verbs that check; there is no workflow beside it.
    """
    run("init", "--ci", "gitlab")
    job = yaml.safe_load((here / ".gitlab-ci.yml").read_text("utf-8"))["watchbill"]

    assert job["before_script"] == [f"pip install watchbill=={__version__}"]
    assert [line.split()[1] for line in job["script"]] == ["validate", "fmt", "test"]
    assert not (here / ".github").exists()


def test_no_ci_is_an_answer(run, here):
    """
    With `--ci none` there is neither.
    """
    run("init", "--ci", "none")

    assert not (here / ".github").exists()
    assert not (here / ".gitlab-ci.yml").exists()


def test_what_ci_and_hooks_run_can_be_run(run, here):
    """
    Each command of the workflow, the pipeline and the hooks is one that this version answers with 0.
    """
    commands = set()
    for ci in ("github", "gitlab"):
        run("init", "--ci", ci)
    for hook in yaml.safe_load((here / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]:
        assert hook["additional_dependencies"] == [f"watchbill=={__version__}"]
        commands.add(hook["entry"])
    for step in yaml.safe_load((here / ".github/workflows/watchbill.yml").read_text("utf-8"))["jobs"]["policies"]["steps"]:
        commands.add(step.get("run", ""))
    for line in yaml.safe_load((here / ".gitlab-ci.yml").read_text("utf-8"))["watchbill"]["script"]:
        commands.add(line.partition(" >")[0])
    ours = sorted(command for command in commands if command.startswith("watchbill "))

    assert len(ours) == 7
    assert [run(*command.split()[1:]).code for command in ours] == [0] * 7


def test_editors_find_the_schemas(run, here):
    """
    Each policy file names the schema by a path that leads to it and that its documents fit, and so do the editor's settings.
    """
    run("init")
    policies = ("watchbill.yaml", *(file for file in files(here) if file.startswith(("ownership/", "policies/"))))
    for file in policies:
        text = (here / file).read_text("utf-8")
        path = (here / file).parent / text.partition("$schema=")[2].partition("\n")[0]
        schema = json.loads(path.read_text("utf-8"))
        assert path.resolve() == here / "schemas/v1/watchbill.json"
        for document in yaml.load_all(text, yaml.BaseLoader):
            assert document["apiVersion"] == "watchbill/v1"
        jsonschema.Draft202012Validator.check_schema(schema)
    settings = json.loads((here / ".vscode/settings.json").read_text("utf-8"))

    assert len(policies) == 6
    assert list(settings["yaml.schemas"]) == ["./schemas/v1/watchbill.json"]


# --- what is there already --------------------------------------------------------------


def test_what_is_there_is_not_overwritten(run, here):
    """
    Files that say something else are named, nothing at all is written, and the end is 2.
    """
    (here / "README.md").write_text("mine")
    (here / "watchbill.yaml").symlink_to("nowhere")
    done = run("init")

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "2 files to be written are there already; nothing was written [would-overwrite]\n"
        "  help: name another folder, or overwrite with `--force`\n"
        "  README.md\n"
        "  watchbill.yaml\n"
    )
    assert files(here) == {"README.md", "watchbill.yaml"}


def test_with_force_it_is_overwritten(run, here):
    """
    `--force` writes over what is there; a link is replaced, and what it leads to stays.
    """
    (here / "mine").write_text("mine")
    (here / "README.md").symlink_to("mine")
    done = run("init", "--force")

    assert done.code == 0
    assert (here / "README.md").read_text("utf-8").startswith("# my-watch\n")
    assert not (here / "README.md").is_symlink()
    assert (here / "mine").read_text("utf-8") == "mine"


def test_a_folder_in_the_place_of_a_file_is_named(run, here):
    """
    A folder that has a file's name is in the way, and is said to be.
    """
    (here / "README.md").mkdir()

    assert run("init").err.endswith("  README.md\n")


def test_it_may_be_repeated(run, here):
    """
    What is there and the same is left alone.
    """
    run("init")
    before = {file: (here / file).stat().st_ino for file in files(here)}
    done = run("init")

    assert done.code == 0
    assert ".: 0 files written\n" in done.out
    assert {file: (here / file).stat().st_ino for file in files(here)} == before


def test_links_that_lead_out_are_not_followed(run, here, tmp_path):
    """
    A folder that is a link to somewhere else is not written through.
    """
    (tmp_path / "elsewhere").mkdir()
    (here / "policies").symlink_to(tmp_path / "elsewhere")
    done = run("init")

    assert done.code == 2
    assert "a link that leads out of" in done.err
    assert files(tmp_path / "elsewhere") == set()
    assert files(here) == {"policies"}


# --- what is said -----------------------------------------------------------------------


def test_it_says_what_it_wrote_and_what_is_next(run, here):
    """
    Every file is named, the schemas in one line, and then three commands, from the folder in which they work.
    """
    done = run("init", "new/place")
    number = len(list((here / "new/place/schemas/v1").glob("*.json")))

    assert done.code == 0
    assert set(done.out.partition("\nnew/place: ")[0].splitlines()) == own(files(here / "new/place")) | {f"schemas/v1/ ({number} schemas)"}
    assert done.out.endswith(
        f"\nnew/place: {len(files(here / 'new/place'))} files written\n\n"
        "next:\n  cd new/place\n  watchbill validate\n  watchbill test\n  watchbill plan examples/alert.json\n"
    )
    assert "  cd " not in run("init").out


def test_it_says_so_as_data_too(run, here):
    """
    As JSON each file has its state.
    """
    first = json.loads(run("init", "--format", "json").out)
    again = json.loads(run("init", "--format", "json").out)

    assert (first["kind"], first["name"], first["team"]) == ("Repository", "my-watch", "platform")
    assert set(first["files"]) == files(here)
    assert set(first["files"].values()) == {"written"}
    assert set(again["files"].values()) == {"fresh"}


@pytest.mark.parametrize(
    ("option", "value"), [("--team", "Payments"), ("--team", "t" * 41), ("--name", "-a"), ("--name", "n" * 64), ("--name", "")]
)
def test_names_are_checked_first(run, here, option, value):
    """
    A name that no document could have is wrong use, and nothing is written.
    """
    done = run("init", option, value)

    assert (done.code, files(here)) == (2, set())
    assert f"{value!r} is no name" in done.err


def test_files_have_the_usual_mode(run, here):
    """
    Files may be read and written as any other that one makes here.
    """
    mask = os.umask(0o027)
    try:
        run("init")
    finally:
        os.umask(mask)

    assert stat.S_IMODE((here / "watchbill.yaml").stat().st_mode) == 0o640
