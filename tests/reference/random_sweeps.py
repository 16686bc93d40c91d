"""Random sweeps as Python structures, and as the YAML a person would write."""

import random

# Keys that no rule of TorchTitan judges (era 0.2.2), with the type of each and its value in base.toml or by default.
KEYS = {
    "optimizer.weight_decay": ("float", 0.1),
    "optimizer.eps": ("float", 1e-8),
    "optimizer.beta2": ("float", 0.95),
    "lr_scheduler.warmup_steps": ("int", 200),
    "comm.trace_buf_size": ("int", 20000),
    "lr_scheduler.min_lr_factor": ("float", 0.0),
    "comm.init_timeout_seconds": ("int", 300),
    "fault_tolerance.group_size": ("int", 0),
    "fault_tolerance.replica_id": ("int", 0),
    "fault_tolerance.min_replica_size": ("int", 1),
}
BASE = "".join(
    f"[{section}]\n" + "".join(f"{k.split('.')[1]} = {v}\n" for k, (_, v) in KEYS.items() if k.split(".")[0] == section)
    for section in dict.fromkeys(k.split(".")[0] for k in KEYS)
)


def lua(tree, names):
    kind = tree[0]
    if kind == "num":
        return repr(tree[1])
    if kind == "key":
        return names.get(tree[1], tree[1])
    if kind == "not":
        return f"(not {lua(tree[1], names)})"
    if kind == "call":
        return f"{tree[1]}({', '.join(lua(a, names) for a in tree[2])})"
    return f"({lua(tree[2], names)} {tree[1]} {lua(tree[3], names)})"


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, key):
        if KEYS[key][0] == "int":
            return self.random.choice([1, 2, 3, 4, 6, 8, 12, 16, 64])
        return self.random.choice([0.5, 1.5, 2.0, 0.25, 3.0, 0.1])

    def values(self, key, count):
        found = []
        while len(found) < count:
            value = self.value(key)
            if value not in found:
                found.append(value)
        return found

    def number(self, keys, depth=2):
        roll = self.random.random()
        if depth == 0 or roll < 0.35:
            return ("key", self.random.choice(keys))
        if roll < 0.5:
            return ("num", self.random.choice([1, 2, 3, 4, 8, 0.5, 10]))
        if roll < 0.6:
            return ("call", self.random.choice(["min", "max"]), [self.number(keys, depth - 1) for _ in range(2)])
        if roll < 0.66:
            return ("call", self.random.choice(["abs", "floor", "ceil"]), [self.number(keys, depth - 1)])
        sign = self.random.choice(["+", "-", "*", "+", "*", "//", "%", "/"])
        right = ("num", self.random.choice([2, 3, 4])) if sign in ("//", "%", "/") and self.random.random() < 0.9 else self.number(keys, depth - 1)
        return ("op", sign, self.number(keys, depth - 1), right)

    def condition(self, keys, depth=2):
        roll = self.random.random()
        if depth > 0 and roll < 0.2:
            return ("op", self.random.choice(["and", "or"]), self.condition(keys, depth - 1), self.condition(keys, depth - 1))
        if depth > 0 and roll < 0.28:
            return ("not", self.condition(keys, depth - 1))
        if roll < 0.36:
            return ("call", "one_of", [self.number(keys, 1)] + [("num", n) for n in self.random.sample([1, 2, 3, 4, 8, 16], 3)])
        return ("op", self.random.choice(["<", "<=", ">", ">=", "~=", "<=", ">="]), self.number(keys), self.number(keys))

    def sweep(self):
        r = self.random
        pool = list(KEYS)
        r.shuffle(pool)
        take = pool.pop
        sweep = {"kinds": {k: t for k, (t, _) in KEYS.items()}, "base": {k: v for k, (_, v) in KEYS.items()}, "gpus": 1}
        sweep["kinds"]["resources.gpus"] = "int"
        sweep["matrix"] = [(k, self.values(k, r.randint(1, 4))) for k in [take() for _ in range(r.randint(0, 3))]]
        if r.random() < 0.2:
            sweep["matrix"].append(("env.NCCL_ALGO", ["Ring", "Tree"]))
        if r.random() < 0.2:
            sweep["matrix"].insert(0, ("resources.gpus", [1, 2]))
        sweep["zip"] = []
        if r.random() < 0.4:
            n = r.randint(2, 3)
            sweep["zip"].append([(k, self.values(k, n)) for k in [take(), take()]])
        axes = [k for k, _ in sweep["matrix"]] + [k for group in sweep["zip"] for k, _ in group]
        numeric = [k for k in axes if k in KEYS]
        sweep["fixed"] = {k: self.value(k) for k in [take() for _ in range(r.randint(0, 1))]}
        known = numeric + list(sweep["fixed"]) + [r.choice(pool)]
        sweep["derive"] = {}
        for _ in range(r.randint(0, 2)):
            key = take()
            if key in known:
                known.remove(key)
            if not known:
                break
            tree = self.number(known)
            sweep["derive"][key] = ("call", "floor", [tree]) if KEYS[key][0] == "int" and r.random() < 0.8 else tree
            known.append(key)
        if "resources.gpus" not in axes and known and r.random() < 0.25:
            sweep["derive"]["resources.gpus"] = ("op", "+", ("op", "%", ("call", "floor", [("key", r.choice(known))]), ("num", 2)), ("num", 1))
        sweep["where"] = [self.condition(known) for _ in range(r.choice([0, 0, 1, 1, 2, 3]))] if known else []
        rowable = [k for k in numeric] + [k for k in pool if k not in sweep["derive"]][:1]
        sweep["include"] = []
        for _ in range(r.choice([0, 0, 0, 1, 2])):
            keys = r.sample(rowable, r.randint(1, len(rowable))) if rowable else []
            if keys:
                sweep["include"].append({k: self.value(k) for k in keys})
        sweep["exclude"] = []
        if sweep["matrix"] and r.random() < 0.4:
            chosen = r.sample(sweep["matrix"], r.randint(1, min(2, len(sweep["matrix"]))))
            sweep["exclude"].append({k: r.choice(v) for k, v in chosen})
        sweep["sample"] = (r.randint(1, 12), r.randint(0, 5)) if r.random() < 0.25 else None
        sweep["repeat"] = ("debug.seed", [1, 2, 3][: r.randint(1, 3)]) if r.random() < 0.25 else None
        sweep["alias"] = {k: f"a{i}" for i, k in enumerate(k for k in KEYS if r.random() < 0.5)}
        return sweep


def scalar(value):
    return f'"{value}"' if isinstance(value, str) else repr(value)


def yaml(sweep, base, root):
    names = sweep["alias"]
    name = lambda key: names.get(key, key)
    row = lambda cells: "{" + ", ".join(f"{name(k)}: {scalar(v)}" for k, v in cells.items()) + "}"
    lists = lambda values: "[" + ", ".join(scalar(v) for v in values) + "]"
    text = f"sweep: random\nbase: {base}\ntorchtitan: {{root: {root}, version: 0.2.2}}\n"
    if names:
        text += "alias:\n" + "".join(f"  {short}: {key}\n" for key, short in names.items())
    if sweep["fixed"]:
        text += f"fixed: {row(sweep['fixed'])}\n"
    if sweep["matrix"]:
        text += "matrix:\n" + "".join(f"  {name(k)}: {lists(v)}\n" for k, v in sweep["matrix"])
    if sweep["zip"]:
        text += "zip:\n" + "".join("  - {" + ", ".join(f"{name(k)}: {lists(v)}" for k, v in g) + "}\n" for g in sweep["zip"])
    for part in ("include", "exclude"):
        if sweep[part]:
            text += f"{part}:\n" + "".join(f"  - {row(r)}\n" for r in sweep[part])
    derived = {k: t for k, t in sweep["derive"].items() if not k.startswith("resources.")}
    if derived:
        text += "derive:\n" + "".join(f"  {name(k)}: '{lua(t, names)}'\n" for k, t in derived.items())
    if sweep["where"]:
        text += "where:\n" + "".join(f"  - '{lua(t, names)}'\n" for t in sweep["where"])
    if sweep["repeat"]:
        text += f"repeat: {{{sweep['repeat'][0]}: {lists(sweep['repeat'][1])}}}\n"
    if sweep["sample"]:
        text += f"sample: {{count: {sweep['sample'][0]}, seed: {sweep['sample'][1]}}}\n"
    if "resources.gpus" in sweep["derive"]:
        text += f"resources: {{gpus: '{lua(sweep['derive']['resources.gpus'], names)}'}}\n"
    elif all(k != "resources.gpus" for k, _ in sweep["matrix"]):
        text += "resources: {gpus: 1}\n"
    return text
