"""The walk over a fitted model: which estimators are in it, what each is given, and the graph they are carried into."""
