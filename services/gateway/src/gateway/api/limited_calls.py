"""Limits the REST calls of each user, and describes the limits in headers of the answers: `RateLimit` and
`RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10, and `Retry-After`."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from gateway import metrics
from gateway.limits.user_limits import UserLimits
from gateway.limits.user_rates import Rate, Usage
from shared.http.problems import Problem

_MAX_REFUSAL_DELAY_SECONDS = 1.0
_MAX_KEY_CHARACTERS = 128
"""With AUTH=dev what a longer `meId` names is no user: it is refused when the query is validated."""

RATE_LIMIT_DOCS: dict[str, Any] = {
    "RateLimit": {
        "description": '`"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; '
        "with `Act-As` that of the service, and that of the user",
        "schema": {"type": "string"},
        "example": '"sends";r=499;t=1',
    },
    "RateLimit-Policy": {
        "description": '`"<rate>";q=<burst>;w=<seconds in which it fills up>`',
        "schema": {"type": "string"},
        "example": '"sends";q=500;w=10',
    },
}
"""The headers for OpenAPI. Absent while the rate is switched off."""


class LimitedCall:
    """One REST call, which counts once its user is known."""

    def __init__(self, limits: UserLimits, rate: Rate, stack: AsyncExitStack) -> None:
        """`stack` is left when the call is over."""
        self._limits = limits
        self._rate = rate
        self._stack = stack
        self._usages: list[Usage] = []
        self.refusal_delay = 0.0
        """Seconds to hold a refusal back, so that repeating it at once gains nothing."""

    async def admit(self, user: str, *, service: str | None = None) -> None:
        """Count the call and take one of the user's slots. `service` makes the call for the user: it counts
        on the service first, so that a service beyond its limit spends nothing of the user's. Raises Problem
        `too_many`."""
        user = user[:_MAX_KEY_CHARACTERS]
        if service is not None:
            self._spend(service[:_MAX_KEY_CHARACTERS], Rate.SERVICE_CALLS)
        self._spend(user, self._rate)
        if self._limits.calls.is_full(user):
            metrics.limited.labels("calls in progress").inc()
            self.refusal_delay = _MAX_REFUSAL_DELAY_SECONDS
            raise Problem("too_many", "too many calls are in progress; repeat it when one has ended")
        await self._stack.enter_async_context(self._limits.calls.slot(user))

    def _spend(self, key: str, rate: Rate) -> None:
        usage = self._limits.rates.spend(key, rate)
        if usage is None:
            return
        self._usages.append(usage)
        if usage.is_refused:
            self.refusal_delay = min(usage.retry_after, _MAX_REFUSAL_DELAY_SECONDS)
            raise usage.problem()

    def describe_limits(self, headers: MutableHeaders) -> None:
        """Add the headers of the limits that the call was counted against."""
        if self._usages:
            headers["RateLimit-Policy"] = ", ".join(map(_policy, self._usages))
            headers["RateLimit"] = ", ".join(map(_state, self._usages))


def _policy(usage: Usage) -> str:
    return f'"{usage.rate}";q={usage.limit.burst};w={usage.window}'


def _state(usage: Usage) -> str:
    return f'"{usage.rate}";r={usage.remaining};t={math.ceil(usage.full_after)}'


Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, LimitedCall], Awaitable[Response]]


def limited(limits: UserLimits, rate: Rate) -> Callable[[Handler], Endpoint]:
    """Make an endpoint of a handler whose calls count against `rate`. The handler calls `admit`."""

    def decorate(handler: Handler) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            async with AsyncExitStack() as stack:
                call = LimitedCall(limits, rate, stack)
                try:
                    response = await handler(request, call)
                except Problem as problem:
                    response = problem.response()
            call.describe_limits(response.headers)
            if call.refusal_delay:
                await asyncio.sleep(call.refusal_delay)
            return response

        endpoint.__name__ = handler.__name__  # FastAPI names the operation after it
        return endpoint

    return decorate
