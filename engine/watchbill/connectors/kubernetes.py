"""A Kubernetes cluster: look at workloads, and restart, undo, scale, cordon or delete them.

What makes an action here repeatable is said beside it: `rollout-restart` marks the pod template with
the step's id, so that the same step again changes nothing; `rollout-undo` without a revision would
undo its own undoing, and a deleted pod may come back under the same name.
"""

from __future__ import annotations

from watchbill.connectors.schemas import Schema, arguments, duration, flag, maybe, one_of, result, several, text, whole
from watchbill.model.policyset import Action, ConnectorType

_NAME = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
_LABEL_NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"

_NAMESPACE = text("The namespace; the connector's own where it is left out.", pattern=_LABEL_NAME)
_SELECTOR = text("A label selector, as `kubectl -l` takes it.", example="app=checkout,tier!=canary")
_POD = text("The pod's name.", pattern=_NAME)
_NODE = text("The node's name.", pattern=_NAME)
_WORKLOADS = ("deployment", "statefulset", "daemonset")

_WORKLOAD: dict[str, Schema] = {
    "deployment": text("The deployment's name.", pattern=_NAME),
    "statefulset": text("The stateful set's name.", pattern=_NAME),
    "daemonset": text("The daemon set's name.", pattern=_NAME),
    "namespace": _NAMESPACE,
}

_CHANGED = result(
    {
        "kind": text("What was changed."),
        "name": text("Its name."),
        "namespace": maybe(text("Its namespace; null for what has none, as a node.")),
        "generation": maybe(whole("The generation after the change.")),
    }
)


def _exactly_one_workload(more: dict[str, Schema], *, of: tuple[str, ...] = _WORKLOADS, required: tuple[str, ...] = ()) -> Schema:
    """Arguments that name exactly one workload, of the kinds *of*, with *more* besides it."""
    left_out = set(_WORKLOADS) - set(of)
    properties = {name: schema for name, schema in _WORKLOAD.items() if name not in left_out}
    return {**arguments({**properties, **more}, required), "oneOf": [{"required": [name]} for name in of]}


def _in_path(*names: str) -> tuple[tuple[str, str], ...]:
    """These arguments become parts of a request's path or query."""
    return tuple((name, "url") for name in names)


_READS = (
    Action(
        name="get",
        carried_out=False,
        summary="Lists objects of a kind, with the conditions that say how they are.",
        arguments=arguments(
            {
                "kind": text("A kind, as `kubectl get` takes it.", example="deployment"),
                "name": text("Only the one of this name.", pattern=_NAME),
                "selector": _SELECTOR,
                "namespace": _NAMESPACE,
                "limit": whole("How many at most.", least=1, most=500, default=50),
            },
            ("kind",),
        ),
        does="reads",
        idempotent=True,
        escaping=_in_path("kind", "name", "selector", "namespace"),
        result=result(
            {
                "items": several(
                    "The objects, by name.",
                    result(
                        {
                            "name": text("Its name."),
                            "namespace": maybe(text("Its namespace.")),
                            "ready": maybe(whole("How many replicas or containers are ready.")),
                            "desired": maybe(whole("How many there should be.")),
                            "restarts": maybe(whole("How often its containers were restarted.")),
                            "phase": maybe(text("Its phase or the reason why it waits.", example="CrashLoopBackOff")),
                            "age_seconds": whole("How old it is."),
                        }
                    ),
                ),
                "count": whole("How many there are."),
                "ready": whole("Replicas that are ready, of all of them together."),
                "desired": whole("Replicas that there should be, of all of them together."),
            }
        ),
    ),
    Action(
        name="describe",
        carried_out=False,
        summary="Describes one object as `kubectl describe` does, its events included.",
        arguments=arguments(
            {
                "kind": text("A kind, as `kubectl describe` takes it.", example="pod"),
                "name": text("Its name.", pattern=_NAME),
                "namespace": _NAMESPACE,
            },
            ("kind", "name"),
        ),
        does="reads",
        idempotent=True,
        escaping=_in_path("kind", "name", "namespace"),
        result=result({"text": {"type": "string", "description": "The description."}}),
    ),
    Action(
        name="events",
        carried_out=False,
        summary="Lists recent events, the newest first.",
        arguments=arguments(
            {
                "namespace": _NAMESPACE,
                "name": text("Only those about the object of this name.", pattern=_NAME),
                "type": one_of("Only those of this type.", "Warning", "Normal"),
                "range": duration("How far back to look; a cluster forgets after an hour by default.", "1h"),
                "limit": whole("How many at most.", least=1, most=500, default=50),
            }
        ),
        does="reads",
        idempotent=True,
        escaping=(*_in_path("namespace", "name", "type"), ("range", "none")),
        result=result(
            {
                "events": several(
                    "The events.",
                    result(
                        {
                            "at": text("When it was last seen, in RFC 3339."),
                            "type": text("Normal or Warning."),
                            "reason": text("The reason in one word.", example="BackOff"),
                            "object": text("What it is about.", example="pod/checkout-7c9d"),
                            "message": {"type": "string", "description": "What happened."},
                            "times": whole("How often."),
                        }
                    ),
                ),
                "count": whole("How many events there are."),
            }
        ),
    ),
    Action(
        name="logs",
        carried_out=False,
        summary="Reads the last lines of pods' containers.",
        arguments={
            **arguments(
                {
                    "pod": _POD,
                    "selector": _SELECTOR,
                    "container": text("The container; the only one, or the default one, where it is left out.", pattern=_LABEL_NAME),
                    "namespace": _NAMESPACE,
                    "previous": flag("Of the container that ended before the present one; what a crash loop said last."),
                    "lines": whole("How many lines of each at most.", least=1, most=5000, default=100),
                    "range": duration("How far back to look."),
                }
            ),
            "oneOf": [{"required": ["pod"]}, {"required": ["selector"]}],
        },
        does="reads",
        idempotent=True,
        escaping=(*_in_path("pod", "selector", "container", "namespace"), ("range", "none")),
        result=result({"text": {"type": "string", "description": "The lines, each with its pod."}, "count": whole("How many lines.")}),
    ),
)

_CHANGES = (
    Action(
        name="rollout-restart",
        carried_out=False,
        summary="Replaces the pods of a workload a few at a time, as its strategy says.",
        arguments=_exactly_one_workload({}),
        idempotent=True,
        escaping=_in_path(*_WORKLOADS, "namespace"),
        result=_CHANGED,
    ),
    Action(
        name="rollout-undo",
        carried_out=False,
        summary="Goes back to an earlier revision of a workload: to the one before, where none is named.",
        arguments=_exactly_one_workload({"to_revision": whole("The revision to go back to.", least=1)}),
        escaping=_in_path(*_WORKLOADS, "namespace"),
        result=_CHANGED,
    ),
    Action(
        name="scale",
        carried_out=False,
        summary="Sets how many replicas a workload has.",
        arguments=_exactly_one_workload(
            {
                "replicas": whole("How many there shall be.", most=1000),
                "from_replicas": whole("Only if there are this many now; anything else is refused."),
            },
            of=("deployment", "statefulset"),
            required=("replicas",),
        ),
        idempotent=True,
        escaping=_in_path("deployment", "statefulset", "namespace"),
        result=_CHANGED,
    ),
    Action(
        name="delete-pod",
        carried_out=False,
        summary="Deletes one pod, which its controller then replaces.",
        arguments=arguments(
            {
                "pod": _POD,
                "namespace": _NAMESPACE,
                "grace": duration("How long it has to end by itself; its own setting where this is left out."),
            },
            ("pod",),
        ),
        escaping=(*_in_path("pod", "namespace"), ("grace", "none")),
        result=_CHANGED,
    ),
    Action(
        name="cordon",
        carried_out=False,
        summary="Keeps new pods off a node; those on it stay.",
        arguments=arguments({"node": _NODE}, ("node",)),
        idempotent=True,
        escaping=_in_path("node"),
        result=_CHANGED,
    ),
    Action(
        name="uncordon",
        carried_out=False,
        summary="Lets new pods onto a node again.",
        arguments=arguments({"node": _NODE}, ("node",)),
        idempotent=True,
        escaping=_in_path("node"),
        result=_CHANGED,
    ),
)

TYPE = ConnectorType(
    name="kubernetes",
    summary="Looks at and changes workloads of one cluster.",
    settings=arguments(
        {
            "context": text("The context of the kubeconfig to use; inside a cluster it may be left out."),
            "namespace": text("The namespace where an action names none.", pattern=_LABEL_NAME),
        }
    ),
    secrets=("kubeconfig", "token"),
    actions=_READS + _CHANGES,
)
