"""The settings that the owner may change in the browser: stored, live, checked, and tried out before they are saved."""
