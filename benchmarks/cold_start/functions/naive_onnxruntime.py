"""What tutorials deploy: onnxruntime, FastAPI and Mangum, with their defaults, over skl2onnx's export."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from facts import CLASSES, COLUMNS
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel


class Body(BaseModel):
    rows: list[dict[str, float]]


app = FastAPI()
session = ort.InferenceSession(str(Path(__file__).with_name("standard.onnx")))


@app.post("/predict")
def predict(body: Body):
    matrix = np.array([[row[name] for name in COLUMNS] for row in body.rows], dtype=np.float32)
    labels, probabilities = session.run(None, {"X": matrix})
    return {
        "predictions": [
            {"label": label, "probabilities": dict(zip(CLASSES, row, strict=True))}
            for label, row in zip(labels.tolist(), probabilities.tolist(), strict=True)
        ]
    }


handler = Mangum(app)
