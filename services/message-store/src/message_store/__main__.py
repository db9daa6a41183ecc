"""message-store migrate | project | serve"""

import sys
from collections.abc import Sequence

import psycopg
import structlog

from message_store.settings import MigrateSettings, ProjectSettings, ServeSettings
from message_store.storage.migrate import Unusable, migrate
from message_store.storage.roles import RoleError
from shared.runtime.logging import configure
from shared.runtime.settings import load_settings
from shared.service.runner import run_service


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that `arguments` name, by default those of the command line."""
    match sys.argv[1:] if arguments is None else arguments:
        case ["migrate"]:
            migrating = load_settings(MigrateSettings)
            configure("message-store-migrate", migrating.log_level)
            try:
                applied = migrate(migrating.dsn, role_urls=migrating.role_urls)
            except (psycopg.Error, Unusable, RoleError) as error:
                structlog.get_logger().error("database.not_migrated", reason=str(error))
                sys.exit(1)
            structlog.get_logger().info(
                "database.migrated", applied=applied, roles=sorted(migrating.role_urls)
            )
        # Each process imports its own part alone: it exposes the metrics of what it imports.
        case ["project"]:
            from message_store.projector.main import run_projector  # noqa: PLC0415

            run_service("message-store-project", ProjectSettings, run_projector)
        case ["serve"]:
            from message_store.query_api.main import run_query_api  # noqa: PLC0415

            run_service("message-store-serve", ServeSettings, run_query_api)
        case _:
            sys.exit(f"usage: {__doc__}")


if __name__ == "__main__":
    main()
