// Boxes on the spectrogram of a player: drawn, moved, named, deleted, exported, compared. Runs once for each annotator.
(function () {
  "use strict";
  const TEXT = {
    newBox: "New box at the cursor", undo: "Undo", save: "Save label file", copy: "Copy label file",
    copied: "Copied", compare: "Compare with the expert", hide: "Hide the expert", start: "start (s)",
    end: "end (s)", species: "species", quality: "quality", play: "Play", remove: "Delete", none: "No boxes yet.",
    help: "Drag on the picture to draw a box, drag a box or its edge to move it, click it to hear it.",
    file: "The label file as text", table: "Your labels", score: "You and the expert", you: "you",
    expert: "expert", same: "found", other: "other name", missed: "missed", invented: "invented",
    onset: "start off by (s)", offset: "end off by (s)", number: "box {n}", drawn: "{n} boxes",
    who: "Who calls in box {n}?", clear: "How clear is the call?", another: "Another name", done: "Done",
    example: "Play an example of {name}", qualityH: "H: clear", qualityM: "M: something lies over it",
    qualityL: "L: hardly heard", nothing: "Nothing calls here", nothingSaid: "You say that nothing calls here.",
    first: "Draw a box first, or press “Nothing calls here”.",
    bothFound: "You both found {name}, {span}. Your start is off by {on} s, your end by {off} s.",
    twoNames: "You wrote {name}, the expert wrote {theirs}, {span}.", youMissed: "You missed {name}, {span}.",
    onlyYou: "Only you marked {name}, {span}.", neither: "Neither of you marked anything.",
    span: "{a} to {b} s", numbers: "The same in numbers",
  };
  const COLLAR_S = 1.0; // as al.match_bouts
  const STEP_S = 0.1; // as al.agreement
  const MOST_BOXES = 2000;
  const LONGEST_NAME = 100;

  function text(key, values) {
    let chosen = null;
    try { chosen = localStorage.getItem("anura-language"); } catch (error) { /* storage is forbidden */ }
    const page = document.documentElement.lang || "en"; // a translated page stays what it is
    const lang = ((page === "en" && chosen) || page).replace("-", "_");
    // What is stored may be any word: "constructor" is no language, though every object has one.
    const all = window.anuraTexts || {};
    const own = Object.hasOwn(all, lang) ? all[lang] : TEXT;
    return (Object.hasOwn(own, key) ? own[key] : TEXT[key]).replace(/\{(\w+)\}/g, (whole, name) => values[name]);
  }
  function element(tag, properties, parent) {
    const made = Object.assign(document.createElement(tag), properties);
    parent.append(made);
    return made;
  }

  // ------------------------------------------------------------------ scores, as al.agreement and al.match_bouts
  function steps(labels, n) {
    const touched = new Array(n).fill(false);
    labels.forEach((label) => {
      const first = Math.floor(label.start / STEP_S + 1e-9);
      const last = Math.max(first + 1, Math.ceil(label.end / STEP_S - 1e-9));
      for (let k = Math.min(first, n); k < Math.min(last, n); k++) { touched[k] = true; }
    });
    return touched;
  }
  function mean(values) {
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : NaN;
  }
  function shared(a, b) {
    return Math.min(a.end, b.end) - Math.max(a.start, b.start);
  }
  function apart(a, b) {
    return Math.max(Math.abs(a.start - b.start), Math.abs(a.end - b.end));
  }
  function pairsOf(a, b, taken, wanted, value) {
    const pairs = [];
    a.forEach((one, i) => b.forEach((two, j) => {
      if (!taken.a.has(i) && !taken.b.has(j) && wanted(one, two)) { pairs.push([value(one, two), i, j]); }
    }));
    pairs.sort((p, q) => p[0] - q[0] || p[1] - q[1] || p[2] - q[2]);
    const chosen = pairs.filter(([, i, j]) => {
      const free = !taken.a.has(i) && !taken.b.has(j);
      if (free) { taken.a.add(i); taken.b.add(j); }
      return free;
    });
    return chosen.map(([, i, j]) => [a[i], b[j]]);
  }
  function matched(a, b) {
    const taken = { a: new Set(), b: new Set() };
    const same = pairsOf(a, b, taken, (x, y) => x.species === y.species && shared(x, y) >= -COLLAR_S, (x, y) => -shared(x, y));
    const other = pairsOf(a, b, taken, (x, y) => x.species !== y.species && apart(x, y) <= COLLAR_S, apart);
    const [onlyA, onlyB] = [a.filter((x, i) => !taken.a.has(i)), b.filter((x, j) => !taken.b.has(j))];
    return { same: same, other: other, onlyA: onlyA, onlyB: onlyB };
  }
  function score(a, b, duration) {
    const n = Math.ceil(duration / STEP_S - 1e-9);
    const { same, other, onlyA, onlyB } = matched(a, b);
    return [...new Set([...a, ...b].map((x) => x.species))].sort().map((species) => {
      const one = a.filter((x) => x.species === species);
      const two = b.filter((x) => x.species === species);
      const [s, t] = [steps(one, n), steps(two, n)];
      const count = (test) => s.filter((x, k) => test(x, t[k])).length;
      const [p, q] = [count((x) => x) / n, count((x, y) => y) / n];
      const chance = p * q + (1 - p) * (1 - q);
      const errors = one.map((x) => {
        const best = two.reduce((found, y) => (!found || shared(x, y) > shared(x, found) ? y : found), null);
        return best && shared(x, best) >= 0 ? [Math.abs(best.start - x.start), Math.abs(best.end - x.end)] : null;
      }).filter((x) => x);
      return {
        species: species, n_a: one.length, n_b: two.length,
        same: same.filter(([x]) => x.species === species).length,
        other: other.filter(([x, y]) => x.species === species || y.species === species).length,
        missed: onlyB.filter((x) => x.species === species).length,
        invented: onlyA.filter((x) => x.species === species).length,
        kappa: chance < 1 ? (count((x, y) => x === y) / n - chance) / (1 - chance) : NaN,
        jaccard: count((x, y) => x || y) ? count((x, y) => x && y) / count((x, y) => x || y) : NaN,
        onset_error_s: mean(errors.map((x) => x[0])), offset_error_s: mean(errors.map((x) => x[1])),
      };
    });
  }

  // ------------------------------------------------------------------ the file, as Audacity writes it
  function labelFile(boxes, offset) {
    return [...boxes].sort((x, y) => x.start - y.start || x.end - y.end).map((box) => {
      const name = (box.species || "unknown") + (box.quality ? "_" + box.quality : "");
      const line = [(offset + box.start).toFixed(6), (offset + box.end).toFixed(6), name].join("\t") + "\n";
      const band = box.low === null ? "" : ["\\", box.low.toFixed(6), box.high.toFixed(6)].join("\t") + "\n";
      return line + band;
    }).join("");
  }

  // ------------------------------------------------------------------ what a browser kept, which may be anything
  function cleanName(name) {
    return name.replace(/[\p{Cc}\p{Cs}\s]+/gu, " ").trim().slice(0, LONGEST_NAME) || "unknown";
  }
  function isBox(box, duration) {
    const edges = box ? [box.low, box.high] : [];
    return !!box && [box.start, box.end].every(Number.isFinite) && box.start < box.end
      && box.start < duration && box.end > 0 && typeof box.species === "string"
      && (edges.every((edge) => edge === null || edge === undefined)
        || (edges.every(Number.isFinite) && box.low >= 0 && box.low <= box.high));
  }
  function boxesOf(kept, duration) {
    if (!Array.isArray(kept)) { return []; }
    return kept.filter((box) => isBox(box, duration)).slice(0, MOST_BOXES).map((box) => ({
      start: Math.max(0, box.start), end: Math.min(duration, box.end),
      low: box.low === undefined ? null : box.low, high: box.high === undefined ? null : box.high,
      species: box.species === "" ? "" : cleanName(box.species), quality: ["H", "M", "L"].includes(box.quality) ? box.quality : "",
    }));
  }

  function annotate(root, changed, given) {
    const player = root.querySelector(".anura-player");
    const picture = player.querySelector(".anura-picture");
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const [duration, offset, top] = [Number(player.dataset.duration), Number(player.dataset.offset), data.max_hz];
    const store = "anura-labels " + data.recording + " " + offset + " " + duration;
    let boxes = boxesOf(given, duration);
    let past = [];
    let chosen = null;
    let shown = false; // the expert's boxes and the score
    let nothing = false; // whoever listened says that nothing calls
    let asked = null; // the box that the chips below the picture are about

    if (!given) {
      try { 
        boxes = boxesOf(JSON.parse(localStorage.getItem(store)), duration);
        nothing = !boxes.length && localStorage.getItem(store + " nothing") === "yes";
      } catch (error) { /* nothing kept */ }
    }
    const layer = element("div", { className: "anura-draw", title: text("help") }, picture);
    const who = element("div", { className: "anura-who", hidden: true }, root);
    player.querySelector(".anura-grid").after(who);
    who.setAttribute("role", "group");
    const bar = element("div", { className: "anura-tools" }, root);
    const live = element("span", { className: "anura-live" }, bar);
    live.setAttribute("role", "status");
    const keys = ["newBox", "nothing", "undo", "save", "copy", ...(data.expert ? ["compare"] : [])];
    const tool = Object.fromEntries(keys.map((key) => [key, element("button", { type: "button" }, bar)]));
    const table = element("div", { className: "anura-table" }, root);
    const result = element("div", { className: "anura-score", tabIndex: -1 }, root);
    const file = element("details", {}, root);
    const summary = element("summary", {}, file);
    const area = element("textarea", { readOnly: true, rows: 4 }, file);
    const list = element("datalist", { id: "anura-" + Math.random().toString(36).slice(2) }, root);
    data.species.forEach((code) => element("option", { value: code }, list));

    function clamp(value, low, high) {
      return Math.max(low, Math.min(high, value));
    }
    function remember() {
      past.push(JSON.stringify(boxes));
      past = past.slice(-50);
    }
    function changedNow() {
      nothing = nothing && !boxes.length;
      try {
        localStorage.setItem(store, JSON.stringify(boxes));
        localStorage.setItem(store + " nothing", nothing ? "yes" : "no");
      } catch (error) { /* forbidden or full */ }
      if (changed) { changed(boxes.map((box) => ({ ...box, start: box.start + offset, end: box.end + offset }))); }
      show();
    }
    function add(start, end, low, high) {
      remember();
      boxes.push({ start: start, end: end, low: low, high: high, species: "", quality: "" });
      chosen = boxes.length - 1;
      changedNow();
      ask(chosen);
      live.textContent = text("drawn", { n: boxes.length });
    }
    function remove(k) {
      remember();
      boxes.splice(k, 1);
      chosen = null;
      ask(null);
      changedNow();
      live.textContent = text("drawn", { n: boxes.length });
      (table.querySelector("tbody tr:nth-child(" + Math.min(k + 1, boxes.length) + ") input") || tool.newBox).focus();
    }
    function hear(k) {
      const box = boxes[k];
      player.anura.playSpan(box.start, box.end, box.species + " " + box.quality);
    }

    // Chips below the picture ask who calls in a box; nothing is chosen beforehand.
    let example = null;
    function playExample(code) {
      if (example) { example.pause(); }
      player.querySelector("audio").pause();
      example = new Audio(data.examples[code]);
      example.play().catch(() => {});
    }
    function choose(k, what) {
      remember();
      Object.assign(boxes[k], what);
      changedNow();
    }
    function chip(parent, content, said, act) {
      const made = element("button", { type: "button", className: "anura-chip", textContent: content, title: said }, parent);
      made.setAttribute("aria-label", said);
      made.addEventListener("click", act);
      return made;
    }
    function ask(k) {
      const heard = k === null ? "" : text("who", { n: k + 1 });
      asked = k;
      who.hidden = k === null;
      who.textContent = "";
      who.setAttribute("aria-label", heard);
      if (k === null) { return; }
      element("strong", { textContent: heard }, who);
      const used = boxes.map((box) => box.species).filter((code) => data.species.includes(code));
      const first = data.species.length > 9 ? [...new Set([...used.reverse(), ...data.species])] : data.species;
      const names = element("div", { className: "anura-chips" }, who);
      first.slice(0, 9).forEach((code, i) => {
        const pair = element("span", {}, names);
        chip(pair, i + 1 + " " + code, code, () => choose(k, { species: code })).dataset.code = code;
        if (Object.hasOwn(data.examples, code)) {
          chip(pair, "▶", text("example", { name: code }), () => playExample(code));
        }
      });
      const typed = element("input", { type: "text", size: 12, placeholder: text("another") }, names);
      typed.setAttribute("aria-label", text("another"));
      typed.setAttribute("list", list.id);
      typed.addEventListener("change", () => { if (typed.value.trim()) { choose(k, { species: cleanName(typed.value) }); } });
      const clear = element("div", { className: "anura-chips" }, who);
      clear.setAttribute("role", "group");
      clear.setAttribute("aria-label", text("clear"));
      [["H", "qualityH"], ["M", "qualityM"], ["L", "qualityL"]].forEach(([letter, key]) => {
        const said = text(key);
        chip(clear, said, said, () => choose(k, { quality: letter })).dataset.quality = letter;
      });
      chip(clear, "✕", text("remove") + ", " + text("number", { n: k + 1 }), () => remove(k));
      chip(clear, "✓ " + text("done"), text("done"), answered);
      pressed();
      who.querySelector("button").focus({ preventScroll: true });
    }
    function answered() {
      ask(null);
      tool.newBox.focus({ preventScroll: true });
    }
    function pressed() {
      if (asked === null || !boxes[asked]) { return; }
      who.querySelectorAll("[data-code], [data-quality]").forEach((button) => {
        const own = "code" in button.dataset ? button.dataset.code === boxes[asked].species
          : button.dataset.quality === boxes[asked].quality;
        button.setAttribute("aria-pressed", String(own));
      });
    }
    who.addEventListener("keydown", (event) => {
      if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) { return; }
      const key = event.key.toUpperCase();
      const named = /^[1-9]$/.test(key) ? who.querySelectorAll("[data-code]")[Number(key) - 1] : null;
      const graded = /^[HML]$/.test(key) ? who.querySelector("[data-quality='" + key + "']") : null;
      if (named || graded) {
        (named || graded).click();
      } else if (event.key === "Delete") {
        remove(asked);
      } else if (event.key === "Escape") {
        answered();
      } else {
        return;
      }
      event.preventDefault();
    });
    function outline(box, kind, k) {
      const mark = element("span", { className: "anura-mark " + kind }, layer);
      const [low, high] = [box.low === null || box.low === undefined ? 0 : box.low, box.high || top];
      mark.style.left = (100 * box.start) / duration + "%";
      mark.style.width = (100 * (box.end - box.start)) / duration + "%";
      mark.style.bottom = (100 * low) / top + "%";
      mark.style.height = (100 * (Math.min(high, top) - low)) / top + "%";
      mark.dataset.box = k;
      element("span", { textContent: (box.species || "?") + (box.quality ? " " + box.quality : "") }, mark);
    }
    function field(cell, k, name, properties) {
      const made = element("input", { ...properties, className: "anura-field" }, cell);
      made.setAttribute("aria-label", text(name) + ", " + text("number", { n: k + 1 }));
      made.addEventListener("focus", () => { chosen = k; outlines(); });
      return made;
    }
    function row(body, box, k) {
      const line = element("tr", {}, body);
      element("td", { textContent: k + 1 }, line);
      ["start", "end"].forEach((edge) => {
        const made = field(element("td", {}, line), k, edge, {
          type: "number", step: 0.1, min: offset, max: offset + duration, value: (offset + box[edge]).toFixed(2),
        });
        made.addEventListener("change", () => {
          const value = clamp(Number(made.value) - offset, 0, duration);
          if (Number.isFinite(value) && (edge === "start" ? value < box.end : value > box.start)) {
            remember();
            box[edge] = value;
          }
          changedNow();
          refocus(k, edge);
        });
        made.dataset.name = edge;
      });
      const species = field(element("td", {}, line), k, "species", {
        type: "text", value: box.species, size: 9, placeholder: "?",
      });
      species.setAttribute("list", list.id);
      species.dataset.name = "species";
      species.addEventListener("change", () => {
        remember();
        box.species = cleanName(species.value);
        changedNow();
        refocus(k, "species");
      });
      const quality = element("select", { className: "anura-field" }, element("td", {}, line));
      quality.setAttribute("aria-label", text("quality") + ", " + text("number", { n: k + 1 }));
      quality.dataset.name = "quality";
      ["", "H", "M", "L"].forEach((q) => element("option", { value: q, textContent: q, selected: q === box.quality }, quality));
      quality.addEventListener("change", () => {
        remember();
        box.quality = quality.value;
        changedNow();
        refocus(k, "quality");
      });
      const cell = element("td", {}, line);
      [["play", "▶", () => hear(k)], ["remove", "✕", () => remove(k)]].forEach(([key, sign, act]) => {
        const button = element("button", { type: "button", textContent: sign }, cell);
        button.setAttribute("aria-label", text(key) + ", " + text("number", { n: k + 1 }));
        button.addEventListener("click", act);
      });
    }
    function refocus(k, name) {
      const again = table.querySelector("tbody tr:nth-child(" + (k + 1) + ") [data-name='" + name + "']");
      if (again && document.activeElement === document.body) { again.focus(); }
    }
    function outlines() {
      layer.textContent = "";
      if (shown) { data.expert.forEach((box) => outline(box, "anura-expert", -1)); }
      boxes.forEach((box, k) => outline(box, k === chosen ? "anura-own anura-chosen" : "anura-own", k));
      apartNames();
    }
    // A name that would lie on another one goes down by a line, or up for the expert's, until it is free.
    function apartNames() {
      const free = [];
      layer.querySelectorAll(".anura-mark > span").forEach((name) => {
        const step = name.parentNode.classList.contains("anura-expert") ? -14 : 14;
        const box = name.getBoundingClientRect();
        const meets = (by) => free.some((other) => box.left < other.right && box.right > other.left
          && box.top + by < other.bottom && box.bottom + by > other.top);
        let by = 0;
        while (Math.abs(by) < 140 && meets(by)) { by += step; }
        name.style.transform = "translateY(" + by + "px)";
        free.push({ left: box.left, right: box.right, top: box.top + by, bottom: box.bottom + by });
      });
    }
    function sentences(parent) {
      const { same, other, onlyA, onlyB } = matched(boxes, data.expert);
      const span = (box) => text("span", { a: (offset + box.start).toFixed(1), b: (offset + box.end).toFixed(1) });
      const off = (x, y) => Math.abs(x - y).toFixed(2);
      const called = (box) => box.species || "unknown";
      const said = [
        ...same.map(([x, y]) => [y, text("bothFound", {
          name: called(y), span: span(y), on: off(x.start, y.start), off: off(x.end, y.end),
        })]),
        ...other.map(([x, y]) => [y, text("twoNames", { name: called(x), theirs: called(y), span: span(y) })]),
        ...onlyB.map((y) => [y, text("youMissed", { name: called(y), span: span(y) })]),
        ...onlyA.map((x) => [x, text("onlyYou", { name: called(x), span: span(x) })]),
      ].sort((p, q) => p[0].start - q[0].start);
      if (!said.length) { element("p", { textContent: text("neither") }, parent); }
      const rows = element("ol", { className: "anura-verdicts" }, parent);
      said.forEach(([box, sentence]) => {
        const item = element("li", {}, rows);
        const button = element("button", { type: "button", textContent: "▶" }, item);
        button.setAttribute("aria-label", text("play") + ", " + called(box) + ", " + span(box));
        button.addEventListener("click", () => player.anura.playSpan(box.start, box.end, called(box)));
        element("span", { textContent: " " + sentence }, item);
      });
    }
    function grid(parent, caption, heads, rows) {
      const made = element("table", {}, parent);
      element("caption", { textContent: caption }, made);
      const head = element("tr", {}, element("thead", {}, made));
      heads.forEach((name) => { element("th", { textContent: name, scope: "col" }, head); });
      const body = element("tbody", {}, made);
      rows.forEach((cells) => {
        const line = element("tr", {}, body);
        cells.forEach((value) => element("td", { textContent: value }, line));
      });
      return body;
    }
    function show() {
      outlines();
      pressed();
      table.textContent = "";
      if (boxes.length) {
        const heads = ["", text("start"), text("end"), text("species"), text("quality"), ""];
        const body = grid(table, text("table"), heads, []);
        boxes.forEach((box, k) => row(body, box, k));
      } else {
        const said = nothing ? text("nothingSaid") : text("none") + " " + text("help") + (data.expert ? " " + text("first") : "");
        element("p", { textContent: said }, table);
      }
      area.value = labelFile(boxes, offset);
      tool.undo.disabled = !past.length;
      tool.save.disabled = tool.copy.disabled = !boxes.length && !nothing; // an empty file says: nothing was heard
      tool.nothing.disabled = boxes.length > 0;
      tool.nothing.setAttribute("aria-pressed", String(nothing));
      if (tool.compare) { tool.compare.disabled = !boxes.length && !nothing; }
      result.textContent = "";
      if (shown) {
        sentences(result);
        const more = element("details", {}, result);
        element("summary", { textContent: text("numbers") }, more);
        const fixed = (x, digits) => (Number.isNaN(x) ? "–" : x.toFixed(digits));
        const heads = ["species", "you", "expert", "same", "other", "missed", "invented"].map((key) => text(key));
        grid(more, text("score"), [...heads, "Jaccard", "kappa", text("onset"), text("offset")],
          score(boxes, data.expert, duration).map((r) => [
            r.species, r.n_a, r.n_b, r.same, r.other, r.missed, r.invented, fixed(r.jaccard, 2), fixed(r.kappa, 2),
            fixed(r.onset_error_s, 2), fixed(r.offset_error_s, 2),
          ]));
      }
    }
    function names() {
      Object.entries(tool).forEach(([key, button]) => {
        button.textContent = text(key === "compare" && shown ? "hide" : key);
      });
      area.setAttribute("aria-label", text("file"));
      summary.textContent = text("file");
    }

    // Drawing: a drag on nothing makes a box, on a box moves it, on its left or right edge pulls that edge.
    let drag = null;
    function place(event) {
      const rect = picture.getBoundingClientRect();
      return {
        t: clamp((duration * (event.clientX - rect.left)) / rect.width, 0, duration),
        f: clamp(top * (1 - (event.clientY - rect.top) / rect.height), 0, top), x: event.clientX, y: event.clientY,
      };
    }
    layer.addEventListener("pointerdown", (event) => {
      if (event.button) { return; }
      const at = place(event);
      const mark = event.target.closest(".anura-own");
      const k = mark ? Number(mark.dataset.box) : -1;
      const rect = mark ? mark.getBoundingClientRect() : null;
      const edge = !mark ? "new" : event.clientX - rect.left < 6 ? "start" : rect.right - event.clientX < 6 ? "end" : "all";
      drag = { at: at, k: k, edge: edge, was: mark ? { ...boxes[k] } : null, moved: false };
      layer.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    layer.addEventListener("pointermove", (event) => {
      if (!drag) { return; }
      const at = place(event);
      drag.moved = drag.moved || Math.hypot(at.x - drag.at.x, at.y - drag.at.y) > 3;
      if (!drag.moved) { return; }
      if (drag.edge === "new") {
        outlines();
        outline({
          start: Math.min(at.t, drag.at.t), end: Math.max(at.t, drag.at.t), low: Math.min(at.f, drag.at.f),
          high: Math.max(at.f, drag.at.f), species: "", quality: "",
        }, "anura-own", -1);
        return;
      }
      if (!drag.kept) { remember(); drag.kept = true; }
      const box = boxes[drag.k];
      const by = at.t - drag.at.t;
      if (drag.edge === "all") {
        const shift = clamp(by, -drag.was.start, duration - drag.was.end);
        box.start = drag.was.start + shift;
        box.end = drag.was.end + shift;
      } else {
        box[drag.edge] = drag.edge === "start" ? clamp(drag.was.start + by, 0, box.end - 0.02)
          : clamp(drag.was.end + by, box.start + 0.02, duration);
      }
      chosen = drag.k;
      outlines();
    });
    function release(event) {
      if (!drag) { return; }
      const [at, done] = [place(event), drag];
      drag = null;
      if (event.type === "pointercancel" || (done.moved && done.edge === "new" && Math.abs(at.t - done.at.t) < 0.02)) {
        show();
      } else if (!done.moved && done.k >= 0) {
        chosen = done.k;
        outlines();
        ask(done.k);
        hear(done.k);
      } else if (!done.moved) {
        player.anura.seek(at.t);
      } else if (done.edge === "new") {
        add(Math.min(at.t, done.at.t), Math.max(at.t, done.at.t), Math.min(at.f, done.at.f), Math.max(at.f, done.at.f));
      } else {
        changedNow();
      }
    }
    layer.addEventListener("pointerup", release);
    layer.addEventListener("pointercancel", release);

    tool.newBox.addEventListener("click", () => {
      const start = Math.min(player.anura.now(), duration - 0.1);
      add(start, Math.min(start + 1, duration), null, null);
    });
    tool.nothing.addEventListener("click", () => {
      nothing = !nothing;
      shown = shown && nothing;
      names();
      changedNow();
    });
    tool.undo.addEventListener("click", () => {
      boxes = JSON.parse(past.pop());
      chosen = null;
      ask(null);
      changedNow();
    });
    tool.save.addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([labelFile(boxes, offset)], { type: "text/plain" }));
      const link = element("a", { href: url, download: data.recording + ".txt" }, root);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
    tool.copy.addEventListener("click", () => {
      file.open = true;
      area.select();
      const done = () => { live.textContent = text("copied"); };
      if (navigator.clipboard && window.isSecureContext) {
        navigator.clipboard.writeText(area.value).then(done, () => {});
      } else if (document.execCommand("copy")) { // pages opened from disk have no clipboard of their own
        done();
      }
    });
    if (tool.compare) {
      tool.compare.addEventListener("click", () => {
        shown = !shown;
        names();
        show();
        if (shown) { result.focus(); }
      });
    }
    document.addEventListener("anura-language", () => { names(); ask(asked); show(); });
    names();
    show();
  }

  window.anuraAnnotate = annotate;
  window.anuraScore = score;
  document.querySelectorAll(".anura-annotator:not([data-ready])").forEach((root) => {
    root.dataset.ready = "1";
    annotate(root);
  });
})();
