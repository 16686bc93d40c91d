"""templates/torchtitan/tt_preflight.py without TorchTitan: how answers come, and what a config says."""

import dataclasses
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "templates", "torchtitan"))
import tt_preflight  # noqa: E402


@dataclasses.dataclass
class Spec:
    flavor: str = "8B"
    model: object = None


class FullAC:
    @dataclasses.dataclass
    class Config:
        debug: bool = False


@dataclasses.dataclass
class Group:
    pattern: str = ".*"
    kwargs: dict = dataclasses.field(default_factory=lambda: {"lr": 0.5, "betas": (0.9, 0.95)})


@dataclasses.dataclass
class Config:
    model_spec: Spec = dataclasses.field(default_factory=Spec)
    groups: list = dataclasses.field(default_factory=lambda: [Group()])
    activation_checkpoint: object = dataclasses.field(default_factory=FullAC.Config)
    name: str = "x"
    hook: object = len
    nothing: object = None
    modules: list = dataclasses.field(default_factory=lambda: ["a", "b"])
    empty: dict = dataclasses.field(default_factory=dict)


def scripted(question, _, answers):
    wish = question["wish"]
    if wish == "die":
        os._exit(7)
    if wish == "hang":
        time.sleep(60)
    answers.put({"id": question["id"], "verdict": wish})


class TtPreflight(unittest.TestCase):
    def answers(self, wishes, jobs, limit):
        tt_preflight.ask, original = scripted, tt_preflight.ask
        try:
            questions = [{"id": str(i), "wish": wish} for i, wish in enumerate(wishes)]
            return {one["id"]: one for one in tt_preflight.answered(questions, jobs, limit)}
        finally:
            tt_preflight.ask = original

    def test_every_question_gets_an_answer_whatever_happens_to_its_process(self):
        answers = self.answers(["taken", "die", "hang", "refused"], jobs=2, limit=2)
        self.assertEqual([answers[str(i)]["verdict"] for i in range(4)], ["taken", "unknown", "unknown", "refused"])
        self.assertEqual(answers["1"]["said"], "its process ended with 7")
        self.assertEqual(answers["2"]["said"], "no answer in 2 s")

    def test_what_a_config_says_is_told_by_key(self):
        self.assertEqual(dict(tt_preflight.flat(Config())), {
            "model.flavor": "8B", "groups.0.pattern": ".*", "groups.0.kwargs.lr": 0.5, "groups.0.kwargs.betas": [0.9, 0.95],
            "activation_checkpoint.mode": "full", "activation_checkpoint.debug": False, "name": "x", "nothing": None,
            "modules": ["a", "b"]})
        self.assertEqual(dict(tt_preflight.flat(Config(activation_checkpoint=None)))["activation_checkpoint.mode"], "none")

    def test_the_memory_of_a_question_is_bounded(self):
        def too_much(question, assets, answers):
            tt_preflight.limit_memory()
            try:
                bytearray(1 << 46)
                answers.put({"id": question["id"], "verdict": "taken"})
            except MemoryError:
                answers.put({"id": question["id"], "verdict": "unknown"})

        tt_preflight.ask, original = too_much, tt_preflight.ask
        try:
            self.assertEqual([one["verdict"] for one in tt_preflight.answered([{"id": "0"}], 1, 20)], ["unknown"])
        finally:
            tt_preflight.ask = original


if __name__ == "__main__":
    unittest.main()
