"""What an action takes, made ready: how each argument is escaped, which it needs, and the check of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill.expressions.argument_check import Check, compile_arguments, converted
from watchbill.expressions.problems import CallRefused
from watchbill.model.policyset import Action
from watchbill.model.references import Json


@dataclass(frozen=True, slots=True)
class TakenArguments:
    """The arguments of one action: by which *escaping* each is filled in, which are *required*, the *schema* and its *check*."""

    escaping: Mapping[str, str]
    required: frozenset[str]
    schema: Mapping[str, Json]
    check: Check

    @classmethod
    def of(cls, action: Action) -> TakenArguments:
        """What this *action* takes."""
        required = action.arguments.get("required", ())
        names = frozenset(str(name) for name in required) if isinstance(required, list | tuple) else frozenset[str]()
        return cls(dict(action.escaping), names, action.arguments, compile_arguments(action.arguments))

    def takes(self, name: str) -> bool:
        """Whether there is an argument of this *name*."""
        properties = self.schema.get("properties")
        return isinstance(properties, Mapping) and name in properties

    def fitting(self, filled: dict[str, Json], use: str) -> dict[str, Json]:
        """These arguments as the action takes them: where it wants a number and a template gave a text, that text is read as one.

        Raises `CallRefused` where they do not fit; the message names the argument and does not say what it holds.
        """
        if self.check(filled) is None:
            return filled
        read = converted(filled, self.schema)
        assert isinstance(read, dict)
        misfit = self.check(read)
        if misfit is not None:
            raise CallRefused(misfit.sentence(use), "change the template, or match only alerts that it suits")
        return read
