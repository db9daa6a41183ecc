"""Images for machines that reach no image registry: the base of Parley's; Kafka, PostgreSQL, Prometheus.

The servers take the same variables and arguments as the public images that `deploy/compose.yaml` names.
"""

import asyncio
import tempfile
from pathlib import Path

from deploy.images.debian import DebianImage
from deploy.local.dependencies.kafka import Kafka
from deploy.local.paths import CACHE
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.runner import StackContext
from deploy.local.supervisor.supervisor import Supervisor

_FILES = Path(__file__).with_name("local_image_files")


def _kafka_files() -> dict[Path, str]:
    """Download Kafka's jars, those of the local stack, unless they are there."""
    kafka = Kafka(CACHE, CACHE, 0, 0)
    asyncio.run(_download(kafka))
    return {
        kafka.jars: "/opt/kafka",
        _FILES / "start-kafka": "/etc/kafka/docker",
    }


async def _download(kafka: Kafka) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = StackContext(Console(), Ports({}, {}), Path(folder))
        async with Supervisor(context, lambda _: None) as supervisor:
            await kafka.ensure_jars(supervisor.run_to_completion)


def _postgres_files() -> dict[Path, str]:
    return {_FILES / "start-postgres": "/usr/local/bin"}


BASE = DebianImage(
    "localhost/parley-base:bookworm",
    ("python3.11-minimal", "libpython3.11-stdlib", "libstdc++6", "ca-certificates", "netbase", "tzdata"),
    variant="extract",
    hook=_FILES / "strip-base",
    changes=("ENV PATH=/usr/bin:/bin",),
)
"""Python, and nothing else that could be started: no shell, no tools of packages."""

KAFKA = DebianImage(
    "localhost/parley-kafka:bookworm",
    ("openjdk-17-jre-headless",),
    hook=_FILES / "set-up-kafka",
    files=_kafka_files,
    changes=(
        "USER 1000:1000",
        "EXPOSE 9092",
        'CMD ["/etc/kafka/docker/run"]',
    ),
)

POSTGRES = DebianImage(
    "localhost/parley-postgres:bookworm",
    ("postgresql-15",),
    hook=_FILES / "set-up-postgres",
    files=_postgres_files,
    changes=(
        "USER postgres",
        "ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin",
        "ENV PGDATA=/var/lib/postgresql/data",
        "EXPOSE 5432",
        "STOPSIGNAL SIGINT",
        'ENTRYPOINT ["/usr/local/bin/start-postgres"]',
        'CMD ["postgres"]',
    ),
)

PROMETHEUS = DebianImage(
    "localhost/parley-prometheus:bookworm",
    ("prometheus",),
    hook=_FILES / "set-up-prometheus",
    changes=("USER nobody", "EXPOSE 9090", 'ENTRYPOINT ["/usr/bin/prometheus"]'),
)

SERVERS = (KAFKA, POSTGRES, PROMETHEUS)
