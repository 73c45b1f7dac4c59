(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  all("[data-js]").forEach((element) => { element.hidden = false; });

  // What a mark says, on hover and on focus; Escape sends it away.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);
  let shown = null;
  const hide = () => { tip.hidden = true; shown = null; };
  const show = (mark) => {
    shown = mark;
    tip.replaceChildren(...mark.getAttribute("aria-label").split("\n").map((line, place) => {
      const row = document.createElement(place ? "div" : "strong");
      row.textContent = line;
      return row;
    }));
    tip.hidden = false;
    const at = mark.querySelector(".shape").getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - size.width / 2), innerWidth - size.width - 8);
    const above = at.top - size.height - 10;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above > 8 ? above : at.bottom + 10}px`;
  };
  const markOf = (event) => event.target instanceof Element ? event.target.closest(".mark") : null;
  document.addEventListener("pointerover", (event) => { const mark = markOf(event); if (mark) show(mark); });
  document.addEventListener("pointerout", (event) => { if (markOf(event) && markOf(event) === shown && document.activeElement !== shown) hide(); });
  document.addEventListener("focusin", (event) => { const mark = markOf(event); if (mark) show(mark); else hide(); });
  document.addEventListener("focusout", (event) => { if (markOf(event)) hide(); });
  const follow = () => { if (shown && shown === document.activeElement) show(shown); else hide(); };
  document.addEventListener("scroll", follow, { passive: true, capture: true });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // One stop of the Tab key a chart; the arrow keys go from mark to mark.
  const order = (chart) => {
    const rows = chart.hasAttribute("data-rows");
    const placed = all(".mark", chart).filter((mark) => !mark.closest(".off")).map((mark) => {
      const circle = mark.querySelector(".hit");
      const x = Number(circle.getAttribute("cx")), y = Number(circle.getAttribute("cy"));
      return { mark, first: rows ? y : x, then: rows ? x : y };
    });
    return placed.sort((a, b) => a.first - b.first || a.then - b.then).map((one) => one.mark);
  };
  const stop = (chart) => {
    const marks = order(chart);
    if (!marks.some((mark) => mark.getAttribute("tabindex") === "0")) {
      all(".mark", chart).forEach((mark) => mark.setAttribute("tabindex", "-1"));
      marks[0]?.setAttribute("tabindex", "0");
    }
  };
  const charts = all("svg.plot");
  charts.forEach((chart) => {
    stop(chart);
    chart.addEventListener("keydown", (event) => {
      const marks = order(chart), at = marks.indexOf(document.activeElement);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
      if (at < 0 || step === undefined) return;
      event.preventDefault();
      const to = marks[Math.min(Math.max(at + step, 0), marks.length - 1)];
      marks[at].setAttribute("tabindex", "-1");
      to.setAttribute("tabindex", "0");
      to.focus({ preventScroll: true });
      to.scrollIntoView({ block: "nearest", inline: "nearest" });
      show(to);
    });
  });

  // Series are switched off and on by their names in the legend.
  const set = (button, on) => {
    button.setAttribute("aria-pressed", String(on));
    const figure = button.closest("figure");
    all(`[data-series="${button.dataset.look}"]`, figure).forEach((group) => {
      group.classList.toggle("off", !on);
      if (!on) all(".mark", group).forEach((mark) => mark.setAttribute("tabindex", "-1"));
    });
    all("svg.plot", figure).forEach(stop);
  };
  all("figure").forEach((figure) => {
    const buttons = all("button[data-look]", figure), whole = figure.querySelector("button[data-all]");
    const name = () => { if (whole) whole.textContent = buttons.some((one) => one.getAttribute("aria-pressed") === "true") ? "Hide all" : "Show all"; };
    buttons.forEach((button) => button.addEventListener("click", () => { set(button, button.getAttribute("aria-pressed") !== "true"); name(); }));
    whole?.addEventListener("click", () => {
      const on = !buttons.some((one) => one.getAttribute("aria-pressed") === "true");
      buttons.forEach((button) => set(button, on));
      name();
    });
  });

  // The table of measurements: sorted by a column, filtered by words and by values.
  const table = document.getElementById("measurements");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const words = document.getElementById("words"), count = document.getElementById("count"), picks = [];
  const cell = (row, column) => row.cells[column].textContent;
  const filter = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      const fits = asked.every((word) => text.includes(word)) && picks.every(([column, pick]) => !pick.value || cell(row, column) === pick.value);
      row.hidden = !fits;
      left += fits;
    });
    count.textContent = `${left} of ${rows.length} measurements`;
  };
  heads.forEach((head, column) => {
    if (!head.hasAttribute("data-pick")) return;
    const values = [...new Set(rows.map((row) => cell(row, column)))].sort();
    if (values.length < 2) return;
    const label = document.createElement("label"), pick = document.createElement("select");
    pick.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    label.append(`${head.textContent} `, pick);
    document.getElementById("picks").append(label);
    picks.push([column, pick]);
    pick.addEventListener("change", filter);
  });
  words.addEventListener("input", filter);
  filter();
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending", number = head.hasAttribute("data-number");
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => number ? parseFloat(cell(row, column)) : cell(row, column).toLowerCase();
      const unknown = (one) => one === "-" || one === "" || Number.isNaN(one);
      const keyed = rows.map((row) => [value(row), row]);
      keyed.sort(([a], [b]) => unknown(a) || unknown(b) ? unknown(a) - unknown(b) : (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
      body.append(...keyed.map(([, row]) => row));
    });
  });
})();
