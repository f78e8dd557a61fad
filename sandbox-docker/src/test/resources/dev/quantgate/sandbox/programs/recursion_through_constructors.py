# correct
def f(x):
    """Returns x plus one."""
    class Node:
        def __init__(self, n):
            self.next = Node(n - 1) if n else None
    Node(300)
    return x + 1

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
