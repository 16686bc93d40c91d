"""The text to learn and the sequences cut out of it.

A sequence is chosen by its number alone, so a batch does not depend on how many ranks share it, and a
resumed run sees what the uninterrupted one would have seen.
"""

import random
from pathlib import Path

TEXT_FILE = Path(__file__).with_name("text.txt")


class Text:
    """Characters as numbers."""

    def __init__(self, path=TEXT_FILE):
        characters = Path(path).read_text(encoding="ascii")
        self.alphabet = sorted(set(characters))
        numbers = {character: number for number, character in enumerate(self.alphabet)}
        self.tokens = [numbers[character] for character in characters]

    def sequence(self, number, length, seed):
        """One training example: characters, and the characters that follow each of them."""
        if length >= len(self.tokens):
            raise ValueError(f"training.seq_len ({length}) is longer than the text "
                             f"({len(self.tokens)} characters)")
        start = random.Random(f"{seed}/{number}").randrange(len(self.tokens) - length)
        return self.tokens[start:start + length], self.tokens[start + 1:start + length + 1]
