"""What every compressed teacher has on disk."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from dixtill_core.compress.folder import finish_folder, read_settings, read_tokenizer
from dixtill_core.models.teacher import load_teacher
from tests.small_models import SENTENCES, save_roberta


def test_padding_on_the_left_in_the_saved_tokenizer_does_not_come_back(tmp_path: Path) -> None:
    """A teacher pads on the right whatever its tokenizer's file says, and so does what is made of it."""
    path = save_roberta(tmp_path / "teacher") / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"padding_side": "left"}))
    teacher = load_teacher(tmp_path / "teacher", device="cpu")
    (tmp_path / "compressed").mkdir()
    finish_folder(tmp_path / "compressed", teacher, "any")
    tokenizer = read_tokenizer(tmp_path / "compressed", read_settings(tmp_path / "compressed", "any"))
    ids = tokenizer(["gold", SENTENCES[0]], padding=True, return_tensors="pt")["input_ids"]
    assert torch.equal(ids, teacher.encode(["gold", SENTENCES[0]]).inputs["input_ids"])
    assert ids[0, -1] == teacher.padding_id
