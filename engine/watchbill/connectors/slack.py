"""Slack: posts, direct messages, and the channel of an incident.

Slack takes no key for a message, so a post repeated is a second post. Channels are found by their name before they
are made, and inviting somebody who is there already changes nothing.
"""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, flag, result, several, text
from watchbill.model.policyset import Action, ConnectorType

_CHANNEL = text("The channel, by name or id.", pattern=r"^(#?[^\s#A-Z,.]{1,80}|[CGD][A-Z0-9]{8,})$", example="#payments-alerts")
_TEXT = text("What it says, in Slack's mrkdwn; the page's or the update's own text where it is left out.", longest=40_000)
_POSTED = result(
    {"channel": text("The channel's id."), "message": text("The message's time stamp, which is its id."), "url": text("Its link.")}
)
_CHANGED = result({"channel": text("The channel's id."), "name": text("Its name."), "url": text("Its link.")})

TYPE = ConnectorType(
    name="slack",
    summary="Posts to Slack, writes to people there, and opens channels for incidents.",
    settings=arguments({"workspace": text("The workspace's address, for links.", example="example.slack.com")}),
    secrets=("token", "signing_secret"),
    actions=(
        Action(
            name="post",
            carried_out=False,
            summary="Posts a message to a channel, or into a thread.",
            arguments=arguments(
                {
                    "channel": _CHANNEL,
                    "subject": text("A headline above the text.", longest=150),
                    "text": _TEXT,
                    "thread": text("The time stamp of the message to answer under."),
                },
                ("channel",),
            ),
            does="tells",
            escaping=(("channel", "none"), ("subject", "mrkdwn"), ("text", "mrkdwn"), ("thread", "none")),
            result=_POSTED,
        ),
        Action(
            name="direct",
            carried_out=False,
            summary="Sends somebody a direct message.",
            arguments=arguments(
                {
                    "to": text("Whom: a member's id, or the e-mail address of the account.", pattern=r"^([UW][A-Z0-9]{6,}|\S+@\S+)$"),
                    "text": _TEXT,
                },
                ("to",),
            ),
            does="reaches",
            escaping=(("to", "none"), ("text", "mrkdwn")),
            result=_POSTED,
        ),
        Action(
            name="open-channel",
            carried_out=False,
            summary="Makes a channel, or finds the one that has this name already.",
            arguments=arguments(
                {
                    "name": text("Its name, in lower case.", pattern=r"^#?[a-z0-9_-]{1,80}$", longest=81),
                    "topic": text("Its topic.", longest=250),
                    "private": flag("Only those invited see it."),
                },
                ("name",),
            ),
            does="opens",
            idempotent=True,
            escaping=(("name", "none"), ("topic", "none")),
            result=_CHANGED,
        ),
        Action(
            name="invite",
            carried_out=False,
            summary="Asks people into a channel.",
            arguments=arguments(
                {
                    "channel": _CHANNEL,
                    "people": several("Whom: members' ids, or the e-mail addresses of their accounts.", text("One of them."), least=1),
                },
                ("channel", "people"),
            ),
            does="opens",
            idempotent=True,
            escaping=(("channel", "none"), ("people", "none")),
            result=_CHANGED,
        ),
        Action(
            name="set-topic",
            carried_out=False,
            summary="Sets the topic of a channel.",
            arguments=arguments({"channel": _CHANNEL, "topic": text("The topic, without formatting.", longest=250)}, ("channel", "topic")),
            does="opens",
            idempotent=True,
            escaping=(("channel", "none"), ("topic", "none")),
            result=_CHANGED,
        ),
    ),
)
