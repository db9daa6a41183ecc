"""A polite user beside one who floods the gateway, with the limits of users at their defaults."""

import asyncio
import time
from dataclasses import dataclass

import aiohttp
import orjson
from pydantic import BaseModel

from bench.load.flooder import KINDS, FloodKind, FloodPlan, FloodReport, FloodRequest
from bench.load.latencies import Latencies
from bench.load.plan import Conversation
from bench.load.polite_user import PolitePlan, PoliteReport, PoliteRequest
from bench.load.worker_process import Worker, worker
from bench.report.paired import median_ratio
from bench.scenarios.scenario import Recorder, option, turns, words
from bench.systems.parley import Parley, parley, start_conversations
from gateway.limits.settings import LimitSettings

MAX_P50_RATIO, MAX_P95_RATIO = 1.5, 2.0
_LONG_MESSAGES = 100
_LIMITS = LimitSettings.model_construct()
_DEFAULTS = {name.upper(): str(value) for name, value in _LIMITS.model_dump().items()}
_SETTLE_SECONDS = 1.0


class FairnessFigures(BaseModel):
    """One pair of rounds. Times in milliseconds."""

    alone_p50: float
    alone_p95: float
    p50_ratio: float
    """Of messages, beside the flood to alone."""
    p95_ratio: float
    history_p50_ratio: float
    history_p95_ratio: float
    missing: int
    attempted: int
    accepted: int
    allowed: float
    """Burst and rate times the duration; what was accepted must not exceed it."""
    refused: int
    closed: int


@dataclass
class Fairness:
    """Measure a polite user beside one who floods the gateway in each way, as ratios to alone.

    Two users send a frame each 50 ms and read history, alone and beside the flood, in turn. The flooder is a
    new user in each round, with a full burst, and ignores every delay. Fails when the flooder got more than
    burst + rate × time, or something of the polite user went missing.
    """

    name: str = option("fairness", "of the file in bench/results/")
    pairs: int = option(10, "of rounds, for each kind of flood")
    seconds: float = option(10.0, "of each round")
    kinds: tuple[str, ...] = option((), f"of floods, of {', '.join(KINDS)}", words, metavar="KIND,KIND,…")

    def run(self, recorder: Recorder) -> None:
        chosen = [kind for kind in KINDS if not self.kinds or kind in self.kinds]
        with parley(env=_DEFAULTS) as system:
            gateway = system.stack.gateways[0]
            polite = _direct("polite", "peer")
            asyncio.run(start_conversations(gateway, [polite]))
            plan = PolitePlan(gateway=gateway, sender="polite", receiver="peer", conversation=polite.id)
            recorder.settings["parley"] = {**system.settings(), **_DEFAULTS}
            with (
                worker("bench.load.polite_user", plan) as users,
                worker("bench.load.flooder", FloodPlan(gateway=gateway)) as flooder,
            ):
                users.call(PoliteRequest(name="warm", seconds=3), PoliteReport)
                for kind in chosen:
                    self._compare(kind, system, users, flooder, recorder)

    def _compare(
        self, kind: FloodKind, system: Parley, users: Worker, flooder: Worker, recorder: Recorder
    ) -> None:
        alone: PoliteReport | None = None
        beside: tuple[PoliteReport, FloodReport] | None = None
        for number, side in enumerate(turns(("alone", "beside"), self.pairs)):
            request = PoliteRequest(name=f"{kind}.{number}", seconds=self.seconds)
            if side == "alone":
                alone = users.call(request, PoliteReport)
            else:
                flood = asyncio.run(_prepare(system, kind, number, self.seconds))
                flooder.request(flood)
                report = users.call(request, PoliteReport)
                beside = report, flooder.answer(FloodReport)
                time.sleep(_SETTLE_SECONDS)
            if alone is not None and beside is not None:
                figures = _figures(kind, self.seconds, alone, *beside)
                recorder.add(kind, figures)
                _check(kind, figures, recorder)
                alone = beside = None
        _check_ratios(kind, recorder)


def _figures(
    kind: FloodKind, seconds: float, alone: PoliteReport, beside: PoliteReport, flood: FloodReport
) -> FairnessFigures:
    def ratio(of: str, percentile: float) -> float:
        latencies: list[Latencies] = [getattr(report, of) for report in (beside, alone)]
        return latencies[0].milliseconds(percentile) / latencies[1].milliseconds(percentile)

    return FairnessFigures(
        alone_p50=alone.messages.milliseconds(50),
        alone_p95=alone.messages.milliseconds(95),
        p50_ratio=ratio("messages", 50),
        p95_ratio=ratio("messages", 95),
        history_p50_ratio=ratio("history", 50),
        history_p95_ratio=ratio("history", 95),
        missing=alone.missing + beside.missing,
        attempted=flood.attempted,
        accepted=flood.accepted,
        allowed=allowed(kind, seconds),
        refused=flood.refused,
        closed=flood.closed,
    )


def allowed(kind: FloodKind, seconds: float) -> float:
    """What a user may get of this kind within the duration."""
    match kind:
        case "sends" | "long sends" | "posts":
            return _LIMITS.user_sends_burst + _LIMITS.user_sends_per_second * seconds
        case "pages":
            return _LIMITS.user_reads_burst + _LIMITS.user_reads_per_second * seconds
        case "sockets" | "connects":
            return _LIMITS.user_connects_burst + _LIMITS.user_connects_per_second * seconds
        case "foreign sends" | "foreign sends over 100 sockets" | "pings":
            return 0


def _check(kind: FloodKind, figures: FairnessFigures, recorder: Recorder) -> None:
    if figures.accepted > figures.allowed + 1:
        recorder.failures.append(f"{kind}: {figures.accepted} accepted of {figures.allowed:.0f}")
    if figures.missing:
        recorder.failures.append(f"{kind}: {figures.missing} of the polite user went missing")


def _check_ratios(kind: FloodKind, recorder: Recorder) -> None:
    rows = [row.model_dump() for row in recorder.rounds.get(kind, ())]
    for field, limit in (("p50_ratio", MAX_P50_RATIO), ("p95_ratio", MAX_P95_RATIO)):
        ratio = median_ratio(row[field] for row in rows)
        if ratio.exceeds(limit):
            recorder.failures.append(f"{kind}: {field} {ratio}, at most {limit}")


def _direct(user: str, peer: str) -> Conversation:
    return Conversation.direct(user, peer)


async def _prepare(system: Parley, kind: FloodKind, number: int, seconds: float) -> FloodRequest:
    """Start the flooder's conversation, of a new user or, for pages, of the user who has long ones."""
    gateway = system.stack.gateways[0]
    user = "flooder-pages" if kind == "pages" else f"flooder-{KINDS.index(kind)}-{number}"
    conversation = _direct(user, f"{user}-peer")
    await start_conversations(gateway, [conversation])
    if kind == "pages":
        await _send_long_messages(gateway, conversation)
    return FloodRequest(kind=kind, user=user, conversation=conversation.id, seconds=seconds)


async def _send_long_messages(gateway: str, conversation: Conversation) -> None:
    """Fill the conversation, once: the client ids make it idempotent."""
    async with aiohttp.ClientSession(gateway) as http:
        for number in range(_LONG_MESSAGES):
            body = {"conversationId": conversation.id, "text": "🌊" * 8_000, "clientId": f"long-{number}"}
            async with http.post(
                "/messages", params={"meId": conversation.members[1]}, data=orjson.dumps(body)
            ) as answer:
                answer.raise_for_status()
