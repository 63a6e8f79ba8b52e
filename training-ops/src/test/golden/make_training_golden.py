#!/usr/bin/python3
"""What PyTorch makes, in double precision, of the small decoders that the runtime's goldens are: the gradient of every
tensor, and ten steps of training.

Reads model-runtime/src/test/resources/golden; run with a Python that has torch (Debian: python3-torch). A tensor is
written down as its norm and two projections, on cos(0.37 i + 0.1) and sin(1.3 i).
"""
import json
import os
import struct
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "../../../../model-runtime/src/test")
sys.path.insert(0, os.path.join(GOLDEN, "golden"))
sys.argv[1:] = ["/tmp/medley-golden-unused"]
import make_decoder_golden as decoder  # noqa: E402
import make_gemma_golden as gemma  # noqa: E402

NAMES = ["llama", "llama3-scaled", "qwen2-tied", "qwen2-window", "qwen3", "mistral", "phi3-long", "phi4-partial", "mixtral",
         "qwen3-moe", "gemma2", "gemma3"]
STEPS, ROWS, RATE, DECAY, CLIP = 10, 12, 3e-3, 0.1, 1.0


def load(folder):
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        blob = f.read()
    out = {}
    for name, entry in header.items():
        if name != "__metadata__":
            a, b = entry["data_offsets"]
            out[name] = torch.frombuffer(bytearray(blob[a:b]), dtype=torch.float32).reshape(entry["shape"]).double()
    return out


def marks(t):
    flat = t.detach().reshape(-1)
    i = torch.arange(len(flat), dtype=torch.float64)
    return [flat.norm().item(), (flat * torch.cos(0.37 * i + 0.1)).sum().item(), (flat * torch.sin(1.3 * i)).sum().item()]


def loss_of(c, w, ids):
    forward = gemma.forward if c["architectures"][0].startswith("Gemma") else decoder.forward
    return torch.nn.functional.cross_entropy(forward(c, w, ids)[:-1], torch.tensor(ids[1:]))


result = {}
for name in NAMES:
    folder = os.path.join(GOLDEN, "resources/golden", name)
    c = json.load(open(os.path.join(folder, "config.json")))
    ids = json.load(open(os.path.join(folder, "expected.json")))["ids"]
    w = {k: v.requires_grad_(True) for k, v in load(folder).items()}
    loss = loss_of(c, w, ids)
    loss.backward()
    entry = {"ids": ids, "loss": loss.item(),
             "gradients": {k: marks(v.grad) for k, v in w.items() if v.grad is not None}}
    optimizer = torch.optim.AdamW([{"params": [v for v in w.values() if v.dim() > 1], "weight_decay": DECAY},
                                   {"params": [v for v in w.values() if v.dim() == 1], "weight_decay": 0.0}],
                                  lr=RATE, betas=(0.9, 0.95), eps=1e-8)
    torch.manual_seed(len(name))
    batches, losses, norms = [], [], []
    for _ in range(STEPS):
        batch = torch.randint(0, c["vocab_size"], (ROWS,)).tolist()
        optimizer.zero_grad()
        loss = loss_of(c, w, batch)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(list(w.values()), CLIP).item())
        optimizer.step()
        batches.append(batch)
        losses.append(loss.item())
    entry["training"] = {"batches": batches, "losses": losses, "norms": norms, "weights": {k: marks(v) for k, v in w.items()}}
    result[name] = entry
target = os.path.join(HERE, "../resources/golden")
os.makedirs(target, exist_ok=True)
json.dump({"rate": RATE, "decay": DECAY, "clip": CLIP, "models": result}, open(os.path.join(target, "training.json"), "w"))
