"""PostgreSQL, read only: every query runs in a read-only transaction with a time limit.

Rule: nothing is filled into SQL. Values stand as ``$1``, ``$2`` in the query and come in `parameters`, so
that what an alert's label says can never become a part of the statement.
"""

from __future__ import annotations

from watchbill.connectors.schemas import Schema, arguments, named, result, several, text, whole
from watchbill.model.policyset import Action, ConnectorType

_VALUE = ["string", "number", "boolean", "null"]

_ARGUMENTS: Schema = {
    **arguments(
        {
            "query": text(
                "The statement, as it is: values stand as `$1`, `$2` in it and come in `parameters`.",
                example="select count(*) from pg_stat_activity where datname = $1",
            ),
            "parameters": several("The values of `$1`, `$2` and so on.", {"type": list(_VALUE)}),
            "limit": whole("How many rows at most.", least=1, most=1000, default=50),
        },
        ("query",),
    ),
    # Said of the arguments as a whole, because a text with a template in it is let pass as a text of any form.
    "description": "write the value as `$1` in `query`, without a template, and the template in `parameters`",
    "not": {"properties": {"query": {"pattern": r"\{[{%]"}}, "required": ["query"]},
}

TYPE = ConnectorType(
    name="postgres",
    summary="Reads from a PostgreSQL database.",
    settings=arguments(
        {
            "url": text(
                "The database, without a password.",
                pattern=r"^postgres(ql)?://[^\s:@]*@?[^\s@]+$",
                example="postgresql://watchbill@db.example.com/orders",
            ),
            "role": text("The role to take before a query.", pattern=r"^[a-z_][a-z0-9_]*$"),
        },
        ("url",),
    ),
    secrets=("password",),
    actions=(
        Action(
            name="query",
            carried_out=False,
            summary="Runs one SELECT in a read-only transaction.",
            arguments=_ARGUMENTS,
            does="reads",
            idempotent=True,
            # Parameters are bound, never written into the statement.
            escaping=(("query", "none"), ("parameters", "none")),
            result=result(
                {
                    "value": {
                        "type": list(_VALUE),
                        "description": "The first column of the only row; null where there are several rows or none.",
                    },
                    "rows": several("The rows.", named("Columns by name.", {"type": list(_VALUE)})),
                    "count": whole("How many rows there are."),
                }
            ),
        ),
    ),
)
