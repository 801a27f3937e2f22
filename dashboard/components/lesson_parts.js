// What the pictures of the lesson are put together from: sliders, choices, words, rows, charts.

const SVG = "http://www.w3.org/2000/svg"; // The name of a vocabulary, which nothing loads.

// A slider over prepared states; the place is remembered while the step stays.
function slider(root, name, label, texts, start, show) {
  const input = element("input", { type: "range", min: 0, max: texts.length - 1, step: 1, "aria-label": label, "data-keep": name });
  const where = element("output", {}, []);
  const move = (i) => {
    root.memory[name] = i;
    input.value = i;
    input.setAttribute("aria-valuetext", texts[i]);
    where.textContent = texts[i];
    show(i);
  };
  input.addEventListener("input", () => move(Number(input.value)));
  const made = element("label", { class: "slider" }, [element("span", {}, rich(label)), input, where]);
  made.move = move;
  made.first = () => move(Math.min(texts.length - 1, root.memory[name] ?? start));
  made.place = () => Number(input.value);
  return made;
}

function choice(root, name, label, options, start, show) {
  const buttons = options.map(([key, text]) => {
    const button = element("button", { type: "button", "data-keep": `${name}-${key}` }, [text]);
    button.addEventListener("click", () => pick(key));
    return button;
  });
  const pick = (key) => {
    root.memory[name] = key;
    options.forEach(([other], i) => buttons[i].setAttribute("aria-pressed", other === key));
    show(key);
  };
  const made = element("div", { class: "choice", role: "group", "aria-label": label }, [element("span", {}, [label]), ...buttons]);
  made.first = () => pick(root.memory[name] ?? start);
  return made;
}

function drawShares(shares) {
  return element("ul", { class: "shares", role: "list" }, shares.map((share) => {
    const item = element("li", {}, [
      element("span", { class: "label" }, [share.label]),
      element("span", { class: "track" }, [element("span", { class: "fill" })]),
      element("span", { class: "number" }, []),
    ]);
    showShare(item, share);
    return item;
  }));
}

function wordList(words, values, name) {
  const items = words.map((word, i) => {
    const item = element("li", {}, [element("span", { class: "text" }, [word.text]), element("span", { class: "bar" })]);
    showValue(item, word, values[i]);
    item.title = values[i].meaning;
    return item;
  });
  return element("ul", { class: "words", dir: "auto", role: "list", "aria-label": name }, items);
}

function showWords(list, words, values) {
  [...list.children].forEach((item, i) => {
    showValue(item, words[i], values[i]);
    item.title = values[i].meaning;
  });
}

// Lines over [0, 1] × [low, high]: an SVG stretched over the plot, text and cursor as HTML above it.
function chart({ across, low, high, lines, ticks, xTicks, name }) {
  const height = (value) => (100 * (value - low)) / (high - low || 1);
  const paths = lines.map((line) =>
    svg("path", { class: line.kind, d: "M" + line.values.map((value, i) => `${100 * across[i]} ${100 - height(value)}`).join("L") }),
  );
  const area = svg("path", { class: "area" });
  const cursor = element("span", { class: "cursor" });
  const marks = lines.map((line) => element("span", { class: `dot ${line.kind}` }));
  const placed = (made, x, y) => {
    made.style.left = `${x}%`;
    made.style.bottom = `${y}%`;
    return made;
  };
  const plot = element("div", { class: "plot", role: "img", "aria-label": name }, [
    ...ticks.map(([value, text]) => placed(element("span", { class: "level" }, [element("span", {}, [text])]), 0, height(value))),
    svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, [area, ...paths]),
    cursor,
    ...marks,
    ...xTicks.map(([value, text]) => placed(element("span", { class: "tick" }, [text]), 100 * value, 0)),
  ]);
  return {
    plot,
    // Take cursor and marks away, until it is shown again.
    leave() {
      [cursor, ...marks].forEach((part) => (part.hidden = true));
    },
    // Put the cursor on point i, and fill what lies before it below the first line.
    show(i, fills) {
      cursor.hidden = false;
      cursor.style.left = `${100 * across[i]}%`;
      marks.forEach((mark, j) => {
        mark.hidden = i >= lines[j].values.length;
        if (!mark.hidden) placed(mark, 100 * across[i], height(lines[j].values[i]));
      });
      if (!fills) return;
      const points = across.slice(0, i + 1).map((x, j) => `${100 * x} ${100 - height(lines[0].values[j])}`);
      area.setAttribute("d", `M0 ${100 - height(0)}L${points.join("L")}L${100 * across[i]} ${100 - height(0)}Z`);
    },
  };
}

function key(kind, text) {
  return element("span", { class: "key" }, [svg("svg", { viewBox: "0 0 30 8", "aria-hidden": "true" }, [svg("path", { class: kind, d: "M1 4H29" })]), element("span", {}, rich(text))]);
}

function svg(tag, attributes, children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...(children ?? []));
  return made;
}
