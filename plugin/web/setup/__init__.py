"""The first run in the browser: the code, the owner, then one step after another until the clinic can sell.

The steps are the owner's; `door` and `restoring` are for whoever has the code while there is no owner.
"""
