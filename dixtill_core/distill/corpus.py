"""Everything training reads, as arrays: made once from texts and the teacher's targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from dixtill_core.config import DistillConfig, ExplainConfig, StudentConfig
from dixtill_core.data.augment import augment
from dixtill_core.data.datasets import Dataset, split_dataset, text_key
from dixtill_core.data.glove import Glove, load_glove
from dixtill_core.data.vocabulary import Vocabulary, build_vocabulary
from dixtill_core.data.words import split_words
from dixtill_core.distill.losses import NO_LABEL, Targets
from dixtill_core.distill.targets import TargetStore, TeacherTargets
from dixtill_core.models.student import pad_word_ids
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress


@dataclass(frozen=True, eq=False)
class Examples:
    """Texts as a student trains on them."""

    word_ids: list[np.ndarray]  # each (words,) int64
    labels: np.ndarray  # (texts,) int64, NO_LABEL where there is none
    logits: np.ndarray  # (texts, classes) float32, the teacher's
    scores: list[np.ndarray]  # each (words,) float32, empty where there are no attributions

    def __len__(self) -> int:
        return len(self.word_ids)

    def subset(self, positions: np.ndarray) -> Examples:
        ids, scores = [self.word_ids[i] for i in positions], [self.scores[i] for i in positions]
        return Examples(ids, self.labels[positions], self.logits[positions], scores)

    def batch(self, positions: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, Targets]:
        """Word ids (batch, words), lengths (batch,) and targets."""
        ids, lengths = pad_word_ids([self.word_ids[i] for i in positions])
        scores = np.zeros(ids.shape, dtype=np.float32)
        for row, i in enumerate(positions):
            scores[row, : len(self.scores[i])] = self.scores[i]
        has_scores = torch.from_numpy(scores.any(axis=1))
        labels, logits = torch.from_numpy(self.labels[positions]), torch.from_numpy(self.logits[positions])
        return ids, lengths, Targets(labels, logits, torch.from_numpy(scores), has_scores)


@dataclass(frozen=True, eq=False)
class Corpus:
    train: Examples
    validation: Examples
    vocabulary: Vocabulary
    glove: Glove

    def labelled(self) -> Corpus:
        """Only the texts with gold labels: what the method "ce" can learn from."""
        kept = np.flatnonzero(self.train.labels != NO_LABEL)
        return replace(self, train=self.train.subset(kept))


def prepare_corpus(
    dataset: Dataset, teacher: Teacher, student: StudentConfig, config: DistillConfig, explain: ExplainConfig, cache: Path | None = None
) -> Iterator[Progress | Corpus]:
    """Compute or read all targets, yielding progress, and last the corpus itself."""
    train_positions, validation_positions = split_as_taught(dataset, teacher, config)
    store = TargetStore(teacher, explain, cache)
    yield from store.compute(dataset.texts)
    targets = store.load(dataset.texts)
    glove = load_glove()
    train_texts = [dataset.texts[i] for i in train_positions]
    made: list[str] = []
    made_logits = np.zeros((0, targets.logits.shape[1]), dtype=np.float32)
    if config.augmented_texts and config.method != "ce":  # CE learns from gold labels alone; new texts have none.
        yield Progress("making texts", 0, config.augmented_texts)
        made = augment(train_texts, config.augmented_texts, config.augmentation_seed, glove)
        logits_only = TargetStore(teacher, None, cache)
        yield from logits_only.compute(made)
        made_logits = logits_only.load(made).logits

    vocabulary = build_vocabulary(train_texts, student.max_vocabulary, glove)
    labels = dataset.require_labels()
    real = _examples(train_texts, labels[train_positions], _subset(targets, train_positions), vocabulary, config.max_words)
    extra = Examples(
        [_word_ids(text, vocabulary, config.max_words) for text in made],
        np.full(len(made), NO_LABEL, dtype=np.int64),
        made_logits,
        [np.zeros(0, dtype=np.float32)] * len(made),
    )
    train = Examples(
        real.word_ids + extra.word_ids,
        np.concatenate([real.labels, extra.labels]),
        np.concatenate([real.logits, extra.logits]),
        real.scores + extra.scores,
    )
    validation_texts = [dataset.texts[i] for i in validation_positions]
    validation = _examples(
        validation_texts, labels[validation_positions], _subset(targets, validation_positions), vocabulary, config.max_words
    )
    yield Corpus(train, validation, vocabulary, glove)


def split_as_taught(dataset: Dataset, teacher: Teacher, config: DistillConfig) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation positions: the teacher's own validation texts where enough of them are here, and others too.

    A student validated on texts that its teacher was trained on would be compared with answers learned by heart.
    """
    held_out = np.array([text_key(text) in teacher.validation_keys for text in dataset.texts])
    if config.validation_share / 2 <= held_out.mean() <= (1 + config.validation_share) / 2:
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)
    return split_dataset(dataset, config.validation_share, config.split_seed)


def _subset(targets: TeacherTargets, positions: np.ndarray) -> TeacherTargets:
    return TeacherTargets(targets.logits[positions], [targets.scores[i] for i in positions], targets.deltas[positions])


def _examples(texts: Sequence[str], labels: np.ndarray, targets: TeacherTargets, vocabulary: Vocabulary, max_words: int) -> Examples:
    return Examples(
        [_word_ids(text, vocabulary, max_words) for text in texts],
        labels.astype(np.int64),
        targets.logits,
        [scores[:max_words] for scores in targets.scores],
    )


def _word_ids(text: str, vocabulary: Vocabulary, max_words: int) -> np.ndarray:
    return np.array(vocabulary.word_ids(word.text for word in split_words(text)[:max_words]), dtype=np.int64)
