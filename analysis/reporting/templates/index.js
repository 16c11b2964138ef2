"use strict";
// The filter of the index. What it is set to stands in the address, so that a view can be kept and sent.
(() => {
  const form = document.getElementById("filter");
  const told = document.getElementById("shown");
  const fields = [...form.elements].filter(field => field.name);
  const rows = [...document.querySelectorAll(".editions > li")].map(row => ({
    row,
    day: row.dataset.day,
    reports: row.dataset.reports.split(" "),
    given: JSON.parse(row.dataset.given || "[]"),
    stands: "stands" in row.dataset,
    text: row.textContent.toLowerCase(),
  }));
  const months = [...document.querySelectorAll("main > section")];

  const value = field => (field.type === "checkbox" ? (field.checked ? field.value : "") : field.value.trim());

  function wanted() {
    return Object.fromEntries(fields.map(field => [field.name, value(field)]));
  }

  function fits(one, want, words) {
    return (!want.report || one.reports.includes(want.report))
      && (!want.parameter || (want.parameter === "default" ? !one.given.length : one.given.includes(want.parameter)))
      && (!want.from || one.day >= want.from)
      && (!want.to || one.day <= want.to)
      && (!want.standing || one.stands)
      && words.every(word => one.text.includes(word));
  }

  function show() {
    const want = wanted();
    const words = want.text.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const one of rows) {
      const shown = fits(one, want, words);
      count += shown;
      if (one.row.hidden === shown) one.row.hidden = !shown;
    }
    for (const month of months) month.hidden = !month.querySelector("li:not([hidden])");
    const all = `${rows.length} edition${rows.length === 1 ? "" : "s"}`;
    return count === rows.length ? all : `${count || "None"} of ${all}`;
  }

  function restore() {
    const kept = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      const text = kept.get(field.name) || "";
      if (field.type === "checkbox") field.checked = text === field.value;
      else field.value = field.type !== "date" || /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : "";
      if (field.selectedIndex === -1) field.value = "";
    }
    told.textContent = show();
  }

  let waiting;
  function changed() {
    const count = show();
    clearTimeout(waiting);
    // Not with each letter: a screen reader would tell every count, and browsers limit how often an address changes.
    waiting = setTimeout(() => {
      told.textContent = count;
      const kept = new URLSearchParams(Object.entries(wanted()).filter(([, text]) => text));
      history.replaceState(null, "", `#${kept}`);
    }, 300);
  }

  form.addEventListener("input", changed);
  form.addEventListener("reset", () => setTimeout(changed));
  form.addEventListener("submit", event => event.preventDefault());
  addEventListener("hashchange", restore);
  form.hidden = false;
  restore();
})();
