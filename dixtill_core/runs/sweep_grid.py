"""The points of a sweep: which settings are tried with which, and what each is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any, Self, get_args

from dixtill_core.config import Method
from dixtill_core.errors import ConfigError
from dixtill_core.runs.spec import RunSpec

MOST_RUNS = 500
READ_BY: Mapping[str, tuple[str, ...]] = {
    "alpha": ("dixtill", "dixtill_paper", "kl", "mse"),
    "temperature": ("dixtill", "dixtill_paper", "kl"),
    "alignment_weight": ("dixtill",),
}
"""Methods whose loss has the setting: the others are the same student at every value of it."""
SIZES = ("max_vocabulary", "hidden_size")
"""Settings of the student's size, which every method reads. The vocabulary comes first: each has a corpus of its own."""
SETTINGS = ("method", *READ_BY, *SIZES)
"""Everything that a sweep can try."""
SHORT = {"alpha": "α", "temperature": "τ", "alignment_weight": "w", "max_vocabulary": "words", "hidden_size": "units"}


@dataclass(frozen=True)
class SweepGrid:
    """Values to try, each with each; a setting without values stays as it is in the specification."""

    method: tuple[Method, ...] = ()
    alpha: tuple[float, ...] = ()
    temperature: tuple[float, ...] = ()
    alignment_weight: tuple[float, ...] = ()
    max_vocabulary: tuple[int, ...] = ()
    hidden_size: tuple[int, ...] = ()
    seeds: int = 1
    """Students of each point, with the seeds 0 .. seeds - 1."""

    def __post_init__(self) -> None:
        for name in SETTINGS:
            values = tuple(dict.fromkeys(getattr(self, name)))  # JSON has lists only; a value twice is one point.
            if name in SIZES and any(value != int(value) for value in values):
                raise ConfigError(f"{name} counts {SHORT[name]}, so its values have to be whole numbers.")
            object.__setattr__(self, name, tuple(map(int, values)) if name in SIZES else values)
        if unknown := [method for method in self.method if method not in get_args(Method)]:
            raise ConfigError(f"There is no method {unknown[0]!r}. There are {', '.join(get_args(Method))}.")
        if not 1 <= self.seeds <= 100:
            raise ConfigError(f"seeds is {self.seeds}, but has to lie between 1 and 100.")

    def to_dict(self) -> dict[str, Any]:
        return {field.name: list(value) if isinstance(value := getattr(self, field.name), tuple) else value for field in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Raises ConfigError on an unknown key or a value of the wrong kind."""
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"The grid of a sweep holds what it cannot: {error}.") from error


@dataclass(frozen=True)
class SweepPoint:
    """One combination of settings, and the run of each seed."""

    name: str
    """For people: `dixtill, α 0.9, τ 5`."""
    settings: Mapping[str, Any]
    """Method; of the numbers in the loss, those that it has; of the sizes, those that are tried."""
    specs: Mapping[str, RunSpec]
    """By the folder of the run, `dixtill-alpha0.9-temperature5-seed0`."""


def sweep_points(base: RunSpec, grid: SweepGrid) -> tuple[SweepPoint, ...]:
    """Every point that differs from the others in what its method reads.

    A student of "dixtill_paper" has the paper's signed attention, as everywhere.

    Raises:
        ConfigError: a value is out of range, or there are more than `MOST_RUNS` runs.
    """
    points: dict[tuple, SweepPoint] = {}
    sizes = {name: getattr(grid, name) for name in SIZES if getattr(grid, name)}
    tried = sizes | {name: getattr(grid, name) or (getattr(base.distill, name),) for name in ("method", *READ_BY)}
    for values in product(*tried.values()):
        chosen = dict(zip(tried, values, strict=True))
        method = chosen["method"]
        settings = {"method": method} | {name: float(chosen[name]) for name in READ_BY if method in READ_BY[name]}
        settings |= {name: chosen[name] for name in sizes}
        key = tuple(settings.items())
        if key not in points:
            points[key] = _point(base, settings, grid)
    runs = len(points) * grid.seeds
    if runs > MOST_RUNS:
        raise ConfigError(f"The sweep has {runs:,} runs; {MOST_RUNS} are the most. Try fewer values or seeds.")
    return tuple(points.values())


def _point(base: RunSpec, settings: Mapping[str, Any], grid: SweepGrid) -> SweepPoint:
    shape: dict[str, Any] = {name: settings[name] for name in SIZES if name in settings}
    if settings["method"] == "dixtill_paper":
        shape["attention"] = "signed"
    student = replace(base.student, **shape)
    training = {name: value for name, value in settings.items() if name not in SIZES}
    numbers = {name: value for name, value in settings.items() if name != "method"}
    title = ", ".join([settings["method"], *(setting_text(name, value) for name, value in numbers.items())])
    folder = "-".join([settings["method"], *(f"{name}{_plain(value)}" for name, value in numbers.items())]).replace("_", "-")
    specs = {
        f"{folder}-seed{seed}": replace(base, student=student, distill=replace(base.distill, **training, seed=seed))
        for seed in range(grid.seeds)
    }
    return SweepPoint(title, settings, specs)


def setting_text(name: str, value: float) -> str:
    """A setting for people: `α 0.9`, `15,000 words`."""
    return f"{value:,} {SHORT[name]}" if name in SIZES else f"{SHORT[name]} {_plain(value)}"


def _plain(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
