"""The configuration of a run: which keys exist, the TOML file, and the command line on top of it.

keys.tsv lists the keys of TorchTitan 0.2.2 with type, default and allowed values. A configuration is
a plain dictionary from the full key to its value: config["training.seq_len"].
"""

import difflib
import re
import sys
import tomllib
from collections import deque
from dataclasses import dataclass
from pathlib import Path

KEYS_FILE = Path(__file__).with_name("keys.tsv")
BOX_WIDTH = 80


class CommandLineError(Exception):
    """A word of the command line that cannot be used; the rank ends with status 2."""

    def __init__(self, title, lines):
        super().__init__(title)
        self.title = title
        self.lines = lines

    def box(self):
        """The message in the frame that TorchTitan's command line prints."""
        inner = BOX_WIDTH - 4
        top = f"╭─ {self.title} ".ljust(BOX_WIDTH - 1, "─") + "╮"
        body = [f"│ {line.ljust(inner)} │" for line in self.lines]
        return "\n".join([top, *body, "╰" + "─" * (BOX_WIDTH - 2) + "╯"])


@dataclass(frozen=True)
class Key:
    """One row of keys.tsv."""

    name: str
    type: str
    default: str
    allowed: tuple

    def option(self):
        return "--" + self.name.replace("_", "-")

    def default_value(self):
        if self.default == "None":
            return None
        if self.type == "bool":
            return self.default == "true"
        if self.type.startswith("list"):
            inside = self.default.strip("[]")
            return inside.split(",") if inside else []
        return self.read("" if self.default == '""' else self.default)

    def read(self, literal):
        """The value of a literal from the command line."""
        if self.type.endswith("|None") and literal == "None":
            return None
        if self.allowed and literal not in self.allowed:
            raise self.refusal(literal, f"choose from {', '.join(self.allowed)}")
        kind = self.type.removesuffix("|None")
        if kind == "int":
            if not re.fullmatch(r"[-+]?\d+(_\d+)*", literal):
                raise self.refusal(literal, "an integer is needed")
            return int(literal)
        if kind.startswith("float"):
            try:
                return float(literal)
            except ValueError:
                raise self.refusal(literal, "a number is needed") from None
        if kind.startswith("list[str]"):
            return literal.split(",")
        return literal

    def refusal(self, literal, wanted):
        return CommandLineError("Parsing error", [f"Argument {self.option()}: '{literal}': {wanted}"])


def load_keys():
    """All known keys by name."""
    rows = KEYS_FILE.read_text().splitlines()[1:]
    keys = {}
    for row in rows:
        name, kind, default, allowed = row.split("\t")
        keys[name] = Key(name, kind, default, tuple(allowed.split("|")) if allowed else ())
    return keys


def class_name(section):
    """The name that TorchTitan's message gives to the class of a section."""
    special = {"": "JobConfig", "lr_scheduler": "LRScheduler"}
    if section in special:
        return special[section]
    return "".join(part.capitalize() for part in section.split(".")[-1].split("_"))


def flatten_table(table, section, keys):
    """The values of a TOML table under their full keys; unknown names are an error."""
    values = {}
    unknown = []
    for name, value in table.items():
        full = f"{section}.{name}" if section else name
        if full in keys:
            values[full] = value
        elif not any(key.startswith(full + ".") for key in keys):
            unknown.append(name)
        elif isinstance(value, dict):
            values |= flatten_table(value, full, keys)
    if unknown:
        names = "{" + ", ".join(repr(name) for name in sorted(unknown)) + "}"
        raise ValueError(
            f"Invalid field names in <class 'torchtitan.config.job_config.{class_name(section)}'> "
            f"data: {names}.\n"
            "Please modify your .toml config file or override these fields from the command line.\n"
            "Run `NGPU=1 ./run_train.sh --help` to read all valid fields.")
    return values


def find_option(word, keys):
    """The key an option names and, for a boolean, the value it gives: (key, value)."""
    name = word.removeprefix("--").replace("-", "_")
    if name in keys:
        return keys[name], True
    section, _, last = name.rpartition(".")
    positive = keys.get(f"{section}.{last.removeprefix('no_')}")
    if last.startswith("no_") and positive and positive.type == "bool":
        return positive, False
    return None, None


def suggestions(option, keys):
    """Known keys that look like an unknown option."""
    name = option.removeprefix("--").partition("=")[0].replace("-", "_")
    close = difflib.get_close_matches(name, keys, n=3)
    return [f"    {keys[match].option()} {keys[match].type.upper()}" for match in close]


def unrecognized(words, keys):
    lines = [f"Unrecognized options: {' '.join(words)}"]
    similar = [line for word in words if word.startswith("--") for line in suggestions(word, keys)]
    if similar:
        lines += ["─" * (BOX_WIDTH - 4), "Perhaps you meant:", *similar]
    lines += ["─" * (BOX_WIDTH - 4), "For full helptext, run trainer.py --help"]
    return CommandLineError("Unrecognized options", lines)


def take_value(word, literal, has_equals, queue, key):
    """The literal that belongs to an option: behind its = sign or in the next word."""
    if has_equals:
        return literal
    if queue and not queue[0].startswith("--"):
        return queue.popleft()
    raise CommandLineError("Parsing error", [f"Missing value for argument '{word} {key.type.upper()}'"])


def parse_command_line(words, keys):
    """The values given on the command line; of a key given twice the last counts."""
    values = {}
    unknown = []
    queue = deque(words)
    while queue:
        word = queue.popleft()
        option, equals, literal = word.partition("=")
        key, switch = find_option(option, keys) if option.startswith("--") else (None, None)
        if key is None or (key.type == "bool" and equals):
            unknown.append(word)
        elif key.type == "bool":
            values[key.name] = switch
        elif key.type.startswith("list[list"):
            rows = [literal] if equals else []
            while queue and not queue[0].startswith("--"):
                rows.append(queue.popleft())
            values[key.name] = [row.split(",") for row in rows]
        else:
            values[key.name] = key.read(take_value(option, literal, bool(equals), queue, key))
    if unknown:
        raise unrecognized(unknown, keys)
    return values


def first_config_file(words):
    """The TOML file; of two, the first one is loaded, as TorchTitan does."""
    for position, word in enumerate(words):
        option, equals, literal = word.partition("=")
        if option.replace("-", "_") == "__job.config_file":
            return literal if equals else (words[position + 1] if position + 1 < len(words) else None)
    return None


def print_help(keys):
    for key in keys.values():
        choices = f"  one of {'|'.join(key.allowed)}" if key.allowed else ""
        print(f"{key.option()} {key.type.upper()}  (default: {key.default}){choices}")


def load_config(words, on_file_error):
    """Defaults, then the TOML file, then the command line."""
    keys = load_keys()
    if "--help" in words or "-h" in words:
        print_help(keys)
        sys.exit(0)
    config = {name: key.default_value() for name, key in keys.items()}
    path = first_config_file(words)
    if path is not None:
        try:
            with open(path, "rb") as file:
                table = tomllib.load(file)
        except (OSError, tomllib.TOMLDecodeError):
            on_file_error(path)
            raise
        config |= flatten_table(table, "", keys)
    return config | parse_command_line(words, keys)
