"""ONNX graphs as torch modules: a table of ONNX's operators, a file a family, and what builds and runs a graph."""
