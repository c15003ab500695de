// Wires every player on the page once: a cursor that follows, a click that seeks, buttons that play a bout.
(function () {
  document.querySelectorAll(".anura-player:not([data-ready])").forEach(function (player) {
    player.dataset.ready = "1";
    var audio = player.querySelector("audio");
    var picture = player.querySelector(".anura-picture");
    var cursor = player.querySelector(".anura-cursor");
    var left = Number(player.dataset.left), right = Number(player.dataset.right);
    var duration = Number(player.dataset.duration), stop = Infinity;
    function draw() {
      var x = left + (right - left) * Math.min(audio.currentTime / duration, 1);
      cursor.style.left = 100 * x + "%";
      if (audio.currentTime >= stop) { audio.pause(); stop = Infinity; }
      if (!audio.paused) { requestAnimationFrame(draw); }
    }
    audio.addEventListener("play", draw);
    audio.addEventListener("timeupdate", draw);
    picture.addEventListener("click", function (event) {
      var box = picture.getBoundingClientRect();
      var x = ((event.clientX - box.left) / box.width - left) / (right - left);
      audio.currentTime = Math.max(0, Math.min(1, x)) * duration;
      stop = Infinity;
      draw();
    });
    player.querySelectorAll("button").forEach(function (button) {
      button.addEventListener("click", function () {
        audio.currentTime = Number(button.dataset.start);
        stop = Number(button.dataset.end);
        audio.play();
      });
    });
  });
})();
