"""`python -m deploy.images`: see `deploy.images.cli`."""

import sys

from deploy.images.cli import main

if __name__ == "__main__":
    sys.exit(main())
