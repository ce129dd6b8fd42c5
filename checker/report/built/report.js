/*!
This file holds parts of these libraries.

d3-array 3.2.5 (ISC)
d3-color 3.1.1 (ISC)
d3-dispatch 3.0.2 (ISC)
d3-drag 3.0.1 (ISC)
d3-format 3.1.3 (ISC)
d3-interpolate 3.0.2 (ISC)
d3-scale 4.0.3 (ISC)
d3-selection 3.0.1 (ISC)
d3-timer 3.0.2 (ISC)
d3-transition 3.0.2 (ISC)
d3-zoom 3.0.1 (ISC)

Copyright 2010-2026 Mike Bostock

Permission to use, copy, modify, and/or distribute this software for any purpose
with or without fee is hereby granted, provided that the above copyright notice
and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.

---

d3-ease 3.0.2 (BSD-3-Clause)

Copyright 2010-2026 Mike Bostock
Copyright 2001 Robert Penner
All rights reserved.

Redistribution and use in source and binary forms, with or without modification,
are permitted provided that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this
  list of conditions and the following disclaimer.

* Redistributions in binary form must reproduce the above copyright notice,
  this list of conditions and the following disclaimer in the documentation
  and/or other materials provided with the distribution.

* Neither the name of the author nor the names of contributors may be used to
  endorse or promote products derived from this software without specific prior
  written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR
ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES;
LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON
ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
(INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

---

uplot 1.6.32 (MIT)

The MIT License (MIT)

Copyright (c) 2022 Leon Sorokin

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
*/
"use strict";
(() => {
  // src/data.ts
  var OK = 0;
  var INFO = 1;
  var FAIL = 2;
  function complete(read) {
    return {
      version: 1,
      title: "",
      subject: "",
      end: 0,
      unit: "ns",
      nodes: [],
      bands: [],
      reigns: [],
      steps: [],
      skews: [],
      figures: [],
      notes: [],
      ...read,
      verdict: {
        validity: "unknown",
        paragraph: [],
        failures: [],
        reasons: [],
        ...read.verdict
      }
    };
  }
  function timesOf(trace) {
    const times2 = new Float64Array(trace.time.length);
    let now2 = trace.began;
    for (let at = 0; at < times2.length; at++) {
      now2 += trace.time[at];
      times2[at] = now2;
    }
    return times2;
  }

  // src/shell/dom.ts
  var SVG = "http://www.w3.org/2000/svg";
  function fill(element, attributes, children2) {
    for (const [name, value2] of Object.entries(attributes)) {
      if (value2 === null || value2 === void 0 || value2 === false) continue;
      if (typeof value2 === "function") element.addEventListener(name, value2);
      else element.setAttribute(name, value2 === true ? "" : String(value2));
    }
    for (const child of children2) {
      if (child === null || child === void 0 || child === false) continue;
      element.append(child instanceof Node ? child : String(child));
    }
  }
  function html(name, attributes = {}, ...children2) {
    const element = document.createElement(name);
    fill(element, attributes, children2);
    return element;
  }
  function svg(name, attributes = {}, ...children2) {
    const element = document.createElementNS(SVG, name);
    fill(element, attributes, children2);
    return element;
  }
  function isTyping(target) {
    return target instanceof HTMLElement && (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type) || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable);
  }

  // src/shell/text.ts
  var UNITS = [
    [1e9, "s"],
    [1e6, "ms"],
    [1e3, "\xB5s"],
    [1, "ns"]
  ];
  function duration(ns, digits = 3) {
    if (ns === 0) return "0 s";
    const [unit2, name] = UNITS.find(([unit3]) => Math.abs(ns) >= unit3 * 0.9995) ?? [1, "ns"];
    const value2 = ns / unit2;
    const fraction = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.max(1, Math.abs(value2)))));
    return `${Number(value2.toFixed(fraction))} ${name}`;
  }
  function moment(report, time) {
    if (report.unit === "events") return `event ${time}`;
    return `${(time / 1e9).toFixed(6).replace(/(\.\d{3}\d*?)0+$/, "$1")} s`;
  }
  function count(number4, one2, many = `${one2}s`) {
    return `${number4.toLocaleString("en")} ${number4 === 1 ? one2 : many}`;
  }
  function shortened(text, length) {
    return text.length <= length ? text : `${text.slice(0, length - 1)}\u2026`;
  }
  function typeName(type) {
    return type === OK ? "ok" : type === FAIL ? "fail" : "info";
  }
  function asked(operations, at) {
    const key = operations.key[at];
    const parts = [operations.functions[operations.f[at]], key < 0 ? "" : operations.keys[key], operations.value[at]];
    return parts.filter((part) => part !== "").join(" ");
  }
  function answered(operations, at) {
    const type = operations.type[at];
    const error = operations.error[at];
    const reason = error < 0 ? "" : operations.errors[error];
    if (type === OK) {
      const result = operations.result[at];
      return result === "" || result === operations.value[at] ? "" : `\u2192 ${result}`;
    }
    if (type === INFO && operations.end[at] < 0) return "never answered";
    return reason === "" ? typeName(type) : `${typeName(type)}: ${reason}`;
  }
  function operationText(operations, at) {
    const answer = answered(operations, at);
    return answer === "" ? asked(operations, at) : `${asked(operations, at)} ${answer}`;
  }
  function processName(operations, at) {
    return operations.processes[operations.process[at]];
  }
  function operationSentence(report, at) {
    const operations = report.operations;
    const type = typeName(operations.type[at]);
    const start2 = operations.start[at];
    const end = operations.end[at];
    const when = end < 0 ? `from ${moment(report, start2)}` : `${moment(report, start2)} to ${moment(report, end)}` + (report.unit === "ns" ? `, ${duration(end - start2)}` : "");
    return `process ${processName(operations, at)}: ${operationText(operations, at)} (${type}), ${when}`;
  }

  // src/shell/theme.ts
  var KEPT = "splitbrain-report-theme";
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  function kept() {
    try {
      const theme2 = localStorage.getItem(KEPT);
      return theme2 === "light" || theme2 === "dark" ? theme2 : null;
    } catch {
      return null;
    }
  }
  var chosen = kept();
  function theme() {
    return chosen ?? (system.matches ? "dark" : "light");
  }
  function wear(bus) {
    document.documentElement.dataset["theme"] = theme();
    palette = /* @__PURE__ */ new Map();
    bus.tell("theme", theme());
  }
  function startTheme(bus) {
    system.addEventListener("change", () => wear(bus));
    wear(bus);
  }
  function switchTheme(bus) {
    chosen = theme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEPT, chosen);
    } catch {
    }
    wear(bus);
  }
  var palette = /* @__PURE__ */ new Map();
  function colour(name) {
    let value2 = palette.get(name);
    if (value2 === void 0) {
      value2 = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
      palette.set(name, value2);
    }
    return value2;
  }
  var TERM_COLOURS = 8;
  function termColourName(term) {
    return `term-${(term % TERM_COLOURS + TERM_COLOURS) % TERM_COLOURS}`;
  }
  function termColour(term) {
    return colour(termColourName(term));
  }

  // src/plots/nodes.ts
  var SECOND = 1e9;
  var MILLISECOND = 1e6;
  function aligned(lines2, between, end) {
    const times2 = [.../* @__PURE__ */ new Set([...lines2.flatMap((line2) => line2.times), end])].sort((a, b) => a - b);
    const columns = lines2.map(({ times: own, values }) => {
      let at = -1;
      return times2.map((time) => {
        while (at + 1 < own.length && own[at + 1] <= time) at++;
        if (at < 0) return null;
        const value2 = values[at];
        if (between === "step" || at + 1 >= own.length) return value2;
        const part = (time - own[at]) / (own[at + 1] - own[at]);
        return value2 + part * (values[at + 1] - value2);
      });
    });
    return [times2.map((time) => time / SECOND), ...columns];
  }
  var POINTS = 1500;
  function thinned({ times: times2, values }, end) {
    if (times2.length <= POINTS) return { times: times2, values };
    const kept2 = { times: [], values: [] };
    times2.forEach((time, at) => {
      const last = kept2.times.at(-1);
      const isLast = at === times2.length - 1;
      if (last === void 0 || isLast || time - last >= end / POINTS) {
        kept2.times.push(time);
        kept2.values.push(values[at]);
      }
    });
    return kept2;
  }
  function terms(data) {
    const { trace } = data;
    if (!trace) return null;
    const lines2 = data.nodes.map((_2, node) => ({
      times: [trace.began],
      values: [trace.initial[node]?.term ?? 0]
    }));
    const elections = [];
    const times2 = timesOf(trace);
    for (let at = 0; at < times2.length; at++) {
      const kind = trace.kinds[trace.kind[at]];
      const term = trace.term[at];
      const time = times2[at];
      if (kind === "role-changed") {
        const role = trace.texts[trace.text[at]];
        if (role === "candidate" || role === "leader") elections.push({ time, term, isWon: role === "leader" });
      }
      const line2 = lines2[trace.node[at]];
      if (!line2 || kind !== "term-changed" && kind !== "started" || line2.values.at(-1) === term) continue;
      line2.times.push(time);
      line2.values.push(term);
    }
    const nodes = lines2.flatMap((line2, node) => line2.values.some((term) => term > 0) ? [node] : []);
    if (nodes.length === 0) return null;
    return { columns: aligned(nodes.map((node) => thinned(lines2[node], data.end)), "step", data.end), nodes, elections };
  }
  function skews(all, end) {
    return aligned(
      all.map(({ time, offset }) => ({ times: time, values: offset.map((each) => each / MILLISECOND) })),
      "straight",
      end
    );
  }

  // src/plots/windows.ts
  var SECOND2 = 1e9;
  var MILLISECOND2 = 1e6;
  var LEAST = 1e-3;
  var ACROSS = 420;
  var DOWN = 130;
  function latencies(operations, { from, to }) {
    const seen = /* @__PURE__ */ new Set();
    const times2 = [];
    const series = [[], [], []];
    const width = Math.max(1, to - from);
    for (let at = 0; at < operations.start.length; at++) {
      const start2 = operations.start[at];
      const end = operations.end[at];
      if (start2 < from || start2 > to || end < 0) continue;
      const type = operations.type[at];
      const took = Math.max(LEAST, (end - start2) / MILLISECOND2);
      const column = Math.floor((start2 - from) / width * ACROSS);
      const row = Math.floor((Math.log10(took) + 3) / 8 * DOWN);
      const cell = (column * (DOWN + 1) + row) * 3 + type;
      if (seen.has(cell)) continue;
      seen.add(cell);
      times2.push(start2 / SECOND2);
      series.forEach((column2, each) => column2.push(each === type ? took : null));
    }
    return [times2, ...series];
  }
  function windows({ from, to }, count2) {
    const length = Math.max(1, (to - from) / count2);
    return {
      length,
      middles: Array.from({ length: count2 }, (_2, at) => (from + (at + 0.5) * length) / SECOND2),
      begins: Array.from({ length: count2 + 1 }, (_2, at) => (from + at * length) / SECOND2)
    };
  }
  function steps(begins, series) {
    return [begins, ...series.map((each) => [...each, each.at(-1) ?? 0])];
  }
  var QUANTILES = [0.5, 0.95, 0.99, 1];
  function quantiles(operations, range2, count2) {
    const { length, middles } = windows(range2, count2);
    const samples = middles.map(() => []);
    for (let at = 0; at < operations.start.length; at++) {
      if (operations.type[at] !== OK) continue;
      const start2 = operations.start[at];
      samples[Math.floor((start2 - range2.from) / length)]?.push((operations.end[at] - start2) / MILLISECOND2);
    }
    for (const each of samples) each.sort((a, b) => a - b);
    return [middles, ...QUANTILES.map((quantile2) => samples.map((each) => quantileOf(each, quantile2)))];
  }
  function quantileOf(sorted, quantile2) {
    if (sorted.length === 0) return null;
    return Math.max(LEAST, sorted[Math.max(0, Math.ceil(quantile2 * sorted.length) - 1)]);
  }
  function rates(operations, range2, count2) {
    const { length, begins } = windows(range2, count2);
    const series = [0, 1, 2].map(() => new Array(count2).fill(0));
    for (let at = 0; at < operations.end.length; at++) {
      const end = operations.end[at];
      if (end < 0) continue;
      const place = Math.min(count2 - 1, Math.floor((end - range2.from) / length));
      if (place >= 0 && end <= range2.to) series[operations.type[at]][place] += SECOND2 / length;
    }
    return steps(begins, series);
  }
  function fates(messages, wanted, range2, count2) {
    const { length, begins } = windows(range2, count2);
    const series = wanted.map(() => new Array(count2).fill(0));
    const place = messages.fates.map((fate) => wanted.indexOf(fate));
    for (let at = 0; at < messages.sent.length; at++) {
      const which = place[messages.fate[at]];
      const sent = messages.sent[at];
      const window2 = Math.min(count2 - 1, Math.floor((sent - range2.from) / length));
      if (which >= 0 && window2 >= 0 && sent <= range2.to) series[which][window2]++;
    }
    return steps(begins, series);
  }

  // src/plots/catalogue.ts
  var WINDOWS = 80;
  function milliseconds(value2) {
    if (value2 >= 1e3) return `${Number((value2 / 1e3).toPrecision(3))} s`;
    return value2 < 1 ? `${Number((value2 * 1e3).toPrecision(3))} \xB5s` : `${Number(value2.toPrecision(3))} ms`;
  }
  function number(value2) {
    return Number.isInteger(value2) ? value2.toLocaleString("en") : String(Number(value2.toPrecision(3)));
  }
  function seriesColour(node) {
    return `series-${node % 7}`;
  }
  function catalogue(data) {
    return [...ofOperations(data), ...ofTerms(data), ...ofClocks(data), ...ofMessages(data)];
  }
  function ofOperations({ operations, unit: unit2 }) {
    if (!operations?.start.length || unit2 === "events") return [];
    const types2 = ["ok", "info", "fail"];
    return [
      {
        id: "latency",
        title: "Latency",
        about: "Each point is an operation: when it began, and how long it took.",
        lines: types2.map((type) => ({ label: type, colour: type, style: "points" })),
        isLogarithmic: true,
        unit: milliseconds,
        columns: (range2) => latencies(operations, range2)
      },
      {
        id: "quantiles",
        title: "Latency quantiles",
        about: "Of the operations that were answered ok, by when they began.",
        lines: [
          { label: "median", colour: "series-0", style: "dotted", width: 2 },
          { label: "95 %", colour: "series-2", style: "dotted" },
          { label: "99 %", colour: "series-1", style: "dotted" },
          { label: "longest", colour: "ink-3", style: "line", width: 1, dash: [4, 3] }
        ],
        isLogarithmic: true,
        unit: milliseconds,
        columns: (range2) => quantiles(operations, range2, WINDOWS)
      },
      {
        id: "rate",
        title: "Rate",
        about: "Answers a second, by type.",
        lines: types2.map((type) => ({ label: type, colour: type, style: "steps" })),
        unit: (value2) => `${number(value2)}/s`,
        columns: (range2) => rates(operations, range2, WINDOWS)
      }
    ];
  }
  function ofTerms(data) {
    const found = terms(data);
    if (!found) return [];
    const { columns, nodes, elections } = found;
    return [
      {
        id: "terms",
        title: "Terms and elections",
        about: `The term of each node. \u25CB: a candidate stands, \u25CF: one is elected (${elections.filter(({ isWon }) => isWon).length} times).`,
        lines: nodes.map((node) => ({ label: data.nodes[node], colour: seriesColour(node), style: "steps" })),
        unit: number,
        least: [0, 2],
        columns: () => columns,
        over: (plot) => drawElections(plot, elections)
      }
    ];
  }
  function drawElections(plot, elections) {
    const { ctx: context, bbox } = plot;
    const size = 3.5 * window.devicePixelRatio;
    context.save();
    context.beginPath();
    context.rect(bbox.left, bbox.top - size, bbox.width, bbox.height + 2 * size);
    context.clip();
    context.strokeStyle = colour("ink");
    context.fillStyle = colour("ink");
    context.lineWidth = window.devicePixelRatio;
    const drawn = /* @__PURE__ */ new Set();
    for (const { time, term, isWon } of elections) {
      const x = Math.round(plot.valToPos(time / 1e9, "x", true));
      const y = Math.round(plot.valToPos(term, "y", true));
      const place = `${x >> 1} ${y >> 1} ${isWon}`;
      if (x < bbox.left || x > bbox.left + bbox.width || drawn.has(place)) continue;
      drawn.add(place);
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      if (isWon) context.fill();
      else context.stroke();
    }
    context.restore();
  }
  function ofClocks(data) {
    const moved = data.skews.filter(({ offset }) => offset.some((each) => each !== 0));
    if (moved.length === 0) return [];
    const columns = skews(moved, data.end);
    return [
      {
        id: "clocks",
        title: "Clock skew",
        about: "How far the clock of each node is from the true time.",
        lines: moved.map(({ node }) => ({ label: data.nodes[node], colour: seriesColour(node), style: "line" })),
        unit: (value2) => `${number(value2)} ms`,
        least: [0, 1e-3],
        columns: () => columns
      }
    ];
  }
  var LOST = [
    ["cut", "cut off", "fault-partition"],
    ["lost", "lost", "fault-network"],
    ["down", "receiver down", "fault-crash"],
    ["duplicate", "duplicated", "series-5"],
    ["delayed", "delayed", "fault-pause"]
  ];
  function ofMessages({ messages }) {
    if (!messages) return [];
    const wanted = LOST.filter(([fate]) => {
      const place = messages.fates.findIndex((each) => each === fate);
      return place >= 0 && messages.fate.includes(place);
    });
    const names = wanted.map(([fate]) => fate);
    const dropped = messages.fate.filter((fate) => ["cut", "lost", "down"].includes(messages.fates[fate])).length;
    if (wanted.length === 0) return [];
    return [
      {
        id: "messages",
        title: "Messages dropped",
        about: `${number(dropped)} of ${number(messages.sent.length)} messages never arrived. Each step counts those sent in its time.`,
        lines: wanted.map(([, label3, name]) => ({ label: label3, colour: name, style: "steps" })),
        unit: number,
        columns: (range2) => fates(messages, names, range2, WINDOWS)
      }
    ];
  }

  // node_modules/uplot/dist/uPlot.esm.js
  var FEAT_TIME = true;
  var pre = "u-";
  var UPLOT = "uplot";
  var ORI_HZ = pre + "hz";
  var ORI_VT = pre + "vt";
  var TITLE = pre + "title";
  var WRAP = pre + "wrap";
  var UNDER = pre + "under";
  var OVER = pre + "over";
  var AXIS = pre + "axis";
  var OFF = pre + "off";
  var SELECT = pre + "select";
  var CURSOR_X = pre + "cursor-x";
  var CURSOR_Y = pre + "cursor-y";
  var CURSOR_PT = pre + "cursor-pt";
  var LEGEND = pre + "legend";
  var LEGEND_LIVE = pre + "live";
  var LEGEND_INLINE = pre + "inline";
  var LEGEND_SERIES = pre + "series";
  var LEGEND_MARKER = pre + "marker";
  var LEGEND_LABEL = pre + "label";
  var LEGEND_VALUE = pre + "value";
  var WIDTH = "width";
  var HEIGHT = "height";
  var TOP = "top";
  var BOTTOM = "bottom";
  var LEFT = "left";
  var RIGHT = "right";
  var hexBlack = "#000";
  var transparent = hexBlack + "0";
  var mousemove = "mousemove";
  var mousedown = "mousedown";
  var mouseup = "mouseup";
  var mouseenter = "mouseenter";
  var mouseleave = "mouseleave";
  var dblclick = "dblclick";
  var resize = "resize";
  var scroll = "scroll";
  var change = "change";
  var dppxchange = "dppxchange";
  var LEGEND_DISP = "--";
  var domEnv = typeof window != "undefined";
  var doc = domEnv ? document : null;
  var win = domEnv ? window : null;
  var nav = domEnv ? navigator : null;
  var pxRatio;
  var query;
  function setPxRatio() {
    let _pxRatio = devicePixelRatio;
    if (pxRatio != _pxRatio) {
      pxRatio = _pxRatio;
      query && off(change, query, setPxRatio);
      query = matchMedia(`(min-resolution: ${pxRatio - 1e-3}dppx) and (max-resolution: ${pxRatio + 1e-3}dppx)`);
      on(change, query, setPxRatio);
      win.dispatchEvent(new CustomEvent(dppxchange));
    }
  }
  function addClass(el, c) {
    if (c != null) {
      let cl = el.classList;
      !cl.contains(c) && cl.add(c);
    }
  }
  function remClass(el, c) {
    let cl = el.classList;
    cl.contains(c) && cl.remove(c);
  }
  function setStylePx(el, name, value2) {
    el.style[name] = value2 + "px";
  }
  function placeTag(tag, cls, targ, refEl) {
    let el = doc.createElement(tag);
    if (cls != null)
      addClass(el, cls);
    if (targ != null)
      targ.insertBefore(el, refEl);
    return el;
  }
  function placeDiv(cls, targ) {
    return placeTag("div", cls, targ);
  }
  var xformCache = /* @__PURE__ */ new WeakMap();
  function elTrans(el, xPos, yPos, xMax, yMax) {
    let xform = "translate(" + xPos + "px," + yPos + "px)";
    let xformOld = xformCache.get(el);
    if (xform != xformOld) {
      el.style.transform = xform;
      xformCache.set(el, xform);
      if (xPos < 0 || yPos < 0 || xPos > xMax || yPos > yMax)
        addClass(el, OFF);
      else
        remClass(el, OFF);
    }
  }
  var colorCache = /* @__PURE__ */ new WeakMap();
  function elColor(el, background, borderColor) {
    let newColor = background + borderColor;
    let oldColor = colorCache.get(el);
    if (newColor != oldColor) {
      colorCache.set(el, newColor);
      el.style.background = background;
      el.style.borderColor = borderColor;
    }
  }
  var sizeCache = /* @__PURE__ */ new WeakMap();
  function elSize(el, newWid, newHgt, centered) {
    let newSize = newWid + "" + newHgt;
    let oldSize = sizeCache.get(el);
    if (newSize != oldSize) {
      sizeCache.set(el, newSize);
      el.style.height = newHgt + "px";
      el.style.width = newWid + "px";
      el.style.marginLeft = centered ? -newWid / 2 + "px" : 0;
      el.style.marginTop = centered ? -newHgt / 2 + "px" : 0;
    }
  }
  var evOpts = { passive: true };
  var evOpts2 = { ...evOpts, capture: true };
  function on(ev, el, cb, capt) {
    el.addEventListener(ev, cb, capt ? evOpts2 : evOpts);
  }
  function off(ev, el, cb, capt) {
    el.removeEventListener(ev, cb, evOpts);
  }
  domEnv && setPxRatio();
  function closestIdx(num, arr, lo, hi) {
    let mid;
    lo = lo || 0;
    hi = hi || arr.length - 1;
    let bitwise = hi <= 2147483647;
    while (hi - lo > 1) {
      mid = bitwise ? lo + hi >> 1 : floor((lo + hi) / 2);
      if (arr[mid] < num)
        lo = mid;
      else
        hi = mid;
    }
    if (num - arr[lo] <= arr[hi] - num)
      return lo;
    return hi;
  }
  function makeIndexOfs(predicate) {
    let indexOfs = (data, _i0, _i1) => {
      let i0 = -1;
      let i1 = -1;
      for (let i = _i0; i <= _i1; i++) {
        if (predicate(data[i])) {
          i0 = i;
          break;
        }
      }
      for (let i = _i1; i >= _i0; i--) {
        if (predicate(data[i])) {
          i1 = i;
          break;
        }
      }
      return [i0, i1];
    };
    return indexOfs;
  }
  var notNullish = (v) => v != null;
  var isPositive = (v) => v != null && v > 0;
  var nonNullIdxs = makeIndexOfs(notNullish);
  var positiveIdxs = makeIndexOfs(isPositive);
  function getMinMax(data, _i0, _i1, sorted = 0, log = false) {
    let getEdgeIdxs = log ? positiveIdxs : nonNullIdxs;
    let predicate = log ? isPositive : notNullish;
    [_i0, _i1] = getEdgeIdxs(data, _i0, _i1);
    let _min = data[_i0];
    let _max = data[_i0];
    if (_i0 > -1) {
      if (sorted == 1) {
        _min = data[_i0];
        _max = data[_i1];
      } else if (sorted == -1) {
        _min = data[_i1];
        _max = data[_i0];
      } else {
        for (let i = _i0; i <= _i1; i++) {
          let v = data[i];
          if (predicate(v)) {
            if (v < _min)
              _min = v;
            else if (v > _max)
              _max = v;
          }
        }
      }
    }
    return [_min ?? inf, _max ?? -inf];
  }
  function rangeLog(min2, max2, base, fullMags) {
    let minSign = sign(min2);
    let maxSign = sign(max2);
    if (min2 == max2) {
      if (minSign == -1) {
        min2 *= base;
        max2 /= base;
      } else {
        min2 /= base;
        max2 *= base;
      }
    }
    let logFn = base == 10 ? log10 : log2;
    let growMinAbs = minSign == 1 ? floor : ceil;
    let growMaxAbs = maxSign == 1 ? ceil : floor;
    let minExp = growMinAbs(logFn(abs(min2)));
    let maxExp = growMaxAbs(logFn(abs(max2)));
    let minIncr = pow(base, minExp);
    let maxIncr = pow(base, maxExp);
    if (base == 10) {
      if (minExp < 0)
        minIncr = roundDec(minIncr, -minExp);
      if (maxExp < 0)
        maxIncr = roundDec(maxIncr, -maxExp);
    }
    if (fullMags || base == 2) {
      min2 = minIncr * minSign;
      max2 = maxIncr * maxSign;
    } else {
      min2 = incrRoundDn(min2, minIncr);
      max2 = incrRoundUp(max2, maxIncr);
    }
    return [min2, max2];
  }
  function rangeAsinh(min2, max2, base, fullMags) {
    let minMax = rangeLog(min2, max2, base, fullMags);
    if (min2 == 0)
      minMax[0] = 0;
    if (max2 == 0)
      minMax[1] = 0;
    return minMax;
  }
  var rangePad = 0.1;
  var autoRangePart = {
    mode: 3,
    pad: rangePad
  };
  var _eqRangePart = {
    pad: 0,
    soft: null,
    mode: 0
  };
  var _eqRange = {
    min: _eqRangePart,
    max: _eqRangePart
  };
  function rangeNum(_min, _max, mult, extra) {
    if (isObj(mult))
      return _rangeNum(_min, _max, mult);
    _eqRangePart.pad = mult;
    _eqRangePart.soft = extra ? 0 : null;
    _eqRangePart.mode = extra ? 3 : 0;
    return _rangeNum(_min, _max, _eqRange);
  }
  function ifNull(lh, rh) {
    return lh == null ? rh : lh;
  }
  function hasData(data, idx0, idx1) {
    idx0 = ifNull(idx0, 0);
    idx1 = ifNull(idx1, data.length - 1);
    while (idx0 <= idx1) {
      if (data[idx0] != null)
        return true;
      idx0++;
    }
    return false;
  }
  function _rangeNum(_min, _max, cfg) {
    let cmin = cfg.min;
    let cmax = cfg.max;
    let padMin = ifNull(cmin.pad, 0);
    let padMax = ifNull(cmax.pad, 0);
    let hardMin = ifNull(cmin.hard, -inf);
    let hardMax = ifNull(cmax.hard, inf);
    let softMin = ifNull(cmin.soft, inf);
    let softMax = ifNull(cmax.soft, -inf);
    let softMinMode = ifNull(cmin.mode, 0);
    let softMaxMode = ifNull(cmax.mode, 0);
    let delta = _max - _min;
    let deltaMag = log10(delta);
    let scalarMax = max(abs(_min), abs(_max));
    let scalarMag = log10(scalarMax);
    let scalarMagDelta = abs(scalarMag - deltaMag);
    if (delta < 1e-24 || scalarMagDelta > 10) {
      delta = 0;
      if (_min == 0 || _max == 0) {
        delta = 1e-24;
        if (softMinMode == 2 && softMin != inf)
          padMin = 0;
        if (softMaxMode == 2 && softMax != -inf)
          padMax = 0;
      }
    }
    let nonZeroDelta = delta || scalarMax || 1e3;
    let mag = log10(nonZeroDelta);
    let base = pow(10, floor(mag));
    let _padMin = nonZeroDelta * (delta == 0 ? _min == 0 ? 0.1 : 1 : padMin);
    let _newMin = roundDec(incrRoundDn(_min - _padMin, base / 10), 24);
    let _softMin = _min >= softMin && (softMinMode == 1 || softMinMode == 3 && _newMin <= softMin || softMinMode == 2 && _newMin >= softMin) ? softMin : inf;
    let minLim = max(hardMin, _newMin < _softMin && _min >= _softMin ? _softMin : min(_softMin, _newMin));
    let _padMax = nonZeroDelta * (delta == 0 ? _max == 0 ? 0.1 : 1 : padMax);
    let _newMax = roundDec(incrRoundUp(_max + _padMax, base / 10), 24);
    let _softMax = _max <= softMax && (softMaxMode == 1 || softMaxMode == 3 && _newMax >= softMax || softMaxMode == 2 && _newMax <= softMax) ? softMax : -inf;
    let maxLim = min(hardMax, _newMax > _softMax && _max <= _softMax ? _softMax : max(_softMax, _newMax));
    if (minLim == maxLim && minLim == 0)
      maxLim = 100;
    return [minLim, maxLim];
  }
  var numFormatter = new Intl.NumberFormat(domEnv ? nav.language : "en-US");
  var fmtNum = (val) => numFormatter.format(val);
  var M = Math;
  var PI = M.PI;
  var abs = M.abs;
  var floor = M.floor;
  var round = M.round;
  var ceil = M.ceil;
  var min = M.min;
  var max = M.max;
  var pow = M.pow;
  var sign = M.sign;
  var log10 = M.log10;
  var log2 = M.log2;
  var sinh = (v, linthresh = 1) => M.sinh(v) * linthresh;
  var asinh = (v, linthresh = 1) => M.asinh(v / linthresh);
  var inf = Infinity;
  function numIntDigits(x) {
    return (log10((x ^ x >> 31) - (x >> 31)) | 0) + 1;
  }
  function clamp(num, _min, _max) {
    return min(max(num, _min), _max);
  }
  function isFn(v) {
    return typeof v == "function";
  }
  function fnOrSelf(v) {
    return isFn(v) ? v : () => v;
  }
  var noop = () => {
  };
  var retArg0 = (_0) => _0;
  var retArg1 = (_0, _1) => _1;
  var retNull = (_2) => null;
  var retTrue = (_2) => true;
  var retEq = (a, b) => a == b;
  var regex6 = /\.\d*?(?=9{6,}|0{6,})/gm;
  var fixFloat = (val) => {
    if (isInt(val) || fixedDec.has(val))
      return val;
    const str = `${val}`;
    const match = str.match(regex6);
    if (match == null)
      return val;
    let len = match[0].length - 1;
    if (str.indexOf("e-") != -1) {
      let [num, exp] = str.split("e");
      return +`${fixFloat(num)}e${exp}`;
    }
    return roundDec(val, len);
  };
  function incrRound(num, incr) {
    return fixFloat(roundDec(fixFloat(num / incr)) * incr);
  }
  function incrRoundUp(num, incr) {
    return fixFloat(ceil(fixFloat(num / incr)) * incr);
  }
  function incrRoundDn(num, incr) {
    return fixFloat(floor(fixFloat(num / incr)) * incr);
  }
  function roundDec(val, dec = 0) {
    if (isInt(val))
      return val;
    let p = 10 ** dec;
    let n = val * p * (1 + Number.EPSILON);
    return round(n) / p;
  }
  var fixedDec = /* @__PURE__ */ new Map();
  function guessDec(num) {
    return (("" + num).split(".")[1] || "").length;
  }
  function genIncrs(base, minExp, maxExp, mults) {
    let incrs = [];
    let multDec = mults.map(guessDec);
    for (let exp = minExp; exp < maxExp; exp++) {
      let expa = abs(exp);
      let mag = roundDec(pow(base, exp), expa);
      for (let i = 0; i < mults.length; i++) {
        let _incr = base == 10 ? +`${mults[i]}e${exp}` : mults[i] * mag;
        let dec = (exp >= 0 ? 0 : expa) + (exp >= multDec[i] ? 0 : multDec[i]);
        let incr = base == 10 ? _incr : roundDec(_incr, dec);
        incrs.push(incr);
        fixedDec.set(incr, dec);
      }
    }
    return incrs;
  }
  var EMPTY_OBJ = {};
  var EMPTY_ARR = [];
  var nullNullTuple = [null, null];
  var isArr = Array.isArray;
  var isInt = Number.isInteger;
  var isUndef = (v) => v === void 0;
  function isStr(v) {
    return typeof v == "string";
  }
  function isObj(v) {
    let is = false;
    if (v != null) {
      let c = v.constructor;
      is = c == null || c == Object;
    }
    return is;
  }
  function fastIsObj(v) {
    return v != null && typeof v == "object";
  }
  var TypedArray = Object.getPrototypeOf(Uint8Array);
  var __proto__ = "__proto__";
  function copy(o, _isObj = isObj) {
    let out;
    if (isArr(o)) {
      let val = o.find((v) => v != null);
      if (isArr(val) || _isObj(val)) {
        out = Array(o.length);
        for (let i = 0; i < o.length; i++)
          out[i] = copy(o[i], _isObj);
      } else
        out = o.slice();
    } else if (o instanceof TypedArray)
      out = o.slice();
    else if (_isObj(o)) {
      out = {};
      for (let k in o) {
        if (k != __proto__)
          out[k] = copy(o[k], _isObj);
      }
    } else
      out = o;
    return out;
  }
  function assign(targ) {
    let args = arguments;
    for (let i = 1; i < args.length; i++) {
      let src = args[i];
      for (let key in src) {
        if (key != __proto__) {
          if (isObj(targ[key]))
            assign(targ[key], copy(src[key]));
          else
            targ[key] = copy(src[key]);
        }
      }
    }
    return targ;
  }
  var NULL_REMOVE = 0;
  var NULL_RETAIN = 1;
  var NULL_EXPAND = 2;
  function nullExpand(yVals, nullIdxs, alignedLen) {
    for (let i = 0, xi, lastNullIdx = -1; i < nullIdxs.length; i++) {
      let nullIdx = nullIdxs[i];
      if (nullIdx > lastNullIdx) {
        xi = nullIdx - 1;
        while (xi >= 0 && yVals[xi] == null)
          yVals[xi--] = null;
        xi = nullIdx + 1;
        while (xi < alignedLen && yVals[xi] == null)
          yVals[lastNullIdx = xi++] = null;
      }
    }
  }
  function join(tables, nullModes) {
    if (allHeadersSame(tables)) {
      let table3 = tables[0].slice();
      for (let i = 1; i < tables.length; i++)
        table3.push(...tables[i].slice(1));
      if (!isAsc(table3[0]))
        table3 = sortCols(table3);
      return table3;
    }
    let xVals = /* @__PURE__ */ new Set();
    for (let ti = 0; ti < tables.length; ti++) {
      let t = tables[ti];
      let xs = t[0];
      let len = xs.length;
      for (let i = 0; i < len; i++)
        xVals.add(xs[i]);
    }
    let data = [Array.from(xVals).sort((a, b) => a - b)];
    let alignedLen = data[0].length;
    let xIdxs = /* @__PURE__ */ new Map();
    for (let i = 0; i < alignedLen; i++)
      xIdxs.set(data[0][i], i);
    for (let ti = 0; ti < tables.length; ti++) {
      let t = tables[ti];
      let xs = t[0];
      for (let si = 1; si < t.length; si++) {
        let ys = t[si];
        let yVals = Array(alignedLen).fill(void 0);
        let nullMode = nullModes ? nullModes[ti][si] : NULL_RETAIN;
        let nullIdxs = [];
        for (let i = 0; i < ys.length; i++) {
          let yVal = ys[i];
          let alignedIdx = xIdxs.get(xs[i]);
          if (yVal === null) {
            if (nullMode != NULL_REMOVE) {
              yVals[alignedIdx] = yVal;
              if (nullMode == NULL_EXPAND)
                nullIdxs.push(alignedIdx);
            }
          } else
            yVals[alignedIdx] = yVal;
        }
        nullExpand(yVals, nullIdxs, alignedLen);
        data.push(yVals);
      }
    }
    return data;
  }
  var microTask = typeof queueMicrotask == "undefined" ? (fn) => Promise.resolve().then(fn) : queueMicrotask;
  function sortCols(table3) {
    let head = table3[0];
    let rlen = head.length;
    let idxs = Array(rlen);
    for (let i = 0; i < idxs.length; i++)
      idxs[i] = i;
    idxs.sort((i0, i1) => head[i0] - head[i1]);
    let table22 = [];
    for (let i = 0; i < table3.length; i++) {
      let row = table3[i];
      let row2 = Array(rlen);
      for (let j = 0; j < rlen; j++)
        row2[j] = row[idxs[j]];
      table22.push(row2);
    }
    return table22;
  }
  function allHeadersSame(tables) {
    let vals0 = tables[0][0];
    let len0 = vals0.length;
    for (let i = 1; i < tables.length; i++) {
      let vals1 = tables[i][0];
      if (vals1.length != len0)
        return false;
      if (vals1 != vals0) {
        for (let j = 0; j < len0; j++) {
          if (vals1[j] != vals0[j])
            return false;
        }
      }
    }
    return true;
  }
  function isAsc(vals, samples = 100) {
    const len = vals.length;
    if (len <= 1)
      return true;
    let firstIdx = 0;
    let lastIdx = len - 1;
    while (firstIdx <= lastIdx && vals[firstIdx] == null)
      firstIdx++;
    while (lastIdx >= firstIdx && vals[lastIdx] == null)
      lastIdx--;
    if (lastIdx <= firstIdx)
      return true;
    const stride = max(1, floor((lastIdx - firstIdx + 1) / samples));
    for (let prevVal = vals[firstIdx], i = firstIdx + stride; i <= lastIdx; i += stride) {
      const v = vals[i];
      if (v != null) {
        if (v <= prevVal)
          return false;
        prevVal = v;
      }
    }
    return true;
  }
  var months = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"
  ];
  var days = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday"
  ];
  function slice3(str) {
    return str.slice(0, 3);
  }
  var days3 = days.map(slice3);
  var months3 = months.map(slice3);
  var engNames = {
    MMMM: months,
    MMM: months3,
    WWWW: days,
    WWW: days3
  };
  function zeroPad2(int) {
    return (int < 10 ? "0" : "") + int;
  }
  function zeroPad3(int) {
    return (int < 10 ? "00" : int < 100 ? "0" : "") + int;
  }
  var subs = {
    // 2019
    YYYY: (d) => d.getFullYear(),
    // 19
    YY: (d) => (d.getFullYear() + "").slice(2),
    // July
    MMMM: (d, names) => names.MMMM[d.getMonth()],
    // Jul
    MMM: (d, names) => names.MMM[d.getMonth()],
    // 07
    MM: (d) => zeroPad2(d.getMonth() + 1),
    // 7
    M: (d) => d.getMonth() + 1,
    // 09
    DD: (d) => zeroPad2(d.getDate()),
    // 9
    D: (d) => d.getDate(),
    // Monday
    WWWW: (d, names) => names.WWWW[d.getDay()],
    // Mon
    WWW: (d, names) => names.WWW[d.getDay()],
    // 03
    HH: (d) => zeroPad2(d.getHours()),
    // 3
    H: (d) => d.getHours(),
    // 9 (12hr, unpadded)
    h: (d) => {
      let h = d.getHours();
      return h == 0 ? 12 : h > 12 ? h - 12 : h;
    },
    // AM
    AA: (d) => d.getHours() >= 12 ? "PM" : "AM",
    // am
    aa: (d) => d.getHours() >= 12 ? "pm" : "am",
    // a
    a: (d) => d.getHours() >= 12 ? "p" : "a",
    // 09
    mm: (d) => zeroPad2(d.getMinutes()),
    // 9
    m: (d) => d.getMinutes(),
    // 09
    ss: (d) => zeroPad2(d.getSeconds()),
    // 9
    s: (d) => d.getSeconds(),
    // 374
    fff: (d) => zeroPad3(d.getMilliseconds())
  };
  function fmtDate(tpl, names) {
    names = names || engNames;
    let parts = [];
    let R = /\{([a-z]+)\}|[^{]+/gi, m;
    while (m = R.exec(tpl))
      parts.push(m[0][0] == "{" ? subs[m[1]] : m[0]);
    return (d) => {
      let out = "";
      for (let i = 0; i < parts.length; i++)
        out += typeof parts[i] == "string" ? parts[i] : parts[i](d, names);
      return out;
    };
  }
  var localTz = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  function tzDate(date2, tz) {
    let date22;
    if (tz == "UTC" || tz == "Etc/UTC")
      date22 = new Date(+date2 + date2.getTimezoneOffset() * 6e4);
    else if (tz == localTz)
      date22 = date2;
    else {
      date22 = new Date(date2.toLocaleString("en-US", { timeZone: tz }));
      date22.setMilliseconds(date2.getMilliseconds());
    }
    return date22;
  }
  var onlyWhole = (v) => v % 1 == 0;
  var allMults = [1, 2, 2.5, 5];
  var decIncrs = genIncrs(10, -32, 0, allMults);
  var oneIncrs = genIncrs(10, 0, 32, allMults);
  var wholeIncrs = oneIncrs.filter(onlyWhole);
  var numIncrs = decIncrs.concat(oneIncrs);
  var NL = "\n";
  var yyyy = "{YYYY}";
  var NLyyyy = NL + yyyy;
  var md = "{M}/{D}";
  var NLmd = NL + md;
  var NLmdyy = NLmd + "/{YY}";
  var aa = "{aa}";
  var hmm = "{h}:{mm}";
  var hmmaa = hmm + aa;
  var NLhmmaa = NL + hmmaa;
  var ss = ":{ss}";
  var _ = null;
  function genTimeStuffs(ms) {
    let s = ms * 1e3, m = s * 60, h = m * 60, d = h * 24, mo = d * 30, y = d * 365;
    let subSecIncrs = ms == 1 ? genIncrs(10, 0, 3, allMults).filter(onlyWhole) : genIncrs(10, -3, 0, allMults);
    let timeIncrs = subSecIncrs.concat([
      // minute divisors (# of secs)
      s,
      s * 5,
      s * 10,
      s * 15,
      s * 30,
      // hour divisors (# of mins)
      m,
      m * 5,
      m * 10,
      m * 15,
      m * 30,
      // day divisors (# of hrs)
      h,
      h * 2,
      h * 3,
      h * 4,
      h * 6,
      h * 8,
      h * 12,
      // month divisors TODO: need more?
      d,
      d * 2,
      d * 3,
      d * 4,
      d * 5,
      d * 6,
      d * 7,
      d * 8,
      d * 9,
      d * 10,
      d * 15,
      // year divisors (# months, approx)
      mo,
      mo * 2,
      mo * 3,
      mo * 4,
      mo * 6,
      // century divisors
      y,
      y * 2,
      y * 5,
      y * 10,
      y * 25,
      y * 50,
      y * 100
    ]);
    const _timeAxisStamps = [
      //   tick incr    default          year                    month   day                   hour    min       sec   mode
      [y, yyyy, _, _, _, _, _, _, 1],
      [d * 28, "{MMM}", NLyyyy, _, _, _, _, _, 1],
      [d, md, NLyyyy, _, _, _, _, _, 1],
      [h, "{h}" + aa, NLmdyy, _, NLmd, _, _, _, 1],
      [m, hmmaa, NLmdyy, _, NLmd, _, _, _, 1],
      [s, ss, NLmdyy + " " + hmmaa, _, NLmd + " " + hmmaa, _, NLhmmaa, _, 1],
      [ms, ss + ".{fff}", NLmdyy + " " + hmmaa, _, NLmd + " " + hmmaa, _, NLhmmaa, _, 1]
    ];
    function timeAxisSplits(tzDate2) {
      return (self, axisIdx, scaleMin, scaleMax, foundIncr, foundSpace) => {
        let splits = [];
        let isYr = foundIncr >= y;
        let isMo = foundIncr >= mo && foundIncr < y;
        let minDate = tzDate2(scaleMin);
        let minDateTs = roundDec(minDate * ms, 3);
        let minMin = mkDate(minDate.getFullYear(), isYr ? 0 : minDate.getMonth(), isMo || isYr ? 1 : minDate.getDate());
        let minMinTs = roundDec(minMin * ms, 3);
        if (isMo || isYr) {
          let moIncr = isMo ? foundIncr / mo : 0;
          let yrIncr = isYr ? foundIncr / y : 0;
          let split = minDateTs == minMinTs ? minDateTs : roundDec(mkDate(minMin.getFullYear() + yrIncr, minMin.getMonth() + moIncr, 1) * ms, 3);
          let splitDate = new Date(round(split / ms));
          let baseYear = splitDate.getFullYear();
          let baseMonth = splitDate.getMonth();
          for (let i = 0; split <= scaleMax; i++) {
            let next = mkDate(baseYear + yrIncr * i, baseMonth + moIncr * i, 1);
            let offs = next - tzDate2(roundDec(next * ms, 3));
            split = roundDec((+next + offs) * ms, 3);
            if (split <= scaleMax)
              splits.push(split);
          }
        } else {
          let incr0 = foundIncr >= d ? d : foundIncr;
          let tzOffset = floor(scaleMin) - floor(minDateTs);
          let split = minMinTs + tzOffset + incrRoundUp(minDateTs - minMinTs, incr0);
          splits.push(split);
          let date0 = tzDate2(split);
          let prevHour = date0.getHours() + date0.getMinutes() / m + date0.getSeconds() / h;
          let incrHours = foundIncr / h;
          let minSpace = self.axes[axisIdx]._space;
          let pctSpace = foundSpace / minSpace;
          while (1) {
            split = roundDec(split + foundIncr, ms == 1 ? 0 : 3);
            if (split > scaleMax)
              break;
            if (incrHours > 1) {
              let expectedHour = floor(roundDec(prevHour + incrHours, 6)) % 24;
              let splitDate = tzDate2(split);
              let actualHour = splitDate.getHours();
              let dstShift = actualHour - expectedHour;
              if (dstShift > 1)
                dstShift = -1;
              split -= dstShift * h;
              prevHour = (prevHour + incrHours) % 24;
              let prevSplit = splits[splits.length - 1];
              let pctIncr = roundDec((split - prevSplit) / foundIncr, 3);
              if (pctIncr * pctSpace >= 0.7)
                splits.push(split);
            } else
              splits.push(split);
          }
        }
        return splits;
      };
    }
    return [
      timeIncrs,
      _timeAxisStamps,
      timeAxisSplits
    ];
  }
  var [timeIncrsMs, _timeAxisStampsMs, timeAxisSplitsMs] = genTimeStuffs(1);
  var [timeIncrsS, _timeAxisStampsS, timeAxisSplitsS] = genTimeStuffs(1e-3);
  genIncrs(2, -53, 53, [1]);
  function timeAxisStamps(stampCfg, fmtDate2) {
    return stampCfg.map((s) => s.map(
      (v, i) => i == 0 || i == 8 || v == null ? v : fmtDate2(i == 1 || s[8] == 0 ? v : s[1] + v)
    ));
  }
  function timeAxisVals(tzDate2, stamps) {
    return (self, splits, axisIdx, foundSpace, foundIncr) => {
      let s = stamps.find((s2) => foundIncr >= s2[0]) || stamps[stamps.length - 1];
      let prevYear;
      let prevMnth;
      let prevDate;
      let prevHour;
      let prevMins;
      let prevSecs;
      return splits.map((split) => {
        let date2 = tzDate2(split);
        let newYear = date2.getFullYear();
        let newMnth = date2.getMonth();
        let newDate = date2.getDate();
        let newHour = date2.getHours();
        let newMins = date2.getMinutes();
        let newSecs = date2.getSeconds();
        let stamp = newYear != prevYear && s[2] || newMnth != prevMnth && s[3] || newDate != prevDate && s[4] || newHour != prevHour && s[5] || newMins != prevMins && s[6] || newSecs != prevSecs && s[7] || s[1];
        prevYear = newYear;
        prevMnth = newMnth;
        prevDate = newDate;
        prevHour = newHour;
        prevMins = newMins;
        prevSecs = newSecs;
        return stamp(date2);
      });
    };
  }
  function timeAxisVal(tzDate2, dateTpl) {
    let stamp = fmtDate(dateTpl);
    return (self, splits, axisIdx, foundSpace, foundIncr) => splits.map((split) => stamp(tzDate2(split)));
  }
  function mkDate(y, m, d) {
    return new Date(y, m, d);
  }
  function timeSeriesStamp(stampCfg, fmtDate2) {
    return fmtDate2(stampCfg);
  }
  var _timeSeriesStamp = "{YYYY}-{MM}-{DD} {h}:{mm}{aa}";
  function timeSeriesVal(tzDate2, stamp) {
    return (self, val, seriesIdx, dataIdx) => dataIdx == null ? LEGEND_DISP : stamp(tzDate2(val));
  }
  function legendStroke(self, seriesIdx) {
    let s = self.series[seriesIdx];
    return s.width ? s.stroke(self, seriesIdx) : s.points.width ? s.points.stroke(self, seriesIdx) : null;
  }
  function legendFill(self, seriesIdx) {
    return self.series[seriesIdx].fill(self, seriesIdx);
  }
  var legendOpts = {
    show: true,
    live: true,
    isolate: false,
    mount: noop,
    markers: {
      show: true,
      width: 2,
      stroke: legendStroke,
      fill: legendFill,
      dash: "solid"
    },
    idx: null,
    idxs: null,
    values: []
  };
  function cursorPointShow(self, si) {
    let o = self.cursor.points;
    let pt = placeDiv();
    let size = o.size(self, si);
    setStylePx(pt, WIDTH, size);
    setStylePx(pt, HEIGHT, size);
    let mar = size / -2;
    setStylePx(pt, "marginLeft", mar);
    setStylePx(pt, "marginTop", mar);
    let width = o.width(self, si, size);
    width && setStylePx(pt, "borderWidth", width);
    return pt;
  }
  function cursorPointFill(self, si) {
    let sp = self.series[si].points;
    return sp._fill || sp._stroke;
  }
  function cursorPointStroke(self, si) {
    let sp = self.series[si].points;
    return sp._stroke || sp._fill;
  }
  function cursorPointSize(self, si) {
    let sp = self.series[si].points;
    return sp.size;
  }
  var moveTuple = [0, 0];
  function cursorMove(self, mouseLeft1, mouseTop1) {
    moveTuple[0] = mouseLeft1;
    moveTuple[1] = mouseTop1;
    return moveTuple;
  }
  function filtBtn0(self, targ, handle, onlyTarg = true) {
    return (e) => {
      e.button == 0 && (!onlyTarg || e.target == targ) && handle(e);
    };
  }
  function filtTarg(self, targ, handle, onlyTarg = true) {
    return (e) => {
      (!onlyTarg || e.target == targ) && handle(e);
    };
  }
  var cursorOpts = {
    show: true,
    x: true,
    y: true,
    lock: false,
    move: cursorMove,
    points: {
      one: false,
      show: cursorPointShow,
      size: cursorPointSize,
      width: 0,
      stroke: cursorPointStroke,
      fill: cursorPointFill
    },
    bind: {
      mousedown: filtBtn0,
      mouseup: filtBtn0,
      click: filtBtn0,
      // legend clicks, not .u-over clicks
      dblclick: filtBtn0,
      mousemove: filtTarg,
      mouseleave: filtTarg,
      mouseenter: filtTarg
    },
    drag: {
      setScale: true,
      x: true,
      y: false,
      dist: 0,
      uni: null,
      click: (self, e) => {
        e.stopPropagation();
        e.stopImmediatePropagation();
      },
      _x: false,
      _y: false
    },
    focus: {
      dist: (self, seriesIdx, dataIdx, valPos, curPos) => valPos - curPos,
      prox: -1,
      bias: 0
    },
    hover: {
      skip: [void 0],
      prox: null,
      bias: 0
    },
    left: -10,
    top: -10,
    idx: null,
    dataIdx: null,
    idxs: null,
    event: null
  };
  var axisLines = {
    show: true,
    stroke: "rgba(0,0,0,0.07)",
    width: 2
    //	dash: [],
  };
  var grid = assign({}, axisLines, {
    filter: retArg1
  });
  var ticks = assign({}, grid, {
    size: 10
  });
  var border = assign({}, axisLines, {
    show: false
  });
  var font = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif, "Apple Color Emoji", "Segoe UI Emoji", "Segoe UI Symbol", "Noto Color Emoji"';
  var labelFont = "bold " + font;
  var lineGap = 1.5;
  var xAxisOpts = {
    show: true,
    scale: "x",
    stroke: hexBlack,
    space: 50,
    gap: 5,
    alignTo: 1,
    size: 50,
    labelGap: 0,
    labelSize: 30,
    labelFont,
    side: 2,
    //	class: "x-vals",
    //	incrs: timeIncrs,
    //	values: timeVals,
    //	filter: retArg1,
    grid,
    ticks,
    border,
    font,
    lineGap,
    rotate: 0
  };
  var numSeriesLabel = "Value";
  var timeSeriesLabel = "Time";
  var xSeriesOpts = {
    show: true,
    scale: "x",
    auto: false,
    sorted: 1,
    //	label: "Time",
    //	value: v => stamp(new Date(v * 1e3)),
    // internal caches
    min: inf,
    max: -inf,
    idxs: []
  };
  function numAxisVals(self, splits, axisIdx, foundSpace, foundIncr) {
    return splits.map((v) => v == null ? "" : fmtNum(v));
  }
  function numAxisSplits(self, axisIdx, scaleMin, scaleMax, foundIncr, foundSpace, forceMin) {
    let splits = [];
    let numDec = fixedDec.get(foundIncr) || 0;
    scaleMin = forceMin ? scaleMin : roundDec(incrRoundUp(scaleMin, foundIncr), numDec);
    for (let val = scaleMin; val <= scaleMax; val = roundDec(val + foundIncr, numDec))
      splits.push(Object.is(val, -0) ? 0 : val);
    return splits;
  }
  function logAxisSplits(self, axisIdx, scaleMin, scaleMax, foundIncr, foundSpace, forceMin) {
    const splits = [];
    const logBase = self.scales[self.axes[axisIdx].scale].log;
    const logFn = logBase == 10 ? log10 : log2;
    const exp = floor(logFn(scaleMin));
    foundIncr = pow(logBase, exp);
    if (logBase == 10)
      foundIncr = numIncrs[closestIdx(foundIncr, numIncrs)];
    let split = scaleMin;
    let nextMagIncr = foundIncr * logBase;
    if (logBase == 10)
      nextMagIncr = numIncrs[closestIdx(nextMagIncr, numIncrs)];
    do {
      splits.push(split);
      split = split + foundIncr;
      if (logBase == 10 && !fixedDec.has(split))
        split = roundDec(split, fixedDec.get(foundIncr));
      if (split >= nextMagIncr) {
        foundIncr = split;
        nextMagIncr = foundIncr * logBase;
        if (logBase == 10)
          nextMagIncr = numIncrs[closestIdx(nextMagIncr, numIncrs)];
      }
    } while (split <= scaleMax);
    return splits;
  }
  function asinhAxisSplits(self, axisIdx, scaleMin, scaleMax, foundIncr, foundSpace, forceMin) {
    let sc = self.scales[self.axes[axisIdx].scale];
    let linthresh = sc.asinh;
    let posSplits = scaleMax > linthresh ? logAxisSplits(self, axisIdx, max(linthresh, scaleMin), scaleMax, foundIncr) : [linthresh];
    let zero3 = scaleMax >= 0 && scaleMin <= 0 ? [0] : [];
    let negSplits = scaleMin < -linthresh ? logAxisSplits(self, axisIdx, max(linthresh, -scaleMax), -scaleMin, foundIncr) : [linthresh];
    return negSplits.reverse().map((v) => -v).concat(zero3, posSplits);
  }
  var RE_ALL = /./;
  var RE_12357 = /[12357]/;
  var RE_125 = /[125]/;
  var RE_1 = /1/;
  var _filt = (splits, distr, re2, keepMod) => splits.map((v, i) => distr == 4 && v == 0 || i % keepMod == 0 && re2.test(v.toExponential()[v < 0 ? 1 : 0]) ? v : null);
  function log10AxisValsFilt(self, splits, axisIdx, foundSpace, foundIncr) {
    let axis = self.axes[axisIdx];
    let scaleKey = axis.scale;
    let sc = self.scales[scaleKey];
    let valToPos = self.valToPos;
    let minSpace = axis._space;
    let _10 = valToPos(10, scaleKey);
    let re2 = valToPos(9, scaleKey) - _10 >= minSpace ? RE_ALL : valToPos(7, scaleKey) - _10 >= minSpace ? RE_12357 : valToPos(5, scaleKey) - _10 >= minSpace ? RE_125 : RE_1;
    if (re2 == RE_1) {
      let magSpace = abs(valToPos(1, scaleKey) - _10);
      if (magSpace < minSpace)
        return _filt(splits.slice().reverse(), sc.distr, re2, ceil(minSpace / magSpace)).reverse();
    }
    return _filt(splits, sc.distr, re2, 1);
  }
  function log2AxisValsFilt(self, splits, axisIdx, foundSpace, foundIncr) {
    let axis = self.axes[axisIdx];
    let scaleKey = axis.scale;
    let minSpace = axis._space;
    let valToPos = self.valToPos;
    let magSpace = abs(valToPos(1, scaleKey) - valToPos(2, scaleKey));
    if (magSpace < minSpace)
      return _filt(splits.slice().reverse(), 3, RE_ALL, ceil(minSpace / magSpace)).reverse();
    return splits;
  }
  function numSeriesVal(self, val, seriesIdx, dataIdx) {
    return dataIdx == null ? LEGEND_DISP : val == null ? "" : fmtNum(val);
  }
  var yAxisOpts = {
    show: true,
    scale: "y",
    stroke: hexBlack,
    space: 30,
    gap: 5,
    alignTo: 1,
    size: 50,
    labelGap: 0,
    labelSize: 30,
    labelFont,
    side: 3,
    //	class: "y-vals",
    //	incrs: numIncrs,
    //	values: (vals, space) => vals,
    //	filter: retArg1,
    grid,
    ticks,
    border,
    font,
    lineGap,
    rotate: 0
  };
  function ptDia(width, mult) {
    let dia = 3 + (width || 1) * 2;
    return roundDec(dia * mult, 3);
  }
  function seriesPointsShow(self, si) {
    let { scale, idxs } = self.series[0];
    let xData = self._data[0];
    let p0 = self.valToPos(xData[idxs[0]], scale, true);
    let p1 = self.valToPos(xData[idxs[1]], scale, true);
    let dim = abs(p1 - p0);
    let s = self.series[si];
    let maxPts = dim / (s.points.space * pxRatio);
    return idxs[1] - idxs[0] <= maxPts;
  }
  var facet = {
    scale: null,
    auto: true,
    sorted: 0,
    // internal caches
    min: inf,
    max: -inf
  };
  var gaps = (self, seriesIdx, idx0, idx1, nullGaps) => nullGaps;
  var xySeriesOpts = {
    show: true,
    auto: true,
    sorted: 0,
    gaps,
    alpha: 1,
    facets: [
      assign({}, facet, { scale: "x" }),
      assign({}, facet, { scale: "y" })
    ]
  };
  var ySeriesOpts = {
    scale: "y",
    auto: true,
    sorted: 0,
    show: true,
    spanGaps: false,
    gaps,
    alpha: 1,
    points: {
      show: seriesPointsShow,
      filter: null
      //  paths:
      //	stroke: "#000",
      //	fill: "#fff",
      //	width: 1,
      //	size: 10,
    },
    //	label: "Value",
    //	value: v => v,
    values: null,
    // internal caches
    min: inf,
    max: -inf,
    idxs: [],
    path: null,
    clip: null
  };
  function clampScale(self, val, scaleMin, scaleMax, scaleKey) {
    return scaleMin / 10;
  }
  var xScaleOpts = {
    time: FEAT_TIME,
    auto: true,
    distr: 1,
    log: 10,
    asinh: 1,
    min: null,
    max: null,
    dir: 1,
    ori: 0
  };
  var yScaleOpts = assign({}, xScaleOpts, {
    time: false,
    ori: 1
  });
  var syncs = {};
  function _sync(key, opts) {
    let s = syncs[key];
    if (!s) {
      s = {
        key,
        plots: [],
        sub(plot) {
          s.plots.push(plot);
        },
        unsub(plot) {
          s.plots = s.plots.filter((c) => c != plot);
        },
        pub(type, self, x, y, w, h, i) {
          for (let j = 0; j < s.plots.length; j++)
            s.plots[j] != self && s.plots[j].pub(type, self, x, y, w, h, i);
        }
      };
      if (key != null)
        syncs[key] = s;
    }
    return s;
  }
  var BAND_CLIP_FILL = 1 << 0;
  var BAND_CLIP_STROKE = 1 << 1;
  function orient(u, seriesIdx, cb) {
    const mode = u.mode;
    const series = u.series[seriesIdx];
    const data = mode == 2 ? u._data[seriesIdx] : u._data;
    const scales = u.scales;
    const bbox = u.bbox;
    let dx = data[0], dy = mode == 2 ? data[1] : data[seriesIdx], sx = mode == 2 ? scales[series.facets[0].scale] : scales[u.series[0].scale], sy = mode == 2 ? scales[series.facets[1].scale] : scales[series.scale], l = bbox.left, t = bbox.top, w = bbox.width, h = bbox.height, H = u.valToPosH, V = u.valToPosV;
    return sx.ori == 0 ? cb(
      series,
      dx,
      dy,
      sx,
      sy,
      H,
      V,
      l,
      t,
      w,
      h,
      moveToH,
      lineToH,
      rectH,
      arcH,
      bezierCurveToH
    ) : cb(
      series,
      dx,
      dy,
      sx,
      sy,
      V,
      H,
      t,
      l,
      h,
      w,
      moveToV,
      lineToV,
      rectV,
      arcV,
      bezierCurveToV
    );
  }
  function bandFillClipDirs(self, seriesIdx) {
    let fillDir = 0;
    let clipDirs = 0;
    let bands = ifNull(self.bands, EMPTY_ARR);
    for (let i = 0; i < bands.length; i++) {
      let b = bands[i];
      if (b.series[0] == seriesIdx)
        fillDir = b.dir;
      else if (b.series[1] == seriesIdx) {
        if (b.dir == 1)
          clipDirs |= 1;
        else
          clipDirs |= 2;
      }
    }
    return [
      fillDir,
      clipDirs == 1 ? -1 : (
        // neg only
        clipDirs == 2 ? 1 : (
          // pos only
          clipDirs == 3 ? 2 : (
            // both
            0
          )
        )
      )
    ];
  }
  function seriesFillTo(self, seriesIdx, dataMin, dataMax, bandFillDir) {
    let mode = self.mode;
    let series = self.series[seriesIdx];
    let scaleKey = mode == 2 ? series.facets[1].scale : series.scale;
    let scale = self.scales[scaleKey];
    return bandFillDir == -1 ? scale.min : bandFillDir == 1 ? scale.max : scale.distr == 3 ? scale.dir == 1 ? scale.min : scale.max : 0;
  }
  function clipBandLine(self, seriesIdx, idx0, idx1, strokePath, clipDir) {
    return orient(self, seriesIdx, (series, dataX, dataY, scaleX, scaleY, valToPosX, valToPosY, xOff, yOff, xDim, yDim) => {
      let pxRound = series.pxRound;
      const dir = scaleX.dir * (scaleX.ori == 0 ? 1 : -1);
      const lineTo = scaleX.ori == 0 ? lineToH : lineToV;
      let frIdx, toIdx;
      if (dir == 1) {
        frIdx = idx0;
        toIdx = idx1;
      } else {
        frIdx = idx1;
        toIdx = idx0;
      }
      let x0 = pxRound(valToPosX(dataX[frIdx], scaleX, xDim, xOff));
      let y0 = pxRound(valToPosY(dataY[frIdx], scaleY, yDim, yOff));
      let x1 = pxRound(valToPosX(dataX[toIdx], scaleX, xDim, xOff));
      let yLimit = pxRound(valToPosY(clipDir == 1 ? scaleY.max : scaleY.min, scaleY, yDim, yOff));
      let clip = new Path2D(strokePath);
      lineTo(clip, x1, yLimit);
      lineTo(clip, x0, yLimit);
      lineTo(clip, x0, y0);
      return clip;
    });
  }
  function clipGaps(gaps2, ori, plotLft, plotTop, plotWid, plotHgt) {
    let clip = null;
    if (gaps2.length > 0) {
      clip = new Path2D();
      const rect2 = ori == 0 ? rectH : rectV;
      let prevGapEnd = plotLft;
      for (let i = 0; i < gaps2.length; i++) {
        let g = gaps2[i];
        if (g[1] > g[0]) {
          let w2 = g[0] - prevGapEnd;
          w2 > 0 && rect2(clip, prevGapEnd, plotTop, w2, plotTop + plotHgt);
          prevGapEnd = g[1];
        }
      }
      let w = plotLft + plotWid - prevGapEnd;
      let maxStrokeWidth = 10;
      w > 0 && rect2(clip, prevGapEnd, plotTop - maxStrokeWidth / 2, w, plotTop + plotHgt + maxStrokeWidth);
    }
    return clip;
  }
  function addGap(gaps2, fromX, toX) {
    let prevGap = gaps2[gaps2.length - 1];
    if (prevGap && prevGap[0] == fromX)
      prevGap[1] = toX;
    else
      gaps2.push([fromX, toX]);
  }
  function findGaps(xs, ys, idx0, idx1, dir, pixelForX, align) {
    let gaps2 = [];
    let len = xs.length;
    for (let i = dir == 1 ? idx0 : idx1; i >= idx0 && i <= idx1; i += dir) {
      let yVal = ys[i];
      if (yVal === null) {
        let fr = i, to = i;
        if (dir == 1) {
          while (++i <= idx1 && ys[i] === null)
            to = i;
        } else {
          while (--i >= idx0 && ys[i] === null)
            to = i;
        }
        let frPx = pixelForX(xs[fr]);
        let toPx = to == fr ? frPx : pixelForX(xs[to]);
        let fri2 = fr - dir;
        let frPx2 = align <= 0 && fri2 >= 0 && fri2 < len ? pixelForX(xs[fri2]) : frPx;
        frPx = frPx2;
        let toi2 = to + dir;
        let toPx2 = align >= 0 && toi2 >= 0 && toi2 < len ? pixelForX(xs[toi2]) : toPx;
        toPx = toPx2;
        if (toPx >= frPx)
          gaps2.push([frPx, toPx]);
      }
    }
    return gaps2;
  }
  function pxRoundGen(pxAlign) {
    return pxAlign == 0 ? retArg0 : pxAlign == 1 ? round : (v) => incrRound(v, pxAlign);
  }
  function rect(ori) {
    let moveTo = ori == 0 ? moveToH : moveToV;
    let arcTo = ori == 0 ? (p, x1, y1, x2, y2, r) => {
      p.arcTo(x1, y1, x2, y2, r);
    } : (p, y1, x1, y2, x2, r) => {
      p.arcTo(x1, y1, x2, y2, r);
    };
    let rect2 = ori == 0 ? (p, x, y, w, h) => {
      p.rect(x, y, w, h);
    } : (p, y, x, h, w) => {
      p.rect(x, y, w, h);
    };
    return (p, x, y, w, h, endRad = 0, baseRad = 0) => {
      if (endRad == 0 && baseRad == 0)
        rect2(p, x, y, w, h);
      else {
        endRad = min(endRad, w / 2, h / 2);
        baseRad = min(baseRad, w / 2, h / 2);
        moveTo(p, x + endRad, y);
        arcTo(p, x + w, y, x + w, y + h, endRad);
        arcTo(p, x + w, y + h, x, y + h, baseRad);
        arcTo(p, x, y + h, x, y, baseRad);
        arcTo(p, x, y, x + w, y, endRad);
        p.closePath();
      }
    };
  }
  var moveToH = (p, x, y) => {
    p.moveTo(x, y);
  };
  var moveToV = (p, y, x) => {
    p.moveTo(x, y);
  };
  var lineToH = (p, x, y) => {
    p.lineTo(x, y);
  };
  var lineToV = (p, y, x) => {
    p.lineTo(x, y);
  };
  var rectH = rect(0);
  var rectV = rect(1);
  var arcH = (p, x, y, r, startAngle, endAngle) => {
    p.arc(x, y, r, startAngle, endAngle);
  };
  var arcV = (p, y, x, r, startAngle, endAngle) => {
    p.arc(x, y, r, startAngle, endAngle);
  };
  var bezierCurveToH = (p, bp1x, bp1y, bp2x, bp2y, p2x, p2y) => {
    p.bezierCurveTo(bp1x, bp1y, bp2x, bp2y, p2x, p2y);
  };
  var bezierCurveToV = (p, bp1y, bp1x, bp2y, bp2x, p2y, p2x) => {
    p.bezierCurveTo(bp1x, bp1y, bp2x, bp2y, p2x, p2y);
  };
  function points(opts) {
    return (u, seriesIdx, idx0, idx1, filtIdxs) => {
      return orient(u, seriesIdx, (series, dataX, dataY, scaleX, scaleY, valToPosX, valToPosY, xOff, yOff, xDim, yDim) => {
        let { pxRound, points: points2 } = series;
        let moveTo, arc;
        if (scaleX.ori == 0) {
          moveTo = moveToH;
          arc = arcH;
        } else {
          moveTo = moveToV;
          arc = arcV;
        }
        const width = roundDec(points2.width * pxRatio, 3);
        let rad = (points2.size - points2.width) / 2 * pxRatio;
        let dia = roundDec(rad * 2, 3);
        let fill2 = new Path2D();
        let clip = new Path2D();
        let { left: lft, top, width: wid, height: hgt } = u.bbox;
        rectH(
          clip,
          lft - dia,
          top - dia,
          wid + dia * 2,
          hgt + dia * 2
        );
        const drawPoint = (pi2) => {
          if (dataY[pi2] != null) {
            let x = pxRound(valToPosX(dataX[pi2], scaleX, xDim, xOff));
            let y = pxRound(valToPosY(dataY[pi2], scaleY, yDim, yOff));
            moveTo(fill2, x + rad, y);
            arc(fill2, x, y, rad, 0, PI * 2);
          }
        };
        if (filtIdxs)
          filtIdxs.forEach(drawPoint);
        else {
          for (let pi2 = idx0; pi2 <= idx1; pi2++)
            drawPoint(pi2);
        }
        return {
          stroke: width > 0 ? fill2 : null,
          fill: fill2,
          clip,
          flags: BAND_CLIP_FILL | BAND_CLIP_STROKE
        };
      });
    };
  }
  function _drawAcc(lineTo) {
    return (stroke, accX, minY, maxY, inY, outY) => {
      if (minY != maxY) {
        if (inY != minY && outY != minY)
          lineTo(stroke, accX, minY);
        if (inY != maxY && outY != maxY)
          lineTo(stroke, accX, maxY);
        lineTo(stroke, accX, outY);
      }
    };
  }
  var drawAccH = _drawAcc(lineToH);
  var drawAccV = _drawAcc(lineToV);
  function linear(opts) {
    const alignGaps = ifNull(opts?.alignGaps, 0);
    return (u, seriesIdx, idx0, idx1) => {
      return orient(u, seriesIdx, (series, dataX, dataY, scaleX, scaleY, valToPosX, valToPosY, xOff, yOff, xDim, yDim) => {
        [idx0, idx1] = nonNullIdxs(dataY, idx0, idx1);
        let pxRound = series.pxRound;
        let pixelForX = (val) => pxRound(valToPosX(val, scaleX, xDim, xOff));
        let pixelForY = (val) => pxRound(valToPosY(val, scaleY, yDim, yOff));
        let lineTo, drawAcc;
        if (scaleX.ori == 0) {
          lineTo = lineToH;
          drawAcc = drawAccH;
        } else {
          lineTo = lineToV;
          drawAcc = drawAccV;
        }
        const dir = scaleX.dir * (scaleX.ori == 0 ? 1 : -1);
        const _paths = { stroke: new Path2D(), fill: null, clip: null, band: null, gaps: null, flags: BAND_CLIP_FILL };
        const stroke = _paths.stroke;
        let hasGap = false;
        const decimate = idx1 - idx0 >= xDim * 4;
        if (decimate) {
          let xForPixel = (pos) => u.posToVal(pos, scaleX.key, true);
          let minY = null, maxY = null, inY, outY, drawnAtX;
          let accX = pixelForX(dataX[dir == 1 ? idx0 : idx1]);
          let idx0px = pixelForX(dataX[idx0]);
          let idx1px = pixelForX(dataX[idx1]);
          let nextAccXVal = xForPixel(dir == 1 ? idx0px + 1 : idx1px - 1);
          for (let i = dir == 1 ? idx0 : idx1; i >= idx0 && i <= idx1; i += dir) {
            let xVal = dataX[i];
            let reuseAccX = dir == 1 ? xVal < nextAccXVal : xVal > nextAccXVal;
            let x = reuseAccX ? accX : pixelForX(xVal);
            let yVal = dataY[i];
            if (x == accX) {
              if (yVal != null) {
                outY = yVal;
                if (minY == null) {
                  lineTo(stroke, x, pixelForY(outY));
                  inY = minY = maxY = outY;
                } else {
                  if (outY < minY)
                    minY = outY;
                  else if (outY > maxY)
                    maxY = outY;
                }
              } else {
                if (yVal === null)
                  hasGap = true;
              }
            } else {
              if (minY != null)
                drawAcc(stroke, accX, pixelForY(minY), pixelForY(maxY), pixelForY(inY), pixelForY(outY));
              if (yVal != null) {
                outY = yVal;
                lineTo(stroke, x, pixelForY(outY));
                minY = maxY = inY = outY;
              } else {
                minY = maxY = null;
                if (yVal === null)
                  hasGap = true;
              }
              accX = x;
              nextAccXVal = xForPixel(accX + dir);
            }
          }
          if (minY != null && minY != maxY && drawnAtX != accX)
            drawAcc(stroke, accX, pixelForY(minY), pixelForY(maxY), pixelForY(inY), pixelForY(outY));
        } else {
          for (let i = dir == 1 ? idx0 : idx1; i >= idx0 && i <= idx1; i += dir) {
            let yVal = dataY[i];
            if (yVal === null)
              hasGap = true;
            else if (yVal != null)
              lineTo(stroke, pixelForX(dataX[i]), pixelForY(yVal));
          }
        }
        let [bandFillDir, bandClipDir] = bandFillClipDirs(u, seriesIdx);
        if (series.fill != null || bandFillDir != 0) {
          let fill2 = _paths.fill = new Path2D(stroke);
          let fillToVal = series.fillTo(u, seriesIdx, series.min, series.max, bandFillDir);
          let fillToY = pixelForY(fillToVal);
          let frX = pixelForX(dataX[idx0]);
          let toX = pixelForX(dataX[idx1]);
          if (dir == -1)
            [toX, frX] = [frX, toX];
          lineTo(fill2, toX, fillToY);
          lineTo(fill2, frX, fillToY);
        }
        if (!series.spanGaps) {
          let gaps2 = [];
          hasGap && gaps2.push(...findGaps(dataX, dataY, idx0, idx1, dir, pixelForX, alignGaps));
          _paths.gaps = gaps2 = series.gaps(u, seriesIdx, idx0, idx1, gaps2);
          _paths.clip = clipGaps(gaps2, scaleX.ori, xOff, yOff, xDim, yDim);
        }
        if (bandClipDir != 0) {
          _paths.band = bandClipDir == 2 ? [
            clipBandLine(u, seriesIdx, idx0, idx1, stroke, -1),
            clipBandLine(u, seriesIdx, idx0, idx1, stroke, 1)
          ] : clipBandLine(u, seriesIdx, idx0, idx1, stroke, bandClipDir);
        }
        return _paths;
      });
    };
  }
  function stepped(opts) {
    const align = ifNull(opts.align, 1);
    const ascDesc = ifNull(opts.ascDesc, false);
    const alignGaps = ifNull(opts.alignGaps, 0);
    const extend2 = ifNull(opts.extend, false);
    return (u, seriesIdx, idx0, idx1) => {
      return orient(u, seriesIdx, (series, dataX, dataY, scaleX, scaleY, valToPosX, valToPosY, xOff, yOff, xDim, yDim) => {
        [idx0, idx1] = nonNullIdxs(dataY, idx0, idx1);
        let pxRound = series.pxRound;
        let { left, width } = u.bbox;
        let pixelForX = (val) => pxRound(valToPosX(val, scaleX, xDim, xOff));
        let pixelForY = (val) => pxRound(valToPosY(val, scaleY, yDim, yOff));
        let lineTo = scaleX.ori == 0 ? lineToH : lineToV;
        const _paths = { stroke: new Path2D(), fill: null, clip: null, band: null, gaps: null, flags: BAND_CLIP_FILL };
        const stroke = _paths.stroke;
        const dir = scaleX.dir * (scaleX.ori == 0 ? 1 : -1);
        let prevYPos = pixelForY(dataY[dir == 1 ? idx0 : idx1]);
        let firstXPos = pixelForX(dataX[dir == 1 ? idx0 : idx1]);
        let prevXPos = firstXPos;
        let firstXPosExt = firstXPos;
        if (extend2 && align == -1) {
          firstXPosExt = left;
          lineTo(stroke, firstXPosExt, prevYPos);
        }
        lineTo(stroke, firstXPos, prevYPos);
        for (let i = dir == 1 ? idx0 : idx1; i >= idx0 && i <= idx1; i += dir) {
          let yVal1 = dataY[i];
          if (yVal1 == null)
            continue;
          let x1 = pixelForX(dataX[i]);
          let y1 = pixelForY(yVal1);
          if (align == 1)
            lineTo(stroke, x1, prevYPos);
          else
            lineTo(stroke, prevXPos, y1);
          lineTo(stroke, x1, y1);
          prevYPos = y1;
          prevXPos = x1;
        }
        let prevXPosExt = prevXPos;
        if (extend2 && align == 1) {
          prevXPosExt = left + width;
          lineTo(stroke, prevXPosExt, prevYPos);
        }
        let [bandFillDir, bandClipDir] = bandFillClipDirs(u, seriesIdx);
        if (series.fill != null || bandFillDir != 0) {
          let fill2 = _paths.fill = new Path2D(stroke);
          let fillTo = series.fillTo(u, seriesIdx, series.min, series.max, bandFillDir);
          let fillToY = pixelForY(fillTo);
          lineTo(fill2, prevXPosExt, fillToY);
          lineTo(fill2, firstXPosExt, fillToY);
        }
        if (!series.spanGaps) {
          let gaps2 = [];
          gaps2.push(...findGaps(dataX, dataY, idx0, idx1, dir, pixelForX, alignGaps));
          let halfStroke = series.width * pxRatio / 2;
          let startsOffset = ascDesc || align == 1 ? halfStroke : -halfStroke;
          let endsOffset = ascDesc || align == -1 ? -halfStroke : halfStroke;
          gaps2.forEach((g) => {
            g[0] += startsOffset;
            g[1] += endsOffset;
          });
          _paths.gaps = gaps2 = series.gaps(u, seriesIdx, idx0, idx1, gaps2);
          _paths.clip = clipGaps(gaps2, scaleX.ori, xOff, yOff, xDim, yDim);
        }
        if (bandClipDir != 0) {
          _paths.band = bandClipDir == 2 ? [
            clipBandLine(u, seriesIdx, idx0, idx1, stroke, -1),
            clipBandLine(u, seriesIdx, idx0, idx1, stroke, 1)
          ] : clipBandLine(u, seriesIdx, idx0, idx1, stroke, bandClipDir);
        }
        return _paths;
      });
    };
  }
  function findColWidth(dataX, dataY, valToPosX, scaleX, xDim, xOff, colWid = inf) {
    if (dataX.length > 1) {
      let prevIdx = null;
      for (let i = 0, minDelta = Infinity; i < dataX.length; i++) {
        if (dataY[i] !== void 0) {
          if (prevIdx != null) {
            let delta = abs(dataX[i] - dataX[prevIdx]);
            if (delta < minDelta) {
              minDelta = delta;
              colWid = abs(valToPosX(dataX[i], scaleX, xDim, xOff) - valToPosX(dataX[prevIdx], scaleX, xDim, xOff));
            }
          }
          prevIdx = i;
        }
      }
    }
    return colWid;
  }
  function bars(opts) {
    opts = opts || EMPTY_OBJ;
    const size = ifNull(opts.size, [0.6, inf, 1]);
    const align = opts.align || 0;
    const _extraGap = opts.gap || 0;
    let ro = opts.radius;
    ro = // [valueRadius, baselineRadius]
    ro == null ? [0, 0] : typeof ro == "number" ? [ro, 0] : ro;
    const radiusFn = fnOrSelf(ro);
    const gapFactor = 1 - size[0];
    const _maxWidth = ifNull(size[1], inf);
    const _minWidth = ifNull(size[2], 1);
    const disp = ifNull(opts.disp, EMPTY_OBJ);
    const _each = ifNull(opts.each, (_2) => {
    });
    const { fill: dispFills, stroke: dispStrokes } = disp;
    return (u, seriesIdx, idx0, idx1) => {
      return orient(u, seriesIdx, (series, dataX, dataY, scaleX, scaleY, valToPosX, valToPosY, xOff, yOff, xDim, yDim) => {
        let pxRound = series.pxRound;
        let _align = align;
        let extraGap = _extraGap * pxRatio;
        let maxWidth = _maxWidth * pxRatio;
        let minWidth = _minWidth * pxRatio;
        let valRadius, baseRadius;
        if (scaleX.ori == 0)
          [valRadius, baseRadius] = radiusFn(u, seriesIdx);
        else
          [baseRadius, valRadius] = radiusFn(u, seriesIdx);
        const _dirX = scaleX.dir * (scaleX.ori == 0 ? 1 : -1);
        let rect2 = scaleX.ori == 0 ? rectH : rectV;
        let each = scaleX.ori == 0 ? _each : (u2, seriesIdx2, i, top, lft, hgt, wid) => {
          _each(u2, seriesIdx2, i, lft, top, wid, hgt);
        };
        let band = ifNull(u.bands, EMPTY_ARR).find((b) => b.series[0] == seriesIdx);
        let fillDir = band != null ? band.dir : 0;
        let fillTo = series.fillTo(u, seriesIdx, series.min, series.max, fillDir);
        let fillToY = pxRound(valToPosY(fillTo, scaleY, yDim, yOff));
        let xShift, barWid, fullGap, colWid = xDim;
        let strokeWidth = pxRound(series.width * pxRatio);
        let multiPath = false;
        let fillColors = null;
        let fillPaths = null;
        let strokeColors = null;
        let strokePaths = null;
        if (dispFills != null && (strokeWidth == 0 || dispStrokes != null)) {
          multiPath = true;
          fillColors = dispFills.values(u, seriesIdx, idx0, idx1);
          fillPaths = /* @__PURE__ */ new Map();
          new Set(fillColors).forEach((color2) => {
            if (color2 != null)
              fillPaths.set(color2, new Path2D());
          });
          if (strokeWidth > 0) {
            strokeColors = dispStrokes.values(u, seriesIdx, idx0, idx1);
            strokePaths = /* @__PURE__ */ new Map();
            new Set(strokeColors).forEach((color2) => {
              if (color2 != null)
                strokePaths.set(color2, new Path2D());
            });
          }
        }
        let { x0, size: size2 } = disp;
        if (x0 != null && size2 != null) {
          _align = 1;
          dataX = x0.values(u, seriesIdx, idx0, idx1);
          if (x0.unit == 2)
            dataX = dataX.map((pct) => u.posToVal(xOff + pct * xDim, scaleX.key, true));
          let sizes = size2.values(u, seriesIdx, idx0, idx1);
          if (size2.unit == 2)
            barWid = sizes[0] * xDim;
          else
            barWid = valToPosX(sizes[0], scaleX, xDim, xOff) - valToPosX(0, scaleX, xDim, xOff);
          colWid = findColWidth(dataX, dataY, valToPosX, scaleX, xDim, xOff, colWid);
          let gapWid = colWid - barWid;
          fullGap = gapWid + extraGap;
        } else {
          colWid = findColWidth(dataX, dataY, valToPosX, scaleX, xDim, xOff, colWid);
          let gapWid = colWid * gapFactor;
          fullGap = gapWid + extraGap;
          barWid = colWid - fullGap;
        }
        if (fullGap < 1)
          fullGap = 0;
        if (strokeWidth >= barWid / 2)
          strokeWidth = 0;
        if (fullGap < 5)
          pxRound = retArg0;
        let insetStroke = fullGap > 0;
        let rawBarWid = colWid - fullGap - (insetStroke ? strokeWidth : 0);
        barWid = pxRound(clamp(rawBarWid, minWidth, maxWidth));
        xShift = (_align == 0 ? barWid / 2 : _align == _dirX ? 0 : barWid) - _align * _dirX * ((_align == 0 ? extraGap / 2 : 0) + (insetStroke ? strokeWidth / 2 : 0));
        const _paths = { stroke: null, fill: null, clip: null, band: null, gaps: null, flags: 0 };
        const stroke = multiPath ? null : new Path2D();
        let dataY0 = null;
        if (band != null)
          dataY0 = u.data[band.series[1]];
        else {
          let { y0, y1 } = disp;
          if (y0 != null && y1 != null) {
            dataY = y1.values(u, seriesIdx, idx0, idx1);
            dataY0 = y0.values(u, seriesIdx, idx0, idx1);
          }
        }
        let radVal = valRadius * barWid;
        let radBase = baseRadius * barWid;
        for (let i = _dirX == 1 ? idx0 : idx1; i >= idx0 && i <= idx1; i += _dirX) {
          let yVal = dataY[i];
          if (yVal == null)
            continue;
          if (dataY0 != null) {
            let yVal0 = dataY0[i] ?? 0;
            if (yVal - yVal0 == 0)
              continue;
            fillToY = valToPosY(yVal0, scaleY, yDim, yOff);
          }
          let xVal = scaleX.distr != 2 || disp != null ? dataX[i] : i;
          let xPos = valToPosX(xVal, scaleX, xDim, xOff);
          let yPos = valToPosY(ifNull(yVal, fillTo), scaleY, yDim, yOff);
          let lft = pxRound(xPos - xShift);
          let btm = pxRound(max(yPos, fillToY));
          let top = pxRound(min(yPos, fillToY));
          let barHgt = btm - top;
          if (yVal != null) {
            let rv = yVal < 0 ? radBase : radVal;
            let rb = yVal < 0 ? radVal : radBase;
            if (multiPath) {
              if (strokeWidth > 0 && strokeColors[i] != null)
                rect2(strokePaths.get(strokeColors[i]), lft, top + floor(strokeWidth / 2), barWid, max(0, barHgt - strokeWidth), rv, rb);
              if (fillColors[i] != null)
                rect2(fillPaths.get(fillColors[i]), lft, top + floor(strokeWidth / 2), barWid, max(0, barHgt - strokeWidth), rv, rb);
            } else
              rect2(stroke, lft, top + floor(strokeWidth / 2), barWid, max(0, barHgt - strokeWidth), rv, rb);
            each(
              u,
              seriesIdx,
              i,
              lft - strokeWidth / 2,
              top,
              barWid + strokeWidth,
              barHgt
            );
          }
        }
        if (strokeWidth > 0)
          _paths.stroke = multiPath ? strokePaths : stroke;
        else if (!multiPath) {
          _paths._fill = series.width == 0 ? series._fill : series._stroke ?? series._fill;
          _paths.width = 0;
        }
        _paths.fill = multiPath ? fillPaths : stroke;
        return _paths;
      });
    };
  }
  function splineInterp(interp, opts) {
    const alignGaps = ifNull(opts?.alignGaps, 0);
    return (u, seriesIdx, idx0, idx1) => {
      return orient(u, seriesIdx, (series, dataX, dataY, scaleX, scaleY, valToPosX, valToPosY, xOff, yOff, xDim, yDim) => {
        [idx0, idx1] = nonNullIdxs(dataY, idx0, idx1);
        let pxRound = series.pxRound;
        let pixelForX = (val) => pxRound(valToPosX(val, scaleX, xDim, xOff));
        let pixelForY = (val) => pxRound(valToPosY(val, scaleY, yDim, yOff));
        let moveTo, bezierCurveTo, lineTo;
        if (scaleX.ori == 0) {
          moveTo = moveToH;
          lineTo = lineToH;
          bezierCurveTo = bezierCurveToH;
        } else {
          moveTo = moveToV;
          lineTo = lineToV;
          bezierCurveTo = bezierCurveToV;
        }
        const dir = scaleX.dir * (scaleX.ori == 0 ? 1 : -1);
        let firstXPos = pixelForX(dataX[dir == 1 ? idx0 : idx1]);
        let prevXPos = firstXPos;
        let xCoords = [];
        let yCoords = [];
        for (let i = dir == 1 ? idx0 : idx1; i >= idx0 && i <= idx1; i += dir) {
          let yVal = dataY[i];
          if (yVal != null) {
            let xVal = dataX[i];
            let xPos = pixelForX(xVal);
            xCoords.push(prevXPos = xPos);
            yCoords.push(pixelForY(dataY[i]));
          }
        }
        const _paths = { stroke: interp(xCoords, yCoords, moveTo, lineTo, bezierCurveTo, pxRound), fill: null, clip: null, band: null, gaps: null, flags: BAND_CLIP_FILL };
        const stroke = _paths.stroke;
        let [bandFillDir, bandClipDir] = bandFillClipDirs(u, seriesIdx);
        if (series.fill != null || bandFillDir != 0) {
          let fill2 = _paths.fill = new Path2D(stroke);
          let fillTo = series.fillTo(u, seriesIdx, series.min, series.max, bandFillDir);
          let fillToY = pixelForY(fillTo);
          lineTo(fill2, prevXPos, fillToY);
          lineTo(fill2, firstXPos, fillToY);
        }
        if (!series.spanGaps) {
          let gaps2 = [];
          gaps2.push(...findGaps(dataX, dataY, idx0, idx1, dir, pixelForX, alignGaps));
          _paths.gaps = gaps2 = series.gaps(u, seriesIdx, idx0, idx1, gaps2);
          _paths.clip = clipGaps(gaps2, scaleX.ori, xOff, yOff, xDim, yDim);
        }
        if (bandClipDir != 0) {
          _paths.band = bandClipDir == 2 ? [
            clipBandLine(u, seriesIdx, idx0, idx1, stroke, -1),
            clipBandLine(u, seriesIdx, idx0, idx1, stroke, 1)
          ] : clipBandLine(u, seriesIdx, idx0, idx1, stroke, bandClipDir);
        }
        return _paths;
      });
    };
  }
  function monotoneCubic(opts) {
    return splineInterp(_monotoneCubic, opts);
  }
  function _monotoneCubic(xs, ys, moveTo, lineTo, bezierCurveTo, pxRound) {
    const n = xs.length;
    if (n < 2)
      return null;
    const path = new Path2D();
    moveTo(path, xs[0], ys[0]);
    if (n == 2)
      lineTo(path, xs[1], ys[1]);
    else {
      let ms = Array(n), ds = Array(n - 1), dys = Array(n - 1), dxs = Array(n - 1);
      for (let i = 0; i < n - 1; i++) {
        dys[i] = ys[i + 1] - ys[i];
        dxs[i] = xs[i + 1] - xs[i];
        ds[i] = dys[i] / dxs[i];
      }
      ms[0] = ds[0];
      for (let i = 1; i < n - 1; i++) {
        if (ds[i] === 0 || ds[i - 1] === 0 || ds[i - 1] > 0 !== ds[i] > 0)
          ms[i] = 0;
        else {
          ms[i] = 3 * (dxs[i - 1] + dxs[i]) / ((2 * dxs[i] + dxs[i - 1]) / ds[i - 1] + (dxs[i] + 2 * dxs[i - 1]) / ds[i]);
          if (!isFinite(ms[i]))
            ms[i] = 0;
        }
      }
      ms[n - 1] = ds[n - 2];
      for (let i = 0; i < n - 1; i++) {
        bezierCurveTo(
          path,
          xs[i] + dxs[i] / 3,
          ys[i] + ms[i] * dxs[i] / 3,
          xs[i + 1] - dxs[i] / 3,
          ys[i + 1] - ms[i + 1] * dxs[i] / 3,
          xs[i + 1],
          ys[i + 1]
        );
      }
    }
    return path;
  }
  var cursorPlots = /* @__PURE__ */ new Set();
  function invalidateRects() {
    for (let u of cursorPlots)
      u.syncRect(true);
  }
  if (domEnv) {
    on(resize, win, invalidateRects);
    on(scroll, win, invalidateRects, true);
    on(dppxchange, win, () => {
      uPlot.pxRatio = pxRatio;
    });
  }
  var linearPath = linear();
  var pointsPath = points();
  function setDefaults(d, xo, yo, initY) {
    let d2 = initY ? [d[0], d[1]].concat(d.slice(2)) : [d[0]].concat(d.slice(1));
    return d2.map((o, i) => setDefault(o, i, xo, yo));
  }
  function setDefaults2(d, xyo) {
    return d.map((o, i) => i == 0 ? {} : assign({}, xyo, o));
  }
  function setDefault(o, i, xo, yo) {
    return assign({}, i == 0 ? xo : yo, o);
  }
  function snapNumX(self, dataMin, dataMax) {
    return dataMin == null ? nullNullTuple : [dataMin, dataMax];
  }
  var snapTimeX = snapNumX;
  function snapNumY(self, dataMin, dataMax) {
    return dataMin == null ? nullNullTuple : rangeNum(dataMin, dataMax, rangePad, true);
  }
  function snapLogY(self, dataMin, dataMax, scale) {
    return dataMin == null ? nullNullTuple : rangeLog(dataMin, dataMax, self.scales[scale].log, false);
  }
  var snapLogX = snapLogY;
  function snapAsinhY(self, dataMin, dataMax, scale) {
    return dataMin == null ? nullNullTuple : rangeAsinh(dataMin, dataMax, self.scales[scale].log, false);
  }
  var snapAsinhX = snapAsinhY;
  function findIncr(minVal, maxVal, incrs, dim, minSpace) {
    let intDigits = max(numIntDigits(minVal), numIntDigits(maxVal));
    let delta = maxVal - minVal;
    let incrIdx = closestIdx(minSpace / dim * delta, incrs);
    do {
      let foundIncr = incrs[incrIdx];
      let foundSpace = dim * foundIncr / delta;
      if (foundSpace >= minSpace && intDigits + (foundIncr < 5 ? fixedDec.get(foundIncr) : 0) <= 17)
        return [foundIncr, foundSpace];
    } while (++incrIdx < incrs.length);
    return [0, 0];
  }
  function pxRatioFont(font2) {
    let fontSize, fontSizeCss;
    font2 = font2.replace(/(\d+)px/, (m, p1) => (fontSize = round((fontSizeCss = +p1) * pxRatio)) + "px");
    return [font2, fontSize, fontSizeCss];
  }
  function syncFontSize(axis) {
    if (axis.show) {
      [axis.font, axis.labelFont].forEach((f) => {
        let size = roundDec(f[2] * pxRatio, 1);
        f[0] = f[0].replace(/[0-9.]+px/, size + "px");
        f[1] = size;
      });
    }
  }
  function uPlot(opts, data, then) {
    const self = {
      mode: ifNull(opts.mode, 1)
    };
    const mode = self.mode;
    function getHPos(val, scale, dim, off2) {
      let pct = scale.valToPct(val);
      return off2 + dim * (scale.dir == -1 ? 1 - pct : pct);
    }
    function getVPos(val, scale, dim, off2) {
      let pct = scale.valToPct(val);
      return off2 + dim * (scale.dir == -1 ? pct : 1 - pct);
    }
    function getPos(val, scale, dim, off2) {
      return scale.ori == 0 ? getHPos(val, scale, dim, off2) : getVPos(val, scale, dim, off2);
    }
    self.valToPosH = getHPos;
    self.valToPosV = getVPos;
    let ready = false;
    self.status = 0;
    const root2 = self.root = placeDiv(UPLOT);
    if (opts.id != null)
      root2.id = opts.id;
    addClass(root2, opts.class);
    if (opts.title) {
      let title = placeDiv(TITLE, root2);
      title.textContent = opts.title;
    }
    const can = placeTag("canvas");
    const ctx = self.ctx = can.getContext("2d");
    const wrap = placeDiv(WRAP, root2);
    on("click", wrap, (e) => {
      if (e.target === over) {
        let didDrag = mouseLeft1 != mouseLeft0 || mouseTop1 != mouseTop0;
        didDrag && drag.click(self, e);
      }
    }, true);
    const under = self.under = placeDiv(UNDER, wrap);
    wrap.appendChild(can);
    const over = self.over = placeDiv(OVER, wrap);
    opts = copy(opts);
    const pxAlign = +ifNull(opts.pxAlign, 1);
    const pxRound = pxRoundGen(pxAlign);
    (opts.plugins || []).forEach((p) => {
      if (p.opts)
        opts = p.opts(self, opts) || opts;
    });
    const ms = opts.ms || 1e-3;
    const series = self.series = mode == 1 ? setDefaults(opts.series || [], xSeriesOpts, ySeriesOpts, false) : setDefaults2(opts.series || [null], xySeriesOpts);
    const axes = self.axes = setDefaults(opts.axes || [], xAxisOpts, yAxisOpts, true);
    const scales = self.scales = {};
    const bands = self.bands = opts.bands || [];
    bands.forEach((b) => {
      b.fill = fnOrSelf(b.fill || null);
      b.dir = ifNull(b.dir, -1);
    });
    const xScaleKey = mode == 2 ? series[1].facets[0].scale : series[0].scale;
    const drawOrderMap = {
      axes: drawAxesGrid,
      series: drawSeries
    };
    const drawOrder2 = (opts.drawOrder || ["axes", "series"]).map((key2) => drawOrderMap[key2]);
    function initValToPct(sc) {
      const getVal = sc.distr == 3 ? (val) => log10(val > 0 ? val : sc.clamp(self, val, sc.min, sc.max, sc.key)) : sc.distr == 4 ? (val) => asinh(val, sc.asinh) : sc.distr == 100 ? (val) => sc.fwd(val) : (val) => val;
      return (val) => {
        let _val = getVal(val);
        let { _min, _max } = sc;
        let delta = _max - _min;
        return (_val - _min) / delta;
      };
    }
    function initScale(scaleKey) {
      let sc = scales[scaleKey];
      if (sc == null) {
        let scaleOpts = (opts.scales || EMPTY_OBJ)[scaleKey] || EMPTY_OBJ;
        if (scaleOpts.from != null) {
          initScale(scaleOpts.from);
          let sc2 = assign({}, scales[scaleOpts.from], scaleOpts, { key: scaleKey });
          sc2.valToPct = initValToPct(sc2);
          scales[scaleKey] = sc2;
        } else {
          sc = scales[scaleKey] = assign({}, scaleKey == xScaleKey ? xScaleOpts : yScaleOpts, scaleOpts);
          sc.key = scaleKey;
          let isTime = sc.time;
          let rn = sc.range;
          let rangeIsArr = isArr(rn);
          if (scaleKey != xScaleKey || mode == 2 && !isTime) {
            if (rangeIsArr && (rn[0] == null || rn[1] == null)) {
              rn = {
                min: rn[0] == null ? autoRangePart : {
                  mode: 1,
                  hard: rn[0],
                  soft: rn[0]
                },
                max: rn[1] == null ? autoRangePart : {
                  mode: 1,
                  hard: rn[1],
                  soft: rn[1]
                }
              };
              rangeIsArr = false;
            }
            if (!rangeIsArr && isObj(rn)) {
              let cfg = rn;
              rn = (self2, dataMin, dataMax) => dataMin == null ? nullNullTuple : rangeNum(dataMin, dataMax, cfg);
            }
          }
          sc.range = fnOrSelf(rn || (isTime ? snapTimeX : scaleKey == xScaleKey ? sc.distr == 3 ? snapLogX : sc.distr == 4 ? snapAsinhX : snapNumX : sc.distr == 3 ? snapLogY : sc.distr == 4 ? snapAsinhY : snapNumY));
          sc.auto = fnOrSelf(rangeIsArr ? false : sc.auto);
          sc.clamp = fnOrSelf(sc.clamp || clampScale);
          sc._min = sc._max = null;
          sc.valToPct = initValToPct(sc);
        }
      }
    }
    initScale("x");
    initScale("y");
    if (mode == 1) {
      series.forEach((s) => {
        initScale(s.scale);
      });
    }
    axes.forEach((a) => {
      initScale(a.scale);
    });
    for (let k in opts.scales)
      initScale(k);
    const scaleX = scales[xScaleKey];
    const xScaleDistr = scaleX.distr;
    let valToPosX, valToPosY;
    if (scaleX.ori == 0) {
      addClass(root2, ORI_HZ);
      valToPosX = getHPos;
      valToPosY = getVPos;
    } else {
      addClass(root2, ORI_VT);
      valToPosX = getVPos;
      valToPosY = getHPos;
    }
    const pendScales = {};
    for (let k in scales) {
      let sc = scales[k];
      if (sc.min != null || sc.max != null) {
        pendScales[k] = { min: sc.min, max: sc.max };
        sc.min = sc.max = null;
      }
    }
    const _tzDate = opts.tzDate || ((ts) => new Date(round(ts / ms)));
    const _fmtDate = opts.fmtDate || fmtDate;
    const _timeAxisSplits = ms == 1 ? timeAxisSplitsMs(_tzDate) : timeAxisSplitsS(_tzDate);
    const _timeAxisVals = timeAxisVals(_tzDate, timeAxisStamps(ms == 1 ? _timeAxisStampsMs : _timeAxisStampsS, _fmtDate));
    const _timeSeriesVal = timeSeriesVal(_tzDate, timeSeriesStamp(_timeSeriesStamp, _fmtDate));
    const activeIdxs = [];
    const legend3 = self.legend = assign({}, legendOpts, opts.legend);
    const cursor = self.cursor = assign({}, cursorOpts, { drag: { y: mode == 2 } }, opts.cursor);
    const showLegend = legend3.show;
    const showCursor = cursor.show;
    const markers = legend3.markers;
    {
      legend3.idxs = activeIdxs;
      markers.width = fnOrSelf(markers.width);
      markers.dash = fnOrSelf(markers.dash);
      markers.stroke = fnOrSelf(markers.stroke);
      markers.fill = fnOrSelf(markers.fill);
    }
    let legendTable;
    let legendHead;
    let legendBody;
    let legendRows = [];
    let legendCells = [];
    let legendCols;
    let multiValLegend = false;
    let NULL_LEGEND_VALUES = {};
    if (legend3.live) {
      const getMultiVals = series[1] ? series[1].values : null;
      multiValLegend = getMultiVals != null;
      legendCols = multiValLegend ? getMultiVals(self, 1, 0) : { _: 0 };
      for (let k in legendCols)
        NULL_LEGEND_VALUES[k] = LEGEND_DISP;
    }
    if (showLegend) {
      legendTable = placeTag("table", LEGEND, root2);
      legendBody = placeTag("tbody", null, legendTable);
      legend3.mount(self, legendTable);
      if (multiValLegend) {
        legendHead = placeTag("thead", null, legendTable, legendBody);
        let head = placeTag("tr", null, legendHead);
        placeTag("th", null, head);
        for (var key in legendCols)
          placeTag("th", LEGEND_LABEL, head).textContent = key;
      } else {
        addClass(legendTable, LEGEND_INLINE);
        legend3.live && addClass(legendTable, LEGEND_LIVE);
      }
    }
    const son = { show: true };
    const soff = { show: false };
    function initLegendRow(s, i) {
      if (i == 0 && (multiValLegend || !legend3.live || mode == 2))
        return nullNullTuple;
      let cells = [];
      let row = placeTag("tr", LEGEND_SERIES, legendBody, legendBody.childNodes[i]);
      addClass(row, s.class);
      if (!s.show)
        addClass(row, OFF);
      let label3 = placeTag("th", null, row);
      if (markers.show) {
        let indic = placeDiv(LEGEND_MARKER, label3);
        if (i > 0) {
          let width = markers.width(self, i);
          if (width)
            indic.style.border = width + "px " + markers.dash(self, i) + " " + markers.stroke(self, i);
          indic.style.background = markers.fill(self, i);
        }
      }
      let text = placeDiv(LEGEND_LABEL, label3);
      if (s.label instanceof HTMLElement)
        text.appendChild(s.label);
      else
        text.textContent = s.label;
      if (i > 0) {
        if (!markers.show)
          text.style.color = s.width > 0 ? markers.stroke(self, i) : markers.fill(self, i);
        onMouse("click", label3, (e) => {
          if (cursor._lock)
            return;
          setCursorEvent(e);
          let seriesIdx = series.indexOf(s);
          if ((e.ctrlKey || e.metaKey) != legend3.isolate) {
            let isolate = series.some((s2, i2) => i2 > 0 && i2 != seriesIdx && s2.show);
            series.forEach((s2, i2) => {
              i2 > 0 && setSeries(i2, isolate ? i2 == seriesIdx ? son : soff : son, true, syncOpts.setSeries);
            });
          } else
            setSeries(seriesIdx, { show: !s.show }, true, syncOpts.setSeries);
        }, false);
        if (cursorFocus) {
          onMouse(mouseenter, label3, (e) => {
            if (cursor._lock)
              return;
            setCursorEvent(e);
            setSeries(series.indexOf(s), FOCUS_TRUE, true, syncOpts.setSeries);
          }, false);
        }
      }
      for (var key2 in legendCols) {
        let v = placeTag("td", LEGEND_VALUE, row);
        v.textContent = "--";
        cells.push(v);
      }
      return [row, cells];
    }
    const mouseListeners = /* @__PURE__ */ new Map();
    function onMouse(ev, targ, fn, onlyTarg = true) {
      const targListeners = mouseListeners.get(targ) || {};
      const listener = cursor.bind[ev](self, targ, fn, onlyTarg);
      if (listener) {
        on(ev, targ, targListeners[ev] = listener);
        mouseListeners.set(targ, targListeners);
      }
    }
    function offMouse(ev, targ, fn) {
      const targListeners = mouseListeners.get(targ) || {};
      for (let k in targListeners) {
        if (ev == null || k == ev) {
          off(k, targ, targListeners[k]);
          delete targListeners[k];
        }
      }
      if (ev == null)
        mouseListeners.delete(targ);
    }
    let fullWidCss = 0;
    let fullHgtCss = 0;
    let plotWidCss = 0;
    let plotHgtCss = 0;
    let plotLftCss = 0;
    let plotTopCss = 0;
    let _plotLftCss = plotLftCss;
    let _plotTopCss = plotTopCss;
    let _plotWidCss = plotWidCss;
    let _plotHgtCss = plotHgtCss;
    let plotLft = 0;
    let plotTop = 0;
    let plotWid = 0;
    let plotHgt = 0;
    self.bbox = {};
    let shouldSetScales = false;
    let shouldSetSize = false;
    let shouldConvergeSize = false;
    let shouldSetCursor = false;
    let shouldSetSelect = false;
    let shouldSetLegend = false;
    function _setSize(width, height, force) {
      if (force || (width != self.width || height != self.height))
        calcSize(width, height);
      resetYSeries(false);
      shouldConvergeSize = true;
      shouldSetSize = true;
      commit();
    }
    function calcSize(width, height) {
      self.width = fullWidCss = plotWidCss = width;
      self.height = fullHgtCss = plotHgtCss = height;
      plotLftCss = plotTopCss = 0;
      calcPlotRect();
      calcAxesRects();
      let bb = self.bbox;
      plotLft = bb.left = incrRound(plotLftCss * pxRatio, 0.5);
      plotTop = bb.top = incrRound(plotTopCss * pxRatio, 0.5);
      plotWid = bb.width = incrRound(plotWidCss * pxRatio, 0.5);
      plotHgt = bb.height = incrRound(plotHgtCss * pxRatio, 0.5);
    }
    const CYCLE_LIMIT = 3;
    function convergeSize() {
      let converged = false;
      let cycleNum = 0;
      while (!converged) {
        cycleNum++;
        let axesConverged = axesCalc(cycleNum);
        let paddingConverged = paddingCalc(cycleNum);
        converged = cycleNum == CYCLE_LIMIT || axesConverged && paddingConverged;
        if (!converged) {
          calcSize(self.width, self.height);
          shouldSetSize = true;
        }
      }
    }
    function setSize({ width, height }) {
      _setSize(width, height);
    }
    self.setSize = setSize;
    function calcPlotRect() {
      let hasTopAxis = false;
      let hasBtmAxis = false;
      let hasRgtAxis = false;
      let hasLftAxis = false;
      axes.forEach((axis, i) => {
        if (axis.show && axis._show) {
          let { side, _size } = axis;
          let isVt = side % 2;
          let labelSize = axis.label != null ? axis.labelSize : 0;
          let fullSize = _size + labelSize;
          if (fullSize > 0) {
            if (isVt) {
              plotWidCss -= fullSize;
              if (side == 3) {
                plotLftCss += fullSize;
                hasLftAxis = true;
              } else
                hasRgtAxis = true;
            } else {
              plotHgtCss -= fullSize;
              if (side == 0) {
                plotTopCss += fullSize;
                hasTopAxis = true;
              } else
                hasBtmAxis = true;
            }
          }
        }
      });
      sidesWithAxes[0] = hasTopAxis;
      sidesWithAxes[1] = hasRgtAxis;
      sidesWithAxes[2] = hasBtmAxis;
      sidesWithAxes[3] = hasLftAxis;
      plotWidCss -= _padding[1] + _padding[3];
      plotLftCss += _padding[3];
      plotHgtCss -= _padding[2] + _padding[0];
      plotTopCss += _padding[0];
    }
    function calcAxesRects() {
      let off1 = plotLftCss + plotWidCss;
      let off2 = plotTopCss + plotHgtCss;
      let off3 = plotLftCss;
      let off0 = plotTopCss;
      function incrOffset(side, size) {
        switch (side) {
          case 1:
            off1 += size;
            return off1 - size;
          case 2:
            off2 += size;
            return off2 - size;
          case 3:
            off3 -= size;
            return off3 + size;
          case 0:
            off0 -= size;
            return off0 + size;
        }
      }
      axes.forEach((axis, i) => {
        if (axis.show && axis._show) {
          let side = axis.side;
          axis._pos = incrOffset(side, axis._size);
          if (axis.label != null)
            axis._lpos = incrOffset(side, axis.labelSize);
        }
      });
    }
    if (cursor.dataIdx == null) {
      let hov = cursor.hover;
      let skip = hov.skip = new Set(hov.skip ?? []);
      skip.add(void 0);
      let prox = hov.prox = fnOrSelf(hov.prox);
      let bias = hov.bias ??= 0;
      cursor.dataIdx = (self2, seriesIdx, cursorIdx, valAtPosX) => {
        if (seriesIdx == 0)
          return cursorIdx;
        let idx2 = cursorIdx;
        let _prox = prox(self2, seriesIdx, cursorIdx, valAtPosX) ?? inf;
        let withProx = _prox >= 0 && _prox < inf;
        let xDim = scaleX.ori == 0 ? plotWidCss : plotHgtCss;
        let cursorLft = cursor.left;
        let xValues = data[0];
        let yValues = data[seriesIdx];
        if (skip.has(yValues[cursorIdx])) {
          idx2 = null;
          let nonNullLft = null, nonNullRgt = null, j;
          if (bias == 0 || bias == -1) {
            j = cursorIdx;
            while (nonNullLft == null && j-- > 0) {
              if (!skip.has(yValues[j]))
                nonNullLft = j;
            }
          }
          if (bias == 0 || bias == 1) {
            j = cursorIdx;
            while (nonNullRgt == null && j++ < yValues.length) {
              if (!skip.has(yValues[j]))
                nonNullRgt = j;
            }
          }
          if (nonNullLft != null || nonNullRgt != null) {
            if (withProx) {
              let lftPos = nonNullLft == null ? -Infinity : valToPosX(xValues[nonNullLft], scaleX, xDim, 0);
              let rgtPos = nonNullRgt == null ? Infinity : valToPosX(xValues[nonNullRgt], scaleX, xDim, 0);
              let lftDelta = cursorLft - lftPos;
              let rgtDelta = rgtPos - cursorLft;
              if (lftDelta <= rgtDelta) {
                if (lftDelta <= _prox)
                  idx2 = nonNullLft;
              } else {
                if (rgtDelta <= _prox)
                  idx2 = nonNullRgt;
              }
            } else {
              idx2 = nonNullRgt == null ? nonNullLft : nonNullLft == null ? nonNullRgt : cursorIdx - nonNullLft <= nonNullRgt - cursorIdx ? nonNullLft : nonNullRgt;
            }
          }
        } else if (withProx) {
          let dist = abs(cursorLft - valToPosX(xValues[cursorIdx], scaleX, xDim, 0));
          if (dist > _prox)
            idx2 = null;
        }
        return idx2;
      };
    }
    const setCursorEvent = (e) => {
      cursor.event = e;
    };
    cursor.idxs = activeIdxs;
    cursor._lock = false;
    let points2 = cursor.points;
    points2.show = fnOrSelf(points2.show);
    points2.size = fnOrSelf(points2.size);
    points2.stroke = fnOrSelf(points2.stroke);
    points2.width = fnOrSelf(points2.width);
    points2.fill = fnOrSelf(points2.fill);
    const focus = self.focus = assign({}, opts.focus || { alpha: 0.3 }, cursor.focus);
    const cursorFocus = focus.prox >= 0;
    const cursorOnePt = cursorFocus && points2.one;
    let cursorPts = [];
    let cursorPtsLft = [];
    let cursorPtsTop = [];
    function initCursorPt(s, si) {
      let pt = points2.show(self, si);
      if (pt instanceof HTMLElement) {
        addClass(pt, CURSOR_PT);
        addClass(pt, s.class);
        elTrans(pt, -10, -10, plotWidCss, plotHgtCss);
        over.insertBefore(pt, cursorPts[si]);
        return pt;
      }
    }
    function initSeries(s, i) {
      if (mode == 1 || i > 0) {
        let isTime = mode == 1 && scales[s.scale].time;
        let sv = s.value;
        s.value = isTime ? isStr(sv) ? timeSeriesVal(_tzDate, timeSeriesStamp(sv, _fmtDate)) : sv || _timeSeriesVal : sv || numSeriesVal;
        s.label = s.label || (isTime ? timeSeriesLabel : numSeriesLabel);
      }
      if (cursorOnePt || i > 0) {
        s.width = s.width == null ? 1 : s.width;
        s.paths = s.paths || linearPath || retNull;
        s.fillTo = fnOrSelf(s.fillTo || seriesFillTo);
        s.pxAlign = +ifNull(s.pxAlign, pxAlign);
        s.pxRound = pxRoundGen(s.pxAlign);
        s.stroke = fnOrSelf(s.stroke || null);
        s.fill = fnOrSelf(s.fill || null);
        s._stroke = s._fill = s._paths = s._focus = null;
        let _ptDia = ptDia(max(1, s.width), 1);
        let points3 = s.points = assign({}, {
          size: _ptDia,
          width: max(1, _ptDia * 0.2),
          stroke: s.stroke,
          space: _ptDia * 2,
          paths: pointsPath,
          _stroke: null,
          _fill: null
        }, s.points);
        points3.show = fnOrSelf(points3.show);
        points3.filter = fnOrSelf(points3.filter);
        points3.fill = fnOrSelf(points3.fill);
        points3.stroke = fnOrSelf(points3.stroke);
        points3.paths = fnOrSelf(points3.paths);
        points3.pxAlign = s.pxAlign;
      }
      if (showLegend) {
        let rowCells = initLegendRow(s, i);
        legendRows.splice(i, 0, rowCells[0]);
        legendCells.splice(i, 0, rowCells[1]);
        legend3.values.push(null);
      }
      if (showCursor) {
        activeIdxs.splice(i, 0, null);
        let pt = null;
        if (cursorOnePt) {
          if (i == 0)
            pt = initCursorPt(s, i);
        } else if (i > 0)
          pt = initCursorPt(s, i);
        cursorPts.splice(i, 0, pt);
        cursorPtsLft.splice(i, 0, 0);
        cursorPtsTop.splice(i, 0, 0);
      }
      fire("addSeries", i);
    }
    function addSeries(opts2, si) {
      si = si == null ? series.length : si;
      opts2 = mode == 1 ? setDefault(opts2, si, xSeriesOpts, ySeriesOpts) : setDefault(opts2, si, {}, xySeriesOpts);
      series.splice(si, 0, opts2);
      initSeries(series[si], si);
    }
    self.addSeries = addSeries;
    function delSeries(i) {
      series.splice(i, 1);
      if (showLegend) {
        legend3.values.splice(i, 1);
        legendCells.splice(i, 1);
        let tr = legendRows.splice(i, 1)[0];
        offMouse(null, tr.firstChild);
        tr.remove();
      }
      if (showCursor) {
        activeIdxs.splice(i, 1);
        cursorPts.splice(i, 1)[0].remove();
        cursorPtsLft.splice(i, 1);
        cursorPtsTop.splice(i, 1);
      }
      fire("delSeries", i);
    }
    self.delSeries = delSeries;
    const sidesWithAxes = [false, false, false, false];
    function initAxis(axis, i) {
      axis._show = axis.show;
      if (axis.show) {
        let isVt = axis.side % 2;
        let sc = scales[axis.scale];
        if (sc == null) {
          axis.scale = isVt ? series[1].scale : xScaleKey;
          sc = scales[axis.scale];
        }
        let isTime = sc.time;
        axis.size = fnOrSelf(axis.size);
        axis.space = fnOrSelf(axis.space);
        axis.rotate = fnOrSelf(axis.rotate);
        if (isArr(axis.incrs)) {
          axis.incrs.forEach((incr) => {
            !fixedDec.has(incr) && fixedDec.set(incr, guessDec(incr));
          });
        }
        axis.incrs = fnOrSelf(axis.incrs || (sc.distr == 2 ? wholeIncrs : isTime ? ms == 1 ? timeIncrsMs : timeIncrsS : numIncrs));
        axis.splits = fnOrSelf(axis.splits || (isTime && sc.distr == 1 ? _timeAxisSplits : sc.distr == 3 ? logAxisSplits : sc.distr == 4 ? asinhAxisSplits : numAxisSplits));
        axis.stroke = fnOrSelf(axis.stroke);
        axis.grid.stroke = fnOrSelf(axis.grid.stroke);
        axis.ticks.stroke = fnOrSelf(axis.ticks.stroke);
        axis.border.stroke = fnOrSelf(axis.border.stroke);
        let av = axis.values;
        axis.values = // static array of tick values
        isArr(av) && !isArr(av[0]) ? fnOrSelf(av) : (
          // temporal
          isTime ? (
            // config array of fmtDate string tpls
            isArr(av) ? timeAxisVals(_tzDate, timeAxisStamps(av, _fmtDate)) : (
              // fmtDate string tpl
              isStr(av) ? timeAxisVal(_tzDate, av) : av || _timeAxisVals
            )
          ) : av || numAxisVals
        );
        axis.filter = fnOrSelf(axis.filter || (sc.distr >= 3 && sc.log == 10 ? log10AxisValsFilt : sc.distr == 3 && sc.log == 2 ? log2AxisValsFilt : retArg1));
        axis.font = pxRatioFont(axis.font);
        axis.labelFont = pxRatioFont(axis.labelFont);
        axis._size = axis.size(self, null, i, 0);
        axis._space = axis._rotate = axis._incrs = axis._found = // foundIncrSpace
        axis._splits = axis._values = null;
        if (axis._size > 0) {
          sidesWithAxes[i] = true;
          axis._el = placeDiv(AXIS, wrap);
        }
      }
    }
    function autoPadSide(self2, side, sidesWithAxes2, cycleNum) {
      let [hasTopAxis, hasRgtAxis, hasBtmAxis, hasLftAxis] = sidesWithAxes2;
      let ori = side % 2;
      let size = 0;
      if (ori == 0 && (hasLftAxis || hasRgtAxis))
        size = side == 0 && !hasTopAxis || side == 2 && !hasBtmAxis ? round(xAxisOpts.size / 3) : 0;
      if (ori == 1 && (hasTopAxis || hasBtmAxis))
        size = side == 1 && !hasRgtAxis || side == 3 && !hasLftAxis ? round(yAxisOpts.size / 2) : 0;
      return size;
    }
    const padding = self.padding = (opts.padding || [autoPadSide, autoPadSide, autoPadSide, autoPadSide]).map((p) => fnOrSelf(ifNull(p, autoPadSide)));
    const _padding = self._padding = padding.map((p, i) => p(self, i, sidesWithAxes, 0));
    let dataLen;
    let i0 = null;
    let i1 = null;
    const idxs = mode == 1 ? series[0].idxs : null;
    let data0 = null;
    let viaAutoScaleX = false;
    function setData(_data, _resetScales) {
      data = _data == null ? [] : _data;
      self.data = self._data = data;
      if (mode == 2) {
        dataLen = 0;
        for (let i = 1; i < series.length; i++)
          dataLen += data[i][0].length;
      } else {
        if (data.length == 0)
          self.data = self._data = data = [[]];
        data0 = data[0];
        dataLen = data0.length;
        let scaleData = data;
        if (xScaleDistr == 2) {
          scaleData = data.slice();
          let _data0 = scaleData[0] = Array(dataLen);
          for (let i = 0; i < dataLen; i++)
            _data0[i] = i;
        }
        self._data = data = scaleData;
      }
      resetYSeries(true);
      fire("setData");
      if (xScaleDistr == 2) {
        shouldConvergeSize = true;
      }
      if (_resetScales !== false) {
        let xsc = scaleX;
        if (xsc.auto(self, viaAutoScaleX))
          autoScaleX();
        else
          _setScale(xScaleKey, xsc.min, xsc.max);
        shouldSetCursor = shouldSetCursor || cursor.left >= 0;
        shouldSetLegend = true;
        commit();
      }
    }
    self.setData = setData;
    function autoScaleX() {
      viaAutoScaleX = true;
      let _min, _max;
      if (mode == 1) {
        if (dataLen > 0) {
          i0 = idxs[0] = 0;
          i1 = idxs[1] = dataLen - 1;
          _min = data[0][i0];
          _max = data[0][i1];
          if (xScaleDistr == 2) {
            _min = i0;
            _max = i1;
          } else if (_min == _max) {
            if (xScaleDistr == 3)
              [_min, _max] = rangeLog(_min, _min, scaleX.log, false);
            else if (xScaleDistr == 4)
              [_min, _max] = rangeAsinh(_min, _min, scaleX.log, false);
            else if (scaleX.time)
              _max = _min + round(86400 / ms);
            else
              [_min, _max] = rangeNum(_min, _max, rangePad, true);
          }
        } else {
          i0 = idxs[0] = _min = null;
          i1 = idxs[1] = _max = null;
        }
      }
      _setScale(xScaleKey, _min, _max);
    }
    let ctxStroke, ctxFill, ctxWidth, ctxDash, ctxJoin, ctxCap, ctxFont, ctxAlign, ctxBaseline;
    let ctxAlpha;
    function setCtxStyle(stroke, width, dash, cap, fill2, join2) {
      stroke ??= transparent;
      dash ??= EMPTY_ARR;
      cap ??= "butt";
      fill2 ??= transparent;
      join2 ??= "round";
      if (stroke != ctxStroke)
        ctx.strokeStyle = ctxStroke = stroke;
      if (fill2 != ctxFill)
        ctx.fillStyle = ctxFill = fill2;
      if (width != ctxWidth)
        ctx.lineWidth = ctxWidth = width;
      if (join2 != ctxJoin)
        ctx.lineJoin = ctxJoin = join2;
      if (cap != ctxCap)
        ctx.lineCap = ctxCap = cap;
      if (dash != ctxDash)
        ctx.setLineDash(ctxDash = dash);
    }
    function setFontStyle(font2, fill2, align, baseline) {
      if (fill2 != ctxFill)
        ctx.fillStyle = ctxFill = fill2;
      if (font2 != ctxFont)
        ctx.font = ctxFont = font2;
      if (align != ctxAlign)
        ctx.textAlign = ctxAlign = align;
      if (baseline != ctxBaseline)
        ctx.textBaseline = ctxBaseline = baseline;
    }
    function accScale(wsc, psc, facet2, data2, sorted = 0) {
      if (data2.length > 0 && wsc.auto(self, viaAutoScaleX) && (psc == null || psc.min == null)) {
        let _i0 = ifNull(i0, 0);
        let _i1 = ifNull(i1, data2.length - 1);
        let minMax = facet2.min == null ? getMinMax(data2, _i0, _i1, sorted, wsc.distr == 3) : [facet2.min, facet2.max];
        wsc.min = min(wsc.min, facet2.min = minMax[0]);
        wsc.max = max(wsc.max, facet2.max = minMax[1]);
      }
    }
    const AUTOSCALE = { min: null, max: null };
    function setScales() {
      for (let k in scales) {
        let sc = scales[k];
        if (pendScales[k] == null && // scales that have never been set (on init)
        (sc.min == null || // or auto scales when the x scale was explicitly set
        pendScales[xScaleKey] != null && sc.auto(self, viaAutoScaleX))) {
          pendScales[k] = AUTOSCALE;
        }
      }
      for (let k in scales) {
        let sc = scales[k];
        if (pendScales[k] == null && sc.from != null && pendScales[sc.from] != null)
          pendScales[k] = AUTOSCALE;
      }
      if (pendScales[xScaleKey] != null)
        resetYSeries(true);
      let wipScales = {};
      for (let k in pendScales) {
        let psc = pendScales[k];
        if (psc != null) {
          let wsc = wipScales[k] = copy(scales[k], fastIsObj);
          if (psc.min != null)
            assign(wsc, psc);
          else if (k != xScaleKey || mode == 2) {
            if (dataLen == 0 && wsc.from == null) {
              let minMax = wsc.range(self, null, null, k);
              wsc.min = minMax[0];
              wsc.max = minMax[1];
            } else {
              wsc.min = inf;
              wsc.max = -inf;
            }
          }
        }
      }
      if (dataLen > 0) {
        series.forEach((s, i) => {
          if (mode == 1) {
            let k = s.scale;
            let psc = pendScales[k];
            if (psc == null)
              return;
            let wsc = wipScales[k];
            if (i == 0) {
              let minMax = wsc.range(self, wsc.min, wsc.max, k);
              wsc.min = minMax[0];
              wsc.max = minMax[1];
              i0 = closestIdx(wsc.min, data[0]);
              i1 = closestIdx(wsc.max, data[0]);
              if (i1 - i0 > 1) {
                if (data[0][i0] < wsc.min)
                  i0++;
                if (data[0][i1] > wsc.max)
                  i1--;
              }
              s.min = data0[i0];
              s.max = data0[i1];
            } else if (s.show && s.auto)
              accScale(wsc, psc, s, data[i], s.sorted);
            s.idxs[0] = i0;
            s.idxs[1] = i1;
          } else {
            if (i > 0) {
              if (s.show && s.auto) {
                let [xFacet, yFacet] = s.facets;
                let xScaleKey2 = xFacet.scale;
                let yScaleKey = yFacet.scale;
                let [xData, yData] = data[i];
                let wscx = wipScales[xScaleKey2];
                let wscy = wipScales[yScaleKey];
                wscx != null && accScale(wscx, pendScales[xScaleKey2], xFacet, xData, xFacet.sorted);
                wscy != null && accScale(wscy, pendScales[yScaleKey], yFacet, yData, yFacet.sorted);
                s.min = yFacet.min;
                s.max = yFacet.max;
              }
            }
          }
        });
        for (let k in wipScales) {
          let wsc = wipScales[k];
          let psc = pendScales[k];
          if (wsc.from == null && (psc == null || psc.min == null)) {
            let minMax = wsc.range(
              self,
              wsc.min == inf ? null : wsc.min,
              wsc.max == -inf ? null : wsc.max,
              k
            );
            wsc.min = minMax[0];
            wsc.max = minMax[1];
          }
        }
      }
      for (let k in wipScales) {
        let wsc = wipScales[k];
        if (wsc.from != null) {
          let base = wipScales[wsc.from];
          if (base.min == null)
            wsc.min = wsc.max = null;
          else {
            let minMax = wsc.range(self, base.min, base.max, k);
            wsc.min = minMax[0];
            wsc.max = minMax[1];
          }
        }
      }
      let changed = {};
      let anyChanged = false;
      for (let k in wipScales) {
        let wsc = wipScales[k];
        let sc = scales[k];
        if (sc.min != wsc.min || sc.max != wsc.max) {
          sc.min = wsc.min;
          sc.max = wsc.max;
          let distr = sc.distr;
          sc._min = distr == 3 ? log10(sc.min) : distr == 4 ? asinh(sc.min, sc.asinh) : distr == 100 ? sc.fwd(sc.min) : sc.min;
          sc._max = distr == 3 ? log10(sc.max) : distr == 4 ? asinh(sc.max, sc.asinh) : distr == 100 ? sc.fwd(sc.max) : sc.max;
          changed[k] = anyChanged = true;
        }
      }
      if (anyChanged) {
        series.forEach((s, i) => {
          if (mode == 2) {
            if (i > 0 && changed.y)
              s._paths = null;
          } else {
            if (changed[s.scale])
              s._paths = null;
          }
        });
        for (let k in changed) {
          shouldConvergeSize = true;
          fire("setScale", k);
        }
        if (showCursor && cursor.left >= 0)
          shouldSetCursor = shouldSetLegend = true;
      }
      for (let k in pendScales)
        pendScales[k] = null;
    }
    function getOuterIdxs(ydata) {
      let _i0 = clamp(i0 - 1, 0, dataLen - 1);
      let _i1 = clamp(i1 + 1, 0, dataLen - 1);
      while (ydata[_i0] == null && _i0 > 0)
        _i0--;
      while (ydata[_i1] == null && _i1 < dataLen - 1)
        _i1++;
      return [_i0, _i1];
    }
    function drawSeries() {
      if (dataLen > 0) {
        let shouldAlpha = series.some((s) => s._focus) && ctxAlpha != focus.alpha;
        if (shouldAlpha)
          ctx.globalAlpha = ctxAlpha = focus.alpha;
        series.forEach((s, i) => {
          if (i > 0 && s.show) {
            cacheStrokeFill(i, false);
            cacheStrokeFill(i, true);
            if (s._paths == null) {
              let _ctxAlpha = ctxAlpha;
              if (ctxAlpha != s.alpha)
                ctx.globalAlpha = ctxAlpha = s.alpha;
              let _idxs = mode == 2 ? [0, data[i][0].length - 1] : getOuterIdxs(data[i]);
              s._paths = s.paths(self, i, _idxs[0], _idxs[1]);
              if (ctxAlpha != _ctxAlpha)
                ctx.globalAlpha = ctxAlpha = _ctxAlpha;
            }
          }
        });
        series.forEach((s, i) => {
          if (i > 0 && s.show) {
            let _ctxAlpha = ctxAlpha;
            if (ctxAlpha != s.alpha)
              ctx.globalAlpha = ctxAlpha = s.alpha;
            s._paths != null && drawPath(i, false);
            {
              let _gaps = s._paths != null ? s._paths.gaps : null;
              let show = s.points.show(self, i, i0, i1, _gaps);
              let idxs2 = s.points.filter(self, i, show, _gaps);
              if (show || idxs2) {
                s.points._paths = s.points.paths(self, i, i0, i1, idxs2);
                drawPath(i, true);
              }
            }
            if (ctxAlpha != _ctxAlpha)
              ctx.globalAlpha = ctxAlpha = _ctxAlpha;
            fire("drawSeries", i);
          }
        });
        if (shouldAlpha)
          ctx.globalAlpha = ctxAlpha = 1;
      }
    }
    function cacheStrokeFill(si, _points) {
      let s = _points ? series[si].points : series[si];
      s._stroke = s.stroke(self, si);
      s._fill = s.fill(self, si);
    }
    function drawPath(si, _points) {
      let s = _points ? series[si].points : series[si];
      let {
        stroke,
        fill: fill2,
        clip: gapsClip,
        flags,
        _stroke: strokeStyle = s._stroke,
        _fill: fillStyle = s._fill,
        _width: width = s.width
      } = s._paths;
      width = roundDec(width * pxRatio, 3);
      let boundsClip = null;
      let offset = width % 2 / 2;
      if (_points && fillStyle == null)
        fillStyle = width > 0 ? "#fff" : strokeStyle;
      let _pxAlign = s.pxAlign == 1 && offset > 0;
      _pxAlign && ctx.translate(offset, offset);
      if (!_points) {
        let lft = plotLft - width / 2, top = plotTop - width / 2, wid = plotWid + width, hgt = plotHgt + width;
        boundsClip = new Path2D();
        boundsClip.rect(lft, top, wid, hgt);
      }
      if (_points)
        strokeFill(strokeStyle, width, s.dash, s.cap, fillStyle, stroke, fill2, flags, gapsClip);
      else
        fillStroke(si, strokeStyle, width, s.dash, s.cap, fillStyle, stroke, fill2, flags, boundsClip, gapsClip);
      _pxAlign && ctx.translate(-offset, -offset);
    }
    function fillStroke(si, strokeStyle, lineWidth, lineDash, lineCap, fillStyle, strokePath, fillPath, flags, boundsClip, gapsClip) {
      let didStrokeFill = false;
      flags != 0 && bands.forEach((b, bi) => {
        if (b.series[0] == si) {
          let lowerEdge = series[b.series[1]];
          let lowerData = data[b.series[1]];
          let bandClip = (lowerEdge._paths || EMPTY_OBJ).band;
          if (isArr(bandClip))
            bandClip = b.dir == 1 ? bandClip[0] : bandClip[1];
          let gapsClip2;
          let _fillStyle = null;
          if (lowerEdge.show && bandClip && hasData(lowerData, i0, i1)) {
            _fillStyle = b.fill(self, bi) || fillStyle;
            gapsClip2 = lowerEdge._paths.clip;
          } else
            bandClip = null;
          strokeFill(strokeStyle, lineWidth, lineDash, lineCap, _fillStyle, strokePath, fillPath, flags, boundsClip, gapsClip, gapsClip2, bandClip);
          didStrokeFill = true;
        }
      });
      if (!didStrokeFill)
        strokeFill(strokeStyle, lineWidth, lineDash, lineCap, fillStyle, strokePath, fillPath, flags, boundsClip, gapsClip);
    }
    const CLIP_FILL_STROKE = BAND_CLIP_FILL | BAND_CLIP_STROKE;
    function strokeFill(strokeStyle, lineWidth, lineDash, lineCap, fillStyle, strokePath, fillPath, flags, boundsClip, gapsClip, gapsClip2, bandClip) {
      setCtxStyle(strokeStyle, lineWidth, lineDash, lineCap, fillStyle);
      if (boundsClip || gapsClip || bandClip) {
        ctx.save();
        boundsClip && ctx.clip(boundsClip);
        gapsClip && ctx.clip(gapsClip);
      }
      if (bandClip) {
        if ((flags & CLIP_FILL_STROKE) == CLIP_FILL_STROKE) {
          ctx.clip(bandClip);
          gapsClip2 && ctx.clip(gapsClip2);
          doFill(fillStyle, fillPath);
          doStroke(strokeStyle, strokePath, lineWidth);
        } else if (flags & BAND_CLIP_STROKE) {
          doFill(fillStyle, fillPath);
          ctx.clip(bandClip);
          doStroke(strokeStyle, strokePath, lineWidth);
        } else if (flags & BAND_CLIP_FILL) {
          ctx.save();
          ctx.clip(bandClip);
          gapsClip2 && ctx.clip(gapsClip2);
          doFill(fillStyle, fillPath);
          ctx.restore();
          doStroke(strokeStyle, strokePath, lineWidth);
        }
      } else {
        doFill(fillStyle, fillPath);
        doStroke(strokeStyle, strokePath, lineWidth);
      }
      if (boundsClip || gapsClip || bandClip)
        ctx.restore();
    }
    function doStroke(strokeStyle, strokePath, lineWidth) {
      if (lineWidth > 0) {
        if (strokePath instanceof Map) {
          strokePath.forEach((strokePath2, strokeStyle2) => {
            ctx.strokeStyle = ctxStroke = strokeStyle2;
            ctx.stroke(strokePath2);
          });
        } else
          strokePath != null && strokeStyle && ctx.stroke(strokePath);
      }
    }
    function doFill(fillStyle, fillPath) {
      if (fillPath instanceof Map) {
        fillPath.forEach((fillPath2, fillStyle2) => {
          ctx.fillStyle = ctxFill = fillStyle2;
          ctx.fill(fillPath2);
        });
      } else
        fillPath != null && fillStyle && ctx.fill(fillPath);
    }
    function getIncrSpace(axisIdx, min2, max2, fullDim) {
      let axis = axes[axisIdx];
      let incrSpace;
      if (fullDim <= 0)
        incrSpace = [0, 0];
      else {
        let minSpace = axis._space = axis.space(self, axisIdx, min2, max2, fullDim);
        let incrs = axis._incrs = axis.incrs(self, axisIdx, min2, max2, fullDim, minSpace);
        incrSpace = findIncr(min2, max2, incrs, fullDim, minSpace);
      }
      return axis._found = incrSpace;
    }
    function drawOrthoLines(offs, filts, ori, side, pos0, len, width, stroke, dash, cap) {
      let offset = width % 2 / 2;
      pxAlign == 1 && ctx.translate(offset, offset);
      setCtxStyle(stroke, width, dash, cap, stroke);
      ctx.beginPath();
      let x0, y0, x1, y1, pos1 = pos0 + (side == 0 || side == 3 ? -len : len);
      if (ori == 0) {
        y0 = pos0;
        y1 = pos1;
      } else {
        x0 = pos0;
        x1 = pos1;
      }
      for (let i = 0; i < offs.length; i++) {
        if (filts[i] != null) {
          if (ori == 0)
            x0 = x1 = offs[i];
          else
            y0 = y1 = offs[i];
          ctx.moveTo(x0, y0);
          ctx.lineTo(x1, y1);
        }
      }
      ctx.stroke();
      pxAlign == 1 && ctx.translate(-offset, -offset);
    }
    function axesCalc(cycleNum) {
      let converged = true;
      axes.forEach((axis, i) => {
        if (!axis.show)
          return;
        let scale = scales[axis.scale];
        if (scale.min == null) {
          if (axis._show) {
            converged = false;
            axis._show = false;
            resetYSeries(false);
          }
          return;
        } else {
          if (!axis._show) {
            converged = false;
            axis._show = true;
            resetYSeries(false);
          }
        }
        let side = axis.side;
        let ori = side % 2;
        let { min: min2, max: max2 } = scale;
        let [_incr, _space] = getIncrSpace(i, min2, max2, ori == 0 ? plotWidCss : plotHgtCss);
        if (_space == 0)
          return;
        let forceMin = scale.distr == 2;
        let _splits = axis._splits = axis.splits(self, i, min2, max2, _incr, _space, forceMin);
        let splits = scale.distr == 2 ? _splits.map((i2) => data0[i2]) : _splits;
        let incr = scale.distr == 2 ? data0[_splits[1]] - data0[_splits[0]] : _incr;
        let values = axis._values = axis.values(self, axis.filter(self, splits, i, _space, incr), i, _space, incr);
        axis._rotate = side == 2 ? axis.rotate(self, values, i, _space) : 0;
        let oldSize = axis._size;
        axis._size = ceil(axis.size(self, values, i, cycleNum));
        if (oldSize != null && axis._size != oldSize)
          converged = false;
      });
      return converged;
    }
    function paddingCalc(cycleNum) {
      let converged = true;
      padding.forEach((p, i) => {
        let _p = p(self, i, sidesWithAxes, cycleNum);
        if (_p != _padding[i])
          converged = false;
        _padding[i] = _p;
      });
      return converged;
    }
    function drawAxesGrid() {
      for (let i = 0; i < axes.length; i++) {
        let axis = axes[i];
        if (!axis.show || !axis._show)
          continue;
        let side = axis.side;
        let ori = side % 2;
        let x, y;
        let fillStyle = axis.stroke(self, i);
        let shiftDir = side == 0 || side == 3 ? -1 : 1;
        let [_incr, _space] = axis._found;
        if (axis.label != null) {
          let shiftAmt2 = axis.labelGap * shiftDir;
          let baseLpos = round((axis._lpos + shiftAmt2) * pxRatio);
          setFontStyle(axis.labelFont[0], fillStyle, "center", side == 2 ? TOP : BOTTOM);
          ctx.save();
          if (ori == 1) {
            x = y = 0;
            ctx.translate(
              baseLpos,
              round(plotTop + plotHgt / 2)
            );
            ctx.rotate((side == 3 ? -PI : PI) / 2);
          } else {
            x = round(plotLft + plotWid / 2);
            y = baseLpos;
          }
          let _label = isFn(axis.label) ? axis.label(self, i, _incr, _space) : axis.label;
          ctx.fillText(_label, x, y);
          ctx.restore();
        }
        if (_space == 0)
          continue;
        let scale = scales[axis.scale];
        let plotDim = ori == 0 ? plotWid : plotHgt;
        let plotOff = ori == 0 ? plotLft : plotTop;
        let _splits = axis._splits;
        let splits = scale.distr == 2 ? _splits.map((i2) => data0[i2]) : _splits;
        let incr = scale.distr == 2 ? data0[_splits[1]] - data0[_splits[0]] : _incr;
        let ticks3 = axis.ticks;
        let border2 = axis.border;
        let _tickSize = ticks3.show ? ticks3.size : 0;
        let tickSize = round(_tickSize * pxRatio);
        let axisGap = round((axis.alignTo == 2 ? axis._size - _tickSize - axis.gap : axis.gap) * pxRatio);
        let angle = axis._rotate * -PI / 180;
        let basePos = pxRound(axis._pos * pxRatio);
        let shiftAmt = (tickSize + axisGap) * shiftDir;
        let finalPos = basePos + shiftAmt;
        y = ori == 0 ? finalPos : 0;
        x = ori == 1 ? finalPos : 0;
        let font2 = axis.font[0];
        let textAlign = axis.align == 1 ? LEFT : axis.align == 2 ? RIGHT : angle > 0 ? LEFT : angle < 0 ? RIGHT : ori == 0 ? "center" : side == 3 ? RIGHT : LEFT;
        let textBaseline = angle || ori == 1 ? "middle" : side == 2 ? TOP : BOTTOM;
        setFontStyle(font2, fillStyle, textAlign, textBaseline);
        let lineHeight = axis.font[1] * axis.lineGap;
        let canOffs = _splits.map((val) => pxRound(getPos(val, scale, plotDim, plotOff)));
        let _values = axis._values;
        for (let i2 = 0; i2 < _values.length; i2++) {
          let val = _values[i2];
          if (val != null) {
            if (ori == 0)
              x = canOffs[i2];
            else
              y = canOffs[i2];
            val = "" + val;
            let _parts = val.indexOf("\n") == -1 ? [val] : val.split(/\n/gm);
            for (let j = 0; j < _parts.length; j++) {
              let text = _parts[j];
              if (angle) {
                ctx.save();
                ctx.translate(x, y + j * lineHeight);
                ctx.rotate(angle);
                ctx.fillText(text, 0, 0);
                ctx.restore();
              } else
                ctx.fillText(text, x, y + j * lineHeight);
            }
          }
        }
        if (ticks3.show) {
          drawOrthoLines(
            canOffs,
            ticks3.filter(self, splits, i, _space, incr),
            ori,
            side,
            basePos,
            tickSize,
            roundDec(ticks3.width * pxRatio, 3),
            ticks3.stroke(self, i),
            ticks3.dash,
            ticks3.cap
          );
        }
        let grid2 = axis.grid;
        if (grid2.show) {
          drawOrthoLines(
            canOffs,
            grid2.filter(self, splits, i, _space, incr),
            ori,
            ori == 0 ? 2 : 1,
            ori == 0 ? plotTop : plotLft,
            ori == 0 ? plotHgt : plotWid,
            roundDec(grid2.width * pxRatio, 3),
            grid2.stroke(self, i),
            grid2.dash,
            grid2.cap
          );
        }
        if (border2.show) {
          drawOrthoLines(
            [basePos],
            [1],
            ori == 0 ? 1 : 0,
            ori == 0 ? 1 : 2,
            ori == 1 ? plotTop : plotLft,
            ori == 1 ? plotHgt : plotWid,
            roundDec(border2.width * pxRatio, 3),
            border2.stroke(self, i),
            border2.dash,
            border2.cap
          );
        }
      }
      fire("drawAxes");
    }
    function resetYSeries(minMax) {
      series.forEach((s, i) => {
        if (i > 0) {
          s._paths = null;
          if (minMax) {
            if (mode == 1) {
              s.min = null;
              s.max = null;
            } else {
              s.facets.forEach((f) => {
                f.min = null;
                f.max = null;
              });
            }
          }
        }
      });
    }
    let queuedCommit = false;
    let deferHooks = false;
    let hooksQueue = [];
    function flushHooks() {
      deferHooks = false;
      for (let i = 0; i < hooksQueue.length; i++)
        fire(...hooksQueue[i]);
      hooksQueue.length = 0;
    }
    function commit() {
      if (!queuedCommit) {
        microTask(_commit);
        queuedCommit = true;
      }
    }
    function batch(fn, _deferHooks = false) {
      queuedCommit = true;
      deferHooks = _deferHooks;
      fn(self);
      _commit();
      if (_deferHooks && hooksQueue.length > 0)
        queueMicrotask(flushHooks);
    }
    self.batch = batch;
    function _commit() {
      if (shouldSetScales) {
        setScales();
        shouldSetScales = false;
      }
      if (shouldConvergeSize) {
        convergeSize();
        shouldConvergeSize = false;
      }
      if (shouldSetSize) {
        setStylePx(under, LEFT, plotLftCss);
        setStylePx(under, TOP, plotTopCss);
        setStylePx(under, WIDTH, plotWidCss);
        setStylePx(under, HEIGHT, plotHgtCss);
        setStylePx(over, LEFT, plotLftCss);
        setStylePx(over, TOP, plotTopCss);
        setStylePx(over, WIDTH, plotWidCss);
        setStylePx(over, HEIGHT, plotHgtCss);
        setStylePx(wrap, WIDTH, fullWidCss);
        setStylePx(wrap, HEIGHT, fullHgtCss);
        can.width = round(fullWidCss * pxRatio);
        can.height = round(fullHgtCss * pxRatio);
        axes.forEach(({ _el, _show, _size, _pos, side }) => {
          if (_el != null) {
            if (_show) {
              let posOffset = side === 3 || side === 0 ? _size : 0;
              let isVt = side % 2 == 1;
              setStylePx(_el, isVt ? "left" : "top", _pos - posOffset);
              setStylePx(_el, isVt ? "width" : "height", _size);
              setStylePx(_el, isVt ? "top" : "left", isVt ? plotTopCss : plotLftCss);
              setStylePx(_el, isVt ? "height" : "width", isVt ? plotHgtCss : plotWidCss);
              remClass(_el, OFF);
            } else
              addClass(_el, OFF);
          }
        });
        ctxStroke = ctxFill = ctxWidth = ctxJoin = ctxCap = ctxFont = ctxAlign = ctxBaseline = ctxDash = null;
        ctxAlpha = 1;
        syncRect(true);
        if (plotLftCss != _plotLftCss || plotTopCss != _plotTopCss || plotWidCss != _plotWidCss || plotHgtCss != _plotHgtCss) {
          resetYSeries(false);
          let pctWid = plotWidCss / _plotWidCss;
          let pctHgt = plotHgtCss / _plotHgtCss;
          if (showCursor && !shouldSetCursor && cursor.left >= 0) {
            cursor.left *= pctWid;
            cursor.top *= pctHgt;
            vCursor && elTrans(vCursor, round(cursor.left), 0, plotWidCss, plotHgtCss);
            hCursor && elTrans(hCursor, 0, round(cursor.top), plotWidCss, plotHgtCss);
            for (let i = 0; i < cursorPts.length; i++) {
              let pt = cursorPts[i];
              if (pt != null) {
                cursorPtsLft[i] *= pctWid;
                cursorPtsTop[i] *= pctHgt;
                elTrans(pt, ceil(cursorPtsLft[i]), ceil(cursorPtsTop[i]), plotWidCss, plotHgtCss);
              }
            }
          }
          if (select2.show && !shouldSetSelect && select2.left >= 0 && select2.width > 0) {
            select2.left *= pctWid;
            select2.width *= pctWid;
            select2.top *= pctHgt;
            select2.height *= pctHgt;
            for (let prop in _hideProps)
              setStylePx(selectDiv, prop, select2[prop]);
          }
          _plotLftCss = plotLftCss;
          _plotTopCss = plotTopCss;
          _plotWidCss = plotWidCss;
          _plotHgtCss = plotHgtCss;
        }
        fire("setSize");
        shouldSetSize = false;
      }
      if (fullWidCss > 0 && fullHgtCss > 0) {
        ctx.clearRect(0, 0, can.width, can.height);
        fire("drawClear");
        drawOrder2.forEach((fn) => fn());
        fire("draw");
      }
      if (select2.show && shouldSetSelect) {
        setSelect(select2);
        shouldSetSelect = false;
      }
      if (showCursor && shouldSetCursor) {
        updateCursor(null, true, false);
        shouldSetCursor = false;
      }
      if (legend3.show && legend3.live && shouldSetLegend) {
        setLegend();
        shouldSetLegend = false;
      }
      if (!ready) {
        ready = true;
        self.status = 1;
        fire("ready");
      }
      viaAutoScaleX = false;
      queuedCommit = false;
    }
    self.redraw = (rebuildPaths, recalcAxes) => {
      shouldConvergeSize = recalcAxes || false;
      if (rebuildPaths !== false)
        _setScale(xScaleKey, scaleX.min, scaleX.max);
      else
        commit();
    };
    function setScale(key2, opts2) {
      let sc = scales[key2];
      if (sc.from == null) {
        if (dataLen == 0) {
          let minMax = sc.range(self, opts2.min, opts2.max, key2);
          opts2.min = minMax[0];
          opts2.max = minMax[1];
        }
        if (opts2.min > opts2.max) {
          let _min = opts2.min;
          opts2.min = opts2.max;
          opts2.max = _min;
        }
        if (dataLen > 1 && opts2.min != null && opts2.max != null && opts2.max - opts2.min < 1e-16)
          return;
        if (key2 == xScaleKey) {
          if (sc.distr == 2 && dataLen > 0) {
            opts2.min = closestIdx(opts2.min, data[0]);
            opts2.max = closestIdx(opts2.max, data[0]);
            if (opts2.min == opts2.max)
              opts2.max++;
          }
        }
        pendScales[key2] = opts2;
        shouldSetScales = true;
        commit();
      }
    }
    self.setScale = setScale;
    let xCursor;
    let yCursor;
    let vCursor;
    let hCursor;
    let rawMouseLeft0;
    let rawMouseTop0;
    let mouseLeft0;
    let mouseTop0;
    let rawMouseLeft1;
    let rawMouseTop1;
    let mouseLeft1;
    let mouseTop1;
    let dragging = false;
    const drag = cursor.drag;
    let dragX = drag.x;
    let dragY = drag.y;
    if (showCursor) {
      if (cursor.x)
        xCursor = placeDiv(CURSOR_X, over);
      if (cursor.y)
        yCursor = placeDiv(CURSOR_Y, over);
      if (scaleX.ori == 0) {
        vCursor = xCursor;
        hCursor = yCursor;
      } else {
        vCursor = yCursor;
        hCursor = xCursor;
      }
      mouseLeft1 = cursor.left;
      mouseTop1 = cursor.top;
    }
    const select2 = self.select = assign({
      show: true,
      over: true,
      left: 0,
      width: 0,
      top: 0,
      height: 0
    }, opts.select);
    const selectDiv = select2.show ? placeDiv(SELECT, select2.over ? over : under) : null;
    function setSelect(opts2, _fire) {
      if (select2.show) {
        for (let prop in opts2) {
          select2[prop] = opts2[prop];
          if (prop in _hideProps)
            setStylePx(selectDiv, prop, opts2[prop]);
        }
        _fire !== false && fire("setSelect");
      }
    }
    self.setSelect = setSelect;
    function toggleDOM(i) {
      let s = series[i];
      if (s.show)
        showLegend && remClass(legendRows[i], OFF);
      else {
        showLegend && addClass(legendRows[i], OFF);
        if (showCursor) {
          let pt = cursorOnePt ? cursorPts[0] : cursorPts[i];
          pt != null && elTrans(pt, -10, -10, plotWidCss, plotHgtCss);
        }
      }
    }
    function _setScale(key2, min2, max2) {
      setScale(key2, { min: min2, max: max2 });
    }
    function setSeries(i, opts2, _fire, _pub) {
      if (opts2.focus != null)
        setFocus(i);
      if (opts2.show != null) {
        series.forEach((s, si) => {
          if (si > 0 && (i == si || i == null)) {
            s.show = opts2.show;
            toggleDOM(si);
            if (mode == 2) {
              _setScale(s.facets[0].scale, null, null);
              _setScale(s.facets[1].scale, null, null);
            } else
              _setScale(s.scale, null, null);
            commit();
          }
        });
      }
      _fire !== false && fire("setSeries", i, opts2);
      _pub && pubSync("setSeries", self, i, opts2);
    }
    self.setSeries = setSeries;
    function setBand(bi, opts2) {
      assign(bands[bi], opts2);
    }
    function addBand(opts2, bi) {
      opts2.fill = fnOrSelf(opts2.fill || null);
      opts2.dir = ifNull(opts2.dir, -1);
      bi = bi == null ? bands.length : bi;
      bands.splice(bi, 0, opts2);
    }
    function delBand(bi) {
      if (bi == null)
        bands.length = 0;
      else
        bands.splice(bi, 1);
    }
    self.addBand = addBand;
    self.setBand = setBand;
    self.delBand = delBand;
    function setAlpha(i, value2) {
      series[i].alpha = value2;
      if (showCursor && cursorPts[i] != null)
        cursorPts[i].style.opacity = value2;
      if (showLegend && legendRows[i])
        legendRows[i].style.opacity = value2;
    }
    let closestDist;
    let closestSeries;
    let focusedSeries;
    const FOCUS_TRUE = { focus: true };
    function setFocus(i) {
      if (i != focusedSeries) {
        let allFocused = i == null;
        let _setAlpha = focus.alpha != 1;
        series.forEach((s, i2) => {
          if (mode == 1 || i2 > 0) {
            let isFocused = allFocused || i2 == 0 || i2 == i;
            s._focus = allFocused ? null : isFocused;
            _setAlpha && setAlpha(i2, isFocused ? 1 : focus.alpha);
          }
        });
        focusedSeries = i;
        _setAlpha && commit();
      }
    }
    if (showLegend && cursorFocus) {
      onMouse(mouseleave, legendTable, (e) => {
        if (cursor._lock)
          return;
        setCursorEvent(e);
        if (focusedSeries != null)
          setSeries(null, FOCUS_TRUE, true, syncOpts.setSeries);
      });
    }
    function posToVal(pos, scale, can2) {
      let sc = scales[scale];
      if (can2)
        pos = pos / pxRatio - (sc.ori == 1 ? plotTopCss : plotLftCss);
      let dim = plotWidCss;
      if (sc.ori == 1) {
        dim = plotHgtCss;
        pos = dim - pos;
      }
      if (sc.dir == -1)
        pos = dim - pos;
      let _min = sc._min, _max = sc._max, pct = pos / dim;
      let sv = _min + (_max - _min) * pct;
      let distr = sc.distr;
      return distr == 3 ? pow(10, sv) : distr == 4 ? sinh(sv, sc.asinh) : distr == 100 ? sc.bwd(sv) : sv;
    }
    function closestIdxFromXpos(pos, can2) {
      let v = posToVal(pos, xScaleKey, can2);
      return closestIdx(v, data[0], i0, i1);
    }
    self.valToIdx = (val) => closestIdx(val, data[0]);
    self.posToIdx = closestIdxFromXpos;
    self.posToVal = posToVal;
    self.valToPos = (val, scale, can2) => scales[scale].ori == 0 ? getHPos(
      val,
      scales[scale],
      can2 ? plotWid : plotWidCss,
      can2 ? plotLft : 0
    ) : getVPos(
      val,
      scales[scale],
      can2 ? plotHgt : plotHgtCss,
      can2 ? plotTop : 0
    );
    self.setCursor = (opts2, _fire, _pub) => {
      mouseLeft1 = opts2.left;
      mouseTop1 = opts2.top;
      updateCursor(null, _fire, _pub);
    };
    function setSelH(off2, dim) {
      setStylePx(selectDiv, LEFT, select2.left = off2);
      setStylePx(selectDiv, WIDTH, select2.width = dim);
    }
    function setSelV(off2, dim) {
      setStylePx(selectDiv, TOP, select2.top = off2);
      setStylePx(selectDiv, HEIGHT, select2.height = dim);
    }
    let setSelX = scaleX.ori == 0 ? setSelH : setSelV;
    let setSelY = scaleX.ori == 1 ? setSelH : setSelV;
    function syncLegend() {
      if (showLegend && legend3.live) {
        for (let i = mode == 2 ? 1 : 0; i < series.length; i++) {
          if (i == 0 && multiValLegend)
            continue;
          let vals = legend3.values[i];
          let j = 0;
          for (let k in vals)
            legendCells[i][j++].firstChild.nodeValue = vals[k];
        }
      }
    }
    function setLegend(opts2, _fire) {
      if (opts2 != null) {
        if (opts2.idxs) {
          opts2.idxs.forEach((didx, sidx) => {
            activeIdxs[sidx] = didx;
          });
        } else if (!isUndef(opts2.idx))
          activeIdxs.fill(opts2.idx);
        legend3.idx = activeIdxs[0];
      }
      if (showLegend && legend3.live) {
        for (let sidx = 0; sidx < series.length; sidx++) {
          if (sidx > 0 || mode == 1 && !multiValLegend)
            setLegendValues(sidx, activeIdxs[sidx]);
        }
        syncLegend();
      }
      shouldSetLegend = false;
      _fire !== false && fire("setLegend");
    }
    self.setLegend = setLegend;
    function setLegendValues(sidx, idx) {
      let s = series[sidx];
      let src = sidx == 0 && xScaleDistr == 2 ? data0 : data[sidx];
      let val;
      if (multiValLegend)
        val = s.values(self, sidx, idx) ?? NULL_LEGEND_VALUES;
      else {
        val = s.value(self, idx == null ? null : src[idx], sidx, idx);
        val = val == null ? NULL_LEGEND_VALUES : { _: val };
      }
      legend3.values[sidx] = val;
    }
    function updateCursor(src, _fire, _pub) {
      rawMouseLeft1 = mouseLeft1;
      rawMouseTop1 = mouseTop1;
      [mouseLeft1, mouseTop1] = cursor.move(self, mouseLeft1, mouseTop1);
      cursor.left = mouseLeft1;
      cursor.top = mouseTop1;
      if (showCursor) {
        vCursor && elTrans(vCursor, round(mouseLeft1), 0, plotWidCss, plotHgtCss);
        hCursor && elTrans(hCursor, 0, round(mouseTop1), plotWidCss, plotHgtCss);
      }
      let idx;
      let noDataInRange = i0 > i1;
      closestDist = inf;
      closestSeries = null;
      let xDim = scaleX.ori == 0 ? plotWidCss : plotHgtCss;
      let yDim = scaleX.ori == 1 ? plotWidCss : plotHgtCss;
      if (mouseLeft1 < 0 || dataLen == 0 || noDataInRange) {
        idx = cursor.idx = null;
        for (let i = 0; i < series.length; i++) {
          let pt = cursorPts[i];
          pt != null && elTrans(pt, -10, -10, plotWidCss, plotHgtCss);
        }
        if (cursorFocus)
          setSeries(null, FOCUS_TRUE, true, src == null && syncOpts.setSeries);
        if (legend3.live) {
          activeIdxs.fill(idx);
          shouldSetLegend = true;
        }
      } else {
        let mouseXPos, valAtPosX, xPos;
        if (mode == 1) {
          mouseXPos = scaleX.ori == 0 ? mouseLeft1 : mouseTop1;
          valAtPosX = posToVal(mouseXPos, xScaleKey);
          idx = cursor.idx = closestIdx(valAtPosX, data[0], i0, i1);
          xPos = valToPosX(data[0][idx], scaleX, xDim, 0);
        }
        let _ptLft = -10;
        let _ptTop = -10;
        let _ptWid = 0;
        let _ptHgt = 0;
        let _centered = true;
        let _ptFill = "";
        let _ptStroke = "";
        for (let i = mode == 2 ? 1 : 0; i < series.length; i++) {
          let s = series[i];
          let idx1 = activeIdxs[i];
          let yVal1 = idx1 == null ? null : mode == 1 ? data[i][idx1] : data[i][1][idx1];
          let idx2 = cursor.dataIdx(self, i, idx, valAtPosX);
          let yVal2 = idx2 == null ? null : mode == 1 ? data[i][idx2] : data[i][1][idx2];
          shouldSetLegend = shouldSetLegend || yVal2 != yVal1 || idx2 != idx1;
          activeIdxs[i] = idx2;
          if (i > 0 && s.show) {
            let xPos2 = idx2 == null ? -10 : idx2 == idx ? xPos : valToPosX(mode == 1 ? data[0][idx2] : data[i][0][idx2], scaleX, xDim, 0);
            let yPos = yVal2 == null ? -10 : valToPosY(yVal2, mode == 1 ? scales[s.scale] : scales[s.facets[1].scale], yDim, 0);
            if (cursorFocus && yVal2 != null) {
              let mouseYPos = scaleX.ori == 1 ? mouseLeft1 : mouseTop1;
              let dist = abs(focus.dist(self, i, idx2, yPos, mouseYPos));
              if (dist < closestDist) {
                let bias = focus.bias;
                if (bias != 0) {
                  let mouseYVal = posToVal(mouseYPos, s.scale);
                  let seriesYValSign = yVal2 >= 0 ? 1 : -1;
                  let mouseYValSign = mouseYVal >= 0 ? 1 : -1;
                  if (mouseYValSign == seriesYValSign && (mouseYValSign == 1 ? bias == 1 ? yVal2 >= mouseYVal : yVal2 <= mouseYVal : (
                    // >= 0
                    bias == 1 ? yVal2 <= mouseYVal : yVal2 >= mouseYVal
                  ))) {
                    closestDist = dist;
                    closestSeries = i;
                  }
                } else {
                  closestDist = dist;
                  closestSeries = i;
                }
              }
            }
            if (shouldSetLegend || cursorOnePt) {
              let hPos, vPos;
              if (scaleX.ori == 0) {
                hPos = xPos2;
                vPos = yPos;
              } else {
                hPos = yPos;
                vPos = xPos2;
              }
              let ptWid, ptHgt, ptLft, ptTop, ptStroke, ptFill, centered = true, getBBox = points2.bbox;
              if (getBBox != null) {
                centered = false;
                let bbox = getBBox(self, i);
                ptLft = bbox.left;
                ptTop = bbox.top;
                ptWid = bbox.width;
                ptHgt = bbox.height;
              } else {
                ptLft = hPos;
                ptTop = vPos;
                ptWid = ptHgt = points2.size(self, i);
              }
              ptFill = points2.fill(self, i);
              ptStroke = points2.stroke(self, i);
              if (cursorOnePt) {
                if (i == closestSeries && closestDist <= focus.prox) {
                  _ptLft = ptLft;
                  _ptTop = ptTop;
                  _ptWid = ptWid;
                  _ptHgt = ptHgt;
                  _centered = centered;
                  _ptFill = ptFill;
                  _ptStroke = ptStroke;
                }
              } else {
                let pt = cursorPts[i];
                if (pt != null) {
                  cursorPtsLft[i] = ptLft;
                  cursorPtsTop[i] = ptTop;
                  elSize(pt, ptWid, ptHgt, centered);
                  elColor(pt, ptFill, ptStroke);
                  elTrans(pt, ceil(ptLft), ceil(ptTop), plotWidCss, plotHgtCss);
                }
              }
            }
          }
        }
        if (cursorOnePt) {
          let p = focus.prox;
          let focusChanged = focusedSeries == null ? closestDist <= p : closestDist > p || closestSeries != focusedSeries;
          if (shouldSetLegend || focusChanged) {
            let pt = cursorPts[0];
            if (pt != null) {
              cursorPtsLft[0] = _ptLft;
              cursorPtsTop[0] = _ptTop;
              elSize(pt, _ptWid, _ptHgt, _centered);
              elColor(pt, _ptFill, _ptStroke);
              elTrans(pt, ceil(_ptLft), ceil(_ptTop), plotWidCss, plotHgtCss);
            }
          }
        }
      }
      if (select2.show && dragging) {
        if (src != null) {
          let [xKey, yKey] = syncOpts.scales;
          let [matchXKeys, matchYKeys] = syncOpts.match;
          let [xKeySrc, yKeySrc] = src.cursor.sync.scales;
          let sdrag = src.cursor.drag;
          dragX = sdrag._x;
          dragY = sdrag._y;
          if (dragX || dragY) {
            let { left, top, width, height } = src.select;
            let sori = src.scales[xKeySrc].ori;
            let sPosToVal = src.posToVal;
            let sOff, sDim, sc, a, b;
            let matchingX = xKey != null && matchXKeys(xKey, xKeySrc);
            let matchingY = yKey != null && matchYKeys(yKey, yKeySrc);
            if (matchingX && dragX) {
              if (sori == 0) {
                sOff = left;
                sDim = width;
              } else {
                sOff = top;
                sDim = height;
              }
              sc = scales[xKey];
              a = valToPosX(sPosToVal(sOff, xKeySrc), sc, xDim, 0);
              b = valToPosX(sPosToVal(sOff + sDim, xKeySrc), sc, xDim, 0);
              setSelX(min(a, b), abs(b - a));
            } else
              setSelX(0, xDim);
            if (matchingY && dragY) {
              if (sori == 1) {
                sOff = left;
                sDim = width;
              } else {
                sOff = top;
                sDim = height;
              }
              sc = scales[yKey];
              a = valToPosY(sPosToVal(sOff, yKeySrc), sc, yDim, 0);
              b = valToPosY(sPosToVal(sOff + sDim, yKeySrc), sc, yDim, 0);
              setSelY(min(a, b), abs(b - a));
            } else
              setSelY(0, yDim);
          } else
            hideSelect();
        } else {
          let rawDX = abs(rawMouseLeft1 - rawMouseLeft0);
          let rawDY = abs(rawMouseTop1 - rawMouseTop0);
          if (scaleX.ori == 1) {
            let _rawDX = rawDX;
            rawDX = rawDY;
            rawDY = _rawDX;
          }
          dragX = drag.x && rawDX >= drag.dist;
          dragY = drag.y && rawDY >= drag.dist;
          let uni = drag.uni;
          if (uni != null) {
            if (dragX && dragY) {
              dragX = rawDX >= uni;
              dragY = rawDY >= uni;
              if (!dragX && !dragY) {
                if (rawDY > rawDX)
                  dragY = true;
                else
                  dragX = true;
              }
            }
          } else if (drag.x && drag.y && (dragX || dragY))
            dragX = dragY = true;
          let p0, p1;
          if (dragX) {
            if (scaleX.ori == 0) {
              p0 = mouseLeft0;
              p1 = mouseLeft1;
            } else {
              p0 = mouseTop0;
              p1 = mouseTop1;
            }
            setSelX(min(p0, p1), abs(p1 - p0));
            if (!dragY)
              setSelY(0, yDim);
          }
          if (dragY) {
            if (scaleX.ori == 1) {
              p0 = mouseLeft0;
              p1 = mouseLeft1;
            } else {
              p0 = mouseTop0;
              p1 = mouseTop1;
            }
            setSelY(min(p0, p1), abs(p1 - p0));
            if (!dragX)
              setSelX(0, xDim);
          }
          if (!dragX && !dragY) {
            setSelX(0, 0);
            setSelY(0, 0);
          }
        }
      }
      drag._x = dragX;
      drag._y = dragY;
      if (src == null) {
        if (_pub) {
          if (syncKey != null) {
            let [xSyncKey, ySyncKey] = syncOpts.scales;
            syncOpts.values[0] = xSyncKey != null ? posToVal(scaleX.ori == 0 ? mouseLeft1 : mouseTop1, xSyncKey) : null;
            syncOpts.values[1] = ySyncKey != null ? posToVal(scaleX.ori == 1 ? mouseLeft1 : mouseTop1, ySyncKey) : null;
          }
          pubSync(mousemove, self, mouseLeft1, mouseTop1, plotWidCss, plotHgtCss, idx);
        }
        if (cursorFocus) {
          let shouldPub = _pub && syncOpts.setSeries;
          let p = focus.prox;
          if (focusedSeries == null) {
            if (closestDist <= p)
              setSeries(closestSeries, FOCUS_TRUE, true, shouldPub);
          } else {
            if (closestDist > p)
              setSeries(null, FOCUS_TRUE, true, shouldPub);
            else if (closestSeries != focusedSeries)
              setSeries(closestSeries, FOCUS_TRUE, true, shouldPub);
          }
        }
      }
      if (shouldSetLegend) {
        legend3.idx = idx;
        setLegend();
      }
      _fire !== false && fire("setCursor");
    }
    let rect2 = null;
    Object.defineProperty(self, "rect", {
      get() {
        if (rect2 == null)
          syncRect(false);
        return rect2;
      }
    });
    function syncRect(defer = false) {
      if (defer)
        rect2 = null;
      else {
        rect2 = over.getBoundingClientRect();
        fire("syncRect", rect2);
      }
    }
    function mouseMove(e, src, _l, _t, _w, _h, _i) {
      if (cursor._lock)
        return;
      if (dragging && e != null && e.movementX == 0 && e.movementY == 0)
        return;
      cacheMouse(e, src, _l, _t, _w, _h, _i, false, e != null);
      if (e != null)
        updateCursor(null, true, true);
      else
        updateCursor(src, true, false);
    }
    function cacheMouse(e, src, _l, _t, _w, _h, _i, initial, snap) {
      if (rect2 == null)
        syncRect(false);
      setCursorEvent(e);
      if (e != null) {
        _l = e.clientX - rect2.left;
        _t = e.clientY - rect2.top;
      } else {
        if (_l < 0 || _t < 0) {
          mouseLeft1 = -10;
          mouseTop1 = -10;
          return;
        }
        let [xKey, yKey] = syncOpts.scales;
        let syncOptsSrc = src.cursor.sync;
        let [xValSrc, yValSrc] = syncOptsSrc.values;
        let [xKeySrc, yKeySrc] = syncOptsSrc.scales;
        let [matchXKeys, matchYKeys] = syncOpts.match;
        let rotSrc = src.axes[0].side % 2 == 1;
        let xDim = scaleX.ori == 0 ? plotWidCss : plotHgtCss, yDim = scaleX.ori == 1 ? plotWidCss : plotHgtCss, _xDim = rotSrc ? _h : _w, _yDim = rotSrc ? _w : _h, _xPos = rotSrc ? _t : _l, _yPos = rotSrc ? _l : _t;
        if (xKeySrc != null)
          _l = matchXKeys(xKey, xKeySrc) ? getPos(xValSrc, scales[xKey], xDim, 0) : -10;
        else
          _l = xDim * (_xPos / _xDim);
        if (yKeySrc != null)
          _t = matchYKeys(yKey, yKeySrc) ? getPos(yValSrc, scales[yKey], yDim, 0) : -10;
        else
          _t = yDim * (_yPos / _yDim);
        if (scaleX.ori == 1) {
          let __l = _l;
          _l = _t;
          _t = __l;
        }
      }
      if (snap && (src == null || src.cursor.event.type == mousemove)) {
        if (_l <= 1 || _l >= plotWidCss - 1)
          _l = incrRound(_l, plotWidCss);
        if (_t <= 1 || _t >= plotHgtCss - 1)
          _t = incrRound(_t, plotHgtCss);
      }
      if (initial) {
        rawMouseLeft0 = _l;
        rawMouseTop0 = _t;
        [mouseLeft0, mouseTop0] = cursor.move(self, _l, _t);
      } else {
        mouseLeft1 = _l;
        mouseTop1 = _t;
      }
    }
    const _hideProps = {
      width: 0,
      height: 0,
      left: 0,
      top: 0
    };
    function hideSelect() {
      setSelect(_hideProps, false);
    }
    let downSelectLeft;
    let downSelectTop;
    let downSelectWidth;
    let downSelectHeight;
    function mouseDown(e, src, _l, _t, _w, _h, _i) {
      dragging = true;
      dragX = dragY = drag._x = drag._y = false;
      cacheMouse(e, src, _l, _t, _w, _h, _i, true, false);
      if (e != null) {
        onMouse(mouseup, doc, mouseUp, false);
        pubSync(mousedown, self, mouseLeft0, mouseTop0, plotWidCss, plotHgtCss, null);
      }
      let { left, top, width, height } = select2;
      downSelectLeft = left;
      downSelectTop = top;
      downSelectWidth = width;
      downSelectHeight = height;
    }
    function mouseUp(e, src, _l, _t, _w, _h, _i) {
      dragging = drag._x = drag._y = false;
      cacheMouse(e, src, _l, _t, _w, _h, _i, false, true);
      let { left, top, width, height } = select2;
      let hasSelect = width > 0 || height > 0;
      let chgSelect = downSelectLeft != left || downSelectTop != top || downSelectWidth != width || downSelectHeight != height;
      hasSelect && chgSelect && setSelect(select2);
      if (drag.setScale && hasSelect && chgSelect) {
        let xOff = left, xDim = width, yOff = top, yDim = height;
        if (scaleX.ori == 1) {
          xOff = top, xDim = height, yOff = left, yDim = width;
        }
        if (dragX) {
          _setScale(
            xScaleKey,
            posToVal(xOff, xScaleKey),
            posToVal(xOff + xDim, xScaleKey)
          );
        }
        if (dragY) {
          for (let k in scales) {
            let sc = scales[k];
            if (k != xScaleKey && sc.from == null && sc.min != inf) {
              _setScale(
                k,
                posToVal(yOff + yDim, k),
                posToVal(yOff, k)
              );
            }
          }
        }
        hideSelect();
      } else if (cursor.lock) {
        cursor._lock = !cursor._lock;
        updateCursor(src, true, e != null);
      }
      if (e != null) {
        offMouse(mouseup, doc);
        pubSync(mouseup, self, mouseLeft1, mouseTop1, plotWidCss, plotHgtCss, null);
      }
    }
    function mouseLeave(e, src, _l, _t, _w, _h, _i) {
      if (cursor._lock)
        return;
      setCursorEvent(e);
      let _dragging = dragging;
      if (dragging) {
        let snapH = true;
        let snapV = true;
        let snapProx = 10;
        let dragH, dragV;
        if (scaleX.ori == 0) {
          dragH = dragX;
          dragV = dragY;
        } else {
          dragH = dragY;
          dragV = dragX;
        }
        if (dragH && dragV) {
          snapH = mouseLeft1 <= snapProx || mouseLeft1 >= plotWidCss - snapProx;
          snapV = mouseTop1 <= snapProx || mouseTop1 >= plotHgtCss - snapProx;
        }
        if (dragH && snapH)
          mouseLeft1 = mouseLeft1 < mouseLeft0 ? 0 : plotWidCss;
        if (dragV && snapV)
          mouseTop1 = mouseTop1 < mouseTop0 ? 0 : plotHgtCss;
        updateCursor(null, true, true);
        dragging = false;
      }
      mouseLeft1 = -10;
      mouseTop1 = -10;
      activeIdxs.fill(null);
      updateCursor(null, true, true);
      if (_dragging)
        dragging = _dragging;
    }
    function dblClick(e, src, _l, _t, _w, _h, _i) {
      if (cursor._lock)
        return;
      setCursorEvent(e);
      autoScaleX();
      hideSelect();
      if (e != null)
        pubSync(dblclick, self, mouseLeft1, mouseTop1, plotWidCss, plotHgtCss, null);
    }
    function syncPxRatio() {
      axes.forEach(syncFontSize);
      _setSize(self.width, self.height, true);
    }
    on(dppxchange, win, syncPxRatio);
    const events = {};
    events.mousedown = mouseDown;
    events.mousemove = mouseMove;
    events.mouseup = mouseUp;
    events.dblclick = dblClick;
    events["setSeries"] = (e, src, idx, opts2) => {
      let seriesIdxMatcher2 = syncOpts.match[2];
      idx = seriesIdxMatcher2(self, src, idx);
      idx != -1 && setSeries(idx, opts2, true, false);
    };
    if (showCursor) {
      onMouse(mousedown, over, mouseDown);
      onMouse(mousemove, over, mouseMove);
      onMouse(mouseenter, over, (e) => {
        setCursorEvent(e);
        syncRect(false);
      });
      onMouse(mouseleave, over, mouseLeave);
      onMouse(dblclick, over, dblClick);
      cursorPlots.add(self);
      self.syncRect = syncRect;
    }
    const hooks = self.hooks = opts.hooks || {};
    function fire(evName, a1, a2) {
      if (deferHooks)
        hooksQueue.push([evName, a1, a2]);
      else {
        if (evName in hooks) {
          hooks[evName].forEach((fn) => {
            fn.call(null, self, a1, a2);
          });
        }
      }
    }
    (opts.plugins || []).forEach((p) => {
      for (let evName in p.hooks)
        hooks[evName] = (hooks[evName] || []).concat(p.hooks[evName]);
    });
    const seriesIdxMatcher = (self2, src, srcSeriesIdx) => srcSeriesIdx;
    const syncOpts = assign({
      key: null,
      setSeries: false,
      filters: {
        pub: retTrue,
        sub: retTrue
      },
      scales: [xScaleKey, series[1] ? series[1].scale : null],
      match: [retEq, retEq, seriesIdxMatcher],
      values: [null, null]
    }, cursor.sync);
    if (syncOpts.match.length == 2)
      syncOpts.match.push(seriesIdxMatcher);
    cursor.sync = syncOpts;
    const syncKey = syncOpts.key;
    const sync = _sync(syncKey);
    function pubSync(type, src, x, y, w, h, i) {
      if (syncOpts.filters.pub(type, src, x, y, w, h, i))
        sync.pub(type, src, x, y, w, h, i);
    }
    sync.sub(self);
    function pub(type, src, x, y, w, h, i) {
      if (syncOpts.filters.sub(type, src, x, y, w, h, i))
        events[type](null, src, x, y, w, h, i);
    }
    self.pub = pub;
    function destroy() {
      sync.unsub(self);
      cursorPlots.delete(self);
      mouseListeners.clear();
      off(dppxchange, win, syncPxRatio);
      root2.remove();
      legendTable?.remove();
      fire("destroy");
    }
    self.destroy = destroy;
    function _init() {
      fire("init", opts, data);
      setData(data || opts.data, false);
      if (pendScales[xScaleKey])
        setScale(xScaleKey, pendScales[xScaleKey]);
      else
        autoScaleX();
      shouldSetSelect = select2.show && (select2.width > 0 || select2.height > 0);
      shouldSetCursor = shouldSetLegend = true;
      _setSize(opts.width, opts.height);
    }
    series.forEach(initSeries);
    axes.forEach(initAxis);
    if (then) {
      if (then instanceof HTMLElement) {
        then.appendChild(root2);
        _init();
      } else
        then(self, _init);
    } else
      _init();
    return self;
  }
  uPlot.assign = assign;
  uPlot.fmtNum = fmtNum;
  uPlot.rangeNum = rangeNum;
  uPlot.rangeLog = rangeLog;
  uPlot.rangeAsinh = rangeAsinh;
  uPlot.orient = orient;
  uPlot.pxRatio = pxRatio;
  {
    uPlot.join = join;
  }
  {
    uPlot.fmtDate = fmtDate;
    uPlot.tzDate = tzDate;
  }
  uPlot.sync = _sync;
  {
    uPlot.addGap = addGap;
    uPlot.clipGaps = clipGaps;
    let paths = uPlot.paths = {
      points
    };
    paths.linear = linear;
    paths.stepped = stepped;
    paths.bars = bars;
    paths.spline = monotoneCubic;
  }

  // node_modules/d3-array/dist/d3-array.mjs
  function ascending(a, b) {
    return a == null || b == null ? NaN : a < b ? -1 : a > b ? 1 : a >= b ? 0 : NaN;
  }
  function descending(a, b) {
    return a == null || b == null ? NaN : b < a ? -1 : b > a ? 1 : b >= a ? 0 : NaN;
  }
  function bisector(f) {
    let compare1, compare2, delta;
    if (f.length !== 2) {
      compare1 = ascending;
      compare2 = (d, x) => ascending(f(d), x);
      delta = (d, x) => f(d) - x;
    } else {
      compare1 = f === ascending || f === descending ? f : zero;
      compare2 = f;
      delta = f;
    }
    function left(a, x, lo = 0, hi = a.length) {
      if (lo < hi) {
        if (compare1(x, x) !== 0) return hi;
        do {
          const mid = lo + hi >>> 1;
          if (compare2(a[mid], x) < 0) lo = mid + 1;
          else hi = mid;
        } while (lo < hi);
      }
      return lo;
    }
    function right(a, x, lo = 0, hi = a.length) {
      if (lo < hi) {
        if (compare1(x, x) !== 0) return hi;
        do {
          const mid = lo + hi >>> 1;
          if (compare2(a[mid], x) <= 0) lo = mid + 1;
          else hi = mid;
        } while (lo < hi);
      }
      return lo;
    }
    function center(a, x, lo = 0, hi = a.length) {
      const i = left(a, x, lo, hi - 1);
      return i > lo && delta(a[i - 1], x) > -delta(a[i], x) ? i - 1 : i;
    }
    return { left, center, right };
  }
  function zero() {
    return 0;
  }
  function number2(x) {
    return x === null ? NaN : +x;
  }
  var ascendingBisect = bisector(ascending);
  var bisectRight = ascendingBisect.right;
  var bisectLeft = ascendingBisect.left;
  var bisectCenter = bisector(number2).center;
  var blur2 = Blur2(blurf);
  var blurImage = Blur2(blurfImage);
  function Blur2(blur) {
    return function(data, rx, ry = rx) {
      if (!((rx = +rx) >= 0)) throw new RangeError("invalid rx");
      if (!((ry = +ry) >= 0)) throw new RangeError("invalid ry");
      let { data: values, width, height } = data;
      if (!((width = Math.floor(width)) >= 0)) throw new RangeError("invalid width");
      if (!((height = Math.floor(height !== void 0 ? height : values.length / width)) >= 0)) throw new RangeError("invalid height");
      if (!width || !height || !rx && !ry) return data;
      const blurx = rx && blur(rx);
      const blury = ry && blur(ry);
      const temp = values.slice();
      if (blurx && blury) {
        blurh(blurx, temp, values, width, height);
        blurh(blurx, values, temp, width, height);
        blurh(blurx, temp, values, width, height);
        blurv(blury, values, temp, width, height);
        blurv(blury, temp, values, width, height);
        blurv(blury, values, temp, width, height);
      } else if (blurx) {
        blurh(blurx, values, temp, width, height);
        blurh(blurx, temp, values, width, height);
        blurh(blurx, values, temp, width, height);
      } else if (blury) {
        blurv(blury, values, temp, width, height);
        blurv(blury, temp, values, width, height);
        blurv(blury, values, temp, width, height);
      }
      return data;
    };
  }
  function blurh(blur, T, S, w, h) {
    for (let y = 0, n = w * h; y < n; ) {
      blur(T, S, y, y += w, 1);
    }
  }
  function blurv(blur, T, S, w, h) {
    for (let x = 0, n = w * h; x < w; ++x) {
      blur(T, S, x, x + n, w);
    }
  }
  function blurfImage(radius) {
    const blur = blurf(radius);
    return (T, S, start2, stop, step) => {
      start2 <<= 2, stop <<= 2, step <<= 2;
      blur(T, S, start2 + 0, stop + 0, step);
      blur(T, S, start2 + 1, stop + 1, step);
      blur(T, S, start2 + 2, stop + 2, step);
      blur(T, S, start2 + 3, stop + 3, step);
    };
  }
  function blurf(radius) {
    const radius0 = Math.floor(radius);
    if (radius0 === radius) return bluri(radius);
    const t = radius - radius0;
    const w = 2 * radius + 1;
    return (T, S, start2, stop, step) => {
      if (!((stop -= step) >= start2)) return;
      let sum = radius0 * S[start2];
      const s0 = step * radius0;
      const s1 = s0 + step;
      for (let i = start2, j = start2 + s0; i < j; i += step) {
        sum += S[Math.min(stop, i)];
      }
      for (let i = start2, j = stop; i <= j; i += step) {
        sum += S[Math.min(stop, i + s0)];
        T[i] = (sum + t * (S[Math.max(start2, i - s1)] + S[Math.min(stop, i + s1)])) / w;
        sum -= S[Math.max(start2, i - s0)];
      }
    };
  }
  function bluri(radius) {
    const w = 2 * radius + 1;
    return (T, S, start2, stop, step) => {
      if (!((stop -= step) >= start2)) return;
      let sum = radius * S[start2];
      const s = step * radius;
      for (let i = start2, j = start2 + s; i < j; i += step) {
        sum += S[Math.min(stop, i)];
      }
      for (let i = start2, j = stop; i <= j; i += step) {
        sum += S[Math.min(stop, i + s)];
        T[i] = sum / w;
        sum -= S[Math.max(start2, i - s)];
      }
    };
  }
  var array = Array.prototype;
  var slice = array.slice;
  var e10 = Math.sqrt(50);
  var e5 = Math.sqrt(10);
  var e2 = Math.sqrt(2);
  function tickSpec(start2, stop, count2) {
    const step = (stop - start2) / Math.max(0, count2), power = Math.floor(Math.log10(step)), error = step / Math.pow(10, power), factor = error >= e10 ? 10 : error >= e5 ? 5 : error >= e2 ? 2 : 1;
    let i1, i2, inc;
    if (power < 0) {
      inc = Math.pow(10, -power) / factor;
      i1 = Math.round(start2 * inc);
      i2 = Math.round(stop * inc);
      if (i1 / inc < start2) ++i1;
      if (i2 / inc > stop) --i2;
      inc = -inc;
    } else {
      inc = Math.pow(10, power) * factor;
      i1 = Math.round(start2 / inc);
      i2 = Math.round(stop / inc);
      if (i1 * inc < start2) ++i1;
      if (i2 * inc > stop) --i2;
    }
    if (i2 < i1 && 0.5 <= count2 && count2 < 2) return tickSpec(start2, stop, count2 * 2);
    return [i1, i2, inc];
  }
  function ticks2(start2, stop, count2) {
    stop = +stop, start2 = +start2, count2 = +count2;
    if (!(count2 > 0)) return [];
    if (start2 === stop) return [start2];
    const reverse = stop < start2, [i1, i2, inc] = reverse ? tickSpec(stop, start2, count2) : tickSpec(start2, stop, count2);
    if (!(i2 >= i1)) return [];
    const n = i2 - i1 + 1, ticks3 = new Array(n);
    if (reverse) {
      if (inc < 0) for (let i = 0; i < n; ++i) ticks3[i] = (i2 - i) / -inc;
      else for (let i = 0; i < n; ++i) ticks3[i] = (i2 - i) * inc;
    } else {
      if (inc < 0) for (let i = 0; i < n; ++i) ticks3[i] = (i1 + i) / -inc;
      else for (let i = 0; i < n; ++i) ticks3[i] = (i1 + i) * inc;
    }
    return ticks3;
  }
  function tickIncrement(start2, stop, count2) {
    stop = +stop, start2 = +start2, count2 = +count2;
    return tickSpec(start2, stop, count2)[2];
  }
  function tickStep(start2, stop, count2) {
    stop = +stop, start2 = +start2, count2 = +count2;
    const reverse = stop < start2, inc = reverse ? tickIncrement(stop, start2, count2) : tickIncrement(start2, stop, count2);
    return (reverse ? -1 : 1) * (inc < 0 ? 1 / -inc : inc);
  }
  var shuffle = shuffler(Math.random);
  function shuffler(random) {
    return function shuffle2(array3, i0 = 0, i1 = array3.length) {
      let m = i1 - (i0 = +i0);
      while (m) {
        const i = random() * m-- | 0, t = array3[m + i0];
        array3[m + i0] = array3[i + i0];
        array3[i + i0] = t;
      }
      return array3;
    };
  }

  // node_modules/d3-color/dist/d3-color.mjs
  function define(constructor, factory, prototype) {
    constructor.prototype = factory.prototype = prototype;
    prototype.constructor = constructor;
  }
  function extend(parent, definition) {
    var prototype = Object.create(parent.prototype);
    for (var key in definition) prototype[key] = definition[key];
    return prototype;
  }
  function Color() {
  }
  var darker = 0.7;
  var brighter = 1 / darker;
  var reI = "\\s*([+-]?\\d+)\\s*";
  var reN = "\\s*([+-]?(?:\\d*\\.)?\\d+(?:[eE][+-]?\\d+)?)\\s*";
  var reP = "\\s*([+-]?(?:\\d*\\.)?\\d+(?:[eE][+-]?\\d+)?)%\\s*";
  var reHex = /^#([0-9a-f]{3,8})$/;
  var reRgbInteger = new RegExp(`^rgb\\(${reI},${reI},${reI}\\)$`);
  var reRgbPercent = new RegExp(`^rgb\\(${reP},${reP},${reP}\\)$`);
  var reRgbaInteger = new RegExp(`^rgba\\(${reI},${reI},${reI},${reN}\\)$`);
  var reRgbaPercent = new RegExp(`^rgba\\(${reP},${reP},${reP},${reN}\\)$`);
  var reHslPercent = new RegExp(`^hsl\\(${reN},${reP},${reP}\\)$`);
  var reHslaPercent = new RegExp(`^hsla\\(${reN},${reP},${reP},${reN}\\)$`);
  var named = {
    aliceblue: 15792383,
    antiquewhite: 16444375,
    aqua: 65535,
    aquamarine: 8388564,
    azure: 15794175,
    beige: 16119260,
    bisque: 16770244,
    black: 0,
    blanchedalmond: 16772045,
    blue: 255,
    blueviolet: 9055202,
    brown: 10824234,
    burlywood: 14596231,
    cadetblue: 6266528,
    chartreuse: 8388352,
    chocolate: 13789470,
    coral: 16744272,
    cornflowerblue: 6591981,
    cornsilk: 16775388,
    crimson: 14423100,
    cyan: 65535,
    darkblue: 139,
    darkcyan: 35723,
    darkgoldenrod: 12092939,
    darkgray: 11119017,
    darkgreen: 25600,
    darkgrey: 11119017,
    darkkhaki: 12433259,
    darkmagenta: 9109643,
    darkolivegreen: 5597999,
    darkorange: 16747520,
    darkorchid: 10040012,
    darkred: 9109504,
    darksalmon: 15308410,
    darkseagreen: 9419919,
    darkslateblue: 4734347,
    darkslategray: 3100495,
    darkslategrey: 3100495,
    darkturquoise: 52945,
    darkviolet: 9699539,
    deeppink: 16716947,
    deepskyblue: 49151,
    dimgray: 6908265,
    dimgrey: 6908265,
    dodgerblue: 2003199,
    firebrick: 11674146,
    floralwhite: 16775920,
    forestgreen: 2263842,
    fuchsia: 16711935,
    gainsboro: 14474460,
    ghostwhite: 16316671,
    gold: 16766720,
    goldenrod: 14329120,
    gray: 8421504,
    green: 32768,
    greenyellow: 11403055,
    grey: 8421504,
    honeydew: 15794160,
    hotpink: 16738740,
    indianred: 13458524,
    indigo: 4915330,
    ivory: 16777200,
    khaki: 15787660,
    lavender: 15132410,
    lavenderblush: 16773365,
    lawngreen: 8190976,
    lemonchiffon: 16775885,
    lightblue: 11393254,
    lightcoral: 15761536,
    lightcyan: 14745599,
    lightgoldenrodyellow: 16448210,
    lightgray: 13882323,
    lightgreen: 9498256,
    lightgrey: 13882323,
    lightpink: 16758465,
    lightsalmon: 16752762,
    lightseagreen: 2142890,
    lightskyblue: 8900346,
    lightslategray: 7833753,
    lightslategrey: 7833753,
    lightsteelblue: 11584734,
    lightyellow: 16777184,
    lime: 65280,
    limegreen: 3329330,
    linen: 16445670,
    magenta: 16711935,
    maroon: 8388608,
    mediumaquamarine: 6737322,
    mediumblue: 205,
    mediumorchid: 12211667,
    mediumpurple: 9662683,
    mediumseagreen: 3978097,
    mediumslateblue: 8087790,
    mediumspringgreen: 64154,
    mediumturquoise: 4772300,
    mediumvioletred: 13047173,
    midnightblue: 1644912,
    mintcream: 16121850,
    mistyrose: 16770273,
    moccasin: 16770229,
    navajowhite: 16768685,
    navy: 128,
    oldlace: 16643558,
    olive: 8421376,
    olivedrab: 7048739,
    orange: 16753920,
    orangered: 16729344,
    orchid: 14315734,
    palegoldenrod: 15657130,
    palegreen: 10025880,
    paleturquoise: 11529966,
    palevioletred: 14381203,
    papayawhip: 16773077,
    peachpuff: 16767673,
    peru: 13468991,
    pink: 16761035,
    plum: 14524637,
    powderblue: 11591910,
    purple: 8388736,
    rebeccapurple: 6697881,
    red: 16711680,
    rosybrown: 12357519,
    royalblue: 4286945,
    saddlebrown: 9127187,
    salmon: 16416882,
    sandybrown: 16032864,
    seagreen: 3050327,
    seashell: 16774638,
    sienna: 10506797,
    silver: 12632256,
    skyblue: 8900331,
    slateblue: 6970061,
    slategray: 7372944,
    slategrey: 7372944,
    snow: 16775930,
    springgreen: 65407,
    steelblue: 4620980,
    tan: 13808780,
    teal: 32896,
    thistle: 14204888,
    tomato: 16737095,
    turquoise: 4251856,
    violet: 15631086,
    wheat: 16113331,
    white: 16777215,
    whitesmoke: 16119285,
    yellow: 16776960,
    yellowgreen: 10145074
  };
  define(Color, color, {
    copy(channels) {
      return Object.assign(new this.constructor(), this, channels);
    },
    displayable() {
      return this.rgb().displayable();
    },
    hex: color_formatHex,
    // Deprecated! Use color.formatHex.
    formatHex: color_formatHex,
    formatHex8: color_formatHex8,
    formatHsl: color_formatHsl,
    formatRgb: color_formatRgb,
    toString: color_formatRgb
  });
  function color_formatHex() {
    return this.rgb().formatHex();
  }
  function color_formatHex8() {
    return this.rgb().formatHex8();
  }
  function color_formatHsl() {
    return hslConvert(this).formatHsl();
  }
  function color_formatRgb() {
    return this.rgb().formatRgb();
  }
  function color(format2) {
    var m, l;
    format2 = (format2 + "").trim().toLowerCase();
    return (m = reHex.exec(format2)) ? (l = m[1].length, m = parseInt(m[1], 16), l === 6 ? rgbn(m) : l === 3 ? new Rgb(m >> 8 & 15 | m >> 4 & 240, m >> 4 & 15 | m & 240, (m & 15) << 4 | m & 15, 1) : l === 8 ? rgba(m >> 24 & 255, m >> 16 & 255, m >> 8 & 255, (m & 255) / 255) : l === 4 ? rgba(m >> 12 & 15 | m >> 8 & 240, m >> 8 & 15 | m >> 4 & 240, m >> 4 & 15 | m & 240, ((m & 15) << 4 | m & 15) / 255) : null) : (m = reRgbInteger.exec(format2)) ? new Rgb(m[1], m[2], m[3], 1) : (m = reRgbPercent.exec(format2)) ? new Rgb(m[1] * 255 / 100, m[2] * 255 / 100, m[3] * 255 / 100, 1) : (m = reRgbaInteger.exec(format2)) ? rgba(m[1], m[2], m[3], m[4]) : (m = reRgbaPercent.exec(format2)) ? rgba(m[1] * 255 / 100, m[2] * 255 / 100, m[3] * 255 / 100, m[4]) : (m = reHslPercent.exec(format2)) ? hsla(m[1], m[2] / 100, m[3] / 100, 1) : (m = reHslaPercent.exec(format2)) ? hsla(m[1], m[2] / 100, m[3] / 100, m[4]) : named.hasOwnProperty(format2) ? rgbn(named[format2]) : format2 === "transparent" ? new Rgb(NaN, NaN, NaN, 0) : null;
  }
  function rgbn(n) {
    return new Rgb(n >> 16 & 255, n >> 8 & 255, n & 255, 1);
  }
  function rgba(r, g, b, a) {
    if (a <= 0) r = g = b = NaN;
    return new Rgb(r, g, b, a);
  }
  function rgbConvert(o) {
    if (!(o instanceof Color)) o = color(o);
    if (!o) return new Rgb();
    o = o.rgb();
    return new Rgb(o.r, o.g, o.b, o.opacity);
  }
  function rgb(r, g, b, opacity) {
    return arguments.length === 1 ? rgbConvert(r) : new Rgb(r, g, b, opacity == null ? 1 : opacity);
  }
  function Rgb(r, g, b, opacity) {
    this.r = +r;
    this.g = +g;
    this.b = +b;
    this.opacity = +opacity;
  }
  define(Rgb, rgb, extend(Color, {
    brighter(k) {
      k = k == null ? brighter : Math.pow(brighter, k);
      return new Rgb(this.r * k, this.g * k, this.b * k, this.opacity);
    },
    darker(k) {
      k = k == null ? darker : Math.pow(darker, k);
      return new Rgb(this.r * k, this.g * k, this.b * k, this.opacity);
    },
    rgb() {
      return this;
    },
    clamp() {
      return new Rgb(clampi(this.r), clampi(this.g), clampi(this.b), clampa(this.opacity));
    },
    displayable() {
      return -0.5 <= this.r && this.r < 255.5 && (-0.5 <= this.g && this.g < 255.5) && (-0.5 <= this.b && this.b < 255.5) && (0 <= this.opacity && this.opacity <= 1);
    },
    hex: rgb_formatHex,
    // Deprecated! Use color.formatHex.
    formatHex: rgb_formatHex,
    formatHex8: rgb_formatHex8,
    formatRgb: rgb_formatRgb,
    toString: rgb_formatRgb
  }));
  function rgb_formatHex() {
    return `#${hex(this.r)}${hex(this.g)}${hex(this.b)}`;
  }
  function rgb_formatHex8() {
    return `#${hex(this.r)}${hex(this.g)}${hex(this.b)}${hex((isNaN(this.opacity) ? 1 : this.opacity) * 255)}`;
  }
  function rgb_formatRgb() {
    const a = clampa(this.opacity);
    return `${a === 1 ? "rgb(" : "rgba("}${clampi(this.r)}, ${clampi(this.g)}, ${clampi(this.b)}${a === 1 ? ")" : `, ${a})`}`;
  }
  function clampa(opacity) {
    return isNaN(opacity) ? 1 : Math.max(0, Math.min(1, opacity));
  }
  function clampi(value2) {
    return Math.max(0, Math.min(255, Math.round(value2) || 0));
  }
  function hex(value2) {
    value2 = clampi(value2);
    return (value2 < 16 ? "0" : "") + value2.toString(16);
  }
  function hsla(h, s, l, a) {
    if (a <= 0) h = s = l = NaN;
    else if (l <= 0 || l >= 1) h = s = NaN;
    else if (s <= 0) h = NaN;
    return new Hsl(h, s, l, a);
  }
  function hslConvert(o) {
    if (o instanceof Hsl) return new Hsl(o.h, o.s, o.l, o.opacity);
    if (!(o instanceof Color)) o = color(o);
    if (!o) return new Hsl();
    if (o instanceof Hsl) return o;
    o = o.rgb();
    var r = o.r / 255, g = o.g / 255, b = o.b / 255, min2 = Math.min(r, g, b), max2 = Math.max(r, g, b), h = NaN, s = max2 - min2, l = (max2 + min2) / 2;
    if (s) {
      if (r === max2) h = (g - b) / s + (g < b) * 6;
      else if (g === max2) h = (b - r) / s + 2;
      else h = (r - g) / s + 4;
      s /= l < 0.5 ? max2 + min2 : 2 - max2 - min2;
      h *= 60;
    } else {
      s = l > 0 && l < 1 ? 0 : h;
    }
    return new Hsl(h, s, l, o.opacity);
  }
  function hsl(h, s, l, opacity) {
    return arguments.length === 1 ? hslConvert(h) : new Hsl(h, s, l, opacity == null ? 1 : opacity);
  }
  function Hsl(h, s, l, opacity) {
    this.h = +h;
    this.s = +s;
    this.l = +l;
    this.opacity = +opacity;
  }
  define(Hsl, hsl, extend(Color, {
    brighter(k) {
      k = k == null ? brighter : Math.pow(brighter, k);
      return new Hsl(this.h, this.s, this.l * k, this.opacity);
    },
    darker(k) {
      k = k == null ? darker : Math.pow(darker, k);
      return new Hsl(this.h, this.s, this.l * k, this.opacity);
    },
    rgb() {
      var h = this.h % 360 + (this.h < 0) * 360, s = isNaN(h) || isNaN(this.s) ? 0 : this.s, l = this.l, m2 = l + (l < 0.5 ? l : 1 - l) * s, m1 = 2 * l - m2;
      return new Rgb(
        hsl2rgb(h >= 240 ? h - 240 : h + 120, m1, m2),
        hsl2rgb(h, m1, m2),
        hsl2rgb(h < 120 ? h + 240 : h - 120, m1, m2),
        this.opacity
      );
    },
    clamp() {
      return new Hsl(clamph(this.h), clampt(this.s), clampt(this.l), clampa(this.opacity));
    },
    displayable() {
      return (0 <= this.s && this.s <= 1 || isNaN(this.s)) && (0 <= this.l && this.l <= 1) && (0 <= this.opacity && this.opacity <= 1);
    },
    formatHsl() {
      const a = clampa(this.opacity);
      return `${a === 1 ? "hsl(" : "hsla("}${clamph(this.h)}, ${clampt(this.s) * 100}%, ${clampt(this.l) * 100}%${a === 1 ? ")" : `, ${a})`}`;
    }
  }));
  function clamph(value2) {
    value2 = (value2 || 0) % 360;
    return value2 < 0 ? value2 + 360 : value2;
  }
  function clampt(value2) {
    return Math.max(0, Math.min(1, value2 || 0));
  }
  function hsl2rgb(h, m1, m2) {
    return (h < 60 ? m1 + (m2 - m1) * h / 60 : h < 180 ? m2 : h < 240 ? m1 + (m2 - m1) * (240 - h) / 60 : m1) * 255;
  }
  var radians = Math.PI / 180;
  var degrees = 180 / Math.PI;
  var K = 18;
  var Xn = 0.96422;
  var Yn = 1;
  var Zn = 0.82521;
  var t0 = 4 / 29;
  var t1 = 6 / 29;
  var t2 = 3 * t1 * t1;
  var t3 = t1 * t1 * t1;
  function labConvert(o) {
    if (o instanceof Lab) return new Lab(o.l, o.a, o.b, o.opacity);
    if (o instanceof Hcl) return hcl2lab(o);
    if (!(o instanceof Rgb)) o = rgbConvert(o);
    var r = rgb2lrgb(o.r), g = rgb2lrgb(o.g), b = rgb2lrgb(o.b), y = xyz2lab((0.2225045 * r + 0.7168786 * g + 0.0606169 * b) / Yn), x, z;
    if (r === g && g === b) x = z = y;
    else {
      x = xyz2lab((0.4360747 * r + 0.3850649 * g + 0.1430804 * b) / Xn);
      z = xyz2lab((0.0139322 * r + 0.0971045 * g + 0.7141733 * b) / Zn);
    }
    return new Lab(116 * y - 16, 500 * (x - y), 200 * (y - z), o.opacity);
  }
  function lab(l, a, b, opacity) {
    return arguments.length === 1 ? labConvert(l) : new Lab(l, a, b, opacity == null ? 1 : opacity);
  }
  function Lab(l, a, b, opacity) {
    this.l = +l;
    this.a = +a;
    this.b = +b;
    this.opacity = +opacity;
  }
  define(Lab, lab, extend(Color, {
    brighter(k) {
      return new Lab(this.l + K * (k == null ? 1 : k), this.a, this.b, this.opacity);
    },
    darker(k) {
      return new Lab(this.l - K * (k == null ? 1 : k), this.a, this.b, this.opacity);
    },
    rgb() {
      var y = (this.l + 16) / 116, x = isNaN(this.a) ? y : y + this.a / 500, z = isNaN(this.b) ? y : y - this.b / 200;
      x = Xn * lab2xyz(x);
      y = Yn * lab2xyz(y);
      z = Zn * lab2xyz(z);
      return new Rgb(
        lrgb2rgb(3.1338561 * x - 1.6168667 * y - 0.4906146 * z),
        lrgb2rgb(-0.9787684 * x + 1.9161415 * y + 0.033454 * z),
        lrgb2rgb(0.0719453 * x - 0.2289914 * y + 1.4052427 * z),
        this.opacity
      );
    }
  }));
  function xyz2lab(t) {
    return t > t3 ? Math.pow(t, 1 / 3) : t / t2 + t0;
  }
  function lab2xyz(t) {
    return t > t1 ? t * t * t : t2 * (t - t0);
  }
  function lrgb2rgb(x) {
    return 255 * (x <= 31308e-7 ? 12.92 * x : 1.055 * Math.pow(x, 1 / 2.4) - 0.055);
  }
  function rgb2lrgb(x) {
    return (x /= 255) <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4);
  }
  function hclConvert(o) {
    if (o instanceof Hcl) return new Hcl(o.h, o.c, o.l, o.opacity);
    if (!(o instanceof Lab)) o = labConvert(o);
    if (o.a === 0 && o.b === 0) return new Hcl(NaN, 0 < o.l && o.l < 100 ? 0 : NaN, o.l, o.opacity);
    var h = Math.atan2(o.b, o.a) * degrees;
    return new Hcl(h < 0 ? h + 360 : h, Math.sqrt(o.a * o.a + o.b * o.b), o.l, o.opacity);
  }
  function hcl(h, c, l, opacity) {
    return arguments.length === 1 ? hclConvert(h) : new Hcl(h, c, l, opacity == null ? 1 : opacity);
  }
  function Hcl(h, c, l, opacity) {
    this.h = +h;
    this.c = +c;
    this.l = +l;
    this.opacity = +opacity;
  }
  function hcl2lab(o) {
    if (isNaN(o.h)) return new Lab(o.l, 0, 0, o.opacity);
    var h = o.h * radians;
    return new Lab(o.l, Math.cos(h) * o.c, Math.sin(h) * o.c, o.opacity);
  }
  define(Hcl, hcl, extend(Color, {
    brighter(k) {
      return new Hcl(this.h, this.c, this.l + K * (k == null ? 1 : k), this.opacity);
    },
    darker(k) {
      return new Hcl(this.h, this.c, this.l - K * (k == null ? 1 : k), this.opacity);
    },
    rgb() {
      return hcl2lab(this).rgb();
    }
  }));
  var A = -0.14861;
  var B = 1.78277;
  var C = -0.29227;
  var D = -0.90649;
  var E = 1.97294;
  var ED = E * D;
  var EB = E * B;
  var BC_DA = B * C - D * A;
  function cubehelixConvert(o) {
    if (o instanceof Cubehelix) return new Cubehelix(o.h, o.s, o.l, o.opacity);
    if (!(o instanceof Rgb)) o = rgbConvert(o);
    var r = o.r / 255, g = o.g / 255, b = o.b / 255, l = (BC_DA * b + ED * r - EB * g) / (BC_DA + ED - EB), bl = b - l, k = (E * (g - l) - C * bl) / D, s = Math.sqrt(k * k + bl * bl) / (E * l * (1 - l)), h = s ? Math.atan2(k, bl) * degrees - 120 : NaN;
    return new Cubehelix(h < 0 ? h + 360 : h, s, l, o.opacity);
  }
  function cubehelix(h, s, l, opacity) {
    return arguments.length === 1 ? cubehelixConvert(h) : new Cubehelix(h, s, l, opacity == null ? 1 : opacity);
  }
  function Cubehelix(h, s, l, opacity) {
    this.h = +h;
    this.s = +s;
    this.l = +l;
    this.opacity = +opacity;
  }
  define(Cubehelix, cubehelix, extend(Color, {
    brighter(k) {
      k = k == null ? brighter : Math.pow(brighter, k);
      return new Cubehelix(this.h, this.s, this.l * k, this.opacity);
    },
    darker(k) {
      k = k == null ? darker : Math.pow(darker, k);
      return new Cubehelix(this.h, this.s, this.l * k, this.opacity);
    },
    rgb() {
      var h = isNaN(this.h) ? 0 : (this.h + 120) * radians, l = +this.l, a = isNaN(this.s) ? 0 : this.s * l * (1 - l), cosh2 = Math.cos(h), sinh3 = Math.sin(h);
      return new Rgb(
        255 * (l + a * (A * cosh2 + B * sinh3)),
        255 * (l + a * (C * cosh2 + D * sinh3)),
        255 * (l + a * (E * cosh2)),
        this.opacity
      );
    }
  }));

  // node_modules/d3-interpolate/dist/d3-interpolate.mjs
  function basis(t12, v0, v1, v2, v3) {
    var t22 = t12 * t12, t32 = t22 * t12;
    return ((1 - 3 * t12 + 3 * t22 - t32) * v0 + (4 - 6 * t22 + 3 * t32) * v1 + (1 + 3 * t12 + 3 * t22 - 3 * t32) * v2 + t32 * v3) / 6;
  }
  function basis$1(values) {
    var n = values.length - 1;
    return function(t) {
      var i = t <= 0 ? t = 0 : t >= 1 ? (t = 1, n - 1) : Math.floor(t * n), v1 = values[i], v2 = values[i + 1], v0 = i > 0 ? values[i - 1] : 2 * v1 - v2, v3 = i < n - 1 ? values[i + 2] : 2 * v2 - v1;
      return basis((t - i / n) * n, v0, v1, v2, v3);
    };
  }
  function basisClosed(values) {
    var n = values.length;
    return function(t) {
      var i = Math.floor(((t %= 1) < 0 ? ++t : t) * n), v0 = values[(i + n - 1) % n], v1 = values[i % n], v2 = values[(i + 1) % n], v3 = values[(i + 2) % n];
      return basis((t - i / n) * n, v0, v1, v2, v3);
    };
  }
  var constant = (x) => () => x;
  function linear2(a, d) {
    return function(t) {
      return a + t * d;
    };
  }
  function exponential(a, b, y) {
    return a = Math.pow(a, y), b = Math.pow(b, y) - a, y = 1 / y, function(t) {
      return Math.pow(a + t * b, y);
    };
  }
  function hue$1(a, b) {
    var d = b - a;
    return d ? linear2(a, d > 180 || d < -180 ? d - 360 * Math.round(d / 360) : d) : constant(isNaN(a) ? b : a);
  }
  function gamma(y) {
    return (y = +y) === 1 ? nogamma : function(a, b) {
      return b - a ? exponential(a, b, y) : constant(isNaN(a) ? b : a);
    };
  }
  function nogamma(a, b) {
    var d = b - a;
    return d ? linear2(a, d) : constant(isNaN(a) ? b : a);
  }
  var rgb2 = (function rgbGamma(y) {
    var color2 = gamma(y);
    function rgb3(start2, end) {
      var r = color2((start2 = rgb(start2)).r, (end = rgb(end)).r), g = color2(start2.g, end.g), b = color2(start2.b, end.b), opacity = nogamma(start2.opacity, end.opacity);
      return function(t) {
        start2.r = r(t);
        start2.g = g(t);
        start2.b = b(t);
        start2.opacity = opacity(t);
        return start2 + "";
      };
    }
    rgb3.gamma = rgbGamma;
    return rgb3;
  })(1);
  function rgbSpline(spline) {
    return function(colors) {
      var n = colors.length, r = new Array(n), g = new Array(n), b = new Array(n), i, color2;
      for (i = 0; i < n; ++i) {
        color2 = rgb(colors[i]);
        r[i] = color2.r || 0;
        g[i] = color2.g || 0;
        b[i] = color2.b || 0;
      }
      r = spline(r);
      g = spline(g);
      b = spline(b);
      color2.opacity = 1;
      return function(t) {
        color2.r = r(t);
        color2.g = g(t);
        color2.b = b(t);
        return color2 + "";
      };
    };
  }
  var rgbBasis = rgbSpline(basis$1);
  var rgbBasisClosed = rgbSpline(basisClosed);
  function numberArray(a, b) {
    if (!b) b = [];
    var n = a ? Math.min(b.length, a.length) : 0, c = b.slice(), i;
    return function(t) {
      for (i = 0; i < n; ++i) c[i] = a[i] * (1 - t) + b[i] * t;
      return c;
    };
  }
  function isNumberArray(x) {
    return ArrayBuffer.isView(x) && !(x instanceof DataView);
  }
  function genericArray(a, b) {
    var nb = b ? b.length : 0, na = a ? Math.min(nb, a.length) : 0, x = new Array(na), c = new Array(nb), i;
    for (i = 0; i < na; ++i) x[i] = value(a[i], b[i]);
    for (; i < nb; ++i) c[i] = b[i];
    return function(t) {
      for (i = 0; i < na; ++i) c[i] = x[i](t);
      return c;
    };
  }
  function date(a, b) {
    var d = /* @__PURE__ */ new Date();
    return a = +a, b = +b, function(t) {
      return d.setTime(a * (1 - t) + b * t), d;
    };
  }
  function number3(a, b) {
    return a = +a, b = +b, function(t) {
      return a * (1 - t) + b * t;
    };
  }
  function object(a, b) {
    var i = {}, c = {}, k;
    if (a === null || typeof a !== "object") a = {};
    if (b === null || typeof b !== "object") b = {};
    for (k in b) {
      if (k in a) {
        i[k] = value(a[k], b[k]);
      } else {
        c[k] = b[k];
      }
    }
    return function(t) {
      for (k in i) c[k] = i[k](t);
      return c;
    };
  }
  var reA = /[-+]?(?:\d+\.?\d*|\.?\d+)(?:[eE][-+]?\d+)?/g;
  var reB = new RegExp(reA.source, "g");
  function zero2(b) {
    return function() {
      return b;
    };
  }
  function one(b) {
    return function(t) {
      return b(t) + "";
    };
  }
  function string(a, b) {
    var bi = reA.lastIndex = reB.lastIndex = 0, am, bm, bs, i = -1, s = [], q = [];
    a = a + "", b = b + "";
    while ((am = reA.exec(a)) && (bm = reB.exec(b))) {
      if ((bs = bm.index) > bi) {
        bs = b.slice(bi, bs);
        if (s[i]) s[i] += bs;
        else s[++i] = bs;
      }
      if ((am = am[0]) === (bm = bm[0])) {
        if (s[i]) s[i] += bm;
        else s[++i] = bm;
      } else {
        s[++i] = null;
        q.push({ i, x: number3(am, bm) });
      }
      bi = reB.lastIndex;
    }
    if (bi < b.length) {
      bs = b.slice(bi);
      if (s[i]) s[i] += bs;
      else s[++i] = bs;
    }
    return s.length < 2 ? q[0] ? one(q[0].x) : zero2(b) : (b = q.length, function(t) {
      for (var i2 = 0, o; i2 < b; ++i2) s[(o = q[i2]).i] = o.x(t);
      return s.join("");
    });
  }
  function value(a, b) {
    var t = typeof b, c;
    return b == null || t === "boolean" ? constant(b) : (t === "number" ? number3 : t === "string" ? (c = color(b)) ? (b = c, rgb2) : string : b instanceof color ? rgb2 : b instanceof Date ? date : isNumberArray(b) ? numberArray : Array.isArray(b) ? genericArray : typeof b.valueOf !== "function" && typeof b.toString !== "function" || isNaN(b) ? object : number3)(a, b);
  }
  function round2(a, b) {
    return a = +a, b = +b, function(t) {
      return Math.round(a * (1 - t) + b * t);
    };
  }
  var degrees2 = 180 / Math.PI;
  var identity = {
    translateX: 0,
    translateY: 0,
    rotate: 0,
    skewX: 0,
    scaleX: 1,
    scaleY: 1
  };
  function decompose(a, b, c, d, e, f) {
    var scaleX, scaleY, skewX;
    if (scaleX = Math.sqrt(a * a + b * b)) a /= scaleX, b /= scaleX;
    if (skewX = a * c + b * d) c -= a * skewX, d -= b * skewX;
    if (scaleY = Math.sqrt(c * c + d * d)) c /= scaleY, d /= scaleY, skewX /= scaleY;
    if (a * d < b * c) a = -a, b = -b, skewX = -skewX, scaleX = -scaleX;
    return {
      translateX: e,
      translateY: f,
      rotate: Math.atan2(b, a) * degrees2,
      skewX: Math.atan(skewX) * degrees2,
      scaleX,
      scaleY
    };
  }
  var svgNode;
  function parseCss(value2) {
    const m = new (typeof DOMMatrix === "function" ? DOMMatrix : WebKitCSSMatrix)(value2 + "");
    return m.isIdentity ? identity : decompose(m.a, m.b, m.c, m.d, m.e, m.f);
  }
  function parseSvg(value2) {
    if (value2 == null) return identity;
    if (!svgNode) svgNode = document.createElementNS("http://www.w3.org/2000/svg", "g");
    svgNode.setAttribute("transform", value2);
    if (!(value2 = svgNode.transform.baseVal.consolidate())) return identity;
    value2 = value2.matrix;
    return decompose(value2.a, value2.b, value2.c, value2.d, value2.e, value2.f);
  }
  function interpolateTransform(parse, pxComma, pxParen, degParen) {
    function pop(s) {
      return s.length ? s.pop() + " " : "";
    }
    function translate(xa, ya, xb, yb, s, q) {
      if (xa !== xb || ya !== yb) {
        var i = s.push("translate(", null, pxComma, null, pxParen);
        q.push({ i: i - 4, x: number3(xa, xb) }, { i: i - 2, x: number3(ya, yb) });
      } else if (xb || yb) {
        s.push("translate(" + xb + pxComma + yb + pxParen);
      }
    }
    function rotate(a, b, s, q) {
      if (a !== b) {
        if (a - b > 180) b += 360;
        else if (b - a > 180) a += 360;
        q.push({ i: s.push(pop(s) + "rotate(", null, degParen) - 2, x: number3(a, b) });
      } else if (b) {
        s.push(pop(s) + "rotate(" + b + degParen);
      }
    }
    function skewX(a, b, s, q) {
      if (a !== b) {
        q.push({ i: s.push(pop(s) + "skewX(", null, degParen) - 2, x: number3(a, b) });
      } else if (b) {
        s.push(pop(s) + "skewX(" + b + degParen);
      }
    }
    function scale(xa, ya, xb, yb, s, q) {
      if (xa !== xb || ya !== yb) {
        var i = s.push(pop(s) + "scale(", null, ",", null, ")");
        q.push({ i: i - 4, x: number3(xa, xb) }, { i: i - 2, x: number3(ya, yb) });
      } else if (xb !== 1 || yb !== 1) {
        s.push(pop(s) + "scale(" + xb + "," + yb + ")");
      }
    }
    return function(a, b) {
      var s = [], q = [];
      a = parse(a), b = parse(b);
      translate(a.translateX, a.translateY, b.translateX, b.translateY, s, q);
      rotate(a.rotate, b.rotate, s, q);
      skewX(a.skewX, b.skewX, s, q);
      scale(a.scaleX, a.scaleY, b.scaleX, b.scaleY, s, q);
      a = b = null;
      return function(t) {
        var i = -1, n = q.length, o;
        while (++i < n) s[(o = q[i]).i] = o.x(t);
        return s.join("");
      };
    };
  }
  var interpolateTransformCss = interpolateTransform(parseCss, "px, ", "px)", "deg)");
  var interpolateTransformSvg = interpolateTransform(parseSvg, ", ", ")", ")");
  var epsilon2 = 1e-12;
  function cosh(x) {
    return ((x = Math.exp(x)) + 1 / x) / 2;
  }
  function sinh2(x) {
    return ((x = Math.exp(x)) - 1 / x) / 2;
  }
  function tanh(x) {
    return ((x = Math.exp(2 * x)) - 1) / (x + 1);
  }
  var zoom = (function zoomRho(rho, rho2, rho4) {
    function zoom3(p0, p1) {
      var ux0 = p0[0], uy0 = p0[1], w0 = p0[2], ux1 = p1[0], uy1 = p1[1], w1 = p1[2], dx = ux1 - ux0, dy = uy1 - uy0, d2 = dx * dx + dy * dy, i, S;
      if (d2 < epsilon2) {
        S = Math.log(w1 / w0) / rho;
        i = function(t) {
          return [
            ux0 + t * dx,
            uy0 + t * dy,
            w0 * Math.exp(rho * t * S)
          ];
        };
      } else {
        var d1 = Math.sqrt(d2), b02 = (w1 * w1 - w0 * w0 + rho4 * d2) / (2 * w0 * rho2 * d1), b12 = (w1 * w1 - w0 * w0 - rho4 * d2) / (2 * w1 * rho2 * d1), r0 = Math.log(Math.sqrt(b02 * b02 + 1) - b02), r1 = Math.log(Math.sqrt(b12 * b12 + 1) - b12);
        S = (r1 - r0) / rho;
        i = function(t) {
          var s = t * S, coshr0 = cosh(r0), u = w0 / (rho2 * d1) * (coshr0 * tanh(rho * s + r0) - sinh2(r0));
          return [
            ux0 + u * dx,
            uy0 + u * dy,
            w0 * coshr0 / cosh(rho * s + r0)
          ];
        };
      }
      i.duration = Math.abs(S) * 1e3 * rho / Math.SQRT2;
      return i;
    }
    zoom3.rho = function(_2) {
      var _1 = Math.max(1e-3, +_2), _22 = _1 * _1, _4 = _22 * _22;
      return zoomRho(_1, _22, _4);
    };
    return zoom3;
  })(Math.SQRT2, 2, 4);
  function hsl2(hue) {
    return function(start2, end) {
      var h = hue((start2 = hsl(start2)).h, (end = hsl(end)).h), s = nogamma(start2.s, end.s), l = nogamma(start2.l, end.l), opacity = nogamma(start2.opacity, end.opacity);
      return function(t) {
        start2.h = h(t);
        start2.s = s(t);
        start2.l = l(t);
        start2.opacity = opacity(t);
        return start2 + "";
      };
    };
  }
  var hsl_default = hsl2(hue$1);
  var hslLong = hsl2(nogamma);
  function hcl2(hue) {
    return function(start2, end) {
      var h = hue((start2 = hcl(start2)).h, (end = hcl(end)).h), c = nogamma(start2.c, end.c), l = nogamma(start2.l, end.l), opacity = nogamma(start2.opacity, end.opacity);
      return function(t) {
        start2.h = h(t);
        start2.c = c(t);
        start2.l = l(t);
        start2.opacity = opacity(t);
        return start2 + "";
      };
    };
  }
  var hcl_default = hcl2(hue$1);
  var hclLong = hcl2(nogamma);
  function cubehelix2(hue) {
    return (function cubehelixGamma(y) {
      y = +y;
      function cubehelix3(start2, end) {
        var h = hue((start2 = cubehelix(start2)).h, (end = cubehelix(end)).h), s = nogamma(start2.s, end.s), l = nogamma(start2.l, end.l), opacity = nogamma(start2.opacity, end.opacity);
        return function(t) {
          start2.h = h(t);
          start2.s = s(t);
          start2.l = l(Math.pow(t, y));
          start2.opacity = opacity(t);
          return start2 + "";
        };
      }
      cubehelix3.gamma = cubehelixGamma;
      return cubehelix3;
    })(1);
  }
  var cubehelix_default = cubehelix2(hue$1);
  var cubehelixLong = cubehelix2(nogamma);

  // node_modules/d3-format/dist/d3-format.mjs
  function formatDecimal(x) {
    return Math.abs(x = Math.round(x)) >= 1e21 ? x.toLocaleString("en").replace(/,/g, "") : x.toString(10);
  }
  function formatDecimalParts(x, p) {
    if (!isFinite(x) || x === 0) return null;
    var i = (x = p ? x.toExponential(p - 1) : x.toExponential()).indexOf("e"), coefficient = x.slice(0, i);
    return [
      coefficient.length > 1 ? coefficient[0] + coefficient.slice(2) : coefficient,
      +x.slice(i + 1)
    ];
  }
  function exponent(x) {
    return x = formatDecimalParts(Math.abs(x)), x ? x[1] : NaN;
  }
  function formatGroup(grouping, thousands) {
    return function(value2, width) {
      var i = value2.length, t = [], j = 0, g = grouping[0], length = 0;
      while (i > 0 && g > 0) {
        if (length + g + 1 > width) g = Math.max(1, width - length);
        t.push(value2.substring(i -= g, i + g));
        if ((length += g + 1) > width) break;
        g = grouping[j = (j + 1) % grouping.length];
      }
      return t.reverse().join(thousands);
    };
  }
  function formatNumerals(numerals) {
    return function(value2) {
      return value2.replace(/[0-9]/g, function(i) {
        return numerals[+i];
      });
    };
  }
  var re = /^(?:(.)?([<>=^]))?([+\-( ])?([$#])?(0)?(\d+)?(,)?(\.\d+)?(~)?([a-z%])?$/i;
  function formatSpecifier(specifier) {
    if (!(match = re.exec(specifier))) throw new Error("invalid format: " + specifier);
    var match;
    return new FormatSpecifier({
      fill: match[1],
      align: match[2],
      sign: match[3],
      symbol: match[4],
      zero: match[5],
      width: match[6],
      comma: match[7],
      precision: match[8] && match[8].slice(1),
      trim: match[9],
      type: match[10]
    });
  }
  formatSpecifier.prototype = FormatSpecifier.prototype;
  function FormatSpecifier(specifier) {
    this.fill = specifier.fill === void 0 ? " " : specifier.fill + "";
    this.align = specifier.align === void 0 ? ">" : specifier.align + "";
    this.sign = specifier.sign === void 0 ? "-" : specifier.sign + "";
    this.symbol = specifier.symbol === void 0 ? "" : specifier.symbol + "";
    this.zero = !!specifier.zero;
    this.width = specifier.width === void 0 ? void 0 : +specifier.width;
    this.comma = !!specifier.comma;
    this.precision = specifier.precision === void 0 ? void 0 : +specifier.precision;
    this.trim = !!specifier.trim;
    this.type = specifier.type === void 0 ? "" : specifier.type + "";
  }
  FormatSpecifier.prototype.toString = function() {
    return this.fill + this.align + this.sign + this.symbol + (this.zero ? "0" : "") + (this.width === void 0 ? "" : Math.max(1, this.width | 0)) + (this.comma ? "," : "") + (this.precision === void 0 ? "" : "." + Math.max(0, this.precision | 0)) + (this.trim ? "~" : "") + this.type;
  };
  function formatTrim(s) {
    out: for (var n = s.length, i = 1, i0 = -1, i1; i < n; ++i) {
      switch (s[i]) {
        case ".":
          i0 = i1 = i;
          break;
        case "0":
          if (i0 === 0) i0 = i;
          i1 = i;
          break;
        default:
          if (!+s[i]) break out;
          if (i0 > 0) i0 = 0;
          break;
      }
    }
    return i0 > 0 ? s.slice(0, i0) + s.slice(i1 + 1) : s;
  }
  var prefixExponent;
  function formatPrefixAuto(x, p) {
    var d = formatDecimalParts(x, p);
    if (!d) return prefixExponent = void 0, x.toPrecision(p);
    var coefficient = d[0], exponent3 = d[1], i = exponent3 - (prefixExponent = Math.max(-8, Math.min(8, Math.floor(exponent3 / 3))) * 3) + 1, n = coefficient.length;
    return i === n ? coefficient : i > n ? coefficient + new Array(i - n + 1).join("0") : i > 0 ? coefficient.slice(0, i) + "." + coefficient.slice(i) : "0." + new Array(1 - i).join("0") + formatDecimalParts(x, Math.max(0, p + i - 1))[0];
  }
  function formatRounded(x, p) {
    var d = formatDecimalParts(x, p);
    if (!d) return x + "";
    var coefficient = d[0], exponent3 = d[1];
    return exponent3 < 0 ? "0." + new Array(-exponent3).join("0") + coefficient : coefficient.length > exponent3 + 1 ? coefficient.slice(0, exponent3 + 1) + "." + coefficient.slice(exponent3 + 1) : coefficient + new Array(exponent3 - coefficient.length + 2).join("0");
  }
  var formatTypes = {
    "%": (x, p) => (x * 100).toFixed(p),
    "b": (x) => Math.round(x).toString(2),
    "c": (x) => x + "",
    "d": formatDecimal,
    "e": (x, p) => x.toExponential(p),
    "f": (x, p) => x.toFixed(p),
    "g": (x, p) => x.toPrecision(p),
    "o": (x) => Math.round(x).toString(8),
    "p": (x, p) => formatRounded(x * 100, p),
    "r": formatRounded,
    "s": formatPrefixAuto,
    "X": (x) => Math.round(x).toString(16).toUpperCase(),
    "x": (x) => Math.round(x).toString(16)
  };
  function identity2(x) {
    return x;
  }
  var map = Array.prototype.map;
  var prefixes = ["y", "z", "a", "f", "p", "n", "\xB5", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
  function formatLocale(locale2) {
    var group = locale2.grouping === void 0 || locale2.thousands === void 0 ? identity2 : formatGroup(map.call(locale2.grouping, Number), locale2.thousands + ""), currencyPrefix = locale2.currency === void 0 ? "" : locale2.currency[0] + "", currencySuffix = locale2.currency === void 0 ? "" : locale2.currency[1] + "", decimal = locale2.decimal === void 0 ? "." : locale2.decimal + "", numerals = locale2.numerals === void 0 ? identity2 : formatNumerals(map.call(locale2.numerals, String)), percent = locale2.percent === void 0 ? "%" : locale2.percent + "", minus = locale2.minus === void 0 ? "\u2212" : locale2.minus + "", nan = locale2.nan === void 0 ? "NaN" : locale2.nan + "";
    function newFormat(specifier, options) {
      specifier = formatSpecifier(specifier);
      var fill2 = specifier.fill, align = specifier.align, sign2 = specifier.sign, symbol = specifier.symbol, zero3 = specifier.zero, width = specifier.width, comma = specifier.comma, precision = specifier.precision, trim = specifier.trim, type = specifier.type;
      if (type === "n") comma = true, type = "g";
      else if (!formatTypes[type]) precision === void 0 && (precision = 12), trim = true, type = "g";
      if (zero3 || fill2 === "0" && align === "=") zero3 = true, fill2 = "0", align = "=";
      var prefix = (options && options.prefix !== void 0 ? options.prefix : "") + (symbol === "$" ? currencyPrefix : symbol === "#" && /[boxX]/.test(type) ? "0" + type.toLowerCase() : ""), suffix = (symbol === "$" ? currencySuffix : /[%p]/.test(type) ? percent : "") + (options && options.suffix !== void 0 ? options.suffix : "");
      var formatType = formatTypes[type], maybeSuffix = /[defgprs%]/.test(type);
      precision = precision === void 0 ? 6 : /[gprs]/.test(type) ? Math.max(1, Math.min(21, precision)) : Math.max(0, Math.min(20, precision));
      function format2(value2) {
        var valuePrefix = prefix, valueSuffix = suffix, i, n, c;
        if (type === "c") {
          valueSuffix = formatType(value2) + valueSuffix;
          value2 = "";
        } else {
          value2 = +value2;
          var valueNegative = value2 < 0 || 1 / value2 < 0;
          value2 = isNaN(value2) ? nan : formatType(Math.abs(value2), precision);
          if (trim) value2 = formatTrim(value2);
          if (valueNegative && +value2 === 0 && sign2 !== "+") valueNegative = false;
          valuePrefix = (valueNegative ? sign2 === "(" ? sign2 : minus : sign2 === "-" || sign2 === "(" ? "" : sign2) + valuePrefix;
          valueSuffix = (type === "s" && !isNaN(value2) && prefixExponent !== void 0 ? prefixes[8 + prefixExponent / 3] : "") + valueSuffix + (valueNegative && sign2 === "(" ? ")" : "");
          if (maybeSuffix) {
            i = -1, n = value2.length;
            while (++i < n) {
              if (c = value2.charCodeAt(i), 48 > c || c > 57) {
                valueSuffix = (c === 46 ? decimal + value2.slice(i + 1) : value2.slice(i)) + valueSuffix;
                value2 = value2.slice(0, i);
                break;
              }
            }
          }
        }
        if (comma && !zero3) value2 = group(value2, Infinity);
        var length = valuePrefix.length + value2.length + valueSuffix.length, padding = length < width ? new Array(width - length + 1).join(fill2) : "";
        if (comma && zero3) value2 = group(padding + value2, padding.length ? width - valueSuffix.length : Infinity), padding = "";
        switch (align) {
          case "<":
            value2 = valuePrefix + value2 + valueSuffix + padding;
            break;
          case "=":
            value2 = valuePrefix + padding + value2 + valueSuffix;
            break;
          case "^":
            value2 = padding.slice(0, length = padding.length >> 1) + valuePrefix + value2 + valueSuffix + padding.slice(length);
            break;
          default:
            value2 = padding + valuePrefix + value2 + valueSuffix;
            break;
        }
        return numerals(value2);
      }
      format2.toString = function() {
        return specifier + "";
      };
      return format2;
    }
    function formatPrefix2(specifier, value2) {
      var e = Math.max(-8, Math.min(8, Math.floor(exponent(value2) / 3))) * 3, k = Math.pow(10, -e), f = newFormat((specifier = formatSpecifier(specifier), specifier.type = "f", specifier), { suffix: prefixes[8 + e / 3] });
      return function(value3) {
        return f(k * value3);
      };
    }
    return {
      format: newFormat,
      formatPrefix: formatPrefix2
    };
  }
  var locale;
  var format;
  var formatPrefix;
  defaultLocale({
    thousands: ",",
    grouping: [3],
    currency: ["$", ""]
  });
  function defaultLocale(definition) {
    locale = formatLocale(definition);
    format = locale.format;
    formatPrefix = locale.formatPrefix;
    return locale;
  }
  function precisionFixed(step) {
    return Math.max(0, -exponent(Math.abs(step)));
  }
  function precisionPrefix(step, value2) {
    return Math.max(0, Math.max(-8, Math.min(8, Math.floor(exponent(value2) / 3))) * 3 - exponent(Math.abs(step)));
  }
  function precisionRound(step, max2) {
    step = Math.abs(step), max2 = Math.abs(max2) - step;
    return Math.max(0, exponent(max2) - exponent(step)) + 1;
  }

  // node_modules/d3-scale/dist/d3-scale.mjs
  function initRange(domain, range2) {
    switch (arguments.length) {
      case 0:
        break;
      case 1:
        this.range(domain);
        break;
      default:
        this.range(range2).domain(domain);
        break;
    }
    return this;
  }
  function constants(x) {
    return function() {
      return x;
    };
  }
  function number$1(x) {
    return +x;
  }
  var unit = [0, 1];
  function identity$1(x) {
    return x;
  }
  function normalize(a, b) {
    return (b -= a = +a) ? function(x) {
      return (x - a) / b;
    } : constants(isNaN(b) ? NaN : 0.5);
  }
  function clamper(a, b) {
    var t;
    if (a > b) t = a, a = b, b = t;
    return function(x) {
      return Math.max(a, Math.min(b, x));
    };
  }
  function bimap(domain, range2, interpolate2) {
    var d0 = domain[0], d1 = domain[1], r0 = range2[0], r1 = range2[1];
    if (d1 < d0) d0 = normalize(d1, d0), r0 = interpolate2(r1, r0);
    else d0 = normalize(d0, d1), r0 = interpolate2(r0, r1);
    return function(x) {
      return r0(d0(x));
    };
  }
  function polymap(domain, range2, interpolate2) {
    var j = Math.min(domain.length, range2.length) - 1, d = new Array(j), r = new Array(j), i = -1;
    if (domain[j] < domain[0]) {
      domain = domain.slice().reverse();
      range2 = range2.slice().reverse();
    }
    while (++i < j) {
      d[i] = normalize(domain[i], domain[i + 1]);
      r[i] = interpolate2(range2[i], range2[i + 1]);
    }
    return function(x) {
      var i2 = bisectRight(domain, x, 1, j) - 1;
      return r[i2](d[i2](x));
    };
  }
  function copy$1(source2, target) {
    return target.domain(source2.domain()).range(source2.range()).interpolate(source2.interpolate()).clamp(source2.clamp()).unknown(source2.unknown());
  }
  function transformer$2() {
    var domain = unit, range2 = unit, interpolate$1 = value, transform2, untransform, unknown, clamp2 = identity$1, piecewise2, output, input;
    function rescale() {
      var n = Math.min(domain.length, range2.length);
      if (clamp2 !== identity$1) clamp2 = clamper(domain[0], domain[n - 1]);
      piecewise2 = n > 2 ? polymap : bimap;
      output = input = null;
      return scale;
    }
    function scale(x) {
      return x == null || isNaN(x = +x) ? unknown : (output || (output = piecewise2(domain.map(transform2), range2, interpolate$1)))(transform2(clamp2(x)));
    }
    scale.invert = function(y) {
      return clamp2(untransform((input || (input = piecewise2(range2, domain.map(transform2), number3)))(y)));
    };
    scale.domain = function(_2) {
      return arguments.length ? (domain = Array.from(_2, number$1), rescale()) : domain.slice();
    };
    scale.range = function(_2) {
      return arguments.length ? (range2 = Array.from(_2), rescale()) : range2.slice();
    };
    scale.rangeRound = function(_2) {
      return range2 = Array.from(_2), interpolate$1 = round2, rescale();
    };
    scale.clamp = function(_2) {
      return arguments.length ? (clamp2 = _2 ? true : identity$1, rescale()) : clamp2 !== identity$1;
    };
    scale.interpolate = function(_2) {
      return arguments.length ? (interpolate$1 = _2, rescale()) : interpolate$1;
    };
    scale.unknown = function(_2) {
      return arguments.length ? (unknown = _2, scale) : unknown;
    };
    return function(t, u) {
      transform2 = t, untransform = u;
      return rescale();
    };
  }
  function continuous() {
    return transformer$2()(identity$1, identity$1);
  }
  function tickFormat(start2, stop, count2, specifier) {
    var step = tickStep(start2, stop, count2), precision;
    specifier = formatSpecifier(specifier == null ? ",f" : specifier);
    switch (specifier.type) {
      case "s": {
        var value2 = Math.max(Math.abs(start2), Math.abs(stop));
        if (specifier.precision == null && !isNaN(precision = precisionPrefix(step, value2))) specifier.precision = precision;
        return formatPrefix(specifier, value2);
      }
      case "":
      case "e":
      case "g":
      case "p":
      case "r": {
        if (specifier.precision == null && !isNaN(precision = precisionRound(step, Math.max(Math.abs(start2), Math.abs(stop))))) specifier.precision = precision - (specifier.type === "e");
        break;
      }
      case "f":
      case "%": {
        if (specifier.precision == null && !isNaN(precision = precisionFixed(step))) specifier.precision = precision - (specifier.type === "%") * 2;
        break;
      }
    }
    return format(specifier);
  }
  function linearish(scale) {
    var domain = scale.domain;
    scale.ticks = function(count2) {
      var d = domain();
      return ticks2(d[0], d[d.length - 1], count2 == null ? 10 : count2);
    };
    scale.tickFormat = function(count2, specifier) {
      var d = domain();
      return tickFormat(d[0], d[d.length - 1], count2 == null ? 10 : count2, specifier);
    };
    scale.nice = function(count2) {
      if (count2 == null) count2 = 10;
      var d = domain();
      var i0 = 0;
      var i1 = d.length - 1;
      var start2 = d[i0];
      var stop = d[i1];
      var prestep;
      var step;
      var maxIter = 10;
      if (stop < start2) {
        step = start2, start2 = stop, stop = step;
        step = i0, i0 = i1, i1 = step;
      }
      while (maxIter-- > 0) {
        step = tickIncrement(start2, stop, count2);
        if (step === prestep) {
          d[i0] = start2;
          d[i1] = stop;
          return domain(d);
        } else if (step > 0) {
          start2 = Math.floor(start2 / step) * step;
          stop = Math.ceil(stop / step) * step;
        } else if (step < 0) {
          start2 = Math.ceil(start2 * step) / step;
          stop = Math.floor(stop * step) / step;
        } else {
          break;
        }
        prestep = step;
      }
      return scale;
    };
    return scale;
  }
  function linear3() {
    var scale = continuous();
    scale.copy = function() {
      return copy$1(scale, linear3());
    };
    initRange.apply(scale, arguments);
    return linearish(scale);
  }

  // src/timeline/lanes.ts
  function lanesOf(operations, mask) {
    const lanes = [];
    const laneOf = /* @__PURE__ */ new Map();
    for (let at = 0; at < operations.start.length; at++) {
      const process = operations.process[at];
      const start2 = operations.start[at];
      let lane = laneOf.get(process);
      if (lane === void 0) {
        lane = lanes.find(({ free }) => free <= start2);
        if (lane === void 0) {
          lane = { operations: [], processes: [], free: Infinity };
          lanes.push(lane);
        }
        lane.free = Infinity;
        lane.processes.push(process);
        laneOf.set(process, lane);
      }
      if (operations.type[at] === INFO && operations.end[at] >= 0) lane.free = operations.end[at];
      if (mask[at]) lane.operations.push(at);
    }
    return lanes.filter((lane) => lane.operations.length > 0).map(({ operations: members, processes }) => ({
      operations: Int32Array.from(members),
      open: Int32Array.from(members.filter((at) => operations.type[at] === INFO || operations.end[at] < 0)),
      name: operations.processes[processes[0]],
      processes
    })).sort((one2, other) => compare(one2.name, other.name));
  }
  function compare(one2, other) {
    const numbers = [Number(one2), Number(other)];
    if (Number.isNaN(numbers[0]) || Number.isNaN(numbers[1])) {
      return Number(Number.isNaN(numbers[0])) - Number(Number.isNaN(numbers[1])) || (one2 < other ? -1 : 1);
    }
    return numbers[0] - numbers[1];
  }
  function lastBegun(lane, start2, time) {
    let low = 0;
    let high = lane.operations.length;
    while (low < high) {
      const middle = low + high >> 1;
      if (start2[lane.operations[middle]] <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
  function packed(spans, gap, limit) {
    const order = spans.map((_2, at) => at).sort((a, b) => spans[a].start - spans[b].start);
    const ends2 = [];
    const row = new Array(spans.length).fill(0);
    for (const at of order) {
      let found = ends2.findIndex((end) => end + gap <= spans[at].start);
      if (found < 0) found = ends2.length < limit ? ends2.length : ends2.indexOf(Math.min(...ends2));
      ends2[found] = Math.max(ends2[found] ?? 0, spans[at].end);
      row[at] = found;
    }
    return { row, rows: ends2.length };
  }

  // src/timeline/scene.ts
  var AXIS2 = 26;
  var FAULT_ROW = 18;
  var LEADER_ROW = 20;
  var GAP = 6;
  var LANE = 32;
  var LANE_AT_LEAST = 15;
  var OVERVIEW = 44;
  var Scene = class {
    constructor(data) {
      this.data = data;
      this.end = Math.max(1, data.end);
      const begin = this.end / 400;
      this.bands = packed(
        data.bands.map(({ start: start2, end }) => ({ start: start2, end: Math.max(end ?? this.end, start2 + begin * 4) })),
        begin,
        5
      );
      this.reigns = packed(
        data.reigns.map(({ start: start2, end }) => ({ start: start2, end: end ?? this.end })),
        0,
        4
      );
      const { counterexample: counterexample2, verdict: verdict2 } = data;
      this.accused = /* @__PURE__ */ new Set([
        ...verdict2.failures.flatMap(({ operations }) => operations ?? []),
        ...counterexample2?.operations ?? []
      ]);
      counterexample2?.operations.forEach((operation, at) => {
        this.letters.set(operation, counterexample2.letters[at] ?? "");
      });
      this.mask = new Uint8Array(data.operations?.start.length ?? 0).fill(1);
      this.filter(this.mask);
    }
    data;
    width = 800;
    height = 400;
    gutter = 96;
    /** Pixels that the lanes are scrolled by. */
    scroll = 0;
    lanes = [];
    /** By operation: its lane, or -1. */
    laneOf = new Int32Array(0);
    /** The time at the left edge and at the right edge. */
    view = linear3();
    mask;
    found = null;
    order = null;
    /** Operations beside which all others fade. */
    focus = null;
    letters = /* @__PURE__ */ new Map();
    accused;
    bands;
    reigns;
    end;
    filter(mask) {
      const { operations } = this.data;
      this.mask = mask;
      if (!operations) return;
      this.lanes = lanesOf(operations, mask);
      this.laneOf = new Int32Array(mask.length).fill(-1);
      this.lanes.forEach((lane, at) => {
        for (const operation of lane.operations) this.laneOf[operation] = at;
      });
      this.scrollBy(0);
    }
    resize(width, height) {
      this.width = width;
      this.height = height;
      this.gutter = width < 640 ? 54 : 96;
      this.scrollBy(0);
    }
    get plotWidth() {
      return Math.max(1, this.width - this.gutter - 8);
    }
    /** The whole run, over the width. */
    get whole() {
      return linear3([0, this.end], [this.gutter, this.gutter + this.plotWidth]);
    }
    get faultsTop() {
      return AXIS2 + GAP;
    }
    get leadersTop() {
      return this.faultsTop + (this.bands.rows > 0 ? this.bands.rows * FAULT_ROW + GAP : 0);
    }
    get lanesTop() {
      return this.leadersTop + (this.reigns.rows > 0 ? this.reigns.rows * LEADER_ROW + GAP : 0);
    }
    get lanesBottom() {
      return this.height - OVERVIEW;
    }
    get laneHeight() {
      const room = (this.lanesBottom - this.lanesTop) / Math.max(1, this.lanes.length);
      return Math.max(LANE_AT_LEAST, Math.min(LANE, Math.floor(room)));
    }
    get overflow() {
      return Math.max(0, this.lanes.length * this.laneHeight - (this.lanesBottom - this.lanesTop));
    }
    scrollBy(pixels) {
      this.scroll = Math.max(0, Math.min(this.overflow, this.scroll + pixels));
    }
    /** Scroll so that the lane can be seen. */
    reveal(lane) {
      const top = lane * this.laneHeight;
      const room = this.lanesBottom - this.lanesTop;
      if (top < this.scroll) this.scroll = top;
      else if (top + this.laneHeight > this.scroll + room) this.scroll = top + this.laneHeight - room;
      this.scrollBy(0);
    }
    laneTop(lane) {
      return this.lanesTop + lane * this.laneHeight - this.scroll;
    }
    bandTop(at) {
      return this.faultsTop + this.bands.row[at] * FAULT_ROW;
    }
    reignTop(at) {
      return this.leadersTop + this.reigns.row[at] * LEADER_ROW;
    }
    bandHeight = FAULT_ROW - 3;
    reignHeight = LEADER_ROW - 3;
    /** When the bar of the operation ends: an indeterminate one runs to the end. */
    barEnd(operation) {
      const operations = this.data.operations;
      const end = operations.end[operation];
      return operations.type[operation] === INFO || end < 0 ? this.end : end;
    }
    /** When its solid part ends. */
    solidEnd(operation) {
      const end = this.data.operations.end[operation];
      return end < 0 ? this.end : end;
    }
    /** What is drawn at a point. */
    hit(x, y) {
      if (x < this.gutter) return null;
      if (y < this.lanesTop) return this.hitAbove(x, y);
      if (y >= this.lanesBottom) return null;
      const operation = this.hitLane(Math.floor((y - this.lanesTop + this.scroll) / this.laneHeight), x);
      return operation === null ? null : { kind: "operation", index: operation };
    }
    hitLane(at, x) {
      const lane = this.lanes[at];
      if (!lane) return null;
      const { start: start2 } = this.data.operations;
      const { view } = this;
      const begun = lastBegun(lane, start2, view.invert(x));
      let nearest = null;
      let distance = 4;
      for (const place of [begun, begun + 1]) {
        const operation = lane.operations[place];
        if (operation === void 0) continue;
        const left = this.view(start2[operation]);
        const right = this.view(this.solidEnd(operation));
        const away = Math.max(0, left - x, x - right);
        if (away < distance) [nearest, distance] = [operation, away];
      }
      if (nearest !== null) return nearest;
      return lane.open.findLast((operation) => view.invert(x) >= start2[operation]) ?? null;
    }
    hitAbove(x, y) {
      const within2 = (start2, end) => x >= this.view(start2) - 4 && x <= Math.max(this.view(end ?? this.end), this.view(start2)) + 4;
      const failure2 = this.data.verdict.failures.findIndex(
        ({ time }) => time !== void 0 && y < AXIS2 && Math.abs(this.view(time) - x) < 8
      );
      if (failure2 >= 0) return { kind: "failure", index: failure2 };
      const last = (things, top, height) => {
        for (let at = things.length - 1; at >= 0; at--) {
          const inside = y >= top(at) && y <= top(at) + height;
          if (inside && within2(things[at].start, things[at].end)) return at;
        }
        return -1;
      };
      const band = last(this.data.bands, (at) => this.bandTop(at), this.bandHeight);
      if (band >= 0) return { kind: "band", index: band };
      const reign = last(this.data.reigns, (at) => this.reignTop(at), this.reignHeight);
      return reign >= 0 ? { kind: "reign", index: reign } : null;
    }
  };

  // src/timeline/ticks.ts
  function timeTicks(scale, about, unit2) {
    const [from, to] = scale.domain();
    const values = scale.ticks(about);
    if (unit2 === "events") return { values, label: (value2) => Number.isInteger(value2) ? String(value2) : "" };
    const step = Math.max(1e-3, tickStep(from, to, about));
    const largest = Math.max(Math.abs(from), Math.abs(to));
    const [size, name] = largest >= 1e9 && step >= 1e6 ? [1e9, "s"] : largest >= 1e6 && step >= 1e3 ? [1e6, "ms"] : largest >= 1e3 && step >= 1 ? [1e3, "\xB5s"] : [1, "ns"];
    const digits = Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9));
    return { values, label: (value2) => `${(value2 / size).toFixed(digits)} ${name}` };
  }

  // src/timeline/surroundings.ts
  var FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  var SMALL = FONT.replace("12px", "11px");
  var FAMILIES = [
    [/partition|isolate|cut|split|hold|one-way|bridge|ring/, "partition"],
    [/crash|kill|restart|power|stop/, "crash"],
    [/pause|stall|slow-node|freeze|steal/, "pause"],
    [/loss|lose|drop|delay|duplic|reorder|corrupt-mess|slow|network|link/, "network"],
    [/clock|time|skew|rate/, "clock"],
    [/disk|wipe|torn|flip|fsync|sync|bit|file|space/, "disk"],
    [/member|reconfig|add|remove|change-serv|transfer|leave|promote|replace/, "membership"]
  ];
  function faultColour(band) {
    const family = FAMILIES.find(([pattern]) => pattern.test(band.kind))?.[1] ?? "other";
    return colour(`fault-${family}`);
  }
  function drawBackground(context, scene) {
    const { gutter, width, height } = scene;
    context.globalAlpha = 1;
    context.fillStyle = colour("surface");
    context.fillRect(0, 0, width, height);
    context.fillStyle = colour("stripe");
    for (let lane = 0; lane < scene.lanes.length; lane += 2) {
      const top = scene.laneTop(lane);
      if (top + scene.laneHeight >= scene.lanesTop && top <= scene.lanesBottom) context.fillRect(gutter, top, width - gutter, scene.laneHeight);
    }
    for (const band of scene.data.bands) {
      const left = Math.max(gutter, scene.view(band.start));
      const right = Math.min(width, scene.view(band.end ?? scene.end));
      if (right < gutter || left > width) continue;
      context.fillStyle = faultColour(band);
      context.globalAlpha = right - left < 1.5 ? 0.45 : 0.07;
      context.fillRect(left, scene.lanesTop, Math.max(1, right - left), scene.lanesBottom - scene.lanesTop);
    }
    context.globalAlpha = 1;
    const ticks3 = timeTicks(scene.view, Math.max(2, scene.plotWidth / 110), scene.data.unit);
    context.fillStyle = colour("line");
    for (const value2 of ticks3.values) context.fillRect(Math.round(scene.view(value2)), AXIS2, 1, scene.lanesBottom - AXIS2);
  }
  function drawFrame(context, scene) {
    drawFailures(context, scene);
    context.fillStyle = colour("surface");
    context.fillRect(0, 0, scene.gutter, scene.height);
    context.fillRect(0, 0, scene.width, AXIS2);
    drawNames(context, scene);
    drawAxis(context, scene);
    drawFlags(context, scene);
    context.fillStyle = colour("line");
    context.fillRect(scene.gutter, AXIS2, 1, scene.lanesBottom - AXIS2);
    context.fillRect(0, AXIS2, scene.width, 1);
    if (scene.overflow > 0) {
      const room = scene.lanesBottom - scene.lanesTop;
      const part = room / (room + scene.overflow);
      context.fillStyle = colour("line-2");
      context.beginPath();
      context.roundRect(scene.width - 6, scene.lanesTop + scene.scroll * part, 4, Math.max(16, room * part), 2);
      context.fill();
    }
  }
  function drawAxis(context, scene) {
    context.font = SMALL;
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.fillStyle = colour("ink-3");
    const ticks3 = timeTicks(scene.view, Math.max(2, scene.plotWidth / 110), scene.data.unit);
    for (const value2 of ticks3.values) {
      const x = scene.view(value2);
      const text = ticks3.label(value2);
      const half = context.measureText(text).width / 2;
      if (x - half > scene.gutter - 20 && x + half < scene.width) context.fillText(text, x, AXIS2 / 2);
    }
    context.textAlign = "left";
  }
  function label(context, scene, texts, left, right, middle) {
    const from = Math.max(left, scene.gutter) + 6;
    const room = Math.min(right, scene.width) - from - 4;
    for (const text of texts) {
      if (context.measureText(text).width <= room) {
        context.fillText(text, from, middle);
        return;
      }
    }
    const characters = Math.floor(room / 6.4);
    if (characters >= 3) context.fillText(shortened(texts[0], characters), from, middle);
  }
  function drawRows(context, scene) {
    context.font = SMALL;
    context.textBaseline = "middle";
    scene.data.bands.forEach((band, at) => {
      const left = scene.view(band.start);
      const right = scene.view(band.end ?? scene.end);
      if (right < scene.gutter - 8 || left > scene.width) return;
      const top = scene.bandTop(at);
      context.fillStyle = faultColour(band);
      if (right - left < 2) {
        const middle = top + scene.bandHeight / 2;
        context.beginPath();
        context.moveTo(left, middle - 6);
        context.lineTo(left + 5, middle);
        context.lineTo(left, middle + 6);
        context.lineTo(left - 5, middle);
        context.fill();
        return;
      }
      const seen = Math.max(left, scene.gutter - 4);
      context.globalAlpha = 0.22;
      context.beginPath();
      context.roundRect(seen, top, Math.min(right, scene.width + 4) - seen, scene.bandHeight, 3);
      context.fill();
      context.globalAlpha = 1;
      if (left >= scene.gutter - 4) context.fillRect(left, top, 3, scene.bandHeight);
      context.fillStyle = colour("ink");
      label(context, scene, [band.words, band.kind], left, right, top + scene.bandHeight / 2 + 0.5);
    });
    scene.data.reigns.forEach((reign, at) => {
      const left = scene.view(reign.start);
      const right = scene.view(reign.end ?? scene.end);
      if (right < scene.gutter || left > scene.width) return;
      const top = scene.reignTop(at);
      const seen = Math.max(left, scene.gutter - 4);
      context.fillStyle = termColour(reign.term);
      context.beginPath();
      context.roundRect(seen, top, Math.max(2, Math.min(right, scene.width + 4) - seen - 1), scene.reignHeight, 3);
      context.fill();
      context.fillStyle = colour("term-ink");
      const node = scene.data.nodes[reign.node] ?? "?";
      label(context, scene, [`${node} leads term ${reign.term}`, `${node} \xB7 ${reign.term}`, node], left, right, top + scene.reignHeight / 2 + 0.5);
    });
  }
  function drawNames(context, scene) {
    context.textBaseline = "middle";
    context.textAlign = "right";
    const right = scene.gutter - 10;
    const isNarrow = scene.gutter < 90;
    context.save();
    context.beginPath();
    context.rect(0, scene.lanesTop, scene.gutter, scene.lanesBottom - scene.lanesTop);
    context.clip();
    scene.lanes.forEach((lane, at) => {
      const middle = scene.laneTop(at) + scene.laneHeight / 2;
      if (middle < scene.lanesTop - 20 || middle > scene.lanesBottom + 20) return;
      const more = lane.processes.length > 1 ? ` +${lane.processes.length - 1}` : "";
      context.font = SMALL;
      context.fillStyle = colour("ink-3");
      context.fillText(more, right, middle);
      const room = right - context.measureText(more).width;
      context.font = FONT;
      context.fillStyle = colour("ink-2");
      context.fillText(isNarrow || more ? shortened(lane.name, 8) : `process ${shortened(lane.name, 8)}`, room, middle);
    });
    context.restore();
    context.font = SMALL;
    context.fillStyle = colour("ink-3");
    if (scene.bands.rows > 0) context.fillText("faults", right, scene.faultsTop + scene.bandHeight / 2);
    if (scene.reigns.rows > 0) context.fillText("leaders", right, scene.leadersTop + scene.reignHeight / 2);
    context.textAlign = "left";
  }
  function drawFailures(context, scene) {
    context.fillStyle = colour("violation");
    for (const { time } of scene.data.verdict.failures) {
      if (time === void 0) continue;
      const x = Math.round(scene.view(time));
      if (x >= scene.gutter && x <= scene.width) context.fillRect(x, AXIS2, 1.5, scene.lanesBottom - AXIS2);
    }
  }
  function drawFlags(context, scene) {
    context.font = SMALL;
    context.textBaseline = "middle";
    for (const { time, kind } of scene.data.verdict.failures) {
      if (time === void 0) continue;
      const x = scene.view(time);
      if (x < scene.gutter || x > scene.width) continue;
      const width = context.measureText(kind).width + 10;
      const left = Math.min(x, scene.width - width - 2);
      context.fillStyle = colour("violation");
      context.beginPath();
      context.roundRect(left, 4, width, AXIS2 - 8, 3);
      context.fill();
      context.fillStyle = colour("surface");
      context.fillText(kind, left + 5, AXIS2 / 2);
    }
  }

  // src/plots/chart.ts
  var HEIGHT2 = 210;
  var FONT2 = '11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
  var SECOND3 = 1e9;
  function seconds(value2, step) {
    if (step < 1e-3) return `${(value2 * 1e3).toFixed(step < 1e-4 ? 2 : 1)} ms`;
    return `${Number(value2.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))))} s`;
  }
  function powers(min2, max2) {
    const [from, to] = uPlot.rangeLog((min2 ?? 1) * 0.8, (max2 ?? 10) * 1.25, 10, false);
    return [from ?? 1, to ?? 10];
  }
  function shadeFaults(plot, data) {
    const { ctx: context, bbox } = plot;
    context.save();
    context.beginPath();
    context.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    context.clip();
    for (const band of data.bands) {
      const left = plot.valToPos(band.start / SECOND3, "x", true);
      const right = plot.valToPos((band.end ?? data.end) / SECOND3, "x", true);
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      context.fillStyle = faultColour(band);
      const isInstant = right - left < 1.5;
      context.globalAlpha = isInstant ? 0.5 : 0.11;
      context.fillRect(left, bbox.top, Math.max(isInstant ? 1 : 0, right - left), bbox.height);
      context.globalAlpha = 0.8;
      context.fillRect(left, bbox.top, Math.max(2, right - left), 3);
    }
    context.globalAlpha = 1;
    context.fillStyle = colour("violation");
    for (const { time } of data.verdict.failures) {
      if (time !== void 0) context.fillRect(plot.valToPos(time / SECOND3, "x", true), bbox.top, 1.5, bbox.height);
    }
    context.restore();
  }
  var Chart = class {
    constructor(data, what, zoomed) {
      this.data = data;
      this.what = what;
      this.zoomed = zoomed;
      this.range = { from: 0, to: data.end };
      this.element = html(
        "section",
        { class: "card plot", id: `plot-${what.id}`, "aria-labelledby": `plot-${what.id}-title` },
        html("h2", { id: `plot-${what.id}-title` }, what.title),
        html("p", { class: "aside" }, what.about),
        this.place
      );
      this.place.setAttribute("role", "img");
      this.place.setAttribute("aria-label", `${what.title}. ${what.about}`);
      new ResizeObserver(() => this.fit()).observe(this.place);
    }
    data;
    what;
    zoomed;
    element;
    place = html("div", { class: "plot-place" });
    plot = null;
    range;
    build() {
      this.plot?.destroy();
      this.plot = null;
      const width = this.place.clientWidth;
      if (width === 0) return;
      this.plot = new uPlot(this.options(width), this.what.columns(this.range), this.place);
    }
    fit() {
      const width = this.place.clientWidth;
      if (width === 0) return;
      if (!this.plot) this.build();
      else if (this.plot.width !== width) this.plot.setSize({ width, height: HEIGHT2 });
    }
    show(range2) {
      if (range2.from === this.range.from && range2.to === this.range.to) return;
      this.range = range2;
      if (!this.plot) return;
      const { plot } = this;
      plot.batch(() => {
        plot.setData(this.what.columns(range2), false);
        plot.setScale("x", { min: range2.from / SECOND3, max: range2.to / SECOND3 });
      });
    }
    options(width) {
      const { what } = this;
      const grid2 = { stroke: colour("line"), width: 1 };
      return {
        width,
        height: HEIGHT2,
        padding: [8, 12, 0, 0],
        // The range is ours alone: what is dragged over is asked for, and comes back through show.
        scales: {
          x: { time: false, auto: false, range: () => [this.range.from / SECOND3, this.range.to / SECOND3] },
          y: what.isLogarithmic ? { distr: 3, log: 10, range: (_2, min2, max2) => powers(min2, max2) } : { range: (_2, min2, max2) => this.values(min2, max2) }
        },
        series: [
          { label: "time", value: (_2, value2) => value2 === null ? "\u2013" : `${value2.toFixed(3)} s` },
          ...what.lines.map((line2) => this.series(line2))
        ],
        axes: [
          {
            stroke: colour("ink-3"),
            font: FONT2,
            grid: grid2,
            ticks: grid2,
            space: 70,
            size: 30,
            values: (_2, splits, __, ___, step) => splits.map((value2) => seconds(value2, step))
          },
          {
            stroke: colour("ink-3"),
            font: FONT2,
            grid: grid2,
            ticks: grid2,
            size: 62,
            values: (_2, splits) => splits.map((value2) => value2 === null ? "" : what.unit(value2))
          }
        ],
        cursor: { drag: { x: true, y: false, setScale: false }, sync: { key: "splitbrain" }, points: { size: 7 }, bind: { dblclick: () => () => this.all() } },
        legend: { live: true },
        hooks: {
          drawClear: [(plot) => shadeFaults(plot, this.data)],
          draw: what.over ? [(plot) => what.over?.(plot)] : [],
          setSelect: [(plot) => this.selected(plot)]
        }
      };
    }
    all() {
      this.zoomed({ from: 0, to: this.data.end });
      return null;
    }
    /** All values, and something around them; never nothing. */
    values(min2, max2) {
      const [low, high] = this.what.least ?? [0, 1];
      const from = Math.min(low, min2 ?? low);
      const to = Math.max(high, max2 ?? high);
      const margin = (to - from) * 0.06;
      return [from < 0 ? from - margin : from, to + margin];
    }
    series({ label: label3, colour: name, style, width, dash }) {
      const stroke = colour(name);
      const value2 = (_2, raw) => raw === null || raw === void 0 ? "\u2013" : this.what.unit(raw);
      if (style === "points") {
        return { label: label3, stroke, value: value2, paths: () => null, points: { show: true, size: 4, width: 1, stroke, fill: `${stroke}88` } };
      }
      const steps2 = style === "steps" ? uPlot.paths.stepped?.({ align: 1 }) : void 0;
      return {
        label: label3,
        stroke,
        value: value2,
        width: width ?? 1.5,
        points: { show: style === "dotted", size: 4, stroke, fill: stroke },
        ...dash ? { dash } : {},
        ...steps2 ? { paths: steps2 } : {}
      };
    }
    selected(plot) {
      const { left, width } = plot.select;
      if (width < 4) return;
      const from = plot.posToVal(left, "x") * SECOND3;
      const to = plot.posToVal(left + width, "x") * SECOND3;
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      this.zoomed({ from, to });
    }
  };

  // src/plots/tables.ts
  function latencyTable(operations) {
    const samples = /* @__PURE__ */ new Map();
    for (let at = 0; at < operations.start.length; at++) {
      const name = `${operations.functions[operations.f[at]]} ${typeName(operations.type[at])}`;
      const took = operations.end[at] < 0 ? [] : [operations.end[at] - operations.start[at]];
      const all = samples.get(name);
      if (all) all.push(...took);
      else samples.set(name, took);
    }
    const rows = [...samples].sort(([one2], [other]) => one2 < other ? -1 : 1);
    const cells = ["operation", "number", "median", "95 %", "99 %", "longest"];
    return html(
      "section",
      { class: "card plot" },
      html("h2", {}, "Latency by function and type"),
      html(
        "table",
        { class: "numbers" },
        html("thead", {}, html("tr", {}, ...cells.map((cell) => html("th", { scope: "col" }, cell)))),
        html(
          "tbody",
          {},
          ...rows.map(([name, took]) => {
            took.sort((a, b) => a - b);
            const at = (quantile2) => took.length === 0 ? "\u2013" : duration(quantileOf(took, quantile2));
            return html(
              "tr",
              {},
              html("th", { scope: "row", class: "mono" }, name),
              html("td", {}, took.length.toLocaleString("en")),
              ...[0.5, 0.95, 0.99, 1].map((quantile2) => html("td", {}, at(quantile2)))
            );
          })
        )
      )
    );
  }
  function effectsTable({ figures: figures2 }) {
    const counted = figures2.filter(({ group, value: value2 }) => group === "effects" && /^[\d,]+$/.test(value2));
    if (counted.length === 0) return null;
    const number4 = (value2) => Number(value2.replaceAll(",", ""));
    const most = Math.max(1, ...counted.map(({ value: value2 }) => number4(value2)));
    return html(
      "section",
      { class: "card plot" },
      html("h2", {}, "What faults did"),
      html("p", { class: "aside" }, "How often each was seen to have an effect."),
      html(
        "table",
        { class: "numbers effects" },
        html(
          "tbody",
          {},
          ...counted.map(({ name, value: value2 }) => {
            const bar = html("div", { class: "bar" });
            bar.style.width = `${Math.max(1, Math.log1p(number4(value2)) / Math.log1p(most) * 100)}%`;
            return html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, value2), html("td", { "aria-hidden": "true" }, bar));
          })
        )
      )
    );
  }

  // src/plots/view.ts
  var Plots = class {
    constructor(element, data, bus) {
      this.data = data;
      this.bus = bus;
      this.range = { from: 0, to: data.end };
      this.charts = catalogue(data).map((plot) => new Chart(data, plot, (range2) => this.zoom(range2)));
      const operations = data.unit === "ns" && data.operations?.start.length ? data.operations : null;
      const button2 = (name, title, does) => html("button", { type: "button", title, "aria-label": title, click: does }, name);
      element.append(
        html(
          "div",
          { class: "toolbar", role: "group", "aria-label": "Time shown" },
          html("span", { class: "hint" }, "Drag over a plot to zoom all of them; double-click for the whole run."),
          this.told,
          html(
            "div",
            { class: "zoom", role: "group", "aria-label": "Zoom" },
            button2("\u2212", "Zoom out", () => this.scale(2)),
            button2("+", "Zoom in", () => this.scale(0.5)),
            button2("Whole run", "Show the whole run", () => this.zoom({ from: 0, to: data.end }))
          )
        ),
        html(
          "div",
          { class: "plots-grid" },
          ...this.charts.map((chart) => chart.element),
          operations ? latencyTable(operations) : "",
          effectsTable(data) ?? ""
        )
      );
      bus.on("theme", () => this.repaint());
      this.tell();
    }
    data;
    bus;
    charts;
    told = html("span", { class: "range", role: "status" });
    range;
    isVisible = false;
    isStale = true;
    shown() {
      this.isVisible = true;
      if (this.isStale) this.repaint();
    }
    hidden() {
      this.isVisible = false;
    }
    repaint() {
      this.isStale = !this.isVisible;
      if (this.isVisible) for (const chart of this.charts) chart.build();
    }
    zoom({ from, to }) {
      const { end } = this.data;
      const length = Math.min(end, Math.max(1e3, to - from));
      const begin = Math.max(0, Math.min(end - length, from));
      this.range = { from: begin, to: begin + length };
      for (const chart of this.charts) chart.show(this.range);
      this.tell();
    }
    scale(factor) {
      const { from, to } = this.range;
      const half = (to - from) / 2 * factor;
      const middle = (from + to) / 2;
      this.zoom({ from: middle - half, to: middle + half });
    }
    tell() {
      const { from, to } = this.range;
      this.told.textContent = `${moment(this.data, from)} \u2013 ${moment(this.data, to)}`;
    }
    key(event) {
      const { from, to } = this.range;
      const step = (to - from) * 0.2;
      if (event.key === "+" || event.key === "=") this.scale(0.5);
      else if (event.key === "-") this.scale(2);
      else if (event.key === "0") this.zoom({ from: 0, to: this.data.end });
      else if (event.key === "ArrowLeft") this.zoom({ from: from - step, to: to - step });
      else if (event.key === "ArrowRight") this.zoom({ from: from + step, to: to + step });
      else return false;
      this.bus.announce(`Shown: ${this.told.textContent}`);
      return true;
    }
  };
  function nothing(data) {
    if (catalogue(data).length > 0) return null;
    return data.unit === "events" ? "This history has no times: there is nothing to plot over them." : "Nothing was measured in this run that could be plotted.";
  }
  var plots = {
    name: "plots",
    title: "Plots",
    keys: [
      { keys: "+ -", does: "zoom all plots" },
      { keys: "\u2190 \u2192", does: "earlier, later" },
      { keys: "0", does: "show the whole run" }
    ],
    empty: nothing,
    mount: (element, data, bus) => new Plots(element, data, bus)
  };

  // src/shell/bus.ts
  var Bus = class {
    listeners = {
      selection: /* @__PURE__ */ new Set(),
      show: /* @__PURE__ */ new Set(),
      theme: /* @__PURE__ */ new Set(),
      announcement: /* @__PURE__ */ new Set()
    };
    current = null;
    get selection() {
      return this.current;
    }
    /** Select, and show it in `view` if one is named. A view that is shown for the first time finds
     * the selection here. */
    select(selection2, view) {
      this.current = selection2;
      if (view !== void 0) this.tell("show", view);
      this.tell("selection", selection2);
    }
    announce(sentence2) {
      this.tell("announcement", sentence2);
    }
    /** Listen; what is returned ends it. */
    on(name, listener) {
      this.listeners[name].add(listener);
      return () => this.listeners[name].delete(listener);
    }
    tell(name, message) {
      for (const listener of this.listeners[name]) listener(message);
    }
  };

  // src/shell/help.ts
  var EVERYWHERE = [
    { keys: "1 \u2013 4", does: "show a view" },
    { keys: "Tab", does: "go to the next control; Shift+Tab: back" },
    { keys: "Esc", does: "select nothing; close this help" },
    { keys: "d", does: "switch between light and dark" },
    { keys: "?", does: "this help" }
  ];
  function table(title, keys) {
    return html(
      "section",
      {},
      html("h3", {}, title),
      html(
        "dl",
        { class: "keys" },
        ...keys.flatMap(({ keys: keys2, does }) => [
          html("dt", {}, ...keys2.split(" ").map((key) => /^[–/]$|^or$/.test(key) ? ` ${key} ` : html("kbd", {}, key))),
          html("dd", {}, does)
        ])
      )
    );
  }
  function helpDialog(views) {
    const close = html("button", { type: "button", class: "quiet" }, "Close");
    const dialog = html(
      "dialog",
      { class: "help", "aria-labelledby": "help-title" },
      html("header", {}, html("h2", { id: "help-title" }, "Keys"), close),
      html(
        "div",
        { class: "help-columns" },
        table("Everywhere", EVERYWHERE),
        ...views.filter((view) => view.keys.length > 0).map((view) => table(view.title, view.keys))
      )
    );
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    return dialog;
  }

  // src/shell/shell.ts
  var Shell = class {
    constructor(app2, data, modules) {
      this.data = data;
      startTheme(this.bus);
      this.places = modules.map((module) => this.place(module));
      this.help = helpDialog(modules);
      document.title = `${data.title} \xB7 ${data.verdict.validity}`;
      const announcer = html("div", { class: "unseen", role: "status", "aria-live": "polite", id: "announcer" });
      app2.append(
        html("a", { class: "skip", href: "#view", click: (event) => this.skip(event) }, "Skip to the view"),
        this.header(),
        html("main", { id: "view", tabindex: -1 }, ...this.places.map((place) => place.panel)),
        announcer,
        this.help
      );
      this.bus.on("show", (name) => this.show(name));
      this.bus.on("announcement", (sentence2) => {
        announcer.textContent = sentence2;
      });
      document.addEventListener("keydown", (event) => this.key(event));
      window.addEventListener("hashchange", () => this.showByAddress());
      this.showByAddress();
    }
    data;
    bus = new Bus();
    places;
    help;
    shown = null;
    place(module) {
      const panel = html("section", {
        id: `panel-${module.name}`,
        class: `panel ${module.name}`,
        role: "tabpanel",
        "aria-labelledby": `tab-${module.name}`,
        hidden: true
      });
      const tab = html(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${module.name}`,
          "aria-controls": panel.id,
          "aria-selected": "false",
          tabindex: -1,
          click: () => this.show(module.name)
        },
        module.title
      );
      return { module, tab, panel, view: null };
    }
    header() {
      const { data } = this;
      const tabs = html("div", { class: "tabs", role: "tablist", "aria-label": "Views" }, ...this.places.map(({ tab }) => tab));
      tabs.addEventListener("keydown", (event) => this.tabKey(event));
      const switcher = html("button", { type: "button", class: "quiet", id: "theme", click: () => switchTheme(this.bus) });
      const name = () => {
        switcher.textContent = theme() === "dark" ? "Light" : "Dark";
        switcher.setAttribute("aria-label", `Switch to the ${theme() === "dark" ? "light" : "dark"} theme`);
      };
      this.bus.on("theme", name);
      name();
      return html(
        "header",
        { class: "bar" },
        html(
          "div",
          { class: "heading" },
          html("span", { class: `badge ${data.verdict.validity}` }, data.verdict.validity),
          html("div", { class: "titles" }, html("h1", {}, data.title), data.subject && html("p", {}, data.subject))
        ),
        html(
          "nav",
          { "aria-label": "Views and settings" },
          tabs,
          html(
            "div",
            { class: "tools" },
            switcher,
            html("button", { type: "button", class: "quiet", "aria-label": "Help: keys", click: () => this.help.showModal() }, "?")
          )
        )
      );
    }
    skip(event) {
      event.preventDefault();
      document.getElementById("view")?.focus();
    }
    /** The address says which view is shown: report.html#timeline. */
    showByAddress() {
      const name = location.hash.slice(1);
      const place = this.places.find(({ module }) => module.name === name) ?? this.places[0];
      if (place) this.show(place.module.name);
    }
    show(name) {
      const place = this.places.find(({ module }) => module.name === name);
      if (!place || place === this.shown) return;
      const first = this.shown === null;
      this.shown?.view?.hidden?.();
      this.shown = place;
      for (const each of this.places) {
        const chosen2 = each === place;
        each.panel.hidden = !chosen2;
        each.tab.setAttribute("aria-selected", String(chosen2));
        each.tab.tabIndex = chosen2 ? 0 : -1;
      }
      if (!first && location.hash.slice(1) !== name) history.pushState(null, "", `#${name}`);
      this.mount(place);
      place.view?.shown?.();
    }
    mount(place) {
      if (place.view) return;
      const reason = place.module.empty?.(this.data) ?? null;
      if (reason === null) {
        place.view = place.module.mount(place.panel, this.data, this.bus);
      } else {
        place.view = {};
        place.panel.append(html("p", { class: "nothing" }, reason));
      }
    }
    tabKey(event) {
      const at = this.places.findIndex(({ tab }) => tab === event.target);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.places.length - 1 }[event.key];
      const place = to === void 0 ? void 0 : this.places[(to + this.places.length) % this.places.length];
      if (!place) return;
      event.preventDefault();
      event.stopPropagation();
      this.show(place.module.name);
      place.tab.focus();
    }
    key(event) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || this.help.open) return;
      if (this.take(event)) event.preventDefault();
    }
    take(event) {
      if (this.shown?.view?.key?.(event)) return true;
      const place = /^[1-9]$/.test(event.key) ? this.places[Number(event.key) - 1] : void 0;
      if (place) {
        this.show(place.module.name);
        place.tab.focus();
      } else if (event.key === "?") this.help.showModal();
      else if (event.key === "d") switchTheme(this.bus);
      else if (event.key === "Escape") this.bus.select(null);
      else return false;
      return true;
    }
  };

  // src/spacetime/boxes.ts
  function logOf(state) {
    return state.isUp ? { ...state.saved, base: state.base, baseTerm: state.baseTerm, tip: state.tip, last: state.last } : state.saved;
  }
  function windowOf(states, most) {
    const last = Math.max(1, ...states.map((state) => logOf(state).last));
    return { first: Math.max(1, last - most + 1), last };
  }
  function indexHeads({ first, last }) {
    const heads = [];
    for (let index = first; index <= last; index++) {
      heads.push(html("th", { scope: "col", class: "index" }, index === first && first > 1 ? `\u2026${index}` : index));
    }
    return heads;
  }
  function boxes(fold, state, window2, options = {}) {
    const log = logOf(state);
    const entries = fold.entries(log, window2.last - window2.first + 1);
    const before = options.before && logOf(options.before);
    const known = new Map(before ? fold.entries(before, window2.last - window2.first + 8).map((each) => [each.index, each.term]) : []);
    const byIndex = new Map(entries.map((each) => [each.index, each]));
    const cells = [];
    if (log.base >= window2.first) {
      const span = Math.min(log.base, window2.last) - window2.first + 1;
      const title = `snapshot up to entry ${log.base}${log.baseTerm ? ` of term ${log.baseTerm}` : ""}`;
      cells.push(html("td", { class: "snapshot", colspan: span, title }, span > 1 ? `snapshot \u2264 ${log.base}` : `\u2264${log.base}`));
    }
    for (let index = Math.max(window2.first, log.base + 1); index <= window2.last; index++) {
      const entry = byIndex.get(index);
      if (!entry) {
        const wasThere = options.before !== void 0 && known.has(index) && (before?.last ?? 0) >= index;
        cells.push(html("td", { class: wasThere ? "gone" : "none", title: wasThere ? `entry ${index} was removed` : null }));
        continue;
      }
      const isCommitted = state.isUp && index <= state.commit;
      const isDurable = !state.isUp || state.isRecovering || index <= state.durable;
      const isNew = before !== void 0 && known.get(index) !== entry.term && (before.base < index || before.last < index);
      const title = [
        `entry ${index} of term ${entry.term}${entry.text ? `: ${entry.text}` : ""}`,
        isCommitted ? "committed, as far as this node knows" : null,
        isDurable ? null : "not yet on its disk"
      ];
      const classes = [
        "box",
        isCommitted && "committed",
        !isDurable && "volatile",
        isNew && "new",
        options.accused === index && "accused"
      ];
      cells.push(
        html(
          "td",
          {
            class: classes.filter(Boolean).join(" "),
            style: `--term: var(--${termColourName(entry.term)})`,
            title: title.filter(Boolean).join("; "),
            "data-index": index,
            "data-term": entry.term
          },
          html("b", {}, entry.term),
          options.hasText && entry.text && html("small", {}, entry.text)
        )
      );
    }
    return cells;
  }

  // src/spacetime/cards.ts
  var BOX = 40;
  var OTHERS = 420;
  var Cards = class {
    constructor(scene) {
      this.scene = scene;
    }
    scene;
    element = html("div", { class: "st-cards" });
    marked = -1;
    /** Mark a node; -1: none. */
    mark(node) {
      this.marked = node;
      this.element.querySelectorAll("tbody tr").forEach((row, at) => row.classList.toggle("marked", at === node));
    }
    show(cursor) {
      const { fold, moments, report } = this.scene;
      const [from] = this.scene.beat(cursor);
      const before = fold.at(moments.place[from]);
      const states = fold.at(moments.place[cursor]);
      const room = Math.max(4, Math.floor((this.element.clientWidth - OTHERS) / BOX) || 12);
      const window2 = windowOf(states, room);
      const accused = this.scene.violations.find((each) => each.cursor === cursor);
      const rows = states.map(
        (state, node) => this.row(report.nodes[node], state, before[node], window2, node, accused?.nodes.includes(node) ?? false)
      );
      this.element.replaceChildren(
        html(
          "table",
          {},
          html("caption", { class: "unseen" }, "The nodes at this step"),
          html(
            "thead",
            {},
            html(
              "tr",
              {},
              ...["Node", "Role", "Term", "Vote", "Commit", "On disk"].map((name) => html("th", { scope: "col" }, name)),
              ...indexHeads(window2)
            )
          ),
          html("tbody", {}, ...rows)
        )
      );
    }
    row(name, state, before, window2, node, isAccused) {
      const { fold, teller } = this.scene;
      const term = state.isUp ? state.term : state.saved.term;
      const vote = state.isUp ? state.vote : state.saved.vote;
      const log = logOf(state);
      const standing = state.isUp ? state.role : state.hasRun ? "down" : "not started";
      const cell = (text, was, is, more = "") => html("td", { class: `fact${was !== is ? " changed" : ""}${more}` }, text);
      const beforeTerm = before && (before.isUp ? before.term : before.saved.term);
      const beforeVote = before && (before.isUp ? before.vote : before.saved.vote);
      const isUnsaved = state.isUp && (state.saved.term !== state.term || state.saved.vote !== state.vote);
      const classes = [
        state.isUp ? "" : "down",
        standing === "leader" ? "leads" : "",
        isAccused ? "accused" : "",
        node === this.marked ? "marked" : ""
      ];
      return html(
        "tr",
        {
          class: classes.filter(Boolean).join(" "),
          "data-node": name,
          "data-role": standing,
          "data-term": term,
          "data-vote": vote < 0 ? "" : teller.node(vote),
          "data-commit": state.isUp ? state.commit : 0,
          "data-durable": state.isUp ? state.durable : log.last,
          "data-last": log.last
        },
        html("th", { scope: "row" }, name),
        html("td", { class: `fact role ${standing.replace(" ", "-")}${before && standingOf(before) !== standing ? " changed" : ""}` }, standing),
        cell(term, beforeTerm, term),
        cell(vote < 0 ? "\u2013" : teller.node(vote), beforeVote, vote, isUnsaved ? " unsaved" : ""),
        cell(state.isUp ? state.commit : "\u2013", before?.commit, state.commit),
        cell(state.isUp ? state.isRecovering ? "\u2026" : state.durable : log.last, before?.durable, state.durable),
        ...boxes(fold, state, window2, { before, hasText: true })
      );
    }
  };
  function standingOf(state) {
    return state.isUp ? state.role : state.hasRun ? "down" : "not started";
  }

  // src/spacetime/moments.ts
  var EVENT = 0;
  var ARRIVAL = 1;
  var SENDING = 2;
  var NONE = {
    kinds: [],
    texts: [],
    labels: [],
    fates: [],
    source: [],
    target: [],
    kind: [],
    term: [],
    sent: [],
    sent_at: [],
    arrived: [],
    arrived_at: [],
    fate: [],
    original: [],
    words: []
  };
  var Moments = class {
    constructor(trace, messages, borders2 = /* @__PURE__ */ new Set()) {
      this.trace = trace;
      this.messages = messages ?? NONE;
      const count2 = this.messages.source.length;
      const room = trace.kind.length + 2 * count2;
      this.what = new Uint8Array(room);
      this.which = new Int32Array(room);
      this.node = new Int32Array(room);
      this.time = new Float64Array(room);
      this.place = new Int32Array(room + 1);
      this.ofEvent = new Int32Array(trace.kind.length);
      this.ofSending = new Int32Array(count2).fill(-1);
      this.ofArrival = new Int32Array(count2).fill(-1);
      this.bySending = Int32Array.from({ length: count2 }, (_2, row) => row);
      this.fill(timesOf(trace));
      this.beats = this.findBeats(borders2);
    }
    trace;
    messages;
    /** EVENT, ARRIVAL or SENDING, and what: a position in the trace, or in the messages. */
    what;
    which;
    node;
    time;
    /** So many events of the trace, as shown, happened before each moment; one element more. */
    place;
    /** The moment of each event; of each message when it left, and when it was received (-1: never). */
    ofEvent;
    ofSending;
    ofArrival;
    /** The messages in the order in which they left. */
    bySending;
    /** The first moment of each beat, and the end of the last. */
    beats;
    length = 0;
    /** So many moments. */
    get size() {
      return this.length;
    }
    fill(times2) {
      const { messages, trace } = this;
      const size = trace.kind.length;
      const placeOf = (global) => Math.max(0, Math.min(size, global - trace.first));
      const { bySending: sendings } = this;
      sendings.sort(
        (one2, other) => messages.sent_at[one2] - messages.sent_at[other] || messages.sent[one2] - messages.sent[other] || one2 - other
      );
      const rank = new Int32Array(sendings.length);
      sendings.forEach((row, at) => rank[row] = at);
      const down = messages.fates.indexOf("down");
      const arrivals = Array.from(sendings).filter(
        (row) => messages.arrived_at[row] >= 0 && messages.fate[row] !== down
      );
      arrivals.sort(
        (one2, other) => messages.arrived_at[one2] - messages.arrived_at[other] || messages.arrived[one2] - messages.arrived[other] || rank[one2] - rank[other]
      );
      let sending = 0;
      let arriving = 0;
      for (let place = 0; place <= size; place++) {
        const first = sending;
        while (sending < sendings.length && placeOf(messages.sent_at[sendings[sending]]) <= place) sending++;
        const from = arriving;
        while (arriving < arrivals.length && placeOf(messages.arrived_at[arrivals[arriving]]) <= place) arriving++;
        if (sending > first || arriving > from) {
          this.interleave(sendings.subarray(first, sending), arrivals.slice(from, arriving), rank, place);
        }
        if (place < size) {
          this.ofEvent[place] = this.length;
          this.add(EVENT, place, trace.node[place], times2[place], place);
        }
      }
      this.place[this.length] = size;
    }
    /**
     * Sendings and arrivals that no event lies between. A message arrives after it was sent; what a
     * node sends at the same time comes after what has reached it.
     */
    interleave(sendings, arrivals, rank, place) {
      const { messages } = this;
      let next = 0;
      const arriveUpTo = (until) => {
        for (; next < until; next++) {
          const row = arrivals[next];
          this.ofArrival[row] = this.length;
          this.add(ARRIVAL, row, messages.target[row], messages.arrived[row], place);
        }
      };
      for (const row of sendings) {
        const sent = messages.sent[row];
        let until = next;
        for (let at = next; at < arrivals.length; at++) {
          const arrival = arrivals[at];
          const arrived = messages.arrived[arrival];
          if (arrived > sent || arrived === sent && rank[arrival] >= rank[row]) break;
          if (arrived < sent || messages.target[arrival] === messages.source[row]) until = at + 1;
        }
        arriveUpTo(until);
        this.ofSending[row] = this.length;
        this.add(SENDING, row, messages.source[row], sent, place);
      }
      arriveUpTo(arrivals.length);
    }
    add(what, which, node, time, place) {
      const at = this.length++;
      this.what[at] = what;
      this.which[at] = which;
      this.node[at] = node;
      this.time[at] = time;
      this.place[at] = place;
    }
    findBeats(borders2) {
      const found = [];
      for (let at = 0; at < this.length; at++) {
        if (at === 0 || this.beginsBeat(at, borders2)) found.push(at);
      }
      found.push(this.length);
      return Int32Array.from(found);
    }
    beginsBeat(at, borders2) {
      if (this.what[at] === ARRIVAL) return true;
      if (this.node[at] !== this.node[at - 1] || this.time[at] !== this.time[at - 1]) return true;
      if (this.what[at] !== EVENT) return false;
      const kind = this.kind(at);
      if (kind === "started" || kind === "stopped") return true;
      return this.what[at - 1] !== ARRIVAL && borders2.has(this.place[at] + this.trace.first);
    }
    /** The kind of an event's moment. */
    kind(at) {
      return this.trace.kinds[this.trace.kind[this.which[at]]];
    }
    /** The beat that a cursor is in or at the end of: positions in `beats`. */
    beatBefore(cursor) {
      return Math.max(0, lowerBound(this.beats, cursor) - 1);
    }
    /** The cursor right after so many events. */
    cursorOfPlace(place) {
      return place <= 0 ? 0 : this.ofEvent[Math.min(place, this.ofEvent.length) - 1] + 1;
    }
  };
  function lowerBound(values, sought) {
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = low + high >> 1;
      if (values[middle] < sought) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // src/spacetime/chapters.ts
  function borders(report) {
    return new Set(hasSteps(report) ? report.steps.map(({ first }) => first) : []);
  }
  function hasSteps({ steps: steps2 }) {
    return steps2.some(({ words }) => words) && steps2.every(({ first }) => first !== void 0);
  }
  function chaptersOf(report, moments, teller) {
    return hasSteps(report) ? stepChapters(report, moments) : landmarkChapters(report, moments, teller);
  }
  function stepChapters(report, moments) {
    const { first: shown } = report.trace;
    const starts = report.steps.map(({ first, time }) => startOf(moments, first - shown, time ?? 0));
    const chapters = [];
    if (starts[0] > 0) chapters.push({ from: 0, to: starts[0], title: "start", words: "" });
    report.steps.forEach(({ line: line2, words }, at) => {
      const from = starts[at];
      const to = Math.max(from, starts[at + 1] ?? moments.size);
      chapters.push({ from, to, title: line2, words: words ?? "" });
    });
    return chapters;
  }
  function startOf(moments, place, time) {
    const after = moments.cursorOfPlace(place);
    const event = moments.ofEvent[place] ?? moments.size;
    const beat = event < moments.size ? moments.beats[moments.beatBefore(event + 1)] : event;
    let at = after;
    while (at < event && moments.time[at] <= time) at++;
    return Math.max(after, Math.min(at, beat));
  }
  function landmarkChapters(report, moments, teller) {
    const trace = report.trace;
    const marks = /* @__PURE__ */ new Map();
    const mark2 = (at, title) => {
      marks.set(at, [...marks.get(at) ?? [], title]);
    };
    const began = /* @__PURE__ */ new Set();
    for (let event = 0; event < trace.kind.length; event++) {
      const kind = trace.kinds[trace.kind[event]];
      const node = trace.node[event];
      if (kind === "started") {
        if (began.has(node)) mark2(moments.ofEvent[event], `${teller.node(node)} starts again`);
        began.add(node);
      } else if (kind === "stopped") {
        mark2(moments.ofEvent[event], `${teller.node(node)} is down`);
      } else if (kind === "role-changed" && trace.texts[trace.text[event]] === "leader") {
        mark2(moments.ofEvent[event], `${teller.node(node)} leads term ${trace.term[event]}`);
      }
    }
    const times2 = moments.time.subarray(0, moments.size);
    for (const { kind, start: start2, nodes } of report.bands) {
      if (kind !== "down") {
        mark2(lowerBound(times2, start2), [kind, ...(nodes ?? []).map((node) => teller.node(node))].join(" "));
      }
    }
    const starts = [...marks.keys()].filter((at) => at < moments.size).sort((one2, other) => one2 - other);
    const chapters = [];
    if (starts[0] !== 0) chapters.push({ from: 0, to: starts[0] ?? moments.size, title: "start", words: "" });
    starts.forEach((from, at) => {
      const title = [...new Set(marks.get(from))].join("; ");
      chapters.push({ from, to: starts[at + 1] ?? moments.size, title, words: "" });
    });
    return chapters;
  }
  function chapterAt(chapters, cursor) {
    let found = 0;
    while (found + 1 < chapters.length && chapters[found + 1].from < cursor) found++;
    return found;
  }

  // src/spacetime/controls.ts
  var ICONS = {
    first: "M3 3v10M13 3 6 8l7 5Z",
    chapterBack: "M8 3 2 8l6 5ZM14 3 8 8l6 5Z",
    back: "M11 3 4 8l7 5Z",
    play: "M4 2.5 13 8l-9 5.5Z",
    pause: "M5 3v10M11 3v10",
    forward: "M5 3l7 5-7 5Z",
    chapterForward: "M2 3l6 5-6 5ZM8 3l6 5-6 5Z",
    last: "M13 3v10M3 3l7 5-7 5Z"
  };
  function icon(name) {
    return svg("svg", { viewBox: "0 0 16 16", width: 15, height: 15, "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
  }
  var Controls = class {
    constructor(wishes, beats, violations, hasChapters) {
      this.beats = beats;
      const button2 = (name, label3, key, does) => html("button", { type: "button", class: "st-icon", "aria-label": label3, title: `${label3} (${key})`, click: does }, icon(name));
      this.playButton = button2("play", "Play", "Space", () => wishes.play());
      this.slider = html("input", {
        type: "range",
        min: 0,
        max: beats,
        step: 1,
        "aria-label": "Step",
        input: () => wishes.beat(Number(this.slider.value))
      });
      this.position = html("output", { class: "st-position" });
      this.speedField = html(
        "select",
        { "aria-label": "Speed" },
        ...[1, 2, 5, 20].map((speed) => html("option", { value: speed, selected: speed === 2 }, `${speed} / s`))
      );
      this.axisButtons = choice("Axis", { order: "Order", time: "Time" }, (kind) => wishes.axis(kind));
      this.pageButtons = choice("Picture", { diagram: "Diagram", figure: "Figure" }, (page) => wishes.page(page));
      this.diagramTools = html(
        "div",
        { class: "st-group" },
        this.axisButtons,
        html("button", { type: "button", class: "st-icon", "aria-label": "Zoom out", title: "Zoom out (\u2212)", click: () => wishes.zoom(0.6) }, "\u2212"),
        html("button", { type: "button", class: "st-icon", "aria-label": "Zoom in", title: "Zoom in (+)", click: () => wishes.zoom(1.7) }, "+"),
        html("button", { type: "button", title: "Show the whole run (0)", click: () => wishes.fit() }, "Fit")
      );
      this.element = html(
        "div",
        { class: "st-controls", role: "toolbar", "aria-label": "Steps" },
        html(
          "div",
          { class: "st-group" },
          button2("first", "First step", "Home", () => wishes.first()),
          hasChapters && button2("chapterBack", "Chapter back", "Shift+\u2190", () => wishes.chapter(-1)),
          button2("back", "Step back", "\u2190", () => wishes.step(-1)),
          this.playButton,
          button2("forward", "Step forward", "\u2192", () => wishes.step(1)),
          hasChapters && button2("chapterForward", "Chapter forward", "Shift+\u2192", () => wishes.chapter(1)),
          button2("last", "Last step", "End", () => wishes.last()),
          this.speedField
        ),
        html("div", { class: "st-group st-slide" }, this.slider, this.position),
        violations > 0 && html(
          "button",
          { type: "button", class: "st-to-violation", title: "Go to the violation (v)", click: () => wishes.violation() },
          violations > 1 ? `Violation (${violations})` : "Violation"
        ),
        this.diagramTools,
        this.pageButtons
      );
    }
    beats;
    element;
    playButton;
    slider;
    position;
    speedField;
    diagramTools;
    axisButtons;
    pageButtons;
    /** Steps a second, while it plays. */
    get speed() {
      return Number(this.speedField.value);
    }
    show(beat) {
      this.slider.value = String(beat);
      this.slider.setAttribute("aria-valuetext", `step ${beat} of ${this.beats}`);
      this.position.textContent = `${beat} / ${this.beats}`;
    }
    plays(isPlaying) {
      this.playButton.replaceChildren(icon(isPlaying ? "pause" : "play"));
      this.playButton.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
      this.playButton.title = isPlaying ? "Pause (Space)" : "Play (Space)";
    }
    setPage(page) {
      this.diagramTools.hidden = page === "figure";
      press(this.pageButtons, page);
    }
    setAxis(kind) {
      press(this.axisButtons, kind);
    }
  };
  function choice(label3, names, chosen2) {
    const group = html("div", { class: "st-choice", role: "group", "aria-label": label3 });
    for (const [name, words] of Object.entries(names)) {
      const isFirst = group.children.length === 0;
      group.append(
        html("button", { type: "button", "data-name": name, "aria-pressed": String(isFirst), click: () => chosen2(name) }, words)
      );
    }
    return group;
  }
  function press(group, name) {
    for (const button2 of group.querySelectorAll("button")) {
      button2.setAttribute("aria-pressed", String(button2.dataset["name"] === name));
    }
  }

  // src/spacetime/draw_arrows.ts
  var MOST_SINGLE = 500;
  var MOST = 4e3;
  var GAP2 = 6;
  function drawArrows(frame2) {
    const { arrows } = frame2.scene;
    const rows = arrows.within(frame2.from, frame2.to, MOST);
    if (rows === null) return lostOnly(frame2);
    const seen = rows.map((row) => arrows.arrow(row, frame2.axis));
    if (seen.length > MOST_SINGLE) return lines(frame2, seen);
    const hasLabels = seen.length <= 60;
    return svg("g", { class: "st-arrows" }, ...seen.map((arrow) => single(frame2, arrow, hasLabels)));
  }
  function ends(frame2, arrow) {
    const down = arrow.target > arrow.source ? 1 : -1;
    const y1 = frame2.y(arrow.source) + GAP2 * down;
    const y2 = frame2.y(arrow.target) - GAP2 * down;
    const x1 = frame2.x(arrow.from);
    if (arrow.fate === "held") {
      const length = 12 + 9 * Math.abs(arrow.target - arrow.source);
      return { x1, y1, x2: x1 + length * 0.6, y2: y1 + length * down };
    }
    return { x1, y1, x2: frame2.x(arrow.to), y2: y1 + (y2 - y1) * arrow.reach };
  }
  function lines(frame2, arrows) {
    const paths = /* @__PURE__ */ new Map();
    for (const arrow of arrows) {
      const name = arrow.reach < 1 ? `${arrow.family} ${arrow.fate}` : arrow.family;
      const { x1, y1, x2, y2 } = ends(frame2, arrow);
      const path = paths.get(name) ?? [];
      path.push(`M${x1.toFixed(1)} ${y1.toFixed(0)}L${x2.toFixed(1)} ${y2.toFixed(0)}`);
      paths.set(name, path);
    }
    return svg(
      "g",
      { class: "st-arrows many" },
      ...[...paths].map(([name, path]) => svg("path", { class: `st-arrow ${name}`, d: path.join("") }))
    );
  }
  function lostOnly(frame2) {
    const { arrows, moments } = frame2.scene;
    const drawn = /* @__PURE__ */ new Set();
    const path = [];
    for (const row of arrows.dropped(frame2.from, frame2.to)) {
      const x = Math.round(frame2.x(frame2.axis.left[moments.ofSending[row]]));
      const y = Math.round(frame2.y(moments.messages.source[row])) + 9;
      if (drawn.has(`${x} ${y}`)) continue;
      drawn.add(`${x} ${y}`);
      path.push(`M${x} ${y}v6`);
    }
    return svg("g", { class: "st-arrows many" }, svg("path", { class: "st-arrow lost", d: path.join("") }));
  }
  function single(frame2, arrow, hasLabel) {
    const { moments } = frame2.scene;
    const line2 = ends(frame2, arrow);
    const { x1, y1, x2, y2 } = line2;
    const arrival = moments.ofArrival[arrow.row];
    const sending = moments.ofSending[arrow.row];
    const [from, to] = frame2.beat;
    const isNow = arrival >= from && arrival < to || sending >= from && sending < to;
    const classes = ["st-arrow", arrow.family, arrow.fate, arrow.isReply && "reply", isNow && "now"];
    const path = `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}`;
    return svg(
      "g",
      {
        class: classes.filter(Boolean).join(" "),
        "data-row": arrow.row,
        "data-moment": arrival >= 0 ? arrival : sending,
        "data-fate": arrow.fate
      },
      svg("path", { class: "reach", d: path }),
      arrow.fate === "duplicate" && svg("path", { class: "copy", d: path }),
      svg("path", { class: "line", d: path }),
      svg("path", { class: "end", d: endOf(arrow, line2) }),
      arrow.fate === "delayed" && svg("circle", { class: "clock", cx: (x1 + x2) / 2, cy: (y1 + y2) / 2, r: 4.5 }),
      arrow.fate === "delayed" && svg("path", { class: "hands", d: clockHands((x1 + x2) / 2, (y1 + y2) / 2) }),
      hasLabel && label2(frame2, arrow, line2)
    );
  }
  function endOf(arrow, { x1, y1, x2, y2 }) {
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const along = [(x2 - x1) / length, (y2 - y1) / length];
    const point = (forward, aside) => `${(x2 + along[0] * forward - along[1] * aside).toFixed(1)} ${(y2 + along[1] * forward + along[0] * aside).toFixed(1)}`;
    switch (arrow.fate) {
      case "lost":
      case "cut":
      case "down":
        return `M${(x2 - 4.5).toFixed(1)} ${(y2 - 4.5).toFixed(1)}l9 9m-9 0l9-9`;
      case "held":
        return `M${point(0, -5)}L${point(0, 5)}M${point(4, -5)}L${point(4, 5)}`;
      default:
        return `M${point(-7, -3.4)}L${point(0, 0)}L${point(-7, 3.4)}`;
    }
  }
  function clockHands(x, y) {
    return `M${x} ${y - 3}V${y}H${x + 2.2}`;
  }
  function label2(frame2, arrow, { x1, y1, x2, y2 }) {
    const text = frame2.scene.teller.label(arrow.row);
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (arrow.reach < 1 || length < text.length * 5.6 + 26) return null;
    let angle = Math.atan2(y2 - y1, x2 - x1) * 180 / Math.PI;
    if (Math.abs(angle) > 90) angle -= Math.sign(angle) * 180;
    const [x, y] = [x1 + (x2 - x1) * 0.4, y1 + (y2 - y1) * 0.4];
    return svg("text", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${angle.toFixed(1)})`, dy: -4 }, text);
  }

  // src/spacetime/marks.ts
  function mark(name, path, offset, legend3) {
    return { name, path, offset, legend: legend3 };
  }
  var STAR = "M0-6.5 1.9-2.2 6.4-1.9 2.9 1 4 5.5 0 3 -4 5.5 -2.9 1 -6.4-1.9 -1.9-2.2Z";
  var MARKS = {
    leader: mark("leader", STAR, -15, "becomes leader"),
    candidate: mark("candidate", "M0-5.5 5.5 4.5H-5.5Z", -14, "campaigns"),
    "step-down": mark("step-down", "M0 5.5 5.5-4.5H-5.5Z", -14, "follows again"),
    vote: mark("vote", "M0-5.5 5.5 0 0 5.5 -5.5 0Z", 0, "votes"),
    append: mark("append", "M-5-5H5V5H-5Z", -14, "appends an entry (its term)"),
    truncate: mark("truncate", "M-5-5H5V5H-5ZM-5-5 5 5M-5 5 5-5", -14, "removes entries"),
    commit: mark("commit", "M-5 0 -1.5 4 5-4.5", 15, "commits up to an entry"),
    crash: mark("crash", "M-6-6 6 6M-6 6 6-6", 0, "goes down"),
    start: mark("start", "M-4-6 6 0 -4 6Z", 0, "starts"),
    snapshot: mark("snapshot", "M-5-4.5H5V-1.5H-5ZM-5 0.5H5V3.5H-5Z", 15, "takes or restores a snapshot"),
    saved: mark("saved", "M0-4.5V4.5", 0, "has saved to its disk"),
    other: mark("other", "M-2.5-2.5H2.5V2.5H-2.5Z", 13, "lease, transfer")
  };
  function markOf(trace, event) {
    switch (trace.kinds[trace.kind[event]]) {
      case "role-changed":
        return markOfRole(trace.texts[trace.text[event]]);
      case "vote-granted":
        return MARKS.vote;
      case "appended":
        return MARKS.append;
      case "truncated":
        return MARKS.truncate;
      case "committed":
        return MARKS.commit;
      case "stopped":
        return MARKS.crash;
      case "started":
        return MARKS.start;
      case "snapshot-taken":
      case "snapshot-restored":
        return MARKS.snapshot;
      case "persisted":
        return MARKS.saved;
      case "lease-read":
      case "transfer-started":
      case "transfer-ended":
        return MARKS.other;
    }
    return null;
  }
  function markOfRole(role) {
    if (role === "leader") return MARKS.leader;
    return role === "follower" ? MARKS["step-down"] : MARKS.candidate;
  }

  // src/spacetime/strips.ts
  function stripsOf(report, moments) {
    const trace = report.trace;
    const strips = report.nodes.map((_2, node) => {
      const given = trace.initial[node];
      const standing = given?.is_up ? given.role || "follower" : given && given.term > 0 ? "down" : "unborn";
      return [{ from: 0, standing, term: given?.term ?? 0 }];
    });
    for (let event = 0; event < trace.kind.length; event++) {
      const strip = strips[trace.node[event]];
      if (!strip) continue;
      const { standing, term } = strip.at(-1);
      const at = moments.ofEvent[event];
      switch (trace.kinds[trace.kind[event]]) {
        case "started":
          add(strip, at, "follower", trace.term[event]);
          break;
        case "stopped":
          add(strip, at, "down", term);
          break;
        case "term-changed":
          add(strip, at, standing, trace.term[event]);
          break;
        case "role-changed":
          add(strip, at, trace.texts[trace.text[event]], Math.max(term, trace.term[event]));
          break;
      }
    }
    return strips;
  }
  function add(strip, from, standing, term) {
    const last = strip.at(-1);
    if (last.standing === standing && last.term === term) return;
    if (last.from === from) strip.pop();
    strip.push({ from, standing, term });
  }
  function within(strip, from, to) {
    const bound = (sought) => {
      let low = 0;
      let high = strip.length;
      while (low < high) {
        const middle = low + high >> 1;
        if (strip[middle].from < sought) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return [Math.max(0, bound(from + 1) - 1), bound(to)];
  }

  // src/spacetime/words.ts
  function entriesWords(first, last) {
    if (first === last) return `entry ${first}`;
    return `entries ${first} ${last === first + 1 ? "and" : "to"} ${last}`;
  }
  function listed(words) {
    if (words.length < 2) return words.join("");
    return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
  }
  function timeWords(nanoseconds, digits = 3) {
    const milliseconds2 = nanoseconds / 1e6;
    if (milliseconds2 >= 1e4) return `${(milliseconds2 / 1e3).toFixed(2)} s`;
    return `${Number(milliseconds2.toFixed(digits))} ms`;
  }
  var DETAILS = /* @__PURE__ */ new Set(["term-exposed", "applied", "state-digest", "configuration-changed"]);
  var NOUNS = {
    append: "AppendEntries",
    "append-reply": "its answer",
    vote: "RequestVote",
    "vote-reply": "its answer",
    "pre-vote": "a question for a pre-vote",
    "pre-vote-reply": "its answer",
    snapshot: "InstallSnapshot",
    "snapshot-reply": "its answer",
    "timeout-now": "TimeoutNow",
    "read-index": "a question for a read index",
    "read-index-reply": "its answer"
  };
  var Teller = class {
    constructor(report, moments) {
      this.report = report;
      this.moments = moments;
      this.trace = report.trace;
    }
    report;
    moments;
    trace;
    node(number4) {
      return this.report.nodes[number4] ?? "?";
    }
    /** The moments of one beat, or a part of it, as a sentence. */
    beat(from, to) {
      const { moments } = this;
      if (from >= to) return "Nothing has happened yet.";
      const clauses = [];
      const sent = [];
      let opening = "";
      for (let at = from; at < to; at++) {
        if (moments.what[at] === ARRIVAL) {
          opening = `receives ${this.message(moments.which[at])}`;
        } else if (moments.what[at] === SENDING) {
          sent.push(moments.which[at]);
        } else {
          at = this.event(at, to, clauses) - 1;
        }
      }
      const told = clauses.filter(({ isDetail }) => !isDetail);
      let phrases = (told.length > 0 ? told : opening || sent.length > 0 ? [] : clauses).map(({ text }) => text);
      if (sent.length > 0) phrases = [...phrases, this.sendings(sent)];
      const subject = this.node(moments.node[from]);
      if (!opening) return `${subject} ${listed(phrases)}.`;
      return phrases.length > 0 ? `${subject} ${opening}: it ${listed(phrases)}.` : `${subject} ${opening}.`;
    }
    /** One event, and those of the same kind that follow it: where they end. */
    event(at, to, clauses) {
      const { moments } = this;
      const kind = moments.kind(at);
      const first = moments.which[at];
      let end = at + 1;
      if (kind === "appended" || kind === "applied") {
        while (end < to && moments.what[end] === 0 && moments.kind(end) === kind) end++;
      }
      const last = moments.which[end - 1];
      const isFew = last - first < 3;
      const words = last > first ? this.severalWords(kind, first, last, isFew) : this.eventWords(first);
      clauses.push({ text: words, isDetail: DETAILS.has(kind) });
      return end;
    }
    severalWords(kind, first, last, isFew) {
      const { trace } = this;
      const range2 = entriesWords(trace.index[first], trace.index[last]);
      if (kind === "applied") return `applies ${range2}`;
      if (!isFew) return `appends ${range2}`;
      const each = [];
      for (let at = first; at <= last; at++) each.push(`term ${trace.term[at]}: ${this.text(at)}`);
      return `appends ${range2} (${each.join("; ")})`;
    }
    text(event) {
      const at = this.trace.text[event];
      return at < 0 ? "" : this.trace.texts[at] ?? "";
    }
    /** One event, as a verb phrase. */
    eventWords(event) {
      const { trace } = this;
      const kind = trace.kinds[trace.kind[event]];
      const index = trace.index[event];
      const term = trace.term[event];
      const other = trace.node2[event];
      const number4 = trace.number[event];
      const text = this.text(event);
      switch (kind) {
        case "started":
          return `starts in term ${term}${other >= 0 ? `, in which it has voted for ${this.node(other)}` : ""}`;
        case "stopped":
          return text === "crashed" ? "crashes" : `goes down (${text})`;
        case "term-changed":
          return `enters term ${term}`;
        case "term-exposed":
          return `sends its first message of term ${term}`;
        case "role-changed":
          return text === "leader" ? `becomes leader of term ${term}` : `is a ${text} in term ${term}`;
        case "vote-granted":
          return other === trace.node[event] ? `votes for itself in term ${term}` : `votes for ${this.node(other)} in term ${term}`;
        case "appended":
          return `appends entry ${index} of term ${term}${text ? ` (${text})` : ""}`;
        case "truncated":
          return `removes the entries from ${index} on`;
        case "persisted":
          return `has saved its term, vote and log${index > 0 ? ` up to entry ${index}` : ""}`;
        case "committed":
          return `commits up to entry ${index}`;
        case "applied":
          return `applies entry ${index}${number4 === 0 && text ? " (a duplicate, not executed again)" : ""}`;
        case "configuration-changed":
          return `goes by the configuration ${text}`;
        case "snapshot-taken":
          return `takes a snapshot up to entry ${index} of term ${term}`;
        case "snapshot-restored":
          return `restores a snapshot up to entry ${index} of term ${term}`;
        case "compacted":
          return `no longer keeps the entries up to ${index}`;
        case "state-digest":
          return `has state ${text} after entry ${index}`;
        case "lease-read":
          return `confirms a read at entry ${index} by its lease`;
        case "transfer-started":
          return `begins to hand over to ${this.node(other)}`;
        case "transfer-ended":
          return `ends the hand-over: ${text}`;
      }
      return kind;
    }
    /** A message, as a noun. */
    message(row) {
      const { messages } = this.moments;
      const words = messages.texts[messages.words[row]];
      if (words) return words;
      return `a message ${messages.kinds[messages.kind[row]]} of ${this.node(messages.source[row])}`;
    }
    /** A message in a word or two. */
    label(row) {
      const { messages } = this.moments;
      return messages.labels[messages.words[row]] ?? messages.kinds[messages.kind[row]] ?? "";
    }
    sendings(rows) {
      const { messages } = this.moments;
      const targets = /* @__PURE__ */ new Map();
      for (const row of rows) {
        const noun = NOUNS[messages.kinds[messages.kind[row]]] ?? messages.kinds[messages.kind[row]];
        const whom = targets.get(noun) ?? [];
        const target = this.node(messages.target[row]);
        if (!whom.includes(target)) whom.push(target);
        targets.set(noun, whom);
      }
      return listed([...targets].map(([noun, whom]) => `sends ${noun} to ${listed(whom)}`));
    }
    /** What became of a message. */
    fate(row) {
      const { messages } = this.moments;
      const target = this.node(messages.target[row]);
      const took = timeWords(messages.arrived[row] - messages.sent[row]);
      switch (messages.fates[messages.fate[row]]) {
        case "delivered":
          return `arrives at ${target} after ${took}`;
        case "delayed":
          return `is held back, and arrives at ${target} after ${took}`;
        case "duplicate":
          return `is a second copy, and arrives at ${target} after ${took}`;
        case "lost":
          return `is lost on its way to ${target}`;
        case "cut":
          return `is dropped: ${target} is cut off`;
        case "down":
          return `finds ${target} down`;
        case "held":
          return `has not reached ${target} when the run ends`;
      }
      return "";
    }
  };

  // src/spacetime/draw_lines.ts
  var NUMBERS = 10;
  var MARKS2 = 2.5;
  var MOST_SPANS = 240;
  function fitted(text, width, letter = 6.4) {
    const most = Math.floor(width / letter);
    if (text.length <= most) return text;
    return most < 4 ? "" : `${text.slice(0, most - 1)}\u2026`;
  }
  function drawChapters(frame2) {
    const { scene, axis } = frame2;
    const drawn = [];
    let last = -Infinity;
    scene.chapters.forEach(({ from, to, title }, at) => {
      if (to < frame2.from || from > frame2.to) return;
      const left = Math.max(frame2.gutter, frame2.x(axis.left[from]) - 3);
      const right = Math.min(frame2.width, frame2.x(axis.left[to]) - 3);
      if (right - last < 9 && at !== frame2.chapter) return;
      last = right;
      const width = Math.max(1, right - left);
      const classes = ["st-chapter", at % 2 === 1 && "odd", at === frame2.chapter && "now"];
      drawn.push(
        svg(
          "g",
          { class: classes.filter(Boolean).join(" "), "data-cursor": to },
          svg("title", {}, title),
          svg("rect", { class: "ground", x: left, y: frame2.top, width, height: frame2.bottom - frame2.top }),
          svg("rect", { class: "head", x: left, y: 2, width: Math.max(1, width - 1), height: frame2.top - 10, rx: 3 }),
          svg("text", { x: left + 6, y: 16 }, fitted(title, width - 12))
        )
      );
    });
    return svg("g", { class: "st-chapters" }, ...drawn);
  }
  var HEIGHTS = { leader: 12, candidate: 9, "pre-candidate": 9, follower: 5, down: 0, unborn: 0 };
  function drawLines(frame2) {
    const parts = frame2.scene.strips.map((strip) => within(strip, frame2.from, frame2.to));
    const count2 = parts.reduce((sum, [first, end]) => sum + end - first, 0);
    if (count2 > MOST_SPANS) return linesOfMany(frame2, parts);
    return svg("g", { class: "st-lines" }, ...frame2.scene.strips.map((strip, node) => line(frame2, strip, node, parts[node])));
  }
  function edges(frame2, strip, at) {
    const { left } = frame2.axis;
    const next = strip[at + 1];
    const x = Math.max(frame2.gutter, frame2.x(left[strip[at].from]));
    return [x, Math.max(0.8, Math.min(frame2.width, next ? frame2.x(left[next.from]) : frame2.width) - x)];
  }
  function line(frame2, strip, node, [first, end]) {
    const y = frame2.y(node);
    const drawn = [];
    let labelled = -1;
    for (let at = first; at < end; at++) {
      const { standing, term } = strip[at];
      const [x, width] = edges(frame2, strip, at);
      const height = HEIGHTS[standing];
      if (height === 0) {
        drawn.push(svg("line", { class: `st-span ${standing}`, x1: x, x2: x + width, y1: y, y2: y }));
        continue;
      }
      const style = `--term: var(--${termColourName(term)})`;
      drawn.push(svg("rect", { class: `st-span ${standing}`, x, y: y - height / 2, width, height, style }));
      if (term !== labelled && width > 26) {
        drawn.push(svg("text", { class: "st-term", x: x + 3, y: y + 19 }, width > 58 ? `term ${term}` : `t${term}`));
      }
      labelled = term;
    }
    return svg("g", {}, ...drawn);
  }
  function linesOfMany(frame2, parts) {
    const paths = /* @__PURE__ */ new Map();
    frame2.scene.strips.forEach((strip, node) => {
      const y = frame2.y(node);
      for (let at = parts[node][0]; at < parts[node][1]; at++) {
        const { standing, term } = strip[at];
        const height = HEIGHTS[standing];
        const style = height > 0 ? `--term: var(--${termColourName(term)})` : "";
        const name = `${standing} ${style}`;
        const found = paths.get(name) ?? { classes: `st-span ${standing}`, style, path: [] };
        paths.set(name, found);
        const [x, width] = edges(frame2, strip, at);
        const [from, to] = [x.toFixed(1), (x + width).toFixed(1)];
        found.path.push(height > 0 ? `M${from} ${y - height / 2}H${to}v${height}H${from}Z` : `M${from} ${y}H${to}`);
      }
    });
    return svg(
      "g",
      { class: "st-lines many" },
      ...[...paths.values()].map(({ classes, style, path }) => svg("path", { class: classes, style, d: path.join("") }))
    );
  }
  function drawPauses(frame2) {
    const { report, moments } = frame2.scene;
    const times2 = moments.time.subarray(0, moments.size);
    const drawn = report.bands.filter(({ kind }) => kind.includes("pause")).flatMap(({ start: start2, end, nodes, words }) => {
      const from = lowerBound(times2, start2);
      const to = end === void 0 ? moments.size : lowerBound(times2, end);
      if (to < frame2.from || from > frame2.to) return [];
      const left = frame2.x(frame2.axis.left[from]);
      const width = Math.max(2, frame2.x(frame2.axis.left[to]) - left);
      return (nodes ?? []).map(
        (node) => svg(
          "rect",
          { class: "st-pause", x: left, y: frame2.y(node) - 14, width, height: 28, rx: 4 },
          svg("title", {}, words)
        )
      );
    });
    return svg("g", {}, ...drawn);
  }
  function drawMarks(frame2) {
    const { scene } = frame2;
    const { moments } = scene;
    const trace = scene.report.trace;
    if (frame2.scale < MARKS2) return landmarks(frame2);
    const drawn = [];
    for (let at = frame2.from; at < frame2.to; at++) {
      if (moments.what[at] !== EVENT) continue;
      const event = moments.which[at];
      const mark2 = markOf(trace, event);
      if (!mark2 || mark2.name === "saved" && frame2.scale < 6) continue;
      drawn.push(single2(frame2, at, event, mark2));
    }
    return svg("g", { class: "st-marks" }, ...drawn);
  }
  function single2(frame2, at, event, mark2) {
    const { axis, scene } = frame2;
    const trace = scene.report.trace;
    const small = mark2.name === "saved" ? 0.2 : 0.5;
    const x = frame2.x(axis.left[at] + small * Math.min(1, axis.left[at + 1] - axis.left[at]) * 2 * 0.5);
    const size = Math.min(1.25, Math.max(0.45, frame2.scale / 13));
    const y = frame2.y(trace.node[event]) + mark2.offset * Math.min(1.15, frame2.row / 60);
    const isNow = at >= frame2.beat[0] && at < frame2.beat[1];
    const style = mark2.name === "append" ? `--term: var(--${termColourName(trace.term[event])})` : null;
    return svg(
      "g",
      { class: `st-mark ${mark2.name}${isNow ? " now" : ""}`, "data-moment": at, style },
      svg("path", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size.toFixed(2)})`, d: mark2.path }),
      frame2.scale >= NUMBERS && numberOf(frame2, event, mark2, x, y)
    );
  }
  function numberOf(frame2, event, mark2, x, y) {
    const trace = frame2.scene.report.trace;
    if (mark2.name === "append") {
      return svg("text", { class: "inside", x, y: y + 3.6 }, trace.term[event]);
    }
    if (mark2.name === "commit") return svg("text", { x, y: y + 16 }, `\u2264${trace.index[event]}`);
    return null;
  }
  function landmarks(frame2) {
    const paths = { leader: [], crash: [] };
    frame2.scene.strips.forEach((strip, node) => {
      const [first, end] = within(strip, frame2.from, frame2.to);
      const last = { leader: -Infinity, crash: -Infinity };
      for (let at = first; at < end; at++) {
        const { from, standing } = strip[at];
        if (from < frame2.from || standing !== "leader" && standing !== "down") continue;
        const name = standing === "leader" ? "leader" : "crash";
        const x = frame2.x(frame2.axis.left[from]);
        if (x - last[name] < 9) continue;
        last[name] = x;
        const y = frame2.y(node) + (name === "leader" ? -12 : 0);
        paths[name].push(`M${x.toFixed(1)} ${y}${name === "leader" ? "l-4-6h8Z" : "m-3.5-3.5l7 7m-7 0l7-7"}`);
      }
    });
    return svg(
      "g",
      { class: "st-marks" },
      ...Object.entries(paths).map(
        ([name, path]) => svg("g", { class: `st-mark ${name} many` }, svg("path", { d: path.join("") }))
      )
    );
  }
  function drawAxis2(frame2) {
    const { axis, scene } = frame2;
    const { moments } = scene;
    const drawn = [];
    for (const { at, duration: duration2 } of axis.breaks) {
      if (at < frame2.from || at > frame2.to) continue;
      const x = frame2.x(axis.left[at] - 0.5);
      if (frame2.scale < MARKS2 && drawn.length > 60) break;
      const y = frame2.bottom;
      drawn.push(
        svg(
          "g",
          { class: "st-break" },
          svg("title", {}, `nothing happens for ${timeWords(duration2)}`),
          svg("path", { d: `M${x - 4} ${y + 5}l4-8m1 8l4-8` }),
          svg("line", { x1: x, x2: x, y1: frame2.top, y2: y })
        )
      );
    }
    let last = -Infinity;
    let told = "";
    for (let at = frame2.from; at < frame2.to; at = nextTick(frame2, at)) {
      const x = frame2.x(axis.left[at]);
      if (x < frame2.gutter || x - last < 84 || x > frame2.width - 40) continue;
      const words = timeWords(moments.time[at], 1);
      const text = axis.kind === "time" ? words : `${scene.place(at)} \xB7 ${words}`;
      if (text === told) continue;
      last = x;
      told = text;
      drawn.push(
        svg("line", { x1: x, x2: x, y1: frame2.bottom, y2: frame2.bottom + 4 }),
        svg("text", { x, y: frame2.bottom + 17 }, text)
      );
    }
    return svg("g", { class: "st-axis" }, svg("line", { x1: frame2.gutter, x2: frame2.width, y1: frame2.bottom, y2: frame2.bottom }), ...drawn);
  }
  function nextTick(frame2, at) {
    const { left } = frame2.axis;
    return Math.max(at + 1, lowerBound(left, left[at] + 86 / frame2.scale));
  }

  // node_modules/d3-selection/dist/d3-selection.mjs
  var xhtml = "http://www.w3.org/1999/xhtml";
  var namespaces = {
    svg: "http://www.w3.org/2000/svg",
    xhtml,
    xlink: "http://www.w3.org/1999/xlink",
    xml: "http://www.w3.org/XML/1998/namespace",
    xmlns: "http://www.w3.org/2000/xmlns/"
  };
  function namespace(name) {
    var prefix = name += "", i = prefix.indexOf(":");
    if (i >= 0 && (prefix = name.slice(0, i)) !== "xmlns") name = name.slice(i + 1);
    return namespaces.hasOwnProperty(prefix) ? { space: namespaces[prefix], local: name } : name;
  }
  function creatorInherit(name) {
    return function() {
      var document2 = this.ownerDocument, uri = this.namespaceURI;
      return uri === xhtml && document2.documentElement.namespaceURI === xhtml ? document2.createElement(name) : document2.createElementNS(uri, name);
    };
  }
  function creatorFixed(fullname) {
    return function() {
      return this.ownerDocument.createElementNS(fullname.space, fullname.local);
    };
  }
  function creator(name) {
    var fullname = namespace(name);
    return (fullname.local ? creatorFixed : creatorInherit)(fullname);
  }
  function none() {
  }
  function selector(selector2) {
    return selector2 == null ? none : function() {
      return this.querySelector(selector2);
    };
  }
  function selection_select(select2) {
    if (typeof select2 !== "function") select2 = selector(select2);
    for (var groups = this._groups, m = groups.length, subgroups = new Array(m), j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, subgroup = subgroups[j] = new Array(n), node, subnode, i = 0; i < n; ++i) {
        if ((node = group[i]) && (subnode = select2.call(node, node.__data__, i, group))) {
          if ("__data__" in node) subnode.__data__ = node.__data__;
          subgroup[i] = subnode;
        }
      }
    }
    return new Selection(subgroups, this._parents);
  }
  function array2(x) {
    return x == null ? [] : Array.isArray(x) ? x : Array.from(x);
  }
  function empty() {
    return [];
  }
  function selectorAll(selector2) {
    return selector2 == null ? empty : function() {
      return this.querySelectorAll(selector2);
    };
  }
  function arrayAll(select2) {
    return function() {
      return array2(select2.apply(this, arguments));
    };
  }
  function selection_selectAll(select2) {
    if (typeof select2 === "function") select2 = arrayAll(select2);
    else select2 = selectorAll(select2);
    for (var groups = this._groups, m = groups.length, subgroups = [], parents = [], j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, node, i = 0; i < n; ++i) {
        if (node = group[i]) {
          subgroups.push(select2.call(node, node.__data__, i, group));
          parents.push(node);
        }
      }
    }
    return new Selection(subgroups, parents);
  }
  function matcher(selector2) {
    return function() {
      return this.matches(selector2);
    };
  }
  function childMatcher(selector2) {
    return function(node) {
      return node.matches(selector2);
    };
  }
  var find = Array.prototype.find;
  function childFind(match) {
    return function() {
      return find.call(this.children, match);
    };
  }
  function childFirst() {
    return this.firstElementChild;
  }
  function selection_selectChild(match) {
    return this.select(match == null ? childFirst : childFind(typeof match === "function" ? match : childMatcher(match)));
  }
  var filter = Array.prototype.filter;
  function children() {
    return Array.from(this.children);
  }
  function childrenFilter(match) {
    return function() {
      return filter.call(this.children, match);
    };
  }
  function selection_selectChildren(match) {
    return this.selectAll(match == null ? children : childrenFilter(typeof match === "function" ? match : childMatcher(match)));
  }
  function selection_filter(match) {
    if (typeof match !== "function") match = matcher(match);
    for (var groups = this._groups, m = groups.length, subgroups = new Array(m), j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, subgroup = subgroups[j] = [], node, i = 0; i < n; ++i) {
        if ((node = group[i]) && match.call(node, node.__data__, i, group)) {
          subgroup.push(node);
        }
      }
    }
    return new Selection(subgroups, this._parents);
  }
  function sparse(update) {
    return new Array(update.length);
  }
  function selection_enter() {
    return new Selection(this._enter || this._groups.map(sparse), this._parents);
  }
  function EnterNode(parent, datum2) {
    this.ownerDocument = parent.ownerDocument;
    this.namespaceURI = parent.namespaceURI;
    this._next = null;
    this._parent = parent;
    this.__data__ = datum2;
  }
  EnterNode.prototype = {
    constructor: EnterNode,
    appendChild: function(child) {
      return this._parent.insertBefore(child, this._next);
    },
    insertBefore: function(child, next) {
      return this._parent.insertBefore(child, next);
    },
    querySelector: function(selector2) {
      return this._parent.querySelector(selector2);
    },
    querySelectorAll: function(selector2) {
      return this._parent.querySelectorAll(selector2);
    }
  };
  function constant2(x) {
    return function() {
      return x;
    };
  }
  function bindIndex(parent, group, enter, update, exit, data) {
    var i = 0, node, groupLength = group.length, dataLength = data.length;
    for (; i < dataLength; ++i) {
      if (node = group[i]) {
        node.__data__ = data[i];
        update[i] = node;
      } else {
        enter[i] = new EnterNode(parent, data[i]);
      }
    }
    for (; i < groupLength; ++i) {
      if (node = group[i]) {
        exit[i] = node;
      }
    }
  }
  function bindKey(parent, group, enter, update, exit, data, key) {
    var i, node, nodeByKeyValue = /* @__PURE__ */ new Map(), groupLength = group.length, dataLength = data.length, keyValues = new Array(groupLength), keyValue;
    for (i = 0; i < groupLength; ++i) {
      if (node = group[i]) {
        keyValues[i] = keyValue = key.call(node, node.__data__, i, group) + "";
        if (nodeByKeyValue.has(keyValue)) {
          exit[i] = node;
        } else {
          nodeByKeyValue.set(keyValue, node);
        }
      }
    }
    for (i = 0; i < dataLength; ++i) {
      keyValue = key.call(parent, data[i], i, data) + "";
      if (node = nodeByKeyValue.get(keyValue)) {
        update[i] = node;
        node.__data__ = data[i];
        nodeByKeyValue.delete(keyValue);
      } else {
        enter[i] = new EnterNode(parent, data[i]);
      }
    }
    for (i = 0; i < groupLength; ++i) {
      if ((node = group[i]) && nodeByKeyValue.get(keyValues[i]) === node) {
        exit[i] = node;
      }
    }
  }
  function datum(node) {
    return node.__data__;
  }
  function selection_data(value2, key) {
    if (!arguments.length) return Array.from(this, datum);
    var bind = key ? bindKey : bindIndex, parents = this._parents, groups = this._groups;
    if (typeof value2 !== "function") value2 = constant2(value2);
    for (var m = groups.length, update = new Array(m), enter = new Array(m), exit = new Array(m), j = 0; j < m; ++j) {
      var parent = parents[j], group = groups[j], groupLength = group.length, data = arraylike(value2.call(parent, parent && parent.__data__, j, parents)), dataLength = data.length, enterGroup = enter[j] = new Array(dataLength), updateGroup = update[j] = new Array(dataLength), exitGroup = exit[j] = new Array(groupLength);
      bind(parent, group, enterGroup, updateGroup, exitGroup, data, key);
      for (var i0 = 0, i1 = 0, previous, next; i0 < dataLength; ++i0) {
        if (previous = enterGroup[i0]) {
          if (i0 >= i1) i1 = i0 + 1;
          while (!(next = updateGroup[i1]) && ++i1 < dataLength) ;
          previous._next = next || null;
        }
      }
    }
    update = new Selection(update, parents);
    update._enter = enter;
    update._exit = exit;
    return update;
  }
  function arraylike(data) {
    return typeof data === "object" && "length" in data ? data : Array.from(data);
  }
  function selection_exit() {
    return new Selection(this._exit || this._groups.map(sparse), this._parents);
  }
  function selection_join(onenter, onupdate, onexit) {
    var enter = this.enter(), update = this, exit = this.exit();
    if (typeof onenter === "function") {
      enter = onenter(enter);
      if (enter) enter = enter.selection();
    } else {
      enter = enter.append(onenter + "");
    }
    if (onupdate != null) {
      update = onupdate(update);
      if (update) update = update.selection();
    }
    if (onexit == null) exit.remove();
    else onexit(exit);
    return enter && update ? enter.merge(update).order() : update;
  }
  function selection_merge(context) {
    var selection2 = context.selection ? context.selection() : context;
    for (var groups0 = this._groups, groups1 = selection2._groups, m0 = groups0.length, m1 = groups1.length, m = Math.min(m0, m1), merges = new Array(m0), j = 0; j < m; ++j) {
      for (var group0 = groups0[j], group1 = groups1[j], n = group0.length, merge = merges[j] = new Array(n), node, i = 0; i < n; ++i) {
        if (node = group0[i] || group1[i]) {
          merge[i] = node;
        }
      }
    }
    for (; j < m0; ++j) {
      merges[j] = groups0[j];
    }
    return new Selection(merges, this._parents);
  }
  function selection_order() {
    for (var groups = this._groups, j = -1, m = groups.length; ++j < m; ) {
      for (var group = groups[j], i = group.length - 1, next = group[i], node; --i >= 0; ) {
        if (node = group[i]) {
          if (next && node.compareDocumentPosition(next) ^ 4) next.parentNode.insertBefore(node, next);
          next = node;
        }
      }
    }
    return this;
  }
  function selection_sort(compare2) {
    if (!compare2) compare2 = ascending2;
    function compareNode(a, b) {
      return a && b ? compare2(a.__data__, b.__data__) : !a - !b;
    }
    for (var groups = this._groups, m = groups.length, sortgroups = new Array(m), j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, sortgroup = sortgroups[j] = new Array(n), node, i = 0; i < n; ++i) {
        if (node = group[i]) {
          sortgroup[i] = node;
        }
      }
      sortgroup.sort(compareNode);
    }
    return new Selection(sortgroups, this._parents).order();
  }
  function ascending2(a, b) {
    return a < b ? -1 : a > b ? 1 : a >= b ? 0 : NaN;
  }
  function selection_call() {
    var callback = arguments[0];
    arguments[0] = this;
    callback.apply(null, arguments);
    return this;
  }
  function selection_nodes() {
    return Array.from(this);
  }
  function selection_node() {
    for (var groups = this._groups, j = 0, m = groups.length; j < m; ++j) {
      for (var group = groups[j], i = 0, n = group.length; i < n; ++i) {
        var node = group[i];
        if (node) return node;
      }
    }
    return null;
  }
  function selection_size() {
    let size = 0;
    for (const node of this) ++size;
    return size;
  }
  function selection_empty() {
    return !this.node();
  }
  function selection_each(callback) {
    for (var groups = this._groups, j = 0, m = groups.length; j < m; ++j) {
      for (var group = groups[j], i = 0, n = group.length, node; i < n; ++i) {
        if (node = group[i]) callback.call(node, node.__data__, i, group);
      }
    }
    return this;
  }
  function attrRemove(name) {
    return function() {
      this.removeAttribute(name);
    };
  }
  function attrRemoveNS(fullname) {
    return function() {
      this.removeAttributeNS(fullname.space, fullname.local);
    };
  }
  function attrConstant(name, value2) {
    return function() {
      this.setAttribute(name, value2);
    };
  }
  function attrConstantNS(fullname, value2) {
    return function() {
      this.setAttributeNS(fullname.space, fullname.local, value2);
    };
  }
  function attrFunction(name, value2) {
    return function() {
      var v = value2.apply(this, arguments);
      if (v == null) this.removeAttribute(name);
      else this.setAttribute(name, v);
    };
  }
  function attrFunctionNS(fullname, value2) {
    return function() {
      var v = value2.apply(this, arguments);
      if (v == null) this.removeAttributeNS(fullname.space, fullname.local);
      else this.setAttributeNS(fullname.space, fullname.local, v);
    };
  }
  function selection_attr(name, value2) {
    var fullname = namespace(name);
    if (arguments.length < 2) {
      var node = this.node();
      return fullname.local ? node.getAttributeNS(fullname.space, fullname.local) : node.getAttribute(fullname);
    }
    return this.each((value2 == null ? fullname.local ? attrRemoveNS : attrRemove : typeof value2 === "function" ? fullname.local ? attrFunctionNS : attrFunction : fullname.local ? attrConstantNS : attrConstant)(fullname, value2));
  }
  function defaultView(node) {
    return node.ownerDocument && node.ownerDocument.defaultView || node.document && node || node.defaultView;
  }
  function styleRemove(name) {
    return function() {
      this.style.removeProperty(name);
    };
  }
  function styleConstant(name, value2, priority) {
    return function() {
      this.style.setProperty(name, value2, priority);
    };
  }
  function styleFunction(name, value2, priority) {
    return function() {
      var v = value2.apply(this, arguments);
      if (v == null) this.style.removeProperty(name);
      else this.style.setProperty(name, v, priority);
    };
  }
  function selection_style(name, value2, priority) {
    return arguments.length > 1 ? this.each((value2 == null ? styleRemove : typeof value2 === "function" ? styleFunction : styleConstant)(name, value2, priority == null ? "" : priority)) : styleValue(this.node(), name);
  }
  function styleValue(node, name) {
    return node.style.getPropertyValue(name) || defaultView(node).getComputedStyle(node, null).getPropertyValue(name);
  }
  function propertyRemove(name) {
    return function() {
      delete this[name];
    };
  }
  function propertyConstant(name, value2) {
    return function() {
      this[name] = value2;
    };
  }
  function propertyFunction(name, value2) {
    return function() {
      var v = value2.apply(this, arguments);
      if (v == null) delete this[name];
      else this[name] = v;
    };
  }
  function selection_property(name, value2) {
    return arguments.length > 1 ? this.each((value2 == null ? propertyRemove : typeof value2 === "function" ? propertyFunction : propertyConstant)(name, value2)) : this.node()[name];
  }
  function classArray(string2) {
    return string2.trim().split(/^|\s+/);
  }
  function classList(node) {
    return node.classList || new ClassList(node);
  }
  function ClassList(node) {
    this._node = node;
    this._names = classArray(node.getAttribute("class") || "");
  }
  ClassList.prototype = {
    add: function(name) {
      var i = this._names.indexOf(name);
      if (i < 0) {
        this._names.push(name);
        this._node.setAttribute("class", this._names.join(" "));
      }
    },
    remove: function(name) {
      var i = this._names.indexOf(name);
      if (i >= 0) {
        this._names.splice(i, 1);
        this._node.setAttribute("class", this._names.join(" "));
      }
    },
    contains: function(name) {
      return this._names.indexOf(name) >= 0;
    }
  };
  function classedAdd(node, names) {
    var list = classList(node), i = -1, n = names.length;
    while (++i < n) list.add(names[i]);
  }
  function classedRemove(node, names) {
    var list = classList(node), i = -1, n = names.length;
    while (++i < n) list.remove(names[i]);
  }
  function classedTrue(names) {
    return function() {
      classedAdd(this, names);
    };
  }
  function classedFalse(names) {
    return function() {
      classedRemove(this, names);
    };
  }
  function classedFunction(names, value2) {
    return function() {
      (value2.apply(this, arguments) ? classedAdd : classedRemove)(this, names);
    };
  }
  function selection_classed(name, value2) {
    var names = classArray(name + "");
    if (arguments.length < 2) {
      var list = classList(this.node()), i = -1, n = names.length;
      while (++i < n) if (!list.contains(names[i])) return false;
      return true;
    }
    return this.each((typeof value2 === "function" ? classedFunction : value2 ? classedTrue : classedFalse)(names, value2));
  }
  function textRemove() {
    this.textContent = "";
  }
  function textConstant(value2) {
    return function() {
      this.textContent = value2;
    };
  }
  function textFunction(value2) {
    return function() {
      var v = value2.apply(this, arguments);
      this.textContent = v == null ? "" : v;
    };
  }
  function selection_text(value2) {
    return arguments.length ? this.each(value2 == null ? textRemove : (typeof value2 === "function" ? textFunction : textConstant)(value2)) : this.node().textContent;
  }
  function htmlRemove() {
    this.innerHTML = "";
  }
  function htmlConstant(value2) {
    return function() {
      this.innerHTML = value2;
    };
  }
  function htmlFunction(value2) {
    return function() {
      var v = value2.apply(this, arguments);
      this.innerHTML = v == null ? "" : v;
    };
  }
  function selection_html(value2) {
    return arguments.length ? this.each(value2 == null ? htmlRemove : (typeof value2 === "function" ? htmlFunction : htmlConstant)(value2)) : this.node().innerHTML;
  }
  function raise() {
    if (this.nextSibling) this.parentNode.appendChild(this);
  }
  function selection_raise() {
    return this.each(raise);
  }
  function lower() {
    if (this.previousSibling) this.parentNode.insertBefore(this, this.parentNode.firstChild);
  }
  function selection_lower() {
    return this.each(lower);
  }
  function selection_append(name) {
    var create2 = typeof name === "function" ? name : creator(name);
    return this.select(function() {
      return this.appendChild(create2.apply(this, arguments));
    });
  }
  function constantNull() {
    return null;
  }
  function selection_insert(name, before) {
    var create2 = typeof name === "function" ? name : creator(name), select2 = before == null ? constantNull : typeof before === "function" ? before : selector(before);
    return this.select(function() {
      return this.insertBefore(create2.apply(this, arguments), select2.apply(this, arguments) || null);
    });
  }
  function remove() {
    var parent = this.parentNode;
    if (parent) parent.removeChild(this);
  }
  function selection_remove() {
    return this.each(remove);
  }
  function selection_cloneShallow() {
    var clone = this.cloneNode(false), parent = this.parentNode;
    return parent ? parent.insertBefore(clone, this.nextSibling) : clone;
  }
  function selection_cloneDeep() {
    var clone = this.cloneNode(true), parent = this.parentNode;
    return parent ? parent.insertBefore(clone, this.nextSibling) : clone;
  }
  function selection_clone(deep) {
    return this.select(deep ? selection_cloneDeep : selection_cloneShallow);
  }
  function selection_datum(value2) {
    return arguments.length ? this.property("__data__", value2) : this.node().__data__;
  }
  function contextListener(listener) {
    return function(event) {
      listener.call(this, event, this.__data__);
    };
  }
  function parseTypenames(typenames) {
    return typenames.trim().split(/^|\s+/).map(function(t) {
      var name = "", i = t.indexOf(".");
      if (i >= 0) name = t.slice(i + 1), t = t.slice(0, i);
      return { type: t, name };
    });
  }
  function onRemove(typename) {
    return function() {
      var on2 = this.__on;
      if (!on2) return;
      for (var j = 0, i = -1, m = on2.length, o; j < m; ++j) {
        if (o = on2[j], (!typename.type || o.type === typename.type) && o.name === typename.name) {
          this.removeEventListener(o.type, o.listener, o.options);
        } else {
          on2[++i] = o;
        }
      }
      if (++i) on2.length = i;
      else delete this.__on;
    };
  }
  function onAdd(typename, value2, options) {
    return function() {
      var on2 = this.__on, o, listener = contextListener(value2);
      if (on2) for (var j = 0, m = on2.length; j < m; ++j) {
        if ((o = on2[j]).type === typename.type && o.name === typename.name) {
          this.removeEventListener(o.type, o.listener, o.options);
          this.addEventListener(o.type, o.listener = listener, o.options = options);
          o.value = value2;
          return;
        }
      }
      this.addEventListener(typename.type, listener, options);
      o = { type: typename.type, name: typename.name, value: value2, listener, options };
      if (!on2) this.__on = [o];
      else on2.push(o);
    };
  }
  function selection_on(typename, value2, options) {
    var typenames = parseTypenames(typename + ""), i, n = typenames.length, t;
    if (arguments.length < 2) {
      var on2 = this.node().__on;
      if (on2) for (var j = 0, m = on2.length, o; j < m; ++j) {
        for (i = 0, o = on2[j]; i < n; ++i) {
          if ((t = typenames[i]).type === o.type && t.name === o.name) {
            return o.value;
          }
        }
      }
      return;
    }
    on2 = value2 ? onAdd : onRemove;
    for (i = 0; i < n; ++i) this.each(on2(typenames[i], value2, options));
    return this;
  }
  function dispatchEvent(node, type, params) {
    var window2 = defaultView(node), event = window2.CustomEvent;
    if (typeof event === "function") {
      event = new event(type, params);
    } else {
      event = window2.document.createEvent("Event");
      if (params) event.initEvent(type, params.bubbles, params.cancelable), event.detail = params.detail;
      else event.initEvent(type, false, false);
    }
    node.dispatchEvent(event);
  }
  function dispatchConstant(type, params) {
    return function() {
      return dispatchEvent(this, type, params);
    };
  }
  function dispatchFunction(type, params) {
    return function() {
      return dispatchEvent(this, type, params.apply(this, arguments));
    };
  }
  function selection_dispatch(type, params) {
    return this.each((typeof params === "function" ? dispatchFunction : dispatchConstant)(type, params));
  }
  function* selection_iterator() {
    for (var groups = this._groups, j = 0, m = groups.length; j < m; ++j) {
      for (var group = groups[j], i = 0, n = group.length, node; i < n; ++i) {
        if (node = group[i]) yield node;
      }
    }
  }
  var root = [null];
  function Selection(groups, parents) {
    this._groups = groups;
    this._parents = parents;
  }
  function selection() {
    return new Selection([[document.documentElement]], root);
  }
  function selection_selection() {
    return this;
  }
  Selection.prototype = selection.prototype = {
    constructor: Selection,
    select: selection_select,
    selectAll: selection_selectAll,
    selectChild: selection_selectChild,
    selectChildren: selection_selectChildren,
    filter: selection_filter,
    data: selection_data,
    enter: selection_enter,
    exit: selection_exit,
    join: selection_join,
    merge: selection_merge,
    selection: selection_selection,
    order: selection_order,
    sort: selection_sort,
    call: selection_call,
    nodes: selection_nodes,
    node: selection_node,
    size: selection_size,
    empty: selection_empty,
    each: selection_each,
    attr: selection_attr,
    style: selection_style,
    property: selection_property,
    classed: selection_classed,
    text: selection_text,
    html: selection_html,
    raise: selection_raise,
    lower: selection_lower,
    append: selection_append,
    insert: selection_insert,
    remove: selection_remove,
    clone: selection_clone,
    datum: selection_datum,
    on: selection_on,
    dispatch: selection_dispatch,
    [Symbol.iterator]: selection_iterator
  };
  function select(selector2) {
    return typeof selector2 === "string" ? new Selection([[document.querySelector(selector2)]], [document.documentElement]) : new Selection([[selector2]], root);
  }
  var nextId = 0;
  function local() {
    return new Local();
  }
  function Local() {
    this._ = "@" + (++nextId).toString(36);
  }
  Local.prototype = local.prototype = {
    constructor: Local,
    get: function(node) {
      var id2 = this._;
      while (!(id2 in node)) if (!(node = node.parentNode)) return;
      return node[id2];
    },
    set: function(node, value2) {
      return node[this._] = value2;
    },
    remove: function(node) {
      return this._ in node && delete node[this._];
    },
    toString: function() {
      return this._;
    }
  };
  function sourceEvent(event) {
    let sourceEvent2;
    while (sourceEvent2 = event.sourceEvent) event = sourceEvent2;
    return event;
  }
  function pointer(event, node) {
    event = sourceEvent(event);
    if (node === void 0) node = event.currentTarget;
    if (node) {
      var svg2 = node.ownerSVGElement || node;
      if (svg2.createSVGPoint) {
        var point = svg2.createSVGPoint();
        point.x = event.clientX, point.y = event.clientY;
        point = point.matrixTransform(node.getScreenCTM().inverse());
        return [point.x, point.y];
      }
      if (node.getBoundingClientRect) {
        var rect2 = node.getBoundingClientRect();
        return [event.clientX - rect2.left - node.clientLeft, event.clientY - rect2.top - node.clientTop];
      }
    }
    return [event.pageX, event.pageY];
  }

  // node_modules/d3-dispatch/dist/d3-dispatch.mjs
  var noop2 = { value: () => {
  } };
  function dispatch() {
    for (var i = 0, n = arguments.length, _2 = {}, t; i < n; ++i) {
      if (!(t = arguments[i] + "") || t in _2 || /[\s.]/.test(t)) throw new Error("illegal type: " + t);
      _2[t] = [];
    }
    return new Dispatch(_2);
  }
  function Dispatch(_2) {
    this._ = _2;
  }
  function parseTypenames2(typenames, types2) {
    return typenames.trim().split(/^|\s+/).map(function(t) {
      var name = "", i = t.indexOf(".");
      if (i >= 0) name = t.slice(i + 1), t = t.slice(0, i);
      if (t && !types2.hasOwnProperty(t)) throw new Error("unknown type: " + t);
      return { type: t, name };
    });
  }
  Dispatch.prototype = dispatch.prototype = {
    constructor: Dispatch,
    on: function(typename, callback) {
      var _2 = this._, T = parseTypenames2(typename + "", _2), t, i = -1, n = T.length;
      if (arguments.length < 2) {
        while (++i < n) if ((t = (typename = T[i]).type) && (t = get(_2[t], typename.name))) return t;
        return;
      }
      if (callback != null && typeof callback !== "function") throw new Error("invalid callback: " + callback);
      while (++i < n) {
        if (t = (typename = T[i]).type) _2[t] = set(_2[t], typename.name, callback);
        else if (callback == null) for (t in _2) _2[t] = set(_2[t], typename.name, null);
      }
      return this;
    },
    copy: function() {
      var copy3 = {}, _2 = this._;
      for (var t in _2) copy3[t] = _2[t].slice();
      return new Dispatch(copy3);
    },
    call: function(type, that) {
      if ((n = arguments.length - 2) > 0) for (var args = new Array(n), i = 0, n, t; i < n; ++i) args[i] = arguments[i + 2];
      if (!this._.hasOwnProperty(type)) throw new Error("unknown type: " + type);
      for (t = this._[type], i = 0, n = t.length; i < n; ++i) t[i].value.apply(that, args);
    },
    apply: function(type, that, args) {
      if (!this._.hasOwnProperty(type)) throw new Error("unknown type: " + type);
      for (var t = this._[type], i = 0, n = t.length; i < n; ++i) t[i].value.apply(that, args);
    }
  };
  function get(type, name) {
    for (var i = 0, n = type.length, c; i < n; ++i) {
      if ((c = type[i]).name === name) {
        return c.value;
      }
    }
  }
  function set(type, name, callback) {
    for (var i = 0, n = type.length; i < n; ++i) {
      if (type[i].name === name) {
        type[i] = noop2, type = type.slice(0, i).concat(type.slice(i + 1));
        break;
      }
    }
    if (callback != null) type.push({ name, value: callback });
    return type;
  }

  // node_modules/d3-drag/dist/d3-drag.mjs
  var nonpassivecapture = { capture: true, passive: false };
  function noevent(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  function nodrag(view) {
    var root2 = view.document.documentElement, selection2 = select(view).on("dragstart.drag", noevent, nonpassivecapture);
    if ("onselectstart" in root2) {
      selection2.on("selectstart.drag", noevent, nonpassivecapture);
    } else {
      root2.__noselect = root2.style.MozUserSelect;
      root2.style.MozUserSelect = "none";
    }
  }
  function yesdrag(view, noclick) {
    var root2 = view.document.documentElement, selection2 = select(view).on("dragstart.drag", null);
    if (noclick) {
      selection2.on("click.drag", noevent, nonpassivecapture);
      setTimeout(function() {
        selection2.on("click.drag", null);
      }, 0);
    }
    if ("onselectstart" in root2) {
      selection2.on("selectstart.drag", null);
    } else {
      root2.style.MozUserSelect = root2.__noselect;
      delete root2.__noselect;
    }
  }
  function DragEvent(type, {
    sourceEvent: sourceEvent2,
    subject,
    target,
    identifier,
    active,
    x,
    y,
    dx,
    dy,
    dispatch: dispatch2
  }) {
    Object.defineProperties(this, {
      type: { value: type, enumerable: true, configurable: true },
      sourceEvent: { value: sourceEvent2, enumerable: true, configurable: true },
      subject: { value: subject, enumerable: true, configurable: true },
      target: { value: target, enumerable: true, configurable: true },
      identifier: { value: identifier, enumerable: true, configurable: true },
      active: { value: active, enumerable: true, configurable: true },
      x: { value: x, enumerable: true, configurable: true },
      y: { value: y, enumerable: true, configurable: true },
      dx: { value: dx, enumerable: true, configurable: true },
      dy: { value: dy, enumerable: true, configurable: true },
      _: { value: dispatch2 }
    });
  }
  DragEvent.prototype.on = function() {
    var value2 = this._.on.apply(this._, arguments);
    return value2 === this._ ? this : value2;
  };

  // node_modules/d3-timer/dist/d3-timer.mjs
  var frame = 0;
  var timeout$1 = 0;
  var interval$1 = 0;
  var pokeDelay = 1e3;
  var taskHead;
  var taskTail;
  var clockLast = 0;
  var clockNow = 0;
  var clockSkew = 0;
  var clock = typeof performance === "object" && performance.now ? performance : Date;
  var setFrame = typeof window === "object" && window.requestAnimationFrame ? window.requestAnimationFrame.bind(window) : function(f) {
    setTimeout(f, 17);
  };
  function now() {
    return clockNow || (setFrame(clearNow), clockNow = clock.now() + clockSkew);
  }
  function clearNow() {
    clockNow = 0;
  }
  function Timer() {
    this._call = this._time = this._next = null;
  }
  Timer.prototype = timer.prototype = {
    constructor: Timer,
    restart: function(callback, delay, time) {
      if (typeof callback !== "function") throw new TypeError("callback is not a function");
      time = (time == null ? now() : +time) + (delay == null ? 0 : +delay);
      if (!this._next && taskTail !== this) {
        if (taskTail) taskTail._next = this;
        else taskHead = this;
        taskTail = this;
      }
      this._call = callback;
      this._time = time;
      sleep();
    },
    stop: function() {
      if (this._call) {
        this._call = null;
        this._time = Infinity;
        sleep();
      }
    }
  };
  function timer(callback, delay, time) {
    var t = new Timer();
    t.restart(callback, delay, time);
    return t;
  }
  function timerFlush() {
    now();
    ++frame;
    var t = taskHead, e;
    while (t) {
      if ((e = clockNow - t._time) >= 0) t._call.call(void 0, e);
      t = t._next;
    }
    --frame;
  }
  function wake() {
    clockNow = (clockLast = clock.now()) + clockSkew;
    frame = timeout$1 = 0;
    try {
      timerFlush();
    } finally {
      frame = 0;
      nap();
      clockNow = 0;
    }
  }
  function poke() {
    var now2 = clock.now(), delay = now2 - clockLast;
    if (delay > pokeDelay) clockSkew -= delay, clockLast = now2;
  }
  function nap() {
    var t02, t12 = taskHead, t22, time = Infinity;
    while (t12) {
      if (t12._call) {
        if (time > t12._time) time = t12._time;
        t02 = t12, t12 = t12._next;
      } else {
        t22 = t12._next, t12._next = null;
        t12 = t02 ? t02._next = t22 : taskHead = t22;
      }
    }
    taskTail = t02;
    sleep(time);
  }
  function sleep(time) {
    if (frame) return;
    if (timeout$1) timeout$1 = clearTimeout(timeout$1);
    var delay = time - clockNow;
    if (delay > 24) {
      if (time < Infinity) timeout$1 = setTimeout(wake, Math.ceil(time - clock.now() - clockSkew) + 1);
      if (interval$1) interval$1 = clearInterval(interval$1);
    } else {
      if (!interval$1) clockLast = clock.now(), interval$1 = setInterval(poke, pokeDelay);
      frame = 1, setFrame(wake);
    }
  }
  function timeout(callback, delay, time) {
    var t = new Timer();
    delay = delay == null ? 0 : +delay;
    t.restart((elapsed) => {
      t.stop();
      callback(elapsed + delay);
    }, delay, time);
    return t;
  }

  // node_modules/d3-ease/dist/d3-ease.mjs
  function cubicInOut(t) {
    return ((t *= 2) <= 1 ? t * t * t : (t -= 2) * t * t + 2) / 2;
  }
  var exponent2 = 3;
  var polyIn = (function custom(e) {
    e = +e;
    function polyIn2(t) {
      return Math.pow(t, e);
    }
    polyIn2.exponent = custom;
    return polyIn2;
  })(exponent2);
  var polyOut = (function custom2(e) {
    e = +e;
    function polyOut2(t) {
      return 1 - Math.pow(1 - t, e);
    }
    polyOut2.exponent = custom2;
    return polyOut2;
  })(exponent2);
  var polyInOut = (function custom3(e) {
    e = +e;
    function polyInOut2(t) {
      return ((t *= 2) <= 1 ? Math.pow(t, e) : 2 - Math.pow(2 - t, e)) / 2;
    }
    polyInOut2.exponent = custom3;
    return polyInOut2;
  })(exponent2);
  var pi = Math.PI;
  var halfPi = pi / 2;
  function tpmt(x) {
    return (Math.pow(2, -10 * x) - 9765625e-10) * 1.0009775171065494;
  }
  var b1 = 4 / 11;
  var b2 = 6 / 11;
  var b3 = 8 / 11;
  var b4 = 3 / 4;
  var b5 = 9 / 11;
  var b6 = 10 / 11;
  var b7 = 15 / 16;
  var b8 = 21 / 22;
  var b9 = 63 / 64;
  var b0 = 1 / b1 / b1;
  var overshoot = 1.70158;
  var backIn = (function custom4(s) {
    s = +s;
    function backIn2(t) {
      return (t = +t) * t * (s * (t - 1) + t);
    }
    backIn2.overshoot = custom4;
    return backIn2;
  })(overshoot);
  var backOut = (function custom5(s) {
    s = +s;
    function backOut2(t) {
      return --t * t * ((t + 1) * s + t) + 1;
    }
    backOut2.overshoot = custom5;
    return backOut2;
  })(overshoot);
  var backInOut = (function custom6(s) {
    s = +s;
    function backInOut2(t) {
      return ((t *= 2) < 1 ? t * t * ((s + 1) * t - s) : (t -= 2) * t * ((s + 1) * t + s) + 2) / 2;
    }
    backInOut2.overshoot = custom6;
    return backInOut2;
  })(overshoot);
  var tau = 2 * Math.PI;
  var amplitude = 1;
  var period = 0.3;
  var elasticIn = (function custom7(a, p) {
    var s = Math.asin(1 / (a = Math.max(1, a))) * (p /= tau);
    function elasticIn2(t) {
      return a * tpmt(- --t) * Math.sin((s - t) / p);
    }
    elasticIn2.amplitude = function(a2) {
      return custom7(a2, p * tau);
    };
    elasticIn2.period = function(p2) {
      return custom7(a, p2);
    };
    return elasticIn2;
  })(amplitude, period);
  var elasticOut = (function custom8(a, p) {
    var s = Math.asin(1 / (a = Math.max(1, a))) * (p /= tau);
    function elasticOut2(t) {
      return 1 - a * tpmt(t = +t) * Math.sin((t + s) / p);
    }
    elasticOut2.amplitude = function(a2) {
      return custom8(a2, p * tau);
    };
    elasticOut2.period = function(p2) {
      return custom8(a, p2);
    };
    return elasticOut2;
  })(amplitude, period);
  var elasticInOut = (function custom9(a, p) {
    var s = Math.asin(1 / (a = Math.max(1, a))) * (p /= tau);
    function elasticInOut2(t) {
      return ((t = t * 2 - 1) < 0 ? a * tpmt(-t) * Math.sin((s - t) / p) : 2 - a * tpmt(t) * Math.sin((s + t) / p)) / 2;
    }
    elasticInOut2.amplitude = function(a2) {
      return custom9(a2, p * tau);
    };
    elasticInOut2.period = function(p2) {
      return custom9(a, p2);
    };
    return elasticInOut2;
  })(amplitude, period);

  // node_modules/d3-transition/dist/d3-transition.mjs
  var emptyOn = dispatch("start", "end", "cancel", "interrupt");
  var emptyTween = [];
  var CREATED = 0;
  var SCHEDULED = 1;
  var STARTING = 2;
  var STARTED = 3;
  var RUNNING = 4;
  var ENDING = 5;
  var ENDED = 6;
  function schedule(node, name, id2, index, group, timing) {
    var schedules = node.__transition;
    if (!schedules) node.__transition = {};
    else if (id2 in schedules) return;
    create(node, id2, {
      name,
      index,
      // For context during callback.
      group,
      // For context during callback.
      on: emptyOn,
      tween: emptyTween,
      time: timing.time,
      delay: timing.delay,
      duration: timing.duration,
      ease: timing.ease,
      timer: null,
      state: CREATED
    });
  }
  function init(node, id2) {
    var schedule3 = get2(node, id2);
    if (schedule3.state > CREATED) throw new Error("too late; already scheduled");
    return schedule3;
  }
  function set2(node, id2) {
    var schedule3 = get2(node, id2);
    if (schedule3.state > STARTED) throw new Error("too late; already running");
    return schedule3;
  }
  function get2(node, id2) {
    var schedule3 = node.__transition;
    if (!schedule3 || !(schedule3 = schedule3[id2])) throw new Error("transition not found");
    return schedule3;
  }
  function create(node, id2, self) {
    var schedules = node.__transition, tween;
    schedules[id2] = self;
    self.timer = timer(schedule3, 0, self.time);
    function schedule3(elapsed) {
      self.state = SCHEDULED;
      self.timer.restart(start2, self.delay, self.time);
      if (self.delay <= elapsed) start2(elapsed - self.delay);
    }
    function start2(elapsed) {
      var i, j, n, o;
      if (self.state !== SCHEDULED) return stop();
      for (i in schedules) {
        o = schedules[i];
        if (o.name !== self.name) continue;
        if (o.state === STARTED) return timeout(start2);
        if (o.state === RUNNING) {
          o.state = ENDED;
          o.timer.stop();
          o.on.call("interrupt", node, node.__data__, o.index, o.group);
          delete schedules[i];
        } else if (+i < id2) {
          o.state = ENDED;
          o.timer.stop();
          o.on.call("cancel", node, node.__data__, o.index, o.group);
          delete schedules[i];
        }
      }
      timeout(function() {
        if (self.state === STARTED) {
          self.state = RUNNING;
          self.timer.restart(tick, self.delay, self.time);
          tick(elapsed);
        }
      });
      self.state = STARTING;
      self.on.call("start", node, node.__data__, self.index, self.group);
      if (self.state !== STARTING) return;
      self.state = STARTED;
      tween = new Array(n = self.tween.length);
      for (i = 0, j = -1; i < n; ++i) {
        if (o = self.tween[i].value.call(node, node.__data__, self.index, self.group)) {
          tween[++j] = o;
        }
      }
      tween.length = j + 1;
    }
    function tick(elapsed) {
      var t = elapsed < self.duration ? self.ease.call(null, elapsed / self.duration) : (self.timer.restart(stop), self.state = ENDING, 1), i = -1, n = tween.length;
      while (++i < n) {
        tween[i].call(node, t);
      }
      if (self.state === ENDING) {
        self.on.call("end", node, node.__data__, self.index, self.group);
        stop();
      }
    }
    function stop() {
      self.state = ENDED;
      self.timer.stop();
      delete schedules[id2];
      for (var i in schedules) return;
      delete node.__transition;
    }
  }
  function interrupt(node, name) {
    var schedules = node.__transition, schedule3, active, empty2 = true, i;
    if (!schedules) return;
    name = name == null ? null : name + "";
    for (i in schedules) {
      if ((schedule3 = schedules[i]).name !== name) {
        empty2 = false;
        continue;
      }
      active = schedule3.state > STARTING && schedule3.state < ENDING;
      schedule3.state = ENDED;
      schedule3.timer.stop();
      schedule3.on.call(active ? "interrupt" : "cancel", node, node.__data__, schedule3.index, schedule3.group);
      delete schedules[i];
    }
    if (empty2) delete node.__transition;
  }
  function selection_interrupt(name) {
    return this.each(function() {
      interrupt(this, name);
    });
  }
  function tweenRemove(id2, name) {
    var tween0, tween1;
    return function() {
      var schedule3 = set2(this, id2), tween = schedule3.tween;
      if (tween !== tween0) {
        tween1 = tween0 = tween;
        for (var i = 0, n = tween1.length; i < n; ++i) {
          if (tween1[i].name === name) {
            tween1 = tween1.slice();
            tween1.splice(i, 1);
            break;
          }
        }
      }
      schedule3.tween = tween1;
    };
  }
  function tweenFunction(id2, name, value2) {
    var tween0, tween1;
    if (typeof value2 !== "function") throw new Error();
    return function() {
      var schedule3 = set2(this, id2), tween = schedule3.tween;
      if (tween !== tween0) {
        tween1 = (tween0 = tween).slice();
        for (var t = { name, value: value2 }, i = 0, n = tween1.length; i < n; ++i) {
          if (tween1[i].name === name) {
            tween1[i] = t;
            break;
          }
        }
        if (i === n) tween1.push(t);
      }
      schedule3.tween = tween1;
    };
  }
  function transition_tween(name, value2) {
    var id2 = this._id;
    name += "";
    if (arguments.length < 2) {
      var tween = get2(this.node(), id2).tween;
      for (var i = 0, n = tween.length, t; i < n; ++i) {
        if ((t = tween[i]).name === name) {
          return t.value;
        }
      }
      return null;
    }
    return this.each((value2 == null ? tweenRemove : tweenFunction)(id2, name, value2));
  }
  function tweenValue(transition2, name, value2) {
    var id2 = transition2._id;
    transition2.each(function() {
      var schedule3 = set2(this, id2);
      (schedule3.value || (schedule3.value = {}))[name] = value2.apply(this, arguments);
    });
    return function(node) {
      return get2(node, id2).value[name];
    };
  }
  function interpolate(a, b) {
    var c;
    return (typeof b === "number" ? number3 : b instanceof color ? rgb2 : (c = color(b)) ? (b = c, rgb2) : string)(a, b);
  }
  function attrRemove2(name) {
    return function() {
      this.removeAttribute(name);
    };
  }
  function attrRemoveNS2(fullname) {
    return function() {
      this.removeAttributeNS(fullname.space, fullname.local);
    };
  }
  function attrConstant2(name, interpolate2, value1) {
    var string00, string1 = value1 + "", interpolate0;
    return function() {
      var string0 = this.getAttribute(name);
      return string0 === string1 ? null : string0 === string00 ? interpolate0 : interpolate0 = interpolate2(string00 = string0, value1);
    };
  }
  function attrConstantNS2(fullname, interpolate2, value1) {
    var string00, string1 = value1 + "", interpolate0;
    return function() {
      var string0 = this.getAttributeNS(fullname.space, fullname.local);
      return string0 === string1 ? null : string0 === string00 ? interpolate0 : interpolate0 = interpolate2(string00 = string0, value1);
    };
  }
  function attrFunction2(name, interpolate2, value2) {
    var string00, string10, interpolate0;
    return function() {
      var string0, value1 = value2(this), string1;
      if (value1 == null) return void this.removeAttribute(name);
      string0 = this.getAttribute(name);
      string1 = value1 + "";
      return string0 === string1 ? null : string0 === string00 && string1 === string10 ? interpolate0 : (string10 = string1, interpolate0 = interpolate2(string00 = string0, value1));
    };
  }
  function attrFunctionNS2(fullname, interpolate2, value2) {
    var string00, string10, interpolate0;
    return function() {
      var string0, value1 = value2(this), string1;
      if (value1 == null) return void this.removeAttributeNS(fullname.space, fullname.local);
      string0 = this.getAttributeNS(fullname.space, fullname.local);
      string1 = value1 + "";
      return string0 === string1 ? null : string0 === string00 && string1 === string10 ? interpolate0 : (string10 = string1, interpolate0 = interpolate2(string00 = string0, value1));
    };
  }
  function transition_attr(name, value2) {
    var fullname = namespace(name), i = fullname === "transform" ? interpolateTransformSvg : interpolate;
    return this.attrTween(name, typeof value2 === "function" ? (fullname.local ? attrFunctionNS2 : attrFunction2)(fullname, i, tweenValue(this, "attr." + name, value2)) : value2 == null ? (fullname.local ? attrRemoveNS2 : attrRemove2)(fullname) : (fullname.local ? attrConstantNS2 : attrConstant2)(fullname, i, value2));
  }
  function attrInterpolate(name, i) {
    return function(t) {
      this.setAttribute(name, i.call(this, t));
    };
  }
  function attrInterpolateNS(fullname, i) {
    return function(t) {
      this.setAttributeNS(fullname.space, fullname.local, i.call(this, t));
    };
  }
  function attrTweenNS(fullname, value2) {
    var t02, i0;
    function tween() {
      var i = value2.apply(this, arguments);
      if (i !== i0) t02 = (i0 = i) && attrInterpolateNS(fullname, i);
      return t02;
    }
    tween._value = value2;
    return tween;
  }
  function attrTween(name, value2) {
    var t02, i0;
    function tween() {
      var i = value2.apply(this, arguments);
      if (i !== i0) t02 = (i0 = i) && attrInterpolate(name, i);
      return t02;
    }
    tween._value = value2;
    return tween;
  }
  function transition_attrTween(name, value2) {
    var key = "attr." + name;
    if (arguments.length < 2) return (key = this.tween(key)) && key._value;
    if (value2 == null) return this.tween(key, null);
    if (typeof value2 !== "function") throw new Error();
    var fullname = namespace(name);
    return this.tween(key, (fullname.local ? attrTweenNS : attrTween)(fullname, value2));
  }
  function delayFunction(id2, value2) {
    return function() {
      init(this, id2).delay = +value2.apply(this, arguments);
    };
  }
  function delayConstant(id2, value2) {
    return value2 = +value2, function() {
      init(this, id2).delay = value2;
    };
  }
  function transition_delay(value2) {
    var id2 = this._id;
    return arguments.length ? this.each((typeof value2 === "function" ? delayFunction : delayConstant)(id2, value2)) : get2(this.node(), id2).delay;
  }
  function durationFunction(id2, value2) {
    return function() {
      set2(this, id2).duration = +value2.apply(this, arguments);
    };
  }
  function durationConstant(id2, value2) {
    return value2 = +value2, function() {
      set2(this, id2).duration = value2;
    };
  }
  function transition_duration(value2) {
    var id2 = this._id;
    return arguments.length ? this.each((typeof value2 === "function" ? durationFunction : durationConstant)(id2, value2)) : get2(this.node(), id2).duration;
  }
  function easeConstant(id2, value2) {
    if (typeof value2 !== "function") throw new Error();
    return function() {
      set2(this, id2).ease = value2;
    };
  }
  function transition_ease(value2) {
    var id2 = this._id;
    return arguments.length ? this.each(easeConstant(id2, value2)) : get2(this.node(), id2).ease;
  }
  function easeVarying(id2, value2) {
    return function() {
      var v = value2.apply(this, arguments);
      if (typeof v !== "function") throw new Error();
      set2(this, id2).ease = v;
    };
  }
  function transition_easeVarying(value2) {
    if (typeof value2 !== "function") throw new Error();
    return this.each(easeVarying(this._id, value2));
  }
  function transition_filter(match) {
    if (typeof match !== "function") match = matcher(match);
    for (var groups = this._groups, m = groups.length, subgroups = new Array(m), j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, subgroup = subgroups[j] = [], node, i = 0; i < n; ++i) {
        if ((node = group[i]) && match.call(node, node.__data__, i, group)) {
          subgroup.push(node);
        }
      }
    }
    return new Transition(subgroups, this._parents, this._name, this._id);
  }
  function transition_merge(transition2) {
    if (transition2._id !== this._id) throw new Error();
    for (var groups0 = this._groups, groups1 = transition2._groups, m0 = groups0.length, m1 = groups1.length, m = Math.min(m0, m1), merges = new Array(m0), j = 0; j < m; ++j) {
      for (var group0 = groups0[j], group1 = groups1[j], n = group0.length, merge = merges[j] = new Array(n), node, i = 0; i < n; ++i) {
        if (node = group0[i] || group1[i]) {
          merge[i] = node;
        }
      }
    }
    for (; j < m0; ++j) {
      merges[j] = groups0[j];
    }
    return new Transition(merges, this._parents, this._name, this._id);
  }
  function start(name) {
    return (name + "").trim().split(/^|\s+/).every(function(t) {
      var i = t.indexOf(".");
      if (i >= 0) t = t.slice(0, i);
      return !t || t === "start";
    });
  }
  function onFunction(id2, name, listener) {
    var on0, on1, sit = start(name) ? init : set2;
    return function() {
      var schedule3 = sit(this, id2), on2 = schedule3.on;
      if (on2 !== on0) (on1 = (on0 = on2).copy()).on(name, listener);
      schedule3.on = on1;
    };
  }
  function transition_on(name, listener) {
    var id2 = this._id;
    return arguments.length < 2 ? get2(this.node(), id2).on.on(name) : this.each(onFunction(id2, name, listener));
  }
  function removeFunction(id2) {
    return function() {
      var parent = this.parentNode;
      for (var i in this.__transition) if (+i !== id2) return;
      if (parent) parent.removeChild(this);
    };
  }
  function transition_remove() {
    return this.on("end.remove", removeFunction(this._id));
  }
  function transition_select(select2) {
    var name = this._name, id2 = this._id;
    if (typeof select2 !== "function") select2 = selector(select2);
    for (var groups = this._groups, m = groups.length, subgroups = new Array(m), j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, subgroup = subgroups[j] = new Array(n), node, subnode, i = 0; i < n; ++i) {
        if ((node = group[i]) && (subnode = select2.call(node, node.__data__, i, group))) {
          if ("__data__" in node) subnode.__data__ = node.__data__;
          subgroup[i] = subnode;
          schedule(subgroup[i], name, id2, i, subgroup, get2(node, id2));
        }
      }
    }
    return new Transition(subgroups, this._parents, name, id2);
  }
  function transition_selectAll(select2) {
    var name = this._name, id2 = this._id;
    if (typeof select2 !== "function") select2 = selectorAll(select2);
    for (var groups = this._groups, m = groups.length, subgroups = [], parents = [], j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, node, i = 0; i < n; ++i) {
        if (node = group[i]) {
          for (var children2 = select2.call(node, node.__data__, i, group), child, inherit2 = get2(node, id2), k = 0, l = children2.length; k < l; ++k) {
            if (child = children2[k]) {
              schedule(child, name, id2, k, children2, inherit2);
            }
          }
          subgroups.push(children2);
          parents.push(node);
        }
      }
    }
    return new Transition(subgroups, parents, name, id2);
  }
  var Selection2 = selection.prototype.constructor;
  function transition_selection() {
    return new Selection2(this._groups, this._parents);
  }
  function styleNull(name, interpolate2) {
    var string00, string10, interpolate0;
    return function() {
      var string0 = styleValue(this, name), string1 = (this.style.removeProperty(name), styleValue(this, name));
      return string0 === string1 ? null : string0 === string00 && string1 === string10 ? interpolate0 : interpolate0 = interpolate2(string00 = string0, string10 = string1);
    };
  }
  function styleRemove2(name) {
    return function() {
      this.style.removeProperty(name);
    };
  }
  function styleConstant2(name, interpolate2, value1) {
    var string00, string1 = value1 + "", interpolate0;
    return function() {
      var string0 = styleValue(this, name);
      return string0 === string1 ? null : string0 === string00 ? interpolate0 : interpolate0 = interpolate2(string00 = string0, value1);
    };
  }
  function styleFunction2(name, interpolate2, value2) {
    var string00, string10, interpolate0;
    return function() {
      var string0 = styleValue(this, name), value1 = value2(this), string1 = value1 + "";
      if (value1 == null) string1 = value1 = (this.style.removeProperty(name), styleValue(this, name));
      return string0 === string1 ? null : string0 === string00 && string1 === string10 ? interpolate0 : (string10 = string1, interpolate0 = interpolate2(string00 = string0, value1));
    };
  }
  function styleMaybeRemove(id2, name) {
    var on0, on1, listener0, key = "style." + name, event = "end." + key, remove2;
    return function() {
      var schedule3 = set2(this, id2), on2 = schedule3.on, listener = schedule3.value[key] == null ? remove2 || (remove2 = styleRemove2(name)) : void 0;
      if (on2 !== on0 || listener0 !== listener) (on1 = (on0 = on2).copy()).on(event, listener0 = listener);
      schedule3.on = on1;
    };
  }
  function transition_style(name, value2, priority) {
    var i = (name += "") === "transform" ? interpolateTransformCss : interpolate;
    return value2 == null ? this.styleTween(name, styleNull(name, i)).on("end.style." + name, styleRemove2(name)) : typeof value2 === "function" ? this.styleTween(name, styleFunction2(name, i, tweenValue(this, "style." + name, value2))).each(styleMaybeRemove(this._id, name)) : this.styleTween(name, styleConstant2(name, i, value2), priority).on("end.style." + name, null);
  }
  function styleInterpolate(name, i, priority) {
    return function(t) {
      this.style.setProperty(name, i.call(this, t), priority);
    };
  }
  function styleTween(name, value2, priority) {
    var t, i0;
    function tween() {
      var i = value2.apply(this, arguments);
      if (i !== i0) t = (i0 = i) && styleInterpolate(name, i, priority);
      return t;
    }
    tween._value = value2;
    return tween;
  }
  function transition_styleTween(name, value2, priority) {
    var key = "style." + (name += "");
    if (arguments.length < 2) return (key = this.tween(key)) && key._value;
    if (value2 == null) return this.tween(key, null);
    if (typeof value2 !== "function") throw new Error();
    return this.tween(key, styleTween(name, value2, priority == null ? "" : priority));
  }
  function textConstant2(value2) {
    return function() {
      this.textContent = value2;
    };
  }
  function textFunction2(value2) {
    return function() {
      var value1 = value2(this);
      this.textContent = value1 == null ? "" : value1;
    };
  }
  function transition_text(value2) {
    return this.tween("text", typeof value2 === "function" ? textFunction2(tweenValue(this, "text", value2)) : textConstant2(value2 == null ? "" : value2 + ""));
  }
  function textInterpolate(i) {
    return function(t) {
      this.textContent = i.call(this, t);
    };
  }
  function textTween(value2) {
    var t02, i0;
    function tween() {
      var i = value2.apply(this, arguments);
      if (i !== i0) t02 = (i0 = i) && textInterpolate(i);
      return t02;
    }
    tween._value = value2;
    return tween;
  }
  function transition_textTween(value2) {
    var key = "text";
    if (arguments.length < 1) return (key = this.tween(key)) && key._value;
    if (value2 == null) return this.tween(key, null);
    if (typeof value2 !== "function") throw new Error();
    return this.tween(key, textTween(value2));
  }
  function transition_transition() {
    var name = this._name, id0 = this._id, id1 = newId();
    for (var groups = this._groups, m = groups.length, j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, node, i = 0; i < n; ++i) {
        if (node = group[i]) {
          var inherit2 = get2(node, id0);
          schedule(node, name, id1, i, group, {
            time: inherit2.time + inherit2.delay + inherit2.duration,
            delay: 0,
            duration: inherit2.duration,
            ease: inherit2.ease
          });
        }
      }
    }
    return new Transition(groups, this._parents, name, id1);
  }
  function transition_end() {
    var on0, on1, that = this, id2 = that._id, size = that.size();
    return new Promise(function(resolve, reject) {
      var cancel = { value: reject }, end = { value: function() {
        if (--size === 0) resolve();
      } };
      that.each(function() {
        var schedule3 = set2(this, id2), on2 = schedule3.on;
        if (on2 !== on0) {
          on1 = (on0 = on2).copy();
          on1._.cancel.push(cancel);
          on1._.interrupt.push(cancel);
          on1._.end.push(end);
        }
        schedule3.on = on1;
      });
      if (size === 0) resolve();
    });
  }
  var id = 0;
  function Transition(groups, parents, name, id2) {
    this._groups = groups;
    this._parents = parents;
    this._name = name;
    this._id = id2;
  }
  function transition(name) {
    return selection().transition(name);
  }
  function newId() {
    return ++id;
  }
  var selection_prototype = selection.prototype;
  Transition.prototype = transition.prototype = {
    constructor: Transition,
    select: transition_select,
    selectAll: transition_selectAll,
    selectChild: selection_prototype.selectChild,
    selectChildren: selection_prototype.selectChildren,
    filter: transition_filter,
    merge: transition_merge,
    selection: transition_selection,
    transition: transition_transition,
    call: selection_prototype.call,
    nodes: selection_prototype.nodes,
    node: selection_prototype.node,
    size: selection_prototype.size,
    empty: selection_prototype.empty,
    each: selection_prototype.each,
    on: transition_on,
    attr: transition_attr,
    attrTween: transition_attrTween,
    style: transition_style,
    styleTween: transition_styleTween,
    text: transition_text,
    textTween: transition_textTween,
    remove: transition_remove,
    tween: transition_tween,
    delay: transition_delay,
    duration: transition_duration,
    ease: transition_ease,
    easeVarying: transition_easeVarying,
    end: transition_end,
    [Symbol.iterator]: selection_prototype[Symbol.iterator]
  };
  var defaultTiming = {
    time: null,
    // Set on use.
    delay: 0,
    duration: 250,
    ease: cubicInOut
  };
  function inherit(node, id2) {
    var timing;
    while (!(timing = node.__transition) || !(timing = timing[id2])) {
      if (!(node = node.parentNode)) {
        throw new Error(`transition ${id2} not found`);
      }
    }
    return timing;
  }
  function selection_transition(name) {
    var id2, timing;
    if (name instanceof Transition) {
      id2 = name._id, name = name._name;
    } else {
      id2 = newId(), (timing = defaultTiming).time = now(), name = name == null ? null : name + "";
    }
    for (var groups = this._groups, m = groups.length, j = 0; j < m; ++j) {
      for (var group = groups[j], n = group.length, node, i = 0; i < n; ++i) {
        if (node = group[i]) {
          schedule(node, name, id2, i, group, timing || inherit(node, id2));
        }
      }
    }
    return new Transition(groups, this._parents, name, id2);
  }
  selection.prototype.interrupt = selection_interrupt;
  selection.prototype.transition = selection_transition;

  // node_modules/d3-zoom/dist/d3-zoom.mjs
  var constant3 = (x) => () => x;
  function ZoomEvent(type, {
    sourceEvent: sourceEvent2,
    target,
    transform: transform2,
    dispatch: dispatch2
  }) {
    Object.defineProperties(this, {
      type: { value: type, enumerable: true, configurable: true },
      sourceEvent: { value: sourceEvent2, enumerable: true, configurable: true },
      target: { value: target, enumerable: true, configurable: true },
      transform: { value: transform2, enumerable: true, configurable: true },
      _: { value: dispatch2 }
    });
  }
  function Transform(k, x, y) {
    this.k = k;
    this.x = x;
    this.y = y;
  }
  Transform.prototype = {
    constructor: Transform,
    scale: function(k) {
      return k === 1 ? this : new Transform(this.k * k, this.x, this.y);
    },
    translate: function(x, y) {
      return x === 0 & y === 0 ? this : new Transform(this.k, this.x + this.k * x, this.y + this.k * y);
    },
    apply: function(point) {
      return [point[0] * this.k + this.x, point[1] * this.k + this.y];
    },
    applyX: function(x) {
      return x * this.k + this.x;
    },
    applyY: function(y) {
      return y * this.k + this.y;
    },
    invert: function(location2) {
      return [(location2[0] - this.x) / this.k, (location2[1] - this.y) / this.k];
    },
    invertX: function(x) {
      return (x - this.x) / this.k;
    },
    invertY: function(y) {
      return (y - this.y) / this.k;
    },
    rescaleX: function(x) {
      return x.copy().domain(x.range().map(this.invertX, this).map(x.invert, x));
    },
    rescaleY: function(y) {
      return y.copy().domain(y.range().map(this.invertY, this).map(y.invert, y));
    },
    toString: function() {
      return "translate(" + this.x + "," + this.y + ") scale(" + this.k + ")";
    }
  };
  var identity3 = new Transform(1, 0, 0);
  transform.prototype = Transform.prototype;
  function transform(node) {
    while (!node.__zoom) if (!(node = node.parentNode)) return identity3;
    return node.__zoom;
  }
  function nopropagation(event) {
    event.stopImmediatePropagation();
  }
  function noevent2(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  function defaultFilter(event) {
    return (!event.ctrlKey || event.type === "wheel") && !event.button;
  }
  function defaultExtent() {
    var e = this;
    if (e instanceof SVGElement) {
      e = e.ownerSVGElement || e;
      if (e.hasAttribute("viewBox")) {
        e = e.viewBox.baseVal;
        return [[e.x, e.y], [e.x + e.width, e.y + e.height]];
      }
      return [[0, 0], [e.width.baseVal.value, e.height.baseVal.value]];
    }
    return [[0, 0], [e.clientWidth, e.clientHeight]];
  }
  function defaultTransform() {
    return this.__zoom || identity3;
  }
  function defaultWheelDelta(event) {
    return -event.deltaY * (event.deltaMode === 1 ? 0.05 : event.deltaMode ? 1 : 2e-3) * (event.ctrlKey ? 10 : 1);
  }
  function defaultTouchable() {
    return navigator.maxTouchPoints || "ontouchstart" in this;
  }
  function defaultConstrain(transform2, extent, translateExtent) {
    var dx0 = transform2.invertX(extent[0][0]) - translateExtent[0][0], dx1 = transform2.invertX(extent[1][0]) - translateExtent[1][0], dy0 = transform2.invertY(extent[0][1]) - translateExtent[0][1], dy1 = transform2.invertY(extent[1][1]) - translateExtent[1][1];
    return transform2.translate(
      dx1 > dx0 ? (dx0 + dx1) / 2 : Math.min(0, dx0) || Math.max(0, dx1),
      dy1 > dy0 ? (dy0 + dy1) / 2 : Math.min(0, dy0) || Math.max(0, dy1)
    );
  }
  function zoom2() {
    var filter2 = defaultFilter, extent = defaultExtent, constrain = defaultConstrain, wheelDelta = defaultWheelDelta, touchable = defaultTouchable, scaleExtent = [0, Infinity], translateExtent = [[-Infinity, -Infinity], [Infinity, Infinity]], duration2 = 250, interpolate2 = zoom, listeners = dispatch("start", "zoom", "end"), touchstarting, touchfirst, touchending, touchDelay = 500, wheelDelay = 150, clickDistance2 = 0, tapDistance = 10;
    function zoom3(selection2) {
      selection2.property("__zoom", defaultTransform).on("wheel.zoom", wheeled, { passive: false }).on("mousedown.zoom", mousedowned).on("dblclick.zoom", dblclicked).filter(touchable).on("touchstart.zoom", touchstarted).on("touchmove.zoom", touchmoved).on("touchend.zoom touchcancel.zoom", touchended).style("-webkit-tap-highlight-color", "rgba(0,0,0,0)");
    }
    zoom3.transform = function(collection, transform2, point, event) {
      var selection2 = collection.selection ? collection.selection() : collection;
      selection2.property("__zoom", defaultTransform);
      if (collection !== selection2) {
        schedule3(collection, transform2, point, event);
      } else {
        selection2.interrupt().each(function() {
          gesture(this, arguments).event(event).start().zoom(null, typeof transform2 === "function" ? transform2.apply(this, arguments) : transform2).end();
        });
      }
    };
    zoom3.scaleBy = function(selection2, k, p, event) {
      zoom3.scaleTo(selection2, function() {
        var k0 = this.__zoom.k, k1 = typeof k === "function" ? k.apply(this, arguments) : k;
        return k0 * k1;
      }, p, event);
    };
    zoom3.scaleTo = function(selection2, k, p, event) {
      zoom3.transform(selection2, function() {
        var e = extent.apply(this, arguments), t02 = this.__zoom, p0 = p == null ? centroid(e) : typeof p === "function" ? p.apply(this, arguments) : p, p1 = t02.invert(p0), k1 = typeof k === "function" ? k.apply(this, arguments) : k;
        return constrain(translate(scale(t02, k1), p0, p1), e, translateExtent);
      }, p, event);
    };
    zoom3.translateBy = function(selection2, x, y, event) {
      zoom3.transform(selection2, function() {
        return constrain(this.__zoom.translate(
          typeof x === "function" ? x.apply(this, arguments) : x,
          typeof y === "function" ? y.apply(this, arguments) : y
        ), extent.apply(this, arguments), translateExtent);
      }, null, event);
    };
    zoom3.translateTo = function(selection2, x, y, p, event) {
      zoom3.transform(selection2, function() {
        var e = extent.apply(this, arguments), t = this.__zoom, p0 = p == null ? centroid(e) : typeof p === "function" ? p.apply(this, arguments) : p;
        return constrain(identity3.translate(p0[0], p0[1]).scale(t.k).translate(
          typeof x === "function" ? -x.apply(this, arguments) : -x,
          typeof y === "function" ? -y.apply(this, arguments) : -y
        ), e, translateExtent);
      }, p, event);
    };
    function scale(transform2, k) {
      k = Math.max(scaleExtent[0], Math.min(scaleExtent[1], k));
      return k === transform2.k ? transform2 : new Transform(k, transform2.x, transform2.y);
    }
    function translate(transform2, p0, p1) {
      var x = p0[0] - p1[0] * transform2.k, y = p0[1] - p1[1] * transform2.k;
      return x === transform2.x && y === transform2.y ? transform2 : new Transform(transform2.k, x, y);
    }
    function centroid(extent2) {
      return [(+extent2[0][0] + +extent2[1][0]) / 2, (+extent2[0][1] + +extent2[1][1]) / 2];
    }
    function schedule3(transition2, transform2, point, event) {
      transition2.on("start.zoom", function() {
        gesture(this, arguments).event(event).start();
      }).on("interrupt.zoom end.zoom", function() {
        gesture(this, arguments).event(event).end();
      }).tween("zoom", function() {
        var that = this, args = arguments, g = gesture(that, args).event(event), e = extent.apply(that, args), p = point == null ? centroid(e) : typeof point === "function" ? point.apply(that, args) : point, w = Math.max(e[1][0] - e[0][0], e[1][1] - e[0][1]), a = that.__zoom, b = typeof transform2 === "function" ? transform2.apply(that, args) : transform2, i = interpolate2(a.invert(p).concat(w / a.k), b.invert(p).concat(w / b.k));
        return function(t) {
          if (t === 1) t = b;
          else {
            var l = i(t), k = w / l[2];
            t = new Transform(k, p[0] - l[0] * k, p[1] - l[1] * k);
          }
          g.zoom(null, t);
        };
      });
    }
    function gesture(that, args, clean) {
      return !clean && that.__zooming || new Gesture(that, args);
    }
    function Gesture(that, args) {
      this.that = that;
      this.args = args;
      this.active = 0;
      this.sourceEvent = null;
      this.extent = extent.apply(that, args);
      this.taps = 0;
    }
    Gesture.prototype = {
      event: function(event) {
        if (event) this.sourceEvent = event;
        return this;
      },
      start: function() {
        if (++this.active === 1) {
          this.that.__zooming = this;
          this.emit("start");
        }
        return this;
      },
      zoom: function(key, transform2) {
        if (this.mouse && key !== "mouse") this.mouse[1] = transform2.invert(this.mouse[0]);
        if (this.touch0 && key !== "touch") this.touch0[1] = transform2.invert(this.touch0[0]);
        if (this.touch1 && key !== "touch") this.touch1[1] = transform2.invert(this.touch1[0]);
        this.that.__zoom = transform2;
        this.emit("zoom");
        return this;
      },
      end: function() {
        if (--this.active === 0) {
          delete this.that.__zooming;
          this.emit("end");
        }
        return this;
      },
      emit: function(type) {
        var d = select(this.that).datum();
        listeners.call(
          type,
          this.that,
          new ZoomEvent(type, {
            sourceEvent: this.sourceEvent,
            target: zoom3,
            transform: this.that.__zoom,
            dispatch: listeners
          }),
          d
        );
      }
    };
    function wheeled(event, ...args) {
      if (!filter2.apply(this, arguments)) return;
      var g = gesture(this, args).event(event), t = this.__zoom, k = Math.max(scaleExtent[0], Math.min(scaleExtent[1], t.k * Math.pow(2, wheelDelta.apply(this, arguments)))), p = pointer(event);
      if (g.wheel) {
        if (g.mouse[0][0] !== p[0] || g.mouse[0][1] !== p[1]) {
          g.mouse[1] = t.invert(g.mouse[0] = p);
        }
        clearTimeout(g.wheel);
      } else if (t.k === k) return;
      else {
        g.mouse = [p, t.invert(p)];
        interrupt(this);
        g.start();
      }
      noevent2(event);
      g.wheel = setTimeout(wheelidled, wheelDelay);
      g.zoom("mouse", constrain(translate(scale(t, k), g.mouse[0], g.mouse[1]), g.extent, translateExtent));
      function wheelidled() {
        g.wheel = null;
        g.end();
      }
    }
    function mousedowned(event, ...args) {
      if (touchending || !filter2.apply(this, arguments)) return;
      var currentTarget = event.currentTarget, g = gesture(this, args, true).event(event), v = select(event.view).on("mousemove.zoom", mousemoved, true).on("mouseup.zoom", mouseupped, true), p = pointer(event, currentTarget), x0 = event.clientX, y0 = event.clientY;
      nodrag(event.view);
      nopropagation(event);
      g.mouse = [p, this.__zoom.invert(p)];
      interrupt(this);
      g.start();
      function mousemoved(event2) {
        noevent2(event2);
        if (!g.moved) {
          var dx = event2.clientX - x0, dy = event2.clientY - y0;
          g.moved = dx * dx + dy * dy > clickDistance2;
        }
        g.event(event2).zoom("mouse", constrain(translate(g.that.__zoom, g.mouse[0] = pointer(event2, currentTarget), g.mouse[1]), g.extent, translateExtent));
      }
      function mouseupped(event2) {
        v.on("mousemove.zoom mouseup.zoom", null);
        yesdrag(event2.view, g.moved);
        noevent2(event2);
        g.event(event2).end();
      }
    }
    function dblclicked(event, ...args) {
      if (!filter2.apply(this, arguments)) return;
      var t02 = this.__zoom, p0 = pointer(event.changedTouches ? event.changedTouches[0] : event, this), p1 = t02.invert(p0), k1 = t02.k * (event.shiftKey ? 0.5 : 2), t12 = constrain(translate(scale(t02, k1), p0, p1), extent.apply(this, args), translateExtent);
      noevent2(event);
      if (duration2 > 0) select(this).transition().duration(duration2).call(schedule3, t12, p0, event);
      else select(this).call(zoom3.transform, t12, p0, event);
    }
    function touchstarted(event, ...args) {
      if (!filter2.apply(this, arguments)) return;
      var touches = event.touches, n = touches.length, g = gesture(this, args, event.changedTouches.length === n).event(event), started, i, t, p;
      nopropagation(event);
      for (i = 0; i < n; ++i) {
        t = touches[i], p = pointer(t, this);
        p = [p, this.__zoom.invert(p), t.identifier];
        if (!g.touch0) g.touch0 = p, started = true, g.taps = 1 + !!touchstarting;
        else if (!g.touch1 && g.touch0[2] !== p[2]) g.touch1 = p, g.taps = 0;
      }
      if (touchstarting) touchstarting = clearTimeout(touchstarting);
      if (started) {
        if (g.taps < 2) touchfirst = p[0], touchstarting = setTimeout(function() {
          touchstarting = null;
        }, touchDelay);
        interrupt(this);
        g.start();
      }
    }
    function touchmoved(event, ...args) {
      if (!this.__zooming) return;
      var g = gesture(this, args).event(event), touches = event.changedTouches, n = touches.length, i, t, p, l;
      noevent2(event);
      for (i = 0; i < n; ++i) {
        t = touches[i], p = pointer(t, this);
        if (g.touch0 && g.touch0[2] === t.identifier) g.touch0[0] = p;
        else if (g.touch1 && g.touch1[2] === t.identifier) g.touch1[0] = p;
      }
      t = g.that.__zoom;
      if (g.touch1) {
        var p0 = g.touch0[0], l0 = g.touch0[1], p1 = g.touch1[0], l1 = g.touch1[1], dp = (dp = p1[0] - p0[0]) * dp + (dp = p1[1] - p0[1]) * dp, dl = (dl = l1[0] - l0[0]) * dl + (dl = l1[1] - l0[1]) * dl;
        t = scale(t, Math.sqrt(dp / dl));
        p = [(p0[0] + p1[0]) / 2, (p0[1] + p1[1]) / 2];
        l = [(l0[0] + l1[0]) / 2, (l0[1] + l1[1]) / 2];
      } else if (g.touch0) p = g.touch0[0], l = g.touch0[1];
      else return;
      g.zoom("touch", constrain(translate(t, p, l), g.extent, translateExtent));
    }
    function touchended(event, ...args) {
      if (!this.__zooming) return;
      var g = gesture(this, args).event(event), touches = event.changedTouches, n = touches.length, i, t;
      nopropagation(event);
      if (touchending) clearTimeout(touchending);
      touchending = setTimeout(function() {
        touchending = null;
      }, touchDelay);
      for (i = 0; i < n; ++i) {
        t = touches[i];
        if (g.touch0 && g.touch0[2] === t.identifier) delete g.touch0;
        else if (g.touch1 && g.touch1[2] === t.identifier) delete g.touch1;
      }
      if (g.touch1 && !g.touch0) g.touch0 = g.touch1, delete g.touch1;
      if (g.touch0) g.touch0[1] = this.__zoom.invert(g.touch0[0]);
      else {
        g.end();
        if (g.taps === 2) {
          t = pointer(t, this);
          if (Math.hypot(touchfirst[0] - t[0], touchfirst[1] - t[1]) < tapDistance) {
            var p = select(this).on("dblclick.zoom");
            if (p) p.apply(this, arguments);
          }
        }
      }
    }
    zoom3.wheelDelta = function(_2) {
      return arguments.length ? (wheelDelta = typeof _2 === "function" ? _2 : constant3(+_2), zoom3) : wheelDelta;
    };
    zoom3.filter = function(_2) {
      return arguments.length ? (filter2 = typeof _2 === "function" ? _2 : constant3(!!_2), zoom3) : filter2;
    };
    zoom3.touchable = function(_2) {
      return arguments.length ? (touchable = typeof _2 === "function" ? _2 : constant3(!!_2), zoom3) : touchable;
    };
    zoom3.extent = function(_2) {
      return arguments.length ? (extent = typeof _2 === "function" ? _2 : constant3([[+_2[0][0], +_2[0][1]], [+_2[1][0], +_2[1][1]]]), zoom3) : extent;
    };
    zoom3.scaleExtent = function(_2) {
      return arguments.length ? (scaleExtent[0] = +_2[0], scaleExtent[1] = +_2[1], zoom3) : [scaleExtent[0], scaleExtent[1]];
    };
    zoom3.translateExtent = function(_2) {
      return arguments.length ? (translateExtent[0][0] = +_2[0][0], translateExtent[1][0] = +_2[1][0], translateExtent[0][1] = +_2[0][1], translateExtent[1][1] = +_2[1][1], zoom3) : [[translateExtent[0][0], translateExtent[0][1]], [translateExtent[1][0], translateExtent[1][1]]];
    };
    zoom3.constrain = function(_2) {
      return arguments.length ? (constrain = _2, zoom3) : constrain;
    };
    zoom3.duration = function(_2) {
      return arguments.length ? (duration2 = +_2, zoom3) : duration2;
    };
    zoom3.interpolate = function(_2) {
      return arguments.length ? (interpolate2 = _2, zoom3) : interpolate2;
    };
    zoom3.on = function() {
      var value2 = listeners.on.apply(listeners, arguments);
      return value2 === listeners ? zoom3 : value2;
    };
    zoom3.clickDistance = function(_2) {
      return arguments.length ? (clickDistance2 = (_2 = +_2) * _2, zoom3) : Math.sqrt(clickDistance2);
    };
    zoom3.tapDistance = function(_2) {
      return arguments.length ? (tapDistance = +_2, zoom3) : tapDistance;
    };
    return zoom3;
  }

  // src/spacetime/viewport.ts
  var WIDEST = 64;
  var COMFORTABLE = 13;
  var LARGEST_AT_FIRST = 34;
  var Viewport = class {
    constructor(element, gutter, axis, changed) {
      this.element = element;
      this.gutter = gutter;
      this.axis = axis;
      this.changed = changed;
      this.behaviour = zoom2().filter((event) => !event.ctrlKey && event.button === 0 && !this.pans(event)).on("zoom", ({ transform: transform2 }) => {
        this.transform = transform2;
        this.changed();
      });
      select(element).call(this.behaviour).on("dblclick.zoom", null);
      element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    }
    element;
    gutter;
    axis;
    changed;
    behaviour;
    transform = identity3;
    width = 800;
    pans(event) {
      return event instanceof WheelEvent && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY));
    }
    wheel(event) {
      if (!this.pans(event)) return;
      event.preventDefault();
      this.pan(event.deltaX || event.deltaY);
    }
    /** The length of the axis, with room at its end. */
    get length() {
      return this.axis.left[this.axis.left.length - 1] + 1.5;
    }
    /** Pixels of a unit when all is to be seen. */
    get fitting() {
      return Math.min((this.width - this.gutter) / this.length, LARGEST_AT_FIRST);
    }
    /** Pixels of a unit now. */
    get scale() {
      return this.fitting * this.transform.k;
    }
    x(position) {
      return this.gutter + position * this.scale + this.transform.x;
    }
    /** The axis or the room has changed. */
    set(axis, width) {
      this.axis = axis;
      this.width = Math.max(width, this.gutter + 80);
      const room = this.width - this.gutter;
      this.behaviour.extent([
        [0, 0],
        [room, 1]
      ]).translateExtent([
        [0, 0],
        [Math.max(room, this.length * this.fitting), 1]
      ]).scaleExtent([1, Math.max(1, WIDEST / this.fitting)]);
    }
    /** Moments that are to be seen: from (inclusive), to (exclusive). */
    get visible() {
      const { left } = this.axis;
      const start2 = -this.transform.x / this.scale;
      const end = start2 + (this.width - this.gutter) / this.scale;
      const size = left.length - 1;
      return [Math.max(0, lowerBound(left, start2) - 1), Math.min(size, lowerBound(left, end) + 1)];
    }
    /** The moment at a pixel. */
    momentAt(x) {
      const position = (x - this.gutter - this.transform.x) / this.scale;
      return Math.max(0, Math.min(this.axis.left.length - 2, lowerBound(this.axis.left, position) - 1));
    }
    apply(transform2) {
      select(this.element).call(this.behaviour.transform, transform2);
    }
    pan(pixels) {
      select(this.element).call(this.behaviour.translateBy, -pixels / this.transform.k, 0);
    }
    zoomBy(factor, around) {
      const x = around ?? (this.width - this.gutter) / 2;
      select(this.element).call(this.behaviour.scaleBy, factor, [x, 0]);
    }
    fit() {
      this.apply(identity3);
    }
    /** A comfortable size: all of a short run, the surroundings of a position of a long one. */
    begin(position) {
      const k = Math.max(1, COMFORTABLE / this.fitting);
      const room = this.width - this.gutter;
      const wanted = room * 0.6 - position * this.fitting * k;
      const least = Math.min(0, room - this.length * this.fitting * k);
      this.apply(identity3.translate(Math.max(least, Math.min(0, wanted)), 0).scale(k));
    }
    /** Bring a position into sight. */
    reveal(position) {
      const room = this.width - this.gutter;
      const x = position * this.scale + this.transform.x;
      if (x < 24) this.pan(x - room * 0.3);
      else if (x > room - 24) this.pan(x - room * 0.7);
    }
  };

  // src/spacetime/diagram.ts
  var GUTTER = 62;
  var CHAPTERS = 30;
  var AXIS3 = 26;
  var Diagram = class {
    constructor(scene, seek) {
      this.scene = scene;
      this.seek = seek;
      this.picture = svg("svg", { class: "st-picture", "aria-hidden": "true" });
      this.tip = html("div", { class: "st-tip", hidden: true });
      this.element = html("div", { class: "st-diagram" }, this.picture, this.tip);
      this.viewport = new Viewport(this.picture, GUTTER, scene.axis("order"), () => this.request());
      this.picture.addEventListener("click", (event) => this.click(event));
      this.picture.addEventListener("pointermove", (event) => this.hover(event));
      this.picture.addEventListener("pointerleave", () => this.tip.hidden = true);
    }
    scene;
    seek;
    element;
    picture;
    tip;
    viewport;
    axisKind = "order";
    cursor = 0;
    height = 0;
    waiting = 0;
    hasBegun = false;
    // -- From outside -------------------------------------------------------------------------------
    /** The room has changed: so many pixels may be used from top to bottom. */
    resize(room) {
      const width = this.element.clientWidth;
      if (width === 0) return;
      const rows = this.scene.report.nodes.length;
      const row = Math.max(46, Math.min(112, (room - CHAPTERS - AXIS3) / rows));
      this.height = CHAPTERS + rows * row + AXIS3;
      this.picture.setAttribute("width", String(width));
      this.picture.setAttribute("height", String(this.height));
      this.viewport.set(this.scene.axis(this.axisKind), width);
      if (!this.hasBegun) {
        this.hasBegun = true;
        this.viewport.begin(this.positionOf(this.cursor));
      }
      this.request();
    }
    setAxis(kind) {
      this.axisKind = kind;
      this.viewport.set(this.scene.axis(kind), this.element.clientWidth);
      this.viewport.begin(this.positionOf(this.cursor));
      this.request();
    }
    setCursor(cursor) {
      this.cursor = cursor;
      if (this.hasBegun) this.viewport.reveal(this.positionOf(cursor));
      this.request();
    }
    zoomBy(factor) {
      this.viewport.zoomBy(factor, this.viewport.x(this.positionOf(this.cursor)) - GUTTER);
    }
    fit() {
      this.viewport.fit();
    }
    // -- Drawing ------------------------------------------------------------------------------------
    positionOf(cursor) {
      return this.scene.axis(this.axisKind).left[cursor];
    }
    request() {
      if (this.waiting) return;
      this.waiting = requestAnimationFrame(() => {
        this.waiting = 0;
        this.draw();
      });
    }
    frame() {
      const width = this.element.clientWidth;
      const rows = this.scene.report.nodes.length;
      const row = (this.height - CHAPTERS - AXIS3) / Math.max(1, rows);
      const axis = this.scene.axis(this.axisKind);
      const [from, to] = this.viewport.visible;
      return {
        scene: this.scene,
        axis,
        width,
        height: this.height,
        gutter: GUTTER,
        top: CHAPTERS,
        bottom: this.height - AXIS3,
        row,
        from,
        to,
        scale: this.viewport.scale,
        cursor: this.cursor,
        beat: this.scene.beat(this.cursor),
        chapter: chapterAt(this.scene.chapters, this.cursor),
        x: (position) => this.viewport.x(position),
        y: (node) => CHAPTERS + row * (node + 0.5)
      };
    }
    draw() {
      if (this.element.clientWidth === 0) return;
      const frame2 = this.frame();
      const clip = svg(
        "clipPath",
        { id: "st-clip" },
        svg("rect", { x: GUTTER, y: 0, width: Math.max(0, frame2.width - GUTTER), height: this.height })
      );
      this.picture.replaceChildren(
        svg("defs", {}, clip),
        svg(
          "g",
          { "clip-path": "url(#st-clip)" },
          drawChapters(frame2),
          this.drawCursorBand(frame2),
          drawPauses(frame2),
          drawLines(frame2),
          drawArrows(frame2),
          drawMarks(frame2),
          drawAxis2(frame2),
          this.drawFuture(frame2),
          this.drawViolations(frame2),
          this.drawCursor(frame2)
        ),
        this.drawNames(frame2)
      );
    }
    drawNames(frame2) {
      return svg(
        "g",
        { class: "st-names" },
        ...this.scene.report.nodes.map((name, node) => {
          const shown = name.length > 8 ? `${name.slice(0, 7)}\u2026` : name;
          return svg("text", { x: 12, y: frame2.y(node) + 5 }, shown, svg("title", {}, name));
        }),
        svg("text", { class: "unit", x: 12, y: frame2.bottom + 17 }, this.axisKind === "time" ? "time" : "event")
      );
    }
    drawCursorBand(frame2) {
      const [from, to] = frame2.beat;
      const left = frame2.x(frame2.axis.left[from]);
      const right = frame2.x(frame2.axis.left[to]);
      return svg("rect", {
        class: "st-beat",
        x: left - 2,
        y: frame2.top,
        width: Math.max(3, right - left + 4),
        height: frame2.bottom - frame2.top
      });
    }
    drawFuture(frame2) {
      const x = Math.max(GUTTER, frame2.x(this.positionOf(this.cursor)) + 2);
      const y = frame2.top;
      return svg("rect", { class: "st-future", x, y, width: Math.max(0, frame2.width - x), height: frame2.bottom - y });
    }
    drawCursor(frame2) {
      const x = frame2.x(this.positionOf(this.cursor)) + 2;
      return svg(
        "g",
        { class: "st-cursor" },
        svg("line", { x1: x, x2: x, y1: frame2.top - 4, y2: frame2.bottom + 4 }),
        svg("path", { d: `M${x - 6} ${frame2.top - 8}H${x + 6}L${x} ${frame2.top}Z` })
      );
    }
    drawViolations(frame2) {
      const drawn = this.scene.violations.filter(({ cursor }) => cursor >= frame2.from && cursor <= frame2.to + 1).slice(0, 40).map(({ cursor, nodes, message }) => {
        const x = frame2.x(frame2.axis.left[cursor]) + 2;
        const y = nodes[0] === void 0 ? (frame2.top + frame2.bottom) / 2 : frame2.y(nodes[0]);
        return svg(
          "g",
          { class: "st-violation", "data-cursor": cursor },
          svg("title", {}, message),
          svg("line", { x1: x, x2: x, y1: frame2.top, y2: frame2.bottom }),
          svg("path", { d: `M${x + 12} ${y - 9}L${x + 21} ${y + 7}H${x + 3}Z` }),
          svg("text", { x: x + 12, y: y + 5 }, "!")
        );
      });
      return svg("g", {}, ...drawn);
    }
    // -- The pointer --------------------------------------------------------------------------------
    /** The moment under the pointer: that of the mark or message there, or the nearest. */
    momentUnder(event) {
      const marked = event.target instanceof Element ? event.target.closest("[data-moment]") : null;
      if (marked) return Number(marked.getAttribute("data-moment"));
      return this.viewport.momentAt(event.clientX - this.picture.getBoundingClientRect().left);
    }
    click(event) {
      if (event.defaultPrevented) return;
      const target = event.target instanceof Element ? event.target.closest("[data-cursor]") : null;
      if (target) {
        this.seek(Number(target.getAttribute("data-cursor")));
        return;
      }
      const { beats } = this.scene.moments;
      this.seek(beats[this.scene.moments.beatBefore(this.momentUnder(event) + 1) + 1] ?? 0);
    }
    hover(event) {
      const target = event.target instanceof Element ? event.target.closest("[data-row], [data-moment]") : null;
      const words = target && this.words(target);
      this.tip.hidden = !words;
      if (!words) return;
      this.tip.textContent = words;
      const box = this.element.getBoundingClientRect();
      const left = event.clientX - box.left;
      this.tip.style.left = `${Math.max(4, Math.min(left + 12, box.width - this.tip.offsetWidth - 8))}px`;
      this.tip.style.top = `${event.clientY - box.top + 16}px`;
    }
    words(target) {
      const { moments, teller } = this.scene;
      const row = target.getAttribute("data-row");
      if (row !== null) return `${teller.message(Number(row))} ${teller.fate(Number(row))}`;
      const at = Number(target.getAttribute("data-moment"));
      if (moments.what[at] === ARRIVAL || moments.what[at] === SENDING) return teller.message(moments.which[at]);
      return `${teller.node(moments.node[at])} ${teller.eventWords(moments.which[at])}`;
    }
  };

  // src/spacetime/reigns.ts
  function stagesOf(scene) {
    const elections = electionsOf(scene);
    const end = scene.moments.size;
    let from = 0;
    return elections.map((election, at) => {
      const next = elections[at + 1];
      const wanted = next ? Math.min(election.gone, next.began) : end;
      const to = at === elections.length - 1 ? end : Math.max(wanted, beatEnd(scene, election.won));
      const stage = { from, to, leader: election.node, term: election.term, voters: election.voters };
      from = to;
      return stage;
    });
  }
  function electionsOf(scene) {
    const { moments, report } = scene;
    const trace = report.trace;
    const found = [];
    const current = /* @__PURE__ */ new Map();
    const entered = report.nodes.map(() => 0);
    const votes = /* @__PURE__ */ new Map();
    for (let event = 0; event < trace.kind.length; event++) {
      const node = trace.node[event];
      const at = moments.ofEvent[event];
      const term = trace.term[event];
      const kind = trace.kinds[trace.kind[event]];
      if (kind === "vote-granted") {
        const name = `${term} ${trace.node2[event]}`;
        votes.set(name, (votes.get(name) ?? /* @__PURE__ */ new Set()).add(node));
      } else if (kind === "term-changed" || kind === "stopped") {
        leave(current, node, at);
        entered[node] = at;
      } else if (kind === "role-changed") {
        leave(current, node, at);
        if (trace.texts[trace.text[event]] !== "leader") continue;
        const voters = [...votes.get(`${term} ${node}`) ?? []];
        const election = { node, term, won: at, began: beatStart(scene, entered[node]), gone: Infinity, voters };
        found.push(election);
        current.set(node, election);
      }
    }
    return found;
  }
  function leave(current, node, at) {
    const election = current.get(node);
    if (election) election.gone = at;
    current.delete(node);
  }
  function beatStart({ moments }, at) {
    return moments.beats[moments.beatBefore(at + 1)];
  }
  function beatEnd({ moments }, at) {
    return moments.beats[moments.beatBefore(at + 1) + 1];
  }

  // src/spacetime/figure.ts
  var INDICES = 8;
  var COLUMNS = 60;
  var PaperFigure = class {
    constructor(scene, seek) {
      this.scene = scene;
      this.seek = seek;
      const choices = html("div", { class: "st-choice", role: "group", "aria-label": "A column for each" });
      const choose = (division, words) => {
        const button2 = html("button", { type: "button", "aria-pressed": String(division === this.division) }, words);
        button2.addEventListener("click", () => {
          choices.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each === button2)));
          this.division = division;
          this.build();
        });
        return button2;
      };
      choices.append(
        html("span", {}, "A column for each "),
        choose("reigns", "leader"),
        choose("steps", hasSteps(scene.report) ? "step" : "event")
      );
      this.element = html("div", { class: "st-figure", hidden: true }, choices, this.list, legend());
    }
    scene;
    seek;
    element;
    list = html("ol", { class: "st-columns" });
    division = "reigns";
    cursor = 0;
    columns = [];
    /** The figure is shown now, for the first time perhaps. */
    shown() {
      if (this.columns.length === 0) this.build();
      else this.setCursor(this.cursor);
      this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    }
    build() {
      const divided = this.division === "reigns" ? stagesOf(this.scene).map((each) => this.ofStage(each)) : this.scene.chapters.map(ofChapter);
      const all = divided.map((column) => ({ ...column, to: this.violationIn(column)?.cursor ?? column.to }));
      const end = this.scene.moments.size;
      this.columns = all.length > 0 ? all.slice(-COLUMNS) : [{ from: 0, to: end, title: "nobody leads", lines: [], words: "" }];
      const states = this.columns.map(({ to }) => this.scene.fold.at(this.scene.moments.place[to]));
      const different = Math.max(0, states.findIndex((each) => this.differ(each)));
      const common = windowOf(states.flat(), Infinity);
      const items = this.columns.map((column, at) => {
        const window2 = common.last <= INDICES ? common : windowOf(states[at], INDICES);
        return this.column(column, states[at], window2, at - different);
      });
      this.list.replaceChildren(...items);
      this.setCursor(this.cursor);
    }
    /** The first violation of a stage: its logs are shown as they were then. */
    violationIn({ from, to }) {
      return this.scene.violations.find(({ cursor }) => cursor > from && cursor <= to);
    }
    /** Whether servers hold different logs. */
    differ(states) {
      const { fold } = this.scene;
      const logs = states.map((state) => {
        const log = logOf(state);
        return `${log.last} ${fold.entries(log, INDICES).map(({ term }) => term).join(" ")}`;
      });
      return new Set(logs).size > 1;
    }
    setCursor(cursor) {
      this.cursor = cursor;
      if (this.element.hidden) return;
      [...this.list.children].forEach((item, at) => {
        const { from, to } = this.columns[at];
        if (cursor > from && cursor <= to) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      });
    }
    ofStage({ from, to, leader, term, voters }) {
      const { chapters, teller } = this.scene;
      const name = teller.node(leader);
      const others = voters.filter((voter) => voter !== leader).map((voter) => teller.node(voter));
      const title = `${name} leads term ${term}`;
      if (!hasSteps(this.scene.report)) {
        const words = others.length > 0 ? `${name} is elected with the votes of ${listed(others)}.` : "";
        return { from, to, title, lines: [], words: [...this.crashes(from, to), words].filter(Boolean).join(" ") };
      }
      const within2 = chapters.filter((chapter) => chapter.from >= from && chapter.from < to && chapter.title !== "start");
      return { from, to, title, lines: within2.map((chapter) => ({ line: chapter.title, words: chapter.words })), words: "" };
    }
    crashes(from, to) {
      const { moments, teller } = this.scene;
      const told = [];
      for (let at = from; at < to && told.length < 4; at++) {
        if (moments.what[at] === 0 && moments.kind(at) === "stopped") {
          told.push(`${teller.node(moments.node[at])} ${teller.eventWords(moments.which[at])}.`);
        }
      }
      return told;
    }
    column(column, states, window2, at) {
      const violation = this.violationIn(column);
      const letter = at < 0 ? "start" : at < 26 ? String.fromCharCode(97 + at) : String(at + 1);
      const button2 = html(
        "button",
        { type: "button", class: "st-letter", "aria-label": `(${letter}) ${column.title}: go there` },
        `(${letter})`
      );
      button2.addEventListener("click", () => this.seek(column.to));
      return html(
        "li",
        { class: violation ? "violated" : null, "data-cursor": column.to },
        html(
          "table",
          {},
          html("caption", { class: "unseen" }, `(${letter}) ${column.title}`),
          html("thead", {}, html("tr", {}, html("td", {}), ...indexHeads(window2))),
          html("tbody", {}, ...states.map((state, node) => this.row(state, node, window2, violation)))
        ),
        button2,
        html("h3", {}, column.title),
        column.lines.length > 0 && html("ul", {}, ...column.lines.map(({ line: line2, words }) => html("li", { title: words }, html("code", {}, line2)))),
        column.words && html("p", {}, column.words),
        violation && html("p", { class: "st-blame" }, violation.message)
      );
    }
    row(state, node, window2, violation) {
      const name = this.scene.teller.node(node);
      const standing = state.isUp ? state.role : "down";
      const mark2 = { leader: "\u2605", down: "\u2715", candidate: "\u25B3", "pre-candidate": "\u25B3", follower: "" }[standing];
      const isAccused = violation?.nodes.includes(node) ?? false;
      return html(
        "tr",
        { class: `${standing}${isAccused ? " accused" : ""}`, "data-node": name, "data-role": standing },
        html("th", { scope: "row", title: `${name}: ${standing}` }, html("span", { class: "mark" }, mark2), name),
        ...boxes(this.scene.fold, state, window2)
      );
    }
  };
  function ofChapter({ from, to, title, words }) {
    return { from, to, title, lines: [], words };
  }
  function legend() {
    return html(
      "p",
      { class: "st-figure-legend" },
      "A box is an entry of a log; the number is its term, its index stands above. \u2605 and the heavy frame: the leader. \u2715: down; what its disk holds is shown. Underlined: the server knows that the entry is committed."
    );
  }

  // src/spacetime/legend.ts
  var FATES = [
    ["delivered", "M24-3.4 31 0 24 3.4", "a message that arrives"],
    ["delivered reply", "M24-3.4 31 0 24 3.4", "an answer"],
    ["delayed", "M24-3.4 31 0 24 3.4", "held back (a clock), and arrives late"],
    ["duplicate", "M24-3.4 31 0 24 3.4", "a second copy"],
    ["lost", "M26-4.5l9 9m-9 0l9-9", "lost, cut off, or its target is down"],
    ["held", "M30-5V5M34-5V5", "still under way at the end"]
  ];
  function legend2() {
    const marks = Object.values(MARKS).map(
      ({ name, path, legend: words }) => html(
        "li",
        {},
        svg(
          "svg",
          { width: 18, height: 18, viewBox: "-9 -9 18 18", "aria-hidden": "true" },
          svg("g", { class: `st-mark ${name}`, style: "--term: var(--term-1)" }, svg("path", { d: path }))
        ),
        words
      )
    );
    const fates2 = FATES.map(
      ([names, end, words]) => html(
        "li",
        {},
        svg(
          "svg",
          { width: 42, height: 18, viewBox: "-2 -9 42 18", "aria-hidden": "true" },
          svg(
            "g",
            { class: `st-arrow append ${names}` },
            names === "duplicate" && svg("path", { class: "copy", d: "M0 0H30" }),
            svg("path", { class: "line", d: "M0 0H30" }),
            svg("path", { class: "end", d: end }),
            names === "delayed" && svg("circle", { class: "clock", cx: 14, cy: 0, r: 4.5 }),
            names === "delayed" && svg("path", { class: "hands", d: "M14-3V0H16.2" })
          )
        ),
        words
      )
    );
    const lines2 = ["leader", "candidate", "follower", "down"].map(
      (standing) => html(
        "li",
        {},
        svg(
          "svg",
          { width: 34, height: 18, viewBox: "0 -9 34 18", "aria-hidden": "true" },
          standing === "down" ? svg("line", { class: "st-span down", x1: 0, x2: 34, y1: 0, y2: 0 }) : svg("rect", {
            class: `st-span ${standing}`,
            style: "--term: var(--term-2)",
            x: 0,
            width: 34,
            y: standing === "leader" ? -6 : standing === "candidate" ? -4.5 : -2.5,
            height: standing === "leader" ? 12 : standing === "candidate" ? 9 : 5
          })
        ),
        standing
      )
    );
    return html(
      "details",
      { class: "st-legend" },
      html("summary", {}, "What the marks mean"),
      html("ul", {}, ...lines2, ...marks, ...fates2)
    );
  }

  // src/spacetime/arrows.ts
  var LONG = 512;
  var Arrows = class {
    constructor(moments) {
      this.moments = moments;
      const { messages } = moments;
      this.left = moments.bySending.map((row) => moments.ofSending[row]);
      for (let row = 0; row < messages.source.length; row++) {
        if (this.end(row) - moments.ofSending[row] > LONG) this.long.push(row);
      }
      this.families = messages.kinds.map((kind) => {
        if (kind.includes("vote")) return "vote";
        return kind.startsWith("append") ? "append" : kind.startsWith("snapshot") ? "snapshot" : "other";
      });
      this.replies = messages.kinds.map((kind) => kind.endsWith("reply"));
    }
    moments;
    long = [];
    /** The moments at which messages left, in that order. */
    left;
    families;
    replies;
    end(row) {
      const arrival = this.moments.ofArrival[row];
      return arrival >= 0 ? arrival : this.moments.ofSending[row];
    }
    /** The messages on their way within moments `from` to `to`, at most so many, else null. */
    within(from, to, most) {
      const { bySending, ofSending } = this.moments;
      const first = lowerBound(this.left, from - LONG);
      const end = lowerBound(this.left, to + 1);
      if (end - first > most + LONG) return null;
      const rows = this.long.filter((row) => ofSending[row] < from - LONG && this.end(row) >= from);
      for (let at = first; at < end; at++) if (this.end(bySending[at]) >= from - 2) rows.push(bySending[at]);
      return rows.length > most ? null : rows;
    }
    /** Messages that never arrived, sent within these moments. */
    dropped(from, to) {
      const { bySending, ofArrival } = this.moments;
      const sent = bySending.subarray(lowerBound(this.left, from), lowerBound(this.left, to + 1));
      return Array.from(sent.filter((row) => ofArrival[row] < 0));
    }
    arrow(row, axis) {
      const { messages, ofSending, ofArrival } = this.moments;
      const fate = messages.fates[messages.fate[row]] ?? "delivered";
      const from = axis.left[ofSending[row]];
      const arrives = ofArrival[row] >= 0;
      const kind = messages.kind[row];
      return {
        row,
        fate,
        source: messages.source[row],
        target: messages.target[row],
        from,
        to: arrives ? axis.left[ofArrival[row]] + 0.35 : from + 1.4,
        reach: arrives ? 1 : fate === "down" ? 0.86 : 0.55,
        isReply: this.replies[kind] ?? false,
        family: this.families[kind] ?? "other"
      };
    }
  };

  // src/spacetime/axis.ts
  var SMALL2 = /* @__PURE__ */ new Set(["persisted", "term-exposed", "applied", "state-digest", "configuration-changed", "compacted"]);
  var LONGEST = 8;
  function orderAxis(moments) {
    const left = new Float64Array(moments.size + 1);
    let now2 = 1;
    let beat = 0;
    for (let at = 0; at < moments.size; at++) {
      const begins = moments.beats[beat] === at;
      if (begins) {
        beat++;
        now2 += 0.5;
      }
      left[at] = now2;
      now2 += widthInOrder(moments, at, begins);
    }
    left[moments.size] = now2;
    return { kind: "order", left, breaks: [] };
  }
  function widthInOrder(moments, at, begins) {
    switch (moments.what[at]) {
      case EVENT:
        return SMALL2.has(moments.kind(at)) ? 0.4 : 1;
      case ARRIVAL:
        return 0.7;
      default:
        return begins ? 0.4 : 0;
    }
  }
  function timeAxis(moments) {
    const left = new Float64Array(moments.size + 1);
    const breaks = [];
    const unit2 = typicalGap(moments);
    let now2 = 1;
    for (let at = 0; at < moments.size; at++) {
      const gap = at === 0 ? 0 : (moments.time[at] - moments.time[at - 1]) / unit2;
      if (gap > LONGEST) breaks.push({ at, duration: moments.time[at] - moments.time[at - 1] });
      const trifle = moments.what[at] === SENDING ? 0 : 0.12;
      now2 += Math.min(gap, LONGEST) + (gap > LONGEST ? 1 : 0);
      left[at] = now2;
      now2 += trifle;
    }
    left[moments.size] = now2;
    return { kind: "time", left, breaks };
  }
  function typicalGap(moments) {
    const gaps2 = new Float64Array(moments.size);
    let count2 = 0;
    for (let at = 1; at < moments.size; at++) {
      const gap = moments.time[at] - moments.time[at - 1];
      if (gap > 0) gaps2[count2++] = gap;
    }
    const sorted = gaps2.subarray(0, count2).sort();
    return sorted[Math.floor(count2 * 0.75)] ?? 1;
  }

  // src/spacetime/fold.ts
  var EVERY = 256;
  function copy2(state) {
    return { ...state, saved: { ...state.saved } };
  }
  var EMPTY = { base: 0, baseTerm: 0, tip: -1, last: 0 };
  var Fold = class {
    constructor(trace, nodes) {
      this.trace = trace;
      this.size = trace.kind.length;
      this.given = trace.initial.reduce((sum, { log }) => sum + log.length, 0);
      const room = this.given + this.size;
      this.parent = new Int32Array(room).fill(-1);
      this.indices = new Int32Array(room);
      this.terms = new Int32Array(room);
      const states = this.initial(nodes);
      for (let place = 0; place < this.size; place++) {
        if (place % EVERY === 0) this.kept.push(states.map(copy2));
        this.apply(states, place);
      }
      if (this.size % EVERY === 0) this.kept.push(states.map(copy2));
      this.last = { place: this.size, states };
    }
    trace;
    /** So many events. */
    size;
    // The chains: an element for each entry that was there at first, then one for each event.
    parent;
    indices;
    terms;
    texts = [];
    given;
    kept = [];
    last;
    /** The nodes after so many events. */
    at(place) {
      const wanted = Math.max(0, Math.min(this.size, place));
      let { place: from, states } = this.last;
      if (from > wanted || wanted - from > EVERY) {
        const kept2 = Math.floor(wanted / EVERY);
        from = kept2 * EVERY;
        states = this.kept[kept2];
      }
      states = states.map(copy2);
      for (; from < wanted; from++) this.apply(states, from);
      this.last = { place: wanted, states };
      return states;
    }
    /** The last entries of a log, at most so many, in the order of the log. */
    entries(log, most = Infinity) {
      const found = [];
      for (let at = log.tip; at >= 0 && found.length < most; at = this.parent[at]) {
        if (this.indices[at] <= log.base) break;
        found.push({ index: this.indices[at], term: this.terms[at], text: this.text(at) });
      }
      return found.reverse();
    }
    text(at) {
      if (at < this.given) return String(this.texts[at]);
      const text = this.trace.text[at - this.given];
      return text < 0 ? "" : this.trace.texts[text] ?? "";
    }
    initial(nodes) {
      let at = 0;
      return Array.from({ length: nodes }, (_2, node) => {
        const given = this.trace.initial[node];
        const end = { ...EMPTY, base: given?.base ?? 0, last: given?.base ?? 0 };
        for (const { index, term, text } of given?.log ?? []) {
          this.link(at, end, index, term);
          this.texts.push(text);
          at++;
        }
        const durable = given?.durable ?? 0;
        const state = {
          ...end,
          isUp: given?.is_up ?? false,
          hasRun: given !== void 0 && (given.is_up || given.term > 0),
          isRecovering: false,
          role: given?.role || "follower",
          term: given?.term ?? 0,
          vote: given?.voted_for ?? -1,
          commit: given?.commit ?? 0,
          applied: given?.applied ?? 0,
          durable,
          saved: { ...end, term: given?.term ?? 0, vote: given?.voted_for ?? -1 },
          configuration: -1,
          initialConfiguration: given?.configuration ?? ""
        };
        this.save(state, durable);
        return state;
      });
    }
    // -- The chains ---------------------------------------------------------------------------------
    link(at, end, index, term) {
      this.parent[at] = end.tip;
      this.indices[at] = index;
      this.terms[at] = term;
      end.tip = at;
      end.last = index;
    }
    /** The last element up to `index`. */
    upTo(tip, index) {
      while (tip >= 0 && this.indices[tip] > index) tip = this.parent[tip];
      return tip;
    }
    cut(end, last) {
      end.tip = this.upTo(end.tip, last);
      end.last = end.tip < 0 ? end.base : Math.max(end.base, this.indices[end.tip]);
    }
    save(state, last) {
      const { saved } = state;
      saved.base = state.base;
      saved.baseTerm = state.baseTerm;
      saved.tip = state.tip;
      this.cut(saved, last);
    }
    // -- The events ---------------------------------------------------------------------------------
    apply(states, place) {
      const { trace } = this;
      const state = states[trace.node[place]];
      if (!state) return;
      const index = trace.index[place];
      const term = trace.term[place];
      const other = trace.node2[place];
      switch (trace.kinds[trace.kind[place]]) {
        case "started":
          Object.assign(state, EMPTY, { isUp: true, hasRun: true, isRecovering: true });
          Object.assign(state, { role: "follower", term, vote: other, commit: 0, applied: 0, durable: 0 });
          state.saved.term = term;
          state.saved.vote = other;
          break;
        case "stopped":
          state.isUp = false;
          break;
        case "term-changed":
          state.term = term;
          state.vote = -1;
          break;
        case "role-changed":
          state.role = trace.texts[trace.text[place]] ?? "follower";
          break;
        case "vote-granted":
          if (term === state.term) state.vote = other;
          break;
        case "appended":
          this.link(this.given + place, state, index, term);
          break;
        case "truncated":
          this.cut(state, index - 1);
          state.durable = Math.min(state.durable, index - 1);
          break;
        case "persisted":
          this.persist(state, index, term, other);
          break;
        case "committed":
          state.commit = index;
          break;
        case "applied":
          state.applied = index;
          break;
        case "configuration-changed":
          state.configuration = trace.text[place];
          break;
        case "snapshot-taken":
          if (index > state.saved.last && index <= state.last) this.save(state, index);
          state.durable = Math.max(state.durable, Math.min(index, state.last));
          break;
        case "snapshot-restored":
          this.restore(state, index, term, trace.number[place]);
          break;
        case "compacted":
          this.compact(state, index);
          break;
      }
    }
    persist(state, last, term, vote) {
      state.isRecovering = false;
      state.saved.term = term;
      state.saved.vote = vote;
      if (term === state.term && vote >= 0) state.vote = vote;
      if (last < state.base) return;
      state.durable = last;
      this.save(state, last);
    }
    restore(state, index, term, last) {
      if (last > index) {
        this.cut(state, last);
        state.durable = Math.min(state.durable, last);
      } else {
        state.durable = Math.min(state.durable, index - 1);
        state.tip = -1;
        state.last = index;
      }
      state.base = index;
      state.baseTerm = term;
      state.commit = Math.max(state.commit, index);
      state.applied = Math.max(state.applied, index);
    }
    compact(state, index) {
      const at = this.upTo(state.tip, index);
      if (at >= 0 && this.indices[at] === index) state.baseTerm = this.terms[at];
      state.base = Math.max(state.base, index);
      state.last = Math.max(state.last, state.base);
      if (state.saved.last >= index && state.saved.base < index) {
        state.saved.base = state.base;
        state.saved.baseTerm = state.baseTerm;
      }
    }
  };

  // src/spacetime/scene.ts
  var Scene2 = class {
    constructor(report) {
      this.report = report;
      const trace = report.trace;
      this.moments = new Moments(trace, report.messages, borders(report));
      this.fold = new Fold(trace, report.nodes.length);
      this.teller = new Teller(report, this.moments);
      this.chapters = chaptersOf(report, this.moments, this.teller);
      this.strips = stripsOf(report, this.moments);
      this.arrows = new Arrows(this.moments);
      this.violations = report.verdict.failures.flatMap(
        ({ event, nodes, kind, message }) => event === void 0 || event < trace.first ? [] : [{ cursor: this.moments.cursorOfPlace(event + 1 - trace.first), nodes: nodes ?? [], kind, message }]
      );
    }
    report;
    moments;
    fold;
    teller;
    chapters;
    strips;
    arrows;
    violations;
    axes = /* @__PURE__ */ new Map();
    axis(kind) {
      let axis = this.axes.get(kind);
      if (!axis) {
        axis = kind === "order" ? orderAxis(this.moments) : timeAxis(this.moments);
        this.axes.set(kind, axis);
      }
      return axis;
    }
    /** The beat that ends at a cursor, or the part of it up to there. */
    beat(cursor) {
      if (cursor <= 0) return [0, 0];
      return [this.moments.beats[this.moments.beatBefore(cursor)], cursor];
    }
    /** The place in the trace, counted from the first event of the run, that a cursor stands after. */
    place(cursor) {
      return this.moments.place[cursor] + this.report.trace.first;
    }
  };

  // src/spacetime/view.ts
  var KEYS = [
    { keys: "\u2190 \u2192", does: "a step back, a step forward" },
    { keys: "Shift+\u2190 Shift+\u2192", does: "a chapter back, a chapter forward" },
    { keys: ", .", does: "a single event back, forward" },
    { keys: "Home End", does: "the first step, the last" },
    { keys: "Space", does: "play, pause" },
    { keys: "v", does: "go to the violation, the next one" },
    { keys: "t", does: "axis: in order, by time" },
    { keys: "+ \u2212 0", does: "zoom in, zoom out, the whole run" },
    { keys: "f", does: "the figure of all logs, the diagram" }
  ];
  var SpaceTime = class {
    constructor(element, report, bus) {
      this.element = element;
      this.bus = bus;
      const scene = new Scene2(report);
      this.scene = scene;
      this.controls = new Controls(
        {
          step: (by) => this.step(by),
          chapter: (by) => this.chapter(by),
          first: () => this.go(0),
          last: () => this.go(scene.moments.size),
          play: () => this.play(),
          violation: () => this.violation(),
          beat: (number4) => this.go(scene.moments.beats[number4]),
          axis: (kind) => this.setAxis(kind),
          zoom: (factor) => this.diagram.zoomBy(factor),
          fit: () => this.diagram.fit(),
          page: (page) => this.show(page)
        },
        scene.moments.beats.length - 1,
        scene.violations.length,
        scene.chapters.length > 1
      );
      this.diagram = new Diagram(scene, (cursor) => this.go(cursor));
      this.figure = new PaperFigure(scene, (cursor) => this.go(cursor));
      this.cards = new Cards(scene);
      element.append(
        this.controls.element,
        html(
          "div",
          { class: "st-stage" },
          this.diagram.element,
          this.figure.element,
          html("div", { class: "st-now" }, this.where, this.told, this.blame),
          this.cards.element,
          legend2(),
          report.messages === void 0 && html("p", { class: "st-note" }, "The messages of this run are not known: only what the nodes told is shown.")
        )
      );
      bus.on("selection", (selection2) => this.follow(selection2));
      new ResizeObserver(() => this.resize()).observe(element);
      this.cursor = scene.violations[0]?.cursor ?? scene.moments.size;
      if (bus.selection) this.follow(bus.selection);
      this.update();
    }
    element;
    bus;
    scene;
    controls;
    diagram;
    figure;
    cards;
    told = html("p", { class: "st-told" });
    where = html("p", { class: "st-where" });
    blame = html("p", { class: "st-blame", hidden: true });
    cursor = 0;
    page = "diagram";
    axis = "order";
    timer;
    isTelling = false;
    // -- The shell ----------------------------------------------------------------------------------
    shown() {
      this.resize();
      this.cards.show(this.cursor);
    }
    hidden() {
      this.stop();
    }
    key(event) {
      if (event.target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return false;
      const does = this.action(event);
      if (!does) return false;
      if (event.key !== " ") this.stop();
      does();
      return true;
    }
    action(event) {
      const actions = {
        ArrowLeft: () => event.shiftKey ? this.chapter(-1) : this.step(-1),
        ArrowRight: () => event.shiftKey ? this.chapter(1) : this.step(1),
        ",": () => this.go(this.cursor - 1),
        ".": () => this.go(this.cursor + 1),
        Home: () => this.go(0),
        End: () => this.go(this.scene.moments.size),
        " ": () => this.play(),
        v: () => this.violation(),
        t: () => this.setAxis(this.axis === "order" ? "time" : "order"),
        "+": () => this.diagram.zoomBy(1.7),
        "=": () => this.diagram.zoomBy(1.7),
        "-": () => this.diagram.zoomBy(0.6),
        "0": () => this.diagram.fit(),
        f: () => this.show(this.page === "diagram" ? "figure" : "diagram")
      };
      return actions[event.key];
    }
    resize() {
      const below = 150 + 38 * this.scene.report.nodes.length;
      this.diagram.resize(this.element.clientHeight - this.controls.element.offsetHeight - below);
    }
    // -- Going ---------------------------------------------------------------------------------------
    /** Go to a cursor, and tell the others. */
    go(cursor) {
      this.cursor = Math.max(0, Math.min(this.scene.moments.size, cursor));
      this.update();
      const place = this.scene.place(this.cursor);
      this.isTelling = true;
      this.bus.select(place > 0 ? { kind: "event", index: place - 1 } : { kind: "time", time: 0 });
      this.isTelling = false;
      this.bus.announce(this.told.textContent ?? "");
    }
    step(by) {
      const { beats } = this.scene.moments;
      const at = lowerBound(beats, this.cursor);
      const isWithin = beats[at] !== this.cursor;
      this.go(beats[Math.max(0, Math.min(beats.length - 1, by > 0 && isWithin ? at : at + by))]);
    }
    chapter(by) {
      const { chapters } = this.scene;
      const at = chapterAt(chapters, this.cursor);
      const { from, to } = chapters[at] ?? { from: 0, to: 0 };
      if (by > 0) this.go(this.cursor < to ? to : chapters[at + 1]?.to ?? to);
      else this.go(from);
    }
    violation() {
      const { violations } = this.scene;
      const next = violations.find(({ cursor }) => cursor > this.cursor) ?? violations[0];
      if (next) this.go(next.cursor);
    }
    play() {
      if (this.timer !== void 0) {
        this.stop();
        return;
      }
      const { size } = this.scene.moments;
      const end = this.scene.violations[0]?.cursor ?? size;
      if (this.cursor >= end) this.go(0);
      this.controls.plays(true);
      const tick = () => {
        const isBefore = this.cursor < end;
        this.step(1);
        if (isBefore && this.cursor > end) this.go(end);
        if (this.cursor >= size || this.cursor === end) this.stop();
        else this.timer = window.setTimeout(tick, 1e3 / this.controls.speed);
      };
      this.timer = window.setTimeout(tick, 1e3 / this.controls.speed);
    }
    stop() {
      window.clearTimeout(this.timer);
      this.timer = void 0;
      this.controls.plays(false);
    }
    /** What was selected elsewhere. */
    follow(selection2) {
      if (this.isTelling) return;
      const { moments, report } = this.scene;
      this.cards.mark(selection2?.kind === "node" ? selection2.node : -1);
      let cursor;
      if (selection2?.kind === "event") cursor = moments.cursorOfPlace(selection2.index + 1 - report.trace.first);
      if (selection2?.kind === "time") cursor = this.cursorAt(selection2.time);
      if (selection2?.kind === "operation") cursor = this.cursorAt(report.operations?.start[selection2.index] ?? 0);
      if (cursor === void 0) return;
      this.stop();
      this.cursor = cursor;
      this.update();
    }
    cursorAt(time) {
      const { moments } = this.scene;
      return lowerBound(moments.time.subarray(0, moments.size), time + 1);
    }
    // -- Showing -------------------------------------------------------------------------------------
    setAxis(kind) {
      this.axis = kind;
      this.controls.setAxis(kind);
      this.diagram.setAxis(kind);
    }
    show(page) {
      this.page = page;
      this.controls.setPage(page);
      this.diagram.element.hidden = page === "figure";
      this.figure.element.hidden = page === "diagram";
      if (page === "diagram") this.resize();
      else this.figure.shown();
    }
    update() {
      const { scene, cursor } = this;
      const { moments } = scene;
      const [from, to] = scene.beat(cursor);
      this.element.dataset["cursor"] = String(cursor);
      this.element.dataset["place"] = String(scene.place(cursor));
      this.controls.show(lowerBound(moments.beats, cursor));
      this.told.textContent = scene.teller.beat(from, to);
      const chapter = scene.chapters[chapterAt(scene.chapters, cursor)];
      const time = cursor > 0 ? moments.time[cursor - 1] : 0;
      this.where.replaceChildren(
        html("code", {}, chapter?.title ?? ""),
        ` \xB7 event ${scene.place(cursor)} of ${scene.report.trace.total} \xB7 ${timeWords(time)}`
      );
      const violation = scene.violations.find((each) => each.cursor === cursor);
      this.blame.hidden = !violation;
      this.blame.textContent = violation ? `Violation (${violation.kind}): ${violation.message}` : "";
      this.diagram.setCursor(cursor);
      this.figure.setCursor(cursor);
      this.cards.show(cursor);
    }
  };
  var spacetime = {
    name: "spacetime",
    title: "Space-time",
    keys: KEYS,
    empty: (report) => {
      if (report.trace && report.trace.kind.length > 0 && report.nodes.length > 0) return null;
      return "No trace was kept of what happened inside the nodes, so there is nothing to draw here.";
    },
    mount: (element, report, bus) => new SpaceTime(element, report, bus)
  };

  // src/shell/words.ts
  function destination(span) {
    if (span.operation !== void 0) return [{ kind: "operation", index: span.operation }, "timeline"];
    if (span.event !== void 0) return [{ kind: "event", index: span.event }, "spacetime"];
    if (span.node !== void 0) return [{ kind: "node", node: span.node }, "spacetime"];
    if (span.time !== void 0) return [{ kind: "time", time: span.time }, "timeline"];
    return null;
  }
  function sentence(words, data, bus) {
    return words.map((span) => {
      const to = destination(span);
      if (to === null) return document.createTextNode(span.text);
      const [selection2, view] = to;
      if (view === "spacetime" ? !data.trace : !data.operations) return document.createTextNode(span.text);
      return html("button", { type: "button", class: "link", click: () => bus.select(selection2, view) }, span.text);
    });
  }
  function plain(words) {
    return words.map((span) => span.text).join("");
  }

  // src/timeline/details.ts
  function facts(...pairs) {
    return html(
      "dl",
      {},
      ...pairs.filter(([, value2]) => value2 !== "" && value2 !== null).map(([name, value2]) => html("div", {}, html("dt", {}, name), html("dd", {}, value2)))
    );
  }
  function times(data, start2, end) {
    return [
      ["from", moment(data, start2)],
      ["to", end === void 0 || end < 0 ? "the end of the run" : moment(data, end)],
      ["took", end !== void 0 && end >= 0 && data.unit === "ns" ? duration(end - start2) : ""]
    ];
  }
  function described(data, scene, { kind, index }) {
    if (kind === "operation") {
      const operations = data.operations;
      const type = typeName(operations.type[index]);
      const letter = scene.letters.get(index);
      return {
        title: html(
          "p",
          { class: "what" },
          letter ? html("span", { class: "letter" }, letter) : null,
          html("span", { class: `swatch ${type}` }),
          html("span", { class: "mono" }, asked(operations, index)),
          " ",
          html("span", { class: "mono answer" }, answered(operations, index))
        ),
        facts: facts(["process", processName(operations, index)], ["type", type], ...times(data, operations.start[index], operations.end[index]))
      };
    }
    if (kind === "band") {
      const band = data.bands[index];
      const nodes = (band.nodes ?? []).map((node) => data.nodes[node]).join(" ");
      const isInstant = band.end === band.start;
      return {
        title: html("p", { class: "what" }, band.words),
        facts: facts(["fault", band.kind], ["nodes", nodes], ...isInstant ? [["at", moment(data, band.start)]] : times(data, band.start, band.end))
      };
    }
    if (kind === "reign") {
      const reign = data.reigns[index];
      return {
        title: html("p", { class: "what" }, `${data.nodes[reign.node]} was leader of term ${reign.term}`),
        facts: facts(...times(data, reign.start, reign.end))
      };
    }
    const failure2 = data.verdict.failures[index];
    return {
      title: html("p", { class: "what" }, html("strong", {}, failure2.kind), `: ${plain(failure2.words) || failure2.message}`),
      facts: facts(["at", failure2.time === void 0 ? "" : moment(data, failure2.time)])
    };
  }
  var Details = class {
    constructor(data, scene, bus) {
      this.data = data;
      this.scene = scene;
      this.bus = bus;
      this.show(null);
    }
    data;
    scene;
    bus;
    element = html("div", { class: "details", "aria-label": "Selected", role: "region" });
    show(operation) {
      if (operation === null) {
        this.element.replaceChildren(
          html("p", { class: "hint" }, "Select an operation: click a bar, or focus the timeline and use the arrow keys. ? lists all keys.")
        );
        return;
      }
      const { title, facts: facts2 } = described(this.data, this.scene, { kind: "operation", index: operation });
      const time = this.data.operations.start[operation];
      this.element.replaceChildren(
        title,
        facts2,
        this.data.trace ? html("button", { type: "button", class: "link", click: () => this.bus.select({ kind: "time", time }, "spacetime") }, "what the nodes did then") : ""
      );
    }
  };
  var Tooltip = class {
    constructor(data, scene) {
      this.data = data;
      this.scene = scene;
    }
    data;
    scene;
    element = html("div", { class: "tooltip", hidden: true, "aria-hidden": "true" });
    show(hit, x, y) {
      this.element.hidden = hit === null;
      if (hit === null) return;
      const { title, facts: facts2 } = described(this.data, this.scene, hit);
      this.element.replaceChildren(title, facts2);
      const { offsetWidth, offsetHeight } = this.element;
      const left = Math.max(4, Math.min(x + 14, this.scene.width - offsetWidth - 6));
      const top = y + 18 + offsetHeight > this.scene.height ? y - offsetHeight - 10 : y + 18;
      this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.max(2, top))}px)`;
    }
  };

  // src/timeline/order.ts
  var MARKS3 = 600;
  var JOINED = 150;
  function linearizationOrder({ order, time }) {
    return { operations: order, times: time, stuck: [] };
  }
  function attemptOrder(operations, attempt) {
    let now2 = 0;
    const times2 = attempt.steps.map(({ operation }) => now2 = Math.max(now2, operations.start[operation]));
    return {
      operations: attempt.steps.map(({ operation }) => operation),
      times: spread(times2, attempt.steps.map(({ operation }) => operations.end[operation])),
      stuck: attempt.stuck.map(({ operation }) => operation)
    };
  }
  function spread(times2, ends2) {
    const result = [...times2];
    for (let at = 0; at < result.length; at++) {
      let limit = Infinity;
      for (let later = at; later < result.length; later++) {
        if (ends2[later] >= 0) limit = Math.min(limit, ends2[later]);
      }
      const next = at + 1 < result.length ? Math.max(times2[at + 1], times2[at]) : times2[at];
      const before = at === 0 ? times2[at] : Math.max(times2[at], result[at - 1]);
      const until = Math.min(limit, Math.max(next, before));
      result[at] = until > before ? before + (until - before) * 0.25 : before;
    }
    return result;
  }
  function drawOrder(context, scene) {
    const { order, view } = scene;
    if (!order) return;
    const [from, to] = view.domain();
    const points2 = [];
    for (let place = 0; place < order.operations.length; place++) {
      const time = order.times[place];
      if (time > to) break;
      if (time < from) continue;
      const lane = scene.laneOf[order.operations[place]];
      if (lane < 0) continue;
      points2.push({ x: view(time), y: scene.laneTop(lane) + scene.laneHeight / 2 - 0.5, place });
      if (points2.length > MARKS3) return;
    }
    context.save();
    context.beginPath();
    context.rect(scene.gutter, scene.lanesTop, scene.width - scene.gutter, scene.lanesBottom - scene.lanesTop);
    context.clip();
    if (points2.length <= JOINED) {
      context.strokeStyle = colour("order");
      context.lineJoin = "round";
      context.lineWidth = 1.25;
      context.globalAlpha = order.stuck.length > 0 ? 0.75 : 0.4;
      context.beginPath();
      points2.forEach(({ x, y }, at) => {
        if (at === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      });
      context.stroke();
      context.globalAlpha = 1;
    }
    const isNumbered = points2.length <= 60 && order.stuck.length > 0;
    const height = scene.laneHeight - 5;
    context.font = "600 10px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const { x, y, place } of points2) {
      context.fillStyle = colour("order");
      if (!isNumbered) {
        context.fillRect(x - 0.75, y - height / 2, 1.5, height);
        continue;
      }
      context.beginPath();
      context.arc(x, y, 7.5, 0, 2 * Math.PI);
      context.fill();
      context.fillStyle = colour("surface");
      context.fillText(String(place + 1), x, y + 0.5);
    }
    for (const operation of order.stuck) {
      const lane = scene.laneOf[operation];
      if (lane < 0) continue;
      const x = Math.max(scene.gutter + 9, view(scene.data.operations.start[operation]) + 1);
      const y = scene.laneTop(lane) + scene.laneHeight / 2 - 0.5;
      context.fillStyle = colour("violation");
      context.beginPath();
      context.arc(x, y, 7.5, 0, 2 * Math.PI);
      context.fill();
      context.strokeStyle = colour("surface");
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x - 3, y - 3);
      context.lineTo(x + 3, y + 3);
      context.moveTo(x + 3, y - 3);
      context.lineTo(x - 3, y + 3);
      context.stroke();
    }
    context.textAlign = "left";
    context.restore();
  }

  // src/timeline/bars.ts
  var FADED = 0.22;
  var TEXT_AT_LEAST = 26;
  var characterWidth = 0;
  var FONT3 = '11px ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
  var RANK = [1, 3, 2];
  var ACCUSED = 4;
  function drawBars(context, scene) {
    const { operations } = scene.data;
    if (!operations) return;
    context.font = FONT3;
    context.textBaseline = "middle";
    if (characterWidth === 0) characterWidth = context.measureText("0000000000").width / 10;
    const first = Math.max(0, Math.floor(scene.scroll / scene.laneHeight));
    const last = Math.min(scene.lanes.length - 1, Math.floor((scene.scroll + scene.lanesBottom - scene.lanesTop) / scene.laneHeight));
    for (let lane = first; lane <= last; lane++) drawLane(context, scene, operations, lane);
    context.globalAlpha = 1;
  }
  function alphaOf(scene, operation) {
    if (scene.focus && !scene.focus.has(operation)) return FADED;
    return scene.found && !scene.found[operation] ? FADED : 1;
  }
  function drawLane(context, scene, operations, at) {
    const lane = scene.lanes[at];
    const { start: start2, type } = operations;
    const [from, to] = scene.view.domain();
    const begin = Math.max(0, lastBegun(lane, start2, from));
    const height = scene.laneHeight - 5;
    const top = scene.laneTop(at) + 2;
    drawOpenEnds(context, scene, operations, at, top, height);
    const scale = scene.plotWidth / (to - from);
    let pixel = -1;
    let rank = 0;
    let alpha = 0;
    const flush = () => {
      if (rank === 0) return;
      context.globalAlpha = alpha;
      context.fillStyle = rank === ACCUSED ? colour("violation") : rank === 3 ? colour("info") : rank === 2 ? colour("fail") : colour("ok");
      context.fillRect(pixel, top, 1, height);
      rank = 0;
      alpha = 0;
    };
    for (let place = begin; place < lane.operations.length; place++) {
      const operation = lane.operations[place];
      const begun = start2[operation];
      if (begun > to) break;
      const left = scene.gutter + (begun - from) * scale;
      const right = scene.gutter + (scene.solidEnd(operation) - from) * scale;
      if (right < scene.gutter) continue;
      if (right - left >= 2) {
        flush();
        pixel = -1;
        drawBar(context, scene, operations, operation, left, right, top, height);
        continue;
      }
      const column = Math.floor(left);
      if (column !== pixel) {
        flush();
        pixel = column;
      }
      const own = scene.accused.has(operation) ? ACCUSED : RANK[type[operation]];
      const shows = alphaOf(scene, operation);
      if (shows > alpha || shows === alpha && own > rank) rank = own;
      alpha = Math.max(alpha, shows);
    }
    flush();
  }
  function drawBar(context, scene, operations, operation, begun, ended, top, height) {
    const left = Math.max(begun, scene.gutter - 6);
    const right = Math.min(ended, scene.width + 6);
    const width = Math.max(1.5, right - left - 1);
    const kind = typeName(operations.type[operation]);
    const isAccused = scene.accused.has(operation);
    context.globalAlpha = alphaOf(scene, operation);
    context.fillStyle = colour(`${kind}-soft`);
    if (width < 6) {
      context.fillStyle = isAccused ? colour("violation") : colour(kind);
      context.fillRect(left, top, width, height);
      return;
    }
    context.beginPath();
    context.roundRect(left, top, width, height, 3);
    context.fill();
    context.strokeStyle = isAccused ? colour("violation") : colour(kind);
    context.lineWidth = isAccused ? 1.5 : 1;
    if (kind === "fail") context.setLineDash([3, 2]);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = isAccused ? colour("violation") : colour(kind);
    if (begun >= scene.gutter - 6) context.fillRect(left, top, 3, height);
    if (width >= TEXT_AT_LEAST) {
      const textLeft = Math.max(left, scene.gutter) + 7;
      const room = Math.floor((right - textLeft - 5) / characterWidth);
      if (room < 2) return;
      const letter = scene.letters.get(operation);
      const text = operationText(operations, operation);
      context.fillStyle = colour(`${kind}-ink`);
      context.fillText(shortened(letter ? `${letter}  ${text}` : text, room), textLeft, top + height / 2 + 0.5);
    }
  }
  function drawOpenEnds(context, scene, operations, at, top, height) {
    const lane = scene.lanes[at];
    const [, to] = scene.view.domain();
    const right = Math.min(scene.width, scene.view(scene.end));
    let earliest = Infinity;
    let alpha = FADED;
    for (const operation of lane.open) {
      if (operations.start[operation] > to) break;
      if (operation === lane.operations[lane.operations.length - 1]) {
        const left2 = Math.max(scene.gutter, scene.view(scene.solidEnd(operation)));
        context.globalAlpha = alphaOf(scene, operation);
        hatch(context, left2, right, top, height);
      } else {
        earliest = Math.min(earliest, scene.solidEnd(operation));
        alpha = Math.max(alpha, alphaOf(scene, operation));
      }
    }
    if (earliest === Infinity) return;
    context.globalAlpha = alpha * 0.8;
    context.fillStyle = colour("info");
    const left = Math.max(scene.gutter, scene.view(earliest));
    if (left < right) context.fillRect(left, top + height + 1, right - left, 1.5);
  }
  function hatch(context, left, right, top, height) {
    if (left >= right) return;
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, height);
    context.clip();
    context.fillStyle = colour("info-soft");
    context.fillRect(left, top, right - left, height);
    context.strokeStyle = colour("info");
    context.globalAlpha *= 0.6;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = left - height - (left - height) % 7; x < right; x += 7) {
      context.moveTo(x, top + height);
      context.lineTo(x + height, top);
    }
    context.stroke();
    context.restore();
  }

  // src/timeline/overview.ts
  var Overview = class {
    mask = null;
    columns = [];
    highest = 1;
    draw(context, scene) {
      const width = Math.floor(scene.plotWidth);
      if (this.mask !== scene.mask || this.columns[0]?.length !== width) this.count(scene, width);
      const top = scene.height - OVERVIEW + 6;
      const height = OVERVIEW - 14;
      context.globalAlpha = 1;
      context.fillStyle = colour("surface");
      context.fillRect(0, scene.height - OVERVIEW, scene.width, OVERVIEW);
      context.fillStyle = colour("sunken");
      context.fillRect(scene.gutter, top, width, height);
      const whole = scene.whole;
      for (const band of scene.data.bands) {
        context.fillStyle = faultColour(band);
        context.globalAlpha = 0.8;
        context.fillRect(whole(band.start), top, Math.max(1, whole(band.end ?? scene.end) - whole(band.start)), 2);
      }
      context.globalAlpha = 1;
      const names = ["ok", "info", "fail"];
      for (let x = 0; x < width; x++) {
        let bottom = top + height;
        for (const type of [0, 2, 1]) {
          const number4 = this.columns[type][x];
          if (number4 === 0) continue;
          const tall = Math.max(type === 0 ? 1 : 2, number4 / this.highest * (height - 5));
          context.fillStyle = colour(names[type]);
          context.fillRect(scene.gutter + x, bottom - tall, 1, tall);
          bottom -= tall;
        }
      }
      context.fillStyle = colour("violation");
      for (const { time } of scene.data.verdict.failures) {
        if (time !== void 0) context.fillRect(whole(time) - 0.5, top - 2, 1.5, height + 4);
      }
      const [from, to] = scene.view.domain();
      context.fillStyle = colour("surface");
      context.globalAlpha = 0.65;
      context.fillRect(scene.gutter, top, whole(from) - scene.gutter, height);
      context.fillRect(whole(to), top, scene.gutter + width - whole(to), height);
      context.globalAlpha = 1;
      context.strokeStyle = colour("accent");
      context.lineWidth = 1.5;
      context.strokeRect(whole(from), top - 1, Math.max(2, whole(to) - whole(from)), height + 2);
    }
    count(scene, width) {
      const { operations } = scene.data;
      this.mask = scene.mask;
      this.columns = [0, 1, 2].map(() => new Uint32Array(width));
      if (!operations) return;
      const scale = width / scene.end;
      for (let at = 0; at < scene.mask.length; at++) {
        if (!scene.mask[at]) continue;
        const x = Math.min(width - 1, Math.floor(operations.start[at] * scale));
        this.columns[operations.type[at]][x]++;
      }
      this.highest = 1;
      for (let x = 0; x < width; x++) {
        this.highest = Math.max(this.highest, this.columns[0][x] + this.columns[1][x] + this.columns[2][x]);
      }
    }
  };

  // src/timeline/picture.ts
  var Picture = class {
    constructor(scene, wanted) {
      this.scene = scene;
      this.wanted = wanted;
      this.tooltip = new Tooltip(scene.data, scene);
      const operations = scene.data.operations?.start.length ?? 0;
      this.element = html(
        "div",
        {
          class: "picture",
          tabindex: 0,
          role: "application",
          "aria-roledescription": "timeline",
          "aria-label": `Timeline of ${operations} operations in ${scene.lanes.length} rows. Arrow keys select operations.`
        },
        this.canvas,
        this.marks,
        this.tooltip.element
      );
      this.gestures = select(this.element);
      this.zooming = zoom2().filter((event) => this.isGesture(event)).on("zoom", (event) => this.zoomed(event));
      this.gestures.call(this.zooming).on("dblclick.zoom", null);
      this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      this.element.addEventListener("pointermove", (event) => this.hover(event));
      this.element.addEventListener("pointerleave", () => this.leave());
      this.element.addEventListener("click", (event) => this.click(event));
      this.element.addEventListener("dblclick", (event) => this.doubleClick(event));
      this.element.addEventListener("pointerdown", (event) => this.grasp(event));
      new ResizeObserver(() => this.measure()).observe(this.element);
    }
    scene;
    wanted;
    canvas = html("canvas", { "aria-hidden": "true" });
    /** Above it, so that a moving pointer does not draw all anew. */
    marks = html("canvas", { "aria-hidden": "true", class: "marks" });
    tooltip;
    overview = new Overview();
    element;
    zooming;
    gestures;
    waiting = false;
    hovered = null;
    selected = null;
    time = null;
    get hasFocus() {
      return document.activeElement === this.element;
    }
    measure() {
      const { clientWidth: width, clientHeight: height } = this.element;
      if (width === 0 || height === 0) return;
      const ratio = window.devicePixelRatio;
      for (const canvas of [this.canvas, this.marks]) {
        if (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio)) continue;
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      const [from, to] = this.scene.width === width ? [0, 0] : this.scene.view.domain();
      const isFirst = this.scene.view.range()[1] === 1;
      this.scene.resize(width, height);
      const left = this.scene.gutter;
      const right = left + this.scene.plotWidth;
      this.zooming.extent([
        [left, 0],
        [right, height]
      ]).translateExtent([
        [left, -Infinity],
        [right, Infinity]
      ]).scaleExtent([1, Math.max(1, this.scene.end / this.scene.plotWidth * (this.scene.data.unit === "ns" ? 0.5 : 80))]);
      if (isFirst) this.fit();
      else if (to > from) this.show(from, to);
      this.draw();
    }
    // -- Moves ---------------------------------------------------------------------------------------
    fit() {
      this.zooming.transform(this.gestures, identity3);
    }
    zoomBy(factor) {
      this.zooming.scaleBy(this.gestures, factor, this.anchor());
    }
    /** Zoom about what is selected, if it is seen, else about the middle. */
    anchor() {
      const { scene } = this;
      const at = this.selected === null ? NaN : scene.view(scene.data.operations.start[this.selected]);
      const isSeen = at >= scene.gutter && at <= scene.width;
      return [isSeen ? at : scene.gutter + scene.plotWidth / 2, 0];
    }
    /** By a part of the width; positive: to later times. */
    panBy(part) {
      const { k } = transform(this.element);
      this.zooming.translateBy(this.gestures, -part * this.scene.plotWidth / k, 0);
    }
    scrollBy(pixels) {
      this.scene.scrollBy(pixels);
      this.draw();
    }
    /** Show just this time, and something around it. */
    zoomTo(start2, end) {
      const least = this.scene.data.unit === "ns" ? 1e3 : 4;
      const margin = Math.max((end - start2) * 0.6, least / 2);
      this.show(start2 - margin, end + margin);
    }
    show(from, to) {
      const { scene } = this;
      const whole = scene.whole;
      const [left, right] = [whole(Math.max(0, from)), whole(Math.min(scene.end, to))];
      const k = scene.plotWidth / Math.max(1e-9, right - left);
      this.zooming.transform(this.gestures, identity3.translate(scene.gutter - k * left, 0).scale(k));
    }
    /** Move as little as possible so that this time is seen; zoom out if it is too long. */
    bringIntoView(start2, end) {
      const { scene } = this;
      const [from, to] = scene.view.domain();
      const length = to - from;
      if (end - start2 > length * 0.9) {
        if (start2 < from || start2 > to || end < from) this.show(start2 - length * 0.1, start2 + length * 0.9);
      } else if (start2 < from || end > to) {
        const middle = (start2 + end) / 2;
        this.show(middle - length / 2, middle + length / 2);
      }
      this.draw();
    }
    zoomed(event) {
      this.scene.view = event.transform.rescaleX(this.scene.whole);
      const source2 = event.sourceEvent;
      if (source2 instanceof MouseEvent && source2.type === "mousemove") this.scene.scrollBy(-source2.movementY);
      this.tooltip.show(null, 0, 0);
      this.draw();
    }
    /** Wheel: zoom; sideways, with shift, or beside the lanes: move. */
    isGesture(event) {
      if (event instanceof WheelEvent) return !this.isMove(event);
      const [, y] = this.place(event);
      return event.button === 0 && y < this.scene.lanesBottom;
    }
    isMove(event) {
      const [x] = this.place(event);
      return event.shiftKey || x < this.scene.gutter || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    }
    wheel(event) {
      if (!this.isMove(event)) return;
      event.preventDefault();
      const unit2 = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
      const [x] = this.place(event);
      if (x < this.scene.gutter && !event.shiftKey) this.scrollBy(event.deltaY * unit2);
      else this.panBy((event.deltaX || event.deltaY) * unit2 / this.scene.plotWidth);
    }
    /** In the strip at the bottom the window follows the pointer. */
    grasp(event) {
      const [, y] = this.place(event);
      if (event.button !== 0 || y < this.scene.lanesBottom) return;
      const follow = (moved) => {
        const [x] = this.place(moved);
        const [from, to] = this.scene.view.domain();
        const length = to - from;
        const middle = Math.max(length / 2, Math.min(this.scene.end - length / 2, this.scene.whole.invert(x)));
        this.show(middle - length / 2, middle + length / 2);
      };
      this.element.setPointerCapture(event.pointerId);
      this.element.addEventListener("pointermove", follow);
      this.element.addEventListener("pointerup", () => this.element.removeEventListener("pointermove", follow), { once: true });
      follow(event);
    }
    place(event) {
      const box = this.element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }
    hover(event) {
      const [x, y] = this.place(event);
      const hit = event.buttons === 0 ? this.scene.hit(x, y) : null;
      this.hovered = hit;
      this.element.style.cursor = hit?.kind === "operation" ? "pointer" : y > this.scene.lanesBottom ? "ew-resize" : "grab";
      this.tooltip.show(hit, x, y);
      this.drawMarks();
    }
    leave() {
      this.hovered = null;
      this.tooltip.show(null, 0, 0);
      this.drawMarks();
    }
    click(event) {
      const [x, y] = this.place(event);
      if (y >= this.scene.lanesBottom) return;
      const hit = this.scene.hit(x, y);
      this.wanted.select(hit?.kind === "operation" ? hit.index : null);
    }
    doubleClick(event) {
      const [x, y] = this.place(event);
      const hit = this.scene.hit(x, y);
      if (hit?.kind === "operation") this.zoomTo(this.scene.data.operations.start[hit.index], this.scene.solidEnd(hit.index));
    }
    // -- Drawing -------------------------------------------------------------------------------------
    mark(operation, time) {
      this.selected = operation;
      this.time = time;
      this.drawMarks();
    }
    draw() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        this.drawNow();
      });
    }
    context(canvas) {
      const context = canvas.getContext("2d");
      context.setTransform(window.devicePixelRatio, 0, 0, window.devicePixelRatio, 0, 0);
      return context;
    }
    drawNow() {
      const { scene } = this;
      if (this.element.clientWidth === 0) return;
      const context = this.context(this.canvas);
      drawBackground(context, scene);
      context.save();
      context.beginPath();
      context.rect(scene.gutter, scene.lanesTop, scene.width - scene.gutter, scene.lanesBottom - scene.lanesTop);
      context.clip();
      drawBars(context, scene);
      context.restore();
      drawOrder(context, scene);
      drawRows(context, scene);
      drawFrame(context, scene);
      this.overview.draw(context, scene);
      this.drawMarks();
    }
    drawMarks() {
      const { scene } = this;
      const context = this.context(this.marks);
      context.clearRect(0, 0, scene.width, scene.height);
      context.save();
      context.beginPath();
      context.rect(scene.gutter, AXIS2, scene.width - scene.gutter, scene.height - AXIS2 - OVERVIEW);
      context.clip();
      if (this.time !== null) {
        context.fillStyle = colour("accent");
        context.fillRect(scene.view(this.time) - 1, AXIS2, 2, scene.lanesBottom);
      }
      if (this.hovered?.kind === "operation" && this.hovered.index !== this.selected) this.outline(context, this.hovered.index, 1.5);
      if (this.selected !== null) this.outline(context, this.selected, 2.5);
      context.restore();
    }
    /** A frame around the operation, and its time as a band: what is in it was concurrent. */
    outline(context, operation, width) {
      const { scene } = this;
      const lane = scene.laneOf[operation];
      if (lane < 0) return;
      const left = Math.max(-8, scene.view(scene.data.operations.start[operation]));
      const right = Math.min(scene.width + 8, scene.view(scene.barEnd(operation)));
      const top = scene.laneTop(lane);
      context.fillStyle = colour("accent");
      context.globalAlpha = 0.1;
      context.fillRect(left, scene.lanesTop, right - left, scene.lanesBottom - scene.lanesTop);
      context.globalAlpha = 1;
      if (top < scene.lanesTop - scene.laneHeight || top > scene.lanesBottom) return;
      context.beginPath();
      context.rect(scene.gutter, scene.lanesTop, scene.width, scene.lanesBottom - scene.lanesTop);
      context.clip();
      context.strokeStyle = colour("accent");
      context.lineWidth = width;
      context.beginPath();
      context.roundRect(left - 1, top + 1, Math.max(4, right - left + 1), scene.laneHeight - 3, 4);
      context.stroke();
    }
  };

  // src/timeline/query.ts
  function anything() {
    return { key: -1, process: -1, f: -1, types: /* @__PURE__ */ new Set([0, 1, 2]) };
  }
  function passing(operations, filter2) {
    const mask = new Uint8Array(operations.start.length);
    for (let at = 0; at < mask.length; at++) {
      mask[at] = Number(
        filter2.types.has(operations.type[at]) && (filter2.key < 0 || operations.key[at] === filter2.key) && (filter2.process < 0 || operations.process[at] === filter2.process) && (filter2.f < 0 || operations.f[at] === filter2.f)
      );
    }
    return mask;
  }
  var Search = class {
    constructor(operations) {
      this.operations = operations;
    }
    operations;
    texts = null;
    /** 1 for each operation found; null if nothing is asked for. */
    find(query2) {
      const tests = query2.trim().split(/\s+/).filter((word) => word !== "").map((word) => this.test(word));
      if (tests.length === 0) return null;
      const found = new Uint8Array(this.operations.start.length);
      for (let at = 0; at < found.length; at++) found[at] = Number(tests.every((test) => test(at)));
      return found;
    }
    test(word) {
      const { operations } = this;
      const [, field, value2] = /^(process|key|f|type|slower):(.+)$/.exec(word) ?? [];
      if (field === void 0 || value2 === void 0) {
        const texts = this.texts ??= operations.start.map((_2, at) => operationText(operations, at).toLowerCase());
        const lower2 = word.toLowerCase();
        return (at) => texts[at].includes(lower2);
      }
      switch (field) {
        case "process":
          return (at) => processName(operations, at) === value2;
        case "key":
          return (at) => operations.keys[operations.key[at]] === value2;
        case "f":
          return (at) => operations.functions[operations.f[at]] === value2;
        case "type":
          return (at) => typeName(operations.type[at]) === value2;
        default:
          return (at) => operations.end[at] >= 0 && operations.end[at] - operations.start[at] >= Number(value2) * 1e6;
      }
    }
  };

  // src/timeline/neighbours.ts
  function inLane(scene, selected, by) {
    const lane = selected === null ? -1 : scene.laneOf[selected];
    if (selected === null || lane < 0) return firstSeen(scene);
    const { operations } = scene.lanes[lane];
    const place = operations.indexOf(selected);
    const to = Math.max(0, Math.min(operations.length - 1, by === Infinity || by === -Infinity ? by : place + by));
    return operations[to] ?? null;
  }
  function beside(scene, selected, by) {
    const from = selected === null ? -1 : scene.laneOf[selected];
    if (selected === null || from < 0) return firstSeen(scene);
    const lane = scene.lanes[from + by];
    if (!lane) return selected;
    const { start: start2 } = scene.data.operations;
    const middle = (start2[selected] + scene.solidEnd(selected)) / 2;
    const begun = lastBegun(lane, start2, middle);
    const before = lane.operations[begun];
    const after = lane.operations[begun + 1];
    if (before === void 0 || after === void 0) return before ?? after ?? selected;
    return middle - scene.solidEnd(before) <= start2[after] - middle ? before : after;
  }
  function firstSeen(scene) {
    const lane = scene.lanes[Math.floor(scene.scroll / scene.laneHeight)];
    if (!lane) return null;
    const [from] = scene.view.domain();
    const place = lastBegun(lane, scene.data.operations.start, from) + 1;
    return lane.operations[Math.min(place, lane.operations.length - 1)] ?? null;
  }

  // src/timeline/toolbar.ts
  var LISTED = 500;
  function choice2(label3, all, names, chosen2) {
    if (names.length < 2) return null;
    const select2 = html(
      "select",
      { "aria-label": label3 },
      html("option", { value: -1 }, all),
      ...names.slice(0, LISTED).map((name, at) => html("option", { value: at }, name))
    );
    select2.addEventListener("change", () => chosen2(Number(select2.value)));
    return select2;
  }
  function types(operations, filter2, wishes) {
    const counts = [0, 0, 0];
    for (const type of operations.type) counts[type]++;
    const buttons = [0, 1, 2].map((type) => {
      const button2 = html(
        "button",
        { type: "button", class: `type ${typeName(type)}`, "aria-pressed": "true", title: `show or hide: ${typeName(type)}` },
        html("span", { class: "swatch", "aria-hidden": "true" }),
        typeName(type),
        html("span", { class: "number" }, counts[type].toLocaleString("en"))
      );
      button2.addEventListener("click", () => {
        if (!filter2.types.delete(type)) filter2.types.add(type);
        button2.setAttribute("aria-pressed", String(filter2.types.has(type)));
        wishes.filter();
      });
      return button2;
    });
    return html("div", { class: "types", role: "group", "aria-label": "Types of result" }, ...buttons);
  }
  function orders(data, wishes) {
    const options = [["none", "no order"]];
    if (data.linearization?.order.length) options.push(["linearization", "linearization"]);
    data.counterexample?.attempts.forEach((_2, at) => options.push([at, `attempt ${at + 1}`]));
    if (options.length === 1) return null;
    const select2 = html(
      "select",
      { "aria-label": "Order drawn through the bars" },
      ...options.map(([value2, name]) => html("option", { value: value2 }, name))
    );
    select2.addEventListener("change", () => {
      const { value: value2 } = select2;
      wishes.order(value2 === "none" || value2 === "linearization" ? value2 : Number(value2));
    });
    return select2;
  }
  function button(name, title, does) {
    return html("button", { type: "button", "aria-label": title, title, click: does }, name);
  }
  function toolbar(data, operations, filter2, wishes) {
    const search = html("input", {
      type: "search",
      placeholder: "Search: get x, process:3, slower:250",
      "aria-label": "Search operations",
      spellcheck: "false"
    });
    let waiting = 0;
    search.addEventListener("input", () => {
      window.clearTimeout(waiting);
      waiting = window.setTimeout(() => wishes.search(search.value), 120);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        window.clearTimeout(waiting);
        wishes.search(search.value);
        wishes.step(event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape") {
        event.preventDefault();
        search.value = "";
        wishes.search("");
        search.blur();
      }
    });
    const found = html("span", { class: "found", role: "status" });
    const order = orders(data, wishes);
    const refilter = (field) => (at) => {
      filter2[field] = at;
      wishes.filter();
    };
    const element = html(
      "div",
      { class: "toolbar", role: "group", "aria-label": "What the timeline shows" },
      html("div", { class: "search" }, search, found),
      choice2("Key", "all keys", operations.keys, refilter("key")),
      choice2("Process", "all processes", operations.processes, refilter("process")),
      choice2("Function", "all functions", operations.functions, refilter("f")),
      types(operations, filter2, wishes),
      order,
      html(
        "div",
        { class: "zoom", role: "group", "aria-label": "Zoom" },
        button("\u2212", "Zoom out", () => wishes.zoom(0.5)),
        button("+", "Zoom in", () => wishes.zoom(2)),
        button("Fit", "Show the whole run", () => wishes.fit())
      )
    );
    return {
      element,
      search,
      told: (text) => {
        found.textContent = text;
      },
      chosen: (choice3) => {
        if (order) order.value = String(choice3);
      }
    };
  }

  // src/timeline/view.ts
  var Timeline = class {
    constructor(element, data, bus) {
      this.data = data;
      this.bus = bus;
      const operations = data.operations;
      this.scene = new Scene(data);
      this.search = new Search(operations);
      this.details = new Details(data, this.scene, bus);
      this.tools = toolbar(data, operations, this.filter, {
        search: (query2) => this.find(query2),
        step: (by) => this.step(by),
        filter: () => this.refilter(),
        order: (choice3) => this.drawOrder(choice3),
        zoom: (by) => this.picture.zoomBy(by),
        fit: () => this.picture.fit()
      });
      this.picture = new Picture(this.scene, {
        select: (operation) => bus.select(operation === null ? null : { kind: "operation", index: operation })
      });
      element.append(this.tools.element, this.picture.element, this.details.element);
      bus.on("theme", () => this.picture.draw());
      bus.on("selection", () => this.take());
      if (data.linearization && data.linearization.order.length <= 300) this.drawOrder("linearization");
    }
    data;
    bus;
    scene;
    picture;
    details;
    tools;
    search;
    filter = anything();
    order = "none";
    selected = null;
    shown() {
      this.picture.measure();
      this.take();
    }
    /** Show what is selected, by whichever view. */
    take() {
      const selection2 = this.bus.selection;
      const operation = selection2?.kind === "operation" ? selection2.index : null;
      if (selection2?.kind === "attempt") this.showAttempt(selection2.index);
      if (selection2?.kind === "time") this.picture.bringIntoView(selection2.time, selection2.time);
      this.selected = operation;
      this.details.show(operation);
      this.picture.mark(operation, selection2?.kind === "time" ? selection2.time : null);
      if (operation !== null) this.reveal(operation);
      if (operation !== null && this.picture.hasFocus) this.bus.announce(operationSentence(this.data, operation));
    }
    reveal(operation) {
      if (this.scene.laneOf[operation] < 0) return;
      this.scene.reveal(this.scene.laneOf[operation]);
      this.picture.bringIntoView(this.data.operations.start[operation], this.scene.solidEnd(operation));
    }
    find(query2) {
      this.scene.found = this.search.find(query2);
      this.tellFound();
      this.picture.draw();
    }
    tellFound() {
      const { found, mask } = this.scene;
      if (!found) {
        this.tools.told("");
        return;
      }
      let number4 = 0;
      let place = 0;
      for (let at = 0; at < found.length; at++) {
        if (!found[at] || !mask[at]) continue;
        number4++;
        if (at === this.selected) place = number4;
      }
      this.tools.told(number4 === 0 ? "none" : place > 0 ? `${place} of ${number4.toLocaleString("en")}` : number4.toLocaleString("en"));
    }
    step(by) {
      const { found, mask } = this.scene;
      const total = mask.length;
      const matches = (at) => Boolean(mask[at] && (!found || found[at]));
      const from = this.selected ?? (by > 0 ? -1 : total);
      for (let away = 1; away <= total; away++) {
        const at = ((from + by * away) % total + total) % total;
        if (!matches(at)) continue;
        this.bus.select({ kind: "operation", index: at });
        this.bus.announce(operationSentence(this.data, at));
        this.tellFound();
        return;
      }
      this.bus.announce("Nothing was found.");
    }
    refilter() {
      const mask = passing(this.data.operations, this.filter);
      this.scene.filter(mask);
      this.tellFound();
      const shown = mask.reduce((sum, each) => sum + each, 0);
      this.bus.announce(`${count(shown, "operation")} in ${count(this.scene.lanes.length, "row")}.`);
      this.picture.draw();
    }
    drawOrder(choice3) {
      const { linearization, counterexample: counterexample2, operations } = this.data;
      const attempt = typeof choice3 === "number" ? counterexample2?.attempts[choice3] : void 0;
      this.order = choice3;
      this.scene.order = choice3 === "linearization" && linearization ? linearizationOrder(linearization) : attempt ? attemptOrder(operations, attempt) : null;
      this.scene.focus = attempt ? new Set(counterexample2.operations) : null;
      this.tools.chosen(choice3);
      this.picture.draw();
    }
    showAttempt(at) {
      if (this.order !== at) this.drawOrder(at);
      const { operations, counterexample: counterexample2 } = this.data;
      const members = counterexample2.operations;
      this.picture.bringIntoView(
        Math.min(...members.map((operation) => operations.start[operation])),
        Math.max(...members.map((operation) => this.scene.solidEnd(operation)))
      );
    }
    key(event) {
      if (event.key === "/") this.tools.search.focus();
      else if (event.key === "+" || event.key === "=") this.picture.zoomBy(2);
      else if (event.key === "-") this.picture.zoomBy(0.5);
      else if (event.key === "0" || event.key === "f") this.picture.fit();
      else if (event.key === "n") this.step(1);
      else if (event.key === "N" || event.key === "p") this.step(-1);
      else if (event.key === "z" && this.selected !== null) this.zoomToSelected(this.selected);
      else if (event.key === "o") this.switchOrder();
      else if (this.picture.hasFocus) return this.arrow(event);
      else return false;
      return true;
    }
    zoomToSelected(operation) {
      const start2 = this.data.operations.start[operation];
      this.picture.zoomTo(start2, this.scene.solidEnd(operation));
    }
    switchOrder() {
      if (this.order !== "none") this.drawOrder("none");
      else if (this.data.linearization?.order.length) this.drawOrder("linearization");
      else if (this.data.counterexample?.attempts.length) this.drawOrder(0);
    }
    arrow(event) {
      const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const across = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.shiftKey && sideways) this.picture.panBy(sideways * 0.2);
      else if (event.shiftKey && across) this.picture.scrollBy(across * this.scene.laneHeight * 3);
      else if (sideways) this.go(inLane(this.scene, this.selected, sideways));
      else if (across) this.go(beside(this.scene, this.selected, across));
      else if (event.key === "Home") this.go(inLane(this.scene, this.selected, -Infinity));
      else if (event.key === "End") this.go(inLane(this.scene, this.selected, Infinity));
      else return false;
      return true;
    }
    go(operation) {
      if (operation !== null) this.bus.select({ kind: "operation", index: operation });
    }
  };
  var timeline = {
    name: "timeline",
    title: "Timeline",
    keys: [
      { keys: "\u2190 \u2192", does: "operation before, after (timeline focused)" },
      { keys: "\u2191 \u2193", does: "operation in the row above, below" },
      { keys: "Home End", does: "first, last operation of the row" },
      { keys: "Shift+\u2190 Shift+\u2192", does: "move the picture" },
      { keys: "+ -", does: "zoom; also the wheel, or two fingers" },
      { keys: "0", does: "show the whole run" },
      { keys: "z", does: "zoom to the selected operation" },
      { keys: "/", does: "search; Enter: next one found" },
      { keys: "n p", does: "next, previous one found" },
      { keys: "o", does: "draw the order through the bars, or not" }
    ],
    empty: (data) => data.operations?.start.length ? null : "No client did anything in this run: there are no operations to show.",
    mount: (element, data, bus) => new Timeline(element, data, bus)
  };

  // src/verdict/diagram.ts
  var ROW = 40;
  var BAR = 26;
  var LEFT2 = 92;
  var TOP2 = 8;
  var CELL = 40;
  var MARK = 34;
  var CHARACTER = 6.7;
  var WIDTH2 = 900;
  function axisOf(found, attempt, operations, states) {
    const moments = found.operations.flatMap((operation) => {
      const end = operations.type[operation] === INFO ? -1 : operations.end[operation];
      return [
        { operation, time: operations.start[operation], isBegin: true },
        ...end >= 0 ? [{ operation, time: end, isBegin: false }] : []
      ];
    }).sort((one2, other) => one2.time - other.time || Number(other.isBegin) - Number(one2.isBegin));
    const rank = /* @__PURE__ */ new Map();
    moments.forEach(({ operation, isBegin }, at) => {
      if (isBegin) rank.set(operation, at);
    });
    let gap = 0;
    const gaps2 = attempt.steps.map(({ operation }) => gap = Math.max(gap, rank.get(operation) ?? 0));
    const inGap = /* @__PURE__ */ new Map();
    gaps2.forEach((at, step) => inGap.set(at, [...inGap.get(at) ?? [], step]));
    const begin = /* @__PURE__ */ new Map();
    const finish = /* @__PURE__ */ new Map();
    const marks = new Array(attempt.steps.length).fill(0);
    let x = LEFT2 + 8;
    moments.forEach(({ operation, isBegin }, at) => {
      (isBegin ? begin : finish).set(operation, x);
      const steps2 = inGap.get(at) ?? [];
      if (steps2.length === 0) {
        x += CELL;
        return;
      }
      for (const step of steps2) {
        const room = Math.max(MARK, shortened(states[step], 24).length * CHARACTER + 16);
        marks[step] = x + room / 2;
        x += room;
      }
      x += 6;
    });
    return stretched({ begin, finish, marks, right: x + 24 });
  }
  function stretched({ begin, finish, marks, right }) {
    const factor = Math.max(1, Math.min(2, (WIDTH2 - LEFT2) / (right - LEFT2)));
    const moved = (x) => LEFT2 + (x - LEFT2) * factor;
    const all = (places) => new Map([...places].map(([operation, x]) => [operation, moved(x)]));
    return { begin: all(begin), finish: all(finish), marks: marks.map(moved), right: moved(right) };
  }
  function diagram(found, attempt, data, bus) {
    const operations = data.operations;
    const states = attempt.steps.map(({ state }) => state);
    const { begin, finish, marks, right } = axisOf(found, attempt, operations, states);
    const processes = [...new Set(found.operations.map((operation) => operations.process[operation]))].sort((a, b) => a - b);
    const rowOf = (operation) => processes.indexOf(operations.process[operation]);
    const middle = (operation) => TOP2 + rowOf(operation) * ROW + ROW / 2;
    const bottom = TOP2 + processes.length * ROW;
    const stuck = new Set(attempt.stuck.map(({ operation }) => operation));
    const placed = new Set(attempt.steps.map(({ operation }) => operation));
    const names = processes.map(
      (process, row) => svg("text", { class: "name", x: LEFT2 - 12, y: TOP2 + row * ROW + ROW / 2 }, `process ${operations.processes[process]}`)
    );
    const bars2 = found.operations.map((operation, at) => {
      const left = begin.get(operation);
      const end = finish.get(operation) ?? right;
      const isOut = !stuck.has(operation) && !placed.has(operation);
      const kind = typeName(operations.type[operation]);
      const room = Math.floor((end - left - 12) / CHARACTER);
      const text = `${found.letters[at] ?? ""}  ${operationText(operations, operation)}`;
      const bar = svg(
        "g",
        {
          class: `bar ${kind}${stuck.has(operation) ? " stuck" : ""}${isOut ? " out" : ""}`,
          click: () => bus.select({ kind: "operation", index: operation }, "timeline")
        },
        svg("title", {}, operationSentence(data, operation)),
        svg("rect", { x: left, y: middle(operation) - BAR / 2, width: Math.max(4, end - left), height: BAR, rx: 4 }),
        svg("text", { x: left + 7, y: middle(operation) - BAR / 2 - 3 }, shortened(text, Math.max(room, 12)))
      );
      return bar;
    });
    const points2 = attempt.steps.map(({ operation }, step) => ({ x: marks[step], y: middle(operation), state: states[step] }));
    const line2 = points2.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("");
    const order = points2.flatMap(({ x, y, state }, step) => [
      svg("path", { class: "drop", d: `M${x} ${y + 9}V${bottom + 10}` }),
      svg("circle", { class: "mark", cx: x, cy: y, r: 8.5 }),
      svg("text", { class: "place", x, y: y + 0.5 }, step + 1),
      svg("text", { class: "state", x, y: bottom + 22 }, svg("title", {}, state), shortened(state, 24))
    ]);
    const crosses = attempt.stuck.map(({ operation }) => {
      const x = begin.get(operation) + 14;
      const y = middle(operation);
      return svg("g", { class: "cross" }, svg("circle", { cx: x, cy: y, r: 8.5 }), svg("path", { d: `M${x - 3} ${y - 3}l6 6m0 -6l-6 6` }));
    });
    const described2 = `Attempt: ${attempt.steps.map(({ operation }) => operationText(operations, operation)).join(", then ")}; then ${attempt.stuck.map(({ operation }) => `process ${processName(operations, operation)}: ${operationText(operations, operation)}`).join(" and ")} does not fit.`;
    return svg(
      "svg",
      { class: "diagram", width: right, height: bottom + 34, viewBox: `0 0 ${right} ${bottom + 34}`, role: "img", "aria-label": described2 },
      ...names,
      svg("text", { class: "name", x: LEFT2 - 12, y: bottom + 22 }, "state"),
      ...bars2,
      svg("path", { class: "line", d: line2 }),
      ...order,
      ...crosses
    );
  }

  // src/verdict/counterexample.ts
  function counterexample(found, data, bus) {
    const { attempts } = found;
    const body = html("div", { class: "attempt", id: "attempt", role: "tabpanel", "aria-label": "Attempt", tabindex: 0 });
    const tabs = attempts.map(
      (_2, at) => html("button", { type: "button", role: "tab", "aria-controls": "attempt", click: () => show(at) }, `${at + 1}`)
    );
    const show = (at) => {
      tabs.forEach((tab, each) => {
        tab.setAttribute("aria-selected", String(each === at));
        tab.tabIndex = each === at ? 0 : -1;
      });
      const attempt = attempts[at];
      if (attempt) body.replaceChildren(...content(found, attempt, at, data, bus));
    };
    const list = html("div", { class: "attempts", role: "tablist", "aria-label": "Attempts" }, ...tabs);
    list.addEventListener("keydown", (event) => {
      const from = tabs.indexOf(event.target);
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const tab = by === void 0 ? void 0 : tabs[(from + by + tabs.length) % tabs.length];
      if (!tab) return;
      event.preventDefault();
      event.stopPropagation();
      tab.click();
      tab.focus();
    });
    show(0);
    return html(
      "section",
      { class: "card counterexample", "aria-labelledby": "counterexample-title" },
      html("h2", { id: "counterexample-title" }, "Why no order explains the answers"),
      plain(found.sentence) === plain(data.verdict.paragraph) ? null : html("p", {}, ...sentence(found.sentence, data, bus)),
      html("p", { class: "aside" }, ...scope(found)),
      attempts.length > 1 ? html("div", { class: "attempts-row" }, html("span", {}, "Longest attempts"), list) : null,
      attempts.length > 0 ? body : null
    );
  }
  function scope(found) {
    const { operations, is_minimal, prefix, keys, elements } = found;
    const about = keys.length > 0 ? ` of ${keys.length === 1 ? "key" : "keys"} ${keys.join(", ")}` : "";
    const parts = [`${count(operations.length, "operation")}${about}`];
    if (is_minimal) parts.push("none can be left out");
    if (elements?.length) parts.push(`only what they say of ${elements.join(", ")}`);
    parts.push(`the first ${count(prefix, "event")} of the history fail already`);
    return [`${parts.join("; ")}.`];
  }
  function content(found, attempt, at, data, bus) {
    return [
      html("div", { class: "scroller", tabindex: 0, role: "group", "aria-label": "Diagram of the attempt" }, diagram(found, attempt, data, bus)),
      table2(found, attempt, data, bus),
      html(
        "p",
        { class: "places" },
        html(
          "button",
          { type: "button", class: "link", click: () => bus.select({ kind: "attempt", index: at }, "timeline") },
          "Show this attempt in the timeline, among all operations"
        )
      )
    ];
  }
  function table2(found, attempt, data, bus) {
    const letters = new Map(found.operations.map((operation, at) => [operation, found.letters[at] ?? ""]));
    const operations = data.operations;
    const named2 = (operation) => [
      html("span", { class: "letter" }, letters.get(operation) ?? ""),
      html(
        "button",
        { type: "button", class: "link mono", click: () => bus.select({ kind: "operation", index: operation }, "timeline") },
        operationText(operations, operation)
      )
    ];
    const who = (operation) => `process ${processName(operations, operation)}${typeName(operations.type[operation]) === "info" ? ", info" : ""}`;
    return html(
      "table",
      { class: "orders" },
      html("caption", { class: "unseen" }, "The attempt, step by step, and the operations that do not fit after it"),
      html(
        "thead",
        {},
        html("tr", {}, html("th", { scope: "col" }, "step"), html("th", { scope: "col" }, "operation"), html("th", { scope: "col" }, "by"), html("th", { scope: "col" }, "state after it"))
      ),
      html(
        "tbody",
        {},
        html("tr", { class: "initial" }, html("td"), html("td", { colspan: 2 }, found.since === void 0 ? "at the beginning" : ["before ", letters.get(found.since) ?? "it", ": a state that nobody need know"].join("")), html("td", { class: "mono" }, found.initial)),
        ...attempt.steps.map(
          ({ operation, state }, step) => html("tr", {}, html("td", {}, html("span", { class: "step" }, step + 1)), html("td", {}, ...named2(operation)), html("td", {}, who(operation)), html("td", { class: "mono" }, state))
        ),
        ...attempt.stuck.map(
          ({ operation, why }) => html(
            "tr",
            { class: "stuck" },
            html("td", {}, html("span", { class: "step", "aria-label": "does not fit" }, "\u2715")),
            html("td", {}, ...named2(operation)),
            html("td", {}, who(operation)),
            html("td", {}, "does not fit: ", ...sentence(why, data, bus))
          )
        )
      )
    );
  }

  // src/verdict/view.ts
  var OPEN = 14;
  function section(title, ...children2) {
    return html("section", { class: "card" }, html("h2", {}, title), ...children2);
  }
  function foldable(title, items, content2) {
    return html(
      "details",
      { class: "card", open: items <= OPEN },
      html("summary", {}, html("h2", {}, title), html("span", { class: "number" }, String(items))),
      content2
    );
  }
  function headline(data, bus) {
    const { validity, paragraph, reasons } = data.verdict;
    return html(
      "section",
      { class: `headline ${validity}`, "aria-label": "Verdict" },
      html("p", { class: "paragraph" }, ...sentence(paragraph, data, bus)),
      reasons.length > 0 ? html("ul", {}, ...reasons.map((reason) => html("li", {}, reason))) : null,
      command(data, bus)
    );
  }
  function command({ command: command2 }, bus) {
    if (!command2) return null;
    const copy3 = html("button", { type: "button", class: "quiet small" }, "Copy");
    copy3.addEventListener("click", () => {
      navigator.clipboard.writeText(command2).then(
        () => {
          copy3.textContent = "Copied";
          bus.announce("The command was copied.");
        },
        () => bus.announce("The browser does not let this page copy: select the command by hand.")
      );
    });
    return html("p", { class: "command" }, html("span", {}, "See it again: "), html("code", {}, command2), copy3);
  }
  function failure(failed, data, bus) {
    const link = (text, go) => html("button", { type: "button", class: "link", click: go }, text);
    const places = [];
    const { event, time } = failed;
    if (event !== void 0 && data.trace) {
      places.push(link("the nodes at that moment", () => bus.select({ kind: "event", index: event }, "spacetime")));
    }
    if (time !== void 0 && data.operations?.start.length) {
      places.push(link(`the timeline at ${moment(data, time)}`, () => bus.select({ kind: "time", time }, "timeline")));
    }
    const isRepeated = plain(failed.words) === plain(data.verdict.paragraph);
    const operations = (failed.operations ?? []).slice(0, 20);
    return html(
      "article",
      { class: "failure" },
      html("h3", {}, html("span", { class: "kind" }, failed.kind), failed.promise && failed.promise.name !== failed.kind ? failed.promise.name : null),
      isRepeated ? null : html("p", {}, ...failed.words.length > 0 ? sentence(failed.words, data, bus) : [failed.message]),
      failed.promise ? html("p", { class: "promise" }, html("span", {}, "The promise: "), failed.promise.statement, " ", failed.promise.reason) : null,
      operations.length > 0 ? html(
        "ul",
        { class: "operations" },
        ...operations.map(
          (operation) => html(
            "li",
            {},
            link(operationText(data.operations, operation), () => bus.select({ kind: "operation", index: operation }, "timeline")),
            html("span", {}, ` process ${data.operations.processes[data.operations.process[operation]]}`)
          )
        )
      ) : null,
      places.length > 0 ? html("p", { class: "places" }, "Show ", ...places.flatMap((place, at) => at > 0 ? [" \xB7 ", place] : [place])) : null
    );
  }
  function schedule2(data, bus) {
    const { steps: steps2 } = data;
    if (steps2.length === 0) return null;
    const list = html(
      "ol",
      { class: "steps" },
      ...steps2.map(({ line: line2, words, last }) => {
        const code = html("code", {}, line2);
        return html(
          "li",
          {},
          last !== void 0 && data.trace ? html("button", { type: "button", class: "link", click: () => bus.select({ kind: "event", index: Math.max(0, last - 1) }, "spacetime") }, code) : code,
          words ? html("p", {}, words) : null
        );
      })
    );
    return foldable("What was done", steps2.length, list);
  }
  function figures({ figures: figures2 }) {
    if (figures2.length === 0) return null;
    const groups = /* @__PURE__ */ new Map();
    for (const { group, name, value: value2 } of figures2) groups.set(group, [...groups.get(group) ?? [], [name, value2]]);
    return section(
      "Figures",
      html(
        "div",
        { class: "figures" },
        ...[...groups].map(
          ([group, rows]) => html(
            "section",
            {},
            html("h3", {}, group),
            html("dl", {}, ...rows.map(([name, value2]) => html("div", {}, html("dt", {}, name), html("dd", {}, value2))))
          )
        )
      )
    );
  }
  function summary(data) {
    const { operations } = data;
    const facts2 = [];
    if (operations) {
      facts2.push(count(operations.start.length, "operation"), `by ${count(operations.processes.length, "process", "processes")}`);
    }
    if (data.nodes.length > 0) facts2.push(count(data.nodes.length, "node"));
    if (data.model) facts2.push(`model ${data.model}`);
    if (data.unit === "ns") facts2.push(`${moment(data, data.end)} of the run`);
    return html("p", { class: "summary" }, facts2.join(" \xB7 "));
  }
  function build(element, data, bus) {
    const { failures } = data.verdict;
    element.append(
      html(
        "div",
        { class: "page" },
        headline(data, bus),
        summary(data),
        failures.length > 0 ? section(failures.length === 1 ? "What failed" : `What failed: ${failures.length} promises`, ...failures.map((each) => failure(each, data, bus))) : null,
        data.counterexample && data.operations ? counterexample(data.counterexample, data, bus) : null,
        schedule2(data, bus),
        figures(data),
        data.notes.length > 0 ? section("Notes", html("ul", { class: "notes" }, ...data.notes.map((note) => html("li", {}, note)))) : null
      )
    );
    return {};
  }
  var verdict = { name: "verdict", title: "Verdict", keys: [{ keys: "\u2190 \u2192", does: "another attempt (attempts focused)" }], mount: build };

  // src/main.ts
  var source = document.getElementById("report-data");
  var app = document.getElementById("app");
  if (!source?.textContent || !app) throw new Error("this page holds no report");
  new Shell(app, complete(JSON.parse(source.textContent)), [verdict, timeline, spacetime, plots]);
})();
