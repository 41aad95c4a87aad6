#!/bin/sh
# template.yaml, and what an image's bundle makes of it, under cfn-lint with the serverless rules, and checkov: any finding
# fails. Suppressions stand in the template, each with its reason. Then every combination of its choices is translated
# (`make test` runs the rest of that file, and `sam validate --lint`).
set -eu
cd "$(dirname "$0")/.."
tools=.tools/template
if [ ! -e $tools/.installed ] || [ requirements/template.lock -nt $tools/.installed ]; then
    rm -rf $tools
    "${PYTHON:-python3}" -m venv $tools
    $tools/bin/python -m pip install -q --disable-pip-version-check -r requirements/template.lock
    touch $tools/.installed
fi
mkdir -p build/image-template
.venv/bin/python -c '
from pathlib import Path
from isoship.bundle.aws_lambda.image import Image
from isoship.bundle.aws_lambda.sam import write_template
from isoship.bundle.target import Target
target = Target("3.14", "arm64")
write_template(Path("build/image-template"), target, Image(target, "0123456789ab"))'
# Regions differ in the types that they have, and the image's template has the types of the other one.
for choice in template.yaml:ALL_REGIONS build/image-template/template.yaml:us-east-1; do
    template=${choice%:*}
    $tools/bin/cfn-lint --template "$template" --append-rules cfn_lint_serverless.rules --regions "${choice#*:}"
    echo "$template: no finding of cfn-lint in ${choice#*:}"
    BC_SKIP_MAPPING=TRUE $tools/bin/checkov --file "$template" --framework cloudformation --skip-download --compact --quiet
done
ISOSHIP_TRANSLATE=all .venv/bin/python -m pytest -q -n0 tests/deploy/test_template.py
