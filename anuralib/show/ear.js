// Ear training: a wall of calls, questions by ear, a memory. Runs once for each one on a page.
(function () {
  "use strict";
  const TEXT = {
    wall: "Wall of calls", drill: "Drill", memory: "What you remember", simulated: "simulated sound", play: "Play",
    all: "all", site: "Site", month: "Month", pitch: "Pitch", voice: "Voice", low: "low: below 1 kHz",
    middle: "middle: 1 to 3 kHz", high: "high: above 3 kHz", pulsed: "pulsed", whistled: "tonal, without pulses",
    diffPitch: "{a} is lower: {x} against {y} Hz.", diffPulse: "{a} has slower pulses: {x} against {y} per second.",
    diffVoice: "{a} is pulsed, {b} is not.", diffLength: "{a} has shorter notes: {x} against {y} s.",
    beside: "Put beside another", besides: "{a} and {b}", shown: "{n} cards", print: "Print the cards",
    step: "Step", begin: "Ten questions", seen: "With the picture", silent: "By the picture alone",
    unlike: "three unlike calls", six: "six calls", alike: "look-alikes", others: "all calls, other individuals",
    noise: "in the noise of the pond", two: "two callers at once", chorus: "a chorus, from 0 to 3",
    otherSounds: "frog, insect, bird or nothing", question: "Question {n} of {of}: who calls?",
    questionTwo: "Question {n} of {of}: which two call?",
    questionChorus: "Question {n} of {of}: which calling index? 0 none, 1 can be counted, 2 overlap, 3 full chorus",
    questionSound: "Question {n} of {of}: what is it?", dontKnow: "I don’t know", again: "Play again", next: "Next",
    right: "Right: it is {truth}.", wrong: "You said {said}. It is {truth}.",
    unknown: "It is {truth}.", done: "{right} of {of} right.",
    frog: "frog", insect: "insect", bird: "bird", nothing: "rain, no animal",
    kept: "Your answers are kept in this browser alone, on this device. Nobody else sees them, and nothing is sent.",
    none: "Nothing yet: answer ten questions.", boxes: "{n} calls in box {k}", due: "{n} are due today",
    save: "Save as a table (for a teacher)", remove: "Delete everything", removed: "Everything is deleted.",
    table: "Your confusions", heard: "you heard", said: "you said", times: "times",
    call: "call", hits: "hits", alarms: "false alarms", interval: "{share} % ({low} to {high})",
    you: "you", network: "network", annotator: "second annotator", allCalls: "all calls",
    peers: "The network and the simulated second annotator were asked about the same clips. The network chose among your options and can’t say “I don’t know”; the annotator wrote a label without seeing any options.",
  };
  const STEPS = ["unlike", "six", "alike", "others", "noise", "two", "chorus", "other sounds"];
  const KINDS = ["frog", "insect", "bird", "nothing"];
  const QUESTIONS = 10;
  const DAYS = [0, 1, 3, 7, 21]; // after so many days a call of box 1 to 5 is due again
  const MOST_ANSWERS = 2000;
  const STORE = "anura-ear";

  function text(key, values) {
    let chosen = null;
    try { chosen = localStorage.getItem("anura-language"); } catch (error) { /* storage is forbidden */ }
    const page = document.documentElement.lang || "en"; // a translated page stays what it is
    const lang = ((page === "en" && chosen) || page).replace("-", "_");
    const all = window.anuraTexts || {};
    const table = Object.hasOwn(all, lang) && all[lang].ear ? all[lang].ear : TEXT;
    return (Object.hasOwn(table, key) ? table[key] : TEXT[key]).replace(/\{(\w+)\}/g, (whole, name) => values[name]);
  }
  function element(tag, properties, parent) {
    const made = Object.assign(document.createElement(tag), properties);
    parent.append(made);
    return made;
  }
  function button(parent, content, act, said) {
    const made = element("button", { type: "button", textContent: content }, parent);
    if (said) { made.setAttribute("aria-label", said); }
    made.addEventListener("click", act);
    return made;
  }
  function shuffled(values) {
    const all = [...values];
    for (let i = all.length - 1; i > 0; i--) {
      const k = Math.floor(Math.random() * (i + 1));
      [all[i], all[k]] = [all[k], all[i]];
    }
    return all;
  }
  function wilson(hits, n) { // 95 % interval of a share
    const [p, z] = [hits / n, 1.96];
    const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
    const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
    const percent = (x) => Math.round(100 * Math.max(0, Math.min(1, x)));
    const range = { share: percent(p), low: percent(middle - half), high: percent(middle + half) };
    return text("interval", range).replace(/ (?=[^(]*\))/g, "\u00a0"); // a line may end before the bracket only
  }
  function isAnswer(row) {
    return !!row && ["step", "truth", "said"].every((key) => typeof row[key] === "string")
      && Number.isFinite(row.day) && Array.isArray(row.options) && row.options.every((code) => typeof code === "string");
  }

  // ------------------------------------------------------------------ what the reader answered
  function memoryOf(given, send) {
    let log = given || [];
    if (!given) {
      try { log = JSON.parse(localStorage.getItem(STORE)) || []; } catch (error) { /* nothing kept */ }
    }
    log = Array.isArray(log) ? log.filter(isAnswer).slice(-MOST_ANSWERS) : [];
    const keep = () => {
      if (send) { send([...log]); }
      if (!given) { try { localStorage.setItem(STORE, JSON.stringify(log)); } catch (error) { /* forbidden or full */ } }
    };
    const named = () => log.filter((row) => !["chorus", "other sounds", "two"].includes(row.step));
    return {
      all: () => log,
      add: (row) => { log = [...log, row].slice(-MOST_ANSWERS); keep(); },
      clear: () => { log = []; keep(); },
      // A call goes up a box with each right answer and back to the first with a wrong one (Leitner's boxes).
      box: (code) => named().filter((row) => row.truth === code)
        .reduce((box, row) => (row.said === code ? Math.min(box + 1, 5) : 1), 1),
      lastDay: (code) => named().filter((row) => row.truth === code).reduce((day, row) => Math.max(day, row.day), -Infinity),
      confusions: () => {
        const counts = new Map();
        named().filter((row) => row.said && row.said !== row.truth).forEach((row) => {
          const key = row.truth + ">" + row.said;
          counts.set(key, (counts.get(key) || 0) + 1);
        });
        return [...counts].map(([key, n]) => [...key.split(">"), n]).sort((a, b) => b[2] - a[2]);
      },
      named: named,
    };
  }
  const today = () => Math.floor(Date.now() / 86400000);

  function ear(root, given, send) {
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const types = new Map(data.types.map((type) => [type.code, type]));
    const codes = [...types.keys()];
    const memory = memoryOf(given, send);
    const clipsOf = (steps, code) => data.clips.filter((clip) => steps.includes(clip.step) && (!code || clip.answer === code));
    const file = (clip, kind) => data.inside[clip.clip] ? data.inside[clip.clip][kind === "mp3" ? 0 : 1]
      : data.base + "c" + clip.clip + "." + kind;
    const label = (code) => (types.has(code) && types.get(code).name ? code + " · " + types.get(code).name : code);
    let playing = null;

    function stop() {
      if (playing) { playing.pause(); }
    }
    function hear(clip) {
      stop();
      document.querySelectorAll("audio").forEach((other) => other.pause());
      playing = new Audio(file(clip, "mp3"));
      playing.play().catch(() => {});
      return playing;
    }
    function picture(parent, clip, alt) {
      const frame = element("span", { className: "anura-ear-picture" }, parent);
      return element("img", { src: file(clip, "png"), alt: alt, className: "dark-light", loading: "lazy" }, frame);
    }
    function section(key) {
      const made = element("section", { className: "anura-ear-" + key }, root);
      const head = element("h3", { textContent: text(key) }, made);
      if (key === "wall" && data.simulated) {
        element("span", { className: "anura-ear-badge", textContent: text("simulated") }, head);
      }
      return made;
    }

    // ---------------------------------------------------------------- the wall
    const drill = section("drill");
    const wall = section("wall");
    function first(code) { return clipsOf(["six", "others"], code)[0]; }
    function card(parent, code, more) {
      const type = types.get(code);
      const made = element("div", { className: "anura-ear-card" }, parent);
      const clip = first(code);
      if (!clip) { return; }
      element("strong", { textContent: label(code) }, made);
      picture(made, clip, label(code));
      if (type.words) { element("p", { textContent: type.words.replace(/(\d) (?=s|Hz)/g, "$1\u00a0") }, made); }
      const tools = element("div", { className: "anura-ear-tools" }, made);
      button(tools, "▶ " + text("play"), () => hear(clip), text("play") + " " + code);
      if (more) { more(tools, code); }
    }
    // What tells two types apart, in words: where they differ by a tenth at least.
    function differences(a, b) {
      const sentence = (key, field) => {
        const [one, two] = [types.get(a), types.get(b)].sort((x, y) => x[field] - y[field]);
        if (!(two[field] > 1.1 * one[field])) { return []; }
        const [x, y] = [one[field], two[field]].map((n) => n.toLocaleString(document.documentElement.lang || "en"));
        return [text(key, { a: one.code, x: x, y: y })];
      };
      const [one, two] = [types.get(a), types.get(b)].sort((x, y) => y.pulse_hz - x.pulse_hz);
      const pulses = one.pulsed === two.pulsed ? sentence("diffPulse", "pulse_hz")
        : [text("diffVoice", { a: one.code, b: two.code })];
      return [...sentence("diffPitch", "pitch_hz"), ...pulses, ...sentence("diffLength", "note_s")];
    }
    function drawWall() {
      wall.querySelectorAll(":scope > *:not(h3)").forEach((old) => old.remove());
      const filters = element("div", { className: "anura-ear-tools" }, wall);
      const wanted = {};
      const select = (key, values) => {
        const holder = element("label", { textContent: text(key) + " " }, filters);
        const made = element("select", {}, holder);
        [["", text("all")], ...values].forEach(([value, said]) => element("option", { value: value, textContent: said }, made));
        made.addEventListener("change", () => { wanted[key] = made.value; cards(); });
      };
      if (data.types[0].sites) {
        select("site", [...new Set(data.types.flatMap((type) => type.sites))].sort().map((site) => [site, site]));
        select("month", [...new Set(data.types.map((type) => type.month))].sort((a, b) => a - b).map((m) => [String(m), String(m)]));
        select("pitch", [["low", text("low")], ["middle", text("middle")], ["high", text("high")]]);
        select("voice", [["pulsed", text("pulsed")], ["whistled", text("whistled")]]);
      }
      button(filters, text("print"), () => window.print());
      const count = element("span", {}, filters);
      count.setAttribute("role", "status");
      const pair = element("div", { className: "anura-ear-pair" }, wall);
      const grid = element("div", { className: "anura-ear-cards" }, wall);
      let chosen = null;
      const fits = (type) => (!wanted.site || type.sites.includes(wanted.site))
        && (!wanted.month || String(type.month) === wanted.month)
        && (!wanted.voice || (wanted.voice === "pulsed") === type.pulsed)
        && (!wanted.pitch || wanted.pitch === (type.pitch_hz < 1000 ? "low" : type.pitch_hz > 3000 ? "high" : "middle"));
      function beside(tools, code) {
        const made = button(tools, "⇄", () => {
          if (chosen === null || chosen === code) {
            chosen = chosen === code ? null : code;
            grid.querySelectorAll("[aria-pressed]").forEach((other) => other.setAttribute("aria-pressed", String(other.dataset.code === chosen)));
            return;
          }
          pair.textContent = "";
          element("h4", { textContent: text("besides", { a: label(chosen), b: label(code) }) }, pair);
          if (types.get(code).words) { element("p", { textContent: differences(chosen, code).join(" ") }, pair); }
          const both = element("div", { className: "anura-ear-cards" }, pair);
          [chosen, code].forEach((one) => card(both, one));
          chosen = null;
          grid.querySelectorAll("[aria-pressed]").forEach((other) => other.setAttribute("aria-pressed", "false"));
          pair.scrollIntoView({ block: "nearest" });
        }, text("beside") + ", " + code);
        made.title = text("beside");
        made.dataset.code = code;
        made.setAttribute("aria-pressed", "false");
      }
      function cards() {
        grid.textContent = "";
        const shown = data.types.filter((type) => first(type.code) && fits(type));
        shown.forEach((type) => card(grid, type.code, beside));
        count.textContent = text("shown", { n: shown.length });
      }
      cards();
    }

    // ---------------------------------------------------------------- the drill
    const steps = STEPS.filter((step) => {
      if (step === "unlike") { return data.unlike.length === 3; }
      if (step === "six") { return data.six.length === 6; }
      if (step === "alike") { return data.types.some((type) => types.has(type.alike)); }
      return clipsOf([step]).length > 0;
    });
    const named = (step) => (step === "other sounds" ? "otherSounds" : step);
    let asked = null; // {step, n, right, clip, options}

    function drawDrill() {
      drill.querySelectorAll(":scope > *:not(h3)").forEach((old) => old.remove());
      const tools = element("div", { className: "anura-ear-tools" }, drill);
      const holder = element("label", { textContent: text("step") + " " }, tools);
      const choice = element("select", {}, holder);
      steps.forEach((step, i) => element("option", { value: step, textContent: i + 1 + ". " + text(named(step)) }, choice));
      let last = null;
      try { last = localStorage.getItem(STORE + "-step"); } catch (error) { /* forbidden */ }
      if (steps.includes(last)) { choice.value = last; }
      const modes = ["begin", "seen", "silent"].map((mode) => button(tools, text(mode), () => {
        try { localStorage.setItem(STORE + "-step", choice.value); } catch (error) { /* forbidden */ }
        asked = { step: choice.value, n: 0, right: 0, mode: mode };
        ask();
      }));
      modes[0].classList.add("anura-ear-main");
      const stage = element("div", { className: "anura-ear-stage", tabIndex: -1 }, drill);
      stage.addEventListener("keydown", keys);
    }
    const stage = () => drill.querySelector(".anura-ear-stage");

    // Calls that are due come first, then those that are confused or in a low box.
    function weight(code) {
      const box = memory.box(code);
      const due = today() - memory.lastDay(code) >= DAYS[box - 1];
      const confused = memory.confusions().filter(([truth, said]) => truth === code || said === code)
        .reduce((sum, row) => sum + row[2], 0);
      return (due ? 4 : 1) * (6 - box) + Math.min(confused, 5);
    }
    function drawn(among) {
      const weights = among.map(weight);
      let at = Math.random() * weights.reduce((sum, value) => sum + value, 0);
      return among.find((code, i) => { at -= weights[i]; return at < 0; }) || among[0];
    }
    function mates(code, n) { // who could be taken for it: look-alikes, own confusions, then anybody
      const own = memory.confusions().filter(([truth, said]) => truth === code || said === code)
        .map(([truth, said]) => (truth === code ? said : truth));
      const alike = types.get(code).alike;
      const rest = shuffled(codes);
      return [...new Set([alike, ...own, ...rest].filter((other) => types.has(other) && other !== code))].slice(0, n);
    }
    function question() {
      const step = asked.step;
      const one = (clips) => shuffled(clips.filter((clip) => clip.clip !== (asked.clip && asked.clip.clip)))[0] || clips[0];
      if (step === "two") {
        const clip = one(clipsOf(["two"]));
        const parts = clip.answer.split("+");
        const others = [...mates(parts[0], 4), ...mates(parts[1], 4)].filter((code) => !parts.includes(code));
        return { clip: clip, options: shuffled([...parts, ...[...new Set(others)].slice(0, 4)]), parts: parts };
      }
      if (step === "chorus") { return { clip: one(clipsOf([step])), options: ["0", "1", "2", "3"] }; }
      if (step === "other sounds") { return { clip: one(clipsOf([step])), options: KINDS }; }
      const among = { unlike: data.unlike, six: data.six }[step] || codes.filter((code) => step !== "alike" || types.has(types.get(code).alike));
      const code = drawn(among.filter((one) => clipsOf(["six", "others"], one).length));
      const from = { unlike: ["six"], six: ["six"], alike: ["six", "others"] }[step] || [step];
      const options = { unlike: data.unlike, six: data.six, alike: [code, types.get(code).alike] }[step] || [code, ...mates(code, 5)];
      return { clip: one(clipsOf(from, code)), options: step === "unlike" || step === "six" ? options : shuffled(options) };
    }
    function ask() {
      const place = stage();
      place.textContent = "";
      if (asked.n === QUESTIONS) {
        const said = element("p", { textContent: text("done", { right: asked.right, of: QUESTIONS }) }, place);
        said.setAttribute("role", "status");
        asked = null;
        drawMemory();
        return;
      }
      asked.n += 1;
      Object.assign(asked, { parts: null }, question(), { answered: false });
      const key = { two: "questionTwo", chorus: "questionChorus", "other sounds": "questionSound" }[asked.step] || "question";
      const heading = element("p", { textContent: text(key, { n: asked.n, of: QUESTIONS }) }, place);
      heading.className = "anura-ear-question";
      if (asked.mode !== "begin") { picture(place, asked.clip, ""); }
      const tools = element("div", { className: "anura-ear-tools" }, place);
      if (asked.mode !== "silent") { button(tools, "▶ " + text("again"), () => hear(asked.clip)); }
      const answers = element("div", { className: "anura-ear-options" }, place);
      const picked = new Set();
      asked.options.forEach((option, i) => {
        const shown = KINDS.includes(option) ? text(option) : label(option);
        const made = button(answers, i + 1 + " " + shown, () => {
          if (!asked.parts) { answer(option); return; }
          if (!picked.delete(option)) { picked.add(option); }
          made.setAttribute("aria-pressed", String(picked.has(option)));
          if (picked.size === 2) { answer([...picked].sort().join("+")); }
        });
        made.dataset.option = option;
        if (asked.parts) { made.setAttribute("aria-pressed", "false"); }
      });
      button(answers, "0 " + text("dontKnow"), () => answer(""));
      if (asked.mode !== "silent") { hear(asked.clip); }
      place.focus({ preventScroll: true });
    }
    function answer(said) {
      if (asked.answered) { return; }
      asked.answered = true;
      const truth = asked.clip.answer;
      const right = said === truth;
      asked.right += right ? 1 : 0;
      memory.add({ clip: asked.clip.clip, step: asked.step, truth: truth, said: said, options: [...asked.options], day: today() });
      const place = stage();
      place.textContent = "";
      const called = (value) => (value.split("+").map((one) => (KINDS.includes(one) ? text(one) : label(one))).join(" + "));
      const verdict = element("p", {
        className: "anura-ear-verdict",
        textContent: text(right ? "right" : said ? "wrong" : "unknown", { said: said && called(said), truth: called(truth) }),
      }, place);
      verdict.setAttribute("role", "status");
      const cards = element("div", { className: "anura-ear-cards" }, place);
      const show = (clip, key) => {
        const made = element("div", { className: "anura-ear-card" }, cards);
        element("strong", { textContent: key }, made);
        picture(made, clip, key);
        button(element("div", { className: "anura-ear-tools" }, made), "▶ " + text("play"), () => hear(clip), text("play") + ", " + key);
      };
      show(asked.clip, called(truth));
      if (said && !right) {
        said.split("+").filter((one) => !truth.split("+").includes(one)).forEach((one) => {
          const other = types.has(one) ? first(one) : clipsOf([asked.step], one)[0];
          if (other) { show(other, called(one)); }
        });
      }
      const tools = element("div", { className: "anura-ear-tools" }, place);
      button(tools, text("next"), ask).classList.add("anura-ear-main");
      place.focus({ preventScroll: true });
    }
    function keys(event) {
      if (!asked || event.ctrlKey || event.metaKey || event.altKey) { return; }
      const options = stage().querySelectorAll(".anura-ear-options button");
      if (/^[0-9]$/.test(event.key) && options.length) {
        const index = event.key === "0" ? options.length - 1 : Number(event.key) - 1;
        if (options[index] && (event.key === "0" || index < options.length - 1)) { options[index].click(); }
      } else if (event.key === " " && event.target === stage() && asked.mode !== "silent") {
        hear(asked.clip);
      } else if (event.key === "Enter" && event.target === stage() && asked.answered) {
        ask();
      } else {
        return;
      }
      event.preventDefault();
    }

    // ---------------------------------------------------------------- the memory
    const past = section("memory");
    // What others said to the question of an answer: {name: function of the row}. Only answers that all of them gave count.
    const byNumber = new Map(data.clips.map((clip) => [clip.clip, clip]));
    const asPeers = (row) => {
      const clip = byNumber.get(row.clip);
      return clip && clip.network && clip.answer === row.truth ? clip : null;
    };
    const peers = {
      network: (row) => [...asPeers(row).network].map((letter) => data.order[letter.charCodeAt(0) - 97])
        .find((code) => row.options.includes(code)),
      annotator: (row) => asPeers(row).annotator,
    };
    function drawRates(grid, known) {
      const compared = memory.named().some(asPeers);
      const rows = memory.named().filter((row) => !compared || asPeers(row));
      const who = { you: (row) => row.said, ...(compared ? peers : {}) };
      const share = (among, counts) => (among.length ? wilson(among.filter(counts).length, among.length) : "–");
      const table = (key, ofAll, among, ofOne) => grid(text(key), [text("call"), ...Object.keys(who).map((name) => text(name))], [
        [text("allCalls"), ...Object.values(who).map((said) => share(rows, (row) => ofAll(row, said(row))))],
        ...known.map((code) => [compared ? code : label(code),
          ...Object.values(who).map((said) => share(rows.filter((row) => among(row, code)), (row) => ofOne(said(row), code)))]),
      ]);
      if (compared) { element("p", { textContent: text("peers") }, past); }
      table("hits", (row, said) => said === row.truth, (row, code) => row.truth === code, (said, code) => said === code);
      table("alarms", (row, said) => said && said !== row.truth,
        (row, code) => row.truth !== code && row.options.includes(code), (said, code) => said === code);
    }
    function drawMemory() {
      past.querySelectorAll(":scope > *:not(h3)").forEach((old) => old.remove());
      element("p", { textContent: text("kept") }, past);
      if (!memory.all().length) {
        element("p", { textContent: text("none") }, past);
        return;
      }
      const known = codes.filter((code) => memory.named().some((row) => row.truth === code));
      const boxes = [1, 2, 3, 4, 5].map((k) => text("boxes", { n: known.filter((code) => memory.box(code) === k).length, k: k }));
      const due = known.filter((code) => today() - memory.lastDay(code) >= DAYS[memory.box(code) - 1]).length;
      element("p", { textContent: [...boxes, text("due", { n: due })].join(", ") + "." }, past);
      const grid = (caption, heads, rows) => {
        const holder = element("div", { className: "anura-ear-table" }, past);
        const made = element("table", {}, holder);
        element("caption", { textContent: caption }, made);
        const head = element("tr", {}, element("thead", {}, made));
        heads.forEach((name) => element("th", { textContent: name, scope: "col" }, head));
        const body = element("tbody", {}, made);
        rows.forEach((cells) => {
          const line = element("tr", {}, body);
          cells.forEach((value) => element("td", { textContent: value }, line));
        });
      };
      const confusions = memory.confusions();
      if (confusions.length) {
        grid(text("table"), [text("heard"), text("said"), text("times")], confusions.slice(0, 12).map(([a, b, n]) => [label(a), label(b), n]));
      }
      if (known.length) { drawRates(grid, known); }
      const tools = element("div", { className: "anura-ear-tools" }, past);
      button(tools, text("save"), () => {
        const quoted = (value) => '"' + String(value).replace(/"/g, '""') + '"';
        const rows = memory.all().map((row) => [new Date(86400000 * row.day).toISOString().slice(0, 10), row.step, row.clip, row.truth, row.said].map(quoted).join(","));
        const url = URL.createObjectURL(new Blob(["day,step,clip,truth,said\n" + rows.join("\n") + "\n"], { type: "text/csv" }));
        const link = element("a", { href: url, download: "ear-training.csv" }, root);
        link.click();
        link.remove();
        setTimeout(() => URL.revokeObjectURL(url), 1000);
      });
      button(tools, text("remove"), () => {
        memory.clear();
        drawMemory();
        const said = element("p", { textContent: text("removed") }, past);
        said.setAttribute("role", "status");
      });
    }
    function draw() {
      root.querySelectorAll("section > h3").forEach((head) => {
        head.firstChild.textContent = text(head.parentNode.className.replace("anura-ear-", ""));
      });
      drawWall();
      drawDrill();
      drawMemory();
    }
    document.addEventListener("anura-language", draw);
    draw();
  }

  window.anuraEar = ear;
  document.querySelectorAll(".anura-ear:not([data-ready])").forEach((root) => {
    root.dataset.ready = "1";
    ear(root);
  });
})();
