"""Sources and probes: from documents to the model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from watchbill.model.alert import OWN_SOURCE
from watchbill.model.sources import Probe, ProbeAlert, Source, SourceAuth, SourceField
from watchbill.policy.compile import texts
from watchbill.policy.compile.calls import FOR_PROBES, SECRET_HELP, result_type, use
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.policies import expect_owner
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import sources as written
from watchbill.policy.secrets import is_reference, looks_secret
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

_FIELDS: Final = ("status", "starts_at", "ends_at", "generator_url", "fingerprint")
_SIGNED: Final = frozenset(("grafana", "pagerduty", "sentry"))
"""Types of sources that sign what they send, and so have a header for it."""
_SHORTEST: Final = timedelta(seconds=1)

# --- sources --------------------------------------------------------------------------


def source(bench: Workbench, draft: Draft) -> Source:
    """A sender of alerts."""
    spec: written.SourceSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    if draft.ref.name == OWN_SOURCE:
        said = f"`{OWN_SOURCE}` is the source of the incidents that people declare by hand"
        (draft.top / "metadata" / "name").report("reserved-name", said, "give it another name")
    if spec.type == "custom":
        _check_mapped(at, spec)
    else:
        for key in ("alerts", "fields"):
            if getattr(spec, key):
                said = f"`{key}` has no effect on a source of the type {spec.type}"
                help = "take it away, or write `type: custom`"
                draft.report("no-effect", (at / key).key_place, said, help, "warning")
    return Source(
        ref=draft.ref,
        type=spec.type,
        auth=_auth(at / "auth", spec.auth, spec.type) if spec.auth else None,
        alerts=texts.value(at / "alerts", spec.alerts) if spec.alerts is not None else None,
        fields=tuple(_field(at / "fields" / name, name, keys) for name, keys in spec.fields.items()),
        labels=_labels(at / "labels", spec.labels),
    )


def _labels(at: At, labels: Mapping[str, str]) -> Mapping[str, str]:
    """Labels for alerts that lack them. Not their name: a source that has one name for all tells nothing apart."""
    for name, value in labels.items():
        if name == "alertname":
            said = "`alertname` cannot be the same for all alerts of a source"
            at.draft.report("bad-value", (at / name).key_place, said, "take it away; each alert says what it is called")
        elif not name.strip() or not value:
            at.draft.report(
                "bad-value", (at / name).key_place, f"the label {quoted(name)} is empty", "write a name and a value, or take it away"
            )
    return dict(labels)


def _check_mapped(at: At, spec: written.SourceSpec) -> None:
    """A source whose form is not known says at least what its alerts are called."""
    if not spec.fields:
        said = "a source of the type `custom` needs `fields`: nobody else knows what it sends"
        at.draft.report("unmapped-source", at.key_place, said, 'begin with `labels.alertname: {from: "…"}`')
    elif "labels.alertname" not in spec.fields:
        said = "no field says what an alert of this source is called"
        (at / "fields").draft.report("unmapped-source", (at / "fields").key_place, said, 'add `labels.alertname: {from: "…"}`')


def _field(at: At, name: str, keys: written.FieldKeys) -> SourceField:
    kind, dot, label = name.partition(".")
    if not (name in _FIELDS or (kind in ("labels", "annotations") and dot and label.strip())):
        known = [*_FIELDS, "labels.NAME", "annotations.NAME"]
        guess = nearest(kind, ["labels", "annotations"]) if dot else nearest(name, _FIELDS)
        help = choice(f"{guess}.{label}" if dot and guess else guess, known, "fields of an alert")
        at.draft.report("unknown-key", at.key_place, f"an alert has no field {quoted(name)}", help)
    if keys.from_ is None and keys.default is None:
        at.draft.report(
            "missing-key", at.key_place, f"nothing says what {quoted(name)} is", "add `from`, a JMESPath expression, or `default`"
        )
    if keys.from_ is None and keys.map:
        place = (at / "map").key_place
        at.draft.report("no-effect", place, "`map` has no effect without `from`", "say with `from` what is looked up", "warning")
    if name == "status":
        _check_status(at, keys)
    elif name in ("starts_at", "ends_at") and keys.default is not None:
        texts.instant(at / "default", keys.default)
    expression = texts.value(at / "from", keys.from_) if keys.from_ is not None else None
    return SourceField(name, expression, at.place, tuple(keys.map.items()), keys.default)


def _check_status(at: At, keys: written.FieldKeys) -> None:
    words = ("firing", "resolved")
    spots = {at / "map" / name: word for name, word in keys.map.items()} | ({at / "default": keys.default} if keys.default else {})
    for spot, word in spots.items():
        if word not in words:
            spot.report("bad-value", f"a status cannot be {quoted(word)}", choice(nearest(word, words), words, "words it knows"))


def _auth(at: At, keys: written.Auth, type: str) -> SourceAuth | None:
    given = [each for each in (keys.bearer, keys.basic, keys.hmac) if each is not None]
    if len(given) != 1:
        at.report("bad-value", "a source proves itself in one way", "write one of `bearer`, `basic` and `hmac`")
        return None
    if keys.bearer is not None:
        return SourceAuth("bearer", _secrets(at / "bearer" / "secret", keys.bearer.secret), keys.bearer.header or "")
    if keys.basic is not None:
        return SourceAuth("basic", _secrets(at / "basic" / "secret", keys.basic.secret), username=keys.basic.username)
    signed = given[0]
    assert isinstance(signed, written.Hmac)
    if signed.header is None and type not in _SIGNED:
        said = "missing key `header` in `hmac`"
        help = "name the header that has the signature: `header: X-Uptime-Signature`"
        at.draft.report("missing-key", (at / "hmac").key_place, said, help)
    return SourceAuth(
        scheme="hmac",
        secrets=_secrets(at / "hmac" / "secret", signed.secret),
        header=signed.header or "",
        prefix=signed.prefix,
        encoding=signed.encoding,
        timestamp=signed.timestamp or "",
    )


def _secrets(at: At, written: str | list[str]) -> tuple[str, ...]:
    """References to secrets; never a secret itself."""
    if not written:
        at.report("bad-value", "`secret` is empty", "refer to it: `env/NAME` or `file/NAME`")
    spots = {at: written} if isinstance(written, str) else {at / index: each for index, each in enumerate(written)}
    for spot, text in spots.items():
        if text and not is_reference(text):
            name = f"{at.draft.name}_secret".upper().replace("-", "_")
            spot.report("secret-in-plain-text", "`secret` is not a reference to a secret", f"write `env/{name}` or `file/NAME`")
    return tuple(spots.values())


# --- probes ---------------------------------------------------------------------------


def probe(bench: Workbench, draft: Draft) -> Probe | None:
    """A probe; left out where its connector is."""
    spec: written.ProbeSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    _check_service(bench, at / "service", spec.service)
    every = texts.duration(at / "every", spec.every, least=_SHORTEST)
    timeout = texts.some_duration(at / "timeout", spec.timeout)
    if timeout > every and not draft.is_left_out:
        said = f"`timeout` is {quoted(spec.timeout)}, and the next look is due after {quoted(spec.every)}"
        (at / "timeout").report("bad-duration", said, "let it be no longer than `every`")
    hold_for = texts.duration(at / "for", spec.for_)
    alert = _alert(at / "alert", spec.alert)
    call = use(bench, at, spec, "probe", FOR_PROBES)
    if call is None:
        if not draft.is_left_out:
            draft.leave_out(at / "use", f"Connector/{spec.use.partition('.')[0]}")
        return None
    expect = texts.condition(at / "expect", spec.expect, result_type(bench, call))
    return Probe(draft.ref, spec.service, call, every, timeout, expect, alert, hold_for)


def _check_service(bench: Workbench, at: At, name: str) -> None:
    """A probe is about a service that there is, and that policies of its team apply to."""
    if not bench.names.expect(at, "Service", name):
        return
    found = bench.names.find("Service", name)
    team = at.draft.team
    if found is not None and found.team and not bench.grants.reaches(team, found.team):
        said = f"a probe of `{team}` cannot speak for the service `{name}`, which belongs to `{found.team}`"
        at.report("not-granted", said, f"ask for `{{to: team/{team}, services_of: [{found.team}]}}` in the grants of `watchbill.yaml`")


def _alert(at: At, keys: written.ProbeAlertKeys) -> ProbeAlert:
    if not keys.name.strip():
        (at / "name").report("bad-value", "an alert without a name", "write what it is called: `CheckoutHomeDown`")
    for name in keys.labels:
        if name in ("alertname", "service", "severity"):
            said = f"the label `{name}` of this alert is set already"
            at.draft.report("bad-value", (at / "labels" / name).key_place, said, "take it away; `name`, `service` and `severity` say it")
    texts_: Mapping[str, Mapping[str, str]] = {"labels": keys.labels, "annotations": keys.annotations}
    for key, pairs in texts_.items():
        for name, text in pairs.items():
            if looks_secret(text):
                (at / key / name).report("secret-in-plain-text", f"`{name}` looks like a secret", SECRET_HELP)
    return ProbeAlert(keys.name, keys.severity, keys.labels, keys.annotations)
