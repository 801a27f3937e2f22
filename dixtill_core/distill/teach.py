"""Fine-tune a LoRA adapter on the base model: how a teacher is made from labelled texts.

Does not cover full fine-tuning: any model trained elsewhere is loaded by `load_teacher` as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dixtill_core.config import TeachConfig
from dixtill_core.data.datasets import Dataset, split_dataset, text_key
from dixtill_core.distill.batches import similar_length_batches
from dixtill_core.distill.teaching_state import restore_teaching, save_teaching, teaching_state_key
from dixtill_core.files import make_folder, replace_folder, sha256_of_json, write_atomic, write_json
from dixtill_core.metrics.classification import classification_scores
from dixtill_core.models.base_model import BASE_MODEL, BASE_SHA256, find_base_model, load_base_classifier
from dixtill_core.models.teacher import VALIDATION_TEXTS, choose_device, load_tokenizer
from dixtill_core.progress import Progress

LORA_TARGETS = ["query", "key", "value", "dense"]
WARMUP_SHARE = 0.1
EVALUATION_BATCH = 64


def teach(
    dataset: Dataset,
    config: TeachConfig,
    out: Path,
    *,
    name: str = "MiniLM with LoRA",
    device: str | None = None,
    state: Path | None = None,
) -> Iterator[Progress]:
    """Train an adapter, yield progress after every step and epoch, and keep the epoch with the best macro F1.

    The folder `out` (adapter_model.safetensors, adapter_config.json, teacher.json, validation_texts.txt) is rewritten
    whenever an epoch is better than all before it, so closing the generator keeps the best one so far.

    Args:
        state: a file that holds, after every epoch, what the next one depends on; where it is there and belongs to
            the same call, training goes on behind it to the same weights. The caller removes it.

    Raises:
        DataError: `dataset` has no labels or too few for a validation part.
        CheckpointError: `state` belongs to the same call and is damaged.
    """
    from peft import LoraConfig, TaskType, get_peft_model

    make_folder(Path(out).parent)
    train, validation = split_dataset(dataset, config.validation_share, config.split_seed)
    labels = dataset.require_labels()
    torch.manual_seed(config.seed)
    base = find_base_model()
    tokenizer = load_tokenizer(str(base), local_only=True)
    model: Any = load_base_classifier(base, len(dataset.label_names))
    lora = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=config.lora_rank, lora_alpha=config.lora_alpha, lora_dropout=config.lora_dropout,
        target_modules=LORA_TARGETS,
    )  # fmt: skip
    model = get_peft_model(model, lora).to(choose_device(device))

    pieces = tokenizer(list(dataset.texts), truncation=True, max_length=config.max_length)["input_ids"]
    steps_per_epoch = -(-len(train) // config.batch_size)
    trainable = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(trainable.values(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=steps_per_epoch * config.epochs, pct_start=WARMUP_SHARE
    )

    key = sha256_of_json([list(dataset.texts), labels.tolist(), list(dataset.label_names), config.to_dict(), BASE_SHA256])
    done, best = 0, -1.0
    if state is not None and teaching_state_key(state) == key:
        done, best = restore_teaching(state, trainable, optimizer, schedule)
        yield Progress("resuming", done, config.epochs, note=f"Resuming the teacher after epoch {done} of {config.epochs}.")
    for epoch in range(done + 1, config.epochs + 1):
        model.train()
        random = np.random.default_rng([config.seed, epoch])
        total_loss = 0.0
        for step, batch in enumerate(similar_length_batches(train, [len(p) for p in pieces], config.batch_size, random), start=1):
            loss = functional.cross_entropy(
                model(**_pad(tokenizer, pieces, batch, model.device)).logits, torch.as_tensor(labels[batch], device=model.device)
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trainable.values(), 1.0)
            optimizer.step()
            schedule.step()
            total_loss += loss.item()
            yield Progress("training the teacher", step, steps_per_epoch, epoch, {"cross_entropy": total_loss / step})
        scores = classification_scores(labels[validation], _logits(model, tokenizer, pieces, validation))
        if scores["macro_f1"] > best:
            best = scores["macro_f1"]
            _save(model, out, name, dataset, validation, config, epoch, scores)
        try:
            yield Progress(
                "validating the teacher", steps_per_epoch, steps_per_epoch, epoch, {"cross_entropy": total_loss / steps_per_epoch}, scores
            )
        finally:  # After the epoch was heard of: a kill in between repeats it. Whoever stops here loses nothing.
            if state is not None:
                save_teaching(state, key, trainable, optimizer, schedule, epoch, best)


def _pad(tokenizer: Any, pieces: list[list[int]], batch: np.ndarray, device: torch.device) -> dict[str, torch.Tensor]:
    return dict(tokenizer.pad({"input_ids": [pieces[i] for i in batch]}, return_tensors="pt").to(device))


def _logits(model: Any, tokenizer: Any, pieces: list[list[int]], positions: np.ndarray) -> np.ndarray:
    model.eval()
    order = sorted(range(len(positions)), key=lambda i: len(pieces[positions[i]]))
    logits = np.zeros((len(positions), model.config.num_labels), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), EVALUATION_BATCH):
            chosen = order[start : start + EVALUATION_BATCH]
            logits[chosen] = model(**_pad(tokenizer, pieces, positions[chosen], model.device)).logits.float().cpu().numpy()
    return logits


def _save(
    model: Any, out: Path, name: str, dataset: Dataset, validation: np.ndarray, config: TeachConfig, epoch: int, scores: dict[str, float]
) -> None:
    with replace_folder(out) as folder:
        # PEFT wrote the folder of this machine that the base model came from; the name is what others can find.
        model.peft_config["default"].base_model_name_or_path = BASE_MODEL
        # No embeddings were trained; to find that out by itself, PEFT would ask the Hub for the base model's configuration.
        model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)  # PEFT writes an empty model card.
        card = {
            "name": name,
            "base_model": BASE_MODEL,
            "base_sha256": BASE_SHA256,
            "label_names": list(dataset.label_names),
            "training": {"data": Path(dataset.source).name, "texts": len(dataset), "config": config.to_dict(), "best_epoch": epoch},
            "validation": scores,
            "versions": {package: version(package) for package in ("torch", "transformers", "peft")},
        }
        write_json(folder / "teacher.json", card)
        keys = sorted(text_key(dataset.texts[i]) for i in validation)
        write_atomic(folder / VALIDATION_TEXTS, "".join(f"{key}\n" for key in keys).encode())
