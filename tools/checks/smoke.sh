#!/bin/bash
# Runs every table and figure of the paper at scale smoke and checks what they leave: a full table each,
# its settings and commands, pictures. Then it kills one in the middle, starts it again, and requires
# the same table.
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

same_after_a_kill() {
  local folder=$out/killed
  rm -rf "$folder"
  reproduce table1 "$folder" --quiet >/dev/null 2>&1 & pid=$!
  sleep 4
  kill -TERM "$pid" 2>/dev/null
  wait "$pid"
  case $? in 143 | 0) ;; *) return 1 ;; esac
  reproduce table1 "$folder" --quiet >/dev/null && cmp "$folder/table1/table.csv" "$out/table1/table.csv"
}

start=$(date +%s)
for table in table{1,2,3,4,5,6,7,8,9} claims ablations; do
  check "$table" full_table "$table"
done
check figure1 full_table figure1 bn1-{running_mean,running_var,weight,bias}.{svg,png,csv}
check figure3 full_table figure3 curves.{svg,png,csv}
check figure4 full_table figure4 {pgd,robmask}-{bn1,layer1.0.bn1}-{a,b}.png
check tradeoff full_table tradeoff tradeoff.{svg,png,csv}
check nothing_left nothing_left
check same_after_a_kill same_after_a_kill
echo "smoke: $(($(date +%s) - start)) seconds; tables and figures are in $out" >&2
exit $status
