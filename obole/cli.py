"""The command `obole`, where the installed program and `python -m obole.cli` begin."""

from obole.command.frame import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
