"""A practice Square: the same HTTP interface as Square's and a register page, for training, trying out and tests.

Its own process, its own file. Knows nothing of Coursekeeper.
"""

from plugin.practice.server import create_practice
from plugin.practice.settings import PracticeSettings

__all__ = ["PracticeSettings", "create_practice"]
