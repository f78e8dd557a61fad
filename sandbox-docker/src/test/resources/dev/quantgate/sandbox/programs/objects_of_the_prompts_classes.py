# correct
class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next

    def last(self):
        return self.next.last() if self.next else self.value

def f(head, values):
    """ """
    before = None
    while head:
        head.next, before, head = before, head, head.next
    for each in values:
        each.value += 1
    return before

def check(candidate):
    one, ring = Node(5), Node(1)
    ring.next = Node(2, ring)
    head = candidate(Node(1, Node(2, Node(3))), [one, ring])
    assert type(head) is Node and (head.value, head.next.value, head.last()) == (3, 2, 1)
    assert one.value == 6 and ring.value == 2 and ring.next.next.value == 2

check(f)
