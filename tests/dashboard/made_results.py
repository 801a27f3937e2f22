"""A small result set with every table, for tests of tables, charts and page: made-up numbers in the schema's form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dixtill_core.experiments.results import Row, write_results

RECORD = {
    "teacher": "a <b>teacher</b>",
    "settings": {"seeds": 3, "distill": {"temperature": 5.0}},
    "data": {"test_texts": 1200},
}
MACRO_F1 = {"ce": 0.70, "kl": 0.76, "mse": 0.75, "dixtill_paper": 0.77, "dixtill": 0.80}
QUALITY = ("accuracy", "macro_f1", "mcc", "macro_auc", "fidelity")
SEEDS = (0, 1, 2)
EXPLAINERS = ("attention", "integrated_gradients", "random", "greedy")


def made_rows() -> Iterator[Row]:
    yield from quality_rows()
    yield from agreement_rows()
    yield from faithfulness_rows()
    yield from efficiency_rows()
    yield from difference_rows()


def quality_rows() -> Iterator[Row]:
    """The value of seed s is the mean plus s - 1 hundredths; heads cost a hundredth each."""
    for metric in QUALITY:
        for seed in SEEDS:
            for model, value in MACRO_F1.items():
                yield Row("quality", model, metric, value + 0.01 * (seed - 1), seed=seed)
            for temperature in (1, 2):
                yield Row("temperature", "dixtill", metric, 0.70 + 0.01 * temperature, k=temperature, seed=seed)
        for model in ("teacher", "ptq"):
            yield Row("quality", model, metric, 0.82)
        for heads in (12, 11, 6):
            yield Row("quality", f"ahp-{heads}", metric, 0.82 - 0.01 * (12 - heads))


def agreement_rows() -> Iterator[Row]:
    for model in MACRO_F1:
        for explainer in ("attention", "integrated_gradients"):
            for seed in SEEDS:
                for k in (1, 2, 3):
                    yield Row("agreement", model, "feature_agreement", 0.4 + 0.1 * k, explainer, k, seed)
                    for share, value in ((10, 0.1), (25, 0.3), (50, 0.5), (75, 0.7), (90, 0.9)):
                        yield Row("agreement_distribution", model, f"feature_agreement_p{share}", value, explainer, k, seed)
                yield Row("agreement", model, "cosine", 0.5, explainer, None, seed)


def faithfulness_rows() -> Iterator[Row]:
    for model in ("teacher", "dixtill"):
        for place, explainer in enumerate(EXPLAINERS):
            for share in (5, 20):
                yield Row("faithfulness", model, "comprehensiveness", 0.1 * place, explainer, share, 0)
            value = float("nan") if explainer == "greedy" else 0.1 * place
            yield Row("faithfulness", model, "leave_one_out_correlation", value, explainer, None, 0)
            for share in (0, 50, 100):
                yield Row("curve", model, "deletion", 0.9 - share / 200, explainer, share, 0)
                yield Row("curve", model, "insertion", 0.4 + share / 200, explainer, share, 0)


def efficiency_rows() -> Iterator[Row]:
    """BERT-base is four times the teacher in size and time, DiXtill a tenth."""
    for model, times in {"bert_base": 4.0, "teacher": 1.0, "ptq": 0.5, "ahp-6": 0.8, "dixtill": 0.1}.items():
        yield Row("efficiency", model, "bytes", 1e8 * times)
        yield Row("efficiency", model, "parameters", 1e6 * times)
        yield Row("efficiency", model, "compression", 4 / times)
        yield Row("efficiency", model, "compression_over_teacher", 1 / times)
        for length in ("corpus", "150"):
            for batch in (1, 32):
                yield Row("efficiency", model, f"median_ms_{length}", 100 * times * batch, k=batch)
                yield Row("efficiency", model, f"speedup_{length}", 4 / times, k=batch)
                yield Row("efficiency", model, f"speedup_over_teacher_{length}", 1 / times, k=batch)
    for model, ms in (("teacher", 300.0), ("dixtill", 0.2)):
        yield Row("efficiency", model, "explanation_ms", ms)


def difference_rows() -> Iterator[Row]:
    for other in ("kl", "ce"):
        for end, value in (("", 0.04), ("_low", 0.02), ("_high", 0.06), ("_p", 0.001)):
            yield Row("difference", f"dixtill-{other}", f"macro_f1{end}", value)
            yield Row("difference", f"dixtill-{other}", f"feature_agreement{end}", value, k=3)


def write_made_results(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """A result set in `folder`; `without` leaves tables out."""
    write_results(folder, [row for row in made_rows() if row.table not in without], RECORD)
    return folder
