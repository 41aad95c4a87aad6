"""What CloudFormation makes of a translated template and parameters: rules checked, conditions decided, Fn::If taken.

Only what template.yaml uses (CloudFormation User Guide, "Rules", "Conditions", "Intrinsic function reference"); an
unknown function in a rule or condition is an error. Ref and Fn::GetAtt of resources stay as they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

_ABSENT = object()


class Resolved(NamedTuple):
    """refusals: the descriptions of the assertions that fail; resources and outputs: those whose condition holds."""

    refusals: list[str]
    resources: dict[str, Any]
    outputs: dict[str, Any]


def resolve(template: dict[str, Any], parameters: dict[str, str], region: str = "us-east-1") -> Resolved:
    values: dict[str, Any] = {}
    for name, declared in template["Parameters"].items():
        value = str(parameters.get(name, declared.get("Default")))
        allowed = declared.get("AllowedValues")
        assert allowed is None or value in [str(a) for a in allowed], f"{name}={value}"
        values[name] = value.split(",") if declared["Type"] == "CommaDelimitedList" else value
    unknown = set(parameters) - set(values)
    assert not unknown, unknown
    of_the_stack = {"AWS::Region": region}

    def decide(expression: Any) -> Any:
        if not isinstance(expression, dict):
            return str(expression)
        ((function, argument),) = expression.items()
        match function:
            case "Ref":
                return of_the_stack[argument] if argument in of_the_stack else values[argument]
            case "Condition":
                return decide(template["Conditions"][argument])
            case "Fn::Equals":
                left, right = argument
                return decide(left) == decide(right)
            case "Fn::Not":
                return not decide(argument[0])
            case "Fn::And" | "Fn::Or":
                # CloudFormation takes two to ten.
                assert 2 <= len(argument) <= 10, argument
                return (all if function == "Fn::And" else any)(decide(each) for each in argument)
            case "Fn::Contains":
                return decide(argument[1]) in argument[0]
            case "Fn::Select":
                return decide(argument[1])[int(argument[0])]
        raise ValueError(f"{function} in a rule or condition")

    def fill(node: Any) -> Any:
        if isinstance(node, list):
            return [made for each in node if (made := fill(each)) is not _ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, argument),) = node.items()
            if function == "Fn::If":
                return fill(argument[1 if decide({"Condition": argument[0]}) else 2])
            if function == "Ref" and argument == "AWS::NoValue":
                return _ABSENT
            if function == "Ref" and argument in values:
                return values[argument]
            if function == "Fn::Sub" and isinstance(argument, str):
                for name, value in values.items():
                    argument = argument.replace(f"${{{name}}}", str(value))
                return argument
            if function == "Fn::Sub":
                text, own = fill(argument[0]), fill(argument[1])
                for name, value in {**values, **{n: v for n, v in own.items() if isinstance(v, str)}}.items():
                    text = text.replace(f"${{{name}}}", str(value))
                return text
            if function in ("Fn::Select", "Fn::Split"):
                made = fill(argument)
                if function == "Fn::Split" and isinstance(made[1], str):
                    return made[1].split(made[0])
                if function == "Fn::Select" and isinstance(made[1], list):
                    return made[1][int(made[0])]
                return {function: made}
        return {key: made for key, each in node.items() if (made := fill(each)) is not _ABSENT}

    def held(section: dict[str, Any]) -> dict[str, Any]:
        return {
            name: fill(entry)
            for name, entry in section.items()
            if "Condition" not in entry or decide({"Condition": entry["Condition"]})
        }

    refusals = [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if decide(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not decide(assertion["Assert"])
    ]
    return Resolved(refusals, held(template["Resources"]), held(template["Outputs"]))
