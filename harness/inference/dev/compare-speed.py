#!/usr/bin/env python3
"""Speed of the CPU engine beside llama.cpp (16-bit weights) and transformers (float32).

One fp16 folder, the same prompts as token ids, the same number of threads; the engines take turns, and
the median of the rounds is told. Decoding is greedy, eos ignored; prompts differ from each other, so no
engine shares a prefix. That all three continue the first prompt alike is checked and told, so that the
same model is measured.

    compare-speed.py --model DIR --classpath CLASSPATH [--threads 2] [--rounds 3] [--peers ours llama torch]

CLASSPATH: the module's target/classes and what `mvn dependency:build-classpath` prints for it. JAVA_HOME
must be a JDK 25. The GGUF file that llama.cpp needs is written from the folder (Llama family only) into
a temporary folder.
"""

import argparse
import gc
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

BATCHES = [1, 8, 16]
PREFILL = 1024
PROMPT = 64
STEPS = 64


def config_of(folder):
    return json.loads((folder / "config.json").read_text(encoding="utf-8"))


def write_gguf(folder, target):
    """The folder's weights as llama.cpp wants them: 16-bit matrices, float32 norms, q and k permuted."""
    import gguf
    import numpy
    from safetensors.numpy import load_file

    config = config_of(folder)
    weights = load_file(folder / "model.safetensors")
    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    kv = config.get("num_key_value_heads", heads)
    head = config.get("head_dim") or config["hidden_size"] // heads
    theta = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    out = gguf.GGUFWriter(str(target), "llama")
    out.add_context_length(config["max_position_embeddings"])
    out.add_embedding_length(config["hidden_size"])
    out.add_block_count(layers)
    out.add_feed_forward_length(config["intermediate_size"])
    out.add_head_count(heads)
    out.add_head_count_kv(kv)
    out.add_rope_dimension_count(head)
    out.add_rope_freq_base(theta)
    out.add_layer_norm_rms_eps(config["rms_norm_eps"])
    out.add_vocab_size(config["vocab_size"])
    out.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    out.add_tokenizer_model("no_vocab")

    def rotated(weight, count):
        # Hugging Face turns the first half with the second, llama.cpp neighbours with each other.
        shape = weight.shape
        return weight.reshape(count, 2, head // 2, shape[1]).swapaxes(1, 2).reshape(shape)

    def add(name, source, change=lambda w: w):
        weight = change(weights[source])
        out.add_tensor(name, weight.astype(numpy.float32 if weight.ndim == 1 else numpy.float16))

    add("token_embd.weight", "model.embed_tokens.weight")
    add("output_norm.weight", "model.norm.weight")
    if not config.get("tie_word_embeddings"):
        add("output.weight", "lm_head.weight")
    for i in range(layers):
        old, new = f"model.layers.{i}.", f"blk.{i}."
        add(new + "attn_norm.weight", old + "input_layernorm.weight")
        add(new + "ffn_norm.weight", old + "post_attention_layernorm.weight")
        add(new + "attn_q.weight", old + "self_attn.q_proj.weight", lambda w: rotated(w, heads))
        add(new + "attn_k.weight", old + "self_attn.k_proj.weight", lambda w: rotated(w, kv))
        add(new + "attn_v.weight", old + "self_attn.v_proj.weight")
        add(new + "attn_output.weight", old + "self_attn.o_proj.weight")
        add(new + "ffn_gate.weight", old + "mlp.gate_proj.weight")
        add(new + "ffn_up.weight", old + "mlp.up_proj.weight")
        add(new + "ffn_down.weight", old + "mlp.down_proj.weight")
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


class Ours:
    name = "quantgate"

    def __init__(self, args):
        java = pathlib.Path(__file__).parents[2] / "dev" / "java"
        source = pathlib.Path(__file__).with_name("Speed.java")
        self.process = subprocess.Popen(
            [java, "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
             "-cp", args.classpath, source, args.model, str(args.threads), str(max(BATCHES))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            sys.exit("the Java side did not start; is the classpath right?")

    def run(self, prompts, steps):
        text = ";".join(" ".join(map(str, p)) for p in prompts)
        self.process.stdin.write(f"{steps}|{text}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if "|" not in answer:
            sys.exit("the Java side failed; run Speed.java by hand to see why")
        numbers, ids = answer.rstrip("\n").split("|")
        prompt_tokens, prompt_seconds, tokens, seconds = map(float, numbers.split())
        return prompt_tokens, prompt_seconds, tokens, seconds, [int(i) for i in ids.split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Llama:
    name = "llama.cpp"

    def __init__(self, args):
        import llama_cpp

        self.lib = llama_cpp
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name) / "model.gguf"
        write_gguf(args.model, path)
        self.vocabulary = config_of(args.model)["vocab_size"]
        llama_cpp.llama_backend_init()
        quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
        self.quiet = quiet
        llama_cpp.llama_log_set(quiet, None)
        self.model = llama_cpp.llama_model_load_from_file(
            str(path).encode(), llama_cpp.llama_model_default_params())
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = max(BATCHES) * (PREFILL + 2 * STEPS)
        params.n_batch = params.n_ubatch = 2048
        params.n_seq_max = max(BATCHES)
        params.n_threads = params.n_threads_batch = args.threads
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        if not self.context:
            sys.exit("llama.cpp does not take the model")
        self.batch = llama_cpp.llama_batch_init(2048, 0, 1)

    def decode(self, entries):
        """entries: (token, position, sequence, wants logits)."""
        batch = self.batch
        batch.n_tokens = len(entries)
        for i, (token, position, sequence, wanted) in enumerate(entries):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = wanted
        if self.lib.llama_decode(self.context, batch) != 0:
            sys.exit("llama_decode failed")

    def best(self, index):
        import numpy

        pointer = self.lib.llama_get_logits_ith(self.context, index)
        return int(numpy.ctypeslib.as_array(pointer, shape=(self.vocabulary,)).argmax())

    def run(self, prompts, steps):
        self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), True)
        begin = time.perf_counter()
        last = []
        for sequence, prompt in enumerate(prompts):
            self.decode([(t, i, sequence, i == len(prompt) - 1) for i, t in enumerate(prompt)])
            last.append(self.best(-1))
        prefilled = time.perf_counter()
        first = [last[0]]
        for step in range(1, steps):
            self.decode([(t, len(p) + step - 1, s, True) for s, (t, p) in enumerate(zip(last, prompts))])
            last = [self.best(s) for s in range(len(prompts))]
            first.append(last[0])
        seconds = time.perf_counter() - prefilled
        return (sum(map(len, prompts)), prefilled - begin,
                (steps - 1) * len(prompts), seconds, first)

    def close(self):
        self.lib.llama_free(self.context)
        self.lib.llama_model_free(self.model)
        self.folder.cleanup()


class Torch:
    name = "transformers"

    def __init__(self, args):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(args.threads)
        self.torch = torch
        self.model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()

    def run(self, prompts, steps):
        torch = self.torch
        with torch.inference_mode():
            begin = time.perf_counter()
            out = self.model(torch.tensor(prompts), use_cache=True, logits_to_keep=1)
            last = out.logits[:, -1].argmax(-1)
            prefilled = time.perf_counter()
            first = [int(last[0])]
            for _ in range(1, steps):
                out = self.model(last[:, None], past_key_values=out.past_key_values, use_cache=True)
                last = out.logits[:, -1].argmax(-1)
                first.append(int(last[0]))
            seconds = time.perf_counter() - prefilled
        return (sum(map(len, prompts)), prefilled - begin,
                (steps - 1) * len(prompts), seconds, first)

    def close(self):
        del self.model
        gc.collect()


PEERS = {"ours": Ours, "llama": Llama, "torch": Torch}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--classpath", default="")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    args = parser.parse_args()
    args.model = args.model.resolve()

    config = config_of(args.model)
    vocabulary = config["vocab_size"]
    prefill = min(PREFILL, config["max_position_embeddings"] - STEPS)
    draw = random.Random(7)
    prompt = lambda length: [draw.randrange(100, vocabulary) for _ in range(length)]
    jobs = {f"decode, batch {b}": ([prompt(PROMPT) for _ in range(b)], STEPS) for b in BATCHES}
    long = [prompt(prefill)]
    jobs[f"prefill, {prefill}"] = (long, 1)
    jobs[f"decode after {prefill}"] = (long, STEPS)

    rates = {job: {peer: [] for peer in args.peers} for job in jobs}
    starts = {}
    for _ in range(args.rounds):
        for peer in args.peers:
            engine = PEERS[peer](args)
            for _ in range(args.warm_up):  # ours compiles each kernel while it runs
                for job in jobs.values():
                    engine.run(*job)
            for job, (prompts, steps) in jobs.items():
                _, prompt_seconds, tokens, seconds, ids = engine.run(prompts, steps)
                # Our engine counts a prompt's last token with the first generated one.
                rate = (sum(map(len, prompts)) / (prompt_seconds + seconds) if steps == 1
                        else tokens / seconds)
                rates[job][peer].append(rate)
                if job == "decode, batch 1":
                    starts[peer] = ids
            engine.close()

    names = [PEERS[p].name for p in args.peers]
    print(f"{args.model.name}, {args.threads} threads, median of {args.rounds} rounds, tokens/s")
    print(f"{'':20}" + "".join(f"{n:>14}" for n in names))
    for job in jobs:
        print(f"{job:20}" + "".join(f"{statistics.median(rates[job][p]):14.1f}" for p in args.peers))
    reference = starts[args.peers[0]]
    for peer in args.peers[1:]:
        same = 0
        while same < min(len(reference), len(starts[peer])) and reference[same] == starts[peer][same]:
            same += 1
        print(f"{names[0]} and {PEERS[peer].name} continue alike for {same} of {STEPS} tokens")


if __name__ == "__main__":
    main()
