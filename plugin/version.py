"""The version number, in this one place."""

VERSION = "0.1.0"
