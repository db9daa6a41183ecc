"""What a process is useless without."""

import asyncio

from structlog.testing import capture_logs

from shared.runtime.critical_tasks import CriticalTasks


async def _fails() -> None:
    raise LookupError("a fault of ours")


async def _fails_in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_fails())


async def _ends() -> None:
    pass


async def test_a_task_that_failed_is_a_failure_and_one_that_is_done_is_not() -> None:
    tasks = CriticalTasks()
    async with tasks.running(one=_ends(), other=_fails(), third=asyncio.sleep(60)), asyncio.timeout(1):
        await tasks.wait_for_failure()
    assert tasks.failures == ["other failed"]


async def test_a_cancelled_task_is_no_failure() -> None:
    tasks = CriticalTasks()
    async with tasks.running(one=asyncio.sleep(60)):
        pass
    assert tasks.failures == []


async def test_leaving_the_block_waits_for_the_end_of_each_task() -> None:
    order: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.create_task(asyncio.sleep(0.02))
            order.append("ended")

    async with CriticalTasks().running(work=work()):
        await asyncio.sleep(0)
    assert order == ["ended"]


async def test_the_log_line_names_the_first_error_inside_of_groups() -> None:
    tasks = CriticalTasks()
    with capture_logs() as logs:
        task = tasks.start("projection", _fails_in_a_group())
        await asyncio.wait([task])
        await asyncio.sleep(0)
    (line,) = logs
    assert (line["event"], line["task"], line["reason"], line["kind"]) == (
        "task.failed",
        "projection",
        "a fault of ours",
        "LookupError",
    )
