"""The command `obole`, where the installed program and `python -m obole.cli` begin."""

import sys

from obole.rooms import ForeignRoom, check_rooms

try:
    check_rooms()
except ForeignRoom as error:
    sys.exit(f"obole: {error}")

from obole.command.frame import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
