"""From the name that somebody gives to `explain` to what is meant, and to what was looked at for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from watchbill.errors import UserError
from watchbill.model.explanation import Explanation, LookedAt
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Kind, Ref
from watchbill.report.counts import listing

EXPLAINED: Final[tuple[Kind, ...]] = (
    *("Person", "Service", "Escalation", "Triage", "Audience", "Comms", "Remediation", "Guardrail", "Grouping", "Silence"),
)
"""The kinds that can be asked about, in the order in which a name is looked for."""


def meant(policies: PolicySet, what: str) -> Ref:
    """The document that is meant by *what*: a name, or kind and name as ``person/bo`` and ``Escalation/payments-critical``.

    Raises UserError `unknown-name` for one that means nothing here, `ambiguous-name` for one that means several things.
    """
    kind, slash, name = what.rpartition("/")
    known = list(_known(policies))
    found = [ref for ref in known if ref.name == name and (not slash or ref.kind.lower() == kind.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        help_ = f"write {listing([f'`{ref}`' for ref in found], 'or')}"
        raise UserError(f"`{what}` may mean several things", help_, rule="ambiguous-name")
    quarantined = [
        label for label in policies.quarantined if label.partition("/")[2] == name and (not slash or label.lower() == what.lower())
    ]
    if quarantined:
        message = f"`{quarantined[0]}` does not compile, so it takes no part in anything"
        raise UserError(message, "run `watchbill validate` to see what to mend", rule="unknown-name")
    near = get_close_matches(what, [*(ref.name for ref in known), *map(str, known)], n=1)
    kinds = listing(["a person", "a service", "an audience", "a policy"], "or")
    help_ = f"did you mean `{near[0]}`?" if near else f"name {kinds} of this repository"
    raise UserError(f"nothing that can be explained is called `{what}`", help_, rule="unknown-name")


def _known(policies: PolicySet) -> Iterator[Ref]:
    tables = (
        policies.people,
        policies.services,
        policies.escalations,
        policies.triages,
        policies.audiences,
        policies.comms,
        policies.remediations,
        policies.guardrails,
        policies.groupings,
        policies.silences,
    )
    for table in tables:
        yield from (document.ref for document in table.values())


def looked_at_for(policies: PolicySet, explanation: Explanation, about: Ref | None) -> tuple[LookedAt, ...]:
    """What was looked at for this document, everything for None: an audience has the Comms that are for it."""
    everything = (*explanation.services, *explanation.policies)
    if about is None:
        return everything
    if about.kind == "Audience":
        names = {comms.ref for comms in policies.comms.values() if comms.audience == about.name}
        return tuple(each for each in everything if each.policy in names)
    return tuple(each for each in everything if each.policy == about)


def named_in(known: Sequence[str], what: str) -> tuple[str, str]:
    """The person or the policy that is meant by *what*, of an incident with these *known* policies; the other one is empty.

    Whoever is no policy is a person: that they had no part in it is an answer too. Raises UserError `unknown-name` for what is
    nearly a policy, or called one.
    """
    kind, slash, name = what.rpartition("/")
    found = [full for full in known if full.partition("/")[2] == name and (not slash or full.partition("/")[0].lower() == kind.lower())]
    if found:
        return "", name
    if slash and kind.lower() == "person":
        return name, ""
    near = get_close_matches(what, [*known, *(full.partition("/")[2] for full in known)], n=1, cutoff=0.75)
    if near or slash:
        help_ = f"did you mean `{near[0]}`?" if near else f"it is {listing([f'`{full}`' for full in known], 'or')}"
        raise UserError(f"nothing was recorded of `{what}`", help_, rule="unknown-name")
    return what, ""
