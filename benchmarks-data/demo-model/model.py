"""The demo model: a small Llama-architecture decoder, written for fast training on few CPU cores.

Its parameters carry the names and layouts of transformers' LlamaForCausalLM, so that a state dict is a checkpoint.
"""

import json
import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    vocab_size: int
    hidden_size: int = 256
    intermediate_size: int = 512
    num_hidden_layers: int = 4
    num_attention_heads: int = 8
    num_key_value_heads: int = 4
    head_dim: int = 32
    rope_theta: float = 100000.0
    rms_norm_eps: float = 1e-5
    max_position_embeddings: int = 1024


class Norm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        f = x.float()
        return (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight).to(x.dtype)


def rotary(shape, length):
    """Cosines and sines, [length, head_dim], in the half-split layout of Llama."""
    inverse = 1.0 / shape.rope_theta ** (torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
    angle = torch.outer(torch.arange(length).float(), inverse)
    angle = torch.cat((angle, angle), -1)
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


class Attention(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        self.q_proj = nn.Linear(s.hidden_size, s.num_attention_heads * s.head_dim, bias=False)
        self.k_proj = nn.Linear(s.hidden_size, s.num_key_value_heads * s.head_dim, bias=False)
        self.v_proj = nn.Linear(s.hidden_size, s.num_key_value_heads * s.head_dim, bias=False)
        self.o_proj = nn.Linear(s.num_attention_heads * s.head_dim, s.hidden_size, bias=False)

    def forward(self, x, cos, sin):
        b, t, _ = x.shape
        s = self.s
        q = self.q_proj(x).view(b, t, s.num_attention_heads, s.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(b, t, s.num_key_value_heads, s.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(b, t, s.num_key_value_heads, s.head_dim).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        share = s.num_attention_heads // s.num_key_value_heads
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).reshape(b, t, -1))


class Mlp(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.gate_proj = nn.Linear(s.hidden_size, s.intermediate_size, bias=False)
        self.up_proj = nn.Linear(s.hidden_size, s.intermediate_size, bias=False)
        self.down_proj = nn.Linear(s.intermediate_size, s.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.input_layernorm = Norm(s.hidden_size, s.rms_norm_eps)
        self.self_attn = Attention(s)
        self.post_attention_layernorm = Norm(s.hidden_size, s.rms_norm_eps)
        self.mlp = Mlp(s)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.embed_tokens = nn.Embedding(s.vocab_size, s.hidden_size)
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.num_hidden_layers))
        self.norm = Norm(s.hidden_size, s.rms_norm_eps)


class DemoModel(nn.Module):
    """Embeddings are tied: the output matrix is the input's."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                scale = 0.02
                if name.endswith(("o_proj.weight", "down_proj.weight")):
                    scale /= math.sqrt(2 * shape.num_hidden_layers)
                nn.init.normal_(p, std=scale)
        self.prepare()

    @torch.no_grad()
    def prepare(self):
        """Lets some heads begin as what is slow to discover: in the first layer as heads that look at the token before, in the others as
        heads that look for tokens like their own (A. Trockman and Z. Kolter, 2023, on mimetic initialisation)."""
        s = self.shape
        d, half, share = s.head_dim, s.head_dim // 2, s.num_attention_heads // s.num_key_value_heads
        scale = 0.2
        table = self.model.embed_tokens.weight
        table.normal_(std=scale)
        table[:, 0] = 0.5 * scale * math.sqrt(s.hidden_size)  # a direction that all tokens share, for a head to ask by
        self.model.norm.weight.fill_(0.1)
        frequency = 1.0 / s.rope_theta ** (torch.arange(0, d, 2).float() / d)
        sharp = torch.arange(half) < 5
        own, before = nn.init.orthogonal_(torch.empty(s.hidden_size - 1, 2 * d)).T.split(d)
        for number, layer in enumerate(self.model.layers):
            q, k, v, o = (getattr(layer.self_attn, f"{x}_proj").weight for x in "qkvo")
            for head in range(2):
                here = slice(head * d, (head + 1) * d)
                v[here, 1:] += own if number == 0 else before
                if number == 0:
                    k[here, 0] = torch.cat((frequency.cos(), frequency.sin())) * torch.cat((sharp, sharp))
                else:
                    k[here, 1:] += own
                for h in range(head * share, (head + 1) * share):
                    asking = slice(h * d, (h + 1) * d)
                    if number == 0:
                        q[asking, 0] = torch.cat((sharp, torch.zeros(half)))
                        o[1:, asking] += scale / (2 * share) * before.T
                    else:
                        q[asking, 1:] += before if head == 0 else own

    def hidden(self, ids, cos, sin):
        x = self.model.embed_tokens(ids)
        if torch.is_autocast_enabled("cpu"):
            x = x.to(torch.bfloat16)
            cos, sin = cos.to(torch.bfloat16), sin.to(torch.bfloat16)
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        return self.model.norm(x)

    def logits(self, ids):
        """[batch, length] ids -> [batch, length, vocabulary] logits."""
        cos, sin = rotary(self.shape, ids.shape[1])
        return F.linear(self.hidden(ids, cos, sin), self.model.embed_tokens.weight)

    def config(self, bos, eos):
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "mlp_bias": False,
            "hidden_act": "silu",
            "initializer_range": 0.02,
            "pretraining_tp": 1,
            "rope_scaling": None,
            "tie_word_embeddings": True,
            "torch_dtype": "float16",
            "use_cache": True,
            "bos_token_id": bos,
            "eos_token_id": eos,
            **asdict(self.shape),
        }
