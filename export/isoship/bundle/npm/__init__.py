"""web/ as an npm package: package.json, types of the model's own rows and answers, and how large it may be."""
