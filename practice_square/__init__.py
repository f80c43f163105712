"""A practice Square: the same HTTP interface as Square's and a register page, for training, trying out and tests.

Its own process, its own file. Independent of Coursekeeper.
"""

from practice_square.server import create_practice
from practice_square.settings import PracticeSettings

__all__ = ["PracticeSettings", "create_practice"]
