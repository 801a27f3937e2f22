"""The Hub, with its client's two functions replaced: no test needs the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pandas as pd
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

from dixtill_core.data.datasets import FINANCIAL_NEWS, load_dataset
from dixtill_core.data.stream import stream_texts
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


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[dict[str, pd.DataFrame]], None]:
    """A Hub whose every dataset has the given Parquet files, and a cache of its own."""
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))

    def with_tables(tables: dict[str, pd.DataFrame]) -> None:
        for file, table in tables.items():
            (tmp_path / file).parent.mkdir(exist_ok=True)
            table.to_parquet(tmp_path / file)
        monkeypatch.setattr(huggingface_hub, "list_repo_files", lambda name, *, repo_type: list(tables))
        monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda name, file, *, repo_type: str(tmp_path / file))

    return with_tables


def table_of(*texts: str) -> pd.DataFrame:
    return pd.DataFrame({"text": texts, "label": ["up"] * len(texts)})


def test_a_split_in_several_files_is_read_whole(parts: Callable[[dict[str, pd.DataFrame]], None], tmp_path: Path) -> None:
    parts(
        {
            "data/test-00000-of-00001.parquet": table_of("other"),
            "data/train-00001-of-00003.parquet": table_of("second"),
            "data/train-00000-of-00003.parquet": table_of("first", "and more"),
            "data/train-00002-of-00003.parquet": table_of("third"),
        }
    )
    texts = ("first", "and more", "second", "third")
    assert load_dataset("owner/data").texts == texts
    assert tuple(stream_texts("owner/data")) == texts
    assert load_dataset("owner/data", split="test").texts == ("other",)
    assert len(list((tmp_path / "cache" / "hub").iterdir())) == 1  # Joined once, and nothing half written is left.


def test_a_split_of_which_a_part_is_missing_or_does_not_fit_is_refused(parts: Callable[[dict[str, pd.DataFrame]], None]) -> None:
    names = [f"data/train-0000{i}-of-00002.parquet" for i in range(2)]
    parts({names[0]: table_of("first")})
    with pytest.raises(DataError, match=r"Of the 2 parts of .* the Hub has 1"):
        load_dataset("owner/data")
    parts({names[0]: table_of("first"), names[1]: pd.DataFrame({"words": [1]})})
    with pytest.raises(DataError, match="The 2 files of the split 'train' of owner/data do not fit together"):
        load_dataset("owner/data")


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
