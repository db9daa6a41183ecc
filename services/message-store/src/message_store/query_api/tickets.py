"""Uses WebSocket tickets up: of all calls for a ticket, at whatever gateway, exactly one redeems it."""

from message_store.query_api.database import Database
from message_store.query_api.metrics import measured
from shared.internal.store_api import RedeemAnswer

# Both rules use the database's clock: a ticket whose row was deleted is not redeemed again, however wrong
# gateways' clocks are. By the minute their clocks may differ from it. The deletion is bounded; rows are found
# by place, so that calls lock them in one order (`for update skip locked` would need the right to update).
REDEEM = """
with expired as (
    delete from redeemed_tickets where ctid = any(array(
        select ctid from redeemed_tickets where expires_at < now() - interval '1 minute'
        order by expires_at limit 20
    ))
)
insert into redeemed_tickets (id, expires_at)
select %(id)s::uuid, %(expires_at)s::timestamptz
where %(expires_at)s::timestamptz >= now() - interval '1 minute'
on conflict do nothing
returning id
"""


class Tickets:
    def __init__(self, database: Database) -> None:
        """`database`: of a role that may select, insert and delete rows of `redeemed_tickets`."""
        self._database = database

    @measured
    async def redeem(self, ticket_id: str, expires_at: str) -> RedeemAnswer:
        """Raises Problem as `Database.rows` does. The ticket may be used up then."""
        rows = await self._database.rows(REDEEM, {"id": ticket_id, "expires_at": expires_at})
        return RedeemAnswer(is_redeemed=bool(rows))
