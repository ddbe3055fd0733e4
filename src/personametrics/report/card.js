// Draws every figure of the page in the colours of the reader's scheme, and again when the scheme changes.
(() => {
  "use strict";
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const NARROW = 480;
  const drawn = new Map();

  function theme(width) {
    const chosen = structuredClone(themes[dark.matches ? "dark" : "light"]);
    chosen.axis.labelLimit = Math.round(Math.max(100, width * 0.33));
    if (width < NARROW) {
      chosen.axis.titleLimit = 280;
      Object.assign(chosen.legend, { columns: 3, labelLimit: 84 });
    }
    return chosen;
  }

  async function draw(plot) {
    const spec = JSON.parse(document.getElementById(plot.dataset.spec).textContent);
    const options = {
      ast: true, actions: false, renderer: "svg", mode: "vega-lite", defaultStyle: false, // ast: no eval, which the page forbids
      config: theme(plot.clientWidth), tooltip: { disableDefaultStyle: true },
    };
    drawn.get(plot)?.finalize();
    try {
      drawn.set(plot, await vegaEmbed(plot, spec, options));
      plot.dataset.drawn = dark.matches ? "dark" : "light";
    } catch (error) {
      plot.textContent = "This figure could not be drawn. Its numbers are in the table below.";
      console.error(error);
    }
  }

  async function drawAll() {
    document.documentElement.dataset.scheme = dark.matches ? "dark" : "light";
    for (const plot of document.querySelectorAll("[data-spec]")) await draw(plot);
  }

  let queue = drawAll();
  dark.addEventListener("change", () => { queue = queue.then(drawAll); });

  const opened = [];
  addEventListener("beforeprint", () => {
    for (const table of document.querySelectorAll("details.short:not([open])")) { table.open = true; opened.push(table); }
  });
  addEventListener("afterprint", () => { for (const table of opened.splice(0)) table.open = false; });
})();
