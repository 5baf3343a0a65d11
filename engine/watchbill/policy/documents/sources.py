"""What is written in `policies/` about where alerts come from: sources, and watchbill's own probes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Discriminator, JsonValue, Tag

from watchbill.policy.documents.repair import SecretText
from watchbill.policy.documents.section import Document, Duration, Maybe, Name, OwnedMetadata, Section, Use, key, shape

SourceType = Literal[
    "alertmanager", "prometheus", "grafana", "pagerduty", "datadog", "cloudwatch", "sentry", "opsgenie", "cloudevents", "custom"
]
SecretOrSecrets = Annotated[Annotated[SecretText, Tag("text")] | Annotated[list[SecretText], Tag("list")], Discriminator(shape)]
_SECRET = "A reference to the secret, `env/NAME` or `file/NAME`; of several any one will do."

# --- sources --------------------------------------------------------------------------


class Bearer(Section):
    """A token that is sent along."""

    secret: SecretOrSecrets = key(_SECRET, "env/UPTIME_TOKEN", ["env/UPTIME_TOKEN", "env/UPTIME_TOKEN_NEXT"])
    header: Maybe[str] = key(
        "The header it stands in, after `Bearer`; any other than `Authorization` has it alone. PagerDuty's events say `routing_key`.",
        "X-Token",
        default=None,
    )


class Basic(Section):
    """A name and a password."""

    username: str = key("The name.", "uptime")
    secret: SecretOrSecrets = key(_SECRET, "env/UPTIME_PASSWORD")


class Hmac(Section):
    """A signature (HMAC-SHA256) of what is sent."""

    secret: SecretOrSecrets = key(_SECRET, "env/UPTIME_KEY")
    header: Maybe[str] = key(
        "The header with the signature; left out, that of the source's type, if it has one.", "X-Uptime-Signature", default=None
    )
    prefix: str = key(
        "What stands before the signature; left out, `v1=` in `X-PagerDuty-Signature` and `sha256=` in `X-Hub-Signature-256`.",
        "sha256=",
        default="",
    )
    encoding: Literal["hex", "base64"] = key("How the signature is written.", "base64", default="hex")
    timestamp: Maybe[str] = key(
        "The header whose value, seconds since 1970, and a colon are signed before the body; only the body where left out.",
        "X-Uptime-Time",
        default=None,
    )


class Auth(Section):
    """How a source proves that it is itself: in one way."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["bearer"]}, {"required": ["basic"]}, {"required": ["hmac"]}]})

    bearer: Maybe[Bearer] = key("By a token.", {"secret": "env/UPTIME_TOKEN"}, default=None)
    basic: Maybe[Basic] = key("By a name and a password.", {"username": "uptime", "secret": "env/UPTIME_PASSWORD"}, default=None)
    hmac: Maybe[Hmac] = key("By a signature.", {"secret": "env/UPTIME_KEY", "header": "X-Uptime-Signature"}, default=None)


class FieldKeys(Section):
    """Where one field of an alert comes from."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["from"]}, {"required": ["default"]}]})

    from_: Maybe[str] = key("A JMESPath expression over one item.", "monitor.name", alias="from", default=None)
    map: dict[str, str] = key(
        "What its values become; those that are not here stay.", {"DOWN": "firing", "UP": "resolved"}, default_factory=dict
    )
    default: Maybe[str] = key("What it is where the item has nothing.", "firing", default=None)


_CUSTOM: list[JsonValue] = [
    {
        "if": {"properties": {"type": {"const": "custom"}}, "required": ["type"]},
        "then": {"required": ["fields"], "properties": {"fields": {"required": ["labels.alertname"]}}},
    }
]
"""What a source of an unknown form needs besides; the compiler says it in words."""


class SourceSpec(Section):
    """What is sent, and how it is known to be genuine."""

    model_config = ConfigDict(json_schema_extra={"allOf": _CUSTOM})

    type: SourceType = key("What sends; `custom` for whatever is not known.", "alertmanager")
    auth: Maybe[Auth] = key("How it proves that it is itself.", {"bearer": {"secret": "env/UPTIME_TOKEN"}}, default=None)
    labels: dict[str, str] = key(
        "Labels for those of its alerts that do not have them: what a sender cannot say, and is true of all it sends.",
        {"severity": "warning"},
        default_factory=dict,
    )
    alerts: Maybe[str] = key(
        "For `custom`, a JMESPath expression that gives the list of alerts; the whole payload where left out.", "incidents[]", default=None
    )
    fields: dict[str, FieldKeys] = key(
        "For `custom`, the fields of an alert: `status`, `starts_at`, `ends_at`, `generator_url`, `fingerprint` (what the sender calls it "
        "from its beginning to its end), `labels.NAME` and `annotations.NAME`.",
        {"status": {"from": "state", "map": {"DOWN": "firing", "UP": "resolved"}}, "labels.alertname": {"from": "monitor.name"}},
        default_factory=dict,
    )


class Source(Document):
    """A sender of alerts: how it proves itself and, where its form is not known, where the fields of an alert are."""

    kind: Literal["Source"] = key("The kind of document.", "Source")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "uptime", "team": "platform"})
    spec: SourceSpec = key("What is declared.", {"type": "alertmanager"})


# --- probes ---------------------------------------------------------------------------


class ProbeAlertKeys(Section):
    """The alert that a failing probe fires. `service` is the probe's."""

    name: str = key("Its `alertname`.", "CheckoutHomeDown")
    severity: Literal["critical", "warning", "info"] = key("How bad it is.", "critical")
    labels: dict[str, str] = key("Further labels.", {"component": "http"}, default_factory=dict)
    annotations: dict[str, str] = key("What people are told besides.", {"summary": "The home page does not answer."}, default_factory=dict)


class ProbeSpec(Use):
    """What is looked at, how often, and what is expected."""

    service: Name = key("The service that it is about.", "checkout")
    every: Duration = key("How often.", "1m")
    timeout: Duration = key("How long it may take; no answer is a failure.", "10s", default="10s")
    expect: str = key("A JMESPath condition over the action's result.", "status == `200`")
    for_: Duration = key("How long it must fail unbroken before it is an alert.", "3m", alias="for", default="0s")
    alert: ProbeAlertKeys = key("The alert that it fires.", {"name": "CheckoutHomeDown", "severity": "critical"})


class Probe(Document):
    """A check that watchbill itself runs, for teams without monitoring."""

    kind: Literal["Probe"] = key("The kind of document.", "Probe")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "checkout-home", "team": "payments"})
    spec: ProbeSpec = key("What is declared.", {"service": "checkout", "use": "web.get", "every": "1m", "expect": "status == `200`"})
