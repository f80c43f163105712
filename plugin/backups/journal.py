"""The journal of an upgrade under way: it names the copy from the moment migrating begins until all is well.

Apart from upgrading.py, as each start asks for it, and loads no use case before it must.
"""

import os
from pathlib import Path

from pydantic import BaseModel

from plugin.settings import Settings
from plugin.store.backup import flush_to_disk

JOURNAL = "upgrade.json"


class Journal(BaseModel):
    """An upgrade that is under way: from which revision and version, and where the copy is."""

    copy_file: str
    revision: str
    version: str


def journal_path(settings: Settings) -> Path:
    """Return the path of the journal, in the data folder."""
    return settings.data_folder / JOURNAL


def is_interrupted(settings: Settings) -> bool:
    """Return whether an upgrade was begun and not finished."""
    return journal_path(settings).exists()


def write_journal(settings: Settings, journal: Journal) -> None:
    """Write the journal: whole or not at all, and on the disk when this returns."""
    path = journal_path(settings)
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(journal.model_dump_json(), encoding="utf-8")
    flush_to_disk(draft)
    os.replace(draft, path)
    flush_to_disk(path.parent)
