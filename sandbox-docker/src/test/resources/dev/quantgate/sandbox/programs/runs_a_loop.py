# correct
def f(x):
    """Returns x plus one."""
    import asyncio
    async def one(y):
        await asyncio.sleep(0.001)
        return y
    async def all_of_them():
        return sum(await asyncio.gather(one(x), one(1)))
    return asyncio.run(all_of_them())

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
