"""All limits of users together."""

from dataclasses import dataclass

from gateway.limits.settings import LimitSettings
from gateway.limits.user_rates import Rate, RateLimit, UserRates
from gateway.limits.user_slots import UserSlots


@dataclass(frozen=True)
class UserLimits:
    rates: UserRates
    calls: UserSlots
    """Calls in progress."""
    lookups: UserSlots
    """Membership queries in progress."""
    pages: UserSlots
    """Pages of missed entries being read."""
    max_sockets: int
    """0: any number."""

    @classmethod
    def build(cls, settings: LimitSettings) -> "UserLimits":
        rates = {
            Rate.SENDS: RateLimit(settings.user_sends_per_second, settings.user_sends_burst),
            Rate.STARTS: RateLimit(settings.user_starts_per_second, settings.user_starts_burst),
            Rate.READS: RateLimit(settings.user_reads_per_second, settings.user_reads_burst),
            Rate.CALLS: RateLimit(settings.user_calls_per_second, settings.user_calls_burst),
            Rate.CONNECTS: RateLimit(settings.user_connects_per_second, settings.user_connects_burst),
            Rate.FRAMES: RateLimit(settings.user_frames_per_second, settings.user_frames_burst),
            Rate.SERVICE_CALLS: RateLimit(settings.service_calls_per_second, settings.service_calls_burst),
        }
        return cls(
            rates=UserRates(rates),
            calls=UserSlots(settings.max_user_calls),
            lookups=UserSlots(settings.max_user_lookups),
            pages=UserSlots(settings.max_user_pages),
            max_sockets=settings.max_user_sockets,
        )
