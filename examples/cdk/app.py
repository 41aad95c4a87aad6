"""lambda.zip with the AWS CDK: `pip install aws-cdk-lib`, bundle/ beside this file, `cdk deploy -a "python app.py"`."""

from aws_cdk import App, CfnOutput, Duration, Stack
from aws_cdk import aws_lambda as awslambda

app = App()
stack = Stack(app, "model")
function = awslambda.Function(
    stack,
    "Model",
    code=awslambda.Code.from_asset("bundle/lambda.zip"),
    handler="isoship_lambda.handler.handler",
    # What lambda/ was built for: bundle/samconfig.toml names both.
    runtime=awslambda.Runtime.PYTHON_3_13,
    architecture=awslambda.Architecture.X86_64,
    memory_size=1769,
    timeout=Duration.seconds(29),
    environment={"ORT_DISABLE_TELEMETRY": "1"},
)
# Not every region has function URLs (docs/lambda.md, "Regions"); API Gateway is the way there.
url = function.add_function_url(auth_type=awslambda.FunctionUrlAuthType.AWS_IAM)
CfnOutput(stack, "Url", value=url.url)
app.synth()
