// A table that is wider than the page breaks its cells where that helps; else it fades on the side where it goes on, as a
// formula does.
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
  // Before it fades, a table on a larger screen breaks its cells, if all of it can then be seen.
  function fit() {
    for (const table of document.querySelectorAll(".cell_output table.dataframe")) {
      const room = table.parentElement.clientWidth + 2;
      table.classList.remove("anura-breaks");
      if (innerWidth < 960 || table.offsetWidth <= room) continue;
      table.classList.add("anura-breaks");
      if (table.offsetWidth > room) table.classList.remove("anura-breaks");
    }
  }
  let asked = 0;
  let scrolled = true; // and nothing else since the last look
  function soon(event) {
    scrolled &&= event?.type === "scroll";
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => {
      if (!scrolled) fit();
      scrolled = true;
      look();
    });
  }
  for (const what of ["load", "resize", "scroll", "toggle", "click"]) addEventListener(what, soon, true);
  addEventListener("load", () => window.MathJax?.startup?.promise?.then(soon));
})();
