"""MLflow model folders, read without MLflow: `MLmodel` says which file in the folder is the model.

A folder is data: nothing of its `code/` is imported, no path in `MLmodel` leads out of it, and no class that it names
is trusted. The file is read as if it had been given by itself, with the folder's input example as the sample.
"""
