"""`python -m neuhmr.cli` does what the `neuhmr` script does."""

import sys

from neuhmr.cli.dispatch import main

if __name__ == "__main__":
    sys.exit(main())
