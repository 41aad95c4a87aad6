"""The browser's forms beside onnxruntime-web, ydf-inference and m2cgen, in Node and in Chromium: `make bench-web`."""
