"""Writes golden/optimizers.json: what each optimizer makes of fixed gradients, in double precision (numpy).

Inputs are drawn by a small generator that the Java test has too, so that only results are stored. Settings are rounded
to F32 first, as they are there.
"""

import base64
import json
import pathlib

import numpy as np

STEPS = 8


def f32(x):
    return float(np.float32(x))


class Draw:
    """Multiples of 2^-22 in [-1, 1): exact in F32."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) / 2**22 - 1

    def array(self, *shape):
        return np.array([self.next() for _ in range(int(np.prod(shape)))]).reshape(shape)


def spread(draw, *shape):
    """Gradients over eleven binary orders of magnitude."""
    values = draw.array(*shape)
    return values * (2.0 ** -(np.arange(values.size) % 11)).reshape(shape)


def low_rank(draw, rows, cols):
    """Six directions, each half as strong as the one before, and a little noise."""
    total = np.zeros((rows, cols))
    for k in range(6):
        total += 2.0**-k * np.outer(draw.array(rows), draw.array(cols))
    return (total + 2.0**-9 * draw.array(rows, cols)).astype(np.float32).astype(np.float64)


def well_conditioned(draw, rows, cols):
    values = 0.125 * draw.array(rows, cols)
    for i in range(rows):
        values[i, i % cols] += 1 + (i % 7) / 8
    return values


def rate(step):
    return step / 512


def scale(step):
    return 0.75 if step % 2 == 0 else 1.0


class Adam:
    def __init__(self, shape, beta1, beta2, epsilon):
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.m, self.v, self.t = np.zeros(shape), np.zeros(shape), 0

    def direction(self, g):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g * g
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        return m_hat / (np.sqrt(v_hat) + self.epsilon)


def decay_of(theta, decay):
    return decay if theta.ndim > 1 else 0.0


def adamw(theta, gradients, decay):
    adam = Adam(theta.shape, f32(0.9), f32(0.95), f32(1e-8))
    for t, g in enumerate(gradients, 1):
        u = adam.direction(g * scale(t))
        theta = theta - rate(t) * decay_of(theta, decay) * theta - rate(t) * u
    return theta


def adan(theta, gradients):
    b1, b2, b3, epsilon = f32(0.98), f32(0.92), f32(0.99), f32(1e-8)
    decay = decay_of(theta, f32(0.02))
    m, v, n, previous = (np.zeros(theta.shape) for _ in range(4))
    for t, g in enumerate(gradients, 1):
        g = g * scale(t)
        d = np.zeros_like(g) if t == 1 else g - previous
        previous = g
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * d
        n = b3 * n + (1 - b3) * (g + b2 * d) ** 2
        denominator = np.sqrt(n) / np.sqrt(1 - b3**t) + epsilon
        theta = theta - rate(t) / (1 - b1**t) * m / denominator
        theta = theta - rate(t) * b2 / (1 - b2**t) * v / denominator
        theta = theta / (1 + rate(t) * decay)
    return theta


def win(theta, gradients, levels):
    decay = decay_of(theta, f32(0.01))
    adam = Adam(theta.shape, f32(0.9), f32(0.999), f32(1e-8))
    x, y, z = theta.copy(), theta.copy(), theta.copy()
    for t, g in enumerate(gradients, 1):
        lr = rate(t)
        lr_y, lr_z = 2 * lr, 8 * lr
        u = adam.direction(g * scale(t))
        x = (x - lr * u) / (1 + lr * decay)
        gamma = 1 / (1 + lr_y / lr + lr_y * decay)
        y = gamma * (y + lr_y / lr * x - lr_y * u)
        gamma = 1 / (1 + lr_z / lr + lr_z / lr_y + lr_z * decay)
        z = gamma * (z - lr_z * u + lr_z / lr * x + lr_z / lr_y * y)
    return y if levels == 1 else z


def adam_mini(theta, gradients, block_rows):
    b1, b2, epsilon = f32(0.9), f32(0.95), f32(1e-8)
    decay = decay_of(theta, f32(0.1))
    blocks = (-1, block_rows * theta.shape[1]) if block_rows else (1, -1)
    m = np.zeros(theta.shape)
    v = np.zeros((m.reshape(blocks).shape[0], 1))
    for t, g in enumerate(gradients, 1):
        g = g * scale(t)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (g.reshape(blocks) ** 2).mean(axis=1, keepdims=True)
        u = m.reshape(blocks) / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + epsilon)
        theta = theta * (1 - rate(t) * decay) - rate(t) * u.reshape(theta.shape)
    return theta


def galore(theta, gradients, rank, refresh):
    """Singular vectors by LAPACK, their largest component made positive."""
    left = theta.shape[0] < theta.shape[1]
    adam, first = None, None
    for t, g in enumerate(gradients, 1):
        if (t - 1) % refresh == 0:
            u, _, vt = np.linalg.svd(g, full_matrices=False)
            p = (u[:, :rank].T if left else vt[:rank]).copy()
            for row in p:
                row *= np.sign(row[np.argmax(np.abs(row))])
            first = p if first is None else first
        projected = scale(t) * (p @ g if left else g @ p.T)
        adam = adam or Adam(projected.shape, f32(0.9), f32(0.999), f32(1e-6))
        u = adam.direction(projected)
        theta = theta - rate(t) * 0.25 * (p.T @ u if left else u @ p)
    return theta, first


def nearest(table, x):
    return np.searchsorted((table[:-1] + table[1:]) / 2, x, side="right")


def dynamic_map(signed):
    values = []
    for i in range(7):
        edges = np.linspace(0.1, 1, 2**i + 1 if signed else 2 ** (i + 1) + 1)
        means = 10.0 ** (i - 6) * (edges[:-1] + edges[1:]) / 2
        values += means.tolist() + ((-means).tolist() if signed else [])
    table = np.sort(np.array(values + [0.0, 1.0]).astype(np.float32).astype(np.float64))
    assert len(table) == 256
    return table


def blocks_of(x, size):
    return [x[i : i + size] for i in range(0, len(x), size)]


class Codes:
    """An array kept as codes of a table in blocks over their largest magnitude."""

    def __init__(self, table, size, x):
        self.table, self.size = table, size
        self.store(x)

    def store(self, x):
        self.codes, self.scales = [], []
        for block in blocks_of(x.ravel(), self.size):
            top = np.abs(block).max()
            self.scales.append(top)
            self.codes.append(nearest(self.table, block / top if top > 0 else block))

    def load(self):
        return np.concatenate([self.table[c] * s for c, s in zip(self.codes, self.scales)])

    def bytes(self):
        return np.concatenate(self.codes).astype(np.uint8).tobytes()


def adamw8bit(theta, gradients):
    adam = Adam(theta.shape, f32(0.9), f32(0.95), f32(1e-8))
    zero = np.zeros(theta.size)
    m, v = Codes(dynamic_map(True), 256, zero), Codes(dynamic_map(False), 256, zero)
    for t, g in enumerate(gradients, 1):
        adam.m, adam.v = m.load().reshape(theta.shape), v.load().reshape(theta.shape)
        u = adam.direction(g * scale(t))
        theta = theta * (1 - rate(t) * f32(0.1)) - rate(t) * u
        m.store(adam.m)
        v.store(adam.v)
    return theta, m, v


LINEAR_SQUARE = np.array([0 if j == 7 else np.sign(-1 + 2 * j / 15) * (-1 + 2 * j / 15) ** 2 for j in range(16)])
LINEAR_SQUARE = LINEAR_SQUARE.astype(np.float32).astype(np.float64)


class Columns:
    """A square matrix in four bits, each column in blocks of 64."""

    def __init__(self, matrix):
        self.columns = [Codes(LINEAR_SQUARE, 64, c) for c in matrix.T]

    def load(self):
        return np.array([c.load() for c in self.columns]).T

    def bytes(self):
        packed = b""
        for column in self.columns:
            codes = np.concatenate(column.codes)
            packed += (codes[::2] | codes[1::2] << 4).astype(np.uint8).tobytes()
        return packed


def mend(v, steps):
    for _ in range(steps):
        v = 1.5 * v - 0.5 * v @ v.T @ v
    return v


class Side:
    def __init__(self, n):
        self.lam = np.full(n, f32(1e-6))
        self.vectors = Columns(np.eye(n))
        self.diagonal, self.rest = np.ones(n), Columns(np.zeros((n, n)))

    def update(self, gram, beta):
        v = mend(self.vectors.load(), 1)
        a = beta * v @ np.diag(self.lam) @ v.T + (1 - beta) * gram
        q, r = np.linalg.qr(a @ v)
        q = q * np.sign(np.diag(r))
        self.lam = np.maximum(0, np.diag(q.T @ a @ q))
        self.vectors = Columns(q)

    def invert(self):
        v = mend(self.vectors.load(), 4)
        root = v @ np.diag((self.lam + f32(1e-6) * self.lam.max()) ** -0.25) @ v.T
        self.diagonal = np.diag(root).copy()
        self.rest = Columns(root - np.diag(self.diagonal))

    def root(self):
        return np.diag(self.diagonal) + self.rest.load()


def shampoo4bit(theta, gradients, side, refresh, inverse_every):
    """Blocks of side × side, which divides both sides of the matrix."""
    adam = Adam(theta.shape, f32(0.9), f32(0.95), f32(1e-8))
    cuts = [
        (slice(i, i + side), slice(j, j + side))
        for i in range(0, theta.shape[0], side)
        for j in range(0, theta.shape[1], side)
    ]
    sides = {str(c): (Side(side), Side(side)) for c in cuts}
    for t, g in enumerate(gradients, 1):
        g = g * scale(t)
        for cut in cuts:
            left, right = sides[str(cut)]
            block = g[cut]
            if t % refresh == 0:
                left.update(block @ block.T, f32(0.95))
                right.update(block.T @ block, f32(0.95))
            if t % inverse_every == 0:
                left.invert()
                right.invert()
            # From the root's own columns, which the stored rows are.
            preconditioned = left.root().T @ block @ right.root().T
            g[cut] = preconditioned * np.linalg.norm(block) / np.linalg.norm(preconditioned)
        theta = theta * (1 - rate(t) * f32(0.1)) - rate(t) * adam.direction(g)
    codes = b"".join(s.vectors.bytes() + s.rest.bytes() for c in cuts for s in sides[str(c)])
    values = np.concatenate([x for c in cuts for s in sides[str(c)] for x in (s.lam, s.diagonal)])
    return theta, codes, values


def exchange(gradients, bits, group, compression, beta, reset):
    """gradients[step][worker]; what every worker has after each step."""
    top = 2 ** (bits - 1) - 1

    def quantised(x):
        parts = []
        for block in blocks_of(x, group):
            s = np.abs(block).max() / top
            parts.append(np.rint(block / s) * s)
        return np.concatenate(parts)

    errors = [np.zeros_like(g) for g in gradients[0]]
    results = []
    for t, workers in enumerate(gradients, 1):
        arrived = []
        for w, g in enumerate(workers):
            x = g + errors[w] if compression != "naive" else g
            arrived.append(quantised(x))
            lost = x - arrived[-1]
            if compression == "error_feedback":
                errors[w] = lost
            if compression == "loco":
                errors[w] = beta * errors[w] + (1 - beta) * lost
                if t % reset == 0:
                    errors[w] = np.zeros_like(g)
        results.append(quantised(np.mean(arrived, axis=0)))
    return results


def numbers(x):
    return [float(f"{v:.9g}") for v in np.ravel(x)]


def text(x):
    return base64.b64encode(x).decode()


def draws(seed, make, *shape):
    draw = Draw(seed)
    theta = draw.array(*shape)
    return theta, [make(draw, *shape) for _ in range(STEPS)]


golden = {}
small = {"q": (6, 8), "w": (7, 13), "b": (5,)}
methods = {
    "adamw": lambda name, theta, g: adamw(theta, g, f32(0.1)),
    "adan": lambda name, theta, g: adan(theta, g),
    "adamw_win": lambda name, theta, g: win(theta, g, 1),
    "adamw_win2": lambda name, theta, g: win(theta, g, 2),
    "adam_mini": lambda name, theta, g: adam_mini(theta, g, {"q": 3, "w": 1, "b": 0}[name]),
}
for method, run in methods.items():
    golden[method] = {
        name: numbers(run(name, *draws(100 + i, spread, *shape))) for i, (name, shape) in enumerate(small.items())
    }

golden["galore"] = {}
for i, (name, shape) in enumerate({"wide": (12, 20), "tall": (20, 12)}.items()):
    theta, directions = galore(*draws(200 + i, low_rank, *shape), 4, 3)
    golden["galore"][name] = {"value": numbers(theta), "directions": numbers(directions)}

theta, m, v = adamw8bit(*draws(300, spread, 70, 61))
golden["adamw8bit"] = {
    "every7th": numbers(theta.ravel()[::7]),
    "m": text(m.bytes()),
    "v": text(v.bytes()),
    "mScales": numbers(m.scales),
    "vScales": numbers(v.scales),
}
golden["maps"] = {
    "signed": numbers(dynamic_map(True)),
    "unsigned": numbers(dynamic_map(False)),
    "linearSquare": numbers(LINEAR_SQUARE),
}

theta, codes, values = shampoo4bit(*draws(400, well_conditioned, 160, 80), 80, 2, 3)
golden["shampoo4bit"] = {"every7th": numbers(theta.ravel()[::7]), "codes": text(codes), "values": numbers(values)}

draw = Draw(500)
gradients = [[spread(draw, 300) for _ in range(3)] for _ in range(6)]
golden["exchange"] = {
    f"{compression} {bits}": numbers(exchange(gradients, bits, 128, compression, f32(0.8), 4)[-1])
    for compression in ("naive", "error_feedback", "loco")
    for bits in (3, 4, 8)
}

path = pathlib.Path(__file__).parent.parent / "resources/golden/optimizers.json"
path.write_text(json.dumps(golden, indent=0).replace(",\n", ", ").replace("[\n", "[").replace("\n]", "]") + "\n")
