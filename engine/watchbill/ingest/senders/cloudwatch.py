"""Amazon CloudWatch: alarms through SNS, in its envelope or raw, and as EventBridge passes them on.

The alarm's ARN is its identity. INSUFFICIENT_DATA fires: it is sent only where somebody asked for it, and an alarm that was
wrong before is not known to be right. A request to confirm a subscription is no alert, and is said to people; nothing here
opens a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from watchbill.ingest.document import Part, inner_document, part_of
from watchbill.ingest.payload import Notice
from watchbill.ingest.problems import Problem
from watchbill.ingest.senders.report import Report, label_name

HELP: Final = "let the alarm's action be an SNS topic, and subscribe this address to it"

_STATES: Final = ("alarm", "ok", "insufficient_data")
_SIGNED: Final = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_OF_NOTIFICATIONS: Final = frozenset(("SubscribeURL", "Token"))
_CONSOLE: Final = "https://{0}.console.aws.amazon.com/cloudwatch/home?region={0}#alarmsV2:alarm/{1}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message of SNS: what its signature is checked with. *signed* is the text that the signature is over."""

    kind: str
    topic: str
    message_id: str
    signature: str
    signature_version: str
    certificate_url: str
    signed: bytes


def envelope_of(whole: Part) -> Envelope | None:
    """The envelope that *whole* is, or None. Its signature is not verified."""
    if not ("Type" in whole and "TopicArn" in whole):
        return None
    kind = whole.needed("Type")
    left_out = _OF_NOTIFICATIONS if kind == "Notification" else {"Subject"}
    pairs = ((name, whole.text(name)) for name in _SIGNED if name not in left_out and name in whole)
    signed = "".join(f"{name}\n{text}\n" for name, text in pairs).encode()
    proof = (whole.text("Signature"), whole.text("SignatureVersion"), whole.text("SigningCertURL", "SigningCertUrl"))
    return Envelope(kind, whole.text("TopicArn"), whole.text("MessageId"), *proof, signed)


def read(whole: Part, source: str) -> tuple[list[Report], list[Notice]]:
    """What one message says."""
    envelope = envelope_of(whole)
    if envelope is None:
        return _alarm(whole)
    if envelope.kind == "SubscriptionConfirmation":
        return [], [_to_confirm(envelope, whole.text("SubscribeURL"))]
    if envelope.kind == "UnsubscribeConfirmation":
        help = "where nobody meant that, subscribe this address again"
        return [], [Notice("nothing", f"SNS will send nothing more of {envelope.topic}", help)]
    whole.word("Type", "notification")
    inner = inner_document(whole.needed("Message"), whole.at("Message"), "a CloudWatch alarm as JSON", HELP)
    return _alarm(part_of(inner, whole.at("Message"), "a CloudWatch alarm", HELP))


def _to_confirm(envelope: Envelope, link: str) -> Notice:
    text = f"SNS asks whether it may send {envelope.topic} here: a person must confirm that"
    if not _leads_to_amazon(link):
        return Notice("confirm", text, "its link does not lead to Amazon, so it is not shown: confirm nothing")
    return Notice("confirm", text, f"if the topic is yours, open {link}", link=link)


def _leads_to_amazon(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return False
    return link.isprintable() and parts.scheme == "https" and host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _alarm(alarm: Part) -> tuple[list[Report], list[Notice]]:
    if alarm.text("detail-type") == "CloudWatch Alarm State Change":
        return [_of_event(alarm, alarm.part("detail"))], []
    if "AlarmName" not in alarm:
        raise Problem("an alarm with `AlarmName`, or the SNS message around it", "an object without it", HELP, alarm.path)
    report = _report(alarm, alarm.word("NewStateValue", *_STATES))
    trigger, name = alarm.part("Trigger"), alarm.needed("AlarmName")
    _locate(report, name, alarm.text("AlarmArn"), alarm.text("AWSAccountId"))
    dimensions = {each.needed("name"): each.text("value") for each in trigger.parts("Dimensions")}
    _measure(report, trigger.text("Namespace"), trigger.text("MetricName"), dimensions)
    report.annotate(summary=alarm.text("NewStateReason") or name, description=alarm.text("AlarmDescription"))
    _time(report, alarm, "StateChangeTime")
    return [report], []


def _of_event(event: Part, detail: Part) -> Report:
    """The alarm as EventBridge tells of it."""
    state, name = detail.part("state"), detail.needed("alarmName")
    report = _report(state, state.word("value", *_STATES))
    _locate(report, name, next(iter(event.words("resources")), ""), event.text("account"))
    report.label(region=event.text("region"))
    configuration = detail.part("configuration")
    for each in configuration.parts("metrics")[:1]:
        metric = each.part("metricStat").part("metric")
        _measure(report, metric.text("namespace"), metric.text("name"), dict(metric.part("dimensions").written()))
    report.annotate(summary=state.text("reason") or name, description=configuration.text("description"))
    _time(report, state, "timestamp")
    return report


def _report(part: Part, state: str) -> Report:
    report = Report(part, "resolved" if state == "ok" else "firing")
    if state == "insufficient_data":
        report.annotate(state="INSUFFICIENT_DATA")
    return report


def _locate(report: Report, name: str, arn: str, account: str) -> None:
    parts = arn.split(":")
    region = parts[3] if len(parts) > 3 else ""
    report.key = arn or f"{account} {name}"
    report.label(alertname=name, account=account, region=region)
    if arn.startswith("arn:aws:") and region.replace("-", "").isalnum() and region.isascii():
        report.link = _CONSOLE.format(region, quote(name, safe=""))


def _measure(report: Report, namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    report.label(namespace=namespace, metric=metric, service=dimensions.get("ServiceName", ""))
    report.label(instance=dimensions.get("InstanceId") or (next(iter(dimensions.values())) if len(dimensions) == 1 else ""))
    report.label(**{label_name(each): value for each, value in dimensions.items()})


def _time(report: Report, part: Part, name: str) -> None:
    if report.status == "resolved":
        report.ends_at = part.time(name)
    else:
        report.starts_at = part.time(name)
