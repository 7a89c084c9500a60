"""Files: weights, models and checkpoints as `.npz` and `.safetensors`, and models as ONNX. No pickle anywhere.

Everything is written whole or not at all, and read with every length checked before it is trusted: a truncated, altered
or hostile file is one FileError, and changes nothing.
"""

from .checkpoint import load_checkpoint, save_checkpoint
from .errors import FileError
from .model import load_model, load_weights, model_state, restore_model, save_model, save_weights, to_bytes
from .npz import load_npz, save_npz
from .onnx import export_onnx, onnx_bytes
from .safetensors import load_safetensors, save_safetensors

__all__ = [
    "FileError",
    "export_onnx",
    "load_checkpoint",
    "load_model",
    "load_npz",
    "load_safetensors",
    "load_weights",
    "model_state",
    "onnx_bytes",
    "restore_model",
    "save_checkpoint",
    "save_model",
    "save_npz",
    "save_safetensors",
    "save_weights",
    "to_bytes",
]
