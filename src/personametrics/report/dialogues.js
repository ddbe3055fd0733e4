// Shows the dialogues of the page, one at a time. Their lines are inserted as text, never as markup.
(() => {
  "use strict";
  const VERDICTS = [["", ""], ["good", "✓ consistent"], ["bad", "✗ contradicts"], ["open", "? verdict unreadable"]];
  const CONTRADICTS = 2;
  const WAIT = 120; // milliseconds without typing after which a search begins

  function made(tag, name = "", text = "") {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text) element.textContent = text;
    return element;
  }

  function marked(element, text, sought) {
    let at = 0;
    for (const hit of sought ? text.matchAll(sought) : []) {
      element.append(text.slice(at, hit.index), made("mark", "", hit[0]));
      at = hit.index + hit[0].length;
    }
    element.append(text.slice(at));
    element.dir = "auto";
    return element;
  }

  function start(reader) {
    const { texts, dialogues } = JSON.parse(document.getElementById(reader.dataset.talk).textContent);
    const [list, pane, said, search] = ["select", ".said", "output", "input"].map((name) => reader.querySelector(name));
    let listed = [], shown = -1, line = -1, sought = null, hits = new Set();

    const words = ([, bad, known, open]) =>
      known + open ? `${bad} of ${known} judged lines contradict${open ? `. ${open} more verdicts could not be read` : ""}.` : "";
    const percent = ([, bad, known]) => (known ? `${Math.round((100 * bad) / known)}`.padStart(3, "\u2007") + " %\u2002" : "\u2007\u2007\u2007—\u2002");

    function offer() {
      const judged = dialogues.some((one) => one[2]);
      list.replaceChildren(...listed.map((at) => {
        const option = made("option", "", `${judged ? percent(dialogues[at]) : ""}\u2068${dialogues[at][0]}\u2069`);
        option.value = at;
        option.title = dialogues[at][0];
        return option;
      }));
    }

    function show(at) {
      shown = at;
      line = -1;
      const one = dialogues[at];
      list.value = at ?? "";
      const name = pane.querySelector("h4");
      name.replaceChildren();
      pane.querySelector("p").textContent = one ? words(one) : "";
      if (one) marked(name, one[0], sought);
      pane.querySelector("ol").replaceChildren(...(one ? one[4].map(row) : []));
      pane.scrollTop = 0;
    }

    function row([turn, own, text, against, verdict]) {
      const [tone, label] = VERDICTS[verdict];
      const item = made("li", own ? `own ${tone}`.trim() : "");
      const head = made("p", "who", `${own ? "Persona" : "Partner"}, turn ${turn}`);
      if (label) head.append(" ", made("span", `tag ${tone}`, label));
      item.append(head, marked(made("p", "words"), texts[text], sought));
      if (against) item.append(made("p", "who", "contradicts"), marked(made("blockquote"), texts[against], sought));
      return item;
    }

    // Goes to the next matching line: after the last one shown, then in the dialogues that follow, then from the beginning.
    function step(wanted, called) {
      const from = Math.max(0, listed.indexOf(shown));
      for (let far = 0; listed.length && far <= listed.length; far++) {
        const at = listed[(from + far) % listed.length];
        const found = dialogues[at][4].findIndex((each, place) => (far || place > line) && wanted(each));
        if (found < 0) continue;
        if (at !== shown) show(at);
        line = found;
        for (const old of pane.querySelectorAll(".here")) old.classList.remove("here");
        const item = pane.querySelector("ol").children[found];
        item.classList.add("here");
        pane.scrollTop = item.offsetTop - pane.clientHeight / 3;
        const turn = dialogues[at][4][found][0];
        said.textContent = `${called} in turn ${turn} of dialogue ${listed.indexOf(at) + 1} of ${listed.length.toLocaleString("en")}.`;
        return;
      }
      said.textContent = `No ${called.toLowerCase()}.`;
    }

    const contradiction = () => step((each) => each[4] === CONTRADICTS, "Contradiction");
    const hit = () => step((each) => hits.has(each[2]) || hits.has(each[3]), "Match");

    function look() {
      const text = search.value.trim().replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
      sought = text ? new RegExp(text, "giu") : null;
      const one = text ? new RegExp(text, "iu") : null;
      hits = new Set(one ? [...texts.keys()].filter((at) => one.test(texts[at])) : []);
      listed = [...dialogues.keys()].filter((at) => !one || one.test(dialogues[at][0]) || dialogues[at][4].some((each) => hits.has(each[2]) || hits.has(each[3])));
      offer();
      show(listed.includes(shown) ? shown : listed[0]);
      if (sought && hits.size && listed.length) hit();
      if (sought) said.textContent = `${listed.length.toLocaleString("en")} of ${dialogues.length.toLocaleString("en")} dialogues.`;
      else said.textContent = "";
    }

    let waiting = 0;
    search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, WAIT); });
    search.addEventListener("keydown", (event) => { if (event.key === "Enter" && sought) hit(); });
    list.addEventListener("change", () => show(Number(list.value)));
    for (const button of reader.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => {
        if (button.dataset.go === "worst" && listed.length) show(listed[0]);
        contradiction();
      });
    }
    look();
    reader.hidden = false;
  }

  for (const reader of document.querySelectorAll("[data-talk]")) start(reader);
})();
