"""Compiles each template once for all applications and processes of a run: that takes longer than most requests for
it. The compiled form depends on nothing but the source and its name."""

from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache


def compile_templates_into(folder: Path) -> None:
    """Let applications that are made from now on share what they compile, in this folder."""
    folder.mkdir(exist_ok=True)
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(folder))}
