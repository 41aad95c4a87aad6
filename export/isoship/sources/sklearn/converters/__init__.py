"""Converters, in files named as scikit-learn names the modules of the estimators they carry."""
