// A table or formula that is wider than the page fades on the side where it goes on.
(function () {
  "use strict";
  const WIDE = ".cell_output, .cell_output > *, .pst-scrollable-table-container, .anura-ear-table, mjx-container[display]";
  function look() {
    for (const part of document.querySelectorAll(WIDE)) {
      const hidden = part.scrollWidth - part.clientWidth;
      part.classList.toggle("anura-goes-on", hidden > 2 && part.scrollLeft < hidden - 2);
      part.classList.toggle("anura-came-from", hidden > 2 && part.scrollLeft > 2);
    }
  }
  let asked = 0;
  function soon() {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(look);
  }
  for (const what of ["load", "resize", "scroll", "toggle", "click"]) addEventListener(what, soon, true);
  addEventListener("load", () => window.MathJax?.startup?.promise?.then(soon));
})();
