"""Every rule that a finding may name, with one line on what it means.

Rule 1: a finding's rule stands here, and has a section in `docs/errors.md` with an example that breaks it.
Rule 2: a name, once given, stays: people write it into the settings of their CI.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FILES: Final[Mapping[str, str]] = {
    "no-settings": "there is no `watchbill.yaml`, or no settings in it",
    "no-folder": "a folder that the settings name is not there",
    "folder-outside": "a folder that the settings name is outside the repository",
    "file-link": "a link leads out of the repository",
    "file-unreadable": "a file or folder cannot be read",
    "yaml-syntax": "the text cannot be read as YAML 1.2",
    "yaml-encoding": "the file is not UTF-8, or holds a character nobody can see",
    "yaml-size": "a file or the repository is too large to be read",
    "yaml-many": "so much is wrong in this file that the rest was not read",
    "yaml-depth": "the text is nested too deep",
    "yaml-bomb": "aliases repeat too much",
    "yaml-alias": "an alias has no anchor",
    "yaml-merge": "a merge key (`<<`) stands in a mapping",
    "yaml-tag": "a tag that means nothing here",
    "yaml-key": "a key of a mapping is no text",
    "yaml-duplicate-key": "a key stands twice in a mapping",
    "yaml-number": "a number that JSON does not know",
    "yaml-document": "a document is not a mapping",
}

KEYS: Final[Mapping[str, str]] = {
    "no-kind": "a document does not say what it is",
    "unknown-version": "`apiVersion` names no version that this engine knows",
    "unknown-kind": "`kind` names no kind of the language",
    "unknown-key": "a key is not known where it stands",
    "missing-key": "a key that must be there is not",
    "wrong-type": "a value is of another type than its key takes",
    "bad-value": "a value is of the right type, and not one of those allowed",
    "no-effect": "a key has no effect where it stands",
}

TEXTS: Final[Mapping[str, str]] = {
    "bad-name": "a name holds characters that names cannot have",
    "bad-duration": "a duration cannot be read, or is not a sensible one here",
    "bad-time": "a time or a date cannot be read, or ends before it begins",
    "bad-target": "a target is not written as `person/…`, `schedule/…`, `team/…` or `role/…`",
    "bad-use": "a `use` is not written as `connector.action`",
    "bad-matcher": "a matcher cannot be read",
    "bad-pattern": "RE2 refuses a pattern",
    "bad-condition": "a condition cannot be read as JMESPath",
    "bad-template": "a template cannot be read as Jinja2",
    "unknown-zone": "no time zone is called this",
    "unknown-country": "no public holidays are known for this country or part of it",
}

CONDITIONS: Final[Mapping[str, str]] = {
    "unknown-field": "a field that the context does not have",
    "unknown-value": "a field never has this value",
    "unknown-function": "there is no such function",
    "wrong-arguments": "a function is called with what it does not take",
    "ordering-numbers": "`<`, `<=`, `>` and `>=` order numbers only",
    "never-equal": "two sides of a comparison can never be equal",
    "constant-condition": "a part of a condition is always true, or never",
    "not-boolean": "a value stands where a comparison was probably meant",
    "not-binds-tight": "`!` applies to less than it seems to",
    "not-a-list": "elements are asked of what is no list",
    "maybe-null": "a function breaks where a field is absent",
    "backtick-text": "a text stands in backticks without quotes",
    "too-costly": "a condition or a template takes more steps than it may",
}

NAMES: Final[Mapping[str, str]] = {
    "duplicate-name": "a name is taken already",
    "unknown-name": "what is named does not exist",
    "unknown-type": "no type of connector is called this",
    "unknown-action": "the connector has no such action",
    "team-cycle": "teams are each other's parents",
    "role-cycle": "roles lead back to themselves",
    "dependency-cycle": "services need each other in a circle",
    "reserved-name": "a name is watchbill's own",
    "second-settings": "settings stand outside `watchbill.yaml`",
    "depends-on-quarantined": "the document is left out because one that it needs is",
}

CALLS: Final[Mapping[str, str]] = {
    "bad-argument": "an argument or a setting does not fit what the connector takes",
    "collector-must-read": "evidence, verifications and probes may only read",
    "contact-must-reach": "a contact or a synthetic page uses an action that does not reach a person",
    "post-must-tell": "a post, a channel or the last resort uses an action that tells nobody",
    "hub-must-open": "a hub uses an action that neither opens a place to talk in nor tells somebody",
    "repair-may-not-reach": "a step of a remediation reaches a person or opens a place to talk in",
    "bad-binding": "a binding leads to another type of connector",
    "not-granted": "the team has no grant for what the document does",
    "secret-in-plain-text": "a secret stands in the repository",
    "failing-template": "a template fails for a service that it is for",
    "unguarded-argument": "what is told or done can fail by what an alert brings",
}

SENSE: Final[Mapping[str, str]] = {
    "undeclared-label": "a matcher uses a label that the settings do not declare",
    "ambiguous-claim": "two services claim the same alerts",
    "tied-policies": "nothing decides between two policies",
    "unreachable-policy": "another policy always wins",
    "matches-everything": "what should be narrow applies to every alert",
    "unrelated-inhibition": "nothing says what two alerts have to do with each other",
    "inhibition-ring": "alerts would hide each other, so that none is hidden",
    "equal-when-absent": "labels that nobody has let one team's alerts hide another's",
    "no-consent": "an inhibition by dependency can hide nothing",
    "silence-without-end": "a silence never ends",
    "never-opens": "a recurring time never comes",
    "unmapped-source": "nobody knows what a source of your own sends",
    "schedule-empty": "nobody is ever on call",
    "person-without-contact": "somebody on call cannot be reached",
    "paged-twice": "a level pages somebody twice",
    "unverifiable": "a remediation that runs by itself lacks what makes that safe",
    "no-approver": "approvals are asked for, and nobody may give one",
    "no-runbook": "what runs by itself does not say what people do when it fails",
}

CLOCK: Final[Mapping[str, str]] = {
    "schedule-gap": "there are times at which nobody is on call",
    "expired": "what has ended has no effect any more",
}

CAPABILITY: Final[Mapping[str, str]] = {
    "not-carried-out": "this version plans with it, and does not carry it out",
    "reaches-nobody": "whoever should be reached surely is not",
    "in-shadow": "what is in shadow touches nothing",
    "missing-secret": "a secret is not there, or the process has no leave to look it up",
    "private-address": "a connector leads to a private network without leave",
    "missing-program": "a program that should be run is not there",
    "missing-extra": "libraries are missing that an extra of watchbill brings",
}

TESTS: Final[Mapping[str, str]] = {
    "bad-table": "a table of a policy test does not fit together",
    "no-expectation": "a case of a policy test expects nothing",
    "no-delivery": "a policy test speaks of a delivery that no policy here makes",
}

IGNORING: Final[Mapping[str, str]] = {
    "bad-ignore": "findings are to be set aside in a way that cannot be followed",
    "unused-ignore": "a comment ignores what is not there",
}

RULES: Final[Mapping[str, str]] = {
    **FILES,
    **KEYS,
    **TEXTS,
    **CONDITIONS,
    **NAMES,
    **CALLS,
    **SENSE,
    **CLOCK,
    **CAPABILITY,
    **TESTS,
    **IGNORING,
}
"""All of them, in the order of the docs."""

BY_THE_CLOCK: Final = frozenset(CLOCK)
"""Rules that only the time tells whether they are broken. What they find stands in no cache, and quarantines nothing."""

BY_THE_PROCESS: Final = frozenset(("missing-secret", "private-address", "missing-program", "missing-extra"))
"""Rules that only a process which is to carry the policies out tells whether they are broken. `validate` never asks one."""

MATTERS_OF_JUDGEMENT: Final = frozenset(
    (
        *("no-effect", "unknown-field", "unknown-value", "ordering-numbers", "never-equal", "constant-condition", "not-boolean"),
        *("not-binds-tight", "not-a-list", "maybe-null", "backtick-text"),
        *("depends-on-quarantined", "undeclared-label", "ambiguous-claim", "tied-policies", "person-without-contact", "no-approver"),
        *("dependency-cycle", "unreachable-policy", "no-consent", "paged-twice", "no-runbook"),
        *("inhibition-ring", "equal-when-absent"),
        *("failing-template", "unguarded-argument", "schedule-gap", "expired", *CAPABILITY),
        "unused-ignore",
    )
)
"""Rules that may be broken on purpose: what breaks them still compiles, and does nothing that somebody else has not allowed."""

MANDATORY: Final = frozenset(RULES) - MATTERS_OF_JUDGEMENT
"""Rules whose errors nobody can set aside: without them a document cannot be compiled, or must not be carried out. A rule
is mandatory until somebody has shown that it need not be."""
