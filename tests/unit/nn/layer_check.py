"""The layers and options that every promise of a layer is held to, and what the tests of these promises share."""

import numpy as np

import pydl
from pydl import init, nn
from pydl.nn.functional import ACTIVATIONS
from pydl.variable import Parameter, Variable

ROW, IMAGE = (3,), (5, 6, 2)

# (class, options, shape of a sample)
CASES = [
    (nn.Dense, {"units": 4}, ROW),
    (nn.Dense, {"units": 1, "activation": "tanh", "use_bias": False}, ROW),
    (nn.Dense, {"units": 4, "activation": "softmax", "bias_initializer": init.RandomNormal(stddev=1.0)}, ROW),
    (nn.Dense, {"units": 2, "kernel_regularizer": nn.regularizers.L1(0.1), "bias_regularizer": "l2"}, ROW),
    (nn.Dense, {"units": 2, "kernel_initializer": "he_normal", "name": "logits"}, (1,)),
    (nn.Maxout, {"units": 4}, ROW),
    (nn.Maxout, {"units": 2, "pieces": 3, "use_bias": False, "kernel_regularizer": "l1_l2"}, ROW),
    (nn.Maxout, {"units": 2, "pieces": 1, "bias_initializer": "random_normal"}, ROW),
    *((nn.Activation, {"activation": name}, ROW) for name in ACTIVATIONS),
    (nn.Activation, {"activation": "softmax"}, IMAGE),
    (nn.Flatten, {}, IMAGE),
    (nn.Flatten, {}, ROW),
    (nn.Flatten, {}, ()),
    (nn.Reshape, {"target_shape": (3, 20)}, IMAGE),
    (nn.Reshape, {"target_shape": (2, -1, 3)}, IMAGE),
    (nn.Reshape, {"target_shape": (3, 1, 1)}, ROW),
    (nn.Reshape, {"target_shape": ()}, (1,)),
    (nn.Conv2D, {"filters": 3, "kernel_size": 3}, IMAGE),
    (nn.Conv2D, {"filters": 3, "kernel_size": (2, 3), "padding": "same", "activation": "relu"}, IMAGE),
    (nn.Conv2D, {"filters": 1, "kernel_size": 1, "strides": 2, "use_bias": False}, IMAGE),
    (nn.Conv2D, {"filters": 2, "kernel_size": (4, 2), "strides": (1, 3), "bias_initializer": "ones"}, IMAGE),
    (nn.Conv2D, {"filters": 2, "kernel_size": 3, "strides": (3, 2), "padding": "same"}, IMAGE),
    (nn.Conv2D, {"filters": 2, "kernel_size": (5, 6), "kernel_regularizer": "l2", "bias_regularizer": "l1"}, IMAGE),
    *(
        (kind, options, IMAGE)
        for kind in (nn.MaxPooling2D, nn.AveragePooling2D)
        for options in (
            {},
            {"pool_size": (2, 3)},
            {"pool_size": 3, "strides": 1},
            {"pool_size": 3, "strides": (2, 1), "padding": "same"},
            {"pool_size": (1, 2), "strides": 3},
            {"padding": "same"},
        )
    ),
    (nn.BatchNormalization, {}, ROW),
    (nn.BatchNormalization, {}, IMAGE),
    (nn.BatchNormalization, {"axis": 1}, IMAGE),
    (nn.BatchNormalization, {"axis": -2, "momentum": 0.5, "epsilon": 0.1}, IMAGE),
    (nn.BatchNormalization, {"center": False, "gamma_initializer": "random_normal"}, ROW),
    (nn.BatchNormalization, {"scale": False, "beta_initializer": "random_normal"}, ROW),
    (nn.BatchNormalization, {"center": False, "scale": False, "moving_mean_initializer": "random_normal"}, IMAGE),
    (nn.BatchNormalization, {"gamma_regularizer": "l2", "beta_regularizer": nn.regularizers.L1L2(l2=1.0)}, ROW),
    (nn.Dropout, {"rate": 0.3}, ROW),
    (nn.Dropout, {"rate": 0.5, "seed": 7}, IMAGE),
    (nn.Dropout, {"rate": 0}, ROW),
]


def name_of(case):
    kind, options, shape = case
    return f"{kind.__name__}({', '.join(f'{name}={value}' for name, value in options.items())}) of {shape}"


IDS = list(map(name_of, CASES))


def samples(shape, count=4, dtype=np.float64):
    return np.random.default_rng(3).standard_normal((count, *shape)).astype(dtype)


def layer_of(case, dtype=np.float32):
    """The layer of a case, built, with weights of a dtype that are away from the round values they begin with."""
    kind, options, shape = case
    layer = kind(**options)
    layer.ensure_built(shape)
    rng = np.random.default_rng(4)
    for name, weight in list(vars(layer).items()):
        if isinstance(weight, Variable) and weight.dtype.kind == "f":
            moved = weight.numpy() + 0.5 * rng.random(weight.shape)  # upward only: a variance stays one
            setattr(layer, name, type(weight)(moved, name, dtype=dtype))
    return layer


def parameters_of(layer):
    """The layer's own parameters by the names of their attributes."""
    return {name: weight for name, weight in vars(layer).items() if isinstance(weight, Parameter)}


class Repeatable:
    """A layer whose every call begins from the same state: the same random numbers, the same moving averages.

    Called with more than x, it takes these arrays in the places of the layer's parameters.
    """

    def __init__(self, layer, training):
        self.layer, self.training = layer, training
        self.state = {w: w.numpy() for w in vars(layer).values() if type(w) is Variable}
        self.names = list(parameters_of(layer))

    def rewind(self):
        pydl.seed(11)
        for variable, value in self.state.items():
            variable.assign(pydl.Tensor(value, dtype=value.dtype))

    def __call__(self, x, *parameters):
        self.rewind()
        for name, value in zip(self.names, parameters):
            setattr(self.layer, name, value)
        return self.layer(x, training=self.training)
