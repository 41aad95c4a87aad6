#!/usr/bin/env bash
# scipy (and whatever calls glibc's exp): one wheel on one operating system has other last bits on another x86-64
# processor, in a function of one number.
#
# Expected: container, wheel and libraries the same to the byte, scipy.special.expit(x) is the same double on every
# x86-64 machine; what differs between machines is at most the order of sums in vector code and BLAS.
# Seen: glibc's libm holds two forms of exp, log, pow, sin and their kin, and takes the one with fused multiply-add where
# the processor has it: some in 10,000 results differ in the last bit. A correctly rounded square root never does.
# It hurts where answers of several machines are compared to the bit: caches, golden files, replicas that vote.
# The second process here has the same processor, and glibc's own switch hides FMA from its libm.
set -euo pipefail
{ [ "$(uname -m)" = x86_64 ] && getconf GNU_LIBC_VERSION && grep -qw fma /proc/cpuinfo; } ||
    { echo "this needs glibc on an x86-64 processor with FMA"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q scipy==1.17.1 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
cat >"$folder/results.py" <<'PY'
import random

import numpy
import scipy
from scipy.special import expit

print("scipy", scipy.__version__)
draw = random.Random(0)
x = numpy.array([draw.uniform(-20, 20) for _ in range(20_000)])
for one in zip(expit(x), numpy.sqrt(abs(x))):
    print(*(float(number).hex() for number in one))
PY
"$folder/env/bin/python" "$folder/results.py" >"$folder/with"
# both spellings: features that the processor has, and those that glibc before 2.33 calls usable
GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-FMA_Usable,-FMA4_Usable,-AVX2_Usable \
    "$folder/env/bin/python" "$folder/results.py" >"$folder/without"
"$folder/env/bin/python" - "$folder" <<'PY'
import sys
from pathlib import Path

head, *one = Path(sys.argv[1], "with").read_text().splitlines()
_, *other = Path(sys.argv[1], "without").read_text().splitlines()
pairs = [(a.split(), b.split()) for a, b in zip(one, other, strict=True)]
expit, root = (sum(a[i] != b[i] for a, b in pairs) for i in (0, 1))
print(f"{head}: of {len(pairs)} numbers without FMA {expit} of expit and {root} of sqrt have other bits")
as_described = expit > 0 and root == 0
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
