// The watched sentence of a training run: the teacher once, beside it the student of one epoch, whose words change in
// place so that the eye sees the attention move. The newest epoch is shown until a reader goes back through them.

const EPOCH_MS = 1100;

export default function render({ data, parentElement }) {
  const root = parentElement.querySelector(".comparison");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  root.drawn = drawn;
  const kind = JSON.stringify([data.run, data.words, data.epochs.length > 0, data.has_sign]);
  if (root.kind !== kind) {
    root.player?.stop();
    root.kind = kind;
    root.player = data.epochs.length ? drawPlayer(root, data) : drawTeacher(root, data);
  }
  root.player.take(data);
}

// Before the first epoch there is only the teacher.
function drawTeacher(root, data) {
  const words = drawWords(data.teacher, data.words);
  const waiting = element("section", { class: "panel student", "aria-label": "Student" }, [
    element("h2", {}, ["Student"]),
    element("p", { class: "subtitle waiting" }, [data.waiting]),
  ]);
  root.replaceChildren(element("div", { class: "panels" }, [drawPanel(data.teacher, words), waiting]), drawScale(data.scale));
  linkWords(root, [words], null);
  return { take() {}, stop() {} };
}

function drawPlayer(root, data) {
  const first = data.epochs[0];
  const lists = [drawWords(data.teacher, data.words), drawWords(first.panel, data.words)];
  const student = drawPanel(first.panel, lists[1]);
  const summary = element("p", { class: "summary" });
  const scale = element("div", {});
  const slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "Epoch" });
  const play = element("button", { type: "button", class: "play" });
  const where = element("span", { class: "where", role: "status" });
  root.replaceChildren(
    summary,
    element("div", { class: "player" }, [play, slider, where]),
    element("div", { class: "panels" }, [drawPanel(data.teacher, lists[0]), student]),
    scale,
  );
  linkWords(root, lists, null);

  let epochs = [];
  let shown = -1;
  let timer = null;

  function show(i) {
    shown = i;
    const epoch = epochs[i];
    summary.replaceChildren(...epoch.summary.map(([text, isStrong]) => element(isStrong ? "b" : "span", {}, [text])));
    [...student.querySelectorAll(".share")].forEach((item, j) => showShare(item, epoch.panel.shares[j]));
    [...lists[1].children].forEach((item, j) => showValue(item, data.words[j], epoch.panel.words[j]));
    student.querySelector(".facts").replaceChildren(...drawFacts(epoch.panel));
    scale.replaceChildren(drawScale(epoch.scale));
    where.replaceChildren(element("b", {}, [epoch.title]), epoch.note);
    slider.value = i;
    slider.setAttribute("aria-valuetext", `${epoch.title}${epoch.note}`);
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    drawButton();
  }
  function drawButton() {
    play.textContent = timer ? "❚❚" : "▶";
    play.setAttribute("aria-label", timer ? "Pause" : "Play the epochs");
    play.disabled = epochs.length < 2;
  }
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (shown === epochs.length - 1) show(0);
    timer = setInterval(() => {
      if (!root.isConnected) return stop();
      show(Math.min(shown + 1, epochs.length - 1));
      if (shown === epochs.length - 1) stop();
    }, EPOCH_MS);
    drawButton();
  });
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });

  return {
    stop,
    take(fresh) {
      const isAtEnd = shown === epochs.length - 1;
      epochs = fresh.epochs;
      slider.max = epochs.length - 1;
      slider.disabled = epochs.length < 2;
      show(isAtEnd ? epochs.length - 1 : Math.min(shown, epochs.length - 1));
      drawButton();
    },
  };
}
