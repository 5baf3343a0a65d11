"""The application: which path leads where, and what holds for every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchbill.errors import WatchbillError
from watchbill.server import acting, alertmanager, declaration, health, incidents, ingesting, linked, silences, watching
from watchbill.server.access import check_where_from
from watchbill.server.answers import Problem, problem_of
from watchbill.server.house import House

Endpoint = Callable[[Request], Awaitable[Response]]

ACCESS_HEADER: Final = "x-watchbill-access"


def _route(path: str, endpoint: Endpoint, *methods: str) -> Route:
    return Route(path, endpoint, methods=list(methods) or ["GET"])


def routes() -> list[Route]:
    """Every path that is served."""
    found = [
        # What monitoring systems post, and what tools that know Alertmanager read.
        _route("/api/v2/alerts", ingesting.alerts_v2, "POST"),
        _route("/api/v2/alerts", alertmanager.alerts_v2),
        _route("/api/v2/alerts/groups", alertmanager.groups),
        _route("/api/v2/receivers", alertmanager.receivers),
        _route("/api/v2/silences", silences.listed_v2),
        _route("/api/v2/silences", silences.made_v2, "POST"),
        _route("/api/v2/silence/{silence}", silences.one_v2),
        _route("/api/v2/silence/{silence}", silences.expired_v2, "DELETE"),
        _route("/api/v2/status", alertmanager.status),
        _route("/v1/ingest/{source}", ingesting.source, "POST", "OPTIONS"),
        _route("/v1/deliveries", ingesting.delivery, "POST"),
        # Incidents.
        _route("/v1/incidents", incidents.listing),
        _route("/v1/incidents", declaration.opened, "POST"),
        _route("/v1/incidents/{incident}", incidents.one),
        _route("/v1/incidents/{incident}/timeline", incidents.timeline),
        _route("/v1/incidents/{incident}/explain", incidents.explain),
        _route("/v1/events", watching.events),
        # What a page links to.
        _route("/incidents/{incident}", linked.incident),
        # Stops.
        _route("/v1/switches", incidents.all_switches),
        _route("/v1/switches/{switch}", acting.lift, "DELETE"),
        _route("/v1/freeze", acting.stop, "POST"),
        _route("/v1/kill", acting.stop, "POST"),
        # Silences.
        _route("/v1/silences", silences.listed),
        _route("/v1/silences", silences.made, "POST"),
        _route("/v1/silences/{silence}", silences.expired, "DELETE"),
        # The server itself.
        _route("/v1/status", health.status),
        _route("/metrics", health.metrics),
    ]
    found += [_route(path, health.alive, "GET") for path in ("/livez", "/-/healthy")]
    found += [_route(path, health.ready, "GET") for path in ("/readyz", "/-/ready")]
    for word in acting.OF_STEP:
        found.append(_word("/v1/incidents/{incident}/steps/{step:path}/" + word, acting.on_step, word))
        found.append(_word("/v1/incidents/{incident}/" + word, acting.on_step, word))
    found += [_word("/v1/incidents/{incident}/" + word, acting.on_incident, word) for word in acting.OF_INCIDENT]
    return found


def _word(path: str, endpoint: Endpoint, word: str) -> Route:
    """A path for one of the things that people say; the endpoint is told which."""

    async def say(request: Request) -> Response:
        request.path_params["word"] = word
        return await endpoint(request)

    return Route(path, say, methods=["POST"], name=f"{word} {path}")


def application(house: House) -> ASGIApp:
    """The application of this *house*."""
    app = Starlette(routes=routes(), exception_handlers={Problem: _said, WatchbillError: _failed, HTTPException: _unknown, Exception: _bug})
    app.state.house = house
    app.router.redirect_slashes = False
    return Door(app, house)


# --- what holds for every request -------------------------------------------------------


class Door:
    """Every request passes here: where it comes from is looked at, how it ended is counted, and nothing of it is kept by browsers."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        house, begun, status = self._house, self._house.elapsed(), 0
        extra = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
        if house.access.is_open:
            extra.append((ACCESS_HEADER.encode(), b"open"))

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in extra if each[0] not in there)]
            await send(message)

        request = Request(scope, receive)
        try:
            check_where_from(house.access.door, scope["method"], request.headers)
        except Problem as problem:
            await problem.answer()(scope, receive, answer)
        else:
            try:
                await self._app(scope, receive, answer)
            except Exception:
                # It has been said where it was answered; a stream that broke off can only be ended.
                if not status:
                    raise
        finally:
            self._count(scope, status, begun)

    def _count(self, scope: Scope, status: int, begun: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", "other")
        method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT") else "other"
        self._house.metrics.answered(path, method, status)
        if self._house.has_access_log:
            took = round((self._house.elapsed() - begun) * 1000, 2)
            client = scope.get("client")
            self._house.say(
                "info", "request", method=method, path=scope["path"], status=status, ms=took, client=client[0] if client else None
            )


async def _said(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem.answer()


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, WatchbillError)
    return problem_of(error).answer()


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        said = Problem(
            405,
            f"`{request.method}` cannot be done to this path",
            f"it takes {allowed}",
            rule="unknown-path",
            headers={"Allow": allowed},
        )
        return said.answer()
    help = "docs/reference/api.md lists what is served"
    return Problem(error.status_code, f"there is nothing at `{request.url.path[:120]}`", help, rule="unknown-path").answer()


async def _bug(request: Request, error: Exception) -> Response:
    """A bug of ours: said in the log with its place, and to the caller without."""
    import traceback

    house: House = request.app.state.house
    trace = "".join(traceback.format_exception(error))
    house.say("error", "bug", path=request.url.path, error=f"{type(error).__name__}: {error}", trace=trace)
    return Problem(500, "this is a bug of watchbill", "report it, with what its log says about it", rule="bug").answer()
