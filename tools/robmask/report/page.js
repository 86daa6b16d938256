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

/// Only accuracies on the same images under the same attack can be compared.
function measured(one) {
  const result = one.results[0];
  return `the first ${result.n} test images of ${one.data}, ${attackText(result)}`;
}

const isLike = one => measured(one) === measured(run);

/// Masks by their places among the results, such as "0, 0.5 – 1".
function maskList(places) {
  const ranges = [];
  for (const place of places)
    if (ranges.at(-1)?.at(-1) === place - 1) ranges.at(-1).push(place);
    else ranges.push([place]);
  const p = place => run.results[place].mask;
  const text = places => places.length > 2 ? `${p(places[0])} – ${p(places.at(-1))}`
                                           : places.map(p).join(", ");
  return ranges.map(text).join(", ");
}

/// The strength where the reader stands, and all others that lead to the same accuracies.
function labelHere() {
  const same = key => j => run.results[j][key] === run.results[at][key];
  const places = [...run.results.keys()].filter(same("clean_accuracy")).filter(same("robust_accuracy"));
  return run.results.length > 1 ? "p = " + maskList(places) : "";
}

/// The numbers of a point in words.
function words(one, r, ...kinds) {
  const values = {clean: [r.clean_accuracy, r.clean_interval],
                  "under attack": [r.robust_accuracy, r.interval]};
  return `${one.name}, p = ${r.mask}: ` + kinds.map(kind =>
    `${kind} ${percent(values[kind][0])} (${between(values[kind][1])})`).join(", ");
}

function showTradeoff() {
  const result = run.results[0];
  const series = report.runs.map((one, i) => ({
    name: one.name, look: i % MARKS.length, run: one,
    points: one.results.map((r, j) => {
      const here = one === run && j === at;
      return {x: r.robust_accuracy, y: r.clean_accuracy, xs: r.interval, ys: r.clean_interval, here,
              label: here ? labelHere() : "", text: words(one, r, "clean", "under attack")};
    })})).filter(s => isLike(s.run));
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
    points: run.results.map((r, j) => ({x: r.mask, y: r[value], ys: r[interval], here: j === at,
                                        text: words(run, r, name)}))});
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
      .filter(point => point.y !== null).map(({x, y}) => ({x, y, text: `${run.name}, epoch ${x}: ` +
        `${name} ${/acc/.test(column) ? percent(y) : y.toPrecision(4)}`}))});
  const curves = (svg, label, isShare, lines) => {
    // Training without attacks logs their loss as 0.
    const series = lines.filter(s => s.points.some(p => isShare || p.y > 0));
    const points = series.flatMap(s => s.points);
    if (points.length) drawChart($(svg), $(svg + "-legend"), {
      name: `${label} by epoch; the numbers are in the training log`, percent: isShare, series,
      x: {label: "epoch", whole: true, ...range(points.map(p => p.x), -Infinity, Infinity)},
      y: {label, ...range(points.map(p => p.y), 0, isShare ? 1 : Infinity)}});
  };
  curves("losses", "loss", false, [line("train_loss", "minimized", 5),
    line("loss_clean", "clean images", 0), line("loss_adv", "attacked images", 1)]);
  curves("learning", "accuracy", true, [line("train_acc", "training", 5),
    line("test_acc", "test, clean, p = 0", 0),
    ...(run.results.length > 1 ? [line("test_acc_mask_max", "test, clean, p = 1", 2)] : [])]);
}

// ---- moving ----------------------------------------------------------------------------------------

/// What there is to choose from, or why there is nothing.
function showChoice() {
  const {model, results} = run, several = results.length > 1;
  $("choice").textContent = several
    ? "The strength p of the attack that it should expect chooses a mask of this network. Move it: " +
      "nothing is trained again."
    : model.masks > 1 ? `Of this network's masks one was measured, p = ${results[0].mask}.`
    : "This network has one mask.";
  $("slide").hidden = $("by-mask").hidden = !several;
  $("fixed").hidden = several;
  $("fixed").textContent = model.masks > 1 ? `Mask p = ${results[0].mask}` : "One mask";
  $("mask").max = results.length - 1;
}

/// Which runs are not beside this one, and why.
function showApart() {
  const others = report.runs.filter(one => !isLike(one));
  $("apart").hidden = others.length === 0;
  $("apart").textContent = "Not in the chart, since measured otherwise: " +
    others.map(one => `${one.name} (${measured(one)})`).join("; ") + ".";
}

function showRun(mask) {
  const {model} = run;
  $("facts").textContent = `${model.name}, width ${model.width}, ` +
    `${model.parameters.toLocaleString("en")} parameters; method ${model.method}, ` +
    `${model.masks} mask${model.masks === 1 ? "" : "s"}` +
    `${run.config.data ? ", trained on " + run.config.data : ""}. Measured on ` +
    `${measured(run)}.`;
  showChoice();
  showApart();
  showTraining();
  show(mask);
}

function show(mask) {
  at = mask;
  showNumbers();
  showTradeoff();
  showAccuracy();
  showSamples();
  showMaps();
}

/// What the reader chose on the watched page that this one follows.
function chosenBefore() {
  try {
    const chosen = sessionStorage.getItem(location.pathname);
    sessionStorage.removeItem(location.pathname);
    return JSON.parse(chosen) ?? {};
  } catch {
    return {};  // a browser that is told to store nothing
  }
}
if (document.querySelector("meta[http-equiv=refresh]"))
  addEventListener("pagehide", () => sessionStorage.setItem(
    location.pathname, JSON.stringify({run: report.runs.indexOf(run), mask: at})));

const chosen = chosenBefore();
run = report.runs[chosen.run] ?? run;
$("live").hidden = false;
report.runs.forEach((one, i) => $("run").add(new Option(one.name, i, one === run, one === run)));
document.querySelector(".model").hidden = report.runs.length === 1;
$("run").addEventListener("change", () => { run = report.runs[$("run").value]; showRun(0); });
$("mask").addEventListener("input", () => show(+$("mask").value));
document.querySelector(".control").addEventListener("submit", event => event.preventDefault());
addEventListener("resize", () => { showTradeoff(); showAccuracy(); showTraining(); });
showRun(Math.min(chosen.mask ?? 0, run.results.length - 1));
