"""Writes a trained model as a Hugging Face folder at fp16."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

import corpus


def export(model, tokenizer, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    end, start, stop = (tokenizer.token_to_id(t) for t in (corpus.END, corpus.START, corpus.STOP))

    def write(name, value):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    write("config.json", model.config(end, end))
    write("generation_config.json", {"bos_token_id": end, "eos_token_id": [end, stop], "pad_token_id": end, "do_sample": False})
    write(
        "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "add_bos_token": False,
            "add_eos_token": False,
            "bos_token": corpus.END,
            "eos_token": corpus.END,
            "pad_token": corpus.END,
            "additional_special_tokens": [corpus.START, corpus.STOP],
            "clean_up_tokenization_spaces": False,
            "model_max_length": model.shape.max_position_embeddings,
            "chat_template": corpus.CHAT_TEMPLATE,
        },
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    tensors = {n: p.detach().to(torch.float16).contiguous() for n, p in model.state_dict().items()}
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})


if __name__ == "__main__":
    import sys

    from evaluate import load

    export(*load(sys.argv[1]), sys.argv[2])
