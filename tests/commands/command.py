"""Running a command as a shell would, within the test's own process."""

from click.testing import CliRunner, Result

from plugin.cli import main


class Command:
    """Runs `coursekeeper` against the database at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, *words: str, stdin: str = "", **environment: str) -> Result:
        """Run it with these words; other variables by name."""
        known = {"DATABASE_URL": self.address, "SQUARE_ACCESS_TOKEN": "", **environment}
        return CliRunner().invoke(main, list(words), input=stdin, env=known)
