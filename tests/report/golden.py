"""Whole plans and explanations as they are meant to look, kept as files that people can read.

`python -m tests.report.golden` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.report.explanations import a_hidden_answer, a_silenced_answer, an_answer, the
from tests.report.makers import a_plan, a_small_plan
from watchbill.report.explain_text import answers_text
from watchbill.report.plan_markdown import plan_markdown
from watchbill.report.plan_text import plan_text

EXPECTED: Final = Path(__file__).with_name("expected")

GOLDEN: Final[Mapping[str, Callable[[], str]]] = {
    "plan-40.txt": lambda: plan_text(a_plan(quarantined=("Triage/hosts",)), width=40),
    "plan-80.txt": lambda: plan_text(a_plan(quarantined=("Triage/hosts",)), width=80),
    "plan-120.txt": lambda: plan_text(a_plan(quarantined=("Triage/hosts",)), width=120),
    "plan-80-colour.txt": lambda: plan_text(a_plan(), width=80, colour=True),
    "plan-small.txt": lambda: plan_text(a_small_plan(), width=80),
    "explain-40.txt": lambda: answers_text([an_answer()], width=40),
    "explain-80.txt": lambda: answers_text([an_answer()], width=80),
    "explain-person-40.txt": lambda: answers_text([an_answer(the("Person", "bo"))], width=40),
    "explain-person-80.txt": lambda: answers_text([an_answer(the("Person", "bo"))], width=80),
    "explain-person-120.txt": lambda: answers_text([an_answer(the("Person", "bo"))], width=120),
    "explain-policy-80.txt": lambda: answers_text([an_answer(the("Remediation", "restart-checkout"))], width=80),
    "explain-audience-80.txt": lambda: answers_text([an_answer(the("Audience", "customers"))], width=80),
    "explain-silence-80.txt": lambda: answers_text([a_silenced_answer()], width=80),
    "explain-inhibition-80.txt": lambda: answers_text([a_hidden_answer()], width=80),
    "plan.md": lambda: plan_markdown(a_plan(quarantined=("Triage/hosts",))),
}

if __name__ == "__main__":
    for name, made in GOLDEN.items():
        (EXPECTED / name).write_text(made(), encoding="utf-8", newline="\n")
