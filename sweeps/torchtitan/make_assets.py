#!/usr/bin/env python3
"""Makes what the debug models need and no wheel brings: a small tokenizer and some text, both out of nothing.

  python make_assets.py FOLDER        FOLDER/tokenizer, FOLDER/data (needs the package tokenizers)
"""

import json
import os
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers


def texts():
    for number in range(2000):
        yield (f"run {number} sends {number * 37 % 101} blocks around the ring, waits for the slowest of {number % 9} ranks "
               f"and writes step {number % 50} into its log. ") * 8


def main(folder):
    os.makedirs(f"{folder}/tokenizer", exist_ok=True)
    os.makedirs(f"{folder}/data", exist_ok=True)
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["<unk>", "<bos>", "<eos>"]
    tokenizer.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=1000, special_tokens=special, show_progress=False))
    tokenizer.save(f"{folder}/tokenizer/tokenizer.json")
    with open(f"{folder}/tokenizer/tokenizer_config.json", "w", encoding="utf-8") as file:
        json.dump({"bos_token": "<bos>", "eos_token": "<eos>"}, file)
    with open(f"{folder}/data/data.json", "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts())


if __name__ == "__main__":
    main(sys.argv[1])
