"""What torch and transformers reach on this machine's device: the largest matrix product, and fp16
generation of the Llama 7B shape with random weights. Run by gpu-check where they are installed."""

import time

import torch

assert torch.cuda.is_available(), "torch sees no device"
print("torch", torch.__version__, torch.cuda.get_device_name(0))


def best(work, rounds=5):
    work()
    torch.cuda.synchronize()
    times = []
    for _ in range(rounds):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return min(times)


for rows, n, k in ((4096, 8192, 8192), (2048, 44032, 8192), (2048, 8192, 22016), (8192, 8192, 8192)):
    x = torch.randn(rows, k, device="cuda", dtype=torch.float16)
    w = torch.randn(n, k, device="cuda", dtype=torch.float16)
    print(f"matmul {rows}x{k} by {n}: {2 * rows * n * k / best(lambda: x @ w.T) / 1e12:.1f} TFLOP/s", flush=True)
    del x, w
w = torch.randn(44032, 8192, device="cuda", dtype=torch.float16)
x = torch.randn(1, 8192, device="cuda", dtype=torch.float16)
print(f"matmul 1 row by 44032x8192: {w.nbytes / best(lambda: x @ w.T) / 1e9:.0f} GB/s", flush=True)
del w, x

try:
    from transformers import LlamaConfig, LlamaForCausalLM
except ImportError:
    print("transformers is not installed")
    raise SystemExit(0)
config = LlamaConfig(
    vocab_size=32000, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32,
    num_attention_heads=32, num_key_value_heads=32, max_position_embeddings=4096)
torch.set_default_dtype(torch.float16)
with torch.device("cuda"):
    model = LlamaForCausalLM(config).eval()
for batch in (1, 16):
    ids = torch.randint(0, 32000, (batch, 1024), device="cuda")
    with torch.inference_mode():
        model.generate(ids, max_new_tokens=4, do_sample=False, pad_token_id=0)
        torch.cuda.synchronize()
        begun = time.time()
        model.generate(ids, max_new_tokens=1, do_sample=False, pad_token_id=0)
        torch.cuda.synchronize()
        first = time.time()
        model.generate(ids, max_new_tokens=33, min_new_tokens=33, do_sample=False, pad_token_id=0)
        torch.cuda.synchronize()
        rest = time.time() - first - (first - begun)
        print(f"transformers fp16 7B, batch {batch}: prefill {batch * 1024 / (first - begun):.0f} tokens/s, "
              f"decode {batch * 32 / rest:.1f} tokens/s", flush=True)
