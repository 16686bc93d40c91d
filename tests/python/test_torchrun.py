"""The torchrun wrapper of a submission before a real torchrun, where there is one: two ranks on one machine, no GPU.

tests/unit/render has the same wrapper before a stand-in; tests/real has two nodes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROBE = '''
import os, sys
print(os.environ["RANK"], "of", os.environ["WORLD_SIZE"], "restarts", os.environ["TORCHELASTIC_MAX_RESTARTS"], *sys.argv[1:])
if sys.argv[1:] == ["fail"] and os.environ["RANK"] == "1":
    sys.exit(7)
'''


def real_torchrun():
    folders = [os.environ.get("TT_TORCHTITAN_VENV", os.path.join(ROOT, "build", "torchtitan")) + "/bin", os.environ.get("PATH", "")]
    return shutil.which("torchrun", path=os.pathsep.join(folders))


class Wrapper(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.folder = self.home.name
        os.makedirs(f"{self.folder}/bin")
        shutil.copy(os.path.join(ROOT, "templates", "torchtitan", "torchrun"), f"{self.folder}/bin/torchrun")
        os.chmod(f"{self.folder}/bin/torchrun", 0o755)
        with open(f"{self.folder}/probe.py", "w", encoding="utf-8") as file:
            file.write(PROBE)

    def tearDown(self):
        self.home.cleanup()

    def run_as_run_train_does(self, *words):
        environment = dict(os.environ, PATH=f"{self.folder}/bin:{os.path.dirname(REAL)}:/usr/bin:/bin", OMP_NUM_THREADS="1",
                           PET_STANDALONE="1", PET_MAX_RESTARTS="3", TT_NODES="1", TT_RANK_LOGS=f"{self.folder}/logs")
        return subprocess.run(["torchrun", "--nproc_per_node=2", "--rdzv_backend", "c10d", "--rdzv_endpoint=localhost:0",
                               "--local-ranks-filter", "0", "--role", "rank", "--tee", "3", "-m", "probe", *words],
                              env=environment, cwd=self.folder, capture_output=True, text=True, timeout=150, check=False)

    def logs(self):
        found = {}
        for place, _, files in os.walk(f"{self.folder}/logs"):
            for name in files:
                with open(f"{place}/{name}", encoding="utf-8") as file:
                    found[f"{os.path.basename(place)}/{name}"] = file.read()
        return found

    def test_trains_and_keeps_the_logs_of_all_ranks(self):
        done = self.run_as_run_train_does("--a.b=x y", "-m")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "[rank0]:0 of 2 restarts 0 --a.b=x y -m\n")
        logs = self.logs()
        self.assertEqual(logs["0/stdout.log"], "0 of 2 restarts 0 --a.b=x y -m\n")
        self.assertEqual(logs["1/stdout.log"], "1 of 2 restarts 0 --a.b=x y -m\n")

    def test_hands_a_failure_on(self):
        done = self.run_as_run_train_does("fail")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("exitcode  : 7 ", done.stderr)


REAL = real_torchrun()
if __name__ == "__main__":
    if REAL is None:
        print("skipped: no torchrun in PATH, TT_TORCHTITAN_VENV or build/torchtitan")
        sys.exit(77)
    unittest.main()
