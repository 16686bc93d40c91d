"""templates/torchtitan/tt_run.py with a stand-in for TorchTitan's registry; tests/real runs it with TorchTitan itself."""

import dataclasses
import os
import sys
import tempfile
import types
import typing
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "templates", "torchtitan"))
import tt_run  # noqa: E402


@dataclasses.dataclass(kw_only=True, slots=True)
class Training:
    seq_len: int = 2048
    max_norm: float = 1.0
    dtype: typing.Literal["float32", "bfloat16"] = "float32"
    data: str | None = "c4"
    compile: bool = False
    parts: list[list[str]] | None = None


@dataclasses.dataclass
class Group:
    pattern: str
    kwargs: dict[str, typing.Any]


@dataclasses.dataclass
class Policy:
    debug: bool = False


@dataclasses.dataclass
class OtherPolicy(Policy):
    pass


@dataclasses.dataclass
class Converter:
    recipe: str = "rowwise"
    model_compile_enabled: bool = False


@dataclasses.dataclass
class Config:
    training: Training = dataclasses.field(default_factory=Training)
    groups: list[Group] = dataclasses.field(default_factory=lambda: [Group(".*", {"lr": 0.5, "betas": (0.9, 0.95)})])
    activation_checkpoint: Policy | None = dataclasses.field(default_factory=Policy)
    model: tuple = ()
    dump_folder: str = "./outputs"


def stand_in():
    """torchtitan.models.tiny.config_registry and what tt_run asks for beside it."""
    modules = {name: types.ModuleType(name) for name in (
        "torchtitan", "torchtitan.models", "torchtitan.experiments", "torchtitan.models.tiny",
        "torchtitan.models.tiny.config_registry", "torchtitan.distributed", "torchtitan.distributed.activation_checkpoint",
        "torchtitan.components", "torchtitan.components.quantization")}
    modules["torchtitan.models"]._supported_models = frozenset({"tiny", "broken"})
    modules["torchtitan.experiments"]._supported_experiments = frozenset()
    for module in modules.values():
        module.__path__ = []
    registry = modules["torchtitan.models.tiny.config_registry"]
    text = """
tiny_configs = {"small": 1, "large": 2}

def model_registry(flavor, attention="flex", converters=None):
    return (flavor, tiny_configs[flavor], attention, converters)

def tiny_debug():
    return Config(model=model_registry("small", attention="varlen"))

def tiny_fixed():
    return Config()

def _hidden():
    return Config()

def with_argument(x):
    return Config()
"""
    registry.Config = Config
    exec(compile(text, "config_registry.py", "exec"), registry.__dict__)
    checkpointing = modules["torchtitan.distributed.activation_checkpoint"]
    for name, config in (("SelectiveAC", Policy), ("FullAC", OtherPolicy), ("MemoryBudgetAC", OtherPolicy)):
        setattr(checkpointing, name, types.SimpleNamespace(Config=config))
    for word in ("Float8LinearConverter", "MXFP8LinearConverter"):
        setattr(modules["torchtitan.components.quantization"], word, types.SimpleNamespace(Config=Converter))
    sys.modules.update(modules)


class TtRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stand_in()

    def configured(self, **settings):
        return tt_run.configured("tiny", "tiny_debug", settings)

    def refused(self, settings, module="tiny", config="tiny_debug"):
        with self.assertRaises(tt_run.CannotConfigure) as caught:
            tt_run.configured(module, config, settings)
        return str(caught.exception)

    def test_sets_attributes_items_of_lists_and_keys_of_dictionaries(self):
        config = self.configured(**{"training.seq_len": 256, "groups.0.kwargs.lr": 1, "groups.0.kwargs.betas": [0.8, 1],
                                    "groups.0.pattern": "bias", "dump_folder": "/out", "training.max_norm": 2})
        self.assertEqual(config.training.seq_len, 256)
        self.assertEqual(config.groups[0], Group("bias", {"lr": 1.0, "betas": (0.8, 1.0)}))
        self.assertIsInstance(config.groups[0].kwargs["lr"], float)
        self.assertEqual((config.dump_folder, config.training.max_norm), ("/out", 2.0))
        self.assertIsInstance(config.training.max_norm, float)

    def test_sets_none_booleans_and_lists_of_lists(self):
        config = self.configured(**{"training.data": None, "training.compile": True, "training.parts": [["a", "b"], ["c"]]})
        self.assertIsNone(config.training.data)
        self.assertIs(config.training.compile, True)
        self.assertEqual(config.training.parts, [["a", "b"], ["c"]])

    def test_calls_the_function_with_our_arguments_of_its_model(self):
        self.assertEqual(self.configured().model, ("small", 1, "varlen", None))
        self.assertEqual(self.configured(**{"model.flavor": "large"}).model, ("large", 2, "varlen", None))
        self.assertEqual(self.configured(**{"model.attention": "flex"}).model, ("small", 1, "flex", None))
        self.assertEqual(self.configured().model, ("small", 1, "varlen", None), "nothing is left behind")

    def test_chooses_the_policy_first_and_then_its_options(self):
        self.assertEqual(self.configured(**{"activation_checkpoint.debug": True}).activation_checkpoint, Policy(True))
        full = self.configured(**{"activation_checkpoint.debug": True, "activation_checkpoint.mode": "full"})
        self.assertEqual(full.activation_checkpoint, OtherPolicy(True))
        self.assertIsNone(self.configured(**{"activation_checkpoint.mode": "none"}).activation_checkpoint)
        self.assertIsInstance(self.configured(**{"activation_checkpoint.mode": "memory-budget"}).activation_checkpoint, OtherPolicy)

    def test_keeps_a_policy_of_the_function_that_is_the_chosen_one(self):
        config = Config(activation_checkpoint=Policy(True))
        problems = []
        tt_run.choose_policy(config, {"activation_checkpoint.mode": "selective"}, problems)
        self.assertEqual((config.activation_checkpoint, problems), (Policy(True), []))

    def test_makes_converters_under_their_old_names_too(self):
        model = self.configured(**{"model.converters": ["float8"], "quantize.linear.float8.recipe": "x"}).model
        self.assertEqual(model[3], [Converter("x")])
        model = self.configured(**{"model.converters": ["quantize.linear.mx"]}).model
        self.assertEqual(model[3], [Converter()])

    def test_says_everything_that_cannot_be_set_with_what_exists(self):
        self.assertEqual(
            self.refused({"training.seqlen": 1, "training.seq_len": "x", "nothing.here": 1, "groups.1.pattern": "x",
                          "groups.0.kwargs.lrr": 1, "training": 3, "training.dtype": "float3", "training.data": 4}),
            "tiny.tiny_debug: training.seqlen: Training has no 'seqlen' (did you mean 'seq_len'?); it has seq_len, max_norm, dtype, data, "
            "compile, parts\n"
            "  training.seq_len is 'x'; int was expected\n"
            "  nothing.here: Config has no 'nothing'; it has training, groups, activation_checkpoint, model, dump_folder\n"
            "  groups.1.pattern: '1' is no index of a list of 1 (the first is 0)\n"
            "  groups.0.kwargs.lrr: there is no 'lrr' (did you mean 'lr'?); there are lr, betas\n"
            "  training is a group; set one of its keys: seq_len, max_norm, dtype, data, compile, parts\n"
            "  training.dtype is 'float3'; one of 'float32', 'bfloat16' was expected\n"
            "  training.data is 4; str or None was expected")

    def test_takes_no_boolean_for_a_number_and_no_half_for_a_whole(self):
        self.assertEqual(self.refused({"training.seq_len": True}), "tiny.tiny_debug: training.seq_len is True; int was expected")
        self.assertEqual(self.refused({"training.seq_len": 1.5}), "tiny.tiny_debug: training.seq_len is 1.5; int was expected")
        self.assertEqual(self.configured(**{"training.seq_len": 512.0}).training.seq_len, 512)
        self.assertEqual(self.refused({"groups.0.kwargs.lr": "fast"}),
                         "tiny.tiny_debug: groups.0.kwargs.lr is 'fast'; a float was expected, as 0.5")

    def test_refuses_an_option_of_a_policy_that_is_switched_off(self):
        self.assertEqual(self.refused({"activation_checkpoint.mode": "none", "activation_checkpoint.debug": True}),
                         "tiny.tiny_debug: activation_checkpoint.debug: activation_checkpoint is None here, so it has no debug")

    def test_refuses_flavors_arguments_modes_and_converters_that_do_not_exist(self):
        self.assertEqual(self.refused({"model.flavor": "huge"}),
                         "model.flavor: torchtitan.models.tiny.config_registry has no flavor 'huge'; it has large, small")
        self.assertEqual(self.refused({"model.flavour": "x"}),
                         "tiny.tiny_debug: model.flavour: the model_registry of torchtitan.models.tiny.config_registry has no "
                         "such argument (did you mean 'flavor'?); it has flavor, attention, converters")
        self.assertEqual(self.refused({"model.flavor": "large"}, config="tiny_fixed"),
                         "tiny.tiny_fixed: model.flavor: tiny_fixed does not use model_registry")
        self.assertEqual(self.refused({"activation_checkpoint.mode": "fulll"}),
                         "tiny.tiny_debug: activation_checkpoint.mode: there is no 'fulll'; there are selective, full, "
                         "memory_budget, none")
        self.assertEqual(self.refused({"model.converters": ["float9"]}),
                         "tiny.tiny_debug: model.converters: there is no 'float9' (did you mean 'float8'?); there are float8, "
                         "mxfp8, nvfp4, float8_experts, mxfp8_experts")
        self.assertEqual(self.refused({"quantize.linear.float8.recipe": "x"}),
                         "tiny.tiny_debug: quantize.linear.float8.recipe: model.converters must name float8 for it")

    def test_names_the_functions_and_modules_that_exist(self):
        self.assertEqual(self.refused({}, config="tiny_debugg"),
                         "torchtitan.models.tiny.config_registry has no function 'tiny_debugg' (did you mean 'tiny_debug'?); "
                         "it has tiny_debug, tiny_fixed")
        self.assertEqual(self.refused({}, module="tinny"),
                         "there is no module 'tinny' (did you mean 'tiny'?); TorchTitan has broken, tiny, and any other must "
                         "be in PYTHONPATH")

    def test_finds_a_module_of_the_users_own(self):
        own = types.ModuleType("own_configs")
        own.mine = lambda: Config(dump_folder="mine")
        sys.modules["own_configs"] = own
        self.assertEqual(tt_run.configured("own_configs", "mine", {}).dump_folder, "mine")

    def test_reads_the_file_the_job_names(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "config.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write('module = "tiny"\nconfig = "tiny_debug"\nnone = ["training.data"]\n\n[set]\n"training.seq_len" = 64\n')
            os.environ["TT_RUN_CONFIG"] = path
            config = tt_run.run()
            self.assertEqual((config.training.seq_len, config.training.data), (64, None))
            with open(path, "w", encoding="utf-8") as file:
                file.write("[training]\nseq_len = 3\n")
            with self.assertRaises(tt_run.CannotConfigure) as caught:
                tt_run.run()
            self.assertEqual(str(caught.exception), f"{path}: module, config, none and [set] were expected, found ['training']")

    def test_wants_the_name_of_the_file(self):
        os.environ.pop("TT_RUN_CONFIG", None)
        with self.assertRaises(tt_run.CannotConfigure) as caught:
            tt_run.run()
        self.assertEqual(str(caught.exception), "TT_RUN_CONFIG names no file; the job script of the run sets it")


if __name__ == "__main__":
    unittest.main()
