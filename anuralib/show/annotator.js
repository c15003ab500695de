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
  };
  const COLLAR_S = 1.0; // as al.match_bouts
  const STEP_S = 0.1; // as al.agreement
  const MOST_BOXES = 2000;
  const LONGEST_NAME = 100;

  function text(key, values) {
    let chosen = null;
    try { chosen = localStorage.getItem("anura-language"); } catch (error) { /* storage is forbidden */ }
    const lang = (chosen || document.documentElement.lang || "en").replace("-", "_");
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
  function score(a, b, duration) {
    const n = Math.ceil(duration / STEP_S - 1e-9);
    const taken = { a: new Set(), b: new Set() };
    const same = pairsOf(a, b, taken, (x, y) => x.species === y.species && shared(x, y) >= -COLLAR_S, (x, y) => -shared(x, y));
    const other = pairsOf(a, b, taken, (x, y) => x.species !== y.species && apart(x, y) <= COLLAR_S, apart);
    const onlyA = a.filter((x, i) => !taken.a.has(i));
    const onlyB = b.filter((x, j) => !taken.b.has(j));
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
      species: cleanName(box.species), quality: ["H", "M", "L"].includes(box.quality) ? box.quality : "",
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

    if (!given) {
      try { boxes = boxesOf(JSON.parse(localStorage.getItem(store)), duration); } catch (error) { /* nothing kept */ }
    }
    const layer = element("div", { className: "anura-draw", title: text("help") }, picture);
    const bar = element("div", { className: "anura-tools" }, root);
    const live = element("span", { className: "anura-live" }, bar);
    live.setAttribute("role", "status");
    const keys = ["newBox", "undo", "save", "copy", ...(data.expert ? ["compare"] : [])];
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
      try { localStorage.setItem(store, JSON.stringify(boxes)); } catch (error) { /* forbidden or full */ }
      if (changed) { changed(boxes.map((box) => ({ ...box, start: box.start + offset, end: box.end + offset }))); }
      show();
    }
    function add(start, end, low, high) {
      const last = boxes[boxes.length - 1];
      remember();
      boxes.push({
        start: start, end: end, low: low, high: high, species: last ? last.species : data.species[0] || "unknown",
        quality: last ? last.quality : "M",
      });
      chosen = boxes.length - 1;
      changedNow();
      live.textContent = text("drawn", { n: boxes.length });
    }
    function remove(k) {
      remember();
      boxes.splice(k, 1);
      chosen = null;
      changedNow();
      live.textContent = text("drawn", { n: boxes.length });
      (table.querySelector("tbody tr:nth-child(" + Math.min(k + 1, boxes.length) + ") input") || tool.newBox).focus();
    }
    function hear(k) {
      const box = boxes[k];
      player.anura.playSpan(box.start, box.end, box.species + " " + box.quality);
    }
    function outline(box, kind, k) {
      const mark = element("span", { className: "anura-mark " + kind }, layer);
      const [low, high] = [box.low === null || box.low === undefined ? 0 : box.low, box.high || top];
      mark.style.left = (100 * box.start) / duration + "%";
      mark.style.width = (100 * (box.end - box.start)) / duration + "%";
      mark.style.bottom = (100 * low) / top + "%";
      mark.style.height = (100 * (Math.min(high, top) - low)) / top + "%";
      mark.dataset.box = k;
      element("span", { textContent: box.species + (box.quality ? " " + box.quality : "") }, mark);
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
      const species = field(element("td", {}, line), k, "species", { type: "text", value: box.species, size: 9 });
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
      ["H", "M", "L"].forEach((q) => element("option", { value: q, textContent: q, selected: q === box.quality }, quality));
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
      table.textContent = "";
      if (boxes.length) {
        const heads = ["", text("start"), text("end"), text("species"), text("quality"), ""];
        const body = grid(table, text("table"), heads, []);
        boxes.forEach((box, k) => row(body, box, k));
      } else {
        element("p", { textContent: text("none") + " " + text("help") }, table);
      }
      area.value = labelFile(boxes, offset);
      tool.undo.disabled = !past.length;
      tool.save.disabled = tool.copy.disabled = !boxes.length;
      result.textContent = "";
      if (shown) {
        const fixed = (x, digits) => (Number.isNaN(x) ? "–" : x.toFixed(digits));
        const heads = ["species", "you", "expert", "same", "other", "missed", "invented"].map((key) => text(key));
        grid(result, text("score"), [...heads, "Jaccard", "kappa", text("onset"), text("offset")],
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
      table.querySelector("tbody tr:last-child input").focus();
    });
    tool.undo.addEventListener("click", () => {
      boxes = JSON.parse(past.pop());
      chosen = null;
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
    document.addEventListener("anura-language", () => { names(); show(); });
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
