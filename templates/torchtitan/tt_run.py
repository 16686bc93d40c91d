"""One run of a sweep, for TorchTitan from 0.3.0 on, where a training is configured by a Python function.

    TT_RUN_CONFIG=.../config.toml  run_train.sh with MODULE=tt_run CONFIG=run

`run` reads the run's config.toml, calls the function of TorchTitan's registry that it names, and sets in its result what
the run sets. The same text serves every run: what varies is data. TorchTitan checks the result as it always does, and
options on the command line still win.

config.toml:

    module = "llama3"                 # as for --module
    config = "llama3_debugmodel"      # as for --config
    none = ["training.global_batch_size"]          # keys set to None, which TOML cannot say

    [set]
    "training.seq_len" = 256
    "optimizer.param_groups.0.optimizer_kwargs.lr" = 0.001

A key is the path of an attribute; a number is the index of a list, and a name the key of a dictionary. These say what is
no attribute:

    activation_checkpoint.mode        selective, full, memory_budget or none; activation_checkpoint.* sets its options
    model.<argument>                  an argument of the model_registry of the module: flavor, attn_backend,
                                      moe_comm_backend, ...; the function is called with it in place of its own
    model.converters                  float8, mxfp8, nvfp4 (quantize.linear.*), float8_experts, mxfp8_experts
                                      (quantize.grouped_mm.*): quantisation of the model, in this order
    quantize.linear.float8.*          options of these converters; quantize.linear.mx.*, quantize.linear.nvfp4.*,
                                      quantize.grouped_mm.float8.* and quantize.grouped_mm.mx.* likewise

Everything that cannot be set is told at once, with what exists.
"""

import dataclasses
import difflib
import importlib
import inspect
import os
import tomllib
import types
import typing

POLICIES = {"selective": "SelectiveAC", "full": "FullAC", "memory_budget": "MemoryBudgetAC", "none": None}
CONVERTERS = {  # word: name of the TOML releases, class
    "float8": ("quantize.linear.float8", "Float8LinearConverter"),
    "mxfp8": ("quantize.linear.mx", "MXFP8LinearConverter"),
    "nvfp4": ("quantize.linear.nvfp4", "NVFP4LinearConverter"),
    "float8_experts": ("quantize.grouped_mm.float8", "Float8GroupedExpertsConverter"),
    "mxfp8_experts": ("quantize.grouped_mm.mx", "MXFP8GroupedExpertsConverter"),
}
SHIPPED = ("torchtitan.models.{}.config_registry", "torchtitan.experiments.{}.config_registry",
           "torchtitan.experiments.rl.examples.{}.config_registry")
OTHERS = ("{}.config_registry", "{}")


class CannotConfigure(ValueError):
    """The run asks for what this TorchTitan does not have."""


def run():
    path = os.environ.get("TT_RUN_CONFIG")
    if not path:
        raise CannotConfigure("TT_RUN_CONFIG names no file; the job script of the run sets it")
    return configured(*read(path))


def read(path):
    """(module, config, {key: value}) of a config.toml."""
    with open(path, "rb") as file:
        text = tomllib.load(file)
    unknown = sorted(set(text) - {"module", "config", "none", "set"})
    if unknown or "module" not in text or "config" not in text:
        raise CannotConfigure(f"{path}: module, config, none and [set] were expected, found {sorted(text)}")
    settings = dict(text.get("set", {}))
    settings.update(dict.fromkeys(text.get("none", [])))
    return text["module"], text["config"], settings


def configured(module, config, settings):
    """What the config function returns, with the settings in it."""
    registry, function = find(module, config)
    problems = []
    arguments = {key.removeprefix("model."): value for key, value in settings.items() if key.startswith("model.")}
    arguments.update(converters(arguments, settings, problems))
    result = call(registry, function, arguments, problems)
    choose_policy(result, settings, problems)
    for key, value in settings.items():
        if key == "activation_checkpoint.mode" or key.startswith(("model.", "quantize.")):
            continue
        try:
            assign(result, key, value)
        except CannotConfigure as problem:
            problems.append(str(problem))
    if problems:
        raise CannotConfigure(f"{module}.{config}: " + "\n  ".join(problems))
    return result


def find(module, config):
    registry = None
    shipped = shipped_modules()
    for pattern in SHIPPED if module in shipped else OTHERS:
        name = pattern.format(module)
        try:
            registry = importlib.import_module(name)
            break
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(error.name + ".")):
                continue
            raise CannotConfigure(f"{name} wants the Python package {error.name}, which is not installed") from error
    if registry is None:
        raise CannotConfigure(f"there is no module '{module}'{near(module, shipped)}; TorchTitan has {', '.join(shipped)}, "
                              "and any other must be in PYTHONPATH")
    function = getattr(registry, config, None)
    if not callable(function):
        raise CannotConfigure(f"{registry.__name__} has no function '{config}'{near(config, functions_of(registry))}; "
                              f"it has {', '.join(functions_of(registry))}")
    return registry, function


def shipped_modules():
    names = set()
    for package, table in (("torchtitan.models", "_supported_models"), ("torchtitan.experiments", "_supported_experiments")):
        names |= set(getattr(importlib.import_module(package), table, ()))
    return sorted(names)


def functions_of(registry):
    """The functions written in the registry itself that take nothing."""
    return sorted(name for name, value in vars(registry).items()
                  if not name.startswith("_") and inspect.isfunction(value) and value.__module__ == registry.__name__
                  and not inspect.signature(value).parameters)


def call(registry, function, arguments, problems):
    """Calls the config function; its calls of model_registry get our arguments in place of their own."""
    if not arguments:
        return function()
    original = vars(registry).get("model_registry")
    if not callable(original):
        problems.append(f"model.{next(iter(arguments))}: {registry.__name__} has no model_registry that takes it")
        return function()
    known = list(inspect.signature(original).parameters)
    for name in [name for name in arguments if name not in known]:
        problems.append(f"model.{name}: the model_registry of {registry.__name__} has no such argument"
                        f"{near(name, known)}; it has {', '.join(known)}")
        del arguments[name]
    called = []

    def ours(*positional, **named):
        called.append(True)
        bound = inspect.signature(original).bind(*positional, **named)
        bound.arguments.update(arguments)
        try:
            return original(*bound.args, **bound.kwargs)
        except KeyError as error:
            if error.args != (bound.arguments.get("flavor"),):
                raise
            raise CannotConfigure(f"model.flavor: {registry.__name__} has no flavor {error}{flavors_of(original)}") from error

    places = [space for space in (vars(registry), getattr(function, "__globals__", {})) if space.get("model_registry") is original]
    try:
        for space in places:
            space["model_registry"] = ours
        result = function()
    finally:
        for space in places:
            space["model_registry"] = original
    if not called:
        problems.append(f"model.{next(iter(arguments))}: {function.__name__} does not use model_registry")
    return result


def flavors_of(model_registry):
    for name, value in getattr(model_registry, "__globals__", {}).items():
        if name.endswith("_configs") and isinstance(value, dict):
            return "; it has " + ", ".join(sorted(map(str, value)))
    return ""


def converters(arguments, settings, problems):
    """{"converters": [...]} when the run sets any."""
    names = {old: word for word, (old, _) in CONVERTERS.items()}
    options = {}
    for key, value in settings.items():
        if key.startswith("quantize."):
            old, _, field = key.rpartition(".")
            if old in names:
                options.setdefault(names[old], {})[field] = (key, value)
            else:
                problems.append(f"{key}: there is no such converter; there are {', '.join(sorted(names))}")
    wanted = arguments.pop("converters", None)
    if wanted is None:
        for word, fields in options.items():
            problems.append(f"{next(iter(fields.values()))[0]}: model.converters must name {word} for it")
        return {}
    words = [names.get(word, word) for word in ([wanted] if isinstance(wanted, str) else wanted)]
    for word in options:
        if word not in words:
            problems.append(f"{next(iter(options[word].values()))[0]}: model.converters must name {word} for it")
    made = []
    for word in words:
        if word not in CONVERTERS:
            problems.append(f"model.converters: there is no '{word}'{near(word, CONVERTERS)}; there are {', '.join(CONVERTERS)}")
            continue
        config = getattr(importlib.import_module("torchtitan.components.quantization"), CONVERTERS[word][1]).Config()
        if is_compiled(settings) and hasattr(config, "model_compile_enabled"):
            config.model_compile_enabled = True
        for field, (key, value) in options.get(word, {}).items():
            try:
                assign(config, field, value, key)
            except CannotConfigure as problem:
                problems.append(str(problem))
        made.append(config)
    return {"converters": made}


def is_compiled(settings):
    return bool(settings.get("compile.enable")) and "model" in settings.get("compile.components", ["model"])


def choose_policy(result, settings, problems):
    mode = settings.get("activation_checkpoint.mode", "")
    if mode == "":
        return
    word = "none" if mode is None else str(mode).replace("-", "_")
    if word not in POLICIES:
        problems.append(f"activation_checkpoint.mode: there is no '{mode}'; there are {', '.join(POLICIES)}")
        return
    policy = None
    if POLICIES[word] is not None:
        home = importlib.import_module("torchtitan.distributed.activation_checkpoint")
        policy = getattr(home, POLICIES[word]).Config
    if policy is None:
        result.activation_checkpoint = None
    elif not isinstance(result.activation_checkpoint, policy):
        result.activation_checkpoint = policy()


def assign(root, key, value, shown=None):
    """Sets what the path names, in dataclasses, lists and dictionaries."""
    shown = shown or key
    owner, parts = root, key.split(".")
    for i, part in enumerate(parts[:-1]):
        owner = step(owner, part, shown)
        if owner is None:
            raise CannotConfigure(f"{shown}: {'.'.join(parts[:i + 1])} is None here, so it has no {parts[i + 1]}")
    last = parts[-1]
    old = step(owner, last, shown)
    if dataclasses.is_dataclass(old):
        raise CannotConfigure(f"{shown} is a group; set one of its keys: {', '.join(names_in(old))}")
    if dataclasses.is_dataclass(owner):
        setattr(owner, last, fitted(value, hint_of(owner, last), shown))
    elif isinstance(owner, dict):
        owner[last] = like(value, old, shown)
    else:
        owner[int(last)] = like(value, old, shown)


def step(owner, part, shown):
    if isinstance(owner, dict):
        if part not in owner:
            raise CannotConfigure(f"{shown}: there is no '{part}'{near(part, owner)}; there are {', '.join(map(str, owner))}")
        return owner[part]
    if isinstance(owner, (list, tuple)):
        if not part.isdecimal() or int(part) >= len(owner):
            raise CannotConfigure(f"{shown}: '{part}' is no index of a list of {len(owner)} (the first is 0)")
        return owner[int(part)]
    if not dataclasses.is_dataclass(owner):
        raise CannotConfigure(f"{shown}: a {type(owner).__name__} has no '{part}'")
    if part not in names_in(owner):
        raise CannotConfigure(f"{shown}: {title(owner)} has no '{part}'{near(part, names_in(owner))}; it has "
                              + ", ".join(names_in(owner)))
    return getattr(owner, part)


def names_in(group):
    return [field.name for field in dataclasses.fields(group)]


def title(group):
    return type(group).__qualname__


def near(word, words):
    found = difflib.get_close_matches(str(word), [str(one) for one in words], 1)
    return f" (did you mean '{found[0]}'?)" if found else ""


def hint_of(owner, name):
    try:
        return typing.get_type_hints(type(owner)).get(name, typing.Any)
    except Exception:  # noqa: BLE001 - names that exist for type checkers only: nothing is known then
        return typing.Any


def fitted(value, hint, shown):
    """The value as the annotation wants it; TorchTitan itself does not look at what a function returns."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is typing.Any:
        return value
    if origin is typing.Annotated:
        return fitted(value, arguments[0], shown)
    if origin in (typing.Union, types.UnionType):
        for choice in arguments:
            try:
                return fitted(value, choice, shown)
            except CannotConfigure:
                continue
    elif origin is typing.Literal:
        if value in arguments:
            return value
    elif hint in (None, type(None)):
        if value is None:
            return None
    elif hint is bool:
        if isinstance(value, bool):
            return value
    elif hint is int:
        if not isinstance(value, bool) and isinstance(value, (int, float)) and value == value // 1:
            return int(value)
    elif hint is float:
        if not isinstance(value, bool) and isinstance(value, (int, float)):
            return float(value)
    elif hint is str:
        if isinstance(value, str):
            return value
    elif origin in (list, tuple) and isinstance(value, list):
        return origin(fitted(one, arguments[0] if arguments else typing.Any, shown) for one in value)
    elif origin is dict and isinstance(value, dict):
        return {name: fitted(one, arguments[1], shown) for name, one in value.items()}
    raise CannotConfigure(f"{shown} is {value!r}; {words_for(hint)} was expected")


def words_for(hint):
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(words_for(one) for one in typing.get_args(hint))
    return "None" if hint is type(None) else getattr(hint, "__name__", str(hint)) if not typing.get_args(hint) else str(hint)


def like(value, old, shown):
    """What stands in a list or a dictionary has no annotation: the new value must be of the old one's kind."""
    if isinstance(old, tuple) and isinstance(value, list):
        return tuple(like(one, old[0] if old else one, shown) for one in value)
    if isinstance(old, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if old is None or value is None or type(value) is type(old):
        return value
    raise CannotConfigure(f"{shown} is {value!r}; a {type(old).__name__} was expected, as {old!r}")
