// Pictures become charts that answer when pointed at. Where anything goes wrong, the picture stays.
Promise.all(["400", "700"].map((weight) => document.fonts.load(`${weight} 12px "Source Sans Pro"`))).then(async () => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  for (const [id, spec] of Object.entries(specs)) {
    const drawing = document.querySelector(`#${id} .drawing`);
    const fresh = document.createElement("div");
    try {
      // ast: expressions are interpreted, not compiled, as the page's policy asks.
      await vegaEmbed(fresh, spec, { renderer: "svg", ast: true, actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true } });
      // Both stand on the same note: with the picture's own measures nothing moves.
      const svg = fresh.querySelector("svg"), { width, height } = drawing.querySelector("svg").viewBox.baseVal;
      if (height) {
        const shape = { width, height, viewBox: `0 ${svg.viewBox.baseVal.height - height} ${width} ${height}` };
        for (const [name, value] of Object.entries(shape)) svg.setAttribute(name, value);
      }
      fresh.querySelector("form")?.remove(); // for controls, of which no chart has any
      drawing.replaceChildren(fresh);
      drawing.dataset.live = "";
    } catch (error) {
      console.warn(`${id} stays a picture: ${error}`);
    }
  }
  document.documentElement.dataset.charts = "ready";
});
