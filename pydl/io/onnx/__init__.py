"""ONNX, the format in which other runtimes take a trained model: written here field by field, without any library.

`export` walks through a model, `layers` has a function for every class of layer, `graph` collects their nodes, and
`protobuf` writes these down.
"""

from .export import export_onnx, onnx_bytes

__all__ = ["export_onnx", "onnx_bytes"]
