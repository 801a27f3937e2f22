"""A run as one zip file, out of one store and into another."""

from __future__ import annotations

import io
import zipfile

from dixtill_core.runs.folder import EDIT_LOCK, LOCK, STOP, Run

_LEFT_OUT = (LOCK, EDIT_LOCK, STOP)


def export_zip(run: Run) -> bytes:
    """Everything that the run is, as a zip file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(run.folder.rglob("*")):
            if file.is_file() and file.name not in _LEFT_OUT:
                archive.write(file, file.relative_to(run.folder).as_posix())
    return stream.getvalue()
