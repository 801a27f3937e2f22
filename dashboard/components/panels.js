// One model's side of a comparison, and what its colours mean. Text arrives as data and enters the page as text, never as HTML.

function drawPanel(panel, wordList) {
  const shares = panel.shares.map((share) => {
    const item = element("li", {}, [
      element("span", { class: "label" }, [share.label]),
      element("span", { class: "track" }, [element("span", { class: "fill" })]),
      element("span", { class: "number" }, []),
    ]);
    showShare(item, share);
    return item;
  });
  return element("section", { class: `panel ${panel.role}`, "aria-label": panel.title }, [
    element("h2", {}, [panel.title]),
    element("p", { class: "subtitle", title: panel.method }, [panel.subtitle]),
    element("ul", { class: "shares", role: "list", "aria-label": `${panel.title}: probabilities` }, shares),
    wordList,
    ...(panel.facts.length ? [element("ul", { class: "facts", role: "list" }, drawFacts(panel))] : []),
  ]);
}

function drawFacts(panel) {
  return panel.facts.map((fact) => element("li", fact.is_warning ? { class: "warning" } : {}, [element("b", {}, [fact.number]), ` ${fact.meaning}`]));
}

function drawWords(panel, words) {
  const items = words.map((word, i) => {
    const item = element("li", { tabindex: -1 }, [element("span", { class: "text" }, [word.text]), element("span", { class: "bar" })]);
    showValue(item, word, panel.words[i]);
    return item;
  });
  return element("ul", { class: "words", dir: "auto", role: "list", "aria-label": `${panel.title}: words, arrow keys move` }, items);
}

// What a label's bar and a word's colour say; used again where the numbers of a panel change in place.
function showShare(item, share) {
  item.className = share.is_predicted ? "share predicted" : "share";
  item.setAttribute("aria-label", `${share.label} ${share.text}${share.is_predicted ? ", predicted" : ""}`);
  item.querySelector(".fill").style.setProperty("--size", share.share);
  item.querySelector(".number").textContent = share.text;
}

function showValue(item, word, value) {
  const isMarked = item.classList.contains("marked");
  item.className = ["word", value.tone, value.is_faint && "faint", word.is_joined && "joined", isMarked && "marked"].filter(Boolean).join(" ");
  item.style.setProperty("--size", value.size);
  item.setAttribute("data-number", value.number);
  item.setAttribute("aria-label", `${word.text}: ${value.meaning}`);
}

function drawScale(scale) {
  const parts = [];
  if (scale.for) parts.push(element("span", {}, [scale.against]), element("span", { class: "gradient" }), element("span", {}, [scale.for]));
  if (scale.unsigned) parts.push(element("span", { class: "gradient unsigned" }), element("span", {}, [scale.unsigned]));
  return element("p", { class: "scale" }, parts);
}

// A word that is hovered or focused is marked in every list, and in its row where there are rows.
function linkWords(root, wordLists, rows) {
  const lists = rows ? [...wordLists, rows] : wordLists;
  const count = lists[0].children.length;
  const copies = (i) => lists.map((list) => list.children[i]);
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
    if (!rows) return;
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

  for (const list of lists) {
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
