"""Which findings people have set aside, and how much a finding weighs here.

Two things change what becomes of a finding: a comment beside it, ``# watchbill: ignore[rule] reason``, and `rules` in the
settings. Both have the same limit.

Rule 1: without a reason nothing is ignored.
Rule 2: what is *mandatory* cannot be set aside: errors without which there is nothing to compile, or nothing safe to run.
A warning can, whatever its rule.
Rule 3: an ignore that ignores nothing is a finding, so that none outlives its cause.
Rule 4: a comment is where YAML has one. A `#` inside a text is text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Final, NamedTuple

from watchbill.errors import Finding, Level, Place
from watchbill.model.dated import Dated, SetAside
from watchbill.policy.loading.placed import PlacedDict, RawDocument, Spot
from watchbill.policy.rules import BY_THE_CLOCK, BY_THE_PROCESS, MANDATORY, RULES
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import quoted

LEVELS: Final[Mapping[str, Level | None]] = {"error": "error", "warning": "warning", "off": None}
"""What `rules` in the settings may say of a rule; `off` means that its findings are left out."""

WRITE: Final = "write `# watchbill: ignore[rule-name] reason`"

_OURS: Final = re.compile(r"#[ \t]*watchbill\b", re.IGNORECASE)
_COMMENT: Final = re.compile(r"#[ \t]*watchbill[ \t]*(?P<colon>:?)[ \t]*(?P<word>\w+)[ \t]*(?P<rest>.*)", re.IGNORECASE)
_REST: Final = re.compile(r"\[(?P<rules>[^\]]*)\](?P<reason>.*)")
_RULE: Final = re.compile(r"[^,\s][^,]*[^,\s]|[^,\s]")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One rule that a comment sets aside for the findings of one line, and where the rule is named."""

    rule: str
    place: Place
    line: int


# --- reading comments -------------------------------------------------------------------


class _Comment(NamedTuple):
    """A comment from its ``#`` on: line and column from 1, and the line whose findings it is about."""

    text: str
    line: int
    column: int
    about: int


def ignores_in(content: bytes, file: str) -> tuple[tuple[Ignore, ...], tuple[Finding, ...]]:
    """What the comments of this *file* set aside, and what is wrong with those that try to.

    A comment behind something is about its own line; one that stands alone is about the next line that is no comment. A
    file that cannot be read as YAML has no comments that could be trusted, and so none at all.
    """
    if b"watchbill" not in content.lower():
        return (), ()
    try:
        text = content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return (), ()
    if not _OURS.search(text):
        return (), ()
    ignores: list[Ignore] = []
    findings: list[Finding] = []
    for comment in _comments(text):
        _read(comment, file, ignores, findings)
    return tuple(ignores), tuple(findings)


def _comments(text: str) -> Iterator[_Comment]:
    """Every comment that begins with our name."""
    from watchbill.policy.loading.syntax import lines_of

    lines = lines_of(text)
    texts = _texts(text)
    if texts is None:
        return
    about = len(lines)
    found: list[_Comment] = []
    # From the last line to the first, so that the next line that is no comment is always known.
    for number in reversed(range(len(lines))):
        line = lines[number]
        column = _begin(line, number, texts) if _OURS.search(line) else None
        stands_alone = line.lstrip().startswith("#")
        if column is not None and _OURS.match(line, column):
            found.append(_Comment(line[column:].rstrip(), number + 1, column + 1, (about if stands_alone else number) + 1))
        if not stands_alone:
            about = number
    yield from reversed(found)


def _begin(line: str, number: int, texts: list[tuple[Spot, Spot]]) -> int | None:
    """The column at which the comment of this *line* begins; None where it has none. The *texts* are in order."""
    for column, sign in enumerate(line):
        if sign == "#" and (column == 0 or line[column - 1] in " \t"):
            before = bisect_right(texts, (number, column), key=itemgetter(0)) - 1
            if before < 0 or texts[before][1] <= (number, column):
                return column
    return None


def _texts(text: str) -> list[tuple[Spot, Spot]] | None:
    """Where the texts stand in which a ``#`` is no comment: quoted ones, and blocks. None for what is no YAML.

    Without quotes and outside a block, a ``#`` behind a space always ends the text before it.
    """
    from yaml.error import MarkedYAMLError
    from yaml.events import ScalarEvent

    from watchbill.policy.loading.events import event_parser

    found: list[tuple[Spot, Spot]] = []
    parser = event_parser(text)
    try:
        while (event := parser.get_event()) is not None:
            if isinstance(event, ScalarEvent) and event.style:
                start, end = event.start_mark, event.end_mark
                assert start is not None
                assert end is not None
                # The line on which a block begins may end with a comment.
                begins = (start.line, start.column) if event.style in "'\"" else (start.line + 1, 0)
                found.append((begins, (end.line, end.column)))
    except MarkedYAMLError:
        return None
    finally:
        parser.dispose()
    return found


def _read(comment: _Comment, file: str, ignores: list[Ignore], findings: list[Finding]) -> None:
    """What one comment means; what merely speaks of watchbill means nothing."""
    place = Place(file, comment.line, comment.column)
    parts = _COMMENT.match(comment.text)
    if parts is None:
        return
    word, rest = parts["word"].lower(), _REST.match(parts["rest"])
    is_ours = word == "ignore" and (parts["colon"] or parts["rest"].startswith("["))
    if not is_ours:
        if rest is not None and nearest(word, ("ignore",)):
            findings.append(_bad(place, f"{quoted(parts['word'])} means nothing to watchbill", "did you mean `ignore`?"))
        return
    if not parts["colon"]:
        findings.append(_bad(place, "this comment lacks the `:` behind `watchbill`", WRITE))
    elif rest is None:
        findings.append(_bad(place, "this ignore does not say which rule it is about", WRITE))
    else:
        _read_rules(comment, file, rest, comment.column + parts.start("rest"), ignores, findings)


def _read_rules(comment: _Comment, file: str, rest: re.Match[str], offset: int, ignores: list[Ignore], findings: list[Finding]) -> None:
    named = [(found[0], Place(file, comment.line, offset + rest.start("rules") + found.start())) for found in _RULE.finditer(rest["rules"])]
    if not named:
        findings.append(_bad(Place(file, comment.line, comment.column), "this ignore does not say which rule it is about", WRITE))
        return
    known = []
    for rule, place in named:
        if rule in RULES:
            known.append(Ignore(rule, place, comment.about))
        else:
            findings.append(_bad(place, f"no rule is called {quoted(rule)}", _help_for(rule)))
    if known and not rest["reason"].strip():
        findings.append(_bad(known[0].place, f"this ignore of `{known[0].rule}` gives no reason", "say why, behind the bracket"))
    else:
        ignores.extend(known)


def _help_for(rule: str) -> str:
    meant = nearest(rule, RULES)
    return f"did you mean `{meant}`?" if meant else "take the name that a finding has in brackets"


def _bad(place: Place, message: str, help: str) -> Finding:
    return Finding("bad-ignore", place, message, help)


# --- weighing findings ------------------------------------------------------------------


@dataclass(slots=True)
class Ignoring:
    """What people have said about findings, and which of it was of use so far.

    Make it with `Ignoring.of`. It is asked about every finding of a repository, in any order, and told of what was
    wrong with the asking at the end (`findings`). *count* is how many findings were set aside by comments.
    """

    levels: Mapping[str, Level | None] = field(default_factory=dict)
    ignores: Mapping[tuple[str, int, str], Ignore] = field(default_factory=dict)
    mistakes: tuple[Finding, ...] = ()
    count: int = 0
    _used: set[tuple[str, int, str]] = field(default_factory=set)
    _refused: dict[tuple[str, int, str], Finding] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, bytes], settings: RawDocument | None, found: Iterable[Finding] = ()) -> Ignoring:
        """What the comments in these *files* and the *settings* say.

        *found* are the findings of loading: a file of which no document could be loaded is passed over, since nothing in
        it was looked at.
        """
        broken = {finding.place.file for finding in found if finding.rule.startswith("yaml-")}
        ignores: dict[tuple[str, int, str], Ignore] = {}
        mistakes: list[Finding] = []
        for file, content in files.items():
            if file in broken:
                continue
            read, wrong = ignores_in(content, file)
            mistakes.extend(wrong)
            for each in read:
                ignores.setdefault((file, each.line, each.rule), each)
        return cls(levels_in(settings), ignores, tuple(mistakes))

    def level_of(self, finding: Finding) -> Level | None:
        """How much this *finding* weighs: its level, or None where it is set aside."""
        key = (finding.place.file, finding.place.line, finding.rule)
        is_fixed = finding.level == "error" and finding.rule in MANDATORY
        if key in self.ignores:
            if not is_fixed:
                self._used.add(key)
                self.count += 1
                return None
            self._refused[key] = finding
        return finding.level if is_fixed else self.levels.get(finding.rule, finding.level)

    def findings(self, unasked: Collection[str] = ()) -> tuple[Finding, ...]:
        """What is wrong with the asking, once every finding was weighed. Rules that are *unasked* were not looked for."""
        found = [*self.mistakes]
        for key, ignore in self.ignores.items():
            if key in self._refused:
                message = f"`{ignore.rule}` cannot be ignored here: it is mandatory"
                found.append(_bad(ignore.place, message, "mend the finding, and take this comment away"))
            elif key not in self._used and ignore.rule not in (*BY_THE_CLOCK, *BY_THE_PROCESS, *unasked):
                line = f"line {ignore.line}"
                message = f"there is no `{ignore.rule}` to ignore in {line}"
                found.append(
                    Finding("unused-ignore", ignore.place, message, "take it away, or move it to the line of its finding", "warning")
                )
        weighed = ((finding, self.levels.get(finding.rule, finding.level)) for finding in found)
        return tuple(leveled(finding, level) for finding, level in weighed if level is not None)

    def of_the_clock(self, dated: Dated) -> Dated:
        """The same, with what the settings and the comments say of the findings that only the clock can give."""
        levels = {rule: level for rule, level in self.levels.items() if rule in BY_THE_CLOCK or rule == "unused-ignore"}
        aside = [SetAside(each.rule, each.place, each.line) for each in self.ignores.values() if each.rule in BY_THE_CLOCK]
        return replace(dated, levels=levels, aside=tuple(aside))


def leveled(finding: Finding, level: Level) -> Finding:
    """The *finding* at this *level*."""
    return (
        finding if finding.level == level else Finding(finding.rule, finding.place, finding.message, finding.help, level, finding.document)
    )


# --- the settings -----------------------------------------------------------------------


def levels_in(settings: RawDocument | None) -> dict[str, Level | None]:
    """What `rules` in these *settings* say, as far as it can be followed; the rest is for `wrong_level` to tell.

    Read before anything is compiled, because a document is left out as soon as a finding of it is an error.
    """
    spec: Any = settings.data.get("spec") if settings is not None else None
    rules: Any = spec.get("rules") if isinstance(spec, PlacedDict) else None
    if not isinstance(rules, PlacedDict):
        return {}
    return {rule: LEVELS[word] for rule, word in rules.items() if isinstance(word, str) and word in LEVELS and not wrong_level(rule, word)}


def wrong_level(rule: str, word: str) -> tuple[str, str] | None:
    """What is wrong with saying *word* of this *rule*, and what to do; None where it can be followed."""
    if rule not in RULES:
        return f"no rule is called {quoted(rule)}", _help_for(rule)
    if rule in MANDATORY and word != "error":
        return f"`{rule}` is mandatory and stays an error", "take it away; a warning of it can be ignored by a comment beside it"
    return None
