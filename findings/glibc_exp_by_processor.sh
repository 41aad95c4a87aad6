#!/usr/bin/env bash
# glibc: one exp of one library on one operating system has other last bits on another x86-64 processor.
#
# Expected: a program, its container and all its libraries the same to the byte, exp(x) is the same double on every
# x86-64 machine; what differs between machines is at most the order of sums in vector code.
# Seen: libm holds two forms of exp, log, pow, sin, cos, tan and atan, and takes the one with fused multiply-add where
# the processor has it: 7 in 10,000 of exp differ in the last bit. 32-bit ARM has the bits of x86-64 without FMA; 64-bit
# ARM, RISC-V and IBM Z those of x86-64 with it. It hurts where answers of several machines are compared to the bit
# (caches, golden files, replicas that vote), and a network of a few layers of tanh adds up what differs.
# The second process here has the same processor, and glibc's own switch hides FMA from it. Nothing is installed.
set -euo pipefail
python=${PYTHON:-python3}
{ [ "$(uname -m)" = x86_64 ] && getconf GNU_LIBC_VERSION && grep -qw fma /proc/cpuinfo; } ||
    { echo "this needs glibc on an x86-64 processor with FMA"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/results.py" <<'PY'
import math
import random

draw = random.Random(0)
for _ in range(20_000):
    x = draw.uniform(-20, 20)
    numbers = math.exp(x), math.sin(x), math.pow(abs(x), 1.7), math.log(abs(x)), math.sqrt(abs(x)), x * x + x
    print(*(number.hex() for number in numbers))
PY
"$python" -I "$folder/results.py" >"$folder/with"
# both spellings: features that the processor has, and those that glibc before 2.33 calls usable
GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-FMA_Usable,-FMA4_Usable,-AVX2_Usable \
    "$python" -I "$folder/results.py" >"$folder/without"
"$python" -I - "$folder" <<'PY'
import sys
from pathlib import Path

one, other = ([line.split() for line in Path(sys.argv[1], name).read_text().splitlines()] for name in ("with", "without"))
names = "exp", "sin", "pow", "log", "sqrt", "products and sums"
counts = dict(zip(names, (sum(a != b for a, b in zip(*pair)) for pair in zip(zip(*one), zip(*other)))))
print("of", len(one), "results other bits without FMA:", counts)
as_described = counts["exp"] and counts["sin"] and counts["pow"] and not counts["sqrt"] and not counts["products and sums"]
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
