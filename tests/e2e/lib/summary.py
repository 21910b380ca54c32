"""Runs a file of unittest's tests as tests/node_tests does node's: ends with "NAME: N passed, N failed,
N skipped", and adds each test's time to the file $SLOWEST, if that is set."""
import os
import sys
import time
import unittest


class Result(unittest.TextTestResult):
    passed = 0
    begun = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main(name):
    class Timed(Result):
        def stopTest(self, test):
            if os.environ.get("SLOWEST"):
                with open(os.environ["SLOWEST"], "a") as file:
                    file.write(f"{time.monotonic() - self.begun:.1f} {name} {test.id()}\n".replace("__main__.", ""))
            super().stopTest(test)

    runner = unittest.TextTestRunner(verbosity=2, resultclass=Timed)
    outcome = unittest.main(testRunner=runner, exit=False).result
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{name}: {outcome.passed} passed, {failed} failed, {len(outcome.skipped)} skipped")
    sys.exit(failed > 0)
