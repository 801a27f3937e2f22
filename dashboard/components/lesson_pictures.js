// The picture of each step, from data that is worked out already: controls only choose what is shown.

const EPOCH_MS = 1100;

const PICTURES = {
  costs(data, root) {
    const bars = data.bars[0].map((bar) =>
      element("li", { class: `cost ${bar.role}` }, [
        element("span", { class: "name" }, [bar.name]),
        element("span", { class: "track" }, [element("span", { class: "fill", size: bar.size })]),
        element("span", { class: "number" }, []),
      ]),
    );
    const count = slider(root, "count", "How many texts", data.counts, 0, (i) => {
      bars.forEach((bar, j) => (bar.querySelector(".number").textContent = data.bars[i][j].text));
    });
    count.first();
    return [
      element("div", { class: "panels" }, data.models.map((model) =>
        element("section", { class: `panel ${model.role}` }, [element("h3", {}, [model.title]), element("p", { class: "subtitle" }, [model.subtitle]), drawShares(model.shares)]),
      )),
      element("section", { class: "panel" }, [element("ul", { class: "costs", role: "list" }, bars), count]),
    ];
  },

  soft(data, root) {
    const list = drawShares(data.shares[0]);
    const bits = element("b", {}, []);
    const temperature = slider(root, "temperature", "Temperature", data.temperatures, data.start, (i) => {
      [...list.children].forEach((item, j) => showShare(item, data.shares[i][j]));
      bits.textContent = data.entropies[i];
    });
    temperature.first();
    return [
      element("section", { class: "panel big" }, [
        list,
        temperature,
        element("p", { class: "subtitle" }, ["Logits: ", data.logits.map((logit) => `${logit.label} ${logit.text}`).join(" · "), ". Uncertainty (entropy): ", bits]),
      ]),
    ];
  },

  path(data, root) {
    const last = data.positions.length - 1;
    const ends = [[0, "padding"], [0.5, "a"], [1, "this text"]];
    const output = chart({
      across: data.positions, low: 0, high: 1, name: `F along the path`, xTicks: ends,
      ticks: [[0, "0"], [0.5, "0.5"], [1, "1"]], lines: [{ kind: "own", values: data.outputs }],
    });
    const all = [...data.integrand, ...data.strongest.integrand, 0];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const slopes = chart({
      across: data.positions, low, high, name: "What the words add at each point", xTicks: ends,
      ticks: [[0, "0"], [Math.abs(high) > Math.abs(low) ? high : low, (Math.abs(high) > Math.abs(low) ? high : low).toFixed(1).replace("-", "−")]],
      lines: [{ kind: "own", values: data.integrand }, { kind: "greedy", values: data.strongest.integrand }],
    });
    const list = wordList(data.words, data.sums[last], "Scores of the words so far");
    const reading = element("p", { class: "reading", role: "status" }, []);
    const at = slider(root, "at", "Along the path", data.readings.map((r) => r.position), last, (i) => {
      output.show(i, false);
      slopes.show(i, true);
      showWords(list, data.words, data.sums[i]);
      const r = data.readings[i];
      reading.replaceChildren(
        ...rich(`${r.position}: ${r.output}. The words so far add up to `), element("b", {}, [r.sum]), ...rich(", F(a) − F(x′) = "), element("b", {}, [r.change]),
        `, they differ by ${r.gap}.${i === last && !data.is_complete ? " The sum has not converged on this text." : ""}`,
      );
    });
    at.first();
    return [
      element("div", { class: "panels" }, [
        element("section", { class: "panel" }, [element("h3", {}, [`F, the probability of ${data.label}`]), output.plot]),
        element("section", { class: "panel" }, [
          element("h3", {}, ["The integrand: what a step adds"]),
          slopes.plot,
          element("p", { class: "keys-of" }, [key("own", "all words, dF/da"), key("greedy", `“${data.strongest.text}”`)]),
        ]),
      ]),
      element("section", { class: "panel" }, [at, list, reading]),
    ];
  },

  pieces(data, root) {
    const columns = data.columns.map((column) => {
      const word = element("span", {}, [element("span", { class: "text" }, [column.text]), element("span", { class: "bar" }), element("small", {}, [])]);
      return element("li", { class: column.pieces.length > 1 ? "column split" : "column" }, [
        element("span", { class: "row-of-pieces" }, column.pieces.map((piece) => {
          const made = element("span", {}, [element("span", { class: "text" }, [piece.text]), element("span", { class: "bar" }), element("small", {}, [piece.number])]);
          showValue(made, { text: piece.text }, piece);
          return made;
        })),
        word,
      ]);
    });
    const reading = element("p", { class: "reading", role: "status" }, []);
    const merge = choice(root, "merge", "A word's score is the", [["sum", "sum of its pieces"], ["mean", "mean of its pieces"]], "sum", (how) => {
      columns.forEach((column, i) => {
        const word = column.lastChild;
        showValue(word, { text: data.columns[i].text }, data.columns[i][how]);
        word.querySelector("small").textContent = data.columns[i][how].number;
      });
      reading.replaceChildren("All words together: ", element("b", {}, [data.totals[how]]), ". F(x) − F(x′) = ", element("b", {}, [data.change]),
        `. ${data.special} belong to no word and stay as they are on the whole path, so they add 0.`);
    });
    merge.first();
    return [element("section", { class: "panel" }, [element("p", { class: "subtitle" }, ["above: the teacher's pieces, below: words"]), element("ul", { class: "columns", role: "list", dir: "auto" }, columns), merge, reading])];
  },

  attention(data, root) {
    const rows = data.words.map((word, i) => {
      const score = data.scores[i];
      return element("li", { class: "row" }, [
        element("span", { class: "name", title: word.text }, [word.text]),
        element("span", { class: "cell" }, [element("span", { class: `bar ${score.tone}`, size: score.size }), element("span", { class: `value ${score.tone}`, size: score.size }, [score.number])]),
        element("span", { class: "cell unsigned" }, [element("span", { class: "bar unsigned" }), element("span", { class: "value unsigned" }, [])]),
      ]);
    });
    const form = choice(root, "form", "Softmax", data.forms.map(({ key, name }) => [key, name]), data.own, (which) => {
      rows.forEach((row, i) => {
        const [bar, number] = row.lastChild.children;
        const share = data.shares[which][i];
        bar.style.setProperty("--size", share.size);
        number.style.setProperty("--size", share.size);
        number.textContent = share.number;
      });
    });
    form.first();
    const list = element("ul", { class: "rows", role: "list", "aria-label": "Word by word" }, rows);
    list.style.setProperty("--rows", rows.length);
    return [
      element("section", { class: "panel" }, [
        form,
        element("p", { class: "row head" }, [element("span", {}, []), element("span", {}, [`before: score σ, against | for ${data.label}`]), element("span", {}, ["after: share α of attention"])]),
        list,
      ]),
    ];
  },

  losses(data, root) {
    const chosen = { gold: data.gold, temperature: data.temperature, alpha: data.alpha };
    const hard = element("div", {}, []);
    const soft = element("div", {}, []);
    const total = element("p", { class: "total", role: "status" }, []);
    const draw = () => {
      const [g, t] = [data.hard[chosen.gold], data.soft[chosen.temperature]];
      const label = data.labels[chosen.gold];
      hard.replaceChildren(element("p", {}, rich(`p_{S}(${label}) = ${g.probability}`)), element("p", {}, [...rich(`L_{CE} = −ln ${g.probability} ≈ `), element("b", {}, [g.loss])]));
      soft.replaceChildren(
        element("table", {}, [
          element("tr", {}, [["", "p_{T}", "p_{S}", "p_{T} ln(p_{T}/p_{S})"].map((text) => element("th", {}, rich(text)))].flat()),
          ...t.rows.map((row) => element("tr", {}, row.map((cell) => element("td", {}, [cell])))),
        ]),
        element("p", {}, [...rich(`KL = ${t.kl}, τ^{2} KL = ${t.square} · ${t.kl} ≈ `), element("b", {}, [t.scaled])]),
      );
      const alpha = data.alphas[chosen.alpha];
      total.replaceChildren(
        ...rich(`L = (1 − ${alpha}) · ${g.loss} + ${alpha} · (${t.scaled} + ${data.weight} · ${data.reasons.loss}) ≈ `),
        element("b", {}, [data.totals[chosen.gold][chosen.temperature][chosen.alpha]]),
      );
    };
    const set = (name) => (value) => {
      chosen[name] = Number(value);
      draw();
    };
    const r = data.reasons;
    const gold = choice(root, "gold", "Gold label", data.labels.map((label, i) => [String(i), label]), String(data.gold), set("gold"));
    const temperature = slider(root, "temperature", "τ", data.temperatures, data.temperature, set("temperature"));
    const alpha = slider(root, "alpha", "α", data.alphas, data.alpha, set("alpha"));
    [gold, temperature, alpha].forEach((control) => control.first());
    return [
      element("div", { class: "panels three-losses" }, [
        element("section", { class: "panel" }, [element("h3", {}, ["The gold label"]), hard]),
        element("section", { class: "panel" }, [element("h3", {}, ["The soft labels"]), soft]),
        element("section", { class: "panel" }, [
          element("h3", {}, ["The reasons"]),
          element("p", {}, rich(`σ_{T} · σ_{S} = ${r.dot}`)),
          element("p", {}, rich(`|σ_{T}| = ${r.teacher}, |σ_{S}| = ${r.student}`)),
          element("p", {}, [`cos ≈ ${r.cosine}`]),
          element("p", {}, [...rich(`L_{XAI} = (1 − (${r.cosine})) / 2 ≈ `), element("b", {}, [r.loss])]),
        ]),
      ]),
      element("section", { class: "panel" }, [total, element("div", { class: "controls" }, [gold, temperature, alpha])]),
    ];
  },

  training(data, root) {
    const lists = data.students.map((student) => wordList(data.words, student.epochs[0].values, plain(student.title)));
    const facts = data.students.map(() => element("p", { class: "subtitle" }, []));
    const most = data.ticks[data.ticks.length - 1];
    const agreement = chart({
      across: data.ticks.map((epoch) => epoch / most), low: 0, high: data.high, name: "Agreement by epoch", ticks: [[0, "0"], [data.high, String(data.high)]],
      xTicks: data.ticks.map((epoch) => [epoch / most, String(epoch)]),
      lines: data.students.map((student) => ({ kind: student.side === "with" ? "own" : "greedy", values: student.agreement })),
    });
    const last = data.epochs.length - 1;
    const epoch = slider(root, "epoch", "Epoch", data.epochs, last, (i) => {
      data.students.forEach((student, j) => {
        const at = student.epochs[i];
        showWords(lists[j], data.words, at.values);
        facts[j].replaceChildren("says ", element("b", {}, [at.says]), "; cosine with the teacher's scores ", element("b", {}, [at.cosine]), element("span", { class: "more" }, [`; on validation texts: sign agreement ${at.agreement}, the teacher's answer ${at.fidelity}`]));
      });
      agreement.show(i, false);
    });
    epoch.first();
    const play = element("button", { type: "button", class: "play", "aria-label": "Play the epochs" }, ["▶"]);
    let timer = null;
    play.addEventListener("click", () => {
      clearInterval(timer);
      epoch.move(0);
      timer = setInterval(() => {
        if (!play.isConnected || epoch.place() === last) return clearInterval(timer);
        epoch.move(epoch.place() + 1);
      }, EPOCH_MS);
    });
    epoch.addEventListener("input", () => clearInterval(timer));
    epoch.prepend(play);
    return [
      element("section", { class: "panel teacher" }, [element("h3", {}, ["Teacher ", element("span", { class: "subtitle" }, ["says ", data.teacher.says])]), wordList(data.words, data.teacher.values, "Teacher")]),
      epoch,
      element("div", { class: "panels" }, data.students.map((student, j) => element("section", { class: "panel student" }, [element("h3", {}, rich(student.title)), lists[j], facts[j]]))),
      element("section", { class: "panel agreement" }, [
        element("h3", { title: "Of the teacher's three strongest words, the share that the student names too, with the same sign; mean over the validation texts" }, ["Sign agreement @3 with the teacher"]),
        agreement.plot,
        element("p", { class: "keys-of" }, [...data.students].reverse().map((student) => key(student.side === "with" ? "own" : "greedy", student.title))),
      ]),
    ];
  },

  deletion(data, root) {
    const sides = data.sides.map((side) => {
      const list = wordList(data.words, side.values, side.title);
      const number = element("b", {}, []);
      const n = side.curves.teacher.length - 1;
      const line = chart({
        across: side.curves.teacher.map((_, i) => i / Math.max(1, n)), low: 0, high: 1, name: `${side.title}: words deleted`,
        ticks: [[0, "0%"], [0.5, "50%"], [1, "100%"]], xTicks: [[0, "0"], [1, `${n} ${n === 1 ? "word" : "words"} deleted`]],
        lines: data.orders.map((order) => ({ kind: order.key, values: side.curves[order.key] })),
      });
      return { side, list, number, line };
    });
    const orderOf = Object.fromEntries(data.orders.map((order) => [order.key, order]));
    let gone = new Set();
    const show = (deleted, texts) => {
      gone = new Set(deleted);
      sides.forEach(({ list, number }, j) => {
        [...list.children].forEach((item, i) => {
          item.classList.toggle("gone", gone.has(i));
          item.setAttribute("aria-pressed", gone.has(i));
        });
        number.textContent = texts[j];
      });
    };
    let order = root.memory.order ?? "teacher";
    const take = (i) => {
      show(orderOf[order].words.slice(0, i), data.sides.map((side) => side.texts[order][i]));
      sides.forEach(({ line }) => line.show(i, false));
    };
    const n = data.orders[0].words.length;
    const count = slider(root, "deleted", "Words deleted", Array.from({ length: n + 1 }, (_, i) => String(i)), 0, take);
    const by = choice(root, "order", "In the order of", data.orders.map(({ key, name }) => [key, name]), "teacher", (which) => {
      order = which;
      count.first();
    });
    by.first();
    const back = element("button", { type: "button", "data-keep": "back" }, ["Put all back"]);
    back.addEventListener("click", () => {
      root.send("deleted", []);
      count.move(0);
    });
    back.hidden = !data.own;
    if (data.own) {
      show(data.own.deleted, data.own.texts);
      count.querySelector("output").textContent = `${data.own.deleted.length}, by hand`;
      sides.forEach(({ line }) => line.leave()); // What was chosen by hand lies on no curve.
    }
    sides.forEach(({ list }) =>
      [...list.children].forEach((item, i) => {
        item.setAttribute("role", "button");
        item.setAttribute("tabindex", 0);
        const toggle = () => {
          const next = new Set(gone);
          if (!next.delete(i)) next.add(i);
          if (next.size) root.send("deleted", [...next]);
          else {
            root.send("deleted", []);
            count.move(0);
          }
        };
        item.addEventListener("click", toggle);
        item.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          toggle();
        });
      }),
    );
    return [
      element("div", { class: "controls" }, [by, count]),
      element("div", { class: "panels" }, sides.map(({ side, list, number, line }) =>
        element("section", { class: `panel ${side.role}` }, [
          element("h3", {}, [side.title, element("span", { class: "subtitle" }, [` probability of ${side.label}: `, number])]),
          list, line.plot,
        ]),
      )),
      element("p", { class: "keys-of" }, [...data.orders.map((o) => key(o.key, o.name)), "Press any word to delete it or to put it back.", back]),
    ];
  },
};
