"""An idempotent producer with `acks=all`, whose calls have a deadline.

aiokafka waits without limit for a broker that is gone, and can wedge after one that came back (its issues
1101 and 1017). A call that misses its deadline retires aiokafka's producer: another is connected in the
background, and until it is, calls fail at once.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.kafka.connection import ConnectionLog, Kafka, connection_arguments
from shared.kafka.types import BatchResult, Headers, OutgoingRecord, RecordPosition, Unconfirmed
from shared.runtime.back_off import BackOff

log = structlog.get_logger()

MAX_REQUEST_BYTES = 4 * 1024 * 1024  # room for a 2 MiB dead letter beside a full batch


class Producer:
    def __init__(
        self, kafka: Kafka, *, client_id: str, timeout: float = 4.0, compression: str | None = None
    ) -> None:
        """`timeout` in seconds bounds each call, from its start to the broker's confirmation."""
        self._kafka = kafka
        self._connection_log = ConnectionLog(kafka, client_id)
        self._client_id = client_id
        self._timeout = timeout
        self._compression = compression
        self._producer: Any = None
        self._connecting: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        return self._producer is not None

    async def start(self) -> None:
        """Return once a broker answered; wait for it without limit."""
        self._connecting = asyncio.create_task(self._connect())
        await asyncio.shield(self._connecting)

    async def stop(self) -> None:
        """Flush what is in flight, for a second at most."""
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError):
                await self._connecting
        if self._producer is not None:
            await _close(self._producer)
            self._producer = None

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[RecordPosition]:
        """Queue the record: calls that returned in order are written in order. Await the result for the
        broker's confirmation. Both steps raise Unconfirmed; the first raises ValueError when the record is
        larger than a request may be."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        producer = self._require_producer()
        try:
            async with asyncio.timeout_at(deadline):
                future = await producer.send(
                    topic, value, key=key, partition=partition, headers=list(headers)
                )
        except MessageSizeTooLargeError as error:  # not the connection's fault
            raise ValueError("a record is larger than a request may be") from error
        except (TimeoutError, KafkaError) as error:
            self._retire(producer, error)
            raise Unconfirmed("the log does not accept records now") from error
        return self._confirm(producer, future, partition, deadline)

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        """Append as many of `records` as fit one Kafka batch, atomically. A caller that awaits each batch
        before the next never sees records reordered. Raises Unconfirmed; ValueError when the first record is
        too large for any batch."""
        producer = self._require_producer()
        batch = producer.create_batch()
        count = 0
        for record in records:
            headers = list(record.headers)
            if batch.append(key=record.key, value=record.value, headers=headers, timestamp=None) is None:
                break
            count += 1
        if count == 0:
            raise ValueError("a record is larger than a batch may be")
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(deadline):
                future = await producer.send_batch(batch, topic, partition=partition)
        except (TimeoutError, KafkaError) as error:
            self._retire(producer, error)
            raise Unconfirmed("the log does not accept records now") from error
        return BatchResult((await self._confirm(producer, future, partition, deadline)).offset, count)

    def _require_producer(self) -> Any:
        if self._producer is None:
            raise Unconfirmed("no broker answers")
        return self._producer

    async def _confirm(
        self, producer: Any, future: asyncio.Future[Any], partition: int, deadline: float
    ) -> RecordPosition:
        timer = asyncio.get_running_loop().call_at(deadline, _time_out, future)
        try:
            written = await future
        except Exception as error:
            self._retire(producer, error)
            raise Unconfirmed("the log did not confirm") from error
        finally:
            timer.cancel()
        return RecordPosition(partition, written.offset)

    def _retire(self, producer: Any, error: Exception) -> None:
        if self._producer is producer:
            log.warning("producer.retired", reason=repr(error))
            self._producer = None
            self._connecting = asyncio.create_task(self._replace(producer))

    async def _replace(self, retired: Any) -> None:
        await _close(retired)
        await self._connect()

    async def _connect(self) -> None:
        back_off = BackOff(0.1, 1.0)
        while True:
            producer: Any = None
            try:
                producer = AIOKafkaProducer(
                    **connection_arguments(self._kafka),
                    client_id=self._client_id,
                    enable_idempotence=True,
                    acks="all",
                    linger_ms=0,  # batches form by themselves while a request is in flight
                    compression_type=self._compression,
                    max_batch_size=1024 * 1024,
                    max_request_size=MAX_REQUEST_BYTES,
                    request_timeout_ms=int(self._timeout * 1000),
                    retry_backoff_ms=50,
                )
                async with asyncio.timeout(self._timeout):
                    await producer.start()
            except Exception as error:  # of any kind: without a connection this process is of no use
                await _close(producer)
                await self._connection_log.waiting(error)
                await back_off.sleep()
            except asyncio.CancelledError:
                await _close(producer)
                raise
            else:
                self._producer = producer
                self._connection_log.connected()
                return


def _time_out(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(TimeoutError("no confirmation in time"))


async def _close(producer: Any) -> None:
    """Stop aiokafka's producer, if there is one. Its `stop()` flushes, and hangs when it cannot: after a
    second close the sender, then the connections, whether or not the sender closed."""
    if producer is None:
        return
    try:
        async with asyncio.timeout(1.0):
            await producer.stop()
    except Exception:  # errors inside aiokafka's own stop, too
        await _close_part(producer._sender)
        await _close_part(producer.client)


async def _close_part(part: Any) -> None:
    with suppress(Exception):
        async with asyncio.timeout(1.0):
            await part.close()
