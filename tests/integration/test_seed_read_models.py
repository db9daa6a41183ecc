"""The messages that the bench reads pages from are what a projector would have written."""

from bench.systems import seed_read_models
from bench.systems.seed_read_models import READER, UNREAD, Volume
from tests.integration.read_models import ReadModels

SMALL = Volume(long=2, messages=120, short=58)


async def test_pages_of_seeded_history_are_whole(read_models: ReadModels, database_url: str) -> None:
    long = seed_read_models.write(database_url, SMALL)
    assert len(long) == 2
    newest = await read_models.history(READER, conversation=long[0], limit=50)
    assert [item["seq"] for item in newest["items"]] == list(range(71, 121))
    older = await read_models.history(READER, conversation=long[0], limit=50, before=71)
    assert [item["seq"] for item in older["items"]] == list(range(21, 71))


async def test_a_seeded_reader_has_a_whole_list_with_unread(
    read_models: ReadModels, database_url: str
) -> None:
    seed_read_models.write(database_url, SMALL)
    listed = await read_models.get("/conversations", user=READER, limit=50)
    assert {item["unreadCount"] for item in listed["items"]} == {UNREAD}
    assert len({item["id"] for item in listed["items"]}) == 50
    assert listed["nextPage"]


async def test_ten_times_the_messages_leave_the_readers_list_as_it_is(
    read_models: ReadModels, database_url: str
) -> None:
    seed_read_models.write(database_url, SMALL.times(10))
    seen, page = 0, None
    while True:
        listed = await read_models.get(
            "/conversations", user=READER, limit=100, **({"page": page} if page else {})
        )
        seen += len(listed["items"])
        if not (page := listed["nextPage"]):
            break
    assert seen == seed_read_models.LISTED
