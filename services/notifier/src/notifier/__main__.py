"""`python -m notifier live`"""

import sys

from notifier.live.main import main as live

COMMANDS = {"live": live}


def main() -> None:
    command = COMMANDS.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if command is None:
        print(f"usage: python -m notifier {{{','.join(COMMANDS)}}}", file=sys.stderr)
        raise SystemExit(2)
    command()


if __name__ == "__main__":
    main()
