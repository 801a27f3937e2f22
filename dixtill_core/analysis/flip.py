"""What would flip it: the smallest set of words to delete or replace so that a model predicts another class.

Four steps, in batches, until the budget of model evaluations is used up:

    screen       every single change; any that flips is a smallest set
    greedy       the most telling changes of the screen together, ever more of them, until the prediction flips
    exhaustive   all sets of 2, 3 .. changes, as long as a whole size fits into the budget; most telling sets first
    beam         the sets of a size that come closest to a flip, each with every further change

Whatever greedy or beam find is reduced until no word of it can be put back. A set is proven smallest where every smaller
size was searched whole. Deleting and masking work on what the model reads (see `explain.perturbation`), replacing on the
text itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import comb
from typing import Literal

import numpy as np

from dixtill_core.analysis.similar_words import neighbours
from dixtill_core.config import FlipConfig
from dixtill_core.data.glove import Glove, load_glove
from dixtill_core.data.words import Word
from dixtill_core.errors import ConfigError, DataError, ModelError
from dixtill_core.explain.perturbation import BATCH_SIZE, perturbed_logits
from dixtill_core.models.classifier import Classifier
from dixtill_core.progress import Progress

MOST_WORDS = 300
"""Words of a text that are searched, from its start; more than any usual teacher reads."""

FoundBy = Literal["screen", "greedy", "exhaustive", "beam", "none"]
Change = tuple[int, int]
"""Place of a word, and which of its replacements, from 1; always 1 where words are deleted or masked."""


@dataclass(frozen=True)
class Flip:
    """A set of words whose change flips a prediction, or that none was found."""

    label: str
    """Predicted on the text as it is."""
    flipped_label: str | None
    """Predicted after the change; None where nothing was found."""
    words: tuple[Word, ...]
    """Those changed, in the order of the text."""
    replacements: tuple[str | None, ...]
    """What stands in place of each; None where it is deleted or masked."""
    edited_text: str | None
    """The text with the words deleted or replaced; None for masked words and where nothing was found."""
    edited_label: str | None
    """Predicted on `edited_text`, where it was read anew. Pieces of a teacher may fall otherwise there than in what was searched."""
    found_by: FoundBy
    is_smallest: bool
    """Proven: every smaller set that the search may make was tried. Where nothing was found: that there is none."""
    searched_size: int
    """No set of up to so many words flips the prediction, or fewer than in `words`."""
    evaluations: int
    seconds: float
    was_stopped: bool
    """Before the end of the search: the best set so far, not proven to be smallest."""
    searched_words: int
    """How many leading words of the text were searched."""

    @property
    def found(self) -> bool:
        return self.flipped_label is not None


def find_flip(
    model: Classifier,
    text: str,
    config: FlipConfig | None = None,
    *,
    glove: Glove | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress | Flip]:
    """Yield progress after every batch, and last the `Flip`.

    Before the progress of a batch that holds a smaller flipping set than any before, that set is yielded as a `Flip` that
    says it `was_stopped`: whoever stops at a progress has the best so far.

    Args:
        should_stop: asked after every batch; once true, the best set so far is the result.

    Raises:
        DataError: a text without words.
        ConfigError: a target label that the model does not have, or that it predicts already.
        ModelError: words are to be masked and the tokenizer has no mask token.
    """
    search = _Search(model, text, config or FlipConfig(), glove, should_stop)
    yield from search.run()
    yield search.result()


class _Search:
    def __init__(self, model: Classifier, text: str, config: FlipConfig, glove: Glove | None, should_stop: Callable[[], bool]) -> None:
        self.model, self.text, self.config, self.should_stop = model, text, config, should_stop
        self.started = time.perf_counter()
        encoded = model.encode([text])
        self.n_read = encoded.n_read[0]
        self.words = encoded.words[0][: min(self.n_read, MOST_WORDS)]
        if not self.words:
            raise DataError("The text has no words, so none can be changed. Type a sentence.")
        self.options = self._options(glove)
        self.changes: list[Change] = [(i, j + 1) for i, options in enumerate(self.options) for j in range(len(options))]
        self.known: dict[frozenset[Change], tuple[float, int]] = {}
        self.evaluations = 0
        self.best: frozenset[Change] | None = None
        self.found_by: FoundBy = "none"
        self.step: FoundBy = "screen"
        self.so_far: frozenset[Change] | None = None
        """The smallest flipping set of all that were asked, not reduced."""
        self.searched_size = 0
        self.was_stopped = False
        logits = self._logits([frozenset()])[0]
        self.evaluations = 1
        self.predicted = int(logits.argmax())
        self.target = self._target()

    def _options(self, glove: Glove | None) -> list[list[str | None]]:
        """What may stand in place of each word."""
        change = self.config.change
        if change == "mask":
            try:
                self.model.baseline_id("mask")
            except ModelError as error:
                raise ModelError(f"{self.model.name} has no mask token to put in place of words. Delete them instead.") from error
        if change in ("delete", "mask"):
            return [[None] for _ in self.words]
        if change == "word":
            return [[self.config.word] if self.config.word != word.text else [] for word in self.words]
        vectors = glove or load_glove()
        return [[other for other, _ in neighbours(word.text, vectors, self.config.candidates)] for word in self.words]

    def _target(self) -> int | None:
        name = self.config.target
        if name is None:
            return None
        if name not in self.model.label_names:
            raise ConfigError(f"{self.model.name} has no label {name!r}. It has {', '.join(self.model.label_names)}.")
        if name == self.model.label_names[self.predicted]:
            raise ConfigError(f"{self.model.name} predicts {name!r} already. Choose another label, or any.")
        return self.model.label_names.index(name)

    @property
    def left(self) -> int:
        return max(0, self.config.budget - self.evaluations)

    # The steps

    def run(self) -> Iterator[Progress | Flip]:
        yield from self._ask([frozenset([change]) for change in self.changes], "changing one word at a time", lazy=False)
        singles = [frozenset([change]) for change in self.changes if frozenset([change]) in self.known]
        if flipping := self._flipping(singles):
            self._keep(flipping)
            return
        if len(singles) < len(self.changes) or not singles:
            return
        self.searched_size = 1
        margins = {change: self.known[frozenset([change])][0] for change in self.changes}
        ranked = sorted(self.changes, key=lambda change: (-margins[change], change))
        self.step = "greedy"
        yield from self._greedy(ranked)
        self.step = "exhaustive"
        yield from self._exhaustive(margins)
        if not self._is_proven:
            self.step = "beam"
            yield from self._beam(ranked)

    def _greedy(self, ranked: list[Change]) -> Iterator[Progress | Flip]:
        best_of_word = list({change[0]: change for change in reversed(ranked)}.values())[::-1]
        best_of_word.sort(key=ranked.index)
        prefixes = [frozenset(best_of_word[:size]) for size in range(2, len(best_of_word) + 1)]
        yield from self._ask(prefixes, "changing ever more words")
        if flipping := next((prefix for prefix in prefixes if self._flips(prefix)), None):
            self._keep((yield from self._reduced(flipping)))

    def _exhaustive(self, margins: dict[Change, float]) -> Iterator[Progress | Flip]:
        counts = [len(options) for options in self.options if options]
        while not self.was_stopped and not self._is_proven and self.searched_size < len(counts):
            size = self.searched_size + 1
            if _count_sets(counts, size) > self.left:
                return
            sets = sorted(self._all_sets(size), key=lambda chosen: (-sum(margins[change] for change in chosen), sorted(chosen)))
            yield from self._ask(sets, f"trying all sets of {size} words")
            if flipping := self._flipping(sets):
                self._keep(flipping)
                return
            if any(chosen not in self.known for chosen in sets):
                return
            self.searched_size = size

    def _beam(self, ranked: list[Change]) -> Iterator[Progress | Flip]:
        beam = [frozenset([change]) for change in ranked[: self.config.beam]]
        for size in range(2, len(self.words) + 1):
            if self.was_stopped or not self.left or (self.best is not None and size >= len(self.best)):
                return
            room = max(1, self.left // (2 * len(beam)))  # Further sizes want their part of the budget.
            grown = {chosen | {change}: None for chosen in beam for change in ranked[:room] if all(change[0] != i for i, _ in chosen)}
            if not grown:
                return
            yield from self._ask(list(grown), f"searching sets of {size} words")
            if flipping := self._flipping(grown):
                self._keep((yield from self._reduced(flipping)))
                return
            asked = [chosen for chosen in grown if chosen in self.known]
            beam = sorted(asked, key=lambda chosen: (-self.known[chosen][0], sorted(chosen)))[: self.config.beam]
            if not beam:
                return

    def _reduced(self, chosen: frozenset[Change]) -> Generator[Progress | Flip, None, frozenset[Change]]:
        """A part of a flipping set of which no word can be put back. Goes beyond the budget, but by its own words only."""
        while len(chosen) > 1 and not self.was_stopped:
            smaller = [chosen - {change} for change in sorted(chosen)]
            yield from self._ask(smaller, "putting words back", lazy=False, beyond_budget=True)
            flipping = self._flipping(smaller)
            if flipping is None:
                break
            chosen = flipping
        return chosen

    # What they share

    @property
    def _is_proven(self) -> bool:
        return self.best is not None and len(self.best) == self.searched_size + 1 and self._reaches_all

    @property
    def _reaches_all(self) -> bool:
        return len(self.words) == self.n_read or (self.best is not None and len(self.best) == 1)

    def _keep(self, chosen: frozenset[Change]) -> None:
        if self.best is None or len(chosen) < len(self.best):
            self.best, self.found_by = chosen, self.step

    def _flips(self, chosen: frozenset[Change]) -> bool:
        if chosen not in self.known:
            return False
        label = self.known[chosen][1]
        return label != self.predicted if self.target is None else label == self.target

    def _flipping(self, sets: Iterable[frozenset[Change]]) -> frozenset[Change] | None:
        """The one of the sets that flips most clearly."""
        found = [chosen for chosen in sets if self._flips(chosen)]
        return min(found, key=lambda chosen: (-self.known[chosen][0], sorted(chosen))) if found else None

    def _smallest(self, sets: Iterable[frozenset[Change]]) -> frozenset[Change] | None:
        """A flipping set of the fewest words; of those, the one that flips most clearly."""
        found = [chosen for chosen in sets if self._flips(chosen)]
        fewest = min(map(len, found), default=0)
        return self._flipping(chosen for chosen in found if len(chosen) == fewest)

    def _all_sets(self, size: int) -> Iterator[frozenset[Change]]:
        places = [i for i, options in enumerate(self.options) if options]
        for chosen in combinations(places, size):
            for options in product(*(range(1, len(self.options[i]) + 1) for i in chosen)):
                yield frozenset(zip(chosen, options, strict=True))

    def _ask(
        self, sets: list[frozenset[Change]], stage: str, *, lazy: bool = True, beyond_budget: bool = False
    ) -> Iterator[Progress | Flip]:
        """Evaluate what is not known yet; where lazy, up to the first batch that holds a flip."""
        missing = [chosen for chosen in dict.fromkeys(sets) if chosen not in self.known]
        if lazy and any(self._flips(chosen) for chosen in sets if chosen in self.known):
            return
        for start in range(0, len(missing), BATCH_SIZE):
            if self.should_stop():
                self.was_stopped = True
            batch = missing[start : start + BATCH_SIZE]
            batch = batch if beyond_budget else batch[: self.left]
            if self.was_stopped or not batch:
                return
            logits = self._logits(batch)
            self.evaluations += len(batch)
            for chosen, row in zip(batch, logits, strict=True):
                self.known[chosen] = self._margin(row), int(row.argmax())
            flipping = self._smallest(batch)
            if flipping is not None and (self.so_far is None or len(flipping) < len(self.so_far)):
                self.so_far = flipping
                yield self._flip_of(flipping)
            yield Progress(stage, start + len(batch), len(missing))
            if lazy and flipping is not None:
                return

    def _margin(self, logits: np.ndarray) -> float:
        """Above 0 where the prediction is one that is looked for."""
        if self.target is None:
            return float(np.delete(logits, self.predicted).max() - logits[self.predicted])
        return float(logits[self.target] - np.delete(logits, self.target).max())

    def _logits(self, sets: list[frozenset[Change]]) -> np.ndarray:
        """Logits (sets, classes) float64 of the text with each set of changes."""
        if self.config.change in ("delete", "mask"):
            kept = np.ones((len(sets), self.n_read), dtype=bool)
            for row, chosen in enumerate(sets):
                kept[row, [i for i, _ in chosen]] = False
            perturbation: Literal["delete", "mask"] = "mask" if self.config.change == "mask" else "delete"
            return perturbed_logits(self.model, self.text, kept, perturbation).astype(np.float64)
        return self.model.predict([self._edited(chosen) for chosen in sets]).astype(np.float64)

    def _edited(self, chosen: frozenset[Change]) -> str:
        text = self.text
        for i, option in sorted(chosen, reverse=True):
            word, other = self.words[i], self.options[i][option - 1]
            before, after = text[: word.start], text[word.end :]
            if other is None and before[-1:].isspace() and (not after or after[0].isspace()):
                before = before[:-1]
            text = before + (other or "") + after
        return text.strip() if any(self.options[i][option - 1] is None for i, option in chosen) else text

    def result(self) -> Flip:
        found = self._flip_of(self.best)
        changeable = sum(bool(options) for options in self.options)
        nothing_flips = self.best is None and self.searched_size == changeable and len(self.words) == self.n_read and not self.was_stopped
        edited_label = None
        if found.edited_text is not None:
            edited_label = self.model.label_names[int(self.model.predict([found.edited_text])[0].argmax())]
            self.evaluations += 1
        return replace(
            found, edited_label=edited_label, found_by=self.found_by, is_smallest=self._is_proven or nothing_flips,
            evaluations=self.evaluations, seconds=time.perf_counter() - self.started, was_stopped=self.was_stopped,
        )  # fmt: skip

    def _flip_of(self, chosen: frozenset[Change] | None) -> Flip:
        """A set, or none, as it stands in the middle of the search."""
        changes, names = sorted(chosen or ()), self.model.label_names
        return Flip(
            label=names[self.predicted],
            flipped_label=None if chosen is None else names[self.known[chosen][1]],
            words=tuple(self.words[i] for i, _ in changes),
            replacements=tuple(self.options[i][option - 1] for i, option in changes),
            edited_text=self._edited(chosen) if chosen and self.config.change != "mask" else None,
            edited_label=None,
            found_by="none" if chosen is None else self.step,
            is_smallest=len(changes) == 1,
            searched_size=self.searched_size,
            evaluations=self.evaluations,
            seconds=time.perf_counter() - self.started,
            was_stopped=True,
            searched_words=len(self.words),
        )


def _count_sets(options: list[int], size: int) -> int:
    """Sets of `size` changes, of different words each."""
    if all(count == 1 for count in options):
        return comb(len(options), size)
    ways = [1] + [0] * size
    for count in options:
        for taken in range(size, 0, -1):
            ways[taken] += ways[taken - 1] * count
    return ways[size]
