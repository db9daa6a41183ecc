"""python -m message_store migrate | project | serve"""

import sys

import structlog
from pydantic import ValidationError

from message_store import project, serve
from message_store.migrations import migrate
from message_store.settings import MigrateSettings, ProjectSettings, ServeSettings
from shared.logs import configure
from shared.serving import serve as run


def main(arguments: list[str]) -> None:
    match arguments:
        case ["migrate"]:
            migrating = MigrateSettings()
            configure("message-store-migrate", migrating.log_level)
            applied = migrate(str(migrating.database_url))
            structlog.get_logger().info("database.migrated", applied=applied)
        case ["project"]:
            projecting = ProjectSettings()
            configure("message-store-project", projecting.log_level)
            run(project.application(projecting), projecting)
        case ["serve"]:
            serving = ServeSettings()
            configure("message-store-serve", serving.log_level)
            run(serve.application(serving), serving)
        case _:
            sys.exit(f"usage: {__doc__}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        sys.exit(f"message-store: bad settings: {faults}")
