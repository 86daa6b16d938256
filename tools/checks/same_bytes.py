"""Does another build print and write the same bytes? For changes that must change no behaviour.

    tools/checks/same_bytes.py record PROGRAM FOLDER    runs the list of commands below (minutes)
    tools/checks/same_bytes.py compare FOLDER FOLDER    names the files that differ; 1 if any does

Each command runs on one thread in FOLDER, where all paths are relative, so that two recordings differ in
nothing but what the two programs do differently. Times are blanked before bytes are compared.
"""

import pathlib
import re
import signal
import subprocess
import sys
import time

SMALL = "--data synthetic --limit-train 96 --limit-test 24 --device cpu --threads 1"
NETWORK = "--model resnet18 --width 4"
TRAIN = f"train {SMALL} {NETWORK} --batch 32 --epochs 2 --attack-steps 2"
READ = "--limit-test 16 --device cpu --threads 1"
ATTACK = f"evaluate {READ} --from runs/robmask --attack-steps 4 --queries 20 --targets 3 --json"

TRAININGS = {
    "standard": "--method standard",
    "pgd": "--method pgd",
    "pgd-l2": "--method pgd --norm l2 --eps 0.5 --start zero",
    "trades": "--method trades",
    "advprop": "--method advprop",
    "advprop-two": "--method advprop --aux-eps 4/255,8/255",
    "advprop-random": "--method advprop --aux-eps random",
    "robmask": "--method robmask",
    "robmask-adv": "--method robmask --robmask-loss adv --strength per-image",
    "robmask-split": "--method robmask --masks 3 --bn-stats split --attack-bn train --attack-mask max",
    "robmask-nearest": "--method robmask --masks 3 --code nearest --strength 0.4 --attack-mask clean",
    "robmask-one": "--method robmask --masks 1",
    "fp64": "--method robmask --precision fp64",
}

ATTACKS = {
    "every": "--mask 0,1 --attack clean,fgsm,pgd,cw,apgd-ce,apgd-dlr,apgd-t,fab,fab-t,square --eps 2/255,8/255",
    "l2": "--mask 0.5 --norm l2 --attack pgd,cw,apgd-ce,fab-t,square --eps 0.5",
    "autoattack": "--mask match --attack autoattack --per-image aa.csv --save-adversarial aa.npy",
    "plus": "--attack autoattack --aa-version plus --aa-compat",
    "worst": "--attack apgd-ce,square --worst-case --per-class --robustbench-json entry.json",
    "rounded": "--attack pgd,apgd-ce --quantize 8 --per-image rounded.csv",
    "png": "--attack pgd --quantize 8 --save-adversarial-png pictures",
    "transfer": "--attack pgd,square --source runs/pgd --per-image transfer.csv",
    "transfer-mask": "--attack apgd-ce --mask 1 --source-mask 0",
    "reuse": "--attack pgd --eps 8/255,2/255,4/255 --reuse-broken --restarts 2 --pgd-keep best",
    "paired": "--attack pgd,apgd-ce --mask 0,1 --quantize 8 --against rounded.csv --against-mask 1",
}

REFUSED = [
    "", "trian", "train --epohcs 3", "train --eps 2", "train --width 4 --model resnext29", "evaluate",
    "train --method robmask --robmask-loss adv --bn-stats split", "train --aux-eps 8/255,4/255",
    "evaluate --from runs/standard --mask 0.5", "evaluate --from runs/robmask --mask 2",
    "evaluate --from runs/robmask --attack nothing", "evaluate --from nowhere",
    "evaluate --from runs/robmask --worst-case --attack clean,pgd", "predict --from runs/robmask",
    "export --from runs/standard --mask 1 --out x.safetensors", "export --from runs/robmask",
    "evaluate --from runs/robmask --save-adversarial a.npy --mask 0,1", "info --data cifar10:nowhere",
    "evaluate --from runs/robmask --against-mask 0.25 --mask 0,1", "bench --workload sleep",
    "evaluate --from runs/robmask --json --format csv", "reproduce table77 --out t", "report nowhere",
    "evaluate --from runs/robmask --save-adversarial-png p", "evaluate --from config.json",
    "train --precision tf32", "train --device cuda:x", "train --config missing.toml",
    "train --resume", "finetune --from runs/robmask --method pgd", "finetune --from runs/robmask --method trades",
    "interpolate --first runs/standard --second runs/pgd --p 0.5", "predict --from runs/robmask --mask 0.5 --logits x.csv",
    "predict --from runs/robmask --features f.npy --layer bn9 --logits l.npy --limit-test 8",
    "evaluate --from runs/robmask/model.safetensors --data npy:runs/robmask", "train --init runs/pgd --width 8 --limit-train 8",
]


def commands():
    """(name, words) of every command, in order: later ones read what earlier ones wrote."""
    for name, words in TRAININGS.items():
        yield f"train-{name}", f"{TRAIN} {words} --json --out runs/{name}"
    yield "train-part", f"{TRAIN} --method robmask --json --out runs/part --steps 2"
    yield "train-resumed", f"{TRAIN} --method robmask --json --out runs/part --resume"
    yield "train-init", f"{TRAIN} --method robmask --json --out runs/init --init runs/pgd --normalize kuangliu"
    tune = f"finetune {SMALL} --batch 32 --epochs 1 --attack-steps 2 --json --from runs/standard"
    yield "finetune", f"{tune} --method pgd --out runs/tuned"
    yield "finetune-affine", f"{tune} --method standard --tune gamma,beta --out runs/affine"
    yield "finetune-stats", f"{tune} --method standard --tune stats --out runs/stats"
    yield "finetune-mask", f"{tune.replace('runs/standard', 'runs/robmask')} --method pgd --mask 0.5 --out runs/half"
    for name, words in ATTACKS.items():
        yield f"evaluate-{name}", f"{ATTACK} {words}"
    for style in ("text", "markdown", "csv"):
        words = f"evaluate {READ} --from runs/robmask --mask 0,1 --attack pgd,square --attack-steps 2 --queries 5"
        yield f"evaluate-{style}", f"{words} --worst-case --per-class --format {style}"
    between = f"interpolate {READ} --first runs/standard --second runs/tuned --p 0,0.5 --attack pgd --attack-steps 2"
    yield "interpolate", f"{between} --json --save both.safetensors --per-image between.csv"
    yield "interpolate-affine", f"{between} --affine-only"
    predict = f"predict {READ} --from runs/robmask --mask 0.3 --json"
    yield "predict", f"{predict} --logits logits.npy --features maps.npy --layer layer1.0.bn1"
    yield "predict-train", f"{predict} --logits train.npy --split train --limit-train 20 --precision fp64"
    yield "export", "export --from runs/robmask --mask 0.3 --out plain.safetensors --json --device cpu"
    yield "export-split", "export --from runs/robmask-split --mask 0.7 --out split.safetensors --device cpu"
    yield "info", "info runs/robmask-split --json --device cpu"
    yield "info-text", "info plain.safetensors --device cpu"
    yield "info-data", "info --data synthetic --device cpu"
    yield "report", f"report runs/robmask runs/standard {READ} --attack-steps 2 --images 2 --mask 0,0.5,1 --out page.html --json"
    yield "reproduce", "reproduce table1,table9,figure4,tradeoff --scale smoke --device cpu --threads 1 --out paper --json"
    yield "reproduce-plan", "reproduce all --scale paper --device cpu --out plan --dry-run --data imagenet:none"
    for number, words in enumerate(REFUSED):
        yield f"refused-{number:02}", words
    for command in ("train", "finetune", "evaluate", "predict", "interpolate", "export", "reproduce", "info",
                    "bench", "report", ""):
        yield f"help-{command}", f"{command} --help"


def killed(program, folder):
    """An evaluation that a signal ends in the middle, and that goes on."""
    words = f"{ATTACK} --mask 0,1 --attack pgd,square --batch 2 --per-image killed.csv --out killed"
    words = words.replace("--attack-steps 4 --queries 20", "--attack-steps 60 --queries 300")
    process = subprocess.Popen([program, *words.split()], cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    journal = folder / "killed/evaluation.journal"
    while process.poll() is None and not (journal.exists() and journal.read_text().count("\n") > 3):
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    if process.wait() != 143:
        sys.exit("the evaluation that was to be killed had ended")
    yield "evaluate-resumed", words + " --resume"


def record(program, folder):
    program = pathlib.Path(program).resolve()
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}\n")

    def run(name, words):
        print(name, flush=True)
        done = subprocess.run([program, *words.split()], cwd=folder, capture_output=True, text=True)
        (folder / f"{name}.stdout").write_text(done.stdout)
        said = [line for line in done.stderr.splitlines() if not TIMES_ONLY.search(line)]
        (folder / f"{name}.stderr").write_text("\n".join([*said, f"exit code {done.returncode}", ""]))

    for name, words in commands():
        run(name, words)
        if name == "evaluate-paired":
            for again in killed(program, folder):
                run(*again)


# Progress, which comes when a clock says so, and lines of nothing but times.
TIMES_ONLY = re.compile(r"^\S.* \d+% |images?/s|s/s, | so far|^robmask: stopping after|total time")
# Times in JSON, in tables and pages (with the numbers of a log, of which some are times), in lines; and how
# long a page with times in it is.
TIMES = [(re.compile(rb'("[a-z_]*seconds": ?)(\[[^]]*\]|[-+.0-9e]+)'), rb"\1T"),
         (re.compile(rb'"bytes":\d+'), b'"bytes":T'),
         (re.compile(rb"(?<=[0-9\]])  +[0-9]+\.[0-9]$", re.M), rb" T"),
         (re.compile(rb"\| [0-9]+\.[0-9]+ \|$", re.M), rb"| T |"),
         (re.compile(rb"<td>[0-9.]+</td>"), rb"<td>T</td>"),
         (re.compile(rb"(Seconds an epoch),[^,]*"), rb"\1,T"),
         (re.compile(rb"[0-9.]+ s$", re.M), rb"T s"),
         (re.compile(rb", [0-9:]+ left"), b""),
         (re.compile(rb"about [^\n]*"), b"about T")]


def blanked(path):
    data = path.read_bytes()
    if path.suffix in (".npy", ".safetensors", ".png"):
        return data
    for pattern, to in TIMES:
        data = pattern.sub(to, data)
    lines = data.split(b"\n")
    names = lines[0].split(b",")
    if b"seconds" in names:
        column = names.index(b"seconds")
        lines = [b",".join(cell for i, cell in enumerate(line.split(b",")) if i != column) for line in lines]
    return b"\n".join(lines)


def compare(first, second):
    def files(folder):
        return {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}

    differ = sorted(files(first) ^ files(second))
    for name in sorted(files(first) & files(second)):
        if blanked(first / name) != blanked(second / name):
            differ.append(name)
    for name in differ:
        print(f"differs: {name}")
    print(f"{len(files(first) | files(second))} files, {len(differ)} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["record"] and len(sys.argv) == 4:
        record(sys.argv[2], pathlib.Path(sys.argv[3]))
    elif sys.argv[1:2] == ["compare"] and len(sys.argv) == 4:
        sys.exit(compare(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])))
    else:
        sys.exit(__doc__)
