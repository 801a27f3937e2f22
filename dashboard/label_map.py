"""Labels of the data that are called otherwise than the models': asked about by every page that takes data of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.resources import run_of
from dixtill_core.data.findings import called
from dixtill_core.data.label_map import LabelMap, match_labels, suggest_label_map
from dixtill_core.errors import DataError
from dixtill_core.files import sha256_of_json

if TYPE_CHECKING:
    from dixtill_core.data.datasets import Dataset

LEAVE_OUT = ""
"""Stands for no label of the teacher; none is empty."""


def ask_label_map(dataset: Dataset, teacher_labels: Sequence[str], test: Dataset | None = None) -> LabelMap | None:
    """Which label of the data is which of the teacher's, asked only where they do not match by themselves.

    Args:
        test: more texts that the same map is for.

    Returns:
        None where no map is needed.

    Raises:
        DataError: the map leaves no text.
    """
    parts = [dataset] if test is None else [dataset, test]
    try:
        for part in parts:
            match_labels(part, teacher_labels)
        return None
    except DataError as error:
        mismatch = error
    known = {label.lower() for label in teacher_labels}  # Labels of the same name need no answer.
    other = [[name for name in part.label_names if name.lower() not in known] for part in parts]
    names = list(dict.fromkeys(name for of_part in other for name in of_part))
    if not names:
        raise mismatch
    where = " and ".join(
        f"{called(part.source)} has the labels {', '.join(of_part)}" for part, of_part in zip(parts, other, strict=True) if of_part
    )
    st.warning(as_markdown(f"{where}; the teacher has {', '.join(teacher_labels)}. Say which is which, or leave the texts of a label out."))
    suggested = suggest_label_map(names, teacher_labels)
    digest = sha256_of_json([names, list(teacher_labels)])[:8]
    chosen: dict[str, str | None] = {}
    with st.container(horizontal=True):
        for i, name in enumerate(names):
            guess = suggested.get(name)
            to = st.selectbox(
                as_markdown(f"{name} means"), [*teacher_labels, LEAVE_OUT],
                index=len(teacher_labels) if guess is None else list(teacher_labels).index(guess),
                key=f"label_map_{digest}_{i}", persist_state="session", format_func=lambda label: label or "leave out", width=200,
            )  # fmt: skip
            chosen[name] = to or None
    for part in parts:
        left_out = len(part) - len(match_labels(part, teacher_labels, chosen, is_shared=True))
        if left_out:
            st.caption(f"{left_out:,} of {len(part):,} {'test texts' if part is test else 'texts'} are left out.")
    return chosen


def match_own_data(dataset: Dataset, teacher_labels: Sequence[str], folder: str, label_map: LabelMap | None = None) -> Dataset:
    """A file of the user's with the labels of a pair's teacher: by the map, by name or number, or named as the data of the run were
    that made the pair.

    Raises:
        DataError: labels that are not the models'.
    """
    try:
        return match_labels(dataset, teacher_labels, label_map)
    except DataError as error:
        run = run_of(folder)
        if label_map is None and run is not None and run.spec.label_map is not None:
            try:
                return match_labels(dataset, teacher_labels, run.spec.label_map, is_shared=True)
            except DataError:
                raise error from None
        raise
