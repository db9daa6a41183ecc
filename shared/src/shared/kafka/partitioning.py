"""Which partition a key belongs to: murmur2, as every Kafka client does it by default."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=65_536)  # the hash is pure Python: 8 µs for a conversation id
def partition_for(key: bytes, partitions: int) -> int:
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
