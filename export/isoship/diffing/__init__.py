"""What a new bundle changes before it ships: schema, contract, outputs, and answers row by row."""
