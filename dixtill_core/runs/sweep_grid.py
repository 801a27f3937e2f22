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
SHORT = {"alpha": "α", "temperature": "τ", "alignment_weight": "w"}


@dataclass(frozen=True)
class SweepGrid:
    """Values to try, each with each; a setting without values stays as it is in the specification."""

    method: tuple[Method, ...] = ()
    alpha: tuple[float, ...] = ()
    temperature: tuple[float, ...] = ()
    alignment_weight: tuple[float, ...] = ()
    seeds: int = 1
    """Students of each point, with the seeds 0 .. seeds - 1."""

    def __post_init__(self) -> None:
        for name in ("method", "alpha", "temperature", "alignment_weight"):
            values = tuple(dict.fromkeys(getattr(self, name)))  # JSON has lists only; a value twice is one point.
            object.__setattr__(self, name, values)
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
    """Method and, of the others, those that its loss has."""
    specs: Mapping[str, RunSpec]
    """By the folder of the run, `dixtill-alpha0.9-temperature5-seed0`."""


def sweep_points(base: RunSpec, grid: SweepGrid) -> tuple[SweepPoint, ...]:
    """Every point that differs from the others in what its method reads.

    A student of "dixtill_paper" has the paper's signed attention, as everywhere.

    Raises:
        ConfigError: a value is out of range, or there are more than `MOST_RUNS` runs.
    """
    points: dict[tuple, SweepPoint] = {}
    tried = {name: getattr(grid, name) or (getattr(base.distill, name),) for name in ("method", *READ_BY)}
    for method, *values in product(*tried.values()):
        settings = {"method": method} | {name: float(value) for name, value in zip(READ_BY, values, strict=True) if method in READ_BY[name]}
        key = tuple(settings.items())
        if key not in points:
            points[key] = _point(base, settings, grid)
    runs = len(points) * grid.seeds
    if runs > MOST_RUNS:
        raise ConfigError(f"The sweep has {runs:,} runs; {MOST_RUNS} are the most. Try fewer values or seeds.")
    return tuple(points.values())


def _point(base: RunSpec, settings: Mapping[str, Any], grid: SweepGrid) -> SweepPoint:
    student = replace(base.student, attention="signed") if settings["method"] == "dixtill_paper" else base.student
    numbers = {name: value for name, value in settings.items() if name != "method"}
    title = ", ".join([settings["method"], *(f"{SHORT[name]} {value:g}" for name, value in numbers.items())])
    folder = "-".join([settings["method"], *(f"{name}{value:g}" for name, value in numbers.items())]).replace("_", "-")
    specs = {
        f"{folder}-seed{seed}": replace(base, student=student, distill=replace(base.distill, **settings, seed=seed))
        for seed in range(grid.seeds)
    }
    return SweepPoint(title, settings, specs)
