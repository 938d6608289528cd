"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const sliders = data.axes.map((_, k) => byId("axis-" + k));
  let kept = null;

  // Where the chosen cell stands: the last slider varies fastest.
  function chosen() {
    return sliders.reduce((at, slider, k) => at * data.axes[k].values.length + Number(slider.value), 0);
  }

  function share(parts) { return parts / data.scale; }

  function percent(parts) {
    const value = (100 * parts) / data.scale;
    return value.toFixed(1);
  }

  function between(low, high) { return low < 0 ? "not included" : percent(low) + "–" + percent(high) + " %"; }

  function add(parent, name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  function clear(svg) {
    for (const child of [...svg.children]) if (child.nodeName !== "desc") child.remove();
  }

  const box = { left: 52, right: 628, top: 12, bottom: 290 };
  const last = data.days[data.days.length - 1];
  const across = (day) => box.left + ((box.right - box.left) * day) / last;
  const up = (parts) => box.bottom - (box.bottom - box.top) * share(parts);

  // A curve holds its value until the next day that is stored.
  function steps(values) {
    let path = "M" + across(data.days[0]) + " " + up(values[0]);
    for (let k = 1; k < values.length; k++) path += "H" + across(data.days[k]).toFixed(1) + "V" + up(values[k]).toFixed(1);
    return path;
  }

  function back(values) {
    let path = "";
    for (let k = values.length - 1; k > 0; k--) path += "V" + up(values[k]).toFixed(1) + "H" + across(data.days[k]).toFixed(1);
    return path + "V" + up(values[0]).toFixed(1) + "H" + across(data.days[0]);
  }

  function frame(svg) {
    for (let parts = 0; parts <= data.scale; parts += data.scale / 5) {
      add(svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: up(parts), y2: up(parts) });
      add(svg, "text", { x: box.left - 8, y: up(parts) + 4, "text-anchor": "end" }, String((100 * parts) / data.scale));
    }
    const step = [1, 2, 5, 10, 15, 30, 60, 90, 180, 365].find((days) => last / days <= 7) || last;
    for (let day = 0; day <= last; day += step) {
      add(svg, "line", { class: "tick", x1: across(day), x2: across(day), y1: box.bottom, y2: box.bottom + 5 });
      add(svg, "text", { x: across(day), y: box.bottom + 19, "text-anchor": "middle" }, String(day));
    }
    add(svg, "line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom });
    add(svg, "text", { x: (box.left + box.right) / 2, y: box.bottom + 40, "text-anchor": "middle" }, data.day_label);
    add(svg, "text", { x: 14, y: (box.top + box.bottom) / 2, "text-anchor": "middle", transform: "rotate(-90 14 " + (box.top + box.bottom) / 2 + ")" }, "Trials (%)");
  }

  function drawCurve(cell) {
    const svg = byId("curve");
    const [middle, low, high, rangeLow, rangeHigh] = cell.curve;
    clear(svg);
    frame(svg);
    add(svg, "path", { class: "band", d: steps(high) + back(low) + "Z" });
    if (!data.one_set && rangeLow[0] >= 0) {
      add(svg, "path", { class: "range", d: steps(rangeLow) });
      add(svg, "path", { class: "range", d: steps(rangeHigh) });
    }
    add(svg, "path", { class: "line", id: "line", d: steps(middle), "data-values": middle.join(" ") });
    if (kept) add(svg, "path", { class: "kept", d: steps(kept.curve[0]) });
    const end = middle.length - 1;
    byId("curve-words").textContent = "After " + last + " days " + percent(middle[end]) + " % of trials are without it, chance " +
      between(low[end], high[end]) + ", assumptions " + between(rangeLow[end], rangeHigh[end]) + ".";
  }

  function drawBars(cell) {
    const svg = byId("bars");
    const left = 215, right = 620;
    const x = (parts) => left + (right - left) * share(parts);
    clear(svg);
    data.outcomes.forEach((name, k) => {
      const [middle, low, high, rangeLow, rangeHigh] = cell.shares[k];
      const y = 20 + 34 * k;
      add(svg, "text", { x: left - 10, y: y + 4, "text-anchor": "end" }, name);
      add(svg, "line", { class: "grid", x1: left, x2: right, y1: y, y2: y });
      if (rangeLow >= 0) add(svg, "line", { class: "whisker", x1: x(rangeLow), x2: x(rangeHigh), y1: y, y2: y });
      add(svg, "line", { class: "chance", x1: x(low), x2: x(high), y1: y, y2: y });
      add(svg, "circle", { class: "dot", cx: x(middle), cy: y, r: 4 });
      if (kept) add(svg, "circle", { class: "kept-dot", cx: x(kept.shares[k][0]), cy: y, r: 7 });
    });
    const foot = 20 + 34 * data.outcomes.length;
    for (let parts = 0; parts <= data.scale; parts += data.scale / 5) {
      add(svg, "text", { x: x(parts), y: foot + 4, "text-anchor": "middle" }, String((100 * parts) / data.scale));
    }
    add(svg, "text", { x: (left + right) / 2, y: foot + 28, "text-anchor": "middle" }, "Trials (%)");
  }

  function fillTable(cell) {
    [...byId("rows").rows].forEach((row, k) => {
      const [middle, low, high, rangeLow, rangeHigh] = cell.shares[k];
      const texts = [percent(middle) + " %", between(low, high), between(rangeLow, rangeHigh), kept ? percent(kept.shares[k][0]) + " %" : "–"];
      texts.forEach((text, column) => { row.cells[column + 1].textContent = text; });
    });
  }

  function show() {
    const cell = data.cells[chosen()];
    sliders.forEach((slider, k) => {
      const value = data.axes[k].values[Number(slider.value)];
      byId("value-" + k).textContent = value;
      slider.setAttribute("aria-valuetext", value);
    });
    drawCurve(cell);
    drawBars(cell);
    fillTable(cell);
    const [middle, low, high, rangeLow, rangeHigh] = cell.shares[0];
    byId("said").textContent = data.outcomes[0] + ": " + percent(middle) + " % of " + cell.trials.toLocaleString("en") + " trials (chance " +
      between(low, high) + ", assumptions " + between(rangeLow, rangeHigh) + ").";
    byId("drop").hidden = !kept;
  }

  sliders.forEach((slider) => slider.addEventListener("input", show));
  byId("keep").addEventListener("click", () => { kept = data.cells[chosen()]; show(); });
  byId("drop").addEventListener("click", () => { kept = null; show(); byId("keep").focus(); });
  byId("sliders").addEventListener("submit", (event) => event.preventDefault());
  show();
})();
