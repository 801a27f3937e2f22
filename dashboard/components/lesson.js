// The lesson: steps, their pictures, questions with hidden answers, and a presenter mode that fills the window.
// Everything that a user typed arrives as data and enters the page as text, never as HTML.

const TYPED = "input:not([type=range]), textarea, [contenteditable=true]";
const CONTROLS = `${TYPED}, input, select, [role=slider], [role=radio], [role=combobox], [role=option], [role=tab], [role=grid], .word`;

const SMALLEST_FIT = 0.7; // Of the presenter's type; what is still too high scrolls.

export default function render({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".comparison");
  root.send = setTriggerValue;
  if (!root.stage) start(root);
  const drawn = JSON.stringify(data);
  if (root.drawn !== drawn) {
    root.drawn = drawn;
    drawStep(root, data);
  }
  window.removeEventListener("keydown", root.listen, true); // It may be added again after each rerun, and must hear each key once.
  window.addEventListener("keydown", root.listen, true);
  return () => window.removeEventListener("keydown", root.listen, true);
}

function start(root) {
  root.memory = {};
  root.listen = (event) => onKey(root, event);
  root.stage = element("article", { class: "lesson" });
  root.dialog = element("dialog", { class: "presenter comparison", "aria-label": "Presenter mode" });
  root.dialog.addEventListener("close", () => {
    root.classList.remove("away");
    root.prepend(root.stage);
  });
  root.replaceChildren(root.stage, root.dialog);
  root.stage.addEventListener("toggle", () => fit(root), true); // It does not bubble.
  new ResizeObserver(() => fit(root)).observe(root.dialog);
}

function isPresenting(root) {
  return root.dialog.open;
}

function present(root) {
  root.dialog.append(root.stage);
  root.dialog.showModal();
  root.dialog.focus();
}

// Smaller type where the window of the presenter is too low, so that an open answer covers no part of the picture.
function fit(root) {
  if (!isPresenting(root)) return;
  for (let size = 1; size >= SMALLEST_FIT; size -= 0.03) {
    root.stage.style.setProperty("--fit", size);
    if (root.dialog.scrollHeight <= root.dialog.clientHeight) return;
  }
}

function fillScreen(root) {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

function go(root, step) {
  const wanted = Math.min(root.data.titles.length, Math.max(1, step));
  if (wanted === root.wanted) return;
  root.wanted = wanted;
  root.stage.setAttribute("aria-busy", "true");
  root.send("go", wanted);
}

function onKey(root, event) {
  if (!root.isConnected || !root.data || event.altKey || event.ctrlKey || event.metaKey) return;
  const target = event.composedPath()[0];
  const isIn = (selector) => target instanceof Element && target.closest(selector) !== null;
  const pages = { PageDown: 1, PageUp: -1 };
  const arrows = { ArrowRight: 1, ArrowLeft: -1 };
  let handled = true;
  if (isPresenting(root) && event.key in pages) go(root, root.wanted + pages[event.key]);
  else if (event.key in arrows && !isIn(CONTROLS)) go(root, root.wanted + arrows[event.key]);
  else if (isPresenting(root) && (event.key === "a" || event.key === ".") && !isIn(TYPED)) root.stage.querySelector("details")?.toggleAttribute("open");
  else if (isPresenting(root) && event.key === "f" && !isIn(TYPED)) fillScreen(root);
  else handled = false;
  if (!handled) return;
  event.preventDefault();
  event.stopPropagation();
}

function drawStep(root, data) {
  const isSame = root.data && root.data.step === data.step && root.data.sentence === data.sentence;
  const isOpen = isSame && root.stage.querySelector("details")?.open;
  const focused = isSame ? root.getRootNode().activeElement?.dataset?.keep : undefined;
  if (!isSame) root.memory = {};
  root.data = data;
  root.wanted = data.step;
  root.stage.removeAttribute("aria-busy");
  const answer = element("details", isOpen ? { open: "" } : {}, [
    element("summary", {}, [element("b", {}, ["Question. "]), ...rich(data.question), element("span", { class: "reveal" }, ["answer"])]),
    element("p", { class: "answer" }, rich(data.answer)),
  ]);
  root.stage.replaceChildren(
    drawSteps(root, data),
    element("header", { class: "idea" }, [
      element("h2", {}, [element("span", { class: "count" }, [`${data.step}/${data.titles.length}`]), " ", ...rich(data.titles[data.step - 1])]),
      element("p", {}, rich(data.idea)),
      element("p", { class: "formula" }, rich(data.formula)),
    ]),
    ...(data.notes.length ? [element("ul", { class: "notes" }, data.notes.map((note) => element("li", {}, [note])))] : []),
    element("section", { class: `picture ${data.kind}`, "aria-label": "Picture" }, PICTURES[data.kind](data.picture, root)),
    answer,
    drawFoot(),
  );
  if (focused) root.stage.querySelector(`[data-keep="${focused}"]`)?.focus();
  fit(root);
  if (!isSame) root.dialog.scrollTop = 0;
}

function drawSteps(root, data) {
  const steps = data.titles.map((title, i) => {
    const button = element("button", { type: "button", title: plain(title), "aria-label": `Step ${i + 1}: ${plain(title)}` }, [String(i + 1)]);
    if (i + 1 === data.step) button.setAttribute("aria-current", "step");
    button.addEventListener("click", () => go(root, i + 1));
    return element("li", {}, [button]);
  });
  const shift = (by, text, label) => {
    const button = element("button", { type: "button", class: "shift", "aria-label": label }, [text]);
    button.disabled = data.step + by < 1 || data.step + by > data.titles.length;
    button.addEventListener("click", () => go(root, data.step + by));
    return button;
  };
  const open = element("button", { type: "button", class: "present" }, ["Present"]);
  open.addEventListener("click", () => present(root));
  const leave = element("button", { type: "button", class: "leave" }, ["Leave (Esc)"]);
  leave.addEventListener("click", () => root.dialog.close());
  return element("nav", { "aria-label": "Steps of the lesson" }, [
    shift(-1, "‹", "Back"),
    element("ol", { role: "list" }, steps),
    shift(1, "›", "Next"),
    askSentence(root, data),
    element("span", { class: "working", role: "status" }, ["Working it out …"]),
    open,
    leave,
  ]);
}

// In presenter mode the page's own text box is out of reach.
function askSentence(root, data) {
  const box = element("input", { type: "text", class: "sentence", "aria-label": "A sentence from the audience", maxlength: data.longest, dir: "auto" });
  box.value = data.sentence;
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !box.value.trim()) return;
    root.stage.setAttribute("aria-busy", "true");
    root.send("sentence", box.value);
    box.blur();
  });
  return box;
}

function drawFoot() {
  return element("p", { class: "keys" }, [
    element("span", { class: "reading-keys" }, ["The arrow keys step through the lesson."]),
    element("span", { class: "presenting-keys" }, ["← → or a remote: step · a: answer · f: full screen · Esc: leave"]),
  ]);
}

// Text with parts below the line, _{..}, and above it, ^{..}.
function rich(text) {
  return text.split(/([_^]\{[^}]*\})/).map((part) => {
    const found = /^([_^])\{([^}]*)\}$/.exec(part);
    return found ? element(found[1] === "_" ? "sub" : "sup", {}, [found[2]]) : part;
  });
}

function plain(text) {
  return text.replace(/[_^]\{([^}]*)\}/g, "$1");
}
