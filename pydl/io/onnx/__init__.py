"""ONNX, the format in which other runtimes take a trained model: written here field by field, without any library."""

from .export import export_onnx, onnx_bytes

__all__ = ["export_onnx", "onnx_bytes"]
