"""Conv2D and pooling against loops over windows, written out; and what they say to data that are no images."""

import numpy as np
import pytest

from pydl import ShapeError, nn
from tests.unit.support import assert_agree

X = np.random.default_rng(0).standard_normal((2, 7, 6, 3))


def windows(images, size, strides, padding, beyond):
    """(row, column, window) of every place; "same" as TensorFlow documents it, the odd row of margin at the end."""
    if padding == "same":
        margins = []
        for length, window, stride in zip(images.shape[1:3], size, strides):
            places = -(-length // stride)
            total = max((places - 1) * stride + window - length, 0)
            margins.append((total // 2, total - total // 2))
        images = np.pad(images, ((0, 0), *margins, (0, 0)), constant_values=beyond)
    for row, top in enumerate(range(0, images.shape[1] - size[0] + 1, strides[0])):
        for column, left in enumerate(range(0, images.shape[2] - size[1] + 1, strides[1])):
            yield row, column, images[:, top : top + size[0], left : left + size[1]]


def by_windows(function, shape, *args):
    result = np.full(shape, np.nan)
    for row, column, window in windows(*args):
        result[:, row, column] = function(window)
    return result


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3), (3, 1)])
@pytest.mark.parametrize("size", [(3, 3), (2, 5), (1, 1), (4, 2)])
def test_each_window_by_itself(size, strides, padding):
    options = {"strides": strides, "padding": padding}
    conv = nn.Conv2D(4, size, bias_initializer="random_normal", activation="tanh", **options)
    y = conv(X).numpy()
    kernel, bias = conv.kernel.numpy().astype(float), conv.bias.numpy().astype(float)
    expected = by_windows(
        lambda window: np.tanh(np.einsum("nhwc,hwcf->nf", window, kernel) + bias), y.shape, X, size, strides, padding, 0
    )
    assert_agree(y, expected)
    pooled = nn.MaxPooling2D(size, **options)(X).numpy()
    assert_agree(pooled, by_windows(lambda w: w.max((1, 2)), pooled.shape, X, size, strides, padding, -np.inf))
    pooled = nn.AveragePooling2D(size, **options)(X).numpy()
    # beyond the edges is NaN here, which nanmean leaves out: the mean is over what the window has of the image
    assert_agree(pooled, by_windows(lambda w: np.nanmean(w, (1, 2)), pooled.shape, X, size, strides, padding, np.nan))


def test_one_number_stands_for_both_directions():
    assert nn.Conv2D(4, 3, strides=2).get_config() == nn.Conv2D(4, (3, 3), strides=[2, 2]).get_config()
    assert nn.MaxPooling2D(3).strides == (3, 3), "windows side by side"
    assert nn.AveragePooling2D((2, 3)).strides == (2, 3)


def test_conv2d_counts_its_weights():
    layer = nn.Conv2D(32, 3, name="edges")
    layer.ensure_built((28, 28, 1))
    assert [(w.name, w.shape) for w in layer.weights] == [("edges/kernel", (3, 3, 1, 32)), ("edges/bias", (32,))]
    assert layer.output_shape((28, 28, 1)) == (26, 26, 32)


def test_the_convolution_of_an_edge_finds_the_edge():
    picture = np.zeros((1, 4, 4, 1))
    picture[:, :, 2:] = 1
    layer = nn.Conv2D(1, (1, 2), use_bias=False)
    layer.ensure_built((4, 4, 1))
    layer.set_weights([np.reshape([-1, 1], (1, 2, 1, 1))])
    assert layer(picture).numpy()[0, :, :, 0].tolist() == [[0, 1, 0]] * 4


IMAGE_LAYERS = [
    nn.Conv2D(4, 3, name="conv2d_1"),
    nn.MaxPooling2D(3, name="conv2d_1"),
    nn.AveragePooling2D(3, name="conv2d_1"),
]


@pytest.mark.parametrize("layer", IMAGE_LAYERS)
@pytest.mark.parametrize(
    "shape, hint",
    [
        ((784,), "; add Reshape((28, 28, 1)) first"),
        ((28, 20), "; add Reshape((28, 20, 1)) first"),
        ((785,), ""),
        ((2, 28, 28, 1), ""),
        ((), ""),
    ],
)
def test_what_is_no_image_is_refused_with_a_way_out(layer, shape, hint):
    received = f"conv2d_1: expected images (height, width, channels), received samples of shape {shape}{hint}"
    for attempt in (lambda: layer(np.zeros((2, *shape))), lambda: layer.output_shape(shape)):
        with pytest.raises(ShapeError) as error:
            attempt()
        assert str(error.value) == received


@pytest.mark.parametrize("layer", IMAGE_LAYERS)
def test_a_window_larger_than_the_image_is_refused(layer):
    message = r"^conv2d_1: a window of 3 x 3 does not fit into images of 2 x 5; use a smaller one, or padding=\"same\"$"
    with pytest.raises(ShapeError, match=message):
        layer(np.zeros((1, 2, 5, 1)))


def test_conv2d_keeps_the_channels_that_it_was_built_for():
    layer = nn.Conv2D(4, 3)
    layer(X)
    with pytest.raises(ShapeError, match=r"^conv2d: expected images with 3 channels, received \(2, 7, 6, 2\)$"):
        layer(X[..., :2])
    assert layer(X[:, :5]).shape == (2, 3, 4, 4), "images of another size are fine"


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None, (3,), (3, 0), (1, 2, 3), True])
def test_sizes_and_strides_must_be_numbers_above_zero(value):
    expected = r"as an integer above 0, or two of them, received"
    with pytest.raises(ValueError, match=f"^Conv2D: expected kernel_size {expected}"):
        nn.Conv2D(4, value)
    with pytest.raises(ValueError, match=f"^Conv2D: expected strides {expected}"):
        nn.Conv2D(4, 3, strides=value)
    with pytest.raises(ValueError, match=f"^MaxPooling2D: expected pool_size {expected}"):
        nn.MaxPooling2D(value)
    if value is not None:
        with pytest.raises(ValueError, match=f"^AveragePooling2D: expected strides {expected}"):
            nn.AveragePooling2D(strides=value)


def test_filters_and_padding_are_checked():
    with pytest.raises(ValueError, match="^Conv2D: expected filters as an integer above 0, received 0$"):
        nn.Conv2D(0, 3)
    for make in (lambda p: nn.Conv2D(1, 3, padding=p), lambda p: nn.MaxPooling2D(padding=p)):
        for padding in ("full", None, 1, ["same"]):
            with pytest.raises(ValueError, match=r"2D: expected padding as one of valid, same, received"):
                make(padding)
