"""What tests of the page Train share: made-up data, the page through `dashboard/app.py`, what they press and what it says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from dixtill_core.config import DistillConfig, StudentConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.paths import PROJECT
from tests.dashboard.drawn_components import drawn_components

SECONDS = 400
"""Many times what it takes, since a machine may be busy."""
HOSTILE = "<b>*x*</b> $1"
STUDENT = StudentConfig(hidden_size=4, max_vocabulary=400)
TRAINING = DistillConfig(epochs=2, batch_size=16, augmented_texts=20, average_decay=0.9)


def table(labels: tuple[str, str, str] = ("bearish", "bullish", "neutral"), header: str = "text,label", each: int = 20) -> bytes:
    """Sentences of the sample as CSV, so many of each label."""
    dataset = load_dataset("sample")
    assert dataset.labels is not None
    rows = [header]
    for number, label in enumerate(labels):
        chosen = [i for i in (dataset.labels == number).nonzero()[0] if '"' not in dataset.texts[i]][:each]
        rows += [f'"{dataset.texts[i]}",{label}' for i in chosen]
    return ("\n".join(rows) + "\n").encode()


CSV = table()


def open_page(section: str | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/train.py")
    page.run()
    return page if section is None else page.segmented_control(key="train_section").set_value(section).run()


def upload(page: AppTest, content: bytes = CSV, name: str = "news.csv", role: str = "train") -> AppTest:
    if role == "train":
        page.segmented_control(key="train_data_kind").set_value("upload").run()
    return page.file_uploader(key=f"train_{role}_file").upload(name, content, "text/csv").run()


def choose_folder(page: AppTest, folder: Path | str) -> AppTest:
    page.segmented_control(key="train_teacher_kind").set_value("folder").run()
    return page.text_input(key="train_teacher_folder").set_value(str(folder)).run()


def press(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def said(page: AppTest) -> str:
    """Everything in messages, without the escapes of Markdown."""
    found = [*page.error, *page.warning, *page.info, *page.success, *page.caption]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u200b", "")


def component(page: AppTest) -> dict[str, Any]:
    (element,) = drawn_components(page)
    return json.loads(element.proto.json)


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def set_numbers(page: AppTest) -> None:
    """As little training as there can be."""
    for setting, value in {"epochs": 2, "batch_size": 16, "augmented_texts": 20, "hidden_size": 4, "max_vocabulary": 400}.items():
        page.number_input(key=f"train_{setting}").set_value(value)
