"""What was checked and what came of it, as people read it: place, what is wrong, what next; then a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchbill.errors import Finding, Level, Unlisted
from watchbill.report.counts import count, listing
from watchbill.report.layout import MEASURE, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain

_LONGEST: Final = 1000
"""Characters of a message. The longest that watchbill writes by itself has a third of that; JSON has all of it."""


_MOST_NAMES: Final = 20
"""Documents that are named as left out. JSON has all of them."""

_MOST_FILES: Final = 20
"""Files of which it is said how many findings are not listed. JSON has all of them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked, and what came of it: every finding, and how many documents in how many files were looked at.

    *ignored* is how many findings comments in the files have set aside, and *unlisted* how many are too many to be listed.
    """

    findings: tuple[Finding, ...]
    documents: int
    files: int
    quarantined: tuple[str, ...] = ()
    ignored: int = 0
    unlisted: tuple[Unlisted, ...] = ()

    @property
    def errors(self) -> int:
        """How many findings are more than a warning, those that are not listed among them."""
        return number_of(self.findings, "error") + sum(each.errors for each in self.unlisted)

    @property
    def warnings(self) -> int:
        """How many warnings there are, those that are not listed among them."""
        return number_of(self.findings, "warning") + sum(each.warnings for each in self.unlisted)

    @property
    def has_errors(self) -> bool:
        """Whether any finding is more than a warning."""
        return self.errors > 0


def findings_text(checked: Checked, *, width: int = 80, colour: bool = False) -> str:
    """Every finding in order of place, and a line that sums up.

    Findings are never wrapped, so that a tool can read them line by line.
    """
    lines: list[Line] = []
    for finding in in_order(checked.findings):
        lines += finding_lines(finding)
    lines += [line(Span(f"{plain(each.file)}: ", "strong"), unlisted_text(each)) for each in checked.unlisted[:_MOST_FILES]]
    if len(checked.unlisted) > _MOST_FILES:
        rest = checked.unlisted[_MOST_FILES:]
        lines.append(line(f"{count(len(rest), 'further file')}: {more_text(sum(each.count for each in rest))}"))
    if lines:
        lines.append(())
    lines += summary_lines(checked, min(width, MEASURE))
    return paint_all(lines, colour)


def finding_lines(finding: Finding) -> list[Line]:
    """One finding: where, what and by which rule; then the next thing to do."""
    return trouble_lines(str(finding.place), finding.message, finding.rule, finding.help, finding.level)


def trouble_lines(place: str, message: str, rule: str, help: str, level: Level = "error") -> list[Line]:
    """What is wrong and what next, as findings and errors alike are said. An error without a *place* has none."""
    where = Span(f"{plain(place)}: ", "strong") if place else ""
    marked = Span("warning: ", "warning") if level == "warning" else ""
    name = Span(f" [{plain(rule)}]", "critical" if level == "error" else "warning")
    return [line(where, marked, _bounded(plain(message)), name), line("  help: ", _bounded(plain(help)))]


def unlisted_text(unlisted: Unlisted) -> str:
    """How many findings of a file are not listed, and what to do."""
    return f"{more_text(unlisted.count)}; mend those that are, then look again"


def more_text(number: int) -> str:
    """How many findings are not listed: ``12 more findings are not listed``."""
    return f"{count(number, 'more finding')} {'is' if number == 1 else 'are'} not listed"


def _bounded(text: str) -> str:
    """The *text*, without its middle where it is longer than anybody reads: what was written may be a whole log."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 200]} … {text[-197:]}"


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """The *findings* as one reads them: by place."""
    return sorted(findings, key=lambda finding: finding.order)


def number_of(findings: Sequence[Finding], level: str) -> int:
    """How many of the *findings* are of this *level*."""
    return sum(finding.level == level for finding in findings)


def summary_lines(checked: Checked, width: int) -> list[Line]:
    """How much was looked at, how much was found in it, and what is left out because of that."""
    seen = f"{count(checked.documents, 'document')} in {count(checked.files, 'file')}: "
    errors, warnings = checked.errors, checked.warnings
    parts = [count(errors, "error")] if errors else []
    parts += [count(warnings, "warning")] if warnings else []
    ignored = f", {checked.ignored:,} ignored" if checked.ignored else ""
    if not parts:
        return [line(seen, Span("no findings", "good"), ignored)]
    where = len({*(finding.place.file for finding in checked.findings), *(each.file for each in checked.unlisted)})
    lines = [line(seen, Span(f"{listing(parts)} in {count(where, 'file')}", "critical" if errors else "warning"), ignored)]
    if checked.quarantined:
        more = len(checked.quarantined) - _MOST_NAMES
        names = ", ".join(map(plain, checked.quarantined[:_MOST_NAMES])) + (f" and {more:,} more" if more > 0 else "")
        left_out = f"left out until mended, {count(len(checked.quarantined), 'document')}: "
        lines += wrap(line(Span(left_out, "warning"), names), width, 0, 2)
    return lines
