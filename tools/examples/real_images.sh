#!/bin/sh
# Standard, adversarial, AdvProp and RobMask training on a folder of CIFAR-10 files, batch-norm-only
# finetuning both ways (Table 1 of the paper), then clean and PGD-20 accuracy of the first 500 test
# images at every mask and strength, paired with the models they should be compared with.
#
#   tools/examples/real_images.sh DATA OUT [EPOCHS]
#
# DATA holds CIFAR-10's binary files. A narrow ResNet-18, so that 5,000 training images and 12 epochs
# take less than an hour on two cores. What is already in OUT is not computed again: started anew, it goes
# on where it was stopped.

set -eu
data=cifar10:$1
out=$2
epochs=${3:-12}
robmask=${ROBMASK:-build/robmask}
mkdir -p "$out"

train() {  # train NAME OPTIONS…
  name=$1
  shift
  [ -e "$out/$name/done" ] && return
  "$robmask" train --data "$data" --width 16 --batch 64 --epochs "$epochs" --out "$out/$name" \
    --resume "$@"
  touch "$out/$name/done"
}

finetune() {  # finetune NAME FROM METHOD: γ, β and statistics, a third of the epochs at a tenth of the rate
  [ -e "$out/$1/done" ] && return
  "$robmask" finetune --from "$out/$2" --method "$3" --data "$data" --batch 64 \
    --epochs $((epochs / 3)) --lr 0.01 --out "$out/$1" --resume
  touch "$out/$1/done"
}

evaluate() {  # evaluate NAME MASKS [AGAINST]
  [ -e "$out/$1$4.txt" ] && return
  "$robmask" evaluate --from "$out/$1" --data "$data" --limit-test 500 --mask "$2" \
    --attack pgd --eps 0,2/255,4/255,8/255 --attack-steps 20 --per-image "$out/$1$4.csv" \
    ${3:+--against "$out/$3.csv"} >"$out/$1$4.part"
  mv "$out/$1$4.part" "$out/$1$4.txt"
}

train standard --method standard
train pgd --method pgd
train advprop --method advprop
train robmask --method robmask
finetune standard-to-pgd standard pgd
finetune pgd-to-standard pgd standard

evaluate standard 0 "" ""
evaluate pgd 0 "" ""
for model in advprop robmask; do
  evaluate $model 0,0.5,1 standard -against-standard
  evaluate $model 0,0.5,1 pgd -against-pgd
done
evaluate standard-to-pgd 0 standard ""
evaluate pgd-to-standard 0 pgd ""
cat "$out"/*.txt
