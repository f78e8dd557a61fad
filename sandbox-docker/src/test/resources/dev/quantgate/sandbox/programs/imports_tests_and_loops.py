# correct
def f(x):
    """Returns x plus one."""
    return x + 1

import asyncio, doctest, unittest, zoneinfo

class TestF(unittest.TestCase):
    def test_it(self):
        self.assertEqual(f(1), 2)

async def later(x):
    await asyncio.sleep(0)
    return x + 1

if __name__ == "__main__":
    unittest.main()

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
