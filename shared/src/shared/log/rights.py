"""The least rights of each service on a Kafka that checks them: `python -m shared.log.rights` prints them as
commands of kafka-acls.sh.

Reading or writing a topic includes describing it. The idempotent producer needs no right of its own on
brokers from 2.8 on. No service uses transactions.
"""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from shared.log.topics import Topics

PRINCIPAL_PREFIX = "parley-"

PROJECTOR_GROUP = "message-store-projector"
NOTIFIER_GROUP = "notifier-live"

Operation = Literal["Create", "Describe", "DescribeConfigs", "Read", "Write"]


class Right(NamedTuple):
    resource: Literal["topic", "group"]
    name: str
    operation: Operation


def rights(topic_prefix: str = "") -> Mapping[str, Sequence[Right]]:
    """Return the rights by service: gateway, projector, notifier, topics for the job that creates them, and
    operator for the listing of dead letters. `message_store serve` uses no Kafka."""
    topics = Topics.with_prefix(topic_prefix)

    def topic(name: str, *operations: Operation) -> list[Right]:
        return [Right("topic", name, operation) for operation in operations]

    def group(name: str) -> list[Right]:
        return [Right("group", topic_prefix + name, "Read")]

    return {
        "gateway": [*topic(topics.events, "Write"), *topic(topics.epoch, "Read")],
        "projector": [
            *topic(topics.events, "Read"),
            *topic(topics.messages, "Write"),
            *topic(topics.dead_letters, "Write"),
            *group(PROJECTOR_GROUP),
        ],
        "notifier": [
            *topic(topics.messages, "Read"),
            *topic(topics.dead_letters, "Write"),
            *group(NOTIFIER_GROUP),
        ],
        "topics": [
            *topic(topics.events, "Create", "DescribeConfigs", "Read", "Write"),
            *topic(topics.messages, "Create", "Describe", "DescribeConfigs"),
            *topic(topics.dead_letters, "Create", "Describe", "DescribeConfigs"),
            *topic(topics.epoch, "Create", "DescribeConfigs", "Read", "Write"),
        ],
        "operator": topic(topics.dead_letters, "Read"),
    }


def commands(bootstrap: str, topic_prefix: str, principal_prefix: str) -> list[str]:
    """Return one command of kafka-acls.sh for each right."""
    return [
        shlex.join(
            [
                *("kafka-acls.sh", "--bootstrap-server", bootstrap, "--add"),
                *("--allow-principal", f"User:{principal_prefix}{service}"),
                *(f"--{right.resource}", right.name, "--operation", right.operation),
            ]
        )
        for service, own in rights(topic_prefix).items()
        for right in own
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shared.log.rights", description=__doc__)
    parser.add_argument("--bootstrap-server", default="localhost:9092", metavar="HOST:PORT")
    parser.add_argument("--topic-prefix", default="", metavar="TOPIC_PREFIX")
    parser.add_argument(
        "--principal-prefix",
        default=PRINCIPAL_PREFIX,
        metavar="PREFIX",
        help="before the name of each service (default: %(default)s)",
    )
    given = parser.parse_args()
    print("\n".join(commands(given.bootstrap_server, given.topic_prefix, given.principal_prefix)))


if __name__ == "__main__":
    main()
