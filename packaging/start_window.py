"""The packaged program ``evenkeel-live``: the overlay, without a terminal."""

import sys

from ui.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
