"""The first run in the browser: the code, the owner, then one step after another until the clinic can sell."""

from plugin.web.setup import clinic, packages, paper, steps

# Those for the owner; `door` is for whoever has the code while there is no owner.
SETUP = (steps, clinic, packages, paper)
