"""Every setting that decides a result, as frozen dataclasses that check themselves once, when they are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from dixtill_core.errors import ConfigError

Baseline = Literal["pad", "mask", "zero"]
Output = Literal["probability", "logit"]
Merge = Literal["sum", "mean"]
Perturbation = Literal["delete", "mask"]
IntegrationPath = Literal["adaptive", "uniform"]
Method = Literal["dixtill", "dixtill_paper", "kl", "mse", "ce"]
Optimizer = Literal["adamw", "sgd"]
Attention = Literal["magnitude", "signed"]
Ranking = Literal["signed", "absolute"]
TeacherPrecision = Literal["float32", "auto"]
Measured = Literal["auto", "all", "none"]
WordChange = Literal["delete", "mask", "neighbour", "word"]


class _Config:
    """What all configurations share: a round trip through JSON that refuses unknown keys."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"{cls.__name__} does not know {', '.join(unknown)}. It knows {', '.join(sorted(known))}.")
        return cls(**values)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


def _require_choice(name: str, value: str, choices: Any) -> None:
    allowed = get_args(choices)
    _require(value in allowed, f"{name} is {value!r}, but has to be one of {', '.join(allowed)}.")


def _require_seeds(**seeds: int) -> None:
    for name, seed in seeds.items():
        _require(0 <= seed < 2**32, f"{name} is {seed}, but has to lie between 0 and 4294967295.")


@dataclass(frozen=True)
class ExplainConfig(_Config):
    """How Integrated Gradients of the teacher are computed (see `explain.integrated_gradients`)."""

    n_steps: int = 50
    """Gradient evaluations along the path for each text, before any retry."""
    baseline: Baseline = "pad"
    """Embedding that every word starts from; CLS and SEP keep their own."""
    output: Output = "probability"
    """Function that is explained: the softmax probability of the target class, or its logit."""
    merge: Merge = "sum"
    """Word score from its pieces: their sum keeps completeness, their mean is what the paper's notebook does."""
    path: IntegrationPath = "adaptive"
    """Where the steps lie: "uniform" Gauss-Legendre, or "adaptive" on segments of equal change of the output."""
    tolerance: float = 0.05
    """Largest |convergence delta|, as a share of the output's change with 1 as its least, before steps are doubled."""
    max_steps: int = 400
    """No retry takes more steps than this; what has not converged by then is reported with a warning."""
    memory_budget_mb: int = 512
    """Activations that one forward and backward pass may hold."""

    def __post_init__(self) -> None:
        _require(1 <= self.n_steps <= 5000, f"n_steps is {self.n_steps}, but has to lie between 1 and 5000.")
        _require_choice("baseline", self.baseline, Baseline)
        _require_choice("output", self.output, Output)
        _require_choice("merge", self.merge, Merge)
        _require_choice("path", self.path, IntegrationPath)
        _require(self.tolerance > 0, f"tolerance is {self.tolerance}, but has to be above 0.")
        _require(self.memory_budget_mb >= 1, f"memory_budget_mb is {self.memory_budget_mb}, but has to be 1 or more.")


@dataclass(frozen=True)
class PerturbationConfig(_Config):
    """How occlusion, LIME and Kernel SHAP take words out of a text (see `explain.perturbation`)."""

    removal: Perturbation = "delete"
    """"delete" closes the gap, "mask" puts the mask token or the student's unknown word in place of each piece."""
    n_samples: int = 256
    """Variants of a text that LIME and Kernel SHAP draw: about a second on the bundled teacher for 25 words."""

    def __post_init__(self) -> None:
        _require_choice("removal", self.removal, Perturbation)
        _require(10 <= self.n_samples <= 100_000, f"n_samples is {self.n_samples}, but has to lie between 10 and 100000.")


@dataclass(frozen=True)
class TeachConfig(_Config):
    """How a LoRA adapter is trained on a base model (see `distill.teach`). Defaults were chosen on validation data."""

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 6e-4
    weight_decay: float = 0.01
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.1
    max_length: int = 128
    validation_share: float = 0.1
    split_seed: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, f"epochs is {self.epochs}, but has to be 1 or more.")
        _require(self.batch_size >= 1, f"batch_size is {self.batch_size}, but has to be 1 or more.")
        _require(self.learning_rate > 0, f"learning_rate is {self.learning_rate}, but has to be above 0.")
        _require(self.lora_rank >= 1, f"lora_rank is {self.lora_rank}, but has to be 1 or more.")
        _require(0 < self.validation_share < 1, f"validation_share is {self.validation_share}, but has to lie between 0 and 1.")
        _require_seeds(seed=self.seed, split_seed=self.split_seed)


@dataclass(frozen=True)
class StudentConfig(_Config):
    """Shape of the attention bi-LSTM (see `models.student`). Sizes are the paper's."""

    embedding_size: int = 50
    hidden_size: int = 50
    """Units of the LSTM in each direction."""
    attention: Attention = "magnitude"
    """"signed" is the paper's softmax(sigma); "magnitude" is softmax(gain * |sigma|), which also reads words that
    speak against the prediction."""
    dropout: float = 0.1
    max_vocabulary: int = 15_000

    def __post_init__(self) -> None:
        _require(self.embedding_size >= 1, f"embedding_size is {self.embedding_size}, but has to be 1 or more.")
        _require(self.hidden_size >= 1, f"hidden_size is {self.hidden_size}, but has to be 1 or more.")
        _require_choice("attention", self.attention, Attention)
        _require(0 <= self.dropout < 1, f"dropout is {self.dropout}, but has to lie in [0, 1).")
        _require(self.max_vocabulary >= 16, f"max_vocabulary is {self.max_vocabulary}, but has to be 16 or more.")


@dataclass(frozen=True)
class DistillConfig(_Config):
    """How a student is trained (see `distill.trainer` and, for the method, `distill.losses`)."""

    method: Method = "dixtill"
    alpha: float = 0.9
    """Weight of what the teacher says against the gold label."""
    temperature: float = 5.0
    alignment_weight: float = 2.0
    """Weight of L_XAI beside the soft loss; only the method "dixtill" reads it, the paper has 1."""
    epochs: int = 12
    batch_size: int = 128
    optimizer: Optimizer = "adamw"
    """"adamw" with a rate that rises and falls; "sgd" as the paper trains: momentum 0.9 at a constant rate, 0.01 there."""
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    word_dropout: float = 0.08
    """Share of the words that training replaces by the unknown word, so that its vector is learned."""
    average_decay: float = 0.999
    """Decay of the exponential moving average of the weights that is evaluated and kept; 0 keeps the last weights."""
    augmented_texts: int = 45_000
    """Texts made from the training texts and labelled by the teacher's logits alone; 0 for none."""
    augmentation_seed: int = 0
    """Kept apart from `seed`, so that the teacher labels the same texts once for students of every seed."""
    validation_share: float = 0.1
    split_seed: int = 0
    """Seed of the validation split, kept apart from `seed`, so that students of different seeds can be compared. A
    teacher that says what it was validated on decides instead (see `distill.corpus`)."""
    max_words: int = 150
    seed: int = 0

    def __post_init__(self) -> None:
        _require_choice("method", self.method, Method)
        _require_choice("optimizer", self.optimizer, Optimizer)
        _require(0 <= self.alpha <= 1, f"alpha is {self.alpha}, but has to lie in [0, 1].")
        _require(self.temperature > 0, f"temperature is {self.temperature}, but has to be above 0.")
        _require(self.alignment_weight >= 0, f"alignment_weight is {self.alignment_weight}, but may not be negative.")
        _require(self.epochs >= 1, f"epochs is {self.epochs}, but has to be 1 or more.")
        _require(self.batch_size >= 1, f"batch_size is {self.batch_size}, but has to be 1 or more.")
        _require(self.learning_rate > 0, f"learning_rate is {self.learning_rate}, but has to be above 0.")
        _require(0 <= self.word_dropout < 1, f"word_dropout is {self.word_dropout}, but has to lie in [0, 1).")
        _require(0 <= self.average_decay < 1, f"average_decay is {self.average_decay}, but has to lie in [0, 1).")
        _require(self.augmented_texts >= 0, f"augmented_texts is {self.augmented_texts}, but may not be negative.")
        _require(0 < self.validation_share < 1, f"validation_share is {self.validation_share}, but has to lie between 0 and 1.")
        _require_seeds(seed=self.seed, split_seed=self.split_seed, augmentation_seed=self.augmentation_seed)
        _require(self.max_words >= 1, f"max_words is {self.max_words}, but has to be 1 or more.")


@dataclass(frozen=True)
class FaithfulnessConfig(_Config):
    """How the faithfulness of an explanation is measured (see `metrics.faithfulness`)."""

    perturbation: Perturbation = "delete"
    """What becomes of a word that is taken out (see `explain.perturbation`); the numbers of the two differ."""
    ranking: Ranking = "signed"
    """"signed" takes the most supporting word first and words against the class last; "absolute" goes by magnitude."""
    shares: tuple[int, ...] = (1, 5, 10, 20, 50)
    """Sizes of the rationale in percent of the words, rounded up to a whole word; those of ERASER (DeYoung et al. 2020)."""
    random_seeds: int = 10
    """Random rankings whose mean is the floor, every second one the reverse of the one before."""
    exact_words: int = 50
    """Texts of up to so many words are measured word by word. Longer ones have curves of about so many steps and no
    greedy search, whose passes grow with the square of the words."""
    leave_one_out_words: int = 500
    """Longer texts have no leave-one-out correlation."""
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "shares", tuple(self.shares))  # JSON has lists only.
        _require_choice("perturbation", self.perturbation, Perturbation)
        _require_choice("ranking", self.ranking, Ranking)
        _require(
            bool(self.shares) and all(isinstance(share, int) and 1 <= share <= 100 for share in self.shares),
            f"shares is {self.shares}, but has to hold whole percentages between 1 and 100.",
        )
        _require(len(set(self.shares)) == len(self.shares), f"shares is {self.shares}, but may name each percentage only once.")
        _require(1 <= self.random_seeds <= 1000, f"random_seeds is {self.random_seeds}, but has to lie between 1 and 1000.")
        _require(1 <= self.exact_words <= 1000, f"exact_words is {self.exact_words}, but has to lie between 1 and 1000.")
        _require(self.leave_one_out_words >= 0, f"leave_one_out_words is {self.leave_one_out_words}, but may not be negative.")
        _require_seeds(seed=self.seed)


@dataclass(frozen=True)
class EfficiencyConfig(_Config):
    """What is timed, and for how long (see `metrics.efficiency`)."""

    batches: tuple[int, ...] = (1, 8, 32)
    lengths: tuple[int | None, ...] = (None, 150)
    """Pieces that each text is padded or cut to; None for the texts' own lengths, end to end."""
    threads: int | None = None
    """Of every model. Where None, all cores that the process may use, for models that gain from them."""
    repetitions: int = 20
    """Rounds at most; each model takes one turn in each."""
    seconds: float = 15.0
    """Time budget of one batch size and length, all models together. Three rounds are taken even where they need more."""
    seed: int = 0
    """Of the sample of texts."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "batches", tuple(self.batches))  # JSON has lists only.
        object.__setattr__(self, "lengths", tuple(self.lengths))
        _require(
            bool(self.batches) and all(1 <= batch <= 32 for batch in self.batches),
            f"batches is {self.batches}, but has to hold sizes between 1 and 32, which every model reads at once.",
        )
        _require(
            bool(self.lengths) and all(length is None or length >= 1 for length in self.lengths),
            f"lengths is {self.lengths}, but has to hold lengths of 1 or more, or none for the texts' own.",
        )
        _require(self.threads is None or 1 <= self.threads <= 1024, f"threads is {self.threads}, but has to lie between 1 and 1024.")
        _require(self.repetitions >= 1, f"repetitions is {self.repetitions}, but has to be 1 or more.")
        _require(self.seconds > 0, f"seconds is {self.seconds}, but has to be above 0.")
        _require_seeds(seed=self.seed)


@dataclass(frozen=True)
class ReproduceConfig(_Config):
    """What `dixtill reproduce` trains and measures (see `experiments`)."""

    seeds: int = 5
    """Students of each method, with the seeds 0 .. seeds - 1."""
    student: StudentConfig = StudentConfig()
    distill: DistillConfig = DistillConfig(augmented_texts=220_000, epochs=6)
    """Of every student, but for method and seed; "dixtill_paper" has the paper's signed attention."""
    temperatures: tuple[int, ...] = (1, 2, 3, 4)
    """Of Table 2, beside that of `distill`."""
    temperature_seeds: int = 3
    """Students of each temperature, where there are not fewer `seeds`: every one is as much work as one of Table 1."""
    pruned_heads: int = 6
    """Heads that are left in each layer of the AHP teacher of Table 4."""
    student_texts: int = 300
    """Test texts on which the faithfulness of students is measured; 0 for all."""
    teacher_texts: int = 100
    """Test texts on which the faithfulness of the teacher's explainers is measured; 0 for all."""
    bootstrap_samples: int = 2000
    efficiency: EfficiencyConfig = EfficiencyConfig()
    bert_base: bool = True
    """Time a classifier of BERT-base shape too, for which the paper's ratios are stated."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperatures", tuple(self.temperatures))
        _require(1 <= self.seeds <= 100, f"seeds is {self.seeds}, but has to lie between 1 and 100.")
        _require(all(temperature > 0 for temperature in self.temperatures), "temperatures have to be above 0.")
        _require(self.temperature_seeds >= 1, f"temperature_seeds is {self.temperature_seeds}, but has to be 1 or more.")
        _require(self.pruned_heads >= 1, f"pruned_heads is {self.pruned_heads}, but has to be 1 or more.")
        _require(self.student_texts >= 0, f"student_texts is {self.student_texts}, but may not be negative.")
        _require(self.teacher_texts >= 0, f"teacher_texts is {self.teacher_texts}, but may not be negative.")
        _require(self.bootstrap_samples >= 100, f"bootstrap_samples is {self.bootstrap_samples}, but has to be 100 or more.")

    @classmethod
    def quick(cls, seeds: int = 2) -> Self:
        """Everything, small enough for minutes on two cores; its figures are no results."""
        return cls(
            seeds=seeds,
            distill=DistillConfig(augmented_texts=2000, epochs=8, batch_size=32),  # Fewer steps leave a student at chance.
            student_texts=15,
            teacher_texts=5,
            bootstrap_samples=500,
        )


@dataclass(frozen=True)
class AnalysisConfig(_Config):
    """What is computed for the error analysis of a labelled corpus (see `analysis.analyse`)."""

    faithfulness: Measured = "auto"
    """Of which texts: "all", "none", or "auto", all where there are not more than `small_corpus`. It costs
    about a dozen passes of each model for every text: with the bundled pair 80 ms of one core, beside 280 ms for the
    teacher's attributions, which are kept and computed only once."""
    small_corpus: int = 1000
    perturbation: Perturbation = "delete"
    """What becomes of a word that is taken out for faithfulness."""

    def __post_init__(self) -> None:
        _require_choice("faithfulness", self.faithfulness, Measured)
        _require(self.small_corpus >= 0, f"small_corpus is {self.small_corpus}, but may not be negative.")
        _require_choice("perturbation", self.perturbation, Perturbation)

    def measures_faithfulness(self, n_texts: int) -> bool:
        return self.faithfulness == "all" or (self.faithfulness == "auto" and n_texts <= self.small_corpus)


@dataclass(frozen=True)
class FlipConfig(_Config):
    """How the smallest set of words is searched whose change flips a prediction (see `analysis.flip`)."""

    change: WordChange = "delete"
    """"delete" and "mask" as in `explain.perturbation`; "neighbour" tries GloVe neighbours; "word" puts `word` in place."""
    word: str = ""
    target: str | None = None
    """Label to reach; any other than the predicted one where None."""
    candidates: int = 3
    """Neighbours tried for each word."""
    budget: int = 2000
    """Evaluations of the model: each is one more text for it to read."""
    beam: int = 8
    """Sets of a size that are followed up."""

    def __post_init__(self) -> None:
        _require_choice("change", self.change, WordChange)
        _require(self.change != "word" or bool(self.word.strip()), "Say which word is put in place of others.")
        _require(1 <= self.candidates <= 20, f"candidates is {self.candidates}, but has to lie between 1 and 20.")
        _require(10 <= self.budget <= 1_000_000, f"budget is {self.budget}, but has to lie between 10 and 1000000.")
        _require(1 <= self.beam <= 100, f"beam is {self.beam}, but has to lie between 1 and 100.")
