"""The first run in the browser: the code, the owner, then one step after another until the clinic can sell."""

from plugin.web.setup import clinic, mail, packages, paper, square, staff, steps

# Those for the owner; `door` and `restoring` are for whoever has the code while there is no owner.
SETUP = (steps, clinic, square, packages, mail, paper, staff)
