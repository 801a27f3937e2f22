"""The page Train in real browsers: a file becomes a student in front of several readers, and a server that dies loses nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dixtill_core.config import DistillConfig, StudentConfig
from dixtill_core.data.words import split_words
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore
from scripts.dashboard_in_browser import SECONDS, free_port, running_dashboard, start_dashboard, wait_until_healthy
from tests.browser.conftest import OpenWindow, idle, too_wide
from tests.dashboard.train_page import CSV
from tests.small_models import save_bert

pytestmark = pytest.mark.browser
MANY_EPOCHS = 9000
"""More than any test waits for."""
OpenTrain = Callable[..., Page]


@pytest.fixture(scope="module")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("teacher") / "bert")


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty sentences with their labels."""
    file = tmp_path_factory.mktemp("data") / "news.csv"
    file.write_bytes(CSV)
    return file


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Runs and teacher targets of these tests alone."""
    root = tmp_path_factory.mktemp("train")
    return {"DIXTILL_RUNS": str(root / "runs"), "DIXTILL_CACHE": str(root / "cache"), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def store(environment: dict[str, str]) -> RunStore:
    return RunStore(Path(environment["DIXTILL_RUNS"]))


@pytest.fixture(scope="module")
def server(chromium: Browser, environment: dict[str, str]) -> Iterator[str]:
    with running_dashboard(environment) as address:
        yield address


@pytest.fixture
def open_train(open_window: OpenWindow) -> OpenTrain:
    """Opens the page in a browser of its own."""

    def open_it(address: str, scheme: str = "light", requests: list[str] | None = None) -> Page:
        page = open_window(f"{address}/train", scheme=scheme, requests=requests)
        section(page, "New run").wait_for()
        return page

    return open_it


def section(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True)


def fill(page: Page, label: str, value: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.press("Tab")


def points(page: Page) -> int:
    """Marks on the curve of the accuracy."""
    return page.locator(".st-key-chart_run-quality .scatterlayer .trace").first.locator(".points path").count()


def wait_until(is_so: Callable[[], bool], seconds: float = SECONDS, what: Callable[[], str] = lambda: "it did not happen in time") -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, what()
        time.sleep(0.05)


def no_run_is_left(store: RunStore) -> bool:
    return not any(card.is_running for card in store.list())


@pytest.fixture(autouse=True)
def _nothing_trains_afterwards(store: RunStore) -> Iterator[None]:
    yield
    for card in store.list():
        if card.is_running:
            store.open(card.id).ask_to_stop()
    wait_until(lambda: no_run_is_left(store))


def test_a_file_becomes_a_student_in_front_of_two_readers_and_explains_a_sentence(
    server: str, open_train: OpenTrain, store: RunStore, bert_folder: Path, news: Path
) -> None:
    page = open_train(server)
    page.get_by_text("Upload", exact=True).first.click()
    page.locator("input[type=file]").set_input_files(news)
    page.get_by_text("First rows of").wait_for()
    page.get_by_text("Folder on this machine", exact=True).last.click()
    box = page.get_by_role("textbox", name="Folder")
    box.fill(str(bert_folder))
    box.press("Enter")
    page.get_by_text("Its labels").wait_for()
    page.get_by_text("A quick try", exact=True).click()
    idle(page)
    fill(page, "Epochs", str(MANY_EPOCHS))
    fill(page, "Made texts", "50")
    fill(page, "Vocabulary", "500")
    fill(page, "Name of the run", "In the browser")
    fill(page, "Sentence to watch", "Shares of a company fall as its profit is cut")
    page.get_by_role("button", name="Start training").click()

    page.locator(".st-key-chart_run-quality").wait_for()  # It went to the section Live by itself.
    first = points(page)
    wait_until(lambda: points(page) > first)  # The curve grows while it is looked at.

    page.reload()
    page.locator(".st-key-chart_run-quality").wait_for()
    other = open_train(server)
    expect(other.get_by_role("button", name="Cancel")).to_be_visible()
    expect(other.locator(".student .word").first).to_have_text("Shares")

    other.get_by_role("button", name="Cancel").click()  # The reader who did not start it.
    for reader in (page, other):
        reader.get_by_text("was cancelled").wait_for()
    (card,) = store.list()
    assert (card.status, card.has_student) == ("cancelled", True)

    page.get_by_role("button", name="Compare with this pair").click()
    text = page.get_by_role("textbox", name="Text")
    text.fill("Profit falls again")
    text.press("Enter")
    expect(page.locator(".student .word .text")).to_have_text([word.text for word in split_words("Profit falls again")])
    expect(page.get_by_role("combobox", name="Models")).to_have_value(re.compile("In the browser"))


def test_closing_every_browser_does_not_stop_a_run(
    server: str, open_train: OpenTrain, store: RunStore, news: Path, bert_folder: Path
) -> None:
    run = store.create(spec_of(news, bert_folder, MANY_EPOCHS), "Nobody looks")
    page = open_train(server)
    start(page, run)
    wait_until(lambda: bool(run.epochs()))
    page.context.close()
    before = run.epochs()[-1].epoch
    wait_until(lambda: run.epochs()[-1].epoch > before + 3)
    assert run.card().is_running


def test_a_run_that_a_terminal_started_is_followed_and_its_epochs_can_be_played(
    server: str, open_train: OpenTrain, store: RunStore, news: Path, bert_folder: Path
) -> None:
    run = store.create(spec_of(news, bert_folder, 4), "From a terminal")
    code = (
        "import sys; from pathlib import Path; from dixtill_core.runs.folder import Run; from dixtill_core.runs.training import train_run; "
    )
    subprocess.run([sys.executable, "-c", f"{code} list(train_run(Run(Path(sys.argv[1]))))", str(run.folder)], check=True)
    page = open_train(server)
    follow(page, run)
    where = page.locator(".player .where")
    expect(where).to_contain_text("Epoch 4 of 4")
    slider = page.get_by_role("slider", name="Epoch")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(where).to_contain_text("Epoch 1 of 4")
    page.get_by_role("button", name="Play the epochs").click()
    expect(where).to_contain_text("Epoch 4 of 4")
    words = page.locator(".student .word")
    words.nth(2).hover()
    expect(page.locator(".teacher .word").nth(2)).to_have_class(re.compile("marked"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window_and_nothing_comes_from_elsewhere(
    server: str, open_train: OpenTrain, store: RunStore, scheme: str
) -> None:
    requests: list[str] = []
    page = open_train(server, scheme, requests)
    for name in ("New run", "Live"):
        section(page, name).click()
        idle(page)
        for width in (1280, 800, 400):
            assert too_wide(page, width) == []
    assert {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))} == {"localhost"}


STAGES = ("training the student", "evaluating")
"""In which the server is killed. In tests/runs a run is killed in each of its stages."""
TURNS = {"training the student": "validating the student"}
"""They take turns, so that a kill may find the other."""
EPOCHS = 40


def test_a_server_killed_in_two_stages_and_started_again_goes_on_with_the_run(
    environment: dict[str, str], open_train: OpenTrain, store: RunStore, news: Path, bert_folder: Path
) -> None:
    """The kill is the hardest there is; the child has to notice that its server is gone."""
    run = store.create(replace(spec_of(news, bert_folder, EPOCHS), test_data="sample"), "Killed")
    port = free_port()
    for stage in STAGES:
        with killed_server(port, environment) as address:
            page = open_train(address)
            if stage != STAGES[0]:
                follow(page, run)
                page.get_by_text("was interrupted").wait_for()
            start(page, run)
            wait_until(lambda stage=stage: has_reached(run, stage))
        page.close()
        wait_until(lambda: not run.is_training)
        assert run.card().status == "interrupted"
        assert run.card().progress.stage in (stage, TURNS.get(stage))
    student = run.card().metrics
    with killed_server(port, environment) as address:
        page = open_train(address)
        start(page, run)
        page.get_by_text("finished in").wait_for()
    assert [record.epoch for record in run.epochs()] == list(range(1, EPOCHS + 1))
    assert run.card().metrics == student  # What was kept when the test data were evaluated is what they were evaluated with.
    assert run.card().test is not None


def has_reached(run: Run, stage: str) -> bool:
    card = run.card()
    assert card.status != "failed", card.error
    return card.progress.stage == stage and card.progress.done > 0


@contextmanager
def killed_server(port: int, environment: dict[str, str]) -> Iterator[str]:
    """A dashboard that is killed at the end of the block."""
    process = start_dashboard(port, environment)
    try:
        wait_until_healthy(port, process)
        yield f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def spec_of(data: Path, teacher: Path, epochs: int) -> RunSpec:
    return RunSpec(
        data=str(data),
        teacher=str(teacher),
        student=StudentConfig(hidden_size=4, max_vocabulary=400),
        distill=DistillConfig(epochs=epochs, batch_size=64, augmented_texts=0),
    )


def follow(page: Page, run: Run) -> None:
    """Choose a run in the section Live."""
    section(page, "Live").click()
    box = page.get_by_role("combobox", name="Run")
    box.click()
    page.get_by_role("option", name=re.compile(re.escape(run.card().name))).click()
    idle(page)


def start(page: Page, run: Run) -> None:
    follow(page, run)
    page.get_by_role("button", name=re.compile("^(Start|Resume)$")).click()
    wait_until(lambda: run.is_training)
