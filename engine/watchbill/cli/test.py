"""``watchbill test``: the policy tests of a repository, on virtual time."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common, formats, policies, stopwatch
from watchbill.cli.output import json_text, wants_colour, width_of

if TYPE_CHECKING:
    from watchbill.model.testing import Tested

EXAMPLES: Final = """\b
Examples:
  watchbill test
  watchbill test --run 'checkout|orders-db' -v
  watchbill test --coverage --threshold 90
  watchbill test --format junit > policy-tests.xml
"""


class Regex(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A pattern that names are searched with."""

    name = "regex"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> re.Pattern[str]:
        """The pattern, compiled."""
        if isinstance(value, re.Pattern):
            return value
        try:
            return re.compile(str(value))
        except re.error as error:
            self.fail(f"{value!r} is not a pattern: {error}.", param, ctx)


@click.command("test", short_help="Run the policy tests: given these alerts, that has to follow.", epilog=EXAMPLES)
@click.argument("path", required=False, type=click.Path(), metavar="[PATH]")
@click.option("--run", "wanted", type=Regex(), metavar="REGEX", help="Only cases whose name matches: TEST/CASE, searched anywhere in it.")
@formats("test", "text", "json", "junit", "github")
@click.option("--coverage", is_flag=True, help="Also say which documents took part in a case, and which conditions were seen both ways.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail where fewer of a hundred documents took part in a case; it means --coverage.",
)
@click.option("--fail-on-empty", is_flag=True, help="Fail where there is no case to run.")
@click.option("-v", "--verbose", is_flag=True, help="Name every case, and every condition that was not seen both ways.")
@policies("test")
@common
@click.pass_obj
def command(
    session: Session,
    path: str | None,
    wanted: re.Pattern[str] | None,
    form: str,
    coverage: bool,
    threshold: float | None,
    fail_on_empty: bool,
    verbose: bool,
    policies: str | None,
) -> Answer:
    """Run the policy tests of a repository, and say what differs from what they expect, and why.

    PATH is a folder in the repository, by default the current one. Every document of kind PolicyTest counts, wherever it
    stands. Its cases are played on virtual time by the same decisions that a plan and the engine make; nothing is touched.

    Exits with 1 where a case fails, where a test has errors and could not be run, or below the threshold. With
    --coverage a document counts once it has taken part in a case; a freeze, once it has stopped something.
    """
    from watchbill.cli.repository import is_same, load_policies, root_of
    from watchbill.cli.seeing import as_seen_from_here
    from watchbill.connectors.catalogue import catalogue
    from watchbill.decide import Bill
    from watchbill.verify.running import run_tests

    if path is not None and policies is not None and not is_same(path, policies):
        source = click.get_current_context().get_parameter_source("policies")
        if source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("Name the repository once: as PATH, or with --policies.")
    root = root_of(path if path is not None else policies)
    loaded, remark = load_policies(root)
    began = stopwatch()
    tested = run_tests(Bill.of(loaded, catalogue()), wanted, covering=coverage or threshold is not None)
    seconds = stopwatch() - began
    fails = bool(tested.failed or tested.left_out)
    if fail_on_empty and not tested.cases:
        fails, remark = True, remark + "there is no case to run\n"
    reached = tested.coverage.percent if tested.coverage is not None else 100.0
    if threshold is not None and reached < threshold:
        fails, remark = True, remark + f"coverage is {reached:.1f} %, and the threshold {threshold:g} %\n"
    return Answer(_shown(session, as_seen_from_here(tested, root), seconds, form, verbose=verbose), code=1 if fails else 0, remark=remark)


def _shown(session: Session, tested: Tested, seconds: float, form: str, *, verbose: bool) -> str:
    if form == "text":
        from watchbill.report.tests_text import results_text

        colour = wants_colour(session.color, sys.stdout)
        return results_text(tested, seconds, width=width_of(sys.stdout), colour=colour, verbose=verbose)
    from watchbill.report import tests_json

    if form == "junit":
        return tests_json.results_junit(tested, seconds)
    if form == "github":
        return tests_json.results_github(tested, seconds)
    return json_text(tests_json.results_json(tested, seconds), sys.stdout)
