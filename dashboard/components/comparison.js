// Draws a comparison and links its words: one that is hovered or focused is marked in both panels and in its row.
// Everything that a user typed arrives as data and enters the page as text, never as HTML.

export default function render({ data, parentElement }) {
  const root = parentElement.querySelector(".comparison");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return; // A rerun with the same comparison keeps the reader's focus.
  root.drawn = drawn;

  const wordLists = data.panels.map((panel) => drawWords(panel, data.words));
  const rows = drawRows(data);
  root.replaceChildren(
    element("p", { class: "summary", role: "status" }, data.summary.map(([text, isStrong]) => element(isStrong ? "b" : "span", {}, [text]))),
    ...(data.notes.length ? [element("ul", { class: "notes", role: "list", "aria-label": "Notes" }, data.notes.map((note) => element("li", {}, [note])))] : []),
    element("div", { class: "panels" }, data.panels.map((panel, i) => drawPanel(panel, wordLists[i]))),
    drawScale(data.scale),
    element("section", { class: "panel", "aria-label": "Word by word" }, [
      element("h2", {}, ["Word by word"]),
      element("p", { class: "subtitle" }, ["teacher left, student right, each scaled to its strongest word"]),
      rows,
    ]),
  );
  linkWords(root, wordLists, rows);
}

function drawPanel(panel, wordList) {
  const shares = panel.shares.map((share) =>
    element("li", { class: share.is_predicted ? "share predicted" : "share", "aria-label": `${share.label} ${share.text}${share.is_predicted ? ", predicted" : ""}` }, [
      element("span", { class: "label" }, [share.label]),
      element("span", { class: "track" }, [element("span", { class: "fill", size: share.share })]),
      element("span", { class: "number" }, [share.text]),
    ]),
  );
  const facts = panel.facts.map((fact) =>
    element("li", fact.is_warning ? { class: "warning" } : {}, [element("b", {}, [fact.number]), ` ${fact.meaning}`]),
  );
  return element("section", { class: `panel ${panel.role}`, "aria-label": panel.title }, [
    element("h2", {}, [panel.title]),
    element("p", { class: "subtitle", title: panel.method }, [panel.subtitle]),
    element("ul", { class: "shares", role: "list", "aria-label": `${panel.title}: probabilities` }, shares),
    wordList,
    element("ul", { class: "facts", role: "list" }, facts),
  ]);
}

function drawWords(panel, words) {
  const items = words.map((word, i) => {
    const value = panel.words[i];
    const classes = ["word", value.tone, value.is_faint && "faint", word.is_joined && "joined"].filter(Boolean).join(" ");
    const attributes = { class: classes, size: value.size, tabindex: -1, "data-number": value.number, "aria-label": `${word.text}: ${value.meaning}` };
    return element("li", attributes, [element("span", { class: "text" }, [word.text]), element("span", { class: "bar" })]);
  });
  return element("ul", { class: "words", dir: "auto", role: "list", "aria-label": `${panel.title}: words, arrow keys move` }, items);
}

function drawScale(scale) {
  const parts = [];
  if (scale.for) parts.push(element("span", {}, [scale.against]), element("span", { class: "gradient" }), element("span", {}, [scale.for]));
  if (scale.unsigned) parts.push(element("span", { class: "gradient unsigned" }), element("span", {}, [scale.unsigned]));
  return element("p", { class: "scale" }, parts);
}

function drawRows(data) {
  const rows = data.words.map((word, i) => {
    const values = data.panels.map((panel) => panel.words[i]);
    const cells = values.map((value) =>
      element("span", { class: value.tone === "unsigned" ? "cell unsigned" : "cell" }, [
        element("span", { class: `bar ${value.tone}`, size: value.size }),
        element("span", { class: `value ${value.tone}`, size: value.size }, [value.number]),
      ]),
    );
    const label = `${word.text}: ${data.panels.map((panel, j) => `${panel.role} ${values[j].number}`).join(", ")}`;
    return element("li", { class: "row", "aria-label": label }, [element("span", { class: "name", title: word.text }, [word.text]), ...cells]);
  });
  return element("ul", { class: data.is_long ? "rows long" : "rows", role: "list", "aria-label": "Word by word" }, rows);
}

function linkWords(root, wordLists, rows) {
  const count = rows.children.length;
  const copies = (i) => [...wordLists.map((list) => list.children[i]), rows.children[i]];
  let marked = -1;
  let tabStop = 0;

  function mark(i) {
    if (i === marked) return;
    if (marked >= 0) copies(marked).forEach((copy) => copy.classList.remove("marked"));
    if (i >= 0) copies(i).forEach((copy) => copy.classList.add("marked"));
    marked = i;
  }
  // One tab stop a panel, on the same word in both, so that Tab goes from the teacher's word to the student's.
  function moveTabStop(i) {
    wordLists.forEach((list) => list.children[tabStop].setAttribute("tabindex", -1));
    wordLists.forEach((list) => list.children[i].setAttribute("tabindex", 0));
    tabStop = i;
  }
  function showRow(i) {
    const row = rows.children[i];
    const lowest = row.offsetTop + row.offsetHeight - rows.clientHeight;
    rows.scrollTop = Math.min(row.offsetTop, Math.max(lowest, rows.scrollTop));
  }
  function positionOf(event) {
    const item = event.target.closest(".word, .row");
    return item ? [...item.parentElement.children].indexOf(item) : -1;
  }
  function focusedPosition() {
    const focused = root.getRootNode().activeElement?.closest?.(".word");
    return focused ? [...focused.parentElement.children].indexOf(focused) : -1;
  }

  for (const list of [...wordLists, rows]) {
    list.addEventListener("pointerover", (event) => mark(positionOf(event)));
    list.addEventListener("pointerleave", () => mark(focusedPosition()));
  }
  for (const list of wordLists) {
    list.addEventListener("focusin", (event) => {
      const i = positionOf(event);
      mark(i);
      moveTabStop(i);
      showRow(i);
    });
    list.addEventListener("focusout", () => mark(-1));
    list.addEventListener("keydown", (event) => {
      if (event.key === "Escape") event.target.blur();
      const forward = getComputedStyle(list).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
      const backward = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
      const i = positionOf(event);
      const moves = { [forward]: i + 1, ArrowDown: i + 1, [backward]: i - 1, ArrowUp: i - 1, Home: 0, End: count - 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      list.children[Math.min(count - 1, Math.max(0, moves[event.key]))].focus();
    });
  }
  if (count) moveTabStop(0);
}
