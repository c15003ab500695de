// Wires every player on the page once. It stands in each player, so it must not mind running often.
(function () {
  "use strict";
  // Texts of the interface; a page may bring others in window.anuraTexts[language].
  const TEXT = {
    play: "Play", pause: "Pause", loop: "Loop", speed: "Speed", position: "Position in {title}",
    seconds: "{s} seconds", pointer: "{s} s, {khz} kHz", simulated: "simulated sound", playing: "Playing {name}", loopOn: "Loop on", loopOff: "Loop off",
    keys: "Arrow keys: 0.1 seconds, with Shift 1 second. Space: play or pause. L: loop.",
    picture: "Spectrogram of {title}: {a} to {b} seconds, 0 to {khz} kilohertz.", noLabels: "No labels.",
    labels: "Labels: {list}.", count: "{n} of {name}", label: "{name}, {a} to {b} s",
    qualityLabel: "{name} quality {quality}, {a} to {b} s",
  };
  const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];

  function language() {
    let chosen = null;
    try { chosen = localStorage.getItem("anura-language"); } catch (error) { /* storage is forbidden */ }
    const page = document.documentElement.lang || "en"; // a translated page stays what it is
    return ((page === "en" && chosen) || page).replace("-", "_");
  }
  function text(key, values) {
    // What is stored may be any word: "constructor" is no language, though every object has one.
    const [all, chosen] = [window.anuraTexts || {}, language()];
    const own = Object.hasOwn(all, chosen) ? all[chosen] : TEXT;
    return (Object.hasOwn(own, key) ? own[key] : TEXT[key]).replace(/\{(\w+)\}/g, (whole, name) => values[name]);
  }
  function element(tag, properties, parent) {
    const made = Object.assign(document.createElement(tag), properties);
    parent.append(made);
    return made;
  }

  function wire(player) {
    const audio = player.querySelector("audio");
    const picture = player.querySelector(".anura-picture");
    const cursor = player.querySelector(".anura-cursor");
    const band = player.querySelector(".anura-band");
    const said = player.querySelectorAll(".anura-said"); // names that show while they are heard
    const badge = player.querySelector(".anura-badge");
    const labels = player.querySelectorAll(".anura-lane button");
    const duration = Number(player.dataset.duration);
    const lead = Number(player.dataset.lead); // silence that the MP3 encoder put before the sound
    const offset = Number(player.dataset.offset); // where in the recording this part begins
    let span = null; // {start, end, button} of what is being played
    let wanted = null; // where to go as soon as the browser has read the sound's header
    let frame = 0;

    // Without this script the browser's own controls stand here.
    audio.controls = false;
    const bar = element("div", { className: "anura-bar" }, player);
    const play = element("button", { type: "button", className: "anura-play" }, bar);
    const clock = element("span", { className: "anura-clock" }, bar);
    const loop = element("button", { type: "button", className: "anura-loop" }, bar);
    loop.setAttribute("aria-pressed", "false");
    const speedLabel = element("label", {}, bar);
    const speedText = element("span", {}, speedLabel);
    const speed = element("select", { className: "anura-speed" }, speedLabel);
    SPEEDS.forEach((s) => element("option", { value: s, textContent: s + "×", selected: s === 1 }, speed));
    const pointer = element("span", { className: "anura-pointer" }, bar);
    pointer.setAttribute("aria-hidden", "true"); // only where a pointer is
    const live = element("span", { className: "anura-live" }, bar);
    live.setAttribute("role", "status");
    const big = player.classList.contains("anura-reveal")
      ? element("button", { type: "button", className: "anura-big", textContent: "▶" }, picture) : null;
    const slider = element("div", { className: "anura-seek", tabIndex: 0 }, picture);
    const values = { role: "slider", "aria-valuemin": offset, "aria-valuemax": offset + duration };
    Object.entries(values).forEach(([name, value]) => slider.setAttribute(name, value));

    function name() {
      const title = player.getAttribute("aria-label");
      play.textContent = audio.paused ? "▶" : "❚❚";
      play.setAttribute("aria-label", text(audio.paused ? "play" : "pause"));
      if (big) {
        big.hidden = !audio.paused;
        big.setAttribute("aria-label", text("play"));
      }
      loop.textContent = "↻ " + text("loop");
      speedText.textContent = text("speed") + " ";
      slider.setAttribute("aria-label", text("position", { title: title }));
      slider.title = text("keys");
      if (badge) { badge.textContent = text("simulated"); }
      if (language() !== "en") { describe(title); }
    }
    // What Python said in English of the picture and its labels.
    function describe(title) {
      const counts = new Map();
      (labels.length ? labels : said).forEach((mark) => {
        const called = mark.dataset.name || mark.textContent;
        counts.set(called, (counts.get(called) || 0) + 1);
      });
      const list = [...counts].map(([called, n]) => text("count", { n: n, name: called })).join(", ");
      const range = { a: +offset.toFixed(2), b: +(offset + duration).toFixed(2), khz: Number(player.dataset.maxHz) / 1000 };
      picture.querySelector("img").alt = text("picture", { title: title, ...range }) + " " + text(list ? "labels" : "noLabels", { list: list });
      labels.forEach((button) => {
        const [a, b] = [button.dataset.start, button.dataset.end].map((at) => (offset + Number(at)).toFixed(2));
        const quality = button.textContent;
        button.title = text(quality ? "qualityLabel" : "label", { name: button.dataset.name, quality: quality, a: a, b: b });
        button.setAttribute("aria-label", button.title);
      });
    }
    function now() {
      return wanted !== null ? wanted : Math.max(0, Math.min(duration, audio.currentTime - lead));
    }
    function looping() {
      return loop.getAttribute("aria-pressed") === "true";
    }
    function draw() {
      cursor.style.left = (100 * now()) / duration + "%";
      said.forEach((mark) => {
        const heard = now() >= Number(mark.dataset.start) && now() <= Number(mark.dataset.end) + 0.3 && now() > 0;
        mark.classList.toggle("anura-now", heard);
      });
      clock.textContent = (offset + now()).toFixed(1) + " / " + (offset + duration).toFixed(1) + " s";
      if (audio.paused || wanted !== null) { // not while it plays: a screen reader would never be silent
        slider.setAttribute("aria-valuenow", (offset + now()).toFixed(2));
        slider.setAttribute("aria-valuetext", text("seconds", { s: (offset + now()).toFixed(1) }));
      }
    }
    function mark(chosen) {
      span = chosen;
      labels.forEach((other) => other.setAttribute("aria-pressed", String(!!chosen && other === chosen.button)));
      band.style.display = chosen ? "block" : "none";
      if (chosen) {
        band.style.left = (100 * chosen.start) / duration + "%";
        band.style.width = (100 * (chosen.end - chosen.start)) / duration + "%";
      }
    }
    function seek(seconds) {
      wanted = Math.max(0, Math.min(duration, seconds));
      if (audio.readyState) {
        arrive();
      } else {
        audio.preload = "auto";
        audio.load();
      }
      draw();
    }
    function arrive() {
      if (wanted !== null) {
        audio.currentTime = wanted + lead;
        wanted = null;
      }
    }
    function start() {
      audio.playbackRate = Number(speed.value); // loading the sound sets it back
      const started = audio.play();
      if (started) { started.catch(() => mark(null)); } // refused, or paused before it began
    }
    function toggle() {
      if (!audio.paused) {
        audio.pause();
      } else {
        if (now() >= duration - 0.01) { seek(0); }
        start();
      }
    }
    function playSpan(begin, end, called, button) {
      mark({ start: begin, end: end, button: button });
      live.textContent = text("playing", { name: called });
      seek(begin);
      start();
    }
    function playLabel(button) {
      if (span && span.button === button) {
        audio.pause();
        mark(null);
        return;
      }
      playSpan(Number(button.dataset.start), Number(button.dataset.end), button.getAttribute("aria-label"), button);
    }
    function step() {
      if (span && wanted === null && !audio.paused && now() >= span.end) {
        if (looping()) {
          seek(span.start);
        } else {
          const end = span.end;
          audio.pause();
          mark(null);
          seek(end);
        }
      }
      draw();
    }
    function follow() {
      step();
      frame = audio.paused ? 0 : requestAnimationFrame(follow);
    }
    function setLoop() {
      loop.setAttribute("aria-pressed", String(!looping()));
      live.textContent = text(looping() ? "loopOn" : "loopOff");
    }
    function place(event) {
      const box = picture.getBoundingClientRect();
      return (duration * (event.clientX - box.left)) / box.width;
    }

    audio.addEventListener("loadedmetadata", arrive);
    audio.addEventListener("timeupdate", step); // animation frames stop in a hidden tab, these don't
    audio.addEventListener("seeked", draw);
    audio.addEventListener("play", () => {
      document.querySelectorAll(".anura-player audio").forEach((other) => {
        if (other !== audio) { other.pause(); }
      });
      audio.playbackRate = Number(speed.value);
      name();
      if (!frame) { frame = requestAnimationFrame(follow); }
    });
    audio.addEventListener("pause", () => {
      if (audio.paused && !audio.seeking && !audio.ended) { mark(null); }
      name();
      draw();
    });
    audio.addEventListener("ended", () => {
      if (looping()) {
        seek(span ? span.start : 0);
        start();
      } else {
        mark(null);
        name();
      }
    });
    audio.addEventListener("seeking", () => {
      const t = now();
      if (span && (t < span.start - 0.1 || t > span.end + 0.1)) { mark(null); }
    });
    slider.addEventListener("click", (event) => {
      mark(null);
      seek(place(event));
    });
    picture.addEventListener("pointermove", (event) => {
      const box = picture.getBoundingClientRect();
      const khz = (player.dataset.maxHz / 1000) * (1 - (event.clientY - box.top) / box.height);
      pointer.textContent = text("pointer", {
        s: (offset + Math.max(0, place(event))).toFixed(2), khz: Math.max(0, khz).toFixed(1),
      });
    });
    picture.addEventListener("pointerleave", () => { pointer.textContent = ""; });
    slider.addEventListener("keydown", (event) => {
      const far = event.shiftKey ? 1 : 0.1;
      const moves = {
        ArrowLeft: now() - far, ArrowDown: now() - far, ArrowRight: now() + far, ArrowUp: now() + far,
        PageDown: now() - 1, PageUp: now() + 1, Home: 0, End: duration,
      };
      if (Object.hasOwn(moves, event.key)) {
        seek(moves[event.key]);
      } else if (event.key === " ") {
        toggle();
      } else if (event.key.toLowerCase() === "l" && !event.ctrlKey && !event.metaKey && !event.altKey) {
        setLoop();
      } else {
        return;
      }
      event.preventDefault();
    });
    play.addEventListener("click", toggle);
    if (big) { big.addEventListener("click", toggle); }
    loop.addEventListener("click", setLoop);
    speed.addEventListener("change", () => { audio.playbackRate = Number(speed.value); });
    labels.forEach((button) => {
      button.disabled = false;
      button.addEventListener("click", () => playLabel(button));
    });
    player.querySelectorAll(".anura-box").forEach((box) => {
      const button = player.querySelector(".anura-lane [data-label='" + box.dataset.label + "']");
      box.addEventListener("click", () => playLabel(button));
    });
    document.addEventListener("anura-language", () => { name(); draw(); });
    player.anura = { now: now, seek: seek, playSpan: playSpan }; // for the annotator
    name();
    draw();
  }

  document.querySelectorAll(".anura-player:not([data-ready])").forEach((player) => {
    player.dataset.ready = "1";
    wire(player);
  });
})();
