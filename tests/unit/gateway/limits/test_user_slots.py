"""How much of one user is in progress at a time."""

import asyncio
import gc

from gateway.limits.user_slots import UserSlots


async def test_no_more_holders_of_one_user_than_slots_and_those_who_wait_keep_their_order() -> None:
    slots, free, order = UserSlots(2), asyncio.Event(), list[int]()
    holding = 0

    async def hold(number: int) -> None:
        nonlocal holding
        async with slots.slot("ann"):
            holding += 1
            assert holding <= 2
            order.append(number)
            await free.wait()
            holding -= 1

    tasks = [asyncio.create_task(hold(number)) for number in range(5)]
    await asyncio.sleep(0)
    assert order == [0, 1]
    assert slots.is_full("ann")
    assert not slots.is_full("bob")
    async with slots.slot("bob"):
        free.set()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]
    assert not slots.is_full("ann")


async def test_users_without_a_holder_take_no_memory() -> None:
    slots = UserSlots(1)
    for number in range(100):
        async with slots.slot(f"user-{number}"):
            pass
    gc.collect()
    assert not slots._by_user


async def test_no_slots_means_no_limit() -> None:
    slots = UserSlots(0)
    async with slots.slot("ann"), slots.slot("ann"):
        assert not slots.is_full("ann")
