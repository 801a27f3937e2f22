"""What tests of the page Errors share: the page through `dashboard/app.py`, what it says, its tables and its background jobs."""

from __future__ import annotations

from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard.resources import load_jobs
from dixtill_core.paths import PROJECT

SECONDS = 300
HOSTILE = "<script>alert(1)</script> **not bold** $x$ 🙄 \u202eהפוך"


def open_errors(**link: str | list[str]) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/errors.py")
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    """Everything in messages, without the escapes of Markdown."""
    found = [*page.error, *page.warning, *page.info, *page.success, *page.caption, *page.markdown]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u200b", "")


def table_of(page: AppTest, start: str) -> pd.DataFrame:
    return next(table.value for table in page.dataframe if table.key is not None and table.key.startswith(start))


def has_key(elements: Any, key: str) -> bool:
    return any(element.key == key for element in elements)


def wait_for(page: AppTest, kind: str) -> AppTest:
    """Until the background job is done."""
    job = load_jobs().latest(kind)
    assert job is not None
    job.join(SECONDS)
    assert job.state.status == "finished", job.state.error
    page.run()
    assert not page.exception
    return page
