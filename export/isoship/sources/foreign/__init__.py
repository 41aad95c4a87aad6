"""What every graph that another project's exporter wrote is held against before anything else is made of it."""
