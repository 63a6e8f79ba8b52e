#!/usr/bin/python3
"""Writes small random decoders and the logits that an independent implementation in PyTorch computes for them.

Run with a Python that has torch (Debian: python3-torch); the build itself never needs it. The forward pass below follows
the papers' equations (RMSNorm: Zhang & Sennrich 2019; RoPE: Su et al. 2021; SwiGLU: Shazeer 2020; grouped-query attention:
Ainslie et al. 2023) and shares no code with the Java runtime.
"""
import json
import math
import os
import struct
import sys

import torch

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../resources/golden")


def save_safetensors(path, tensors):
    header, offset, blobs = {}, 0, []
    for name, t in tensors.items():
        raw = t.contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        blobs.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def norm(x, w, eps):
    return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps) * w


def inverse_frequencies(c):
    d = c["head_dim"]
    inv = 1.0 / (c["rope_theta"] ** (torch.arange(0, d, 2, dtype=torch.float64) / d))
    s = c.get("rope_scaling")
    if s and s["rope_type"] == "llama3":
        old, out = s["original_max_position_embeddings"], []
        for f in inv.tolist():
            wavelength = 2 * math.pi / f
            if wavelength < old / s["high_freq_factor"]:
                out.append(f)
            elif wavelength > old / s["low_freq_factor"]:
                out.append(f / s["factor"])
            else:
                smooth = (old / wavelength - s["low_freq_factor"]) / (s["high_freq_factor"] - s["low_freq_factor"])
                out.append((1 - smooth) * f / s["factor"] + smooth * f)
        inv = torch.tensor(out, dtype=torch.float64)
    return inv


def rotate(x, c):
    t, d = x.shape[1], x.shape[2]
    angles = torch.outer(torch.arange(t, dtype=torch.float64), inverse_frequencies(c))
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., : d // 2], x[..., d // 2 :]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def forward(c, w, ids):
    heads, kv, d, eps = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"], c["rms_norm_eps"]
    x = w["model.embed_tokens.weight"][ids]
    t = len(ids)
    mask = torch.full((t, t), float("-inf"), dtype=x.dtype).triu(1)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        h = norm(x, w[p + "input_layernorm.weight"], eps)
        split = {}
        for name, count in (("q", heads), ("k", kv), ("v", kv)):
            y = h @ w[p + f"self_attn.{name}_proj.weight"].T
            if p + f"self_attn.{name}_proj.bias" in w:
                y = y + w[p + f"self_attn.{name}_proj.bias"]
            y = y.view(t, count, d)
            if name != "v" and p + f"self_attn.{name}_norm.weight" in w:
                y = norm(y, w[p + f"self_attn.{name}_norm.weight"], eps)
            y = y.transpose(0, 1)
            split[name] = rotate(y, c) if name != "v" else y
        k = split["k"].repeat_interleave(heads // kv, 0)
        v = split["v"].repeat_interleave(heads // kv, 0)
        scores = split["q"] @ k.transpose(1, 2) / math.sqrt(d) + mask
        y = (scores.softmax(-1) @ v).transpose(0, 1).reshape(t, heads * d)
        x = x + y @ w[p + "self_attn.o_proj.weight"].T
        h = norm(x, w[p + "post_attention_layernorm.weight"], eps)
        g = h @ w[p + "mlp.gate_proj.weight"].T
        x = x + (g * torch.sigmoid(g) * (h @ w[p + "mlp.up_proj.weight"].T)) @ w[p + "mlp.down_proj.weight"].T
    x = norm(x, w["model.norm.weight"], eps)
    return x @ w.get("lm_head.weight", w["model.embed_tokens.weight"]).T


def model(name, seed, **over):
    c = dict(architectures=["LlamaForCausalLM"], vocab_size=61, hidden_size=48, intermediate_size=72, num_hidden_layers=2,
             num_attention_heads=4, num_key_value_heads=2, head_dim=12, max_position_embeddings=128, rms_norm_eps=1e-5,
             rope_theta=10000.0, hidden_act="silu", tie_word_embeddings=False, eos_token_id=0)
    c.update(over)
    torch.manual_seed(seed)
    n, h, kv, d = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
    w = {"model.embed_tokens.weight": torch.randn(c["vocab_size"], n)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        w[p + "input_layernorm.weight"] = 1 + 0.2 * torch.randn(n)
        w[p + "self_attn.q_proj.weight"] = 0.2 * torch.randn(h * d, n)
        w[p + "self_attn.k_proj.weight"] = 0.2 * torch.randn(kv * d, n)
        w[p + "self_attn.v_proj.weight"] = 0.2 * torch.randn(kv * d, n)
        if c["architectures"][0].startswith("Qwen2"):
            for x, rows in (("q", h * d), ("k", kv * d), ("v", kv * d)):
                w[p + f"self_attn.{x}_proj.bias"] = 0.3 * torch.randn(rows)
        if c["architectures"][0].startswith("Qwen3"):
            w[p + "self_attn.q_norm.weight"] = 1 + 0.2 * torch.randn(d)
            w[p + "self_attn.k_norm.weight"] = 1 + 0.2 * torch.randn(d)
        w[p + "self_attn.o_proj.weight"] = 0.2 * torch.randn(n, h * d)
        w[p + "post_attention_layernorm.weight"] = 1 + 0.2 * torch.randn(n)
        w[p + "mlp.gate_proj.weight"] = 0.2 * torch.randn(c["intermediate_size"], n)
        w[p + "mlp.up_proj.weight"] = 0.2 * torch.randn(c["intermediate_size"], n)
        w[p + "mlp.down_proj.weight"] = 0.2 * torch.randn(n, c["intermediate_size"])
    w["model.norm.weight"] = 1 + 0.2 * torch.randn(n)
    if not c["tie_word_embeddings"]:
        w["lm_head.weight"] = 0.3 * torch.randn(c["vocab_size"], n)
    ids = torch.randint(0, c["vocab_size"], (17,)).tolist()
    params = {k: v.double().requires_grad_(True) for k, v in w.items()}
    logits = forward(c, params, ids)
    loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]))
    loss.backward()
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    json.dump(c, open(os.path.join(folder, "config.json"), "w"), indent=1)
    save_safetensors(os.path.join(folder, "model.safetensors"), w)
    json.dump({"ids": ids, "loss": loss.item(), "logits": [[round(v, 7) for v in row] for row in logits.tolist()],
               "gradientNorms": {k: v.grad.norm().item() for k, v in params.items()}},
              open(os.path.join(folder, "expected.json"), "w"))


model("llama", 1)
model("llama3-scaled", 2, rope_theta=500000.0, rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0,
      high_freq_factor=4.0, original_max_position_embeddings=64))
model("qwen2-tied", 3, architectures=["Qwen2ForCausalLM"], tie_word_embeddings=True)
model("qwen3", 4, architectures=["Qwen3ForCausalLM"], head_dim=16)
