// Draws a comparison and links its words: one that is hovered or focused is marked in both panels and in its row.
// Everything that a user typed arrives as data and enters the page as text, never as HTML.

export default function render({ data, parentElement }) {
  const root = parentElement.querySelector(".comparison");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return; // A rerun with the same comparison keeps the reader's focus.
  root.drawn = drawn;

  root.classList.toggle("three", data.panels.length === 3);
  const wordLists = data.panels.map((panel) => drawWords(panel, data.words));
  const rows = drawRows(data);
  root.replaceChildren(
    element("p", { class: "summary", role: "status" }, data.summary.map(([text, isStrong]) => element(isStrong ? "b" : "span", {}, [text]))),
    ...(data.notes.length ? [element("ul", { class: "notes", role: "list", "aria-label": "Notes" }, data.notes.map((note) => element("li", {}, [note])))] : []),
    element("div", { class: "panels" }, data.panels.map((panel, i) => drawPanel(panel, wordLists[i]))),
    drawScale(data.scale),
    element("section", { class: "panel", "aria-label": "Word by word" }, [
      element("h2", {}, ["Word by word"]),
      element("p", { class: "subtitle" }, [data.order]),
      rows,
    ]),
  );
  linkWords(root, wordLists, rows);
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
    const label = `${word.text}: ${data.panels.map((panel, j) => `${panel.title} ${values[j].number}`).join(", ")}`;
    return element("li", { class: "row", "aria-label": label }, [element("span", { class: "name", title: word.text }, [word.text]), ...cells]);
  });
  return element("ul", { class: data.is_long ? "rows long" : "rows", role: "list", "aria-label": "Word by word" }, rows);
}
