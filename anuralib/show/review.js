// Clips answered one after the other with yes, no or don't know. Runs once for each review.
(function () {
  "use strict";
  const TEXT = {
    yes: "Yes", no: "No", unsure: "Don't know", back: "Back", auto: "Play the next clip at once",
    question: "Clip {n} of {total}: does {species} call here?", marked: "The question is about the marked part.",
    reviewKeys: "Keys: y, n and ? answer, b goes back, p plays.", answered: "{answer}. Clip {n} of {total}.",
    finished: "{n} of {total} clips answered: {yes} yes, {no} no, {unsure} don't know.",
    saveAnswers: "Save answers", again: "Start again", answerFile: "The answers as text", progress: "Clips answered",
  };
  const ANSWERS = ["yes", "no", "unsure"];
  const KEYS = { y: "yes", n: "no", "?": "unsure", 1: "yes", 2: "no", 3: "unsure" };
  const SIGNS = { yes: "y", no: "n", unsure: "?" };

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
  function cell(value) {
    const shown = String(value);
    return /[",\r\n]/.test(shown) ? '"' + shown.replaceAll('"', '""') + '"' : shown;
  }
  // What a browser kept may be anything: only answers to clips that are here count.
  function answersOf(kept, n) {
    const found = {};
    if (kept && typeof kept === "object" && !Array.isArray(kept)) {
      for (let k = 0; k < n; k++) {
        if (Object.hasOwn(kept, k) && ANSWERS.includes(kept[k])) { found[k] = kept[k]; }
      }
    }
    return found;
  }
  function storeOf(clips) {
    let hash = 5381;
    for (const sign of JSON.stringify(clips)) { hash = (hash * 33 + sign.codePointAt(0)) >>> 0; }
    return "anura-answers " + clips.length + " " + hash.toString(36);
  }

  function review(root, changed, start) {
    const clips = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const sections = [...root.querySelectorAll(".anura-clip")];
    const total = clips.length;
    const store = storeOf(clips);
    let given = answersOf(start, total);
    let place = 0; // total: all is answered

    if (!start) {
      try { given = answersOf(JSON.parse(localStorage.getItem(store)), total); } catch (error) { /* nothing kept */ }
    }
    const bar = element("div", { className: "anura-answers" }, root);
    const button = Object.fromEntries(ANSWERS.map((key) => [key, element("button", { type: "button" }, bar)]));
    const more = element("div", { className: "anura-more" }, root);
    const back = element("button", { type: "button" }, more);
    const auto = element("label", {}, more);
    const plays = element("input", { type: "checkbox", checked: true }, auto);
    const autoText = element("span", {}, auto);
    const help = element("span", {}, more);
    const done = element("div", { className: "anura-done", tabIndex: -1, hidden: true }, root);
    const told = element("p", {}, done);
    const save = element("button", { type: "button" }, done);
    const again = element("button", { type: "button" }, done);
    const file = element("details", {}, done);
    const summary = element("summary", {}, file);
    const area = element("textarea", { readOnly: true, rows: 5 }, file);
    const meter = element("progress", { max: total }, root);
    sections[0].before(meter);
    const live = element("span", { className: "anura-live" }, root);
    live.setAttribute("role", "status");

    function count(answer) {
      return Object.values(given).filter((value) => value === answer).length;
    }
    function csv() {
      const columns = ["recording", "start_s", "end_s", "species", ...(Object.hasOwn(clips[0], "score") ? ["score"] : [])];
      const lines = Object.keys(given).map((k) => [
        ...columns.map((name) => cell(clips[k][name] === null ? "" : clips[k][name])), given[k],
      ]);
      return [[...columns, "answer"], ...lines].map((line) => line.join(",") + "\n").join("");
    }
    function play() {
      if (place < total) { sections[place].querySelector(".anura-play").click(); }
    }
    function names() {
      sections.forEach((section, k) => {
        const question = section.querySelector(".anura-question");
        const values = { n: k + 1, total: total, species: question.dataset.species };
        const marked = section.querySelector(".anura-lane") ? " " + text("marked") : "";
        question.textContent = text("question", values) + marked;
      });
      ANSWERS.forEach((key) => {
        button[key].textContent = text(key);
        element("kbd", { textContent: SIGNS[key] }, button[key]).setAttribute("aria-hidden", "true");
        button[key].setAttribute("aria-keyshortcuts", SIGNS[key]);
      });
      back.textContent = text("back");
      autoText.textContent = text("auto");
      help.textContent = text("reviewKeys");
      save.textContent = text("saveAnswers");
      again.textContent = text("again");
      summary.textContent = text("answerFile");
      area.setAttribute("aria-label", text("answerFile"));
      meter.setAttribute("aria-label", text("progress"));
    }
    function show() {
      sections.forEach((section, k) => {
        section.hidden = k !== place;
        if (section.hidden) { section.querySelector("audio").pause(); }
      });
      const n = Object.keys(given).length;
      const values = { n: n, total: total, yes: count("yes"), no: count("no"), unsure: count("unsure") };
      ANSWERS.forEach((key) => {
        button[key].disabled = place === total;
        button[key].setAttribute("aria-pressed", String(given[place] === key));
      });
      back.disabled = place === 0;
      done.hidden = n === 0;
      again.hidden = place < total;
      told.textContent = text("finished", values);
      area.value = csv();
      meter.value = n;
    }
    function go(to, said) {
      const inside = root.contains(document.activeElement);
      place = to;
      show();
      live.textContent = said;
      // What had the focus may be hidden or disabled by now; the keys need it here.
      const lost = document.activeElement === document.body || document.activeElement.disabled
        || document.activeElement.closest("[hidden]");
      if (place === total) {
        done.focus();
      } else if (inside && lost) {
        root.focus({ preventScroll: true });
      }
    }
    function answer(key) {
      if (place === total) { return; }
      given[place] = key;
      try { localStorage.setItem(store, JSON.stringify(given)); } catch (error) { /* forbidden or full */ }
      if (changed) { changed({ ...given }); }
      const next = place + 1;
      go(next, next === total ? "" : text("answered", { answer: text(key), n: next + 1, total: total }));
      if (plays.checked) { play(); }
    }

    ANSWERS.forEach((key) => { button[key].addEventListener("click", () => answer(key)); });
    back.addEventListener("click", () => go(Math.max(0, place - 1), ""));
    again.addEventListener("click", () => {
      given = {};
      try { localStorage.removeItem(store); } catch (error) { /* storage is forbidden */ }
      if (changed) { changed({}); }
      go(0, "");
    });
    save.addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
      const link = element("a", { href: url, download: "answers.csv" }, root);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
    root.addEventListener("keydown", (event) => {
      const key = event.key.toLowerCase();
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) { return; }
      if (["SELECT", "TEXTAREA"].includes(event.target.tagName)) { return; }
      if (Object.hasOwn(KEYS, key)) {
        answer(KEYS[key]);
      } else if (key === "b" && place > 0) {
        go(place - 1, "");
      } else if (key === "p") {
        play();
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation(); // notebooks have keys of their own
    });
    document.addEventListener("anura-language", () => { names(); show(); });
    names();
    const open = sections.findIndex((section, k) => !Object.hasOwn(given, k));
    place = open < 0 ? total : open;
    show();
  }

  window.anuraReview = review;
  document.querySelectorAll(".anura-review:not([data-ready])").forEach((root) => {
    root.dataset.ready = "1";
    review(root);
  });
})();
