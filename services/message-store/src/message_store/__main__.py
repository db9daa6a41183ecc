"""python -m message_store migrate | project | serve"""

import sys

import psycopg
import structlog

from message_store.projector import main as projector_main
from message_store.query_api import main as query_api_main
from message_store.settings import MigrateSettings, ProjectSettings, ServeSettings
from message_store.storage.migrate import Unusable, migrate
from shared.http.server import run_server as run
from shared.runtime.logging import configure
from shared.runtime.settings import load_settings


def main(arguments: list[str]) -> None:
    match arguments:
        case ["migrate"]:
            migrating = load_settings(MigrateSettings)
            configure("message-store-migrate", migrating.log_level)
            try:
                applied = migrate(migrating.dsn)
            except (psycopg.Error, Unusable) as error:
                structlog.get_logger().error("database.not_migrated", reason=str(error))
                sys.exit(1)
            structlog.get_logger().info("database.migrated", applied=applied)
        case ["project"]:
            projecting = load_settings(ProjectSettings)
            configure("message-store-project", projecting.log_level)
            run(projector_main.application(projecting), projecting)
        case ["serve"]:
            serving = load_settings(ServeSettings)
            configure("message-store-serve", serving.log_level)
            run(query_api_main.application(serving), serving)
        case _:
            sys.exit(f"usage: {__doc__}")


if __name__ == "__main__":
    main(sys.argv[1:])
