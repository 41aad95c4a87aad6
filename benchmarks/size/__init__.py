"""Large and wide models: CPU time and peak memory of export, check, predict and serve, beside an earlier release."""
