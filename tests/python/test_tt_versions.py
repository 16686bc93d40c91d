"""tt_versions.py in folders that look like what a training works in."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "templates", "torchtitan", "tt_versions.py")
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")


class Versions(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.folder = os.path.join(self.home.name, "checkout")
        os.makedirs(f"{self.folder}/torchtitan")
        self.write("torchtitan/__init__.py", "")

    def tearDown(self):
        self.home.cleanup()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def git(self, *words):
        done = subprocess.run([*GIT, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def committed(self):
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "one")
        return self.git("rev-parse", "HEAD")

    def line(self, *words):
        done = subprocess.run([sys.executable, SCRIPT, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        found = re.search(r"^# torchtitan: (.*)$", done.stdout, flags=re.M)
        return found and found.group(1)

    def test_a_checkout_is_named_by_its_commit(self):
        commit = self.committed()
        self.assertEqual(self.line(), f"commit {commit}")

    def test_a_change_nobody_committed_is_told(self):
        commit = self.committed()
        self.write("torchtitan/__init__.py", "x = 1\n")
        self.assertEqual(self.line(), f"commit {commit}, modified")

    def test_a_file_git_does_not_know_is_no_change(self):
        commit = self.committed()
        self.write("notes.txt", "x")
        self.assertEqual(self.line(), f"commit {commit}")

    def test_the_version_is_the_one_that_was_recognised(self):
        commit = self.committed()
        record = os.path.join(self.home.name, "run.json")
        with open(record, "w", encoding="utf-8") as file:
            json.dump({"torchtitan": {"version": "0.2.2"}}, file)
        self.assertEqual(self.line(record), f"0.2.2, commit {commit}")

    def test_what_was_unpacked_below_a_repository_is_not_of_its_commit(self):
        self.folder = self.home.name
        self.committed()
        self.folder = os.path.join(self.home.name, "checkout")
        self.assertEqual(self.line(), "a checkout without git")

    def test_a_folder_without_torchtitan_trains_with_the_wheel_if_there_is_one(self):
        os.remove(f"{self.folder}/torchtitan/__init__.py")
        self.assertNotIn("checkout", self.line() or "")


if __name__ == "__main__":
    unittest.main()
