"""What a sweep file means, by brute force: every combination is written out, and every condition asked of each.

Independent of the library: it takes a sweep as a Python structure (made by random_sweeps.py), not as YAML, and evaluates
expression trees with Lua's arithmetic.
"""

import itertools
import json
import math


class SweepError(Exception):
    """The sweep file is wrong: the tool must refuse it."""


# ---- expressions: ("num", 3) ("key", name) ("op", sign, a, b) ("not", a) ("call", name, [args]) -------------------------


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def divided(a, b):
    """Lua's / in floating point: nothing is an error, and x / 0 is infinite."""
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return float(a) / float(b)


def rounded(number, down):
    if isinstance(number, int) or not math.isfinite(number):
        return number
    return math.floor(number) if down else math.ceil(number)


def arithmetic(sign, a, b):
    if not is_number(a) or not is_number(b):
        raise SweepError("arithmetic on no number")
    whole = isinstance(a, int) and isinstance(b, int)
    if sign == "/":
        return divided(a, b)
    if sign in ("//", "%") and whole:
        if b == 0:
            raise SweepError("integer division by zero")
        return a // b if sign == "//" else a % b
    if sign == "//":
        return float(rounded(divided(a, b), True))
    if sign == "%":
        if b == 0 or math.isinf(a):
            return math.nan
        return a % b
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def compare(sign, a, b):
    if sign in ("==", "~="):
        same = a == b if is_number(a) == is_number(b) and isinstance(a, bool) == isinstance(b, bool) else False
        return same if sign == "==" else not same
    if is_number(a) != is_number(b) or isinstance(a, bool) or isinstance(b, bool):
        raise SweepError("comparison of unlike values")
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]


def evaluate(tree, value_of):
    kind = tree[0]
    if kind == "num":
        return tree[1]
    if kind == "key":
        return value_of(tree[1])
    if kind == "not":
        return evaluate(tree[1], value_of) is False
    if kind == "call":
        arguments = [evaluate(a, value_of) for a in tree[2]]
        if tree[1] == "one_of":
            return any(compare("==", arguments[0], a) for a in arguments[1:])
        if not all(is_number(a) for a in arguments):
            raise SweepError("a function of no number")
        if tree[1] in ("min", "max"):
            best = arguments[0]
            for a in arguments[1:]:
                if (a < best) if tree[1] == "min" else (best < a):
                    best = a
            return best
        return {"abs": abs, "floor": lambda a: rounded(a, True), "ceil": lambda a: rounded(a, False)}[tree[1]](arguments[0])
    sign, left = tree[1], evaluate(tree[2], value_of)
    if sign == "and":
        return evaluate(tree[3], value_of) if left is not False else left
    if sign == "or":
        return left if left is not False else evaluate(tree[3], value_of)
    right = evaluate(tree[3], value_of)
    return arithmetic(sign, left, right) if sign in ("+", "-", "*", "/", "//", "%") else compare(sign, left, right)


def as_key_wants(value, kind):
    """An integer key takes 512.0 as 512 and refuses 512.5; a float key takes 3 as 3.0."""
    if not is_number(value) or (isinstance(value, float) and not math.isfinite(value)):
        raise SweepError("no finite number")
    if kind == "int":
        if value != math.floor(value):
            raise SweepError("not whole")
        return int(value)
    return float(value)


def conjuncts(tree):
    if tree[0] == "op" and tree[1] == "and":
        return conjuncts(tree[2]) + conjuncts(tree[3])
    return [tree]


def keys_of(tree):
    if tree[0] == "key":
        return {tree[1]}
    return set().union(*[keys_of(part) for part in tree if isinstance(part, tuple)],
                       *[keys_of(part) for parts in tree if isinstance(parts, list) for part in parts])


def refuse_circles(derive):
    def follow(key, path):
        if key in path:
            raise SweepError("circle")
        for below in keys_of(derive[key]):
            if below in derive:
                follow(below, path + [key])

    for key in derive:
        follow(key, [])


# ---- the hash of a sample ---------------------------------------------------------------------------------------------


def sample_hash(seed, axes):
    text = f"seed={seed}\n" + "".join(f"{key}={json.dumps(axes[key])}\n" for key in sorted(axes))
    mask = (1 << 64) - 1
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 & mask
    h ^= h >> 30
    h = h * 0xBF58476D1CE4E5B9 & mask
    h ^= h >> 27
    h = h * 0x94D049BB133111EB & mask
    return h ^ (h >> 31)


# ---- the plan ---------------------------------------------------------------------------------------------------------


def plan(sweep):
    """-> (runs, filtered); a run is (overrides, environment, gpus, repeat). Raises SweepError."""
    kinds, base = sweep["kinds"], sweep["base"]
    refuse_circles(sweep["derive"])
    columns = [[{key: value} for value in values] for key, values in sweep["matrix"]]
    columns += [[dict(zip([k for k, _ in group], row)) for row in zip(*[v for _, v in group])] for group in sweep["zip"]]
    has_product = bool(columns) or not sweep["include"]
    points = [({k: v for part in parts for k, v in part.items()}, False) for parts in itertools.product(*columns)] if has_product else []
    points += [(dict(row), True) for row in sweep["include"]]

    kept, filtered, failed = [], 0, False
    for axes, is_row in points:
        derived = {}

        def value_of(key):
            if key in axes:
                return axes[key]
            if key in sweep["fixed"]:
                return sweep["fixed"][key]
            if key in sweep["derive"]:
                if key not in derived:
                    derived[key] = as_key_wants(evaluate(sweep["derive"][key], value_of), kinds[key])
                return derived[key]
            if key in base:
                return base[key]
            raise SweepError("no value")

        def holds(condition):
            try:
                for key in keys_of(condition):  # a key that has no value fails every condition that names it
                    value_of(key)
                return evaluate(condition, value_of)
            except SweepError:
                return "fails"

        def excluded(row):
            try:
                return all(compare("==", value_of(key), value) for key, value in row.items())
            except SweepError:
                return False

        verdicts = [holds(part) for condition in sweep["where"] for part in conjuncts(condition)]
        if any(v is False for v in verdicts) or (not is_row and any(excluded(row) for row in sweep["exclude"])):
            filtered += 1
            continue
        try:
            settings = {key: value_of(key) for key in sweep["derive"]}
        except SweepError:
            failed = True
            continue
        failed = failed or any(v is not True for v in verdicts)
        kept.append((axes, is_row, settings))
    if failed:
        raise SweepError("a condition or a derived key cannot be computed at a point that stays")

    if sweep["sample"]:
        count, seed = sweep["sample"]
        product = [point for point in kept if not point[1]]
        ranked = sorted(range(len(product)), key=lambda i: (sample_hash(seed, product[i][0]), i))[:count]
        kept = [product[i] for i in sorted(ranked)] + [point for point in kept if point[1]]

    runs, seen = [], set()
    for axes, _, settings in kept:
        for number, repeat in enumerate(sweep["repeat"][1] if sweep["repeat"] else [None]):
            overrides = dict(sweep["fixed"], **{k: v for k, v in axes.items() if "." in k and not k.startswith(("env.", "resources."))}, **{k: v for k, v in settings.items() if not k.startswith("resources.")})
            if repeat is not None:
                overrides[sweep["repeat"][0]] = repeat
            environment = {k[4:]: v for k, v in axes.items() if k.startswith("env.")}
            if any(key == "resources.gpus" for key, _ in sweep["matrix"]) and "resources.gpus" not in axes:
                raise SweepError("a row that does not say how many GPUs")
            gpus = int(settings.get("resources.gpus", axes.get("resources.gpus", sweep["gpus"])))
            if gpus < 1 or gpus > 4:
                raise SweepError("resources out of what the reference knows")
            resolved = (tuple(sorted(dict(base, **overrides).items())), tuple(sorted(environment.items())), gpus, number)
            if resolved in seen:
                raise SweepError("two runs would be the same training")
            seen.add(resolved)
            runs.append((overrides, environment, gpus, number + 1 if sweep["repeat"] else None))
    return runs, filtered
