// The page: one slider, and everything that follows it.

const report = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const percent = (share, digits = 1) => (100 * share).toFixed(digits) + " %";
const between = ends => ends.map(v => (100 * v).toFixed(1)).join(" – ") + " %";

let run = report.runs.reduce((a, b) => b.results.length > a.results.length ? b : a);
let at = 0;  // the mask shown: run.results[at], run.samples.masks[at]

/// An element with a class, text or children.
function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

// ---- the trade-off ---------------------------------------------------------------------------------

function attackText(result) {
  return `${result.attack.toUpperCase()}-${result.steps} at ε = ${result.eps} ` +
    `(${result.norm === "l2" ? "L2" : "L∞"})`;
}

function showTradeoff() {
  const result = run.results[0];
  const series = report.runs.map((one, i) => ({
    name: one.name, look: i % MARKS.length,
    points: one.results.map((r, j) => {
      const here = one === run && j === at;
      return {x: r.robust_accuracy, y: r.clean_accuracy, xs: r.interval, ys: r.clean_interval, here,
              label: here && one.results.length > 1 ? `p = ${r.mask}` : ""};
    })}));
  const points = series.flatMap(s => s.points);
  drawChart($("tradeoff"), $("tradeoff-legend"), {
    name: "Clean against robust accuracy of every network at every mask; the numbers are in the tables",
    percent: true, series,
    x: {label: "robust accuracy, " + attackText(result), percent: true,
        ...range(points.flatMap(p => p.xs), 0, 1)},
    y: {label: "clean accuracy", ...range(points.flatMap(p => p.ys), 0, 1)}});
}

function showAccuracy() {
  const line = (name, look, value, interval) => ({
    name, look, band: run.results.length > 1,
    points: run.results.map((r, j) => ({x: r.mask, y: r[value], ys: r[interval], here: j === at}))});
  const series = [line("clean", 0, "clean_accuracy", "clean_interval"),
                  line("under attack", 1, "robust_accuracy", "interval")];
  const toMask = drawChart($("accuracy"), $("accuracy-legend"), {
    name: "Clean and robust accuracy at each mask p; the numbers are in the tables",
    percent: true, series, rule: run.results[at].mask,
    x: {label: "mask p", low: -0.03, high: 1.03},
    y: {label: "accuracy", low: 0, high: 1}});
  $("accuracy").onclick = event => {  // the nearest mask; the keyboard has the slider
    const p = toMask(event.clientX), distance = r => Math.abs(r.mask - p);
    show(run.results.reduce((best, r, j) => distance(r) < distance(run.results[best]) ? j : best, 0));
  };
}

function showNumbers() {
  const r = run.results[at];
  $("p").textContent = r.mask;
  $("clean").textContent = percent(r.clean_accuracy);
  $("robust").textContent = percent(r.robust_accuracy);
  $("clean-interval").textContent = between(r.clean_interval);
  $("robust-interval").textContent = between(r.interval);
  $("mask").value = at;
  $("mask").setAttribute("aria-valuetext", `p = ${r.mask}: clean ${percent(r.clean_accuracy)}, ` +
    `under attack ${percent(r.robust_accuracy)}`);
  document.querySelectorAll("#tables article").forEach((article, i) =>
    article.querySelectorAll("tbody")[0].querySelectorAll("tr").forEach((row, j) =>
      row.classList.toggle("here", report.runs[i] === run && j === at)));
}

// ---- sample images ---------------------------------------------------------------------------------

function picture(source, caption, alt) {
  const image = element("img");
  image.decoding = "sync";  // no flicker where one picture takes another's place
  image.src = source;
  image.alt = alt;
  return element("figure", "", image, element("figcaption", "", caption));
}

/// The likeliest classes of an image, as bars.
function guesses(title, likely, label) {
  const verdict = likely[0][0] === label ? "right" : "wrong";
  const list = element("ol", verdict, ...likely.map(([name, probability]) => {
    const item = element("li", name === label ? "label" : "", element("span", "", run.classes[name]),
                         element("span", "", percent(probability, 0)));
    item.style.setProperty("--share", probability);
    return item;
  }));
  return element("div", "", element("h4", "", title + ": ",
    element("span", "verdict " + verdict, (verdict === "right" ? "✓ " : "✗ ") + verdict)), list);
}

function showSamples() {
  const mask = run.samples.masks[at];
  $("samples").replaceChildren(...run.samples.images.map((image, i) => {
    const {clean, attacked} = mask.images[i], label = run.classes[image.label];
    const which = `image ${i}, ${label}`;
    return element("article", "sample", element("h3", "", `${i}: ${label}`),
      element("div", "views", picture(image.picture, "clean", `${which}, clean`), ...(attacked ? [
              picture(attacked.picture, "attacked", `${which}, attacked at p = ${mask.p}`),
              picture(attacked.perturbation, "difference ×10", `${which}, ten times the perturbation`)
            ] : [])),
      element("div", "guesses", guesses("clean", clean, image.label), attacked
        ? guesses("attacked", attacked.likely, image.label)
        : element("p", "", "not attacked: it is wrong already")));
  }));
}

// ---- feature maps ----------------------------------------------------------------------------------

/// What became of a map, and its mean in that of the first mask.
function fate(kind, mean, first) {
  if (kind === "blocked") return {kind, text: "∅"};
  if (kind === "dead") return {kind, text: "dead"};
  const sign = {magnified: "▲ ", weakened: "▼ "}[kind] ?? "";
  if (first === 0) return {kind, text: sign + "new"};
  const factor = mean / first;
  return {kind, text: `${sign}×${factor.toFixed(factor < 9.95 ? 1 : 0)}`};
}

function showMaps() {
  const mask = run.samples.masks[at], first = run.samples.masks[0], count = mask.means.length;
  const fates = mask.means.map((mean, i) => fate(mask.fates[i], mean, first.means[i]));
  const of = kind => fates.filter(f => f.kind === kind).length;
  $("maps-text").textContent = `At p = ${mask.p}, of ${count} maps: ` +
    ["blocked", "magnified", "weakened", "dead"].map(kind => `${of(kind)} ${kind}`).join(", ") + ".";
  $("maps").setAttribute("aria-label", $("maps-text").textContent);
  const tile = (kind, text, source, size, position) => {
    const shown = element("div");
    Object.assign(shown.style, {backgroundImage: `url(${source})`, backgroundSize: size,
                                backgroundPosition: position});
    return element("div", "tile " + kind, shown, element("span", "", text));
  };
  $("maps").replaceChildren(
    tile("", "image 0", run.samples.images[0].picture, "100% 100%", "0 0"),
    ...fates.map(({kind, text}, i) => tile(kind, text, mask.maps, `100% ${100 * count}%`,
                                           `0 ${count > 1 ? 100 * i / (count - 1) : 0}%`)));
}

// ---- training --------------------------------------------------------------------------------------

function showTraining() {
  $("training").hidden = run.log.epoch.length === 0;
  const line = (column, name, look) => ({
    name, look, points: run.log.epoch.map((x, i) => ({x, y: run.log[column]?.[i] ?? null}))
      .filter(point => point.y !== null)});
  const curves = (svg, label, isShare, lines) => {
    const series = lines.filter(s => s.points.length);
    const points = series.flatMap(s => s.points);
    if (points.length) drawChart($(svg), $(svg + "-legend"), {
      name: `${label} by epoch; the numbers are in the training log`, percent: isShare, series,
      x: {label: "epoch", ...range(points.map(p => p.x), -Infinity, Infinity)},
      y: {label, ...range(points.map(p => p.y), 0, isShare ? 1 : Infinity)}});
  };
  curves("losses", "loss", false, [line("train_loss", "minimized", 5),
    line("loss_clean", "clean images", 0), line("loss_adv", "attacked images", 1)]);
  curves("learning", "accuracy", true, [line("train_acc", "training", 5),
    line("test_acc", "test, clean, p = 0", 0),
    ...(run.results.length > 1 ? [line("test_acc_mask_max", "test, clean, p = 1", 2)] : [])]);
}

// ---- moving ----------------------------------------------------------------------------------------

function showRun() {
  const {model, results} = run;
  $("mask").max = results.length - 1;
  $("mask").disabled = results.length === 1;
  $("facts").textContent = `${model.name}, width ${model.width}, ` +
    `${model.parameters.toLocaleString("en")} parameters; method ${model.method}, ` +
    `${model.masks} mask${model.masks === 1 ? "" : "s"}` +
    `${run.config.data ? ", trained on " + run.config.data : ""}. Measured on the ` +
    `first ${results[0].n} test images of ${run.data}, ${attackText(results[0])}.`;
  showTraining();
  show(0);
}

function show(mask) {
  at = mask;
  showNumbers();
  showTradeoff();
  showAccuracy();
  showSamples();
  showMaps();
}

$("live").hidden = false;
report.runs.forEach((one, i) => $("run").add(new Option(one.name, i, one === run, one === run)));
document.querySelector(".choice").hidden = report.runs.length === 1;
$("run").addEventListener("change", () => { run = report.runs[$("run").value]; showRun(); });
$("mask").addEventListener("input", () => show(+$("mask").value));
document.querySelector(".control").addEventListener("submit", event => event.preventDefault());
addEventListener("resize", () => { showTradeoff(); showAccuracy(); showTraining(); });
showRun();
