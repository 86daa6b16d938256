"""Compares the sample images of a report's page, as Chromium draws them, with evaluate and predict."""

import math

from evaluated import evaluated, probabilities
from reader import FIGURES, check, choose

EPS = 8  # bytes

SAMPLES = """Promise.all([...document.querySelectorAll('.sample')].map(async sample => ({
  pictures: await Promise.all([...sample.querySelectorAll('img')].map(async image => {
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const drawn = canvas.getContext('2d');
    drawn.drawImage(image, 0, 0);
    return [...drawn.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 < 3);
  })),
  verdicts: [...sample.querySelectorAll('.verdict')].map(v => v.textContent.slice(2) === 'right'),
  likely: [...sample.querySelectorAll('ol')].map(list =>
    [...list.querySelector('li').children].map(part => part.textContent))})))"""


def byte(value):
    return math.floor(255 * min(1, max(0, value)) + 0.5)


def check_pictures(browser, run, number, terms, folder):
    """Every sample at every mask: what the page shows is what evaluate says of that image."""
    figures = browser.value(FIGURES)["runs"][number]
    for place, result in enumerate(figures["results"]):
        choose(browser, number, place)
        mask, samples = result["mask"], browser.value(SAMPLES)
        truth = evaluated(run, mask, terms, folder)
        said = f"{figures['name']} at p = {mask:g}: every sample's "
        attacked = [i for i, (_, row) in enumerate(truth[:len(samples)]) if row["clean"] == "1"]

        def all_of(images, holds, sentence):
            wrong = [i for i in images if not holds(i)]
            check(images and not wrong, said + sentence, f"not of {wrong} of {images}")

        every = list(range(len(samples)))
        all_of(every, lambda i: samples[i]["verdicts"] == [row == "1" for row in (
            [truth[i][1]["clean"], truth[i][1]["robust"]] if i in attacked else [truth[i][1]["clean"]])],
               "verdict is evaluate's")
        all_of(attacked, lambda i: samples[i]["pictures"][1] == [byte(v) for v in truth[i][0]],
               "attacked picture is evaluate's")
        all_of(attacked, lambda i: all(abs(a - b) <= EPS for a, b in zip(*samples[i]["pictures"][:2])),
               "attacked picture lies within ε of its original")
        all_of(attacked, lambda i: all(
            abs(shown - byte(0.5 + 10 * (v - original / 255))) <= 1 for original, shown, v in zip(
                samples[i]["pictures"][0], samples[i]["pictures"][2], truth[i][0])),
               "difference is ten times evaluate's")
        for kind, images, due in (
                (0, every, [row["label"] if row["clean"] == "1" else row["prediction"] for _, row in truth]),
                (1, attacked, [row["prediction"] for _, row in truth])):
            found = probabilities(run, mask, [samples[i]["pictures"][kind] for i in images], folder)

            def agrees(i):
                name, percent = samples[i]["likely"][kind]
                probability = found[images.index(i)][int(due[i])]
                return (name == figures["classes"][int(due[i])]
                        and abs(int(percent.split()[0]) - 100 * probability) <= (1 if kind == 0 else 3))

            all_of(images, agrees, ("clean", "attacked")[kind] + " class and probability are predict's")
