// Wires every player on the page once. It stands in each player, so it must not mind running often.
(function () {
  "use strict";
  document.querySelectorAll(".anura-player:not([data-ready])").forEach(function (player) {
    player.dataset.ready = "1";
    var audio = player.querySelector("audio");
    var picture = player.querySelector(".anura-picture");
    var cursor = player.querySelector(".anura-cursor");
    var band = player.querySelector(".anura-band");
    var buttons = player.querySelectorAll("button");
    var duration = Number(player.dataset.duration);
    var lead = Number(player.dataset.lead); // silence that the MP3 encoder put before the sound
    var span = null; // the button whose label is being played
    var wanted = null; // where to go as soon as the browser has read the sound's header
    var frame = 0;

    function now() {
      return wanted !== null ? wanted : Math.max(0, Math.min(duration, audio.currentTime - lead));
    }
    function draw() {
      cursor.style.left = (100 * now()) / duration + "%";
    }
    function mark(button) {
      span = button;
      buttons.forEach(function (other) {
        other.setAttribute("aria-pressed", String(other === button));
      });
      band.style.display = button ? "block" : "none";
      if (button) {
        band.style.left = (100 * button.dataset.start) / duration + "%";
        band.style.width = (100 * (button.dataset.end - button.dataset.start)) / duration + "%";
      }
    }
    function seek(seconds) {
      wanted = seconds;
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
    function step() {
      if (span && wanted === null && now() >= Number(span.dataset.end)) {
        var end = Number(span.dataset.end);
        audio.pause();
        mark(null);
        seek(end);
      }
      draw();
    }
    function follow() {
      step();
      frame = audio.paused ? 0 : requestAnimationFrame(follow);
    }

    audio.addEventListener("loadedmetadata", arrive);
    audio.addEventListener("timeupdate", step); // animation frames stop in a hidden tab, these don't
    audio.addEventListener("seeked", draw);
    audio.addEventListener("play", function () {
      document.querySelectorAll(".anura-player audio").forEach(function (other) {
        if (other !== audio) { other.pause(); }
      });
      if (!frame) { frame = requestAnimationFrame(follow); }
    });
    audio.addEventListener("pause", function () {
      if (audio.paused && !audio.seeking) { mark(null); }
    });
    audio.addEventListener("ended", function () { mark(null); });
    audio.addEventListener("seeking", function () {
      var t = now();
      if (span && (t < span.dataset.start - 0.1 || t > Number(span.dataset.end) + 0.1)) { mark(null); }
    });
    picture.addEventListener("click", function (event) {
      var box = picture.getBoundingClientRect();
      mark(null);
      seek(duration * Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)));
    });
    buttons.forEach(function (button) {
      button.disabled = false;
      button.addEventListener("click", function () {
        if (span === button) {
          audio.pause();
          mark(null);
          return;
        }
        mark(button);
        seek(Number(button.dataset.start));
        var started = audio.play();
        if (started) { started.catch(function () { mark(null); }); } // refused, or paused before it began
      });
    });
  });
})();
