"""From request to command and from outcome to response, for all writing routes.

A writing route has three steps: `outcome = await execute_command(request, decide)`, the body from `outcome.events`, and
`return command_response(outcome, body, status=201)`. A reading one begins with `await wait_for_position(request,
min_position, …)`.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from fastapi import Query, Request, Response
from uuid_utils.compat import uuid7

from api.auth.access import ACCESS_OF_ROUTE, Access
from api.auth.identity import Identity, identity_of, known_sender
from api.dependencies import services_of
from api.http.deadlines import ARRIVED_AT, GONE
from api.http.requests.bodies import digest_of
from application.errors import Behind, Malformed
from domain.account import require_unmerged
from eventstore.clock import ticks
from eventstore.command import Changes, CommandContext, CommandDeadline, Decide, GuardConflict, Outcome
from eventstore.decision_context import LoadedStreams
from eventstore.store import RequestFingerprint

IDEMPOTENCY_KEY = "idempotency-key"
RETRIED_AT = "seatledger.judged_anew_at"
"""Key in a request's scope: when its next command counts as sent, if not at the request's arrival."""

IDEMPOTENCY_KEY_LENGTH_MAX = 200
COMMANDS = uuid5(NAMESPACE_URL, "urn:seatledger:commands")
ASSUMED_NEW_STREAMS = frozenset({"seat", "buyer"})
"""For `assume_new`: an unknown seat or buyer stream is assumed to be empty; the append verifies it."""

POSITION_MAX = 2**63 - 1
MIN_POSITION_SECONDS_MAX = 2.0
JSON = "application/json"

MinPosition = Annotated[
    int | None,
    Query(
        ge=0,
        le=POSITION_MAX,
        description="A `position` from a command's response: wait up to 2 s until the answer includes it.",
    ),
]


async def execute_command(
    request: Request,
    decide: Decide,
    *,
    assume_new: frozenset[str] = frozenset(),
    step: str | None = None,
    actor: Mapping[str, str | None] | None = None,
    command_id: UUID | None = None,
    begun: bool = False,
) -> Outcome:
    """Execute a command for the sender of a request, at most once.

    Args:
        decide: the decision, a function of the decision context alone.
        assume_new: stream types whose unknown streams are assumed to be new; `ASSUMED_NEW_STREAMS` for buyers' routes.
        step: name of each command but the first, where a request has several.
        actor: who acts, if not the sender's account (a webhook's provider).
        command_id: the command's id, if not derived from the request's idempotency key.
        begun: an earlier step of the request is recorded, so this step is refused only by its own decision, not because
            another attempt was refused.

    Raises:
        Rejected: the decision's refusals.
        EventStoreError: as `CommandHandler.handle` raises.
    """
    key = idempotency_key_of(request)
    command = command_id or command_of(request, key)
    if step is not None:
        command = uuid5(command, step)
    context = await context_of(request, command, actor, key=key, again=key is not None or command_id is not None)
    if step is not None:
        context = context_of_step(context, begun=begun)
    return await retry_after_guard_conflict(request, for_sender(request, decide), context, assume_new)


def for_sender(request: Request, decide: Decide) -> Decide:
    """Return the decision for the sender of a request; it refuses a guest merged into an account."""
    identity = known_sender(request)
    if identity is None:
        return decide
    assert_authorized(request, identity)
    return refuse_if_merged(decide, identity.account) if identity.guest else decide


def context_of_step(context: CommandContext, *, begun: bool) -> CommandContext:
    """Return the context of a later step; a request that has begun is completed, even if its client disconnects."""
    if context.deadline is None:
        return context
    is_repeatable = context.deadline.is_repeatable and not begun
    return replace(context, deadline=replace(context.deadline, is_abandoned=None, is_repeatable=is_repeatable))


def refuse_if_merged(decide: Decide, guest: str) -> Decide:
    """Return a decision that refuses a guest merged into an account; its append guards the guest's account."""

    def decide_as_guest(context: LoadedStreams) -> Changes:
        require_unmerged(context, guest)
        return decide(context)

    return decide_as_guest


async def retry_after_guard_conflict(
    request: Request, decide: Decide, context: CommandContext, assume_new: frozenset[str]
) -> Outcome:
    """Handle a command; if the sender's rights changed concurrently, check them again and retry once."""
    handler = services_of(request).handler
    try:
        return await handler.handle(decide, context, assume_new=assume_new)
    except GuardConflict:
        identity = identity_of(request)
        await identity.reload()
        again = CommandContext(
            command_id=context.command_id,
            actor=identity.actor,
            fingerprint=context.fingerprint,
            guards=dict(identity.guards),
            deadline=context.deadline,
        )
        return await handler.handle(decide, again, assume_new=assume_new)


def assert_authorized(request: Request, identity: Identity) -> None:
    """Check that a route for staff has required a role before its command.

    Raises:
        RuntimeError: it has not.
    """
    access: Access = request.scope[ACCESS_OF_ROUTE]
    if not (access.for_any_account or identity.checked):
        raise RuntimeError(f"{request.scope['path']} executes a command before it requires a role.")


def idempotency_key_of(request: Request) -> str | None:
    """Return the idempotency key of a request; None without one.

    Raises:
        Malformed: the key is empty, too long or not printable ASCII.
    """
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    if not key or len(key) > IDEMPOTENCY_KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
        raise Malformed(f"An Idempotency-Key must have 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters.")
    return key


def command_of(request: Request, key: str | None) -> UUID:
    """Return the command id of a request: derived from account, route and idempotency key, else a new one."""
    return uuid7() if key is None else uuid5(COMMANDS, f"{sender_of(request)}/{route_of(request)}/{key}")


async def context_of(
    request: Request, command: UUID, actor: Mapping[str, str | None] | None, *, key: str | None, again: bool
) -> CommandContext:
    """Return the metadata and the deadline of a request's command.

    Args:
        key: the request's idempotency key.
        again: whether the sender can send the same command again.
    """
    identity = known_sender(request)
    known = actor if actor is not None else identity.actor if identity is not None else {}
    guards = {} if identity is None else dict(identity.guards)
    fingerprint = await fingerprint_of(request, key)
    deadline = deadline_of(request, again=again)
    return CommandContext(command_id=command, actor=known, fingerprint=fingerprint, guards=guards, deadline=deadline)


def deadline_of(request: Request, *, again: bool) -> CommandDeadline:
    """Return the time at which a request's command was sent, and until when it may take effect."""
    arrived_at: float = request.scope.setdefault(ARRIVED_AT, ticks())
    until = arrived_at + services_of(request).api_settings.request_seconds_max
    gone = request.scope.get("extensions", {}).get(GONE, {}).get("gone")
    asked_at = request.scope.get(RETRIED_AT, arrived_at)
    return CommandDeadline(requested_at=asked_at, until=until, is_repeatable=again, is_abandoned=gone)


def treat_as_new_attempt(request: Request) -> None:
    """Count the request's next command as sent now, although its last one was refused."""
    request.scope[RETRIED_AT] = ticks()


async def fingerprint_of(request: Request, key: str | None) -> RequestFingerprint:
    """Return the fingerprint of a request: sender and route; with an idempotency key also the digest of the body."""
    if key is None:
        return RequestFingerprint(account=sender_of(request), route=route_of(request))
    condition = request.headers.get("if-match", "")
    body_digest = hashlib.sha256(f"{request.scope['path']}\n{condition}\n".encode() + await digest_of(request))
    return RequestFingerprint(account=sender_of(request), route=route_of(request), body_sha256=body_digest.digest())


def sender_of(request: Request) -> str:
    """Return the account that sent a request; empty without one."""
    identity = known_sender(request)
    return "" if identity is None else identity.account


def route_of(request: Request) -> str:
    """Return a request's route, such as `POST /api/v1/orders/{order_id}/cancel`."""
    return f"{request.method} {request.scope['route'].path}"


def command_response(
    outcome: Outcome, body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response to a command, with the position of its last event."""
    headers = {**(headers or {}), **({"Idempotency-Replayed": "true"} if outcome.replayed else {})}
    content = orjson.dumps({**body, "position": outcome.last}, option=orjson.OPT_UTC_Z)
    return Response(content, status_code=status, headers=headers, media_type=JSON)


def json_response(body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(
        orjson.dumps(body, option=orjson.OPT_UTC_Z), status_code=status, headers=dict(headers or {}), media_type=JSON
    )


def negotiated_json(request: Request, plain: bytes, compressed: bytes, headers: Mapping[str, str]) -> Response:
    """Return a document that is stored plain and compressed: gzip for clients that accept it."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=JSON)
    return Response(plain, headers=dict(headers), media_type=JSON)


async def wait_for_position(request: Request, min_position: int | None, *read_models: str) -> None:
    """Wait until the read models have reached a position; without read models, check that the log has.

    Raises:
        Malformed: the position is beyond the end of the log.
        Behind: a read model has not reached the position within two seconds.
    """
    if min_position is None:
        return
    positions = services_of(request).positions
    if read_models:
        known = await positions.all()
        if all(known.get(name, -1) >= min_position for name in read_models):
            return
    head = await services_of(request).store.head()
    if min_position > head:
        raise Malformed(
            f"No event has position {min_position}: the log ends at {head}. Use the position of a command's response."
        )
    deadline = asyncio.get_running_loop().time() + MIN_POSITION_SECONDS_MAX
    for name in read_models:
        left = max(0.0, deadline - asyncio.get_running_loop().time())
        if not await positions.wait_for(name, min_position, left):
            raise Behind(f"The read model has not reached position {min_position} yet; retry shortly.")
