// The menu of languages in the page's header: remembers the choice, goes to the translated page where there is one, and
// elsewhere translates the words that all chapters share, and tells players and annotators.
(function () {
  "use strict";
  if (window.anuraLanguage) return;
  const KEY = "anura-language";
  const HTML = { en: "en", es: "es", pt_BR: "pt-BR" };
  const WORDS = "article h2, article strong, .admonition-title, .admonition-title a, .caption-number, .onthispage, " +
    ".prev-next-subtitle, .bd-toc a, .bd-sidebar-secondary a";
  const TEXTS = new URL("anura_texts.js", document.currentScript.src).href;
  // What was chosen a moment ago, where the browser has not yet written it down for the page that is loaded again.
  const chosen = history.state && history.state[KEY];
  if (chosen) {
    keep(chosen);
    history.replaceState(null, "");
  }
  const own = Object.keys(HTML).find((name) => HTML[name] === document.documentElement.lang) || "en";

  function stored() {
    try {
      const name = localStorage.getItem(KEY);
      return name !== null && Object.hasOwn(HTML, name) ? name : null;
    } catch {
      return null; // a browser that keeps nothing: every page begins in its own language
    }
  }

  // The address of this page in a language, or null.
  function translated(name) {
    const link = document.querySelector(`link[rel="alternate"][hreflang="${HTML[name]}"]`);
    return name !== own && link ? link.href : null;
  }

  function keep(name) {
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // see above
    }
  }

  function choose(name) {
    keep(name);
    const page = translated(name);
    if (page) {
      location.assign(page);
    } else if (own === "en") {
      history.replaceState({ [KEY]: name }, "");
      location.reload(); // players say their words once, as they start
    } else {
      mark(name);
    }
  }

  function mark(name) {
    for (const key of Object.keys(HTML)) {
      const entry = document.querySelector(`.btn-language-${key}`);
      if (!entry) continue;
      entry.lang = HTML[key];
      if (key === name) entry.setAttribute("aria-current", "true");
      else entry.removeAttribute("aria-current");
    }
  }

  // "Exercise 3 (Title · core, compute)" part by part; everything else word by word.
  function translation(text, words, inSolution) {
    const said = (word) => (Object.hasOwn(words, word) ? words[word] : word); // a page may say "constructor"
    if (Object.hasOwn(words, text)) return words[text];
    const parts = text.match(/^(Exercise) (\d+)(.*)$/s) || text.match(/^()()(\(.* · .*\))$/s);
    if (!parts) return null;
    const kind = parts[3].match(/^(.* · )([a-z ]+), ([a-z]+)(\)?)$/s);
    const rest = kind ? kind[1] + said(kind[2]) + ", " + said(kind[3]) + kind[4] : parts[3];
    const exercise = inSolution ? words["of exercise"] : words.Exercise;
    return (parts[1] ? `${exercise} ${parts[2]}` : "") + rest;
  }

  function translateWords(words, lang) {
    for (const element of document.querySelectorAll(WORDS)) {
      for (const node of Array.from(element.childNodes)) {
        const text = node.nodeType === Node.TEXT_NODE ? node.data.trim() : "";
        const said = text && translation(text, words, Boolean(element.closest(".solution")));
        if (!said) continue;
        const span = document.createElement("span");
        span.lang = lang;
        span.textContent = node.data.replace(text, () => said);
        node.replaceWith(span);
      }
    }
  }

  // English pages do without the words of other languages until somebody asks for them.
  function withTexts(then) {
    if (window.anuraTexts) {
      then();
      return;
    }
    const script = document.createElement("script");
    script.src = TEXTS;
    script.addEventListener("load", then);
    document.head.append(script);
  }

  window.anuraLanguage = { choose };
  document.addEventListener("DOMContentLoaded", () => {
    const name = stored() || own;
    mark(own === "en" ? name : own);
    if (own !== "en" || name === "en") return;
    const page = translated(name);
    if (page) {
      location.replace(page + location.hash);
      return;
    }
    withTexts(() => {
      translateWords(window.anuraTexts[name].page, HTML[name]);
      document.dispatchEvent(new Event("anura-language")); // players and annotators say their words again
    });
  });
})();
