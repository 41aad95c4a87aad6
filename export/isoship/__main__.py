"""`python -m isoship`."""

from isoship.cli import main

if __name__ == "__main__":
    main()
