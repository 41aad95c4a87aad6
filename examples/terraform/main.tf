# lambda.zip with Terraform: put the bundle beside this file, `terraform init && terraform apply`.
resource "aws_lambda_function" "model" {
  function_name    = "model"
  filename         = "bundle/lambda.zip"
  source_code_hash = filebase64sha256("bundle/lambda.zip")
  handler          = "isoship_lambda.handler.handler"
  # What lambda/ was built for: bundle/samconfig.toml names both.
  runtime       = "python3.13"
  architectures = ["x86_64"]
  memory_size   = 1769
  timeout       = 29
  role          = aws_iam_role.model.arn
  environment {
    variables = { ORT_DISABLE_TELEMETRY = "1" }
  }
}

resource "aws_iam_role" "model" {
  name = "model"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

# aws, and aws-cn or aws-us-gov where those are deployed to.
data "aws_partition" "current" {}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.model.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

# Not every region has function URLs (docs/lambda.md, "Regions"); API Gateway is the way there.
resource "aws_lambda_function_url" "model" {
  function_name      = aws_lambda_function.model.function_name
  authorization_type = "AWS_IAM"
}

output "url" {
  value = aws_lambda_function_url.model.function_url
}
