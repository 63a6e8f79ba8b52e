"""Trains a Llama-shaped decoder with PyTorch: what `medley bench train --device gpu` is measured beside.

Arguments: the shape as JSON, steps to warm up, steps to measure, whether to compile. The last line is JSON: seconds of the
median step, most bytes that tensors held, loss of the last step. Weights are F32 and products BF16, as there; AdamW is
the fused one.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.epsilon)


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(layer.weight, std=0.02)
    return layer


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        hidden, size = shape["hidden"], shape["headSize"]
        self.heads, self.kv, self.size = shape["heads"], shape["kvHeads"], size
        self.before = Norm(hidden, shape["epsilon"])
        self.q = linear(hidden, self.heads * size)
        self.k = linear(hidden, self.kv * size)
        self.v = linear(hidden, self.kv * size)
        self.o = linear(self.heads * size, hidden)
        self.after = Norm(hidden, shape["epsilon"])
        self.gate = linear(hidden, shape["intermediate"])
        self.up = linear(hidden, shape["intermediate"])
        self.down = linear(shape["intermediate"], hidden)

    def rotated(self, x, cosine, sine):
        a, b = x.chunk(2, dim=-1)
        return torch.cat((a * cosine - b * sine, b * cosine + a * sine), dim=-1)

    def forward(self, x, cosine, sine):
        batch, length, _ = x.shape
        normed = self.before(x)
        q = self.q(normed).view(batch, length, self.heads, self.size).transpose(1, 2)
        k = self.k(normed).view(batch, length, self.kv, self.size).transpose(1, 2)
        v = self.v(normed).view(batch, length, self.kv, self.size).transpose(1, 2)
        q, k = self.rotated(q, cosine, sine), self.rotated(k, cosine, sine)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.o(y.transpose(1, 2).reshape(batch, length, -1))
        normed = self.after(x)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed))


class Decoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.table = nn.Embedding(shape["vocabulary"], shape["hidden"])
        nn.init.normal_(self.table.weight, std=0.02)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape["layers"]))
        self.norm = Norm(shape["hidden"], shape["epsilon"])
        pairs = torch.arange(0, shape["headSize"], 2) / shape["headSize"]
        angles = torch.outer(torch.arange(shape["sequence"]), shape["ropeBase"] ** -pairs)
        self.register_buffer("cosine", angles.cos().bfloat16(), persistent=False)
        self.register_buffer("sine", angles.sin().bfloat16(), persistent=False)

    def forward(self, tokens, targets):
        x = self.table(tokens).bfloat16()
        for layer in self.layers:
            x = layer(x, self.cosine, self.sine)
        logits = F.linear(self.norm(x), self.table.weight)
        return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


def main():
    shape = json.loads(sys.argv[1])
    warm_up, steps, compiled = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "true"
    shape.setdefault("epsilon", 1e-5)
    shape.setdefault("ropeBase", 10_000.0)
    torch.manual_seed(1)
    model = Decoder(shape).cuda()
    step_of = torch.compile(model) if compiled else model
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=1e-3, betas=(0.9, 0.95), eps=1e-8, fused=True)
    taken = []
    for step in range(warm_up + steps):
        size = (shape["sequences"], shape["sequence"] + 1)
        data = torch.randint(shape["vocabulary"], size, device="cuda")
        torch.cuda.synchronize()
        began = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = step_of(data[:, :-1], data[:, 1:])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        torch.cuda.synchronize()
        if step >= warm_up:
            taken.append(time.perf_counter() - began)
    median = sorted(taken)[len(taken) // 2]
    print(json.dumps({"seconds": median, "bytes": torch.cuda.max_memory_allocated(), "loss": loss.item()}))


if __name__ == "__main__":
    main()
