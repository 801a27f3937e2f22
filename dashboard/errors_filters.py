"""The filters of the page Errors with their distributions. `errors_state.filters()` is the truth; the widgets only show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.chart_style import ink
from dashboard.errors_charts import histogram_figure
from dashboard.errors_state import filters, set_filters
from dashboard.markdown import as_markdown
from dixtill_core.analysis.distributions import Selection, select
from dixtill_core.analysis.filters import LABEL_FILTERS, RANGES, Filters, Range
from dixtill_core.analysis.outcomes import OUTCOMES
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.errors import ConfigError

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.analysis.distributions import Counts
    from dixtill_core.notes.note import Note

MANY_TEXTS = 20_000
"""From which on a regular expression may take seconds."""
MOST_PILLS = 8
"""More labels than this are a list to search in."""
RANGE_TITLES = {
    "teacher_confidence": "Teacher's confidence", "student_confidence": "Student's confidence", "teacher_margin": "Teacher's margin",
    "student_margin": "Student's margin", "agreement": "Agreement @3", "length": "Length in words",
}  # fmt: skip
RANGE_HELP = {
    "teacher_confidence": "Probability of the label that the teacher predicts.",
    "student_confidence": "Probability of the label that the student predicts.",
    "teacher_margin": "Probability of the predicted label less that of the next one.",
    "student_margin": "Probability of the predicted label less that of the next one.",
    "agreement": "Share of the teacher's 3 strongest words that are also among the student's.",
    "length": "Words of the text.",
}
_PROBLEMS, _TYPED = "errors_filter_problems", "errors_filter_typed"


def key_of(name: str) -> str:
    """Of the widget of a filter."""
    return f"errors_filter_{name}"


@st.cache_resource(max_entries=8, show_spinner=False)
def _selection(_corpus: AnalysedCorpus, key: str, wanted: dict[str, list[str]], _notes: Sequence[Note], noted: str) -> Selection:
    return select(_corpus.table, Filters.from_query(wanted, _corpus.label_names)[0], _corpus.label_names, _notes)


def selection(corpus: AnalysedCorpus, notes: Sequence[Note]) -> Selection:
    """What the filters leave, with all distributions; kept, since most reruns of the page do not change it.

    Raises:
        ConfigError: the regular expression takes too long.
    """
    wanted = filters()
    takes_long = bool(wanted.pattern) and len(corpus) > MANY_TEXTS
    with st.spinner(f"Looking through {len(corpus):,} texts …", show_time=True) if takes_long else nullcontext():
        return _selection(corpus, corpus.key, wanted.to_query(), notes, "".join(note.revision for note in notes))


def show_filters(corpus: AnalysedCorpus, found: Selection) -> None:
    """Every filter with how many texts each of its values has, and a way to take all of them away."""
    wanted = filters()
    n_left = int(found.mask.sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{n_left:,}** of {len(corpus):,} texts", width="content")
        for name in wanted.names:
            st.button(
                as_markdown(f"{_title(name)}: {_said(name, getattr(wanted, name))}"), key=f"errors_drop_{name}", icon=":material/close:",
                on_click=_drop, args=(name,), help="Take this filter away.",
            )  # fmt: skip
        if wanted.names:
            st.button("Clear all", key="errors_clear", on_click=set_filters, args=(Filters(),), type="tertiary")
    with st.expander("Filters", icon=":material/filter_list:"):
        st.caption("The number beside a value says how many texts it has under the other filters.")
        titles = {name: outcome.title for name, outcome in OUTCOMES.items()}
        _choose("outcome", "Outcome", found.counts["outcome"], titles)
        for column, name in zip(st.columns(3), LABEL_FILTERS, strict=True):
            with column:
                _choose(name, _title(name), found.counts[name], {})
        unknown = frozenset(name for name, tag in SMART_TAGS.items() if tag.ground in corpus.missing_grounds)
        _choose("tags", "Smart tags (all of them)", found.counts["tags"], {name: tag.title for name, tag in SMART_TAGS.items()}, unknown)
        with st.container(horizontal=True):
            _ask("word", "Contains the word", "profit", "A whole word or phrase, whatever its case.")
            _ask("pattern", "Matches the regular expression", "beat(s|en)? .* forecast", "Whatever its case.")
        columns = st.columns(3)
        for i, name in enumerate(RANGES):
            with columns[i % 3]:
                _choose_range(name, found)
        _choose_notes(found)


def _title(name: str) -> str:
    special = {"gold": "Gold label", "teacher": "Teacher says", "student": "Student says", "has_note": "Has a note", "tags": "Smart tag"}
    return special.get(name) or RANGE_TITLES.get(name) or name.replace("_", " ").capitalize()


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Range):
        return f"{'' if value.low is None else f'{value.low:g}'} – {'' if value.high is None else f'{value.high:g}'}".strip()
    if isinstance(value, tuple):
        titles: dict[str, str] = {key: outcome.title for key, outcome in OUTCOMES.items()} if name == "outcome" else {}
        titles |= {key: tag.title for key, tag in SMART_TAGS.items()} if name == "tags" else {}
        return ", ".join(str(titles.get(part, part)) for part in value)
    return f"“{value}”"


def _choose(name: str, label: str, counts: Counts, titles: dict[str, str], unknown: frozenset[str] = frozenset()) -> None:
    """Any of a few values; of the `unknown` ones, which texts have them was not looked for."""
    chosen = list(getattr(filters(), name))
    options = [*counts.values, *(value for value in chosen if value not in counts.values)]
    left = dict(zip(counts.values, counts.left.tolist(), strict=True))
    st.session_state[key_of(name)] = chosen

    def shown(value: str) -> str:
        return f"{as_markdown(titles.get(value, value))} · {'not looked for' if value in unknown else f'{left.get(value, 0):,}'}"

    what: dict[str, Any] = {"key": key_of(name), "format_func": shown, "on_change": _take, "args": (name, tuple)}
    if name == "tags":
        what["help"] = "\n\n".join(f"**{tag.title}**: {tag.definition}" for tag in SMART_TAGS.values())
    if len(options) <= MOST_PILLS or name == "tags":
        st.pills(label, options, selection_mode="multi", wrap=True, **what)
    else:
        st.multiselect(label, options, placeholder="any", **what)


def _ask(name: str, label: str, example: str, help_text: str) -> None:
    typed = st.session_state.get(_TYPED, {})
    problem = st.session_state.get(_PROBLEMS, {}).get(name)
    st.session_state[key_of(name)] = typed.get(name, getattr(filters(), name))
    with st.container():
        st.text_input(label, key=key_of(name), placeholder=example, help=help_text, on_change=_take, args=(name, str))
        if problem:
            st.error(as_markdown(problem))


def _choose_range(name: str, found: Selection) -> None:
    histogram = found.histograms[name]
    wanted = getattr(filters(), name) or Range()
    longest = max(1, int(histogram.edges[-1]) - 1) if name == "length" else 1
    low, high = (0 if wanted.low is None else wanted.low), (longest if wanted.high is None else wanted.high)
    figure = histogram_figure(histogram.edges, histogram.all, histogram.left)
    ink(figure, st.context.theme.type)
    st.caption(RANGE_TITLES[name])
    st.plotly_chart(figure, key=f"errors_histogram_{name}", config={"displayModeBar": False}, alt=f"Distribution of {RANGE_TITLES[name]}")
    limits: tuple[Any, ...]
    if name == "length":
        limits = (0, longest, 1)
        shown: tuple[Any, Any] = (min(longest, int(low)), min(longest, int(high)))
    else:
        limits = (0.0, 1.0, 0.01)
        shown = (min(1.0, max(0.0, float(low))), min(1.0, max(0.0, float(high))))
    st.session_state[key_of(name)] = shown
    st.slider(
        RANGE_TITLES[name], limits[0], limits[1], step=limits[2], key=key_of(name), help=RANGE_HELP[name], label_visibility="collapsed",
        on_change=_take, args=(name, lambda value: _as_range(value, limits[1])),
    )  # fmt: skip


def _choose_notes(found: Selection) -> None:
    has_note = filters().has_note
    counts = dict(zip(found.counts["has_note"].values, found.counts["has_note"].left.tolist(), strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state[key_of("has_note")] = {None: "any", True: "yes", False: "no"}[has_note]
        st.segmented_control(
            "Has a note", ["any", "yes", "no"], key=key_of("has_note"), required=True, on_change=_take,
            args=("has_note", {"any": None, "yes": True, "no": False}.get),
            format_func=lambda value: value if value == "any" else f"{value} · {counts[value]:,}",
        )  # fmt: skip
        _choose("status", "Status of the note", found.counts["status"], {})
        if found.counts["note_tags"].values or filters().note_tags:
            _choose("note_tags", "Tags of the note", found.counts["note_tags"], {})


def _as_range(value: tuple[float, float], highest: float) -> Range:
    low, high = value
    return Range(None if low <= 0 else float(low), None if high >= highest else float(high))


def _take(name: str, convert: Callable[[Any], Any]) -> None:
    """Make what a widget says the truth; what cannot be is said beside it, and stays typed."""
    value = st.session_state[key_of(name)]
    problems, typed = st.session_state.setdefault(_PROBLEMS, {}), st.session_state.setdefault(_TYPED, {})
    problems.pop(name, None)
    typed.pop(name, None)
    try:
        set_filters(replace(filters(), **{name: convert(value)}))
    except ConfigError as error:
        problems[name], typed[name] = str(error), value


def _drop(name: str) -> None:
    set_filters(replace(filters(), **{name: getattr(Filters(), name)}))
