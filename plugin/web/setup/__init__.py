"""The first run in the browser: the code, the owner, then one step after another until the clinic can sell."""

from plugin.web.setup import clinic, mail, packages, paper, protect, square, staff, steps

# Those for the owner; `door` and `restoring` are for whoever has the code while there is no owner.
SETUP = (steps, clinic, protect, square, packages, mail, paper, staff)
