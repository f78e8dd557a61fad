#!/usr/bin/env python3
"""Makes the small parity set: checkpoint folders with transformers' numbers, and tokenizers with its ids.

    python dev/make-parity.py src/test/resources/parity

Needs torch, transformers, safetensors, tokenizers, jinja2 (see requirements.txt). Random weights, real formats: vocabulary
256, hidden 64, two blocks. Each folder holds `expected/prompts.json` (token ids, greedy continuations) and
`expected/logits.safetensors` (float32, every position), computed by transformers in float32 on the weights as they are
stored; a GPTQ folder holds `expected/dequantised.safetensors` too, fp16(scale * (code - zero)). The same program and
versions give the same files.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

VOCABULARY = 256
COMMON = dict(
    vocab_size=VOCABULARY,
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=512,
    bos_token_id=1,
    eos_token_id=2,
    tie_word_embeddings=False,
)
MODELS = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}
PROMPT_LENGTHS = (1, 2, 17, 48)
GREEDY = 16
GAP = 0.002
PROJECTIONS = (
    "self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj"
).split()


def make_model(kind, seed, **options):
    """A model of random weights in float32 whose logits are far enough apart to be told."""
    config_class, model_class = MODELS[kind]
    model = model_class(config_class(**{**COMMON, **options})).float().eval()
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("norm.weight"):
            value = 1 + 0.1 * noise
        elif name.endswith(".bias"):
            value = 0.2 * noise
        elif "embed_tokens" in name:
            value = 0.5 * noise
        else:
            value = 1.3 * noise / parameter.shape[-1] ** 0.5
        parameter.data.copy_(value)
    return model


def tensors_of(model):
    """What is stored, tied weights once."""
    state = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    return {name: value.clone() for name, value in state.items()}


def write_config(folder, model, old_form=False, dtype="float32", extra=None):
    config = model.config.to_dict()
    config["architectures"] = [type(model).__name__]
    for key in ("transformers_version", "_name_or_path", "use_cache", "initializer_range", "attention_dropout"):
        config.pop(key, None)
    config["dtype"] = dtype
    if old_form:
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        kind = rope.pop("rope_type")
        config["rope_scaling"] = None if kind == "default" else {"type": kind, **rope}
        config["torch_dtype"] = config.pop("dtype")
    config.update(extra or {})
    write_json(folder / "config.json", config)


def write_tokenizer(folder):
    """Id i is the text <i>."""
    write_json(
        folder / "tokenizer.json",
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [
                dict(id=i, content=f"<{i}>", single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
                for i in range(3)
            ],
            "normalizer": None,
            "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "<[0-9]+>"}, "behavior": "Isolated", "invert": False},
            "post_processor": None,
            "decoder": {"type": "Fuse"},
            "model": {"type": "WordLevel", "vocab": {f"<{i}>": i for i in range(VOCABULARY)}, "unk_token": "<0>"},
        },
        compact=True,
    )
    write_json(
        folder / "tokenizer_config.json",
        dict(bos_token="<1>", eos_token="<2>", unk_token="<0>", add_bos_token=False, tokenizer_class="PreTrainedTokenizerFast"),
    )


def write_json(path, value, compact=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, indent=None if compact else 1, separators=(",", ":") if compact else None)
    path.write_text(text + "\n", encoding="utf-8")


def write_expected(folder, model, seed):
    """Logits of every position and the greedy way on, as long as its best two logits are told apart."""
    generator = torch.Generator().manual_seed(seed + 1000)
    prompts, logits = [], {}
    with torch.no_grad():
        for number, length in enumerate(PROMPT_LENGTHS):
            ids = torch.randint(3, VOCABULARY, (length,), generator=generator).tolist()
            logits[f"logits.{number}"] = model(torch.tensor([ids])).logits[0].float().contiguous()
            way, greedy = list(ids), []
            while len(greedy) < GREEDY:
                last = model(torch.tensor([way])).logits[0, -1].float()
                best = torch.topk(last, 2)
                if best.values[0] - best.values[1] < GAP:
                    break
                greedy.append(best.indices[0].item())
                way.append(greedy[-1])
            prompts.append(dict(ids=ids, greedy=greedy))
    write_json(folder / "expected/prompts.json", dict(prompts=prompts), compact=True)
    save_file(logits, folder / "expected/logits.safetensors")


def dense(folder, model, seed, dtype, form="safetensors", **config):
    folder.mkdir(parents=True)
    stored = {name: value.to(dtype) for name, value in tensors_of(model).items()}
    model.load_state_dict({name: value.float() for name, value in stored.items()}, strict=False)
    write_config(folder, model, dtype=str(dtype).removeprefix("torch."), **config)
    if form == "bin":
        torch.save(stored, folder / "pytorch_model.bin")
    elif form == "sharded":
        names = list(stored)
        index = {}
        for shard, part in enumerate((names[: len(names) // 2], names[len(names) // 2 :]), 1):
            file = f"model-{shard:05}-of-00002.safetensors"
            save_file({name: stored[name] for name in part}, folder / file)
            index.update(dict.fromkeys(part, file))
        size = sum(value.numel() * value.element_size() for value in stored.values())
        write_json(folder / "model.safetensors.index.json", dict(metadata=dict(total_size=size), weight_map=index))
    else:
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    write_tokenizer(folder)
    write_expected(folder, model, seed)


def words(codes):
    """Packs eight 4-bit codes along the first axis, lowest bits first, as the bits of an int32."""
    packed = torch.zeros((codes.shape[0] // 8, *codes.shape[1:]), dtype=torch.int64)
    for place in range(8):
        packed |= codes[place::8].to(torch.int64) << (4 * place)
    return packed & 0xFFFFFFFF


def int32(bits):
    return torch.where(bits >= 1 << 31, bits - (1 << 32), bits).to(torch.int32)


def pack(weight, group_size, symmetric, zeros_as, scattered, generator):
    """The tensors of one matrix [outputs, inputs], each weight at its nearest code, and what they decode to."""
    outputs, inputs = weight.shape
    size = inputs if group_size == -1 else group_size
    groups = -(-inputs // size)
    if scattered:
        group_of = torch.randperm(inputs, generator=generator) // size
    else:
        group_of = torch.arange(inputs) // size
    scales = torch.empty(groups, outputs, dtype=torch.float16)
    zeros = torch.full((groups, outputs), 8, dtype=torch.int64)
    for g in range(groups):
        part = weight[:, group_of == g]
        least, most = part.amin(1).clamp(max=0), part.amax(1).clamp(min=0)
        width = 2 * torch.maximum(-least, most) if symmetric else most - least
        scales[g] = (width / 15).half()
        if not symmetric:
            zeros[g] = torch.round(-least / scales[g].float()).clamp(0, 15).to(torch.int64)
    scale, zero = scales[group_of].float(), zeros[group_of]
    codes = (torch.round(weight.T / scale) + zero).clamp(0, 15).to(torch.int64)
    decoded = (scale * (codes - zero)).half().T.contiguous()
    if zeros_as == "gptq_v2":
        qzeros = words(zeros.T).T
    elif zeros_as == "per word":
        qzeros = (words(zeros.T).T - 0x11111111) & 0xFFFFFFFF
    else:
        qzeros = words(((zeros - 1) & 15).T).T
    tensors = dict(qweight=int32(words(codes)), qzeros=int32(qzeros), scales=scales, g_idx=group_of.to(torch.int32))
    return {name: value.contiguous() for name, value in tensors.items()}, decoded


def gptq(folder, model, seed, group_size, symmetric, zeros_as, scattered=False, form="safetensors", quantizer=None):
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed + 2000)
    state = {name: value.half() for name, value in tensors_of(model).items()}
    stored, expected = dict(state), {}
    for layer in range(model.config.num_hidden_layers):
        for projection in PROJECTIONS:
            name = f"model.layers.{layer}.{projection}"
            weight = stored.pop(f"{name}.weight").float()
            if not symmetric:  # some groups of one sign, so that zero points of 0 and 15 occur
                weight[::5] = weight[::5].abs()
                weight[3::7] = -weight[3::7].abs()
            tensors, decoded = pack(weight, group_size, symmetric, zeros_as, scattered, generator)
            stored.update({f"{name}.{part}": value for part, value in tensors.items()})
            expected[f"{name}.weight"] = decoded
    quantisation = dict(
        bits=4,
        group_size=group_size,
        desc_act=scattered,
        sym=symmetric,
        static_groups=False,
        true_sequential=True,
        damp_percent=0.01,
        quant_method="gptq",
        checkpoint_format="gptq_v2" if zeros_as == "gptq_v2" else "gptq",
    )
    if quantizer:
        quantisation["meta"] = dict(quantizer=[quantizer])
    model.load_state_dict({**{name: value.float() for name, value in state.items()},
                           **{name: value.float() for name, value in expected.items()}}, strict=False)
    if form == "bin":  # as AutoGPTQ wrote in 2023
        torch.save(stored, folder / f"gptq_model-4bit-{group_size}g.bin")
        write_config(folder, model, dtype="float16", old_form=True)
    else:
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
        write_config(folder, model, dtype="float16", extra=dict(quantization_config=quantisation))
    write_json(folder / "quantize_config.json", quantisation)
    write_tokenizer(folder)
    write_json_safetensors(folder / "expected/dequantised.safetensors", expected)
    write_expected(folder, model, seed)


def write_json_safetensors(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)


def checkpoints(out):
    half, brain, single = torch.float16, torch.bfloat16, torch.float32

    def rope(theta=10000.0, kind="default", **more):
        return dict(rope_parameters=dict(rope_theta=theta, rope_type=kind, **more))

    dense(out / "llama-mha-f32", make_model("llama", 1, num_key_value_heads=4), 1, single)
    dense(out / "llama-gqa-theta1e6-bf16-sharded", make_model("llama", 2, num_key_value_heads=1, **rope(1e6)), 2, brain, "sharded")
    dense(out / "llama-fp16-old-config", make_model("llama", 3), 3, half, old_form=True)
    dense(out / "llama-fp16-bin", make_model("llama", 4), 4, half, "bin", old_form=True)
    dense(out / "llama-attention-and-mlp-bias", make_model("llama", 5, attention_bias=True, mlp_bias=True), 5, half)
    dense(
        out / "llama3-rope-bf16",
        make_model("llama", 6, **rope(kind="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                      original_max_position_embeddings=32)),
        6, brain)
    dense(out / "llama-linear-rope", make_model("llama", 7, **rope(kind="linear", factor=4.0)), 7, half, old_form=True)
    dense(out / "llama-yarn-bf16",
          make_model("llama", 8, **rope(kind="yarn", factor=4.0, original_max_position_embeddings=128)), 8, brain)
    dense(out / "mistral-sliding-bf16", make_model("mistral", 9, sliding_window=8), 9, brain)
    dense(out / "qwen2-tied-bf16", make_model("qwen2", 10, tie_word_embeddings=True), 10, brain)
    dense(out / "qwen3-bf16", make_model("qwen3", 11, head_dim=24), 11, brain)

    gptq(out / "gptq-g32-sym-v1", make_model("llama", 21), 21, 32, True, "per field")
    gptq(out / "gptq-g32-sym-v2", make_model("llama", 22), 22, 32, True, "gptq_v2")
    gptq(out / "gptq-g32-asym-v2", make_model("llama", 23), 23, 32, False, "gptq_v2")
    gptq(out / "gptq-g32-asym-v1-per-field", make_model("llama", 24), 24, 32, False, "per field", quantizer="auto_gptq:0.7.1")
    gptq(out / "gptq-g32-asym-v1-per-word", make_model("llama", 25), 25, 32, False, "per word", quantizer="gptqmodel:7.7.0")
    gptq(out / "gptq-g16-sym-act-order", make_model("llama", 26), 26, 16, True, "per field", scattered=True)
    gptq(out / "gptq-whole-column-bin", make_model("llama", 27), 27, -1, True, "per field", form="bin")
    gptq(out / "gptq-qwen2-g32-tied-bias", make_model("qwen2", 28, tie_word_embeddings=True), 28, 32, False, "gptq_v2")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    out = Path(sys.argv[1])
    if out.exists():
        shutil.rmtree(out)
    checkpoints(out)
    print(sum(file.stat().st_size for file in out.rglob("*") if file.is_file()), "bytes in", out)


main()
