"""What models, explainers and measures are called on screen, which way is better, and what each number means."""

from __future__ import annotations

from typing import NamedTuple

from dixtill_core.explain.explainers import EXPLAINERS

MODELS = {
    "ce": "gold labels only",
    "kl": "KL",
    "mse": "MSE",
    "dixtill_paper": "DiXtill, paper's loss",
    "dixtill": "DiXtill",
    "student": "student",
    "teacher": "teacher",
    "ptq": "teacher, int8",
    "bert_base": "BERT-base (shape only)",
}
"""In the order of the charts: students, then the teacher and what is made of it."""

SHORT = {"integrated_gradients": "IG"}
"""Beside a model's name."""
REFERENCES = {"attention": "attention", "random": "random order", "greedy": "greedy search"}
"""Shorter than the explainer's title, and what no explainer is."""


class Measure(NamedTuple):
    title: str
    higher_is_better: bool
    meaning: str


MEASURES = {
    "accuracy": Measure("accuracy", True, "Share of texts whose label is predicted. From 0 to 1."),
    "macro_f1": Measure(
        "macro F1",
        True,
        "The mean over the labels of F1, the harmonic mean of precision and recall: each label counts the same, however rare. From 0 to 1.",
    ),
    "mcc": Measure(
        "MCC", True, "Matthews correlation of predictions and gold labels: 1 is perfect, 0 is what guessing gives, −1 is all wrong."
    ),
    "macro_auc": Measure(
        "macro AUC",
        True,
        "Probability that a text of a label gets a higher share for it than a text of another label, the mean over the labels; "
        "0.5 is guessing.",
    ),
    "fidelity": Measure("fidelity", True, "Share of texts on which the model predicts the teacher's label, right or wrong. From 0 to 1."),
    "feature_agreement": Measure(
        "feature agreement",
        True,
        "Share of the teacher's k strongest words that are among the k strongest of this explanation. "
        "Strong means a large magnitude; ties go to the earlier word. From 0 to 1 (Krishna et al. 2022).",
    ),
    "sign_agreement": Measure(
        "sign agreement",
        True,
        "As feature agreement, but a shared word counts only where both say that it speaks for the label, or both against it.",
    ),
    "rank_agreement": Measure("rank agreement", True, "Share of the k strongest words that stand at the same place in both rankings."),
    "signed_rank_agreement": Measure("signed rank agreement", True, "As rank agreement, and the signs have to be the same."),
    "spearman": Measure("Spearman correlation", True, "Correlation of the ranks of all words by signed score. From −1 to 1."),
    "pairwise_rank_agreement": Measure(
        "pairwise rank agreement", True, "Share of all pairs of words that both explanations put in the same order of magnitude."
    ),
    "cosine": Measure("cosine", True, "Cosine of the two vectors of signed word scores. From −1 to 1; the alignment loss raises it."),
    "comprehensiveness": Measure(
        "comprehensiveness",
        True,
        "How far the probability of the predicted label falls when the strongest words are removed. "
        "The share of removed words is stated beside it.",
    ),
    "sufficiency": Measure(
        "sufficiency",
        False,
        "How far the probability of the predicted label falls when only the strongest words are kept. It may be negative.",
    ),
    "aopc_comprehensiveness": Measure(
        "comprehensiveness, mean", True, "AOPC: comprehensiveness averaged over the shares of removed words (DeYoung et al. 2020)."
    ),
    "aopc_sufficiency": Measure("sufficiency, mean", False, "AOPC: sufficiency averaged over the shares of kept words."),
    "deletion_area": Measure("area under deletion", False, "Area under the deletion curve: small where the words named first matter most."),
    "insertion_area": Measure("area under insertion", True, "Area under the insertion curve: large where the words named first suffice."),
    "leave_one_out_correlation": Measure(
        "leave-one-out correlation",
        True,
        "Kendall's τ-b of the word scores with what the probability loses when one word is left out. From −1 to 1.",
    ),
    "decision_flip_share": Measure(
        "words until the decision flips", False, "Smallest share of removed words that changes the predicted label; 1 where nothing does."
    ),
    "decision_flipped": Measure("decision flipped", True, "Share of texts whose predicted label changed while words were removed."),
    "bytes": Measure("size on disk", False, "Bytes of everything that is needed to run the model, its vocabulary included."),
    "parameters": Measure("parameters", False, "Numbers that training sets."),
    "compression": Measure("compression", True, "The baseline's size on disk divided by this model's."),
    "median_ms": Measure("time", False, "Median of repeated runs of one batch, after a warm-up."),
    "explanation_ms": Measure(
        "time for an explanation",
        False,
        "Median time from one text to its prediction with an explanation: the teacher by Integrated Gradients, "
        "the student by its own attention.",
    ),
    "speedup": Measure("speed-up", True, "The baseline's median time for the same batch and length divided by this model's."),
}


def model_name(model: str) -> str:
    if model.startswith("ahp-"):
        heads = model.removeprefix("ahp-")
        return f"teacher, {heads} head{'' if heads == '1' else 's'}"
    return MODELS.get(model, model.replace("_", " "))


def explainer_name(explainer: str) -> str:
    if explainer in REFERENCES:
        return REFERENCES[explainer]
    return EXPLAINERS[explainer].title if explainer in EXPLAINERS else explainer.replace("_", " ")


def line_name(model: str, explainer: str) -> str:
    return f"{model_name(model)}, {SHORT.get(explainer, explainer_name(explainer))}"


def measure_of(metric: str) -> Measure:
    """What is known of a metric; one without an entry is named after itself and taken as better when higher."""
    return MEASURES.get(metric, Measure(metric.replace("_", " "), True, "No definition is stored for this number."))


def better(metric: str) -> str:
    return "higher is better" if measure_of(metric).higher_is_better else "lower is better"


def model_order(model: str) -> int:
    """Place of a model in charts and tables; those of the teacher with fewer heads come last, most heads first."""
    known = list(MODELS)
    if model in known:
        return known.index(model)
    return len(known) + (100 - int(model.removeprefix("ahp-")) if model.startswith("ahp-") else 200)
