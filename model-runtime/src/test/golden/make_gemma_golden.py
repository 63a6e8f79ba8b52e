#!/usr/bin/python3
"""Small random Gemma 2 and 3 decoders and the logits that an independent implementation in PyTorch computes for them.

Follows the published reports and configurations (Gemma Team 2024, 2025) and shares no code with the Java runtime.
"""
import json
import math
import os

import torch

from make_decoder_golden import OUT, save_safetensors


def norm(x, w, eps):
    return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps) * (1 + w)


def rotate(x, base, factor):
    t, d = x.shape[1], x.shape[2]
    inv = 1.0 / (base ** (torch.arange(0, d, 2, dtype=torch.float64) / d)) / factor
    angles = torch.outer(torch.arange(t, dtype=torch.float64), inv)
    a, b = x[..., : d // 2], x[..., d // 2 :]
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)


def cap(x, limit):
    return limit * torch.tanh(x / limit) if limit else x


def forward(c, w, ids):
    third = c["architectures"][0].startswith("Gemma3")
    heads, kv, d, eps = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"], c["rms_norm_eps"]
    x = w["model.embed_tokens.weight"][ids] * math.sqrt(c["hidden_size"])
    t = len(ids)
    everything = torch.full((t, t), float("-inf"), dtype=x.dtype).triu(1)
    window = everything + torch.full((t, t), float("-inf"), dtype=x.dtype).tril(-c["sliding_window"])
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        local = (i + 1) % c["sliding_window_pattern"] != 0 if third else i % 2 == 0
        h = norm(x, w[p + "input_layernorm.weight"], eps)
        q, k, v = ((h @ w[p + f"self_attn.{n}_proj.weight"].T).view(t, -1, d).transpose(0, 1) for n in "qkv")
        base, factor = c["rope_theta"], c.get("rope_scaling", {}).get("factor", 1.0)
        if third:
            q, k = norm(q, w[p + "self_attn.q_norm.weight"], eps), norm(k, w[p + "self_attn.k_norm.weight"], eps)
            if local:
                base, factor = c["rope_local_base_freq"], 1.0
        q, k = rotate(q, base, factor), rotate(k, base, factor)
        k, v = k.repeat_interleave(heads // kv, 0), v.repeat_interleave(heads // kv, 0)
        scores = cap(q @ k.transpose(1, 2) / math.sqrt(c["query_pre_attn_scalar"]), c.get("attn_logit_softcapping"))
        y = ((scores + (window if local else everything)).softmax(-1) @ v).transpose(0, 1).reshape(t, heads * d)
        x = x + norm(y @ w[p + "self_attn.o_proj.weight"].T, w[p + "post_attention_layernorm.weight"], eps)
        h = norm(x, w[p + "pre_feedforward_layernorm.weight"], eps)
        g = h @ w[p + "mlp.gate_proj.weight"].T
        g = 0.5 * g * (1 + torch.tanh(math.sqrt(2 / math.pi) * (g + 0.044715 * g**3)))
        y = (g * (h @ w[p + "mlp.up_proj.weight"].T)) @ w[p + "mlp.down_proj.weight"].T
        x = x + norm(y, w[p + "post_feedforward_layernorm.weight"], eps)
    return cap(norm(x, w["model.norm.weight"], eps) @ w["model.embed_tokens.weight"].T, c.get("final_logit_softcapping"))


def model(name, seed, **over):
    c = dict(architectures=["Gemma2ForCausalLM"], vocab_size=61, hidden_size=40, intermediate_size=56, num_hidden_layers=3,
             num_attention_heads=4, num_key_value_heads=2, head_dim=12, max_position_embeddings=128, rms_norm_eps=1e-6,
             rope_theta=10000.0, hidden_activation="gelu_pytorch_tanh", tie_word_embeddings=True, eos_token_id=1,
             sliding_window=6, query_pre_attn_scalar=20)
    c.update(over)
    torch.manual_seed(seed)
    n, d, inner = c["hidden_size"], c["head_dim"], c["intermediate_size"]
    w = {"model.embed_tokens.weight": 0.3 * torch.randn(c["vocab_size"], n), "model.norm.weight": 0.2 * torch.randn(n)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        for x in ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"):
            w[p + x + ".weight"] = 0.2 * torch.randn(n)
        for x, rows in (("q", c["num_attention_heads"]), ("k", c["num_key_value_heads"]), ("v", c["num_key_value_heads"])):
            w[p + f"self_attn.{x}_proj.weight"] = 0.2 * torch.randn(rows * d, n)
            if x != "v" and c["architectures"][0].startswith("Gemma3"):
                w[p + f"self_attn.{x}_norm.weight"] = 0.2 * torch.randn(d)
        w[p + "self_attn.o_proj.weight"] = 0.2 * torch.randn(n, c["num_attention_heads"] * d)
        w[p + "mlp.gate_proj.weight"] = 0.2 * torch.randn(inner, n)
        w[p + "mlp.up_proj.weight"] = 0.2 * torch.randn(inner, n)
        w[p + "mlp.down_proj.weight"] = 0.2 * torch.randn(n, inner)
    ids = torch.randint(0, c["vocab_size"], (17,)).tolist()
    logits = forward(c, {k: v.double() for k, v in w.items()}, ids)
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    json.dump(c, open(os.path.join(folder, "config.json"), "w"), indent=1)
    save_safetensors(os.path.join(folder, "model.safetensors"), w)
    json.dump({"ids": ids, "logits": [[round(v, 7) for v in row] for row in logits.tolist()]},
              open(os.path.join(folder, "expected.json"), "w"))


if __name__ == "__main__":
    model("gemma2", 11, attn_logit_softcapping=5.0, final_logit_softcapping=3.0)
    model("gemma3", 12, architectures=["Gemma3ForCausalLM"], sliding_window_pattern=3, rope_theta=1000000.0,
          rope_local_base_freq=10000.0, rope_scaling=dict(rope_type="linear", factor=8.0))
