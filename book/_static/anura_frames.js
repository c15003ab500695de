// A page within the page (the report of *your recordings*) follows the theme that the reader chose, not the computer's.
(function () {
  "use strict";
  function follow() {
    for (const frame of document.querySelectorAll("iframe[srcdoc]")) {
      const root = frame.contentDocument?.documentElement;
      if (root) root.style.colorScheme = document.documentElement.dataset.theme || "";
    }
  }
  addEventListener("load", follow);
  new MutationObserver(follow).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
