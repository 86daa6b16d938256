#!/bin/sh
# Trains a standard, an adversarial and a RobMask model on the embedded images, attacks each, and shows
# clean and robust accuracy at every mask: the paper's trade-off in a few minutes on two cores.
# ROBMASK and PICTURES are the programs that `make demo` built.

set -eu
out=${1:-runs/demo}
rm -rf "$out"
mkdir -p "$out"
seconds() { date +%s; }
begin=$(seconds)

train() {  # train METHOD EPOCHS BATCH OPTIONS…: with few and large attack steps, for time
  method=$1 epochs=$2 batch=$3
  shift 3
  echo "training: $method, $epochs epochs" >&2
  "$ROBMASK" train --data synthetic --model resnet18 --width 16 --augment none \
    --attack-steps 4 --step-size 3/255 --method "$method" --epochs "$epochs" --batch "$batch" "$@" \
    --device cpu --out "$out/$method" >/dev/null
}

attack() {  # attack METHOD MASKS: PGD-20 at 8/255 on 300 test images, and eight of them as arrays
  "$ROBMASK" evaluate --from "$out/$1" --data synthetic --limit-test 300 --mask "$2" --attack pgd \
    --eps 8/255 --attack-steps 20 --device cpu --quiet --json >"$out/$1.json"
  "$ROBMASK" evaluate --from "$out/$1" --data synthetic --limit-test 8 --mask "${2##*,}" \
    --attack pgd --eps 8/255 --attack-steps 20 --device cpu --quiet \
    --save-adversarial "$out/$1-attacked.npy" >/dev/null
}

train standard 6 64
train pgd 8 32
train robmask 10 32 --bn-stats split --strength per-image
attack standard 0
attack pgd 0
attack robmask 0,0.25,0.5,0.75,1
"$ROBMASK" evaluate --from "$out/standard" --data synthetic --limit-test 8 --attack clean \
  --device cpu --quiet --save-adversarial "$out/clean.npy" >/dev/null
"$PICTURES" "$out"
echo "$(($(seconds) - begin)) seconds; models, tables and pictures are in $out" >&2
