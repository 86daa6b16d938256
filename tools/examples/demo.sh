#!/bin/sh
# Trains a standard, an adversarial and a RobMask model on the embedded images, attacks each, and shows
# clean and robust accuracy at every mask: the paper's trade-off in two minutes on two cores.
# ROBMASK and PICTURES are the programs that `make demo` built.

set -eu
out=${1:-runs/demo}
rm -rf "$out"
mkdir -p "$out"
seconds() { date +%s; }
begin=$(seconds)

train() {  # train METHOD EPOCHS BATCH OPTIONS…: looks at few test images meanwhile, for time
  method=$1 epochs=$2 batch=$3
  shift 3
  echo "training: $method, $epochs epochs" >&2
  "$ROBMASK" train --data synthetic --model resnet18 --width 16 --augment none --method "$method" \
    --epochs "$epochs" --batch "$batch" --limit-test 100 "$@" --device cpu --out "$out/$method" >/dev/null
}

attack() {  # attack METHOD MASKS: PGD-20 at 8/255 on 300 test images
  echo "attacking: $1" >&2
  evaluate "$1" 300 "$2" pgd --json >"$out/$1.json"
}

save() {  # save METHOD MASK ATTACK FILE: eight test images as arrays
  evaluate "$1" 8 "$2" "$3" --save-adversarial "$out/$4" >/dev/null
}

evaluate() {  # evaluate METHOD IMAGES MASKS ATTACK OPTIONS…
  from=$1 images=$2 masks=$3 attack=$4
  shift 4
  case $attack in pgd) set -- --eps 8/255 --attack-steps 20 "$@" ;; esac
  "$ROBMASK" evaluate --from "$out/$from" --data synthetic --limit-test "$images" --mask "$masks" \
    --attack "$attack" --checks off --quiet --device cpu "$@"
}

echo "demo: trains and attacks three small networks: two minutes on two cores" >&2
train standard 6 64
attack standard 0
"$PICTURES" "$out" standard
few_steps="--attack-steps 4 --step-size 3/255"  # and large, for time
train pgd 5 32 $few_steps
attack pgd 0
"$PICTURES" "$out" pgd
train robmask 8 32 --bn-stats split --strength per-image $few_steps
attack robmask 0,0.25,0.5,0.75,1
save standard 0 clean clean.npy
save standard 0 pgd standard-attacked.npy
save pgd 0 pgd pgd-attacked.npy
save robmask 1 pgd robmask-attacked.npy
"$PICTURES" "$out"
echo "$(($(seconds) - begin)) seconds; models, tables and pictures are in $out" >&2
