"""TensorFlow's SavedModels as sources, and the way from any function of TensorFlow's to ONNX (Keras takes it, too)."""
