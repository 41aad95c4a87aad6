#!/bin/sh
# template.yaml under cfn-lint with the serverless rules, and checkov: any finding fails. Suppressions stand in the
# template, each with its reason. Then every combination of its choices is translated (`make test` runs the rest of
# that file, and `sam validate --lint`).
set -eu
cd "$(dirname "$0")/.."
tools=.tools/template
if [ ! -e $tools/.installed ] || [ requirements/template.lock -nt $tools/.installed ]; then
    rm -rf $tools
    "${PYTHON:-python3}" -m venv $tools
    $tools/bin/python -m pip install -q --disable-pip-version-check -r requirements/template.lock
    touch $tools/.installed
fi
$tools/bin/cfn-lint --template template.yaml --append-rules cfn_lint_serverless.rules --regions us-east-1
echo "cfn-lint: no finding"
BC_SKIP_MAPPING=TRUE $tools/bin/checkov --file template.yaml --framework cloudformation --skip-download --compact --quiet
ISOSHIP_TRANSLATE=all .venv/bin/python -m pytest -q -n0 tests/deploy/test_template.py
