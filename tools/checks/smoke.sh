#!/bin/bash
# Runs every table and figure of the paper at scale smoke and checks what they leave: a full table each,
# its settings and commands, pictures, and the page of them all. Then it kills one in the middle, starts it
# again, and requires the same table; and takes a data set away, which must leave the others' cells
# standing.
#   tools/checks/smoke.sh [OUT]        ROBMASK names the binary; what is already in OUT is not computed again

set -u
robmask=${ROBMASK:-build/robmask}
out=${1:-runs/smoke}
status=0
reproduce() { "$robmask" reproduce "$1" --scale smoke --device cpu --out "$2" "${@:3}"; }

# check NAME COMMAND…: counted as a test by .ci/run
check() {
  echo "[ RUN      ] Smoke.$1"
  if "${@:2}"; then echo "[       OK ] Smoke.$1"; else echo "[  FAILED  ] Smoke.$1"; status=1; fi
}

full_table() {  # full_table EXPERIMENT PICTURES…
  local folder=$out/$1
  reproduce "$1" "$out" --quiet >/dev/null || return 1
  for file in table.md table.csv settings.json commands.txt "${@:2}"; do
    [ -s "$folder/$file" ] || { echo "$folder/$file: missing or empty"; return 1; }
  done
  if grep -v '^row,' "$folder/table.csv" | grep -qv ',$'; then
    echo "$folder/table.csv: cells are missing"
    return 1
  fi
}

nothing_left() {
  reproduce all "$out" --dry-run --quiet | tail -n 1 | grep -q ': 0 trainings and 0 other commands'
}

# Killed when the first of its many commands is done.
same_after_a_kill() {
  local folder=$out/killed status
  rm -rf "$folder"
  # the process itself, not a shell that waits for it
  exec "$robmask" reproduce table1 --scale smoke --device cpu --out "$folder" --quiet >/dev/null 2>&1 & pid=$!
  until compgen -G "$folder/*/*/result.json" >/dev/null; do
    kill -0 "$pid" 2>/dev/null || { echo "ended before it was killed"; return 1; }
    sleep 0.05
  done
  kill -TERM "$pid"
  wait "$pid"
  status=$?
  [ $status = 143 ] || { echo "expected exit code 143, got $status"; return 1; }
  [ ! -e "$folder/table1/table.csv" ] || { echo "was done before it was killed"; return 1; }
  reproduce table1 "$folder" --quiet >/dev/null && cmp "$folder/table1/table.csv" "$out/table1/table.csv"
}

# Table 3 of CIFAR-10 (black images, records of a label and 3 × 32 × 32 bytes) where CIFAR-100 is not.
missing_data() {
  local folder=$out/missing-data
  rm -rf "$folder" && mkdir -p "$folder/ten"
  head -c $((64 * 3073)) /dev/zero | tee "$folder/ten/data_batch_1.bin" >"$folder/ten/test_batch.bin"
  "$robmask" reproduce table3 --scale small --device cpu --data "cifar10:$folder/ten" --limit-train 32 \
    --limit-test 10 --only resnet-18-20-epochs --out "$folder" --quiet >/dev/null 2>"$folder/log"
  [ $? = 1 ] || { echo "expected exit code 1"; return 1; }
  grep -q 'missing: table3 resnet-18-20-epochs.cifar-100-bn: --data: expected cifar100:DIR' "$folder/log" ||
    { echo "what is missing is not named"; return 1; }
  [ "$(grep -c '^"*ResNet-18, 20 epochs"*,CIFAR-10 .*,$' "$folder/table3/table.csv")" = 3 ] ||
    { echo "the cells of CIFAR-10 do not stand"; return 1; }
}

page_of_all() {
  local name
  for name in table{1,2,3,4,5,6,7,8,9} claims grid ablations figure{1,3,4} tradeoff; do
    grep -q "<section id=\"$name\">" "$out/index.html" || { echo "no $name on the page"; return 1; }
  done
  # every picture that a table names, with its caption
  [ "$(grep -c '<figure>.*<figcaption>..*</figcaption>' "$out/index.html")" = \
    "$(cat "$out"/*/table.md | grep -c '^!\[')" ] || { echo "pictures without captions"; return 1; }
  ! grep -qE '(src|href)="(http|//|[a-z]*/)' "$out/index.html"
}

start=$(date +%s)
for table in table{3,4,7,8,9} claims ablations; do
  check "$table" full_table "$table"
done
for table in table{1,2} tradeoff; do
  check "$table" full_table "$table" tradeoff.{svg,png,csv}
done
for table in table{5,6} grid; do
  check "$table" full_table "$table" strengths.{svg,png,csv}
done
check figure1 full_table figure1 bn1-{running_mean,running_var,weight,bias}.{svg,png,csv}
check figure3 full_table figure3 curves.{svg,png,csv}
check figure4 full_table figure4 {pgd,robmask}-{bn1,layer1.0.bn1}-{a,b}.png
check page_of_all page_of_all
check nothing_left nothing_left
check same_after_a_kill same_after_a_kill
check missing_data missing_data
echo "smoke: $(($(date +%s) - start)) seconds; tables and figures are in $out" >&2
exit $status
