"""What a user's own script looks like, typed: a model built, trained, looked into and saved; the layers below it.

The type checker reads it together with the package (test_style.py), so that the package's types serve such scripts,
and it is run as it stands.
"""

import sys
from pathlib import Path

import numpy as np

import pydl
from pydl import Tensor, callbacks, data, jit, losses, nn, optim, probes


class Narrow(nn.Model):
    """A model of one's own."""

    def __init__(self, units: int = 16) -> None:
        super().__init__()
        self.hidden = nn.Dense(units, activation=nn.functional.relu, kernel_initializer="he_normal")
        self.top = nn.Dense(10)

    def call(self, x: Tensor) -> Tensor:
        return self.top(self.hidden(x.reshape(len(x), -1)))


class Narrator(callbacks.Callback):
    """A callback of one's own."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        print(f"epoch {epoch}: {logs['loss']:.2f}")


def trained(folder: Path) -> np.ndarray:
    """Trains both kinds of model, and gives what one that was saved and loaded predicts."""
    pydl.seed(7)
    (x, y), (x_test, y_test) = data.drawn_digits(n_train=200, n_test=50)
    layers: list[nn.Module] = [nn.Flatten(), nn.Dense(16, activation="relu"), nn.Dropout(0.2), nn.Dense(10)]
    for model in (Narrow(), nn.Sequential(layers)):
        model.compile(
            optimizer=optim.Adam(learning_rate=0.001),
            loss=losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        history = model.fit(
            x / 255, y, batch_size=50, epochs=2, validation_data=(x_test / 255, y_test), verbose=0,
            callbacks=[Narrator(), callbacks.EarlyStopping(patience=2)], probes=[probes.Gradients(every=4)],
        )  # fmt: skip
        best: float = max(history.history["val_accuracy"])
        print(f"{model.name}: {best:.2f}, {model.count_parameters()} numbers")
    model.save(folder / "model.npz")
    outputs: np.ndarray = nn.load_model(folder / "model.npz").predict(x_test / 255)
    np.testing.assert_array_equal(outputs, model.predict(x_test / 255))
    return outputs


def descended() -> float:
    """The same without layers: tensors, gradients, a compiled step."""
    w = pydl.Parameter([[1.0], [2.0]], name="w")
    x = np.eye(2, dtype=np.float32)

    @jit
    def step(rate: float) -> Tensor:
        cost: Tensor = ((1 - x @ w) ** 2).mean()  # NumPy says that array @ tensor may be anything
        w.grad = None
        cost.backward()
        w.assign(w - rate * w.grad)
        return cost

    costs = [float(step(0.5)) for _ in range(20)]
    slope = pydl.grad(lambda v: (v * v).sum())(Tensor([3.0]))
    assert slope.item() == 6
    return costs[-1]


if __name__ == "__main__":
    assert trained(Path(sys.argv[1])).shape == (50, 10)
    assert descended() < 1e-3
