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


def turning(c):
    """Elements of a head that turn with the position; in Phi-4-mini the last quarter does not."""
    return int(c["head_dim"] * c.get("partial_rotary_factor", 1))


def inverse_frequencies(c):
    d = turning(c)
    inv = 1.0 / (c["rope_theta"] ** (torch.arange(0, d, 2, dtype=torch.float64) / d))
    s = c.get("rope_scaling")
    if s and s.get("type") == "longrope":
        inv = inv / torch.tensor(s["short_factor"], dtype=torch.float64)
    if s and s.get("rope_type") == "llama3":
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
    t, d = x.shape[1], turning(c)
    angles = torch.outer(torch.arange(t, dtype=torch.float64), inverse_frequencies(c))
    sharper = 1.0
    if (c.get("rope_scaling") or {}).get("type") == "longrope":
        stretch = c["max_position_embeddings"] / c["original_max_position_embeddings"]
        sharper = math.sqrt(1 + math.log(stretch) / math.log(c["original_max_position_embeddings"]))
    cos, sin = (angles.cos() * sharper).to(x.dtype), (angles.sin() * sharper).to(x.dtype)
    a, b = x[..., : d // 2], x[..., d // 2 : d]
    return torch.cat([a * cos - b * sin, b * cos + a * sin, x[..., d:]], -1)


def mixture(c, w, p, h):
    """Mixtral and Qwen3-MoE: the best experts by the router, weighted by its softmax."""
    mixtral = c["architectures"][0].startswith("Mixtral")
    scores = (h @ w[p + ("block_sparse_moe" if mixtral else "mlp") + ".gate.weight"].T).softmax(-1)
    out = []
    for row, score in zip(h, scores):
        best = score.topk(c["num_experts_per_tok"])
        share = best.values / best.values.sum() if mixtral or c["norm_topk_prob"] else best.values
        y = 0
        for s, e in zip(share, best.indices.tolist()):
            names = [f"block_sparse_moe.experts.{e}.w{i}" for i in (1, 3, 2)] if mixtral else \
                [f"mlp.experts.{e}.{x}_proj" for x in ("gate", "up", "down")]
            gate, up, down = (w[p + n + ".weight"] for n in names)
            g = gate @ row
            y = y + s * (down @ (g * torch.sigmoid(g) * (up @ row)))
        out.append(y)
    return torch.stack(out)


def sees_window(c, layer):
    """Qwen's windows begin at layer max_window_layers and count only if use_sliding_window says so."""
    if c["architectures"][0].startswith("Qwen"):
        return c.get("use_sliding_window", False) and layer >= c["max_window_layers"]
    return bool(c.get("sliding_window"))


def forward(c, w, ids):
    heads, kv, d, eps = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"], c["rms_norm_eps"]
    x = w["model.embed_tokens.weight"][ids]
    t = len(ids)
    causal = torch.full((t, t), float("-inf"), dtype=x.dtype).triu(1)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        mask = causal
        if sees_window(c, i):
            mask = causal + torch.full((t, t), float("-inf"), dtype=x.dtype).tril(-c["sliding_window"])
        h = norm(x, w[p + "input_layernorm.weight"], eps)
        split = {}
        fused = w.get(p + "self_attn.qkv_proj.weight")
        for name, count, at in (("q", heads, 0), ("k", kv, heads * d), ("v", kv, (heads + kv) * d)):
            y = h @ (w[p + f"self_attn.{name}_proj.weight"] if fused is None else fused[at : at + count * d]).T
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
        if "num_experts_per_tok" in c:
            x = x + mixture(c, w, p, h)
            continue
        if p + "mlp.gate_up_proj.weight" in w:
            g, u = (h @ w[p + "mlp.gate_up_proj.weight"].T).chunk(2, -1)
            x = x + (g * torch.sigmoid(g) * u) @ w[p + "mlp.down_proj.weight"].T
            continue
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
        if "num_experts_per_tok" in c:
            mixtral = c["architectures"][0].startswith("Mixtral")
            inner = c["intermediate_size" if mixtral else "moe_intermediate_size"]
            experts = c["num_local_experts" if mixtral else "num_experts"]
            w[p + ("block_sparse_moe" if mixtral else "mlp") + ".gate.weight"] = torch.randn(experts, n)
            for e in range(experts):
                for stem, shape in (("w1" if mixtral else "gate_proj", (inner, n)), ("w3" if mixtral else "up_proj", (inner, n)),
                                    ("w2" if mixtral else "down_proj", (n, inner))):
                    w[p + f"{'block_sparse_moe' if mixtral else 'mlp'}.experts.{e}.{stem}.weight"] = 0.2 * torch.randn(shape)
            continue
        w[p + "mlp.gate_proj.weight"] = 0.2 * torch.randn(c["intermediate_size"], n)
        w[p + "mlp.up_proj.weight"] = 0.2 * torch.randn(c["intermediate_size"], n)
        w[p + "mlp.down_proj.weight"] = 0.2 * torch.randn(n, c["intermediate_size"])
        if c["architectures"][0].startswith("Phi3"):
            w[p + "self_attn.qkv_proj.weight"] = torch.cat([w.pop(p + f"self_attn.{x}_proj.weight") for x in "qkv"])
            w[p + "mlp.gate_up_proj.weight"] = torch.cat([w.pop(p + f"mlp.{x}_proj.weight") for x in ("gate", "up")])
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
               "gradientNorms": {k: v.grad.norm().item() for k, v in params.items() if v.grad is not None}},
              open(os.path.join(folder, "expected.json"), "w"))


if __name__ == "__main__":
    model("llama", 1)
    model("llama3-scaled", 2, rope_theta=500000.0, rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0,
          high_freq_factor=4.0, original_max_position_embeddings=64))
    model("qwen2-tied", 3, architectures=["Qwen2ForCausalLM"], tie_word_embeddings=True)
    model("qwen3", 4, architectures=["Qwen3ForCausalLM"], head_dim=16)
    model("mistral", 5, architectures=["MistralForCausalLM"], sliding_window=5)
    model("phi3-long", 6, architectures=["Phi3ForCausalLM"], original_max_position_embeddings=64,
          rope_scaling=dict(type="longrope", short_factor=[1.0, 1.1, 1.3, 1.7, 2.2, 3.0], long_factor=[2.0] * 6))
    model("mixtral", 7, architectures=["MixtralForCausalLM"], num_local_experts=5, num_experts_per_tok=2, intermediate_size=40)
    model("qwen3-moe", 8, architectures=["Qwen3MoeForCausalLM"], num_experts=6, num_experts_per_tok=3, moe_intermediate_size=24,
          norm_topk_prob=True)
    model("qwen2-window", 9, architectures=["Qwen2ForCausalLM"], num_hidden_layers=3, use_sliding_window=True, sliding_window=5,
          max_window_layers=1)
    model("phi4-partial", 10, architectures=["Phi3ForCausalLM"], hidden_size=64, head_dim=16, partial_rotary_factor=0.75,
          sliding_window=100, tie_word_embeddings=True, original_max_position_embeddings=64,
          rope_scaling=dict(type="longrope", short_factor=[1.0, 1.1, 1.3, 1.7, 2.2, 3.0], long_factor=[2.0] * 6))
