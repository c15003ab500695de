// Shows the picture that belongs to the chosen settings. It stands in each explorer, so it must not mind running often.
(function () {
  "use strict";
  document.querySelectorAll(".anura-explorer:not([data-ready])").forEach(function (explorer) {
    explorer.dataset.ready = "1";
    var pictures = JSON.parse(explorer.querySelector("script[type='application/json']").textContent);
    var image = explorer.querySelector("img");
    var said = explorer.querySelector(".anura-said");
    var controls = Array.from(explorer.querySelectorAll("input, select"));

    function show() {
      controls.forEach(function (control) {
        if (control.dataset.shown) {
          var shown = JSON.parse(control.dataset.shown)[control.value];
          control.setAttribute("aria-valuetext", shown);
          control.parentNode.querySelector("output").textContent = shown;
        }
      });
      var chosen = pictures[controls.map(function (control) { return control.value; }).join(",")];
      // The book has a second file of each picture, for its dark theme.
      var night = "night" in explorer.dataset && document.documentElement.dataset.theme === "dark";
      image.src = night ? chosen[0].replace(/[^/]*$/, "night/$&") : chosen[0];
      image.alt = chosen[1];
      said.textContent = chosen[1];
    }
    controls.forEach(function (control) {
      control.disabled = false;
      control.addEventListener("input", show);
    });
    new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    show(); // a browser that goes back may have kept other settings
  });
})();
