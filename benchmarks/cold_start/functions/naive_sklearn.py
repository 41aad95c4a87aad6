"""What tutorials deploy: the pickled scikit-learn model, FastAPI and Mangum, with their defaults."""

from pathlib import Path

import joblib
import numpy as np
from facts import CLASSES, COLUMNS
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel


class Body(BaseModel):
    rows: list[dict[str, float]]


app = FastAPI()
model = joblib.load(Path(__file__).with_name("model.joblib"))


@app.post("/predict")
def predict(body: Body):
    matrix = np.array([[row[name] for name in COLUMNS] for row in body.rows])
    probabilities = model.predict_proba(matrix)
    labels = model.classes_[probabilities.argmax(axis=1)]
    return {
        "predictions": [
            {"label": label, "probabilities": dict(zip(CLASSES, row, strict=True))}
            for label, row in zip(labels.tolist(), probabilities.tolist(), strict=True)
        ]
    }


handler = Mangum(app)
