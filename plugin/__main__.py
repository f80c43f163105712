"""`python -m plugin` is `coursekeeper`."""

from plugin.cli import main

if __name__ == "__main__":
    main(prog_name="coursekeeper")
