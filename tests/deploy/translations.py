"""Run by sam's Python: what aws-sam-translator makes of template.yaml, for each set of parameters on stdin.

stdin: {"template": path, "parameters": [{name: value}, ...]}; stdout: {"templates": [distinct ones], "of": [index for
each set]}. Parameters change the translation itself in few places (the deployment configuration), so few are distinct.
"""

from __future__ import annotations

import copy
import functools
import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

#: Where `sam package` has put an image.
PUSHED = "000000000000.dkr.ecr.us-east-1.amazonaws.com/repository:tag"


def main() -> None:
    import boto3.session
    from samcli.yamlhelper import yaml_parse
    from samtranslator.policy_template_processor.processor import PolicyTemplatesProcessor
    from samtranslator.translator.transform import transform

    logging.disable()
    # Made and checked anew for each translation, which takes most of its time, and of no template: once will do.
    boto3.session.Session = functools.cache(boto3.session.Session)
    PolicyTemplatesProcessor._is_valid_templates_dict = staticmethod(lambda *_: True)
    asked = json.load(sys.stdin)
    source = yaml_parse(Path(asked["template"]).read_text(encoding="utf-8"))
    for resource in source["Resources"].values():
        # As after `sam package`.
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            properties["CodeUri"] = {"Bucket": "bucket", "Key": "lambda.zip"}
        if "ImageUri" in properties:
            properties["ImageUri"] = PUSHED
    distinct: dict[str, int] = {}
    of = []
    for parameters in asked["parameters"]:
        made = transform(copy.deepcopy(source), dict(parameters), SimpleNamespace(load=dict))
        of.append(distinct.setdefault(json.dumps(made, sort_keys=True), len(distinct)))
    json.dump({"templates": [json.loads(text) for text in distinct], "of": of}, sys.stdout)


if __name__ == "__main__":
    main()
