"""scikit-learn's 1,797 digits as pictures: uint8 [1797, 8, 8, 1], gray, 0 to 255."""

import numpy as np
from sklearn.datasets import load_digits

_digits = load_digits()
PIXELS = np.round(_digits.images * (255 / 16)).astype(np.uint8)[..., None]
LABELS = _digits.target
CLASSES = [str(digit) for digit in range(10)]
