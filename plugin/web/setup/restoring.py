"""Restoring a backup in place of a set-up: for whoever has typed the code, while there is no owner."""

import secrets

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from plugin.backups.passphrase import WrongPassphrase
from plugin.backups.restore import Restored, restore
from plugin.backups.work import work_folder
from plugin.errors import InvalidField
from plugin.web import current_services
from plugin.web.forms import Form, Text, Upload
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.setup.door import blueprint
from plugin.web.translations import N_, _

_LONGEST_PASSPHRASE = 200
# A larger copy is restored by command, which reads it where it lies.
LARGEST_COPY = 1024 * 1024 * 1024


class CopyForm(Form):
    """A backup; its bytes are read from the files of the request."""

    file = Upload(
        N_("Backup file"),
        hint=N_("As downloaded under Settings, Backups, or from your backup folder."),
    )
    passphrase = Text(
        N_("Passphrase of the backups"),
        type="password",
        maxlength=_LONGEST_PASSPHRASE,
        spellcheck="false",
        hint=N_("Empty if the backup has none."),
    )


@blueprint.get("/restore")
def restore_form(refusal: Refusal | None = None) -> ResponseReturnValue:
    return render_template("setup/restore.html", form=CopyForm.shown(refusal))


@blueprint.post("/restore")
@refused_shows(restore_form)
def restore_copy() -> ResponseReturnValue:
    """Put the backup in place of the empty database; say what to look at now."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidField(_("Choose the file of a backup."), field="file")
    restored = _restored(sent, CopyForm.sent().passphrase.data)
    return render_template("setup/restored.html", restored=restored)


def _restored(sent: FileStorage, passphrase: str) -> Restored:
    services = current_services()
    with work_folder(services.settings) as folder:
        # The name the browser sent is never used for a file.
        file = folder / f"sent-{secrets.token_hex(8)}"
        sent.save(file)
        sent.close()
        try:
            restored = restore(
                services.settings, services.store, file, now=services.clock(), passphrase=passphrase
            )
        except WrongPassphrase as error:
            raise InvalidField(error.message, field="passphrase") from None
    services.settings_source.refresh()
    return restored
