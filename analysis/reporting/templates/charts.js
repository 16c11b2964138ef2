// Pictures become charts that answer when pointed at. Where anything goes wrong, the picture stays.
Promise.all(["400", "700"].map((weight) => document.fonts.load(`${weight} 12px "Source Sans Pro"`))).then(async () => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  for (const [id, spec] of Object.entries(specs)) {
    const drawing = document.querySelector(`#${id} .drawing`);
    const fresh = document.createElement("div");
    try {
      // ast: expressions are interpreted, not compiled, as the page's policy asks.
      await vegaEmbed(fresh, spec, { renderer: "svg", ast: true, actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true } });
      fresh.querySelector("form.vega-bindings:empty")?.remove();
      drawing.replaceChildren(fresh);
      drawing.dataset.live = "";
    } catch (error) {
      console.warn(`${id} stays a picture: ${error}`);
    }
  }
  document.documentElement.dataset.charts = "ready";
});
