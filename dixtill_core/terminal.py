"""What the command line draws with rich: progress, coloured words, tables."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from dixtill_core.benchmark import DESCRIPTIONS
from dixtill_core.comparison import Answer, Comparison
from dixtill_core.doctor import Diagnosis
from dixtill_core.errors import DixtillError
from dixtill_core.evaluate import Evaluation
from dixtill_core.metrics.efficiency import CORPUS, EfficiencyRow
from dixtill_core.metrics.faithfulness import metric_directions
from dixtill_core.metrics.faithfulness_corpus import PairFaithfulness
from dixtill_core.progress import Progress

FOR, AGAINST = (31, 111, 139), (181, 84, 28)
"""Blue speaks for the class, orange against it: apart for the colour-blind too, and the sign is printed as well."""
STRONG = 0.55
"""Share of the strongest score above which a word is written bold."""

LINE_SECONDS = 30.0
"""Between two lines about one stage in a log."""
_DONE_TO_WORDS = {"delete": "deleted", "mask": "masked"}

_SHOWN_METRICS = ("loss", "accuracy", "macro_f1", "macro_auc", "fidelity", "feature_agreement@3", "sign_agreement@3")


class ProgressLines:
    """Progress where no bar can be drawn, in a log or a pipe: a line when a stage begins, and one every so often."""

    def __init__(self, console: Console) -> None:
        self.console, self.stage, self.said = console, "", -math.inf

    def see(self, item: Progress) -> None:
        now = time.monotonic()
        if self.console.is_terminal or (item.stage == self.stage and now - self.said < LINE_SECONDS):
            return
        self.stage, self.said = item.stage, now
        counted = f": {item.done:,} of {item.total:,}" if item.total > 1 else ""
        self.console.print(f"{item.stage}{counted}{f' · {item.detail}' if item.detail else ''}", highlight=False, markup=False)


def show_progress(steps: Iterator[Any], result_type: type | None = None) -> Any:
    """Draw a bar for each stage on stderr, or lines where it is no terminal, and a line for each epoch.

    Returns:
        The last item of `result_type`, if any.

    Raises:
        DixtillError: stopped by Ctrl-C; what was kept is said.
    """
    result = None
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with ProgressBar(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        tasks: dict[tuple[str, int], Any] = {}
        lines = ProgressLines(console)
        try:
            for item in steps:
                if not isinstance(item, Progress):
                    result = item if result_type is not None and isinstance(item, result_type) else result
                    continue
                if item.note:
                    console.print(item.note, highlight=False)
                if item.metrics:
                    shown = "  ".join(f"{name} {item.metrics[name]:.3f}" for name in _SHOWN_METRICS if name in item.metrics)
                    console.print(f"{item.stage} · epoch {item.epoch}: {shown}", highlight=False)
                    continue
                lines.see(item)
                where = (item.stage, item.epoch)
                if where not in tasks:
                    for earlier in tasks.values():
                        bar.update(earlier, visible=False)
                    tasks[where] = bar.add_task(item.stage + (f" · epoch {item.epoch}" if item.epoch else ""), total=item.total)
                losses = "  ".join(f"{name} {value:.3f}" for name, value in item.losses.items())
                description = item.stage + (f" · epoch {item.epoch}" if item.epoch else "") + (f"  {losses}" if losses else "")
                description += f" · {item.detail}" if item.detail else ""
                bar.update(tasks[where], completed=item.done, total=item.total, description=description)
        except KeyboardInterrupt as error:
            raise DixtillError(
                "Stopped. The best epoch so far and all finished targets are kept; the same command goes on from there."
            ) from error
        finally:
            if hasattr(steps, "close"):
                steps.close()
    return result


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Both models under each other: prediction, probabilities, coloured words, then their agreement."""
    console = console or Console()
    for answer in (comparison.teacher, comparison.student):
        _print_answer(answer, console)
    shares = "   ".join(f"{name} {value:.2f}" for name, value in comparison.agreement.items() if name.endswith(("@1", "@3", "@5")))
    console.print(shares, style="dim", highlight=False)
    for note in comparison.notes:
        console.print(Text(f"Note: {note}", style="yellow"))


def _print_answer(answer: Answer, console: Console) -> None:
    head = Text(f"{answer.role.capitalize()}  ", style="bold")
    head.append(f"{answer.label}  ", style="bold reverse")
    head.append("  ".join(f"{label} {share:.0%}" for label, share in answer.probabilities.items()), style="dim")
    console.print(head)
    line = Text()
    for word, share in zip(answer.attributions.words, answer.attributions.scaled(), strict=True):
        line.append(_visible(word.text), style=_word_style(share))
        line.append(f" {share:+.2f}  ", style="dim")
    console.print(line)
    delta = answer.attributions.convergence_delta
    facts = f"{answer.seconds * 1000:,.1f} ms   {answer.bytes_on_disk / 1e6:.1f} MB   {answer.attributions.method}"
    facts += "" if delta is None else f"   delta {delta:+.4f}"
    meaning = f"+ for {answer.target_label}, - against it" if answer.attributions.is_signed else f"what matters to {answer.target_label}"
    console.print(Text(f"{meaning}   {facts}", style="dim"))
    console.print()


def _word_style(share: float) -> str:
    red, green, blue = FOR if share >= 0 else AGAINST
    strength = abs(share)
    if strength < 0.05:
        return ""
    mixed = [round(255 - (255 - channel) * min(1.0, 0.15 + 0.85 * strength)) for channel in (red, green, blue)]
    ink = "white" if strength > STRONG else "black"
    return f"{'bold ' if strength > STRONG else ''}{ink} on rgb({mixed[0]},{mixed[1]},{mixed[2]})"


def _visible(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() or character == "\u200d" else "�" for character in text)


def print_evaluation(evaluation: Evaluation, console: Console | None = None) -> None:
    """Quality of both models as a table, then fidelity and agreement."""
    console = console or Console()
    table = Table("model", *(name.replace("_", " ") for name in evaluation.teacher))
    for role, scores in (("teacher", evaluation.teacher), ("student", evaluation.student)):
        table.add_row(role, *(f"{value:,}" if name == "n" else f"{value:.3f}" for name, value in scores.items()))
    console.print(table)
    console.print(f"fidelity {evaluation.fidelity:.3f} (share of equal predictions)", highlight=False)
    agreement = Table("agreement @", *(str(k) for k in range(1, 6)))
    for kind in ("feature", "sign"):
        agreement.add_row(kind, *(f"{evaluation.agreement[f'{kind}_agreement@{k}']:.3f}" for k in range(1, 6)))
    console.print(agreement)


def print_efficiency(rows: Sequence[EfficiencyRow], console: Console | None = None) -> None:
    """A table of sizes, then one of times for each length of the texts."""
    console = console or Console()
    sizes = Table("model", "parameters", "on disk", "compression", "one explanation")
    first_rows: dict[str, EfficiencyRow] = {}
    for row in rows:
        first_rows.setdefault(row.model, row)
    for row in first_rows.values():
        shown = "-" if row.explanation_ms is None else f"{_short(row.explanation_ms)} ms"
        sizes.add_row(row.model, f"{row.parameters:,}", f"{row.bytes / 1e6:,.2f} MB", f"{row.compression:,.1f}x", shown)
    console.print(sizes)
    for length in dict.fromkeys(row.length for row in rows):
        what = "the texts' own lengths, from text to logits" if length == CORPUS else f"padded to {length}, the network alone"
        times = Table("model", "batch", "threads", "ms", "quartiles", "texts/s", "speedup", "MB", title=what, title_justify="left")
        for row in (row for row in rows if row.length == length):
            memory = "-" if row.peak_memory_bytes is None else f"{row.peak_memory_bytes / 1e6:,.2f}"
            spread = f"{_short(row.low_ms)}..{_short(row.high_ms)}"
            shape = (row.model, str(row.batch), str(row.threads))
            times.add_row(*shape, _short(row.median_ms), spread, _short(row.texts_per_second), f"{_short(row.speedup)}x", memory)
        console.print(times)
    for name, description in DESCRIPTIONS.items():
        if any(row.model == name for row in rows):
            console.print(Text(f"{name}: {description}", style="dim"))
    console.print(
        "Models take turns on the same batches; medians and quartiles over the rounds, after a warm-up. "
        "MB: peak memory, the tensors of one forward pass, on top of the weights.",
        style="dim",
        highlight=False,
    )


def _short(value: float) -> str:
    """Three digits, but never fewer than the whole number has."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def print_faithfulness(found: PairFaithfulness, console: Console | None = None) -> None:
    """A table for each model: metrics with the direction that is better, explainers between the references."""
    console = console or Console()
    for role, corpus in (("teacher", found.teacher), ("student", found.student)):
        table = Table(role, *(name.replace("_", " ") for name in corpus.means))
        for metric, direction in metric_directions(found.config).items():
            values = [of_name[metric] for of_name in corpus.means.values()]
            shown = ("-" if math.isnan(value) else f"{value:.3f}" for value in values)
            table.add_row(f"{metric.replace('_', ' ')} {'↑' if direction > 0 else '↓'}", *shown)
        table.add_row("texts", *(f"{n:,}" for n in corpus.measured.values()))
        console.print(table)
    console.print(
        f"↑ higher, ↓ lower is better; words are taken by {found.config.ranking} score and {_DONE_TO_WORDS[found.config.perturbation]}; "
        "@ is the share of words in percent. random is the floor, greedy a search on the model itself.",
        style="dim",
        highlight=False,
    )


def print_diagnosis(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """A table of all checks, and one sentence on what follows from them."""
    console = console or Console()
    table = Table("", "check", "what was found, and what to do")
    for check in diagnosis.checks:
        sign = Text("✓", style="green") if check.ok else Text("✗", style="bold red")
        table.add_row(sign, check.name, Text(_visible(check.detail)))
    console.print(table)
    failed = [check.name for check in diagnosis.checks if not check.ok]
    verdict = "It can be a teacher." if diagnosis.ok else f"It cannot be a teacher as it is: {', '.join(failed)}."
    console.print(Text(f"{_visible(diagnosis.reference)}: {verdict}", style="bold"))
