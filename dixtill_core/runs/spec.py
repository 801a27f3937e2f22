"""What a training run is asked to do: data, teacher, student, training, and the sentence that is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, get_args

from dixtill_core.config import DistillConfig, StudentConfig, TeachConfig, TeacherPrecision
from dixtill_core.data.sources import SAMPLE
from dixtill_core.errors import ConfigError
from dixtill_core.models.teacher_reference import BUNDLED

WATCHED = "Shares of $ACME slide 12% as profit beats forecasts but outlook is cut"
LONGEST_WATCHED = 2000
"""Characters: a heatmap of more cannot be read anyway."""


_LONGEST_SAID = 60
_TEXTS: dict[str, Any] = {
    "data": str, "text_column": str | None, "label_column": str | None, "teacher": str, "watched": str, "test_data": str | None
}  # fmt: skip


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides the student of a run. It makes the round trip through JSON and refuses unknown keys."""

    data: str = SAMPLE
    """As for `load_dataset`; a path below `upload/` is that file of the run's own folder."""
    text_column: str | None = None
    label_column: str | None = None
    label_names: tuple[str, ...] | None = None
    """Names of the labels 0, 1, 2 .. of a file that holds numbers."""
    label_map: Mapping[str, str | None] | None = field(default=None, hash=False)
    """Label of the data -> label of the teacher, or None to leave its texts out; where None, labels match by name."""
    teacher: str = BUNDLED
    """"bundled", a folder or a Hub id; not read where `teach` is set."""
    precision: TeacherPrecision = "float32"
    """Of the teacher, as for `load_teacher`."""
    teach: TeachConfig | None = None
    """Fine-tune a teacher on these data first."""
    student: StudentConfig = field(default_factory=StudentConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    watched: str = WATCHED
    """The sentence whose heatmap is kept after every epoch; none where empty."""
    test_data: str | None = None
    """Read as `data` is, and evaluated at the end; never trained or chosen on."""

    def __post_init__(self) -> None:
        if self.label_names is not None:
            object.__setattr__(self, "label_names", tuple(self.label_names))  # JSON has lists only.
        if self.label_map is not None:
            object.__setattr__(self, "label_map", dict(self.label_map))
        for name, kind in _TEXTS.items():
            if not isinstance(getattr(self, name), kind):
                raise ConfigError(f"{name} is {getattr(self, name)!r}, but has to be text.")
        for name in ("data", "teacher"):
            if not getattr(self, name).strip():
                raise ConfigError(f"{name} is empty. Name a file, a folder or a Hub id.")
        if self.precision not in get_args(TeacherPrecision):
            raise ConfigError(f"precision is {self.precision!r}, but has to be one of {', '.join(get_args(TeacherPrecision))}.")
        if len(self.watched) > LONGEST_WATCHED:
            raise ConfigError(f"The watched sentence has {len(self.watched):,} characters; {LONGEST_WATCHED:,} are the most.")
        if self.label_map is not None and not any(self.label_map.values()):
            raise ConfigError("The label map leaves every label out, so no text would be left to train on.")

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as run.json holds it."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("teach", "student", "distill"):
            values[name] = values[name].to_dict() if values[name] is not None else None
        values["label_names"] = None if self.label_names is None else list(self.label_names)
        values["label_map"] = None if self.label_map is None else dict(self.label_map)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Raises ConfigError on an unknown key, a value of the wrong kind or out of range."""
        known = [f.name for f in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ConfigError(f"RunSpec does not know {', '.join(unknown)}. It knows {', '.join(sorted(known))}.")
        made = dict(values)
        try:
            for name, config in (("teach", TeachConfig), ("student", StudentConfig), ("distill", DistillConfig)):
                if made.get(name) is not None:
                    made[name] = config.from_dict(made[name])
            return cls(**made)
        except (TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"The specification of a run holds a value of the wrong kind: {error}.") from error


def differences(one: RunSpec, other: RunSpec) -> list[str]:
    """What the other one asks otherwise, for people: "epochs is 60 there and 30 here"."""
    found = []
    first, second = one.to_dict(), other.to_dict()
    for name in first:
        is_config = name in ("teach", "student", "distill") and None not in (first[name], second[name])
        parts = [values[name] if is_config else {name: values[name]} for values in (first, second)]
        for part in parts[0]:
            if (there := parts[0][part]) != (here := parts[1][part]):
                found.append(f"{part.replace('_', ' ')} is {_said(there)} there and {_said(here)} here")
    return found


def _said(value: Any) -> str:
    text = "not set" if value is None else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SAID else text[: _LONGEST_SAID - 1] + "…"


@dataclass(frozen=True)
class Preset:
    """Settings under one name; `apply` puts them into a specification and leaves data and teacher alone."""

    title: str
    description: str
    student: StudentConfig
    distill: DistillConfig

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, student=self.student, distill=self.distill)


PRESETS: dict[str, Preset] = {
    "default": Preset(
        "DiXtill's default",
        "Chosen by measurement on validation data: τ² KL and alignment, 45,000 texts labelled by the teacher, attention over magnitudes.",
        StudentConfig(),
        DistillConfig(),
    ),
    "paper": Preset(
        "The paper's form",
        "Normalised KL and alignment, α = 0.9, τ = 5, signed attention, 15 epochs, no made texts, the last weights and not their "
        "average. The optimiser is AdamW: the paper's SGD, under More settings, learns too little from so few texts.",
        StudentConfig(attention="signed"),
        DistillConfig(
            method="dixtill_paper", alpha=0.9, temperature=5.0, alignment_weight=1.0, epochs=15, augmented_texts=0, word_dropout=0.0,
            average_decay=0.0,
        ),
    ),
    "quick": Preset(
        "A quick try",
        "A small vocabulary and few made texts: about a minute on the sample. To see that everything works, not for results.",
        StudentConfig(max_vocabulary=4000),
        DistillConfig(epochs=8, batch_size=64, augmented_texts=1000, average_decay=0.98),
    ),
}  # fmt: skip
