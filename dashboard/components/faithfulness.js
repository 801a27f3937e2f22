// Draws how each model's certainty falls as its own strongest words are removed, teacher left, student right.
// Lines are an SVG stretched over the plot; text and marks are HTML above it, so that they keep their shape at any width.

const SVG = "http://www.w3.org/2000/svg"; // The name of a vocabulary, which nothing loads.
const LINES = [
  ["random", "random order"],
  ["greedy", "greedy search"],
  ["own", "its own order"],
];

export default function render({ data, parentElement }) {
  const root = parentElement.querySelector(".comparison");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return; // A rerun with the same numbers keeps the reader's place.
  root.drawn = drawn;
  root.replaceChildren(
    element("header", { class: "question" }, [
      element("h2", {}, ["Do these words decide?"]),
      element("p", { class: "subtitle" }, [
        "Each model reads the text again while the words that its explanation puts first are removed one by one. " +
          "The steeper the fall, the more faithful the explanation.",
      ]),
    ]),
    element("div", { class: "panels" }, data.panels.map(drawPanel)),
  );
}

function drawPanel(panel) {
  return element("section", { class: `panel ${panel.role}`, "aria-label": `${panel.title}: faithfulness` }, [
    element("h2", {}, [panel.title]),
    element("p", { class: "subtitle" }, [panel.subtitle]),
    element("ul", { class: "stats", role: "list" }, panel.stats.map((stat, i) => drawStat(stat, `${panel.role}-tip-${i}`))),
    drawLegend(panel),
    ...drawChart(panel),
    ...panel.notes.map((note) => element("p", { class: "note" }, [note])),
  ]);
}

function drawStat(stat, id) {
  return element("li", { class: "stat", tabindex: 0, "aria-describedby": id }, [
    element("span", {}, [element("b", { class: "number" }, [stat.number]), ` ${stat.unit}`]),
    element("span", { class: "name" }, [stat.name]),
    element("span", { class: "floor" }, [stat.floor]),
    element("span", { class: "direction" }, [stat.direction]),
    element("span", { class: "tip", role: "tooltip", id }, [stat.explanation]),
  ]);
}

function drawLegend(panel) {
  const entries = LINES.filter(([name]) => panel.lines[name].length).reverse();
  const items = entries.map(([name, meaning]) => {
    const sample = svg("svg", { class: "sample", viewBox: "0 0 30 8", "aria-hidden": "true" }, [svg("path", { class: name, d: "M1 4H29" })]);
    const id = `${panel.role}-tip-${name}`;
    return element("li", { tabindex: 0, "aria-describedby": id }, [sample, meaning, element("span", { class: "tip", role: "tooltip", id }, [panel.legend[name]])]);
  });
  return element("ul", { class: "legend", role: "list", "aria-label": "Lines" }, items);
}

function drawChart(panel) {
  const last = panel.points.length - 1;
  const across = panel.points.map((point) => (100 * point.removed) / panel.n_words);
  const paths = LINES.filter(([name]) => panel.lines[name].length).map(([name]) =>
    svg("path", { class: name, d: "M" + panel.lines[name].map((value, i) => `${across[i]} ${100 * (1 - value)}`).join("L") }),
  );
  const marks = panel.points.map((point, i) => at("span", "mark", across[i], point.own));
  const guide = element("span", { class: "guide" }, [element("span", {}, [panel.rationale_name])]);
  const bubble = element("span", { class: "bubble" });
  const plot = element(
    "div",
    {
      class: "plot",
      role: "slider",
      tabindex: 0,
      "aria-label": `${panel.title}: words removed, arrow keys move`,
      "aria-valuemin": 0,
      "aria-valuemax": panel.n_words,
    },
    [
      ...[0, 25, 50, 75, 100].map((share) => at("span", "level", 0, share / 100, [element("span", {}, [`${share}%`])])),
      svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, paths),
      guide,
      ...marks,
      ...panel.ticks.map((tick) => at("span", "tick", (100 * tick) / panel.n_words, 0, [String(tick)])),
      bubble,
    ],
  );
  const reading = element("p", { class: "reading" });
  const resting = panel.rationale;
  let shown = -1;

  function show(i) {
    if (i === shown) return;
    marks[shown]?.classList.remove("shown");
    marks[i].classList.add("shown");
    shown = i;
    const point = panel.points[i];
    guide.style.left = `${across[i]}%`;
    place(bubble, across[i], point.own);
    bubble.style.transform = `translateX(-${across[i]}%)`;
    bubble.replaceChildren(point.added_words ? `− ${point.added_words}: ` : "whole text: ", element("b", {}, [point.own_text]));
    reading.replaceChildren(...describe(panel, point));
    plot.setAttribute("aria-valuenow", point.removed);
    plot.setAttribute("aria-valuetext", reading.textContent);
  }
  function nearest(event) {
    const box = plot.getBoundingClientRect();
    const wanted = (100 * (event.clientX - box.left)) / box.width;
    return across.reduce((best, x, i) => (Math.abs(x - wanted) < Math.abs(across[best] - wanted) ? i : best), 0);
  }
  plot.addEventListener("pointermove", (event) => show(nearest(event)));
  plot.addEventListener("pointerdown", (event) => show(nearest(event)));
  plot.addEventListener("pointerleave", () => show(resting));
  plot.addEventListener("keydown", (event) => {
    const moves = { ArrowRight: shown + 1, ArrowUp: shown + 1, ArrowLeft: shown - 1, ArrowDown: shown - 1, Home: 0, End: last };
    if (!(event.key in moves)) return;
    event.preventDefault();
    show(Math.min(last, Math.max(0, moves[event.key])));
  });
  show(resting);
  guide.firstChild.style.transform = `translateX(-${across[resting]}%)`;
  return [
    element("p", { class: "axis" }, [`probability of ${panel.label}`]),
    plot,
    element("p", { class: "axis below" }, ["words removed, the strongest first"]),
    reading,
  ];
}

function describe(panel, point) {
  const others = [`random order ${point.random_text}`];
  if (point.greedy_text) others.push(`greedy search ${point.greedy_text}`);
  const without = point.removed
    ? [element("b", {}, [`${point.removed} of ${panel.n_words}`]), ` removed (${point.words}): `]
    : [element("b", {}, ["Whole text"]), ": "];
  return [...without, element("b", {}, [`${point.own_text} ${panel.label}`]), point.removed ? `; ${others.join(", ")}.` : "."];
}

// A child of the plot, `across` in percent from the left, `share` of the height from the bottom.
function at(tag, name, across, share, children) {
  const made = element(tag, { class: name }, children);
  place(made, across, share);
  return made;
}

function place(made, across, share) {
  made.style.left = `${across}%`;
  made.style.bottom = `${100 * share}%`;
}

function svg(tag, attributes, children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...(children ?? []));
  return made;
}
