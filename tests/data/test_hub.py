"""The Hub, with its client's two functions replaced: no test needs the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

from dixtill_core.data.datasets import FINANCIAL_NEWS, load_dataset
from dixtill_core.errors import DataError

Answer = Callable[..., object]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[list[str]], list[str]]:
    """A Hub whose every dataset has the given files; returns the names of those that were downloaded."""

    def with_files(files: list[str]) -> list[str]:
        downloaded: list[str] = []

        def download(name: str, file: str, *, repo_type: str) -> str:
            assert repo_type == "dataset"
            downloaded.append(file)
            path = tmp_path / Path(file).name
            path.write_text("text,label\nshares rose,1\nshares fell,0\nflat,2\n")
            return str(path)

        monkeypatch.setattr(huggingface_hub, "list_repo_files", lambda name, *, repo_type: files)
        monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
        return downloaded

    return with_files


def test_the_financial_news_get_their_label_names(hub: Callable[[list[str]], list[str]]) -> None:
    hub(["README.md", "sent_train.csv", "sent_valid.csv"])
    dataset = load_dataset(FINANCIAL_NEWS)
    assert dataset.label_names == ("bearish", "bullish", "neutral")
    assert [dataset.label_names[i] for i in dataset.require_labels()] == ["bullish", "bearish", "neutral"]
    assert dataset.source == FINANCIAL_NEWS


@pytest.mark.parametrize(("split", "file"), [("train", "sent_train.csv"), ("validation", "sent_valid.csv")])
def test_a_split_takes_its_own_file(hub: Callable[[list[str]], list[str]], split: str, file: str) -> None:
    downloaded = hub(["README.md", "sent_train.csv", "sent_valid.csv"])
    load_dataset("owner/some.data-set", split=split)
    assert downloaded == [file]


def test_a_split_that_is_not_there_is_named(hub: Callable[[list[str]], list[str]]) -> None:
    hub(["README.md", "sent_train.csv"])
    with pytest.raises(DataError, match=r"no file for the split 'test'. It has sent_train\.csv"):
        load_dataset("owner/data", split="test")


class _HttpError(Exception):
    """Stands for what the HTTP library under the Hub's client raises; it is no OSError."""


@pytest.mark.parametrize(
    "error", [_HttpError("name not known"), LocalEntryNotFoundError("offline"), OSError("unreachable"), TimeoutError()]
)
def test_offline_says_that_a_local_file_works(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub, "list_repo_files", fail)
    with pytest.raises(DataError, match="could not be fetched from the Hub") as raised:
        load_dataset("owner/data")
    assert raised.value.__cause__ is error


def test_a_dataset_that_the_hub_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)

    monkeypatch.setattr(huggingface_hub, "list_repo_files", fail)
    with pytest.raises(DataError, match="no public dataset owner/data"):
        load_dataset("owner/data")


@pytest.mark.parametrize("name", ["owner/two--dashes", "owner/..name"])
def test_a_name_that_no_dataset_can_have_is_refused_without_the_network(name: str) -> None:
    with pytest.raises(DataError, match="no public dataset"):
        load_dataset(name)
