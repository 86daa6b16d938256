// Curves as SVG. A chart is {x, y: {label, low, high, whole}, percent, series, rule, name}; whole: x has
// ticks at whole numbers only, such as epochs; a series is
// {name, look, points, band}; a point is {x, y, xs, ys, here, label, text} with intervals xs, ys (or none)
// and, as text, its numbers.

// Marks of 10 units across, so that curves differ in more than colour.
const MARKS = ["M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z", "M-4-4H4V4H-4Z", "M0-5L5 4H-5Z",
               "M0-5.5L5.5 0 0 5.5-5.5 0Z", "M0 5L-5-4H5Z",
               "M-1.5-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5V-1.5H-1.5Z"];

/// A child of an SVG element; `attributes` in SVG's names.
function draw(parent, name, attributes, text) {
  const element = document.createElementNS(parent.namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return parent.appendChild(element);
}

/// About `count` round numbers from low to high: steps of 1, 2 or 5 times a power of ten.
function ticks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find(s => s * power >= raw);
  const list = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    list.push(+(i * step).toPrecision(12));
  return list;
}

/// The ends of an axis around some values, with a margin, within [least, most].
function range(values, least, most) {
  const low = Math.min(...values), high = Math.max(...values);
  const margin = (high - low || 1) * 0.06;
  return {low: Math.max(least, low - margin), high: Math.min(most, high + margin)};
}

function drawAxes(svg, chart, box, at) {
  const shown = v => chart.percent ? Math.round(v * 100) + " %" : String(v);
  for (const v of ticks(chart.y.low, chart.y.high, 5)) {
    draw(svg, "line", {class: "grid", x1: box.left, x2: box.right, y1: at.y(v), y2: at.y(v)});
    draw(svg, "text", {x: box.left - 6, y: at.y(v) + 4, "text-anchor": "end"}, shown(v));
  }
  const shownX = chart.x.percent ? shown : String;
  const columns = ticks(chart.x.low, chart.x.high, Math.min(8, box.right / 70));
  for (const v of columns.filter(v => !chart.x.whole || Number.isInteger(v))) {
    draw(svg, "line", {class: "grid", x1: at.x(v), x2: at.x(v), y1: box.top, y2: box.bottom});
    draw(svg, "text", {x: at.x(v), y: box.bottom + 16, "text-anchor": "middle"}, shownX(v));
  }
  draw(svg, "text", {x: (box.left + box.right) / 2, y: box.bottom + 34, "text-anchor": "middle"},
       chart.x.label);
  draw(svg, "text", {x: 0, y: 10}, chart.y.label);
}

/// Lets the point that is here glide from where it was, unless the reader wants no motion.
function glide(svg, group, look, now) {
  const was = svg.was[look];
  svg.was[look] = now;
  if (was && was !== now && !matchMedia("(prefers-reduced-motion: reduce)").matches)
    group.animate([{transform: was}, {transform: now}], {duration: 180, easing: "ease-out"});
}

/// A point with its interval bars and a margin for fingers; the one that is here is larger.
function drawPoint(svg, series, point, at) {
  const place = `translate(${at.x(point.x)}px, ${at.y(point.y)}px)`;
  const group = draw(svg, "g", {class: `c${series.look}${point.here ? " here" : ""}`,
                                style: "transform: " + place});
  if (point.here) glide(svg, group, series.look, place);
  const bar = (x1, x2, y1, y2) => draw(group, "line", {class: "bar", x1, x2, y1, y2});
  if (point.xs) bar(at.x(point.xs[0]) - at.x(point.x), at.x(point.xs[1]) - at.x(point.x), 0, 0);
  if (point.ys && !series.band)
    bar(0, 0, at.y(point.ys[0]) - at.y(point.y), at.y(point.ys[1]) - at.y(point.y));
  draw(group, "circle", {class: "reach", r: 12});
  draw(group, "path", {class: "mark", d: MARKS[series.look],
                       transform: `scale(${point.here ? 1.9 : series.points.length > 30 ? .5 : 1})`});
  return group;
}

/// Beside a mark, above or below it: where a label stays in the box and hides the fewest other marks.
function labelPlace(label, mark, others, box) {
  const width = 7 * label.length;
  const cost = ({side, dy}) => {
    const left = mark.x + (side > 0 ? 12 : -12 - width), top = mark.y + dy - 12;
    const hidden = others.filter(other => other.x > left - 6 && other.x < left + width + 6 &&
                                          other.y > top - 6 && other.y < top + 22);
    return hidden.length + (left < box.left || left + width > box.right ? others.length + 1 : 0);
  };
  const places = [-12, 20].flatMap(dy => [1, -1].map(side => ({side, dy})));
  return places.reduce((best, place) => cost(place) < cost(best) ? place : best);
}

function drawSeries(svg, series, at) {
  const place = (x, y) => `${at.x(x).toFixed(1)} ${at.y(y).toFixed(1)}`;
  if (series.band) {
    const upper = series.points.map(p => place(p.x, p.ys[1]));
    const lower = series.points.map(p => place(p.x, p.ys[0])).reverse();
    draw(svg, "path", {class: `band c${series.look}`, d: `M${upper.concat(lower).join("L")}Z`});
  }
  draw(svg, "path", {class: `curve c${series.look}`,
                     d: "M" + series.points.map(p => place(p.x, p.y)).join("L")});
}

/// Draws a chart into an <svg> as wide as its place, and its legend into a list. Returns where a
/// position on the screen lies on the x axis.
function drawChart(svg, legend, chart) {
  const width = Math.max(260, svg.parentElement.clientWidth), height = Math.min(360, width * 0.72);
  const box = {left: 44, right: width - 12, top: 22, bottom: height - 42};
  const at = {
    x: v => box.left + (v - chart.x.low) / (chart.x.high - chart.x.low) * (box.right - box.left),
    y: v => box.bottom - (v - chart.y.low) / (chart.y.high - chart.y.low) * (box.bottom - box.top)};
  const place = point => ({x: at.x(point.x), y: at.y(point.y)});
  const viewBox = `0 0 ${width} ${height}`;
  if (svg.getAttribute("viewBox") !== viewBox) svg.was = {};  // nothing glides into a new size
  svg.replaceChildren();
  for (const [key, value] of Object.entries({viewBox, role: "img",
                                             "aria-label": chart.name})) svg.setAttribute(key, value);
  drawAxes(svg, chart, box, at);
  if (chart.rule !== undefined)
    draw(svg, "line", {class: "rule", x1: at.x(chart.rule), x2: at.x(chart.rule), y1: box.top, y2: box.bottom});
  for (const series of chart.series) drawSeries(svg, series, at);
  const last = (a, b) => (a.point.here ?? 0) - (b.point.here ?? 0);
  const points = chart.series.flatMap(series => series.points.map(point => ({series, point})));
  for (const {series, point} of points.sort(last)) {
    const group = drawPoint(svg, series, point, at);
    const mark = place(point);
    const isHere = other => Math.hypot(place(other).x - mark.x, place(other).y - mark.y) < 3;
    const all = points.map(p => p.point);
    draw(group, "title", {}, all.filter(isHere).map(other => other.text).join("\n"));
    if (!point.label) continue;
    const others = all.filter(other => !isHere(other)).map(place);
    const {side, dy} = labelPlace(point.label, mark, others, box);
    draw(group, "text", {class: "here-label", x: 12 * side, y: dy,
                         "text-anchor": side > 0 ? "start" : "end"}, point.label);
  }
  svg.onpointerover = event => {  // touch shows no titles
    const title = event.target.closest("g")?.querySelector("title");
    if (title) svg.parentElement.querySelector(".readout").textContent = title.textContent;
  };
  legend.replaceChildren(...chart.series.map(series => {
    const item = document.createElement("li"), mark = svg.cloneNode(false);
    item.className = `c${series.look}`;
    mark.setAttribute("viewBox", "-6 -6 12 12");
    mark.removeAttribute("id");
    mark.setAttribute("aria-hidden", "true");
    draw(mark, "path", {class: "mark", d: MARKS[series.look]});
    const text = document.createElement("span");
    text.textContent = series.name;
    item.append(mark, text);
    return item;
  }));
  return screenX => chart.x.low + ((screenX - svg.getBoundingClientRect().left) * width /
    svg.getBoundingClientRect().width - box.left) / (box.right - box.left) * (chart.x.high - chart.x.low);
}
