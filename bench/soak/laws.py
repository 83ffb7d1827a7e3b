"""`python -m bench.soak.laws SEED`: checks every invariant after every step of the state machine, in many examples."""

import sys

from tests.properties.engine.machine import EngineMachine
from tests.properties.engine.test_engine import explore

EXAMPLES = 400

if __name__ == "__main__":
    happened = explore(EngineMachine, examples=EXAMPLES, number=int(sys.argv[1]))
    print(f"{happened.total()} deeds, {len(happened)} kinds")
