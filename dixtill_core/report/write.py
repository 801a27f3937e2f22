"""A report written to a file of the kind that its name says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dixtill_core.errors import ConfigError
from dixtill_core.files import write_atomic
from dixtill_core.progress import Progress
from dixtill_core.report.contents import Report
from dixtill_core.report.html import report_html
from dixtill_core.report.pdf import report_pdf

KINDS = (".html", ".pdf")


def require_kind(path: Path) -> str:
    """The kind of file that a path names.

    Raises:
        ConfigError: neither HTML nor PDF.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ConfigError(f"A report is written as .html or .pdf, not as {path.name!r}.")
    return kind


def write_report(path: Path, report: Report, fonts: Sequence[Path] = ()) -> Iterator[Progress]:
    """Write the report, whole or not at all; stopped at a yield, it writes nothing.

    Args:
        fonts: font files for characters that the PDF's own font lacks.
    """
    kind = require_kind(path)
    content = b""
    for item in report_html(report) if kind == ".html" else report_pdf(report, fonts):
        if isinstance(item, bytes):
            content = item
        else:
            yield item
    write_atomic(path, content)
